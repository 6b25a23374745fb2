"""Documents of a consultation: given by a party, read by the parties, never by anybody else; and the permit draft."""

from __future__ import annotations

from typing import Any, Final

from litestar import Response
from litestar.datastructures import UploadFile

from admin.accounts import Acting, audit, require
from admin.accounts.frame import Asked, go, language, page
from admin.accounts.policy import Action
from admin.consulting.common import ONE, Office, consultation_of, deed, faults, here, sent_form
from admin.consulting.one import path_of, show
from admin.consulting.planning import chunks
from consultations.commands import ConsultationRefused
from consultations.model import Consultation
from consultations.party_reading import download
from consultations.procedure import refusals
from register.api.calls import Service
from register.drafts.attachments import MOST_BYTES
from register.drafts.rules import HD14, DraftRefused
from register.web import Problem, not_found

_READ: Final = [require(Action.CONSULTATION_READ)]


@page(f"{ONE}/documents", "post", guards=_READ, request_max_body_size=MOST_BYTES + 2**20)
async def give_document(request: Asked, service: Service, consulting: Office, actor: Acting) -> Response[bytes]:
    """Keep the file of the form with the consultation; what is no document of the allowed kinds is refused."""
    known = await consultation_of(request, service)
    await service.catch_up()
    found = refusals(known, "document", actor, None, service.today())
    try:
        if found:
            raise ConsultationRefused(*found)
        file = (await request.form()).get("file")
        if not isinstance(file, UploadFile) or not file.filename:
            raise DraftRefused(HD14.found("Файл не выбран.", "No file was chosen.", "/file"))
        stored, name = await consulting.cabinet.store(chunks(file)), file.filename

        async def work() -> Consultation:
            return await consulting.add_document(known.id, stored, name, actor)

        done = await deed(service, actor, "document", known.id, work)
    except (ConsultationRefused, DraftRefused) as refused:
        if refused.status == 403:
            raise _problem(refused.status, refused.findings) from None
        told = faults([_at(one, "/file") for one in refused.findings], language(request))
        return await show(request, service, consulting, actor, known, {"document": await sent_form(request)},
                          status=refused.status, **told)  # fmt: skip
    return go(here(request, path_of(done, "?done=document#documents")))


def _at(finding: Any, pointer: str) -> Any:
    return type(finding)(pointer, finding.rule, finding.text)


def _problem(status: int, found: Any) -> Problem:
    text = found[0].text
    return Problem(status, "Refused", f"{text['en']} / {text['ru']}", found)


@page(f"{ONE}/documents/{{sha256:str}}", guards=_READ)
async def get_document(request: Asked, service: Service, consulting: Office) -> Response[Any]:
    """A document, as a download that no page can show. Raises ``Problem`` 404."""
    known = await consultation_of(request, service)
    sha256 = request.path_params["sha256"][:64]
    document = next((one for one in known.documents if one.sha256 == sha256), None)
    path = consulting.cabinet.path(sha256) if document is not None else None
    if document is None or path is None:
        raise not_found("Такого документа нет.", "There is no such document.", "/sha256")
    return download(request, document, path)


@page(f"{ONE}/permit", "post", guards=[require(Action.DRAFT_WRITE)])
async def make_draft(request: Asked, service: Service, consulting: Office, actor: Acting) -> Response[bytes]:
    """Make the draft that puts a waiting permission on the measure that is in the Register by now (P24)."""
    known, sent = await consultation_of(request, service), await sent_form(request)
    await service.catch_up()
    db, now, subject = service.database, service.now(), f"consultation:{known.id}"
    try:
        async with db.transaction():
            draft = await consulting.draft_permission(known.id, sent.one("permit_measure").upper()[:40], actor)
            await audit(db, actor, "consultation.permit", subject, "done", at=now, draft=draft.id)
    except (ConsultationRefused, DraftRefused) as refused:
        if refused.status == 403:
            raise _problem(refused.status, refused.findings) from None
        told = faults([_at(one, "/permit_measure") for one in refused.findings], language(request))
        return await show(request, service, consulting, actor, known, {"permit": sent}, status=refused.status, **told)
    return go(here(request, f"/drafts/{draft.id}"))


route_handlers: Final[list[Any]] = [give_document, get_document, make_draft]
