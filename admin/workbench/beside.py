"""What stands beside a code while a draft is typed: its name, those above it, measures of all states on it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from admin.workbench.lines import span_of
from register.codes import CodeError
from register.edition import Name
from register.facts import Version, iso
from register.service import RegisterService

MOST_MEASURES = 6


@dataclass(frozen=True, slots=True)
class Known:
    """A measure on a code: its id, state, kind, dates (ISO) and how it stands today."""

    id: str
    state: str
    kind: str
    effective_from: str | None
    effective_to: str | None
    status: str


@dataclass(frozen=True, slots=True)
class Beside:
    """A code with its names, broadest first, and the measures on it that are not over; ``more`` were left out."""

    code: str
    name: Name | None
    above: tuple[Name, ...]
    measures: tuple[Known, ...]
    more: int


def beside(service: RegisterService, line: dict[str, Any], own: str | None) -> Beside | None:
    """What is known of the first code of a line; None for what is no code. ``own`` is the measure of the draft."""
    try:
        code = span_of(line).code_from
    except CodeError:
        return None
    today = service.today()
    on = today.toordinal()
    found: dict[str, Version] = {}
    for match in service.register.matches(code, None, on):
        version = match.line.version
        if version.id != own and match.line.end >= on:
            found.setdefault(version.id, version)
    measures = tuple(
        Known(one.id, one.state, one.kind, iso(one.effective_from), iso(one.effective_to), one.status(on))
        for one in list(found.values())[:MOST_MEASURES]
    )
    name = service.names.name(code, today)
    return Beside(code, name, service.names.ancestors(code, today), measures, max(0, len(found) - MOST_MEASURES))
