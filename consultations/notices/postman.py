"""Sends the mails that are due, outside of every transaction; any number of processes may do so at once. UTC."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from typing import Final

from consultations.notices import mails, outbox
from consultations.notices.letters import Letter, Stationery, message
from consultations.notices.mails import Mail
from consultations.notices.people import Directory, preferences_for
from consultations.notices.smtp import Courier, MailServer, NotDelivered, Unanswered, Unreachable, mailbox
from register.database import Database
from register.database.settle import settle
from register.words import Language

log = logging.getLogger(__name__)

AT_ONCE: Final = 20
"""How many mails are taken under one lease."""


class Postman:
    """Works through the mails of one database. ``now`` is UTC."""

    def __init__(
        self,
        db: Database,
        directory: Directory,
        stationery: Stationery,
        server: MailServer,
        now: Callable[[], datetime],
    ) -> None:
        self._db = db
        self._directory = directory
        self._stationery = stationery
        self._server = server
        self._now = now

    async def run(self) -> int:
        """Send what is due; return how many mails the server took. Ends early when the server cannot be reached.

        Raises ``DatabaseError``. Cancelled, it finishes the message that is on the wire and gives the others back.
        """
        sent = 0
        async with Courier(self._server) as courier:
            while claimed := await mails.claim(self._db, self._now(), AT_ONCE):
                taken, reachable = await self._round(courier, claimed)
                sent += taken
                if not reachable:
                    break
        return sent

    async def _round(self, courier: Courier, claimed: list[Mail]) -> tuple[int, bool]:
        sent, left = 0, list(claimed)
        try:
            while left:
                mail = left.pop(0)
                try:
                    sent += await self._one(courier, mail)
                except Unreachable as error:
                    await self._later(mail, error)
                    return sent, False
        finally:
            if left:
                await settle(mails.release(self._db, left))
        return sent, True

    async def _one(self, courier: Courier, mail: Mail) -> bool:
        try:
            made = await self._compose(mail)
        except ValueError as error:
            await mails.close(self._db, mail, "failed", self._now(), f"the mail cannot be written: {error}")
            return False
        if made is None:
            await mails.close(self._db, mail, "dropped", self._now())
            return False
        # Once begun it is carried to its end: a message broken off half-way would be one of which nobody can tell.
        return await settle(self._hand_over(courier, mail, *made))

    async def _hand_over(self, courier: Courier, mail: Mail, made: EmailMessage, to: Address) -> bool:
        async def handing_over() -> bool:
            return await mails.hand_over(self._db, mail, self._now())

        try:
            answer = await courier.deliver(made, to, handing_over)
        except Unreachable:
            raise
        except NotDelivered as error:
            if error.for_good:
                log.warning("mail %d was refused for good: %s", mail.id, error)
                await mails.close(self._db, mail, "failed", self._now(), str(error))
            else:
                await self._later(mail, error)
            return False
        except Unanswered as error:
            log.warning("mail %d went over the wire, and no answer came: %s", mail.id, error)
            said = f"the connection was lost after the message was handed over: it may have arrived ({error})"
            await mails.close(self._db, mail, "uncertain", self._now(), said)
            return False
        if answer:
            await mails.close(self._db, mail, "sent", self._now())
        return bool(answer)

    async def _later(self, mail: Mail, error: Exception) -> None:
        state = await mails.postpone(self._db, mail, self._now(), str(error))
        log.warning("mail %d did not go (%s): %s", mail.id, "given up" if state == "failed" else "tried again", error)

    async def _compose(self, mail: Mail) -> tuple[EmailMessage, Address] | None:
        """The message and whom it goes to; None when it is not wanted any more. Raises ``ValueError``."""
        language: Language = "ru"
        if mail.person is None:
            to, letter = mailbox(mail.address or ""), self._stationery.plain(mail.content)
            return self._message(mail, letter, to, language, None), to
        person = await self._directory.person(self._db, mail.person)
        if person is None:
            return None
        wished = await preferences_for(self._db, person)
        events = await outbox.events_of(self._db, mail.key)
        if wished.delivery == "none" or not events:
            return None
        language, to = wished.language, mailbox(person.email)
        letter = (
            self._stationery.digest(events, language)
            if len(events) > 1
            else self._stationery.notice(events[0], language)
        )
        return self._message(mail, letter, to, language, self._stationery.settings_url(language)), to

    def _message(
        self, mail: Mail, letter: Letter, to: Address, language: Language, unsubscribe: str | None
    ) -> EmailMessage:
        return message(
            letter,
            sender=self._server.sender,
            to=to,
            token=mail.token,
            at=self._now(),
            language=language,
            unsubscribe=unsubscribe,
        )
