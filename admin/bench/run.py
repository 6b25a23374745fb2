"""Runs the bench. Everything in one run, one worker a size, endpoints and sizes side by side, on loopback."""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import cycle, repeat
from pathlib import Path
from statistics import median
from threading import Timer
from time import monotonic, perf_counter, sleep

import httpx
import uvloop
from rich.console import Console

from admin.bench import synthetic
from admin.bench.child import ASKED, questions
from admin.bench.load import requests_per_second
from admin.bench.readers import measure_streams
from admin.bench.report import Found, console, print_report, write_json
from admin.migrations import migrate
from register.database import open_database

BATCH = 5_000
READERS = 1_000
FEED = "/feeds/register.atom"
READY_SECONDS = 300
"""How long the measured process may take to replay, time its answers and listen."""
MIRROR_SECONDS = 300
MIRRORS = 3
"""How often a client mirrors from zero, at most; the median counts."""
WARM_UP_SECONDS = 0.5


class BenchError(RuntimeError):
    """A process of the bench has failed; what it said is on standard error."""


async def prepare(path: Path, count: int) -> None:
    """A journal of ``count`` made-up inclusions, written straight to the file: writing is not what is measured."""
    database = open_database(str(path))
    await database.start()
    await migrate(database)
    await database.close()
    rows = []
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA synchronous=OFF")
        for entry, header, body in synthetic.entries(count):
            moment = entry.recorded_at.isoformat(sep=" ", timespec="microseconds")
            rows.append((entry.seq, moment, entry.type, entry.subject, entry.reason, header, body))
            if len(rows) == BATCH or entry.seq == count:
                for row in rows:
                    connection.execute("UPDATE journal_head SET seq = ?, recorded_at = ?", row[:2])
                    connection.execute("INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?, ?)", row)
                connection.commit()
                rows.clear()
    connection.close()
    # The system writes what it was given when it likes, which would be while something is measured.
    os.sync()


@dataclass(frozen=True, slots=True)
class Load:
    """What is asked of one endpoint over HTTP, one path after the other without end, and the status of every answer."""

    paths: Iterator[str]
    status: int = 200
    headers: str = ""


def loads(port: int, count: int) -> dict[str, Load]:
    """What is asked: every request another question or another measure, and a feed that the caller has."""
    names = [entry.subject for entry, _, _ in synthetic.entries(min(count, 2_000))]
    feed = httpx.get(f"http://127.0.0.1:{port}{FEED}", headers={"Accept-Encoding": "identity"}, trust_env=False)
    tag = feed.raise_for_status().headers["etag"]
    return {
        "hello": Load(repeat("/hello")),
        "proof": Load(cycle([f"/api/v1/proof?code={code}&date={day}" for code, day in questions(ASKED)])),
        "measure": Load(cycle([f"/api/v1/measures/{name}" for name in names])),
        "feed_304": Load(repeat(FEED), 304, f"If-None-Match: {tag}\r\n"),
    }


async def over_http(sizes: Mapping[int, int], seconds: float, rounds: int) -> dict[int, Found]:
    """Requests per second of every round, by size and endpoint; ``sizes`` gives the port of each.

    A round goes through the endpoints in turn and asks each of every size before the next, so that what disturbs one
    disturbs the others: rates of one round are to be held against each other.
    """
    asked = {size: loads(port, size) for size, port in sizes.items()}
    rates: dict[int, Found] = {size: {name: [] for name in those} for size, those in asked.items()}
    for turn in range(rounds + 1):
        for name in next(iter(asked.values())):
            for size, port in sizes.items():
                load = asked[size][name]
                lasting = seconds if turn else min(WARM_UP_SECONDS, seconds)
                rate = await requests_per_second(port, load.paths, lasting, status=load.status, headers=load.headers)
                if turn:  # the first turn warms up and does not count
                    rates[size][name].append(rate)
    return rates


def mirrored(port: int, rounds: int) -> Found:
    """Entries per second of a client that mirrors from zero: by its own processor time, and by the clock; medians."""
    own, wall = [], []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory(prefix="register-bench-mirror-") as folder:
            command = [sys.executable, "-P", "-m", "admin.bench.mirroring", f"http://127.0.0.1:{port}", folder]
            done = subprocess.run(command, stdout=subprocess.PIPE, timeout=MIRROR_SECONDS, check=True)
        took = json.loads(done.stdout)
        own.append(took["entries"] / took["own_s"])
        wall.append(took["entries"] / took["wall_s"])
    return {"mirror_own": median(own), "mirror_wall": median(wall)}


@contextmanager
def serving(path: Path, readers: int) -> Iterator[Found]:
    """A fresh process that serves the journal at ``path``; gives what it found before it listened, and its port."""
    command = [sys.executable, "-P", "-m", "admin.bench.child", str(path), str(readers)]
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert child.stdout is not None
    assert child.stdin is not None
    try:
        watch = Timer(READY_SECONDS, child.kill)
        watch.start()
        try:
            found = child.stdout.readline()
        finally:
            watch.cancel()
        if not found:
            raise BenchError(f"the measured process ended, or took more than {READY_SECONDS} s, before it served")
        figures: Found = json.loads(found)
        _wait_until_up(child, figures["port"])
        yield figures
    finally:
        child.stdin.close()
        try:
            child.wait(30)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        child.stdout.close()


def _wait_until_up(child: subprocess.Popen[bytes], port: int) -> None:
    deadline = monotonic() + READY_SECONDS
    while child.poll() is None and monotonic() < deadline:
        try:
            httpx.get(f"http://127.0.0.1:{port}/hello", trust_env=False).raise_for_status()
        except httpx.TransportError:
            sleep(0.1)
            continue
        return
    raise BenchError("the measured process does not serve")


@contextmanager
def journals(out: Console, sizes: Sequence[int]) -> Iterator[dict[int, Path]]:
    """A fresh journal of every size, gone at the end."""
    with tempfile.TemporaryDirectory(prefix="register-bench-") as folder:
        paths = {}
        for size in sizes:
            # A folder each: beside its database a server keeps its keys.
            paths[size] = Path(folder) / str(size) / "register.sqlite3"
            paths[size].parent.mkdir()
            started = perf_counter()
            asyncio.run(prepare(paths[size], size))
            out.print(f"{size:>9,} measures written in {perf_counter() - started:.1f} s", style="dim")
        yield paths


def measure(out: Console, sizes: Sequence[int], seconds: float, rounds: int, readers: int) -> list[Found]:
    """Every size, the smallest first: a fresh process each on a fresh journal, all of them up while they are asked.

    Mirrors and ``readers`` streams at the largest size only.
    """
    with journals(out, sizes) as paths, ExitStack() as servers:
        found = {size: servers.enter_context(serving(path, readers)) for size, path in paths.items()}
        rates = asyncio.run(over_http({size: one["port"] for size, one in found.items()}, seconds, rounds))
        for size, one in found.items():
            one |= rates[size]
        largest = sizes[-1]
        port = found[largest]["port"]
        found[largest] |= mirrored(port, min(rounds, MIRRORS))
        # Last: it enters measures.
        found[largest] |= uvloop.run(measure_streams(port, str(paths[largest]), readers))
        return list(found.values())


def run(
    sizes: Sequence[int], seconds: float, rounds: int, *, readers: int = READERS, json_path: Path | None = None
) -> None:
    """Measure every size and print the figures with their targets; mirrors and streams at the largest size only.

    ``seconds`` is the length of a round, ``readers`` the number of streams, ``json_path`` a file for the figures.
    """
    out = console()
    found = measure(out, sorted(set(sizes)), seconds, rounds, readers)
    print_report(out, found)
    if json_path is not None:
        write_json(json_path, found, seconds, rounds)
