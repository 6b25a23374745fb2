"""Starting processes of our own that work on the same database."""

import asyncio
import contextlib
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


class Child:
    """A process running writers.py."""

    def __init__(self, process: Process) -> None:
        self.process = process

    async def line(self) -> str:
        """The next line that it says."""
        assert self.process.stdout is not None
        async with asyncio.timeout(30):
            return (await self.process.stdout.readline()).decode().strip()

    async def tell(self) -> None:
        """Let it go on."""
        assert self.process.stdin is not None
        self.process.stdin.write(b"\n")
        await self.process.stdin.drain()

    async def end(self, seconds: float = 120) -> list[str]:
        """Wait for its end, which must be a good one; the lines that were left."""
        async with asyncio.timeout(seconds):
            said, _ = await self.process.communicate()
        assert self.process.returncode == 0
        return said.decode().splitlines()

    async def kill(self) -> list[str]:
        """`kill -9`; the whole lines that were left, without one cut by the kill."""
        self.process.kill()
        said, _ = await self.process.communicate()
        return said.decode().split("\n")[:-1]


StartChild = Callable[..., AbstractAsyncContextManager[Child]]


@asynccontextmanager
async def _child(*arguments: str) -> AsyncIterator[Child]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(Path(__file__).with_name("writers.py")),
        *arguments,
        stdin=PIPE,
        stdout=PIPE,
        limit=2**24,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    try:
        yield Child(process)
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.communicate()


@pytest.fixture
def child() -> StartChild:
    """Start `writers.py TASK URL …`; it is killed at the end when it still runs."""
    return _child
