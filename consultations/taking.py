"""What the steps of a consultation share: the check before each, the writing after it, what happens at once.

Inside the caller's transaction. Times are UTC, days those of the Commission's seat.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Any, Final

from consultations.happenings import Happening, HappeningKind, Notifier
from consultations.model import Consultation
from consultations.procedure import Due, StepName, of_person, party_of, refusals
from consultations.recording import enter
from consultations.records import (
    SET_ASIDE,
    Event,
    add_event,
    content_at,
    content_of,
    read_consultation,
    read_events,
    update,
)
from consultations.rules import ConsultationRefused
from register.database import Database
from register.differences import differences
from register.drafts.actors import Actor
from register.drafts.records import dumped, loaded
from register.entries import EntryType
from register.findings import Finding
from register.recording import joined

_ENTRIES: Final[Mapping[StepName, EntryType]] = {
    "change_plan": "consultation.initiated",
    "schedule": "consultation.scheduled",
    "conclude": "consultation.concluded",
    "revoke": "consultation.concluded",
    "withdraw": "consultation.withdrawn",
}
"""The kind of entry of a step that changes what is public."""


class ConsultationStale(Exception):
    """The consultation has changed since the version that the step was made from.

    ``since`` is what happened after it, ``base`` what the consultation said then, ``mine`` what was to be done: it is
    given back, and kept by ``set_aside``.
    """

    def __init__(
        self,
        consultation: Consultation,
        expected: int,
        step: StepName,
        base: Mapping[str, Any] | None,
        since: list[Event],
        mine: Any,
    ) -> None:
        self.theirs, self.expected, self.step, self.base = consultation, expected, step, base
        self.since, self.mine = since, mine
        super().__init__(f"{consultation.id} is at version {consultation.version}, the step was made from {expected}")

    def public(self) -> dict[str, Any]:
        """What changed, and what was sent: for the parties."""
        return {
            "version": self.theirs.version,
            "base": {"version": self.expected},
            "theirs": {
                "version": self.theirs.version,
                "status": self.theirs.status,
                "differences": differences(self.base or {}, content_of(self.theirs)),
                "events": [event.private() for event in self.since],
            },
            "mine": self.sent(),
        }

    def sent(self) -> Any:
        """What was to be done, as JSON."""
        return self.mine.model_dump(mode="json", by_alias=True) if hasattr(self.mine, "model_dump") else self.mine


async def set_aside(db: Database, stale: ConsultationStale, who: Actor, *, now: datetime) -> None:
    """Keep what could not be done because somebody else had acted before; the same of the same person once."""
    sent, known = stale.sent(), stale.theirs
    if sent is None:
        return
    async with joined(db):
        rows = await db.fetch_rows(
            "SELECT content FROM consultation_event WHERE consultation = {} AND action = {} AND by_name = {} "
            "ORDER BY id DESC LIMIT 1",
            known.id,
            SET_ASIDE,
            who.name[:200],
        )
        kept = {"step": stale.step, "from": stale.expected, "sent": sent}
        if rows and dumped(loaded(rows[0][0])) == dumped(kept):
            return
        await add_event(db, known, who, party_of(who), SET_ASIDE, known.status, now, note=stale.step, content=kept)


async def open_for(
    db: Database,
    identifier: str,
    step: StepName,
    who: Actor,
    given: Any,
    today: date,
    version: int | None,
    position_due: Due | None = None,
) -> Consultation:
    """The consultation, when the step may be taken on it as it stands now; inside the transaction that writes."""
    found = await read_consultation(db, identifier)
    # First who may at all: a stranger is not shown what changed.
    refuse(of_person(found, step, who))
    if version is not None and version != found.version:
        since = [one for one in await read_events(db, identifier) if one.version > version and one.action != SET_ASIDE]
        own = [one for one in since if one.action == "position" and one.party == party_of(who)]
        if step != "position" or own or version > found.version:
            base = await content_at(db, identifier, version)
            raise ConsultationStale(found, version, step, base, since, given)
    refuse(refusals(found, step, who, given, today, position_due))
    return found


async def take(
    db: Database,
    found: Consultation,
    changed: Consultation,
    step: StepName,
    kind: HappeningKind,
    who: Actor,
    now: datetime,
    notify: Notifier,
    *,
    note: str | None = None,
    acts: list[dict[str, Any]] | None = None,
) -> Consultation:
    """Write the next version: its entry where something public has changed, its row, its event; then tell."""
    after = replace(changed, version=found.version + 1, updated_at=now)
    if step in _ENTRIES:
        after = await enter(db, _ENTRIES[step], found, after, now, acts or ())
    await update(db, after)
    content = content_of(after)
    kept = content if content != content_of(found) else None
    await add_event(db, after, who, party_of(who), kind, found.status, now, note=note, content=kept)
    await tell(db, notify, kind, after, who, now)
    return await read_consultation(db, found.id)


async def tell(
    db: Database, notify: Notifier, kind: HappeningKind, known: Consultation, who: Actor, now: datetime
) -> None:
    await notify(db, Happening(kind, known.id, known.version, party_of(who), who.id, now))


def refuse(found: list[Finding]) -> None:
    """Raise what a rule refuses."""
    if found:
        raise ConsultationRefused(*found)
