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

from register.facts import FOREVER
from register.measures import WINDOW_DAYS
from register.proof.limits import limit
from register.proof.rule import Condition, Rule
from register.proof.tally import Case, Tally, ids
from register.proof.texts import BY_TRANSPORT, Text, en_day, listed, listed_en, listed_ru, money, ru_day, spaced


class A4_1(Rule):
    """Origin is confirmed for goods similar to those under separate measures. Where no such measure covers the
    goods on the day, no proof of origin is required under these Rules."""

    name = "A4(1)"
    proof = "none"

    @staticmethod
    def holds(tally: Tally) -> bool:
        return tally.counted == 0

    @staticmethod
    def text(case: Case) -> Text:
        by, code, day = BY_TRANSPORT[case.transport], spaced(case.code), case.day
        return Text(
            f"По состоянию на {ru_day(day)} в Реестре нет действующих отдельных мер регулирования в отношении товаров "
            f"с кодом {code} ТН ВЭД ЕАЭС{by.ru}.",
            f"On {en_day(day)} no measure that is in the Register and in force covers goods of code {code}{by.en}.",
        )


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
    def text(case: Case) -> Text:
        origin = case.origin
        return Text(
            f"Товар происходит из третьей страны ({origin}) и сохраняет это происхождение, если на территории Союза "
            "подвергался лишь операциям по обеспечению сохранности и обычной подготовке к перевозке; Правила к нему "
            "не применяются.",
            f"The goods originate in a third country ({origin}) and keep that origin if they underwent in the Union "
            "only what preserves them or prepares them for transport; they are outside these Rules.",
        )


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
    def text(case: Case) -> Text:
        shown, until = listed(ids(case.set_aside)), case.duties_until
        last = (
            Text("срок его окончания не установлен", "its end is not set")
            if until >= FOREVER
            else Text(f"по {ru_day(until)} включительно", f"until {en_day(until)} inclusive")
        )
        return Text(
            f"{shown.ru} – вывозная таможенная пошлина; в течение переходного периода ({last.ru}) документ "
            "о происхождении товара в связи с ней не требуется.",
            f"{shown.en}: export duty; while the transition lasts ({last.en}) it asks for no proof of origin.",
        )

    @staticmethod
    def concerns(tally: Tally) -> bool:
        return tally.duties == tally.counted

    @staticmethod
    def why_not(case: Case) -> Text:
        shown, until = case.live_shown, case.duties_until
        return Text(
            f"Переходный период закончился {ru_day(until)}: вывозная таможенная пошлина ({shown.ru}) учитывается "
            "наравне с иными мерами.",
            f"The transition ended on {en_day(until)}: export duties ({shown.en}) count like any other measure.",
        )


class P25(Condition):
    """Where only one state has a measure on the goods and compliance with it is confirmed, no proof of origin is
    required."""

    name = "P25"
    proof = "none"

    @staticmethod
    def holds(tally: Tally) -> bool:
        return len(tally.states) == 1 and tally.unconfirmed == 0

    @staticmethod
    def text(case: Case) -> Text:
        state, shown = case.states[0], case.live_shown
        return Text(
            f"Мера установлена только в одном государстве-члене ({state}), ее соблюдение подтверждено: {shown.ru}.",
            f"Only one state ({state}) has a measure, and compliance with it is confirmed: {shown.en}.",
        )

    @staticmethod
    def concerns(tally: Tally) -> bool:
        return len(tally.states) == 1

    @staticmethod
    def why_not(case: Case) -> Text:
        state, shown = case.states[0], case.unconfirmed_shown
        return Text(
            f"Мера установлена только в одном государстве-члене ({state}), ее соблюдение не подтверждено: {shown.ru}.",
            f"Only one state ({state}) has a measure, but compliance with it is not confirmed: {shown.en}.",
        )


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
    def text(case: Case) -> Text:
        origin, shown = case.origin, listed(ids(case.own))
        return Text(
            f"Товар происходит из {origin}, и на него распространяется сама мера ({shown.ru}): аналогичным товаром он "
            "не является, требуется соблюдение меры, а не подтверждение иного происхождения.",
            f"The goods originate in {origin} and are under the measure itself ({shown.en}), not similar goods: "
            "compliance with it is asked, not proof of another origin.",
        )


class P36(Condition):
    """Where more than one state has a measure on the goods and compliance with one of the measures is confirmed, an
    origin declaration confirms the origin."""

    name = "P36"
    proof = "origin_declaration"

    @staticmethod
    def holds(tally: Tally) -> bool:
        return len(tally.states) > 1 and tally.unconfirmed < tally.live

    @staticmethod
    def text(case: Case) -> Text:
        states, shown = ", ".join(case.states), listed(ids(case.by_compliance(case.live, True)))
        return Text(
            f"Меры установлены в нескольких государствах-членах ({states}), подтверждено соблюдение: {shown.ru}.",
            f"Several states ({states}) have measures, and compliance is confirmed with: {shown.en}.",
        )

    @staticmethod
    def concerns(tally: Tally) -> bool:
        return len(tally.states) > 1

    @staticmethod
    def why_not(case: Case) -> Text:
        states = ", ".join(case.states)
        return Text(
            f"Меры установлены в нескольких государствах-членах ({states}), соблюдение ни одной не подтверждено.",
            f"Several states ({states}) have measures, and compliance with none of them is confirmed.",
        )


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
    def text(case: Case) -> Text:
        shown = case.foreign_shown
        return Text(
            f"По решению, внесенному в Реестр по итогам консультаций, на {ru_day(case.day)} допускается декларация "
            f"о происхождении товара: {shown.ru}.",
            f"By a decision entered in the Register after a consultation, an origin declaration may be used on "
            f"{en_day(case.day)}: {shown.en}.",
        )

    @staticmethod
    def why_not(case: Case) -> Text:
        shown, day = case.unpermitted_shown, case.day
        return Text(
            f"На {ru_day(day)} в Реестре нет решения о возможности использования декларации о происхождении "
            f"товара: {shown.ru}.",
            f"On {en_day(day)} the Register holds no decision that an origin declaration may be used: {shown.en}.",
        )


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
    def text(case: Case) -> Text:
        until = list(case.windows().items())
        ru = listed_ru([f"{id_} – по {ru_day(day)} включительно" for id_, day in until])
        en = listed_en([f"for {id_} until {en_day(day)} inclusive" for id_, day in until])
        return Text(f"Не истекли 15 календарных дней: {ru}.", f"The 15 days run: {en}.")

    @staticmethod
    def why_not(case: Case) -> Text:
        foreign = case.foreign
        if len(foreign) == 1:
            # What most questions meet; said as below.
            id_, day = foreign[0].version.id, foreign[0].start + WINDOW_DAYS
            return Text(
                f"15 календарных дней истекли: {id_} – {ru_day(day)}.", f"15 days for {id_} ended on {en_day(day)}."
            )
        ended = list(case.windows(False).items())
        ru = listed_ru([f"{id_} – {ru_day(day)}" for id_, day in ended])
        en = listed_en([f"for {id_} ended on {en_day(day)}" for id_, day in ended])
        return Text(f"15 календарных дней истекли: {ru}.", f"15 days {en}.")


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
    def text(case: Case) -> Text:
        value, held = money(cast(Decimal, case.value)), limit(case.day)
        most, when = held.shown, held.when
        return Text(
            f"Общая стоимость партии {value.ru} не превышает {most.ru} ({when.ru}).",
            f"The total value of the consignment, {value.en}, is not above {most.en} ({when.en}).",
        )

    @staticmethod
    def why_not(case: Case) -> Text:
        value, held = case.value, limit(case.day)
        if value is None:
            return held.not_given
        given, most, when = money(value), held.shown, held.when
        return Text(
            f"Общая стоимость партии {given.ru} превышает {most.ru} ({when.ru}).",
            f"{given.en} is above {most.en} ({when.en}).",
        )


class P37_3(Condition):
    """An origin declaration is enough where a veterinary or phytosanitary certificate of a member state's authorised
    body that states the place of origin (production) travels with the consignment."""

    name = "P37(3)"
    proof = "origin_declaration"

    @staticmethod
    def holds(tally: Tally) -> bool:
        return tally.consignment.certificate

    @staticmethod
    def text(_case: Case) -> Text:
        return _CERTIFICATE

    @staticmethod
    def why_not(_case: Case) -> Text:
        return _NO_CERTIFICATE


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
    def text(case: Case) -> Text:
        shown = case.foreign_shown
        return Text(
            "Происхождение подтверждается специальным сертификатом либо копией сертификата согласно пункту 35 Правил: "
            f"{shown.ru}.",
            f"The origin is confirmed by a special certificate, or by the copy of a certificate that P35 allows: "
            f"{shown.en}.",
        )


_CERTIFICATE: Final = Text(
    "Партию сопровождает ветеринарный или фитосанитарный сертификат государства-члена с указанием места происхождения "
    "(производства) товара.",
    "A veterinary or phytosanitary certificate of a member state that states the place of origin is with the goods.",
)
_NO_CERTIFICATE: Final = Text(
    "Не указано, что партию сопровождает ветеринарный или фитосанитарный сертификат государства-члена с указанием "
    "места происхождения (производства) товара.",
    "No veterinary or phytosanitary certificate of a member state that states the place of origin is said to be with "
    "the goods.",
)

RULES: Final[tuple[type[Rule], ...]] = (A4_1, P17, A11_1, P25, P2, P36, P24, P37_1, P37_2, P37_3, P26)
"""The rules in the order in which they are asked: the first that holds decides. P26 always holds."""


def decide(tally: Tally) -> type[Rule]:
    """The rule that decides on the day of the tally: the first that holds."""
    for holds, rule in _ASKED:
        if holds(tally):
            return rule
    raise AssertionError("P26 holds whenever nothing else does")


_ASKED: Final = tuple((rule.holds, rule) for rule in RULES)
