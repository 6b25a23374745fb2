"""Publishing an approved draft: the entry of the journal and the state of the draft change in one transaction.

``now`` is UTC; ``today`` the present day at the Commission's seat; ``knows`` is ``Names.known``. Serves A4(4), P24.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final, Literal

from register import publication
from register.database import Database
from register.differences import Difference, differences
from register.drafts.actors import CLOCK, Actor
from register.drafts.commands import keep_first_version, measure_before, open_for, write_next
from register.drafts.contents import (
    Corrected,
    EarlyEnd,
    Knows,
    NewTerm,
    Permission,
    Proposal,
    Revocation,
    Wished,
    propose,
)
from register.drafts.decided import find_decision_faults
from register.drafts.model import Draft
from register.drafts.records import UnknownDraft
from register.drafts.rules import DraftRefused
from register.drafts.trail import Audit
from register.findings import Findings, Refused
from register.measures import Measure, Notified
from register.recording import Clock, joined
from register.service import RegisterService

log = logging.getLogger(__name__)

_MOVED: Final = (
    "Мера изменилась после того, как подготовлен проект: редакция {old} заменена редакцией {new} / "
    "The measure has changed since the draft was made: version {old} was followed by version {new}"
)


@dataclass(frozen=True, slots=True)
class Moved:
    """The draft was not published and is a draft again, because its measure has changed since it was made."""

    draft: Draft
    present: int
    differences: list[Difference]

    def public(self) -> dict[str, Any]:
        """What moved, as the API gives it."""
        return {
            "version": self.draft.version,
            "moved": {
                "measure": self.draft.measure,
                "from": self.draft.base_version,
                "to": self.present,
                "differences": self.differences,
            },
        }


async def publish(
    db: Database,
    draft: int,
    who: Actor,
    *,
    now: datetime,
    today: date,
    version: int | None = None,
    knows: Knows | None = None,
    clock: Clock | None = None,
) -> Draft | Moved:
    """Publish an approved draft: one entry. ``Moved`` when its measure has another version than it was made from: then
    the draft is a draft again, which is written, and the caller must let it be committed.

    Raises ``UnknownDraft``, ``DraftRefused``, ``DraftStale``, ``DatabaseError``, and ``Refused`` with what the rules
    say now.
    """
    async with joined(db):
        found = await open_for(db, draft, version, "publish", who, now)
        before = await measure_before(db, found)
        if before is not None and before.version != found.base_version:
            return await _moved(db, found, before, who, now)
        proposal = propose(found.kind, found.content, before, today, knows)
        if proposal.findings.refusals:
            raise Refused(proposal.findings)
        faults = await find_decision_faults(db, found.kind, proposal.content, before)
        if faults:
            raise Refused(Findings.of(faults))
        measure = await _enter(db, found, proposal, today, knows, clock or (lambda: now))
        await keep_first_version(db, found)
        changed = replace(found, state="published", published_seq=measure.seq)
        return await write_next(db, changed, who, "published", now, was=found, note=measure.id)


async def _enter(
    db: Database, draft: Draft, proposal: Proposal, on: date, knows: Knows | None, clock: Clock
) -> Measure:
    """The entry of the draft, by the command of the Register for its kind."""
    given, content = proposal.given, proposal.content
    if content is None or given is None:
        raise Refused(proposal.findings)
    if isinstance(given, Wished):
        return await publication.include(db, content, on=on, number=given.number, knows=knows, clock=clock)
    measure, version = _base(draft)
    if isinstance(given, NewTerm):
        return await publication.extend(db, measure, version, content, on=on, knows=knows, clock=clock)
    if isinstance(given, EarlyEnd):
        return await publication.terminate(db, measure, version, content, on=on, knows=knows, clock=clock)
    if isinstance(given, Permission):
        return await publication.permit_declaration(db, measure, version, given.declaration, on=on, clock=clock)
    if isinstance(given, Revocation):
        return await publication.revoke_declaration(
            db, measure, version, last_day=given.last_day, protocol=given.protocol, on=on, clock=clock
        )
    return await _enter_rewritten(db, measure, version, proposal, content, on, knows, clock)


async def _enter_rewritten(
    db: Database,
    measure: str,
    version: int,
    proposal: Proposal,
    content: Notified,
    on: date,
    knows: Knows | None,
    clock: Clock,
) -> Measure:
    """An amendment or a correction, which give the whole new content."""
    if isinstance(proposal.given, Corrected):
        return await publication.correct(
            db, measure, version, content, proposal.given.explanation, on=on, knows=knows, clock=clock
        )
    reason: Literal["legal_change", "technical"] = "technical" if proposal.reason == "technical" else "legal_change"
    return await publication.amend(db, measure, version, content, on=on, reason=reason, knows=knows, clock=clock)


def _base(draft: Draft) -> tuple[str, int]:
    if draft.measure is None or draft.base_version is None:
        raise UnknownDraft(f"draft {draft.id} names no measure / проект {draft.id} не относится к мере")
    return draft.measure, draft.base_version


async def _moved(db: Database, found: Draft, before: Measure, who: Actor, now: datetime) -> Moved:
    note = _MOVED.format(old=found.base_version, new=before.version)
    changed = replace(found, state="draft", approver=None, approver_name=None, returned_reason=note)
    written = await write_next(db, changed, who, "moved", now, was=found, note=note)
    base = await _record_at(db, before.id, found.base_version)
    return Moved(written, before.version, differences(base, await _record_at(db, before.id, before.version)))


async def _record_at(db: Database, measure: str, version: int | None) -> dict[str, Any] | None:
    """The public record of a measure at a version; None for one that never was."""
    for (body,) in await db.fetch_rows("SELECT body FROM entry WHERE subject = {} ORDER BY seq DESC", measure):
        record: dict[str, Any] = json.loads(body)["after"]
        if record["version"] == version:
            return record
    return None


async def publish_due(
    db: Database, service: RegisterService, now: datetime, *, audit: Audit | None = None
) -> Sequence[Draft]:
    """Publish every approved draft whose ``publish_at`` has come (UTC); give back those that were published.

    Each is one transaction that looks at the state again, so that of several processes one publishes it. A draft that
    cannot be published any more goes back with the reason and stops no other. Raises ``DatabaseError``.
    """
    rows = await db.fetch_rows(
        "SELECT id FROM draft WHERE state = 'approved' AND publish_at <= {} ORDER BY publish_at, id", now
    )
    published: list[Draft] = []
    for (number,) in rows:
        outcome = await _publish_one(db, service, int(number), now, audit)
        if isinstance(outcome, Draft) and outcome.state == "published":
            published.append(outcome)
    if published:
        await service.catch_up()
    return published


async def _publish_one(
    db: Database, service: RegisterService, draft: int, now: datetime, audit: Audit | None
) -> Draft | Moved | None:
    today = now.astimezone(service.terms.zone).date()
    try:
        async with db.transaction():
            outcome = await publish(db, draft, CLOCK, now=now, today=today, knows=service.names.known)
            if audit is not None:
                done: Literal["done", "failed"] = "done" if isinstance(outcome, Draft) else "failed"
                await audit(db, CLOCK, "draft.publish", f"draft:{draft}", done)
            return outcome
    except DraftRefused:
        # Published or returned by somebody else since the list was read.
        return None
    except Refused as error:
        return await _returned(db, draft, error, now)


async def _returned(db: Database, draft: int, error: Refused, now: datetime) -> Draft | None:
    reason = "; ".join(f"{one.rule}: {one.text['ru']} / {one.text['en']}" for one in error.findings.refusals)
    log.warning("draft %d was due and is refused: %s", draft, error)
    try:
        async with db.transaction():
            found = await open_for(db, draft, None, "publish", CLOCK, now)
            changed = replace(found, state="returned", approver=None, approver_name=None, returned_reason=reason)
            return await write_next(db, changed, CLOCK, "returned", now, was=found, note=reason)
    except DraftRefused:
        return None
