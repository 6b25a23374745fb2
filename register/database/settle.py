"""Cancellation that leaves nothing behind."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

Result = TypeVar("Result")


async def settle(work: Awaitable[Result]) -> Result:
    """Await `work` to its end even when the caller is cancelled, then be cancelled.

    Cancelling an await does not stop a thread, and a connection whose COMMIT or ROLLBACK was
    abandoned half-way is lost to the pool. What is begun here is therefore always finished first.
    Raises whatever `work` raises, or `CancelledError` once it is done.
    """
    task = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait((task,))
        except asyncio.CancelledError as request:
            cancelled = request
    if cancelled is not None:
        raise cancelled from (None if task.cancelled() else task.exception())
    return task.result()
