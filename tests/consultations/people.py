"""People of five states and of the Commission, a plan, and a small PDF, for the tests of consultations."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from admin.accounts.policy import Actor, Role
from consultations.model import Meeting, Plan, Stated
from register.measures import STATES

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
TODAY = date(2026, 11, 23)
MEETING_DAY = date(2026, 12, 8)
DUE = dict.fromkeys(STATES, date(2026, 12, 14))

OFFICIALS = {state: Actor(10 + place, f"Официал {state}", Role.OFFICIAL, state) for place, state in enumerate(STATES)}
CLERK = Actor(1, "Клерк", Role.CLERK)
APPROVER = Actor(2, "Утверждающий", Role.APPROVER)
SECOND = Actor(3, "Второй утверждающий", Role.APPROVER)
AUDITOR = Actor(4, "Аудитор", Role.AUDITOR)
OPERATOR = Actor(5, "Оператор", Role.OPERATOR)
MACHINE = Actor(None, "машина", None, scopes=frozenset({"consultations:read", "consultations:write"}), via="token")
KZ, KG, RU = OFFICIALS["KZ"], OFFICIALS["KG"], OFFICIALS["RU"]
STAFF = (CLERK, APPROVER, SECOND, AUDITOR, OPERATOR, MACHINE)
PEOPLE = {str(one.id): one for one in (*OFFICIALS.values(), *STAFF)}


class Clock:
    """A clock that the test sets."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def go_to(self, day: date) -> None:
        self.now = datetime(day.year, day.month, day.day, 9, 0, tzinfo=UTC)

    def tick(self) -> None:
        self.now += timedelta(seconds=1)


def plan(**changes: Any) -> dict[str, Any]:
    """A plan as KZ types it, without fault: KG plans to prohibit the export of lead."""
    data: dict[str, Any] = {
        "state": "KG",
        "kind": "export_prohibition",
        "title": {"ru": "Запрет вывоза свинца"},
        "goods": [{"code_from": "7801"}, {"code_from": "7802", "partial": True}],
        "planned": {"from": "2026-12-15", "to": "2027-06-15"},
        "measure": None,
        "similar_goods": "Свинец рафинированный",
        "burdens": [{"state": "KZ", "claim": "Вывоз 40 тыс. т в год"}],
    }
    return {**data, **changes}


def meeting(**changes: Any) -> dict[str, Any]:
    """A meeting of the subcommittee."""
    return {
        "date": MEETING_DAY.isoformat(),
        "time": "11:00",
        "place": "Москва",
        "link": None,
        "agenda": "План",
        **changes,
    }


def permission(*codes: str, **changes: Any) -> dict[str, Any]:
    """What is permitted: lead, from the day on which the measure is to begin."""
    return {"goods": [{"code_from": code} for code in codes or ("7801",)], "from": "2026-12-15", "to": None, **changes}


def conclusion(outcome: str = "consensus_permitted", **changes: Any) -> dict[str, Any]:
    """An outcome by the protocol of the meeting."""
    data: dict[str, Any] = {"outcome": outcome, "protocol": {"number": "14", "date": MEETING_DAY.isoformat()}}
    if outcome == "consensus_permitted":
        data["permission"] = permission()
    return {**data, **changes}


PLAN = Plan.model_validate(plan())
MEETING = Meeting.model_validate(meeting())
SUPPORTS = Stated(stance="supports")
OBJECTS = Stated(stance="objects", reasons="Вывоз затруднится")


def pdf(text: str = "act") -> bytes:
    """A small whole PDF."""
    head = b"%PDF-1.7\n"
    objects = f"1 0 obj\n<< /Type /Catalog /Title ({text}) >>\nendobj\n".encode()
    table = b"xref\n0 2\n0000000000 65535 f \n0000000009 00000 n \n"
    trailer = b"trailer\n<< /Size 2 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(head) + len(objects))
    return head + objects + table + trailer
