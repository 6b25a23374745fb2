"""Writing an entry about a measure into the journal: the latest record, the entry from a change, its bytes.

The commands are in ``register.publication``; here is what they share with the announcements. ``clock`` gives the time
of recording in UTC.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Literal

from register.change_rules import ASSIGNED, added_acts
from register.database import Database
from register.entries import Entry, EntryType, Reason, header
from register.findings import Action
from register.journal import PreparedEntry, append, latest
from register.measures import MEASURE_ID, Act, Measure, Notified, Protocol, Text, from_public
from register.summaries import summary

Clock = Callable[[], datetime]

_ENTRY_TYPES: Final[Mapping[Action, EntryType]] = {
    "include": "measure.included",
    "amend": "measure.amended",
    "extend": "measure.extended",
    "terminate": "measure.terminated",
    "correct": "measure.corrected",
    "permit": "declaration.permitted",
    "revoke": "declaration.revoked",
}
SUBCOMMITTEE: Final = (
    "Консультативный комитет по торговле, подкомитет по таможенно-тарифному, нетарифному регулированию и защитным мерам"
)


class UnknownMeasure(LookupError):
    """The Register has no measure of this number."""


@asynccontextmanager
async def joined(db: Database) -> AsyncIterator[None]:
    """The caller's open transaction, or one of its own."""
    if db.in_transaction:
        yield
    else:
        async with db.transaction():
            yield


def prepared(entry: Entry) -> PreparedEntry:
    """An entry as the journal keeps it: its canonical bytes and the header that names them."""
    body = entry.body()
    head = header(entry.seq, entry.recorded_at, entry.type, entry.subject, body)
    return PreparedEntry(entry.type, entry.subject, entry.reason, head, body)


async def current(db: Database, measure: str) -> Measure:
    """The measure as the journal has it now. Raises ``UnknownMeasure``."""
    stored = await latest(db, measure) if MEASURE_ID.match(measure) else None
    if stored is None:
        raise UnknownMeasure(f"no measure {measure} in the Register / в Реестре нет меры {measure}")
    return from_public(json.loads(stored.body)["after"])


@dataclass(frozen=True, slots=True)
class Recording:
    """An entry before it has its number."""

    measure: str
    action: Action
    version: int
    before: Measure | None
    content: Notified
    on: date
    reason: Reason
    note: Text | None = None
    protocol: Protocol | None = None

    def measure_at(self, seq: int) -> Measure:
        """The measure as entry ``seq`` makes it."""
        data = self.content.model_dump(by_alias=True, exclude=set(ASSIGNED))
        return Measure.model_validate({**data, "id": self.measure, "version": self.version, "seq": seq})

    def entry(self, measure: Measure, recorded_at: datetime) -> Entry:
        """The entry that says so; its records show the status of the day of recording."""
        type_ = _ENTRY_TYPES[self.action]
        before = None if self.before is None else self.before.public(self.on)
        after = measure.public(self.on)
        note = None if self.note is None else self.note.model_dump()
        protocol = None if self.protocol is None else self.protocol.model_dump(mode="json")
        return Entry(
            seq=measure.seq,
            recorded_at=recorded_at,
            type=type_,
            subject=measure.id,
            reason=self.reason,
            summary=summary(type_, before, after, note=note, protocol=protocol),
            before=before,
            after=after,
            acts=[act.model_dump(mode="json") for act in self._acts(measure)],
            rule="P24" if self.action in ("permit", "revoke") else "A4(4)",
        )

    def _acts(self, measure: Measure) -> list[Act]:
        """What this entry rests on: the acts that it adds, or the protocol of point 24."""
        if self.protocol is not None:
            role: Literal["introduces", "terminates"] = "introduces" if self.action == "permit" else "terminates"
            number, day = self.protocol.number, self.protocol.date
            return [Act(role=role, issuer=SUBCOMMITTEE, type="Протокол", number=number, date=day)]
        return measure.acts if self.before is None else added_acts(self.before, measure)


async def record(db: Database, recording: Recording, clock: Clock) -> Measure:
    made: list[Measure] = []

    def make(seq: int, recorded_at: datetime) -> PreparedEntry:
        measure = recording.measure_at(seq)
        made.append(measure)
        return prepared(recording.entry(measure, recorded_at))

    await append(db, make, clock=clock)
    return made[-1]
