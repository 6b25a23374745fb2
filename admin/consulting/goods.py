"""The code cell in forms of consultations: pasted as the act has it, read into lines, doubts marked where they stand.

The text of the cell is the one thing that a person changes: what was in doubt is settled by writing it out. Pure: no
database, no web.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from consultations.model import Goods
from register.code_cell import describe, parse_codes
from register.codes import CodeLine, CodeSpan
from register.doubts import Doubt
from register.findings import Finding


class Texts(Protocol):
    """Where the texts of a form are found."""

    def one(self, name: str) -> str: ...


class Piece(NamedTuple):
    """A stretch of the cell; ``doubt`` is what stands in question there."""

    text: str
    doubt: Doubt | None = None


@dataclass(frozen=True, slots=True)
class Read:
    """The lines that a cell stands for, as members of a record, its text in pieces, and what is wrong with it."""

    lines: list[dict[str, Any]]
    pieces: list[Piece]
    doubts: tuple[Doubt, ...]
    findings: tuple[Finding, ...]


def description_field(line: Mapping[str, Any]) -> str:
    """The name of the field in which goods of a line are described: it follows the codes when lines come and go."""
    return f"d-{line['code_from']}-{line['code_to'] or ''}{'p' if line['partial'] else ''}"


def read_goods(form: Texts, name: str, pointer: str = "/goods") -> Read:
    """The cell ``name`` of a form. HC6: goods given as text are taken when every part was read for certain."""
    text = form.one(name)
    cell = parse_codes(text)
    lines = []
    for number, line in enumerate(cell.lines, 1):
        made = {"line": number, **_span(line.span), "excluded": [_span(one) for one in line.excluded]}
        said = form.one(description_field(made)) or line.description or ""
        lines.append({**made, "description": {"ru": said} if said else None})
    findings = [
        Finding(pointer, "HC6", {told: f"«{one.text}»: {one.reason[told]}" for told in ("ru", "en")})
        for one in cell.doubts
    ]
    if not text:
        ru = "Укажите товары кодами ТН ВЭД ЕАЭС"
        findings.append(Finding(pointer, "HC6", {"ru": ru, "en": "Give the goods by their TN VED codes"}))
    return Read(lines, pieces(text, cell.doubts), cell.doubts, tuple(findings))


def _span(span: CodeSpan) -> dict[str, Any]:
    return {"code_from": span.code_from, "code_to": span.code_to, "partial": span.partial}


def pieces(text: str, doubts: Iterable[Doubt]) -> list[Piece]:
    """A cell cut where its doubts stand; a doubt of no width is an empty piece."""
    found, at = list[Piece](), 0
    for doubt in sorted(doubts, key=lambda one: one.start):
        if doubt.start < at:
            continue
        if text[at : doubt.start]:
            found.append(Piece(text[at : doubt.start]))
        found.append(Piece(text[doubt.start : doubt.end], doubt))
        at = doubt.end
    return [*found, Piece(text[at:])] if text[at:] else found


def written(goods: Iterable[Goods]) -> str:
    """Lines in the Russian of acts, so that they are read back."""
    return describe(CodeLine(line.span, tuple(one.span for one in line.excluded)) for line in goods)


def described(goods: Iterable[Goods]) -> dict[str, list[str]]:
    """The fields with the descriptions of lines as they stand."""
    found = {}
    for line in goods:
        if line.description is not None and line.description.ru:
            found[description_field(line.model_dump())] = [line.description.ru]
    return found
