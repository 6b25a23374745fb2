"""One subscription on its way through the journal: one message at a time, the next when the last one has arrived."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from feeds.webhooks.backoff import next_attempt
from feeds.webhooks.ledger import Ledger, Paused, Position
from feeds.webhooks.places import Places
from feeds.webhooks.records import Attempt, Pause, Subscription
from feeds.webhooks.sealing import Sealer, signing_keys
from feeds.webhooks.sender import Outcome
from feeds.webhooks.signing import Message, entry_message, headers
from register.index import Register

PORTION: Final = 500
"""Entries looked at before others get their turn."""
LOOK_AGAIN: Final = 3600.0
"""The longest sleep in seconds: the clock of the system may be set meanwhile."""
GONE: Final = 410

Post = Callable[[str, Mapping[str, str], bytes], Awaitable[Outcome]]


@dataclass(frozen=True, slots=True)
class Tools:
    """What all followers of one process share."""

    register: Register
    ledger: Ledger
    post: Post
    clock: Callable[[], datetime]
    chance: Callable[[], float]
    places: Places
    sealer: Sealer | None


class Follower:
    """Delivers to one subscription until it rests or is stopped. Everything happens in the task that runs ``run``."""

    def __init__(self, held: Subscription, tools: Tools) -> None:
        self.held = held
        self.position = Position.of(held)
        self._noted = held.cursor_seq
        self._filter = held.wanted.filter()
        self._tools = tools
        self._fresh: Subscription | None = None
        self._ended = False
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """There may be something to do: a new entry, another time."""
        self._woken.set()

    def take(self, fresh: Subscription) -> None:
        """The subscription as the owner has it now; it counts from the next attempt on."""
        self._fresh = fresh
        self._ended = False
        self.wake()

    def end(self) -> None:
        """Stop after the attempt that is under way."""
        self._ended = True
        self.wake()

    def note_passed(self) -> None:
        """Give the ledger how far it has come, where only entries went by that the filter leaves out.

        Not written at each such entry: a start would only look at them again.
        """
        if self._fresh is None and self.position.cursor > self._noted:
            self._note(None)

    async def run(self) -> None:
        """Deliver until ended or paused."""
        while not self._ended:
            self._woken.clear()
            self._renew()
            seq = self._next()
            if seq is None:
                if self.position.cursor >= self._tools.register.seq:
                    await self._woken.wait()
                else:
                    await asyncio.sleep(0)
                continue
            seconds = self._seconds_left()
            if seconds > 0:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._woken.wait(), min(seconds, LOOK_AGAIN))
                continue
            await self._tools.ledger.room()
            await self._attempt(seq)

    def _renew(self) -> None:
        fresh, self._fresh = self._fresh, None
        if fresh is None:
            return
        if fresh.epoch != self.held.epoch:
            self.position = Position.of(fresh)
            self._noted = fresh.cursor_seq
        self.held = fresh
        self._filter = fresh.wanted.filter()

    def _next(self) -> int | None:
        """The next entry that passes; None when a portion has none."""
        register, position = self._tools.register, self.position
        for seq in range(position.cursor + 1, min(register.seq, position.cursor + PORTION) + 1):
            if self._filter.passes(register, seq):
                return seq
            position.cursor = seq
        return None

    def _seconds_left(self) -> float:
        due = self.position.next_attempt_at
        return 0.0 if due is None else (due - self._tools.clock()).total_seconds()

    async def _attempt(self, seq: int) -> None:
        tools = self._tools
        async with tools.places.take(failed_before=self.position.failures > 0):
            # While it waited for its turn, the owner may have changed where or whether to send.
            if self._ended or self._fresh is not None:
                return
            held, at = self.held, tools.clock()
            message = entry_message(tools.register, held.id, seq)
            keys = signing_keys(tools.sealer, held, at)
            if keys:
                outcome = await tools.post(held.url, headers(message, at, keys), message.body)
            else:
                outcome = Outcome.unsigned()
        self._learn(held, seq, message, at, outcome)

    def _learn(self, held: Subscription, seq: int, message: Message, at: datetime, outcome: Outcome) -> None:
        attempt = Attempt(held.id, message.id, seq, self.position.failures + 1, at, outcome)
        if self._fresh is not None and self._fresh.epoch != held.epoch:
            # The owner began anew meanwhile: this attempt happened, and decides nothing.
            self._tools.ledger.add(attempt)
            return
        if outcome.delivered:
            self.position = Position(seq, 0, None, None)
            self._note(attempt)
            return
        now = self._tools.clock()
        since = self.position.failing_since or now
        failures = self.position.failures + 1
        due = next_attempt(failures, since, now, self._tools.chance(), outcome.retry_after)
        self.position = Position(self.position.cursor, failures, since, due)
        if outcome.status == GONE or due is None:
            reason: Pause = "gone" if outcome.status == GONE else "failing"
            self._tools.ledger.pause(Paused(held, self.position, reason, attempt, now))
            self._ended = True
            return
        self._note(attempt)

    def _note(self, attempt: Attempt | None) -> None:
        self._noted = self.position.cursor
        self._tools.ledger.note(self.held, replace(self.position), attempt)
