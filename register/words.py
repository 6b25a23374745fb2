"""The field's names in both languages, and how dates, codes and terms are written in a sentence.

Every page, feed, calendar and summary takes its words from here, so that one thing bears one name. The terms are those
of the word list in the law's digest. Pure: no database, no web.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final, Literal

from register.codes import format_code

Language = Literal["ru", "en"]
Names = Mapping[str, Mapping[str, str]]

LANGUAGES: Final[tuple[Language, ...]] = ("ru", "en")

STATE_NAMES: Final[Names] = {
    "AM": {"ru": "Республика Армения", "ru_genitive": "Республики Армения", "en": "Armenia"},
    "BY": {"ru": "Республика Беларусь", "ru_genitive": "Республики Беларусь", "en": "Belarus"},
    "KZ": {"ru": "Республика Казахстан", "ru_genitive": "Республики Казахстан", "en": "Kazakhstan"},
    "KG": {"ru": "Кыргызская Республика", "ru_genitive": "Кыргызской Республики", "en": "Kyrgyzstan"},
    "RU": {"ru": "Российская Федерация", "ru_genitive": "Российской Федерации", "en": "Russia"},
}

KIND_NAMES: Final[Names] = {
    "export_prohibition": {
        "ru": "запрет вывоза",
        "ru_genitive": "запрета вывоза",
        "ru_accusative": "запрет вывоза",
        "en": "export prohibition",
    },
    "quantitative_restriction": {
        "ru": "количественное ограничение вывоза (квота)",
        "ru_genitive": "количественного ограничения вывоза (квоты)",
        "ru_accusative": "количественное ограничение вывоза (квоту)",
        "en": "quantitative restriction (quota)",
    },
    "exclusive_right": {
        "ru": "исключительное право на вывоз",
        "ru_genitive": "исключительного права на вывоз",
        "ru_accusative": "исключительное право на вывоз",
        "en": "exclusive right",
    },
    "licensing": {
        "ru": "лицензирование вывоза",
        "ru_genitive": "лицензирования вывоза",
        "ru_accusative": "лицензирование вывоза",
        "en": "export licensing",
    },
    "automatic_licensing": {
        "ru": "автоматическое лицензирование вывоза (наблюдение)",
        "ru_genitive": "автоматического лицензирования вывоза (наблюдения)",
        "ru_accusative": "автоматическое лицензирование вывоза (наблюдение)",
        "en": "automatic licensing (surveillance)",
    },
    "permit_procedure": {
        "ru": "разрешительный порядок вывоза",
        "ru_genitive": "разрешительного порядка вывоза",
        "ru_accusative": "разрешительный порядок вывоза",
        "en": "permit procedure",
    },
    "export_duty": {
        "ru": "вывозная таможенная пошлина",
        "ru_genitive": "вывозной таможенной пошлины",
        "ru_accusative": "вывозную таможенную пошлину",
        "en": "export duty",
    },
}

STATUS_NAMES: Final[Names] = {
    "upcoming": {"ru": "не вступила в силу", "en": "not yet in force"},
    "in_force": {"ru": "действует", "en": "in force"},
    "suspended": {"ru": "приостановлена", "en": "suspended"},
    "expired": {"ru": "срок действия истек", "en": "expired"},
    "terminated": {"ru": "прекращена досрочно", "en": "ended early"},
}

PROOF_NAMES: Final[Names] = {
    "none": {"ru": "подтверждение происхождения не требуется", "en": "no proof of origin"},
    "origin_declaration": {"ru": "декларация о происхождении товара", "en": "origin declaration"},
    "special_certificate": {"ru": "специальный сертификат", "en": "special certificate"},
    "certificate_copy": {"ru": "копия сертификата о происхождении товара", "en": "copy of a certificate of origin"},
    "outside_rules": {"ru": "Правила не применяются", "en": "outside the Rules"},
}

TRANSPORT_NAMES: Final[Names] = {
    "road": {"ru": "автомобильный транспорт", "en": "road"},
    "rail": {"ru": "железнодорожный транспорт", "en": "rail"},
    "sea": {"ru": "морской транспорт", "en": "sea"},
    "river": {"ru": "внутренний водный транспорт", "en": "inland waterway"},
    "air": {"ru": "воздушный транспорт", "en": "air"},
    "pipeline": {"ru": "трубопроводный транспорт", "en": "pipeline"},
    "post": {"ru": "международные почтовые отправления", "en": "post"},
}

DESTINATION_NAMES: Final[Names] = {
    "third_countries": {
        "ru": "вывоз за пределы таможенной территории Союза",
        "en": "exports out of the customs territory of the Union",
    },
    "member_states": {"ru": "вывоз в другие государства-члены", "en": "movement to other member states"},
    "all": {
        "ru": "вывоз за пределы территории государства-члена в любом направлении",
        "en": "exports in every direction",
    },
}

ACT_ROLE_NAMES: Final[Names] = {
    "introduces": {"ru": "вводит меру", "en": "introduces the measure"},
    "extends": {"ru": "продлевает срок действия", "en": "extends the term"},
    "amends": {"ru": "вносит изменения", "en": "amends the measure"},
    "terminates": {"ru": "досрочно прекращает действие", "en": "ends the measure early"},
    "corrects": {"ru": "исправляет ошибку", "en": "corrects an error"},
}

ENTRY_TYPE_NAMES: Final[Names] = {
    "measure.included": {"ru": "включение в Реестр", "en": "inclusion in the Register"},
    "measure.amended": {"ru": "изменение меры", "en": "amendment"},
    "measure.extended": {"ru": "продление срока действия", "en": "extension"},
    "measure.terminated": {"ru": "досрочное прекращение", "en": "early end"},
    "measure.corrected": {"ru": "исправление записи", "en": "correction"},
    "measure.effective": {"ru": "вступление в силу", "en": "taking effect"},
    "measure.expired": {"ru": "окончание действия", "en": "end of the term"},
    "declaration.permitted": {"ru": "допущена декларация о происхождении", "en": "origin declaration permitted"},
    "declaration.revoked": {
        "ru": "отменена возможность использования декларации",
        "en": "permission of the declaration revoked",
    },
    "declaration.window_closed": {"ru": "истекли 15 дней пункта 37", "en": "the 15 days of point 37 have passed"},
    "consultation.initiated": {"ru": "инициирование консультаций", "en": "consultation initiated"},
    "consultation.scheduled": {"ru": "назначение заседания", "en": "consultation scheduled"},
    "consultation.concluded": {"ru": "завершение консультаций", "en": "consultation concluded"},
    "consultation.withdrawn": {"ru": "отзыв инициативы", "en": "consultation withdrawn"},
}

REASON_NAMES: Final[Names] = {
    "legal_change": {"ru": "изменение в праве", "en": "change in law"},
    "correction": {"ru": "исправление", "en": "correction"},
    "technical": {"ru": "техническое изменение", "en": "technical change"},
    "date_reached": {"ru": "наступление даты", "en": "a date reached"},
}

FIELD_NAMES: Final[Names] = {
    "state": {"ru": "государство-член", "en": "member state"},
    "kind": {"ru": "вид меры", "en": "kind of measure"},
    "title": {"ru": "наименование", "en": "title"},
    "acts": {"ru": "акты", "en": "acts"},
    "goods": {"ru": "перечень товаров", "en": "goods"},
    "destination": {"ru": "направление вывоза", "en": "destination"},
    "transport": {"ru": "вид транспорта", "en": "mode of transport"},
    "origin_condition": {"ru": "условие о происхождении", "en": "condition of origin"},
    "conditions": {"ru": "условия применения", "en": "conditions"},
    "effective_from": {"ru": "дата вступления в силу", "en": "date of effect"},
    "effective_to": {"ru": "дата окончания действия", "en": "last day in force"},
    "suspensions": {"ru": "приостановления", "en": "suspensions"},
    "notified_on": {"ru": "дата уведомления", "en": "date of notification"},
    "included_on": {"ru": "дата включения в Реестр", "en": "date of inclusion"},
    "declaration": {"ru": "возможность использования декларации", "en": "permission of the declaration"},
    "printed": {"ru": "исходный текст таблицы", "en": "cells as printed"},
    "nomenclature": {"ru": "редакция номенклатуры", "en": "edition of the nomenclature"},
}

CONSULTATION_STATUS_NAMES: Final[Names] = {
    "initiated": {"ru": "инициированы", "en": "initiated"},
    "scheduled": {"ru": "заседание назначено", "en": "meeting scheduled"},
    "in_progress": {"ru": "позиции рассматриваются", "en": "positions under way"},
    "consensus_permitted": {"ru": "консенсус, декларация допущена", "en": "consensus, declaration permitted"},
    "consensus_not_permitted": {
        "ru": "консенсус, решение о декларации не принято",
        "en": "consensus, declaration not permitted",
    },
    "no_consensus": {"ru": "консенсус не достигнут", "en": "no consensus"},
    "withdrawn": {"ru": "отозваны инициатором", "en": "withdrawn"},
    "entered_in_register": {"ru": "решение внесено в Реестр", "en": "entered in the Register"},
    "revoked": {"ru": "решение отменено", "en": "permission revoked"},
}

CONSULTATION_FIELD_NAMES: Final[Names] = {
    "status": {"ru": "состояние", "en": "status"},
    "state": {"ru": "государство, планирующее меру", "en": "state that plans the measure"},
    "initiator": {"ru": "инициатор", "en": "initiator"},
    "burdened": {"ru": "чей вывоз затрудняется", "en": "whose exports are burdened"},
    "planned": {"ru": "планируемый срок меры", "en": "planned term of the measure"},
    "measure": {"ru": "мера в Реестре", "en": "measure in the Register"},
    "initiated_on": {"ru": "дата инициирования", "en": "initiated on"},
    "meeting": {"ru": "заседание подкомитета", "en": "meeting of the subcommittee"},
    "outcome": {"ru": "итог", "en": "outcome"},
    "concluded_on": {"ru": "дата завершения", "en": "concluded on"},
    "protocol": {"ru": "протокол", "en": "protocol"},
    "permission": {"ru": "возможность использования декларации", "en": "permission of the declaration"},
    "withdrawn_on": {"ru": "дата отзыва", "en": "withdrawn on"},
    "revocation": {"ru": "отмена", "en": "revocation"},
    "last_day": {"ru": "последний день", "en": "last day"},
}

_MONTHS: Final = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


def written_date(day: date | str, language: Language) -> str:
    """A day as people write it: 19.12.2026, or 19 December 2026. Raises ``ValueError`` for what is no ISO date."""
    if isinstance(day, str):
        day = date.fromisoformat(day)
    if language == "ru":
        return f"{day.day:02d}.{day.month:02d}.{day.year:04d}"
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def written_span(span: Mapping[str, Any], language: Language) -> str:
    """A span of codes of the public record: из 7302, or ex 7302; 8404 – 8415. Raises ``CodeError`` (H1)."""
    text = format_code(span["code_from"])
    if span.get("code_to"):
        text = f"{text} – {format_code(span['code_to'])}"
    if span.get("partial"):
        text = f"{'из' if language == 'ru' else 'ex'} {text}"
    return text


def written_codes(goods: Sequence[Mapping[str, Any]], language: Language, most: int = 6) -> str:
    """The codes of goods lines, each once; of a long list the first ``most`` and the number of the others.

    What lines exclude is not named: the record holds it.
    """
    spans = list(dict.fromkeys(written_span(line, language) for line in goods))
    # One more takes no more room than the words that would stand for it.
    if len(spans) <= most + 1:
        return ", ".join(spans)
    rest = len(spans) - most
    more = f"и еще {rest}" if language == "ru" else f"and {rest} more"
    return f"{', '.join(spans[:most])} {more}"


def written_term(start: date | str, end: date | str | None, language: Language) -> str:
    """The days in force, both included: с 08.09.2026 по 08.03.2027, or from 8 September 2026 to 8 March 2027."""
    first = written_date(start, language)
    if end is None:
        return f"с {first} без ограничения срока" if language == "ru" else f"from {first}, open-ended"
    last = written_date(end, language)
    return f"с {first} по {last} включительно" if language == "ru" else f"from {first} to {last} inclusive"
