"""Lists of measures over a ``Register``: filter, words, order, and the bytes of a record as on a day.

Both times are asked: ``known_at`` chooses the versions, the day in law decides how they stand. Pure: no database, no
web.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from typing import Any, Final, NamedTuple

import msgspec

from register.codes import normalise
from register.facts import Version, iso
from register.index import LineMatch, Register

SORTS: Final = ("seq", "id", "state", "included_on", "effective_from", "effective_to")
SORT_CHOICES: Final = tuple(sign + name for name in SORTS for sign in ("-", ""))
DEFAULT_SORT: Final = "-seq"
DECLARATIONS: Final = ("permitted", "window", "none")
"""How an origin declaration may serve on a day: by decision (P24), by the 15 days (P37(1)), or by neither."""


@dataclass(frozen=True, slots=True)
class Selection:
    """What a list asks for; an empty set asks for everything. ``code`` is as ``register.codes.normalise`` gives it."""

    states: frozenset[str] = frozenset()
    kinds: frozenset[str] = frozenset()
    statuses: frozenset[str] = frozenset()
    declarations: frozenset[str] = frozenset()
    code: str | None = None
    words: str | None = None
    valid_on: date | None = None
    sort: str = DEFAULT_SORT


class Selected(NamedTuple):
    """A measure of a list, how it stands on the day, and the lines that concern the code asked."""

    version: Version
    status: str
    matches: tuple[LineMatch, ...]


def select(register: Register, texts: Texts, selection: Selection, today: date, known_at: int) -> list[Selected]:
    """Every measure that ``selection`` asks for, in its order; equals in the order of their ids.

    Standing is that of ``valid_on``, of ``today`` without one; ``valid_on`` alone asks for what is in force on it.
    """
    on = (selection.valid_on or today).toordinal()
    statuses = selection.statuses
    if selection.valid_on is not None and not statuses:
        statuses = frozenset(("in_force",))
    found = [
        Selected(version, version.status(on), matches)
        for version, matches in _candidates(register, selection, on, known_at)
        if _wanted(version, selection, statuses, on)
    ]
    if selection.words:
        searched = _Search(register, texts, selection, on, known_at)
        found = [item for item in found if searched.finds(item.version)]
    return _ordered(found, selection.sort)


class _Search:
    """Words looked for in versions; a code among them, written with spaces or not, finds what a filter by it finds."""

    def __init__(self, register: Register, texts: Texts, selection: Selection, on: int, known_at: int) -> None:
        words = selection.words or ""
        self._register, self._texts = register, texts
        self._plain = patterns(words)
        self._besides = patterns(_WRITTEN_CODE.sub(" ", words))
        by_code = (replace(selection, code=code) for code in written_codes(words))
        self._coded = [{version for version, _ in _candidates(register, chosen, on, known_at)} for chosen in by_code]

    def finds(self, version: Version) -> bool:
        if not self._plain:
            return False
        if self._coded and all(version in coded for coded in self._coded):
            return self._texts.holds(self._register, version, self._besides)
        return self._texts.holds(self._register, version, self._plain)


def _candidates(
    register: Register, selection: Selection, on: int, known_at: int
) -> Iterator[tuple[Version, tuple[LineMatch, ...]]]:
    if selection.code is None:
        for version in register.versions(known_at):
            yield version, ()
        return
    lines: dict[Version, list[LineMatch]] = {}
    for match in register.matches(selection.code, known_at):
        if selection.valid_on is None or line_valid(match, on):
            lines.setdefault(match.line.version, []).append(match)
    for version, matches in lines.items():
        yield version, tuple(sorted(matches, key=_line_number))


def _line_number(match: LineMatch) -> int:
    return match.line.number


def line_valid(match: LineMatch, on: int) -> bool:
    """Whether the line's own dates let it be valid on a day on which its measure is."""
    line = match.line
    if on > line.end:
        return False
    # A line that starts with its measure's inclusion is as valid as the measure: inclusion plays no part in force.
    return line.start <= on or line.start <= max(line.version.effective_from, line.version.included_on)


def _wanted(version: Version, selection: Selection, statuses: frozenset[str], on: int) -> bool:
    return (
        (not selection.states or version.state in selection.states)
        and (not selection.kinds or version.kind in selection.kinds)
        and (not statuses or version.status(on) in statuses)
        and (not selection.declarations or not selection.declarations.isdisjoint(declarations(version, on)))
    )


def declarations(version: Version, on: int) -> tuple[str, ...]:
    """How an origin declaration may serve for goods under the measure on a day (P24, P37(1))."""
    found = []
    if version.permitted(on):
        found.append("permitted")
    if any(on <= line.window_until and line.counts(on) for line in version.lines):
        found.append("window")
    return tuple(found) or ("none",)


_SORT_KEYS: Final[dict[str, Callable[[Selected], Any]]] = {
    "seq": lambda item: item.version.seq,
    "id": lambda item: item.version.id,
    "state": lambda item: item.version.state,
    "included_on": lambda item: item.version.included_on,
    "effective_from": lambda item: item.version.effective_from,
    "effective_to": lambda item: item.version.effective_to,
}


def _ordered(items: list[Selected], sort: str) -> list[Selected]:
    # Two passes of a stable sort: equals stand by id, whichever way the first key runs.
    items.sort(key=_SORT_KEYS["id"])
    items.sort(key=_SORT_KEYS[sort.removeprefix("-")], reverse=sort.startswith("-"))
    return items


class _TextRecord(msgspec.Struct):
    ru: str | None = None
    en: str | None = None


class _GoodsText(msgspec.Struct):
    code_from: str
    code_to: str | None = None
    description: _TextRecord | None = None


class _ActText(msgspec.Struct):
    number: str | None = None
    issuer: str | None = None
    type: str | None = None
    title: str | None = None


class _Words(msgspec.Struct):
    id: str
    title: _TextRecord
    goods: list[_GoodsText]
    acts: list[_ActText] = []


class _Entry(msgspec.Struct):
    after: _Words


class _RawEntry(msgspec.Struct):
    after: msgspec.Raw


_decode_words: Final = msgspec.json.Decoder(_Entry).decode
_decode_after: Final = msgspec.json.Decoder(_RawEntry).decode


class Texts:
    """The words of every version that was searched, made when first asked for: title, goods, codes, acts and id."""

    def __init__(self) -> None:
        self._made: dict[int, str] = {}

    def holds(self, register: Register, version: Version, asked: Sequence[str]) -> bool:
        """Whether every pattern begins a word of the version."""
        text = self._made.get(version.seq)
        if text is None:
            text = self._made[version.seq] = _text_of(register.body(version.seq))
        return all(pattern in text for pattern in asked)

    def missing(self, versions: Iterable[Version]) -> list[Version]:
        """Versions whose words are not made yet: a caller that must not be held up makes them in portions."""
        return [version for version in versions if version.seq not in self._made]

    def make(self, register: Register, versions: Iterable[Version]) -> None:
        """Make the words of some versions."""
        for version in versions:
            self._made[version.seq] = _text_of(register.body(version.seq))


def _text_of(body: bytes) -> str:
    record = _decode_words(body).after
    parts: list[str | None] = [record.id, record.title.ru, record.title.en]
    for goods in record.goods:
        parts += [goods.code_from, goods.code_to]
        if goods.description:
            parts += [goods.description.ru, goods.description.en]
    for act in record.acts:
        parts += [act.number, act.issuer, act.type, act.title]
    return " " + " ".join(dict.fromkeys(_words(" ".join(part for part in parts if part))))


_WORD: Final = re.compile(r"[^\W_]+")


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower().replace("ё", "е"))


STEM_FROM: Final = 4
"""Words of fewer letters are looked for as they stand."""
_ENDINGS: Final = re.compile(
    r"(?:[иыая]ми|[ое]го|[ое]му|[ое]в|[аяоеиы]м|[аяиы]х|[аеиоуыэюяйь]{1,3}|ing|es|ed|[sey])$",
)


@lru_cache(maxsize=4096)
def stem(word: str) -> str:
    """A word without its ending, at least three letters of it: металлов and металлы become металл."""
    if len(word) < STEM_FROM or not word.isalpha():
        return word
    return word[:3] + _ENDINGS.sub("", word[3:])


def patterns(words: str) -> tuple[str, ...]:
    """What to look for in a version's words: each word asked, in either case, ё as е, without its ending."""
    return tuple(f" {stem(word)}" for word in _words(words))


def searchable(words: str) -> bool:
    """Whether there is a letter or a digit to look for."""
    return bool(_WORD.search(words))


# Of six digits at least: four alone are as likely a year or the number of an act, and are found as words.
_WRITTEN_CODE: Final = re.compile(r"(?<![\w.\-])[0-9]{4}\s*[0-9]{2}(?:\s*[0-9]{1,3}(?:\s*[0-9])?)?(?![\w.\-])")


def written_codes(words: str) -> tuple[str, ...]:
    """The codes of six to ten digits that stand among words, as digits: 7204 10 000 0 is 7204100000."""
    return tuple(normalise(found[0]) for found in _WRITTEN_CODE.finditer(words))


def record_bytes(register: Register, version: Version, on: date, matches: Sequence[LineMatch] = ()) -> bytes:
    """The public record as JSON, its status as on a day; with ``matches`` where a code was asked.

    The bytes are those of the entry: only the status, which depends on the day, is put in anew.
    """
    raw = bytes(_decode_after(register.body(version.seq)).after)
    record = with_status(raw, version.status(on.toordinal()))
    if not matches:
        return record
    return b'%s,"matches":%s}' % (record[:-1], msgspec.json.encode([describe(match) for match in matches]))


_STATUS: Final = re.compile(rb'"status":"[a-z_]+"')


def with_status(record: bytes, status: str) -> bytes:
    """Canonical bytes of a public record with another status.

    Safe on bytes: no part of a record but itself has a ``status``, and quotation marks inside texts are escaped.
    """
    return _STATUS.sub(b'"status":"%s"' % status.encode(), record, count=1)


def describe(match: LineMatch) -> dict[str, Any]:
    """A match for readers: line, kind, codes, and the first and last day on which the line counts."""
    line = match.line
    return {
        "line": line.number,
        "match": match.match,
        "code_from": line.code_from,
        "code_to": line.code_to,
        "partial": line.partial,
        "counts_from": iso(line.start),
        "counts_to": iso(line.end),
    }
