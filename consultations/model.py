"""A consultation of P24 as plain values: what is public of it, and what belongs to its parties.

Pure: no database, no web. Days are those of the Commission's seat, times UTC; the time of a meeting is that of the
Commission's seat. ``public()`` is the record that the journal publishes; everything else is for the parties.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any, Final, Literal, Self, get_args

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from register.measures import (
    MEASURE_ID,
    STATES,
    Day,
    Exclusion,
    Kind,
    Line,
    Protocol,
    Record,
    Span,
    State,
    Text,
)

Status = Literal[
    "initiated",
    "scheduled",
    "in_progress",
    "consensus_permitted",
    "consensus_not_permitted",
    "no_consensus",
    "withdrawn",
    "entered_in_register",
    "revoked",
]
Stance = Literal["supports", "objects", "abstains"]
Outcome = Literal["consensus_permitted", "consensus_not_permitted", "no_consensus"]
Party = State | None
"""Who takes part: a state, or None for the Commission."""

STATUSES: Final[tuple[Status, ...]] = get_args(Status)
STANCES: Final[tuple[Stance, ...]] = get_args(Stance)
OUTCOMES: Final[tuple[Outcome, ...]] = get_args(Outcome)
OPEN: Final[tuple[Status, ...]] = ("initiated", "scheduled", "in_progress")
"""While nothing is decided and nothing withdrawn."""
PUBLIC_STATUSES: Final[tuple[Status, ...]] = tuple(status for status in STATUSES if status != "in_progress")

STANCE_NAMES: Final[dict[Stance, dict[str, str]]] = {
    "supports": {"ru": "поддерживает", "en": "supports"},
    "objects": {"ru": "возражает", "en": "objects"},
    "abstains": {"ru": "воздерживается", "en": "abstains"},
}

CONSULTATION_ID: Final = r"^C-\d{4}-\d{3,6}$"

Time = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
"""A time of day at the Commission's seat."""
Address = Annotated[str, Field(min_length=1, max_length=2000)]


class Goods(Span):
    """A goods line of a consultation: the codes, what is taken out of them, the description."""

    line: Annotated[int, Field(ge=1, le=10_000)]
    excluded: Annotated[list[Exclusion], Field(default_factory=list, max_length=1000)]

    def public(self) -> dict[str, Any]:
        """The line in the fields and order of the contract."""
        data = self.model_dump(mode="json")
        return {name: data[name] for name in ("line", "code_from", "code_to", "partial", "description", "excluded")}


def _numbered(goods: list[Goods]) -> list[Goods]:
    if len({line.line for line in goods}) != len(goods):
        raise ValueError("two goods lines bear one number / две товарные строки с одним номером")
    return goods


def _placed(goods: Any) -> Any:
    """A goods line without a number takes its place in the list as one."""
    if not isinstance(goods, list):
        return goods
    return [
        {**line, "line": place} if isinstance(line, dict) and line.get("line") is None else line
        for place, line in enumerate(goods, start=1)
    ]


GoodsLines = Annotated[
    list[Goods], Field(min_length=1, max_length=5000), BeforeValidator(_placed), AfterValidator(_numbered)
]


class Period(Record):
    """First and last day; an open end is None."""

    from_: Annotated[Day, Field(alias="from")]
    to: Day | None = None

    @model_validator(mode="after")
    def _dates(self) -> Self:
        if self.to and self.to < self.from_:
            raise ValueError("the period ends before it begins / период кончается раньше начала")
        return self


class Burden(Record):
    """A state whose export is said to be seriously burdened, and how (P24). ``claim`` is for the parties."""

    state: State
    claim: Line


def _measure(value: str) -> str:
    if not MEASURE_ID.fullmatch(value):
        raise ValueError("the id of a measure, such as KG-2026-021 / номер меры, например KG-2026-021")
    return value


class Plan(Record):
    """What the consultation is about: the planned measure, the similar goods, the exports that it would burden.

    ``measure`` is the measure of the Register that the plan concerns, None where there is none yet. ``similar_goods``
    and the claims are for the parties; the rest is public.
    """

    state: State
    kind: Kind
    title: Text
    goods: GoodsLines
    planned: Period
    measure: Annotated[str, AfterValidator(_measure)] | None = None
    similar_goods: Line | None = None
    burdens: Annotated[list[Burden], Field(min_length=1, max_length=5)]

    @property
    def burdened(self) -> tuple[State, ...]:
        """The states whose exports are burdened, in the order of the contract."""
        return tuple(state for state in STATES if any(one.state == state for one in self.burdens))


class Meeting(Record):
    """A meeting of the subcommittee. Its day is public; time, place, link and agenda are for the parties."""

    date: Day
    time: Time | None = None
    place: Annotated[str, Field(min_length=1, max_length=1000)] | None = None
    link: Address | None = None
    agenda: Line | None = None


class Stated(Record):
    """What a party says; an objection gives its reasons."""

    stance: Stance
    reasons: Line | None = None


class Permission(Record):
    """The decision that an origin declaration may be used: for which goods, on which days (None: no end)."""

    goods: GoodsLines
    from_: Annotated[Day, Field(alias="from")]
    to: Day | None = None

    @model_validator(mode="after")
    def _dates(self) -> Self:
        if self.to and self.to < self.from_:
            raise ValueError("the permission ends before it begins / разрешение кончается раньше начала")
        return self

    def public(self) -> dict[str, Any]:
        """The permission in the fields of the contract."""
        return {"goods": [line.public() for line in self.goods], "from": _iso(self.from_), "to": _iso(self.to)}


class Conclusion(Record):
    """How the Commission closes a consultation, by the protocol of the subcommittee."""

    outcome: Outcome
    protocol: Protocol
    permission: Permission | None = None


class Revocation(Record):
    """The end of a permission by a later decision: its protocol and the last day of the permission."""

    protocol: Protocol
    last_day: Day


class Reasoned(Record):
    """A withdrawal; an empty reason is refused by the rule that asks for one. For the parties only."""

    reason: Annotated[str, Field(max_length=20_000)] = ""


class Said(Record):
    """A comment, or an answer to the comment ``parent``. For the parties only."""

    text: Annotated[str, Field(max_length=20_000)]
    parent: Annotated[int, Field(ge=1, lt=2**53)] | None = None


@dataclass(frozen=True, slots=True)
class Position:
    """What a party stated; every revision is kept, the newest counts. ``party`` None is the Commission."""

    party: Party
    revision: int
    stance: Stance
    reasons: str | None
    at: datetime
    by: int | None
    by_name: str

    def private(self) -> dict[str, Any]:
        """The revision as the parties read it."""
        return {
            "party": self.party,
            "revision": self.revision,
            "stance": self.stance,
            "reasons": self.reasons,
            "at": self.at,
            "by": {"id": self.by, "name": self.by_name},
        }


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment of a party; ``parent`` is the comment that it answers, None for the head of a thread."""

    id: int
    parent: int | None
    party: Party
    text: str
    at: datetime
    by: int | None
    by_name: str

    def private(self) -> dict[str, Any]:
        """The comment as the parties read it."""
        return {
            "id": self.id,
            "parent": self.parent,
            "party": self.party,
            "text": self.text,
            "at": self.at,
            "by": {"id": self.by, "name": self.by_name},
        }


@dataclass(frozen=True, slots=True)
class Document:
    """A file that a party gave, kept under its SHA-256. ``name`` is what its sender called it."""

    sha256: str
    name: str
    size: int
    media_type: str
    party: Party
    at: datetime
    by: int | None
    by_name: str

    def private(self) -> dict[str, Any]:
        """The document as the parties read it."""
        return {
            "sha256": self.sha256,
            "name": self.name,
            "size": self.size,
            "media_type": self.media_type,
            "party": self.party,
            "at": self.at,
            "by": {"id": self.by, "name": self.by_name},
        }


@dataclass(frozen=True, slots=True)
class Consultation:
    """A consultation as it stands. ``status`` is the one kept: ``entered_in_register`` is computed on reading.

    ``version`` counts every change and is what ``If-Match`` asks; ``public_version`` counts the entries of the journal
    only, so that the public record does not tell how often the parties spoke. ``seq`` is its newest entry.
    """

    id: str
    initiator: State
    plan: Plan
    status: Status
    version: int
    public_version: int
    seq: int
    initiated_on: date
    created_at: datetime
    updated_at: datetime
    initiated_by: int | None
    initiated_by_name: str
    meeting: Meeting | None = None
    conclusion: Conclusion | None = None
    concluded_on: date | None = None
    withdrawn_on: date | None = None
    withdrawal_reason: str | None = None
    revocation: Revocation | None = None
    positions: tuple[Position, ...] = ()
    comments: tuple[Comment, ...] = ()
    documents: tuple[Document, ...] = ()

    @property
    def state(self) -> State:
        """The state that plans the measure."""
        return self.plan.state

    @property
    def burdened(self) -> tuple[State, ...]:
        """The states whose exports the measure would burden."""
        return self.plan.burdened

    @property
    def permission(self) -> Permission | None:
        """What was permitted, where it was."""
        return None if self.conclusion is None else self.conclusion.permission

    @property
    def is_open(self) -> bool:
        """Whether it is neither decided nor withdrawn."""
        return self.status in OPEN

    @property
    def public_status(self) -> Status:
        """The status that everybody sees: that positions come in is the parties' own."""
        if self.status == "in_progress":
            return "initiated" if self.meeting is None else "scheduled"
        return self.status

    def position(self, party: Party) -> Position | None:
        """The newest position of a party; None where it has stated none."""
        return next((one for one in reversed(self.positions) if one.party == party), None)

    def public(self) -> dict[str, Any]:
        """The public record, in the fields of the contract; nothing of it is the parties' own."""
        plan, conclusion, revocation = self.plan, self.conclusion, self.revocation
        return {
            "id": self.id,
            "state": plan.state,
            "initiator": self.initiator,
            "burdened": list(plan.burdened),
            "kind": plan.kind,
            "title": plan.title.model_dump(),
            "goods": [line.public() for line in plan.goods],
            "planned": plan.planned.model_dump(mode="json", by_alias=True),
            "measure": plan.measure,
            "initiated_on": _iso(self.initiated_on),
            "meeting": None if self.meeting is None else {"date": _iso(self.meeting.date)},
            "status": self.public_status,
            "outcome": None if conclusion is None else conclusion.outcome,
            "concluded_on": _iso(self.concluded_on),
            "protocol": None if conclusion is None else conclusion.protocol.model_dump(mode="json"),
            "permission": None if self.permission is None else self.permission.public(),
            "withdrawn_on": _iso(self.withdrawn_on),
            "revocation": None if revocation is None else revocation.model_dump(mode="json"),
            "version": self.public_version,
            "seq": self.seq,
        }

    def private(self) -> dict[str, Any]:
        """What the parties read beside the public record; positions, comments and documents are given apart."""
        return {
            "status": self.status,
            "version": self.version,
            "similar_goods": self.plan.similar_goods,
            "burdens": [one.model_dump() for one in self.plan.burdens],
            "meeting": None if self.meeting is None else self.meeting.model_dump(mode="json"),
            "withdrawal_reason": self.withdrawal_reason,
            "initiated_by": {"id": self.initiated_by, "name": self.initiated_by_name},
            "created_at": self.created_at,
            "updated_at": self.updated_at,
        }


def newest(positions: Sequence[Position]) -> dict[Party, Position]:
    """The position that counts of each party that has stated one."""
    return {one.party: one for one in positions}


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
