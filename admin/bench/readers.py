"""Readers of the stream of changes: many open connections, and how long one entry takes to reach the last of them."""

from __future__ import annotations

import asyncio
import random
import resource
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from statistics import median
from time import perf_counter
from typing import Any, cast

import httpx

from admin.bench import synthetic
from admin.bench.load import LoadError
from register import journal
from register.database import Database, open_database

ENTRIES = 5
"""Entries whose way to the readers is timed, one after the other; the median counts."""
PAUSE_SECONDS = 0.3
"""Between two entries, so that each finds the server at rest."""
OPENED_AT_ONCE = 50
PATIENCE_SECONDS = 30.0
SPARE_FILES = 200


def allow_files(count: int) -> int:
    """Let this process open ``count`` connections beside its files; return how many it may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = count + SPARE_FILES
    if soft < wanted and soft != resource.RLIM_INFINITY:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return count if soft == resource.RLIM_INFINITY else min(count, soft - SPARE_FILES)


class _Reader(asyncio.Protocol):
    """One open stream. Notes when the entry that is waited for has come."""

    def __init__(self) -> None:
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._wanted = b"retry: "
        self._waiting = self.opened
        self._rest = b""
        self.came_at = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transport is one by what it does, not by its class.
        self.transport = cast(asyncio.Transport, transport)
        self.transport.write(b"GET /api/v1/changes/stream HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")

    def expect(self, seq: int) -> asyncio.Future[None]:
        """Done when the entry ``seq`` is here."""
        self._wanted = b"id: %d\n" % seq
        self._waiting = asyncio.get_running_loop().create_future()
        return self._waiting

    def data_received(self, data: bytes) -> None:
        held = self._rest + data
        if self._wanted in held and not self._waiting.done():
            self.came_at = perf_counter()
            self._waiting.set_result(None)
        self._rest = held[-len(self._wanted) :]

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._waiting.done():
            self._waiting.set_exception(exc or LoadError("the server closed a stream"))


@asynccontextmanager
async def _open(port: int, count: int) -> AsyncIterator[list[_Reader]]:
    loop = asyncio.get_running_loop()
    readers: list[_Reader] = []
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while len(readers) < count:
                some = min(OPENED_AT_ONCE, count - len(readers))
                made = [loop.create_connection(_Reader, "127.0.0.1", port) for _ in range(some)]
                readers += [reader for _, reader in await asyncio.gather(*made)]
                await asyncio.gather(*(reader.opened for reader in readers[-some:]))
        yield readers
    finally:
        for reader in readers:
            reader.transport.close()


async def _publish(database: Database, dice: random.Random, tree: list[str]) -> int:
    """One more measure, as another process than the server enters it; return its number in the journal."""
    item = synthetic.notified(dice, tree)

    def entry(seq: int, moment: Any) -> journal.PreparedEntry:
        # A year of its own: the numbers of the years before are taken.
        made, header, body = synthetic.inclusion(seq, moment, item, 2100, seq)
        return journal.PreparedEntry(made.type, made.subject, made.reason, header, body)

    async with database.transaction():
        return (await journal.append(database, entry)).seq


async def _fan_out(readers: Sequence[_Reader], database: Database, dice: random.Random) -> tuple[float, float]:
    """Seconds until the last reader has one new entry: since before it was written, and since it was committed."""
    seq = await journal.head(database) + 1
    waiting = [reader.expect(seq) for reader in readers]
    begun = perf_counter()
    entered = await _publish(database, dice, synthetic.subheadings())
    committed = perf_counter()
    assert entered == seq
    async with asyncio.timeout(PATIENCE_SECONDS):
        await asyncio.gather(*waiting)
    last = max(reader.came_at for reader in readers)
    return last - begun, max(0.0, last - committed)


async def _resident(port: int) -> int:
    async with httpx.AsyncClient(timeout=PATIENCE_SECONDS, trust_env=False) as client:
        answer = await client.get(f"http://127.0.0.1:{port}/resident")
        return int(answer.raise_for_status().text)


async def measure_streams(port: int, path: str, count: int) -> dict[str, Any]:
    """Open ``count`` streams of the server on ``port``, enter measures in its database at ``path``, time their way.

    Fewer streams where the system allows no more open files. Times in seconds, memory in bytes.
    Raises ``LoadError`` or ``TimeoutError`` when a stream breaks or an entry does not come.
    """
    count = allow_files(count)
    dice = random.Random(11)
    database = open_database(path)
    await database.start()
    try:
        async with _open(port, 1) as one:
            # What the first stream makes once is no cost of the others.
            await _fan_out(one, database, dice)
        before = await _resident(port)
        async with _open(port, count) as readers:
            times = []
            for _ in range(ENTRIES):
                times.append(await _fan_out(readers, database, dice))
                await asyncio.sleep(PAUSE_SECONDS)
            after = await _resident(port)
    finally:
        await database.close()
    return {
        "readers": count,
        "fan_out_s": median(whole for whole, _ in times),
        "fan_out_after_commit_s": median(since for _, since in times),
        "fan_out_slowest_s": max(whole for whole, _ in times),
        "bytes_per_stream": (after - before) / count,
    }
