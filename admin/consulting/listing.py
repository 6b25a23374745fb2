"""The consultations for their parties: filtered by the address, views kept by each person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from litestar import Response

from admin.accounts import Acting, Actor, require
from admin.accounts.frame import Asked, go, language, page
from admin.accounts.policy import Action
from admin.consulting.common import LIST, Office, here, sent_form, staff_page
from admin.consulting.saved_views import ViewRefused, remove_view, save_view, views_of
from admin.consulting.standing import record_of
from consultations.commands import ConsultationFilter, listed
from consultations.model import STATUSES, Consultation
from consultations.office import Consulting
from consultations.pages.reading import DEFAULT_SORT, SORT_CHOICES, Record, Selection, select
from consultations.procedure import StepName, asked_of
from consultations.searching import concerned
from register.api.calls import Service
from register.measures import STATES
from register.pages.query import Fault, Query, address, among, read_code
from register.service import RegisterService
from register.words import Language

NAME: Final = "consultations"
ON_A_PAGE: Final = 50
_PORTION: Final = 500
_VIEWS: Final = f"{LIST}/views"


@dataclass(frozen=True, slots=True)
class Row:
    """A consultation of the list: its record, what is asked of who looks, and the target date that comes next."""

    known: Consultation
    record: Record
    asked: Sequence[StepName]
    due: Any


async def everything(service: RegisterService) -> list[Consultation]:
    """Every consultation, newest first; there are some dozens in a year."""
    found: list[Consultation] = []
    while part := await listed(
        service.database, ConsultationFilter(), limit=_PORTION, cursor=found[-1].id if found else None
    ):
        found += part
        if len(part) < _PORTION:
            break
    return found


async def rows(service: RegisterService, office: Consulting, actor: Actor) -> list[Row]:
    """Every consultation as a row for ``actor``."""
    today = service.today()
    found = []
    for known in await everything(service):
        record = record_of(service.register, known)
        asked = asked_of(known, actor, today)
        found.append(Row(known, record, asked, next_due(record, office, actor, asked)))
    return found


def next_due(record: Record, office: Consulting, actor: Actor, asked: Sequence[StepName]) -> Any:
    """The next target date that matters to ``actor``: that of what is asked, else the first that is not met."""
    due = office.deadlines(record)
    if "position" in asked:
        return next((one for one in due if one.name == "position" and one.state == actor.state), None)
    # What others owe matters to a state only as far as the meeting and the entry go.
    return next((one for one in due if one.name != "position" and not one.met), None)


@page(LIST, guards=[require(Action.CONSULTATION_READ)])
async def list_page(request: Asked, service: Service, consulting: Office, actor: Acting) -> Response[bytes]:
    """The list: ``state``, ``status``, ``asked``, ``code``, ``q``, ``sort``, ``from``."""
    return await _page(request, service, consulting, actor)


@dataclass(frozen=True, slots=True)
class Listing:
    """What the address asks for; ``first`` is where the page begins."""

    selection: Selection
    asked: bool
    first: int
    faults: Mapping[str, str]
    typed: Mapping[str, str]

    def link(self, **changes: Any) -> str:
        """The same list with something changed, from its first page."""
        chosen = self.selection
        pairs: dict[str, Any] = {
            "q": chosen.words,
            "code": chosen.code,
            "state": chosen.states,
            "status": chosen.statuses,
            "asked": "1" if self.asked else None,
            "sort": None if chosen.sort == DEFAULT_SORT else chosen.sort,
        }
        return address({**pairs, **changes}.items())

    @property
    def narrowed(self) -> bool:
        """Whether anything is left out."""
        chosen = self.selection
        return bool(chosen.words or chosen.code or chosen.states or chosen.statuses or self.asked)


def _read(query: Query, told: Language) -> Listing:
    faults: list[Fault] = []
    code, sort, start = read_code(query.text("code"), faults, told), query.text("sort"), query.text("from")
    selection = Selection(
        among(query, "state", STATES),
        among(query, "status", STATUSES),
        code,
        query.text("q") or None,
        sort if sort in SORT_CHOICES else DEFAULT_SORT,
    )
    first = int(start) if start.isascii() and start.isdigit() and len(start) < 8 else 0
    typed = {name: query.text(name) for name in ("q", "code")}
    return Listing(selection, query.text("asked") == "1", first, {one.field: one.text for one in faults}, typed)


async def _page(
    request: Asked,
    service: RegisterService,
    office: Consulting,
    actor: Actor,
    *,
    status: int = 200,
    fault: str = "",
    name: str = "",
    raw: bytes | None = None,
) -> Response[bytes]:
    await service.catch_up()
    listing = _read(Query(request.scope["query_string"] if raw is None else raw), language(request))
    shown = [] if listing.faults else await _select(service, office, actor, listing)
    first, end = listing.first, listing.first + ON_A_PAGE
    context = {
        "rows": shown[first:end],
        "total": len(shown),
        "first": first + 1,
        "last": min(len(shown), end),
        "later": listing.link(**{"from": end}) if end < len(shown) else None,
        "earlier": listing.link(**{"from": max(0, first - ON_A_PAGE) or None}) if first else None,
        "listing": listing,
        "statuses": STATUSES,
        "states": STATES,
        "today": service.today(),
        "views": [] if actor.id is None else await views_of(service.database, actor.id, NAME),
        "may_initiate": actor.may(Action.CONSULTATION_INITIATE),
        "view_fault": fault,
        "view_name": name,
    }
    code = 422 if listing.faults else status
    return staff_page(request, service, "list.html", context, status=code, query=listing.link())


async def _select(service: RegisterService, office: Consulting, actor: Actor, listing: Listing) -> list[Row]:
    found = {row.known.id: row for row in await rows(service, office, actor)}
    wanted = [row for row in found.values() if row.asked or not listing.asked]
    records = [_with_states(row.record, listing.selection) for row in wanted]
    return [found[one["id"]] for one in select(records, listing.selection)]


def _with_states(record: Record, chosen: Selection) -> Record:
    """For its parties a consultation is of every state that it concerns, the burdened ones too."""
    if chosen.states and not chosen.states.isdisjoint(concerned(record)):
        return {**record, "initiator": next(iter(chosen.states & concerned(record)))}
    return record


@page(_VIEWS, "post", guards=[require(Action.CONSULTATION_READ)])
async def keep_view(request: Asked, service: Service, consulting: Office, actor: Acting) -> Response[bytes]:
    """Save the filters of the form under a name."""
    sent = await sent_form(request)
    if actor.id is None:
        return go(here(request, LIST))
    # Read and written anew, so that nothing but filters of this page is kept.
    wanted = Query(sent.one("query").encode("ascii", "ignore"))
    names = ("q", "code", "state", "status", "asked", "sort")
    query = address(
        (one, ",".join(wanted.words(one)) if one in ("state", "status") else wanted.text(one)) for one in names
    )
    try:
        await save_view(service.database, actor.id, NAME, sent.one("name"), query, service.now())
    except ViewRefused as refused:
        text = refused.text[language(request)]
        return await _page(
            request, service, consulting, actor, status=422, fault=text, name=sent.one("name"), raw=query.encode()
        )
    return go(here(request, f"{LIST}{f'?{query}' if query else ''}#views"))


@page(f"{_VIEWS}/remove", "post", guards=[require(Action.CONSULTATION_READ)])
async def drop_view(request: Asked, service: Service, actor: Acting) -> Response[bytes]:
    """Remove the view that the form names, if it is a view of this person."""
    number = (await sent_form(request)).one("view")
    if actor.id is not None and number.isascii() and number.isdigit() and len(number) < 16:
        await remove_view(service.database, actor.id, int(number))
    return go(here(request, f"{LIST}#views"))


route_handlers: Final[list[Any]] = [list_page, keep_view, drop_view]
