"""``Idempotency-Key``: a request that is sent twice is done once, and gets the same answer twice. Times are UTC."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from register.database import Database, TransactionError
from register.web import Problem, finding, refused

KEPT_FOR: Final = timedelta(hours=24)
CLAIM_LASTS: Final = timedelta(seconds=60)
"""A claim whose process died is free again after this."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered, to be given again."""

    status: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Key:
    """A key of one caller, for one request: ``request_hash`` tells whether another one comes under the same key."""

    key: str
    scope: str
    request_hash: str


def read_key(header: str | None, owner: str, method: str, path: str, body: bytes) -> Key | None:
    """The key of a request; None when it bears none. Raises ``Problem`` 422 for one that cannot be kept.

    ``owner`` names the caller over all of the service (``account:7``): keys of two callers never meet.
    """
    if header is None:
        return None
    if not re.fullmatch(r"[\x20-\x7e]{1,200}", header):
        raise refused(
            finding(
                "/Idempotency-Key",
                "Idempotency-Key: от 1 до 200 печатных знаков ASCII",
                "Idempotency-Key: 1 to 200 printable characters of ASCII",
            )
        )
    request = hashlib.sha256(b"\n".join((method.encode(), path.encode(), body))).hexdigest()
    return Key(header, hashlib.sha256(owner.encode()).hexdigest(), request)


async def find(db: Database, key: Key | None, now: datetime) -> Answer | None:
    """The answer kept for a request that was made before; None for a new one.

    Raises ``Problem`` 422 when the key was used for another request, 409 while the first is still under way.
    """
    if key is None:
        return None
    rows = await db.fetch(
        "SELECT request_hash, status, response, created_at FROM idempotency"
        " WHERE key = {} AND scope = {} AND created_at > {}",
        key.key,
        key.scope,
        now - KEPT_FOR,
    )
    if not rows:
        return None
    row = rows[0]
    if row["request_hash"] != key.request_hash:
        raise refused(
            finding(
                "/Idempotency-Key",
                "Этот Idempotency-Key уже использован для другого запроса",
                "This Idempotency-Key was used for another request",
            )
        )
    if row["status"] is not None:
        return Answer(row["status"], bytes(row["response"]))
    if row["created_at"] <= now - CLAIM_LASTS:
        return None
    ru, en = "Запрос с этим Idempotency-Key ещё выполняется", "The request with this Idempotency-Key is under way"
    errors = [finding("/Idempotency-Key", ru, en)]
    raise Problem(409, "Conflict", f"{en} / {ru}", errors, headers={"Retry-After": "5"})


async def once(db: Database, key: Key | None, now: datetime, work: Callable[[], Awaitable[Answer]]) -> Answer:
    """Do ``work``, which only writes to the database, and keep its answer, both in one transaction.

    Raises what ``find`` and ``work`` raise; nothing is kept then.
    """
    async with db.transaction():
        kept = await find(db, key, now)
        if kept is not None:
            return kept
        answer = await work()
        await keep(db, key, answer, now)
    return answer


async def claim(db: Database, key: Key | None, now: datetime) -> Answer | None:
    """Take a key for work that reaches outside; the answer when there is one already. Raises what ``find`` raises."""
    if key is None:
        return None
    async with db.transaction():
        kept = await find(db, key, now)
        if kept is None:
            await _put(db, key, None, now)
        return kept


async def keep(db: Database, key: Key | None, answer: Answer, now: datetime) -> None:
    """Keep the answer of a request; belongs into the transaction of what it did."""
    if not db.in_transaction:
        raise TransactionError("an answer is kept inside db.transaction(), with what was done")
    if key is not None:
        await _put(db, key, answer, now)


async def release(db: Database, key: Key | None) -> None:
    """Give a claim back whose work failed, so that the request may be made again."""
    if key is not None:
        await db.execute("DELETE FROM idempotency WHERE key = {} AND scope = {} AND status IS NULL", key.key, key.scope)


async def forget(db: Database, now: datetime) -> None:
    """Take away the answers that are older than a day."""
    await db.execute("DELETE FROM idempotency WHERE created_at <= {}", now - KEPT_FOR)


async def _put(db: Database, key: Key, answer: Answer | None, now: datetime) -> None:
    await db.execute("DELETE FROM idempotency WHERE key = {} AND scope = {}", key.key, key.scope)
    await db.execute(
        "INSERT INTO idempotency (key, scope, request_hash, status, response, created_at)"
        " VALUES ({}, {}, {}, {}, {}, {})",
        key.key,
        key.scope,
        key.request_hash,
        None if answer is None else answer.status,
        None if answer is None else answer.body,
        now,
    )
