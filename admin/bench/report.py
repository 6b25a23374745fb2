"""What a bench has found, as tables with the targets, and as JSON."""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

WIDTH = 120

Found = dict[str, Any]
"""The figures of one size, by name; requests per second as those of every round."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A figure beside its target; ``holds`` is None where there is no target but the figure."""

    what: str
    measured: float
    unit: str
    target: str
    holds: bool | None

    @property
    def word(self) -> str:
        """``holds``, ``MISSED``, or a dash for a figure without a target."""
        return "–" if self.holds is None else "holds" if self.holds else "MISSED"


def against(rates: Sequence[float], others: Sequence[float]) -> float:
    """How rates stand to others that were measured in the same rounds: the median of the rounds.

    Round by round, since a machine's speed moves more from one round to the next than within one.
    """
    return median(one / other for one, other in zip(rates, others, strict=True))


def verdicts(found: Sequence[Found]) -> list[Verdict]:
    """Every target, judged at the largest size that was run."""
    small, large = found[0], found[-1]
    size = f"{large['measures']:,}"

    def at_least(what: str, measured: float, target: float, unit: str) -> Verdict:
        return Verdict(what, measured, unit, f"≥ {target:,g}", measured >= target)

    def at_most(what: str, measured: float, target: float, unit: str) -> Verdict:
        return Verdict(what, measured, unit, f"≤ {target:,g}", measured <= target)

    per_100k = large["replay_s"] / large["measures"] * 100_000
    readers = f"{large['readers']:,}"
    return [
        at_least(f"proof against hello, at {size}", against(large["proof"], large["hello"]), 0.5, "×"),
        at_most(f"proof slower than at {small['measures']:,}", against(small["proof"], large["proof"]), 1.3, "×"),
        at_least(f"304 of a feed against hello, at {size}", against(large["feed_304"], large["hello"]), 0.7, "×"),
        at_most(f"answer in process, median, at {size}", large["median_us"], 50, "µs"),
        at_most(f"memory per measure, at {size}", large["bytes_per_measure"], 4_000, "bytes"),
        at_most(f"replay of 100,000 entries, from {size}", per_100k, 5, "s"),
        at_least(f"mirror from zero, {size} entries, client's own time", large["mirror_own"], 20_000, "entries/s"),
        Verdict("the same by the clock, beside the server", large["mirror_wall"], "entries/s", "–", None),
        at_most(f"one entry to {readers} streams, written to read", large["fan_out_s"], 1, "s"),
        Verdict("the same from commit to read", large["fan_out_after_commit_s"], "s", "–", None),
        at_most(f"memory per open stream, of {readers}", large["bytes_per_stream"], 32_000, "bytes"),
    ]


_COLUMNS: Sequence[tuple[str, Callable[[Found], str]]] = (
    ("measures", lambda found: f"{found['measures']:,}"),
    ("hello/s", lambda found: f"{median(found['hello']):,.0f}"),
    ("proof/s", lambda found: f"{median(found['proof']):,.0f}"),
    (": hello", lambda found: f"{against(found['proof'], found['hello']):.2f}"),
    ("measure/s", lambda found: f"{median(found['measure']):,.0f}"),
    ("304/s", lambda found: f"{median(found['feed_304']):,.0f}"),
    (": hello", lambda found: f"{against(found['feed_304'], found['hello']):.2f}"),
    ("median µs", lambda found: f"{found['median_us']:.1f}"),
    ("p99 µs", lambda found: f"{found['p99_us']:.1f}"),
    ("bytes each", lambda found: f"{found['bytes_per_measure']:,.0f}"),
    ("replay s", lambda found: f"{found['replay_s']:.2f}"),
)


def print_report(console: Console, found: Sequence[Found]) -> None:
    """The figures of every size, then every target with what was measured."""
    table = Table(
        title="One worker a size, one run, side by side; medians of the rounds", title_justify="left", box=box.SIMPLE
    )
    for heading, _ in _COLUMNS:
        table.add_column(heading, justify="right", no_wrap=True)
    for one in found:
        table.add_row(*(cell(one) for _, cell in _COLUMNS))
    console.print(table)
    table = Table(title="Targets", title_justify="left", box=box.SIMPLE)
    for heading in ("", "measured", "target", ""):
        table.add_column(heading, justify="left" if not heading else "right", no_wrap=True)
    for verdict in verdicts(found):
        places = 0 if verdict.measured >= 1_000 else 3
        table.add_row(verdict.what, f"{verdict.measured:,.{places}f} {verdict.unit}", verdict.target, verdict.word)
    console.print(table)


def write_json(path: Path, found: Sequence[Found], seconds: float, rounds: int) -> None:
    """Every figure of the run with what it ran on, for keeping and comparing. Raises ``OSError``."""
    whole = {
        "python": platform.python_version(),
        "system": platform.platform(),
        "cores": os.cpu_count(),
        "seconds": seconds,
        "rounds": rounds,
        "sizes": list(found),
        "targets": [{**asdict(verdict), "word": verdict.word} for verdict in verdicts(found)],
    }
    path.write_text(json.dumps(whole, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def console() -> Console:
    """The console of a bench: as wide as the terminal, and of one width where there is none."""
    return Console(highlight=False, width=None if sys.stdout.isatty() else WIDTH)
