"""Goods lines by their codes: which of them concern a code, in either direction, on a day and after it.

A question meets some ten lines of which one counts; the rest only say when the answer changes. At a hundred thousand
measures the time goes into memory that nobody has read before, so it is laid out for reading: from headings down the
shelf of a code holds the lines of all shorter codes too, their days beside them in the order of last days. One shelf
answers, and a line itself is looked at only when it counts. Pure: no database, no web. Days are proleptic ordinals.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from typing import Final, TypeVar

from register.codes import OPEN, PARTIAL, match, match_all
from register.facts import Line, LineMatch, Version

CODE_LENGTH: Final = 10
_HEADING: Final = 4
_MUCH: Final = 8
"""What is an eighth of all shelves or more is quicker put in place by building all of them."""
_NONE: Final[tuple[LineMatch, ...]] = ()
_T = TypeVar("_T")


class Concerned:
    """The goods lines that concern a code and do not end before a day.

    ``begun`` are those of ``lines`` that begin on the day or before; ``starts`` and ``ends`` are the first and last
    days of all of them, in the order of the last days. ``even`` says that each line counts on all of its days and
    counts alike (`Line.even`).
    """

    __slots__ = ("_others", "_shelves", "begun", "day", "ends", "even", "starts")

    def __init__(self, day: int, shelf: _Shelf | None = None) -> None:
        self.day = day
        self.even = True
        self._others = _NONE
        if shelf is None:
            self._shelves: tuple[_Shelf, ...] = ()
            self.starts: tuple[int, ...] = ()
            self.ends: tuple[int, ...] = ()
            self.begun: list[LineMatch] = []
            return
        self._shelves = (shelf,)
        place = bisect_left(shelf.ends, day)
        self.ends = shelf.ends[place:]
        self.starts = starts = shelf.starts[place:]
        found = shelf.found
        # By place, so that a line that has not begun is not read.
        self.begun = [found[at] for at, start in enumerate(starts, place) if start <= day]

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
            gathered += shelf.found[bisect_left(shelf.ends, self.day) :]
        return [*gathered, *self._others]

    def take(self, found: LineMatch) -> None:
        """Take one line in."""
        line = found.line
        self._others = (*self._others, found)
        self._place(line.start, line.end)
        if line.start <= self.day:
            self.begun.append(found)
        if not line.even:
            self.even = False

    def take_covering(self, shelf: _Shelf) -> None:
        """Take in those lines of one more shelf that cover the code by their place in the index."""
        more = Concerned(self.day, shelf)
        self._shelves += (shelf,)
        self.begun += more.begun
        for start, end in zip(more.starts, more.ends, strict=True):
            self._place(start, end)

    def take_each(self, lines: Iterable[Line], code: str) -> None:
        """Take in those lines that concern the code, asking each."""
        for line in lines:
            if line.end >= self.day:
                kind = match(line.code_from, line.code_to, line.partial, line.excluded, code)
                if kind is not None:
                    self.take(LineMatch(line, kind))

    def _place(self, start: int, end: int) -> None:
        place = bisect_right(self.ends, end)
        self.ends = _inserted(self.ends, place, end)
        self.starts = _inserted(self.starts, place, start)


class _Shelf:
    """The lines of one code and, from headings down, of every shorter one.

    ``found`` are the lines that their days alone decide, each as it concerns every code under the key that no longer
    key covers, in the order of their last days; ``starts`` and ``ends`` are their first and last days. ``odd`` are the
    lines that have to be asked. ``below`` are the shelves of longer codes, each under the longest code that covers it.
    """

    __slots__ = ("below", "ends", "found", "key", "odd", "starts")

    def __init__(self, key: str, above: _Shelf | None = None, lines: Iterable[Line] = ()) -> None:
        self.key = key
        self.below: tuple[_Shelf, ...] = ()
        self.odd: tuple[Line, ...] = ()
        self.starts: tuple[int, ...] = ()
        self.ends: tuple[int, ...] = ()
        self.found: tuple[LineMatch, ...] = ()
        if above is None:
            self._take(lines)
        else:
            self.starts, self.ends, self.found = above.starts, above.ends, above.found
            self._take((*above.odd, *lines))

    def put(self, line: Line) -> None:
        """Put a line here and on every shelf below."""
        self._take((line,))
        for shelf in self.below:
            shelf.put(line)

    def _take(self, lines: Iterable[Line]) -> None:
        """Put lines on this shelf alone: not at all, where they concern no code that is looked for here."""
        starts, ends, taken, odd = [*self.starts], [*self.ends], [*self.found], [*self.odd]
        for line in lines:
            if line.plain:
                found: LineMatch | None = line.covering
            else:
                kind = match_all(line.code_from, line.code_to, line.partial, line.excluded, self.key)
                if kind is None:
                    continue
                found = (
                    None if kind == OPEN else line.covering if kind == line.covering.match else LineMatch(line, kind)
                )
            if found is None or not line.even:
                odd.append(line)
                continue
            end = line.end
            if not ends or ends[-1] <= end:
                ends.append(end)
                starts.append(line.start)
                taken.append(found)
            else:
                place = bisect_right(ends, end)
                ends.insert(place, end)
                starts.insert(place, line.start)
                taken.insert(place, found)
        # Tuples, since what is asked of lies in them and not in one more place.
        self.starts, self.ends, self.found, self.odd = tuple(starts), tuple(ends), tuple(taken), tuple(odd)

    def remove(self, line: Line) -> None:
        """Take a line away from here and from every shelf below."""
        for place in range(bisect_left(self.ends, line.end), bisect_right(self.ends, line.end)):
            if self.found[place].line is line:
                self.starts = _without(self.starts, place)
                self.ends = _without(self.ends, place)
                self.found = _without(self.found, place)
                break
        else:
            self.odd = tuple(other for other in self.odd if other is not line)
        for shelf in self.below:
            shelf.remove(line)

    def own(self) -> Iterator[Line]:
        """The lines of this very code."""
        for one in self.found:
            if _key(one.line) == self.key:
                yield one.line
        for line in self.odd:
            if _key(line) == self.key:
                yield line


class CodeIndex:
    """The lines of the versions that stand now; a version that another follows is to be taken out.

    What was added is put in place by ``settle``, all at once where it is much: a question does so first.
    """

    def __init__(self) -> None:
        # Lines that are not on the shelves yet, by key; in dicts, since any may be taken out again.
        self._added: dict[str, dict[Line, None]] = {}
        self._count = 0
        self._broad: dict[str, _Shelf] = {}
        self._shelves: dict[str, _Shelf] = {}
        # Of the keys of _shelves, longest first.
        self._lengths: list[int] = []
        self._keys: list[str] | None = []

    def add(self, version: Version) -> None:
        """Take the lines of a version in."""
        added = self._added
        for line in version.lines:
            key = line.code_from if line.code_to is None else _key(line)
            if key in added:
                added[key][line] = None
            else:
                added[key] = {line: None}
        self._count += len(version.lines)

    def remove(self, version: Version) -> None:
        """Take the lines of a version out. Raises ``LookupError`` for a code that no line was put in under."""
        for line in version.lines:
            key = _key(line)
            if line in self._added.get(key, ()):
                del self._added[key][line]
                self._count -= 1
            else:
                (self._broad if len(key) < _HEADING else self._shelves)[key].remove(line)

    def settle(self) -> None:
        """Put what was added in its place, so that no question has to wait for that."""
        added, self._added = self._added, {}
        count, self._count = self._count, 0
        if count * _MUCH < len(self._shelves):
            for key, lines in added.items():
                for line in lines:
                    self._shelf(key).put(line)
            return
        for shelf in (*self._broad.values(), *self._shelves.values()):
            for line in shelf.own():
                added.setdefault(shelf.key, {})[line] = None
        self._build(added)

    def _build(self, by_key: dict[str, dict[Line, None]]) -> None:
        """Build every shelf anew, each from the one above it."""
        for heading in {key[:_HEADING] for key in by_key if len(key) > _HEADING}:
            by_key.setdefault(heading, {})
        self._broad, self._shelves, self._keys = {}, {}, None
        shelves = self._shelves
        path: list[_Shelf] = []
        for key in sorted(by_key):
            if len(key) < _HEADING:
                self._broad[key] = _Shelf(key, None, by_key[key])
            else:
                while path and not key.startswith(path[-1].key):
                    path.pop()
                above = path[-1] if path else None
                shelf = shelves[key] = _Shelf(key, above, by_key[key])
                if above is not None:
                    above.below += (shelf,)
                path.append(shelf)
        self._lengths = sorted({len(key) for key in shelves}, reverse=True)

    def _shelf(self, key: str) -> _Shelf:
        """The shelf of a code; a new one where there is none."""
        shelves = self._broad if len(key) < _HEADING else self._shelves
        shelf = shelves.get(key)
        if shelf is not None:
            return shelf
        above = None
        if len(key) > _HEADING:
            # A broad code covers so many that its lines are asked for apart, not kept with each.
            above = self._deepest(key) or self._shelf(key[:_HEADING])
        shelf = shelves[key] = _Shelf(key, above)
        self._keys = None
        if above is not None:
            shelf.below = tuple(other for other in above.below if other.key.startswith(key))
            above.below = (*(other for other in above.below if not other.key.startswith(key)), shelf)
        if len(key) >= _HEADING and len(key) not in self._lengths:
            self._lengths = sorted((*self._lengths, len(key)), reverse=True)
        return shelf

    def _deepest(self, code: str) -> _Shelf | None:
        """The shelf of the longest code that covers ``code``, none of a broad one."""
        size, get = len(code), self._shelves.get
        for length in self._lengths:
            if length <= size:
                shelf = get(code[:length])
                if shelf is not None:
                    return shelf
        return None

    def matches(self, code: str, since: int = 0) -> list[LineMatch]:
        """The lines that concern ``code`` and do not end before the day ``since``: by code, then by last day."""
        return in_order(self.concerning(code, since).lines)

    def concerning(self, code: str, day: int) -> Concerned:
        """The lines that concern ``code``, for a question about ``day``."""
        if self._added:
            self.settle()
        shelf = self._deepest(code)
        found = Concerned(day, shelf)
        if shelf is not None and shelf.odd:
            found.take_each(shelf.odd, code)
        if self._broad:
            for length in range(min(len(code), _HEADING - 1) + 1):
                shelf = self._broad.get(code[:length])
                if shelf is not None:
                    found.take_covering(shelf)
                    found.take_each(shelf.odd, code)
        if len(code) < CODE_LENGTH:
            for shelf in self._under(code):
                for line in shelf.own():
                    if line.end >= day and line.plain:
                        found.take(LineMatch(line, PARTIAL))
                found.take_each((line for line in shelf.own() if not line.plain), code)
        return found

    def _under(self, code: str) -> Iterator[_Shelf]:
        """The shelves of longer codes that begin with ``code``, in their order."""
        if self._keys is None:
            self._keys = sorted((*self._broad, *self._shelves))
        keys = self._keys
        for place in range(bisect_right(keys, code), bisect_left(keys, code + ":")):
            yield (self._broad if len(keys[place]) < _HEADING else self._shelves)[keys[place]]


def _inserted(row: tuple[_T, ...], place: int, item: _T) -> tuple[_T, ...]:
    return (*row[:place], item, *row[place:])


def _without(row: tuple[_T, ...], place: int) -> tuple[_T, ...]:
    return row[:place] + row[place + 1 :]


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
