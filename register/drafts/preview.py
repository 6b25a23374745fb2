"""Seeing what a draft will do, before anybody approves it. Pure: no database, no web.

Everything is computed from the Register in memory as it stands: the difference, what the rules find, the entry as
subscribers will get it, the effect on the proof of origin, other measures on the same goods.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from register.differences import Difference, differences
from register.drafts.contents import Knows, Proposal, propose
from register.drafts.decided import decision_findings, named_consultation
from register.drafts.effect import Effect, effect
from register.drafts.model import Draft
from register.drafts.overlaps import open_consultations, overlaps, waiting_permissions
from register.drafts.what_if import candidate_version
from register.facts import Version
from register.findings import Finding, Findings
from register.index import Register
from register.measures import Measure, from_public, measure_id
from register.permitted import record_of


@dataclass(frozen=True, slots=True)
class Preview:
    """What a draft will do. Everything but ``findings`` and ``moved`` is empty where the content is not whole.
    ``permissions`` are decisions of P24 that wait for a measure like this one.

    ``content`` is the public record as it would stand; ``entry`` the whole entry as it would be, provisional in its
    number, its time and, of a new measure, its id. ``moved`` says what changed in the measure since the draft was made.
    """

    on: date
    findings: Findings
    content: dict[str, Any] | None
    differences: list[Difference]
    entry: dict[str, Any] | None
    effect: Effect | None
    overlaps: dict[str, Any] | None
    consultations: list[dict[str, Any]]
    permissions: list[dict[str, Any]]
    moved: dict[str, Any] | None

    def public(self) -> dict[str, Any]:
        """The preview as the API gives it."""
        return {
            "on": self.on.isoformat(),
            "refusals": [_found(finding) for finding in self.findings.refusals],
            "warnings": [_found(finding) for finding in self.findings.warnings],
            "content": self.content,
            "differences": self.differences,
            "entry": None if self.entry is None else {"provisional": True, "entry": self.entry},
            "effect": None if self.effect is None else self.effect.public(),
            "overlaps": self.overlaps,
            "consultations": self.consultations,
            "permissions": self.permissions,
            "moved": self.moved,
        }


def preview(
    register: Register,
    draft: Draft,
    today: date,
    *,
    now: datetime,
    zone: ZoneInfo,
    knows: Knows | None = None,
    duties_until: date | None = None,
) -> Preview:
    """What ``draft`` will do when it is published: now, or at its ``publish_at`` when that is to come.

    ``today`` is the present day in ``zone``, the Commission's seat; ``now`` the present time, UTC; ``knows`` is
    ``Names.known``; ``duties_until`` the last day of the transition of A11(1). Raises ``LookupError`` for a draft on a
    measure that the Register does not hold.
    """
    at, on = publication_time(draft, now, today, zone)
    before = present(register, draft)
    proposal = propose(draft.kind, draft.content, before, on, knows)
    moved = moved_since(register, draft)
    if proposal.content is None:
        return Preview(on, proposal.findings, None, [], None, None, None, [], [], moved)
    seq = register.seq + 1
    recording = proposal.recording(before.id if before else provisional_id(register, proposal), on)
    measure = recording.measure_at(seq)
    entry = recording.entry(measure, at).public()
    candidate = candidate_version(entry["after"], seq)
    return Preview(
        on,
        _with_decision(register, proposal, before),
        entry["after"],
        differences(entry["before"], entry["after"]),
        entry,
        effect(register, candidate, today, duties_until),
        overlaps(register, candidate),
        open_consultations(register, candidate),
        waiting_permissions(register, candidate),
        moved,
    )


def _with_decision(register: Register, proposal: Proposal, before: Measure | None) -> Findings:
    """What the rules find, and what keeps a decision of P24 that the draft bears from its measure (HD17)."""
    found, content = proposal.findings, proposal.content
    named = None if content is None else named_consultation(proposal.kind, content, before)
    if content is None or named is None:
        return found
    faults = decision_findings(record_of(register, named), proposal.kind, content)
    return Findings((*found.refusals, *faults), found.warnings)


def publication_time(draft: Draft, now: datetime, today: date, zone: ZoneInfo) -> tuple[datetime, date]:
    """When the draft would be published: its time and the day in ``zone``."""
    if draft.publish_at is not None and draft.publish_at > now:
        return draft.publish_at, draft.publish_at.astimezone(zone).date()
    return now, today


def present(register: Register, draft: Draft) -> Measure | None:
    """The measure of the draft as it stands; None for a new one. Raises ``LookupError``."""
    if draft.measure is None:
        return None
    version = register.version(draft.measure)
    if version is None:
        raise LookupError(f"no measure {draft.measure} in the Register / в Реестре нет меры {draft.measure}")
    return from_public(register.record(version))


def moved_since(register: Register, draft: Draft) -> dict[str, Any] | None:
    """What changed in the measure since the version that the draft was made from; None when nothing did."""
    if draft.measure is None or draft.state in ("published", "withdrawn"):
        return None
    history = register.history(draft.measure)
    if not history or history[-1].number == draft.base_version:
        return None
    base = _numbered(history, draft.base_version)
    return {
        "measure": draft.measure,
        "from": draft.base_version,
        "to": history[-1].number,
        "differences": differences(None if base is None else register.record(base), register.record(history[-1])),
    }


def _numbered(history: Any, number: int | None) -> Version | None:
    return next((version for version in history if version.number == number), None)


def provisional_id(register: Register, proposal: Proposal) -> str:
    """The id that a new measure would bear: the number wished for where it is free, else the next of its year."""
    content = proposal.content
    if content is None or content.included_on is None:
        raise ValueError("a draft that is not whole has no id")
    wished = getattr(proposal.given, "number", None)
    if wished is not None:
        identifier = measure_id(content.state, *wished)
        if register.version(identifier) is None:
            return identifier
    year = content.included_on.year
    prefix = f"{content.state}-{year:04d}-"
    last = max((int(one.id[len(prefix) :]) for one in register.versions() if one.id.startswith(prefix)), default=0)
    return measure_id(content.state, year, last + 1)


def _found(finding: Finding) -> dict[str, Any]:
    return {
        "pointer": finding.pointer,
        "rule": finding.rule,
        "text": finding.text,
        "severity": finding.severity,
    }
