"""The days off of the member states as the package `holidays` has them, and how far it knows them.

Pure, and the same for everybody: what an operator enters stands in ``consultations.working_days``. The package moves
days off by itself where a decree of the state is in its data; it has a year's decree, or it has not.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Final

import holidays

from register.words import written_date

Text = Mapping[str, str]
"""A text in both languages, as in ``register.words``."""

_IN_RUSSIAN: Final[Mapping[str, str]] = {"BY": "ru", "KG": "ru_KG", "RU": "ru"}
"""The states whose holidays the package names in Russian, and what it calls that Russian."""

_RUSSIAN: Final[Mapping[str, str]] = {
    # Armenia
    "Army Day": "День армии",
    "Christmas Holidays": "Рождественские праздники",
    "Christmas and Epiphany": "Рождество и Святое Богоявление",
    "Day of Remembrance for the Fallen Defenders of the Fatherland": "День памяти погибших защитников Родины",
    "Day of Remembrance of the Dead": "День поминовения усопших",
    "Day of Remembrance of the Victims of Armenian Genocide": "День памяти жертв Геноцида армян",
    "Independence Day": "День независимости",
    "Labor Day": "День труда",
    "New Year's Day": "Новый год",
    "New Year's Eve": "канун Нового года",
    "Victory and Peace Day": "День Победы и Мира",
    "Women's Day": "День женщин",
    # Armenia and Kazakhstan
    "Constitution Day": "День Конституции",
    "Republic Day": "День Республики",
    # Kazakhstan
    "Capital Day": "День столицы",
    "Defender of the Fatherland Day": "День защитника Отечества",
    "Eid al-Adha": "Курбан айт",
    "First President Day": "День Первого Президента",
    "International Women's Day": "Международный женский день",
    "Kazakhstan's People Solidarity Holiday": "Праздник единства народа Казахстана",
    "Nowruz Holiday": "Наурыз мейрамы",
    "Orthodox Christmas": "православное Рождество",
    "Victory Day": "День Победы",
}
"""What the package names in no Russian. Another name is given as the package writes it in English."""

_SUBSTITUTED: Final = re.compile(r"Day off \(substituted from (\d\d)/(\d\d)/(\d{4})\)")
_LABEL: Final = re.compile(r" \((observed, estimated|estimated|observed)\)$")
_RUSSIAN_LABEL: Final = re.compile(r" \((?:приблизительная дата|выходной|выходной, приблизительная дата)\)$")


@dataclass(frozen=True, slots=True)
class DayOff:
    """Why nobody works on a day; ``estimated``: the date follows the moon and has not been announced."""

    why: Text
    estimated: bool = False


@dataclass(frozen=True, slots=True)
class PublicYear:
    """A state's year: days off that are not ordinary Saturdays and Sundays (holidays on those among them), Saturdays
    and Sundays that are worked, and whether the year's decree on moved days is in the data."""

    off: Mapping[date, DayOff]
    worked: Mapping[date, Text]
    decreed: bool


@lru_cache(maxsize=512)
def public_year(state: str, year: int) -> PublicYear | None:
    """What the package knows of a state's year; None where it knows nothing of that year or that state."""
    try:
        english = holidays.country_holidays(state, years=(year, year + 1), language="en_US")
    except NotImplementedError:
        return None
    if not english.start_year <= year <= english.end_year:
        return None
    # The year after too: its decree may take a Saturday of this December for a day of its own January.
    russian: Mapping[date, str] = {}
    if state in _IN_RUSSIAN:
        russian = holidays.country_holidays(state, years=year, language=_IN_RUSSIAN[state])
    off = {day: _day_off(name, russian.get(day)) for day, name in english.items() if day.year == year}
    taken = {_from(found): day for day, name in english.items() for found in _SUBSTITUTED.finditer(name)}
    worked = {day: _worked(taken.get(day)) for day in english.weekend_workdays if day.year == year}
    specials = ("special_public_holidays", "special_public_holidays_observed")
    return PublicYear(off, worked, any(year in getattr(english, name, {}) for name in specials))


def _from(found: re.Match[str]) -> date:
    return date(int(found[3]), int(found[1]), int(found[2]))


def _day_off(english: str, russian: str | None) -> DayOff:
    # Several holidays on one day are joined by the package with a semicolon, in every language alike.
    parts = english.split("; ")
    named = russian.split("; ") if russian else [None] * len(parts)
    texts = [_name(part, other) for part, other in zip(parts, named, strict=True)]
    why: Text = {"ru": ", ".join(ru for ru, _ in texts), "en": ", ".join(en for _, en in texts)}
    return DayOff(why, any("estimated)" in part for part in parts))


def _name(english: str, russian: str | None) -> tuple[str, str]:
    if found := _SUBSTITUTED.fullmatch(english):
        day = _from(found)
        return f"выходной, перенесённый с {written_date(day, 'ru')}", f"day off moved from {written_date(day, 'en')}"
    plain = _LABEL.sub("", english)
    ru = _RUSSIAN_LABEL.sub("", russian) if russian else _RUSSIAN.get(plain, plain)
    found = _LABEL.search(english)
    if found is None:
        return ru, plain
    labels = found[1]
    if labels == "observed":
        return f"{ru}, перенос выходного", f"{plain}, observed"
    if labels == "estimated":
        return f"{ru}, дата приблизительная", f"{plain}, date estimated"
    return f"{ru}, перенос выходного, дата приблизительная", f"{plain}, observed, date estimated"


def _worked(instead_of: date | None) -> Text:
    if instead_of is None:
        return {"ru": "рабочий день по решению о переносе", "en": "worked by decree"}
    return {
        "ru": f"рабочий день вместо {written_date(instead_of, 'ru')}",
        "en": f"worked instead of {written_date(instead_of, 'en')}",
    }
