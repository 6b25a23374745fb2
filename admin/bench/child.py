"""The measured process of a bench: replays a journal, times answers in process, then serves on loopback.

Run by ``admin.bench.run`` as ``python -m admin.bench.child DATABASE READERS``. Prints one line of JSON, then serves
until its standard input closes.
"""

from __future__ import annotations

import asyncio
import ctypes
import gc
import json
import logging
import os
import random
import socket
import sys
import threading
from datetime import timedelta
from pathlib import Path
from statistics import median
from time import perf_counter, perf_counter_ns
from typing import Any

import uvicorn
import uvloop
from litestar import get

from admin.app import create_app
from admin.bench import synthetic
from admin.bench.readers import allow_files
from admin.settings import Settings
from register.proof import Question, answer
from register.service import RegisterService

ASKED = 4_000
"""Questions timed in process and asked over HTTP: all different, codes spread over the tree."""


@get("/hello", sync_to_thread=False, include_in_schema=False)
def hello() -> str:
    """The bare endpoint that everything is held against."""
    return "hello"


@get("/resident", sync_to_thread=False, include_in_schema=False)
def resident_size() -> str:
    """What the server takes of the memory now, in bytes."""
    return str(resident())


def resident() -> int:
    """Bytes of this process in memory, after giving back what is free."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def questions(count: int) -> list[tuple[str, str]]:
    """Codes of ten digits over the whole tree, with days over the years of the measures."""
    dice = random.Random(7)
    tree = synthetic.subheadings()
    asked = []
    for _ in range(count):
        code = f"{dice.choice(tree)}{dice.choice(('000', '100', '200', '900'))}{dice.choice('0019')}"
        asked.append((code, (synthetic.FIRST_DAY + timedelta(days=dice.randrange(synthetic.DAYS))).isoformat()))
    return asked


def timed(service: RegisterService) -> dict[str, float]:
    """The median and the 99th percentile of an answer in process, microseconds."""
    asked = [Question.model_validate({"code": code, "date": day}) for code, day in questions(ASKED)]
    spent = []
    for question in asked:
        started = perf_counter_ns()
        answer(service.register, question)
        spent.append((perf_counter_ns() - started) / 1000)
    spent.sort()
    return {"median_us": median(spent), "p99_us": spent[len(spent) * 99 // 100]}


async def main(database: str, readers: int) -> None:
    """Replay, measure, print, serve."""
    logging.disable(logging.WARNING)
    allow_files(readers)
    chosen = Settings(database_url=database, data_dir=Path(database).parent)
    app = create_app(chosen, handlers=[hello, resident_size], scheduled=False)
    service: RegisterService = app.state.service
    synthetic.subheadings()
    await service.database.start()
    before = resident()
    started = perf_counter()
    head = await service.catch_up()
    found: dict[str, Any] = {"measures": head, "replay_s": perf_counter() - started}
    found["bytes_per_measure"] = (resident() - before) / head
    gc.freeze()
    found.update(timed(service))
    await service.database.close()
    # Named as TCP, or asyncio does not turn off Nagle's delay on what it accepts.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.bind(("127.0.0.1", 0))
    found["port"] = listening.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False, timeout_graceful_shutdown=5))
    asyncio.get_running_loop().call_soon(threading.Thread(target=_watch_input, args=(server,), daemon=True).start)
    print(json.dumps(found), flush=True)
    await server.serve(sockets=[listening])


def _watch_input(server: uvicorn.Server) -> None:
    sys.stdin.read()
    server.should_exit = True


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1], int(sys.argv[2])))
