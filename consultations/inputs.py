"""What callers send about consultations: everything wrong reported at once, in Russian and English.

Goods may be sent as goods lines or as the text of a code cell; what is not read for certain is refused, with its place
in the text, until a person has settled it (HC6).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, TypeVar

import msgspec
from pydantic import Field, ValidationError

from consultations.model import Conclusion, Plan
from consultations.rules import HC6
from register.code_cell import CodeCell, parse_codes
from register.codes import CodeSpan
from register.findings import Finding
from register.measures import Record
from register.shape import findings_from_validation
from register.web import FORMAT, Problem, finding, refused

MOST_TEXT: Final = 100_000
"""Characters of a code cell."""
DEEPEST: Final = 20

Model = TypeVar("Model", bound=Record)
_decode: Final = msgspec.json.Decoder().decode


class OnMeasure(Record):
    """The measure of the Register on which a waiting permission is to be put."""

    measure: str = Field(min_length=1, max_length=40)


def read(model: type[Model], sent: bytes) -> Model:
    """The body of a request. Raises ``Problem`` 400 for what is no JSON, 422 with everything wrong with it."""
    try:
        plain = _decode(sent or b"{}")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        ru, en = "Тело запроса – не JSON", "The body is not JSON"
        raise Problem(400, "Bad Request", f"{en} / {ru}", [finding("", ru, en)]) from None
    if not isinstance(plain, dict):
        raise refused(finding("", "Тело запроса должно быть объектом JSON", "The body must be a JSON object"))
    if faults := list(_unkept(plain, "", 0)):
        raise refused(*faults)
    if model is Plan:
        plain = _goods_read(plain, "")
    elif model is Conclusion and isinstance(plain.get("permission"), dict):
        plain = {**plain, "permission": _goods_read(plain["permission"], "/permission")}
    try:
        return model.model_validate(plain)
    except ValidationError as error:
        found = findings_from_validation(error)
        # How a request is written is no provision; the rule of a code is one.
        raise refused(*(one if one.rule == "H1" else Finding(one.pointer, FORMAT, one.text) for one in found)) from None


def lines_of(cell: CodeCell) -> list[dict[str, Any]]:
    """The goods lines of a code cell, in the shape of the record."""
    return [
        {
            "line": place,
            **_span(line.span),
            "description": None if line.description is None else {"ru": line.description},
            "excluded": [_span(one) for one in line.excluded],
        }
        for place, line in enumerate(cell.lines, start=1)
    ]


def doubts_of(cell: CodeCell, pointer: str) -> list[Finding]:
    """What is not read for certain, as findings of HC6 that name the place in the text."""
    found = [
        HC6.found(
            f"Знаки {doubt.start + 1}–{doubt.end}, «{doubt.text[:200]}»: {doubt.reason['ru']}",
            f"Characters {doubt.start + 1} to {doubt.end}, '{doubt.text[:200]}': {doubt.reason['en']}",
            pointer,
        )
        for doubt in cell.doubts
    ]
    if not found and not cell.lines:
        found.append(HC6.found("В тексте нет кодов товаров", "The text has no codes of goods", pointer))
    return found


def _goods_read(plain: dict[str, Any], place: str) -> dict[str, Any]:
    """The same with goods lines in the place of a text. Raises ``Problem`` 422 with the doubts and their places."""
    text = plain.get("goods")
    if not isinstance(text, str):
        return plain
    pointer = f"{place}/goods"
    if len(text) > MOST_TEXT:
        raise refused(finding(pointer, f"Не более {MOST_TEXT} знаков", f"At most {MOST_TEXT} characters"))
    cell = parse_codes(text)
    if found := doubts_of(cell, pointer):
        problem = refused(*found)
        doubts = [
            {"start": one.start, "end": one.end, "text": one.text, "rule": one.rule, "reason": dict(one.reason)}
            for one in cell.doubts
        ]
        raise Problem(422, problem.title, problem.detail, found, members={"doubts": doubts, "lines": lines_of(cell)})
    return {**plain, "goods": lines_of(cell)}


def _unkept(value: Any, pointer: str, depth: int) -> Iterator[Finding]:
    """Texts that the database does not keep."""
    if depth > DEEPEST:
        yield finding(pointer, "Слишком глубокая вложенность", "Nested too deeply")
    elif isinstance(value, str):
        if "\x00" in value:
            yield finding(pointer, "Знак U+0000 не сохраняется", "The character U+0000 cannot be kept")
    elif isinstance(value, Mapping):
        for name, item in value.items():
            yield from _unkept(item, f"{pointer}/{str(name)[:60]}", depth + 1)
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield from _unkept(item, f"{pointer}/{place}", depth + 1)


def _span(span: CodeSpan) -> dict[str, Any]:
    return {"code_from": span.code_from, "code_to": span.code_to, "partial": span.partial}
