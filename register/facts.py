"""What the index holds of a measure: the few facts that an answer needs, small and ready to compare.

A measure's whole record stays in the bytes of its entry; these are its dates, codes and the permission, per version
and per goods line. Dates are proleptic ordinals (``date.toordinal``), because comparing integers is what a question
does most. ``FOREVER`` stands for an open end. Pure: no database, no web.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import lru_cache
from typing import Final, NamedTuple

import msgspec

from register.codes import EXACT, PARTIAL, CodeSpan, Match
from register.measures import WINDOW_DAYS

FOREVER: Final = date.max.toordinal()
NOT_SUPERSEDED: Final = 2**62
EXPORT_DUTY: Final = "export_duty"


class SpanRecord(msgspec.Struct):
    """A span of codes in the public record."""

    code_from: str
    code_to: str | None = None
    partial: bool = False


class GoodsRecord(SpanRecord, kw_only=True):
    """A goods line in the public record."""

    line: int
    excluded: list[SpanRecord] = []
    valid_from: str | None = None
    valid_to: str | None = None
    included_on: str | None = None


class PeriodRecord(msgspec.Struct):
    """A suspension in the public record."""

    from_: str | None = msgspec.field(name="from", default=None)
    to: str | None = None


class DeclarationRecord(PeriodRecord, kw_only=True):
    """The permission of P24 in the public record."""

    permitted: bool = False


class ActRecord(msgspec.Struct):
    """An act in the public record; only its role matters to the index."""

    role: str


class MeasureRecord(msgspec.Struct):
    """The members of a public record that the index reads; the rest is skipped unread."""

    id: str
    state: str
    kind: str
    destination: str
    effective_from: str
    included_on: str
    version: int
    goods: list[GoodsRecord]
    effective_to: str | None = None
    transport: list[str] | None = None
    suspensions: list[PeriodRecord] = []
    declaration: DeclarationRecord | None = None
    acts: list[ActRecord] = []


class _Ordinals(dict[str, int]):
    """Ordinals by ISO date, so that equal days share one int. A plain dict: to keep the order of use costs a replay
    more than reading a few days anew."""

    def __missing__(self, day: str) -> int:
        if len(self) >= _DAYS_KEPT:
            self.clear()
        found = self[day] = date.fromisoformat(day).toordinal()
        return found


_DAYS_KEPT: Final = 65_536
ordinal: Final[Callable[[str], int]] = _Ordinals().__getitem__
"""The ordinal of an ISO date. Raises ``ValueError`` for anything else."""


def iso(day: int) -> str | None:
    """The ISO date of an ordinal; None for ``FOREVER``."""
    return None if day >= FOREVER else date.fromordinal(day).isoformat()


def _from(day: str | None) -> int:
    return 0 if day is None else ordinal(day)


def _to(day: str | None) -> int:
    return FOREVER if day is None else ordinal(day)


@lru_cache(maxsize=4096)
def _transport(modes: tuple[str, ...]) -> frozenset[str]:
    return frozenset(modes)


_NOTHING: Final[tuple[CodeSpan, ...]] = ()
_intern: Final = dict[str, str]().setdefault
"""One object for equal codes and kinds: a hundred thousand measures share a few thousand of them."""


class Version:
    """One version of a measure, known from entry ``seq`` until entry ``superseded`` (exclusive)."""

    __slots__ = (
        "effective_from",
        "effective_to",
        "even",
        "id",
        "included_on",
        "kind",
        "lines",
        "number",
        "permitted_from",
        "permitted_to",
        "reaches_exports",
        "seq",
        "start",
        "state",
        "superseded",
        "suspensions",
        "terminated",
        "transport",
    )

    def __init__(self, record: MeasureRecord, seq: int) -> None:
        self.id = record.id
        self.state = _intern(record.state, record.state)
        self.kind = kind = _intern(record.kind, record.kind)
        self.number = record.version
        self.seq = seq
        self.superseded: int = NOT_SUPERSEDED
        self.effective_from = effective = ordinal(record.effective_from)
        self.effective_to = FOREVER if record.effective_to is None else ordinal(record.effective_to)
        self.included_on = included = ordinal(record.included_on)
        self.start = effective if effective > included else included
        # Nothing but its days decides whether the measure counts, and it counts alike on each of them.
        self.even = kind != EXPORT_DUTY
        self.suspensions: tuple[tuple[int, int], ...] = ()
        if record.suspensions:
            self.suspensions = tuple((_from(period.from_), _to(period.to)) for period in record.suspensions)
            self.even = False
        self.reaches_exports = record.destination != "member_states"
        self.transport = None if record.transport is None else _transport(tuple(record.transport))
        if self.transport is not None or not self.reaches_exports:
            self.even = False
        self.terminated = False
        for act in record.acts:
            if act.role == "terminates":
                self.terminated = True
        # No permission is the empty period FOREVER..0, so that a question needs one comparison, not two.
        self.permitted_from, self.permitted_to = FOREVER, 0
        permission = record.declaration
        if permission is not None and permission.permitted:
            self.permitted_from, self.permitted_to = _from(permission.from_), _to(permission.to)
            self.even = False
        self.lines: tuple[Line, ...] = tuple([Line(self, goods) for goods in record.goods])

    def known_at(self, seq: int) -> bool:
        """Whether this is the version that the journal up to ``seq`` gives."""
        return self.seq <= seq < self.superseded

    def suspended(self, on: int) -> bool:
        """Whether ``on`` is a day of a suspension."""
        return any(start <= on <= end for start, end in self.suspensions)

    def permitted(self, on: int) -> bool:
        """P24: whether a decision in the Register lets an origin declaration serve on ``on``."""
        return self.permitted_from <= on <= self.permitted_to

    def status(self, on: int) -> str:
        """How the measure stands on a day; the same answer as ``Notified.status``."""
        if on > self.effective_to:
            return "terminated" if self.terminated else "expired"
        if on < self.effective_from:
            return "upcoming"
        return "suspended" if self.suspended(on) else "in_force"


class LineMatch(NamedTuple):
    """A goods line that concerns a code: ``exact`` covers it whole, ``partial`` perhaps or in part."""

    line: Line
    match: Match


_line_match: Final = tuple.__new__
"""Makes a ``LineMatch`` without the call of Python that its class makes: a replay makes one for every line."""


class Line:
    """One goods line of one version. It counts in an answer from ``start`` to ``end``, both included.

    ``start`` is the later of inclusion and effect, of the measure and of the line: the day from which P37(1) counts
    too. ``end`` is the earlier end of line and measure.
    """

    __slots__ = (
        "code_from",
        "code_to",
        "covering",
        "end",
        "even",
        "excluded",
        "number",
        "partial",
        "plain",
        "start",
        "version",
    )

    def __init__(self, version: Version, goods: GoodsRecord) -> None:
        self.version = version
        self.number = goods.line
        self.code_from = _intern(goods.code_from, goods.code_from)
        self.code_to = None if goods.code_to is None else _intern(goods.code_to, goods.code_to)
        self.partial = partial = goods.partial
        self.covering = _line_match(LineMatch, (self, PARTIAL if partial else EXACT))
        self.excluded: tuple[CodeSpan, ...] = _NOTHING
        if goods.excluded:
            self.excluded = tuple(CodeSpan(item.code_from, item.code_to, item.partial) for item in goods.excluded)
        self.plain = goods.code_to is None and not goods.excluded
        start, end = version.start, version.effective_to
        if goods.valid_from is not None:
            start = max(start, ordinal(goods.valid_from))
        if goods.included_on is not None:
            start = max(start, ordinal(goods.included_on))
        if goods.valid_to is not None:
            end = min(end, ordinal(goods.valid_to))
        self.start = start
        self.end = end
        self.even = version.even and start <= end

    def counts(self, on: int) -> bool:
        """Whether the line takes part in an answer on ``on``: in force, in the Register by then, not suspended."""
        return self.start <= on <= self.end and not (self.version.suspensions and self.version.suspended(on))

    @property
    def window_until(self) -> int:
        """P37(1): the last of the 15 days after inclusion or effect, whichever is later."""
        return self.start + WINDOW_DAYS
