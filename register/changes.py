"""The new content of a measure that changes, made whole before it is checked and entered.

A person gives what was notified; dates of inclusion and the permission of point 24 come from the record. Pure: no
database, no web. Dates are days of the Commission's seat.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from register.codes import CodeSpan
from register.findings import Action
from register.measures import Act, Declaration, GoodsLine, Measure, Notified, Protocol


def proposed(before: Measure, content: Notified, action: Action, on: date) -> Notified:
    """``content`` as it would stand in the Register after ``action``: what a preview checks and what is published.

    A date of inclusion or a permission that is left out is that of ``before``. P37(1): in an amendment a goods line
    whose codes were not all under the measure is included ``on`` that day and has a window of its own; an extension,
    an early end and a correction open none.
    """
    opens = action == "amend"
    goods = [
        line.model_copy(update={"included_on": _included_on(before, line, on if opens else None)})
        for line in content.goods
    ]
    return content.model_copy(
        update={
            "goods": goods,
            "included_on": content.included_on or before.included_on,
            "declaration": before.declaration if content.declaration is None else content.declaration,
        }
    )


def extended(before: Measure, effective_to: date | None, acts: Sequence[Act]) -> Notified:
    """The content of an extension to a new last day (None: without end) by ``acts``."""
    return before.model_copy(update={"effective_to": effective_to, "acts": [*before.acts, *acts]})


def ended(before: Measure, effective_to: date, acts: Sequence[Act]) -> Notified:
    """The content of an early end: ``effective_to`` is the last day in force, ``acts`` end the measure."""
    return before.model_copy(update={"effective_to": effective_to, "acts": [*before.acts, *acts]})


def revoked(before: Measure, last_day: date, protocol: Protocol | None) -> Declaration:
    """What is left of the permission of P24 when it ends with ``last_day``.

    The days on which it held stay on record, with the protocol that gave it: a question about a past day must get the
    answer of that day. A permission that has not begun by then is gone, and the revoking protocol stands in its place.
    """
    held = before.declaration or Declaration()
    if held.from_ is not None and last_day < held.from_:
        return Declaration(permitted=False, protocol=protocol, consultation=held.consultation)
    return held.model_copy(update={"to": last_day})


def _included_on(before: Measure, line: GoodsLine, opened: date | None) -> date | None:
    """Since when the goods of a line count as included; ``opened`` is given where new goods open a window.

    None, in a record that has it, stands for the date of the whole measure.
    """
    same = [old for old in before.goods if old.line == line.line]
    kept = [old for old in (*same, *before.goods) if _codes(old) == _codes(line)]
    if not kept:
        kept = [old for old in before.goods if _contains(old, line) and _still_there(old, line, opened)]
        kept.sort(key=lambda old: old.included_on or before.included_on)
    if not kept and opened is not None:
        return opened
    first = next(iter(kept or same), None)
    return before.included_on if first is None else first.included_on


def _codes(line: GoodsLine) -> tuple[CodeSpan, tuple[CodeSpan, ...]]:
    return line.span, tuple(sorted(exclusion.span for exclusion in line.excluded))


def _still_there(old: GoodsLine, line: GoodsLine, opened: date | None) -> bool:
    """Whether the goods of ``old`` were still under the measure, so that ``line`` adds nothing."""
    return opened is None or old.valid_to is None or old.valid_to >= opened or old.valid_to == line.valid_to


def _contains(old: GoodsLine, new: GoodsLine) -> bool:
    """Whether every code of ``new`` was under ``old`` already, as surely as it is now.

    Narrower codes are no new goods: a window for them would give back the declaration where it had ended.
    """
    if not _within(new.span, old.span) or (old.partial and not new.partial):
        return False
    return all(
        not _overlap(taken.span, new.span)
        or any(_within(taken.span, still.span) and (taken.partial or not still.partial) for still in new.excluded)
        for taken in old.excluded
    )


def _bounds(span: CodeSpan) -> tuple[str, str]:
    return span.code_from.ljust(10, "0"), span.last.ljust(10, "9")


def _within(inner: CodeSpan, outer: CodeSpan) -> bool:
    (first, last), (begin, end) = _bounds(inner), _bounds(outer)
    return begin <= first and last <= end


def _overlap(one: CodeSpan, other: CodeSpan) -> bool:
    (first, last), (begin, end) = _bounds(one), _bounds(other)
    return first <= end and begin <= last
