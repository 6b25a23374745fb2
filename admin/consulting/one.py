"""One consultation on one page: where it stands, what is due, who said what, and what this person may do now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from litestar import Response

from admin.accounts import Acting, Actor, People, Role, parked_of, require
from admin.accounts.frame import Asked, language, page
from admin.accounts.policy import Action
from admin.consulting.common import LIST, ONE, Office, consultation_of, staff_page, translations
from admin.consulting.forms import Form
from admin.consulting.standing import computed, glance, record_of, threads
from consultations.model import STANCES, Consultation
from consultations.notices import outbox
from consultations.office import Consulting
from consultations.pages.reading import Record
from consultations.pages.steps import steps
from consultations.permissions import Waiting, drafts_of
from consultations.procedure import Consensus, StepName, allowed, asked_of, party_of
from consultations.records import Event, read_events
from register.api.calls import Service
from register.pages.catalogue import N_
from register.service import RegisterService
from register.words import Language

ON_PAGES_OF_THEIR_OWN: Final = ("schedule", "conclude", "change_plan", "withdraw", "revoke")
"""Steps whose forms stand on pages of their own; the others stand on the page of the consultation."""
DONE: Final[Mapping[str, str]] = {
    "initiate": N_("The consultation is initiated. The other states and the Commission are told."),
    "change_plan": N_("The plan is changed."),
    "schedule": N_("The meeting is set. Its day is public, the rest is for the parties."),
    "position": N_("The position is stated. Earlier ones are kept."),
    "comment": N_("The comment is there."),
    "document": N_("The document is there, for the parties only."),
    "conclude": N_("The outcome is recorded."),
    "withdraw": N_("The consultation is withdrawn."),
    "revoke": N_("The permission is revoked."),
    "permit": N_("The draft is made; another person approves it."),
}


@page(ONE, guards=[require(Action.CONSULTATION_READ)])
async def one_page(
    request: Asked, service: Service, consulting: Office, accounts: People, actor: Acting
) -> Response[bytes]:
    """The consultation; with ``?parked=`` a form is filled with what was sent after a session had ended."""
    known = await consultation_of(request, service)
    await service.catch_up()
    await _seen(service, actor, known)
    kept = await parked_of(request, accounts, actor)
    forms: dict[str, Form] = {}
    if kept is not None:
        forms[kept.path.rsplit("/", 1)[-1]] = Form(kept.texts())
    done = DONE.get(str(request.query_params.get("done", "")))
    more: dict[str, Any] = {"notice": None if done is None else translations(language(request)).gettext(done)}
    return await show(request, service, consulting, actor, known, forms, parked=kept.id if kept else "", **more)


async def _seen(service: RegisterService, actor: Actor, known: Consultation) -> None:
    """Whoever opens a consultation has read what the notices tell of it."""
    db = service.database
    if actor.id is not None and await outbox.unread(db, actor.id):
        await outbox.mark_read(db, actor.id, service.now(), consultation=known.id)


async def show(
    request: Asked,
    service: RegisterService,
    office: Consulting,
    actor: Actor,
    known: Consultation,
    forms: Mapping[str, Form],
    *,
    status: int = 200,
    **more: Any,
) -> Response[bytes]:
    """The page; ``forms`` are what was typed into its forms, by step."""
    today = service.today()
    record = record_of(service.register, known)
    due = office.deadlines(record)
    party, open_to = party_of(actor), allowed(known, actor, today)
    context = {
        "known": known,
        "record": record,
        "due": [(one, (one.day - today).days) for one in sorted(due, key=lambda one: one.state != actor.state)],
        "today": today,
        "told": language(request),
        "parties": glance(known, due, party, actor.role is Role.OFFICIAL),
        "events": list(reversed(await read_events(service.database, known.id))),
        "names": {line.code_from: service.names.name(line.code_from, today) for line in known.plan.goods},
        "allowed": open_to,
        "elsewhere": [step for step in ON_PAGES_OF_THEIR_OWN if step in open_to],
        "asked": asked_of(known, actor, today),
        "own": known.position(party) if "position" in open_to else None,
        "stances": STANCES,
        "official": actor.role is Role.OFFICIAL,
        "own_state": actor.state,
        **_progress(known, record, computed(known, due, today), today, language(request)),
        **_typed(known, forms, open_to),
        **await _permission(service, office, actor, known, record),
        **more,
    }
    return staff_page(request, service, "one.html", context, status=status)


def _progress(known: Consultation, record: Record, tally: Consensus, today: date, told: Language) -> dict[str, Any]:
    """Where it stands, and what the positions come to while it is open."""
    say = translations(told).gettext
    line = steps(record, today.isoformat(), not tally.waiting)
    return {"steps": [(say(step.name), step) for step in line], "consensus": tally if known.is_open else None}


def _typed(known: Consultation, forms: Mapping[str, Form], open_to: Sequence[StepName]) -> dict[str, Any]:
    """The forms of the page with what was typed into them, and the threads that answers belong to."""
    talks = threads(known.comments)
    parent = forms.get("comment", Form()).one("parent")
    return {
        "threads": talks,
        # An answer to a comment that is not there is shown as a comment: its text must not vanish.
        "answered": parent if parent in [str(one.first.id) for one in talks] else "",
        "forms": {name: forms.get(name, Form()) for name in ("position", "comment", "permit")},
        "typed_in": list(forms),
        # A form that is no longer open is not shown, but what was typed into it is.
        "left_over": [form.one("reasons") or form.one("text") for name, form in forms.items() if name not in open_to],
    }


async def _permission(
    service: RegisterService, office: Consulting, actor: Actor, known: Consultation, record: Record
) -> dict[str, Any]:
    """What stands between the decision and the Register: a draft, a measure that is there, or one that is awaited."""
    if known.permission is None or not actor.may(Action.DRAFT_READ):
        return {"waits": None, "permit_drafts": [], "may_permit": False}
    found: Sequence[Waiting] = await office.waiting()
    waits = next((one for one in found if one.consultation == known.id), None)
    return {
        "waits": waits if record["status"] == "consensus_permitted" else None,
        "permit_drafts": await drafts_of(service.database, known.id),
        "may_permit": waits is not None and waits.draft is None and actor.may(Action.DRAFT_WRITE),
    }


def events_since(events: Sequence[Event], version: int) -> list[Event]:
    """What happened after the version that a form was made from, newest first; what came too late is nobody's news."""
    return [one for one in reversed(events) if one.version > version and one.action != "set_aside"]


def path_of(known: Consultation, rest: str = "") -> str:
    """The address of a consultation's page after ``/{language}/staff``."""
    return f"{LIST}/{known.id}{rest}"


route_handlers: Final[list[Any]] = [one_page]
