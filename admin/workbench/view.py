"""The page of a draft: what it will do, who did what, and the deeds that are open to whoever looks."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from litestar import Response

from admin.accounts import Acting, Actor, require
from admin.accounts.frame import Asked, go, language, page
from admin.accounts.policy import Action
from admin.workbench import fields
from admin.workbench.common import (
    DRAFTS,
    draft_of,
    finding_text,
    here,
    staff_page,
    texts,
    title_of,
    translations,
    typed,
    version_of,
)
from admin.workbench.deeds import decide
from admin.workbench.editing import may_edit
from admin.workbench.form import settled_whole
from admin.workbench.waiting import offers
from register.api.calls import Service
from register.drafts.attachments import attachments_of, public_url
from register.drafts.commands import standing_of
from register.drafts.model import Draft, Event
from register.drafts.preview import Preview, preview
from register.drafts.publishing import Moved
from register.drafts.records import read_draft, read_events
from register.drafts.rules import DraftRefused
from register.drafts.stale import DraftStale
from register.drafts.states import Command, allowed, refusals
from register.findings import Finding, Refused
from register.pages.compared import compared
from register.service import RegisterService
from register.words import FIELD_NAMES, Language

ONE: Final = f"{DRAFTS}/{{id:int}}"
DECISIONS: Final[tuple[Command, ...]] = ("submit", "return", "approve", "publish", "withdraw")
_READ: Final = [require(Action.DRAFT_READ)]


@page(ONE, guards=_READ)
async def draft_page(request: Asked, service: Service, actor: Acting) -> Response[bytes]:
    """The draft with everything that is to be seen before it is approved. Raises ``Problem`` 404."""
    draft = await draft_of(request, service)
    await service.catch_up()
    return await _page(request, service, actor, draft)


async def _page(
    request: Asked,
    service: RegisterService,
    actor: Actor,
    draft: Draft,
    *,
    status: int = 200,
    refused: list[str] | None = None,
    reason: str = "",
) -> Response[bytes]:
    told, db = language(request), service.database
    standing = await standing_of(db, draft)
    who = actor
    open_now = allowed(standing, who, service.now())
    context = {
        "draft": draft,
        "title": title_of(draft, told),
        "allowed": open_now,
        "why_not": _why_not(draft, standing, who, service.now(), told),
        "may_edit": may_edit(draft, actor),
        "may_publish_now": actor.can("draft.publish")
        and (draft.publish_at is None or draft.publish_at <= service.now()),
        "files": [
            (file, public_url(service.terms.base_url, file.sha256)) for file in await attachments_of(db, draft.id)
        ],
        "events": _told(await read_events(db, draft.id)),
        "me": actor.id,
        "proof_code": _first_code(service, draft),
        "offered": offers(service, draft),
        "refused": refused or [],
        "reason": reason,
        "settled": [settled_whole(one) for one in draft.doubts if one.get("settled")],
        "open_doubts": len(draft.open_doubts),
        **_effects(service, draft, told),
    }
    return staff_page(request, service, "draft.html", context, status=status)


def _first_code(service: RegisterService, draft: Draft) -> str | None:
    """The first code of the measure that a draft became, to ask for its proof of origin; None before."""
    version = service.register.version(draft.published) if draft.published else None
    return None if version is None else version.lines[0].code_from


def _why_not(draft: Draft, standing: Any, who: Actor, now: datetime, told: Language) -> list[str]:
    """Why the next step is not open to one whose role has it: four eyes, doubts, a measure that moved."""
    steps: dict[str, tuple[Command, ...]] = {
        "draft": ("submit",),
        "returned": ("submit",),
        "submitted": ("approve",),
        "approved": ("publish",),
    }
    found: list[Finding] = []
    for command in steps.get(draft.state, ()):
        action = f"draft.{command}"
        if who.can(action):
            found += refusals(standing, command, who, now)
    return [finding_text(one, told) for one in found]


def _effects(service: RegisterService, draft: Draft, told: Language) -> dict[str, Any]:
    """What the preview shows; nothing of it for a draft that is published or withdrawn."""
    if draft.state in ("published", "withdrawn"):
        return dict.fromkeys(
            ("preview", "changes", "printed", "aside_fields", "found", "warned", "entry", "effects", "moved")
        )
    seen = preview(
        service.register,
        draft,
        service.today(),
        now=service.now(),
        zone=service.terms.zone,
        knows=service.names.known,
        duties_until=service.terms.duties_until,
    )
    plain = seen.public()
    translate = translations(told).gettext
    before = None if seen.entry is None else seen.entry["before"]
    return {
        "preview": plain,
        "changes": [] if seen.content is None else compared(before, seen.content, told, translate),
        "printed": _printed(seen),
        "aside_fields": [FIELD_NAMES[name][told] for name in ("printed", "nomenclature")],
        "found": [_found(one, told) for one in seen.findings.refusals],
        "warned": [_found(one, told) for one in seen.findings.warnings],
        "entry_text": None if seen.entry is None else json.dumps(seen.entry, ensure_ascii=False, indent=2),
        "entry": seen.entry,
        "effects": _grouped(seen),
        "moved": None
        if seen.moved is None
        else {**seen.moved, "changes": _moved_changes(service, draft, told, translate)},
    }


def _printed(seen: Preview) -> list[tuple[str, str]]:
    """The cells of the notification as they stand in the record, for the eyes that compare."""
    found = (seen.content or {}).get("printed") or {}
    return [(name, text) for name, text in found.items() if text]


def _moved_changes(service: RegisterService, draft: Draft, told: Language, translate: Any) -> list[Any]:
    history = service.register.history(draft.measure or "")
    base = next((one for one in history if one.number == draft.base_version), None)
    old = None if base is None else service.register.record(base)
    return compared(old, service.register.record(history[-1]), told, translate)


def _grouped(seen: Preview) -> list[dict[str, Any]]:
    """The effect, codes whose goods stand and change alike together; those that nothing changes for last."""
    if seen.effect is None:
        return []
    plain = seen.effect.public()
    changes: dict[str, list[dict[str, Any]]] = {}
    for change in plain["changes"]:
        days = {name: change[name] for name in ("from", "until", "before", "after")}
        changes.setdefault(change["code"], []).append(days)
    groups: dict[str, dict[str, Any]] = {}
    for one in plain["today"]:
        own = changes.get(one["code"], [])
        alike = json.dumps([one["before"], one["after"], own], sort_keys=True)
        at_once = bool(own) and own[0]["from"] == seen.on.isoformat()
        groups.setdefault(alike, {**one, "changes": own, "codes": [], "at_once": at_once})["codes"].append(one["code"])
    return sorted(groups.values(), key=lambda group: not group["changes"])


def _told(events: Sequence[Event]) -> list[dict[str, Any]]:
    """What happened, newest first; a run of savings by one person is one line."""
    found: list[dict[str, Any]] = []
    for event in reversed(events):
        last = found[-1]["event"] if found else None
        if (
            last
            and event.action == last.action == "saved"
            and (event.actor, event.actor_name)
            == (
                last.actor,
                last.actor_name,
            )
        ):
            found[-1]["times"] += 1
        else:
            found.append({"event": event, "times": 1})
    return found


def _found(finding: Finding, told: Language) -> dict[str, Any]:
    return {
        "text": finding_text(finding, told),
        "rule": finding.rule,
        "anchor": fields.anchor(finding.pointer),
    }


@page(f"{ONE}/{{command:str}}", "post", guards=_READ)
async def decide_on(request: Asked, service: Service, actor: Acting) -> Response[bytes]:
    """Submit, return, approve, publish or withdraw. Who may is asked by the domain; a refusal is said on the page."""
    draft, sent = await draft_of(request, service), await typed(request)
    given = request.path_params["command"]
    command = next((one for one in DECISIONS if one == given), None)
    if command is None:
        return go(here(request, f"{DRAFTS}/{draft.id}"))
    note = fields.one(sent, "reason")[:20_000]
    await service.catch_up()
    try:
        outcome = await decide(service, command, draft.id, version_of(sent), actor, note)
        if command == "approve" and fields.one(sent, "then") == "publish" and isinstance(outcome, Draft):
            outcome = await decide(service, "publish", draft.id, outcome.version, actor, note)
    except (DraftRefused, Refused, DraftStale) as error:
        return await _refused(request, service, actor, draft, error, note)
    await service.catch_up()
    target = outcome.draft.id if isinstance(outcome, Moved) else outcome.id
    return go(here(request, f"{DRAFTS}/{target}"))


async def _refused(
    request: Asked, service: RegisterService, actor: Actor, draft: Draft, error: Exception, note: str
) -> Response[bytes]:
    """The page of the draft as it stands now, with the reason on top and the typed reason kept."""
    told = language(request)
    status = 409
    if isinstance(error, DraftRefused):
        said, status = texts(error, told), error.status
    elif isinstance(error, Refused):
        said, status = [finding_text(one, told) for one in error.findings.refusals], 422
    else:
        said = [translations(told).gettext("The draft has changed since this page was shown. Look at it anew.")]
    found = await read_draft(service.database, draft.id)
    return await _page(request, service, actor, found, status=status, refused=said, reason=note)


route_handlers: Final[list[Any]] = [draft_page, decide_on]
