"""Migrations: one text for both engines, run once, by whoever comes first."""

import asyncio
import contextlib
import json
from collections.abc import Sequence
from typing import Any

import pytest

from register.database import (
    Conflict,
    Database,
    DatabaseError,
    Dialect,
    Migration,
    applied_migrations,
    apply_migrations,
    open_database,
)
from register.migrations import MIGRATIONS, migrate
from register.tables import TABLES, bind

pytestmark = pytest.mark.anyio

IDS = [migration.id for migration in MIGRATIONS]


async def test_migrating_twice_does_it_once(empty_database_url: str) -> None:
    async with open_database(empty_database_url) as database:
        assert await migrate(database) == IDS
        assert await migrate(database) == []
        assert await applied_migrations(database) == IDS


async def test_two_processes_at_once_do_it_once(empty_database_url: str, child: Any) -> None:
    async with contextlib.AsyncExitStack() as stack:
        children = [await stack.enter_async_context(child("migrate", empty_database_url)) for _ in range(4)]
        assert [await one.line() for one in children] == ["ready"] * 4
        await asyncio.gather(*(one.tell() for one in children))
        said = [json.loads(await one.line()) for one in children]
        assert [await one.end() for one in children] == [[]] * 4
    assert sorted(said) == [[], [], [], IDS]
    async with open_database(empty_database_url) as database:
        assert await migrate(database) == []


async def test_a_failure_leaves_the_schema_as_it_was(empty_database_url: str) -> None:
    def broken(_dialect: Dialect) -> Sequence[str]:
        return ["CREATE TABLE half (id INTEGER)", "CREATE TABLE nonsense ("]

    async with open_database(empty_database_url) as database:
        with pytest.raises(DatabaseError):
            await migrate(database, [Migration("other.0001_broken", broken)])
        for table in ("half", "entry", "migration"):
            with pytest.raises(DatabaseError, match=table):
                await database.fetch(f"SELECT * FROM {table}")
        assert await migrate(database) == IDS


async def test_packages_above_add_theirs(empty_database_url: str) -> None:
    more = Migration("other.0001_more", lambda _dialect: ["CREATE TABLE more (id INTEGER)"])
    async with open_database(empty_database_url) as database:
        assert await migrate(database) == IDS
        assert await migrate(database, [more]) == [more.id]
        # The register alone knows nothing of the other package, and does not mind.
        assert await migrate(database) == []


async def test_a_newer_database_is_refused(empty_database_url: str) -> None:
    newer = Migration("register.9999_newer", lambda _dialect: ["CREATE TABLE newer (id INTEGER)"])
    async with open_database(empty_database_url) as database:
        await migrate(database, [newer])
        with pytest.raises(DatabaseError, match=r"newer version: register\.9999_newer"):
            await migrate(database)
        with pytest.raises(DatabaseError, match="same id"):
            await apply_migrations(database, [newer, newer])


async def test_every_table_class_fits_its_table(empty_database_url: str) -> None:
    async with open_database(empty_database_url) as database:
        await migrate(database)
        bind(database)
        for table in TABLES:
            assert isinstance(await table.select(), list)
            columns = {column._meta.db_column_name for column in table._meta.columns}
            assert columns == await _columns(database, table._meta.tablename) - {"last_entry"}


async def _columns(database: Database, table: str) -> set[str]:
    if database.dialect == "sqlite":
        rows = await database.fetch("SELECT name FROM pragma_table_xinfo({})", table)
    else:
        rows = await database.fetch(
            "SELECT column_name AS name FROM information_schema.columns WHERE table_name = {}", table
        )
    return {row["name"] for row in rows}


REFUSED = {
    "draft state": "INSERT INTO draft (state, kind, content, doubts, source, created_at, updated_at)"
    " VALUES ('lost', 'measure', '{{}}', '[]', '', '2026-01-01 00:00:00+00:00', '2026-01-01 00:00:00+00:00')",
    "state code": "INSERT INTO measure_number (state, year, number) VALUES ('KGZ', 2026, 1)",
    "number": "INSERT INTO measure_number (state, year, number) VALUES ('KG', 2026, 0)",
    "entry of an announcement": "INSERT INTO announcement (type, subject, on_date, seq)"
    " VALUES ('measure.effective', 'A', '2026-09-01', 99)",
    "name without an edition": "INSERT INTO nomenclature_name (edition, code, name_ru) VALUES (7, '01', 'x')",
}


@pytest.mark.parametrize("statement", REFUSED.values(), ids=REFUSED.keys())
async def test_the_database_refuses_what_cannot_be(database: Database, statement: str) -> None:
    with pytest.raises(Conflict):
        await database.execute(statement)
