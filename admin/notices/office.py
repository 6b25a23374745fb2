"""The notices of one process, put together: what writes, what sends, what reminds. Times are UTC."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from admin.notices.directory import AccountDirectory
from admin.settings import Settings
from consultations.model import OPEN, Status
from consultations.notices import mails, outbox
from consultations.notices.kinds import Record
from consultations.notices.letters import Stationery
from consultations.notices.mails import NewMail
from consultations.notices.outbox import Outbox
from consultations.notices.postman import Postman
from consultations.notices.reminders import Pending, Reminders
from consultations.records import ConsultationFilter, list_consultations
from consultations.working_days import WorkingDays
from feeds.webhooks.notices import Notice as WebhookNotice
from feeds.webhooks.notices import Notify, log_only
from register.database import Database, DatabaseError
from register.permitted import entered
from register.service import RegisterService

log = logging.getLogger(__name__)

SECONDS: Final = 15
"""How often mails that are due are looked for."""
_TIDY: Final = timedelta(hours=6)
_MOST: Final = 10_000
_WITH_DEADLINES: Final[frozenset[Status]] = frozenset({*OPEN, "consensus_permitted"})


class Notices:
    """What the application gives to commands, pages and scheduler.

    ``stuck`` says since when a mail has waited that should have gone an hour ago; ``failure`` what broke the last run.
    """

    def __init__(self, settings: Settings, service: RegisterService, days: Callable[[], WorkingDays]) -> None:
        self._service = service
        self.directory = AccountDirectory()
        self.server = settings.mail_server
        self.outbox = Outbox(self.directory, service.terms.zone, service.now, mailing=self.server is not None)
        self.postman: Postman | None = None
        if self.server is not None:
            stationery = Stationery(service.terms.base_url, service.terms.zone, self.record)
            self.postman = Postman(service.database, self.directory, stationery, self.server, service.now)
        self._reminders = Reminders(
            self.outbox,
            self.directory,
            self._pending,
            settings.consultation_targets,
            days,
            settings.notice_working_days,
        )
        self._tidied: datetime | None = None
        self.stuck: datetime | None = None
        self.failure: Exception | None = None

    @property
    def mailing(self) -> bool:
        """Whether there is a mail server."""
        return self.server is not None

    @property
    def tell_owner(self) -> Notify:
        """How the owner of a paused webhook is told: by mail, in both languages; in the log where there is no server.

        The mail bears the number of the notice, so that a notice that is given twice goes out once.
        """
        return self._tell_owner if self.mailing else log_only

    @property
    def trouble(self) -> str | None:
        """What a monitor is told: mails that wait for too long, or a run that broke off; None while all is well."""
        if self.failure is not None:
            return f"mails are not sent: {type(self.failure).__name__}: {self.failure}"
        if self.stuck is not None:
            return f"mails have waited since {self.stuck:%Y-%m-%dT%H:%M:%SZ}"
        return None

    def record(self, consultation: str) -> Record | None:
        """The public record of a consultation as this process knows it."""
        entries = self._service.register.consultations().get(consultation)
        if not entries:
            return None
        after: dict[str, Any] = json.loads(self._service.register.body(entries[-1]))["after"]
        return after

    async def run(self) -> None:
        """Send what is due, and tidy up now and then. A fault is kept in ``failure`` and passes with the next run."""
        try:
            await self._run()
        except DatabaseError as error:
            self.failure = error
            log.warning("mails wait for the database, the next run sends them: %s", error)
        except Exception as error:
            self.failure = error
            log.exception("mails were not sent")
        else:
            self.failure = None

    async def _run(self) -> None:
        db, now = self._service.database, self._service.now()
        if self.postman is not None:
            await self._service.catch_up()
            await self.postman.run()
            self.stuck = await mails.stuck_since(db, self._service.now())
        if self._tidied is None or now - self._tidied > _TIDY:
            async with db.transaction():
                await outbox.forget(db, now)
            self._tidied = now

    async def remind(self) -> int:
        """Tell of deadlines that are near or have passed; return how many. Raises ``DatabaseError``."""
        service = self._service
        return await self._reminders.run(service.database, service.today(), service.now())

    async def _pending(self, db: Database) -> Sequence[Pending]:
        found = await list_consultations(db, ConsultationFilter(statuses=_WITH_DEADLINES), limit=_MOST)
        return [
            Pending(
                {**one.public(), "entered": entered(self._service.register, one.id)},
                frozenset(position.party for position in one.positions if position.party is not None),
            )
            for one in found
        ]

    async def _tell_owner(self, notice: WebhookNotice, /) -> None:
        db, now = self._service.database, self._service.now()
        content = {"subject": notice.subject(), "text": notice.text()}
        async with db.transaction():
            await mails.enqueue(
                db, [NewMail(f"webhook:{notice.id}", now, address=notice.owner_email, content=content)], now
            )
