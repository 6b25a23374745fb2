"""The signs of a code cell: tokens, codes that stand side by side, and goods made of them.

The lower half of `register.code_cell`, which see. Nothing here attaches one code to another.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import groupby
from typing import Final, NamedTuple

from register import harmonized
from register.codes import SPACING, CodeSpan

__all__ = ["CodeDoubt", "Goods", "Kind", "Token", "fold", "goods_of", "tokenise"]


class CodeDoubt(Enum):
    """Every kind of doubt about a code cell: its id (`rule`), and what is said to the clerk (`reason`)."""

    DIGITS = (
        "D1",
        "Цифры не складываются в код ТН ВЭД: в коде 2 либо от 4 до 10 цифр, первая группа – товарная позиция",
        "The digits make no TN VED code: a code has 2, or 4 to 10, and its first group is a heading",
    )
    UNKNOWN = (
        "D2",
        "Такого кода нет в Гармонизированной системе 2022 года",
        "The Harmonized System 2022 has no such code",
    )
    SPLIT = (
        "D3",
        "Неясно, где кончается один код и начинается другой: между ними нет разделителя",
        "It is not clear where one code ends and the next begins: nothing separates them",
    )
    ORDER = (
        "D4",
        "Начало диапазона должно быть меньше его конца",
        "A range must begin before its end",
    )
    LENGTHS = (
        "D5",
        "Начало и конец диапазона имеют разное число цифр",
        "The ends of the range have different numbers of digits",
    )
    IN_WORDS = (
        "D6",
        "Исключение выражено словами: какие коды изъяты, установить нельзя",
        "The exclusion is in words: which codes it takes out cannot be told",
    )
    NOT_NESTED = (
        "D7",
        "Исключаемый код не входит в код, при котором стоит исключение",
        "The excluded code is no part of the code that the exclusion stands with",
    )
    NEW_OR_EXCLUDED = (
        "D8",
        "Код стоит после исключения без скобок и не входит ни в один из предшествующих кодов: "
        "это может быть и новая строка, и исключение",
        "The code follows an exclusion without brackets and is part of no code before it: "
        "it may be a new line or an exclusion",
    )
    SEVERAL_HOSTS = (
        "D9",
        "Исключаемый код входит в несколько предшествующих кодов: неясно, из какого он изъят",
        "The excluded code is part of several codes before it: it is not clear which it is taken out of",
    )
    TAKES_ALL = (
        "D10",
        "Исключение изымает код целиком: от строки ничего не остается",
        "The exclusion takes out the whole code: nothing of the line is left",
    )
    TWICE_EXCLUDED = (
        "D11",
        "Исключение внутри исключения или второе исключение подряд: неясно, к чему оно относится",
        "An exclusion within an exclusion, or a second one in a row: it is not clear what it belongs to",
    )
    REPEATED = (
        "D12",
        "Этот код уже указан: возможно, опечатка в другом коде",
        "This code is already there: possibly a misprint of another code",
    )
    WORDS = (
        "D13",
        "Слова или знаки, не относящиеся к записи кодов",
        "Words or signs that are no part of how codes are written",
    )
    MISPLACED = (
        "D14",
        "«Из», тире, скобка или слово исключения стоит не на своем месте",
        "An «из», a dash, a bracket or a word of exclusion is out of place",
    )
    OMISSION = (
        "D15",
        "Многоточие: возможно, часть кодов опущена",
        "An ellipsis: codes may have been left out",
    )
    BRACKET = (
        "D16",
        "Скобки не закрыты или заключают в себе не исключение",
        "The brackets are not closed, or hold something else than an exclusion",
    )

    def __init__(self, rule: str, ru: str, en: str) -> None:
        self.rule = rule
        self.reason: dict[str, str] = {"ru": ru, "en": en}


# --- Tokens ----------------------------------------------------------------------------------------------------


class Kind(Enum):
    """What a token is. OPEN and CLOSE are left inside brackets only, once `fold` has been over them."""

    EXCEPT = "EXCEPT"
    SEPARATOR = "SEPARATOR"
    OF = "OF"
    DIGITS = "DIGITS"
    DASH = "DASH"
    ELLIPSIS = "ELLIPSIS"
    STOP = "STOP"
    BRACKET = "BRACKET"
    OPEN = "OPEN"
    CLOSE = "CLOSE"
    TEXT = "TEXT"


class Token(NamedTuple):
    """A sign of the cell, or a pair of brackets with what it holds."""

    kind: Kind
    start: int
    end: int
    text: str = ""
    new_row: bool = False
    """Whether a line break stands before it."""
    inner: "tuple[Token, ...] | None" = None
    """What a bracket holds; None of a bracket that is not closed."""


_TOKEN: Final = re.compile(
    rf"""(?P<SPACE>{SPACING}+)
      | (?P<EXCEPT>(?:за{SPACING}+исключением|кроме)(?![^\W\d_])(?:{SPACING}*:)?)
      | (?P<SEPARATOR>[,;]|(?:и|а{SPACING}+также)(?![^\W\d_]))
      | (?P<OF>из(?![^\W\d_]))
      | (?P<DIGITS>[0-9]+)
      | (?P<DASH>[-‐‑‒–—―−])
      | (?P<ELLIPSIS>…|\.{{2,}})
      | (?P<STOP>\.(?={SPACING}*\Z))
      | (?P<OPEN>\()
      | (?P<CLOSE>\))
      | (?P<TEXT>[^\W\d_]+|.)""",
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)


def tokenise(cell: str) -> Iterator[Token]:
    """Every sign of the cell but its spacing."""
    new_row = False
    for found in _TOKEN.finditer(cell):
        if found.lastgroup == "SPACE":
            new_row = found[0].splitlines() != [found[0]]
            continue
        yield Token(Kind(found.lastgroup), found.start(), found.end(), found[0], new_row)
        new_row = False


def fold(tokens: Iterator[Token]) -> Iterator[Token]:
    """The tokens with every outermost pair of brackets as one. A bracket that is not closed runs to the end."""
    for token in tokens:
        if token.kind is Kind.OPEN:
            yield _bracket(token, tokens)
        elif token.kind is Kind.CLOSE:
            yield token._replace(kind=Kind.TEXT)
        else:
            yield token


def _bracket(opening: Token, tokens: Iterator[Token]) -> Token:
    inner: list[Token] = []
    depth, end = 1, opening.end
    for token in tokens:
        end = token.end
        depth += (token.kind is Kind.OPEN) - (token.kind is Kind.CLOSE)
        if depth == 0:
            return opening._replace(kind=Kind.BRACKET, end=end, inner=tuple(inner))
        inner.append(token)
    return opening._replace(kind=Kind.BRACKET, end=end)


# --- Codes that stand side by side -----------------------------------------------------------------------------


class Code(NamedTuple):
    """Groups of digits read as one code, or a stretch that cannot be (`fault`)."""

    start: int
    end: int
    code: str = ""
    fault: CodeDoubt | None = None


_Groups = Sequence[Token]
# How codes may be written where nothing else tells one from the next; a chapter only in a row of its own.
_FULL_SHAPES: Final = frozenset({(2,), (4,), (4, 2), (4, 2, 3), (4, 2, 3, 1), (6,), (8,), (9,), (10,)})
_COMPLETE_SHAPES: Final = frozenset({(4, 2, 3, 1), (10,)})


def _codes(groups: _Groups) -> Iterator[Code]:
    """The codes in groups of digits between which nothing but space stands."""
    for row in _rows(groups):
        yield from _split(row)


def _rows(groups: _Groups) -> Iterator[_Groups]:
    """The groups row by row. A row that may go on with the code before it stays with that code."""
    rows: list[list[Token]] = []
    for group in groups:
        if group.new_row or not rows:
            rows.append([])
        rows[-1].append(group)
    joined: list[Token] = []
    for row in rows:
        if joined and not _may_go_on(joined, row):
            yield joined
            joined = []
        joined = joined + row
    yield joined


def _may_go_on(row: _Groups, following: _Groups) -> bool:
    last = _segments(row)[-1]
    return len(following[0].text) < 4 <= len(last[0].text) and len(_digits(last)) < 10


def _split(groups: _Groups) -> Iterator[Code]:
    """One code or several, if there is one way only to read the groups; otherwise one stretch with its fault."""
    readings = _readings(groups)
    parts = _segments(groups)
    if len(readings) > 1:
        yield _stretch(groups, CodeDoubt.SPLIT)
    elif readings and (len(readings[0]) == 1 or _shapes(readings[0]) <= _FULL_SHAPES):
        yield from map(_code, readings[0])
    elif _is_part(groups, 0, len(groups)):
        yield _code(groups)
    elif not readings and _shapes(parts) <= _COMPLETE_SHAPES:
        yield from map(_code, parts)
    else:
        yield _stretch(groups, CodeDoubt.DIGITS)


class _Way(NamedTuple):
    """The last code of a reading, and the reading before it."""

    before: "_Way | None"
    part: _Groups


def _readings(groups: _Groups) -> list[list[_Groups]]:
    """The ways to cut the groups into codes that exist, however written: two at most, that is enough to doubt."""
    ways: list[list[_Way | None]] = [[None]]
    for end in range(1, len(groups) + 1):
        ways.append([])
        for part in _last_parts(groups, end):
            if ways[end - len(part)] and harmonized.exists(_digits(part)):
                ways[end] += [_Way(way, part) for way in ways[end - len(part)]]
        del ways[end][2:]
    return [_unwind(way) for way in ways[-1]]


def _last_parts(groups: _Groups, end: int) -> Iterator[_Groups]:
    """What could be the last code of the groups up to `end`, shortest first."""
    size = 0
    for start in range(end - 1, -1, -1):
        size += len(groups[start].text)
        if size > 10:
            return
        if _is_part(groups, start, end):
            yield groups[start:end]


def _unwind(way: _Way | None) -> list[_Groups]:
    parts: list[_Groups] = []
    while way:
        parts.append(way.part)
        way = way.before
    return parts[::-1]


def _is_part(groups: _Groups, start: int, end: int) -> bool:
    """Whether the groups could be a code by their number of digits and their first group."""
    first = groups[start]
    if end - start == 1 and len(first.text) == 2:
        return len(groups) == 1 or first.new_row
    return len(first.text) >= 4 and len(_digits(groups[start:end])) <= 10


def _shapes(parts: Sequence[_Groups]) -> set[tuple[int, ...]]:
    return {tuple(len(group.text) for group in part) for part in parts}


def _segments(groups: _Groups) -> list[_Groups]:
    """The groups cut before each that can only begin a code: no later group of a code has four digits."""
    parts: list[list[Token]] = []
    for group in groups:
        if not parts or len(group.text) >= 4:
            parts.append([])
        parts[-1].append(group)
    return list(parts)


def _digits(groups: _Groups) -> str:
    return "".join(group.text for group in groups)


def _code(groups: _Groups) -> Code:
    code = _digits(groups)
    fault = None if harmonized.exists(code) else CodeDoubt.UNKNOWN
    return Code(groups[0].start, groups[-1].end, code, fault)


def _stretch(groups: _Groups, fault: CodeDoubt) -> Code:
    return Code(groups[0].start, groups[-1].end, fault=fault)


# --- Goods: a code or a range, with «из» before it and brackets after it ---------------------------------------


@dataclass(slots=True)
class Goods:
    """What stands in an item at one place, from its «из» to its bracket."""

    start: int
    end: int
    first: Code
    partial: bool
    last: Code | None = None
    bracket: Token | None = None

    def fault(self) -> CodeDoubt | None:
        """Why the codes cannot be taken, None if they can."""
        if self.last is None:
            return self.first.fault
        if self.first.fault or self.last.fault:
            return self.first.fault or self.last.fault
        if len(self.first.code) != len(self.last.code):
            return CodeDoubt.LENGTHS
        return None if self.first.code < self.last.code else CodeDoubt.ORDER

    def span(self) -> CodeSpan:
        """The codes as a span; only where there is no fault."""
        return CodeSpan(self.first.code, self.last.code if self.last else None, self.partial)


_Sign = Token | Code


def goods_of(item: Sequence[Token]) -> list[Goods] | None:
    """The goods of an item; None when «из», a dash or a bracket in it is out of place.

    An item is a stretch of tokens without words or separators.
    """
    found: list[Goods] = []
    of: Token | None = None
    open_range = False
    for sign in _signs(item):
        if isinstance(sign, Code):
            if open_range:
                found[-1].last, found[-1].end = sign, sign.end
            else:
                found.append(Goods(of.start if of else sign.start, sign.end, sign, of is not None))
            of, open_range = None, False
        elif of or open_range or not _may_follow(sign, found):
            return None
        elif sign.kind is Kind.OF:
            of = sign
        elif sign.kind is Kind.DASH:
            open_range = True
        else:
            found[-1].bracket, found[-1].end = sign, sign.end
    return None if of or open_range else found


def _may_follow(sign: Token, found: Sequence[Goods]) -> bool:
    if sign.kind is Kind.OF:
        return True
    if not found or found[-1].bracket:
        return False
    # A dash that begins a row may be the mark of a list.
    if sign.kind is Kind.DASH and sign.new_row:
        return False
    return sign.kind is Kind.BRACKET or found[-1].last is None


def _signs(item: Sequence[Token]) -> Iterator[_Sign]:
    for is_digits, tokens in groupby(item, lambda token: token.kind is Kind.DIGITS):
        if is_digits:
            yield from _codes(list(tokens))
        else:
            yield from tokens
