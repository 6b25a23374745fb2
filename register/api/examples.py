"""One measure and what hangs on it, as examples of the OpenAPI document."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from litestar.openapi import spec


@dataclass
class Example(spec.Example):
    """An example as it stands. Litestar leaves every null out of its own, also one that an answer must have."""

    def to_schema(self) -> dict[str, Any]:
        """The example for the document."""
        return {**super().to_schema(), "value": self.value}


MEASURE: Final[dict[str, Any]] = {
    "id": "KG-2026-021",
    "state": "KG",
    "kind": "export_prohibition",
    "title": {"ru": "Временный запрет на вывоз мрамора", "en": "Temporary prohibition of the export of marble"},
    "acts": [
        {
            "role": "introduces",
            "issuer": "Кабинет Министров Кыргызской Республики",
            "type": "Постановление",
            "number": "587",
            "date": "2026-08-27",
            "title": None,
            "url": None,
        }
    ],
    "goods": [
        {
            "line": 1,
            "code_from": "2515110000",
            "code_to": None,
            "partial": False,
            "description": {"ru": "Мрамор необработанный", "en": "Crude marble"},
            "excluded": [],
            "valid_from": None,
            "valid_to": None,
            "included_on": None,
        }
    ],
    "destination": "third_countries",
    "transport": None,
    "origin_condition": None,
    "conditions": [],
    "effective_from": "2026-09-08",
    "effective_to": "2027-03-08",
    "suspensions": [],
    "notified_on": "2026-08-28",
    "included_on": "2026-08-30",
    "declaration": {"permitted": False, "from": None, "to": None, "protocol": None, "consultation": None},
    "declaration_window": {"from": "2026-09-08", "until": "2026-09-23"},
    "printed": None,
    "status": "in_force",
    "nomenclature": "HS2022",
    "version": 1,
    "seq": 118,
}

ENTRY: Final[dict[str, Any]] = {
    "seq": 118,
    "id": "urn:eaeu:register:entry:118",
    "recorded_at": "2026-08-30T09:12:44.120Z",
    "type": "measure.included",
    "subject": "KG-2026-021",
    "reason": "legal_change",
    "summary": {"ru": "Мера KG-2026-021 включена в Реестр", "en": "Measure KG-2026-021 is included in the Register"},
    "before": None,
    "after": MEASURE,
    "acts": MEASURE["acts"],
    "rule": "A4(4)",
}

MATCH: Final[dict[str, Any]] = {
    "line": 1,
    "match": "exact",
    "code_from": "2515110000",
    "code_to": None,
    "partial": False,
    "counts_from": "2026-09-08",
    "counts_to": "2027-03-08",
}
