"""The mails that are due: written in the transaction of their cause, worked on under a lease, never sent twice.

A process takes a mail for a while (``claim``), notes just before the message goes over the wire that it does so
(``hand_over``), and then what came of it. A lease that runs out before that note leaves the mail due: nothing was sent,
another process takes it. One that runs out after it leaves a mail of which nobody can tell whether it arrived: SMTP has
no way to ask. Such a mail becomes ``uncertain`` and is not sent again by itself (at most once): what it tells stands on
the person's page of notices in any case, and a second copy of the same news costs trust. The operator sees it and may
send it again, under the same Message-ID. Times are UTC.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from register.database import Database

MailState = Literal["due", "sent", "failed", "uncertain", "dropped"]
"""``dropped``: not wanted any more, by the person's settings or because the person takes part no longer."""

LEASE: Final = timedelta(minutes=10)
GIVE_UP_AFTER: Final = timedelta(days=3)
"""Counted from the first attempt."""
STUCK_AFTER: Final = timedelta(hours=1)
KEPT: Final = timedelta(days=90)
WAITS: Final = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 180, 360))
"""After the first, second, … failed attempt; the last one is repeated."""

_COLUMNS: Final = (
    "id, key, token, person, address, content, state, due_at, next_at, attempts, first_tried_at, lease, handed_at,"
    " error, created_at, closed_at"
)
_AFRESH: Final = (
    "state = 'due', closed_at = NULL, next_at = {}, due_at = {}, attempts = 0, first_tried_at = NULL,"
    " handed_at = NULL, lease = NULL, leased_until = NULL"
)


@dataclass(frozen=True, slots=True)
class NewMail:
    """A mail to be written: to a person, whose address and language count when it is sent, or to a fixed address.

    ``key`` names it for ever. ``content`` is what a mail to an address says, empty for one that bears notices.
    """

    key: str
    due_at: datetime
    person: int | None = None
    address: str | None = None
    content: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail as it is kept. ``token`` makes its Message-ID, the same at every attempt."""

    id: int
    key: str
    token: str
    person: int | None
    address: str | None
    content: Mapping[str, Any]
    state: MailState
    due_at: datetime
    next_at: datetime
    attempts: int
    first_tried_at: datetime | None
    lease: str | None
    handed_at: datetime | None
    error: str | None
    created_at: datetime
    closed_at: datetime | None

    @property
    def digest(self) -> bool:
        """Whether it gathers what happened in a day."""
        return self.key.startswith("digest:")


async def enqueue(db: Database, mails: Iterable[NewMail], now: datetime) -> None:
    """Write mails inside the caller's transaction; one whose key is known already is left as it is."""
    await db.execute_many(
        "INSERT INTO notice_mail (key, token, person, address, content, state, due_at, next_at, created_at)"
        " VALUES ({}, {}, {}, {}, {}, 'due', {}, {}, {}) ON CONFLICT (key) DO NOTHING",
        [
            (
                mail.key,
                secrets.token_hex(16),
                mail.person,
                mail.address,
                json.dumps(mail.content or {}, ensure_ascii=False),
                mail.due_at,
                mail.due_at,
                now,
            )
            for mail in mails
        ],
    )


async def claim(db: Database, now: datetime, limit: int) -> list[Mail]:
    """Take up to ``limit`` mails that are due, for ``LEASE``; no other process gets them meanwhile."""
    due = "state = 'due' AND next_at <= {} AND (lease IS NULL OR leased_until <= {})"
    if not await db.fetch_rows(f"SELECT 1 FROM notice_mail WHERE {due} LIMIT 1", now, now):  # noqa: S608
        return []
    lease = secrets.token_hex(16)
    async with db.transaction():
        await db.execute(
            # The lease stays: should its process still be there and get an answer, that answer counts.
            "UPDATE notice_mail SET state = 'uncertain', closed_at = {}, error = {}"
            " WHERE state = 'due' AND handed_at IS NOT NULL AND leased_until <= {}",
            now,
            "the process ended while the message was handed over: it may have arrived",
            now,
        )
        chosen = await db.fetch_rows(
            f"SELECT id FROM notice_mail WHERE {due} ORDER BY next_at, id LIMIT {{}}",  # noqa: S608
            now,
            now,
            limit,
        )
        await db.execute_many(
            "UPDATE notice_mail SET lease = {}, leased_until = {} WHERE id = {}",
            [(lease, now + LEASE, row[0]) for row in chosen],
        )
        rows = await db.fetch(
            f"SELECT {_COLUMNS} FROM notice_mail WHERE lease = {{}} ORDER BY next_at, id",  # noqa: S608
            lease,
        )
    return [_mail(row) for row in rows]


async def hand_over(db: Database, mail: Mail, now: datetime) -> bool:
    """Note that the message goes over the wire now; False when the lease is lost, and it must not go."""
    held = await db.execute(
        "UPDATE notice_mail SET handed_at = {}, leased_until = {}, attempts = attempts + 1,"
        " first_tried_at = COALESCE(first_tried_at, {})"
        " WHERE id = {} AND lease = {} AND state = 'due' AND leased_until > {}",
        now,
        now + LEASE,
        now,
        mail.id,
        mail.lease,
        now,
    )
    return held == 1


async def close(db: Database, mail: Mail, state: MailState, now: datetime, error: str | None = None) -> None:
    """What came of a mail: sent, failed for good, uncertain, dropped. An answer that comes late still counts."""
    await db.execute(
        "UPDATE notice_mail SET state = {}, closed_at = {}, error = {}, lease = NULL, leased_until = NULL"
        " WHERE id = {} AND lease = {}",
        state,
        now,
        _short(error),
        mail.id,
        mail.lease,
    )


async def postpone(db: Database, mail: Mail, now: datetime, error: str) -> MailState:
    """Try again after a while, for nothing was taken by the server; given up after ``GIVE_UP_AFTER``."""
    attempts = mail.attempts + 1
    next_at = now + WAITS[min(attempts, len(WAITS)) - 1]
    first = mail.first_tried_at or now
    over = next_at > first + GIVE_UP_AFTER
    state: MailState = "failed" if over else "due"
    await db.execute(
        "UPDATE notice_mail SET state = {}, closed_at = {}, next_at = {}, error = {}, attempts = {},"
        " first_tried_at = {}, handed_at = NULL, lease = NULL, leased_until = NULL WHERE id = {} AND lease = {}",
        state,
        now if over else None,
        next_at,
        _short(error),
        attempts,
        first,
        mail.id,
        mail.lease,
    )
    return state


async def release(db: Database, mails: Iterable[Mail]) -> None:
    """Give mails back that were not worked on, so that they need not wait for the end of the lease."""
    async with db.transaction():
        await db.execute_many(
            "UPDATE notice_mail SET lease = NULL, leased_until = NULL WHERE id = {} AND lease = {}"
            " AND handed_at IS NULL",
            [(mail.id, mail.lease) for mail in mails],
        )


async def bring_forward(db: Database, person: int, now: datetime) -> None:
    """A person wants mails at once from now on: what waits for the digest goes now."""
    await db.execute(
        "UPDATE notice_mail SET next_at = {} WHERE person = {} AND state = 'due' AND next_at > {} AND attempts = 0",
        now,
        person,
        now,
    )


async def try_again(db: Database, now: datetime, number: int | None = None) -> int:
    """Make a mail that failed or is uncertain due at once, or all of them; return how many. The Message-ID stays."""
    which = "" if number is None else " AND id = {}"
    return await db.execute(
        f"UPDATE notice_mail SET {_AFRESH} WHERE (state IN ('failed', 'uncertain')"  # noqa: S608
        f" OR (state = 'due' AND error IS NOT NULL AND lease IS NULL)){which}",
        now,
        now,
        *([] if number is None else [number]),
    )


async def troubled(db: Database, limit: int) -> list[Mail]:
    """Mails that were given up, are uncertain, or failed at the last attempt; the newest first."""
    rows = await db.fetch(
        f"SELECT {_COLUMNS} FROM notice_mail WHERE state IN ('failed', 'uncertain')"  # noqa: S608
        " OR (state = 'due' AND error IS NOT NULL) ORDER BY id DESC LIMIT {}",
        limit,
    )
    return [_mail(row) for row in rows]


async def counts(db: Database) -> dict[str, int]:
    """How many mails there are in each state."""
    rows = await db.fetch_rows("SELECT state, count(*) FROM notice_mail GROUP BY state")
    return {str(state): int(number) for state, number in rows}


async def stuck_since(db: Database, now: datetime) -> datetime | None:
    """Since when the oldest mail waits that ought to have gone ``STUCK_AFTER`` ago; None when none does."""
    rows = await db.fetch_rows(
        "SELECT due_at FROM notice_mail WHERE state = 'due' AND due_at <= {} ORDER BY due_at LIMIT 1",
        now - STUCK_AFTER,
    )
    return rows[0][0] if rows else None


async def forget(db: Database, now: datetime) -> None:
    """Delete mails that were closed long ago, inside the caller's transaction."""
    await db.execute("DELETE FROM notice_mail WHERE closed_at < {}", now - KEPT)


def _mail(row: dict[str, Any]) -> Mail:
    return Mail(**{**row, "content": json.loads(row["content"])})


def _short(error: str | None) -> str | None:
    return None if error is None else "".join(char if char.isprintable() else " " for char in error)[:500]
