"""Until when an answer holds, and what follows: the first later day with another proof.

Pure: no database, no web. Days are proleptic ordinals.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from register.facts import EXPORT_DUTY, FOREVER, Version
from register.index import LineMatch
from register.measures import WINDOW_DAYS
from register.proof.limits import LIMITS
from register.proof.parts import Change
from register.proof.points import P26, decide
from register.proof.rule import Rule
from register.proof.tally import Consignment, Tally

PAST_WINDOW: Final = WINDOW_DAYS + 1
"""Days from the first day of a line to the first that its 15 days do not reach."""
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


def run_end(starts: Iterable[int], ends: Iterable[int], day: int, after: int = 0) -> tuple[int, int]:
    """The first day that no span reaches of those that follow on one another without a gap, from one on that reaches
    ``day``; and the first day of all that do not end before it, ``FOREVER`` if there are none.

    A span begins ``after`` days after its first day, and is none if it has no such day. They come in the order of
    their ends, so that what is passed over ends before what comes later and reaches further.
    """
    over, first = day + 1, FOREVER
    for start, end in zip(starts, ends, strict=True):
        if end >= over:
            if start + after <= over:
                over, first = end + 1, FOREVER
            elif start < first:
                first = start
    return over, first


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
    over, _ = run_end([start for _, start in spans], [end for end, _ in spans], consignment.day, PAST_WINDOW)
    return over - 1


def _events(consignment: Consignment, lines: Sequence[LineMatch], after: int) -> list[int]:
    """The days after ``after`` on which anything changes that a rule asks, in order, each with its line.

    Day and place of the line stand in one integer, which sorts faster than a pair. An event of no line is one of the
    consignment: another limit of P37(2).
    """
    events: list[int] = []
    for number, (line, _) in enumerate(lines):
        start, end, version = line.start, line.end, line.version
        closed = start + PAST_WINDOW
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
