"""Deadlines that come near and that passed: told once, to those who have to act, however late and however often."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consultations.clock import Target, Targets, deadlines
from consultations.notices import outbox
from consultations.notices.kinds import Event
from consultations.notices.people import Person
from consultations.notices.reminders import TOO_LATE, Pending, Reminders, concerned, due
from consultations.working_days import WorkingDays
from register.database import Database, open_database
from tests.consultations.notices.post_office import ASEL, CLERK, DANA, NUMBER, RECORD, START, Office

TARGETS = Targets(Target(10, "working"), Target(20, "working"), Target(5, "working"))
DAYS = WorkingDays()
OPENED: dict[str, Any] = {**RECORD, "initiated_on": "2026-09-07", "meeting": None, "status": "initiated"}


def last_day(name: str, state: str | None = None) -> date:
    return next(one.day for one in deadlines(OPENED, TARGETS, DAYS) if (one.name, one.state) == (name, state))


def told(today: date, record: dict[str, Any] = OPENED, stated: Sequence[str] = ()) -> set[tuple[str, str, str | None]]:
    found = due(Pending(record, frozenset(stated)), TARGETS, DAYS, today, 2, START)
    return {(event.kind, str(event.deadline), event.state) for event in found}


def test_a_deadline_is_near_from_two_working_days_before_to_its_day_and_then_over() -> None:
    day = last_day("position", "KZ")  # Monday, 21 September
    assert day == date(2026, 9, 21)
    mine = ("deadline_near", "position", "KZ")
    assert mine not in told(day - timedelta(days=5))
    assert mine in told(day - timedelta(days=4)), "Thursday: Friday and Monday are left"
    assert mine in told(day)
    assert ("deadline_passed", "position", "KZ") not in told(day)
    after = told(day + timedelta(days=1))
    assert mine not in after
    assert ("deadline_passed", "position", "KZ") in after


def test_what_is_met_is_not_told_of() -> None:
    day = last_day("position", "KZ")
    assert {state for _, name, state in told(day, stated=["KZ", "RU"]) if name == "position"} == {"AM", "BY", "KG"}
    meeting = last_day("meeting")
    held = {**OPENED, "meeting": {"date": meeting.isoformat()}, "status": "scheduled"}
    assert ("deadline_near", "meeting", None) in told(meeting)
    assert ("deadline_near", "meeting", None) not in told(meeting, held)


def test_of_what_passed_long_ago_nobody_is_told() -> None:
    day = last_day("meeting")
    assert ("deadline_passed", "meeting", None) in told(day + TOO_LATE)
    assert ("deadline_passed", "meeting", None) not in told(day + TOO_LATE + timedelta(days=1))


def test_a_permission_that_is_not_entered_is_told_of_until_it_is() -> None:
    record = {**OPENED, "status": "consensus_permitted", "outcome": "consensus_permitted", "concluded_on": "2026-10-05"}
    day = next(one.day for one in deadlines(record, TARGETS, DAYS))
    assert told(day, record) == {("deadline_near", "entry", None)}
    assert told(day, {**record, "entered": {"measure": "KG-2026-030", "seq": 7}}) == set()


def test_those_who_have_to_act_are_told_and_of_what_passed_the_commission_too() -> None:
    near = Event("k", "deadline_near", NUMBER, "KZ", START, "position", START.date())
    passed = Event("k", "deadline_passed", NUMBER, "KZ", START, "position", START.date())
    meeting = Event("k", "deadline_near", NUMBER, None, START, "meeting", START.date())
    people = [ASEL, DANA, CLERK]
    assert concerned(near, people) == [DANA]
    assert concerned(passed, people) == [DANA, CLERK]
    assert concerned(meeting, people) == [CLERK]


@settings(max_examples=60)
@given(st.integers(0, 80), st.integers(0, 5))
def test_a_deadline_is_never_near_and_over_at_once(later: int, ahead: int) -> None:
    today = date(2026, 9, 7) + timedelta(days=later)
    found = due(Pending(OPENED), TARGETS, DAYS, today, ahead, START)
    assert len({(event.deadline, event.state) for event in found}) == len(found)
    assert len({event.key for event in found}) == len(found)
    for event in found:
        assert event.day is not None
        assert (event.kind == "deadline_passed") == (today > event.day)


def reminders(office: Office, record: dict[str, Any] = OPENED) -> Reminders:
    async def read(_: Database) -> list[Pending]:
        return [Pending(record, frozenset({"AM", "BY", "KG", "RU"}))]

    return Reminders(office.outbox, office.people, read, TARGETS, lambda: DAYS, 2)


@pytest.mark.anyio
async def test_each_deadline_is_told_once_however_often_and_late_the_job_runs(office: Office) -> None:
    job, day = reminders(office), last_day("position", "KZ")
    assert await job.run(office.db, day - timedelta(days=9), office.clock()) == 0
    assert await job.run(office.db, day, office.clock()) == 1
    assert await job.run(office.db, day, office.clock()) == 0
    late = day + timedelta(days=3)
    assert await job.run(office.db, late, office.clock()) == 1
    assert await job.run(office.db, late + timedelta(days=1), office.clock()) == 0
    kinds = [one.event.kind for one in await outbox.listed(office.db, DANA.id)]
    assert kinds == ["deadline_passed", "deadline_near"]
    assert [one.event.kind for one in await outbox.listed(office.db, CLERK.id)] == ["deadline_passed"]
    assert await outbox.listed(office.db, ASEL.id) == []
    assert await office.postman().run() == 3


@pytest.mark.anyio
async def test_who_comes_later_is_not_told_of_old_deadlines(office: Office) -> None:
    job, day = reminders(office), last_day("position", "KZ")
    assert await job.run(office.db, day, office.clock()) == 1
    office.people.all.append(Person(8, "new@kz.example", "New", "KZ", "ru"))
    assert await job.run(office.db, day, office.clock()) == 0
    assert await outbox.listed(office.db, 8) == []


@pytest.mark.anyio
async def test_two_processes_at_once_tell_once(office: Office, database_url: str) -> None:
    day = last_day("position", "KZ")
    async with open_database(database_url) as second:
        other = Office(second, office.clock, office.people, office.server)
        took = await asyncio.gather(
            *(reminders(one).run(one.db, day, office.clock()) for one in (office, other, office, other))
        )
    assert sum(took) == 1
    assert len(await outbox.listed(office.db, DANA.id)) == 1


@pytest.mark.anyio
async def test_a_deadline_that_moves_is_told_anew_with_its_day(office: Office) -> None:
    day = last_day("position", "KZ")
    assert await reminders(office).run(office.db, day, office.clock()) == 1
    moved = {**OPENED, "initiated_on": "2026-09-08"}
    assert await reminders(office, moved).run(office.db, day, office.clock()) == 1
    days = [one.event.day for one in await outbox.listed(office.db, DANA.id)]
    assert days == [day + timedelta(days=1), day]
