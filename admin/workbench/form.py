"""What the form of a draft shows: its fields, the cells with their doubts, what stands beside the codes, what is wrong.

Pure but for the Register in memory.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from admin.workbench import cells, fields, lines
from admin.workbench.attaching import WITH_ACTS, acts_of, shown_files
from admin.workbench.beside import beside
from admin.workbench.codes import Lookup
from admin.workbench.kind import IMPORTS
from register.drafts.attachments import Attachment
from register.drafts.contents import propose
from register.drafts.model import Content, Draft
from register.drafts.preview import present
from register.findings import Finding, Findings
from register.measures import Notified
from register.service import RegisterService
from register.words import Language

_EXTRA_LINES: Final = 2
_NO_MEASURE: Final = dict.fromkeys((*Notified.model_fields, "declaration"))
_NO_CONTENT: Final = dict.fromkeys(("reason", "explanation", "effective_to", "last_day", "change_notified_on"))
_ROLES: Final[Mapping[str, str]] = {**cells.ROLES, "amend": "amends"}


@dataclass(frozen=True, slots=True)
class Shown:
    """A draft as the form shows it: what stands in its fields may be newer than what is saved."""

    draft: Draft
    content: Content
    doubts: list[dict[str, Any]]
    publish_at: datetime | None = None
    publish_text: str | None = None
    version: int = 0
    check: bool = False
    refused: list[str] = field(default_factory=list)
    """What the way of drafts refuses, for the summary on top."""
    at_doubt: Mapping[int, tuple[str, str]] = field(default_factory=dict)
    """Beside a doubt: what was typed, and why it does not settle it."""
    extra: int = _EXTRA_LINES
    notice: str | None = None
    file_fault: str | None = None
    lookup: Lookup | None = None
    """Codes that were looked for by the button."""


def findings(service: RegisterService, draft: Draft, content: Content) -> Findings:
    """What the rules of the Register find in a content that may be unfinished."""
    before = present(service.register, draft)
    return propose(draft.kind, content, before, service.today(), service.names.known).findings


def context(service: RegisterService, shown: Shown, files: list[Attachment], told: Language) -> dict[str, Any]:
    """What the template of the form needs."""
    draft, content = shown.draft, shown.content
    measure = fields.measure_of(draft.kind, content)
    found = findings(service, draft, content)
    goods = [line for line in measure.get("goods") or () if isinstance(line, dict)]
    printed = cells.printed_of(content)
    acts = acts_of(draft.kind, content)
    return {
        "draft": draft,
        "version": shown.version or draft.version,
        "begun": draft.version == 1 and not printed and not draft.source,
        "content": {**_NO_CONTENT, **content},
        "measure": {**_NO_MEASURE, **measure},
        "permission": _whole(content.get("declaration"), ("from", "to", "protocol", "consultation")),
        "protocol": _protocol(content),
        "of_measure": draft.kind in fields.OF_MEASURE,
        "text_of": fields.text_of,
        "goods": [
            {
                "line": line.get("line"),
                "code": lines.written(line),
                "description": fields.text_of(line.get("description")),
                "from": line.get("valid_from"),
                "to": line.get("valid_to"),
                "beside": beside(service, line, draft.measure),
            }
            for line in goods
        ],
        "extra_lines": range(len(goods), len(goods) + shown.extra),
        "acts": [_whole(act, fields.ACT) for act in acts],
        "with_acts": draft.kind in WITH_ACTS,
        "default_role": _ROLES.get(draft.kind, "introduces"),
        "suspensions": [_whole(one, ("from", "to")) for one in measure.get("suspensions") or ()],
        "conditions": "\n".join(text for one in measure.get("conditions") or () if (text := fields.text_of(one))),
        "printed": printed,
        "cells": [
            {
                "name": name,
                "text": printed.get(name) or "",
                "pieces": cells.pieces(printed.get(name) or "", shown.doubts, name),
            }
            for name in fields.CELLS_OF.get(draft.kind, ())
        ],
        "doubts": [_doubt(place, one, shown) for place, one in enumerate(shown.doubts)],
        "open_doubts": sum(not one.get("settled") for one in shown.doubts),
        "remarks": [_whole(one, ("reason", "text")) for one in content.get("remarks") or ()],
        "files": shown_files(service, files, acts),
        "file_fault": shown.file_fault,
        "lookup": shown.lookup,
        "publish_at": _local(shown, service),
        "found": [_found(one, told) for one in found.refusals],
        "warned": [_found(one, told) for one in found.warnings],
        "check": shown.check,
        "refused": shown.refused,
        "at": {
            **(_at(found, told) if shown.check else {}),
            **({"f-act": shown.file_fault} if shown.file_fault else {}),
        },
    }


def _whole(value: Any, names: Sequence[str]) -> dict[str, Any]:
    """An object with all of these members, those that it lacks as None."""
    return {**dict.fromkeys(names), **(value if isinstance(value, Mapping) else {})}


def _protocol(content: Content) -> dict[str, Any]:
    declaration = content.get("declaration")
    found = declaration.get("protocol") if isinstance(declaration, Mapping) else content.get("protocol")
    return _whole(found, ("number", "date"))


def settled_whole(doubt: Mapping[str, Any]) -> dict[str, Any]:
    """A doubt with everything that a page asks of it."""
    settled = doubt.get("settled")
    whole = _whole(settled, ("by", "name", "at", "note", "how", "typed")) if settled else None
    return {**_whole(doubt, ("cell", "start", "end", "text", "rule", "reason")), "settled": whole}


def _doubt(place: int, doubt: Mapping[str, Any], shown: Shown) -> dict[str, Any]:
    said, fault = shown.at_doubt.get(place, (None, None))
    cell = doubt.get("cell")
    printed = cells.printed_of(shown.content).get(str(cell)) or ""
    marked = cell in cells.CELLS and printed[doubt.get("start") or 0 : doubt.get("end") or 0] == doubt.get("text")
    only_typed = doubt.get("rule") == IMPORTS
    return {
        **settled_whole(doubt),
        "place": place,
        "marked": marked,
        "only_typed": only_typed,
        "in_words": any(sign.isalpha() for sign in str(doubt.get("text") or "")),
        "typed": said,
        "fault": fault,
    }


def _found(finding: Finding, told: Language) -> dict[str, Any]:
    text = finding.text.get(told) or finding.text.get("en") or ""
    return {"text": text, "rule": finding.rule, "anchor": fields.anchor(finding.pointer), "pointer": finding.pointer}


def _at(found: Findings, told: Language) -> dict[str, str]:
    """What is wrong, by the id of its field; the first of each."""
    at: dict[str, str] = {}
    for finding in found.refusals:
        name = fields.anchor(finding.pointer)
        if name:
            at.setdefault(name, finding.text.get(told) or "")
    return at


def _local(shown: Shown, service: RegisterService) -> str:
    if shown.publish_text is not None:
        return shown.publish_text
    at = shown.publish_at
    return "" if at is None else at.astimezone(service.terms.zone).strftime("%Y-%m-%dT%H:%M")
