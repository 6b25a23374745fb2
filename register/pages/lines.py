"""Goods lines that concern a code, as a page shows them: those that count on a day, and the others through time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from register.facts import Line, iso
from register.index import LineMatch, Register
from register.proof import Answer, Question

Why = Literal["upcoming", "past", "suspended", "inside", "transport"]
"""Why a line does not count: later, no longer, suspended, not out of the Union, or not by this transport."""


@dataclass(frozen=True, slots=True)
class Row:
    """A goods line with what a table says of it. ``goods`` is the line in the public record, dates are ISO."""

    measure: str
    state: str
    kind: str
    goods: Mapping[str, Any]
    match: str
    effective_from: str | None
    effective_to: str | None
    counts_from: str | None
    counts_to: str | None
    window_until: str | None
    permitted: bool
    own_origin: bool
    set_aside: bool
    why: Why | None


class Lines:
    """The matches of a question, sorted into those of its answer and the others."""

    def __init__(self, register: Register, question: Question, given: Answer) -> None:
        self._register = register
        self._question = question
        self._records: dict[int, Mapping[int, Mapping[str, Any]]] = {}
        self._marks = {(item.id, item.line): (item.own_origin, item.set_aside) for item in given.measures}
        matches = register.matches(question.code, given.known_at)
        self.counted = [self._row(found, None) for found in matches if _key(found.line) in self._marks]
        others = [self._row(found, self._why(found.line)) for found in matches if _key(found.line) not in self._marks]
        self.upcoming = sorted((row for row in others if row.why == "upcoming"), key=_start)
        self.past = sorted((row for row in others if row.why == "past"), key=_start, reverse=True)
        self.aside = [row for row in others if row.why not in ("upcoming", "past")]

    def _why(self, line: Line) -> Why:
        on = self._question.date.toordinal()
        transport, version = self._question.transport, line.version
        if on < line.start:
            return "upcoming"
        if on > line.end:
            return "past"
        if not version.reaches_exports:
            return "inside"
        if version.transport is not None and transport is not None and transport not in version.transport:
            return "transport"
        return "suspended"

    def _row(self, found: LineMatch, why: Why | None) -> Row:
        line, version, on = found.line, found.line.version, self._question.date.toordinal()
        own, set_aside = self._marks.get(_key(line), (False, False))
        return Row(
            version.id,
            version.state,
            version.kind,
            self._goods(line),
            found.match,
            iso(version.effective_from),
            iso(version.effective_to),
            iso(line.start),
            iso(line.end),
            iso(line.window_until) if on <= line.window_until else None,
            version.permitted(on),
            own,
            set_aside,
            why,
        )

    def _goods(self, line: Line) -> Mapping[str, Any]:
        seq = line.version.seq
        goods = self._records.get(seq)
        if goods is None:
            record = self._register.record(line.version)
            goods = self._records[seq] = {item["line"]: item for item in record["goods"]}
        return goods[line.number]


def _key(line: Line) -> tuple[str, int]:
    return line.version.id, line.number


def _start(row: Row) -> str:
    return row.counts_from or ""


def measures_of(rows: Iterable[Row]) -> int:
    """How many measures the rows are of."""
    return len({row.measure for row in rows})


def written_day(text: str | None) -> date | None:
    """An ISO day as a date; None stays None."""
    return None if text is None else date.fromisoformat(text)
