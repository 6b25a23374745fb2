"""Measures: the list with its filters, one measure, its versions, and how two of them differ."""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import re
from collections.abc import Mapping
from datetime import date
from typing import Any, Final
from urllib.parse import urlencode

import msgspec
from litestar import Response
from litestar.openapi.spec import Schema
from litestar.openapi.spec.enums import OpenAPIType

from register.api import examples, schemas
from register.api.calls import API, Asked, Service, Shelf, known_at, reading, shelf
from register.api.parameters import (
    CODE,
    KIND,
    KNOWN_AT,
    LIMIT_50,
    STATE,
    STATUS,
    VALID_ON,
    Parameter,
    Parameters,
    Refused,
    one_of,
    short_text,
    some_of,
)
from register.differences import differences
from register.facts import Version
from register.index import Register
from register.lists import (
    DECLARATIONS,
    DEFAULT_SORT,
    SORT_CHOICES,
    Selected,
    Selection,
    record_bytes,
    searchable,
    select,
)
from register.service import RegisterService
from register.web import JSON, Prepared, finding, not_found, refused, respond

_TEXT = OpenAPIType.STRING
PORTION: Final = 500
"""Versions whose words are made before other requests get their turn."""


def read_words(text: str) -> str:
    """Words to look for. Raises ``Refused`` for more than 200 characters, or without a letter or digit."""
    words: str = short_text(200)(text)
    if not searchable(words):
        raise Refused("нужна хотя бы одна буква или цифра", "at least one letter or digit is needed")
    return words


DECLARATION: Final = Parameter(
    "declaration",
    "How an origin declaration may serve on `valid_on` (today when not given), comma-separated: `permitted` by "
    "decision of a consultation (P24), `window` within the 15 days of P37(1), `none` by neither.",
    some_of(DECLARATIONS),
    Schema(type=OpenAPIType.ARRAY, items=Schema(type=_TEXT, enum=list(DECLARATIONS))),
    ["window"],
    frozenset(),
)
WORDS: Final = Parameter(
    "q",
    "Words of the title, the goods, the acts or the id, in Russian or English; every word must occur. Case, ё and "
    "word endings do not matter. A code of six digits or more, with or without spaces, finds what `code` finds.",
    read_words,
    Schema(type=_TEXT, max_length=200),
    "мрамор",
)
SORT: Final = Parameter(
    "sort",
    "The order; `-` for descending. `-seq`, newest change first, when not given. Equals stand by id.",
    one_of(SORT_CHOICES),
    Schema(type=_TEXT, enum=list(SORT_CHOICES), default=DEFAULT_SORT),
    "effective_from",
    DEFAULT_SORT,
)
CURSOR: Final = Parameter(
    "cursor",
    "Where the next page begins; taken from `next`, good only with the filters it was given for. It holds the state "
    "of the Register of the first page.",
    short_text(200),
    Schema(type=_TEXT, max_length=200),
    "",
)
LIST_PARAMETERS: Final = Parameters(
    (STATE, KIND, CODE, STATUS, DECLARATION, WORDS, VALID_ON, KNOWN_AT, SORT, LIMIT_50, CURSOR)
)
PAST_ONLY: Final = Parameters((KNOWN_AT,))
MEASURE_ID: Final = Parameter(
    "id", "The number of a measure: state, year, number.", str, Schema(type=_TEXT), "KG-2026-021", required=True
)
SPAN: Final = Parameter(
    "span",
    "Two numbers of versions, `a..b`.",
    str,
    Schema(type=_TEXT, pattern=r"^[0-9]{1,9}\.\.[0-9]{1,9}$"),
    "1..2",
    required=True,
)


class Place(msgspec.Struct, array_like=True):
    """Where a page begins, and in which list: state of the Register, day, offset, digest of the filters."""

    seq: int
    day: date
    offset: int
    filters: str


@reading(
    "/measures",
    name="listMeasures",
    summary="Measures by state, kind, code, status, words, on a day, as known then.",
    answer=schemas.MeasureList,
    example={"items": [examples.MEASURE], "total": 1, "complete": True, "next": None, "seq": 118},
    parameters=LIST_PARAMETERS,
)
async def list_measures(request: Asked, service: Service) -> Response[bytes]:
    """Pages are consistent: `next` goes on in the list as it stood when the first page was asked for."""
    asked = LIST_PARAMETERS.read(request.scope["query_string"])
    place = _place(asked, service)
    own = shelf(service)
    key = ("measures", request.scope["query_string"], place.seq, place.day)
    prepared = own.kept.find(key)
    if prepared is None:
        selected = await _selected(asked, place, service, own)
        body = _page(asked, place, selected, service)
        prepared = own.kept.keep(key, Prepared(body, JSON, seq=place.seq))
    return respond(request, prepared)


def _place(asked: Mapping[str, Any], service: RegisterService) -> Place:
    filters = _filters_digest(asked)
    if asked["cursor"] is None:
        return Place(known_at(service.register, asked["known_at"]), service.today(), 0, filters)
    place = _read_cursor(asked["cursor"])
    if place is None or not 0 <= place.seq <= service.register.seq or place.offset < 0:
        raise refused(finding("/cursor", "cursor: такого указателя нет", "cursor: there is no such cursor"))
    if place.filters != filters:
        raise refused(
            finding(
                "/cursor",
                "cursor: указатель выдан для других условий отбора или порядка; запросите первую страницу заново",
                "cursor: it was given for other filters or another order; ask for the first page anew",
            )
        )
    return place


def _filters_digest(asked: Mapping[str, Any]) -> str:
    shown = {
        name: sorted(value) if isinstance(value, frozenset) else value
        for name, value in asked.items()
        if name not in ("cursor", "limit")
    }
    return hashlib.blake2b(msgspec.json.encode(shown), digest_size=8).hexdigest()


def _read_cursor(text: str) -> Place | None:
    try:
        return msgspec.json.decode(base64.urlsafe_b64decode(text.encode() + b"=" * (-len(text) % 4)), type=Place)
    except (binascii.Error, msgspec.DecodeError, ValueError):
        return None


def _write_cursor(place: Place) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(place)).decode().rstrip("=")


async def _selected(asked: Mapping[str, Any], place: Place, service: RegisterService, own: Shelf) -> list[Selected]:
    key = (place.filters, place.seq, place.day)
    found = own.list_at(key)
    if found is None:
        if asked["q"]:
            await _make_words(service.register, place.seq, own)
        selection = Selection(
            asked["state"],
            asked["kind"],
            asked["status"],
            asked["declaration"],
            asked["code"],
            asked["q"],
            asked["valid_on"],
            asked["sort"],
        )
        found = select(service.register, own.texts, selection, place.day, place.seq)
        own.keep_list(key, found)
    return found


async def _make_words(register: Register, seq: int, own: Shelf) -> None:
    missing = own.texts.missing(list(register.versions(seq)))
    for start in range(0, len(missing), PORTION):
        own.texts.make(register, missing[start : start + PORTION])
        await asyncio.sleep(0)


def _page(asked: Mapping[str, Any], place: Place, selected: list[Selected], service: RegisterService) -> bytes:
    end = place.offset + asked["limit"]
    on = asked["valid_on"] or place.day
    register = service.register
    items = [record_bytes(register, item.version, on, item.matches) for item in selected[place.offset : end]]
    following = None
    if end < len(selected):
        cursor = _write_cursor(Place(place.seq, place.day, end, place.filters))
        following = f"{service.terms.base_url}{API}/measures?{_query(asked, cursor)}"
    return b'{"items":[%s],"total":%d,"complete":%s,"next":%s,"seq":%d}' % (
        b",".join(items),
        len(selected),
        b"true" if len(items) == len(selected) else b"false",
        msgspec.json.encode(following),
        place.seq,
    )


def _query(asked: Mapping[str, Any], cursor: str) -> str:
    """The same question with another cursor."""
    given = {
        name: ",".join(sorted(value)) if isinstance(value, frozenset) else value
        for name, value in asked.items()
        if value and name != "cursor"
    }
    return urlencode({**given, "cursor": cursor})


@reading(
    "/measures/{id:str}",
    name="getMeasure",
    summary="One measure, as known then; its status as of today.",
    answer=schemas.Measure,
    example=examples.MEASURE,
    parameters=PAST_ONLY,
    in_path=(MEASURE_ID,),
    problems=(404, 422),
)
def get_measure(request: Asked, service: Service) -> Response[bytes]:
    """The ETag changes with the day too, because the status does."""
    asked = PAST_ONLY.read(request.scope["query_string"])
    seq, today = known_at(service.register, asked["known_at"]), service.today()
    identifier = request.path_params["id"]
    own = shelf(service)
    key = ("measure", identifier, seq, today)
    prepared = own.kept.find(key)
    if prepared is None:
        version = service.register.version(identifier, seq)
        if version is None:
            raise unknown_measure(identifier, seq)
        body = record_bytes(service.register, version, today)
        prepared = own.kept.keep(key, Prepared(body, JSON, seq=seq))
    return respond(request, prepared)


def unknown_measure(identifier: str, seq: int) -> Exception:
    """The 404 for a measure that the Register does not hold, or did not yet."""
    shown = identifier[:40]
    return not_found(
        f"Меры «{shown}» в Реестре по состоянию на запись {seq} нет",
        f"There is no measure '{shown}' in the Register as of entry {seq}",
        "/id",
    )


class _VersionEntry(msgspec.Struct):
    seq: int
    recorded_at: msgspec.Raw
    type: str
    reason: str
    summary: msgspec.Raw
    acts: msgspec.Raw
    rule: str
    before: msgspec.Raw
    after: msgspec.Raw


_decode_version: Final = msgspec.json.Decoder(_VersionEntry).decode


@reading(
    "/measures/{id:str}/history",
    name="getMeasureHistory",
    summary="Every version of a measure with its entry, before and after, newest first.",
    answer=schemas.History,
    example={
        "id": "KG-2026-021",
        "items": [{"version": 1, **{k: v for k, v in examples.ENTRY.items() if k not in ("id", "subject")}}],
        "total": 1,
        "seq": 118,
    },
    in_path=(MEASURE_ID,),
    problems=(404, 422),
)
def get_history(request: Asked, service: Service) -> Response[bytes]:
    """Announcements that a date has come make no version; they are among the changes."""
    Parameters(()).read(request.scope["query_string"])
    register, identifier = service.register, request.path_params["id"]
    own = shelf(service)
    key = ("history", identifier, register.seq, None)
    prepared = own.kept.find(key)
    if prepared is None:
        versions = _versions(register, identifier)
        items = b",".join(version_bytes(register, version) for version in reversed(versions))
        body = b'{"id":%s,"items":[%s],"total":%d,"seq":%d}' % (
            msgspec.json.encode(identifier),
            items,
            len(versions),
            register.seq,
        )
        prepared = own.kept.keep(key, Prepared(body, JSON, seq=register.seq))
    return respond(request, prepared)


def _versions(register: Register, identifier: str) -> list[Version]:
    versions = list(register.history(identifier))
    if not versions:
        raise unknown_measure(identifier, register.seq)
    return versions


def version_bytes(register: Register, version: Version) -> bytes:
    """A version with its entry, as `GET /measures/{id}/history` lists it."""
    entry = msgspec.json.encode(_decode_version(register.body(version.seq)))
    return b'{"version":%d,%s' % (version.number, entry[1:])


@reading(
    "/measures/{id:str}/versions/{span:str}",
    name="compareVersions",
    summary="The difference between two versions of a measure, field by field.",
    answer=schemas.Comparison,
    example={
        "id": "KG-2026-021",
        "from": 1,
        "to": 2,
        "differences": [{"field": "/effective_to", "before": "2027-03-08", "after": "2027-09-08"}],
        "seq": 140,
    },
    in_path=(MEASURE_ID, SPAN),
    problems=(404, 422),
)
def compare_versions(request: Asked, service: Service) -> Response[bytes]:
    """`a..b`: what version b has otherwise than version a; either may be the older."""
    Parameters(()).read(request.scope["query_string"])
    register, identifier = service.register, request.path_params["id"]
    first, last = _span(request.path_params["span"])
    own = shelf(service)
    key = ("compare", identifier, first, last, register.seq)
    prepared = own.kept.find(key)
    if prepared is None:
        versions = _versions(register, identifier)
        before = register.record(_numbered(versions, first))
        after = register.record(_numbered(versions, last))
        body = msgspec.json.encode(
            {
                "id": identifier,
                "from": first,
                "to": last,
                "differences": differences(before, after),
                "seq": register.seq,
            }
        )
        prepared = own.kept.keep(key, Prepared(body, JSON, seq=register.seq))
    return respond(request, prepared)


def _span(text: str) -> tuple[int, int]:
    parts = re.fullmatch(r"([0-9]{1,9})\.\.([0-9]{1,9})", text)
    if parts is None:
        raise refused(
            finding(
                "/span",
                "Версии указываются двумя номерами через две точки, например 1..2",
                "Versions are given as two numbers with two dots between, like 1..2",
            )
        )
    return int(parts[1]), int(parts[2])


def _numbered(versions: list[Version], number: int) -> Version:
    for version in versions:
        if version.number == number:
            return version
    raise not_found(
        f"Версии {number} у меры {versions[0].id} нет; есть с {versions[0].number} по {versions[-1].number}",
        f"Measure {versions[0].id} has no version {number}; it has {versions[0].number} to {versions[-1].number}",
        "/span",
    )
