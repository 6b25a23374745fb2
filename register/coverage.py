"""Whether some goods lie wholly within others, told by their codes: what a permission of P24 has to do for a measure.

The codes of ten digits are numbers, goods lines intervals of them. A partial line («из») means a part of its codes that
only the description tells, so it covers nothing but a partial line of its own span, and whatever is taken out of the
covering goods counts as not covered. Pure: no database, no web.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from register.codes import CodeSpan

Interval = tuple[int, int]


class _Spanned(Protocol):
    @property
    def span(self) -> CodeSpan: ...


class _Line(_Spanned, Protocol):
    @property
    def line(self) -> int: ...

    @property
    def excluded(self) -> Sequence[_Spanned]: ...


class Reach(NamedTuple):
    """The codes of a goods line and what is taken out of them."""

    line: int
    span: CodeSpan
    excluded: tuple[CodeSpan, ...]


def reach(line: _Line) -> Reach:
    """A goods line of a measure or of a consultation."""
    return Reach(line.line, line.span, tuple(one.span for one in line.excluded))


def recorded(line: Mapping[str, Any]) -> Reach:
    """A goods line of a public record."""
    return Reach(line["line"], _span(line), tuple(_span(one) for one in line["excluded"]))


def uncovered(covering: Iterable[Reach], goods: Iterable[Reach]) -> list[int]:
    """The numbers of the lines of ``goods`` that do not lie wholly within ``covering``, in their order."""
    covering = list(covering)
    plain = _plain(covering)
    return [line.line for line in goods if not _covered(line, covering, plain)]


def _covered(line: Reach, covering: Sequence[Reach], plain: Sequence[Interval]) -> bool:
    if line.span.partial and any(one.span == line.span and set(one.excluded) <= set(line.excluded) for one in covering):
        return True
    # What both take out in the same words is no part of either.
    shared = {one for other in covering for one in other.excluded if one.partial}
    taken = [_interval(one) for one in line.excluded if not one.partial or one in shared]
    allowed = [*plain, *(_interval(one) for one in line.excluded if one.partial and one in shared)]
    return not _without(_without([_interval(line.span)], taken), allowed)


def _plain(covering: Iterable[Reach]) -> list[Interval]:
    """The intervals that are covered for certain."""
    found: list[Interval] = []
    for line in covering:
        if not line.span.partial:
            found += _without([_interval(line.span)], [_interval(one) for one in line.excluded])
    return found


def _without(intervals: Sequence[Interval], taken: Iterable[Interval]) -> list[Interval]:
    """What is left of ``intervals`` when ``taken`` is cut out of them."""
    left = list(intervals)
    for first, last in taken:
        left = [
            piece
            for begin, end in left
            for piece in ((begin, min(end, first - 1)), (max(begin, last + 1), end))
            if piece[0] <= piece[1]
        ]
    return left


def _interval(span: CodeSpan) -> Interval:
    return int(span.code_from.ljust(10, "0")), int(span.last.ljust(10, "9"))


def _span(record: Mapping[str, Any]) -> CodeSpan:
    return CodeSpan(record["code_from"], record["code_to"], record["partial"])
