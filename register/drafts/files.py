"""The acts attached to drafts over HTTP: taken in, given to staff, and to everybody once they are published."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from litestar import Response
from litestar.response import Stream

from register.api.calls import Asked, Service
from register.api.parameters import NO_PARAMETERS, Parameters
from register.drafts import described
from register.drafts.attachments import (
    MOST_BYTES,
    PDF,
    SAFE_HEADERS,
    attach,
    attachments_of,
    detach,
    is_public,
    read_chunks,
)
from register.drafts.described import DRAFT_ID, FILE, SHA256, call
from register.drafts.desk import (
    ONE,
    Acting,
    Auditing,
    Files,
    do_once,
    draft_id,
    if_match,
    need,
    reply,
    shown,
    spoken,
    watched,
)
from register.drafts.records import read_draft
from register.idempotency import Answer
from register.web import IMMUTABLE, Reply, not_found

_NAMED: Final = Parameters((described.NAME,))
_ROOM: Final = 2**20


@call(
    "POST",
    f"{ONE}/attachments",
    name="attachAct",
    summary="Attach an act as PDF.",
    status=201,
    sent=described.PDF_BODY,
    query=_NAMED.known,
    in_path=(DRAFT_ID,),
    limit=MOST_BYTES + _ROOM,
)
async def attach_act(
    request: Asked, service: Service, actor: Acting, audit: Auditing, cabinet: Files
) -> Response[bytes]:
    """The body is the file, 20 MB at most. What it is is told by its content; it is kept under its SHA-256."""
    need(actor, "draft.write")
    name = _NAMED.read(request.scope["query_string"])["name"]
    number, version, db = draft_id(request), if_match(request), service.database
    subject = f"draft:{number}"
    async with spoken():
        await read_draft(db, number)
        stored = await cabinet.store(request.stream())

    async def work() -> Answer:
        draft = await attach(db, number, stored, name, actor, now=service.now(), version=version)
        await audit(db, actor, "draft.attach", subject, "done", sha256=stored.sha256)
        return Answer(201, await shown(service, draft, actor))

    async with watched(service, actor, audit, "draft.attach", subject):
        return await do_once(request, service, actor, stored.sha256.encode(), work)


@call(
    "DELETE",
    f"{ONE}/attachments/{{sha256:str}}",
    name="detachAct",
    summary="Take an act off a draft.",
    in_path=(DRAFT_ID, SHA256),
)
async def detach_act(request: Asked, service: Service, actor: Acting, audit: Auditing) -> Response[bytes]:
    """While the draft may be edited. The file itself is kept."""
    NO_PARAMETERS.read(request.scope["query_string"])
    number, version, db = draft_id(request), if_match(request), service.database
    sha256 = _plain(request.path_params["sha256"])
    subject = f"draft:{number}"
    async with watched(service, actor, audit, "draft.detach", subject), spoken(), db.transaction():
        draft = await detach(db, number, sha256, actor, now=service.now(), version=version)
        await audit(db, actor, "draft.detach", subject, "done", sha256=sha256)
    return reply(200, await shown(service, draft, actor))


@call(
    "GET",
    f"{ONE}/attachments/{{sha256:str}}",
    name="getDraftAct",
    summary="An act attached to a draft.",
    answer=bytes,
    example="%PDF-1.7 …",
    in_path=(DRAFT_ID, SHA256),
    media_type=PDF,
)
async def get_act(request: Asked, service: Service, actor: Acting, cabinet: Files) -> Response[Any]:
    """For staff, before and after publication."""
    need(actor, "draft.read")
    NO_PARAMETERS.read(request.scope["query_string"])
    sha256 = _plain(request.path_params["sha256"])
    files = await attachments_of(service.database, draft_id(request))
    path = cabinet.path(sha256) if any(file.sha256 == sha256 for file in files) else None
    return _given(request, path, sha256, "private, max-age=31536000, immutable")


@call(
    "GET",
    "/attachments/{file:str}",
    name="getAct",
    summary="A published act.",
    answer=bytes,
    example="%PDF-1.7 …",
    in_path=(FILE,),
    media_type=PDF,
    public=True,
)
async def public_file(request: Asked, service: Service, cabinet: Files) -> Response[Any]:
    """By the hash of its content, so that what is at an address never changes. Always a download."""
    NO_PARAMETERS.read(request.scope["query_string"])
    sha256 = _plain(request.path_params["file"].removesuffix(".pdf"))
    path = cabinet.path(sha256)
    if path is not None and not await is_public(service.database, sha256):
        path = None
    return _given(request, path, sha256, IMMUTABLE)


def _plain(sha256: str) -> str:
    return sha256[:64].replace("\x00", "")


def _given(request: Asked, path: Path | None, sha256: str, cache: str) -> Response[Any]:
    """The file as a download that no page can show, or 404."""
    if path is None:
        raise not_found("Такого файла нет", "There is no such file", "/sha256")
    tag = f'"{sha256}"'
    headers = {**SAFE_HEADERS, "cache-control": cache, "etag": tag}
    known = [one.strip().removeprefix("W/") for one in request.headers.get("if-none-match", "").split(",")]
    if tag in known or "*" in known:
        return Reply(b"", status_code=304, headers=headers)
    headers["content-disposition"] = f'attachment; filename="{sha256}.pdf"'
    headers["content-length"] = str(path.stat().st_size)
    return Stream(read_chunks(path), media_type=PDF, headers=headers)


route_handlers: Final[list[Any]] = [attach_act, detach_act, get_act]
