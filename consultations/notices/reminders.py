"""Deadlines that come near and deadlines that have passed: computed from dates, told once.

A run may be late, run twice, or run in two processes at once: each deadline is told under a key that names its day, and
the database keeps the key unique. A deadline that moves to another day is another one, and is told anew.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from consultations.clock import Deadline, Targets, deadlines
from consultations.notices.kinds import Event
from consultations.notices.outbox import Outbox, told_before
from consultations.notices.people import Directory, Person
from consultations.working_days import SEAT, WorkingDays
from register.database import Database

TOO_LATE: Final = timedelta(days=60)
"""Of a deadline that passed so long ago nobody is told any more: whoever looks sees it on the page."""


@dataclass(frozen=True, slots=True)
class Pending:
    """A consultation as far as deadlines go: its record, with ``entered`` where that is known, and who has spoken."""

    record: Mapping[str, Any]
    stated: frozenset[str] = frozenset()


def due(pending: Pending, targets: Targets, days: WorkingDays, today: date, ahead: int, at: datetime) -> list[Event]:
    """What is to be told on ``today`` (at the Commission's seat) of one consultation's deadlines.

    A deadline is near when ``ahead`` working days or fewer are left in its own calendar, its last day included; it has
    passed on the day after. One that is met is not told of.
    """
    found = []
    for one in deadlines(pending.record, targets, days):
        if one.met or (one.name == "position" and one.state in pending.stated):
            continue
        if today > one.day:
            if today - one.day <= TOO_LATE:
                found.append(_event("deadline_passed", pending, one, at))
        elif days.between(one.state or SEAT, today, one.day) <= ahead:
            found.append(_event("deadline_near", pending, one, at))
    return found


def _event(kind: Any, pending: Pending, one: Deadline, at: datetime) -> Event:
    number = str(pending.record["id"])
    key = f"{kind}:{number}:{one.name}:{one.state or 'EEC'}:{one.day.isoformat()}"
    return Event(key, kind, number, one.state, at, one.name, one.day)


def concerned(event: Event, parties: Iterable[Person]) -> list[Person]:
    """Who is told of a deadline: those who have to act, and of one that passed the Commission too."""
    commission_too = event.state is None or event.kind == "deadline_passed"
    return [
        one
        for one in parties
        if (one.state is None and commission_too) or (one.state is not None and one.state == event.state)
    ]


class Reminders:
    """The job of the scheduler. ``read`` gives the consultations that may have deadlines; ``days`` the working days."""

    def __init__(
        self,
        outbox: Outbox,
        directory: Directory,
        read: Callable[[Database], Awaitable[Sequence[Pending]]],
        targets: Targets,
        days: Callable[[], WorkingDays],
        ahead: int,
    ) -> None:
        self._outbox = outbox
        self._directory = directory
        self._read = read
        self._targets = targets
        self._days = days
        self._ahead = ahead

    async def run(self, db: Database, today: date, now: datetime) -> int:
        """Tell of the deadlines that are near or have passed and were not told of; return how many. ``now`` is UTC.

        Raises ``DatabaseError``.
        """
        days = self._days()
        events = {
            event.key: event
            for pending in await self._read(db)
            for event in due(pending, self._targets, days, today, self._ahead, now)
        }
        if not events:
            return 0
        known = await told_before(db, list(events))
        told = 0
        for key, event in events.items():
            if key not in known:
                async with db.transaction():
                    people = concerned(event, await self._directory.parties(db))
                    told += await self._outbox.write(db, event, people)
        return told
