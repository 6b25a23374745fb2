"""Tries to answer a secret, counted per account and per address. Times are UTC.

A try is written down as wrong before it is looked at, and marked right afterwards: a hundred tries at once are counted
as a hundred.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from math import ceil
from typing import Final

from admin.accounts import throttle
from register.database import Database

KEPT: Final = timedelta(days=2)


class Wait(Exception):
    """Too many wrong answers; the next one is taken after ``seconds``."""

    def __init__(self, left: timedelta) -> None:
        self.seconds = max(1, ceil(left.total_seconds()))
        super().__init__(f"wait {self.seconds} s")


async def open_attempt(db: Database, key: str, address: str, now: datetime) -> int:
    """Inside a transaction: begin a try for ``key`` (an account, or what was typed as one); return its number.

    Raises ``Wait`` when the account or the address has to wait.
    """
    place = throttle.bucket(address)
    mine = await db.fetch_rows("SELECT at, succeeded_at FROM attempt WHERE key = {} ORDER BY id DESC LIMIT 40", key)
    wrong: list[datetime] = []
    for at, succeeded_at in mine:
        if succeeded_at is not None:
            break
        wrong.append(at)
    here = await db.fetch_rows(
        "SELECT at FROM attempt WHERE address = {} AND succeeded_at IS NULL AND at > {}",
        place,
        now - throttle.ADDRESS_SPAN,
    )
    left = max(throttle.account_wait(wrong, now), throttle.address_wait([row[0] for row in here], now))
    if left > timedelta(0):
        raise Wait(left)
    await db.execute("DELETE FROM attempt WHERE at < {}", now - KEPT)
    rows = await db.fetch_rows(
        "INSERT INTO attempt (key, address, at) VALUES ({}, {}, {}) RETURNING id", key, place, now
    )
    return int(rows[0][0])


async def mark_right(db: Database, attempt: int, now: datetime) -> None:
    """Inside a transaction: the answer was right; earlier wrong ones for the account no longer count."""
    await db.execute("UPDATE attempt SET succeeded_at = {} WHERE id = {}", now, attempt)
