"""Differences between two versions as people read them: the name of the field, what it said, what it says.

Pure: no database, no web.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from register.differences import differences
from register.pages import formats
from register.pages.catalogue import N_
from register.words import (
    ACT_ROLE_NAMES,
    CONSULTATION_FIELD_NAMES,
    CONSULTATION_STATUS_NAMES,
    DESTINATION_NAMES,
    FIELD_NAMES,
    KIND_NAMES,
    STATE_NAMES,
    TRANSPORT_NAMES,
    Language,
    written_codes,
    written_span,
    written_term,
)

Translate = Callable[[str], str]

_MEMBERS: Final[Mapping[str, str]] = {
    "code_from": N_("code"),
    "code_to": N_("last code of the range"),
    "partial": N_("only part of the code"),
    "description": N_("description"),
    "excluded": N_("excluded"),
    "valid_from": N_("valid from"),
    "valid_to": N_("valid to"),
    "included_on": N_("included on"),
    "role": N_("role"),
    "issuer": N_("issuer"),
    "type": N_("kind of act"),
    "number": N_("number"),
    "date": N_("date"),
    "title": N_("title"),
    "url": N_("address"),
    "from": N_("first day"),
    "to": N_("last day"),
    "permitted": N_("permitted"),
    "protocol": N_("protocol"),
    "consultation": N_("consultation"),
    "codes": N_("codes"),
    "term": N_("term"),
    "basis": N_("basis"),
    "ru": N_("in Russian"),
    "en": N_("in English"),
}
_WORDS: Final = {
    "state": STATE_NAMES,
    "kind": KIND_NAMES,
    "destination": DESTINATION_NAMES,
    "transport": TRANSPORT_NAMES,
    "role": ACT_ROLE_NAMES,
    "initiator": STATE_NAMES,
    "burdened": STATE_NAMES,
    "status": CONSULTATION_STATUS_NAMES,
    "outcome": CONSULTATION_STATUS_NAMES,
}
_NAMES: Final = {**CONSULTATION_FIELD_NAMES, **FIELD_NAMES}


class Change(NamedTuple):
    """One difference on one line each; ``before`` is None for what was added, ``after`` for what was taken out."""

    field: str
    before: str | None
    after: str | None


def compared(
    before: Mapping[str, Any] | None, after: Mapping[str, Any] | None, language: Language, translate: Translate
) -> list[Change]:
    """Every field that differs between two records, in words."""
    return [
        Change(
            _field(found["field"], language, translate),
            _shown(found["field"], found["before"], language),
            _shown(found["field"], found["after"], language),
        )
        for found in differences(before, after)
    ]


def _field(path: str, language: Language, translate: Translate) -> str:
    parts = path.strip("/").split("/")
    named = [_NAMES[parts[0]][language] if parts[0] in _NAMES else parts[0]]
    for place, part in enumerate(parts[1:], start=1):
        if not part.isdigit():
            named.append(_member(part, language, translate))
        elif parts[place - 1] == "goods":
            named.append(translate(LINE) % {"number": part})
        else:
            named.append(f"№ {int(part) + 1}")
    return ", ".join(named)


def _member(part: str, language: Language, translate: Translate) -> str:
    if part in _MEMBERS:
        return translate(_MEMBERS[part])
    return _NAMES[part][language] if part in _NAMES else part


LINE: Final = N_("line %(number)s")


def _shown(path: str, value: Any, language: Language) -> str | None:
    if value is None or value == []:
        return None
    name = next((part for part in reversed(path.split("/")) if not part.isdigit()), "")
    return _words(name, value, language)


def _words(name: str, value: Any, language: Language) -> str:
    table = _WORDS.get(name)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "; ".join(_words(name, item, language) for item in value)
    if isinstance(value, str) and table and value in table:
        return table[value][language]
    if isinstance(value, str) and name in ("code_from", "code_to"):
        return "\u00a0".join(formats.groups(value))
    if isinstance(value, Mapping) and "code_from" in value:
        return _span(value, language)
    if isinstance(value, Mapping) and "role" in value:
        return _act(value, language)
    if isinstance(value, Mapping) and "goods" in value and "from" in value:
        # The permission of a consultation: for what, on which days.
        return f"{written_codes(value['goods'], language)}; {written_term(value['from'], value.get('to'), language)}"
    return formats.value(value, language)


def _span(span: Mapping[str, Any], language: Language) -> str:
    text = written_span(span, language).replace(" ", "\u00a0")
    description = formats.localised(span.get("description"), language).text
    return f"{text}: {description}" if description else text


def _act(act: Mapping[str, Any], language: Language) -> str:
    named = " ".join(part for part in (act.get("issuer"), act.get("type")) if part)
    day = formats.value(act.get("date"), language)
    return f"{named} № {act.get('number')}, {day} ({ACT_ROLE_NAMES[act['role']][language]})".strip()
