"""What a notified row or record comes to: ready for the Register, held for a clerk, or refused. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from register.doubts import Doubt
from register.findings import Finding
from register.measures import Notified

FORMAT: Final = "format"
"""The rule of a reason that no provision and no rule of the house stands behind: how a row is written."""


class Wish(NamedTuple):
    """The year and number that a notified measure bore before; taken where they are free."""

    year: int
    number: int


@dataclass(frozen=True, slots=True)
class Reason:
    """Why, and where: ``text`` is ``cell[start:end]`` of a table's cell; of a JSON record ``cell`` is a pointer.

    ``rule`` is the id of the kind of doubt, or the provision or rule of the house that refuses.
    """

    cell: str
    start: int
    end: int
    text: str
    rule: str
    reason: Mapping[str, str] = field(hash=False)

    def public(self) -> dict[str, Any]:
        """The reason as JSON, as it is kept with a draft."""
        return {
            "cell": self.cell,
            "start": self.start,
            "end": self.end,
            "text": self.text,
            "rule": self.rule,
            "reason": dict(self.reason),
        }


def reason(cell: str, rule: str, ru: str, en: str, text: str = "") -> Reason:
    """A reason about a cell as a whole."""
    return Reason(cell, 0, len(text), text, rule, {"ru": ru, "en": en})


def of_doubt(cell: str, doubt: Doubt) -> Reason:
    """The doubt of a reader of one cell, with the name of the cell."""
    return Reason(cell, doubt.start, doubt.end, doubt.text, doubt.rule, doubt.reason)


def of_finding(finding: Finding) -> Reason:
    """What a rule finds in a record, at its pointer."""
    text = {language: words for language, words in finding.text.items() if words is not None}
    return Reason(finding.pointer, 0, 0, "", finding.rule, text)


@dataclass(frozen=True, slots=True)
class Ready:
    """Read whole: may enter the Register if its rules agree."""

    notified: Notified
    wished: Wish | None = None
    remarks: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class Held:
    """Read in part: a draft in the shape of a measure, with null for what is open, and the doubts for a clerk."""

    draft: Mapping[str, Any]
    doubts: tuple[Reason, ...]
    wished: Wish | None = None
    remarks: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class Refused:
    """No measure for the Register, or no measure at all."""

    reasons: tuple[Reason, ...]
    wished: Wish | None = None
    remarks: tuple[Reason, ...] = ()


Candidate = Ready | Held | Refused
