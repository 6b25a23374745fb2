"""``register subscriber …``: tokens of those outside who subscribe to webhooks."""

from __future__ import annotations

from datetime import timedelta

import click

from admin.console import opened, run, settings
from feeds.webhooks import tokens
from feeds.webhooks.tokens import TokenError
from register.journal import utc_now


@click.group()
def subscriber() -> None:
    """Tokens of those outside who subscribe to webhooks."""


@subscriber.command("add")
@click.argument("name")
@click.option("--email", required=True, help="Where a paused subscription is told of")
@click.option("--days", type=click.IntRange(1, 3650), default=365, show_default=True, help="It lasts")
def add(name: str, email: str, days: int) -> None:
    """Make a token and print it, the only time that it is seen. A second one for a NAME renews the first."""
    chosen = settings()

    async def work() -> str:
        async with opened(chosen) as database:
            return await tokens.issue(database, name, email, expires_at=utc_now() + timedelta(days=days))

    try:
        click.echo(run(work))
    except TokenError as error:
        raise click.ClickException(str(error)) from error


@subscriber.command("list")
def show() -> None:
    """Every token, without its secret."""
    chosen = settings()

    async def work() -> list[tokens.Token]:
        async with opened(chosen) as database:
            return await tokens.list_tokens(database)

    for token in run(work):
        ended = f"revoked {token.revoked_at:%Y-%m-%d}" if token.revoked_at else "valid"
        used = f"used {token.last_used_at:%Y-%m-%d}" if token.last_used_at else "never used"
        click.echo(f"{token.id}\t{token.name}\t{token.email}\t{ended}\t{used}")


@subscriber.command("revoke")
@click.argument("number", type=int)
def revoke(number: int) -> None:
    """End a token at once."""
    chosen = settings()

    async def work() -> bool:
        async with opened(chosen) as database:
            return await tokens.revoke(database, number)

    if not run(work):
        raise click.ClickException(f"no valid token has the number {number}")
