"""What the calls and the pages of consultations share: the service, the clock, the documents, who is told.

One object of a process, given to handlers as the dependency ``consulting``. It calls the commands with what they need:
the time, the present day, the due days of positions, the Register caught up.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from consultations import commands, permissions
from consultations.clock import Deadline, Targets, deadlines
from consultations.documents import DocumentCabinet
from consultations.happenings import Notifier, nobody
from consultations.model import Conclusion, Consultation, Meeting, Plan, Reasoned, Revocation, Said, Stated
from consultations.moved_days import Calendars
from consultations.permissions import Waiting
from consultations.procedure import Consensus, Due, consensus
from consultations.working_days import WorkingDays
from register.database import Database
from register.drafts.actors import Actor
from register.drafts.attachments import Stored
from register.drafts.model import Draft
from register.measures import State
from register.permitted import entered
from register.service import RegisterService


class Consulting:
    """The consultations of one process. Times are UTC, days those of the Commission's seat."""

    def __init__(
        self,
        service: RegisterService,
        cabinet: DocumentCabinet,
        calendars: Calendars,
        targets: Targets | None = None,
        notify: Notifier = nobody,
    ) -> None:
        self.service = service
        self.cabinet = cabinet
        self.calendars = calendars
        self.targets = targets or Targets()
        self.notify = notify

    @property
    def database(self) -> Database:
        """The database of the service."""
        return self.service.database

    @property
    def days(self) -> WorkingDays:
        """The calendars of the five states and of the Commission's seat, as this process read them last."""
        return self.calendars.days

    # The clock and what is computed on reading

    def deadlines(self, record: Mapping[str, Any]) -> list[Deadline]:
        """The target dates of a public record, with what the Register tells of its permission."""
        return deadlines(record, self.targets, self.days)

    def position_due(self, record: Mapping[str, Any]) -> Due:
        """The last day for the position of each state."""
        return {
            cast(State, one.state): one.day
            for one in self.deadlines(record)
            if one.name == "position" and one.state is not None
        }

    def consensus(self, known: Consultation) -> Consensus:
        """What the positions come to today."""
        return consensus(known, self.position_due(known.public()), self.service.today())

    def record(self, known: Consultation) -> dict[str, Any]:
        """The public record as everybody reads it, ``entered_in_register`` computed from the Register in memory."""
        record = known.public()
        place = entered(self.service.register, known.id) if known.permission is not None else None
        if place is None:
            return record
        status = "entered_in_register" if record["status"] == "consensus_permitted" else record["status"]
        return {**record, "status": status, "entered": place}

    async def waiting(self) -> list[Waiting]:
        """The decisions that stand on no measure yet, with the drafts that put them there and their target date."""
        await self.service.catch_up()
        made = await permissions.drafts_under_way(self.database)
        return permissions.waiting(self.service.register, made, self._entry_due)

    def _entry_due(self, record: Mapping[str, Any]) -> Deadline | None:
        return next((one for one in self.deadlines(record) if one.name == "entry"), None)

    # The steps

    async def initiate(self, who: Actor, plan: Plan) -> Consultation:
        """Open a consultation. This and the other steps raise as ``consultations.commands``."""
        return await commands.initiate(self.database, who, plan, **self._now())

    async def change_plan(self, identifier: str, plan: Plan, who: Actor, version: int | None = None) -> Consultation:
        """Change what it is about."""
        return await commands.change_plan(self.database, identifier, plan, who, version=version, **self._now())

    async def schedule(self, identifier: str, meeting: Meeting, who: Actor, version: int | None = None) -> Consultation:
        """Set the meeting."""
        return await commands.schedule(self.database, identifier, meeting, who, version=version, **self._now())

    async def state_position(
        self, identifier: str, stated: Stated, who: Actor, version: int | None = None
    ) -> Consultation:
        """State a position."""
        return await commands.state_position(self.database, identifier, stated, who, version=version, **self._now())

    async def comment(self, identifier: str, said: Said, who: Actor) -> Consultation:
        """Say something to the parties."""
        return await commands.comment(self.database, identifier, said, who, **self._now())

    async def add_document(self, identifier: str, stored: Stored, name: str, who: Actor) -> Consultation:
        """Give a kept file (``cabinet.store``) to the parties."""
        return await commands.add_document(self.database, identifier, stored, name, who, **self._now())

    async def conclude(
        self, identifier: str, conclusion: Conclusion, who: Actor, version: int | None = None
    ) -> Consultation:
        """Record the outcome; a permission becomes a draft or waits."""
        if not self.database.in_transaction:
            await self.service.catch_up()
        known = await commands.read(self.database, identifier)
        return await commands.conclude(
            self.database,
            identifier,
            conclusion,
            who,
            version=version,
            position_due=self.position_due(known.public()),
            register=self.service.register,
            knows=self.service.names.known,
            **self._now(),
        )

    async def withdraw(self, identifier: str, given: Reasoned, who: Actor, version: int | None = None) -> Consultation:
        """Take the initiative back."""
        return await commands.withdraw(self.database, identifier, given, who, version=version, **self._now())

    async def revoke(
        self, identifier: str, revocation: Revocation, who: Actor, version: int | None = None
    ) -> Consultation:
        """Record that a permission ends."""
        if not self.database.in_transaction:
            await self.service.catch_up()
        return await commands.revoke(
            self.database,
            identifier,
            revocation,
            who,
            version=version,
            register=self.service.register,
            knows=self.service.names.known,
            **self._now(),
        )

    async def draft_permission(self, identifier: str, measure: str, who: Actor) -> Draft:
        """A clerk puts a waiting decision on a measure of the Register, by a draft. Raises by HD17 or HD2."""
        return await commands.draft_permission(
            self.database,
            identifier,
            measure,
            who,
            now=self.service.now(),
            today=self.service.today(),
            knows=self.service.names.known,
        )

    def _now(self) -> dict[str, Any]:
        return {"now": self.service.now(), "today": self.service.today(), "notify": self.notify}
