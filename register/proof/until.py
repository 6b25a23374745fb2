"""Until when an answer holds, and what follows: the first later day with another proof.

Most questions give nothing but code and day. Of these the days of the goods lines alone decide, by three rules; they
are answered here without adding up a day's lines. A property test holds both ways against each other. Pure: no
database, no web. Days are proleptic ordinals.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import Final

from register.facts import EXPORT_DUTY, FOREVER, Line, Version
from register.index import LineMatch
from register.measures import WINDOW_DAYS
from register.proof.limits import LIMITS
from register.proof.points import A4_1, P24, P25, P26, P36, P37_1, P37_2, P37_3, decide
from register.proof.rule import Rule, WhyNot
from register.proof.tally import Consignment, PlainCase, Tally

Change = tuple[int, type[Rule]]
"""A day, and the rule that decides from it on."""

_PAST_WINDOW: Final = WINDOW_DAYS + 1
_NUMBER_BITS: Final = 24
_NO_LINE: Final = (1 << _NUMBER_BITS) - 1


def first_change(consignment: Consignment, tally: Tally, rule: type[Rule]) -> Change | None:
    """The first later day with another proof than that of ``rule``. May use the tally up.

    A line stands the same way on all days between two of its events, so that taking it out as of the day before and
    adding it as of the day keeps the sums right at the cost of the lines that change.
    """
    lines, proof = consignment.lines, rule.proof
    after = _settled_until(consignment, lines) if rule is P26 else consignment.day
    if after >= FOREVER:
        return None
    if after > consignment.day:
        tally = Tally(consignment, after, lines)
    add = tally.add
    events = _events(consignment, lines, after)
    last = len(events) - 1
    before = -1
    for place, event in enumerate(events):
        day, number = event >> _NUMBER_BITS, event & _NO_LINE
        # A line that has two events on one day is still to be moved once.
        if event != before and number != _NO_LINE:
            line = lines[number].line
            add(line, day - 1, -1)
            add(line, day, 1)
        before = event
        if place == last or events[place + 1] >> _NUMBER_BITS != day:
            tally.day = day
            follows = decide(tally)
            if follows.proof != proof:
                return day, follows
    return None


def plain_rule(lines: Sequence[Line], day: int) -> type[Rule]:
    """The rule that decides for these lines, which count on the day, where days alone do (`PlainCase`)."""
    day -= WINDOW_DAYS
    for line in lines:
        if line.start < day:
            return P26
    return P37_1 if lines else A4_1


def plain_conditions(case: PlainCase, rule: type[Rule]) -> Sequence[WhyNot]:
    """What says why the conditions that would have allowed less there do not hold."""
    several = len(case.states) > 1
    if rule is P26:
        return _SEVERAL_STATES if several else _ONE_STATE
    return _IN_WINDOW if rule is P37_1 and not several else ()


# Looked up once: to look them up in their classes takes an answer longer than to ask them.
_IN_WINDOW: Final = (P25.why_not,)
_ONE_STATE: Final = (P25.why_not, P24.why_not, P37_1.why_not, P37_2.why_not, P37_3.why_not)
_SEVERAL_STATES: Final = (P36.why_not, *_ONE_STATE[1:])


def plain_change(case: PlainCase, rule: type[Rule]) -> Change | None:
    """``first_change`` there.

    From its sixteenth day on every line asks for a special certificate. On other days of lines P37(1) holds, since it
    holds for each that is there; on days of no line nothing is asked.
    """
    day, starts, ends = case.day, case.concerned.starts, case.concerned.ends
    if rule is A4_1:
        # None has begun.
        first = min(starts, default=FOREVER)
        return None if first >= FOREVER else (first, P37_1)
    if rule is P26:
        begun = day - WINDOW_DAYS
        for line in case.live:
            if line.start < begun and line.end > day:
                day = line.end
        over, first = _run_end(starts, ends, day, _PAST_WINDOW)
        return None if over > FOREVER else (over, P37_1 if first <= over else A4_1)
    over, _ = _run_end(starts, ends, day)
    windows = [start + WINDOW_DAYS for start, end in zip(starts, ends, strict=True) if start + WINDOW_DAYS < end]
    closed = 1 + min([until for until in windows if until >= day], default=FOREVER)
    if closed < over:
        return closed, P26
    return None if over > FOREVER else (over, A4_1)


def _run_end(starts: Sequence[int], ends: Sequence[int], day: int, after: int = 0) -> tuple[int, int]:
    """The first day that no span reaches of those that follow on one another without a gap, from one on that reaches
    ``day``; and the first day of all that do not end before it, ``FOREVER`` if there are none.

    A span begins ``after`` days after its first day, and is none if it has no such day. They come in the order of
    their ends.
    """
    while True:
        place = bisect_right(ends, day)
        day += 1
        left = starts[place:]
        first = min(left, default=FOREVER)
        if not left or first > day - after:
            return day, first
        day = max([end for start, end in zip(left, ends[place:], strict=True) if start <= day - after])


def _settled_until(consignment: Consignment, lines: Sequence[LineMatch]) -> int:
    """A day through which a special certificate is sure to be needed, found without asking the rules day by day.

    Where no compliance is confirmed, one line of another state to which neither P24 nor P37(1) extends is enough for
    it: P37(2) and P37(3) do not hold on the day asked, its limits only fall, and nothing else can lighten the proof.
    So it is needed as long as one such line follows on another.
    """
    if consignment.compliance:
        return consignment.day
    spans = []
    for line, _ in lines:
        version = line.version
        lasting = not version.permitted_to and not version.suspensions and version.kind != EXPORT_DUTY
        if lasting and version.state != consignment.origin:
            spans.append((line.end, line.start))
    spans.sort()
    over, _ = _run_end([start for _, start in spans], [end for end, _ in spans], consignment.day, _PAST_WINDOW)
    return over - 1


def _events(consignment: Consignment, lines: Sequence[LineMatch], after: int) -> list[int]:
    """The days after ``after`` on which anything changes that a rule asks, in order, each with its line.

    Day and place of the line stand in one integer, which sorts faster than a pair. An event of no line is one of the
    consignment: another limit of P37(2).
    """
    events: list[int] = []
    for number, (line, _) in enumerate(lines):
        start, end, version = line.start, line.end, line.version
        closed = start + _PAST_WINDOW
        if start > after:
            events.append(start << _NUMBER_BITS | number)
        if after < closed <= end:
            events.append(closed << _NUMBER_BITS | number)
        if after <= end < FOREVER:
            events.append((end + 1) << _NUMBER_BITS | number)
        if version.permitted_to or version.suspensions or version.kind == EXPORT_DUTY:
            turns = _turns(version, consignment.duties_until)
            events += [day << _NUMBER_BITS | number for day in turns if after < day <= FOREVER]
    if consignment.value is not None:
        events += [one.since << _NUMBER_BITS | _NO_LINE for one in LIMITS if one.since > after]
    events.sort()
    return events


def _turns(version: Version, duties_until: int) -> list[int]:
    """The days on which a permission, a suspension, or for a duty the transition begins or is over."""
    days = [duties_until + 1] if version.kind == EXPORT_DUTY else []
    if version.permitted_to:
        days += (version.permitted_from, version.permitted_to + 1)
    for start, end in version.suspensions:
        days += (start, end + 1)
    return days
