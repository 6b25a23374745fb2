"""The answer through time: the same question asked for every day of about a year before and after, as one strip.

The days between two changes are not asked one by one: an answer says until when it holds and what follows.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from register.index import Register
from register.proof import Question, answer

REACH: Final = timedelta(days=365)
MOST_STEPS: Final = 60
"""Changes that the strip looks at; beyond them it ends early and says so."""


@dataclass(frozen=True, slots=True)
class Segment:
    """Days, both included, on which the proof is the same. ``start`` and ``width`` are percent of the strip."""

    first: date
    last: date
    proof: str
    rule: str
    start: float
    width: float
    asked: bool


@dataclass(frozen=True, slots=True)
class Strip:
    """The segments in order; ``at`` is the place of the day asked in percent, ``whole`` false when it ends early."""

    first: date
    last: date
    at: float
    segments: tuple[Segment, ...]
    whole: bool


def strip(register: Register, question: Question, duties_until: date | None) -> Strip:
    """The strip of a question on what the Register says as of its ``known_at``."""
    first, last = _reach(question.date)
    found: list[tuple[date, str, str]] = []
    on: date | None = first
    while on is not None and on <= last and len(found) < MOST_STEPS:
        given = answer(register, question.model_copy(update={"date": on}), duties_until)
        found.append((on, given.proof, given.grounds[0].rule))
        on = date.fromisoformat(given.next.from_) if given.next else None
    whole = on is None or on > last
    if not whole and on is not None:
        last = max(on - timedelta(days=1), question.date)
    days = (last - first).days + 1
    segments = []
    for place, (start, proof, rule) in enumerate(found):
        end = found[place + 1][0] - timedelta(days=1) if place + 1 < len(found) else last
        left, width = 100 * (start - first).days / days, 100 * ((end - start).days + 1) / days
        asked = start <= question.date <= end
        segments.append(Segment(start, end, proof, rule, round(left, 3), round(width, 3), asked))
    at = 100 * ((question.date - first).days + 0.5) / days
    return Strip(first, last, round(at, 3), tuple(segments), whole)


def _reach(on: date) -> tuple[date, date]:
    first = on - REACH if on - date.min > REACH else date.min
    last = on + REACH if date.max - on > REACH else date.max
    return first, last
