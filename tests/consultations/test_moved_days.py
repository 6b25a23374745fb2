"""Moved days in the database, on both engines: entered with source, taken back, seen by other processes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from admin.accounts.audit import AuditFilter, all_audit, audit
from admin.accounts.policy import Actor, Role
from consultations import moved_days
from consultations.moved_days import Calendars, MovedDaysRefused, read
from consultations.working_days import SEAT, MovedDay, SettledYear
from register.database import Database, DatabaseUnavailable, open_database

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
TODAY = NOW.date()
OPERATOR = Actor(7, "О. Операторов", Role.OPERATOR)
DAY = MovedDay("KZ", date(2027, 3, 20), True, "Приказ министра № 436", date(2026, 11, 10))
YEAR = SettledYear("KZ", 2027, "Приказ министра № 436", date(2026, 11, 10))


async def enter(db: Database, *given: MovedDay | SettledYear, at: datetime = NOW, places: Any = ()) -> None:
    await moved_days.add(db, OPERATOR, given, today=TODAY, now=at, audit=audit, places=places)


async def trail(db: Database) -> list[tuple[str, str, Any]]:
    rows = [row async for row in all_audit(db, AuditFilter(action="moved_days"))]
    assert all(row["actor"] == 7 and row["outcome"] == "done" for row in rows)
    return [(row["action"], row["subject"], row["detail"]) for row in rows]


async def test_what_is_entered_is_read_back_with_who_and_when(database: Database) -> None:
    assert (await read(database)).revision == 0
    seat = MovedDay(SEAT, date(2027, 1, 11), False, "Распоряжение", date(2026, 11, 22))
    await enter(database, seat, YEAR, DAY)
    kept = await read(database)
    assert [one for one, _ in kept.days] == [DAY, seat]
    assert [one for one, _ in kept.years] == [YEAR]
    by = kept.days[0][1]
    assert (by.by, by.name, by.at) == (7, "О. Операторов", NOW)
    assert (kept.revision, kept.changed_at) == (1, NOW)
    days = kept.working_days()
    assert days.works("KZ", DAY.day)
    assert not days.works(SEAT, seat.day)
    assert days.settled("KZ", 2027)


async def test_the_audit_trail_tells_both_ways(database: Database) -> None:
    await enter(database, DAY)
    await enter(database, YEAR)
    assert await moved_days.remove(database, OPERATOR, "KZ", DAY.day, now=NOW, audit=audit) == DAY
    assert await moved_days.remove(database, OPERATOR, "KZ", 2027, now=NOW, audit=audit) == YEAR
    detail = {"source": DAY.source, "source_date": "2026-11-10"}
    assert await trail(database) == [
        ("moved_days.add", "moved_days:KZ:2027-03-20", {**detail, "working": True}),
        ("moved_days.add", "moved_days:KZ:2027", detail),
        ("moved_days.remove", "moved_days:KZ:2027-03-20", {**detail, "working": True}),
        ("moved_days.remove", "moved_days:KZ:2027", detail),
    ]
    kept = await read(database)
    assert (kept.days, kept.years, kept.revision) == ((), (), 4)


@pytest.mark.parametrize(
    ("given", "pointer"),
    [
        (MovedDay("US", DAY.day, True, "Указ", TODAY), "/calendar"),
        (MovedDay("KZ", date(1999, 12, 31), True, "Указ", TODAY), "/day"),
        (MovedDay("KZ", date(2101, 1, 1), True, "Указ", TODAY), "/day"),
        (MovedDay("KZ", DAY.day, True, "  ", TODAY), "/source"),
        (MovedDay("KZ", DAY.day, True, "Указ\nи ещё", TODAY), "/source"),
        (MovedDay("KZ", DAY.day, True, "У" * 301, TODAY), "/source"),
        (MovedDay("KZ", DAY.day, True, "Указ", TODAY + timedelta(days=1)), "/source_date"),
        (MovedDay("KZ", DAY.day, True, "Указ", date(1989, 12, 31)), "/source_date"),
        (SettledYear("KZ", 1999, "Указ", TODAY), "/year"),
    ],
)
async def test_what_cannot_be_is_refused_beside_its_field(
    database: Database, given: MovedDay | SettledYear, pointer: str
) -> None:
    with pytest.raises(MovedDaysRefused) as refused:
        await enter(database, given)
    assert [finding.pointer for finding in refused.value.findings] == [pointer]
    for finding in refused.value.findings:
        assert all(finding.text.values())
    assert (await read(database)).revision == 0


async def test_several_are_entered_whole_or_not_at_all(database: Database) -> None:
    await enter(database, DAY)
    other = MovedDay("KZ", date(2027, 3, 25), False, "Приказ", TODAY)
    with pytest.raises(MovedDaysRefused) as refused:
        await enter(database, other, DAY, YEAR, places=["/rows/2", "/rows/3", "/rows/4"])
    assert [finding.pointer for finding in refused.value.findings] == ["/rows/3/day"]
    assert "уже внесён" in (refused.value.findings[0].text["ru"] or "")
    kept = await read(database)
    assert [one for one, _ in kept.days] == [DAY]
    assert (len(kept.years), kept.revision, len(await trail(database))) == (0, 1, 1)
    # The same day twice in one file.
    with pytest.raises(MovedDaysRefused):
        await enter(database, other, other)
    assert (await read(database)).revision == 1


async def test_what_is_gone_is_refused(database: Database) -> None:
    for what in (DAY.day, 2027):
        with pytest.raises(MovedDaysRefused):
            await moved_days.remove(database, OPERATOR, "KZ", what, now=NOW, audit=audit)
    assert (await read(database)).revision == 0
    assert await trail(database) == []


async def test_two_at_once_enter_one_day_once(database: Database) -> None:
    await enter(database, YEAR)
    done = await asyncio.gather(*(enter(database, DAY) for _ in range(4)), return_exceptions=True)
    assert all(isinstance(one, MovedDaysRefused) for one in done if one is not None)
    assert [one is None for one in done].count(True) == 1
    assert (await read(database)).revision == 2


@asynccontextmanager
async def calendars(database: Database, seconds: float = 30.0) -> AsyncIterator[Calendars]:
    found = Calendars(database, seconds)
    await found.start()
    try:
        yield found
    finally:
        await found.stop()


async def test_another_process_sees_a_change_without_being_told(database: Database, database_url: str) -> None:
    async with open_database(database_url) as other, calendars(other, 0.05) as theirs, calendars(database) as ours:
        assert not theirs.days.works("KZ", DAY.day)
        await enter(database, DAY)
        # This process after a refresh, the other one by itself; neither reads for an answer.
        assert await ours.refresh()
        assert not await ours.refresh()
        assert ours.days.works("KZ", DAY.day)
        for _ in range(100):
            if theirs.revision:
                break
            await asyncio.sleep(0.05)
        assert theirs.days.works("KZ", DAY.day)
        assert (theirs.kept.changed_at, theirs.revision) == (NOW, 1)


async def test_while_the_database_cannot_be_read_what_was_read_stands(
    database: Database, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    await enter(database, DAY)
    async with calendars(database, 0.01) as found:
        fetch, failures = database.fetch_rows, 0

        async def failing(sql: str, *values: Any) -> Any:
            nonlocal failures
            failures += 1
            raise DatabaseUnavailable("gone")

        monkeypatch.setattr(database, "fetch_rows", failing)
        while failures < 3:
            await asyncio.sleep(0.01)
        assert found.days.works("KZ", DAY.day)
        assert caplog.text.count("cannot be read") == 1
        monkeypatch.setattr(database, "fetch_rows", fetch)
        await moved_days.remove(database, OPERATOR, "KZ", DAY.day, now=NOW, audit=audit)
        for _ in range(200):
            if found.revision == 2:
                break
            await asyncio.sleep(0.02)
        assert not found.days.works("KZ", DAY.day)
