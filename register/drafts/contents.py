"""What a draft would enter: its content as typed, made into a whole record or into findings that say why not.

Pure: no database, no web. Pointers of findings lead into the draft's content. Dates are days of the Commission's seat.

| kind | content |
|---|---|
| `include` | `measure` (shape of "A measure"), `number`: year and number wished for or null, `remarks` of a load |
| `amend` | `measure`: the whole new content; `reason`: `legal_change` or `technical` |
| `extend`, `terminate` | `effective_to`: the new last day; `acts`: the acts that say so |
| `correct` | `measure`: the whole new content; `explanation`: why |
| `permit` | `declaration`: from, to, protocol, consultation |
| `revoke` | `last_day` of the permission, `protocol` |

Beside these a draft may keep what never enters the Register: `cells`, the cells of a notification as they were pasted
where no record takes them (`extend`, `terminate`); `change_notified_on`, the day on which a change was notified.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Final, Literal

from pydantic import Field, ValidationError

from register.changes import ended, extended, proposed, revoked
from register.drafts.model import Content, Kind
from register.findings import Action, Context, Finding, Findings
from register.measures import (
    COMPUTED_FIELDS,
    Act,
    Day,
    Declaration,
    Measure,
    Notified,
    Protocol,
    Record,
    Text,
)
from register.recording import Recording
from register.rules import check
from register.shape import findings_from_validation

Knows = Callable[[str, date], bool | None]

ACTIONS: Final[Mapping[Kind, Action]] = {
    "include": "include",
    "amend": "amend",
    "extend": "extend",
    "terminate": "terminate",
    "correct": "correct",
    "permit": "permit",
    "revoke": "revoke",
}
YEARS: Final = range(1900, 3000)
_OF_MEASURE: Final = frozenset(("include", "amend", "correct"))
WORKING: Final = frozenset(("remarks", "cells", "change_notified_on"))
"""What a draft keeps for those who work on it; no entry has it."""


class NewTerm(Record):
    """The content of an extension, whose end may be open: then it is written as null, not left out."""

    effective_to: Day | None
    acts: Annotated[list[Act], Field(default_factory=list, max_length=100)]


class EarlyEnd(Record):
    """The content of an early end."""

    effective_to: Day
    acts: Annotated[list[Act], Field(default_factory=list, max_length=100)]


class Permission(Record):
    """The content of a permission."""

    declaration: Declaration


class Revocation(Record):
    """The content of the end of a permission."""

    last_day: Day
    protocol: Protocol | None = None


class Wished(Record):
    """What stands beside the measure in a draft of an inclusion."""

    number: tuple[Annotated[int, Field(ge=1000, le=9999)], Annotated[int, Field(ge=1, le=999_999)]] | None = None


class Amended(Record):
    """What stands beside the measure in a draft of an amendment."""

    reason: Literal["legal_change", "technical"] = "legal_change"


class Corrected(Record):
    """What stands beside the measure in a draft of a correction."""

    explanation: Text | None = None


_BESIDE: Final[Mapping[str, type[Record]]] = {"include": Wished, "amend": Amended, "correct": Corrected}
_ALONE: Final[Mapping[str, type[Record]]] = {
    "extend": NewTerm,
    "terminate": EarlyEnd,
    "permit": Permission,
    "revoke": Revocation,
}


@dataclass(frozen=True, slots=True)
class Proposal:
    """A draft as it would be entered. ``given`` is what was typed, checked; ``content`` the whole record after it.

    Both are None where what was typed is not whole, and ``findings`` say what is missing.
    """

    kind: Kind
    before: Measure | None
    findings: Findings
    given: Record | None = None
    content: Notified | None = None

    @property
    def reason(self) -> Literal["legal_change", "correction", "technical"]:
        """Why the entry is made, as it says itself."""
        if self.kind == "correct":
            return "correction"
        return self.given.reason if isinstance(self.given, Amended) else "legal_change"

    @property
    def explanation(self) -> Text | None:
        """Why a correction is made."""
        return self.given.explanation if isinstance(self.given, Corrected) else None

    @property
    def protocol(self) -> Protocol | None:
        """The protocol of point 24 that the entry rests on."""
        if isinstance(self.given, Permission):
            return self.given.declaration.protocol
        return self.given.protocol if isinstance(self.given, Revocation) else None

    def recording(self, measure: str, on: date) -> Recording:
        """The entry that would be made, before it has its number. Raises ``ValueError`` for what is not whole."""
        if self.content is None:
            raise ValueError("a draft that is not whole makes no entry")
        version = 1 if self.before is None else self.before.version + 1
        return Recording(
            measure,
            ACTIONS[self.kind],
            version,
            self.before,
            self.content,
            on,
            self.reason,
            self.explanation,
            self.protocol,
        )


def propose(kind: Kind, content: Content, before: Measure | None, on: date, knows: Knows | None = None) -> Proposal:
    """What the draft would enter on the day ``on``, with everything that the rules of the Register find in it."""
    broken, given, typed = _read(kind, content)
    if broken or given is None:
        return Proposal(kind, before, Findings.of(broken))
    try:
        whole = _whole(kind, given, typed, before, on)
    except ValidationError as error:
        return Proposal(kind, before, Findings.of(findings_from_validation(error)), given)
    explanation = given.explanation if isinstance(given, Corrected) else None
    context = Context(
        on,
        ACTIONS[kind],
        before,
        knows,
        None if explanation is None else explanation.ru or explanation.en,
    )
    found = check(whole, context)
    return Proposal(kind, before, _located(kind, found), given, whole)


def _read(kind: Kind, content: Content) -> tuple[list[Finding], Record | None, Notified | None]:
    """What was typed as checked records, or everything that is wrong with their form."""
    broken: list[Finding] = []
    given: Record | None = None
    typed: Notified | None = None
    beside = WORKING | {"measure"} if kind in _OF_MEASURE else WORKING
    plain = {name: value for name, value in content.items() if name not in beside}
    model = _BESIDE.get(kind) or _ALONE[kind]
    try:
        given = model.model_validate(plain)
    except ValidationError as error:
        broken += findings_from_validation(error)
    if kind in _OF_MEASURE:
        measure = content.get("measure")
        if isinstance(measure, dict):
            measure = {name: value for name, value in measure.items() if name not in COMPUTED_FIELDS}
        try:
            typed = Notified.model_validate({} if measure is None else measure)
        except ValidationError as error:
            broken += findings_from_validation(error, "/measure")
    return broken, given, typed


def _whole(kind: Kind, given: Record, typed: Notified | None, before: Measure | None, on: date) -> Notified:
    """The whole record after the draft, as ``register.publication`` would enter it."""
    if before is None:
        return _included(_needed(typed), on)
    if isinstance(given, NewTerm):
        return proposed(before, extended(before, given.effective_to, given.acts), "extend", on)
    if isinstance(given, EarlyEnd):
        return proposed(before, ended(before, given.effective_to, given.acts), "terminate", on)
    if isinstance(given, Permission):
        permission = given.declaration.model_copy(update={"permitted": True})
        return before.model_copy(update={"declaration": permission})
    if isinstance(given, Revocation):
        return before.model_copy(update={"declaration": revoked(before, given.last_day, given.protocol)})
    return proposed(before, _needed(typed), ACTIONS[kind], on)


def _needed(typed: Notified | None) -> Notified:
    if typed is None:
        raise ValueError("this kind of draft has a measure in it, and a change has a measure before it")
    return typed


def _included(content: Notified, on: date) -> Notified:
    included = content.included_on or on
    goods = [line.model_copy(update={"included_on": line.included_on or included}) for line in content.goods]
    return content.model_copy(update={"included_on": included, "goods": goods})


def _located(kind: Kind, found: Findings) -> Findings:
    """The findings with pointers into the draft's content."""
    if kind not in _OF_MEASURE:
        return found
    moved = [
        finding
        if finding.pointer == "/explanation"
        else Finding(f"/measure{finding.pointer}", finding.rule, finding.text, finding.severity)
        for finding in (*found.refusals, *found.warnings)
    ]
    return Findings.of(moved)


def first_content(kind: Kind, before: Measure | None) -> dict[str, Any]:
    """What a new draft begins with: for an amendment or a correction the measure as it stands."""
    if before is None:
        return {"measure": {}, "number": None}
    record = before.model_dump(mode="json", by_alias=True, exclude={"id", "version", "seq"})
    contents: dict[Kind, dict[str, Any]] = {
        "include": {"measure": {}, "number": None},
        "amend": {"measure": record, "reason": "legal_change"},
        "extend": {"effective_to": record["effective_to"], "acts": []},
        "terminate": {"effective_to": None, "acts": []},
        "correct": {"measure": record, "explanation": None},
        "permit": {"declaration": {"from": None, "to": None, "protocol": None, "consultation": None}},
        "revoke": {"last_day": None, "protocol": None},
    }
    return contents[kind]
