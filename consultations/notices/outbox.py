"""Writing notices, inside the transaction of what they tell of; reading them, and marking them read. Times are UTC.

What has happened is kept once under its key, and once for each person who is told: neither can be doubled.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from consultations.happenings import Happening
from consultations.notices import mails
from consultations.notices.kinds import Event
from consultations.notices.mails import MailState, NewMail
from consultations.notices.people import Directory, Person, Preferences, preferences_of
from register.database import Database, TransactionError

KEPT: Final = timedelta(days=365)
"""How long a notice stays on a person's page."""

_EVENT: Final = "h.key, h.kind, h.consultation, h.state, h.detail, h.at"


@dataclass(frozen=True, slots=True)
class MailOf:
    """The mail that a notice went into. ``state`` None: it was closed so long ago that nothing is kept of it.

    ``next_at`` is when a mail that is due is tried.
    """

    state: MailState | None
    next_at: datetime | None = None
    closed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice on a person's page. ``mail`` is None when none was wanted, or there was no mail server."""

    id: int
    event: Event
    read_at: datetime | None
    mail: MailOf | None = None


class Outbox:
    """Where notices are written. ``mailing`` False: there is no mail server, and they are read on the pages only."""

    def __init__(self, directory: Directory, zone: ZoneInfo, now: Callable[[], datetime], *, mailing: bool) -> None:
        self._directory = directory
        self._zone = zone
        self._now = now
        self._mailing = mailing

    async def notify(self, db: Database, happening: Happening) -> None:
        """The ``Notifier`` of the commands: everybody who takes part is told, but not who did it."""
        by = happening.by_state or "EEC"
        event = Event(
            f"{happening.kind}:{happening.consultation}:{happening.version}:{by}:{happening.at.isoformat()}",
            happening.kind,
            happening.consultation,
            happening.by_state,
            happening.at,
        )
        told = [one for one in await self._directory.parties(db) if one.id != happening.by_account]
        await self.write(db, event, told)

    async def write(self, db: Database, event: Event, told: Iterable[Person]) -> bool:
        """Tell people of something, inside the caller's transaction; False when it was told before.

        Raises ``TransactionError`` outside of one.
        """
        if not db.in_transaction:
            raise TransactionError("a notice is written inside the transaction of what it tells of")
        now = self._now()
        fresh = await db.execute(
            "INSERT INTO notice_happening (key, kind, consultation, state, detail, at, noted_at)"
            " VALUES ({}, {}, {}, {}, {}, {}, {}) ON CONFLICT (key) DO NOTHING",
            event.key,
            event.kind,
            event.consultation,
            event.state,
            json.dumps(event.detail),
            event.at,
            now,
        )
        if not fresh:
            return False
        people = list({one.id: one for one in told}.values())
        wished = await preferences_of(db, people)
        due = {one.id: await self._mail(db, event, one, wished[one.id], now) for one in people}
        await mails.enqueue(db, [mail for mail in due.values() if mail is not None], now)
        await db.execute_many(
            "INSERT INTO notice (person, happening, mail, at) VALUES ({}, {}, {}, {})"
            " ON CONFLICT (person, happening) DO NOTHING",
            [(person, event.key, mail.key if mail else None, event.at) for person, mail in due.items()],
        )
        return True

    async def _mail(
        self, db: Database, event: Event, person: Person, wished: Preferences, now: datetime
    ) -> NewMail | None:
        if not self._mailing or not wished.mailed(event.kind):
            return None
        if wished.delivery == "at_once":
            return NewMail(f"notice:{person.id}:{event.key}", now, person=person.id)
        due = wished.due(now, self._zone)
        while not await _takes_more(db, key := f"digest:{person.id}:{due.isoformat()}"):
            due = wished.due(due, self._zone)
        return NewMail(key, due, person=person.id)


async def _takes_more(db: Database, key: str) -> bool:
    """Whether a digest is not yet on its way."""
    rows = await db.fetch_rows("SELECT state, lease FROM notice_mail WHERE key = {}", key)
    return not rows or (rows[0][0] == "due" and rows[0][1] is None)


async def listed(
    db: Database, person: int, *, before: int | None = None, limit: int = 50, only_unread: bool = False
) -> list[Notice]:
    """A person's notices, the newest first; with ``before`` those older than that number."""
    below = 2**62 if before is None else before
    where = "n.id < {} AND n.read_at IS NULL" if only_unread else "n.id < {}"
    return await _select(db, person, f"{where} ORDER BY n.id DESC LIMIT {{}}", below, limit)


async def one(db: Database, person: int, number: int) -> Notice | None:
    """One notice of a person; None where the person has none of that number."""
    found = await _select(db, person, "n.id = {}", number)
    return found[0] if found else None


async def _select(db: Database, person: int, where: str, *values: int) -> list[Notice]:
    rows = await db.fetch(
        f"SELECT n.id, n.read_at, n.mail, m.state AS mail_state, m.next_at, m.closed_at, {_EVENT} FROM notice n"  # noqa: S608
        " JOIN notice_happening h ON h.key = n.happening LEFT JOIN notice_mail m ON m.key = n.mail"
        f" WHERE n.person = {{}} AND {where}",
        person,
        *values,
    )
    return [Notice(int(row["id"]), event_of(row), row["read_at"], _mail_of(row)) for row in rows]


def _mail_of(row: dict[str, Any]) -> MailOf | None:
    if row["mail"] is None:
        return None
    return MailOf(row["mail_state"], row["next_at"] if row["mail_state"] == "due" else None, row["closed_at"])


async def unread(db: Database, person: int) -> int:
    """How many notices a person has not read."""
    rows = await db.fetch_rows("SELECT count(*) FROM notice WHERE person = {} AND read_at IS NULL", person)
    return int(rows[0][0])


async def total(db: Database, person: int) -> int:
    """How many notices a person has."""
    rows = await db.fetch_rows("SELECT count(*) FROM notice WHERE person = {}", person)
    return int(rows[0][0])


async def mark_read(
    db: Database,
    person: int,
    now: datetime,
    *,
    number: int | None = None,
    consultation: str | None = None,
    through: int | None = None,
) -> int:
    """Mark as read one notice of a person, those of a consultation, those up to a number, or all.

    Return how many were not read before.
    """
    where, values = "", list[int | str]()
    if number is not None:
        where, values = " AND id = {}", [number]
    if through is not None:
        where, values = f"{where} AND id <= {{}}", [*values, through]
    if consultation is not None:
        where += " AND happening IN (SELECT key FROM notice_happening WHERE consultation = {})"
        values = [*values, consultation]
    return await db.execute(
        f"UPDATE notice SET read_at = {{}} WHERE person = {{}} AND read_at IS NULL{where}",  # noqa: S608
        now,
        person,
        *values,
    )


async def events_of(db: Database, mail: str) -> list[Event]:
    """What a mail tells of, oldest first."""
    rows = await db.fetch(
        f"SELECT {_EVENT} FROM notice n JOIN notice_happening h ON h.key = n.happening"  # noqa: S608
        " WHERE n.mail = {} ORDER BY h.at, n.id",
        mail,
    )
    return [event_of(row) for row in rows]


async def told_before(db: Database, keys: Sequence[str]) -> set[str]:
    """Which of these have been told already."""
    found: set[str] = set()
    for start in range(0, len(keys), 200):
        some = keys[start : start + 200]
        marks = ", ".join(["{}"] * len(some))
        rows = await db.fetch_rows(f"SELECT key FROM notice_happening WHERE key IN ({marks})", *some)  # noqa: S608
        found |= {str(row[0]) for row in rows}
    return found


async def forget(db: Database, now: datetime) -> None:
    """Delete notices of long ago, inside the caller's transaction. What happened stays known, and is not told again."""
    await db.execute("DELETE FROM notice WHERE at < {}", now - KEPT)
    await mails.forget(db, now)


def event_of(row: dict[str, Any]) -> Event:
    """What a row tells of."""
    detail = json.loads(row["detail"])
    day = detail.get("day")
    return Event(
        row["key"],
        row["kind"],
        row["consultation"],
        row["state"],
        row["at"],
        detail.get("deadline"),
        date.fromisoformat(day) if day else None,
    )
