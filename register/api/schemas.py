"""What the answers look like, for the OpenAPI document. Answers themselves go out as ready bytes."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from register.entries import EntryType, Reason
from register.measures import ActRole, Destination, Kind, State, Status, Transport
from register.proof import texts
from register.proof.parts import Counted, Journal, Next
from register.web import Finding

Day = Annotated[str, Meta(pattern=r"^\d{4}-\d{2}-\d{2}$", description="A calendar date, YYYY-MM-DD.")]
Moment = Annotated[str, Meta(description="A time in UTC, RFC 3339 with milliseconds.")]
Number = Annotated[int, Meta(ge=0, description="A number of an entry in the one sequence of the journal.")]
MatchWord = Literal["exact", "partial"]


class Text(msgspec.Struct):
    """A text in Russian, which governs, and in English; either may be null, not both."""

    ru: str | None = None
    en: str | None = None


class Act(msgspec.Struct):
    """The act by which a state introduces or changes a measure."""

    role: ActRole
    number: str
    date: Day
    issuer: str | None = None
    type: str | None = None
    title: str | None = None
    url: str | None = None


class Span(msgspec.Struct):
    """A TN VED code, or a range of codes of one length with both ends in it; `partial` is the «из» of an act."""

    code_from: str
    code_to: str | None = None
    partial: bool = False
    description: Text | None = None


class GoodsLine(Span, kw_only=True):
    """A line of goods, with what is taken out of it and its own dates where they differ."""

    line: int
    excluded: list[Span] = []
    valid_from: Day | None = None
    valid_to: Day | None = None
    included_on: Day | None = None


class Suspension(msgspec.Struct):
    """Days on which the measure is not in force, both included."""

    from_: Day = msgspec.field(name="from")
    to: Day | None = None


class Protocol(msgspec.Struct):
    """The protocol that holds the decision of P24."""

    number: str
    date: Day


class Declaration(msgspec.Struct):
    """Whether an origin declaration may be used by decision of a consultation (P24)."""

    permitted: bool
    from_: Day | None = msgspec.field(name="from", default=None)
    to: Day | None = None
    protocol: Protocol | None = None
    consultation: str | None = None


class Window(msgspec.Struct):
    """The days of P37(1), both included."""

    from_: Day = msgspec.field(name="from")
    until: Day


class Printed(msgspec.Struct):
    """The cells of a notified table as they stood."""

    kind: str | None = None
    goods: str | None = None
    codes: str | None = None
    term: str | None = None
    basis: str | None = None
    protocol: str | None = None


class LineMatch(msgspec.Struct):
    """A goods line that concerns the code asked, and the days on which it counts."""

    line: int
    match: MatchWord
    code_from: str
    code_to: str | None
    partial: bool
    counts_from: Day | None
    counts_to: Day | None


class Measure(msgspec.Struct):
    """A separate measure as the Register publishes it. `effective_to` is the last day in force, null is open-ended."""

    id: str
    state: State
    kind: Kind
    title: Text
    acts: list[Act]
    goods: list[GoodsLine]
    destination: Destination
    effective_from: Day
    included_on: Day
    status: Annotated[Status, Meta(description="As on the day asked; in entries, as on the day of recording.")]
    version: int
    seq: Number
    nomenclature: str
    transport: list[Transport] | None = None
    origin_condition: Text | None = None
    conditions: list[Text] = []
    effective_to: Day | None = None
    suspensions: list[Suspension] = []
    notified_on: Day | None = None
    declaration: Declaration | None = None
    declaration_window: Window | None = None
    printed: Printed | None = None
    matches: Annotated[list[LineMatch], Meta(description="Only where a code was asked.")] | msgspec.UnsetType = (
        msgspec.UNSET
    )


class MeasureList(msgspec.Struct):
    """A page of a list. `complete`: it holds everything that matches; otherwise `next` leads on, at the same `seq`."""

    items: list[Measure]
    total: int
    complete: bool
    next: str | None
    seq: Number


class Entry(msgspec.Struct):
    """One public fact of the journal."""

    seq: Number
    id: str
    recorded_at: Moment
    type: EntryType
    subject: str
    reason: Reason
    summary: Text
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    acts: list[Act]
    rule: str


class Version(msgspec.Struct):
    """A version of a measure with the entry that made it."""

    version: int
    seq: Number
    recorded_at: Moment
    type: EntryType
    reason: Reason
    summary: Text
    acts: list[Act]
    rule: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None


class History(msgspec.Struct):
    """Every version of a measure, newest first."""

    id: str
    items: list[Version]
    total: int
    seq: Number


class Difference(msgspec.Struct):
    """One field that differs; `field` is a path like a JSON pointer, goods by the number of their line."""

    field: str
    before: Any
    after: Any


class Comparison(msgspec.Struct):
    """The difference between two versions of a measure, field by field."""

    id: str
    from_: int = msgspec.field(name="from")
    to: int
    differences: list[Difference]
    seq: Number


class Changes(msgspec.Struct):
    """Entries after `after`. Go on with `next_after`; when it equals `head`, there is nothing more for now."""

    items: list[Entry]
    after: Number
    next_after: Number
    head: Number


class InclusionProof(msgspec.Struct):
    """That an entry is in the log of `tree_size` leaves (RFC 6962 section 2.1.1). Hashes are base64."""

    seq: Number
    leaf_index: int
    tree_size: int
    leaf_hash: str
    hashes: list[str]
    root: str
    header: Annotated[str, Meta(description="The leaf itself; it names the SHA-256 of the entry's bytes.")]


class TermsOfDeployment(msgspec.Struct):
    """What a deployment decides."""

    time_zone: str
    duties_until: Day | None
    demonstration: bool


class Snapshot(msgspec.Struct):
    """The whole Register as it was known at entry `seq`, whose log has the root `root` (base64)."""

    seq: Number
    recorded_at: Moment | None
    root: str
    measures: list[Measure]
    consultations: list[dict[str, Any]]


class CodeName(msgspec.Struct):
    """A code of the TN VED with its name; a name may be unknown."""

    code: str
    formatted: str
    name: Text | None


class CodeLine(LineMatch, kw_only=True):
    """A goods line on the code, with its measure and how that stands today."""

    id: str
    state: State
    kind: Kind
    title: Text
    effective_from: Day
    effective_to: Day | None
    included_on: Day
    status: Status
    version: int
    seq: Number


class CodePage(CodeName, kw_only=True):
    """A code, its name, what is above it, and the measures on it through time, latest start first."""

    edition: Annotated[str | None, Meta(description="The edition of the nomenclature that gives the names.")]
    ancestors: list[CodeName]
    children: Annotated[int, Meta(description="How many named codes stand directly under it.")]
    measures: list[CodeLine]
    seq: Number


class Note(msgspec.Struct):
    """A remark that goes with an answer and does not change it."""

    rule: str
    text: Text


class Ground(msgspec.Struct):
    """A rule that holds for the answer, with its measures."""

    rule: str
    text: texts.Text
    measures: list[str]


class ProofAnswer(msgspec.Struct):
    """Which proof of origin applies, on which grounds, and until when. `proof` is the lightest that is enough."""

    code: str
    date: Day
    known_at: Number
    certainty: Literal["certain", "description"]
    proof: Literal["none", "origin_declaration", "special_certificate", "outside_rules"]
    accepted: list[str]
    grounds: list[Ground]
    measures: list[Counted]
    considered: list[texts.Considered]
    compliance_required: Annotated[
        list[str], Meta(description="Measures of the state of origin itself with which compliance is not confirmed.")
    ]
    holds_until: Day | None
    next: Next | None
    notes: list[Note]
    journal: Journal


class ProofAnswers(msgspec.Struct):
    """Answers in the order of the questions."""

    answers: list[ProofAnswer]
    seq: Number


class Problem(msgspec.Struct):
    """The one shape of an error (RFC 9457)."""

    type: str
    title: str
    status: Annotated[int, Meta(ge=400, le=599)]
    detail: str
    instance: str
    errors: list[Finding]
    head: Annotated[int, Meta(description="With 416: the newest entry there is.")] | msgspec.UnsetType = msgspec.UNSET
