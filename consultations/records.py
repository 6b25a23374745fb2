"""A consultation as the database keeps it: its row, positions, comments, documents and history. Times are UTC."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, cast

from consultations.model import (
    CONSULTATION_ID,
    Comment,
    Conclusion,
    Consultation,
    Document,
    Meeting,
    Party,
    Plan,
    Position,
    Revocation,
    Status,
)
from register.database import Database
from register.drafts.actors import Actor
from register.drafts.records import dumped, loaded
from register.measures import State

SET_ASIDE: Final = "set_aside"
"""The event that keeps what could not be done because somebody else had acted before."""
_ID: Final = re.compile(CONSULTATION_ID)
_COLUMNS: Final = (
    "id, status, content, version, public_version, seq, initiated_on, created_at, updated_at, initiator, initiated_by, "
    "initiated_by_name"
)


class UnknownConsultation(LookupError):
    """There is no consultation of this number."""


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened to a consultation. ``content`` is the private record where the step changed it.

    ``note`` says what a step was about: the outcome, the hash of a document. For the parties only.
    """

    id: int
    at: datetime
    by: int | None
    by_name: str
    party: Party
    action: str
    from_status: Status
    status: Status
    version: int
    note: str | None
    content: dict[str, Any] | None = None

    def private(self) -> dict[str, Any]:
        """The event as the parties read it."""
        return {
            "at": self.at,
            "by": {"id": self.by, "name": self.by_name},
            "party": self.party,
            "action": self.action,
            "from_status": self.from_status,
            "status": self.status,
            "version": self.version,
            "note": self.note,
        }


@dataclass(frozen=True, slots=True)
class ConsultationFilter:
    """Which consultations are wanted; empty means all. ``states`` are any that are concerned."""

    states: frozenset[State] = frozenset()
    statuses: frozenset[Status] = frozenset()


def content_of(consultation: Consultation) -> dict[str, Any]:
    """What the row keeps as JSON: everything that steps change and that is no column of its own."""

    def plain(value: Any) -> Any:
        return None if value is None else value.model_dump(mode="json", by_alias=True)

    return {
        "plan": plain(consultation.plan),
        "meeting": plain(consultation.meeting),
        "conclusion": plain(consultation.conclusion),
        "concluded_on": _iso(consultation.concluded_on),
        "withdrawn_on": _iso(consultation.withdrawn_on),
        "withdrawal_reason": consultation.withdrawal_reason,
        "revocation": plain(consultation.revocation),
    }


async def read_consultation(db: Database, identifier: str) -> Consultation:
    """A consultation as it stands, with everything of its parties. Raises ``UnknownConsultation``."""
    rows = (
        await db.fetch(f"SELECT {_COLUMNS} FROM consultation WHERE id = {{}}", identifier)  # noqa: S608
        if _ID.fullmatch(identifier)
        else []
    )
    if not rows:
        raise UnknownConsultation("no such consultation / таких консультаций нет")
    return (await _whole(db, rows))[0]


async def list_consultations(
    db: Database, chosen: ConsultationFilter, *, before: str | None = None, limit: int = 1000
) -> list[Consultation]:
    """The newest consultations of a choice, below the number ``before``, with everything of their parties."""
    where, values = ["1 = 1"], list[Any]()
    if chosen.statuses:
        where.append(f"status IN ({', '.join(['{}'] * len(chosen.statuses))})")
        values += sorted(chosen.statuses)
    if before is not None:
        where.append("(created_at, id) < (SELECT created_at, id FROM consultation WHERE id = {})")
        values.append(before)
    rows = await db.fetch(
        f"SELECT {_COLUMNS} FROM consultation WHERE {' AND '.join(where)} "  # noqa: S608
        "ORDER BY created_at DESC, id DESC",
        *values,
    )
    # Who is burdened stands in the content; there are some dozens of consultations in a year.
    wanted = [row for row in rows if not chosen.states or chosen.states & _concerned(row)]
    return await _whole(db, wanted[:limit])


def _concerned(row: Mapping[str, Any]) -> set[State]:
    plan = loaded(row["content"])["plan"]
    return {row["initiator"], plan["state"], *(one["state"] for one in plan["burdens"])}


async def read_events(db: Database, identifier: str) -> list[Event]:
    """Everything that happened to a consultation, oldest first."""
    rows = await db.fetch(
        "SELECT id, at, by_account, by_name, party, action, from_status, status, version, note, content "
        "FROM consultation_event WHERE consultation = {} ORDER BY id",
        identifier,
    )
    return [
        Event(
            row["id"],
            row["at"],
            row["by_account"],
            row["by_name"],
            _party(row["party"]),
            row["action"],
            row["from_status"],
            row["status"],
            row["version"],
            row["note"],
            None if row["content"] is None else loaded(row["content"]),
        )
        for row in rows
    ]


async def insert(db: Database, made: Consultation) -> None:
    """Keep a new consultation."""
    await db.execute(
        "INSERT INTO consultation (id, status, state, initiator, content, version, public_version, seq, initiated_on, "
        "created_at, updated_at, initiated_by, initiated_by_name) "
        "VALUES ({}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {})",
        made.id,
        made.status,
        made.state,
        made.initiator,
        dumped(content_of(made)),
        made.version,
        made.public_version,
        made.seq,
        made.initiated_on,
        made.created_at,
        made.updated_at,
        made.initiated_by,
        made.initiated_by_name,
    )


async def update(db: Database, changed: Consultation) -> None:
    """Keep a changed consultation; its positions, comments and documents are appended apart."""
    await db.execute(
        "UPDATE consultation SET status = {}, state = {}, content = {}, version = {}, public_version = {}, seq = {}, "
        "updated_at = {} WHERE id = {}",
        changed.status,
        changed.state,
        dumped(content_of(changed)),
        changed.version,
        changed.public_version,
        changed.seq,
        changed.updated_at,
        changed.id,
    )


async def next_number(db: Database, year: int) -> int:
    """The next number of a year; given for ever, with the caller's transaction."""
    rows = await db.fetch_rows(
        "INSERT INTO consultation_number (year, last) VALUES ({}, 1) "
        "ON CONFLICT (year) DO UPDATE SET last = consultation_number.last + 1 RETURNING last",
        year,
    )
    return int(rows[0][0])


async def add_position(db: Database, identifier: str, one: Position) -> None:
    """Keep a revision of a position for ever."""
    await db.execute(
        "INSERT INTO consultation_position (consultation, party, revision, stance, reasons, at, by_account, by_name) "
        "VALUES ({}, {}, {}, {}, {}, {}, {}, {})",
        identifier,
        one.party or "",
        one.revision,
        one.stance,
        one.reasons,
        one.at,
        one.by,
        one.by_name,
    )


async def add_comment(db: Database, identifier: str, one: Comment) -> int:
    """Keep a comment for ever; its number."""
    rows = await db.fetch_rows(
        "INSERT INTO consultation_comment (consultation, party, parent, text, at, by_account, by_name) "
        "VALUES ({}, {}, {}, {}, {}, {}, {}) RETURNING id",
        identifier,
        one.party or "",
        one.parent,
        one.text,
        one.at,
        one.by,
        one.by_name,
    )
    return int(rows[0][0])


async def add_document(db: Database, identifier: str, one: Document) -> None:
    """Keep for ever that a file belongs to a consultation."""
    await db.execute(
        "INSERT INTO consultation_document (consultation, sha256, name, size, media_type, party, at, by_account, "
        "by_name) VALUES ({}, {}, {}, {}, {}, {}, {}, {}, {})",
        identifier,
        one.sha256,
        one.name,
        one.size,
        one.media_type,
        one.party or "",
        one.at,
        one.by,
        one.by_name,
    )


async def add_event(
    db: Database,
    consultation: Consultation,
    who: Actor,
    party: Party,
    action: str,
    was: Status,
    at: datetime,
    *,
    note: str | None = None,
    content: Mapping[str, Any] | None = None,
) -> None:
    """Keep for ever what happened; the consultation is as it stands after it, ``was`` its status before."""
    await db.execute(
        "INSERT INTO consultation_event (consultation, at, by_account, by_name, party, action, from_status, status, "
        "version, note, content) VALUES ({}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {})",
        consultation.id,
        at,
        who.id,
        who.name[:200],
        party or "",
        action,
        was,
        consultation.status,
        consultation.version,
        note,
        None if content is None else dumped(content),
    )


async def content_at(db: Database, identifier: str, version: int) -> dict[str, Any] | None:
    """What the consultation said at a version, without positions, comments and documents; None where it never was."""
    rows = await db.fetch_rows(
        "SELECT content FROM consultation_event WHERE consultation = {} AND version <= {} AND action <> {} "
        "AND content IS NOT NULL ORDER BY id DESC LIMIT 1",
        identifier,
        version,
        SET_ASIDE,
    )
    if not rows:
        return None
    content: dict[str, Any] = loaded(rows[0][0])
    return content


async def _whole(db: Database, rows: Sequence[Mapping[str, Any]]) -> list[Consultation]:
    chosen = [row["id"] for row in rows]
    positions = await _of(
        db, "consultation_position", "party, revision, stance, reasons, at, by_account, by_name", chosen
    )
    comments = await _of(db, "consultation_comment", "id, parent, party, text, at, by_account, by_name", chosen)
    documents = await _of(
        db, "consultation_document", "sha256, name, size, media_type, party, at, by_account, by_name", chosen
    )
    return [
        _consultation(
            row,
            tuple(Position(_party(p), *rest) for p, *rest in positions[row["id"]]),
            tuple(Comment(n, parent, _party(p), *rest) for n, parent, p, *rest in comments[row["id"]]),
            tuple(Document(h, n, s, t, _party(p), *rest) for h, n, s, t, p, *rest in documents[row["id"]]),
        )
        for row in rows
    ]


async def _of(db: Database, table: str, columns: str, chosen: Iterable[str]) -> dict[str, list[tuple[Any, ...]]]:
    """The rows of a table by consultation, in the order in which they were written."""
    found: dict[str, list[tuple[Any, ...]]] = {identifier: [] for identifier in chosen}
    if found:
        marks = ", ".join(["{}"] * len(found))
        rows = await db.fetch_rows(
            f"SELECT consultation, {columns} FROM {table} WHERE consultation IN ({marks}) ORDER BY id",  # noqa: S608
            *found,
        )
        for identifier, *values in rows:
            found[identifier].append(tuple(values))
    return found


def _consultation(
    row: Mapping[str, Any],
    positions: tuple[Position, ...],
    comments: tuple[Comment, ...],
    documents: tuple[Document, ...],
) -> Consultation:
    content = loaded(row["content"])

    def part(name: str, model: Any) -> Any:
        return None if content[name] is None else model.model_validate(content[name])

    return Consultation(
        id=row["id"],
        initiator=row["initiator"],
        plan=Plan.model_validate(content["plan"]),
        status=row["status"],
        version=row["version"],
        public_version=row["public_version"],
        seq=row["seq"],
        initiated_on=row["initiated_on"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        initiated_by=row["initiated_by"],
        initiated_by_name=row["initiated_by_name"],
        meeting=part("meeting", Meeting),
        conclusion=part("conclusion", Conclusion),
        concluded_on=_day(content["concluded_on"]),
        withdrawn_on=_day(content["withdrawn_on"]),
        withdrawal_reason=content["withdrawal_reason"],
        revocation=part("revocation", Revocation),
        positions=positions,
        comments=comments,
        documents=documents,
    )


def _party(kept: str) -> Party:
    return cast(State, kept) if kept else None


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
