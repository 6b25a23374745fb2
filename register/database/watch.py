"""Waking up when the journal moves."""

import asyncio


class HeadWatch:
    """The last head that was seen, and those who wait for a higher one."""

    def __init__(self) -> None:
        self.seen: int | None = None
        self.waiting = 0
        self.wanted = asyncio.Event()
        self._moved = asyncio.Event()

    def observe(self, head: int) -> None:
        """Note the head of the journal and wake everyone when it differs from the last one."""
        if head != self.seen:
            self.seen = head
            self._moved.set()
            self._moved = asyncio.Event()

    async def wait(self, after: int, timeout: float) -> None:
        """Return when the head seen is above `after`, or after `timeout` seconds."""
        self.waiting += 1
        self.wanted.set()
        try:
            async with asyncio.timeout(timeout):
                while self.seen is None or self.seen <= after:
                    await self._moved.wait()
        except TimeoutError:
            return
        finally:
            self.waiting -= 1
            if not self.waiting:
                self.wanted.clear()
