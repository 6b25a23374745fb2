"""Notified measures from JSON, in the shape of "A measure" of the public contract.

What the Register assigns or computes is left out or ignored; an ``id`` such as KG-2026-021 is a wish for its year and
number. Pure: no database.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NoReturn

from pydantic import ValidationError

from register.intake.candidates import IncludedOn
from register.intake.outcomes import FORMAT, Candidate, Ready, Reason, Refused, Wish, of_finding, reason
from register.measures import COMPUTED_FIELDS, MEASURE_ID, Notified
from register.shape import findings_from_validation
from register.sheets import SheetError, decode, read_bytes

_IGNORED: Final = frozenset((*COMPUTED_FIELDS, "matches"))


@dataclass(frozen=True, slots=True)
class JsonRow:
    """An item of the list: its place, the first is 1, and what stands there."""

    number: int
    item: Any


def read_json(path: Path) -> Iterator[JsonRow]:
    """The items of a JSON list of measures, or of the ``items`` of a list as the API gives it.

    Raises ``SheetError`` for a file that is no such list, ``OSError`` for one that is not there.
    """
    try:
        data = json.loads(decode(read_bytes(path)), object_pairs_hook=_unique, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        if isinstance(error, SheetError):
            raise
        raise SheetError(f"Файл не является JSON: {error}", f"The file is no JSON: {error}") from error
    if isinstance(data, dict):
        data = data.get("items")
    if not isinstance(data, list):
        raise SheetError("В файле JSON должен быть список мер", "The JSON file must hold a list of measures")
    for number, item in enumerate(data, start=1):
        yield JsonRow(number, item)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"'{next(name for name in names if names.count(name) > 1)}' stands twice in one object")
    return members


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")


def json_candidate(row: JsonRow, included_on: IncludedOn) -> Candidate:
    """What an item comes to: ready, or refused with a pointer to each fault. Never an exception.

    A given ``declaration`` and ``included_on`` are kept; ``included_on`` of the call serves where none is given.
    """
    before = f"/{row.number - 1}"
    if not isinstance(row.item, dict):
        return Refused((reason(before, FORMAT, "нужен объект меры", "an object of a measure is needed"),))
    wished, faulty = _wish(row.item, before)
    try:
        notified = Notified.model_validate({k: v for k, v in row.item.items() if k not in _IGNORED})
    except ValidationError as error:
        return Refused((*faulty, *map(of_finding, findings_from_validation(error, before))), wished)
    if faulty:
        return Refused(faulty, wished)
    if notified.included_on is None:
        day = notified.effective_from if included_on == "effective" else included_on
        notified = notified.model_copy(update={"included_on": day})
    return Ready(notified, wished)


def _wish(item: dict[str, Any], before: str) -> tuple[Wish | None, tuple[Reason, ...]]:
    given = item.get("id")
    if given is None:
        return None, ()
    match = MEASURE_ID.fullmatch(given) if isinstance(given, str) else None
    if match is None or match[1] != item.get("state", match[1]) or int(match[3]) < 1:
        ru = "идентификатор пишется как KG-2026-021: государство меры, год, номер"
        en = "an id is written KG-2026-021: the measure's state, the year, the number"
        return None, (reason(f"{before}/id", FORMAT, ru, en, str(given)[:100]),)
    return Wish(int(match[2]), int(match[3])), ()
