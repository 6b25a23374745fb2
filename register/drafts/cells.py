"""Reading a cell of an act or of a notified table into fields, for a person who fills in a draft."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

import msgspec
from litestar import Response

from register.api.calls import Asked, Service
from register.api.parameters import NO_PARAMETERS
from register.basis_cell import assign_roles, parse_basis
from register.code_cell import parse_codes
from register.codes import CodeLine, CodeSpan
from register.doubts import Doubt
from register.drafts import described
from register.drafts.actors import Actor
from register.drafts.described import call
from register.drafts.desk import PATH, Acting, do_once, need, reply
from register.drafts.inputs import BasisText, CellText, read
from register.idempotency import Answer
from register.service import RegisterService
from register.term_cell import parse_term

_DOUBTS: Final[dict[str, Any]] = {"doubts": [], "whole": True}
_LINE: Final[dict[str, Any]] = {
    "line": 1,
    "code_from": "7201",
    "code_to": None,
    "partial": False,
    "description": None,
    "excluded": [],
}
_TERM: Final[dict[str, Any]] = {
    "effective_from": "2026-09-08",
    "effective_to": "2027-03-08",
    "open_ended": False,
    "suspensions": [],
    "events": [],
}
_ACT: Final[dict[str, Any]] = {"role": "introduces", "issuer": None, "type": None, "number": "587", "date": None}


class ParsedCodes(described.ParsedCell):
    """The goods lines of a code cell, in the shape of a measure's."""

    lines: list[dict[str, Any]]


class ParsedTerm(described.ParsedCell):
    """The term of a term cell; days are inclusive."""

    effective_from: str | None
    effective_to: str | None
    open_ended: bool
    suspensions: list[dict[str, Any]]
    events: list[dict[str, Any]]


class ParsedBasis(described.ParsedCell):
    """The acts of a basis cell, in the shape of a measure's."""

    acts: list[dict[str, Any]]


async def _read(
    request: Asked, service: RegisterService, who: Actor, parse: Callable[[bytes], dict[str, Any]]
) -> Response[bytes]:
    need(who, "draft.read")
    NO_PARAMETERS.read(request.scope["query_string"])
    body = await request.body()
    answer = msgspec.json.encode(parse(body))
    if request.headers.get("idempotency-key") is None:
        return reply(200, answer)

    async def work() -> Answer:
        return Answer(200, answer)

    return await do_once(request, service, who, body, work)


@call(
    "POST",
    f"{PATH}/parse-codes",
    name="parseCodes",
    summary="An act's code cell as goods lines.",
    answer=ParsedCodes,
    example={"lines": [_LINE], **_DOUBTS},
    sent=described.CELL_BODY,
)
async def codes(request: Asked, service: Service, actor: Acting) -> Response[bytes]:
    """Nothing is guessed: every digit stands in a line that was read for certain, or in a doubt with its place."""

    def parse(body: bytes) -> dict[str, Any]:
        cell = parse_codes(read(CellText, body).text)
        lines = [_line(place, line) for place, line in enumerate(cell.lines, start=1)]
        return {"lines": lines, "doubts": _doubts(cell.doubts), "whole": cell.whole}

    return await _read(request, service, actor, parse)


@call(
    "POST",
    f"{PATH}/parse-term",
    name="parseTerm",
    summary="A term cell as dates.",
    answer=ParsedTerm,
    example={**_TERM, **_DOUBTS},
    sent=described.CELL_BODY,
)
async def term(request: Asked, service: Service, actor: Acting) -> Response[bytes]:
    """Days are inclusive. `events` are extensions, terminations and amendments as printed, from left to right."""

    def parse(body: bytes) -> dict[str, Any]:
        cell = parse_term(read(CellText, body).text)
        return {
            "effective_from": cell.effective_from,
            "effective_to": cell.effective_to,
            "open_ended": cell.open_ended,
            "suspensions": [{"from": first, "to": last} for first, last in cell.suspensions],
            "events": [{"role": role, "date": day} for role, day in cell.events],
            "doubts": _doubts(cell.doubts),
            "whole": cell.whole,
        }

    return await _read(request, service, actor, parse)


@call(
    "POST",
    f"{PATH}/parse-basis",
    name="parseBasis",
    summary="A basis cell as acts.",
    answer=ParsedBasis,
    example={"acts": [_ACT], **_DOUBTS},
    sent=described.BASIS_BODY,
)
async def basis(request: Asked, service: Service, actor: Acting) -> Response[bytes]:
    """`state` is the one that notified; with the `term` cell each act gets its role from what the term says."""

    def parse(body: bytes) -> dict[str, Any]:
        given = read(BasisText, body)
        cell = parse_basis(given.text, given.state)
        if given.term is not None:
            cell = assign_roles(cell, parse_term(given.term))
        acts = [
            {"role": act.role, "issuer": act.issuer, "type": act.type, "number": act.number, "date": act.date}
            for act in cell.acts
        ]
        return {"acts": acts, "doubts": _doubts(cell.doubts), "whole": cell.whole}

    return await _read(request, service, actor, parse)


def _line(place: int, line: CodeLine) -> dict[str, Any]:
    return {
        "line": place,
        **_span(line.span),
        "description": None if line.description is None else {"ru": line.description, "en": None},
        "excluded": [{**_span(span), "description": None} for span in line.excluded],
    }


def _span(span: CodeSpan) -> dict[str, Any]:
    return {"code_from": span.code_from, "code_to": span.code_to, "partial": span.partial}


def _doubts(found: Iterable[Doubt]) -> list[dict[str, Any]]:
    return [
        {"start": one.start, "end": one.end, "text": one.text, "rule": one.rule, "reason": dict(one.reason)}
        for one in found
    ]


route_handlers: Final[list[Any]] = [codes, term, basis]
