"""What every command of the console script begins with: its settings, an open database, errors in one line."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

import click

from admin.migrations import migrate
from admin.settings import SettingError, Settings
from register.database import Database, DatabaseError, open_database
from register.entries import EntryError
from register.merkle import LogError

T = TypeVar("T")


def settings() -> Settings:
    """The settings of this run; a bad one ends the command with its name and what it takes."""
    try:
        return Settings.from_environment()
    except SettingError as error:
        raise click.ClickException(str(error)) from error


@asynccontextmanager
async def opened(chosen: Settings) -> AsyncIterator[Database]:
    """The database, with its folder made and its schema up to date."""
    chosen.data_dir.mkdir(parents=True, exist_ok=True)
    database = open_database(chosen.database)
    await database.start()
    try:
        await migrate(database)
        yield database
    finally:
        await database.close()


def run(work: Callable[[], Awaitable[T]]) -> T:
    """Run ``work``; an unreachable or refused database ends the command in one line, not in a traceback."""

    async def whole() -> T:
        return await work()

    try:
        return asyncio.run(whole())
    except (DatabaseError, EntryError, LogError, OSError) as error:
        raise click.ClickException(str(error)) from error
