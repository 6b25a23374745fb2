"""Reading the address of a page: lenient in form, strict in meaning, and nothing that was typed is lost.

What a page does not know is ignored. What it cannot use is a fault beside its field; the text stays as it was typed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from typing import Final, NamedTuple
from urllib.parse import parse_qsl, urlencode
from zoneinfo import ZoneInfo

from register.codes import CodeError, normalise
from register.index import Register, UnknownPast
from register.pages.catalogue import N_
from register.words import Language


class Fault(NamedTuple):
    """What is wrong with a field, in the language of the page."""

    field: str
    text: str


class Query:
    """The parameters of an address: repeated names and lists with commas are one."""

    def __init__(self, raw: bytes) -> None:
        self._values: dict[str, list[str]] = {}
        for name, text in parse_qsl(raw.decode("latin-1"), keep_blank_values=True, max_num_fields=None):
            self._values.setdefault(name, []).append(text.strip())

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def text(self, name: str, most: int = 300) -> str:
        """The first value as it was typed, cut to so many characters; empty when there is none."""
        return self._values.get(name, [""])[0][:most]

    def words(self, name: str) -> list[str]:
        """Every value, lists with commas taken apart, in the order given, each once."""
        parts = (part.strip() for value in self._values.get(name, ()) for part in value.split(","))
        return list(dict.fromkeys(part for part in parts if part))


def among(query: Query, name: str, allowed: Sequence[str]) -> frozenset[str]:
    """The values that are allowed; a page passes over the others, as over parameters that it does not know."""
    return frozenset(query.words(name)) & frozenset(allowed)


def address(pairs: Iterable[tuple[str, object]]) -> str:
    """A query string without its empty members; sets become lists with commas, in order."""
    kept = []
    for name, item in pairs:
        text = ",".join(sorted(item)) if isinstance(item, frozenset) else "" if item is None else str(item)
        if text:
            kept.append((name, text))
    return urlencode(kept, safe=",:")


def read_code(text: str, faults: list[Fault], language: Language, field: str = "code") -> str | None:
    """A code of 2 or 4 to 10 digits, in any spacing; None when there is none or it is at fault (H1)."""
    if not text:
        return None
    try:
        return normalise(text)
    except CodeError as error:
        faults.append(Fault(field, error.text[language]))
        return None


_WRITTEN = re.compile(r"(\d{1,2})[./ ](\d{1,2})[./ ](\d{4})")
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}")


def day(text: str) -> date | None:
    """A day written 2026-09-10 or 10.09.2026; None for anything else."""
    try:
        if _ISO.fullmatch(text):
            return date.fromisoformat(text)
        if parts := _WRITTEN.fullmatch(text):
            return date(int(parts[3]), int(parts[2]), int(parts[1]))
    except ValueError:
        return None
    return None


def day_fault(text: str) -> str:
    """Why a text is no day, as a message to be translated."""
    return NO_SUCH_DAY if _ISO.fullmatch(text) or _WRITTEN.fullmatch(text) else NO_DAY


NO_DAY: Final = N_("A date is written as 10.09.2026 or 2026-09-10.")
NO_SUCH_DAY: Final = N_("There is no such date in the calendar.")
NO_PAST: Final = N_("Give a date, the number of an entry that is there, or a time with its zone.")


def money(text: str, language: Language) -> str:
    """A sum as a question takes it: digits and a point. What cannot be read stays as it was typed."""
    tight = re.sub(r"[\s\u00a0\u202f]", "", text)
    if re.fullmatch(r"\d+,\d{1,2}", tight) or (language == "ru" and re.fullmatch(r"\d+,\d+", tight)):
        return tight.replace(",", ".")
    if re.fullmatch(r"\d{1,3}(,\d{3})+(\.\d{1,2})?", tight):
        return tight.replace(",", "")
    return tight


def known_at(text: str, register: Register, zone: ZoneInfo) -> int | None:
    """The entry that a date of knowledge means: a number, a day (its end at the seat) or a time with its zone.

    None when nothing was typed. Raises ``UnknownPast`` for a past that is not there.
    """
    if not text:
        return None
    on = day(text)
    if on is not None:
        try:
            end = datetime.combine(on, time.min, zone) + timedelta(days=1, milliseconds=-1)
            return register.known_at(end)
        except (OverflowError, ValueError) as error:
            raise UnknownPast(text) from error
    try:
        # A plus sign that a query turned into a space is put back.
        return register.known_at(re.sub(r" (\d\d:\d\d)$", r"+\1", text))
    except OverflowError as error:
        raise UnknownPast(text) from error
