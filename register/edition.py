"""One edition of the TN VED in memory: codes and names packed side by side, asked by code, day and word.

28,500 codes take about 6 MB, and as much again for the search by words. Pure: no database, no web.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from heapq import nsmallest
from typing import Final

from register.codes import prefixes

_ALWAYS: Final = (date.min.toordinal(), date.max.toordinal())
_WORD: Final = re.compile(r"[^\W_]+")
MIN_WORD: Final = 2
"""Letters of the shortest word that is looked for."""


@dataclass(frozen=True, slots=True)
class Name:
    """The name of a code; at least one language is there. ``edition`` is the number of the edition that says so."""

    code: str
    ru: str | None
    en: str | None
    edition: str


@dataclass(frozen=True, slots=True)
class EditionRow:
    """A code of an edition with its names and the days on which it is there."""

    code: str
    ru: str | None
    en: str | None
    valid_from: date | None
    valid_to: date | None


class _Texts:
    """Texts in one block of UTF-8, each kept once; number 0 is no text."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._numbers: dict[str | None, int] = {None: 0}
        self._ends = array("L", (0,))
        self._block = b""

    def number(self, text: str | None) -> int:
        number = self._numbers.get(text)
        if number is None:
            number = self._numbers[text] = len(self._ends)
            piece = (text or "").encode()
            self._pieces.append(piece)
            self._ends.append(self._ends[-1] + len(piece))
        return number

    def close(self) -> None:
        """No more texts come: what was only needed to take them is given back."""
        self._block = b"".join(self._pieces)
        self._pieces, self._numbers = [], {}

    def __len__(self) -> int:
        return len(self._ends)

    def __getitem__(self, number: int) -> str | None:
        return self._block[self._ends[number - 1] : self._ends[number]].decode() if number else None


class Edition:
    """An edition: what its codes are called on a day. ``key`` is its number in the database, 0 for none."""

    def __init__(self, number: str, applies_from: date, rows: Iterable[EditionRow], key: int = 0) -> None:
        self.number, self.applies_from, self.key = number, applies_from, key
        ordered = sorted(rows, key=lambda row: (row.code, row.valid_from or date.min))
        self._codes = [row.code for row in ordered]
        self._texts = _Texts()
        self._ru = array("L", (self._texts.number(row.ru) for row in ordered))
        self._en = array("L", (self._texts.number(row.en) for row in ordered))
        self._first = array("l", (row.valid_from.toordinal() if row.valid_from else _ALWAYS[0] for row in ordered))
        self._last = array("l", (row.valid_to.toordinal() if row.valid_to else _ALWAYS[1] for row in ordered))
        self._texts.close()
        self._words: _Words | None = None

    def __len__(self) -> int:
        return len(self._codes)

    def name(self, code: str, on: date) -> Name | None:
        """The name of exactly this code on a day; None when the edition has no such code then."""
        day, place = on.toordinal(), bisect_left(self._codes, code)
        while place < len(self._codes) and self._codes[place] == code:
            if self._first[place] <= day <= self._last[place]:
                return self._name(place)
            place += 1
        return None

    def known(self, code: str, on: date) -> bool:
        """Whether the edition has this code on a day, or a more specific one under it."""
        return next(self._under(code, on.toordinal()), None) is not None

    def ancestors(self, code: str, on: date) -> tuple[Name, ...]:
        """The named codes that cover ``code``, broadest first, without itself."""
        found = (self.name(prefix, on) for prefix in prefixes(code) if prefix != code)
        return tuple(name for name in found if name)

    def children(self, code: str, on: date) -> tuple[Name, ...]:
        """The named codes directly under ``code``, at whatever length they stand; under "" the chapters."""
        names: list[Name] = []
        for place in self._under(code, on.toordinal()):
            below = self._codes[place]
            if below != code and not (names and below.startswith(names[-1].code)):
                names.append(self._name(place))
        return tuple(names)

    def search(self, text: str, on: date, limit: int) -> tuple[Name, ...]:
        """Codes that begin with the digits of ``text`` and whose names have words that begin with its words.

        Broader codes first. «ё» counts as «е», small and capital letters as one.
        """
        words = [word for word in folded_words(text) if len(word) >= MIN_WORD or word.isdigit()]
        prefix = "".join(word for word in words if word.isdigit() and word.isascii())
        letters = [word for word in words if not (word.isdigit() and word.isascii())]
        day = on.toordinal()
        if letters:
            places: Iterable[int] = self._with_words(letters, prefix, day)
        elif prefix:
            places = self._under(prefix, day)
        else:
            return ()
        best = nsmallest(limit, ((len(self._codes[place]), place) for place in places))
        return tuple(self._name(place) for _, place in best)

    def prepare(self) -> _Words:
        """Make the search by words ready; it takes half a second for a whole TN VED, so not on the event loop."""
        if self._words is None:
            self._words = _Words(self._texts, self._ru, self._en)
        return self._words

    def _with_words(self, letters: list[str], prefix: str, day: int) -> Iterator[int]:
        for place in self.prepare().places(letters):
            if self._first[place] <= day <= self._last[place] and self._codes[place].startswith(prefix):
                yield place

    def _under(self, code: str, day: int) -> Iterator[int]:
        start, end = bisect_left(self._codes, code), bisect_right(self._codes, code + ":")
        return (at for at in range(start, end) if self._first[at] <= day <= self._last[at])

    def _name(self, place: int) -> Name:
        ru, en = self._texts[self._ru[place]], self._texts[self._en[place]]
        return Name(self._codes[place], ru, en, self.number)


class _Words:
    """The words of all names in one block, a blank before each, a line for each name; and where a name stands."""

    def __init__(self, texts: _Texts, *columns: array[int]) -> None:
        lines = ("".join(f" {word}" for word in folded_words(texts[number] or "")) for number in range(len(texts)))
        self._block = "\n".join(lines).encode()
        self._starts = array("L", (0,))
        at = self._block.find(b"\n")
        while at >= 0:
            self._starts.append(at + 1)
            at = self._block.find(b"\n", at + 1)
        uses = sorted((number, place) for column in columns for place, number in enumerate(column) if number)
        self._numbers = array("L", (number for number, _ in uses))
        self._places = array("L", (place for _, place in uses))

    def places(self, words: list[str]) -> set[int]:
        """Rows of which one name has, for each of the words, a word that begins with it."""
        needles = sorted((f" {word}".encode() for word in words), key=len, reverse=True)
        found: set[int] = set()
        at = self._block.find(needles[0])
        while at >= 0:
            number = bisect_right(self._starts, at) - 1
            end = self._starts[number + 1] if number + 1 < len(self._starts) else len(self._block)
            if all(self._block.find(needle, self._starts[number], end) >= 0 for needle in needles[1:]):
                uses = range(bisect_left(self._numbers, number), bisect_right(self._numbers, number))
                found.update(self._places[use] for use in uses)
            at = self._block.find(needles[0], end)
        return found


def folded_words(text: str) -> list[str]:
    """The words of a text in small letters, «ё» as «е»."""
    return _WORD.findall(text.casefold().replace("ё", "е"))
