"""From a decision of P24 into the Register: the drafts that it makes, and the decisions that still wait.

The decision is the subcommittee's; what puts it on a measure is an ordinary draft with four eyes. The draft is made by
the person who records the decision, so that another one approves it. A decision that does not cover every goods line of
a measure is never put on it (HD17): it waits, and says why.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from consultations.clock import Deadline
from consultations.model import Consultation
from consultations.rules import ConsultationRefused
from register.coverage import recorded
from register.database import Database
from register.drafts import commands as drafts
from register.drafts.actors import Actor
from register.drafts.contents import Knows
from register.drafts.model import Draft
from register.drafts.overlaps import waiting_permissions
from register.drafts.records import read_draft
from register.drafts.rules import HD17
from register.facts import Version
from register.findings import Finding, Refused
from register.index import Register
from register.measures import Measure
from register.permitted import content_faults, declaration_of, every_place, version_faults, waiting_decisions
from register.recording import UnknownMeasure, current, joined

UNDER_WAY: Final = ("draft", "submitted", "returned", "approved")

matching = waiting_permissions
"""The waiting decisions that a candidate for the Register may bear: offered to the clerk who drafts it."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A decision that stands on no measure yet.

    ``draft`` is the draft that puts it there, where there is one; ``measure`` the measure of the Register that it may
    be put on; ``in_the_way`` says why it may not be put on the measure that the plan names.
    """

    consultation: str
    state: str
    title: Mapping[str, str | None]
    goods: list[dict[str, Any]]
    protocol: Mapping[str, str]
    permission: Mapping[str, Any]
    concluded_on: str
    due: Deadline | None = None
    draft: int | None = None
    measure: str | None = None
    in_the_way: tuple[Finding, ...] = ()

    def public(self) -> dict[str, Any]:
        """The decision as the API gives it to staff."""
        return {
            "consultation": self.consultation,
            "state": self.state,
            "title": self.title,
            "goods": self.goods,
            "protocol": self.protocol,
            "permission": self.permission,
            "concluded_on": self.concluded_on,
            "due": None if self.due is None else self.due.day.isoformat(),
            "draft": self.draft,
            "measure": self.measure,
            "in_the_way": [{"pointer": one.pointer, "rule": one.rule, "text": one.text} for one in self.in_the_way],
        }


@dataclass(frozen=True, slots=True)
class Deciding:
    """The person who records a decision of the subcommittee, as the author of the draft that it makes.

    An approver drafts nothing otherwise; whoever is the author never approves the draft.
    """

    who: Actor

    @property
    def id(self) -> int | None:
        """The account."""
        return self.who.id

    @property
    def name(self) -> str:
        """The person's name."""
        return self.who.name

    @property
    def role(self) -> str | None:
        """The person's role."""
        return self.who.role

    @property
    def state(self) -> str | None:
        """The person's state."""
        return self.who.state

    def can(self, action: str) -> bool:
        """What the person may do, and to write and submit this one draft."""
        return action in ("draft.write", "draft.submit", "draft.return") or self.who.can(action)


# What waits


def waiting(
    register: Register,
    under_way: Mapping[str, int] | None = None,
    due: Callable[[Mapping[str, Any]], Deadline | None] = lambda _: None,
) -> list[Waiting]:
    """The decisions that stand on no measure yet, oldest first.

    ``under_way`` are the drafts that put them there (``drafts_under_way``), ``due`` gives the target date of entry.
    """
    made = under_way or {}
    return [_waiting(register, record, made.get(record["id"]), due(record)) for record in waiting_decisions(register)]


def _waiting(register: Register, record: Mapping[str, Any], draft: int | None, due: Deadline | None) -> Waiting:
    measure, faults = _place(register, record)
    return Waiting(
        record["id"],
        record["state"],
        record["title"],
        record["goods"],
        record["protocol"],
        record["permission"],
        record["concluded_on"],
        due,
        draft,
        measure,
        faults,
    )


def _place(register: Register, record: Mapping[str, Any]) -> tuple[str | None, tuple[Finding, ...]]:
    """The measure on which a decision may be put, or what keeps it from the one that the plan names."""
    named = record["measure"]
    if named is None:
        return find_measure(register, record), ()
    version = register.version(named)
    if version is None:
        return None, ()
    faults = version_faults(record, version)
    found = tuple(HD17.found(ru, en, pointer) for ru, en, pointer in faults)
    return (None if found else named), found


def find_measure(register: Register, record: Mapping[str, Any]) -> str | None:
    """The measure of the same state whose every goods line the permission covers and whose days it meets.

    Where there are several, none: a person chooses, by making the draft on one of them. Nor one that bears the
    permission of another decision already: that one is replaced by nobody but a person.
    """
    touched = {
        line.version
        for goods in record["permission"]["goods"]
        for line, _ in register.matches(recorded(goods).span.members_prefix)
        if line.version.state == record["state"] and not _permitted(line.version)
    }
    found = [version.id for version in touched if not version_faults(record, version)]
    return found[0] if len(found) == 1 else None


def _permitted(version: Version) -> bool:
    return version.permitted_from <= version.permitted_to


async def drafts_under_way(db: Database) -> dict[str, int]:
    """By consultation, the draft that puts its permission on a measure and is not published yet."""
    marks = ", ".join(["{}"] * len(UNDER_WAY))
    rows = await db.fetch_rows(
        f"SELECT consultation, draft FROM consultation_draft JOIN draft ON draft.id = draft "  # noqa: S608
        f"WHERE consultation_draft.kind = 'permit' AND draft.state IN ({marks}) ORDER BY draft",
        *UNDER_WAY,
    )
    return {row[0]: int(row[1]) for row in rows}


async def drafts_of(db: Database, consultation: str) -> list[Draft]:
    """Every draft that a consultation made, oldest first."""
    rows = await db.fetch_rows(
        "SELECT draft FROM consultation_draft WHERE consultation = {} ORDER BY draft", consultation
    )
    return [await read_draft(db, int(row[0])) for row in rows]


# Into the Register


async def measure_of(db: Database, known: Consultation, register: Register | None) -> str | None:
    """The measure on which the permission may be put at once; None where it waits.

    The one that the plan names, as the journal has it now; otherwise the only one that ``register`` finds.
    """
    record = known.public()
    named = known.plan.measure
    if named is None and register is not None:
        named = find_measure(register, record)
    if named is None:
        return None
    return named if not _faults(record, await current(db, named)) else None


async def draft_permission(
    db: Database,
    known: Consultation,
    measure: str,
    who: Actor,
    *,
    now: datetime,
    today: date,
    knows: Knows | None = None,
) -> Draft:
    """A draft that puts the permission on a measure of the Register, submitted where no rule refuses it.

    One that is under way already is given back. Raises ``ConsultationRefused`` by HD17 with what is in the way.
    """
    async with joined(db):
        for made in await drafts_of(db, known.id):
            if made.kind == "permit" and made.state in UNDER_WAY:
                return made
        record = known.public()
        try:
            held = await current(db, measure)
        except UnknownMeasure:
            raise ConsultationRefused(
                HD17.found("Такой меры в Реестре нет", "The Register has no such measure", "/measure")
            ) from None
        _refuse(_faults(record, held))
        if _stands(held, known.id):
            raise ConsultationRefused(
                HD17.found("Решение уже внесено в эту меру", "The decision stands on this measure already", "/measure")
            )
        content = {"declaration": declaration_of(record)}
        return await _drafted(db, known, "permit", measure, content, who, now, today, knows)


async def draft_revocation(
    db: Database,
    known: Consultation,
    register: Register | None,
    who: Actor,
    *,
    now: datetime,
    today: date,
    knows: Knows | None = None,
) -> list[Draft]:
    """A draft that ends the permission, for each measure on which it stands.

    ``register`` names the measures, and the drafts that were published meanwhile name theirs; whether the permission
    stands there is told by the journal as it is now.
    """
    if known.revocation is None:
        return []
    places = [] if register is None else [place["measure"] for place in every_place(register, known.id)]
    made = [draft.measure for draft in await drafts_of(db, known.id) if draft.state == "published" and draft.measure]
    content = known.revocation.model_dump(mode="json")
    return [
        await _drafted(db, known, "revoke", measure, content, who, now, today, knows)
        for measure in dict.fromkeys([*places, *made])
        if _stands(await current(db, measure), known.id)
    ]


def _stands(measure: Measure, consultation: str) -> bool:
    held = measure.declaration
    return held is not None and held.permitted and held.consultation == consultation


async def take_back(db: Database, known: Consultation, who: Actor, *, now: datetime) -> None:
    """Take the drafts of a permission that is revoked out of the work."""
    reason = f"Решение отменено, {known.id} / The permission is revoked, {known.id}"
    author = Deciding(who)
    for draft in await drafts_of(db, known.id):
        if draft.kind != "permit" or draft.state not in UNDER_WAY:
            continue
        if draft.state in ("submitted", "approved"):
            await drafts.send_back(db, draft.id, reason, author, now=now)
        await drafts.withdraw(db, draft.id, author, now=now, reason=reason)


async def _drafted(
    db: Database,
    known: Consultation,
    kind: Any,
    measure: str,
    content: dict[str, Any],
    who: Actor,
    now: datetime,
    today: date,
    knows: Knows | None,
) -> Draft:
    author = Deciding(who)
    draft = await drafts.create(db, author, kind, now=now, measure=measure, content=content)
    await db.execute(
        "INSERT INTO consultation_draft (draft, consultation, kind, measure, at) VALUES ({}, {}, {}, {}, {})",
        draft.id,
        known.id,
        kind,
        measure,
        now,
    )
    try:
        return await drafts.submit(db, draft.id, author, now=now, today=today, knows=knows)
    except Refused:
        # Nothing was written by the refused step: it stays a draft, and its preview says what the rules find.
        return draft


def _faults(record: Mapping[str, Any], measure: Measure) -> list[Finding]:
    bare = measure.model_copy(update={"declaration": None})
    return [HD17.found(ru, en, pointer) for ru, en, pointer in content_faults(record, bare)]


def _refuse(found: list[Finding]) -> None:
    if found:
        raise ConsultationRefused(*found)
