"""Who takes part in consultations, from the accounts: officials of the states, clerks and approvers, while active."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from admin.accounts.policy import Role
from consultations.notices.people import Person
from register.database import Database

PARTIES: Final = (Role.OFFICIAL, Role.CLERK, Role.APPROVER)
_WHO: Final = (
    "SELECT id, email, name, state, language FROM account WHERE deactivated_at IS NULL AND email <> ''"
    " AND role IN ({}, {}, {})"
)


class AccountDirectory:
    """The ``Directory`` of the notices over the table of accounts."""

    async def parties(self, db: Database, /) -> Sequence[Person]:
        """Everybody who is told, by number."""
        return [_person(row) for row in await db.fetch(f"{_WHO} ORDER BY id", *PARTIES)]

    async def person(self, db: Database, number: int, /) -> Person | None:
        """One of them; None for anybody else, and for an account that was deactivated."""
        rows = await db.fetch(f"{_WHO} AND id = {{}}", *PARTIES, number)
        return _person(rows[0]) if rows else None


def _person(row: dict[str, Any]) -> Person:
    return Person(int(row["id"]), row["email"], row["name"], row["state"], row["language"])
