"""Writing the public part of a consultation into the journal: one entry for every change of it (P24)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final, Literal

from consultations.model import Consultation
from register.database import Database
from register.entries import Entry, EntryType
from register.journal import PreparedEntry, append
from register.measures import Act, Protocol
from register.recording import SUBCOMMITTEE, prepared
from register.summaries import summary

RULE: Final = "P24"
_COUNTED: Final = ("version", "seq")


async def enter(
    db: Database,
    type_: EntryType,
    before: Consultation | None,
    after: Consultation,
    now: datetime,
    acts: Sequence[dict[str, Any]] = (),
) -> Consultation:
    """The consultation with its new entry; as it was given where nothing public has changed.

    In the caller's transaction. ``now`` is UTC. Raises ``DatabaseError``.
    """
    known = None if before is None else before.public()
    if known is not None and _facts(known) == _facts(after.public()):
        return after
    made: list[Consultation] = []

    def make(seq: int, recorded_at: datetime) -> PreparedEntry:
        numbered = replace(after, seq=seq, public_version=1 if before is None else before.public_version + 1)
        made.append(numbered)
        record = numbered.public()
        return prepared(
            Entry(
                seq=seq,
                recorded_at=recorded_at,
                type=type_,
                subject=after.id,
                reason="legal_change",
                summary=summary(type_, known, record),
                before=known,
                after=record,
                acts=acts,
                rule=RULE,
            )
        )

    await append(db, make, clock=lambda: now)
    return made[-1]


def protocol_act(role: Literal["introduces", "terminates"], protocol: Protocol) -> dict[str, Any]:
    """The protocol of the subcommittee as the act on which an entry rests."""
    act = Act(role=role, issuer=SUBCOMMITTEE, type="Протокол", number=protocol.number, date=protocol.date)
    return act.model_dump(mode="json")


def _facts(record: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in record.items() if name not in _COUNTED}
