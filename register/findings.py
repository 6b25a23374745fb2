"""What a rule is and what it finds: the shape that drafts, loading and the API show to a person.

A rule bears the number of its provision (``P24``, ``T7`` for Annex 7 to the Treaty on the Union) or, when it is our
own, ``H`` and a number. Its docstring is the general message in English, ``ru`` the same in Russian; a finding says
what is wrong in the case at hand, and where. Pure: no database, no web.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import ClassVar, Literal

import msgspec

from register.measures import Measure, Notified

Severity = Literal["refusal", "warning"]
Action = Literal["include", "amend", "extend", "terminate", "correct", "permit", "revoke"]


class Finding(msgspec.Struct, frozen=True):
    """One thing found: ``pointer`` (RFC 6901) into the input, the rule's id, the case in both languages."""

    pointer: str
    rule: str
    text: dict[str, str | None]
    severity: Severity = "refusal"


@dataclass(frozen=True, slots=True)
class Findings:
    """What a check found: refusals stop an entry, warnings are shown and leave the decision to the person."""

    refusals: tuple[Finding, ...] = ()
    warnings: tuple[Finding, ...] = ()

    @classmethod
    def of(cls, found: Sequence[Finding]) -> Findings:
        """Findings sorted into the two kinds, otherwise in their order."""
        return cls(
            tuple(finding for finding in found if finding.severity == "refusal"),
            tuple(finding for finding in found if finding.severity == "warning"),
        )


class Refused(Exception):
    """An entry that the rules refuse; nothing was written. ``findings`` say why."""

    def __init__(self, findings: Findings) -> None:
        self.findings = findings
        super().__init__("; ".join(f"{f.pointer or '/'} {f.rule}: {f.text['en']}" for f in findings.refusals))


@dataclass(frozen=True, slots=True)
class Context:
    """What a rule may ask beside the candidate.

    ``today`` is the day at the Commission's seat. ``knows`` says whether the edition of the TN VED in force on a day
    has a code, None where no edition is (``Names.known``). ``before`` is the measure as it stands when it is changed;
    ``explanation`` the reason that the person gives.
    """

    today: date
    action: Action = "include"
    before: Measure | None = None
    knows: Callable[[str, date], bool | None] | None = None
    explanation: str | None = None


class Rule:
    """Base of the rules: its id, how severe it is, its message in both languages."""

    id: ClassVar[str]
    severity: ClassVar[Severity] = "refusal"
    ru: ClassVar[str]

    @classmethod
    def en(cls) -> str:
        """The general message in English: the docstring, on one line."""
        return " ".join((inspect.getdoc(cls) or "").split())

    def check(self, candidate: Notified, context: Context) -> Iterator[Finding]:
        """What the rule finds in ``candidate``."""
        raise NotImplementedError

    @classmethod
    def found(
        cls, pointer: str, ru: str | None = None, en: str | None = None, severity: Severity | None = None
    ) -> Finding:
        """A finding at ``pointer``, in the words of the case or, without them, in those of the rule."""
        return Finding(pointer, cls.id, {"ru": ru or cls.ru, "en": en or cls.en()}, severity or cls.severity)
