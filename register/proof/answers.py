"""The answer to a question: which proof, on what grounds, until when, and what follows.

`answer` is pure: the same journal, question and setting give the same answer, on the server as on a mirror.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from functools import lru_cache
from typing import Any, Final, Literal

import msgspec

from register import harmonized
from register.codes import EXACT, PARTIAL
from register.facts import EXPORT_DUTY, FOREVER, Line, LineMatch
from register.index import Register, UnknownPast
from register.proof.parts import Counted, Found, Ground, Journal, Next, written
from register.proof.plain import is_plain, plain
from register.proof.points import A11_1, P2, RULES, decide
from register.proof.question import Question, past_refused
from register.proof.rule import Condition, Proof, Rule, WhyNot
from register.proof.tally import Case, Tally, ids
from register.proof.texts import NOTES, NOTES_WITH_COPY, Note, Text, iso_day, listed, spaced
from register.proof.until import first_change

ACCEPTED: Final[dict[str, tuple[str, ...]]] = {
    "none": (),
    "outside_rules": (),
    "origin_declaration": ("origin_declaration", "special_certificate", "certificate_copy"),
    "special_certificate": ("special_certificate", "certificate_copy"),
}
"""What customs take for each proof: the proof itself and whatever is more."""

_WEIGHT: Final[dict[str, int]] = {"none": 0, "outside_rules": 0, "origin_declaration": 1, "special_certificate": 2}


class Answer(msgspec.Struct, frozen=True, gc=False):
    """The answer in the fields of the contract. ``compliance_required``: measures of the state of origin itself with
    which compliance is not confirmed. Its texts are the JSON that goes out: ``considered`` that of a list of
    `Considered`, a ``text`` that of a `Text`."""

    code: str
    date: str
    known_at: int
    certainty: Literal["certain", "description"]
    proof: Proof
    accepted: tuple[str, ...]
    grounds: tuple[Ground, ...]
    measures: tuple[Counted, ...]
    considered: msgspec.Raw
    compliance_required: list[str]
    holds_until: str | None
    next: Next | None
    notes: tuple[Note | msgspec.Raw, ...]
    journal: Journal

    def public(self) -> dict[str, Any]:
        """The answer as plain dicts and lists, with its notes."""
        plain: dict[str, Any] = msgspec.json.decode(encode(self))
        return plain


encode: Final = msgspec.json.Encoder().encode
"""The JSON of an answer, or of a list of answers."""


def answer(register: Register, question: Question, duties_until: date | None = None) -> Answer:
    """Which proof of origin applies (A4(1), A11(1), P2, P17, P24 to P26, P36, P37).

    ``duties_until`` is the last day of the transition of A11(1), None while its end is not set. Dates are calendar
    dates of the Commission's seat. Raises `QuestionError` when the journal has no such ``known_at``.
    """
    known_at = register.seq
    if question.known_at is not None:
        try:
            known_at = register.known_at(question.known_at)
        except UnknownPast:
            raise past_refused(question.known_at) from None
    concerned = register.concerning(question.code, known_at, question.date.toordinal())
    if is_plain(concerned, question):
        found = plain(concerned, question)
    else:
        found = _by_tally(Case(concerned, question, FOREVER if duties_until is None else duties_until.toordinal()))
    rule, change, if_exact = found.rule, found.change, found.if_exact
    proof = rule.proof
    return Answer(
        question.code,
        iso_day(concerned.day),
        known_at,
        "certain" if if_exact is None else "description",
        proof,
        ACCEPTED[proof],
        found.grounds,
        found.measures,
        found.considered,
        found.own,
        None if change is None else iso_day(change[0] - 1),
        None if change is None else Next(iso_day(change[0]), change[1].proof, change[1].name),
        _notes(question.code, found),
        Journal(known_at, register.checkpoint(known_at)),
    )


def _by_tally(case: Case) -> Found:
    """What is found by adding up the lines of the day and asking the rules one by one."""
    tally = Tally(case, case.day, case.counted)
    rule = decide(tally)
    grounds = _grounds(case, tally, rule)
    considered = b",".join([why_not(case) for why_not in _conditions(tally, rule)])
    return Found(
        rule,
        grounds,
        case.counted,
        tuple([_written(found, case) for found in case.counted]),
        msgspec.Raw(b"[%b]" % considered),
        first_change(case, tally, rule),
        _settled(case, rule),
        ids(case.by_compliance(case.own, False)),
    )


def _settled(case: Case, rule: type[Rule]) -> Proof | None:
    """None when the codes alone settle the proof; else the proof for goods that no partial line describes.

    Each partial line may or may not describe the goods, so that n of them give two to the power of n readings. All
    readings agree if four do, and each of the four is one reading: with no partial line, with all, with those of
    the states that have an exact line, with those whose measure is not confirmed. For if readings differ, then (a) no
    proof with all means no proof with fewer, since less than all is still one state confirmed, or none but the state of
    origin; (b) P24 and P37(1) only fail as lines are added, P36 only comes to hold, and P37(2) and P37(3) stay. So
    the heaviest reading holds no P36 and is otherwise as large as can be: all lines, or all of one state, or all
    that are unconfirmed. With partial lines only, the description settles it in any case.
    """
    for _, kind in case.counted:
        if kind != EXACT:
            break
    else:
        return None
    exact = [found for found in case.counted if found.match == EXACT]
    day = case.day
    with_none = decide(Tally(case, day, exact)).proof
    if not exact or with_none != rule.proof:
        return with_none
    states = {found.line.version.state for found in exact if not _set_aside(found.line, case)}
    same_states = [f for f in case.counted if f.match == "exact" or f.line.version.state in states]
    unconfirmed = [f for f in case.counted if f.match == "exact" or not case.confirmed(f.line.version)]
    for reading in (same_states, unconfirmed):
        if decide(Tally(case, day, reading)).proof != rule.proof:
            return with_none
    return None


def _set_aside(line: Line, case: Case) -> bool:
    return line.version.kind == EXPORT_DUTY and case.day <= case.duties_until


def _grounds(case: Case, tally: Tally, rule: type[Rule]) -> tuple[Ground, ...]:
    """The rule that decides; for a declaration each that allows it; then those that set measures aside."""
    holding = [rule]
    if rule.proof == "origin_declaration":
        holding += [other for other in _DECLARATIONS if other is not rule and other.holds(tally)]
    if not tally.consignment.third_country:
        if case.set_aside and rule is not A11_1:
            holding.append(A11_1)
        if case.own and case.foreign:
            holding.append(P2)
    return tuple([_ground(case, held) for held in holding])


def _ground(case: Case, rule: type[Rule]) -> Ground:
    return Ground(rule.name, rule.text(case), rule.measures(case))


_DECLARATIONS: Final = tuple(rule for rule in RULES if rule.proof == "origin_declaration")
_CONDITIONS: Final = tuple(rule for rule in RULES if issubclass(rule, Condition))


def _conditions(tally: Tally, rule: type[Rule]) -> list[WhyNot]:
    """What says why the conditions that would have allowed less than the rule that decides do not hold."""
    weight = _WEIGHT[rule.proof]
    if not weight:
        return []
    return [other.why_not for other in _CONDITIONS if _WEIGHT[other.proof] < weight and other.concerns(tally)]


def _written(found: LineMatch, case: Case) -> Counted:
    version = found.line.version
    return written(
        found,
        permitted=version.permitted(case.day),
        own_origin=version.state == case.origin,
        set_aside=_set_aside(found.line, case),
    )


_PROOF_TEXTS: Final[dict[str, Text]] = {
    "none": Text("документ о происхождении товара не требуется", "no proof of origin is required"),
    "outside_rules": Text("Правила не применяются", "the Rules do not apply"),
    "origin_declaration": Text("требуется декларация о происхождении товара", "an origin declaration is required"),
    "special_certificate": Text("требуется специальный сертификат", "a special certificate is required"),
}


_NOTES: Final = {
    proof: NOTES_WITH_COPY if "certificate_copy" in accepted else NOTES for proof, accepted in ACCEPTED.items()
}


def _notes(code: str, found: Found) -> tuple[Note | msgspec.Raw, ...]:
    notes: tuple[Note | msgspec.Raw, ...] = _NOTES[found.rule.proof]
    if not _in_nomenclature(code[:_SUBHEADING]):
        notes = (_unknown_code(code), *notes)
    if found.if_exact is not None:
        notes = (_by_description(found.counted, found.if_exact), *notes)
    return notes


def _by_description(counted: Iterable[LineMatch], if_exact: Proof) -> Note:
    partial = [found.line for found in counted if found.match == PARTIAL]
    shown, otherwise = listed([f"{line.version.id} ({line.number})" for line in partial]), _PROOF_TEXTS[if_exact]
    ru, en = shown.ru.decode(), shown.en.decode()
    return Note(
        "P2",
        Text(
            f"Решает описание товара: код указывает на меру лишь отчасти (мера, товарная строка) – {ru}. "
            "Ответ дан для товара, соответствующего описаниям этих строк; если он не соответствует ни одному "
            f"из них, {otherwise.ru}.",
            "The description of the goods decides: only part of the code is meant by (measure, line) "
            f"{en}. The answer is for goods that all these lines describe; if none does, {otherwise.en}.",
        ),
    )


_SUBHEADING: Final = 6


@lru_cache(8192)
def _in_nomenclature(code: str) -> bool:
    if len(code) == 3:
        return any(heading.startswith(code) for heading in harmonized.children(code[:2]))
    return harmonized.exists(code)


def _unknown_code(code: str) -> Note:
    return Note(
        "P2",
        Text(
            f"Кода {spaced(code)} нет в Гармонизированной системе 2022 года: проверьте код, аналогичность товара "
            "определяется прежде всего по нему.",
            f"Code {spaced(code)} is not in the Harmonized System 2022: check it, similar goods are known "
            "by their code first.",
        ),
    )
