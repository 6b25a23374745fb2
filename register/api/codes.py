"""A code of the TN VED: its name, what is above it, and the measures on it through time."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

import msgspec
from litestar import Response

from register.api import schemas
from register.api.calls import Asked, Service, reading, shelf
from register.api.parameters import CODE_SCHEMA, Parameter, Parameters, read_code
from register.codes import CodeError, ancestors, format_code
from register.facts import iso
from register.index import LineMatch, Register
from register.lists import describe
from register.nomenclature import Name, Names
from register.web import JSON, Finding, Prepared, refused, respond

CODE_IN_PATH: Final = Parameter(
    "code", "A TN VED code of 2 or 4 to 10 digits.", read_code, CODE_SCHEMA, "2515110000", required=True
)


@reading(
    "/codes/{code:str}",
    name="getCode",
    summary="A code, its name, ancestors, and the measures on it through time.",
    answer=schemas.CodePage,
    example={
        "code": "2515110000",
        "formatted": "2515 11 000 0",
        "name": {"ru": None, "en": "Marble and travertine, crude or roughly trimmed"},
        "edition": "HS2022",
        "ancestors": [{"code": "25", "formatted": "25", "name": {"ru": None, "en": "Salt; sulphur; earths and stone"}}],
        "children": 0,
        "measures": [],
        "seq": 118,
    },
    in_path=(CODE_IN_PATH,),
)
def get_code(request: Asked, service: Service) -> Response[bytes]:
    """Names are those of the edition in force today; a code of which no name is known is answered all the same."""
    Parameters(()).read(request.scope["query_string"])
    try:
        code = read_code(request.path_params["code"][:80])
    except CodeError as error:
        raise refused(Finding("/code", error.rule, dict(error.text))) from None
    register, today, own = service.register, service.today(), shelf(service)
    edition = service.names.edition(today)
    key = ("code", code, register.seq, today, edition)
    prepared = own.kept.find(key)
    if prepared is None:
        body = msgspec.json.encode(code_page(register, service.names, code, today))
        prepared = own.kept.keep(key, Prepared(body, JSON, seq=register.seq))
    return respond(request, prepared)


def code_page(register: Register, names: Names, code: str, today: date) -> dict[str, Any]:
    """Everything about a code on a day: names, and every measure whose known version has to do with it."""
    own = names.name(code, today, nearest=False)
    above = {name.code: name for name in names.ancestors(code, today)}
    matches = sorted(register.matches(code), key=_latest_first)
    return {
        **_named(code, own),
        "edition": own.edition if own else names.edition(today),
        "ancestors": [_named(ancestor, above.get(ancestor)) for ancestor in ancestors(code)],
        "children": len(names.children(code, today)),
        "measures": [_line(register, match, today) for match in matches],
        "seq": register.seq,
    }


def _latest_first(match: LineMatch) -> tuple[int, str, int]:
    return -match.line.start, match.line.version.id, match.line.number


def _named(code: str, name: Name | None) -> dict[str, Any]:
    return {
        "code": code,
        "formatted": format_code(code),
        "name": None if name is None else {"ru": name.ru, "en": name.en},
    }


def _line(register: Register, match: LineMatch, today: date) -> dict[str, Any]:
    version = match.line.version
    return {
        "id": version.id,
        "state": version.state,
        "kind": version.kind,
        "title": register.record(version)["title"],
        "effective_from": iso(version.effective_from),
        "effective_to": iso(version.effective_to),
        "included_on": iso(version.included_on),
        "status": version.status(today.toordinal()),
        "version": version.number,
        "seq": version.seq,
        **describe(match),
    }
