"""Sends one message to one receiver, at an address that was checked, within bounds of time and size."""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from time import monotonic
from typing import Final, Literal

import httpx

from feeds.webhooks.addresses import AddressRefused, Guard, NotResolved, Target

CONNECT_SECONDS: Final = 5.0
TOTAL_SECONDS: Final = 15.0
READ_AT_MOST: Final = 64 * 1024
EXCERPT: Final = 500
TRIED_AT_MOST: Final = 4
"""Addresses of one name that are tried, one after the other, when a connection cannot be made."""
AGENT: Final = "EAEU-Measures-Register-Webhooks/1"

Failure = Literal["address", "resolve", "connect", "tls", "timeout", "protocol", "redirect", "status", "secret"]
"""``secret``: nothing was sent, the secret that signs cannot be opened."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an attempt ended. ``status`` is None when there was no answer; ``error`` is None when it was delivered."""

    status: int | None
    error: Failure | None
    excerpt: str
    duration_ms: int
    retry_after: timedelta | None = None

    @classmethod
    def unsigned(cls) -> Outcome:
        """Nothing was sent, for want of a secret."""
        return cls(None, "secret", "", 0)

    @property
    def delivered(self) -> bool:
        """Whether the receiver took it: any 2xx."""
        return self.error is None


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    text: bytes
    headers: httpx.Headers


class Sender:
    """One for a process. Needs ``close`` at the end.

    No redirect is followed, no proxy of the environment used, no connection kept: each attempt looks the name up and
    checks it anew. ``tls`` are the authorities that are trusted, those of the system and of ``SSL_CERT_FILE`` when not
    given; ``transport`` is what connects.
    """

    def __init__(
        self,
        guard: Guard,
        *,
        tls: ssl.SSLContext | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        connect_seconds: float = CONNECT_SECONDS,
        total_seconds: float = TOTAL_SECONDS,
    ) -> None:
        self.guard = guard
        self._total = total_seconds
        self._timeout = httpx.Timeout(total_seconds, connect=connect_seconds).as_dict()
        # A kept connection would serve another name at the same address: its certificate was checked for the first.
        self._transport = transport or httpx.AsyncHTTPTransport(
            verify=tls or httpx.create_ssl_context(),
            trust_env=False,
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=0),
        )

    async def close(self) -> None:
        """Close what connects."""
        await self._transport.aclose()

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Outcome:
        """Make one attempt. Never raises for what the receiver or the network does."""
        started = monotonic()
        status, error, text, retry_after = None, None, b"", None
        try:
            async with asyncio.timeout(self._total):
                answer = await self._send(await self.guard.check(url), headers, body)
            status, text = answer.status, answer.text
            error = _error(status)
            retry_after = read_retry_after(answer.headers.get("retry-after"), datetime.now(UTC)) if error else None
        except (TimeoutError, httpx.TimeoutException):
            error = "timeout"
        except NotResolved:
            error = "resolve"
        except AddressRefused:
            error = "address"
        except (httpx.ConnectError, OSError) as fault:
            error = "tls" if _is_tls(fault) else "connect"
        except (httpx.HTTPError, httpx.InvalidURL, ValueError):
            error = "protocol"
        return Outcome(status, error, _excerpt(text), round((monotonic() - started) * 1000), retry_after)

    async def _send(self, target: Target, headers: Mapping[str, str], body: bytes) -> _Answer:
        *others, last = target.addresses[:TRIED_AT_MOST]
        for address in others:
            try:
                return await self._exchange(target, target.at(address), headers, body)
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                # Nothing was sent yet, so that another address of the same name may be tried.
                if _is_tls(error):
                    raise
        return await self._exchange(target, target.at(last), headers, body)

    async def _exchange(self, target: Target, url: str, headers: Mapping[str, str], body: bytes) -> _Answer:
        request = httpx.Request(
            "POST",
            url,
            headers={
                **headers,
                "Host": target.authority,
                "Content-Type": "application/json",
                "Accept-Encoding": "identity",
                "User-Agent": AGENT,
                "Connection": "close",
            },
            content=body,
            extensions={"timeout": self._timeout, "sni_hostname": target.host},
        )
        response = await self._transport.handle_async_request(request)
        try:
            return _Answer(response.status_code, await _beginning(response), response.headers)
        finally:
            await response.aclose()


async def _beginning(response: httpx.Response) -> bytes:
    """What of the body is read: enough for an excerpt, and for a receiver to finish what it says."""
    kept = bytearray()
    size = 0
    async for chunk in response.aiter_raw():
        size += len(chunk)
        kept += chunk[: 4 * EXCERPT - len(kept)]
        if size >= READ_AT_MOST:
            break
    return bytes(kept)


def _error(status: int) -> Failure | None:
    if 200 <= status < 300:
        return None
    return "redirect" if 300 <= status < 400 else "status"


def _is_tls(error: BaseException) -> bool:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            return True
        cause = cause.__cause__ or cause.__context__
    return False


def _excerpt(text: bytes) -> str:
    readable = re.sub(r"[\x00-\x1f\x7f]+", " ", text.decode("utf-8", "replace"))
    return readable.strip()[:EXCERPT]


def read_retry_after(text: str | None, now: datetime) -> timedelta | None:
    """What ``Retry-After`` asks for: seconds, or a time in UTC; None when it asks for nothing that can be read."""
    if not text:
        return None
    if re.fullmatch(r"[0-9]{1,9}", text):
        return timedelta(seconds=int(text))
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    wait = moment.replace(tzinfo=moment.tzinfo or UTC) - now
    return wait if wait > timedelta() else None
