"""Codes of the TN VED for whoever types one: suggestions by digits or words, and what is known of one. From memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import msgspec
from litestar import Response, get

from admin.accounts import Action, require
from admin.accounts.core import PATH
from admin.accounts.frame import Asked, language
from admin.workbench.beside import Beside, beside
from register.api.calls import Service
from register.codes import CodeError, format_code, normalise
from register.edition import Name
from register.facts import Version
from register.pages import formats
from register.service import RegisterService
from register.web import JSON, Reply
from register.words import LANGUAGES, Language

MOST: Final = 12
LONGEST: Final = 120
_LONGEST_NAME: Final = 110


@dataclass(frozen=True, slots=True)
class Found:
    """A code that fits what was typed, its name, and how many measures that are not over are on it."""

    code: str
    written: str
    name: Name
    measures: int


@dataclass(frozen=True, slots=True)
class Lookup:
    """What was looked for by the button of the form, and what was found."""

    asked: str
    found: tuple[Found, ...]
    known: Beside | None
    """What stands beside a code, where a whole code was typed."""


def suggestions(service: RegisterService, typed: str, most: int = MOST) -> tuple[Found, ...]:
    """Codes that begin with the digits of ``typed``, with words that begin with its words; broader ones first."""
    names = service.names.search(typed[:LONGEST], service.today(), most)
    return tuple(Found(one.code, format_code(one.code), one, measures_on(service, one.code)) for one in names)


def measures_on(service: RegisterService, code: str) -> int:
    """How many measures of all states that are not over today concern a code."""
    on = service.today().toordinal()
    found: set[Version] = set()
    for match in service.register.matches(code, None, on):
        if match.line.end >= on:
            found.add(match.line.version)
    return len(found)


def look(service: RegisterService, typed: str, own: str | None) -> Lookup | None:
    """What the button finds; None where nothing was typed. ``own`` is the measure of the draft."""
    asked = " ".join(typed.split())[:LONGEST]
    if not asked:
        return None
    try:
        known = beside(service, {"code_from": normalise(asked)}, own)
    except CodeError:
        known = None
    return Lookup(asked, suggestions(service, asked), known)


@get(
    [f"/{told}{PATH}/codes" for told in LANGUAGES],
    guards=[require(Action.DRAFT_READ)],
    include_in_schema=False,
)
async def suggest(request: Asked, service: Service) -> Response[bytes]:
    """Suggestions for ``q`` as JSON: ``[{code, written, name, measures}]``, in the language of the page."""
    told = language(request)
    found = suggestions(service, str(request.query_params.get("q", "")))
    items = [
        {"code": one.code, "written": one.written, "name": _name(one.name, told), "measures": one.measures}
        for one in found
    ]
    headers = {"content-type": JSON, "cache-control": "private, no-store", "x-content-type-options": "nosniff"}
    return Reply(msgspec.json.encode(items), status_code=200, headers=headers)


def _name(name: Name, told: Language) -> str:
    other: Language = "en" if told == "ru" else "ru"
    text = {"ru": name.ru, "en": name.en}
    return formats.shortened(text[told] or text[other] or "", _LONGEST_NAME)


route_handlers: Final[list[Any]] = [suggest]
