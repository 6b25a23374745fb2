"""People, contents and a small PDF for the tests of drafts."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from register import publication
from register.database import Database
from register.measures import Measure, Notified

NOW = datetime(2026, 9, 10, 9, 0, tzinfo=UTC)
TODAY = date(2026, 9, 10)

ROLES: dict[str, frozenset[str]] = {
    "clerk": frozenset({"draft.read", "draft.write", "draft.submit"}),
    "approver": frozenset({"draft.read", "draft.return", "draft.approve", "draft.publish"}),
    "auditor": frozenset({"draft.read"}),
    "stranger": frozenset(),
    "all": frozenset({"draft.read", "draft.write", "draft.submit", "draft.return", "draft.approve", "draft.publish"}),
}


@dataclass(frozen=True)
class Person:
    """An actor as the accounts would give it."""

    id: int | None
    name: str
    role: str
    state: str | None = None

    def can(self, action: str) -> bool:
        return action in ROLES[self.role]


CLERK = Person(1, "Клерк", "clerk")
SECOND = Person(2, "Второй клерк", "clerk")
APPROVER = Person(3, "Утверждающий", "approver")
BOTH = Person(4, "И тот и другой", "all")
AUDITOR = Person(5, "Аудитор", "auditor")
MACHINE = Person(None, "машина", "all")
PEOPLE = {str(one.id): one for one in (CLERK, SECOND, APPROVER, BOTH, AUDITOR, MACHINE)}


def clock() -> datetime:
    return NOW


def content(*codes: str, **changes: Any) -> dict[str, Any]:
    """A measure as a clerk types it, without fault."""
    data: dict[str, Any] = {
        "state": "KG",
        "kind": "export_prohibition",
        "title": {"ru": "Лом свинца"},
        "acts": [{"role": "introduces", "number": "587", "date": "2026-08-27"}],
        "goods": [{"code_from": code} for code in codes or ("7801",)],
        "effective_from": "2026-09-15",
        "effective_to": "2027-03-08",
        "notified_on": "2026-08-28",
    }
    return {**data, **changes}


async def enter(db: Database, *codes: str, **changes: Any) -> Measure:
    """A measure of the Register."""
    notified = Notified.model_validate(content(*codes, **changes))
    return await publication.include(db, notified, on=TODAY, clock=clock)


def pdf(text: str = "act") -> bytes:
    """A small whole PDF."""
    head = b"%PDF-1.7\n"
    objects = f"1 0 obj\n<< /Type /Catalog /Title ({text}) >>\nendobj\n".encode()
    table = b"xref\n0 2\n0000000000 65535 f \n0000000009 00000 n \n"
    trailer = b"trailer\n<< /Size 2 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(head) + len(objects))
    return head + objects + table + trailer


@dataclass
class Trail:
    """The audit trail as a list; keeps a row only with its transaction."""

    rows: list[tuple[str, str, str, dict[str, Any]]] = field(default_factory=list)

    async def __call__(
        self,
        db: Database,
        actor: Any,
        action: str,
        subject: str,
        outcome: str,
        *,
        at: datetime | None = None,
        **detail: Any,
    ) -> None:
        assert db.in_transaction
        self.rows.append((action, subject, outcome, detail))
