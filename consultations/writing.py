"""The steps of consultations over HTTP, for their parties.

The application gives ``actor``, ``audit`` and ``consulting``. Every POST honours ``Idempotency-Key``; ``If-Match`` is
needed where a step rests on what the consultation says, and heeded for a position.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final

import msgspec
from litestar import Response, Router

from consultations import answers, bodies, commands, described, party_reading
from consultations.api import public
from consultations.described import CONSULTATION, call
from consultations.desk import (
    ONE,
    PATH,
    Acting,
    Auditing,
    Office,
    consultation_id,
    if_match,
    need,
    reply,
    spoken,
    step,
    watched,
)
from consultations.inputs import OnMeasure, read
from consultations.model import (
    Conclusion,
    Consultation,
    Meeting,
    Plan,
    Reasoned,
    Revocation,
    Said,
    Stated,
)
from consultations.party_reading import download as download
from register.api.calls import API, Asked
from register.api.parameters import NO_PARAMETERS, Parameters
from register.drafts.attachments import MOST_BYTES
from register.drafts.desk import key_of
from register.idempotency import Answer, once

_NAMED: Final = Parameters((described.NAME,))
_ROOM: Final = 2**20

Work = Callable[[], Awaitable[Consultation]]


@call(
    "POST",
    PATH,
    name="initiateConsultation",
    summary="Open a consultation on a planned measure.",
    status=201,
    sent=bodies.PLAN_BODY,
)
async def initiate(request: Asked, consulting: Office, actor: Acting, audit: Auditing) -> Response[bytes]:
    """An official of the state that plans the measure, or of one whose exports it would burden (P24). The title, the
    states, the goods and the planned days are public at once; the similar goods and the claims are the parties' own."""
    sent = await request.body()
    plan = read(Plan, sent)
    return await step(
        request,
        consulting,
        actor,
        audit,
        "consultation.initiate",
        lambda: consulting.initiate(actor, plan),
        body=sent,
        status=201,
    )


@call(
    "PUT",
    f"{ONE}/plan",
    name="changeConsultationPlan",
    summary="Change what a consultation is about.",
    sent=bodies.PLAN_BODY,
    in_path=(CONSULTATION,),
)
async def change_plan(request: Asked, consulting: Office, actor: Acting, audit: Auditing) -> Response[bytes]:
    """By the initiating state, before anybody has stated a position and before the day of the meeting."""
    sent = await request.body()
    plan, version = read(Plan, sent), if_match(request, needed=True)

    def work() -> Awaitable[Consultation]:
        return consulting.change_plan(consultation_id(request), plan, actor, version)

    return await step(request, consulting, actor, audit, "consultation.change", work, body=sent)


@call(
    "POST",
    f"{ONE}/schedule",
    name="scheduleConsultation",
    summary="Set the meeting of the subcommittee.",
    sent=bodies.MEETING_BODY,
    in_path=(CONSULTATION,),
)
async def schedule(request: Asked, consulting: Office, actor: Acting, audit: Auditing) -> Response[bytes]:
    """By the Commission; setting it anew is a new entry where the day changes. Only the day is public."""
    sent = await request.body()
    meeting, version = read(Meeting, sent), if_match(request, needed=True)

    def work() -> Awaitable[Consultation]:
        return consulting.schedule(consultation_id(request), meeting, actor, version)

    return await step(request, consulting, actor, audit, "consultation.schedule", work, body=sent)


@call(
    "POST",
    f"{ONE}/positions",
    name="stateConsultationPosition",
    summary="State a position.",
    sent=bodies.POSITION_BODY,
    in_path=(CONSULTATION,),
    match=False,
)
async def state_position(request: Asked, consulting: Office, actor: Acting, audit: Auditing) -> Response[bytes]:
    """Of the caller's own state, or of the Commission; an objection gives its reasons. Every revision is kept, the
    newest counts. With `If-Match` only a position of the same party since then is in the way."""
    sent = await request.body()
    stated, version = read(Stated, sent), if_match(request, needed=False)

    def work() -> Awaitable[Consultation]:
        return consulting.state_position(consultation_id(request), stated, actor, version)

    return await step(request, consulting, actor, audit, "consultation.position", work, body=sent)


@call(
    "POST",
    f"{ONE}/comments",
    name="commentConsultation",
    summary="Say something to the parties.",
    sent=bodies.COMMENT_BODY,
    in_path=(CONSULTATION,),
    match=False,
)
async def comment(request: Asked, consulting: Office, actor: Acting, audit: Auditing) -> Response[bytes]:
    """A comment, or an answer to the comment `parent`. It takes nothing from anybody, so that `If-Match` is not
    asked."""
    sent = await request.body()
    said = read(Said, sent)
    if_match(request, needed=False)

    def work() -> Awaitable[Consultation]:
        return consulting.comment(consultation_id(request), said, actor)

    return await step(request, consulting, actor, audit, "consultation.comment", work, body=sent)


@call(
    "POST",
    f"{ONE}/documents",
    name="addConsultationDocument",
    summary="Give a document to the parties.",
    status=201,
    sent=bodies.DOCUMENT_BODY,
    query=_NAMED.known,
    in_path=(CONSULTATION,),
    limit=MOST_BYTES + _ROOM,
    match=False,
)
async def add_document(request: Asked, consulting: Office, actor: Acting, audit: Auditing) -> Response[bytes]:
    """The body is the file, 20 MB at most: PDF, or a file of a common office program without macros. What it is is told
    by its content; it is kept under its SHA-256 and given to the parties only."""
    need(actor, "consultation.document")
    name = _NAMED.read(request.scope["query_string"])["name"]
    if_match(request, needed=False)
    action, subject = "consultation.document", f"consultation:{consultation_id(request)}"
    async with watched(consulting, actor, audit, action, subject), spoken(consulting, actor):
        # Not for one who may not, nor where the consultation is over: nothing is received for nothing.
        await commands.check_document(consulting.database, consultation_id(request), actor, consulting.service.today())
        stored = await consulting.cabinet.store(request.stream())

    def work() -> Awaitable[Consultation]:
        return consulting.add_document(consultation_id(request), stored, name, actor)

    return await step(request, consulting, actor, audit, action, work, body=stored.sha256.encode(), status=201)


@call(
    "POST",
    f"{ONE}/conclude",
    name="concludeConsultation",
    summary="Record the outcome.",
    sent=bodies.CONCLUSION_BODY,
    in_path=(CONSULTATION,),
)
async def conclude(request: Asked, consulting: Office, actor: Acting, audit: Auditing) -> Response[bytes]:
    """By an approver of the Commission, with the protocol of the meeting that was held. The outcome agrees with the
    positions (HC11). A permission becomes a draft on its measure, for another approver, or waits for the measure."""
    sent = await request.body()
    given, version = read(Conclusion, sent), if_match(request, needed=True)

    def work() -> Awaitable[Consultation]:
        return consulting.conclude(consultation_id(request), given, actor, version)

    return await step(request, consulting, actor, audit, "consultation.conclude", work, body=sent)


@call(
    "POST",
    f"{ONE}/withdraw",
    name="withdrawConsultation",
    summary="Take the initiative back.",
    sent=bodies.REASON_BODY,
    in_path=(CONSULTATION,),
)
async def withdraw(request: Asked, consulting: Office, actor: Acting, audit: Auditing) -> Response[bytes]:
    """By the initiating state, before there is an outcome; with a reason, which is for the parties."""
    sent = await request.body()
    given, version = read(Reasoned, sent), if_match(request, needed=True)

    def work() -> Awaitable[Consultation]:
        return consulting.withdraw(consultation_id(request), given, actor, version)

    return await step(request, consulting, actor, audit, "consultation.withdraw", work, body=sent)


@call(
    "POST",
    f"{ONE}/revoke",
    name="revokeConsultationPermission",
    summary="Record that a later decision ends the permission.",
    sent=bodies.REVOCATION_BODY,
    in_path=(CONSULTATION,),
)
async def revoke(request: Asked, consulting: Office, actor: Acting, audit: Auditing) -> Response[bytes]:
    """By an approver of the Commission, with the later protocol. Where the permission stands on a measure, a draft of
    its end is made, for another approver."""
    sent = await request.body()
    given, version = read(Revocation, sent), if_match(request, needed=True)

    def work() -> Awaitable[Consultation]:
        return consulting.revoke(consultation_id(request), given, actor, version)

    return await step(request, consulting, actor, audit, "consultation.revoke", work, body=sent)


@call(
    "POST",
    f"{ONE}/permit",
    name="draftConsultationPermission",
    summary="Put a waiting permission on a measure, by a draft.",
    status=201,
    answer=answers.MadeDraft,
    example={"id": 31, "kind": "permit", "state": "submitted", "measure": "KG-2026-030"},
    sent=bodies.MEASURE_BODY,
    in_path=(CONSULTATION,),
    match=False,
)
async def permit(request: Asked, consulting: Office, actor: Acting, audit: Auditing) -> Response[bytes]:
    """By a clerk, once the planned measure is in the Register; another person approves the draft. Refused by HD17 where
    the decision does not cover every goods line of the measure, with the lines that are left out."""
    sent = await request.body()
    NO_PARAMETERS.read(request.scope["query_string"])
    given, db = read(OnMeasure, sent), consulting.database
    action, subject = "consultation.permit", f"consultation:{consultation_id(request)}"

    async def done() -> Answer:
        draft = await consulting.draft_permission(consultation_id(request), given.measure, actor)
        await audit(db, actor, action, subject, "done", draft=draft.id)
        made = {"id": draft.id, "kind": draft.kind, "state": draft.state, "measure": draft.measure}
        return Answer(201, msgspec.json.encode(made))

    async with watched(consulting, actor, audit, action, subject), spoken(consulting, actor):
        answer = await once(db, key_of(request, actor, sent), consulting.service.now(), done)
    return reply(answer.status, answer.body)


route_handlers: Final[list[Any]] = [
    Router(
        API,
        route_handlers=[
            *public,
            initiate,
            change_plan,
            schedule,
            state_position,
            comment,
            add_document,
            conclude,
            withdraw,
            revoke,
            permit,
            *party_reading.handlers,
        ],
    )
]
"""The calls for everybody and for parties, in one router: an address has its GET and its POST here."""
