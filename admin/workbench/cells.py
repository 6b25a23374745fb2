"""The cells of a notification in a draft: read into lines, dates and acts, with what a person has to settle.

A cell stays in the record as it was printed. A doubt is settled by taking the reading as it stands, by typing what its
stretch has to say, or by making its words a condition. Pure: no database, no web.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple

from admin.workbench.lines import Line, numbered, renewed
from register.basis_cell import assign_roles, parse_basis
from register.code_cell import parse_codes
from register.doubts import Doubt
from register.drafts.model import Content
from register.intake.outcomes import of_doubt
from register.measures import STATES
from register.term_cell import parse_term

Cell = Literal["codes", "term", "basis"]
How = Literal["as_read", "typed", "condition"]
Plain = dict[str, Any]

CELLS: Final[tuple[Cell, ...]] = ("codes", "term", "basis")
HOWS: Final[tuple[How, ...]] = ("as_read", "typed", "condition")


class Piece(NamedTuple):
    """A stretch of a cell: plain text, or the text of the doubt at ``place`` of the draft's list."""

    text: str
    place: int | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """What a cell says: the members of the record that it gives, and its doubts."""

    members: dict[str, Any]
    doubts: tuple[Doubt, ...]


def read(cell: Cell, text: str, measure: Mapping[str, Any]) -> Reading:
    """Read a cell; ``measure`` gives the state, the term and the lines that were there before."""
    if cell == "codes":
        codes = parse_codes(text)
        return Reading({"goods": renewed(codes.lines, _lines(measure))}, codes.doubts)
    if cell == "term":
        term = parse_term(text)
        suspended = [{"from": _iso(first), "to": _iso(last)} for first, last in term.suspensions]
        days = {"effective_from": _iso(term.effective_from), "effective_to": _iso(term.effective_to)}
        return Reading({**days, "suspensions": suspended}, term.doubts)
    state = measure.get("state")
    basis = parse_basis(text, state if state in STATES else "")
    term_cell = (measure.get("printed") or {}).get("term")
    if term_cell:
        basis = assign_roles(basis, parse_term(term_cell))
    acts = [
        {
            "role": act.role or "introduces",
            "issuer": act.issuer or None,
            "type": act.type or None,
            "number": act.number,
            "date": _iso(act.date),
        }
        for act in basis.acts
    ]
    return Reading({"acts": acts}, basis.doubts)


def _lines(measure: Mapping[str, Any]) -> list[Line]:
    return [dict(line) for line in measure.get("goods") or () if isinstance(line, Mapping)]


def _iso(day: Any) -> str | None:
    return None if day is None else str(day.isoformat())


def take(
    content: Content, doubts: Sequence[Plain], cells: Mapping[Cell, str], base: Mapping[str, Any] | None = None
) -> tuple[Content, list[Plain]]:
    """Content and doubts after cells were pasted or changed: each is read anew, its doubts are open again.

    ``base`` is the measure as it was before; what a person typed beside the cells since then stays.
    """
    content, kept = copy.deepcopy(content), list(doubts)
    measure = content.setdefault("measure", {})
    for cell, text in cells.items():
        measure["printed"] = {**(measure.get("printed") or {}), cell: text or None}
        found = read(cell, text, measure) if text else Reading({}, ())
        measure.update({name: _beside(name, value, measure, base) for name, value in found.members.items()})
        fresh = [of_doubt(cell, doubt).public() for doubt in found.doubts]
        settled = {_key(doubt): doubt for doubt in kept if doubt.get("cell") == cell and doubt.get("settled")}
        kept = [doubt for doubt in kept if doubt.get("cell") != cell]
        # A word of the same kind that a person has settled before need not be settled twice.
        kept += [{**doubt, **_still(settled.get(_key(doubt)))} for doubt in fresh]
    return content, kept


def _beside(name: str, value: Any, measure: Mapping[str, Any], base: Mapping[str, Any] | None) -> Any:
    """What a cell gives for a field, with what was typed into it in the same form: a day typed is meant, rows add."""
    if base is None:
        return value
    typed, before = measure.get(name), base.get(name)
    if not isinstance(value, list):
        return typed if typed and typed != before else value
    known = [_bare(item) for item in (*(before or ()), *value)]
    own = [item for item in typed or () if _bare(item) not in known]
    return numbered([*value, *own]) if name == "goods" else [*value, *own]


def _bare(item: Mapping[str, Any]) -> dict[str, Any]:
    """An item of a list without what says nothing, to tell whether it is the same."""
    return {name: part for name, part in item.items() if part not in (None, [], False) and name != "line"}


def _key(doubt: Mapping[str, Any]) -> tuple[Any, ...]:
    return doubt.get("start"), doubt.get("text"), doubt.get("rule")


def _still(old: Mapping[str, Any] | None) -> Plain:
    # What was typed or made a condition was lost with the lines read anew; only «as read» still holds.
    if old is None or (old.get("settled") or {}).get("how") != "as_read":
        return {}
    return {"settled": old["settled"]}


class Unsettled(ValueError):
    """A doubt cannot be settled so; ``text`` says why, in Russian and English."""

    def __init__(self, ru: str, en: str) -> None:
        self.text = {"ru": ru, "en": en}
        super().__init__(en)


def settle(
    content: Content, doubts: Sequence[Plain], place: int, how: How, typed: str, by: Mapping[str, Any]
) -> tuple[Content, list[Plain]]:
    """Content and doubts after the doubt at ``place`` was settled; ``by`` says who and when.

    Raises ``Unsettled`` for a doubt that is not there, and for a typed text that cannot be read for certain either.
    """
    if not 0 <= place < len(doubts):
        raise Unsettled("Такого сомнения в проекте нет.", "The draft has no such doubt.")
    doubt, content = doubts[place], copy.deepcopy(content)
    if doubt.get("settled"):
        return content, list(doubts)
    note: Plain = {**by, "how": how}
    if how == "typed":
        note["typed"] = typed
    changed = [{**one, "settled": note} if at == place else one for at, one in enumerate(doubts)]
    if how == "typed":
        _read_typed(content, changed, doubt)
    elif how == "condition":
        _make_condition(content, doubt)
    return content, changed


def _read_typed(content: Content, doubts: Sequence[Plain], doubt: Mapping[str, Any]) -> None:
    """Read the cell again with what was typed in place of its stretches."""
    cell, measure = doubt.get("cell"), content.setdefault("measure", {})
    if cell not in ("codes", "term", "basis"):
        return
    printed = (measure.get("printed") or {}).get(cell) or ""
    settled = [one for one in doubts if one.get("cell") == cell and (one.get("settled") or {}).get("how") == "typed"]
    text, places = printed, list[tuple[int, int]]()
    for one in sorted(settled, key=lambda item: int(item["start"]), reverse=True):
        said = one["settled"]["typed"]
        text = text[: one["start"]] + said + text[one["end"] :]
        moved = len(said) - (one["end"] - one["start"])
        places = [(first + moved, last + moved) for first, last in places]
        places.append((one["start"], one["start"] + len(said)))
    found = read(cell, text, measure)
    for left in found.doubts:
        if any(left.start < max(last, first + 1) and first < max(left.end, left.start + 1) for first, last in places):
            raise Unsettled(
                f"Введенный текст однозначно не читается: {left.reason['ru']}",
                f"What was typed cannot be read for certain: {left.reason['en']}",
            )
    measure.update(found.members)


def _make_condition(content: Content, doubt: Mapping[str, Any]) -> None:
    """The words become a condition of the measure, and the codes that they stand at are meant in part only (P2)."""
    measure = content.setdefault("measure", {})
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


def pieces(text: str, doubts: Sequence[Mapping[str, Any]], cell: str) -> list[Piece]:
    """A cell cut where its doubts stand, settled ones too; a doubt of no width is an empty piece."""
    marked = [(place, one) for place, one in enumerate(doubts) if one.get("cell") == cell]
    found, at = list[Piece](), 0
    for place, one in sorted(marked, key=lambda item: (int(item[1].get("start") or 0), item[0])):
        start, end = int(one.get("start") or 0), int(one.get("end") or 0)
        if start < at or text[start:end] != one.get("text"):
            continue
        if text[at:start]:
            found.append(Piece(text[at:start]))
        found.append(Piece(text[start:end], place))
        at = end
    return [*found, Piece(text[at:])] if text[at:] else found


def take_change(
    content: Content, doubts: Sequence[Plain], cells: Mapping[Cell, str], state: str
) -> tuple[Content, list[Plain]]:
    """``take`` for an extension or an early end of a ``state``: the new last day and its acts; no cell is kept."""
    content, kept = copy.deepcopy(content), list(doubts)
    for cell, text in cells.items():
        if not text or cell == "codes":
            continue
        found = read(cell, text, {"state": state, "printed": {"term": cells.get("term")}})
        wanted = "acts" if cell == "basis" else "effective_to"
        content[wanted] = found.members.get(wanted) or content.get(wanted)
        kept = [one for one in kept if one.get("cell") != cell]
        kept += [of_doubt(cell, doubt).public() for doubt in found.doubts]
    return content, kept
