"""The points of the law, one class each, and what they ask of a day.

The goods lines that count on a day are summed up in a `Tally`; a rule compares its sums, so that asking the rules of
another day costs next to nothing. What a rule says in an answer it says of a `Case`: the same day with its lines.
The docstring of a rule is its English wording; the Russian one is in `register.proof.texts.RUSSIAN`.

``P37(1)`` to ``P37(3)`` are the three conditions of point 37 in its order; a provision of the Agreement is ``A4(1)``.
Pure: no database, no web. Days are proleptic ordinals.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final, cast

from msgspec import Raw

from register.facts import FOREVER
from register.proof import phrases as say
from register.proof.limits import limit
from register.proof.rule import Condition, Rule
from register.proof.tally import Case, Tally, ids
from register.proof.texts import en_said, listed, listed_each, money, ru_said, said, spaced


class A4_1(Rule):
    """Origin is confirmed for goods similar to those under separate measures. Where no such measure covers the
    goods on the day, no proof of origin is required under these Rules."""

    name = "A4(1)"
    proof = "none"

    @staticmethod
    def holds(tally: Tally) -> bool:
        return tally.counted == 0

    @staticmethod
    def text(case: Case) -> Raw:
        return A4_1.said(case.code, case.day, case.transport)

    @staticmethod
    def said(code: str, day: int, transport: str | None) -> Raw:
        """What the rule says of a code, which is all that it needs to know of a case."""
        by, shown = say.TRANSPORT[transport], spaced(code).encode()
        return say.A4_1(ru_said(day), shown, by.ru, en_said(day), shown, by.en)


class P17(Rule):
    """Goods of a third country that were brought into the Union and underwent nothing there but what keeps them
    sound and prepares them for transport keep their origin; these Rules do not determine it."""

    name = "P17"
    proof = "outside_rules"

    @staticmethod
    def holds(tally: Tally) -> bool:
        return tally.consignment.third_country

    @staticmethod
    def measures(case: Case) -> list[str]:
        return ids([found.line for found in case.counted])

    @staticmethod
    def text(case: Case) -> Raw:
        origin = str(case.origin).encode()
        return say.P17(origin, origin)


class A11_1(Condition):
    """While the transition of Article 11(1) of the Agreement lasts, no proof of origin is required on account of
    export duties."""

    name = "A11(1)"
    proof = "none"

    @staticmethod
    def holds(tally: Tally) -> bool:
        return tally.live == 0

    @staticmethod
    def measures(case: Case) -> list[str]:
        return ids(case.set_aside)

    @staticmethod
    def text(case: Case) -> Raw:
        shown, until = listed(ids(case.set_aside)), case.duties_until
        if until >= FOREVER:
            return say.A11_1_OPEN(shown.ru, shown.en)
        return say.A11_1(shown.ru, ru_said(until), shown.en, en_said(until))

    @staticmethod
    def concerns(tally: Tally) -> bool:
        return tally.duties == tally.counted

    @staticmethod
    def why_not(case: Case) -> Raw:
        shown, until = case.live_shown, case.duties_until
        return say.NOT_A11_1(ru_said(until), shown.ru, en_said(until), shown.en)


class P25(Condition):
    """Where only one state has a measure on the goods and compliance with it is confirmed, no proof of origin is
    required."""

    name = "P25"
    proof = "none"

    @staticmethod
    def holds(tally: Tally) -> bool:
        return len(tally.states) == 1 and tally.unconfirmed == 0

    @staticmethod
    def text(case: Case) -> Raw:
        state, shown = case.states[0].encode(), case.live_shown
        return say.P25(state, shown.ru, state, shown.en)

    @staticmethod
    def concerns(tally: Tally) -> bool:
        return len(tally.states) == 1

    @staticmethod
    def why_not(case: Case) -> Raw:
        state, shown = case.states[0].encode(), case.unconfirmed_shown
        return say.NOT_P25(state, shown.ru, state, shown.en)


class P2(Rule):
    """Similar goods bear the same code and description as the goods under a measure. Goods that originate in the
    state whose measure it is are under the measure itself: compliance is asked, not proof of another origin."""

    name = "P2"
    proof = "none"

    @staticmethod
    def holds(tally: Tally) -> bool:
        return tally.foreign == 0

    @staticmethod
    def measures(case: Case) -> list[str]:
        return ids(case.own)

    @staticmethod
    def text(case: Case) -> Raw:
        origin, shown = str(case.origin).encode(), listed(ids(case.own))
        return say.P2(origin, shown.ru, origin, shown.en)


class P36(Condition):
    """Where more than one state has a measure on the goods and compliance with one of the measures is confirmed, an
    origin declaration confirms the origin."""

    name = "P36"
    proof = "origin_declaration"

    @staticmethod
    def holds(tally: Tally) -> bool:
        return len(tally.states) > 1 and tally.unconfirmed < tally.live

    @staticmethod
    def text(case: Case) -> Raw:
        states, shown = ", ".join(case.states).encode(), listed(ids(case.by_compliance(case.live, True)))
        return say.P36(states, shown.ru, states, shown.en)

    @staticmethod
    def concerns(tally: Tally) -> bool:
        return len(tally.states) > 1

    @staticmethod
    def why_not(case: Case) -> Raw:
        states = ", ".join(case.states).encode()
        return say.NOT_P36(states, states)


class P24(Condition):
    """Where the Register says, after a consultation, that an origin declaration may be used for the similar goods, it
    is enough whatever point 37 says. With several measures the Register must say so of each of them."""

    name = "P24"
    proof = "origin_declaration"

    @staticmethod
    def holds(tally: Tally) -> bool:
        return tally.unpermitted == 0

    @staticmethod
    def measures(case: Case) -> list[str]:
        return case.foreign_ids

    @staticmethod
    def text(case: Case) -> Raw:
        shown, day = case.foreign_shown, case.day
        return say.P24(ru_said(day), shown.ru, en_said(day), shown.en)

    @staticmethod
    def why_not(case: Case) -> Raw:
        shown, day = case.unpermitted_shown, case.day
        return say.NOT_P24(ru_said(day), shown.ru, en_said(day), shown.en)


class P37_1(Condition):
    """An origin declaration is enough while no more than 15 calendar days have passed since the measure was included
    in the Register or, if that is later, since it took effect. With several measures this must hold for each."""

    name = "P37(1)"
    proof = "origin_declaration"

    @staticmethod
    def holds(tally: Tally) -> bool:
        return tally.past_window == 0

    @staticmethod
    def measures(case: Case) -> list[str]:
        return case.foreign_ids

    @staticmethod
    def text(case: Case) -> Raw:
        shown = listed_each([say.until(id_, day) for id_, day in case.windows().items()])
        return say.P37_1(shown.ru, shown.en)

    @staticmethod
    def why_not(case: Case) -> Raw:
        shown = listed_each([say.ended(id_, day) for id_, day in case.windows(False).items()])
        return say.NOT_P37_1(shown.ru, shown.en)


class P37_2(Condition):
    """An origin declaration is enough where the total value of the consignment is not above 10,000 EUR; from
    1 January 2029, 5,000 EUR; from 1 January 2030, 3,000 EUR."""

    name = "P37(2)"
    proof = "origin_declaration"

    @staticmethod
    def holds(tally: Tally) -> bool:
        value = tally.consignment.value
        return value is not None and value <= limit(tally.day).most

    @staticmethod
    def text(case: Case) -> Raw:
        value, held = said(money(cast(Decimal, case.value))), limit(case.day)
        most, when = held.shown, held.when
        return say.P37_2(value.ru, most.ru, when.ru, value.en, most.en, when.en)

    @staticmethod
    def why_not(case: Case) -> Raw:
        value, held = case.value, limit(case.day)
        if value is None:
            return held.not_given()
        given, most, when = said(money(value)), held.shown, held.when
        return say.NOT_P37_2(given.ru, most.ru, when.ru, given.en, most.en, when.en)


class P37_3(Condition):
    """An origin declaration is enough where a veterinary or phytosanitary certificate of a member state's authorised
    body that states the place of origin (production) travels with the consignment."""

    name = "P37(3)"
    proof = "origin_declaration"

    @staticmethod
    def holds(tally: Tally) -> bool:
        return tally.consignment.certificate

    @staticmethod
    def text(_case: Case) -> Raw:
        return say.CERTIFICATE()

    @staticmethod
    def why_not(_case: Case) -> Raw:
        return say.NO_CERTIFICATE()


class P26(Rule):
    """Otherwise the origin of similar goods is confirmed by a special certificate or, where point 35 allows it, by
    the copy of a certificate of origin."""

    name = "P26"
    proof = "special_certificate"

    @staticmethod
    def holds(_tally: Tally) -> bool:
        return True

    @staticmethod
    def measures(case: Case) -> list[str]:
        return case.foreign_ids

    @staticmethod
    def text(case: Case) -> Raw:
        shown = case.foreign_shown
        return say.P26(shown.ru, shown.en)


RULES: Final[tuple[type[Rule], ...]] = (A4_1, P17, A11_1, P25, P2, P36, P24, P37_1, P37_2, P37_3, P26)
"""The rules in the order in which they are asked: the first that holds decides. P26 always holds."""


def decide(tally: Tally) -> type[Rule]:
    """The rule that decides on the day of the tally: the first that holds."""
    for holds, rule in _ASKED:
        if holds(tally):
            return rule
    raise AssertionError("P26 holds whenever nothing else does")


_ASKED: Final = tuple((rule.holds, rule) for rule in RULES)
