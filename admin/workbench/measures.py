"""The measures of the Register for staff: found by number, code or words, each with the drafts that it can have.

The public pages are kept by everybody's caches and know no one; what a clerk does with a measure begins here.
"""

from __future__ import annotations

import asyncio
import re
from datetime import date
from typing import Any, Final

from litestar import Response

from admin.accounts import Acting, Actor, require
from admin.accounts.frame import Asked, go, language, page
from admin.accounts.policy import Action
from admin.workbench.common import chosen, here, staff_page, title_of
from register.api.calls import Service, shelf
from register.codes import CodeError, normalise
from register.drafts.model import Kind
from register.drafts.records import DraftFilter, list_drafts
from register.facts import Version, iso
from register.lists import Selected, Selection, select
from register.measures import STATES, measure_id
from register.pages.query import Query, address
from register.service import RegisterService
from register.web import not_found

MEASURES: Final = "/measures"
CHANGES: Final[tuple[Kind, ...]] = ("amend", "extend", "terminate", "correct", "permit", "revoke")
ON_A_PAGE: Final = 50
PORTION: Final = 500
_ID: Final = re.compile(r"\s*([A-Za-z]{2})\W*(\d{4})\W+0*(\d{1,6})\s*")


@page(MEASURES, guards=[require(Action.DRAFT_READ)])
async def measures_page(request: Asked, service: Service, actor: Acting) -> Response[bytes]:
    """Measures by ``q`` (number, code or words) and ``state``, the newest first; a number leads to its measure."""
    await service.catch_up()
    query = Query(request.scope["query_string"])
    asked, states = query.text("q", 200), chosen(query.words("state"), STATES)
    if (identifier := numbered(asked)) and service.register.version(identifier) is not None:
        return go(here(request, f"{MEASURES}/{identifier}"))
    found = await search(service, asked, frozenset(states))
    first = query.text("from")
    offset = int(first) if first.isascii() and first.isdigit() and len(first) < 9 else 0
    kept = (("q", asked), ("state", ",".join(states)))
    context = {
        "asked": asked,
        "chosen_states": states,
        "rows": [_row(service, item) for item in found[offset : offset + ON_A_PAGE]],
        "total": len(found),
        "earlier": address((*kept, ("from", max(0, offset - ON_A_PAGE) or ""))) if offset else None,
        "later": address((*kept, ("from", offset + ON_A_PAGE))) if offset + ON_A_PAGE < len(found) else None,
        "may_write": actor.can("draft.write"),
    }
    return staff_page(request, service, "measures.html", context, query=address(kept))


def numbered(text: str) -> str | None:
    """The id that a text is, however it is written: ``kg 2026/21`` is KG-2026-021; None for what is none."""
    match = _ID.fullmatch(text)
    state = next((one for one in STATES if match is not None and one == match[1].upper()), None)
    if match is None or state is None or not int(match[3]):
        return None
    return measure_id(state, int(match[2]), int(match[3]))


async def search(service: RegisterService, text: str, states: frozenset[str]) -> list[Selected]:
    """What concerns the code that ``text`` is, or has its words; everything for an empty text."""
    try:
        selection = Selection(states, code=normalise(text) if text else None)
    except CodeError:
        selection = Selection(states, words=text)
        await _make_words(service)
    texts, seq = shelf(service).texts, service.register.seq
    return select(service.register, texts, selection, service.today(), seq)


async def _make_words(service: RegisterService) -> None:
    texts = shelf(service).texts
    missing = texts.missing(list(service.register.versions()))
    for start in range(0, len(missing), PORTION):
        texts.make(service.register, missing[start : start + PORTION])
        await asyncio.sleep(0)


def _row(service: RegisterService, item: Selected) -> dict[str, Any]:
    version = item.version
    record = service.register.record(version)
    matched = {match.line.number for match in item.matches}
    goods = [line for line in record["goods"] if line["line"] in matched] if matched else record["goods"]
    return {
        "id": version.id,
        "state": version.state,
        "kind": version.kind,
        "title": record["title"],
        "goods": goods,
        "from": iso(version.effective_from),
        "to": iso(version.effective_to),
        "status": item.status,
    }


@page(f"{MEASURES}/{{measure:str}}", guards=[require(Action.DRAFT_READ)])
async def measure_page(request: Asked, service: Service, actor: Acting) -> Response[bytes]:
    """One measure as it stands, the drafts on it, and a button for each draft that it can have. ``Problem`` 404."""
    await service.catch_up()
    identifier = request.path_params["measure"][:40].upper()
    version = service.register.version(identifier)
    if version is None:
        raise not_found("Такой меры в Реестре нет.", "The Register has no such measure.", "/measure")
    told, today = language(request), service.today()
    opened, _ = await list_drafts(
        service.database, DraftFilter(("draft", "returned", "submitted", "approved"), measure=version.id), limit=50
    )
    record = service.register.record(version)
    context = {
        "record": record,
        "status": version.status(today.toordinal()),
        "opened": [(draft, title_of(draft, told)) for draft in opened],
        "deeds": _deeds(actor, version, record, today),
    }
    return staff_page(request, service, "measure.html", context)


def _deeds(actor: Actor, version: Version, record: dict[str, Any], today: date) -> list[Kind]:
    """The kinds of draft that make sense: nothing that is over ends, and only a permission that is there can end."""
    if not actor.can("draft.write"):
        return []
    over = version.effective_to < today.toordinal()
    permitted = bool((record.get("declaration") or {}).get("permitted"))
    without: set[Kind] = {"terminate"} if over else set()
    return [kind for kind in CHANGES if kind not in without and (kind != "revoke" or permitted)]


route_handlers: Final[list[Any]] = [measures_page, measure_page]
