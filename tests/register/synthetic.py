"""Registers for tests and measurements: built from records given, or from as many made-up measures as wanted.

Everything is deterministic: the same arguments give the same journal.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from register import harmonized
from register.entries import Entry, EntryType, header
from register.index import Register
from register.measures import KINDS, STATES, from_public

BEGINNING = datetime(2024, 1, 9, 9, tzinfo=UTC)


def record(id_: str, code: str = "7204100000", **given: Any) -> dict[str, Any]:
    """The public record of a measure: in force and in the Register from 1 August 2026, with no end.

    A code with a star before it is partial. ``goods`` may be given as whole goods lines instead.
    """
    partial = code.startswith("*")
    data: dict[str, Any] = {
        "id": id_,
        "version": 1,
        "seq": 1,
        "state": id_[:2],
        "kind": "export_prohibition",
        "title": {"ru": "Запрет вывоза", "en": None},
        "goods": [{"line": 1, "code_from": code.lstrip("*"), "partial": partial}],
        "destination": "third_countries",
        "effective_from": "2026-08-01",
        "included_on": "2026-08-01",
    }
    return data | given


def build(records: Iterable[Mapping[str, Any]], apart: timedelta = timedelta(hours=1)) -> Register:
    """A Register with one entry per record, in order; a record of a known measure is an amendment of it."""
    register = Register()
    append(register, records, apart)
    return register


def append(register: Register, records: Iterable[Mapping[str, Any]], apart: timedelta = timedelta(hours=1)) -> None:
    """Enter the records after what the Register holds, one entry each, ``apart`` in time."""
    versions: dict[str, int] = {}
    for given in records:
        seq = register.seq + 1
        version = versions.get(given["id"])
        if version is None:
            known = register.version(given["id"])
            version = 0 if known is None else known.number
        versions[given["id"]] = version + 1
        measure = from_public({**given, "version": version + 1, "seq": seq})
        at = BEGINNING + seq * apart
        type_: EntryType = "measure.amended" if version else "measure.included"
        after = measure.public(at.date())
        entry = Entry(seq, at, type_, measure.id, "legal_change", after["title"], None, after, [], "A4(4)")
        body = entry.body()
        register.apply(header(seq, at, type_, measure.id, body), body)


def spread(count: int, seed: int = 17, codes: Sequence[str] = ()) -> Iterator[dict[str, Any]]:
    """``count`` measures over the subheadings of the Harmonized System, of about six months between 2024 and 2027."""
    choose = random.Random(seed)
    codes = codes or [sub for chapter in harmonized.chapters() for head in harmonized.children(chapter)
                      for sub in harmonized.children(head)]  # fmt: skip
    numbers: dict[tuple[str, int], int] = {}
    for _ in range(count):
        state = choose.choice(STATES)
        begins = date(2024, 1, 1) + timedelta(days=choose.randrange(4 * 365))
        number = numbers[state, begins.year] = numbers.get((state, begins.year), 0) + 1
        goods = [
            {"line": line, "code_from": _code(choose, codes), "partial": choose.random() < 0.2}
            for line in range(1, choose.randint(1, 3) + 1)
        ]
        extra: dict[str, Any] = {}
        if choose.random() < 0.1:
            extra["declaration"] = {"permitted": True, "from": begins.isoformat(), "to": None}
        if choose.random() < 0.1:
            extra["transport"] = choose.sample(["road", "rail", "sea", "air"], 2)
        yield record(
            f"{state}-{begins.year}-{number:03d}",
            kind=choose.choice(KINDS),
            goods=goods,
            effective_from=begins.isoformat(),
            effective_to=(begins + timedelta(days=choose.randint(60, 220))).isoformat(),
            included_on=(begins + timedelta(days=choose.randint(-20, 10))).isoformat(),
            **extra,
        )


def _code(choose: random.Random, codes: Sequence[str]) -> str:
    """Mostly ten digits, sometimes a subheading or a heading, as acts have it."""
    code, kind = choose.choice(codes), choose.random()
    if kind < 0.01:
        return code[:4]
    if kind < 0.1:
        return code
    return code + choose.choice(("0000", "1000", "9000", "1009"))
