"""A process of its own that works on a database: `python writers.py TASK URL …`.

The tests of the database start it, several at once, and kill it.
"""

import asyncio
import json
import random
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from register.database import Database, open_database
from register.journal import PreparedEntry, append, head
from register.migrations import migrate


def say(text: str) -> None:
    """One line to the test that started this process."""
    print(text, flush=True)


def entry(body: str) -> Callable[[int, datetime], PreparedEntry]:
    """An entry with this body, whose header names its number."""
    return lambda seq, _at: PreparedEntry(
        "measure.included", "KG-2026-001", "legal_change", str(seq).encode(), body.encode()
    )


async def write(db: Database, body: str) -> int:
    """One entry, and a row that must come and go with it."""
    async with db.transaction():
        stored = await append(db, entry(body))
        await db.execute(
            "INSERT INTO job_run (job, slot, started_at) VALUES ({}, {}, {})",
            "writer",
            str(stored.seq),
            datetime.now(UTC),
        )
    return stored.seq


async def append_entries(db: Database, name: str, count: str) -> None:
    """`count` entries, each in its own transaction; says each number once it is committed."""
    for index in range(int(count)):
        say(str(await write(db, f"{name}:{index}")))


async def hang(db: Database) -> None:
    """Leave an entry uncommitted until killed."""
    async with db.transaction():
        stored = await append(db, entry("never committed"))
        say(str(stored.seq))
        await asyncio.sleep(600)


async def migrate_now(db: Database) -> None:
    """Migrate when told, and say what was applied."""
    say("ready")
    await asyncio.to_thread(sys.stdin.readline)
    say(json.dumps(await migrate(db)))


async def lead(db: Database) -> None:
    """Lead until told to stop."""
    async with db.leader("scheduler") as leads:
        say("leads" if leads else "follows")
        await asyncio.to_thread(sys.stdin.readline)
    say("left")


async def be_cancelled(db: Database, rounds: str) -> None:
    """Cancel tasks at any moment of what they do; say what came of it."""
    chance = random.Random(1)
    outcomes = {"done": 0, "cancelled": 0, "failed": 0}
    complaints: list[str] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, said: complaints.append(str(said)))
    works: list[Callable[[], Any]] = [
        lambda: write(db, "cancelled or not"),
        lambda: write(db, "cancelled or not"),
        lambda: db.fetch("SELECT seq FROM entry ORDER BY seq DESC LIMIT 5"),
        lambda: db.wait_for_change(10**9, 0.01),
    ]
    for _ in range(int(rounds)):
        tasks = [asyncio.create_task(work()) for work in works]
        await asyncio.sleep(chance.random() * 0.012)
        hit = [task for task in tasks if chance.random() < 0.75]
        for task in hit:
            task.cancel()
        if chance.random() < 0.5:
            # Twice, as when a time limit and the end of a group meet: the way out is hit as well.
            await asyncio.sleep(chance.random() * 0.003)
            for task in hit:
                task.cancel()
        async with asyncio.timeout(30):
            await asyncio.wait(tasks)
        for task in tasks:
            if task.cancelled():
                outcomes["cancelled"] += 1
            elif task.exception() is None:
                outcomes["done"] += 1
            else:
                outcomes["failed"] += 1
                say(repr(task.exception()))
    async with asyncio.timeout(30):
        await asyncio.gather(*(db.fetch("SELECT 1 AS one") for _ in range(40)))
        last = max(await asyncio.gather(*(write(db, "afterwards") for _ in range(20))))
    say(json.dumps({**outcomes, "complaints": complaints, "last": last, "head": await head(db)}))


async def exit_while_busy(db: Database) -> None:
    """Be cancelled by the end of the process, with the database never closed."""
    task = asyncio.create_task(append_entries(db, "busy", "1000000"))
    with suppress(asyncio.TimeoutError):
        await asyncio.wait_for(task, 0.3)


TASKS: dict[str, Callable[..., Any]] = {
    "append": append_entries,
    "hang": hang,
    "migrate": migrate_now,
    "lead": lead,
    "cancel": be_cancelled,
    "exit": exit_while_busy,
}


async def main(task: str, url: str, *arguments: str) -> None:
    """Run one task."""
    db = open_database(url)
    await db.start()
    await TASKS[task](db, *arguments)
    if task != "exit":
        await db.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
