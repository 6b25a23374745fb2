"""Receivers on the loopback, a clock that is moved by hand, and a Register to deliver from."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from typing import Any

from feeds.webhooks import store
from feeds.webhooks.addresses import Guard, Network
from feeds.webhooks.delivery import Delivery, Pace
from feeds.webhooks.follower import Post
from feeds.webhooks.notices import Notice
from feeds.webhooks.records import Subscription, Wanted
from feeds.webhooks.sealing import Sealer
from feeds.webhooks.sender import Sender
from register import publication
from register.database import Database
from register.service import RegisterService
from tests.register.api.helpers import TODAY, notified

LOOPBACK: tuple[Network, ...] = (ip_network("127.0.0.0/8"),)
START = datetime(2026, 9, 10, 9, 0, tzinfo=UTC)
QUICK = Pace(look_seconds=0.05, lead_seconds=0.05)


@dataclass
class Clock:
    """Time that goes on only when told."""

    at: datetime = START

    def __call__(self) -> datetime:
        return self.at

    def forward(self, **by: float) -> None:
        self.at += timedelta(**by)


@dataclass
class Got:
    """One request as it came."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def seq(self) -> int:
        return int(json.loads(self.body)["data"]["seq"])


Respond = Callable[[Got], "Awaitable[bytes] | bytes"]


def response(status: int, *lines: str, body: bytes = b"") -> bytes:
    head = "".join(f"{line}\r\n" for line in (f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}", *lines))
    return f"{head}\r\n".encode() + body


@dataclass
class Receiver:
    """A subscriber's server; `respond` says what it answers."""

    respond: Respond = lambda got: response(204)
    got: list[Got] = field(default_factory=list)
    url: str = ""
    connections: int = 0

    @property
    def seqs(self) -> list[int]:
        return [one.seq for one in self.got]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        pairs = (line.split(": ", 1) for line in head[1:] if line)
        headers = {name.lower(): value for name, value in pairs}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        got = Got(head[0].split(" ")[1], headers, body)
        self.got.append(got)
        answer = self.respond(got)
        writer.write(answer if isinstance(answer, bytes) else await answer)
        await writer.drain()
        writer.close()
        await writer.wait_closed()


@asynccontextmanager
async def serving(
    handle: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]], tls: ssl.SSLContext | None = None
) -> AsyncIterator[str]:
    """A server on the loopback; its address. Whatever is open at the end is closed."""
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await handle(reader, writer)
        except (asyncio.CancelledError, asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.transport.abort()
            tasks.discard(task)

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    try:
        yield f"{'https' if tls else 'http'}://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook"
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await server.wait_closed()


@asynccontextmanager
async def receiving(respond: Respond | None = None, tls: ssl.SSLContext | None = None) -> AsyncIterator[Receiver]:
    receiver = Receiver() if respond is None else Receiver(respond)
    async with serving(receiver.serve, tls) as receiver.url:
        yield receiver


async def until(condition: Callable[[], Any], seconds: float = 20.0) -> None:
    """Wait for something that happens in another task."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)


async def until_async(condition: Callable[[], Awaitable[Any]], seconds: float = 20.0) -> None:
    async with asyncio.timeout(seconds):
        while not await condition():
            await asyncio.sleep(0.02)


async def never_resolves(host: str, port: int) -> list[str]:
    raise OSError(f"no name server here: {host}:{port}")


class Bench:
    """A Register, its subscriptions and what delivers them."""

    def __init__(self, service: RegisterService, clock: Callable[[], datetime], sealer: Sealer | None = None) -> None:
        self.service = service
        self.sealer = sealer
        self.clock = clock
        self.mails: list[Notice] = []
        self.db: Database = service.database

    async def include(self, state: str = "KG", *codes: str, **more: Any) -> int:
        await publication.include(self.db, notified(state, *(codes or ("7204",)), **more), on=TODAY)
        return await self.service.catch_up()

    async def subscribe(self, url: str, after: int = 0, owner: str = "token:a", **wanted: Any) -> Subscription:
        async with self.db.transaction():
            return await store.create(
                self.db,
                owner,
                f"{owner[-1]}@x.example",
                url=url,
                wanted=Wanted(**wanted),
                after=after,
                now=self.clock(),
                sealer=self.sealer,
            )

    async def held(self, made: Subscription) -> Subscription:
        return await store.get(self.db, made.owner, made.id)

    async def log(self, made: Subscription) -> list[dict[str, Any]]:
        return await store.deliveries(self.db, made.id, 0, 10_000)

    async def mail(self, notice: Notice) -> None:
        self.mails.append(notice)

    @asynccontextmanager
    async def delivering(
        self, post: Post | None = None, pace: Pace = QUICK, total_seconds: float = 15.0, notify: Any = None
    ) -> AsyncIterator[Delivery]:
        sender = Sender(Guard(never_resolves, LOOPBACK), total_seconds=total_seconds)
        delivery = Delivery(
            self.service,
            post or sender.post,
            notify or self.mail,
            pace=pace,
            clock=self.clock,
            chance=lambda: 0.0,
            sealer=self.sealer,
        )
        delivery.start()
        await until(lambda: delivery.leads)
        try:
            yield delivery
        finally:
            await delivery.stop()
            await sender.close()
