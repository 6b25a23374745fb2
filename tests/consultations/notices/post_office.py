"""A mail server on the loopback that answers as a test says, people in a directory, and everything that sends."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any
from zoneinfo import ZoneInfo

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from consultations.happenings import Happening
from consultations.notices.letters import Stationery
from consultations.notices.outbox import Outbox
from consultations.notices.people import Person
from consultations.notices.postman import Postman
from consultations.notices.smtp import MailServer
from register.database import Database

ZONE = ZoneInfo("Europe/Moscow")
START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
BASE = "https://register.test"
NUMBER = "C-2026-003"
RECORD: dict[str, Any] = {
    "id": NUMBER,
    "state": "KG",
    "initiator": "KZ",
    "kind": "export_prohibition",
    "title": {"ru": "Запрет вывоза лесоматериалов", "en": "Ban on timber exports"},
    "initiated_on": "2026-11-20",
    "meeting": {"date": "2026-12-08"},
    "status": "scheduled",
    "outcome": None,
    "concluded_on": None,
}


@dataclass
class Clock:
    """Time that goes on only when told."""

    at: datetime = START

    def __call__(self) -> datetime:
        return self.at

    def forward(self, **by: float) -> None:
        self.at += timedelta(**by)


Answer = Callable[[Envelope], str | None]


@dataclass
class Server:
    """What the mail server took, and what it answers: a test sets ``at_rcpt`` and ``at_data``; None takes all."""

    port: int = 0
    envelopes: list[Envelope] = field(default_factory=list)
    at_rcpt: Answer | None = None
    at_data: Answer | None = None
    asked: int = 0

    def mails(self) -> list[EmailMessage]:
        """The messages as a reader's program sees them."""
        found = []
        for envelope in self.envelopes:
            assert isinstance(envelope.content, bytes)
            parsed = message_from_bytes(envelope.content, policy=default)
            assert isinstance(parsed, EmailMessage)
            found.append(parsed)
        return found

    def receivers(self) -> list[str]:
        return [receiver for envelope in self.envelopes for receiver in envelope.rcpt_tos]

    def settings(self, **more: Any) -> MailServer:
        return MailServer.parse(f"smtp://127.0.0.1:{self.port}", "Register <register@commission.example>", **more)


class _Handler:
    def __init__(self, server: Server) -> None:
        self.server = server

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: Sequence[str]
    ) -> str:
        self.server.asked += 1
        envelope.rcpt_tos.append(address)
        return (self.server.at_rcpt and self.server.at_rcpt(envelope)) or "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        answer = (self.server.at_data and self.server.at_data(envelope)) or "250 taken"
        if answer == "hang up":
            self.server.envelopes.append(envelope)
            server.transport.abort()
            return "250 never read"
        if answer.startswith("250"):
            self.server.envelopes.append(envelope)
        return answer


def free_port() -> int:
    """A port at which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@asynccontextmanager
async def mail_server(
    *, tls: ssl.SSLContext | None = None, starttls: ssl.SSLContext | None = None, password: str | None = None
) -> AsyncIterator[Server]:
    """A real SMTP server on the loopback, listening while the block lasts; every connection is closed at its end."""
    server, speaking, loop = Server(), list[SMTP](), asyncio.get_running_loop()

    def known(_: Any, __: Any, ___: Any, ____: str, given: LoginPassword) -> AuthResult:
        right = given.login == b"register" and given.password == (password or "").encode()
        return AuthResult(success=right, handled=False)

    def speaks() -> SMTP:
        speaking.append(
            SMTP(
                _Handler(server),
                hostname="mail.test",
                loop=loop,
                enable_SMTPUTF8=True,
                tls_context=starttls,
                require_starttls=starttls is not None,
                authenticator=known if password is not None else None,
                auth_required=password is not None,
                auth_require_tls=False,
            )
        )
        return speaking[-1]

    listening = await loop.create_server(speaks, "127.0.0.1", 0, ssl=tls)
    server.port = listening.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listening.close()
        for one in speaking:
            # After STARTTLS there are two, and a handshake that failed leaves the first one open.
            for transport in (one.transport, one._original_transport):
                if isinstance(transport, asyncio.WriteTransport):
                    # One of TLS that is gone for good says so by this error; one that still takes leave is cut off.
                    with suppress(AttributeError):
                        transport.abort()
        await asyncio.sleep(0.02)
        await listening.wait_closed()


@dataclass
class People:
    """A ``Directory`` of fixed people."""

    all: list[Person]

    async def parties(self, db: Database) -> Sequence[Person]:
        return self.all

    async def person(self, db: Database, number: int) -> Person | None:
        return next((one for one in self.all if one.id == number), None)


ASEL = Person(1, "asel@kg.example", "Асель", "KG", "ru")
DANA = Person(2, "dana@kz.example", "Dana", "KZ", "en")
CLERK = Person(3, "clerk@commission.example", "Клерк", None, "ru")


@dataclass
class Office:
    """An outbox with a postman of one process."""

    db: Database
    clock: Clock
    people: People
    server: MailServer
    mailing: bool = True

    @property
    def outbox(self) -> Outbox:
        return Outbox(self.people, ZONE, self.clock, mailing=self.mailing)

    @property
    def stationery(self) -> Stationery:
        return Stationery(BASE, ZONE, lambda number: RECORD if number == NUMBER else None)

    def postman(self, server: MailServer | None = None) -> Postman:
        return Postman(self.db, self.people, self.stationery, server or self.server, self.clock)

    async def happen(self, kind: Any = "position", version: int = 1, *, state: str | None = "KZ", by: int = 2) -> None:
        """Something happens in the consultation."""
        async with self.db.transaction():
            await self.outbox.notify(self.db, Happening(kind, NUMBER, version, state, by, self.clock()))

    async def states(self) -> list[tuple[str, int]]:
        """State and attempts of each mail, in their order."""
        rows = await self.db.fetch_rows("SELECT state, attempts FROM notice_mail ORDER BY id")
        return [(str(row[0]), int(row[1])) for row in rows]

    async def errors(self) -> list[str | None]:
        return [row[0] for row in await self.db.fetch_rows("SELECT error FROM notice_mail ORDER BY id")]
