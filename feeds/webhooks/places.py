"""How many attempts run at once, so that receivers that hang take no place from those that are well."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Places:
    """``first`` attempts begin at once at receivers that are well, ``again`` run at those that failed before.

    An attempt that takes longer than ``hurry`` seconds leaves its place to the next and goes on without one: a hundred
    receivers that begin to hang together delay the others by that much, not by the whole time they are waited for.
    ``most`` bounds what is open altogether: it is there for the connections that a process may have.
    """

    def __init__(self, first: int, again: int, most: int, hurry: float) -> None:
        self._first = asyncio.Semaphore(first)
        self._again = asyncio.Semaphore(again)
        self._open = asyncio.Semaphore(most)
        self._hurry = hurry

    @asynccontextmanager
    async def take(self, *, failed_before: bool) -> AsyncIterator[None]:
        """Wait for a place, and have it for one attempt."""
        if failed_before:
            async with self._again:
                yield
            return
        place = await _Place.of(self._first)
        try:
            async with self._open:
                timer = asyncio.get_running_loop().call_later(self._hurry, place.leave)
                try:
                    yield
                finally:
                    timer.cancel()
        finally:
            place.leave()


class _Place:
    """A place that can be left twice, and is given back once."""

    def __init__(self, semaphore: asyncio.Semaphore) -> None:
        self._semaphore: asyncio.Semaphore | None = semaphore

    @classmethod
    async def of(cls, semaphore: asyncio.Semaphore) -> _Place:
        await semaphore.acquire()
        return cls(semaphore)

    def leave(self) -> None:
        semaphore, self._semaphore = self._semaphore, None
        if semaphore is not None:
            semaphore.release()
