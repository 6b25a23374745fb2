"""The journal in the database: one sequence without gaps, in the order of commit.

What an entry says is the caller's: here it is a header and a body of bytes.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import cast

from register.database import Database, DatabaseError, TransactionError

COLUMNS = "seq, recorded_at, header, body"


@dataclass(frozen=True, slots=True)
class PreparedEntry:
    """An entry that has its number and its time, ready to be kept.

    `type` and `subject` up to 40 characters, `reason` up to 20.
    """

    type: str
    subject: str
    reason: str
    header: bytes
    body: bytes


@dataclass(frozen=True, slots=True)
class StoredEntry:
    """An entry as it is kept; `recorded_at` is in UTC, to the millisecond."""

    seq: int
    recorded_at: datetime
    header: bytes
    body: bytes


def utc_now() -> datetime:
    """The time now in UTC, cut to the millisecond, which is what an entry shows."""
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


async def append(
    db: Database,
    make: Callable[[int, datetime], PreparedEntry],
    *,
    clock: Callable[[], datetime] = utc_now,
) -> StoredEntry:
    """Append one entry in the caller's transaction, and return it as kept.

    The number is taken from a row that stays locked until the commit: so the numbers are in the
    order of commit, and a rollback gives its number back. `recorded_at` is never before that of
    the entry before it, whatever the clocks say. `make` gets both and gives the entry; when it
    raises, the transaction must be left by that error.

    Raises `TransactionError` outside a transaction, `Conflict` when a text is too long.
    """
    if not db.in_transaction:
        raise TransactionError("an entry is appended inside db.transaction(), with what caused it")
    now = clock()
    rows = await db.fetch_rows(
        "UPDATE journal_head SET seq = seq + 1,"
        " recorded_at = CASE WHEN recorded_at > {} THEN recorded_at ELSE {} END"
        " WHERE id = 1 RETURNING seq, recorded_at",
        now,
        now,
    )
    if not rows:
        raise DatabaseError("the journal has no head: the database is damaged")
    seq, recorded_at = rows[0]
    entry = make(seq, recorded_at)
    await db.execute(
        "INSERT INTO entry (seq, recorded_at, type, subject, reason, header, body) VALUES ({}, {}, {}, {}, {}, {}, {})",
        seq,
        recorded_at,
        entry.type,
        entry.subject,
        entry.reason,
        entry.header,
        entry.body,
    )
    return StoredEntry(seq, recorded_at, entry.header, entry.body)


async def head(db: Database) -> int:
    """The number of the last entry; 0 while there is none."""
    rows = await db.fetch_rows("SELECT seq FROM journal_head WHERE id = 1")
    if not rows:
        raise DatabaseError("the journal has no head: the database is damaged")
    return int(rows[0][0])


async def read(db: Database, after: int, limit: int) -> list[StoredEntry]:
    """Up to `limit` entries after the number `after`, in order."""
    rows = await db.fetch_rows(
        f"SELECT {COLUMNS} FROM entry WHERE seq > {{}} ORDER BY seq LIMIT {{}}",  # noqa: S608
        after,
        limit,
    )
    return [StoredEntry(*row) for row in rows]


async def latest(db: Database, subject: str) -> StoredEntry | None:
    """The last entry on `subject` (the id of a measure or a consultation), or None."""
    rows = await db.fetch_rows(
        f"SELECT {COLUMNS} FROM entry WHERE subject = {{}} ORDER BY seq DESC LIMIT 1",  # noqa: S608
        subject,
    )
    return StoredEntry(*rows[0]) if rows else None


async def stream_all(db: Database, after: int = 0, batch: int = 2000) -> AsyncIterator[StoredEntry]:
    """Every entry after the number `after`, in order, read `batch` at a time.

    Entries that are appended meanwhile come too, when they are there before the end is reached.
    """
    while True:
        entries = await read(db, after, batch)
        for entry in entries:
            yield entry
        if len(entries) < batch:
            return
        after = entries[-1].seq


async def replay(db: Database, after: int = 0, batch: int = 2000) -> AsyncIterator[Sequence[tuple[bytes, bytes]]]:
    """Header and body of every entry after the number `after`, in order, by the batch: `stream_all` without what a
    replay skips.

    The time stands in the body; reading it from the row as well would cost a replay a tenth of its time.
    """
    while True:
        rows = await db.fetch_rows(
            "SELECT header, body FROM entry WHERE seq > {} ORDER BY seq LIMIT {}",
            after,
            batch,
        )
        if rows:
            yield cast("list[tuple[bytes, bytes]]", rows)
        if len(rows) < batch:
            return
        # Without gaps, so that the number follows from the count.
        after += len(rows)
