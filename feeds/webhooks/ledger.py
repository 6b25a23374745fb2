"""What attempts found out, written for many subscriptions in one transaction.

Only one write transaction runs at a time in the whole service: a thousand receivers of one entry must not take a
thousand. What is lost by a crash before the write is delivered again, under the same identifier. Times are UTC.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from feeds.webhooks import notices
from feeds.webhooks.records import INSERT_ATTEMPT, Attempt, Pause, Subscription
from register.database import Database, DatabaseError

log = logging.getLogger(__name__)

GATHER_SECONDS: Final = 0.1
RETRY_SECONDS: Final = 1.0
PENDING_AT_MOST: Final = 5000
"""Lines of the log that wait; beyond it nothing is sent until the database takes them."""

_PROGRESS: Final = (
    "UPDATE webhook_subscription SET cursor_seq = {}, failures = {}, failing_since = {}, next_attempt_at = {}"
    " WHERE id = {} AND epoch = {} AND state = 'active' AND cursor_seq <= {}"
)
_PAUSE: Final = (
    "UPDATE webhook_subscription SET state = 'paused', paused_reason = {}, paused_at = {}, cursor_seq = {},"
    " failures = {}, failing_since = {}, next_attempt_at = NULL WHERE id = {} AND epoch = {} AND state = 'active'"
)


@dataclass(slots=True)
class Position:
    """How far a subscription has come in one epoch."""

    cursor: int
    failures: int
    failing_since: datetime | None
    next_attempt_at: datetime | None

    @classmethod
    def of(cls, held: Subscription) -> Position:
        """As the database has it."""
        return cls(held.cursor_seq, held.failures, held.failing_since, held.next_attempt_at)


@dataclass(frozen=True, slots=True)
class Paused:
    """A subscription that rests from now on, and the attempt that was its last."""

    held: Subscription
    position: Position
    reason: Pause
    failed: Attempt
    at: datetime


class Ledger:
    """Gathers, and writes about ten times a second while there is something. ``paused`` is called after pauses."""

    def __init__(self, db: Database, paused: Callable[[], None]) -> None:
        self._db = db
        self._told = paused
        self._progress: dict[tuple[str, int], tuple[Any, ...]] = {}
        self._attempts: list[Attempt] = []
        self._pauses: list[Paused] = []
        self._rested: set[tuple[str, int]] = set()
        self._filled = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self._writing = asyncio.Lock()

    def note(self, held: Subscription, position: Position, attempt: Attempt | None = None) -> None:
        """Take up how far a subscription has come, and the attempt that brought it there."""
        where = (position.cursor, position.failures, position.failing_since, position.next_attempt_at)
        self._progress[held.id, held.epoch] = (*where, held.id, held.epoch, position.cursor)
        if attempt is not None:
            self.add(attempt)

    def pause(self, paused: Paused) -> None:
        """Take up that a subscription rests."""
        self._progress.pop((paused.held.id, paused.held.epoch), None)
        self._pauses.append(paused)
        self._rested.add((paused.held.id, paused.held.epoch))
        self.add(paused.failed)

    def rests(self, held: Subscription) -> bool:
        """Whether a row is out of date: in its epoch the subscription was paused here. A resumption has another one."""
        return (held.id, held.epoch) in self._rested

    def add(self, attempt: Attempt) -> None:
        """Take up a line of the log."""
        self._attempts.append(attempt)
        self._filled.set()
        if len(self._attempts) >= PENDING_AT_MOST:
            self._room.clear()

    async def room(self) -> None:
        """Wait until more may be taken up."""
        await self._room.wait()

    async def run(self) -> None:
        """Write until cancelled. While the database does not answer, what was gathered is kept and tried again."""
        while True:
            await self._filled.wait()
            await asyncio.sleep(GATHER_SECONDS)
            try:
                await self.flush()
            except DatabaseError as error:
                log.warning("deliveries are not written yet, it is tried again: %s", error)
                await asyncio.sleep(RETRY_SECONDS)

    async def flush(self) -> None:
        """Write everything gathered so far. Raises ``DatabaseError``; nothing is forgotten then."""
        async with self._writing:
            progress, attempts, pauses = dict(self._progress), list(self._attempts), list(self._pauses)
            self._filled.clear()
            try:
                if progress or attempts or pauses:
                    await self._write(progress, attempts, pauses)
            except BaseException:
                self._filled.set()
                raise
            self._drop(progress, attempts, pauses)
        if pauses:
            self._told()

    async def _write(
        self, progress: dict[tuple[str, int], tuple[Any, ...]], attempts: list[Attempt], pauses: list[Paused]
    ) -> None:
        async with self._db.transaction():
            await self._db.execute_many(_PROGRESS, progress.values())
            await self._db.execute_many(INSERT_ATTEMPT, (attempt.row() for attempt in attempts))
            for paused in pauses:
                held, position = paused.held, paused.position
                where = (position.cursor, position.failures, position.failing_since, held.id, held.epoch)
                # The owner may have been quicker: then it is no pause of ours, and no mail is due.
                if await self._db.execute(_PAUSE, paused.reason, paused.at, *where):
                    await notices.write(self._db, held, paused.reason, paused.failed, paused.at)

    def _drop(
        self, progress: dict[tuple[str, int], tuple[Any, ...]], attempts: list[Attempt], pauses: list[Paused]
    ) -> None:
        # More may have come while these were written.
        del self._attempts[: len(attempts)]
        del self._pauses[: len(pauses)]
        for key, written in progress.items():
            if self._progress.get(key) is written:
                del self._progress[key]
        if len(self._attempts) < PENDING_AT_MOST:
            self._room.set()
