"""The Register as a table: filtered, sorted and paged by the address, on a day in law and as it was known on a day."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from litestar import Response

from register.api.calls import shelf
from register.facts import iso
from register.index import UnknownPast
from register.lists import DECLARATIONS, DEFAULT_SORT, SORT_CHOICES, Selected, Selection, select
from register.measures import KINDS, STATES, STATUSES
from register.pages import site
from register.pages.query import NO_PAST, Fault, Query, address, among, day, day_fault, known_at, read_code
from register.pages.site import Asked, Page, Service, page_handler
from register.service import RegisterService
from register.words import Language

ON_A_PAGE: Final = 50
PORTION: Final = 500
"""Versions whose words are made before other requests get their turn."""
_CURSOR: Final = re.compile(r"(\d{1,15})\.(\d{1,9})")


@dataclass(frozen=True, slots=True)
class Listing:
    """What the address asks for. ``seq`` is the state of the journal, ``offset`` where the page begins."""

    selection: Selection
    seq: int
    offset: int
    pairs: tuple[tuple[str, Any], ...]
    faults: tuple[Fault, ...]
    typed: Mapping[str, str]

    def link(self, **changes: Any) -> str:
        """The same list with something changed, from its first page."""
        merged = {**dict(self.pairs), **changes}
        return address(merged.items())


@page_handler("/measures")
async def list_measures(request: Asked, service: Service) -> Response[bytes]:
    """The list, or the form with what is wrong with it."""
    found = site.find(request, service)
    if found is not None:
        return found
    language = site.language_of(request.scope["path"]) or "ru"
    listing = read_listing(Query(request.scope["query_string"]), service, language)
    if listing.faults:
        context = {**_frame(listing), "faults": {fault.field: fault.text for fault in listing.faults}}
        page = Page("measures.html", {**context, "rows": None}, address(listing.typed.items()), status=422)
        return site.send(request, service, page)
    if listing.selection.words:
        await _make_words(service, listing.seq)
    return site.send(request, service, _page(listing, service))


def read_listing(query: Query, service: RegisterService, language: Language) -> Listing:
    """The list that an address asks for, with the faults of its fields."""
    faults: list[Fault] = []
    translate = site.gettext_of(language).gettext
    code = read_code(query.text("code"), faults, language)
    on = day(query.text("valid_on"))
    if on is None and query.text("valid_on"):
        faults.append(Fault("valid_on", translate(day_fault(query.text("valid_on")))))
    past: int | None = None
    try:
        past = known_at(query.text("known_at"), service.register, service.terms.zone)
    except UnknownPast:
        faults.append(Fault("known_at", translate(NO_PAST)))
    seq, offset = _place(query.text("cursor"), service.register.seq if past is None else past, service)
    sort = query.text("sort")
    selection = Selection(
        among(query, "state", STATES),
        among(query, "kind", KINDS),
        among(query, "status", STATUSES),
        among(query, "declaration", DECLARATIONS),
        code,
        query.text("q") or None,
        on,
        sort if sort in SORT_CHOICES else DEFAULT_SORT,
    )
    pairs = (
        ("q", selection.words),
        ("code", code),
        ("state", selection.states),
        ("kind", selection.kinds),
        ("status", selection.statuses),
        ("declaration", selection.declarations),
        ("valid_on", on.isoformat() if on else None),
        ("known_at", past),
        ("sort", None if selection.sort == DEFAULT_SORT else selection.sort),
    )
    typed = {name: query.text(name) for name in ("q", "code", "valid_on", "known_at")}
    return Listing(selection, seq, offset, pairs, tuple(faults), typed)


def _place(cursor: str, seq: int, service: RegisterService) -> tuple[int, int]:
    """The state and offset that a page goes on from; a cursor that names none begins anew."""
    parts = _CURSOR.fullmatch(cursor)
    if parts is None or int(parts[1]) > service.register.seq:
        return seq, 0
    return int(parts[1]), int(parts[2])


async def _make_words(service: RegisterService, seq: int) -> None:
    texts = shelf(service).texts
    missing = texts.missing(list(service.register.versions(seq)))
    for start in range(0, len(missing), PORTION):
        texts.make(service.register, missing[start : start + PORTION])
        await asyncio.sleep(0)


def _page(listing: Listing, service: RegisterService) -> Page:
    register, today = service.register, service.today()
    selection = listing.selection
    # Every standing is asked for and then counted, so that the form can say how many each would show.
    everything = replace(selection, statuses=frozenset(STATUSES))
    found = select(register, shelf(service).texts, everything, today, listing.seq)
    counts = Counter(item.status for item in found)
    wanted = selection.statuses or (frozenset(("in_force",)) if selection.valid_on else frozenset(STATUSES))
    shown = [item for item in found if item.status in wanted]
    part = shown[listing.offset : listing.offset + ON_A_PAGE]
    end = listing.offset + ON_A_PAGE
    context = {
        **_frame(listing),
        "faults": {},
        "counts": counts,
        "rows": [_row(item, service) for item in part],
        "total": len(shown),
        "first": listing.offset + 1,
        "last": listing.offset + len(part),
        "on": selection.valid_on or today,
        "past": listing.seq < register.seq and dict(listing.pairs)["known_at"] is not None,
        "seq": listing.seq,
        "earlier": _cursor(listing, max(0, listing.offset - ON_A_PAGE)) if listing.offset else None,
        "later": _cursor(listing, end) if end < len(shown) else None,
        "api_query": listing.link(),
    }
    feed = address((name, value) for name, value in listing.pairs if name in ("state", "kind", "code"))
    return Page("measures.html", context, _cursor(listing, listing.offset), feed)


def _cursor(listing: Listing, offset: int) -> str:
    return listing.link(cursor=f"{listing.seq}.{offset}") if offset else listing.link()


def _frame(listing: Listing) -> dict[str, Any]:
    selection = listing.selection
    return {
        "typed": listing.typed,
        "selection": selection,
        "states": STATES,
        "kinds": KINDS,
        "statuses": STATUSES,
        "declarations": DECLARATIONS,
        "link": listing.link,
        "sort": selection.sort,
        "narrowed": any(value for name, value in listing.pairs if name not in ("sort", "known_at")),
    }


def _row(item: Selected, service: RegisterService) -> dict[str, Any]:
    version = item.version
    record = service.register.record(version)
    return {
        "id": version.id,
        "state": version.state,
        "kind": version.kind,
        "title": record["title"],
        "goods": _goods(record["goods"], [match.line.number for match in item.matches]),
        "matches": {match.line.number: match.match for match in item.matches},
        "from": iso(version.effective_from),
        "to": iso(version.effective_to),
        "included_on": iso(version.included_on),
        "status": item.status,
        "transport": record.get("transport"),
    }


def _goods(goods: list[dict[str, Any]], matched: list[int]) -> list[dict[str, Any]]:
    """The lines to name: those that a code asked for matches, else all."""
    return [line for line in goods if line["line"] in matched] if matched else goods
