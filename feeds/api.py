"""Feeds and log over HTTP. ``route_handlers`` is what the application takes.

It gives ``service`` to each handler, and ``published_log``, a ``feeds.log.Log``, to those below ``/log``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

from anyio import to_thread
from litestar import Response
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.spec import Schema
from litestar.openapi.spec.enums import OpenAPIType
from litestar.types import ASGIApp, HTTPScope

import feeds.data_api
import feeds.log_api
from feeds.calendar import ICAL, calendar, deadlines, histories
from feeds.channels import Channel, archive_document, entries_document
from feeds.document import ATOM, MEDIA_TYPES, Document, Format, render
from feeds.opml import OPML, opml
from feeds.selection import CONSULTATIONS, SHOWN, FeedFilter, selections
from feeds.upcoming import upcoming_document
from register.api.calls import Asked, Service, reading, shelf
from register.api.changes import FILTERS
from register.api.filters import entry_filter
from register.api.parameters import CODE, KIND, STATE, Parameter, Parameters, one_of
from register.front import Shortcut
from register.service import RegisterService
from register.web import IMMUTABLE, PUBLIC_MINUTE, Prepared, not_found, ready, respond, respond_at_once
from register.words import LANGUAGES

TAG: Final = "Subscribing"

LANG: Final = Parameter(
    "lang",
    "The language of titles and contents: `ru`, which governs, when not given, or `en`.",
    one_of(LANGUAGES),
    Schema(type=OpenAPIType.STRING, enum=list(LANGUAGES), default="ru"),
    "en",
    "ru",
)
REGISTER_PARAMETERS: Final = Parameters((*FILTERS, KIND, LANG))
CONSULTATION_PARAMETERS: Final = Parameters((STATE, LANG))
LANGUAGE_ONLY: Final = Parameters((LANG,))
CALENDAR_PARAMETERS: Final = Parameters(
    (
        STATE,
        Parameter(
            "code",
            "Dates of measures that have to do with the code, or of the goods line that has; both directions.",
            CODE.read,
            CODE.schema,
            CODE.example,
        ),
        LANG,
    )
)
PAGE: Final = Parameter(
    "page",
    "The number of a closed page of 100 entries, and `.atom`.",
    str,
    Schema(type=OpenAPIType.STRING, pattern=r"^[1-9][0-9]{0,8}\.atom$"),
    "1.atom",
    required=True,
)
ENTRY_FEEDS: Final = tuple(f"/feeds/{name}.{form}" for name in ("register", "consultations") for form in MEDIA_TYPES)
"""The feeds of entries: at one entry of the journal, one query has one answer."""
Handler = Callable[..., Any]
_EXAMPLES: Final[dict[Format, str]] = {
    "atom": '<?xml version="1.0" encoding="UTF-8"?><feed xmlns="http://www.w3.org/2005/Atom">…</feed>',
    "rss": '<?xml version="1.0" encoding="UTF-8"?><rss version="2.0">…</rss>',
}


def _given(query: bytes, asked: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    """What a query asks for, in its order and spelled one way: what the feed says of its own address."""
    pairs = []
    for name, text in parse_qsl(query.decode("latin-1")):
        spelled = text.upper() if name == "state" else text
        words = [item.strip() for item in spelled.split(",") if item.strip()]
        if words:
            pairs.append((name, asked[name] if name == "code" else ",".join(words)))
    return tuple(pairs)


def _address(service: RegisterService, path: str, pairs: Sequence[tuple[str, str]]) -> str:
    return f"{service.terms.base_url}{path}" + (f"?{urlencode(pairs, safe=',')}" if pairs else "")


def _channel(service: RegisterService, name: str, asked: dict[str, Any], pairs: Sequence[tuple[str, str]]) -> Channel:
    filters = tuple((key, text) for key, text in pairs if key != "lang")
    return Channel(name, asked["lang"], filters, service.terms.demonstration)


def _filter(name: str, asked: dict[str, Any]) -> FeedFilter:
    if name == "consultations":
        return replace(CONSULTATIONS, entries=replace(CONSULTATIONS.entries, states=asked["state"]))
    return FeedFilter(entry_filter(asked), asked["kind"])


def _prepared(service: RegisterService, key: Any, seq: int, form: Format, make: Callable[[], Document]) -> Prepared:
    kept = shelf(service).kept
    prepared = kept.find(key)
    if prepared is None:
        prepared = kept.keep(key, Prepared(render(make(), form), MEDIA_TYPES[form], seq=seq, cache=PUBLIC_MINUTE))
    return prepared


def feed_shortcuts(service: RegisterService) -> dict[str, Shortcut]:
    """For ``PublicApp(shortcuts=…)``: feeds of entries that were asked for since the newest entry, and their 304, given
    at once. Every other request is left to the handler of the feed."""

    def shortcut(path: str) -> Shortcut:
        def give(scope: HTTPScope) -> ASGIApp | None:
            prepared = shelf(service).feeds.find((path, scope["query_string"], service.register.seq))
            return None if prepared is None else respond_at_once(scope["headers"], prepared)

        return give

    return {path: shortcut(path) for path in ENTRY_FEEDS}


def _entries_feed(name: str, form: Format, parameters: Parameters, summary: str) -> HTTPRouteHandler:
    path = f"/feeds/{name}.{form}"

    async def feed(request: Asked, service: Service) -> Response[bytes]:
        """The newest 100 entries that pass, newest first. Every entry is an item of its own, also one that changes a
        measure known long since; its id is that of the entry in every channel. The Atom feed without filters leads
        through `prev-archive` to every entry back to the first (RFC 5005)."""
        query, head = request.scope["query_string"], service.register.seq
        asked = parameters.read(query)
        pairs = _given(query, asked)
        seqs = await selections(service.register).newest(_filter(name, asked))
        # The newest one decides which others are shown.
        newest = seqs[0] if seqs else 0
        prepared = _prepared(
            service,
            (path, pairs, newest),
            newest,
            form,
            lambda: entries_document(
                service.register,
                seqs,
                _channel(service, name, asked, pairs),
                service.terms.base_url,
                _address(service, path, pairs),
            ),
        )
        if service.register.seq == head:
            # Else the selection may be of either state.
            shelf(service).feeds.keep((path, query, head), prepared)
        return respond(request, prepared)

    return _reading(path, form, parameters, summary)(feed)


def _upcoming_feed(form: Format) -> HTTPRouteHandler:
    path = f"/feeds/upcoming.{form}"

    def feed(request: Asked, service: Service) -> Response[bytes]:
        """From today to 30 days later, at the Commission's seat. An item is one event of one measure on one date; a
        date that moves is a new item."""
        query = request.scope["query_string"]
        asked = LANGUAGE_ONLY.read(query)
        pairs, register, today = _given(query, asked), service.register, service.today()
        prepared = _prepared(
            service,
            (path, pairs, register.seq, today),
            register.seq,
            form,
            lambda: upcoming_document(
                register,
                today,
                service.terms.zone,
                _channel(service, "upcoming", asked, pairs),
                service.terms.base_url,
                _address(service, path, pairs),
            ),
        )
        return respond(request, prepared)

    summary = "What takes effect, ends, or closes its declaration window in the next 30 days"
    return _reading(path, form, LANGUAGE_ONLY, summary)(feed)


def _reading(path: str, form: Format, parameters: Parameters, summary: str) -> Callable[[Handler], HTTPRouteHandler]:
    name = re.sub(r"\W", "_", path.strip("/"))
    kind = {"atom": "Atom 1.0", "rss": "RSS 2.0"}[form]
    return reading(
        path,
        name=name,
        summary=f"{summary}, as {kind}.",
        answer=str,
        example=_EXAMPLES[form],
        parameters=parameters,
        media_type=MEDIA_TYPES[form],
        tag=TAG,
    )


@reading(
    "/feeds/deadlines.ics",
    name="feeds_deadlines_ics",
    summary="The dates of the measures as a calendar (iCalendar, RFC 5545).",
    answer=str,
    example="BEGIN:VCALENDAR\r\nVERSION:2.0\r\n…\r\nEND:VCALENDAR\r\n",
    parameters=CALENDAR_PARAMETERS,
    media_type=ICAL,
    tag=TAG,
)
async def get_deadlines(request: Asked, service: Service) -> Response[bytes]:
    """First and last days in force and the last of the 15 days of point 37, from 30 days ago to 365 days ahead, as days
    at the Commission's seat. A date that a later version moved stays with `STATUS:CANCELLED` under its `UID`."""
    path, query = "/feeds/deadlines.ics", request.scope["query_string"]
    asked = CALENDAR_PARAMETERS.read(query)
    pairs, register, today = _given(query, asked), service.register, service.today()
    own, key = shelf(service), (path, pairs, register.seq, today)
    prepared = own.kept.find(key)
    if prepared is None:
        channel, address = _channel(service, "deadlines", asked, pairs), _address(service, path, pairs)
        # Taken here and looked at in a thread: the index changes only in this thread, versions and bodies never.
        seq, measures = register.seq, histories(register)

        def write() -> bytes:
            found = deadlines(measures, today, asked["state"], asked["code"])
            return calendar(register, found, channel, service.terms.base_url, address)

        body = await to_thread.run_sync(write)
        prepared = own.kept.keep(key, Prepared(body, ICAL, seq=seq))
    return respond(request, prepared)


@reading(
    "/feeds/archive/{page:str}",
    name="feeds_archive",
    summary="A closed page of 100 entries (RFC 5005), which never changes.",
    answer=str,
    example=_EXAMPLES["atom"],
    parameters=LANGUAGE_ONLY,
    in_path=(PAGE,),
    problems=(404, 422),
    media_type=ATOM,
    tag=TAG,
)
def get_archive(request: Asked, service: Service) -> Response[bytes]:
    """Page n holds entries (n - 1)·100 + 1 to n·100. `next-archive` is always named; where that page is not closed yet,
    it answers 404, and the current feed has the entries."""
    asked = LANGUAGE_ONLY.read(request.scope["query_string"])
    register, language = service.register, asked["lang"]
    page = _page(request.path_params["page"], register.seq // SHOWN)
    kept, key = shelf(service).kept, ("archive", page, language)
    prepared = kept.find(key)
    if prepared is None:
        body = render(archive_document(register, page, language, service.terms.base_url), "atom")
        prepared = kept.keep(key, Prepared(body, ATOM, seq=page * SHOWN, cache=IMMUTABLE))
    return respond(request, prepared)


def _page(text: str, closed: int) -> int:
    found = re.fullmatch(r"([1-9][0-9]{0,8})\.atom", text)
    if found is None or int(found[1]) > closed:
        shown = text[:40]
        raise not_found(
            f"Страницы архива «{shown}» нет; закрытых страниц – {closed}, новые записи – в /feeds/register.atom",
            f"There is no archive page '{shown}'; {closed} are closed, newer entries are in /feeds/register.atom",
            "/page",
        )
    return int(found[1])


@reading(
    "/feeds/opml.xml",
    name="feeds_opml",
    summary="All feeds, whole and by state, kind of measure and type of entry, for feed readers to import.",
    answer=str,
    example='<?xml version="1.0" encoding="UTF-8"?><opml version="2.0">…</opml>',
    parameters=LANGUAGE_ONLY,
    media_type=OPML,
    tag=TAG,
)
def get_opml(request: Asked, service: Service) -> Response[bytes]:
    """OPML 2.0."""
    asked = LANGUAGE_ONLY.read(request.scope["query_string"])
    terms = service.terms
    return ready(request, opml(terms.base_url, asked["lang"], terms.demonstration), OPML, seq=0)


_FORMS: Final[tuple[Format, ...]] = ("rss", "atom")
route_handlers: Final[list[Any]] = [
    *(_entries_feed("register", form, REGISTER_PARAMETERS, "The newest 100 entries of the journal") for form in _FORMS),
    *(
        _entries_feed("consultations", form, CONSULTATION_PARAMETERS, "The newest 100 entries on consultations")
        for form in _FORMS
    ),
    *(_upcoming_feed(form) for form in _FORMS),
    get_deadlines,
    get_archive,
    get_opml,
    *feeds.log_api.route_handlers,
    *feeds.data_api.route_handlers,
]
