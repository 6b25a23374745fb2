"""Dates that have come: a measure takes effect or ends, the days of P37(1) have passed.

Nothing in law follows from an announcement: status and windows are computed from dates. It tells those who follow the
journal, once. A run may be late, run twice or run in two processes at once: what was announced is kept by the database
under its date, and a write transaction is one at a time. Days are those of the Commission's seat.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from register.database import Database
from register.entries import Entry, EntryType
from register.facts import FOREVER, Version
from register.index import Register
from register.journal import PreparedEntry, StoredEntry, append, latest, utc_now
from register.measures import WINDOW_DAYS, from_public
from register.recording import prepared
from register.summaries import summary

BATCH: Final = 100
"""How many announcements share one transaction."""
LOOK: Final = 1000
"""How many measures are looked at before others have their turn on the event loop."""

_RULES: Final = {
    "measure.effective": "A4(4)",
    "measure.expired": "A4(4)",
    "declaration.window_closed": "P37(1)",
}


@dataclass(frozen=True, slots=True, order=True)
class Announcement:
    """A date of a measure that has come; ``line`` is the goods line whose window closed, 0 for the whole measure.

    ``version`` is the version that the date was read from.
    """

    on: date
    type: EntryType
    subject: str
    line: int
    version: int


@dataclass(frozen=True, slots=True)
class Horizon:
    """How far was looked: every date up to ``day`` in every version up to entry ``seq``."""

    seq: int
    day: date


def due(register: Register, today: date, zone: ZoneInfo, since: Horizon | None = None) -> list[Announcement]:
    """The dates that have come by ``today``, in their order; with ``since`` only those that were not looked at by then.

    A date counts when it is later than the day (in ``zone``) on which the version that set it was recorded: what is
    taken over or entered late announces only what is still to come. A date that a later version moved is gone. Whether
    one was announced already is for the database to say.
    """
    days = _Days(zone)
    versions = _to_look_at(register, today, since)
    return sorted(found for version in versions for found in _due(register, version, today, days, since))


def _to_look_at(register: Register, today: date, since: Horizon | None) -> Iterable[Version]:
    """On a new day every measure; on the same day those with new entries."""
    if since is None or since.day < today:
        return register.versions()
    subjects = dict.fromkeys(register.facts(seq).subject for seq in range(since.seq + 1, register.seq + 1))
    return [version for subject in subjects if (version := register.version(subject)) is not None]


def _due(
    register: Register, version: Version, today: date, days: _Days, since: Horizon | None
) -> Iterator[Announcement]:
    known = since is not None and version.seq <= since.seq
    after = since.day.toordinal() if since is not None and known else 0
    last = today.toordinal()
    for event in events_of(version):
        on, type_, line = event
        if after < on <= last and _recorded_at(register, version, event) < days.start(on):
            yield Announcement(date.fromordinal(on), type_, version.id, line, version.number)


class _Days:
    """When the days of the Commission's seat begin, in UTC."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self._starts: dict[int, datetime] = {}

    def start(self, day: int) -> datetime:
        """The first moment of a day, given by its ordinal."""
        start = self._starts.get(day)
        if start is None:
            start = datetime.combine(date.fromordinal(day), time.min, self._zone).astimezone(UTC)
            self._starts[day] = start
        return start


_Event = tuple[int, EntryType, int]
"""The day, the kind of entry, and the goods line or 0. A plain tuple: hundreds of thousands are made in one look."""


def events_of(version: Version) -> Iterator[_Event]:
    """Every date of a version that is announced, past or to come."""
    first, last = version.effective_from, version.effective_to
    if first > last:  # ended before it took effect
        return
    if version.suspensions:
        yield from _interrupted(version)
    else:
        yield first, "measure.effective", 0
    if last < FOREVER:
        yield last + 1, "measure.expired", 0
    # P37(1): the day after the fifteenth, of the measure and of every line that came later, while they last.
    start = first if first > version.included_on else version.included_on
    if start + WINDOW_DAYS < last:
        yield start + WINDOW_DAYS + 1, "declaration.window_closed", 0
    for line in version.lines:
        if line.start > start and line.window_until < line.end:
            yield line.window_until + 1, "declaration.window_closed", line.number


def _interrupted(version: Version) -> Iterator[_Event]:
    """The days on which a measure with suspensions comes into force: at first, and after each of them."""
    first, last = version.effective_from, version.effective_to
    for day in sorted({first, *(end + 1 for _start, end in version.suspensions)}):
        if first <= day <= last and not version.suspended(day):
            yield day, "measure.effective", 0


def _recorded_at(register: Register, version: Version, event: _Event) -> datetime:
    """When the date became known: when the earliest version in a row that has it was recorded."""
    seq = version.seq
    history = register.history(version.id)
    if len(history) > 1:
        for earlier in reversed(history[:-1]):
            if event not in events_of(earlier):
                break
            seq = earlier.seq
    return register.recorded_at(seq)


class Announcer:
    """Announces for one process, and remembers how far it has looked, so that a run without news costs nothing."""

    def __init__(
        self, db: Database, register: Register, zone: ZoneInfo, clock: Callable[[], datetime] = utc_now
    ) -> None:
        self._db, self._register, self._zone, self._clock = db, register, zone, clock
        self._since: Horizon | None = None

    async def run(self, today: date) -> list[StoredEntry]:
        """Announce what has come by ``today`` and was not announced; the entries made. Raises ``DatabaseError``."""
        horizon = Horizon(self._register.seq, today)
        entries = await announce(self._db, self._register, today, zone=self._zone, since=self._since, clock=self._clock)
        self._since = horizon
        return entries


async def announce(
    db: Database,
    register: Register,
    today: date,
    *,
    zone: ZoneInfo,
    since: Horizon | None = None,
    clock: Callable[[], datetime] = utc_now,
) -> list[StoredEntry]:
    """Append an entry for every date that is due and was not announced, in the order of the dates.

    The Register need not be up to date: a measure that has changed meanwhile waits for the next run. Raises
    ``DatabaseError``; what was announced before it stays announced.
    """
    waiting: list[Announcement] = []
    days = _Days(zone)
    for place, version in enumerate(list(_to_look_at(register, today, since)), start=1):
        waiting += _due(register, version, today, days, since)
        if place % LOOK == 0:
            await asyncio.sleep(0)
    if waiting:
        waiting = sorted(await _not_announced(db, waiting))
    made: list[StoredEntry] = []
    for start in range(0, len(waiting), BATCH):
        async with db.transaction():
            batch = [await _announce(db, item, clock) for item in waiting[start : start + BATCH]]
        made += [entry for entry in batch if entry is not None]
    return made


async def _not_announced(db: Database, items: Sequence[Announcement]) -> list[Announcement]:
    rows = await db.fetch_rows(
        "SELECT type, subject, on_date, line FROM announcement WHERE on_date >= {}", min(item.on for item in items)
    )
    known = {tuple(row) for row in rows}
    return [item for item in items if (item.type, item.subject, item.on, item.line) not in known]


async def _announce(db: Database, item: Announcement, clock: Callable[[], datetime]) -> StoredEntry | None:
    """One announcement in the open transaction; None when another process made it or the measure has changed."""
    key = (item.type, item.subject, item.on, item.line)
    there = await db.fetch_rows(
        "SELECT 1 FROM announcement WHERE type = {} AND subject = {} AND on_date = {} AND line = {}", *key
    )
    stored = None if there else await latest(db, item.subject)
    record = None if stored is None else json.loads(stored.body)["after"]
    if record is None or record["version"] != item.version:
        return None
    entry = await append(db, lambda seq, at: _prepared(item, record, seq, at), clock=clock)
    await db.execute(
        "INSERT INTO announcement (type, subject, on_date, line, seq) VALUES ({}, {}, {}, {}, {})", *key, entry.seq
    )
    return entry


def _prepared(item: Announcement, record: dict[str, Any], seq: int, recorded_at: datetime) -> PreparedEntry:
    """The entry: the same record as on the day before and on the day, so that its status differs."""
    measure = from_public(record)
    before, after = measure.public(item.on - timedelta(days=1)), measure.public(item.on)
    return prepared(
        Entry(
            seq=seq,
            recorded_at=recorded_at,
            type=item.type,
            subject=item.subject,
            reason="date_reached",
            summary=summary(item.type, before, after, line=item.line),
            before=before,
            after=after,
            acts=[],
            rule=_RULES[item.type],
        )
    )
