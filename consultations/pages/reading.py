"""The public records of consultations from the Register in memory: selected by the address, never by SQL."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from consultations.searching import concerns_code
from register.index import Register
from register.lists import patterns
from register.permitted import consultation_bytes, one_consultation
from register.words import CONSULTATION_STATUS_NAMES

Record = dict[str, Any]

STATUSES: Final = tuple(name for name in CONSULTATION_STATUS_NAMES if name != "in_progress")
"""What the public part may say; how far the positions are is the parties' own."""
SORTS: Final = ("id", "state", "initiated_on", "meeting", "status")
SORT_CHOICES: Final = tuple(sign + name for name in SORTS for sign in ("-", ""))
DEFAULT_SORT: Final = "-id"
_EMPTY: Final[Mapping[str, Any]] = {
    **dict.fromkeys(
        ("state", "initiator", "kind", "title", "planned", "measure", "initiated_on", "meeting", "outcome")
    ),
    **dict.fromkeys(("concluded_on", "protocol", "permission", "withdrawn_on", "revocation", "entered", "seq")),
    "burdened": [],
    "goods": [],
    "status": "initiated",
    "version": 1,
}
_decode: Final = msgspec.json.Decoder(dict[str, Any]).decode


@dataclass(frozen=True, slots=True)
class Selection:
    """What a list asks for; an empty set asks for everything. ``code`` is as ``register.codes.normalise`` gives it."""

    states: frozenset[str] = frozenset()
    statuses: frozenset[str] = frozenset()
    code: str | None = None
    words: str | None = None
    sort: str = DEFAULT_SORT


def records(register: Register, known_at: int | None = None) -> list[Record]:
    """Every consultation as it was known, oldest first, with every member that a page asks for (P24)."""
    seq = register.seq if known_at is None else known_at
    return [_whole(identifier, body) for identifier, body in consultation_bytes(register, seq)]


def record(register: Register, identifier: str, known_at: int | None = None) -> Record | None:
    """One consultation; None for one that was not there."""
    body = one_consultation(register, identifier, register.seq if known_at is None else known_at)
    return None if body is None else _whole(identifier, body)


def _whole(identifier: str, body: bytes) -> Record:
    return whole({**_decode(body), "id": identifier})


def whole(given: Mapping[str, Any]) -> Record:
    """A record with every member that a page asks for."""
    return {**_EMPTY, **given}


def select(found: Iterable[Record], selection: Selection) -> list[Record]:
    """The records that are asked for, in the order asked; equals in the order of their numbers."""
    words = patterns(selection.words or "")
    chosen = [
        one
        for one in found
        if (not selection.states or not selection.states.isdisjoint((one["state"], one["initiator"])))
        and (not selection.statuses or one["status"] in selection.statuses)
        and (selection.code is None or concerns_code(one, selection.code))
        and (not selection.words or (words and _says(one, words)))
    ]
    chosen.sort(key=_number)
    name = selection.sort.removeprefix("-")
    chosen.sort(key=lambda one: _key(one, name), reverse=selection.sort.startswith("-"))
    return chosen


def _number(one: Record) -> tuple[str, int, str]:
    """C-2026-10 comes after C-2026-9."""
    parts = str(one["id"]).split("-")
    last = parts[-1]
    return "-".join(parts[:-1]), int(last) if last.isdecimal() else 0, last


def _key(one: Record, name: str) -> Any:
    if name == "id":
        return _number(one)
    if name == "meeting":
        return (one["meeting"] or {}).get("date") or ""
    if name == "status":
        return STATUSES.index(one["status"]) if one["status"] in STATUSES else len(STATUSES)
    return one[name] or ""


def _says(one: Mapping[str, Any], words: tuple[str, ...]) -> bool:
    texts: list[str | None] = [str(one["id"]), str(one["measure"] or ""), *_texts(one["title"])]
    for line in one["goods"]:
        texts += [line["code_from"], line.get("code_to"), *_texts(line.get("description"))]
    said = " " + " ".join("".join(c if c.isalnum() else " " for c in text.lower()) for text in texts if text)
    return all(word in said.replace("ё", "е") for word in words)


def _texts(text: Any) -> list[str | None]:
    return [text.get("ru"), text.get("en")] if isinstance(text, Mapping) else []
