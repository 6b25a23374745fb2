"""Consultations over HTTP as their parties read them: everything that was said, lists, documents."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import msgspec
from litestar import Response
from litestar.response import Stream

from consultations import answers, commands, described
from consultations.described import CONSULTATION, SHA256, call
from consultations.desk import ONE, Acting, Office, consultation_id, need, reply, spoken
from consultations.documents import SUFFIXES
from consultations.model import Document
from consultations.proceedings import glance, proceedings
from consultations.records import ConsultationFilter
from consultations.searching import concerns_code, has_words
from register.api.calls import API, Asked
from register.api.parameters import NO_PARAMETERS, Parameters
from register.drafts.attachments import SAFE_HEADERS, read_chunks
from register.drafts.desk import PRIVATE
from register.web import Reply, not_found

LIST: Final = Parameters(
    (
        described.STATE,
        described.STATUS,
        described.CODE,
        described.WORDS,
        described.ASKED,
        described.LIMIT,
        described.CURSOR,
    )
)


@call(
    "GET",
    f"{ONE}/proceedings",
    name="getProceedings",
    summary="A consultation as its parties read it.",
    in_path=(CONSULTATION,),
)
async def get_proceedings(request: Asked, consulting: Office, actor: Acting) -> Response[bytes]:
    """Positions with their revisions, comments, documents, history, what is due with its reckoning, and the steps that
    are open to the caller."""
    need(actor, "consultation.read")
    NO_PARAMETERS.read(request.scope["query_string"])
    await consulting.service.catch_up()
    async with spoken(consulting, actor):
        known = await commands.read(consulting.database, consultation_id(request))
    body = msgspec.json.encode(await proceedings(consulting, known, actor))
    return reply(200, body, version=known.version)


@call(
    "GET",
    "/proceedings",
    name="listProceedings",
    summary="Consultations as their parties read them, the newest first.",
    answer=answers.ProceedingsList,
    example={"items": [answers.GLANCE], "total": 1, "complete": True, "next": None},
    query=LIST.known,
)
async def list_proceedings(request: Asked, consulting: Office, actor: Acting) -> Response[bytes]:
    """With each party's stance, what is due and what is asked of the caller; `asked=true` gives only these."""
    need(actor, "consultation.read")
    asked = LIST.read(request.scope["query_string"])
    await consulting.service.catch_up()
    known = await commands.listed(consulting.database, ConsultationFilter(states=asked["state"]))
    items = [glance(consulting, one, actor) for one in known]
    items = [one for one in items if _wanted(one, asked)]
    start = next((place for place, one in enumerate(items, start=1) if one["id"] == asked["cursor"]), 0)
    page = items[start : start + asked["limit"]]
    complete = start + len(page) >= len(items)
    body = {
        "items": page,
        "total": len(items),
        "complete": complete,
        "next": None if complete else _next(request, page[-1]["id"]),
    }
    return reply(200, msgspec.json.encode(body))


def _wanted(item: dict[str, Any], asked: dict[str, Any]) -> bool:
    record = item["record"]
    return (
        (not asked["status"] or item["status"] in asked["status"])
        and (not asked["asked"] or bool(item["asked"]))
        and (asked["code"] is None or concerns_code(record, asked["code"]))
        and (asked["q"] is None or has_words(record, asked["q"]))
    )


def _next(request: Asked, last: str) -> str:
    kept = [f"{quote(k)}={quote(v)}" for k, v in request.query_params.multi_items() if k != "cursor"]
    return f"{API}/proceedings?{'&'.join([*kept, f'cursor={last}'])}"


@call(
    "GET",
    "/proceedings/permissions",
    name="listWaitingPermissions",
    summary="Decisions that stand on no measure yet.",
    answer=answers.WaitingList,
    example={"items": [answers.WAITING], "total": 1, "complete": True},
)
async def list_waiting(request: Asked, consulting: Office, actor: Acting) -> Response[bytes]:
    """For the Commission's staff: the draft that puts each on its measure, the measure that it may be put on, or what
    is in the way."""
    need(actor, "draft.read")
    NO_PARAMETERS.read(request.scope["query_string"])
    items = [one.public() for one in await consulting.waiting()]
    return reply(200, msgspec.json.encode({"items": items, "total": len(items), "complete": True}))


@call(
    "GET",
    f"{ONE}/documents/{{sha256:str}}",
    name="getConsultationDocument",
    summary="A document of a consultation.",
    answer=bytes,
    example="%PDF-1.7 …",
    in_path=(CONSULTATION, SHA256),
    media_type="application/octet-stream",
)
async def get_document(request: Asked, consulting: Office, actor: Acting) -> Response[Any]:
    """For the parties; always a download."""
    need(actor, "consultation.read")
    NO_PARAMETERS.read(request.scope["query_string"])
    sha256 = str(request.path_params["sha256"])
    async with spoken(consulting, actor):
        known = await commands.read(consulting.database, consultation_id(request))
    document = next((one for one in known.documents if one.sha256 == sha256), None)
    path = consulting.cabinet.path(sha256) if document is not None else None
    if document is None or path is None:
        raise not_found("Такого документа нет", "There is no such document", "/sha256")
    return download(request, document, path)


def download(request: Asked, document: Document, path: Path) -> Response[Any]:
    """A document as a download that no page can show; for calls and pages alike."""
    tag = f'"{document.sha256}"'
    headers = {**SAFE_HEADERS, "cache-control": PRIVATE, "etag": tag}
    known = [one.strip().removeprefix("W/") for one in request.headers.get("if-none-match", "").split(",")]
    if tag in known or "*" in known:
        return Reply(b"", status_code=304, headers=headers)
    suffix = SUFFIXES[document.media_type]
    name = document.name if document.name.lower().endswith(suffix) else f"{document.name}{suffix}"
    headers["content-disposition"] = (
        f"attachment; filename=\"{document.sha256[:16]}{suffix}\"; filename*=UTF-8''{quote(name, safe='')}"
    )
    headers["content-length"] = str(path.stat().st_size)
    return Stream(read_chunks(path), media_type="application/octet-stream", headers=headers)


handlers: Final[list[Any]] = [list_proceedings, list_waiting, get_proceedings, get_document]
