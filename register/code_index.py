"""Goods lines by their codes: which of them concern a code, in either direction, on a day and after it.

A question meets some ten lines of which one counts; the rest only say when the answer changes. So the days of each
line lie beside it on the shelf of its code, and a line is looked at only when it counts: what a question costs at a
hundred thousand measures is reading memory that nobody has read before. Pure: no database, no web. Days are proleptic
ordinals.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from typing import Final

from register.codes import PARTIAL, match
from register.facts import Line, LineMatch, Version

CODE_LENGTH: Final = 10
_MANY: Final = 32


class Concerned:
    """The goods lines that concern a code and do not end before a day.

    ``begun`` are those of ``lines`` that begin on the day or before; ``starts`` and ``ends`` are the first and last
    days of all of them, in one order. ``even`` says that each counts on all of its days and counts alike (`Line.even`).
    """

    __slots__ = ("_day", "_others", "_shelves", "begun", "ends", "even", "starts")

    def __init__(self, day: int) -> None:
        self.begun: list[LineMatch] = []
        self.starts: list[int] = []
        self.ends: list[int] = []
        self.even = True
        self._day = day
        self._shelves: list[_Shelf] = []
        self._others: list[LineMatch] = []

    @classmethod
    def of(cls, matches: Iterable[LineMatch], day: int) -> Concerned:
        """Of matches found in another way."""
        made = cls(day)
        for found in matches:
            if found.line.end >= day:
                made.take(found)
        return made

    @property
    def lines(self) -> list[LineMatch]:
        """The lines. Gathered when asked, and of the index as it then is: most questions need no more than days."""
        gathered: list[LineMatch] = []
        for shelf in self._shelves:
            gathered += shelf.found[shelf.first_since(self._day) :]
        return gathered + self._others

    def take(self, found: LineMatch) -> None:
        """Take one line in."""
        line = found.line
        self._others.append(found)
        self.starts.append(line.start)
        self.ends.append(line.end)
        if line.start <= self._day:
            self.begun.append(found)
        if not line.even:
            self.even = False

    def take_covering(self, shelf: _Shelf) -> None:
        """Take in those lines of a shelf that cover the code by their place in the index."""
        self._shelves.append(shelf)
        day, days, place = self._day, shelf.days, 0
        starts, ends = self.starts, self.ends
        if len(days) > _MANY:
            place = shelf.first_since(day)
            days = days[2 * place :]
        row = iter(days)
        for end, start in zip(row, row):  # noqa: B905 - one iterator twice, of an even number of days
            if end >= day:
                ends.append(end)
                starts.append(start)
                if start <= day:
                    self.begun.append(shelf.found[place])
            place += 1

    def take_each(self, lines: Iterable[Line], code: str) -> None:
        """Take in those lines that concern the code, asking each."""
        for line in lines:
            if line.end >= self._day:
                kind = match(line.code_from, line.code_to, line.partial, line.excluded, code)
                if kind is not None:
                    self.take(LineMatch(line, kind))


class _Shelf:
    """The lines of one code.

    ``found`` are the lines that their code and their days alone decide, each as it concerns a code that it covers, in
    the order of last days; ``days`` are their last and first days, one after another. ``odd`` are all other lines.
    """

    __slots__ = ("days", "found", "odd")

    def __init__(self) -> None:
        self.days: list[int] = []
        self.found: list[LineMatch] = []
        self.odd: tuple[Line, ...] = ()

    def put(self, line: Line) -> None:
        if not (line.plain and line.even):
            self.odd = (*self.odd, line)
            return
        days, end = self.days, line.end
        if not days or days[-2] <= end:
            days.append(end)
            days.append(line.start)
            self.found.append(line.covering)
            return
        place = bisect_right(days[::2], end)
        days[2 * place : 2 * place] = (end, line.start)
        self.found.insert(place, line.covering)

    def first_since(self, day: int) -> int:
        """The place of the first of ``found`` that does not end before a day."""
        return bisect_left(self.days[::2], day)

    def remove(self, line: Line) -> None:
        if not (line.plain and line.even):
            self.odd = tuple(other for other in self.odd if other is not line)
            return
        place = next(place for place, one in enumerate(self.found) if one.line is line)
        del self.found[place]
        del self.days[2 * place : 2 * place + 2]


class CodeIndex:
    """The lines of the versions that stand now; a version that another follows is to be taken out."""

    def __init__(self) -> None:
        self._shelves: dict[str, _Shelf] = {}
        self._lengths: list[int] = []
        self._keys: list[str] | None = []

    def add(self, version: Version) -> None:
        """Put the lines of a version on their shelves."""
        for line in version.lines:
            key = line.code_from if line.code_to is None else _key(line)
            shelf = self._shelves.get(key)
            if shelf is None:
                shelf = self._new_shelf(key)
            shelf.put(line)

    def _new_shelf(self, key: str) -> _Shelf:
        shelf = self._shelves[key] = _Shelf()
        self._keys = None
        if len(key) not in self._lengths:
            self._lengths = sorted((*self._lengths, len(key)))
        return shelf

    def remove(self, version: Version) -> None:
        """Take the lines of a version out."""
        for line in version.lines:
            self._shelves[_key(line)].remove(line)

    def matches(self, code: str, since: int = 0) -> list[LineMatch]:
        """The lines that concern ``code`` and do not end before the day ``since``: by code, then by last day."""
        return in_order(self.concerning(code, since).lines)

    def concerning(self, code: str, day: int) -> Concerned:
        """The lines that concern ``code``, for a question about ``day``."""
        found = Concerned(day)
        get, size = self._shelves.get, len(code)
        for length in self._lengths:
            if length > size:
                break
            shelf = get(code[:length])
            if shelf is not None:
                if shelf.days:
                    found.take_covering(shelf)
                if shelf.odd:
                    found.take_each(shelf.odd, code)
        if size < CODE_LENGTH:
            keys = self._sorted_keys()
            for place in range(bisect_right(keys, code), bisect_left(keys, code + ":")):
                shelf = self._shelves[keys[place]]
                for one in shelf.found[shelf.first_since(day) :]:
                    found.take(LineMatch(one.line, PARTIAL))
                found.take_each(shelf.odd, code)
        return found

    def _sorted_keys(self) -> list[str]:
        if self._keys is None:
            self._keys = sorted(self._shelves)
        return self._keys


def in_order(found: Iterable[LineMatch]) -> list[LineMatch]:
    """Lines by the code under which they are found, then by last day: an order that no rhythm of entries changes."""
    return sorted(found, key=lambda one: (_key(one.line), one.line.end))


def _key(line: Line) -> str:
    """The code under which a line is found: its own, of a range what all its codes begin with."""
    if line.code_to is None:
        return line.code_from
    place = 0
    while place < len(line.code_from) and line.code_from[place] == line.code_to[place]:
        place += 1
    return line.code_from[:place]


__all__ = ["CODE_LENGTH", "CodeIndex", "Concerned", "in_order"]
