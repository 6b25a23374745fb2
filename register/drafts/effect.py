"""What a draft will do: for every goods line which proof applies today, and on which days that changes and to what.

Two registers are asked, the one as it is and the one with the draft in it; what is alike in both is left out. Each
code is asked plainly, and once more with compliance confirmed, because a second state with a measure on the goods turns
P25 into P36 though the plain answer stays. Pure: no database, no web. Days are days of the Commission's seat.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Any, Final, NamedTuple

from register.codes import EXACT
from register.drafts.what_if import WhatIf
from register.facts import EXPORT_DUTY, FOREVER, Line, Version
from register.index import LineMatch, Register
from register.measures import STATES, WINDOW_DAYS
from register.proof.answers import answer
from register.proof.points import decide
from register.proof.question import Question
from register.proof.tally import Consignment, Tally
from register.proof.texts import en_day, ru_day, spaced
from register.words import PROOF_NAMES

HORIZON: Final = timedelta(days=366)
MOST_CODES: Final = 1000
"""How many codes are asked for one draft; how many there are in all is said beside them."""
_MOST_LINES: Final = 100
_CONFIRMED: Final = frozenset(STATES)


class Standing(NamedTuple):
    """How goods of a code stand on a day: the proof and the rule that decides, plainly and with compliance confirmed.

    ``certain`` is false where only the description of the goods decides whether a measure is on them.
    """

    proof: str
    rule: str
    confirmed_proof: str
    confirmed_rule: str
    certain: bool
    states: int

    def like(self, other: Standing) -> bool:
        """Whether the goods stand alike; how many states have a measure on them is told, but is no change by itself."""
        return self[:5] == other[:5]

    def public(self) -> dict[str, Any]:
        """The standing as JSON."""
        return {
            "proof": self.proof,
            "rule": self.rule,
            "if_compliance_confirmed": {"proof": self.confirmed_proof, "rule": self.confirmed_rule},
            "states": self.states,
            "certainty": "certain" if self.certain else "description",
        }


@dataclass(frozen=True, slots=True)
class Change:
    """Days, both included, on which goods of a code stand otherwise with the draft than without it.

    ``until`` None: as far as was looked, ``HORIZON`` from today.
    """

    code: str
    first: date
    until: date | None
    before: Standing
    after: Standing

    def public(self) -> dict[str, Any]:
        """The change as JSON, with its sentence."""
        return {
            "code": self.code,
            "from": self.first.isoformat(),
            "until": None if self.until is None else self.until.isoformat(),
            "before": self.before.public(),
            "after": self.after.public(),
            "text": sentence(self),
        }


@dataclass(frozen=True, slots=True)
class Effect:
    """Every change, by code and day; ``today`` is how each code stands today, without the draft and with it."""

    changes: tuple[Change, ...]
    today: tuple[tuple[str, Standing, Standing], ...]
    codes: int
    horizon: date

    def public(self) -> dict[str, Any]:
        """The effect as JSON."""
        return {
            "changes": [change.public() for change in self.changes],
            "today": [
                {"code": code, "before": before.public(), "after": after.public()} for code, before, after in self.today
            ],
            "codes": {"asked": len(self.today), "total": self.codes},
            "complete": len(self.today) == self.codes,
            "horizon": self.horizon.isoformat(),
        }


def effect(register: Register, candidate: Version, today: date, duties_until: date | None = None) -> Effect:
    """What the candidate version of a measure changes between ``today`` and ``HORIZON`` later.

    ``duties_until`` is the last day of the transition of A11(1), None while its end is not set.
    """
    known = register.version(candidate.id)
    lines = (*candidate.lines, *(() if known is None else known.lines))
    codes = list(dict.fromkeys(code for line in lines for code in asked_codes(line)))
    changed = WhatIf(register, candidate)
    duties = FOREVER if duties_until is None else duties_until.toordinal()
    changes: list[Change] = []
    standings: list[tuple[str, Standing, Standing]] = []
    for code in codes[:MOST_CODES]:
        before = timeline(register, code, today, duties)
        after = timeline(changed, code, today, duties)
        standings.append((code, before[0][1], after[0][1]))
        changes += _different(code, before, after)
    return Effect(tuple(changes), tuple(standings), len(codes), today + HORIZON)


def asked_codes(line: Line) -> tuple[str, ...]:
    """The codes that stand for a goods line: its own, of a range the first and the last."""
    return (line.code_from,) if line.code_to is None else (line.code_from, line.code_to)


def timeline(register: Register, code: str, today: date, duties_until: int) -> list[tuple[int, Standing]]:
    """How the goods of a code stand from today on: each day on which it changes, with the standing from then on."""
    first, last = today.toordinal(), (today + HORIZON).toordinal()
    found = register.concerning(code, register.seq, first)
    plain = Consignment(found, Question(code=code, date=today), duties_until)
    confirmed = Consignment(found, Question(code=code, date=today, compliance=_CONFIRMED), duties_until)
    lines = plain.lines
    tallies = Tally(plain, first, lines), Tally(confirmed, first, lines)
    certain = _Certainty(register, code, lines, duties_until)
    steps: list[tuple[int, Standing]] = [(first, _standing(*tallies, certain.on(first, tallies[0].counted)))]
    for day, moved in _events([one.line for one in lines], first, last, duties_until):
        for tally in tallies:
            for line in moved:
                tally.add(line, day - 1, -1)
                tally.add(line, day, 1)
            tally.day = day
        standing = _standing(*tallies, certain.on(day, tallies[0].counted))
        if not standing.like(steps[-1][1]):
            steps.append((day, standing))
    return steps


class _Certainty:
    """Whether the code alone decides. The proof itself is asked where some lines are on part of the goods only.

    Of a code with very many goods lines, which is a broad one, it is said at once that the description decides.
    """

    def __init__(self, register: Register, code: str, lines: Sequence[LineMatch], duties_until: int) -> None:
        self._register, self._code = register, code
        self._exact = [one.line for one in lines if one.match == EXACT]
        self._many = len(lines) > _MOST_LINES
        self._duties = None if duties_until >= FOREVER else date.fromordinal(duties_until)

    def on(self, day: int, counted: int) -> bool:
        """Whether it does on ``day``, when ``counted`` lines count on it."""
        exact = sum(line.counts(day) for line in self._exact)
        if exact == counted:
            return True
        # With partial lines alone it is always the description; with very many, asking is not worth its time.
        if not exact or self._many:
            return False
        question = Question(code=self._code, date=date.fromordinal(day))
        return answer(self._register, question, self._duties).certainty == "certain"


def _standing(plain: Tally, confirmed: Tally, certain: bool) -> Standing:
    rule, with_compliance = decide(plain), decide(confirmed)
    return Standing(rule.proof, rule.name, with_compliance.proof, with_compliance.name, certain, len(plain.states))


def _events(lines: Iterable[Line], first: int, last: int, duties_until: int) -> Iterator[tuple[int, list[Line]]]:
    """The days after ``first`` up to ``last`` on which lines change how they stand, each with its lines."""
    days: dict[int, dict[int, Line]] = {}
    for line in lines:
        for day in _turns(line, duties_until):
            if first < day <= last:
                days.setdefault(day, {})[id(line)] = line
    for day in sorted(days):
        yield day, list(days[day].values())


def _turns(line: Line, duties_until: int) -> Iterator[int]:
    version = line.version
    yield line.start
    yield line.start + WINDOW_DAYS + 1
    yield line.end + 1
    yield version.permitted_from
    yield version.permitted_to + 1
    for begins, ends in version.suspensions:
        yield begins
        yield ends + 1
    if version.kind == EXPORT_DUTY:
        yield duties_until + 1


def _different(code: str, before: list[tuple[int, Standing]], after: list[tuple[int, Standing]]) -> Iterator[Change]:
    """The stretches of days on which the two differ, each as long as neither changes."""
    days = sorted({*(day for day, _ in before), *(day for day, _ in after)})
    sides: tuple[Mapping[int, Standing], Mapping[int, Standing]] = dict(before), dict(after)
    old, new = before[0][1], after[0][1]
    for day, following in pairwise((*days, None)):
        assert day is not None  # noqa: S101 - only the one after the last is none
        old, new = sides[0].get(day, old), sides[1].get(day, new)
        if not old.like(new):
            until = None if following is None else date.fromordinal(following - 1)
            yield Change(code, date.fromordinal(day), until, old, new)


def sentence(change: Change) -> dict[str, str]:
    """The change in words: ``7801: с 15.09.2026 – мера второго государства: начинает применяться P36 …``."""
    first = change.first.toordinal()
    ru, en = f"с {ru_day(first)}", f"from {en_day(first)}"
    if change.until is not None:
        ru += f" по {ru_day(change.until.toordinal())}"
        en += f" until {en_day(change.until.toordinal())}"
    said = list(_said(change.before, change.after))
    code = spaced(change.code)
    return {
        "ru": f"{code}: {ru} – {'; '.join(part for part, _ in said)}",
        "en": f"{code}: {en} – {'; '.join(part for _, part in said)}",
    }


def _said(old: Standing, new: Standing) -> Iterator[tuple[str, str]]:
    """The parts of the sentence, in Russian and English."""
    if old.states == 1 and new.states > 1:
        yield "мера второго государства: начинает применяться P36", "second state with a measure: P36 begins to apply"
    elif old.states > 1 and new.states == 1:
        yield "остается мера одного государства: P36 не применяется", "one state is left with a measure: P36 ends"
    if (old.proof, old.rule) != (new.proof, new.rule):
        yield _compared(old.proof, old.rule, new.proof, new.rule)
    if old[2:4] != new[2:4]:
        ru, en = _compared(old.confirmed_proof, old.confirmed_rule, new.confirmed_proof, new.confirmed_rule)
        yield f"при подтвержденном соблюдении меры: {ru}", f"with compliance confirmed: {en}"
    if old.certain != new.certain:
        yield (
            ("достаточно кода", "the code alone decides")
            if new.certain
            else ("решает описание товара", "the description of the goods decides")
        )


def _compared(old_proof: str, old_rule: str, proof: str, rule: str) -> tuple[str, str]:
    names, were = PROOF_NAMES[proof], PROOF_NAMES[old_proof]
    if proof == old_proof:
        return f"{names['ru']} ({rule} вместо {old_rule})", f"{names['en']} ({rule} instead of {old_rule})"
    return (
        f"{names['ru']} ({rule}), без этой записи – {were['ru']} ({old_rule})",
        f"{names['en']} ({rule}), without this entry {were['en']} ({old_rule})",
    )
