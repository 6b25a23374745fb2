"""The running Register of one process: the index in memory, following the journal in the database.

Readers ask ``register`` and never wait for SQL. Writers go through the database and then ``catch_up``, so that a
process sees its own writes at once; what other processes write arrives by notification or poll.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from time import monotonic
from zoneinfo import ZoneInfo

from register import journal
from register.collection import without_collection
from register.database import Database, DatabaseUnavailable
from register.index import Register
from register.nomenclature import Names

log = logging.getLogger(__name__)

WAIT_SECONDS = 5.0
"""How long one wait for a notification lasts before the journal's head is looked at anyway."""
NAMES_SECONDS = 10.0
"""How often a process looks whether an edition of the nomenclature was loaded."""
RETRY_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Terms:
    """What a deployment decides. ``zone`` is the Commission's seat: every date in law is a day there."""

    zone: ZoneInfo
    duties_until: date | None = None
    """A11(1): the last day of the transition in which export duties ask for no proof; None while it lasts."""
    base_url: str = "http://127.0.0.1:8000"
    demonstration: bool = False


class RegisterService:
    """One process's Register: starts by replaying the journal, then follows it until stopped."""

    def __init__(
        self, database: Database, terms: Terms, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self.database = database
        self.register = Register()
        self.names = Names()
        self.terms = terms
        self.failure: Exception | None = None
        self._clock = clock
        self._moved = asyncio.Event()
        self._applying = asyncio.Lock()
        self._follower: asyncio.Task[None] | None = None

    def now(self) -> datetime:
        """The present time, UTC, cut to the millisecond that entries show."""
        now = self._clock()
        return now.replace(microsecond=now.microsecond // 1000 * 1000)

    def today(self) -> date:
        """The present day at the Commission's seat."""
        return self._clock().astimezone(self.terms.zone).date()

    async def start(self) -> None:
        """Open the database, replay the journal, begin to follow. Raises ``EntryError`` for a damaged journal."""
        await self.database.start()
        started = monotonic()
        head = await self.catch_up()
        await self.names.refresh(self.database)
        log.info("journal replayed: %d entries in %.2f s", head, monotonic() - started)
        self._follower = asyncio.create_task(self._follow(), name="follow the journal")

    async def stop(self) -> None:
        """Stop following and close the database; whoever waits is woken."""
        if self._follower is not None:
            self._follower.cancel()
            with suppress(asyncio.CancelledError):
                await self._follower
            self._follower = None
        self._wake()
        await self.database.close()

    async def catch_up(self) -> int:
        """Apply every committed entry; return the head. Raises ``EntryError`` for a damaged journal."""
        async with self._applying:
            before = self.register.seq
            # What a replay makes stays; of a few entries more the collector may take notice.
            with nullcontext() if before else without_collection():
                async for entries in journal.replay(self.database, before):
                    self.register.extend(entries)
                self.register.settle()
            if self.register.seq > before:
                self._wake()
            return self.register.seq

    async def wait_beyond(self, seq: int, seconds: float) -> int:
        """The head as soon as it is beyond ``seq``, or as it stands after ``seconds``."""
        deadline = monotonic() + seconds
        while self.register.seq <= seq and (left := deadline - monotonic()) > 0:
            moved = self._moved
            try:
                await asyncio.wait_for(moved.wait(), left)
            except TimeoutError:
                break
        return self.register.seq

    def _wake(self) -> None:
        self._moved.set()
        self._moved = asyncio.Event()

    async def _follow(self) -> None:
        names_due = monotonic() + NAMES_SECONDS
        while True:
            try:
                await self.database.wait_for_change(self.register.seq, WAIT_SECONDS)
                await self.catch_up()
                if monotonic() >= names_due:
                    await self.names.refresh(self.database)
                    names_due = monotonic() + NAMES_SECONDS
                self.failure = None
            except DatabaseUnavailable as error:
                # Readers go on with what is known; the health page says since which entry.
                log.warning("the database cannot be reached, reading goes on from memory: %s", error)
                self.failure = error
                await asyncio.sleep(RETRY_SECONDS)
            except Exception as error:
                log.exception("the journal cannot be followed beyond entry %d", self.register.seq)
                self.failure = error
                raise
