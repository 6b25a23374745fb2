"""Decisions of P24 and where they stand, from the Register in memory, now and as it was known."""

from __future__ import annotations

import copy
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from register.entries import Entry, EntryType, header
from register.index import Register
from register.measures import Notified
from register.permitted import (
    consultation_bytes,
    content_faults,
    declaration_of,
    entered,
    record_of,
    version_faults,
    waiting_decisions,
)
from tests.register.synthetic import record

AT = datetime(2026, 12, 1, 9, tzinfo=UTC)
LINE = {"line": 1, "code_from": "7801", "code_to": None, "partial": False, "description": None, "excluded": []}


def consultation(status: str = "consensus_permitted", **changes: Any) -> dict[str, Any]:
    return {
        "id": "C-2026-001",
        "state": "KG",
        "status": status,
        "title": {"ru": "Свинец", "en": None},
        "goods": [LINE],
        "measure": None,
        "protocol": {"number": "14", "date": "2026-12-08"},
        "permission": {"goods": [LINE], "from": "2026-12-15", "to": "2027-03-31"},
        **changes,
    }


class Journal:
    """A Register and the entries that are put into it."""

    def __init__(self) -> None:
        self.register = Register()

    def put(self, type_: EntryType, after: dict[str, Any]) -> int:
        seq = self.register.seq + 1
        at = AT + timedelta(minutes=seq)
        after = {**copy.deepcopy(after), "seq": seq}
        entry = Entry(seq, at, type_, after["id"], "legal_change", {"ru": "x", "en": "x"}, None, after, [], "P24")
        body = entry.body()
        self.register.apply(header(seq, at, type_, after["id"], body), body)
        return seq

    def measure(self, type_: EntryType, version: int, declaration: dict[str, Any] | None, **more: Any) -> int:
        whole = record(
            "KG-2026-001", "7801", effective_from="2026-12-15", effective_to="2027-06-15", version=version, **more
        )
        return self.put(type_, {**whole, "declaration": declaration or NONE})


NONE = {"permitted": False, "from": None, "to": None, "protocol": None, "consultation": None}
HELD = declaration_of(consultation())


def test_a_permission_is_where_the_measure_names_it_and_since_when() -> None:
    journal = Journal()
    register = journal.register
    journal.put("consultation.concluded", consultation())
    journal.measure("measure.included", 1, None)
    assert entered(register, "C-2026-001") is None
    put = journal.measure("declaration.permitted", 2, HELD)
    assert entered(register, "C-2026-001") == {"measure": "KG-2026-001", "seq": put}
    # A later version keeps it, and the entry that put it there stays the one.
    journal.measure("measure.extended", 3, HELD)
    journal.put("measure.effective", record("KG-2026-001", "7801", version=3))
    assert entered(register, "C-2026-001") == {"measure": "KG-2026-001", "seq": put}
    gone = journal.measure("declaration.revoked", 4, {**HELD, "permitted": False})
    assert entered(register, "C-2026-001") is None
    again = journal.measure("declaration.permitted", 5, HELD)
    known = [entered(register, "C-2026-001", seq) for seq in range(register.seq + 1)]
    assert known == [
        {"measure": "KG-2026-001", "seq": put} if put <= seq < gone
        else {"measure": "KG-2026-001", "seq": again} if seq >= again
        else None
        for seq in range(register.seq + 1)
    ]  # fmt: skip


def test_the_record_shows_it_and_everything_else_stays() -> None:
    journal = Journal()
    register = journal.register
    journal.put("consultation.concluded", consultation())
    raw = record_of(register, "C-2026-001")
    assert raw == consultation(seq=1)
    assert [one["id"] for one in waiting_decisions(register)] == ["C-2026-001"]
    journal.measure("measure.included", 1, HELD)
    assert record_of(register, "C-2026-001") == {
        **consultation("entered_in_register", seq=1), "entered": {"measure": "KG-2026-001", "seq": 2},
    }  # fmt: skip
    assert record_of(register, "C-2026-001", 1) == raw
    assert waiting_decisions(register) == []
    journal.put("consultation.concluded", consultation("revoked"))
    revoked = record_of(register, "C-2026-001")
    assert revoked is not None
    assert (revoked["status"], revoked["entered"]["measure"]) == ("revoked", "KG-2026-001")
    assert record_of(register, "C-2026-009") is None
    assert record_of(register, "C-2026-001", 0) is None
    assert [name for name, _ in consultation_bytes(register, register.seq)] == ["C-2026-001"]


def test_an_earlier_entry_of_another_shape_is_given_as_it_is() -> None:
    journal = Journal()
    journal.put("consultation.initiated", {"id": "C-2025-001", "state": "KG"})
    assert record_of(journal.register, "C-2025-001") == {"id": "C-2025-001", "state": "KG", "seq": 1}
    assert waiting_decisions(journal.register) == []


def notified(**changes: Any) -> Notified:
    return Notified.model_validate(
        {
            "state": "KG",
            "kind": "export_prohibition",
            "title": {"ru": "Свинец"},
            "goods": [{"code_from": "7801"}],
            "effective_from": "2026-12-15",
            "effective_to": "2027-06-15",
            "declaration": HELD,
            **changes,
        }
    )


@pytest.mark.parametrize(
    ("changes", "pointers"),
    [
        ({}, []),
        ({"goods": [{"code_from": "780110"}]}, []),
        ({"goods": [{"code_from": "7801"}, {"code_from": "7804"}]}, ["/goods"]),
        ({"goods": [{"code_from": "78"}]}, ["/goods"]),
        ({"state": "KZ"}, ["/state"]),
        ({"effective_from": "2027-04-01"}, ["/declaration/from"]),
        ({"effective_from": "2026-01-01", "effective_to": "2026-12-14"}, ["/declaration/from"]),
        ({"declaration": {**HELD, "from": "2026-12-14"}}, ["/declaration/from"]),
        ({"declaration": {**HELD, "from": None}}, ["/declaration/from"]),
        ({"declaration": {**HELD, "to": None}}, ["/declaration/to"]),
        ({"declaration": {**HELD, "to": "2027-01-01"}}, []),
    ],
)
def test_what_is_in_the_way(changes: dict[str, Any], pointers: list[str]) -> None:
    faults = content_faults(consultation(), notified(**changes))
    assert [pointer for _, _, pointer in faults] == pointers
    assert all(ru and en for ru, en, _ in faults)


def test_a_decision_that_does_not_stand_is_in_the_way_of_everything() -> None:
    for record_ in (consultation("revoked"), consultation("no_consensus", permission=None), consultation("scheduled")):
        assert [fault[2] for fault in content_faults(record_, notified())] == ["/declaration/consultation"]


def test_a_version_of_the_index_is_judged_as_its_content() -> None:
    journal = Journal()
    journal.measure("measure.included", 1, None)
    version = journal.register.version("KG-2026-001")
    assert version is not None
    assert version_faults(consultation(), version) == []
    assert [fault[2] for fault in version_faults(consultation(state="KZ"), version)] == ["/state"]
