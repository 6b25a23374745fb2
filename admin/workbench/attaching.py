"""The act of a draft as PDF: attached, taken off, downloaded."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Final

from litestar import Response
from litestar.datastructures import UploadFile
from litestar.response import Stream

from admin.accounts import Acting, require
from admin.accounts.frame import Asked, go, language, page
from admin.accounts.policy import Action
from admin.workbench import fields
from admin.workbench.common import DRAFTS, Files, draft_of, here, staff_page, texts, typed, version_of
from admin.workbench.deeds import audited
from register.api.calls import Service
from register.drafts.attachments import (
    MOST_BYTES,
    PDF,
    SAFE_HEADERS,
    attach,
    attachments_of,
    detach,
    read_chunks,
)
from register.drafts.commands import DraftStale
from register.drafts.model import Draft
from register.drafts.rules import HD11, HD14, DraftRefused
from register.web import not_found

ACTS: Final = f"{DRAFTS}/{{id:int}}/acts"
_CHUNK: Final = 64 * 1024


@page(ACTS, "post", guards=[require(Action.DRAFT_WRITE)], request_max_body_size=MOST_BYTES + 2**20)
async def attach_act(request: Asked, service: Service, actor: Acting, cabinet: Files) -> Response[bytes]:
    """Attach the file of the form, or take off the one that ``detach`` names. What is no PDF is refused."""
    draft, sent = await draft_of(request, service), await typed(request)
    version, db, now = version_of(sent), service.database, service.now()
    gone = fields.one(sent, "detach")[:64]
    try:
        if gone:

            async def work() -> Draft:
                return await detach(db, draft.id, gone, actor, now=now, version=version)

            await audited(db, actor, "draft.detach", draft.id, work, now)
        else:
            file = (await request.form()).get("act")
            if not isinstance(file, UploadFile) or not file.filename:
                raise DraftRefused(HD14.found("Файл не выбран.", "No file was chosen."))
            stored = await cabinet.store(_chunks(file))
            name = file.filename

            async def take() -> Draft:
                return await attach(db, draft.id, stored, name, actor, now=now, version=version)

            await audited(db, actor, "draft.attach", draft.id, take, now)
    except DraftRefused as refused:
        context = {"draft": draft, "said": texts(refused, language(request))}
        return staff_page(request, service, "not_attached.html", context, status=refused.status)
    except DraftStale:
        context = {"draft": draft, "said": [HD11.found().text[language(request)]]}
        return staff_page(request, service, "not_attached.html", context, status=409)
    return go(here(request, f"{DRAFTS}/{draft.id}/edit#acts-files"))


async def _chunks(file: UploadFile) -> AsyncIterator[bytes]:
    while chunk := await file.read(_CHUNK):
        yield chunk


@page(f"{ACTS}/{{sha256:str}}", guards=[require(Action.DRAFT_READ)])
async def get_act(request: Asked, service: Service, cabinet: Files) -> Response[Any]:
    """An act of a draft, as a download that no page can show. Raises ``Problem`` 404."""
    draft = await draft_of(request, service)
    sha256 = request.path_params["sha256"][:64]
    known = any(file.sha256 == sha256 for file in await attachments_of(service.database, draft.id))
    path = cabinet.path(sha256) if known else None
    if path is None:
        raise not_found("Такого файла нет.", "There is no such file.", "/sha256")
    headers = {**SAFE_HEADERS, "cache-control": "private, no-store"}
    headers["content-disposition"] = f'attachment; filename="{sha256}.pdf"'
    headers["content-length"] = str(path.stat().st_size)
    return Stream(read_chunks(path), media_type=PDF, headers=headers)


route_handlers: Final[list[Any]] = [attach_act, get_act]
