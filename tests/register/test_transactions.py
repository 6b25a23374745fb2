"""Transactions and leading: the same promises on both engines, whoever disturbs."""

import asyncio
import contextlib
import sqlite3
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from register.database import (
    Conflict,
    Database,
    DatabaseError,
    DatabaseUnavailable,
    TransactionError,
    base,
    open_database,
    postgres,
    sqlite,
)

pytestmark = pytest.mark.anyio

INSERT_RUN = "INSERT INTO job_run (job, slot, started_at) VALUES ({}, {}, {})"
NOW = datetime(2026, 8, 30, 9, 12, 44, 120000, tzinfo=UTC)


async def add_run(db: Database, slot: str) -> None:
    await db.execute(INSERT_RUN, "test", slot, NOW)


async def slots(db: Database) -> list[str]:
    return [row["slot"] for row in await db.fetch("SELECT slot FROM job_run ORDER BY slot")]


async def test_a_nested_transaction_is_refused(database: Database) -> None:
    async with database.transaction():
        await add_run(database, "a")
        assert database.in_transaction
        with pytest.raises(TransactionError, match="nest"):
            async with database.transaction():
                pytest.fail("the inner transaction was opened")
        await add_run(database, "b")
    assert not database.in_transaction
    assert await slots(database) == ["a", "b"]


async def test_gathering_inside_a_transaction_is_refused(database: Database) -> None:
    with pytest.raises(TransactionError, match="one statement at a time"):
        async with database.transaction():
            await asyncio.gather(*(add_run(database, str(n)) for n in range(5)))
    assert await slots(database) == []
    await add_run(database, "after")


async def test_a_task_that_outlives_its_transaction_is_refused(database: Database) -> None:
    ended = asyncio.Event()

    async def late() -> None:
        await ended.wait()
        await add_run(database, "late")

    async with database.transaction():
        task = asyncio.create_task(late())
        await add_run(database, "in time")
    ended.set()
    with pytest.raises(TransactionError, match="over"):
        await task
    assert await slots(database) == ["in time"]


async def test_after_a_failed_statement_there_is_only_rolling_back(database: Database) -> None:
    await add_run(database, "a")
    with pytest.raises(TransactionError, match="rolled back"):  # noqa: PT012
        async with database.transaction():
            await add_run(database, "b")
            with pytest.raises(Conflict):
                await add_run(database, "a")
            with pytest.raises(TransactionError, match="earlier statement"):
                await add_run(database, "c")
    assert await slots(database) == ["a"]


async def test_what_was_read_inside_stays_true(database: Database, database_url: str) -> None:
    """A hundred read-then-write transactions at once, in two pools, lose no update."""
    await database.execute(INSERT_RUN, "0", "counter", NOW)

    async def step(db: Database) -> None:
        async with db.transaction():
            value = int((await db.fetch("SELECT job FROM job_run"))[0]["job"])
            await asyncio.sleep(0)
            await db.execute("UPDATE job_run SET job = {}", str(value + 1))

    async with open_database(database_url) as other, asyncio.timeout(60):
        await asyncio.gather(*(step(db) for _ in range(50) for db in (database, other)))
    assert (await database.fetch("SELECT job FROM job_run"))[0]["job"] == "100"


async def test_a_reader_sees_only_what_is_committed(database: Database) -> None:
    written, look = asyncio.Event(), asyncio.Event()

    async def writer() -> None:
        async with database.transaction():
            await add_run(database, "a")
            written.set()
            await look.wait()

    task = asyncio.create_task(writer())
    await written.wait()
    async with asyncio.timeout(5):
        assert await slots(database) == []
    look.set()
    await task
    assert await slots(database) == ["a"]


async def test_a_write_lock_that_does_not_come_is_unavailable(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (base, sqlite, postgres):
        monkeypatch.setattr(module, "LOCK_WAIT", 0.3)
    monkeypatch.setitem(postgres.SETTINGS, "lock_timeout", "300ms")
    async with open_database(database_url) as one, open_database(database_url) as other, one.transaction():
        started = time.monotonic()
        with pytest.raises(DatabaseUnavailable):
            await add_run(other, "b")
        assert 0.2 < time.monotonic() - started < 5
        await add_run(one, "a")
        assert await slots(other) == []


async def test_cancelling_the_wait_for_the_lock_is_quick(database_url: str) -> None:
    async with open_database(database_url) as one, open_database(database_url) as other, one.transaction():
        started = time.monotonic()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3), other.transaction():
                pytest.fail("two transactions at once")
        assert time.monotonic() - started < 2
        await add_run(one, "a")


async def test_more_tasks_than_connections_wait_their_turn(database: Database) -> None:
    async with asyncio.timeout(30):
        rows = await asyncio.gather(*(database.fetch("SELECT seq FROM journal_head") for _ in range(200)))
    assert rows == [[{"seq": 0}]] * 200


async def test_sqlite_is_set_to_survive_a_power_cut(tmp_path: Path) -> None:
    async with open_database(str(tmp_path / "r.db")) as database:
        async with database.transaction():
            settings = {
                name: (await database.fetch_rows(f"PRAGMA {name}"))[0][0]
                for name in ("journal_mode", "synchronous", "foreign_keys", "recursive_triggers")
            }
        assert settings == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "recursive_triggers": 1}
        with contextlib.closing(sqlite3.connect(tmp_path / "r.db")) as other:
            assert other.execute("PRAGMA journal_mode").fetchone() == ("wal",)


# Leading


async def test_only_one_process_leads(database: Database, database_url: str, child: Any) -> None:
    async with child("lead", database_url) as first, child("lead", database_url) as second:
        assert sorted([await first.line(), await second.line()]) == ["follows", "leads"]
        async with database.leader("scheduler") as leads:
            assert not leads
        async with database.leader("another") as leads:
            assert leads
        for one in (first, second):
            await one.tell()
            assert await one.end(10) == ["left"]
    async with database.leader("scheduler") as leads:
        assert leads
        async with database.leader("scheduler") as also:
            assert not also
        assert leads
    assert not leads


async def test_a_killed_leader_leads_no_more(database: Database, database_url: str, child: Any) -> None:
    async with child("lead", database_url) as leader:
        assert await leader.line() == "leads"
        await leader.kill()
    async with asyncio.timeout(5):
        while True:
            async with database.leader("scheduler") as leads:
                if leads:
                    return
            await asyncio.sleep(0.05)


async def test_leading_ends_with_an_error_too(database: Database) -> None:
    with pytest.raises(ZeroDivisionError):
        async with database.leader("scheduler"):
            raise ZeroDivisionError
    async with database.leader("scheduler") as leads:
        assert leads


async def test_a_lock_has_a_plain_name(database: Database) -> None:
    with pytest.raises(DatabaseError, match="small letters"):
        async with database.leader("../scheduler"):
            pytest.fail("such a name must be refused")


async def test_a_leader_whose_connection_is_lost_knows_it(postgres: Any, postgres_template: str) -> None:
    name = postgres.create(postgres_template)
    async with open_database(postgres.url(name)) as database, database.leader("scheduler") as leads:
        assert leads
        await database.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        async with asyncio.timeout(5):
            while leads:
                await asyncio.sleep(0.01)
        async with database.leader("scheduler") as again:
            assert again
    postgres.drop(name)
