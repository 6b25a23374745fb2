"""A small Register behind the feeds, what tests enter in it, and a clock that they move."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
from litestar import Litestar

from feeds.log import Log
from register import journal, publication
from register.changes import extended
from register.database import Database
from register.entries import Entry, EntryType, Reason, header
from register.journal import StoredEntry
from register.measures import Act, Measure, Notified
from register.publication import Inclusion
from register.service import RegisterService, Terms
from tests.register.api.helpers import notified

BASE = "https://register.example"
TERMS = Terms(ZoneInfo("Europe/Moscow"), None, BASE, False)
ORIGIN = "register.example/log"
SEED = bytes(range(32))
FEEDS = tuple(f"/feeds/{name}.{form}" for name in ("register", "consultations", "upcoming") for form in ("rss", "atom"))


@dataclass
class Clock:
    """The present: 10 September 2026, until a test moves it."""

    now: datetime = datetime(2026, 9, 10, 9, 0, 0, 120_000, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def move(self, **by: float) -> None:
        self.now += timedelta(**by)

    @property
    def today(self) -> date:
        return self.now.date()


@dataclass
class Site:
    """The client, what stands behind it, and commands that enter something a minute after what was entered last."""

    client: httpx.AsyncClient
    service: RegisterService
    log: Log
    clock: Clock
    app: Litestar
    entered: dict[str, Measure] = field(default_factory=dict)

    @property
    def db(self) -> Database:
        return self.service.database

    async def get(self, path: str, **headers: str) -> httpx.Response:
        return await self.client.get(path, headers={name.replace("_", "-"): value for name, value in headers.items()})

    async def include(self, measure: Notified) -> str:
        self.clock.move(minutes=1)
        done = await publication.include(self.db, measure, on=self.clock.today, clock=self.clock)
        self.entered[done.id] = done
        await self.service.catch_up()
        return done.id

    async def include_many(self, count: int) -> None:
        items = [Inclusion(notified("BY", f"{4401 + number % 20}")) for number in range(count)]
        await publication.include_many(self.db, items, on=self.clock.today, clock=self.clock)
        await self.service.catch_up()

    async def extend(self, measure: str, until: date) -> None:
        self.clock.move(minutes=1)
        before = self.entered[measure]
        act = Act(role="extends", number="601", date=date(2026, 9, 8), issuer="Кабинет Министров")
        content = Notified.model_validate(
            extended(before, until, [act]).model_dump(exclude={"id", "version", "seq"}, by_alias=True)
        )
        self.entered[measure] = await publication.extend(
            self.db, measure, before.version, content, on=self.clock.today, clock=self.clock
        )
        await self.service.catch_up()

    async def fill(self) -> None:
        """Five measures of four states; the first is extended after the others came."""
        await self.include(notified("KG", "7204", "*7602"))
        await self.include(notified("AM", "2515110000", title={"ru": "Запрет вывоза мрамора", "en": None}))
        await self.include(notified("RU", "720410", kind="licensing", effective_to=None))
        await self.include(notified("KZ", "4403", effective_from="2026-10-01", included_on="2026-09-01"))
        await self.include(notified("KG", "1001", effective_from="2026-09-01", included_on="2026-09-05"))
        await self.extend("KG-2026-001", date(2027, 7, 8))

    async def append(
        self,
        type_: EntryType,
        subject: str,
        after: Mapping[str, Any],
        summary: Mapping[str, str | None],
        before: Mapping[str, Any] | None = None,
        reason: Reason = "legal_change",
    ) -> int:
        """An entry as it stands, past the commands."""
        self.clock.move(minutes=1)

        def make(seq: int, at: datetime) -> journal.PreparedEntry:
            entry = Entry(seq, at, type_, subject, reason, summary, before, after, [], "P24")
            body = entry.body()
            return journal.PreparedEntry(type_, subject, reason, header(seq, at, type_, subject, body), body)

        async with self.db.transaction():
            stored = await journal.append(self.db, make, clock=self.clock)
        await self.service.catch_up()
        return stored.seq

    async def entries(self) -> list[StoredEntry]:
        return [entry async for entry in journal.stream_all(self.db)]


async def replay(entries: list[StoredEntry], db: Database) -> None:
    """Put entries that another database gave into this one, as they are."""
    for entry in entries:
        await _put(entry, db)


async def _put(entry: StoredEntry, db: Database) -> None:
    said = json.loads(entry.body)
    prepared = journal.PreparedEntry(said["type"], said["subject"], said["reason"], entry.header, entry.body)
    async with db.transaction():
        stored = await journal.append(db, lambda _seq, _at: prepared, clock=lambda: entry.recorded_at)
    assert stored == entry
