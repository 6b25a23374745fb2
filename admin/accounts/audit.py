"""The audit trail: who did what, and what was refused. Appended to, read, exported; the database refuses the rest.

Every row bears a digest over the row before it, so that a change made past the database's guards is found as well
(``first_damaged``). Times are UTC. Nothing secret goes in: ``audit`` refuses details that are named like secrets.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Literal

from admin.accounts.policy import Actor
from register.database import Database, TransactionError

Outcome = Literal["done", "refused", "failed"]
OUTCOMES: Final[tuple[Outcome, ...]] = ("done", "refused", "failed")

COLUMNS: Final = ("seq", "at", "actor", "actor_name", "address", "action", "subject", "outcome", "detail", "digest")
_FIELDS: Final = ", ".join(COLUMNS)
_SECRET: Final = re.compile(r"passw|secret|token|code|cookie|csrf|parol|hash")
_FIRST: Final = "0" * 64
_BATCH: Final = 1000


def stranger(address: str) -> Actor:
    """Whoever has not signed in, at an address; may do nothing."""
    return Actor(id=None, name="", role=None, scopes=frozenset(), address=address)


async def audit(
    db: Database,
    actor: Actor,
    action: str,
    subject: str,
    outcome: Outcome,
    *,
    at: datetime | None = None,
    **detail: Any,
) -> int:
    """Append a row inside the caller's transaction, so that it stands if and only if the deed does; return its number.

    ``subject`` is what was acted on, such as ``account:7``, ``draft:12``. ``detail`` is JSON. Raises
    ``TransactionError`` outside of a transaction, ``ValueError`` for a detail that is named like a secret.
    """
    if not db.in_transaction:
        raise TransactionError("an audit row is written inside the transaction of what it tells of")
    if named := [name for name in detail if _SECRET.search(name.lower())]:
        raise ValueError(f"the audit trail takes no secrets: {', '.join(named)}")
    last = await db.fetch_rows("SELECT seq, digest FROM audit ORDER BY seq DESC LIMIT 1")
    seq, before = (last[0][0] + 1, last[0][1]) if last else (1, _FIRST)
    row = {
        "seq": seq,
        "at": (at or datetime.now(UTC)).astimezone(UTC),
        "actor": actor.id,
        "actor_name": actor.name[:200],
        "address": actor.address[:60],
        "action": action[:60],
        "subject": subject[:100],
        "outcome": outcome,
        "detail": json.dumps(detail, ensure_ascii=False, sort_keys=True),
    }
    await db.execute(
        f"INSERT INTO audit ({_FIELDS}) VALUES ({', '.join(['{}'] * len(COLUMNS))})",  # noqa: S608 - our own names
        *row.values(),
        _digest(before, row),
    )
    return int(seq)


def _digest(before: str, row: dict[str, Any]) -> str:
    told = {name: row[name] for name in COLUMNS if name != "digest"} | {"at": row["at"].isoformat()}
    told["detail"] = json.loads(row["detail"]) if isinstance(row["detail"], str) else row["detail"]
    text = json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(f"{before}\n{text}".encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which rows are wanted; empty means all. ``since`` and ``until`` are moments, ``until`` not included."""

    actor: int | None = None
    action: str = ""
    subject: str = ""
    outcome: str = ""
    since: datetime | None = None
    until: datetime | None = None

    def where(self) -> tuple[str, list[Any]]:
        """The condition in SQL, and its values."""
        asked: list[tuple[str, Any]] = [
            ("actor = {}", self.actor),
            ("action LIKE {} ESCAPE '!'", f"{_plain(self.action)}%" if self.action else None),
            ("subject = {}", self.subject or None),
            ("outcome = {}", self.outcome or None),
            ("at >= {}", self.since),
            ("at < {}", self.until),
        ]
        kept = [(text, value) for text, value in asked if value is not None]
        return " AND ".join(text for text, _ in kept) or "1 = 1", [value for _, value in kept]


def _plain(text: str) -> str:
    return re.sub(r"([!%_])", r"!\1", text)


async def read_audit(
    db: Database, chosen: AuditFilter, *, before: int | None = None, limit: int = 100
) -> list[dict[str, Any]]:
    """The newest rows of a choice, below the number ``before``; ``detail`` as an object."""
    where, values = chosen.where()
    below = " AND seq < {}" if before is not None else ""
    rows = await db.fetch(
        f"SELECT {_FIELDS} FROM audit WHERE {where}{below} ORDER BY seq DESC LIMIT {{}}",  # noqa: S608
        *values,
        *([before] if before is not None else []),
        limit,
    )
    return [_row(row) for row in rows]


async def all_audit(db: Database, chosen: AuditFilter) -> AsyncIterator[dict[str, Any]]:
    """Every row of a choice that stood when the reading began, oldest first, read in batches."""
    where, values = chosen.where()
    head = (await db.fetch_rows("SELECT COALESCE(MAX(seq), 0) FROM audit"))[0][0]
    after = 0
    while after < head:
        rows = await db.fetch(
            f"SELECT {_FIELDS} FROM audit WHERE {where} AND seq > {{}} AND seq <= {{}} ORDER BY seq LIMIT {{}}",  # noqa: S608
            *values,
            after,
            head,
            _BATCH,
        )
        for row in rows:
            yield _row(row)
        after = rows[-1]["seq"] if len(rows) == _BATCH else head


def _row(row: dict[str, Any]) -> dict[str, Any]:
    detail = row["detail"]
    return {**row, "detail": json.loads(detail) if isinstance(detail, str | bytes) else detail}


async def first_damaged(db: Database) -> int | None:
    """The number of the first row that is missing or does not follow from the one before it; None: all is whole."""
    before, expected = _FIRST, 1
    async for row in all_audit(db, AuditFilter()):
        if row["seq"] != expected or row["digest"] != _digest(before, row):
            return expected
        before, expected = row["digest"], expected + 1
    return None


def public_row(row: dict[str, Any]) -> dict[str, Any]:
    """A row as the JSON export gives it: the time in RFC 3339."""
    return {**row, "at": row["at"].astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")}


def csv_line(values: list[Any]) -> str:
    """One line of CSV that no spreadsheet takes for a formula: such a cell begins with an apostrophe."""
    written = io.StringIO()
    csv.writer(written, lineterminator="\r\n").writerow([harmless(value) for value in values])
    return written.getvalue()


def harmless(value: Any) -> str:
    """A value as text; what a spreadsheet would calculate gets an apostrophe before it."""
    if value is None:
        return ""
    if isinstance(value, dict | list):
        value = json.dumps(value, ensure_ascii=False, sort_keys=True)
    text = str(value)
    # Leading blanks too: some programs strip them before they look.
    risky = text.lstrip(" \u00a0")[:1] in set("=+-@\t\r\n|%＝＋－＠")
    return f"'{text}" if text and risky and not isinstance(value, int) else text
