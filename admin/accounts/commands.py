"""``register user …`` and ``register token …``; ``groups`` are attached to the console script."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Final, TypeVar

import click

from admin.accounts import people, tokens
from admin.accounts.passwords import Passwords, one_time_password, password_faults
from admin.accounts.people import Particulars
from admin.accounts.policy import MACHINE_SCOPES, SCOPES, Actor, Role
from admin.console import opened, run, settings
from register.database import Database
from register.measures import STATES
from register.web import Problem

T = TypeVar("T")
COMMAND: Final = Actor(None, "command line", None, scopes=frozenset(), via="command")
"""Whoever may run commands on the machine, as the audit trail names them."""


def _run(work: Callable[[Database], Awaitable[T]]) -> T:
    """Run ``work`` on the database of the settings; what it refuses ends the command with its reasons."""
    chosen = settings()

    async def whole() -> T:
        async with opened(chosen) as database:
            return await work(database)

    try:
        return run(whole)
    except Problem as problem:
        reasons = [f"{found.pointer.lstrip('/')}: {found.text['en']} / {found.text['ru']}" for found in problem.errors]
        raise click.ClickException("\n".join(reasons) or problem.detail) from problem


@click.group()
def user() -> None:
    """Accounts of the people who work with the Register."""


@user.command("add")
@click.option("--email", required=True, help="Address; case does not count")
@click.option("--name", required=True, help="Name as colleagues know it")
@click.option("--role", required=True, type=click.Choice([role.value for role in Role]))
@click.option("--state", type=click.Choice(list(STATES)), help="Member state of an official")
@click.option("--language", type=click.Choice(["ru", "en"]), default="ru", show_default=True, help="Of the pages")
@click.option("--ask-password", is_flag=True, help="Ask for a password instead of making a one-time one")
def add_user(email: str, name: str, role: str, state: str | None, language: str, ask_password: bool) -> None:
    """Make an account and print its one-time password, which is to be changed at the first sign-in within a week."""
    password = one_time_password()
    if ask_password:
        password = click.prompt("Password", hide_input=True, confirmation_prompt=True)
        if faults := password_faults(password, email=email, name=name):
            raise click.ClickException("\n".join(f"{fault['en']} / {fault['ru']}" for fault in faults))

    async def work(database: Database) -> int:
        return await people.add(
            database,
            COMMAND,
            Particulars(email, name, role, state, language),
            password_hash=await Passwords().hash(password),
            now=datetime.now(UTC),
            own=ask_password,
        )

    number = _run(work)
    click.echo(f"Account {number}: {email}, {role}{f' of {state}' if state else ''}")
    if not ask_password:
        click.echo(f"One-time password: {password}")


@user.command("list")
def list_users() -> None:
    """List the accounts: number, address, role, state, whether active, second factor, last sign-in (UTC)."""
    for one in _run(people.everybody):
        last = f"{one.last_sign_in_at:%Y-%m-%d %H:%M}" if one.last_sign_in_at else "never"
        standing = "active" if one.active else "deactivated"
        factor = "second factor" if one.enrolled else "no second factor"
        click.echo(f"{one.id}\t{one.email}\t{one.role}\t{one.state or '-'}\t{standing}\t{factor}\t{last}")


@click.group()
def token() -> None:
    """Bearer tokens for programs."""


@token.command("add")
@click.option("--name", required=True, help="What the token is for")
@click.option("--scope", "scopes", multiple=True, required=True, type=click.Choice(list(SCOPES)), help="Repeatable")
@click.option("--email", help="The person whose token it is; without, it belongs to a machine")
@click.option("--days", type=click.IntRange(1, tokens.LONGEST.days), default=90, show_default=True, help="It lasts")
def add_token(name: str, scopes: tuple[str, ...], email: str | None, days: int) -> None:
    """Make a token and print it, the only time that it is seen."""
    if email is None and (beyond := sorted(set(scopes) - set(MACHINE_SCOPES))):
        raise click.ClickException(f"only a person's token (--email) may have: {', '.join(beyond)}")

    async def work(database: Database) -> str:
        person = await people.by_email(database, email) if email else None
        if email and person is None:
            raise click.ClickException(f"no account has the address {email}")
        return await tokens.issue(
            database,
            COMMAND,
            name=name,
            scopes=scopes,
            days=days,
            now=datetime.now(UTC),
            account=person.id if person else None,
            role=person.role if person else None,
        )

    click.echo(_run(work))


groups: Final = (user, token)
