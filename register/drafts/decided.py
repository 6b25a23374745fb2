"""HD17: a permission of P24 that a draft bears is one that was decided, for goods that it covers.

The decision is read from the consultation's own entry. One that the journal does not hold was taken before it, and is
taken as notified.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from register.database import Database
from register.drafts.model import Kind
from register.drafts.rules import HD17
from register.findings import Finding
from register.journal import latest
from register.measures import Measure, Notified
from register.permitted import content_faults

_OF_MEASURE: Final = frozenset(("include", "amend", "correct"))


def named_consultation(kind: Kind, content: Notified, before: Measure | None) -> str | None:
    """The consultation whose decision a draft puts on its measure; None where it puts none there, or changes neither
    the goods nor the permission."""
    declaration = content.declaration
    if kind == "revoke" or declaration is None or not declaration.permitted:
        return None
    if before is not None and before.declaration == declaration and before.goods == content.goods:
        return None
    return declaration.consultation


def decision_findings(record: Mapping[str, Any] | None, kind: Kind, content: Notified) -> list[Finding]:
    """What keeps the decision of a consultation (its public record) from the measure that is to be entered."""
    if record is None or "permission" not in record:
        return []
    place = "/measure" if kind in _OF_MEASURE else ""
    return [HD17.found(ru, en, f"{place}{pointer}") for ru, en, pointer in content_faults(record, content)]


async def find_decision_faults(
    db: Database, kind: Kind, content: Notified | None, before: Measure | None
) -> list[Finding]:
    """The same, from the journal as it is now; inside the transaction that goes on with the draft."""
    consultation = None if content is None else named_consultation(kind, content, before)
    if content is None or consultation is None:
        return []
    stored = await latest(db, consultation)
    return [] if stored is None else decision_findings(json.loads(stored.body)["after"], kind, content)
