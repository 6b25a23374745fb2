"""That the bench works: it comes to its end, measures everything, and says of each target whether it holds."""

from __future__ import annotations

import asyncio
import json
import resource
from contextlib import suppress
from itertools import cycle, repeat
from pathlib import Path
from typing import Any

import pytest

from admin.bench import load, readers, report
from admin.bench.run import run

COLUMNS = 120
TARGETS = 9
"""Rows that have a target; the others only say a figure."""


def figures(**changed: Any) -> dict[str, Any]:
    """Figures at which every target holds to the last digit."""
    return {
        "measures": 100_000,
        "hello": [1_000.0] * 3,
        "proof": [500.0] * 3,
        "measure": [400.0] * 3,
        "feed_304": [700.0] * 3,
        "median_us": 50.0,
        "p99_us": 90.0,
        "bytes_per_measure": 4_000.0,
        "replay_s": 5.0,
        "mirror_own": 20_000.0,
        "mirror_wall": 15_000.0,
        "readers": 1_000,
        "fan_out_s": 1.0,
        "fan_out_after_commit_s": 0.9,
        "bytes_per_stream": 32_000.0,
        **changed,
    }


@pytest.mark.slow
def test_a_tiny_bench_runs_to_its_end(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kept = tmp_path / "figures.json"
    run([60, 50], 0.2, 1, readers=5, json_path=kept)
    said = capsys.readouterr().out
    assert max(map(len, said.splitlines())) <= COLUMNS
    found = json.loads(kept.read_text("utf-8"))
    assert [size["measures"] for size in found["sizes"]] == [50, 60]
    assert (found["rounds"], found["sizes"][-1]["readers"]) == (1, 5)
    assert len([row for row in found["targets"] if row["word"] in ("holds", "MISSED")]) == TARGETS
    for row in found["targets"]:
        # So few streams may find room in memory that was taken before.
        assert row["measured"] > 0 or row["what"].startswith("memory per open stream"), row
        assert row["what"] in said
        assert row["word"] in said
    for name in ("hello", "proof", "measure", "feed_304", "mirror_own", "fan_out_s", "bytes_per_measure"):
        figure = found["sizes"][-1][name]
        assert min(figure) > 0 if isinstance(figure, list) else figure > 0


def test_targets_hold_at_their_limit() -> None:
    small = figures(measures=1_000, proof=[650.0] * 3)
    found = report.verdicts([small, figures()])
    assert [verdict.word for verdict in found if verdict.holds is not None] == ["holds"] * TARGETS


@pytest.mark.parametrize(
    ("name", "value", "missed"),
    [("feed_304", [699.0] * 3, "304 of a feed"), ("mirror_own", 19_999, "mirror from zero"),
     ("fan_out_s", 1.01, "one entry"), ("proof", [499.0] * 3, "proof against"), ("median_us", 51, "answer in process"),
     ("replay_s", 5.1, "replay"),
     ("bytes_per_measure", 4_001, "memory per measure"), ("bytes_per_stream", 32_001, "memory per open stream")],
)  # fmt: skip
def test_a_missed_target_is_said(name: str, value: float | list[float], missed: str) -> None:
    large = figures(**{name: value})
    wrong = [verdict.what for verdict in report.verdicts([large]) if verdict.word == "MISSED"]
    assert len(wrong) == 1
    assert wrong[0].startswith(missed)


def test_slower_with_more_measures_is_said() -> None:
    found = report.verdicts([figures(measures=1_000, proof=[660.0] * 3), figures()])
    assert [verdict.what for verdict in found if verdict.word == "MISSED"] == ["proof slower than at 1,000"]


def test_rates_are_held_against_those_of_the_same_round() -> None:
    """The machine became half as fast: that says nothing of the answers."""
    small, large = figures(measures=1_000, proof=[1_000.0, 1_000.0, 500.0]), figures(proof=[990.0, 980.0, 505.0])
    large["hello"] = [1_100.0, 1_100.0, 550.0]
    assert report.against(small["proof"], large["proof"]) == pytest.approx(1_000 / 990)
    assert all(verdict.holds is not False for verdict in report.verdicts([small, large]) if "proof" in verdict.what)


def test_large_figures_fit_the_width(capsys: pytest.CaptureFixture[str]) -> None:
    fast = [99_999.0] * 3
    large = figures(hello=fast, proof=fast, measure=fast, feed_304=fast, p99_us=99_999.9, replay_s=99.9)
    out = report.console()
    report.print_report(out, [large])
    said = capsys.readouterr().out
    assert max(map(len, said.splitlines())) <= COLUMNS
    assert "…" not in said


def test_open_files_are_bounded_by_the_system() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        assert readers.allow_files(10) == 10
        resource.setrlimit(resource.RLIMIT_NOFILE, (readers.SPARE_FILES + 60, hard))
        assert readers.allow_files(100) == 100
        assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == readers.SPARE_FILES + 100
        if hard != resource.RLIM_INFINITY:
            assert readers.allow_files(hard) == hard - readers.SPARE_FILES
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.anyio
async def test_another_status_than_asked_ends_the_load(anyio_backend: str) -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n")
        await writer.drain()
        await reader.read()
        writer.close()

    server = await asyncio.start_server(refuse, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(load.LoadError, match="404"):
            await load.requests_per_second(port, repeat("/"), 5, connections=1)


@pytest.mark.anyio
async def test_connections_never_ask_what_another_has_just_asked(anyio_backend: str) -> None:
    """Else answers kept by the server would be measured in place of new ones."""
    asked: list[str] = []

    async def note(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                asked.append((await reader.readuntil(b"\r\n\r\n")).split(b" ")[1].decode())
                writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
                await writer.drain()
        writer.close()

    paths = [f"/{number}" for number in range(100)]
    server = await asyncio.start_server(note, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        row = cycle(paths)
        assert await load.requests_per_second(port, row, 0.3) > 0
        assert await load.requests_per_second(port, row, 0.1) > 0
    # Eight connections may pass one another by a few places, and no more.
    last: dict[str, int] = {}
    for place, path in enumerate(asked):
        assert place - last.get(path, place - 100) >= 80
        last[path] = place
