"""The fixed words of an extract in both languages; what measures, rules and days are called is in register.words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from register.words import Language

_WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "register": (
        "Реестр отдельных мер регулирования экспорта государств – членов ЕАЭС",
        "Register of separate export measures of the member states of the EAEU",
    ),
    "extract": ("Выписка из Реестра", "Extract from the Register"),
    "demonstration": (
        "Демонстрация: данные приведены для примера, юридического значения выписка не имеет.",
        "Demonstration: the data are an example, and the extract has no legal force.",
    ),
    "question": ("Вопрос", "Question"),
    "code": ("Код ТН ВЭД ЕАЭС", "TN VED code"),
    "date": ("Дата", "Date"),
    "origin": ("Страна происхождения", "Country of origin"),
    "value_eur": ("Стоимость партии, евро", "Value of the consignment, EUR"),
    "transport": ("Вид транспорта", "Transport"),
    "sanitary_certificate": ("Ветеринарный или фитосанитарный сертификат", "Veterinary or phytosanitary certificate"),
    "present": ("имеется, содержит сведения о месте происхождения", "present, states the place of origin"),
    "compliance": ("Подтверждено соблюдение мер", "Compliance confirmed with measures of"),
    "none": ("Подтверждение происхождения не требуется.", "No proof of origin is needed."),
    "outside_rules": ("Правила к этому товару не применяются.", "The Rules do not apply to these goods."),
    "origin_declaration": ("Достаточно декларации о происхождении.", "An origin declaration is enough."),
    "origin_declaration_until": (
        "Достаточно декларации о происхождении до {day}.",
        "An origin declaration is enough until {day}.",
    ),
    "special_certificate": ("Нужен специальный сертификат.", "A special certificate is needed."),
    "by_description_none": (
        "Подтверждение происхождения не требуется независимо от того, соответствует ли товар описанию в Реестре.",
        "No proof of origin is needed, whether or not the goods fit the description in the Register.",
    ),
    "by_description_origin_declaration": (
        "Достаточно декларации о происхождении, если товар соответствует описанию в Реестре.",
        "An origin declaration is enough if the goods fit the description in the Register.",
    ),
    "by_description_special_certificate": (
        "Нужен специальный сертификат, если товар соответствует описанию в Реестре.",
        "A special certificate is needed if the goods fit the description in the Register.",
    ),
    "holds_until": ("Это верно по {day} включительно.", "This holds until {day} inclusive."),
    "then_none": (
        "С {day} по имеющимся в Реестре сведениям подтверждение происхождения не потребуется ({rule}).",
        "From {day}, on what this state of the Register says, no proof of origin will be needed ({rule}).",
    ),
    "then_origin_declaration": (
        "С {day} по имеющимся в Реестре сведениям будет достаточно декларации о происхождении ({rule}).",
        "From {day}, on what this state of the Register says, an origin declaration will be enough ({rule}).",
    ),
    "then_special_certificate": (
        "С {day} по имеющимся в Реестре сведениям будет нужен специальный сертификат ({rule}).",
        "From {day}, on what this state of the Register says, a special certificate will be needed ({rule}).",
    ),
    "then_outside_rules": (
        "С {day} Правила применяться не будут ({rule}).",
        "From {day} the Rules will not apply ({rule}).",
    ),
    "nothing_changes": (
        "Изменений этого ответа в будущем имеющиеся в Реестре сведения не предусматривают.",
        "Nothing in this state of the Register will change this answer later.",
    ),
    "accepted": ("Таможенные органы принимают: {list}.", "Customs accept: {list}."),
    "compliance_required": (
        "Товар происходит из государства, установившего меру. Требуется ее соблюдение: {list}.",
        "The goods originate in a state that has a measure on them. Compliance with it is required: {list}.",
    ),
    "grounds": ("Основания", "Grounds"),
    "considered": (
        "Менее обременительное рассмотрено и не применяется",
        "Lighter proofs considered, and why they do not hold",
    ),
    "measures": ("Меры, учтенные на эту дату", "Measures that count on this date"),
    "no_measures": (
        "На эту дату ни одна включенная в Реестр и действующая мера на код не распространяется.",
        "On this date no measure that is in the Register and in force covers the code.",
    ),
    "others": (
        "Другие меры Реестра на этот код, на эту дату не учтенные: {list}.",
        "Other measures of the Register on this code, which do not count on this date: {list}.",
    ),
    "notes": ("Примечания", "Notes"),
    "measure": ("Мера", "Measure"),
    "goods": ("Товары", "Goods"),
    "goods_of": ("Товары по акту", "Goods in the act"),
    "in_force": ("Действует", "In force"),
    "for_declaration": ("Декларация", "Declaration"),
    "except": ("кроме", "except"),
    "partial": ("часть кода: решает описание", "part of the code: the description decides"),
    "own_origin": (
        "товар происходит из этого государства: применяется сама мера",
        "goods of this state: under the measure itself",
    ),
    "set_aside": (
        "вывозная пошлина: в переходный период не учитывается",
        "export duty: set aside while the transition lasts",
    ),
    "permitted": ("допущена решением (п. 24)", "permitted by decision (point 24)"),
    "window_until": ("15 дней – по {day}", "15 days, until {day}"),
    "window_closed": ("15 дней истекли {day}", "the 15 days ended on {day}"),
    "from": ("с {day}", "from {day}"),
    "to": ("по {day}", "to {day}"),
    "open_ended": ("без ограничения срока", "open-ended"),
    "term": ("Действует {term}.", "In force {term}."),
    "ended_early": (
        "Прекращена досрочно; последний день действия – {day}.",
        "Ended early; its last day in force was {day}.",
    ),
    "ended_before": (
        "Прекращена до вступления в силу ({day}).",
        "Ended before it took effect ({day}).",
    ),
    "number": ("№", "No."),
    "line_dates": ("Даты строки", "Dates of the line"),
    "included": ("включена {day}", "included {day}"),
    "acts": ("Акты", "Acts"),
    "of": ("от", "of"),
    "no_acts": ("Акты в записи не указаны.", "The record names no act."),
    "particulars": ("Сведения о мере", "Particulars"),
    "state": ("Государство-член", "Member state"),
    "kind": ("Вид меры", "Kind of measure"),
    "suspended": ("Приостановлена", "Suspended"),
    "notified_on": ("Дата уведомления", "Notified"),
    "included_on": ("Включена в Реестр", "Included in the Register"),
    "destination": ("Направление вывоза", "Destination"),
    "any": ("любой", "any"),
    "nomenclature": ("Редакция номенклатуры", "Edition of the nomenclature"),
    "window": ("Декларация, {rule}", "Declaration, {rule}"),
    "window_days": ("достаточна с {first} по {last} включительно", "enough from {first} to {last} inclusive"),
    "by_decision": ("допущена решением {days}", "permitted by decision {days}"),
    "protocol": ("протокол № {number} от {day}", "protocol No. {number} of {day}"),
    "consultation": ("консультации {id}", "consultation {id}"),
    "no_decision": ("решения в Реестре нет", "no decision in the Register"),
    "conditions": ("Условия", "Conditions"),
    "history": ("Версии записи", "Versions of the record"),
    "version": ("Версия {number}", "Version {number}"),
    "entry": ("Запись Реестра", "Register entry"),
    "recorded": ("внесена {at} UTC", "recorded {at} UTC"),
    "no_entry": ("Реестр не содержит записей", "the Register holds no entries"),
    "root": ("Корень журнала на эту запись", "Checkpoint root at this entry"),
    "signed": ("Подписано журналом", "Signed by"),
    "signed_at": ("{origin}, состояние на запись {size}", "{origin}, checkpoint of entry {size}"),
    "transition": ("Переходный период по вывозным пошлинам", "Transition for export duties"),
    "transition_until": ("по {day} включительно", "until {day} inclusive"),
    "transition_lasts": ("не окончен", "not over"),
    "address": ("Проверить по адресу", "Verify at"),
    "qr": ("QR-код адреса для проверки", "QR code of the verifying address"),
    "attached": (
        "В файл вложено доказательство {name}; проверить: register verify ФАЙЛ.pdf. Проверка показывает, что "
        "приведенные записи содержатся в подписанном журнале и дают то, что сказано здесь. Что других относящихся "
        "к вопросу записей нет, показывает только сам Реестр.",
        "The proof {name} is attached to this file; check it with register verify FILE.pdf. That shows that the "
        "entries quoted are in the signed journal and give what is said here. That no other entry bears on it, only "
        "the Register itself shows.",
    ),
    "page": (
        "Запись Реестра {seq} · {at} · подписано журналом {origin} · корень:",
        "Register entry {seq} · {at} · signed by {origin} · checkpoint root:",
    ),
    "history_line": ("{type}, запись {seq}, {at}", "{type}, entry {seq}, {at}"),
}
_PLACE: Final[Mapping[str, int]] = {"ru": 0, "en": 1}


def say(key: str, language: Language, **values: object) -> str:
    """The words of a key, with their values. Raises ``KeyError`` for an unknown key or a value left out."""
    text = _WORDS[key][_PLACE[language]]
    return text.format(**values) if values else text
