"""Dates that come: announced once, in order, never for what was past already, whatever else runs."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import settings as limits
from hypothesis import strategies as st

from register import announcements, publication
from register.announcements import Announcement, Announcer, Horizon, announce, due
from register.changes import ended, extended
from register.database import Database, open_database
from register.entries import Entry
from register.index import Register
from register.journal import append, head, stream_all
from register.measures import Act, GoodsLine, Measure, Notified, Text
from register.recording import prepared

MOSCOW = ZoneInfo("Europe/Moscow")
DAY = date(2026, 8, 30)


def noon(day: date) -> Callable[[], datetime]:
    return lambda: datetime(day.year, day.month, day.day, 9, 0, 0, 0, UTC)


def content(**changes: Any) -> Notified:
    data: dict[str, Any] = {
        "state": "KG",
        "kind": "export_prohibition",
        "title": {"ru": "Лесоматериалы"},
        "acts": [{"role": "introduces", "number": "587", "date": "2026-08-27"}],
        "goods": [{"code_from": "4401"}],
        "effective_from": "2026-09-08",
        "effective_to": "2027-03-08",
    }
    return Notified.model_validate({**data, **changes})


class Journal:
    """A journal in memory: versions of one measure, each recorded at a time."""

    def __init__(self) -> None:
        self.register = Register()

    def record(self, at: datetime, **changes: Any) -> Measure:
        history = self.register.history("KG-2026-001")
        seq = self.register.seq + 1
        data = {**content(**changes).model_dump(by_alias=True), "id": "KG-2026-001", "version": len(history) + 1}
        data["included_on"] = data["included_on"] or DAY
        measure = Measure.model_validate({**data, "seq": seq})
        type_: Any = "measure.amended" if history else "measure.included"
        after = measure.public(at.astimezone(MOSCOW).date())
        text = {"ru": "x", "en": "x"}
        entry = prepared(Entry(seq, at, type_, measure.id, "legal_change", text, None, after, [], "A4(4)"))
        self.register.apply(entry.header, entry.body)
        return measure


def dates(journal: Journal, today: date, since: Horizon | None = None) -> list[tuple[str, str, int]]:
    found = due(journal.register, today, MOSCOW, since)
    assert found == sorted(found)
    return [(item.on.isoformat(), item.type.split(".")[1], item.line) for item in found]


def recorded(day: date = DAY, **changes: Any) -> Journal:
    journal = Journal()
    journal.record(noon(day)(), **changes)
    return journal


FAR = date(2030, 1, 1)


def test_effect_window_and_end_come_on_their_days() -> None:
    journal = recorded()
    assert dates(journal, date(2026, 9, 7)) == []
    assert dates(journal, date(2026, 9, 8)) == [("2026-09-08", "effective", 0)]
    assert dates(journal, date(2026, 9, 23)) == [("2026-09-08", "effective", 0)]
    assert dates(journal, date(2026, 9, 24))[1:] == [("2026-09-24", "window_closed", 0)]
    assert dates(journal, date(2027, 3, 8))[2:] == []
    assert dates(journal, date(2027, 3, 9))[2:] == [("2027-03-09", "expired", 0)]
    assert dates(recorded(effective_to=None), FAR)[2:] == []


def test_what_is_taken_over_announces_only_what_is_still_to_come() -> None:
    journal = recorded(date(2026, 10, 1), included_on="2026-08-30")
    assert dates(journal, FAR) == [("2027-03-09", "expired", 0)]
    assert dates(recorded(date(2027, 3, 9)), FAR) == []


def test_a_date_that_comes_on_the_day_of_recording_is_not_announced() -> None:
    assert dates(recorded(date(2026, 9, 8)), date(2026, 9, 8)) == []
    assert dates(recorded(date(2026, 9, 7)), date(2026, 9, 8)) == [("2026-09-08", "effective", 0)]


def test_the_day_of_recording_is_that_of_the_seat() -> None:
    late_evening = Journal()
    late_evening.record(datetime(2026, 9, 7, 20, 59, tzinfo=UTC))  # 23:59 in Moscow
    assert dates(late_evening, date(2026, 9, 8)) == [("2026-09-08", "effective", 0)]
    next_day = Journal()
    next_day.record(datetime(2026, 9, 7, 21, 0, tzinfo=UTC))  # 00:00 of the 8th in Moscow
    assert dates(next_day, date(2026, 9, 8)) == []


def test_a_date_that_a_later_version_keeps_is_still_due_when_the_run_is_late() -> None:
    journal = recorded()
    journal.record(noon(date(2026, 9, 9))(), title={"ru": "Дрова"})
    found = due(journal.register, date(2026, 9, 10), MOSCOW)
    assert found == [Announcement(date(2026, 9, 8), "measure.effective", "KG-2026-001", 0, 2)]


def test_a_date_that_a_later_version_moved_is_gone() -> None:
    journal = recorded()
    journal.record(noon(date(2026, 9, 7))(), effective_from="2026-10-01")
    assert dates(journal, date(2026, 10, 1)) == [("2026-10-01", "effective", 0)]
    extended_late = recorded()
    extended_late.record(noon(date(2027, 3, 10))(), effective_to="2027-06-08")
    assert ("2027-03-09", "expired", 0) not in dates(extended_late, FAR)
    assert ("2027-06-09", "expired", 0) in dates(extended_late, FAR)


def test_an_early_end_that_is_past_when_recorded_is_not_announced() -> None:
    acts = [{"role": "terminates", "number": "1", "date": "2026-10-01"}]
    journal = recorded()
    journal.record(noon(date(2026, 11, 1))(), effective_to="2026-10-15", acts=acts)
    assert "expired" not in [kind for _on, kind, _line in dates(journal, FAR)]


def test_suspensions_resume() -> None:
    pauses = [
        {"from": "2026-09-08", "to": "2026-09-10"},
        {"from": "2026-10-01", "to": "2026-10-10"},
        {"from": "2026-10-11", "to": "2026-10-20"},
        {"from": "2027-03-01", "to": "2027-03-08"},
    ]
    effective = [on for on, kind, _line in dates(recorded(suspensions=pauses), FAR) if kind == "effective"]
    assert effective == ["2026-09-11", "2026-10-21"]


def test_a_measure_that_never_takes_effect_announces_nothing() -> None:
    acts = [{"role": "terminates", "number": "1", "date": "2026-08-28"}]
    assert dates(recorded(effective_to="2026-09-01", acts=acts), FAR) == []


def test_no_window_closes_once_the_measure_is_over() -> None:
    assert [kind for _on, kind, _line in dates(recorded(effective_to="2026-09-23"), FAR)] == ["effective", "expired"]
    assert ("2026-09-24", "window_closed", 0) in dates(recorded(effective_to="2026-09-24"), FAR)


def test_a_line_that_came_later_has_its_own_window() -> None:
    goods = [
        {"line": 1, "code_from": "4401", "included_on": "2026-08-30"},
        {"line": 2, "code_from": "4403", "included_on": "2026-10-05"},
        {"line": 3, "code_from": "4404", "included_on": "2026-10-05", "valid_to": "2026-10-20"},
        {"line": 4, "code_from": "4405", "valid_from": "2026-12-01"},
    ]
    journal = recorded()
    journal.record(noon(date(2026, 10, 5))(), goods=goods)
    windows = [(on, line) for on, kind, line in dates(journal, FAR) if kind == "window_closed"]
    assert windows == [("2026-09-24", 0), ("2026-10-21", 2), ("2026-12-17", 4)]


some_days = st.dates(date(2026, 8, 1), date(2026, 12, 31))


@limits(max_examples=60)
@given(
    st.lists(st.tuples(some_days, some_days, st.none() | some_days), min_size=1, max_size=4),
    st.lists(some_days, min_size=2, max_size=5),
)
def test_looks_at_any_days_find_together_what_one_look_at_the_end_finds(
    versions: list[tuple[date, date, date | None]], looks: list[date]
) -> None:
    """Without changes in between: the steps of a scheduler miss nothing and find nothing twice."""
    journal = Journal()
    for day, first, last in sorted(versions, key=lambda version: version[0]):
        end = None if last is None else max(first, last).isoformat()
        journal.record(noon(day)(), effective_from=first.isoformat(), effective_to=end)
    looks = sorted(looks)
    together: list[Announcement] = []
    since = None
    for day in looks:
        together += due(journal.register, day, MOSCOW, since)
        since = Horizon(journal.register.seq, day)
    assert together == due(journal.register, looks[-1], MOSCOW)


@limits(max_examples=60)
@given(
    st.tuples(some_days, some_days),
    st.lists(st.tuples(some_days, st.integers(0, 20)), max_size=3),
    some_days,
)
def test_effect_is_announced_where_the_status_becomes_in_force(
    term: tuple[date, date], pauses: list[tuple[date, int]], today: date
) -> None:
    first, last = min(term), max(term)
    suspensions = [
        {"from": day.isoformat(), "to": min(day + timedelta(days), last).isoformat()}
        for day, days in pauses
        if first <= day <= last
    ]
    journal = Journal()
    measure = journal.record(
        datetime(2026, 7, 1, tzinfo=UTC),
        effective_from=first.isoformat(),
        effective_to=last.isoformat(),
        suspensions=suspensions,
        included_on="2026-07-01",
    )
    days = [date(2026, 7, 2) + timedelta(n) for n in range((today - date(2026, 7, 2)).days + 1)]
    turns = [d.isoformat() for d in days if measure.status(d) == "in_force" != measure.status(d - timedelta(1))]
    assert [on for on, kind, _line in dates(journal, today) if kind == "effective"] == turns


# With the database


async def followed(db: Database) -> Register:
    register = Register()
    async for entry in stream_all(db):
        register.apply(entry.header, entry.body)
    return register


async def entries(db: Database) -> list[dict[str, Any]]:
    return [json.loads(entry.body) async for entry in stream_all(db)]


async def include(db: Database, **changes: Any) -> Measure:
    return await publication.include(db, content(**changes), on=DAY, clock=noon(DAY))


@pytest.mark.anyio
async def test_an_announcement_shows_the_record_before_and_on_the_day(database: Database) -> None:
    measure = await include(database)
    register = await followed(database)
    made = await announce(database, register, date(2026, 9, 9), zone=MOSCOW, clock=noon(date(2026, 9, 9)))
    entry = (await entries(database))[-1]
    assert [stored.seq for stored in made] == [2]
    assert (entry["type"], entry["subject"], entry["reason"]) == ("measure.effective", measure.id, "date_reached")
    assert entry["recorded_at"].startswith("2026-09-09T09:00")
    assert (entry["before"]["status"], entry["after"]["status"]) == ("upcoming", "in_force")
    assert {**entry["before"], "status": None} == {**entry["after"], "status": None}
    assert (entry["after"]["version"], entry["after"]["seq"], entry["acts"]) == (1, 1, [])
    later = await announce(database, await followed(database), date(2027, 3, 9), zone=MOSCOW, clock=noon(DAY))
    window, expired = (json.loads(stored.body) for stored in later)
    assert (window["type"], window["rule"]) == ("declaration.window_closed", "P37(1)")
    assert (expired["type"], expired["after"]["status"]) == ("measure.expired", "expired")
    (await followed(database)).checkpoint()  # every entry takes its place in the index


@pytest.mark.anyio
async def test_a_measure_goes_on_after_an_announcement(database: Database) -> None:
    first = await include(database)
    await announce(database, await followed(database), date(2026, 9, 8), zone=MOSCOW, clock=noon(DAY))
    act = Act(role="terminates", number="9", date=date(2026, 9, 9))
    second = await publication.terminate(
        database,
        first.id,
        1,
        ended(first, date(2026, 9, 30), [act]),
        on=date(2026, 9, 10),
        clock=noon(date(2026, 9, 10)),
    )
    assert (second.version, second.seq) == (2, 3)
    made = await announce(database, await followed(database), date(2026, 10, 1), zone=MOSCOW, clock=noon(DAY))
    bodies = [json.loads(entry.body) for entry in made]
    assert [body["type"] for body in bodies] == ["declaration.window_closed", "measure.expired"]
    assert bodies[1]["after"]["status"] == "terminated"
    assert "прекращена досрочно" in bodies[1]["summary"]["ru"]


@pytest.mark.anyio
async def test_a_second_run_and_a_new_process_double_nothing(database: Database) -> None:
    for _ in range(3):
        await include(database)
    register = await followed(database)
    today = date(2026, 9, 24)
    assert len(await announce(database, register, today, zone=MOSCOW, clock=noon(DAY))) == 6
    assert await announce(database, register, today, zone=MOSCOW, clock=noon(DAY)) == []
    assert await announce(database, await followed(database), today, zone=MOSCOW, clock=noon(DAY)) == []
    assert await head(database) == 9


@pytest.mark.anyio
async def test_announcements_come_in_the_order_of_their_dates(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(announcements, "BATCH", 2)
    monkeypatch.setattr(announcements, "LOOK", 1)
    for first in ("2026-09-20", "2026-09-10", "2026-09-15"):
        await include(database, effective_from=first)
    made = await announce(database, await followed(database), date(2026, 10, 3), zone=MOSCOW, clock=noon(DAY))
    bodies = [json.loads(entry.body) for entry in made]
    assert [(body["type"][-9:], body["subject"][-1]) for body in bodies] == [
        ("effective", "2"),
        ("effective", "3"),
        ("effective", "1"),
        ("ow_closed", "2"),
        ("ow_closed", "3"),
    ]


@pytest.mark.anyio
async def test_two_tasks_at_once_announce_once(database: Database) -> None:
    for _ in range(12):
        await include(database)
    registers = [await followed(database) for _ in range(4)]
    made = await asyncio.gather(
        *(announce(database, register, date(2026, 9, 24), zone=MOSCOW, clock=noon(DAY)) for register in registers)
    )
    assert sum(len(entries) for entries in made) == 24
    assert await head(database) == 36
    rows = await database.fetch_rows("SELECT count(*) FROM announcement")
    assert rows[0][0] == 24


@pytest.mark.anyio
async def test_a_register_that_lags_announces_nothing_that_was_changed(database: Database) -> None:
    first = await include(database)
    behind = await followed(database)
    act = Act(role="extends", number="9", date=date(2026, 9, 9))
    await publication.extend(
        database,
        first.id,
        1,
        extended(first, date(2027, 6, 8), [act]),
        on=date(2027, 3, 1),
        clock=noon(date(2027, 3, 1)),
    )
    announcer = Announcer(database, behind, MOSCOW, noon(DAY))
    assert await announcer.run(date(2027, 3, 9)) == []
    async for entry in stream_all(database, behind.seq):
        behind.apply(entry.header, entry.body)
    # The dates that the new version keeps are announced now, late; the end that it moved is not.
    made = await announcer.run(date(2027, 3, 9))
    assert [json.loads(entry.body)["type"] for entry in made] == ["measure.effective", "declaration.window_closed"]


@pytest.mark.anyio
async def test_an_announcer_follows_what_is_entered_between_its_runs(database: Database) -> None:
    register = await followed(database)
    announcer = Announcer(database, register, MOSCOW, noon(DAY))

    async def run(today: date) -> list[str]:
        async for entry in stream_all(database, register.seq):
            register.apply(entry.header, entry.body)
        return [json.loads(entry.body)["type"] for entry in await announcer.run(today)]

    assert await run(DAY) == []
    first = await include(database)
    assert await run(date(2026, 9, 8)) == ["measure.effective"]
    assert await run(date(2026, 9, 8)) == []
    goods = [*first.goods, GoodsLine(line=2, code_from="4403")]
    await publication.amend(
        database, first.id, 1, content(goods=goods), on=date(2026, 9, 8), clock=noon(date(2026, 9, 8))
    )
    await publication.correct(
        database, first.id, 2, content(goods=goods, title={"ru": "Лес"}), Text(ru="опечатка"), on=date(2026, 9, 9),
        clock=noon(date(2026, 9, 9)),
    )  # fmt: skip
    assert await run(date(2026, 9, 24)) == ["declaration.window_closed"]
    await include(database, effective_from="2026-09-20", included_on="2026-09-24")
    assert await run(date(2026, 9, 24)) == ["measure.effective"]


@pytest.mark.anyio
async def test_a_run_that_fails_is_made_up_by_the_next(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    await include(database)
    announcer = Announcer(database, await followed(database), MOSCOW, noon(DAY))
    today = date(2026, 9, 8)

    async def broken(*_arguments: Any, **_more: Any) -> None:
        raise RuntimeError("power cut")

    with monkeypatch.context() as patch:
        patch.setattr(announcements, "append", broken)
        with pytest.raises(RuntimeError, match="power cut"):
            await announcer.run(today)
    assert await head(database) == 1
    assert len(await announcer.run(today)) == 1
    assert announcements.append is append


SCRIPT = """
import asyncio, sys
from datetime import date
from zoneinfo import ZoneInfo
from register.announcements import announce
from register.database import open_database
from register.index import Register
from register.journal import stream_all

async def main():
    async with open_database(sys.argv[1]) as database:
        register = Register()
        async for entry in stream_all(database):
            register.apply(entry.header, entry.body)
        print("ready", flush=True)
        sys.stdin.readline()
        print(len(await announce(database, register, date(2026, 9, 24), zone=ZoneInfo("Europe/Moscow"))))

asyncio.run(main())
"""


@pytest.mark.anyio
async def test_two_processes_at_once_announce_once(database_url: str) -> None:
    async with open_database(database_url) as database:
        for _ in range(30):
            await include(database)
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", SCRIPT, database_url],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
        )
        for _ in range(2)
    ]
    for process in processes:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin
        process.stdin.write("\n")
        process.stdin.flush()
    said = [int(process.communicate(timeout=60)[0]) for process in processes]
    assert sum(said) == 60
    async with open_database(database_url) as database:
        assert await head(database) == 90
        register = await followed(database)
        assert register.seq == 90
