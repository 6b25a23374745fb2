"""The journal in the database: no gaps, nothing lost, nothing changed, whoever is killed."""

import asyncio
import contextlib
import json
import sqlite3
import time
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from register.database import (
    AppendOnly,
    Conflict,
    Database,
    DatabaseError,
    TransactionError,
    open_database,
)
from register.journal import PreparedEntry, append, head, latest, read, replay, stream_all

pytestmark = pytest.mark.anyio


def prepared(subject: str = "KG-2026-001", **changes: Any) -> PreparedEntry:
    return PreparedEntry(
        **{"type": "measure.included", "subject": subject, "reason": "legal_change"} | changes,
        header=b"\x00header",
        body=b"\xffbody",
    )


async def add(db: Database, subject: str = "KG-2026-001") -> int:
    async with db.transaction():
        return (await append(db, lambda _seq, _at: prepared(subject))).seq


async def follow(db: Database, until: asyncio.Event) -> int:
    """Read like a mirror does; every look must go on exactly where the last one ended."""
    seen = 0
    while True:
        ended = until.is_set()
        entries = await read(db, seen, 1000)
        assert [entry.seq for entry in entries] == list(range(seen + 1, seen + 1 + len(entries)))
        seen += len(entries)
        if ended and not entries:
            return seen
        await asyncio.sleep(0.005)


@pytest.mark.slow
async def test_eight_processes_write_one_sequence_without_gaps(
    database: Database, database_url: str, child: Any
) -> None:
    finished = asyncio.Event()
    async with contextlib.AsyncExitStack() as children, asyncio.TaskGroup() as group:
        following = group.create_task(follow(database, finished))
        writers = [
            await children.enter_async_context(child("append", database_url, f"w{number}", "40")) for number in range(8)
        ]
        said = [await writer.end() for writer in writers]
        finished.set()
    entries = await read(database, 0, 1000)
    assert [entry.seq for entry in entries] == list(range(1, 321))
    assert following.result() == 320
    assert sorted(int(seq) for seqs in said for seq in seqs) == list(range(1, 321))
    assert {entry.body.decode() for entry in entries} == {f"w{n}:{i}" for n in range(8) for i in range(40)}
    assert all(entry.header == str(entry.seq).encode() for entry in entries)
    times = [entry.recorded_at for entry in entries]
    assert times == sorted(times)


async def test_an_entry_comes_back_as_it_went_in(database: Database) -> None:
    at = datetime(2026, 8, 30, 9, 12, 44, 120000, tzinfo=UTC)
    async with database.transaction():
        stored = await append(database, lambda _seq, _at: prepared(), clock=lambda: at)
    assert (stored.seq, stored.recorded_at, stored.header, stored.body) == (1, at, b"\x00header", b"\xffbody")
    assert await read(database, 0, 10) == [stored]
    assert await read(database, 1, 10) == []
    assert await latest(database, "KG-2026-001") == stored
    assert await latest(database, "KG-2026-002") is None
    assert await head(database) == 1
    row = (await database.fetch("SELECT type, subject, reason, recorded_at FROM entry"))[0]
    assert tuple(row.values()) == ("measure.included", "KG-2026-001", "legal_change", at)


async def test_the_latest_entry_is_that_of_the_subject(database: Database) -> None:
    for subject in ("A", "B", "A", "C"):
        await add(database, subject)
    found = await latest(database, "A")
    assert found is not None
    assert found.seq == 3


def _the_same(moment: datetime) -> datetime:
    return moment


async def test_time_never_runs_backwards(database: Database) -> None:
    start = datetime(2026, 8, 30, 9, 0, 0, tzinfo=UTC)
    shown = [start, start - timedelta(hours=1), start + timedelta(milliseconds=1), start]
    for moment in shown:
        async with database.transaction():
            await append(database, lambda _seq, _at: prepared(), clock=partial(_the_same, moment))
    recorded = [entry.recorded_at for entry in await read(database, 0, 10)]
    assert recorded == [start, start, start + timedelta(milliseconds=1), start + timedelta(milliseconds=1)]


async def test_a_clock_shows_whole_milliseconds_in_utc(database: Database) -> None:
    before = datetime.now(UTC) - timedelta(milliseconds=1)
    await add(database)
    recorded = (await read(database, 0, 1))[0].recorded_at
    assert recorded.tzinfo is UTC
    assert recorded.microsecond % 1000 == 0
    assert before <= recorded <= datetime.now(UTC)


async def test_a_rollback_gives_its_number_back(database: Database) -> None:
    assert await add(database) == 1
    with pytest.raises(ZeroDivisionError):  # noqa: PT012
        async with database.transaction():
            await append(database, lambda _seq, _at: prepared())
            await append(database, lambda _seq, _at: prepared())
            raise ZeroDivisionError
    assert await head(database) == 1

    def fail(_seq: int, _at: datetime) -> PreparedEntry:
        raise ValueError("not an entry")

    with pytest.raises(ValueError, match="not an entry"):
        async with database.transaction():
            await append(database, fail)
    assert await add(database) == 2


async def test_two_entries_may_share_a_transaction(database: Database) -> None:
    async with database.transaction():
        numbers = [(await append(database, lambda _seq, _at: prepared())).seq for _ in range(3)]
        assert await head(database) == 3
    assert numbers == [1, 2, 3]


async def test_appending_needs_a_transaction(database: Database) -> None:
    with pytest.raises(TransactionError, match="inside"):
        await append(database, lambda _seq, _at: prepared())
    assert await head(database) == 0


@pytest.mark.parametrize("changes", [{"type": "t" * 41}, {"subject": "s" * 41}, {"reason": "r" * 21}])
async def test_text_that_is_too_long_is_a_conflict(database: Database, changes: dict[str, str]) -> None:
    with pytest.raises(Conflict) as caught:
        async with database.transaction():
            await append(database, lambda _seq, _at: prepared(**changes))
    assert caught.value.kind == "check"
    assert await add(database) == 1


async def test_everything_is_streamed_in_order(database: Database) -> None:
    async with database.transaction():
        for _ in range(25):
            await append(database, lambda _seq, _at: prepared())
    for batch in (1, 5, 10, 25, 100):
        assert [entry.seq async for entry in stream_all(database, batch=batch)] == list(range(1, 26))
    assert [entry.seq async for entry in stream_all(database, 20, 2)] == [21, 22, 23, 24, 25]
    assert [entry async for entry in stream_all(database, 25)] == []
    kept = [(entry.header, entry.body) async for entry in stream_all(database)]
    for batch in (1, 7, 25, 100):
        read = [pairs async for pairs in replay(database, batch=batch)]
        assert [pair for pairs in read for pair in pairs] == kept
        assert {len(pairs) for pairs in read[:-1]} <= {batch}
    assert [list(pairs) async for pairs in replay(database, 20, 2)] == [kept[20:22], kept[22:24], kept[24:]]
    assert [pairs async for pairs in replay(database, 25)] == []


FORBIDDEN = [
    "UPDATE entry SET body = body",
    "UPDATE entry SET subject = 'X' WHERE seq = 2",
    "DELETE FROM entry",
    "DELETE FROM entry WHERE seq = 2",
    "INSERT INTO entry (seq, recorded_at, type, subject, reason, header, body)"
    " SELECT seq + 1, recorded_at, type, subject, reason, header, body FROM entry WHERE seq = 2",
    "INSERT INTO entry (seq, recorded_at, type, subject, reason, header, body)"
    " SELECT 1, recorded_at, type, subject, reason, header, body FROM entry WHERE seq = 2",
    "UPDATE journal_head SET seq = 0",
    "UPDATE journal_head SET seq = seq + 2",
    "UPDATE journal_head SET seq = seq",
    "UPDATE journal_head SET seq = seq + 1, recorded_at = '1970-01-01 00:00:00+00:00'",
    "DELETE FROM journal_head",
    "UPDATE measure_number SET number = 7",
    "DELETE FROM measure_number",
    "UPDATE announcement SET line = 1",
    "DELETE FROM announcement",
]
FORBIDDEN_ON = {
    "postgres": [
        "TRUNCATE entry CASCADE",
        "TRUNCATE journal_head",
        "TRUNCATE measure_number",
        "TRUNCATE announcement",
        "INSERT INTO entry SELECT * FROM entry WHERE seq = 2 ON CONFLICT (seq) DO UPDATE SET body = ''",
    ],
    "sqlite": [
        "INSERT OR REPLACE INTO entry SELECT * FROM entry WHERE seq = 2",
        "REPLACE INTO journal_head (id, seq, recorded_at) VALUES (1, 0, '1970-01-01 00:00:00+00:00')",
        "UPDATE OR REPLACE entry SET seq = 1 WHERE seq = 2",
    ],
}


async def test_the_database_itself_refuses_changes(database: Database, database_url: str) -> None:
    await add(database)
    await add(database)
    await database.execute("INSERT INTO measure_number (state, year, number) VALUES ('KG', 2026, 1)")
    await database.execute(
        "INSERT INTO announcement (type, subject, on_date, seq) VALUES ('measure.effective', 'A', '2026-09-01', 1)"
    )
    before = await read(database, 0, 10)
    for statement in FORBIDDEN + FORBIDDEN_ON[database.dialect]:
        with pytest.raises(AppendOnly, match="append-only"):
            await database.execute(statement)
        if database.dialect == "sqlite":
            # And without the pragmas of our own connections.
            raw = sqlite3.connect(database_url.removeprefix("sqlite://"), isolation_level=None)
            with contextlib.closing(raw), pytest.raises(sqlite3.IntegrityError, match="append-only"):
                raw.execute(statement)
    assert await read(database, 0, 10) == before
    assert await head(database) == 2
    assert len(await database.fetch("SELECT state FROM measure_number WHERE number = 1")) == 1
    assert len(await database.fetch("SELECT subject FROM announcement WHERE line = 0")) == 1


async def test_a_number_without_its_entry_cannot_be_committed(database: Database) -> None:
    await add(database)
    with pytest.raises(Conflict) as caught:
        async with database.transaction():
            await database.execute("UPDATE journal_head SET seq = seq + 1")
    assert caught.value.kind == "foreign_key"
    assert await head(database) == 1
    assert await add(database) == 2


async def test_a_date_is_announced_once_and_a_number_given_once(database: Database) -> None:
    await add(database)
    number = "INSERT INTO measure_number (state, year, number) VALUES ('KG', 2026, 21)"
    announcement = (
        "INSERT INTO announcement (type, subject, on_date, line, seq)"
        " VALUES ('measure.effective', 'KG-2026-001', '2026-09-01', 0, 1)"
    )
    for statement in (number, announcement):
        assert await database.execute(statement) == 1
        with pytest.raises(Conflict) as caught:
            await database.execute(statement)
        assert caught.value.kind == "unique"
        assert await database.execute(f"{statement} ON CONFLICT DO NOTHING") == 0


@pytest.mark.slow
async def test_kill_loses_nothing_acknowledged(database: Database, database_url: str, child: Any) -> None:
    acknowledged: list[int] = []
    for turn in range(3):
        async with child("append", database_url, f"killed{turn}", "100000") as writer:
            while len(acknowledged) < 15 * (turn + 1):
                acknowledged.append(int(await writer.line()))
            acknowledged += [int(seq) for seq in await writer.kill()]
        acknowledged.append(await add(database))
    entries = await read(database, 0, 100000)
    numbers = [entry.seq for entry in entries]
    assert numbers == list(range(1, len(numbers) + 1))
    assert set(acknowledged) <= set(numbers)
    assert await head(database) == len(numbers)
    assert len(await database.fetch("SELECT slot FROM job_run")) == len(numbers) - 3


async def test_kill_inside_a_transaction_leaves_no_gap(database: Database, database_url: str, child: Any) -> None:
    await add(database)
    async with child("hang", database_url) as writer:
        assert await writer.line() == "2"
        assert await head(database) == 1
        await writer.kill()
    async with asyncio.timeout(5):
        assert await add(database) == 2


@pytest.mark.slow
async def test_cancelling_leaves_nothing_half_done(database: Database, database_url: str, child: Any) -> None:
    async with child("cancel", database_url, "300") as process:
        said = await process.end()
    outcome = json.loads(said[-1])
    assert outcome["failed"] == 0, said
    assert outcome["complaints"] == []
    assert outcome["cancelled"] > 100
    assert outcome["done"] > 100
    numbers = [entry.seq for entry in await read(database, 0, 10000)]
    assert numbers == list(range(1, outcome["head"] + 1))
    slots = {int(row["slot"]) for row in await database.fetch("SELECT slot FROM job_run")}
    assert slots == set(numbers)
    assert await add(database) == outcome["head"] + 1


async def test_a_process_ends_with_the_database_left_open(database: Database, database_url: str, child: Any) -> None:
    async with child("exit", database_url) as process:
        said = await process.end(15)
    assert {int(seq) for seq in said} <= {entry.seq for entry in await read(database, 0, 100000)}
    assert await add(database) == await head(database)


async def test_an_entry_of_another_process_wakes(database: Database, database_url: str, child: Any) -> None:
    async with child("append", database_url, "other", "1") as writer, asyncio.TaskGroup() as group:
        waiting = group.create_task(_woken(database, 0))
        await writer.line()
        acknowledged = time.monotonic()
    assert waiting.result() - acknowledged < 1
    assert await head(database) == 1


async def _woken(database: Database, after: int) -> float:
    await database.wait_for_change(after, 20)
    return time.monotonic()


async def test_waiting_ends_at_once_when_there_is_something_and_in_time_when_not(database: Database) -> None:
    await add(database)
    started = time.monotonic()
    await database.wait_for_change(0, 20)
    assert time.monotonic() - started < 2
    started = time.monotonic()
    await database.wait_for_change(1, 0.3)
    assert 0.25 < time.monotonic() - started < 2


async def test_many_wait_and_all_wake(database: Database) -> None:
    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        for _ in range(50):
            group.create_task(database.wait_for_change(0, 20))
        await asyncio.sleep(0.2)
        await add(database)


async def test_waiting_survives_a_lost_connection(postgres: Any, postgres_template: str) -> None:
    name = postgres.create(postgres_template)
    async with open_database(postgres.url(name)) as database:
        await database.wait_for_change(0, 0.5)
        await database.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        waiting = asyncio.create_task(_woken(database, 0))
        await add(database)
        async with asyncio.timeout(10):
            started = time.monotonic()
            assert await waiting - started < 8
    postgres.drop(name)


async def test_waiting_before_the_tables_are_there_only_times_out(empty_database_url: str) -> None:
    async with open_database(empty_database_url) as database:
        started = time.monotonic()
        await database.wait_for_change(0, 0.3)
        assert time.monotonic() - started < 2
        with pytest.raises(DatabaseError, match="journal_head"):
            await head(database)


async def test_a_replay_that_is_given_up_leaves_nothing_running(database: Database) -> None:
    for _ in range(5):
        await add(database)
    before = asyncio.all_tasks()
    reading = replay(database, batch=2)
    await anext(reading)
    await reading.aclose()
    await asyncio.sleep(0.05)
    assert asyncio.all_tasks() <= before
    assert await head(database) == 5
