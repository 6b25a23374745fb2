"""The kind cell of a notification in a draft: kind, transport and destination; imports alone are refused. Pure.

Serves A4(1): the Register takes measures on exports.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from register.doubts import Doubt
from register.kind_cell import parse_kind

IMPORTS: Final = "A4(1)"
"""The rule of the doubt that no reading of the cell settles: the measure is on imports alone."""
_IMPORTS: Final = {
    "ru": "мера относится только к ввозу: в Реестр включаются меры, применяемые к вывозу товаров",
    "en": "the measure is on imports only: the Register takes measures on exports",
}


class ReadKind(NamedTuple):
    """What a kind cell says: members of the record, its doubts, and what the record has no field for."""

    members: dict[str, Any]
    doubts: tuple[Doubt, ...]
    conditions: tuple[dict[str, str], ...]


def read_kind(text: str) -> ReadKind:
    """Read a kind cell. A kind that is in doubt is left out, so that one that was chosen stays."""
    cell = parse_kind(text)
    members: dict[str, Any] = {
        "destination": cell.destination,
        "transport": list(cell.transport) if cell.transport else None,
    }
    if cell.direction == "import":
        return ReadKind({}, (Doubt(0, len(text), text, IMPORTS, _IMPORTS),), ())
    if cell.kind is not None:
        members["kind"] = cell.kind
    conditions = []
    if cell.direction == "both":
        conditions.append(
            {
                "ru": f"Вид меры в уведомлении – «{text}»; в Реестр мера включена в части вывоза",
                "en": "The notified measure is on imports too; the Register takes it for exports",
            }
        )
    if cell.remark:
        conditions.append({"ru": f"В уведомлении указано: «{cell.remark}»"})
    return ReadKind(members, cell.doubts, tuple(conditions))
