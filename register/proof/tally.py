"""A day's goods lines as the rules see them: summed up in a `Tally`, or one by one in a `Case`.

A question is made ready once, as a `Consignment`; then each day needs no more than a few additions. Pure: no database,
no web. Days are proleptic ordinals.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import Final

from register.code_index import Concerned
from register.facts import EXPORT_DUTY, FOREVER, Line, Version
from register.index import LineMatch
from register.measures import STATES, WINDOW_DAYS
from register.proof.question import Question
from register.proof.texts import Said, listed

_NO_LINES: Final[list[Line]] = []
by_measure: Final = attrgetter("line.version.id", "line.number")


class Consignment:
    """The goods asked about, and every goods line that may concern them: what stays the same from day to day.

    ``concerned`` are the lines that concern its code on ``day``, the day asked, or later. ``counted`` are those that
    count on the day. ``duties_until`` is the last day of the transition of A11(1), ``FOREVER`` while its end is not
    set.
    """

    __slots__ = (
        "certificate",
        "code",
        "compliance",
        "concerned",
        "counted",
        "day",
        "duties_until",
        "origin",
        "third_country",
        "transport",
        "value",
    )

    def __init__(self, concerned: Concerned, question: Question, duties_until: int = FOREVER) -> None:
        self.concerned = concerned
        self.day = concerned.day
        self.code = question.code
        self.origin = question.origin
        self.third_country = question.origin is not None and question.origin not in STATES
        self.value = question.value_eur
        self.certificate = question.sanitary_certificate
        self.compliance = question.compliance
        self.transport = question.transport
        self.duties_until = duties_until
        counted = concerned.begun
        if not concerned.even:
            counted = [
                one for one in counted if _reaches(one.line.version, self.transport) and one.line.counts(self.day)
            ]
        # By measure and line, so that a mirror that took the entries in another rhythm says the same.
        counted.sort(key=by_measure)
        self.counted = counted

    @property
    def lines(self) -> list[LineMatch]:
        """The lines that concern the code on the day asked or later, and reach exports by the transport asked."""
        lines = self.concerned.lines
        return lines if self.concerned.even else [one for one in lines if _reaches(one.line.version, self.transport)]

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


class Case(Consignment):
    """The day asked with its goods lines, for what an answer shows. A measure with several lines is one measure.

    ``live`` are the lines that A11(1) does not set aside and ``states`` their states, each once; ``foreign`` and
    ``own`` are those of them of other states than the origin claimed and of that state. What ends in ``_shown`` names
    measures as a sentence does: ``unconfirmed`` those of the live lines with which compliance is not confirmed,
    ``unpermitted`` those of the foreign ones to which no decision under P24 extends.
    """

    __slots__ = (
        "foreign",
        "foreign_ids",
        "foreign_shown",
        "live",
        "live_shown",
        "own",
        "set_aside",
        "states",
        "unconfirmed_shown",
        "unpermitted_shown",
    )

    def __init__(self, concerned: Concerned, question: Question, duties_until: int = FOREVER) -> None:
        super().__init__(concerned, question, duties_until)
        self.live = self.foreign = [found.line for found in self.counted]
        self.set_aside = self.own = _NO_LINES
        if self.day <= duties_until:
            self.set_aside = [line for line in self.live if line.version.kind == EXPORT_DUTY]
            self.live = [line for line in self.live if line.version.kind != EXPORT_DUTY]
        self.own = [line for line in self.live if line.version.state == self.origin]
        self.foreign = [line for line in self.live if line.version.state != self.origin]
        self.states = list(dict.fromkeys([line.version.state for line in self.live]))
        self.foreign_ids = ids(self.foreign)
        self._show(listed(self.foreign_ids))
        if self.own:
            self.live_shown = self.unconfirmed_shown = listed(ids(self.live))
        if self.compliance:
            self.unconfirmed_shown = listed(ids(self.by_compliance(self.live, False)))
        unpermitted = [line for line in self.foreign if not line.version.permitted(self.day)]
        if len(unpermitted) < len(self.foreign):
            self.unpermitted_shown = listed(ids(unpermitted))

    def _show(self, shown: Said) -> None:
        self.foreign_shown = self.live_shown = self.unconfirmed_shown = self.unpermitted_shown = shown

    def by_compliance(self, lines: Sequence[Line], confirmed: bool) -> list[Line]:
        """Those of ``lines`` with whose measure compliance is, or is not, confirmed."""
        return [line for line in lines if self.confirmed(line.version) is confirmed]

    def windows(self, open_: bool = True) -> dict[str, int]:
        """P37(1): measures of other states with the last of their 15 days, still running or over."""
        return windows([line for line in self.foreign if (self.day <= line.window_until) is open_])


def _reaches(version: Version, transport: str | None) -> bool:
    """Whether the measure reaches exports out of the Union by the transport asked, None being any."""
    if not version.reaches_exports:
        return False
    return transport is None or version.transport is None or transport in version.transport


def windows(lines: Iterable[Line]) -> dict[str, int]:
    """P37(1): the measures of the lines with the last of their 15 days.

    Goods on several lines of one measure are in all of its windows at once, so the one that ends first decides.
    """
    found: dict[str, int] = {}
    for line in lines:
        until, id_ = line.window_until, line.version.id
        found[id_] = min(until, found.get(id_, until))
    return found


def ids(lines: Sequence[Line]) -> list[str]:
    """The measures of the lines, each once."""
    if len(lines) == 1:
        return [lines[0].version.id]
    return list(dict.fromkeys([line.version.id for line in lines]))
