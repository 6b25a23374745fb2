"""Marks of an installation: what has to be remembered of it and is no public fact."""

from __future__ import annotations

import secrets
from typing import Final

from register.database import Database
from register.journal import utc_now

JOURNAL: Final = "journal"


async def get(database: Database, name: str) -> str | None:
    """The value of a mark; None where it is not set."""
    rows = await database.fetch_rows("SELECT value FROM mark WHERE name = {}", name)
    return str(rows[0][0]) if rows else None


async def set_once(database: Database, name: str, value: str) -> None:
    """Set a mark that is not set; one that is stays as it is."""
    mark = "INSERT INTO mark (name, value, set_at) VALUES ({}, {}, {}) ON CONFLICT (name) DO NOTHING"
    await database.execute(mark, name, value, utc_now())


async def journal(database: Database) -> str:
    """The name that tells this journal from every other, given when it is first asked for.

    It goes with the journal in a backup, so that a restored one keeps the key of its log.
    """
    name = await get(database, JOURNAL)
    if name is None:
        await set_once(database, JOURNAL, secrets.token_hex(4))
        name = await get(database, JOURNAL)
    if name is None:
        raise RuntimeError("the mark of the journal was set and is not there")
    return name
