"""The consultations of P24 as a table: filtered and sorted by the address, as they are known or were known then."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from litestar import Response

from consultations.pages import reading
from consultations.pages.common import PATH, names, translations
from consultations.pages.reading import DEFAULT_SORT, SORT_CHOICES, STATUSES, Selection, select
from register.index import UnknownPast
from register.measures import STATES
from register.pages import site
from register.pages.query import NO_PAST, Fault, Query, address, among, known_at, read_code
from register.pages.site import Asked, Page, Service, page_handler
from register.service import RegisterService
from register.words import Language

ON_A_PAGE: Final = 50


@dataclass(frozen=True, slots=True)
class Listing:
    """What the address asks for; ``seq`` is the state of the journal, ``offset`` where the page begins."""

    selection: Selection
    seq: int
    past: bool
    offset: int
    pairs: tuple[tuple[str, Any], ...]
    faults: tuple[Fault, ...]
    typed: Mapping[str, str]

    def link(self, **changes: Any) -> str:
        """The same list with something changed, from its first page."""
        return address({**dict(self.pairs), **changes}.items())


@page_handler(PATH)
def list_consultations(request: Asked, service: Service) -> Response[bytes]:
    """The list, or the form with what is wrong with it."""
    found = site.find(request, service)
    if found is not None:
        return found
    language = site.language_of(request.scope["path"]) or "ru"
    listing = read_listing(Query(request.scope["query_string"]), service, language)
    context = {**names(language), **_frame(listing)}
    if listing.faults:
        faults = {fault.field: fault.text for fault in listing.faults}
        typed = address(listing.typed.items())
        return site.send(
            request,
            service,
            Page("consultations/list.html", {**context, "faults": faults, "rows": None}, typed, "", 422),
        )
    return site.send(request, service, _page(listing, service, context))


def read_listing(query: Query, service: RegisterService, language: Language) -> Listing:
    """The list that an address asks for, with the faults of its fields."""
    faults: list[Fault] = []
    code = read_code(query.text("code"), faults, language)
    past: int | None = None
    try:
        past = known_at(query.text("known_at"), service.register, service.terms.zone)
    except UnknownPast:
        faults.append(Fault("known_at", translations(language).gettext(NO_PAST)))
    sort, offset = query.text("sort"), query.text("from")
    selection = Selection(
        among(query, "state", STATES),
        among(query, "status", STATUSES),
        code,
        query.text("q") or None,
        sort if sort in SORT_CHOICES else DEFAULT_SORT,
    )
    pairs = (
        ("q", selection.words),
        ("code", code),
        ("state", selection.states),
        ("status", selection.statuses),
        ("known_at", past),
        ("sort", None if selection.sort == DEFAULT_SORT else selection.sort),
    )
    seq = service.register.seq if past is None else past
    start = int(offset) if offset.isascii() and offset.isdigit() and len(offset) < 8 else 0
    typed = {name: query.text(name) for name in ("q", "code", "known_at")}
    return Listing(selection, seq, seq < service.register.seq, start, pairs, tuple(faults), typed)


def _page(listing: Listing, service: RegisterService, context: Mapping[str, Any]) -> Page:
    selection = listing.selection
    everything = select(reading.records(service.register, listing.seq), replace(selection, statuses=frozenset()))
    counts = Counter(one["status"] for one in everything)
    shown = [one for one in everything if not selection.statuses or one["status"] in selection.statuses]
    part, end = shown[listing.offset : listing.offset + ON_A_PAGE], listing.offset + ON_A_PAGE
    earlier = max(0, listing.offset - ON_A_PAGE)
    more: dict[str, Any] = {
        "faults": {},
        "counts": counts,
        "rows": part,
        "total": len(shown),
        "first": listing.offset + 1,
        "last": listing.offset + len(part),
        "earlier": listing.link(**{"from": earlier or None}) if listing.offset else None,
        "later": listing.link(**{"from": end}) if end < len(shown) else None,
        "api_query": address((("state", selection.states), ("known_at", dict(listing.pairs)["known_at"]))),
    }
    query = listing.link(**{"from": listing.offset or None})
    return Page("consultations/list.html", {**context, **more}, query, address((("state", selection.states),)))


def _frame(listing: Listing) -> dict[str, Any]:
    return {
        "typed": listing.typed,
        "selection": listing.selection,
        "states": STATES,
        "statuses": STATUSES,
        "link": listing.link,
        "sort": listing.selection.sort,
        "past": listing.past,
        "seq": listing.seq,
        "narrowed": any(value for name, value in listing.pairs if name not in ("sort", "known_at")),
    }
