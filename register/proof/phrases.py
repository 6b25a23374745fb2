"""What the rules say of a case, in Russian and in English, each with places for what it is said of.

By rule: that it holds, and under ``NOT_`` why it does not. The docstrings of `register.proof.points` and
`register.proof.texts.RUSSIAN` say what the law itself says. Pure: no database, no web. Days are proleptic ordinals.
"""

from __future__ import annotations

from typing import Final

from register.proof.texts import BY_TRANSPORT, Said, en_said, phrase, ru_said, said

TRANSPORT: Final = {transport: said(text) for transport, text in BY_TRANSPORT.items()}


def ended(measure: str, day: int) -> Said:
    """P37(1): when the 15 days of a measure ended."""
    id_ = measure.encode()
    return Said(_ENDED_RU % (id_, ru_said(day)), b"for %b ended on %b" % (id_, en_said(day)))


def until(measure: str, day: int) -> Said:
    """P37(1): until when the 15 days of a measure run."""
    id_ = measure.encode()
    return Said(_UNTIL_RU % (id_, ru_said(day)), b"for %b until %b inclusive" % (id_, en_said(day)))


_ENDED_RU: Final = "%b – %b".encode()
_UNTIL_RU: Final = "%b – по %b включительно".encode()


A4_1: Final = phrase(
    "По состоянию на {} в Реестре нет действующих отдельных мер регулирования в отношении товаров с кодом {} "
    "ТН ВЭД ЕАЭС{}.",
    "On {} no measure that is in the Register and in force covers goods of code {}{}.",
)
P17: Final = phrase(
    "Товар происходит из третьей страны ({}) и сохраняет это происхождение, если на территории Союза подвергался лишь "
    "операциям по обеспечению сохранности и обычной подготовке к перевозке; Правила к нему не применяются.",
    "The goods originate in a third country ({}) and keep that origin if they underwent in the Union only what "
    "preserves them or prepares them for transport; they are outside these Rules.",
)
A11_1: Final = phrase(
    "{} – вывозная таможенная пошлина; в течение переходного периода (по {} включительно) документ о происхождении "
    "товара в связи с ней не требуется.",
    "{}: export duty; while the transition lasts (until {} inclusive) it asks for no proof of origin.",
)
A11_1_OPEN: Final = phrase(
    "{} – вывозная таможенная пошлина; в течение переходного периода (срок его окончания не установлен) документ "
    "о происхождении товара в связи с ней не требуется.",
    "{}: export duty; while the transition lasts (its end is not set) it asks for no proof of origin.",
)
NOT_A11_1: Final = phrase(
    "Переходный период закончился {}: вывозная таможенная пошлина ({}) учитывается наравне с иными мерами.",
    "The transition ended on {}: export duties ({}) count like any other measure.",
    why_not="A11(1)",
)
P25: Final = phrase(
    "Мера установлена только в одном государстве-члене ({}), ее соблюдение подтверждено: {}.",
    "Only one state ({}) has a measure, and compliance with it is confirmed: {}.",
)
NOT_P25: Final = phrase(
    "Мера установлена только в одном государстве-члене ({}), ее соблюдение не подтверждено: {}.",
    "Only one state ({}) has a measure, but compliance with it is not confirmed: {}.",
    why_not="P25",
)
P2: Final = phrase(
    "Товар происходит из {}, и на него распространяется сама мера ({}): аналогичным товаром он не является, требуется "
    "соблюдение меры, а не подтверждение иного происхождения.",
    "The goods originate in {} and are under the measure itself ({}), not similar goods: compliance with it is asked, "
    "not proof of another origin.",
)
P36: Final = phrase(
    "Меры установлены в нескольких государствах-членах ({}), подтверждено соблюдение: {}.",
    "Several states ({}) have measures, and compliance is confirmed with: {}.",
)
NOT_P36: Final = phrase(
    "Меры установлены в нескольких государствах-членах ({}), соблюдение ни одной не подтверждено.",
    "Several states ({}) have measures, and compliance with none of them is confirmed.",
    why_not="P36",
)
P24: Final = phrase(
    "По решению, внесенному в Реестр по итогам консультаций, на {} допускается декларация о происхождении товара: {}.",
    "By a decision entered in the Register after a consultation, an origin declaration may be used on {}: {}.",
)
NOT_P24: Final = phrase(
    "На {} в Реестре нет решения о возможности использования декларации о происхождении товара: {}.",
    "On {} the Register holds no decision that an origin declaration may be used: {}.",
    why_not="P24",
)
P37_1: Final = phrase("Не истекли 15 календарных дней: {}.", "The 15 days run: {}.")
NOT_P37_1: Final = phrase("15 календарных дней истекли: {}.", "15 days {}.", why_not="P37(1)")
P37_2: Final = phrase(
    "Общая стоимость партии {} не превышает {} ({}).",
    "The total value of the consignment, {}, is not above {} ({}).",
)
NOT_P37_2: Final = phrase("Общая стоимость партии {} превышает {} ({}).", "{} is above {} ({}).", why_not="P37(2)")
P26: Final = phrase(
    "Происхождение подтверждается специальным сертификатом либо копией сертификата согласно пункту 35 Правил: {}.",
    "The origin is confirmed by a special certificate, or by the copy of a certificate that P35 allows: {}.",
)
CERTIFICATE: Final = phrase(
    "Партию сопровождает ветеринарный или фитосанитарный сертификат государства-члена с указанием места происхождения "
    "(производства) товара.",
    "A veterinary or phytosanitary certificate of a member state that states the place of origin is with the goods.",
)
NO_CERTIFICATE: Final = phrase(
    "Не указано, что партию сопровождает ветеринарный или фитосанитарный сертификат государства-члена с указанием "
    "места происхождения (производства) товара.",
    "No veterinary or phytosanitary certificate of a member state that states the place of origin is said to be with "
    "the goods.",
    why_not="P37(3)",
)
