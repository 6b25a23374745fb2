"""What is answered about consultations, and examples of it, for the OpenAPI document."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from consultations.model import Outcome, Status
from consultations.procedure import StepName
from register.api import schemas
from register.measures import Kind, State


class Goods(schemas.Span, kw_only=True):
    """A goods line of a consultation."""

    line: int
    excluded: list[schemas.Span] = msgspec.field(default_factory=list)


class Period(msgspec.Struct):
    """First and last day; an open end is null."""

    from_: schemas.Day = msgspec.field(name="from")
    to: schemas.Day | None = None


class Protocol(msgspec.Struct):
    """A protocol of the subcommittee."""

    number: str
    date: schemas.Day


class MeetingDay(msgspec.Struct):
    """The public part of a meeting."""

    date: schemas.Day


class PermissionInfo(msgspec.Struct):
    """For which goods, on which days, an origin declaration may be used."""

    goods: list[Goods]
    from_: schemas.Day = msgspec.field(name="from")
    to: schemas.Day | None = None


class RevocationInfo(msgspec.Struct):
    """The end of a permission."""

    protocol: Protocol
    last_day: schemas.Day


class Entered(msgspec.Struct):
    """The measure on which the permission stands, and the entry that put it there."""

    measure: str
    seq: schemas.Number


class ConsultationInfo(msgspec.Struct, kw_only=True):
    """The public record of a consultation. `entered` is there once the permission stands on a measure; `status` is
    `entered_in_register` then. `version` and `seq` are those of its newest entry."""

    id: str
    state: State
    initiator: State
    burdened: list[State]
    kind: Kind
    title: schemas.Text
    goods: list[Goods]
    planned: Period
    measure: str | None
    initiated_on: schemas.Day
    meeting: MeetingDay | None
    status: Status
    outcome: Outcome | None
    concluded_on: schemas.Day | None
    protocol: Protocol | None
    permission: PermissionInfo | None
    withdrawn_on: schemas.Day | None
    revocation: RevocationInfo | None
    version: int
    seq: schemas.Number
    entered: Entered | msgspec.UnsetType = msgspec.UNSET


class Person(msgspec.Struct):
    """Who did something."""

    id: int | None
    name: str


class Proceedings(msgspec.Struct, kw_only=True):
    """A consultation as its parties read it. `version` counts every change and is the `ETag`; `allowed` are the steps
    that are open to the caller now, `asked` those that are waited for. The Commission among the parties is `EEC` in
    `positions` and `party`; who acted for it has a `party` of null."""

    id: str
    version: int
    status: Status
    record: ConsultationInfo
    similar_goods: str | None
    burdens: list[dict[str, Any]]
    meeting: dict[str, Any] | None
    withdrawal_reason: str | None
    initiated_by: Person
    created_at: schemas.Moment
    updated_at: schemas.Moment
    positions: list[dict[str, Any]]
    consensus: dict[str, Any]
    comments: list[dict[str, Any]]
    documents: list[dict[str, Any]]
    history: list[dict[str, Any]]
    deadlines: list[dict[str, Any]]
    drafts: list[dict[str, Any]]
    party: str | None
    allowed: list[StepName]
    asked: list[StepName]


class ProceedingsList(msgspec.Struct):
    """Consultations as their parties read them, the newest first; go on with `next` until it is null."""

    items: list[dict[str, Any]]
    total: int
    complete: bool
    next: str | None


class WaitingList(msgspec.Struct):
    """Decisions that stand on no measure yet, the oldest first."""

    items: list[dict[str, Any]]
    total: int
    complete: bool


class MadeDraft(msgspec.Struct):
    """The draft that puts a permission on a measure."""

    id: int
    kind: str
    state: str
    measure: str | None


_LINE: Final[dict[str, Any]] = {
    "line": 1,
    "code_from": "7801",
    "code_to": None,
    "partial": False,
    "description": {"ru": "Свинец необработанный", "en": None},
    "excluded": [],
}
RECORD: Final[dict[str, Any]] = {
    "id": "C-2026-003",
    "state": "KG",
    "initiator": "KZ",
    "burdened": ["KZ"],
    "kind": "export_prohibition",
    "title": {"ru": "Запрет вывоза свинца", "en": None},
    "goods": [_LINE],
    "planned": {"from": "2026-12-15", "to": "2027-06-15"},
    "measure": None,
    "initiated_on": "2026-11-22",
    "meeting": {"date": "2026-12-08"},
    "status": "scheduled",
    "outcome": None,
    "concluded_on": None,
    "protocol": None,
    "permission": None,
    "withdrawn_on": None,
    "revocation": None,
    "version": 2,
    "seq": 118,
}
_DUE: Final[dict[str, Any]] = {
    "name": "position",
    "state": "AM",
    "day": "2026-12-11",
    "start": "2026-11-22",
    "target": "15 working",
    "skipped": [],
    "provisional": False,
    "met": None,
    "reckoning": {"ru": "15 рабочих дней …", "en": "15 working days …"},
}
PROCEEDINGS: Final[dict[str, Any]] = {
    "id": "C-2026-003",
    "version": 3,
    "status": "in_progress",
    "record": RECORD,
    "similar_goods": "Свинец рафинированный",
    "burdens": [{"state": "KZ", "claim": "Вывоз 40 тыс. т в год"}],
    "meeting": {"date": "2026-12-08", "time": "11:00", "place": "Москва", "link": None, "agenda": None},
    "withdrawal_reason": None,
    "initiated_by": {"id": 7, "name": "А. Ибраев"},
    "created_at": "2026-11-22T09:12:44.120Z",
    "updated_at": "2026-11-24T08:00:00.000Z",
    "positions": [{"party": "AM", "stance": "supports", "reasons": None, "revisions": []}],
    "consensus": {"reached": False, "objecting": [], "silent": ["BY"], "waiting": ["BY"]},
    "comments": [],
    "documents": [],
    "history": [],
    "deadlines": [_DUE],
    "drafts": [],
    "party": "KZ",
    "allowed": ["position", "comment", "document", "withdraw"],
    "asked": ["position"],
}
GLANCE: Final[dict[str, Any]] = {
    "id": "C-2026-003",
    "version": 3,
    "status": "in_progress",
    "record": RECORD,
    "positions": {"AM": "supports", "BY": None, "KZ": None, "KG": None, "RU": None, "EEC": None},
    "deadlines": [_DUE],
    "asked": ["position"],
    "updated_at": "2026-11-24T08:00:00.000Z",
}
WAITING: Final[dict[str, Any]] = {
    "consultation": "C-2026-003",
    "state": "KG",
    "title": RECORD["title"],
    "goods": [_LINE],
    "protocol": {"number": "14", "date": "2026-12-08"},
    "permission": {"goods": [_LINE], "from": "2026-12-15", "to": None},
    "concluded_on": "2026-12-09",
    "due": "2026-12-16",
    "draft": None,
    "measure": None,
    "in_the_way": [],
}
