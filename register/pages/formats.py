"""How a page writes numbers, times, codes, rules and texts in its language. Pure: no database, no web.

Days are calendar days of the Commission's seat; times come in UTC and are shown in its zone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from babel import Locale
from babel.numbers import format_decimal
from markupsafe import Markup, escape

from register.measures import STATES
from register.proof.question import ISO_3166
from register.words import STATE_NAMES, Language, written_date

_GROUP_ENDS: Final = (4, 6, 9, 10)


class Shown(NamedTuple):
    """A text and the language it is in, where that is not the language of the page."""

    text: str
    lang: str | None


def number(value: int | Decimal, language: Language) -> str:
    """A number with the separators of the language: 18 000 or 18,000."""
    return str(format_decimal(value, locale=language))


def groups(code: str) -> list[str]:
    """The groups in which people write a code of any length: 7204, 10, 000, 0."""
    found, start = [], 0
    for end in _GROUP_ENDS:
        if code[start:end]:
            found.append(code[start:end])
        start = end
    return found


def moment(at: datetime, zone: ZoneInfo, language: Language) -> str:
    """A time as people write it, with the distance of its zone from UTC: 30.08.2026, 12:12 (UTC+3)."""
    local = at.astimezone(zone)
    offset = local.utcoffset()
    minutes = int(offset.total_seconds()) // 60 if offset is not None else 0
    hours, rest = divmod(abs(minutes), 60)
    shown = f"{'−' if minutes < 0 else '+'}{hours}{f':{rest:02d}' if rest else ''}" if minutes else ""
    return f"{written_date(local.date(), language)}, {local:%H:%M} (UTC{shown})"


def localised(text: Mapping[str, str | None] | None, language: Language) -> Shown:
    """A text of a record in the language of the page, else in the other one, which is then named."""
    if text is None:
        return Shown("", None)
    if own := text.get(language):
        return Shown(own, None)
    other = "en" if language == "ru" else "ru"
    return Shown(text.get(other) or "", other)


def anchor(rule: str) -> str:
    """The name of a rule in an address: P37(1) is P37-1."""
    return re.sub(r"[^A-Za-z0-9]+", "-", rule).strip("-")


def rule_name(rule: str, language: Language) -> str:
    """A provision as lawyers cite it: п. 37 (1), ст. 4 (4); a rule of our own by its number."""
    parts = re.fullmatch(r"([A-Z]+)(\d+)(\(\d+\))?", rule)
    if parts is None:
        return rule
    kind, figure, part = parts[1], parts[2], parts[3] or ""
    words = _PROVISIONS.get(kind)
    return rule if words is None else f"{words[language]}\u00a0{figure}{part}"


_PROVISIONS: Final[Mapping[str, Mapping[str, str]]] = {
    "P": {"ru": "п.", "en": "point"},
    "A": {"ru": "ст.", "en": "Art."},
}


_KEPT_WHOLE: Final = re.compile(
    r"(?P<id>\b(?:AM|BY|KZ|KG|RU)-\d{4}-\d{3,6}\b)|\bC-\d{4}-\d{3,6}\b|\b\d{4} \d{2}(?: \d{1,3}(?: \d)?)?\b"
)


def linked(text: str, address: str | None = None) -> Markup:
    """A text with its measures and codes kept from breaking across lines, and the measures linked under ``address``."""
    parts, end = [], 0
    for found in _KEPT_WHOLE.finditer(text):
        parts.append(escape(text[end : found.start()]))
        whole = escape(found[0])
        if found["id"] and address:
            parts.append(Markup('<a class="id" href="{}/{}">{}</a>').format(address, whole, whole))
        else:
            parts.append(Markup('<span class="nowrap">{}</span>').format(whole))
        end = found.end()
    return Markup("").join([*parts, escape(text[end:])])


def capital(text: str) -> str:
    """A text that begins with a capital letter."""
    return text[:1].upper() + text[1:]


def shortened(text: str, most: int) -> str:
    """A text cut at a word, with an ellipsis where something was cut."""
    if len(text) <= most:
        return text
    return text[:most].rsplit(" ", 1)[0].rstrip(" ,;.–") + "…"


@lru_cache(maxsize=4)
def countries(language: Language) -> tuple[tuple[str, str], ...]:
    """The countries that are no member states, by code and name, in the order of the alphabet."""
    names = Locale(language).territories
    listed = [(code, names.get(code, code)) for code in ISO_3166 if code not in STATES]
    return tuple(sorted(listed, key=lambda item: item[1].lower().replace("ё", "е")))


def country(code: str, language: Language) -> str:
    """The name of a country by its code; of a member state as the Treaty has it."""
    if code in STATE_NAMES:
        return STATE_NAMES[code][language]
    return str(Locale(language).territories.get(code, code))


_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")


def value(item: Any, language: Language) -> str:
    """A value of a record on one line: days by the language, lists with semicolons, «–» for nothing."""
    if item is None or item == [] or item == "":
        return "–"
    if isinstance(item, bool):
        return _YES[item][language]
    if isinstance(item, str):
        return _day(item, language)
    if isinstance(item, Mapping):
        return ", ".join(value(part, language) for part in item.values() if part not in (None, [], False)) or "–"
    if isinstance(item, Sequence):
        return "; ".join(value(part, language) for part in item)
    return str(item)


_YES: Final = {True: {"ru": "да", "en": "yes"}, False: {"ru": "нет", "en": "no"}}


def _day(text: str, language: Language) -> str:
    if _DAY.fullmatch(text):
        try:
            return written_date(date.fromisoformat(text), language)
        except ValueError:
            return text
    return text
