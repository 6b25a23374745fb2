"""A slow, literal reading of the points of the law over plain records, day by day, to hold `register.proof` against.

Written from the text of the Rules, without a look at how the package does it: no sums, no events, every reading of the
partial lines tried one by one. Shares with it only the matching of codes, which has tests of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from itertools import combinations
from typing import Any

from register.codes import CodeSpan, match

UNION = ("AM", "BY", "KZ", "KG", "RU")
FIFTEEN_DAYS = timedelta(days=15)


@dataclass(frozen=True)
class Asked:
    """The question, plainly."""

    code: str
    day: date
    origin: str | None = None
    value: Decimal | None = None
    certificate: bool = False
    compliance: frozenset[str] = frozenset()
    transport: str | None = None
    transition_until: date | None = None


@dataclass(frozen=True)
class Covered:
    """A goods line of a measure that concerns the code asked."""

    measure: Mapping[str, Any]
    line: Mapping[str, Any]
    match: str

    @property
    def id(self) -> str:
        return str(self.measure["id"])

    @property
    def state(self) -> str:
        return str(self.measure["state"])


@dataclass
class Reading:
    """What follows for one day."""

    proof: str
    rule: str
    grounds: list[str] = field(default_factory=list)


def concerned(records: Sequence[Mapping[str, Any]], asked: Asked) -> list[Covered]:
    """Every goods line that concerns the code, whatever the day; of each measure the last version given."""
    latest = {record["id"]: record for record in records}
    found = []
    for id_ in sorted(latest):
        record = latest[id_]
        for line in sorted(record["goods"], key=lambda item: item["line"]):
            excluded = [
                CodeSpan(e["code_from"], e.get("code_to"), e.get("partial", False)) for e in line.get("excluded", [])
            ]
            how = match(line["code_from"], line.get("code_to"), line.get("partial", False), excluded, asked.code)
            if how:
                found.append(Covered(record, line, how))
    return found


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def included(covered: Covered) -> date:
    """When the line was included in the Register: with its measure, or later."""
    of_measure, of_line = _day(covered.measure["included_on"]), _day(covered.line.get("included_on"))
    assert of_measure is not None
    return max(of_measure, of_line) if of_line else of_measure


def took_effect(covered: Covered) -> date:
    """When the line took effect: with its measure, or later."""
    of_measure, of_line = _day(covered.measure["effective_from"]), _day(covered.line.get("valid_from"))
    assert of_measure is not None
    return max(of_measure, of_line) if of_line else of_measure


def counts(covered: Covered, day: date, transport: str | None) -> bool:
    """Whether the line is in force on the day, in the Register by then, and reaches such exports."""
    measure = covered.measure
    if measure["destination"] == "member_states":
        return False
    if transport is not None and measure.get("transport") is not None and transport not in measure["transport"]:
        return False
    if day < included(covered) or day < took_effect(covered):
        return False
    for last in (_day(measure.get("effective_to")), _day(covered.line.get("valid_to"))):
        if last is not None and day > last:
            return False
    for pause in measure.get("suspensions", []):
        last = _day(pause.get("to"))
        if date.fromisoformat(pause["from"]) <= day and (last is None or day <= last):
            return False
    return True


def permitted(covered: Covered, day: date) -> bool:
    """P24: the Register says that a declaration may be used."""
    permission = covered.measure.get("declaration")
    if not permission or not permission["permitted"]:
        return False
    first, last = _day(permission.get("from")), _day(permission.get("to"))
    return (first is None or first <= day) and (last is None or day <= last)


def within_fifteen_days(covered: Covered, day: date) -> bool:
    """P37(1)."""
    return day - max(included(covered), took_effect(covered)) <= FIFTEEN_DAYS


def small(value: Decimal | None, day: date) -> bool:
    """P37(2)."""
    if value is None:
        return False
    if day >= date(2030, 1, 1):
        return value <= 3000
    if day >= date(2029, 1, 1):
        return value <= 5000
    return value <= 10000


def complied(covered: Covered, asked: Asked) -> bool:
    """Whether compliance with the measure is confirmed."""
    return bool({covered.id, covered.state} & asked.compliance)


def dormant(covered: Covered, asked: Asked, day: date) -> bool:
    """A11(1): an export duty while the transition lasts."""
    lasts = asked.transition_until is None or day <= asked.transition_until
    return covered.measure["kind"] == "export_duty" and lasts


def read(lines: Sequence[Covered], asked: Asked, day: date) -> Reading:
    """The points in the order of the law, for lines that count on the day."""
    if not lines:
        return Reading("none", "A4(1)", ["A4(1)"])
    if asked.origin is not None and asked.origin not in UNION:
        return Reading("outside_rules", "P17", ["P17"])
    live = [line for line in lines if not dormant(line, asked, day)]
    if not live:
        return Reading("none", "A11(1)", ["A11(1)"])
    aside = ["A11(1)"] if len(live) < len(lines) else []
    states = {line.state for line in live}
    foreign = [line for line in live if line.state != asked.origin]
    if len(states) == 1 and all(complied(line, asked) for line in live):
        return Reading("none", "P25", ["P25", *aside])
    if not foreign:
        return Reading("none", "P2", ["P2", *aside])
    extra = aside + (["P2"] if len(foreign) < len(live) else [])
    allowed = []
    if len(states) > 1 and any(complied(line, asked) for line in live):
        allowed.append("P36")
    if all(permitted(line, day) for line in foreign):
        allowed.append("P24")
    if all(within_fifteen_days(line, day) for line in foreign):
        allowed.append("P37(1)")
    if small(asked.value, day):
        allowed.append("P37(2)")
    if asked.certificate:
        allowed.append("P37(3)")
    if allowed:
        return Reading("origin_declaration", allowed[0], allowed + extra)
    return Reading("special_certificate", "P26", ["P26", *extra])


def on(covered: Sequence[Covered], asked: Asked, day: date) -> list[Covered]:
    """The lines that count on the day."""
    return [line for line in covered if counts(line, day, asked.transport)]


def readings(lines: Sequence[Covered], asked: Asked, day: date) -> Iterator[str]:
    """The proof for every way in which the description may fit some of the partial lines and not others."""
    exact = [line for line in lines if line.match == "exact"]
    partial = [line for line in lines if line.match == "partial"]
    for size in range(len(partial) + 1):
        for some in combinations(partial, size):
            yield read([*exact, *some], asked, day).proof


def certainty(lines: Sequence[Covered], asked: Asked, day: date) -> str:
    """Whether the codes alone settle the proof; where only partial lines match they do not."""
    if lines and not any(line.match == "exact" for line in lines):
        return "description"
    return "certain" if len(set(readings(lines, asked, day))) == 1 else "description"


def required(lines: Sequence[Covered], asked: Asked, day: date) -> list[str]:
    """Measures of the state of origin itself with which compliance is not confirmed."""
    own = [line for line in lines if line.state == asked.origin and not dormant(line, asked, day)]
    return sorted({line.id for line in own if not complied(line, asked)})


def change(covered: Sequence[Covered], asked: Asked, horizon: date) -> tuple[date, Reading] | None:
    """The first later day, not after the horizon, with another proof."""
    proof = read(on(covered, asked, asked.day), asked, asked.day).proof
    day = asked.day + timedelta(days=1)
    while day <= horizon:
        then = read(on(covered, asked, day), asked, day)
        if then.proof != proof:
            return day, then
        day += timedelta(days=1)
    return None
