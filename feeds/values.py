"""How a value of a public record reads in a feed: dates, codes, acts and texts, as escaped HTML in one language."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, Final

from register.words import (
    ACT_ROLE_NAMES,
    CONSULTATION_STATUS_NAMES,
    DESTINATION_NAMES,
    KIND_NAMES,
    STATE_NAMES,
    STATUS_NAMES,
    TRANSPORT_NAMES,
    Language,
    Names,
    written_date,
    written_span,
)

MOST_GOODS: Final = 30
"""Goods lines that a table of facts shows before it says how many more there are."""
NOTHING: Final = "–"
_WEB: Final = ("https://", "http://")

PART_NAMES: Final[Names] = {
    "id": {"ru": "номер", "en": "number"},
    "status": {"ru": "состояние", "en": "status"},
    "declaration_window": {"ru": "15 дней пункта 37", "en": "the 15 days of point 37"},
    "line": {"ru": "строка", "en": "line"},
    "code_from": {"ru": "код", "en": "code"},
    "code_to": {"ru": "последний код", "en": "last code"},
    "partial": {"ru": "часть кода («из»)", "en": "part of the code (“ex”)"},
    "description": {"ru": "описание", "en": "description"},
    "excluded": {"ru": "кроме", "en": "except"},
    "valid_from": {"ru": "действует с", "en": "valid from"},
    "valid_to": {"ru": "действует по", "en": "valid to"},
    "included_on": {"ru": "включена", "en": "included on"},
    "role": {"ru": "значение акта", "en": "what the act does"},
    "issuer": {"ru": "принявший орган", "en": "issuer"},
    "type": {"ru": "вид", "en": "type"},
    "number": {"ru": "номер", "en": "number"},
    "date": {"ru": "дата", "en": "date"},
    "title": {"ru": "наименование", "en": "title"},
    "url": {"ru": "адрес", "en": "address"},
    "permitted": {"ru": "допущена", "en": "permitted"},
    "from": {"ru": "с", "en": "from"},
    "to": {"ru": "по", "en": "to"},
    "until": {"ru": "по", "en": "until"},
    "protocol": {"ru": "протокол", "en": "protocol"},
    "consultation": {"ru": "консультации", "en": "consultation"},
    "codes": {"ru": "коды", "en": "codes"},
    "term": {"ru": "срок", "en": "term"},
    "basis": {"ru": "основание", "en": "basis"},
    "meeting": {"ru": "заседание", "en": "meeting"},
    "outcome": {"ru": "итог", "en": "outcome"},
    "ru": {"ru": "на русском языке", "en": "in Russian"},
    "en": {"ru": "на английском языке", "en": "in English"},
}
"""Names of the parts of a record's fields."""

_WORDS_OF: Final[Mapping[str, Names]] = {
    "state": STATE_NAMES,
    "kind": KIND_NAMES,
    "destination": DESTINATION_NAMES,
    "transport": TRANSPORT_NAMES,
    "role": ACT_ROLE_NAMES,
    "status": {**CONSULTATION_STATUS_NAMES, **STATUS_NAMES},
    "outcome": CONSULTATION_STATUS_NAMES,
    "initiator": STATE_NAMES,
    "burdened": STATE_NAMES,
}
_INSIDE_CODE: Final = re.compile(r"(?<=\d) (?=\d)")
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")


def value_html(path: str, value: Any, language: Language) -> str:
    """A value of a record, escaped; ``path`` says which: a field's name, or the path of a difference."""
    if value is None or value in ("", [], {}):
        return NOTHING
    if isinstance(value, bool):
        return _yes_or_no(value, language)
    if isinstance(value, Mapping):
        return _object_html(value, language)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "<br>".join(value_html(path, item, language) for item in value)
    return _plain_html(path, value, language)


def _plain_html(path: str, value: Any, language: Language) -> str:
    names = [part for part in path.split("/") if part and not part.isdecimal()]
    field = names[-1] if names else ""
    text = str(value)
    if text in (known := _WORDS_OF.get(field, {})):
        return escape(known[text][language])
    if field in ("code_from", "code_to"):
        return escape(written_span({"code_from": text}, language))
    if _DAY.fullmatch(text):
        return _day(text, language)
    if text.startswith(_WEB):
        return _link(text, escape(text))
    return "<br>".join(escape(line) for line in text.splitlines())


def _day(text: str, language: Language) -> str:
    try:
        return written_date(text, language)
    except ValueError:
        # A record of another kind may hold anything; one odd date must not take the whole feed away.
        return escape(text)


def _link(address: str, html: str) -> str:
    return f'<a href="{escape(address)}">{html}</a>' if address.startswith(_WEB) else html


def _yes_or_no(value: bool, language: Language) -> str:
    if language == "ru":
        return "да" if value else "нет"
    return "yes" if value else "no"


def _object_html(value: Mapping[str, Any], language: Language) -> str:
    keys = set(value)
    if "ru" in keys and keys <= {"ru", "en"}:
        return _plain_html("", value.get(language) or value.get("ru") or value.get("en") or NOTHING, language)
    if "code_from" in keys:
        return span_html(value, language)
    if value.get("number") and value.get("date"):
        return _act_html(value, language)
    if "from" in keys and keys <= {"from", "to", "until"}:
        return _period(value, language)
    if "permitted" in keys:
        return _declaration_html(value, language)
    if "goods" in keys and "from" in keys:
        return f"{goods_html(value['goods'], language)}<br>{_period(value, language)}"
    named = ((PART_NAMES.get(name, {}).get(language, name), item) for name, item in value.items() if item is not None)
    return "; ".join(f"{escape(name)}: {value_html(name, item, language)}" for name, item in named) or NOTHING


def goods_html(goods: Sequence[Mapping[str, Any]], language: Language) -> str:
    """Goods lines one below the other, the first ``MOST_GOODS`` of them, and how many more there are."""
    lines = [span_html(line, language) for line in goods[:MOST_GOODS]]
    if len(goods) > MOST_GOODS:
        rest = len(goods) - MOST_GOODS
        lines.append(f"и ещё {rest}" if language == "ru" else f"and {rest} more")
    return "<br>".join(lines)


def span_html(span: Mapping[str, Any], language: Language) -> str:
    """A goods line: its codes, what they are, what is taken out, and its own dates."""
    codes = _INSIDE_CODE.sub("\N{NO-BREAK SPACE}", written_span(span, language))
    parts = [f"<b>{escape(codes)}</b>"]
    if description := span.get("description"):
        parts.append(_object_html(description, language))
    if excluded := span.get("excluded"):
        taken = "; ".join(span_html(item, language) for item in excluded)
        parts.append(f"{PART_NAMES['excluded'][language]}: {taken}")
    own = {"from": span.get("valid_from"), "to": span.get("valid_to")}
    if any(own.values()):
        parts.append(_period(own, language))
    return ", ".join(parts)


def _act_html(act: Mapping[str, Any], language: Language) -> str:
    """An act or a protocol as it is cited, linked where its text is."""
    number, day = escape(str(act["number"])), _day(str(act["date"]), language)
    dated = f"от {day} № {number}" if language == "ru" else f"No. {number} of {day}"
    named = ", ".join(escape(act[name]) for name in ("issuer", "type") if act.get(name))
    cited = f"{named} {dated}".strip()
    if url := act.get("url"):
        cited = _link(url, cited)
    if title := act.get("title"):
        cited = f"{cited} «{escape(title)}»" if language == "ru" else f"{cited} “{escape(title)}”"
    role = ACT_ROLE_NAMES.get(act.get("role") or "")
    return f"{cited} ({role[language]})" if role else cited


def _period(period: Mapping[str, Any], language: Language) -> str:
    """Days with both ends included; an end that is not there is left out."""
    first, last = period.get("from"), period.get("to") or period.get("until")
    words = ("с", "по") if language == "ru" else ("from", "to")
    ends = [f"{word} {_day(day, language)}" for word, day in zip(words, (first, last), strict=True) if day]
    return " ".join(ends) or NOTHING


def _declaration_html(declaration: Mapping[str, Any], language: Language) -> str:
    """The permission of P24: yes or no, its days, its protocol."""
    parts = [_yes_or_no(bool(declaration["permitted"]), language)]
    if declaration.get("from") or declaration.get("to"):
        parts.append(_period(declaration, language))
    if protocol := declaration.get("protocol"):
        parts.append(f"{PART_NAMES['protocol'][language]} {_act_html(protocol, language)}")
    return ", ".join(parts)
