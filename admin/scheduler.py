"""The clock of a process: announces dates that have come, publishes approved drafts whose time has come, sends mails.

It changes no answer: what holds on a day follows from dates.

Every process runs one. It may be late, run twice, or run in two processes at once: the database keeps each date's
announcement unique, and one process leads by a lock, so that the others do no work for nothing. Mails are sent by every
process: each takes its own under a lease.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from admin.accounts import audit
from admin.notices.office import SECONDS, Notices
from register.announcements import Announcer
from register.database import DatabaseError
from register.drafts.publishing import publish_due
from register.service import RegisterService

log = logging.getLogger(__name__)


class Scheduler:
    """Looks every ``every_seconds`` for dates that have come, and once at start; for mails more often."""

    def __init__(self, service: RegisterService, every_seconds: int, notices: Notices | None = None) -> None:
        self._service = service
        self._notices = notices
        self._announcer = Announcer(service.database, service.register, service.terms.zone, clock=service.now)
        self._every = every_seconds
        self._scheduler: AsyncIOScheduler | None = None
        self._running: set[asyncio.Task[None]] = set()
        self._stopping = False
        self.failure: Exception | None = None

    def start(self) -> None:
        """Begin; needs a running event loop."""
        self._scheduler = AsyncIOScheduler(timezone=UTC)
        self._add(self.announce, self._every)
        if self._notices is not None:
            self._add(self.send_mails, SECONDS)
        self._scheduler.start()

    def _add(self, job: Callable[[], Awaitable[None]], seconds: int) -> None:
        if self._scheduler is not None:
            self._scheduler.add_job(
                job,
                "interval",
                seconds=seconds,
                next_run_time=datetime.now(UTC) + timedelta(milliseconds=200),
                coalesce=True,
                max_instances=1,
                misfire_grace_time=None,
            )

    async def stop(self) -> None:
        """Start no further run and break a running one off: what it has not announced yet, the next start does."""
        self._stopping = True
        for task in self._running:
            task.cancel()
        if self._running:
            await asyncio.wait(self._running)
        if self._scheduler is not None:
            self._scheduler.shutdown(wait=False)
            self._scheduler = None

    async def announce(self) -> None:
        """Append the entries of the dates that have come, if this process leads. A failed run is tried at the next."""
        self._keep()
        service = self._service
        try:
            async with service.database.leader("scheduler") as leads:
                if not leads:
                    return
                await service.catch_up()
                await publish_due(service.database, service, service.now(), audit=audit)
                entries = await self._announcer.run(service.today())
                if entries:
                    await service.catch_up()
                    log.info("announced %d dates that have come", len(entries))
                if self._notices is not None:
                    await self._notices.remind()
        except asyncio.CancelledError:
            if not self._stopping:
                raise
        except DatabaseError as error:
            self.failure = error
            log.warning("dates were not announced this time, the next run does it: %s", error)
        except Exception as error:
            # A fault of ours: the health page says so until a run succeeds, and the next run is not given up.
            self.failure = error
            log.exception("dates were not announced")
        else:
            self.failure = None

    async def send_mails(self) -> None:
        """Send the mails that are due; what breaks is kept in ``Notices.failure``."""
        self._keep()
        if self._notices is None:
            return
        try:
            await self._notices.run()
        except asyncio.CancelledError:
            if not self._stopping:
                raise

    def _keep(self) -> None:
        """Know the running task, so that ``stop`` can break it off."""
        task = asyncio.current_task()
        if task is not None:
            self._running.add(task)
            task.add_done_callback(self._running.discard)
