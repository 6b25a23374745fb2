"""One wait for all streams: a fake Register service that a test moves by hand."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from register.api.stream import Lookout

pytestmark = pytest.mark.anyio


class Moved:
    """A service that counts how often it is waited for."""

    def __init__(self) -> None:
        self.register = SimpleNamespace(seq=7)
        self.waits = 0
        self.ended = 0
        self._moved = asyncio.Event()
        self.failure: Exception | None = None

    def move(self, by: int = 1) -> None:
        self.register.seq += by
        self._moved.set()
        self._moved = asyncio.Event()

    async def wait_beyond(self, seq: int, seconds: float) -> int:
        assert seq == self.register.seq
        self.waits += 1
        try:
            await self._moved.wait()
        finally:
            self.ended += 1
        if self.failure:
            raise self.failure
        return int(self.register.seq)


async def started(lookout: Lookout, service: Any, count: int) -> list[asyncio.Task[bool]]:
    tasks = [asyncio.create_task(lookout.wait(service)) for _ in range(count)]
    while service.waits == service.ended:
        await asyncio.sleep(0)
    await asyncio.sleep(0)
    return tasks


async def test_all_streams_share_one_wait(anyio_backend: str) -> None:
    lookout, service = Lookout(), Moved()
    for turn, quiet in enumerate((False, True, False), start=1):
        tasks = await started(lookout, service, 50)
        service.move(0 if quiet else 1)
        assert await asyncio.gather(*tasks) == [quiet] * 50
        assert (service.waits, service.ended) == (turn, turn)


async def test_a_reader_that_goes_away_ends_nobody_elses_wait(anyio_backend: str) -> None:
    lookout, service = Lookout(), Moved()
    gone, stays = await started(lookout, service, 2)
    gone.cancel()
    await asyncio.sleep(0.01)
    assert (gone.cancelled(), service.ended) == (True, 0)
    service.move()
    assert await stays is False


async def test_with_the_last_reader_the_wait_ends(anyio_backend: str) -> None:
    lookout, service = Lookout(), Moved()
    tasks = await started(lookout, service, 3)
    for task in tasks:
        task.cancel()
    await asyncio.sleep(0.01)
    assert (service.waits, service.ended) == (1, 1)
    (again,) = await started(lookout, service, 1)
    service.move()
    assert await again is False


async def test_a_failure_reaches_every_reader(anyio_backend: str) -> None:
    lookout, service = Lookout(), Moved()
    tasks = await started(lookout, service, 3)
    service.failure = RuntimeError("the journal cannot be followed")
    service.move()
    found = await asyncio.gather(*tasks, return_exceptions=True)
    assert [str(error) for error in found] == ["the journal cannot be followed"] * 3
