"""Runs the bench and prints its tables. Everything in one run, on one worker, rounds of the endpoints side by side."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

from rich.console import Console
from rich.table import Table

from admin.bench import synthetic
from admin.bench.child import questions
from admin.bench.load import requests_per_second
from admin.migrations import migrate
from register.database import open_database

console = Console(highlight=False, width=None if sys.stdout.isatty() else 120)
BATCH = 5_000


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


def paths_of(count: int) -> dict[str, list[str]]:
    """What is asked over HTTP: every request another question or another measure."""
    names = [entry.subject for entry, _, _ in synthetic.entries(min(count, 2_000))]
    return {
        "hello": ["/hello"],
        "proof": [f"/api/v1/proof?code={code}&date={day}" for code, day in questions(4_000)],
        "measure": [f"/api/v1/measures/{name}" for name in names],
    }


async def over_http(port: int, count: int, seconds: float, rounds: int) -> dict[str, float]:
    """Requests per second, the median of the rounds; each round goes through every endpoint in turn."""
    rates: dict[str, list[float]] = {}
    for name, paths in (asked := paths_of(count)).items():
        await requests_per_second(port, paths, min(0.5, seconds))  # warm-up, not counted
        rates[name] = []
    for _ in range(rounds):
        for name, paths in asked.items():
            rates[name].append(await requests_per_second(port, paths, seconds))
    return {name: median(found) for name, found in rates.items()}


def measure(count: int, seconds: float, rounds: int) -> dict[str, Any]:
    """One size: a fresh process on a fresh journal."""
    with tempfile.TemporaryDirectory(prefix="register-bench-") as folder:
        path = Path(folder) / "register.sqlite3"
        started = perf_counter()
        asyncio.run(prepare(path, count))
        console.print(f"{count:>9,} measures written in {perf_counter() - started:.1f} s", style="dim")
        child = subprocess.Popen(
            [sys.executable, "-m", "admin.bench.child", str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert child.stdout is not None
        assert child.stdin is not None
        try:
            found: dict[str, Any] = json.loads(child.stdout.readline())
            found.update(asyncio.run(_when_up(found["port"], count, seconds, rounds)))
        finally:
            child.stdin.close()
            child.wait(30)
        return found


async def _when_up(port: int, count: int, seconds: float, rounds: int) -> dict[str, float]:
    async with asyncio.timeout(120):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.1)
                continue
            writer.close()
            break
    return await over_http(port, count, seconds, rounds)


def run(sizes: Sequence[int], seconds: float, rounds: int) -> None:
    """Measure every size and print the figures with their targets."""
    results = [measure(size, seconds, rounds) for size in sorted(sizes)]
    table = Table(title="One worker, one run; requests per second are medians of the rounds", title_justify="left")
    for heading in ("measures", "hello /s", "proof /s", "proof : hello", "measure /s", "answer µs", "p99 µs",
                    "bytes per measure", "replay s"):  # fmt: skip
        table.add_column(heading, justify="right")
    for found in results:
        table.add_row(
            f"{found['measures']:,}",
            f"{found['hello']:,.0f}",
            f"{found['proof']:,.0f}",
            f"{found['proof'] / found['hello']:.2f}",
            f"{found['measure']:,.0f}",
            f"{found['median_us']:.1f}",
            f"{found['p99_us']:.1f}",
            f"{found['bytes_per_measure']:,.0f}",
            f"{found['replay_s']:.2f}",
        )
    console.print(table)
    _print_targets(results[0], results[-1])


def _print_targets(small: dict[str, Any], large: dict[str, Any]) -> None:
    slower = small["proof"] / large["proof"]
    for text, value, holds in (
        ("proof at least 0.5 of hello", large["proof"] / large["hello"], large["proof"] >= 0.5 * large["hello"]),
        (f"proof at most 1.3 times slower than at {small['measures']:,}", slower, slower <= 1.3),
        ("answer in process at most 50 µs", large["median_us"], large["median_us"] <= 50),
        ("at most 4,000 bytes per measure", large["bytes_per_measure"], large["bytes_per_measure"] <= 4_000),
        ("replay at most 5 s per 100,000 entries", large["replay_s"], large["replay_s"] <= large["measures"] / 20_000),
    ):
        console.print(f"{'holds' if holds else 'MISSED':>7}  {text}: {value:,.2f} at {large['measures']:,}")
