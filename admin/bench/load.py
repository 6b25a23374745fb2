"""A small HTTP/1.1 load client: a few kept-open connections, one request each at a time, bounded in time.

Made for loopback and for comparing endpoints of one server; it checks that every answer has the status that is asked.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from time import perf_counter


class LoadError(RuntimeError):
    """The server answered with another status than the bench asked for."""


class _Client(asyncio.Protocol):
    """One connection: sends the next request as soon as the answer before it is whole."""

    def __init__(self, requests: Iterator[bytes], status: bytes, until: float) -> None:
        self.answered = 0
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._requests = requests
        self._status = b"HTTP/1.1 " + status
        self._until = until
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._send()

    def _send(self) -> None:
        self._transport.write(next(self._requests))

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head_end = self._buffer.find(b"\r\n\r\n")
        if head_end < 0:
            return
        head = self._buffer[:head_end].lower()
        at = head.find(b"\r\ncontent-length:")
        length = int(head[at + 17 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
        if len(self._buffer) < head_end + 4 + length:
            return
        if not self._buffer.startswith(self._status):
            self._finish(LoadError(self._buffer[:300].decode(errors="replace")))
            return
        self._buffer = b""
        self.answered += 1
        if perf_counter() < self._until:
            self._send()
        else:
            self._finish(None)

    def connection_lost(self, exc: Exception | None) -> None:
        self._finish(exc or LoadError("the server closed the connection"))

    def _finish(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(error) if error else self.done.set_result(None)
            self._transport.close()


async def requests_per_second(
    port: int,
    paths: Iterator[str],
    seconds: float,
    *,
    connections: int = 8,
    status: int = 200,
    headers: str = "",
) -> float:
    """Answers per second from loopback's ``port`` over ``seconds``. Raises ``LoadError`` on any other status.

    The connections take their paths from one and the same row: none asks again what another has just asked.
    """
    requests = (f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{headers}\r\n".encode() for path in paths)
    loop = asyncio.get_running_loop()
    started = perf_counter()
    clients = []
    for _ in range(connections):
        _, client = await loop.create_connection(
            lambda: _Client(requests, str(status).encode(), started + seconds), "127.0.0.1", port
        )
        clients.append(client)
    async with asyncio.timeout(seconds + 30):
        await asyncio.gather(*(client.done for client in clients))
    return sum(client.answered for client in clients) / (perf_counter() - started)
