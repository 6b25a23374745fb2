"""Reading the code cell of a notified table: from the act's text to lines of goods and doubts.

    "7201, из 7302, 8415 – 8417, 4401 (кроме 4401 31 000 0)"

The law of the cell: every digit stands in a line that was read for certain, or in a doubt that a person has to
settle. Nothing is guessed and nothing is lost. Tokens and goods are read in `register.code_signs`; here the items
between separators become lines, and exclusions find the lines they are nested in.

Where an exclusion or a note in words stands beside a code, the code is kept as read, without it, and the doubt
marks the words: the cell is then not `whole` and must not be published as it is. A code or range that repeats a
line already read becomes a doubt: a repetition is more often a misprint of another code than a habit.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from register import harmonized
from register.code_signs import CodeDoubt, Goods, Kind, Token, fold, goods_of, tokenise
from register.codes import CodeLine, CodeSpan, format_code
from register.doubts import Doubt, doubt_at

__all__ = ["CodeCell", "CodeDoubt", "describe", "parse_codes"]


@dataclass(frozen=True, slots=True)
class CodeCell:
    """What a code cell says for certain (`lines`, in the order of the cell), and what it does not (`doubts`)."""

    lines: tuple[CodeLine, ...]
    doubts: tuple[Doubt, ...]

    @property
    def whole(self) -> bool:
        """Whether there is something in the cell and all of it was read for certain."""
        return bool(self.lines) and not self.doubts


def parse_codes(cell: str) -> CodeCell:
    """Read an act's code cell. Never fails: what cannot be read with certainty comes back as doubts.

    Doubts stand in the order of the cell and never overlap; their places count characters of `cell`. P2 rests on
    the codes read here; A4(4) on their entering the Register as the act gives them.
    """
    return _Reader(cell).read()


def describe(lines: Iterable[CodeLine]) -> str:
    """The lines in the Russian of acts, so that `parse_codes` reads the same lines back.

    Descriptions of goods are not written. What no cell can say for certain does not come back as a line: a code
    outside the Harmonized System, the same span twice, an exclusion that is not nested in its line or equals it.
    """
    return ", ".join(map(_describe_line, lines))


def _describe_line(line: CodeLine) -> str:
    excluded = ", ".join(map(_describe_span, line.excluded))
    return _describe_span(line.span) + (f" (кроме {excluded})" if excluded else "")


def _describe_span(span: CodeSpan) -> str:
    ends = format_code(span.code_from)
    if span.code_to is not None:
        ends += f" – {format_code(span.code_to)}"
    return f"из {ends}" if span.partial else ends


@dataclass(slots=True)
class _Line:
    span: CodeSpan
    excluded: list[CodeSpan] = field(default_factory=list)


_BOUNDARIES: Final = frozenset({Kind.SEPARATOR, Kind.EXCEPT, Kind.ELLIPSIS, Kind.STOP})


def _items(tokens: Iterable[Token]) -> Iterator[list[Token]]:
    """What stands between separators; a word of exclusion and an ellipsis are items of their own."""
    item: list[Token] = []
    for token in tokens:
        if token.kind not in _BOUNDARIES:
            item.append(token)
            continue
        if item:
            yield item
            item = []
        if token.kind in (Kind.EXCEPT, Kind.ELLIPSIS):
            yield [token]
    if item:
        yield item


class _Reader:
    """Reads one cell. Before a word of exclusion goods are lines; after one without brackets, exclusions."""

    def __init__(self, cell: str) -> None:
        self.cell = cell
        self.lines: list[_Line] = []
        self.seen: set[tuple[str, str]] = set()
        self.doubts: list[Doubt] = []

    def read(self) -> CodeCell:
        items = list(_items(fold(tokenise(self.cell))))
        at = next((n for n, item in enumerate(items) if item[0].kind is Kind.EXCEPT), len(items))
        for item in items[:at]:
            self._read_lines(item)
        if at < len(items):
            self._read_exclusions(items[at][0], items[at + 1 :])
        lines = tuple(CodeLine(line.span, tuple(line.excluded)) for line in self.lines)
        return CodeCell(lines, tuple(sorted(self.doubts, key=lambda doubt: doubt.start)))

    def _read_lines(self, item: list[Token]) -> None:
        for goods in self._goods_or_doubt(item):
            span = self._span_or_doubt(goods)
            if span is None:
                continue
            if _ends(span) in self.seen:
                self._doubt(goods.start, goods.end, CodeDoubt.REPEATED)
                continue
            self.seen.add(_ends(span))
            self.lines.append(_Line(span))
            if goods.bracket:
                self._read_bracket(goods.bracket, self.lines[-1])

    def _read_bracket(self, bracket: Token, host: _Line) -> None:
        fault = _bracket_fault(bracket)
        if fault:
            self._doubt(bracket.start, bracket.end, fault)
            return
        for item in _items((bracket.inner or ())[1:]):
            for goods in self._goods_or_doubt(item):
                self._exclude(goods, [host], CodeDoubt.NOT_NESTED)

    def _read_exclusions(self, word: Token, items: list[list[Token]]) -> None:
        """The rest of the cell after a word of exclusion without brackets.

        Words in it, or a second word of exclusion, leave all that follows in doubt: how far they reach cannot
        be told.
        """
        if not items:
            self._doubt(word.start, word.end, CodeDoubt.MISPLACED)
        for position, item in enumerate(items):
            second = item[0].kind is Kind.EXCEPT
            if second or _has_text(item):
                start = item[0].start if position else word.start
                kind = CodeDoubt.TWICE_EXCLUDED if second else CodeDoubt.IN_WORDS
                self._doubt(start, items[-1][-1].end, kind)
                return
            for goods in self._goods_or_doubt(item):
                if goods.bracket:
                    self._doubt(goods.start, goods.end, CodeDoubt.TWICE_EXCLUDED)
                else:
                    self._exclude(goods, self.lines, CodeDoubt.NEW_OR_EXCLUDED)

    def _exclude(self, goods: Goods, hosts: list[_Line], homeless: CodeDoubt) -> None:
        """Take the goods out of the one host that they are nested in."""
        span = self._span_or_doubt(goods)
        if span is None:
            return
        owners = [host for host in hosts if _nested(span, host.span)]
        if not owners:
            fault: CodeDoubt | None = homeless
        elif len(owners) > 1:
            fault = CodeDoubt.SEVERAL_HOSTS
        else:
            fault = _exclusion_fault(span, owners[0])
        if fault:
            self._doubt(goods.start, goods.end, fault)
        else:
            owners[0].excluded.append(span)

    def _goods_or_doubt(self, item: list[Token]) -> list[Goods]:
        start, end = item[0].start, item[-1].end
        if item[0].kind is Kind.ELLIPSIS:
            self._doubt(start, end, CodeDoubt.OMISSION)
            return []
        goods = None if _has_text(item) else goods_of(item)
        if goods is None:
            self._doubt(start, end, CodeDoubt.WORDS if _has_text(item) else CodeDoubt.MISPLACED)
        return goods or []

    def _span_or_doubt(self, goods: Goods) -> CodeSpan | None:
        fault = goods.fault()
        if fault is None:
            return goods.span()
        reason = fault.reason
        if fault is CodeDoubt.UNKNOWN:
            codes = [goods.first.code] + ([goods.last.code] if goods.last else [])
            reason = next(filter(None, map(harmonized.refusal, codes)), reason)
        self._doubt(goods.start, goods.end, fault, reason)
        return None

    def _doubt(self, start: int, end: int, kind: CodeDoubt, reason: dict[str, str] | None = None) -> None:
        self.doubts.append(doubt_at(self.cell, start, end, kind.rule, reason or kind.reason))


def _bracket_fault(bracket: Token) -> CodeDoubt | None:
    inner = bracket.inner
    if not inner or inner[0].kind is not Kind.EXCEPT:
        return CodeDoubt.BRACKET
    kinds = [token.kind for token in inner[1:]]
    if Kind.TEXT in kinds:
        return CodeDoubt.IN_WORDS
    if Kind.EXCEPT in kinds or Kind.OPEN in kinds:
        return CodeDoubt.TWICE_EXCLUDED
    if Kind.ELLIPSIS in kinds:
        return CodeDoubt.OMISSION
    return None if Kind.DIGITS in kinds else CodeDoubt.MISPLACED


def _exclusion_fault(span: CodeSpan, host: _Line) -> CodeDoubt | None:
    if _ends(span) in map(_ends, host.excluded):
        return CodeDoubt.REPEATED
    return CodeDoubt.TAKES_ALL if not span.partial and _reach(span) == _reach(host.span) else None


def _has_text(item: Iterable[Token]) -> bool:
    return any(token.kind is Kind.TEXT for token in item)


def _nested(inner: CodeSpan, outer: CodeSpan) -> bool:
    return outer.covers(inner.code_from) and outer.covers(inner.last)


def _ends(span: CodeSpan) -> tuple[str, str]:
    return span.code_from, span.last


def _reach(span: CodeSpan) -> tuple[str, str]:
    """The first and last number of ten digits in the span."""
    return span.code_from.ljust(10, "0"), span.last.ljust(10, "9")
