"""The steps of a consultation: each one transaction, each checked against the version it was made from.

Inside the caller's transaction a command joins it. ``now`` is UTC; ``today`` the present day at the Commission's seat;
``notify`` hears of what happened inside the transaction. Every command raises ``UnknownConsultation``,
``ConsultationRefused`` where the procedure refuses, ``DatabaseError``; with a ``version`` that is not the present one
``ConsultationStale``.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

from consultations import permissions
from consultations.happenings import HappeningKind, Notifier, nobody
from consultations.model import (
    Comment,
    Conclusion,
    Consultation,
    Document,
    Meeting,
    Plan,
    Position,
    Reasoned,
    Revocation,
    Said,
    Stated,
)
from consultations.procedure import Due, leads_to, of_person, party_of, refusals
from consultations.recording import enter, protocol_act
from consultations.records import (
    ConsultationFilter,
    UnknownConsultation,
    add_comment,
    add_event,
    add_position,
    content_of,
    insert,
    list_consultations,
    next_number,
    read_consultation,
)
from consultations.records import add_document as keep_document
from consultations.rules import HC2, HC20, ConsultationRefused
from consultations.taking import ConsultationStale, open_for, refuse, set_aside, take, tell
from register.database import Database
from register.drafts.actors import Actor
from register.drafts.attachments import Stored, safe_name
from register.drafts.contents import Knows
from register.drafts.model import Draft
from register.index import Register
from register.recording import UnknownMeasure, current, joined

__all__ = [
    "ConsultationFilter",
    "ConsultationRefused",
    "ConsultationStale",
    "UnknownConsultation",
    "add_document",
    "change_plan",
    "check_document",
    "comment",
    "conclude",
    "draft_permission",
    "initiate",
    "listed",
    "read",
    "revoke",
    "schedule",
    "set_aside",
    "state_position",
    "withdraw",
]


# Reading


async def read(db: Database, identifier: str) -> Consultation:
    """A consultation as it stands, with everything of its parties."""
    return await read_consultation(db, identifier)


async def listed(
    db: Database, chosen: ConsultationFilter, *, limit: int = 1000, cursor: str | None = None
) -> list[Consultation]:
    """The newest consultations of a choice, those older than the one named ``cursor`` where it is given."""
    return await list_consultations(db, chosen, before=cursor, limit=limit)


# The way


async def initiate(
    db: Database, who: Actor, plan: Plan, *, now: datetime, today: date, notify: Notifier = nobody
) -> Consultation:
    """Open a consultation on a planned measure (P24): an official of the planning state or of a burdened one."""
    refuse(refusals(None, "initiate", who, plan, today))
    initiator = party_of(who)
    if initiator is None:
        raise ConsultationRefused(*of_person(None, "initiate", who))
    async with joined(db):
        await _check_measure(db, plan)
        number = await next_number(db, today.year)
        made = Consultation(
            id=f"C-{today.year:04d}-{number:03d}",
            initiator=initiator,
            plan=plan,
            status="initiated",
            version=1,
            public_version=1,
            seq=0,
            initiated_on=today,
            created_at=now,
            updated_at=now,
            initiated_by=who.id,
            initiated_by_name=who.name[:200],
        )
        made = await enter(db, "consultation.initiated", None, made, now)
        await insert(db, made)
        await add_event(db, made, who, initiator, "initiated", "initiated", now, content=content_of(made))
        await tell(db, notify, "initiated", made, who, now)
        return made


async def change_plan(
    db: Database,
    identifier: str,
    plan: Plan,
    who: Actor,
    *,
    now: datetime,
    today: date,
    version: int | None = None,
    notify: Notifier = nobody,
) -> Consultation:
    """Change what the consultation is about, before anybody has stated a position. The same plan changes nothing."""
    async with joined(db):
        found = await open_for(db, identifier, "change_plan", who, plan, today, version)
        if plan == found.plan:
            return found
        await _check_measure(db, plan)
        return await take(db, found, replace(found, plan=plan), "change_plan", "changed", who, now, notify)


async def schedule(
    db: Database,
    identifier: str,
    meeting: Meeting,
    who: Actor,
    *,
    now: datetime,
    today: date,
    version: int | None = None,
    notify: Notifier = nobody,
) -> Consultation:
    """Set the meeting of the subcommittee, or set it anew. Only its day is public."""
    async with joined(db):
        found = await open_for(db, identifier, "schedule", who, meeting, today, version)
        if meeting == found.meeting:
            return found
        kind: HappeningKind = "scheduled" if found.meeting is None else "rescheduled"
        changed = replace(found, meeting=meeting, status=leads_to(found, "schedule", meeting))
        return await take(db, found, changed, "schedule", kind, who, now, notify)


async def state_position(
    db: Database,
    identifier: str,
    stated: Stated,
    who: Actor,
    *,
    now: datetime,
    today: date,
    version: int | None = None,
    notify: Notifier = nobody,
) -> Consultation:
    """State the position of the own state, or of the Commission; every revision is kept, the same one makes none.

    With a ``version`` only a position of the same party since then makes it stale.
    """
    async with joined(db):
        found = await open_for(db, identifier, "position", who, stated, today, version)
        party = party_of(who)
        held = found.position(party)
        if held is not None and (held.stance, held.reasons) == (stated.stance, stated.reasons):
            return found
        revision = 1 if held is None else held.revision + 1
        one = Position(party, revision, stated.stance, stated.reasons, now, who.id, who.name[:200])
        await add_position(db, found.id, one)
        changed = replace(found, status=leads_to(found, "position", stated))
        return await take(db, found, changed, "position", "position", who, now, notify, note=stated.stance)


async def comment(
    db: Database, identifier: str, said: Said, who: Actor, *, now: datetime, today: date, notify: Notifier = nobody
) -> Consultation:
    """Say something to the parties, or answer what was said."""
    async with joined(db):
        found = await open_for(db, identifier, "comment", who, said, today, None)
        one = Comment(0, said.parent, party_of(who), said.text, now, who.id, who.name[:200])
        number = await add_comment(db, found.id, one)
        return await take(db, found, found, "comment", "comment", who, now, notify, note=str(number))


async def add_document(
    db: Database,
    identifier: str,
    stored: Stored,
    name: str,
    who: Actor,
    *,
    now: datetime,
    today: date,
    notify: Notifier = nobody,
) -> Consultation:
    """Give a kept file to the parties. Giving it again changes nothing."""
    async with joined(db):
        found = await open_for(db, identifier, "document", who, stored, today, None)
        if any(one.sha256 == stored.sha256 for one in found.documents):
            return found
        one = Document(
            stored.sha256,
            safe_name(name),
            stored.size,
            stored.media_type,
            party_of(who),
            now,
            who.id,
            who.name[:200],
        )
        await keep_document(db, found.id, one)
        return await take(db, found, found, "document", "document", who, now, notify, note=stored.sha256)


async def check_document(db: Database, identifier: str, who: Actor, today: date) -> None:
    """Whether ``who`` may give a document now, before it is received. Raises as ``add_document``."""
    await open_for(db, identifier, "document", who, None, today, None)


async def conclude(
    db: Database,
    identifier: str,
    conclusion: Conclusion,
    who: Actor,
    *,
    now: datetime,
    today: date,
    position_due: Due,
    version: int | None = None,
    notify: Notifier = nobody,
    register: Register | None = None,
    knows: Knows | None = None,
) -> Consultation:
    """Record the outcome, which agrees with the positions (HC11), by the protocol of the meeting.

    A permission becomes a draft on its measure where that is in the Register (``register``, caught up, finds it), and
    waits otherwise. The draft is the concluding person's, so that another one approves it.
    """
    async with joined(db):
        found = await open_for(db, identifier, "conclude", who, conclusion, today, version, position_due)
        changed = replace(found, conclusion=conclusion, concluded_on=today, status=conclusion.outcome)
        acts = [protocol_act("introduces", conclusion.protocol)] if conclusion.permission is not None else []
        done = await take(
            db, found, changed, "conclude", "concluded", who, now, notify, note=conclusion.outcome, acts=acts
        )
        if conclusion.permission is not None:
            measure = await permissions.measure_of(db, done, register)
            if measure is not None:
                await permissions.draft_permission(db, done, measure, who, now=now, today=today, knows=knows)
        return done


async def withdraw(
    db: Database,
    identifier: str,
    given: Reasoned,
    who: Actor,
    *,
    now: datetime,
    today: date,
    version: int | None = None,
    notify: Notifier = nobody,
) -> Consultation:
    """Take the initiative back, before there is an outcome. The reason is for the parties."""
    async with joined(db):
        found = await open_for(db, identifier, "withdraw", who, given, today, version)
        changed = replace(found, status="withdrawn", withdrawn_on=today, withdrawal_reason=given.reason)
        return await take(db, found, changed, "withdraw", "withdrawn", who, now, notify)


async def revoke(
    db: Database,
    identifier: str,
    revocation: Revocation,
    who: Actor,
    *,
    now: datetime,
    today: date,
    version: int | None = None,
    notify: Notifier = nobody,
    register: Register | None = None,
    knows: Knows | None = None,
) -> Consultation:
    """Record that a later decision ends the permission.

    Where the permission stands on a measure (``register``, caught up, tells) a draft of its end is made; a draft of the
    permission itself that is still under way is taken out of the work.
    """
    async with joined(db):
        found = await open_for(db, identifier, "revoke", who, revocation, today, version)
        changed = replace(found, revocation=revocation, status="revoked")
        acts = [protocol_act("terminates", revocation.protocol)]
        done = await take(db, found, changed, "revoke", "revoked", who, now, notify, acts=acts)
        await permissions.take_back(db, done, who, now=now)
        await permissions.draft_revocation(db, done, register, who, now=now, today=today, knows=knows)
        return done


async def draft_permission(
    db: Database,
    identifier: str,
    measure: str,
    who: Actor,
    *,
    now: datetime,
    today: date,
    knows: Knows | None = None,
) -> Draft:
    """Put a waiting permission on a measure of the Register, by a draft of a clerk; another person approves it.

    Raises ``UnknownConsultation``, ``ConsultationRefused`` (HC2, HD17).
    """
    if not who.can("draft.write"):
        raise ConsultationRefused(HC2.found())
    async with joined(db):
        found = await read_consultation(db, identifier)
        return await permissions.draft_permission(db, found, measure, who, now=now, today=today, knows=knows)


async def _check_measure(db: Database, plan: Plan) -> None:
    """HC20: the measure that a plan concerns."""
    if plan.measure is None:
        return
    try:
        measure = await current(db, plan.measure)
    except UnknownMeasure:
        raise ConsultationRefused(
            HC20.found("Такой меры в Реестре нет", "The Register has no such measure", "/measure")
        ) from None
    if measure.state != plan.state:
        raise ConsultationRefused(HC20.found(pointer="/measure"))
