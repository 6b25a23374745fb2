"""Drafts over HTTP. The application gives ``service``, ``actor``, ``audit`` and ``cabinet``.

Every POST honours ``Idempotency-Key``; ``If-Match`` is needed to save and heeded by every other command.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final

import msgspec
from litestar import Response, Router

from register.api.calls import API, Asked, Service
from register.api.parameters import NO_PARAMETERS, Parameters
from register.drafts import cells, commands, described, files
from register.drafts.actors import Actor
from register.drafts.commands import Edit
from register.drafts.described import DRAFT_ID, PLACE, VERSION, call
from register.drafts.desk import (
    ONE,
    PATH,
    Acting,
    Auditing,
    do_once,
    draft_id,
    if_match,
    moved_answer,
    need,
    reply,
    shown,
    spoken,
    unknown,
    watched,
)
from register.drafts.inputs import DraftEdit, NewDraft, Noted, Nothing, Reasoned, read
from register.drafts.model import Draft
from register.drafts.preview import preview
from register.drafts.publishing import Moved, publish
from register.drafts.records import DraftFilter, content_at, list_drafts, read_draft, read_events
from register.drafts.trail import Audit
from register.idempotency import Answer
from register.service import RegisterService

LIST: Final = Parameters((described.STATE, described.KIND, described.MEASURE, described.BEFORE, described.LIMIT))

Outcome = Draft | Moved
Work = Callable[[], Awaitable[Outcome]]


async def _command(
    request: Asked,
    service: RegisterService,
    who: Actor,
    audit: Audit,
    action: str,
    work: Work,
    *,
    status: int = 200,
) -> Response[bytes]:
    """One command on a draft, its row in the audit trail and its kept answer: one transaction."""
    NO_PARAMETERS.read(request.scope["query_string"])
    db = service.database

    async def done() -> Answer:
        outcome = await work()
        draft = outcome.draft if isinstance(outcome, Moved) else outcome
        if isinstance(outcome, Moved):
            await audit(db, who, action, f"draft:{draft.id}", "failed", moved=outcome.present)
            return moved_answer(outcome, request.scope["path"])
        await audit(db, who, action, f"draft:{draft.id}", "done", version=draft.version)
        return Answer(status, await shown(service, draft, who))

    subject = f"draft:{request.path_params.get('id', 'new')}"
    async with watched(service, who, audit, action, subject):
        return await do_once(request, service, who, await request.body(), done)


@call(
    "POST",
    PATH,
    name="createDraft",
    summary="A new draft.",
    status=201,
    sent=described.NEW_BODY,
)
async def create_draft(request: Asked, service: Service, actor: Acting, audit: Auditing) -> Response[bytes]:
    """`kind` `include` is a new measure and names none; every other kind names its `measure` and is made from the
    version that the Register has now. The content may be unfinished: what is wrong with it says the preview."""
    given = read(NewDraft, await request.body())

    async def work() -> Outcome:
        return await commands.create(
            service.database,
            actor,
            given.kind,
            now=service.now(),
            measure=given.measure,
            content=given.content,
            publish_at=given.publish_at,
            source=given.source,
        )

    return await _command(request, service, actor, audit, "draft.create", work, status=201)


@call(
    "GET",
    PATH,
    name="listDrafts",
    summary="Drafts, the newest first.",
    answer=described.DraftList,
    example={"items": [described.EXAMPLE], "total": 1, "complete": True, "next_before": None},
    query=LIST.known,
)
async def list_all(request: Asked, service: Service, actor: Acting) -> Response[bytes]:
    """Without attachments and commands; these come with one draft."""
    need(actor, "draft.read")
    asked = LIST.read(request.scope["query_string"])
    chosen = DraftFilter(tuple(asked["state"]), tuple(asked["kind"]), asked["measure"])
    limit = asked["limit"]
    found, total = await list_drafts(service.database, chosen, before=asked["before"], limit=limit + 1)
    page, complete = found[:limit], len(found) <= limit
    body = {
        "items": [{**draft.public(), "open_doubts": draft.open_doubts} for draft in page],
        "total": total,
        "complete": complete,
        "next_before": None if complete else page[-1].id,
    }
    return reply(200, msgspec.json.encode(body))


@call("GET", ONE, name="getDraft", summary="One draft.", in_path=(DRAFT_ID,))
async def get_draft(request: Asked, service: Service, actor: Acting) -> Response[bytes]:
    """With its attachments and the commands that are open to the caller."""
    need(actor, "draft.read")
    NO_PARAMETERS.read(request.scope["query_string"])
    async with spoken():
        draft = await read_draft(service.database, draft_id(request))
    return reply(200, await shown(service, draft, actor))


@call("PUT", ONE, name="saveDraft", summary="Save what was typed.", sent=described.EDIT_BODY, in_path=(DRAFT_ID,))
async def save_draft(request: Asked, service: Service, actor: Acting) -> Response[bytes]:
    """For saving by itself while somebody types. Somebody else's change since the version in `If-Match` is answered
    by 409 with `base`, `theirs`, `mine`, their differences and the fields that both changed; what was sent is kept."""
    NO_PARAMETERS.read(request.scope["query_string"])
    number, version = draft_id(request), if_match(request, needed=True)
    given = read(DraftEdit, await request.body())
    cleared = "publish_at" in given.model_fields_set and given.publish_at is None
    edit = Edit(given.content, given.publish_at, cleared, given.base_version)
    db = service.database
    async with spoken():
        if version is None:
            version = (await read_draft(db, number)).version
        draft = await commands.save(db, number, version, edit, actor, now=service.now())
    return reply(200, await shown(service, draft, actor))


@call(
    "GET",
    f"{ONE}/preview",
    name="previewDraft",
    summary="What a draft will do.",
    answer=described.DraftPreview,
    example=described.PREVIEW_EXAMPLE,
    in_path=(DRAFT_ID,),
)
async def preview_draft(request: Asked, service: Service, actor: Acting) -> Response[bytes]:
    """The difference from the published version field by field, what the rules find, the entry as subscribers will get
    it, which proof applies to each goods line today and on the days when that changes, other measures on the same
    goods, consultations under way that it touches, decisions of consultations that wait for a measure like it."""
    need(actor, "draft.read")
    NO_PARAMETERS.read(request.scope["query_string"])
    async with spoken():
        draft = await read_draft(service.database, draft_id(request))
    await service.catch_up()
    found = preview(
        service.register,
        draft,
        service.today(),
        now=service.now(),
        zone=service.terms.zone,
        knows=service.names.known,
        duties_until=service.terms.duties_until,
    )
    return reply(200, msgspec.json.encode({"version": draft.version, **found.public()}))


@call(
    "GET",
    f"{ONE}/history",
    name="getDraftHistory",
    summary="Everything that happened to a draft.",
    answer=described.DraftHistory,
    example={"items": []},
    in_path=(DRAFT_ID,),
)
async def history(request: Asked, service: Service, actor: Acting) -> Response[bytes]:
    """Who did what and when, oldest first. `set_aside` is what could not be saved because somebody else had saved."""
    need(actor, "draft.read")
    NO_PARAMETERS.read(request.scope["query_string"])
    async with spoken():
        draft = await read_draft(service.database, draft_id(request))
    events = await read_events(service.database, draft.id)
    return reply(200, msgspec.json.encode({"items": [event.public() for event in events]}))


@call(
    "GET",
    f"{ONE}/versions/{{version:int}}",
    name="getDraftVersion",
    summary="What a draft said at a version.",
    answer=described.DraftVersion,
    example={"version": 3, "content": described.EXAMPLE["content"]},
    in_path=(DRAFT_ID, VERSION),
)
async def get_version(request: Asked, service: Service, actor: Acting) -> Response[bytes]:
    """Nothing that was saved is lost."""
    need(actor, "draft.read")
    NO_PARAMETERS.read(request.scope["query_string"])
    version = int(request.path_params["version"])
    async with spoken():
        draft = await read_draft(service.database, draft_id(request))
    if not 0 < version <= draft.version:
        raise unknown()
    content = await content_at(service.database, draft.id, version)
    body = {"version": version, "content": draft.content if content is None else content}
    return reply(200, msgspec.json.encode(body))


@call(
    "POST",
    f"{ONE}/doubts/{{place:int}}/settle",
    name="settleDoubt",
    summary="Settle a doubt of loading.",
    sent=described.NOTE_BODY,
    in_path=(DRAFT_ID, PLACE),
)
async def settle_doubt(request: Asked, service: Service, actor: Acting, audit: Auditing) -> Response[bytes]:
    """By a person, one by one; who and when are kept with the doubt."""
    given, version = read(Noted, await request.body()), if_match(request)
    number, place = draft_id(request), int(request.path_params["place"])

    async def work() -> Outcome:
        return await commands.settle(
            service.database, number, place, actor, now=service.now(), version=version, note=given.note
        )

    return await _command(request, service, actor, audit, "draft.settle", work)


@call(
    "POST", f"{ONE}/submit", name="submitDraft", summary="Submit a draft.", sent=described.EMPTY_BODY,
    in_path=(DRAFT_ID,),
)  # fmt: skip
async def submit(request: Asked, service: Service, actor: Acting, audit: Auditing) -> Response[bytes]:
    """Refused while a rule of the Register refuses it, a doubt is open, or its measure has changed since."""
    read(Nothing, await request.body())
    number, version = draft_id(request), if_match(request)

    async def work() -> Outcome:
        return await commands.submit(
            service.database,
            number,
            actor,
            now=service.now(),
            today=service.today(),
            version=version,
            knows=service.names.known,
        )

    return await _command(request, service, actor, audit, "draft.submit", work)


@call(
    "POST", f"{ONE}/approve", name="approveDraft", summary="Approve a submitted draft.", sent=described.EMPTY_BODY,
    in_path=(DRAFT_ID,),
)  # fmt: skip
async def approve(request: Asked, service: Service, actor: Acting, audit: Auditing) -> Response[bytes]:
    """Never by one who wrote, changed or submitted it."""
    read(Nothing, await request.body())
    number, version = draft_id(request), if_match(request)

    async def work() -> Outcome:
        return await commands.approve(
            service.database,
            number,
            actor,
            now=service.now(),
            today=service.today(),
            version=version,
            knows=service.names.known,
        )

    return await _command(request, service, actor, audit, "draft.approve", work)


@call(
    "POST", f"{ONE}/return", name="returnDraft", summary="Return a draft to its author.", sent=described.RETURN_BODY,
    in_path=(DRAFT_ID,),
)  # fmt: skip
async def send_back(request: Asked, service: Service, actor: Acting, audit: Auditing) -> Response[bytes]:
    """A submitted draft, or an approved one that is not published yet; with the reason."""
    given, version = read(Reasoned, await request.body()), if_match(request)
    number = draft_id(request)

    async def work() -> Outcome:
        return await commands.send_back(
            service.database, number, given.reason, actor, now=service.now(), version=version
        )

    return await _command(request, service, actor, audit, "draft.return", work)


@call(
    "POST", f"{ONE}/publish", name="publishDraft", summary="Publish an approved draft.", sent=described.EMPTY_BODY,
    in_path=(DRAFT_ID,),
)  # fmt: skip
async def publish_draft(request: Asked, service: Service, actor: Acting, audit: Auditing) -> Response[bytes]:
    """One entry of the journal, together with the state of the draft. When the measure has changed since the draft was
    made, 409 with the difference, and the draft is a draft again."""
    read(Nothing, await request.body())
    number, version = draft_id(request), if_match(request)

    async def work() -> Outcome:
        return await publish(
            service.database,
            number,
            actor,
            now=service.now(),
            today=service.today(),
            version=version,
            knows=service.names.known,
        )

    answer = await _command(request, service, actor, audit, "draft.publish", work)
    await service.catch_up()
    return answer


@call(
    "POST", f"{ONE}/withdraw", name="withdrawDraft", summary="Take a draft out of the work.", sent=described.NOTE_BODY,
    in_path=(DRAFT_ID,),
)  # fmt: skip
async def withdraw(request: Asked, service: Service, actor: Acting, audit: Auditing) -> Response[bytes]:
    """Of a draft that was not submitted. A published measure is never withdrawn: it ends or is corrected."""
    given, version = read(Noted, await request.body()), if_match(request)
    number = draft_id(request)

    async def work() -> Outcome:
        return await commands.withdraw(
            service.database, number, actor, now=service.now(), version=version, reason=given.note
        )

    return await _command(request, service, actor, audit, "draft.withdraw", work)


drafts: Final = Router(
    API,
    route_handlers=[
        create_draft,
        list_all,
        get_draft,
        save_draft,
        preview_draft,
        history,
        get_version,
        settle_doubt,
        submit,
        approve,
        send_back,
        publish_draft,
        withdraw,
        *cells.route_handlers,
        *files.route_handlers,
    ],
)
route_handlers: Final[list[Any]] = [drafts, files.public_file]
"""Everything of this module: behind ``/api/v1/drafts``, and the published acts under ``/attachments``."""
