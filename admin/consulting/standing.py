"""One consultation as its parties see it: record, positions at a glance, what is due, what comes of it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from consultations.clock import Deadline
from consultations.model import Comment, Consultation, Party, Position
from consultations.pages.reading import Record, whole
from consultations.procedure import Consensus, consensus
from register.index import Register
from register.measures import STATES, State
from register.permitted import ENTERED, PERMITTED, entered

PARTIES: Final[tuple[Party, ...]] = (*STATES, None)


def record_of(register: Register, known: Consultation) -> Record:
    """The record with the parties' own status, and the measure that it was entered on (P24)."""
    place = entered(register, known.id)
    status = ENTERED if place is not None and known.status == PERMITTED else known.status
    return whole({**known.public(), "status": status, "entered": place})


@dataclass(frozen=True, slots=True)
class Said:
    """What a party has said, or not: its newest position, the earlier ones newest first, until when it is asked."""

    party: Party
    own: bool
    position: Position | None
    earlier: tuple[Position, ...]
    due: Deadline | None


def glance(known: Consultation, due: Sequence[Deadline], own: Party | None, mine: bool) -> list[Said]:
    """The positions of the five states and the Commission; with ``mine`` that of the party ``own`` first."""
    found = []
    for party in PARTIES:
        held = [one for one in known.positions if one.party == party]
        until = next((one for one in due if one.name == "position" and one.state == party), None)
        newest = held[-1] if held else None
        found.append(Said(party, mine and party == own, newest, tuple(reversed(held[:-1])), until))
    return sorted(found, key=lambda one: not one.own)


def last_days(due: Iterable[Deadline]) -> dict[State, date]:
    """Until when each state is asked for its position."""
    days = {one.state: one.day for one in due if one.name == "position"}
    return {state: days[state] for state in STATES if state in days}


def computed(known: Consultation, due: Iterable[Deadline], today: date) -> Consensus:
    """What the positions come to on a day (HC11)."""
    return consensus(known, last_days(due), today)


@dataclass(frozen=True, slots=True)
class Thread:
    """A comment and the answers to it, oldest first."""

    first: Comment
    answers: tuple[Comment, ...]


def threads(comments: Sequence[Comment]) -> list[Thread]:
    """Comments under the one that began their thread, in the order in which the threads began."""
    head: dict[int, int] = {}
    for one in comments:
        head[one.id] = one.id if one.parent is None else head.get(one.parent, one.id)
    firsts = [one for one in comments if head[one.id] == one.id]
    return [Thread(one, tuple(x for x in comments if head[x.id] == one.id and x.id != one.id)) for one in firsts]
