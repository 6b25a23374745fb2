"""Plain questions: they give nothing but code, day and transport, and meet lines that count on all of their days.

Most questions are such. Of these the days of the goods lines alone decide, by three rules, so that nothing has to be
added up, and all reasons why nothing less is enough are written at once. The lines that count together are the same on
all days of a period and for all codes under one: what an answer says of lines that are asked about again is kept. A
property test holds this way against the general one. Pure: no database, no web. Days are proleptic ordinals.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Final

import msgspec

from register.code_index import Concerned
from register.codes import EXACT
from register.facts import FOREVER, Line, LineMatch
from register.measures import STATES, WINDOW_DAYS
from register.proof import phrases as say
from register.proof.limits import EARLIEST_FIRST, place_of
from register.proof.parts import Change, Counted, Found, Ground, written
from register.proof.points import A4_1, P26, P37_1
from register.proof.question import Question
from register.proof.rule import Proof, Rule
from register.proof.tally import by_measure, windows
from register.proof.texts import PLACE, SHOWN_AT_MOST, Phrase, Said, en_said, listed, listed_each, ru_said
from register.proof.until import PAST_WINDOW, run_end


def is_plain(concerned: Concerned, question: Question) -> bool:
    """Whether the lines and the question are such."""
    return (
        concerned.even
        and question.origin is None
        and question.value_eur is None
        and not question.sanitary_certificate
        and not question.compliance
    )


def plain(concerned: Concerned, question: Question) -> Found:
    """What is found for a plain question, of the lines that concern its code on its day or later.

    A4(1), P26 or P37(1) decides.
    """
    day = concerned.day
    if not concerned.begun:
        first = min(concerned.starts, default=FOREVER)
        change: Change | None = None if first >= FOREVER else (first, P37_1)
        ground = Ground(A4_1.name, A4_1.said(question.code, day, question.transport), [])
        return Found(A4_1, (ground,), (), (), _NOTHING, change, None, [])
    key = tuple(concerned.begun)
    told = _kept.find(key)
    if told is not None and told.until < day:
        considered = told.why_not(ru_said(day), en_said(day), _REST[place_of(day)])
        return Found(P26, told.grounds, told.counted, told.shown, considered, _after(concerned), told.if_exact, [])
    return _anew(concerned, key)


def _anew(concerned: Concerned, key: tuple[LineMatch, ...]) -> Found:
    """The same of lines of which nothing is kept for the day."""
    day, counted = concerned.day, concerned.begun
    if len(counted) > 1:
        counted.sort(key=by_measure)
    names: dict[str, bytes] = {}
    states: dict[bytes, None] = {}
    ended: list[Line] = []
    latest = 0
    certain = True
    for line, kind in counted:
        version = line.version
        until = line.start + WINDOW_DAYS
        names[version.id] = version.id.encode()
        states[_STATES[version.state]] = None
        if until < day:
            ended.append(line)
        if until > latest:
            latest = until
        if kind != EXACT:
            certain = False
    named = b", ".join(names.values())
    measures = Said(named, named) if len(names) <= SHOWN_AT_MOST else listed([*names])
    shown = tuple([written(found) for found in counted])
    if not ended:
        running = listed_each([say.until(id_, last) for id_, last in windows([line for line, _ in counted]).items()])
        ground = Ground(P37_1.name, say.P37_1(running.ru, running.en), [*names])
        considered = _IN_WINDOW(*states, measures.ru, *states, measures.en) if len(states) == 1 else _NOTHING
        if_exact = None if certain else _if_exact(counted, P37_1, day)
        return Found(P37_1, (ground,), counted, shown, considered, _after_window(concerned), if_exact, [])
    ground = Ground(P26.name, say.P26(measures.ru, measures.en), [*names])
    over = listed_each([say.ended(id_, last) for id_, last in windows(ended).items()])
    phrase, parts = _why_not(states, measures, over, ru_said(day), en_said(day), _REST[place_of(day)])
    if_exact = None if certain else _if_exact(counted, P26, day)
    if latest < day and _kept.again(key):
        whenever, places = _why_not(states, measures, over, PLACE, PLACE, PLACE)
        _kept.keep(key, Told(latest, counted, ground, if_exact, shown, whenever.partly(*places)))
    return Found(P26, (ground,), counted, shown, phrase(*parts), _after(concerned), if_exact, [])


class Told:
    """What an answer says of lines that count together when the 15 days of P37(1) of them all are over, the last of
    which is ``until``. ``why_not`` is the JSON of a list of `Considered`, with places for what the day decides: itself
    in both languages, and what `_REST` has for it."""

    __slots__ = ("counted", "grounds", "if_exact", "shown", "until", "why_not")

    def __init__(
        self,
        until: int,
        counted: Sequence[LineMatch],
        ground: Ground,
        if_exact: Proof | None,
        shown: tuple[Counted, ...],
        why_not: Phrase,
    ) -> None:
        self.until = until
        self.counted = counted
        self.grounds = (ground,)
        self.if_exact = if_exact
        self.shown = shown
        self.why_not = why_not


class KeptLines:
    """What is told of lines that are asked about again before ``others`` sets of lines are asked about for the first
    time. Of so many sets at most; then it begins anew: to keep the order of use would cost every question."""

    def __init__(self, most: int = 8_192, others: int = 16_384) -> None:
        self._most = most
        self._others = others
        self._once: set[tuple[LineMatch, ...]] = set()
        self._told: dict[tuple[LineMatch, ...], Told] = {}
        self.find: Final[Callable[[tuple[LineMatch, ...]], Told | None]] = self._told.get

    def again(self, counted: tuple[LineMatch, ...]) -> bool:
        """Whether the lines were asked about lately; from now on they were."""
        if counted in self._once:
            return True
        if len(self._once) >= self._others:
            self._once.clear()
        self._once.add(counted)
        return False

    def keep(self, counted: tuple[LineMatch, ...], told: Told) -> None:
        """Keep what is told of the lines."""
        if len(self._told) >= self._most:
            self._told.clear()
        self._once.discard(counted)
        self._told[counted] = told


_kept: Final = KeptLines()
_STATES: Final[Mapping[str, bytes]] = {state: state.encode() for state in STATES}
_NOTHING: Final = msgspec.Raw(b"[]")
_IN_WINDOW: Final = Phrase.each([say.NOT_P25])
_ONE_STATE: Final = Phrase.each([say.NOT_P25, say.NOT_P24, say.NOT_P37_1, Phrase(PLACE)])
_SEVERAL_STATES: Final = Phrase.each([say.NOT_P36, say.NOT_P24, say.NOT_P37_1, Phrase(PLACE)])
_REST: Final = [b",".join([limit.not_given(), say.NO_CERTIFICATE()]) for limit in EARLIEST_FIRST]
"""P37(2) and P37(3), of which a plain question tells nothing; by the place of the limit."""


def _why_not(
    states: Collection[bytes], measures: Said, ended: Said, day_ru: bytes, day_en: bytes, rest: bytes
) -> tuple[Phrase, Sequence[bytes]]:
    """Why nothing less than a special certificate is enough: a phrase and its parts, which make the JSON of a list of
    `Considered`. ``rest`` is one of `_REST`."""
    ru, en = measures.ru, measures.en
    parts = (day_ru, ru, day_en, en, ended.ru, ended.en, rest)
    if len(states) == 1:
        return _ONE_STATE, (*states, ru, *states, en, *parts)
    named = b", ".join(states)
    return _SEVERAL_STATES, (named, named, *parts)


def _if_exact(counted: Sequence[LineMatch], rule: type[Rule], day: int) -> Proof | None:
    """`Found.if_exact` where there are partial lines: more lines only make the proof heavier, so what the exact ones
    and all agree on is settled."""
    exact = [line.window_until < day for line, kind in counted if kind == EXACT]
    if not exact:
        return A4_1.proof
    with_none = P26.proof if any(exact) else P37_1.proof
    return None if with_none == rule.proof else with_none


def _after(concerned: Concerned) -> Change | None:
    """The first later day without a special certificate, and the rule that decides then.

    From its sixteenth day on every line asks for one. On other days of lines P37(1) holds, since it holds for each
    that is there.
    """
    over, first = run_end(concerned.starts, concerned.ends, concerned.day, PAST_WINDOW)
    return None if over > FOREVER else (over, P37_1 if first <= over else A4_1)


def _after_window(concerned: Concerned) -> Change | None:
    """The first later day on which the 15 days of a line are over, or no line counts."""
    day = concerned.day
    over, _ = run_end(concerned.starts, concerned.ends, day)
    closed = over
    for start, end in zip(concerned.starts, concerned.ends, strict=True):
        until = start + WINDOW_DAYS
        if day <= until < end and until < closed:
            closed = until + 1
    if closed < over:
        return closed, P26
    return None if over > FOREVER else (over, A4_1)
