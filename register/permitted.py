"""Decisions of P24 and the measures that they stand on: from the Register in memory, at any date of knowledge.

A consultation writes its own entries; that its permission has been entered is told by the measures that name it
(``declaration.consultation``), so it is computed on reading. Pure: no database, no web; a reading does no SQL.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, Final
from weakref import WeakKeyDictionary

import msgspec

from register.codes import CodeSpan
from register.coverage import Reach, recorded, uncovered
from register.entries import ANNOUNCEMENTS, canonical
from register.facts import FOREVER, Version, ordinal
from register.index import Register
from register.measures import Declaration, Notified

PERMITTED: Final = "consensus_permitted"
ENTERED: Final = "entered_in_register"
REVOKED: Final = "revoked"
_NAMED: Final = b'"declaration":{"consultation":"'
"""How a body that names a consultation looks; its members are sorted."""


class _Declared(msgspec.Struct):
    consultation: str | None = None
    permitted: bool = False


class _Record(msgspec.Struct):
    declaration: _Declared | None = None


class _Entry(msgspec.Struct):
    after: _Record | None = None


class _After(msgspec.Struct):
    after: msgspec.Raw


_decode_entry: Final = msgspec.json.Decoder(_Entry).decode
_decode_after: Final = msgspec.json.Decoder(_After).decode


class _Declarations:
    """Which versions of which measures stand on which consultation; each entry is looked at once."""

    def __init__(self) -> None:
        self._seen = 0
        self._by_consultation: dict[str, dict[str, set[int]]] = {}

    def of(self, register: Register, consultation: str) -> Mapping[str, set[int]]:
        """The entries, by measure, whose version is permitted by the consultation."""
        for seq in range(self._seen + 1, register.seq + 1):
            body = register.body(seq)
            if _NAMED in body:
                self._take(register, seq, body)
        self._seen = register.seq
        return self._by_consultation.get(consultation, {})

    def _take(self, register: Register, seq: int, body: bytes) -> None:
        facts = register.facts(seq)
        after = None if facts.type in ANNOUNCEMENTS else _decode_entry(body).after
        declared = None if after is None else after.declaration
        if declared is not None and declared.permitted and declared.consultation:
            self._by_consultation.setdefault(declared.consultation, {}).setdefault(facts.subject, set()).add(seq)


_known: WeakKeyDictionary[Register, _Declarations] = WeakKeyDictionary()


def entered(register: Register, consultation: str, known_at: int | None = None) -> dict[str, Any] | None:
    """The measure on which the permission of a consultation stood at entry ``known_at``, and the entry that put it
    there: ``{"measure", "seq"}``; of several the first, None where it stood on none."""
    return next(iter(every_place(register, consultation, known_at)), None)


def every_place(register: Register, consultation: str, known_at: int | None = None) -> list[dict[str, Any]]:
    """Every measure on which the permission of a consultation stood at an entry, in the order of their entries."""
    declarations = _known.get(register)
    if declarations is None:
        declarations = _known[register] = _Declarations()
    found: list[tuple[int, str]] = []
    for measure, entries in declarations.of(register, consultation).items():
        version = register.version(measure, known_at)
        if version is None or version.seq not in entries:
            continue
        first = version.seq
        for earlier in reversed([one.seq for one in register.history(measure) if one.seq < version.seq]):
            if earlier not in entries:
                break
            first = earlier
        found.append((first, measure))
    return [{"measure": measure, "seq": seq} for seq, measure in sorted(found)]


def consultation_bytes(register: Register, known_at: int) -> list[tuple[str, bytes]]:
    """The public part of every consultation as it was known, by its identifier, oldest first."""
    found = []
    for identifier in register.consultations():
        body = one_consultation(register, identifier, known_at)
        if body is not None:
            found.append((identifier, body))
    return found


def one_consultation(register: Register, identifier: str, known_at: int) -> bytes | None:
    """The public part of one consultation as it was known; None where it was not."""
    known = [seq for seq in register.consultations().get(identifier, ()) if seq <= known_at]
    if not known:
        return None
    raw = bytes(_decode_after(register.body(known[-1])).after)
    if b'"status":"consensus_permitted"' not in raw and b'"status":"revoked"' not in raw:
        return raw
    place = entered(register, identifier, known_at)
    if place is None:
        return raw
    record: dict[str, Any] = msgspec.json.decode(raw)
    status = ENTERED if record["status"] == PERMITTED else record["status"]
    return canonical({**record, "status": status, "entered": place})


def record_of(register: Register, identifier: str, known_at: int | None = None) -> dict[str, Any] | None:
    """The same, decoded."""
    body = one_consultation(register, identifier, register.seq if known_at is None else known_at)
    return None if body is None else msgspec.json.decode(body)


def waiting_decisions(register: Register) -> list[dict[str, Any]]:
    """The public records of the consultations whose permission stands on no measure yet, oldest first."""
    found = []
    for identifier in register.consultations():
        record = record_of(register, identifier)
        if record is not None and record.get("status") == PERMITTED and record.get("permission"):
            found.append(record)
    return found


# Whether a decision may be put on a measure


Fault = tuple[str, str, str]
"""What is in the way: in Russian, in English, and the field of the measure."""


def version_faults(record: Mapping[str, Any], version: Version) -> list[Fault]:
    """What keeps the permission of a consultation from a measure of the index; empty where it may be put on it."""
    goods = [
        Reach(line.number, CodeSpan(line.code_from, line.code_to, line.partial), line.excluded)
        for line in version.lines
    ]
    last = None if version.effective_to >= FOREVER else date.fromordinal(version.effective_to)
    return _faults(record, version.state, goods, date.fromordinal(version.effective_from), last)


def content_faults(record: Mapping[str, Any], content: Notified) -> list[Fault]:
    """The same of a measure that is to be entered, with the declaration that it bears."""
    goods = [Reach(line.line, line.span, tuple(one.span for one in line.excluded)) for line in content.goods]
    found = _faults(record, content.state, goods, content.effective_from, content.effective_to)
    if content.declaration is not None and record.get("permission"):
        found += _days(record["permission"], content.declaration)
    return found


def declaration_of(record: Mapping[str, Any]) -> dict[str, Any]:
    """What a measure bears when the permission of a consultation is put on it."""
    permission = record["permission"]
    return {
        "permitted": True,
        "from": permission["from"],
        "to": permission["to"],
        "protocol": record["protocol"],
        "consultation": record["id"],
    }


def _faults(
    record: Mapping[str, Any], state: str, goods: Sequence[Reach], start: date, end: date | None
) -> list[Fault]:
    permission = record.get("permission")
    if not permission or record.get("status") not in (PERMITTED, ENTERED):
        return [
            (
                f"Консультации {record['id']}: действующего решения о возможности использования декларации нет",
                f"{record['id']} has no standing decision that a declaration may be used",
                "/declaration/consultation",
            )
        ]
    found: list[Fault] = []
    if record.get("state") != state:
        found.append(
            (
                f"Решение консультаций {record['id']} относится к мере другого государства",
                f"The decision of {record['id']} is about a measure of another state",
                "/state",
            )
        )
    left = uncovered(map(recorded, permission["goods"]), goods)
    if left:
        found.append(_left_out(record, left))
    first, last = ordinal(permission["from"]), ordinal(permission["to"]) if permission["to"] else FOREVER
    if last < start.toordinal() or (end is not None and end.toordinal() < first):
        found.append(
            (
                f"Период решения консультаций {record['id']} не пересекается со сроком действия меры",
                f"The days of the decision of {record['id']} do not meet the term of the measure",
                "/declaration/from",
            )
        )
    return found


def _left_out(record: Mapping[str, Any], lines: Iterable[int]) -> Fault:
    listed = ", ".join(map(str, lines))
    return (
        f"Решение консультаций {record['id']} охватывает не все товары меры; не охвачены строки: {listed}",
        f"The decision of {record['id']} does not cover all goods of the measure; not covered are lines {listed}",
        "/goods",
    )


def _days(permission: Mapping[str, Any], declaration: Declaration) -> list[Fault]:
    """A declaration within the days of the decision."""
    first, last = permission["from"], permission["to"]
    start, end = declaration.from_, declaration.to
    early = start is None or start.isoformat() < first
    late = last is not None and (end is None or end.isoformat() > last)
    if not early and not late:
        return []
    return [
        (
            "Период использования декларации выходит за пределы решения консультаций",
            "The declaration may be used on days that the decision of the consultation does not give",
            "/declaration/from" if early else "/declaration/to",
        )
    ]
