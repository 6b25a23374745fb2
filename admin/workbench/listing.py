"""The list of drafts, and new drafts: of a new measure, or on a measure of the Register."""

from __future__ import annotations

from typing import Any, Final

from litestar import Response

from admin.accounts import Acting, Actor, require
from admin.accounts.frame import Asked, go, language, page
from admin.accounts.policy import Action
from admin.workbench import fields
from admin.workbench.common import DRAFTS, chosen, here, staff_page, texts, title_of, typed
from admin.workbench.deeds import audited
from admin.workbench.measures import CHANGES, numbered
from register.api.calls import Service
from register.drafts import commands
from register.drafts.model import KINDS, Draft, Kind
from register.drafts.records import DraftFilter, list_drafts
from register.drafts.rules import DraftRefused
from register.drafts.states import STATES, State
from register.pages.query import Query, address
from register.service import RegisterService

PAGE: Final = 50
NOTIFIED: Final = frozenset(("amend", "extend", "terminate"))
"""Changes that a state notifies, as it does a new measure."""
_OPEN: Final[tuple[State, ...]] = ("draft", "returned", "submitted", "approved")


@page(DRAFTS, guards=[require(Action.DRAFT_READ)])
async def drafts_page(request: Asked, service: Service, actor: Acting) -> Response[bytes]:
    """Drafts, the newest first: ``state``, ``kind``, ``measure``, ``mine``, ``before``."""
    query = Query(request.scope["query_string"])
    states = tuple(one for one in STATES if one in chosen(query.words("state"), STATES))
    kinds = tuple(one for one in KINDS if one in chosen(query.words("kind"), KINDS))
    measure = query.text("measure", 40).upper()
    mine = query.text("mine") == "1"
    wanted = DraftFilter(states or _OPEN, kinds, measure or None, actor.id if mine else None)
    before = query.text("before")
    below = int(before) if before.isascii() and before.isdigit() and len(before) < 16 else None
    found, total = await list_drafts(service.database, wanted, before=below, limit=PAGE + 1)
    told = language(request)
    kept = (("state", ",".join(states)), ("kind", ",".join(kinds)), ("measure", measure), ("mine", "1" if mine else ""))
    more = found[PAGE - 1].id if len(found) > PAGE else None
    context = {
        "rows": [(draft, title_of(draft, told), state_of(draft)) for draft in found[:PAGE]],
        "total": total,
        "all_states": STATES,
        "all_kinds": KINDS,
        "chosen_states": states or _OPEN,
        "chosen_kinds": kinds,
        "measure": measure,
        "mine": mine,
        "next": None if more is None else address((*kept, ("before", more))),
        "may_write": actor.can("draft.write"),
    }
    return staff_page(request, service, "drafts.html", context, query=address(kept))


def state_of(draft: Draft) -> str:
    """The member state that a draft is about; empty while none is chosen."""
    if draft.measure:
        return draft.measure[:2]
    state = fields.measure_of(draft.kind, draft.content).get("state")
    return state if isinstance(state, str) else ""


@page(f"{DRAFTS}/new", guards=[require(Action.DRAFT_WRITE)])
async def new_form(request: Asked, service: Service) -> Response[bytes]:
    """What kind of draft; with ``measure`` on that measure."""
    await service.catch_up()
    asked = (str(request.query_params.get(name, ""))[:40].strip() for name in ("measure", "kind"))
    measure, kind = asked
    return _new_page(request, service, numbered(measure) or measure.upper(), kind)


def _new_page(
    request: Asked, service: RegisterService, measure: str, kind: str, status: int = 200, refused: str = ""
) -> Response[bytes]:
    version = service.register.version(measure) if measure else None
    record = None if version is None else service.register.record(version)
    context = {"measure": measure, "record": record, "changes": CHANGES, "chosen": kind, "fault": refused}
    return staff_page(request, service, "new.html", context, status=status)


@page(DRAFTS, "post", guards=[require(Action.DRAFT_WRITE)])
async def new_draft(request: Asked, service: Service, actor: Acting) -> Response[bytes]:
    """Make a draft of ``kind``, on ``measure`` where the kind changes one; then on to its form."""
    sent = await typed(request)
    kind: Kind = next((one for one in KINDS if one == fields.one(sent, "kind")), "include")
    measure = fields.one(sent, "measure")[:40].upper()
    measure = numbered(measure) or measure
    try:
        draft = await make(service, actor, kind, measure or None)
    except DraftRefused as refused:
        said = " ".join(texts(refused, language(request)))
        return _new_page(request, service, measure, kind, refused.status, said)
    return go(here(request, f"{DRAFTS}/{draft.id}/edit"))


async def make(service: RegisterService, actor: Actor, kind: Kind, measure: str | None) -> Draft:
    """A new draft with its first content. Raises ``DraftRefused``."""
    db, now = service.database, service.now()

    # Most notifications are entered on the day they come; another day is typed over it.
    today = service.today().isoformat()
    notified = {"change_notified_on": today} if kind in NOTIFIED else None

    async def work() -> Draft:
        if kind == "include":
            content = {"measure": {"notified_on": today}, "number": None}
            return await commands.create(db, actor, kind, now=now, content=content)
        return await commands.create(db, actor, kind, now=now, measure=measure, beside=notified)

    made = await audited(db, actor, "draft.create", None, work, now)
    if not isinstance(made, Draft):
        raise TypeError("a new draft has nothing to move from")
    return made


route_handlers: Final[list[Any]] = [drafts_page, new_form, new_draft]
