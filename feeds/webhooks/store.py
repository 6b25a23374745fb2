"""What an owner does with subscriptions: make, change, stop, rotate, replay, delete, and read the log.

Each command belongs into the caller's transaction, together with the answer kept for a repeated request. An owner sees
no more than what is his: for anybody else a subscription is not there. Times are UTC.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final, Literal

import msgspec

from feeds.webhooks.records import INSERT_ATTEMPT, Attempt, Subscription, Wanted, select
from feeds.webhooks.sealing import Sealer, open_secret, seal_secret
from feeds.webhooks.signing import new_secret
from register.database import Database

MAX_PER_OWNER: Final = 100
_LINE: Final = "id, message, seq, attempt, at, status, duration_ms, error, excerpt"
OVERLAP: Final = timedelta(hours=24)
"""How long the secret before goes on signing after a rotation."""


class Unknown(LookupError):
    """No such subscription of this owner."""


class TooMany(Exception):
    """The owner has as many subscriptions as one may have."""


async def get(db: Database, owner: str, subscription: str) -> Subscription:
    """One subscription of an owner. Raises ``Unknown``."""
    found = await select(db, "id = {} AND owner = {}", subscription, owner)
    if not found:
        raise Unknown(subscription)
    return found[0]


async def list_all(db: Database, owner: str) -> list[Subscription]:
    """All subscriptions of an owner, oldest first; there are at most ``MAX_PER_OWNER``."""
    return await select(db, "owner = {} ORDER BY created_at, id", owner)


async def create(
    db: Database,
    owner: str,
    email: str,
    *,
    url: str,
    wanted: Wanted,
    after: int,
    now: datetime,
    description: str | None = None,
    sealer: Sealer | None = None,
) -> Subscription:
    """A new subscription that begins with the entry after the number ``after``. ``url`` was checked by the caller.

    Raises ``TooMany``.
    """
    rows = await db.fetch_rows("SELECT count(*) FROM webhook_subscription WHERE owner = {}", owner)
    if rows[0][0] >= MAX_PER_OWNER:
        raise TooMany
    name = f"sub_{secrets.token_hex(12)}"
    await db.execute(
        "INSERT INTO webhook_subscription (id, owner, owner_email, url, wanted, description, secret, state,"
        " cursor_seq, created_at, updated_at) VALUES ({}, {}, {}, {}, {}, {}, {}, 'active', {}, {}, {})",
        name,
        owner,
        email,
        url,
        msgspec.json.encode(wanted).decode(),
        description,
        seal_secret(sealer, new_secret(), name),
        after,
        now,
        now,
    )
    await _changed(db)
    return await get(db, owner, name)


async def change(
    db: Database,
    owner: str,
    email: str,
    subscription: str,
    *,
    now: datetime,
    url: str | None = None,
    wanted: Wanted | None = None,
    state: Literal["active", "paused"] | None = None,
    description: str | msgspec.UnsetType | None = msgspec.UNSET,
) -> Subscription:
    """Change what is given. A new address and a resumption begin afresh: the next attempt is made at once.

    A new filter holds for entries that were not passed yet. Raises ``Unknown``.
    """
    held = await get(db, owner, subscription)
    columns: dict[str, Any] = {"owner_email": email}
    if url is not None and url != held.url:
        columns |= {"url": url, **_afresh(held)}
    if wanted is not None:
        columns["wanted"] = msgspec.json.encode(wanted).decode()
    if description is not msgspec.UNSET:
        columns["description"] = description
    if state is not None and state != held.state:
        paused = state == "paused"
        columns |= {"state": state, **_afresh(held)}
        columns |= {"paused_reason": "owner" if paused else None, "paused_at": now if paused else None}
    await _update(db, subscription, columns, now)
    return await get(db, owner, subscription)


async def rotate(
    db: Database, owner: str, subscription: str, *, now: datetime, overlap: timedelta, sealer: Sealer | None = None
) -> Subscription:
    """A new secret; the one before signs too for ``overlap``. Raises ``Unknown``.

    Only two are ever valid: a second rotation within the overlap ends the oldest. Where the one before cannot be opened
    nothing went out, so that delivery begins afresh with the new one alone.
    """
    held = await get(db, owner, subscription)
    before = open_secret(sealer, held.secret, subscription)
    kept = before is not None and overlap > timedelta()
    columns: dict[str, Any] = {
        "secret": seal_secret(sealer, new_secret(), subscription),
        "old_secret": seal_secret(sealer, before, subscription) if before is not None and kept else None,
        "old_secret_until": now + overlap if kept else None,
        **(_afresh(held) if before is None else {}),
    }
    await _update(db, subscription, columns, now)
    return await get(db, owner, subscription)


async def replay(db: Database, owner: str, subscription: str, *, from_seq: int, now: datetime) -> Subscription:
    """Deliver again from the entry ``from_seq`` on, each under the identifier it had. Raises ``Unknown``.

    One that is paused stays so: what is replayed comes when it is resumed.
    """
    held = await get(db, owner, subscription)
    await _update(db, subscription, {"cursor_seq": from_seq - 1, **_afresh(held)}, now)
    return await get(db, owner, subscription)


async def delete(db: Database, owner: str, subscription: str) -> None:
    """Take a subscription and its log away. Raises ``Unknown``."""
    await get(db, owner, subscription)
    await db.execute("DELETE FROM webhook_delivery WHERE subscription = {}", subscription)
    await db.execute("DELETE FROM webhook_subscription WHERE id = {}", subscription)
    await _changed(db)


async def deliveries(db: Database, subscription: str, after: int, limit: int) -> list[dict[str, Any]]:
    """Up to ``limit`` lines of the log after the line ``after``, oldest first."""
    return await db.fetch(
        f"SELECT {_LINE} FROM webhook_delivery WHERE subscription = {{}} AND id > {{}} ORDER BY id LIMIT {{}}",  # noqa: S608
        subscription,
        after,
        limit,
    )


async def latest(db: Database, subscription: str, before: int | None, limit: int) -> list[dict[str, Any]]:
    """Up to ``limit`` lines of the log below the line ``before``, newest first; from the newest when it is None."""
    below, values = ("", []) if before is None else (" AND id < {}", [before])
    return await db.fetch(
        f"SELECT {_LINE} FROM webhook_delivery WHERE subscription = {{}}{below} ORDER BY id DESC LIMIT {{}}",  # noqa: S608
        subscription,
        *values,
        limit,
    )


async def everybodys(db: Database) -> list[Subscription]:
    """All subscriptions of all owners, by owner, oldest first: for the operator."""
    return await select(db, "1 = 1 ORDER BY owner, created_at, id")


async def record(db: Database, attempt: Attempt) -> int:
    """Write one line of the log; return its number."""
    rows = await db.fetch_rows(f"{INSERT_ATTEMPT} RETURNING id", *attempt.row())
    return int(rows[0][0])


def _afresh(held: Subscription) -> dict[str, Any]:
    return {"failures": 0, "failing_since": None, "next_attempt_at": None, "epoch": held.epoch + 1}


async def _update(db: Database, subscription: str, columns: Mapping[str, Any], now: datetime) -> None:
    named = ", ".join(f"{name} = {{}}" for name in (*columns, "updated_at"))
    await db.execute(
        f"UPDATE webhook_subscription SET {named} WHERE id = {{}}",  # noqa: S608
        *columns.values(),
        now,
        subscription,
    )
    await _changed(db)


async def _changed(db: Database) -> None:
    await db.execute("UPDATE webhook_change SET revision = revision + 1 WHERE id = 1")
