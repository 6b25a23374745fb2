"""``register witness …``: who may cosign the log's checkpoints; a state can be a witness."""

from __future__ import annotations

import click

from admin.console import opened, run, settings
from feeds import cosignatures
from register.journal import utc_now


@click.group()
def witness() -> None:
    """Witnesses whose cosignatures the log takes and shows."""


@witness.command("add")
@click.argument("name")
@click.argument("key")
def add(name: str, key: str) -> None:
    """Take cosignatures by KEY, a verifier key (name+hash+key, type 4), under NAME."""
    chosen = settings()

    async def work() -> None:
        async with opened(chosen) as database:
            await cosignatures.add_witness(database, name, key, utc_now())

    run(work)
    click.echo(f"cosignatures of {name} are taken")


@witness.command("remove")
@click.argument("name")
def remove(name: str) -> None:
    """Take no more cosignatures of NAME; those taken stay."""
    chosen = settings()

    async def work() -> None:
        async with opened(chosen) as database:
            await cosignatures.remove_witness(database, name, utc_now())

    run(work)
    click.echo(f"cosignatures of {name} are taken no more")


@witness.command("list")
def show() -> None:
    """Every witness with its key."""
    chosen = settings()

    async def work() -> list[tuple[str, str]]:
        async with opened(chosen) as database:
            return [(known.name, known.key.verifier_key) for known in await cosignatures.witnesses(database)]

    for name, key in run(work):
        click.echo(f"{name}\t{key}")
