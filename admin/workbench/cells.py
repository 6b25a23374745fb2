"""The cells of a notification in a draft: read into lines, dates and acts, with what a person has to settle.

A cell stays as it was printed: in the record of a measure, or beside an extension or early end, whose record has no
place for it. ``admin.workbench.settling`` settles the doubts. Pure: no database, no web.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple

from admin.workbench.kind import read_kind
from admin.workbench.lines import Line, numbered, renewed
from register.basis_cell import assign_roles, parse_basis
from register.code_cell import parse_codes
from register.doubts import Doubt
from register.drafts.model import Content, Draft
from register.intake.outcomes import of_doubt
from register.measures import STATES
from register.term_cell import parse_term

Cell = Literal["kind", "codes", "term", "basis"]
Plain = dict[str, Any]

CELLS: Final[tuple[Cell, ...]] = ("kind", "codes", "term", "basis")
OF_CHANGE: Final[tuple[Cell, ...]] = ("term", "basis")
"""The cells that an extension or an early end has: the new last day, and the acts that say so."""
ROLES: Final[Mapping[str, str]] = {"extend": "extends", "terminate": "terminates"}
"""What the acts of a change do."""
_OF_CHANGE: Final = frozenset(("effective_to", "acts"))
_ROWS: Final = frozenset(("goods", "acts", "suspensions"))
_STATE_WORDS: Final = {"армени": "AM", "беларус": "BY", "казахстан": "KZ", "кыргыз": "KG", "российской федерации": "RU"}


class Piece(NamedTuple):
    """A stretch of a cell: plain text, or the text of the doubt at ``place`` of the draft's list."""

    text: str
    place: int | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """What a cell says: the members of the record that it gives, its doubts, and conditions it adds."""

    members: dict[str, Any]
    doubts: tuple[Doubt, ...]
    conditions: tuple[dict[str, str], ...] = ()


NOTHING: Final = Reading({}, ())


def of_measure(content: Mapping[str, Any]) -> bool:
    """Whether a content holds the record of a measure, not only a change of one."""
    return isinstance(content.get("measure"), dict)


def target_of(content: Content) -> dict[str, Any]:
    """Where the cells of a content are read into: the record, or the change itself."""
    found: dict[str, Any] = content["measure"] if of_measure(content) else content
    return found


def printed_of(content: Mapping[str, Any]) -> dict[str, Any]:
    """The cells of a draft as they were pasted."""
    found = content["measure"].get("printed") if of_measure(content) else content.get("cells")
    return dict(found) if isinstance(found, Mapping) else {}


def read(cell: Cell, text: str, measure: Mapping[str, Any]) -> Reading:
    """Read a cell; ``measure`` gives the state, the term and the lines that were there before."""
    if cell == "kind":
        return Reading(*read_kind(text))
    if cell == "codes":
        codes = parse_codes(text)
        return Reading({"goods": renewed(codes.lines, _lines(measure))}, codes.doubts)
    if cell == "term":
        term = parse_term(text)
        suspended = [{"from": _iso(first), "to": _iso(last)} for first, last in term.suspensions]
        days = {"effective_from": _iso(term.effective_from), "effective_to": _iso(term.effective_to)}
        return Reading({**days, "suspensions": suspended}, term.doubts)
    return _read_basis(text, measure)


def _read_basis(text: str, measure: Mapping[str, Any]) -> Reading:
    state = measure.get("state")
    members: dict[str, Any] = {}
    if not state and (named := state_named(text)):
        # Nobody has chosen a state yet, and the act is of one member state alone.
        state = members["state"] = named
    basis = parse_basis(text, state if state in STATES else "")
    term_cell = (measure.get("printed") or {}).get("term")
    if term_cell:
        basis = assign_roles(basis, parse_term(term_cell))
    members["acts"] = [
        {
            "role": measure.get("role") or act.role or "introduces",
            "issuer": act.issuer or None,
            "type": act.type or None,
            "number": act.number,
            "date": _iso(act.date),
        }
        for act in basis.acts
    ]
    return Reading(members, basis.doubts)


def state_named(text: str) -> str | None:
    """The one member state that a text names; None where it names none or several."""
    words = " ".join(text.casefold().split())
    found = {state for stem, state in _STATE_WORDS.items() if stem in words}
    return found.pop() if len(found) == 1 else None


def _lines(measure: Mapping[str, Any]) -> list[Line]:
    return [dict(line) for line in measure.get("goods") or () if isinstance(line, Mapping)]


def _iso(day: Any) -> str | None:
    return None if day is None else str(day.isoformat())


@dataclass(frozen=True, slots=True)
class Changing:
    """What a draft changes: the member state of its measure, and what its acts do to it where that is one thing."""

    state: str
    role: str | None = None


def changing(draft: Draft) -> Changing | None:
    """What a draft changes; None for a new measure."""
    return Changing(draft.measure[:2], ROLES.get(draft.kind)) if draft.measure else None


def known_to(content: Content, change: Changing | None) -> Mapping[str, Any]:
    """What a cell is read with: the record, or what is known of a change and its cells."""
    if of_measure(content) or change is None:
        return target_of(content)
    return {"state": change.state, "role": change.role, "printed": printed_of(content)}


def members_for(content: Content, found: Reading) -> dict[str, Any]:
    """What a reading gives to the record, or to a change; of a term in doubt a change takes no day."""
    if of_measure(content):
        return dict(found.members)
    taken = {name: value for name, value in found.members.items() if name in _OF_CHANGE}
    return {name: value for name, value in taken.items() if value or not found.doubts}


def take(
    content: Content,
    doubts: Sequence[Plain],
    cells: Mapping[Cell, str],
    base: Mapping[str, Any] | None = None,
    change: Changing | None = None,
) -> tuple[Content, list[Plain]]:
    """Content and doubts after cells were pasted or changed: each is read anew, its doubts are open again.

    ``base`` is the measure, or the change, as it was before; what a person typed beside the cells since then stays.
    ``change`` says of what a draft on a measure of the Register is.
    """
    content, kept = copy.deepcopy(content), list(doubts)
    target = target_of(content)
    for cell, text in cells.items():
        before = printed_of(content).get(cell)
        target["printed" if of_measure(content) else "cells"] = {**printed_of(content), cell: text or None}
        found = read(cell, text, known_to(content, change)) if text else NOTHING
        members = members_for(content, found)
        target.update({name: _beside(name, value, target, base) for name, value in members.items()})
        if cell == "kind":
            note_conditions(target, before, found)
        fresh = [of_doubt(cell, doubt).public() for doubt in found.doubts]
        settled = {_key(doubt): doubt for doubt in kept if doubt.get("cell") == cell and doubt.get("settled")}
        kept = [doubt for doubt in kept if doubt.get("cell") != cell]
        # A word of the same kind that a person has settled before need not be settled twice.
        kept += [{**doubt, **_still(settled.get(_key(doubt)))} for doubt in fresh]
    return content, kept


def note_conditions(target: dict[str, Any], before: str | None, found: Reading) -> None:
    """The conditions that a kind cell adds, in place of those that it added as it stood before."""
    old = read_kind(before).conditions if before else ()
    kept = [one for one in target.get("conditions") or () if one not in old]
    if old or found.conditions:
        target["conditions"] = [*kept, *(dict(one) for one in found.conditions if one not in kept)]


def _beside(name: str, value: Any, target: Mapping[str, Any], base: Mapping[str, Any] | None) -> Any:
    """What a cell gives for a field, with what was typed into it in the same form: a day typed is meant, rows add."""
    if base is None:
        return value
    typed, before = target.get(name), base.get(name)
    if name not in _ROWS:
        return typed if typed and typed != before else value
    rows = carried(name, value, typed)
    known = [_bare(item) for item in (*(before or ()), *value)]
    numbers = {item.get("number") for item in rows} if name == "acts" else set()
    own = [item for item in typed or () if _bare(item) not in known and item.get("number") not in numbers]
    return numbered([*rows, *own]) if name == "goods" else [*rows, *own]


def carried(name: str, rows: Sequence[Plain], old: Sequence[Plain] | None) -> list[Plain]:
    """Rows as read anew; an act that was there before keeps its title and address, which no cell gives."""
    if name != "acts":
        return list(rows)
    known = {(act.get("number"), act.get("date")): act for act in old or () if isinstance(act, Mapping)}
    found = []
    for act in rows:
        same = known.get((act.get("number"), act.get("date")), {})
        found.append({**act, **{part: same[part] for part in ("title", "url") if same.get(part)}})
    return found


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
