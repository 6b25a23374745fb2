"""Delivers the journal to subscribers: each in the order of the journal, at least once, and none waits for another.

One process leads, by a lock in the database; another takes over when it ends. How far each subscription has come is in
the database, so that a restart goes on where it was. Around a crash a message may come twice, under one identifier.
Times are UTC.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic
from typing import Any, Final

from feeds.webhooks import notices
from feeds.webhooks.follower import Follower, Post, Tools
from feeds.webhooks.ledger import Ledger
from feeds.webhooks.notices import Notify
from feeds.webhooks.places import Places
from feeds.webhooks.records import revision, select
from feeds.webhooks.sealing import Sealer, seal_rows
from register import idempotency
from register.database import Database, DatabaseError, Leadership
from register.service import RegisterService

log = logging.getLogger(__name__)

LEADER: Final = "webhooks"
LOG_KEPT_FOR: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Pace:
    """How much at once (see ``Places``), and how often; seconds."""

    first: int = 100
    again: int = 20
    most: int = 500
    hurry_seconds: float = 1.0
    look_seconds: float = 1.0
    reload_seconds: float = 60.0
    passed_seconds: float = 300.0
    tidy_seconds: float = 3600.0
    mail_seconds: float = 60.0
    lead_seconds: float = 5.0


STEADY: Final = Pace()


class Delivery:
    """The engine of one process. ``clock`` is the service's when not given; ``chance`` gives numbers from 0 to 1."""

    def __init__(
        self,
        service: RegisterService,
        post: Post,
        notify: Notify,
        *,
        pace: Pace = STEADY,
        clock: Callable[[], datetime] | None = None,
        chance: Callable[[], float] = random.random,
        sealer: Sealer | None = None,
    ) -> None:
        self._service = service
        self._sealer = sealer
        self._post = post
        self._notify = notify
        self._pace = pace
        self._clock = clock or service.now
        self._chance = chance
        self._task: asyncio.Task[None] | None = None
        self._desk: _Desk | None = None

    @property
    def leads(self) -> bool:
        """Whether this process is the one that delivers."""
        return self._desk is not None

    def start(self) -> None:
        """Begin; needs a running event loop and a service that was started."""
        self._task = asyncio.create_task(self._run(), name="deliver webhooks")

    async def stop(self) -> None:
        """Break off what is under way (it is delivered again) and write what is known. Before the service stops."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    def look(self) -> None:
        """A subscription was changed, or the clock was: look now. Does nothing where another process delivers."""
        if self._desk is not None:
            self._desk.look()

    async def _run(self) -> None:
        while True:
            try:
                async with self._service.database.leader(LEADER) as leads:
                    if leads:
                        await self._lead(leads)
            except DatabaseError as error:
                log.warning("webhooks are not delivered now, it is tried again: %s", error)
            except Exception:
                log.exception("the delivery of webhooks broke off, it begins again")
            await asyncio.sleep(self._pace.lead_seconds)

    async def _lead(self, leads: Leadership) -> None:
        await seal_rows(self._service.database, self._sealer)
        desk = self._desk = _Desk(
            self._service, self._post, self._notify, self._pace, self._clock, self._chance, self._sealer
        )
        log.info("this process delivers webhooks")
        try:
            await desk.work(leads)
        finally:
            self._desk = None
            await desk.close()


class _Desk:
    """What one process does while it leads."""

    def __init__(
        self,
        service: RegisterService,
        post: Post,
        notify: Notify,
        pace: Pace,
        clock: Callable[[], datetime],
        chance: Callable[[], float],
        sealer: Sealer | None,
    ) -> None:
        self._service = service
        self._notify = notify
        self._pace = pace
        self._clock = clock
        self._changed = asyncio.Event()
        self._mail = asyncio.Event()
        self._ledger = Ledger(service.database, self._mail.set)
        self._followers: dict[str, Follower] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._seen = -1
        self._tools = Tools(
            service.register,
            self._ledger,
            post,
            clock,
            chance,
            Places(pace.first, pace.again, pace.most, pace.hurry_seconds),
            sealer,
        )

    @property
    def _db(self) -> Database:
        return self._service.database

    def look(self) -> None:
        self._changed.set()
        self._wake()

    def _wake(self) -> None:
        for follower in self._followers.values():
            follower.wake()

    async def work(self, leads: Leadership) -> None:
        """Until this process leads no longer, or something breaks, which is raised."""
        jobs: list[Coroutine[Any, Any, None]] = [
            self._keep(leads),
            self._ledger.run(),
            self._watch_journal(),
            self._post_mails(),
        ]
        tasks = [asyncio.create_task(job) for job in jobs]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            await _cancel(tasks)

    async def close(self) -> None:
        """Break off the attempts under way and write what is known."""
        followers = list(self._followers.values())
        await _cancel(list(self._tasks.values()))
        for follower in followers:
            follower.note_passed()
        try:
            await self._ledger.flush()
        except DatabaseError as error:
            log.warning("the last deliveries could not be written, they are made again: %s", error)

    async def _watch_journal(self) -> None:
        head = 0
        while True:
            now = await self._service.wait_beyond(head, self._pace.reload_seconds)
            if now > head:
                head = now
                self._wake()

    async def _post_mails(self) -> None:
        while True:
            self._mail.clear()
            try:
                await notices.send_due(self._db, self._notify, self._clock())
            except DatabaseError as error:
                log.warning("mails of webhooks wait for the database: %s", error)
            await _either(self._mail, self._pace.mail_seconds)

    async def _keep(self, leads: Leadership) -> None:
        """Follow what owners change, and tidy up now and then."""
        pace = self._pace
        reload_due, passed_due, tidy_due = 0.0, monotonic() + pace.passed_seconds, monotonic() + pace.tidy_seconds
        while leads:
            self._changed.clear()
            try:
                if monotonic() >= reload_due:
                    self._seen, reload_due = -1, monotonic() + pace.reload_seconds
                await self._reload()
                if monotonic() >= passed_due:
                    passed_due = monotonic() + pace.passed_seconds
                    await self._write_passed()
                if monotonic() >= tidy_due:
                    tidy_due = monotonic() + pace.tidy_seconds
                    await self._tidy()
            except DatabaseError as error:
                log.warning("changes of webhooks wait for the database: %s", error)
            await _either(self._changed, pace.look_seconds)

    async def _reload(self) -> None:
        now = await revision(self._db)
        if now == self._seen:
            return
        # First what is known here: it may be newer than the rows.
        await self._ledger.flush()
        found = await select(self._db, "state = 'active'")
        active = {held.id: held for held in found if not self._ledger.rests(held)}
        for name, follower in self._followers.items():
            if name not in active:
                follower.end()
        for name, held in active.items():
            running = self._followers.get(name)
            if running is None or self._tasks[name].done():
                self._follow(Follower(held, self._tools))
            else:
                running.take(held)
        self._seen = now

    def _follow(self, follower: Follower) -> None:
        name = follower.held.id
        task = asyncio.create_task(follower.run(), name=f"webhook {name}")
        self._followers[name], self._tasks[name] = follower, task
        task.add_done_callback(lambda done: self._over(name, done))

    def _over(self, name: str, task: asyncio.Task[None]) -> None:
        if self._tasks.get(name) is task:
            del self._followers[name], self._tasks[name]
        if not task.cancelled() and (error := task.exception()) is not None:
            # It begins again with the next reload of everything.
            log.error("delivering to subscription %s broke off", name, exc_info=error)

    async def _write_passed(self) -> None:
        for follower in self._followers.values():
            follower.note_passed()
        await self._ledger.flush()

    async def _tidy(self) -> None:
        now = self._clock()
        async with self._db.transaction():
            await self._db.execute("DELETE FROM webhook_delivery WHERE at < {}", now - LOG_KEPT_FOR)
            await self._db.execute("DELETE FROM webhook_notice WHERE sent_at < {}", now - LOG_KEPT_FOR)
            await self._db.execute(
                "UPDATE webhook_subscription SET old_secret = NULL, old_secret_until = NULL"
                " WHERE old_secret_until < {}",
                now,
            )
            await idempotency.forget(self._db, now)


async def _either(event: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(event.wait(), seconds)


async def _cancel(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.gather(*tasks, return_exceptions=True)
