"""Handing a message to the mail server: one connection for many, and what each answer means.

A message is handed over in two steps, so that the caller can note in between that from here on it may arrive:
``offer`` names sender and receiver, ``hand_over`` sends the message itself.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as WIRE
from email.policy import SMTPUTF8 as WIRE_UTF8
from email.utils import parseaddr
from ipaddress import ip_address
from typing import Final, Literal
from urllib.parse import unquote, urlsplit

from aiosmtplib import SMTP, SMTPException, SMTPResponseException

TIMEOUT: Final = 30.0
"""Seconds that the mail server may take for one answer."""
_ADDRESS: Final = re.compile(r"[^@\s<>,;:\"()\[\]\\\x00-\x1f\x7f]{1,64}@[^@\s<>,;:\"()\[\]\\\x00-\x1f\x7f]{1,255}")


class NotDelivered(Exception):
    """The server took nothing: the same message may be sent again without coming twice."""

    def __init__(self, reason: str, *, for_good: bool = False) -> None:
        super().__init__(reason)
        self.for_good = for_good


class Unreachable(NotDelivered):
    """There is no working connection: no message can go now."""


class Unanswered(Exception):
    """The message went over the wire and no answer came: it may have arrived, or not."""


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mails are handed over and whose they are. ``password`` never shows in a text of this object.

    ``sender`` is an address with or without a name; ``local_name`` is what we call ourselves in EHLO.
    """

    host: str
    port: int
    security: Literal["none", "starttls", "tls"]
    sender: Address
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    local_name: str | None = None
    timeout: float = TIMEOUT
    context: ssl.SSLContext | None = field(default=None, repr=False)

    @classmethod
    def parse(cls, url: str, sender: str, *, password: str | None = None, local_name: str | None = None) -> MailServer:
        """From ``smtp://user:password@host:587?starttls`` or ``smtps://…``.

        Raises ``ValueError`` that says what is wrong and never shows the password.
        """
        parts = urlsplit(url)
        try:
            host, port = parts.hostname, parts.port
        except ValueError as error:
            raise ValueError("the port of the mail server is a number from 1 to 65535") from error
        if parts.scheme not in ("smtp", "smtps") or not host or parts.path not in ("", "/") or parts.fragment:
            raise ValueError("wanted: smtp://host:25, smtp://user:password@host:587?starttls or smtps://host:465")
        if parts.query not in ("", "starttls") or (parts.query and parts.scheme == "smtps"):
            raise ValueError("after the question mark only starttls may stand, and only with smtp://")
        security: Literal["none", "starttls", "tls"] = "tls" if parts.scheme == "smtps" else "none"
        if parts.query:
            security = "starttls"
        username = unquote(parts.username) if parts.username else None
        secret = unquote(parts.password) if parts.password else password
        if secret and not username:
            raise ValueError("a password asks for a user name: smtp://user@host")
        if secret and security == "none" and not _loopback(host):
            raise ValueError("the password would go unencrypted: add ?starttls, or use smtps://")
        default = {"none": 25, "starttls": 587, "tls": 465}[security]
        return cls(host, port or default, security, mailbox(sender), username, secret, local_name)

    def impatient(self, seconds: float) -> MailServer:
        """The same server, waited for no longer than that."""
        return replace(self, timeout=seconds)


def mailbox(text: str) -> Address:
    """An address, with or without a name: ``Register <register@example.org>``. Its domain becomes ASCII.

    Raises ``ValueError``.
    """
    name, spec = parseaddr(text)
    if not _ADDRESS.fullmatch(spec) or not name.isprintable() or not text.isprintable():
        raise ValueError("an address is wanted, such as Register <register@example.org>")
    local, _, domain = spec.rpartition("@")
    try:
        return Address(display_name=name, username=local, domain=domain.encode("idna").decode())
    except (UnicodeError, MessageError) as error:
        raise ValueError(f"no domain of an address: {domain}") from error


class Courier:
    """One connection to the mail server, opened when it is first needed. Not for two tasks at once."""

    def __init__(self, server: MailServer) -> None:
        self._server = server
        self._client: SMTP | None = None

    async def __aenter__(self) -> Courier:
        return self

    async def __aexit__(self, *_: object) -> None:
        client, self._client = self._client, None
        if client is not None and client.is_connected:
            try:
                await client.quit(timeout=5)
            except (SMTPException, OSError, TimeoutError):
                # Everything was answered before; how the server takes leave changes nothing.
                client.close()

    async def deliver(self, message: EmailMessage, to: Address, handing_over: Callable[[], Awaitable[bool]]) -> str:
        """Hand one message over and return the server's answer; empty when ``handing_over`` said no.

        ``handing_over`` is awaited right before the message goes. Raises ``NotDelivered`` (``Unreachable``),
        ``Unanswered``.
        """
        client = await self._connected()
        try:
            await self._offer(client, to)
        except SMTPResponseException as error:
            await self._again()
            raise _refused(error) from error
        except (SMTPException, OSError, TimeoutError) as error:
            self._drop()
            raise Unreachable(_said(error)) from error
        if not await handing_over():
            await self._again()
            return ""
        try:
            answer = await client.data(_octets(message))
        except SMTPResponseException as error:
            if 200 <= error.code < 300:  # taken, in other words than 250
                return _said(error)
            await self._again()
            raise _refused(error) from error
        except (SMTPException, OSError, TimeoutError) as error:
            self._drop()
            raise Unanswered(_said(error)) from error
        return f"{answer.code} {answer.message}"

    async def _offer(self, client: SMTP, to: Address) -> None:
        sender, receiver = self._server.sender.addr_spec, to.addr_spec
        if receiver.isascii() and sender.isascii():
            await client.mail(sender)
            await client.rcpt(receiver)
            return
        if not client.supports_extension("smtputf8"):
            raise NotDelivered("the mail server takes no address with letters beyond Latin (SMTPUTF8)", for_good=True)
        await client.mail(sender, options=["SMTPUTF8"], encoding="utf-8")
        await client.rcpt(receiver, encoding="utf-8")

    async def _connected(self) -> SMTP:
        if self._client is not None and self._client.is_connected:
            return self._client
        server = self._server
        client = SMTP(
            hostname=server.host,
            port=server.port,
            username=server.username,
            password=server.password,
            use_tls=server.security == "tls",
            start_tls=server.security == "starttls",
            tls_context=server.context or (ssl.create_default_context() if server.security != "none" else None),
            local_hostname=server.local_name,
            timeout=server.timeout,
        )
        try:
            await client.connect()
            await client.ehlo()
        except (SMTPException, OSError, TimeoutError, ValueError) as error:
            client.close()
            raise Unreachable(_said(error)) from error
        self._client = client
        return client

    async def _again(self) -> None:
        """Make the connection fit for the next message."""
        if self._client is None or not self._client.is_connected:
            return
        try:
            await self._client.rset()
        except (SMTPException, OSError, TimeoutError):
            self._drop()

    def _drop(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            client.close()


def _octets(message: EmailMessage) -> bytes:
    """A message as it goes over the wire: headers in ASCII, unless an address cannot be."""
    plain = all(one.username.isascii() for name in ("To", "From") for one in message[name].addresses)
    return message.as_bytes(policy=WIRE if plain else WIRE_UTF8)


def _refused(error: SMTPResponseException) -> NotDelivered:
    """A 5xx answer is for good; 421 and 4xx are not."""
    if error.code == 421:
        return Unreachable(_said(error))
    return NotDelivered(_said(error), for_good=500 <= error.code < 600)


def _said(error: BaseException) -> str:
    if isinstance(error, SMTPResponseException):
        return f"{error.code} {error.message}".strip()
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


def _loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
