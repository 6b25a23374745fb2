"""Whom to tell, and how each person wants it: language, at once or once a day or not by mail, which kinds."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final, Literal, Protocol, cast, get_args
from zoneinfo import ZoneInfo

from consultations.notices.kinds import KINDS, NoticeKind
from register.database import Database
from register.findings import Finding
from register.web import finding
from register.words import LANGUAGES, Language

DeliveryWay = Literal["at_once", "digest", "none"]
DELIVERIES: Final[tuple[DeliveryWay, ...]] = get_args(DeliveryWay)
DIGEST_HOUR: Final = 8


@dataclass(frozen=True, slots=True)
class Person:
    """One who takes part in consultations. ``state`` None: the Commission's staff. ``language`` is of the account."""

    id: int
    email: str
    name: str
    state: str | None
    language: Language


class Directory(Protocol):
    """Who takes part; the package of the accounts knows."""

    async def parties(self, db: Database, /) -> Sequence[Person]:
        """Every official of the five states, every clerk and approver of the Commission, who is active."""
        ...

    async def person(self, db: Database, number: int, /) -> Person | None:
        """One of those by number; None for anybody else."""
        ...


@dataclass(frozen=True, slots=True)
class Preferences:
    """How a person wants notices by mail; on the page every notice is read in any case.

    ``digest_hour`` is an hour of the deployment's zone. ``muted`` kinds come in no mail.
    """

    language: Language
    delivery: DeliveryWay = "at_once"
    digest_hour: int = DIGEST_HOUR
    muted: frozenset[NoticeKind] = frozenset()

    def mailed(self, kind: NoticeKind) -> bool:
        """Whether notices of a kind go by mail at all."""
        return self.delivery != "none" and kind not in self.muted

    def due(self, now: datetime, zone: ZoneInfo) -> datetime:
        """When a notice written ``now`` (UTC) is to be mailed: at once, or at the next hour of the digest. UTC."""
        if self.delivery != "digest":
            return now
        return next_hour(now, self.digest_hour, zone)


def next_hour(now: datetime, hour: int, zone: ZoneInfo) -> datetime:
    """The next moment after ``now`` at which clocks of the zone show ``hour``, in UTC."""
    day = now.astimezone(zone).date()
    while True:
        at = datetime.combine(day, time(hour), zone).astimezone(now.tzinfo)
        if at > now:
            return at
        day += timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person typed in the form of settings."""

    language: str
    delivery: str
    digest_hour: str
    kinds: Sequence[str]

    def faults(self) -> list[Finding]:
        """Everything wrong with it, field by field."""
        found = []
        if self.language not in LANGUAGES:
            found.append(finding("/language", "Язык – ru или en.", "The language is ru or en."))
        if self.delivery not in DELIVERIES:
            found.append(finding("/delivery", "Такого способа доставки нет.", "There is no such way of delivery."))
        if not (self.digest_hour.isascii() and self.digest_hour.isdigit() and 0 <= int(self.digest_hour[:4]) <= 23):
            found.append(finding("/digest_hour", "Час – от 0 до 23.", "The hour is from 0 to 23."))
        if set(self.kinds) - set(KINDS):
            found.append(finding("/kinds", "Такого вида уведомлений нет.", "There is no such kind of notice."))
        return found

    def preferences(self) -> Preferences:
        """What it means; only after ``faults`` found none."""
        muted = frozenset(kind for kind in KINDS if kind not in self.kinds)
        delivery = cast(DeliveryWay, self.delivery)
        return Preferences(cast(Language, self.language), delivery, int(self.digest_hour), muted)


async def preferences_of(db: Database, people: Iterable[Person]) -> dict[int, Preferences]:
    """The preferences of each person, by number; who has set none gets everything at once in the account's language."""
    rows = {int(row["person"]): row for row in await db.fetch("SELECT * FROM notice_setting")}
    found = {}
    for person in people:
        row = rows.get(person.id)
        found[person.id] = Preferences(person.language) if row is None else _read(row)
    return found


async def preferences_for(db: Database, person: Person) -> Preferences:
    """The preferences of one person."""
    rows = await db.fetch("SELECT * FROM notice_setting WHERE person = {}", person.id)
    return _read(rows[0]) if rows else Preferences(person.language)


async def save(db: Database, person: int, wish: Preferences, now: datetime) -> None:
    """Keep a person's preferences, inside the caller's transaction."""
    await db.execute(
        "INSERT INTO notice_setting (person, language, delivery, digest_hour, muted, changed_at)"
        " VALUES ({}, {}, {}, {}, {}, {}) ON CONFLICT (person) DO UPDATE SET language = excluded.language,"
        " delivery = excluded.delivery, digest_hour = excluded.digest_hour, muted = excluded.muted,"
        " changed_at = excluded.changed_at",
        person,
        wish.language,
        wish.delivery,
        wish.digest_hour,
        json.dumps(sorted(wish.muted)),
        now,
    )


def _read(row: dict[str, object]) -> Preferences:
    kept = json.loads(str(row["muted"]))
    return Preferences(
        cast(Language, row["language"]),
        cast(DeliveryWay, row["delivery"]),
        int(str(row["digest_hour"])),
        frozenset(kind for kind in KINDS if kind in kept),
    )
