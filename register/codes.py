"""Codes of the TN VED (the Union's commodity nomenclature): one code, a span of codes, a line of an act.

P2 calls goods similar when they have the same code and the same description, so everything the Register
answers starts here. The module is pure: no database, no web, and no nomenclature (what exists in it is known
to `register.harmonized`).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import total_ordering
from typing import Final, Literal

__all__ = [
    "EXACT",
    "LENGTHS",
    "LEVELS",
    "OPEN",
    "PARTIAL",
    "SPACING",
    "CodeError",
    "CodeLine",
    "CodeSpan",
    "Match",
    "ancestors",
    "format_code",
    "match",
    "match_all",
    "normalise",
    "prefixes",
]

Match = Literal["exact", "partial"]
EXACT: Final[Match] = "exact"
PARTIAL: Final[Match] = "partial"
OPEN: Final = "open"
"""Another answer for one code than for another."""

LENGTHS: Final = (2, 4, 5, 6, 7, 8, 9, 10)
"""How many digits a code in an act may have."""
LEVELS: Final = (2, 4, 6, 8, 9, 10)
"""The levels of the TN VED itself: chapter, heading, subheading, and the Union's own three."""

SPACING: Final = r"[\s\u200b-\u200d\u2060\ufeff]"
"""What may stand inside a written code: every Unicode space, and the signs of no width that \\s leaves out."""

_SPACING = re.compile(SPACING)
_DIGITS = re.compile(r"[0-9]+")
_GROUP_ENDS = (4, 6, 9, 10)


class CodeError(ValueError):
    """A code, or a span of codes, that cannot be: `text` says why in Russian and English, `rule` by which rule."""

    def __init__(self, ru: str, en: str, rule: str = "H1") -> None:
        super().__init__(ru, en, rule)
        self.text: dict[str, str] = {"ru": ru, "en": en}
        self.rule = rule

    def __str__(self) -> str:
        return f"{self.rule}: {self.text['ru']} / {self.text['en']}"


def normalise(text: str) -> str:
    """The code as digits only, for a code written with any spacing.

    H1, our own: a code has 2 digits or 4 to 10. Raises `CodeError`. Whether the nomenclature knows the code is
    not asked here.
    """
    code = _SPACING.sub("", text)
    shown = text if len(text) <= 40 else text[:40] + "…"
    if not _DIGITS.fullmatch(code):
        raise CodeError(
            f"Код ТН ВЭД «{shown}» должен состоять только из цифр (допускаются пробелы)",
            f"The TN VED code '{shown}' must consist of digits only (spaces are allowed)",
        )
    if len(code) not in LENGTHS:
        raise CodeError(
            f"Код ТН ВЭД «{shown}»: число цифр – {len(code)}, а должно быть 2 либо от 4 до 10",
            f"The TN VED code '{shown}' has {len(code)} digit(s); it must have 2, or 4 to 10",
        )
    return code


def format_code(code: str) -> str:
    """The code in groups, as people write it: 7204 10 000 0. Raises `CodeError` (H1)."""
    code = normalise(code)
    start, groups = 0, []
    for end in _GROUP_ENDS:
        if code[start:end]:
            groups.append(code[start:end])
        start = end
    return " ".join(groups)


def ancestors(code: str) -> tuple[str, ...]:
    """The codes that cover `code` at the levels of the TN VED, broadest first, without the code itself.

    `code` is taken as `normalise` gives it.
    """
    return tuple(code[:length] for length in LEVELS if length < len(code))


def prefixes(code: str) -> tuple[str, ...]:
    """Every code of a permitted length that covers `code`, broadest first, the code itself last.

    `code` is taken as `normalise` gives it.
    """
    return tuple(code[:length] for length in LENGTHS if length <= len(code))


@total_ordering
@dataclass(frozen=True, slots=True)
class CodeSpan:
    """One code, or a range of codes of the same length with both ends in it. A code stands for all under it.

    `partial` is the «из» before a code: only part of the goods is meant, and the description decides (P2).
    Spacing in the codes is taken out; an end equal to the beginning is the same as no end. Raises `CodeError`.
    """

    code_from: str
    code_to: str | None = None
    partial: bool = False

    def __post_init__(self) -> None:
        first = normalise(self.code_from)
        last = None if self.code_to is None else normalise(self.code_to)
        if last is not None:
            _check_range(first, last)
        object.__setattr__(self, "code_from", first)
        object.__setattr__(self, "code_to", None if last == first else last)

    @property
    def last(self) -> str:
        """The last code of the span: of a single code, that code."""
        return self.code_from if self.code_to is None else self.code_to

    @property
    def members_prefix(self) -> str:
        """The longest code that covers the whole span, by which an index may keep it; "" across chapters."""
        first, last = self.code_from, self.last
        common = ""
        for prefix in prefixes(first):
            if last.startswith(prefix):
                common = prefix
        return common

    def covers(self, code: str) -> bool:
        """Whether `code` lies in the span with all that is under it (it is at least as specific)."""
        size = len(self.code_from)
        return len(code) >= size and self.code_from <= code[:size] <= self.last

    def overlaps(self, code: str) -> bool:
        """Whether the span and `code` have a code in common: either may be the broader of the two."""
        size = min(len(code), len(self.code_from))
        return self.code_from[:size] <= code[:size] <= self.last[:size]

    def __lt__(self, other: object) -> bool:
        if not isinstance(other, CodeSpan):
            return NotImplemented
        return (self.code_from, self.last, self.partial) < (other.code_from, other.last, other.partial)


@dataclass(frozen=True, slots=True)
class CodeLine:
    """A line of goods by its codes: a span, what is taken out of it, and the goods in the words of the act."""

    span: CodeSpan
    excluded: tuple[CodeSpan, ...] = ()
    description: str | None = None

    def match(self, code: str) -> Match | None:
        """Whether the line concerns `code`, and whether all of it: see `match`."""
        span = self.span
        return match(span.code_from, span.code_to, span.partial, self.excluded, code)


def match(code_from: str, code_to: str | None, partial: bool, excluded: Sequence[CodeSpan], code: str) -> Match | None:
    """Whether a line of goods concerns `code`: "exact", "partial" (the description must settle it), or None.

    The search runs in both directions. For a code under the line the answer is "exact", unless the line or an
    exclusion says «из», or an exclusion takes out a part of that code. For a code broader than the line it is
    "partial". An exclusion takes goods out only for a code at least as specific as itself, so a broader code
    still concerns part of the goods; a broader code than the line itself answers None when exclusions no
    narrower than the line leave nothing of what they share. `code` is as `normalise` gives it. P2.
    """
    size = len(code_from)
    if len(code) >= size:
        if code_to is None:
            if not code.startswith(code_from):
                return None
        elif not code_from <= code[:size] <= code_to:
            return None
        if excluded:
            return _less_exclusions(partial, excluded, code)
        return PARTIAL if partial else EXACT
    if code_to is None:
        if not code_from.startswith(code):
            return None
    elif not code_from[: len(code)] <= code <= code_to[: len(code)]:
        return None
    if excluded and _nothing_left(code_from, code_to or code_from, excluded, code):
        return None
    return PARTIAL


def match_all(
    code_from: str, code_to: str | None, partial: bool, excluded: Sequence[CodeSpan], cover: str
) -> Match | Literal["open"] | None:
    """What `match` answers for `cover` and for every code under it; "open" where that is not the same for all. P2.

    `cover` is as `normalise` gives it, or is shorter.
    """
    size = len(code_from)
    last = code_from if code_to is None else code_to
    if len(cover) < size:
        return OPEN if code_from[: len(cover)] <= cover <= last[: len(cover)] else None
    if not code_from <= cover[:size] <= last:
        return None
    narrower = False
    for span in excluded:
        if span.covers(cover):
            if not span.partial:
                return None
            partial = True
        elif span.overlaps(cover):
            narrower = True
    return OPEN if narrower else PARTIAL if partial else EXACT


def _check_range(first: str, last: str) -> None:
    if len(first) != len(last):
        raise CodeError(
            f"Диапазон {first} – {last}: начало и конец должны иметь одинаковое число цифр",
            f"The range {first} – {last}: both ends must have the same number of digits",
        )
    if first > last:
        raise CodeError(
            f"Диапазон {first} – {last}: начало больше конца",
            f"The range {first} – {last}: it begins after its end",
        )


def _less_exclusions(partial: bool, excluded: Sequence[CodeSpan], code: str) -> Match | None:
    """The answer for a code that the span covers."""
    for span in excluded:
        if span.covers(code):
            if not span.partial:
                return None
            partial = True
        elif not partial and span.overlaps(code):
            partial = True
    return PARTIAL if partial else EXACT


def _nothing_left(first: str, last: str, excluded: Sequence[CodeSpan], code: str) -> bool:
    """Whether exclusions take out every code of the span's own length that begins with the broader `code`.

    Exclusions narrower than the span are no proof: each of them leaves part of a code of that length.
    """
    size = len(first)
    low = int(max(first, code.ljust(size, "0")))
    high = int(min(last, code.ljust(size, "9")))
    taken = sorted(
        (int(span.code_from.ljust(size, "0")), int(span.last.ljust(size, "9")))
        for span in excluded
        if not span.partial and len(span.code_from) <= size
    )
    for begin, end in taken:
        if begin > low:
            return False
        low = max(low, end + 1)
        if low > high:
            return True
    return False
