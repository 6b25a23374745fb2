"""Other measures on the goods of a draft, and consultations under way that it touches. Pure: no database, no web."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from register.facts import Line, Version, iso
from register.index import Register
from register.permitted import declaration_of, version_faults, waiting_decisions

MOST_SHOWN: Final = 200
"""How many overlapping lines are listed; how many there are in all is said beside them."""
_OPEN: Final = ("consultation.initiated", "consultation.scheduled")


def overlaps(register: Register, candidate: Version) -> dict[str, Any]:
    """Goods lines of other measures that share codes and days with the candidate's, in the order of its lines.

    ``same_state`` marks what may be the same measure notified twice. Exclusions are left to the reader.
    """
    found: dict[tuple[str, int, int], dict[str, Any]] = {}
    for line in candidate.lines:
        for other in _sharing(register, line):
            if other.version.id != candidate.id:
                found.setdefault((other.version.id, other.number, line.number), _shown(line, other, candidate.state))
    items = list(found.values())
    return {"items": items[:MOST_SHOWN], "total": len(items), "complete": len(items) <= MOST_SHOWN}


def _sharing(register: Register, line: Line) -> Iterator[Line]:
    last = line.code_to or line.code_from
    shared = next((place for place, (a, b) in enumerate(zip(line.code_from, last, strict=True)) if a != b), len(last))
    for other, _ in register.matches(line.code_from[:shared], None, line.start):
        if other.start <= line.end and _meet(line, other):
            yield other


def _meet(one: Line, other: Line) -> bool:
    (first, last), (begin, end) = _bounds(one.code_from, one.code_to), _bounds(other.code_from, other.code_to)
    return first <= end and begin <= last


def _bounds(code_from: str, code_to: str | None) -> tuple[str, str]:
    return code_from.ljust(10, "0"), (code_to or code_from).ljust(10, "9")


def _shown(line: Line, other: Line, state: str) -> dict[str, Any]:
    version = other.version
    return {
        "line": line.number,
        "id": version.id,
        "state": version.state,
        "kind": version.kind,
        "other_line": other.number,
        "code_from": other.code_from,
        "code_to": other.code_to,
        "partial": other.partial,
        "effective_from": iso(version.effective_from),
        "effective_to": iso(version.effective_to),
        "same_state": version.state == state,
    }


def open_consultations(register: Register, candidate: Version) -> list[dict[str, Any]]:
    """Consultations of P24 that are not concluded and are about this measure or about goods of the same codes."""
    found = []
    for identifier, entries in register.consultations().items():
        newest = register.entry(entries[-1])
        record = newest["after"]
        if newest["type"] in _OPEN and isinstance(record, dict):
            spans = list(_spans(record))
            about = record.get("measure") == candidate.id
            if about or any(_touches(line, span) for line in candidate.lines for span in spans):
                found.append({"id": identifier, "state": record.get("state"), "title": record.get("title")})
    return found


def _spans(record: Mapping[str, Any]) -> Iterator[tuple[str, str | None]]:
    """The codes of the similar goods that a consultation is about."""
    for goods in record.get("goods") or ():
        if isinstance(goods, Mapping) and isinstance(goods.get("code_from"), str):
            yield goods["code_from"], goods.get("code_to")


def _touches(line: Line, span: tuple[str, str | None]) -> bool:
    (first, last), (begin, end) = _bounds(line.code_from, line.code_to), _bounds(*span)
    return first <= end and begin <= last


def waiting_permissions(register: Register, candidate: Version) -> list[dict[str, Any]]:
    """Decisions of P24 that wait for a measure like this one: same state, every goods line covered, days in common.

    ``declaration`` is what the measure bears when the decision is put on it.
    """
    return [
        {
            "id": record["id"],
            "state": record["state"],
            "title": record["title"],
            "permission": record["permission"],
            "protocol": record["protocol"],
            "declaration": declaration_of(record),
        }
        for record in waiting_decisions(register)
        if record["state"] == candidate.state and not version_faults(record, candidate)
    ]
