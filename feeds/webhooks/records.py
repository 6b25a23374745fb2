"""A subscription as it is kept, and what of it others may see. Times are UTC."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

import msgspec

from feeds.selection import FeedFilter
from feeds.webhooks.sender import Outcome
from register.api.filters import EntryFilter
from register.database import Database
from register.entries import EntryType, Reason, timestamp
from register.measures import Kind, State

Pause = Literal["owner", "failing", "gone"]
"""Why a subscription rests: its owner said so, three days of failures, or the receiver answered 410 Gone."""

COLUMNS: Final = (
    "id, owner, owner_email, url, wanted, description, secret, old_secret, old_secret_until, state, paused_reason,"
    " paused_at, cursor_seq, failures, failing_since, next_attempt_at, epoch, created_at, updated_at"
)


class Wanted(msgspec.Struct, frozen=True):
    """Which entries a subscription gets; what is empty asks for nothing in particular. ``code`` matches both ways."""

    state: Sequence[State] = ()
    kind: Sequence[Kind] = ()
    code: str | None = None
    type: Sequence[EntryType] = ()
    reason: Sequence[Reason] = ()

    def filter(self) -> FeedFilter:
        """The filter that the feeds use too."""
        entries = EntryFilter(frozenset(self.type), frozenset(self.state), frozenset(self.reason), self.code)
        return FeedFilter(entries, frozenset(self.kind))


decode_wanted: Final = msgspec.json.Decoder(Wanted).decode


@dataclass(frozen=True, slots=True)
class Subscription:
    """One row. ``cursor_seq`` is the last entry delivered, or passed over because the filter leaves it out.

    ``secret`` and ``old_secret`` are as they are kept; ``feeds.webhooks.sealing`` opens them.
    What an attempt found out counts only for the ``epoch`` in which it began: an owner's replay begins a new one.
    """

    id: str
    owner: str
    owner_email: str
    url: str
    wanted: Wanted
    description: str | None
    secret: str
    old_secret: str | None
    old_secret_until: datetime | None
    state: Literal["active", "paused"]
    paused_reason: Pause | None
    paused_at: datetime | None
    cursor_seq: int
    failures: int
    failing_since: datetime | None
    next_attempt_at: datetime | None
    epoch: int
    created_at: datetime
    updated_at: datetime

    def keys(self, now: datetime) -> list[str]:
        """The secrets that sign at ``now``, as they are kept, the newest first."""
        old = self.old_secret if self.old_secret_until and now < self.old_secret_until else None
        return [self.secret, *([old] if old else [])]

    def public(self, now: datetime) -> dict[str, Any]:
        """What its owner sees; never the secret."""
        return {
            "id": self.id,
            "url": self.url,
            "description": self.description,
            "filter": self.wanted,
            "state": self.state,
            "paused": {"reason": self.paused_reason, "at": _shown(self.paused_at)} if self.paused_reason else None,
            "cursor": self.cursor_seq,
            "failing": {
                "since": _shown(self.failing_since),
                "attempts": self.failures,
                "next_attempt_at": _shown(self.next_attempt_at),
            }
            if self.failures
            else None,
            "old_secret_until": _shown(self.old_secret_until) if len(self.keys(now)) > 1 else None,
            "created_at": timestamp(self.created_at),
            "updated_at": timestamp(self.updated_at),
        }


@dataclass(frozen=True, slots=True)
class Attempt:
    """A line of the log. ``seq`` is None for a test."""

    subscription: str
    message: str
    seq: int | None
    attempt: int
    at: datetime
    outcome: Outcome

    def row(self) -> tuple[Any, ...]:
        """The values of ``INSERT_ATTEMPT``."""
        end = self.outcome
        return (
            self.subscription,
            self.message,
            self.seq,
            self.attempt,
            self.at,
            end.status,
            end.duration_ms,
            end.error,
            end.excerpt,
        )


INSERT_ATTEMPT: Final = (
    "INSERT INTO webhook_delivery (subscription, message, seq, attempt, at, status, duration_ms, error, excerpt)"
    " VALUES ({}, {}, {}, {}, {}, {}, {}, {}, {})"
)


async def select(db: Database, where: str, *values: Any) -> list[Subscription]:
    """The subscriptions that a condition of ours, with ``{}`` for values, names."""
    rows = await db.fetch(f"SELECT {COLUMNS} FROM webhook_subscription WHERE {where}", *values)  # noqa: S608
    return [Subscription(**{**row, "wanted": decode_wanted(row["wanted"])}) for row in rows]


async def revision(db: Database) -> int:
    """A number that goes up whenever an owner changes a subscription."""
    rows = await db.fetch_rows("SELECT revision FROM webhook_change WHERE id = 1")
    return int(rows[0][0])


def _shown(moment: datetime | None) -> str | None:
    return None if moment is None else timestamp(moment)
