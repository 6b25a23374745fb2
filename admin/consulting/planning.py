"""The form of a planned measure: a consultation is begun with it, and changed by it before anybody has spoken."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Final

from litestar import Response
from litestar.datastructures import UploadFile

from admin.accounts import Acting, Actor, People, parked_of, require
from admin.accounts.core import Accounts
from admin.accounts.frame import Asked, go, here, language, page
from admin.accounts.parked import discard
from admin.accounts.policy import Action
from admin.consulting import goods
from admin.consulting.common import LIST, Office, deed, faults, sent_form, staff_page, translations
from admin.consulting.forms import Form, plan_of
from admin.workbench.beside import beside
from consultations.commands import ConsultationRefused
from consultations.model import Consultation, Plan
from consultations.office import Consulting
from consultations.procedure import refusals
from register.api.calls import Service
from register.drafts.attachments import MOST_BYTES, Stored
from register.drafts.rules import DraftRefused
from register.measures import STATES
from register.pages.catalogue import N_
from register.service import RegisterService
from register.web import Problem

NEW: Final = f"{LIST}/new"
MOST_FILES: Final = 5
_CHUNK: Final = 64 * 1024
_TITLE: Final = N_("Initiate a consultation")
_GUARDS: Final = [require(Action.CONSULTATION_INITIATE)]


def plan_context(service: RegisterService, form: Form) -> dict[str, Any]:
    """What the form of a plan shows beside its own texts: the cell as it was read, names and measures on the codes."""
    read = goods.read_goods(form, "codes")
    lines = [
        {**line, "field": goods.description_field(line), "beside": beside(service, line, None)} for line in read.lines
    ]
    return {"goods": read, "lines": lines, "all_states": STATES, "lost_files": []}


@page(NEW, guards=_GUARDS)
async def new_form(request: Asked, service: Service, accounts: People, actor: Acting) -> Response[bytes]:
    """The empty form, or what was sent after a session had ended."""
    await service.catch_up()
    kept = await parked_of(request, accounts, actor)
    form = Form(kept.texts()) if kept else Form({"state": [actor.state or ""]})
    lost = list(kept.files) if kept else []
    return _page(request, service, form, parked=kept.id if kept else "", lost_files=lost)


def _page(request: Asked, service: RegisterService, form: Form, *, status: int = 200, **more: Any) -> Response[bytes]:
    context = {
        "known": None,
        "step": "initiate",
        "title": translations(language(request)).gettext(_TITLE),
        "typed": form,
        "most_files": MOST_FILES,
        **plan_context(service, form),
        **more,
    }
    return staff_page(request, service, "plan.html", context, status=status)


@page(NEW, "post", guards=_GUARDS, request_max_body_size=MOST_FILES * MOST_BYTES + 2**20)
async def initiate(
    request: Asked, service: Service, consulting: Office, accounts: People, actor: Acting
) -> Response[bytes]:
    """Open a consultation with its attachments, or show the form with what is wrong."""
    form = await sent_form(request)
    await service.catch_up()
    files = [one for one in (await request.form()).getall("files", []) if isinstance(one, UploadFile) and one.filename]
    lost = [one.filename for one in files]
    kept: dict[str, Any] = {"parked": form.one("parked"), "lost_files": lost}
    if form.one("do") == "read":
        return _page(request, service, form, **kept)
    given = plan_of(form)
    try:
        if given.value is None:
            raise ConsultationRefused(*(refusals(None, "initiate", actor, None, service.today()) or given.findings))
        stored = await _stored(consulting, files)
        done = await _open(service, consulting, actor, given.value, stored)
    except (ConsultationRefused, DraftRefused) as refused:
        if refused.status == 403 and not refused.findings[0].pointer:
            text = refused.findings[0].text
            raise Problem(403, "Refused", f"{text['en']} / {text['ru']}", refused.findings) from None
        burdened = [state for state in STATES if form.one(f"burden_{state}")]
        found = faults(refused.findings, language(request), burdened)
        status = 422 if refused.status == 403 else refused.status
        return _page(request, service, form, status=status, **found, **kept)
    await _forget(accounts, actor, form)
    return go(here(request, f"{LIST}/{done.id}?done=initiate"))


async def _stored(office: Consulting, files: list[UploadFile]) -> list[tuple[Stored, str]]:
    """The files, kept under their hashes. Raises ``DraftRefused`` for what is too large or of another kind."""
    return [(await office.cabinet.store(chunks(one)), one.filename) for one in files[:MOST_FILES]]


async def chunks(file: UploadFile) -> AsyncIterator[bytes]:
    """A file that was sent, piece by piece."""
    while chunk := await file.read(_CHUNK):
        yield chunk


async def _open(
    service: RegisterService, office: Consulting, who: Actor, plan: Plan, stored: list[tuple[Stored, str]]
) -> Consultation:
    async def work() -> Consultation:
        made = await office.initiate(who, plan)
        for file, name in stored:
            made = await office.add_document(made.id, file, name, who)
        return made

    return await deed(service, who, "initiate", None, work)


async def _forget(accounts: Accounts, actor: Actor, form: Form) -> None:
    name = form.one("parked")
    if name and actor.id is not None:
        await discard(accounts.database, actor.id, name)


route_handlers: Final[list[Any]] = [new_form, initiate]
