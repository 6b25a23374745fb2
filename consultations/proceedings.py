"""A consultation as its parties read it: everything that was said, what is due, what each may do now."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from consultations import permissions
from consultations.clock import Deadline
from consultations.model import Consultation, Position, newest
from consultations.office import Consulting
from consultations.procedure import allowed, asked_of, party_of
from consultations.records import SET_ASIDE, Event, read_events
from register.drafts.actors import Actor
from register.drafts.model import Draft
from register.measures import STATES

COMMISSION: Final = "EEC"
"""The Commission among the parties, where a party is a key."""


def party_key(party: str | None) -> str:
    """A party as a key: the state, or ``EEC``."""
    return party or COMMISSION


async def proceedings(office: Consulting, known: Consultation, who: Actor) -> dict[str, Any]:
    """Everything: the public record, the parties' own, positions with revisions, comments, documents, history."""
    db, today = office.database, office.service.today()
    record = office.record(known)
    state = office.consensus(known)
    events = [one for one in await read_events(db, known.id) if _shown(one, who)]
    return {
        "id": known.id,
        "version": known.version,
        "status": record["status"] if record["status"] == "entered_in_register" else known.status,
        "record": record,
        **{name: value for name, value in known.private().items() if name not in ("status", "version")},
        "positions": [_positions(known, party) for party in (*STATES, None)],
        "consensus": {
            "reached": state.reached,
            "objecting": state.objecting,
            "silent": state.silent,
            "waiting": state.waiting,
        },
        "comments": [one.private() for one in known.comments],
        "documents": [one.private() for one in known.documents],
        "history": [one.private() for one in events],
        "deadlines": [due(one) for one in office.deadlines(record)],
        "drafts": [_draft(one) for one in await permissions.drafts_of(db, known.id)],
        "party": party_key(party_of(who)) if who.role in ("official", "clerk", "approver") else None,
        "allowed": allowed(known, who, today),
        "asked": asked_of(known, who, today),
    }


def glance(office: Consulting, known: Consultation, who: Actor) -> dict[str, Any]:
    """One line of a list: the public record, each party's stance, what is asked of the reader and until when."""
    record = office.record(known)
    stated = newest(known.positions)
    today = office.service.today()
    return {
        "id": known.id,
        "version": known.version,
        "status": record["status"] if record["status"] == "entered_in_register" else known.status,
        "record": record,
        "positions": {party_key(party): _stance(stated.get(party)) for party in (*STATES, None)},
        "deadlines": [due(one) for one in office.deadlines(record)],
        "asked": asked_of(known, who, today),
        "updated_at": known.updated_at,
    }


def due(one: Deadline) -> dict[str, Any]:
    """A target date with its reckoning."""
    return {
        "name": one.name,
        "state": one.state,
        "day": one.day.isoformat(),
        "start": one.start.isoformat(),
        "target": str(one.target),
        "skipped": [{"day": noted.day.isoformat(), "why": dict(noted.why)} for noted in one.skipped],
        "provisional": one.provisional,
        "met": one.met,
        "reckoning": one.reckoning(),
    }


def _shown(event: Event, who: Actor) -> bool:
    """What was set aside is its sender's own."""
    return event.action != SET_ASIDE or (who.id is not None and event.by == who.id)


def _positions(known: Consultation, party: Any) -> Mapping[str, Any]:
    revisions = [one for one in known.positions if one.party == party]
    return {
        "party": party_key(party),
        "stance": revisions[-1].stance if revisions else None,
        "reasons": revisions[-1].reasons if revisions else None,
        "revisions": [one.private() for one in revisions],
    }


def _stance(position: Position | None) -> str | None:
    return None if position is None else position.stance


def _draft(draft: Draft) -> dict[str, Any]:
    return {"id": draft.id, "kind": draft.kind, "state": draft.state, "measure": draft.measure}
