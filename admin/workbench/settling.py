"""Settling a doubt: taken as it is read, read as typed, or its words made a condition. Pure: no database, no web."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, Literal

from admin.workbench.cells import (
    CELLS,
    Changing,
    Plain,
    carried,
    known_to,
    members_for,
    note_conditions,
    of_measure,
    printed_of,
    read,
    target_of,
)
from admin.workbench.kind import IMPORTS
from admin.workbench.lines import Line
from register.code_cell import parse_codes
from register.drafts.model import Content

How = Literal["as_read", "typed", "condition"]

HOWS: Final[tuple[How, ...]] = ("as_read", "typed", "condition")


class Unsettled(ValueError):
    """A doubt cannot be settled so; ``text`` says why, in Russian and English."""

    def __init__(self, ru: str, en: str) -> None:
        self.text = {"ru": ru, "en": en}
        super().__init__(en)


def settle(
    content: Content,
    doubts: Sequence[Plain],
    place: int,
    how: How,
    typed: str,
    by: Mapping[str, Any],
    change: Changing | None = None,
) -> tuple[Content, list[Plain]]:
    """Content and doubts after the doubt at ``place`` was settled; ``by`` says who and when.

    ``change`` says of what a draft on a measure of the Register is. Raises ``Unsettled`` for a doubt that is not
    there, for a typed text that cannot be read for certain either, and for a measure on imports alone (A4(1)), which
    only another reading settles.
    """
    if not 0 <= place < len(doubts):
        raise Unsettled("Такого сомнения в проекте нет.", "The draft has no such doubt.")
    doubt, content = doubts[place], copy.deepcopy(content)
    if doubt.get("settled"):
        return content, list(doubts)
    if how != "typed" and doubt.get("rule") == IMPORTS:
        raise Unsettled(
            "Мера только на ввоз в Реестр не включается.", "A measure on imports alone is not taken into the Register."
        )
    note: Plain = {**by, "how": how}
    if how == "typed":
        note["typed"] = typed
    changed = [{**one, "settled": note} if at == place else one for at, one in enumerate(doubts)]
    if how == "typed":
        _read_typed(content, changed, doubt, change)
    elif how == "condition" and of_measure(content):
        _make_condition(content, doubt)
    return content, changed


def _read_typed(content: Content, doubts: Sequence[Plain], doubt: Mapping[str, Any], change: Changing | None) -> None:
    """Read the cell again with what was typed in place of its stretches."""
    cell = next((one for one in CELLS if one == doubt.get("cell")), None)
    if cell is None:
        return
    text, places = _replaced(printed_of(content).get(cell) or "", doubts, cell)
    found = read(cell, text, known_to(content, change))
    for left in found.doubts:
        if any(left.start < max(last, first + 1) and first < max(left.end, left.start + 1) for first, last in places):
            raise Unsettled(
                f"Введенный текст однозначно не читается: {left.reason['ru']}",
                f"What was typed cannot be read for certain: {left.reason['en']}",
            )
    target = target_of(content)
    members = members_for(content, found)
    if "acts" in members:
        members["acts"] = carried("acts", members["acts"], target.get("acts"))
    target.update(members)
    if cell == "kind":
        note_conditions(target, printed_of(content).get(cell), found)


def _replaced(printed: str, doubts: Sequence[Plain], cell: str) -> tuple[str, list[tuple[int, int]]]:
    """A cell with what was typed in place of its doubts, and where it stands there."""
    settled = [one for one in doubts if one.get("cell") == cell and (one.get("settled") or {}).get("how") == "typed"]
    text, places = printed, list[tuple[int, int]]()
    for one in sorted(settled, key=lambda item: int(item["start"]), reverse=True):
        said = one["settled"]["typed"]
        text = text[: one["start"]] + said + text[one["end"] :]
        moved = len(said) - (one["end"] - one["start"])
        places = [(first + moved, last + moved) for first, last in places]
        places.append((one["start"], one["start"] + len(said)))
    return text, places


def _make_condition(content: Content, doubt: Mapping[str, Any]) -> None:
    """The words become a condition of the measure, and the codes that they stand at are meant in part only (P2)."""
    measure = content["measure"]
    words = " ".join(str(doubt.get("text") or "").split()).strip("()[] ")
    at = _line_before(measure, doubt) if doubt.get("cell") == "codes" else None
    if at is not None:
        at["partial"] = True
        code = " – ".join(str(at[name]) for name in ("code_from", "code_to") if at.get(name))
        words = f"{code}: {words}"
    conditions = [*(measure.get("conditions") or ())]
    if words and not any(isinstance(one, Mapping) and one.get("ru") == words for one in conditions):
        conditions.append({"ru": words})
    measure["conditions"] = conditions


def _line_before(measure: Mapping[str, Any], doubt: Mapping[str, Any]) -> Line | None:
    """The goods line that stands in the cell right before a doubt."""
    printed = (measure.get("printed") or {}).get("codes") or ""
    before = parse_codes(printed[: int(doubt.get("start") or 0)]).lines
    if not before:
        return None
    ends = before[-1].span.code_from, before[-1].span.code_to
    lines: Iterable[Line] = measure.get("goods") or ()
    return next((one for one in lines if (one["code_from"], one.get("code_to")) == ends), None)
