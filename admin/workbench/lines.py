"""A goods line as one text in the Russian of acts, and back: «из 7206 (кроме 7206 10)». Pure: no database, no web."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from register.code_cell import describe, parse_codes
from register.codes import CodeError, CodeLine, CodeSpan

Line = dict[str, Any]


def span_of(record: Mapping[str, Any]) -> CodeSpan:
    """The span of a record. Raises ``CodeError`` for codes that are none."""
    return CodeSpan(str(record.get("code_from") or ""), record.get("code_to") or None, bool(record.get("partial")))


def written(line: Mapping[str, Any]) -> str:
    """The codes of a goods line as people type them; what is no code comes back as it was typed."""
    try:
        excluded = tuple(span_of(item) for item in line.get("excluded") or ())
        return describe([CodeLine(span_of(line), excluded)])
    except CodeError:
        return str(line.get("code_from") or "")


def plain_span(span: CodeSpan) -> dict[str, Any]:
    """A span as a member of a record."""
    return {"code_from": span.code_from, "code_to": span.code_to, "partial": span.partial}


def read_lines(text: str) -> list[Line]:
    """The lines that a text stands for; what cannot be read for certain stays as typed, for the rules to refuse."""
    cell = parse_codes(text)
    if not cell.whole:
        return [{"code_from": text.strip(), "code_to": None, "partial": False, "excluded": []}]
    return [{**plain_span(line.span), "excluded": [plain_span(item) for item in line.excluded]} for line in cell.lines]


def renewed(new: Sequence[CodeLine], before: Iterable[Mapping[str, Any]]) -> list[Line]:
    """Lines as read anew: one that was there before keeps its number, description and dates."""
    known = {_ends(line): line for line in before}
    made: list[Line] = []
    for line in new:
        plain: Line = {**plain_span(line.span), "excluded": [plain_span(item) for item in line.excluded]}
        old = known.pop(_ends(plain), None)
        if old is not None:
            same = [_ends(item) for item in old.get("excluded") or ()] == [_ends(item) for item in plain["excluded"]]
            plain = {**old, **({} if same else {"excluded": plain["excluded"]})}
            plain["partial"] = bool(old.get("partial")) or line.span.partial
        elif line.description:
            plain["description"] = {"ru": line.description}
        made.append(plain)
    return numbered(made)


def numbered(lines: Iterable[Line]) -> list[Line]:
    """Lines with numbers: those that bear one keep it, the others get the next. In the order of the numbers."""
    found = list(lines)
    last = max((line["line"] for line in found if isinstance(line.get("line"), int)), default=0)
    seen: set[int] = set()
    for line in found:
        if not isinstance(line.get("line"), int) or line["line"] in seen:
            last += 1
            line["line"] = last
        seen.add(line["line"])
    return sorted(found, key=lambda line: int(line["line"]))


def _ends(span: Mapping[str, Any]) -> tuple[str, str]:
    return str(span.get("code_from") or ""), str(span.get("code_to") or "")
