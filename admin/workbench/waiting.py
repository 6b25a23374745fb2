"""Decisions of P24 that stand on no measure yet: listed at home, each put on its measure by one click, as a draft."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from litestar import Response
from litestar.di import NamedDependency

from admin.accounts import Acting, require
from admin.accounts.frame import Asked, go, language, page
from admin.accounts.policy import Action
from admin.workbench import fields
from admin.workbench.common import DRAFTS, draft_of, here, staff_page, typed, version_of
from admin.workbench.conflict import conflict_page
from admin.workbench.deeds import Saving, audited, save
from consultations.office import Consulting
from consultations.permissions import Waiting
from consultations.records import UnknownConsultation
from consultations.rules import ConsultationRefused
from consultations.working_days import SEAT
from register.api.calls import Service
from register.drafts.model import Draft
from register.drafts.preview import preview
from register.drafts.stale import DraftStale
from register.drafts.states import EDITABLE
from register.service import RegisterService
from register.web import not_found

PERMISSIONS: Final = "/permissions"
Office = NamedDependency[Consulting]


@dataclass(frozen=True, slots=True)
class Shown:
    """A decision that waits, and the working days that are left to enter it; None without a target date."""

    waiting: Waiting
    left: int | None


async def decided(service: RegisterService, consulting: Consulting) -> Sequence[Shown]:
    """The decisions that stand on no measure yet, those that are due first."""
    today, days = service.today(), consulting.days
    found = []
    for one in await consulting.waiting():
        left = None if one.due is None else days.between(SEAT, today, one.due.day)
        found.append(Shown(one, left))
    return sorted(found, key=lambda one: (one.left is None, one.left or 0, one.waiting.consultation))


@page(f"{PERMISSIONS}/{{consultation:str}}", "post", guards=[require(Action.DRAFT_WRITE)])
async def draft_permission(request: Asked, service: Service, actor: Acting, consulting: Office) -> Response[bytes]:
    """Make the draft that puts a decision on the measure of the form, then on to it. Raises ``Problem`` 404."""
    identifier, sent = request.path_params["consultation"][:40], await typed(request)
    measure = fields.one(sent, "measure")[:40].upper()
    await service.catch_up()

    async def work() -> Draft:
        return await consulting.draft_permission(identifier, measure, actor)

    try:
        made = await audited(service.database, actor, "draft.create", None, work, service.now())
    except UnknownConsultation:
        raise not_found("Такой консультации нет.", "There is no such consultation.", "/consultation") from None
    except ConsultationRefused as refused:
        told = language(request)
        context = {"consultation": identifier, "said": [one.text[told] or "" for one in refused.findings]}
        return staff_page(request, service, "not_drafted.html", context, status=refused.status)
    if not isinstance(made, Draft):
        raise TypeError("a new draft has nothing to move from")
    return go(here(request, f"{DRAFTS}/{made.id}"))


@page(f"{DRAFTS}/{{id:int}}/permission", "post", guards=[require(Action.DRAFT_WRITE)])
async def bear_permission(request: Asked, service: Service, actor: Acting) -> Response[bytes]:
    """Let a draft of a new measure bear a decision that waits for one like it; then back to what the draft will do."""
    draft, sent = await draft_of(request, service), await typed(request)
    await service.catch_up()
    asked = fields.one(sent, "consultation")
    offered = next((one for one in offers(service, draft) if one["id"] == asked), None)
    if offered is not None:
        measure = {**fields.measure_of(draft.kind, draft.content), "declaration": offered["declaration"]}
        saving = Saving(version_of(sent), {**draft.content, "measure": measure}, draft.doubts, draft.publish_at)
        try:
            await save(service.database, draft.id, saving, actor, service.now())
        except DraftStale as stale:
            return conflict_page(request, service, stale)
    return go(here(request, f"{DRAFTS}/{draft.id}"))


def offers(service: RegisterService, draft: Draft) -> list[dict[str, Any]]:
    """The decisions that a draft of a new measure may bear and does not bear yet; none for other kinds."""
    if draft.kind != "include" or draft.state not in EDITABLE:
        return []
    seen = preview(
        service.register,
        draft,
        service.today(),
        now=service.now(),
        zone=service.terms.zone,
        knows=service.names.known,
        duties_until=service.terms.duties_until,
    )
    borne = (fields.measure_of(draft.kind, draft.content).get("declaration") or {}).get("consultation")
    return [one for one in seen.permissions if one["id"] != borne]


route_handlers: Final[list[Any]] = [draft_permission, bear_permission]
