"""A day's goods lines as the rules see them: summed up in a `Tally`, or one by one in a `Case`.

A question is made ready once, as a `Consignment`; then each day needs no more than a few additions. Pure: no database,
no web. Days are proleptic ordinals.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from register.facts import FOREVER, Line, Version
from register.index import LineMatch
from register.measures import STATES, WINDOW_DAYS

EXPORT_DUTY: Final = "export_duty"


class Consignment:
    """The goods asked about, and every goods line that may concern them: what stays the same from day to day.

    ``lines`` are those whose measure reaches exports by the transport asked and that end on ``day``, the day asked,
    or later; ``counted`` those of them that count on it. ``duties_until`` is the last day of the transition of A11(1),
    ``FOREVER`` while its end is not set.
    """

    __slots__ = (
        "certificate",
        "code",
        "compliance",
        "counted",
        "day",
        "duties_until",
        "lines",
        "origin",
        "third_country",
        "transport",
        "value",
    )

    def __init__(
        self,
        matches: Sequence[LineMatch],
        day: int,
        *,
        code: str,
        origin: str | None = None,
        value: Decimal | None = None,
        certificate: bool = False,
        compliance: frozenset[str] = frozenset(),
        transport: str | None = None,
        duties_until: int = FOREVER,
    ) -> None:
        self.day = day
        self.code = code
        self.origin = origin
        self.third_country = origin is not None and origin not in STATES
        self.value = value
        self.certificate = certificate
        self.compliance = compliance
        self.transport = transport
        self.duties_until = duties_until
        lines: list[LineMatch] = []
        counted: list[LineMatch] = []
        for found in matches:
            line = found[0]
            if line.end < day:
                continue
            version = line.version
            if version.reaches_exports and (
                transport is None or version.transport is None or transport in version.transport
            ):
                lines.append(found)
                if line.start <= day and line.counts(day):
                    counted.append(found)
        if len(counted) > 1:
            # By measure and line, so that a mirror that took the entries in another rhythm says the same.
            counted.sort(key=_by_measure)
        self.lines = lines
        self.counted = counted

    def confirmed(self, version: Version) -> bool:
        """Whether compliance with the measure is confirmed, by its state or by its id."""
        return version.state in self.compliance or version.id in self.compliance


class Tally:
    """The goods lines that count on one day, summed up: all that the rules ask.

    ``counted`` are all lines; ``live`` those that A11(1) does not set aside. Of the live ones ``states`` counts by
    state, ``duties`` the export duties and ``unconfirmed`` those without confirmed compliance; ``foreign`` are those of
    a state other than the origin claimed, ``unpermitted`` and ``past_window`` the foreign ones to which P24 and P37(1)
    do not extend.
    """

    __slots__ = (
        "consignment",
        "counted",
        "day",
        "duties",
        "foreign",
        "live",
        "past_window",
        "states",
        "unconfirmed",
        "unpermitted",
    )

    def __init__(self, consignment: Consignment, day: int, lines: Sequence[LineMatch] = ()) -> None:
        self.consignment = consignment
        self.day = day
        self.counted = self.live = self.duties = self.unconfirmed = 0
        self.foreign = self.unpermitted = self.past_window = 0
        self.states: dict[str, int] = {}
        for found in lines:
            self.add(found.line, day, 1)

    def add(self, line: Line, day: int, times: int) -> None:
        """Add the line as it stands on ``day``, or with ``times`` -1 take it out; nothing when it does not count."""
        # Line.counts, Version.permitted and Consignment.confirmed are written out: nothing is asked more often.
        version = line.version
        if not line.start <= day <= line.end or (version.suspensions and version.suspended(day)):
            return
        consignment = self.consignment
        self.counted += times
        if version.kind == EXPORT_DUTY:
            if day <= consignment.duties_until:
                return
            self.duties += times
        self.live += times
        state = version.state
        states = self.states
        states[state] = states.get(state, 0) + times
        if not states[state]:
            del states[state]
        compliance = consignment.compliance
        if not compliance or (state not in compliance and version.id not in compliance):
            self.unconfirmed += times
        if state != consignment.origin:
            self.foreign += times
            if not version.permitted_from <= day <= version.permitted_to:
                self.unpermitted += times
            if day > line.start + WINDOW_DAYS:
                self.past_window += times


class Case:
    """The day asked with its goods lines, for what an answer shows. A measure with several lines is one measure."""

    __slots__ = ("consignment", "counted", "day", "foreign", "foreign_ids", "live", "own", "set_aside", "states")

    def __init__(self, consignment: Consignment) -> None:
        self.consignment = consignment
        self.day = day = consignment.day
        self.counted = consignment.counted
        transition, origin = day <= consignment.duties_until, consignment.origin
        self.live: list[Line] = []
        self.set_aside: list[Line] = []
        for found in self.counted:
            line = found.line
            (self.set_aside if transition and line.version.kind == EXPORT_DUTY else self.live).append(line)
        self.foreign = self.live if origin is None else [line for line in self.live if line.version.state != origin]
        self.foreign_ids = ids(self.foreign)
        self.own = [] if origin is None else [line for line in self.live if line.version.state == origin]
        self.states = list(dict.fromkeys(line.version.state for line in self.live))

    def confirmed(self, lines: Sequence[Line], answer: bool = True) -> list[Line]:
        """Those of ``lines`` with whose measure compliance is, or is not, confirmed."""
        return [line for line in lines if self.consignment.confirmed(line.version) is answer]

    def permitted(self, answer: bool = True) -> list[Line]:
        """The lines of other states to whose measure a decision under P24 does, or does not, extend."""
        return [line for line in self.foreign if line.version.permitted(self.day) is answer]

    def windows(self, open_: bool = True) -> dict[str, int]:
        """P37(1): measures of other states with the last of their 15 days, still running or over.

        Goods on several lines of one measure are in all of its windows at once, so the one that ends first decides.
        """
        found: dict[str, int] = {}
        for line in self.foreign:
            until, id_ = line.start + WINDOW_DAYS, line.version.id
            if (self.day <= until) is open_:
                found[id_] = min(until, found.get(id_, until))
        return found


def _by_measure(found: LineMatch) -> tuple[str, int]:
    return found.line.version.id, found.line.number


def ids(lines: Sequence[Line]) -> list[str]:
    """The measures of the lines, each once."""
    if len(lines) == 1:
        return [lines[0].version.id]
    return list(dict.fromkeys([line.version.id for line in lines]))
