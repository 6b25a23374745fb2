"""Consultations of every status over the small Register of the public pages, as entries of the journal."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from register.entries import Entry, EntryType, header
from register.index import Register
from register.journal import PreparedEntry
from register.summaries import summary
from tests.register.pages.seed import goods, replay

START = datetime(2026, 11, 21, 6, 0, tzinfo=UTC)


def record(identifier: str, state: str, initiator: str, burdened: list[str], title: str, *codes: str) -> dict[str, Any]:
    """A public record as it is initiated."""
    lines = [
        {
            "line": place,
            **goods(code),
            "partial": False,
            "description": {"ru": f"Товары {code}", "en": None},
            "excluded": [],
        }
        for place, code in enumerate(codes, 1)
    ]
    return {
        "id": identifier,
        "state": state,
        "initiator": initiator,
        "burdened": burdened,
        "kind": "export_prohibition",
        "title": {"ru": title, "en": None},
        "goods": lines,
        "planned": {"from": "2026-12-15", "to": "2027-06-15"},
        "measure": None,
        "initiated_on": "2026-11-21",
        "meeting": None,
        "status": "initiated",
        "outcome": None,
        "concluded_on": None,
        "protocol": None,
        "permission": None,
        "withdrawn_on": None,
        "revocation": None,
    }


PROTOCOL = {"number": "12-К", "date": "2026-11-12"}
MARBLE = {
    **record("C-2026-003", "KG", "KZ", ["KZ"], "Мрамор необработанный", "2515110000"),
    "initiated_on": "2026-10-05",
}
SCRAP = record("C-2026-004", "AM", "AM", ["RU", "KZ"], "Лом <b>черных</b> металлов", "7204", "7404")
WHEAT = record("C-2026-005", "KZ", "RU", ["RU"], "Пшеница твердая", "1001190000")
WOOD = record("C-2026-006", "RU", "BY", ["BY", "KZ"], "Лесоматериалы", "4403")
HIDES = {**record("C-2026-007", "BY", "BY", ["AM"], "Шкуры необработанные", "4101"), "measure": "BY-2026-005"}
MET = {"meeting": {"date": "2026-11-10"}, "status": "scheduled"}
GIVEN = {
    "goods": MARBLE["goods"],
    "from": "2026-11-15",
    "to": None,
}
PERMITTED = {
    **MARBLE,
    **MET,
    "status": "consensus_permitted",
    "outcome": "consensus_permitted",
    "concluded_on": "2026-11-12",
    "protocol": PROTOCOL,
    "permission": GIVEN,
}
NO_CONSENSUS = {
    **WOOD,
    **MET,
    "status": "no_consensus",
    "outcome": "no_consensus",
    "concluded_on": "2026-11-20",
    "protocol": PROTOCOL,
}
WAITING = {
    **HIDES,
    **MET,
    "status": "consensus_permitted",
    "outcome": "consensus_permitted",
    "concluded_on": "2026-11-20",
    "protocol": PROTOCOL,
    "permission": {"goods": HIDES["goods"], "from": "2026-12-01", "to": "2027-06-15"},
}
WITHDRAWN = {**WHEAT, "status": "withdrawn", "withdrawn_on": "2026-11-22"}
SCHEDULED = {**SCRAP, "status": "scheduled", "meeting": {"date": "2026-12-08"}}

ENTRIES: tuple[tuple[EntryType, dict[str, Any]], ...] = (
    ("consultation.initiated", MARBLE),
    ("consultation.scheduled", {**MARBLE, **MET}),
    ("consultation.concluded", PERMITTED),
    ("consultation.initiated", SCRAP),
    ("consultation.initiated", WHEAT),
    ("consultation.initiated", WOOD),
    ("consultation.scheduled", SCHEDULED),
    ("consultation.scheduled", {**WOOD, **MET}),
    ("consultation.withdrawn", WITHDRAWN),
    ("consultation.concluded", NO_CONSENSUS),
    ("consultation.initiated", HIDES),
    ("consultation.scheduled", {**HIDES, **MET}),
    ("consultation.concluded", WAITING),
)
"""KG-2026-021 of the small Register bears the permission of C-2026-003."""


def entered(register: Register, *entries: tuple[EntryType, Mapping[str, Any]]) -> Register:
    """The Register with entries of consultations after its own, one an hour."""
    known: dict[str, tuple[int, Mapping[str, Any]]] = {}
    for place, (type_, content) in enumerate(entries):
        seq, at = register.seq + 1, START + timedelta(hours=place)
        version, before = known.get(content["id"], (0, None))
        after = {**content, "version": version + 1, "seq": seq}
        entry = Entry(
            seq, at, type_, content["id"], "legal_change", summary(type_, before, after), before, after, [], "P24"
        )
        body = entry.body()
        made = PreparedEntry(type_, content["id"], "legal_change", header(seq, at, type_, content["id"], body), body)
        register.apply(made.header, made.body)
        known[content["id"]] = version + 1, after
    return register


def filled() -> Register:
    """The small Register with every consultation."""
    return entered(replay(), *ENTRIES)
