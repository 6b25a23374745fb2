"""Sessions in the database. The cookie bears the secret, the database its hash. Times are UTC.

A session row outlives its session by a month: so a form sent too late can still be told whose it was.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from admin.accounts.people import Account, by_id
from admin.accounts.secret_box import fingerprint, fresh
from admin.accounts.standing import Limits, Standing, over, standing
from register.database import Database

KEPT: Final = timedelta(days=30)
_COLUMNS: Final = "id, account, csrf, created_at, seen_at, ended_at, second_factor_at, address, user_agent"


@dataclass(frozen=True, slots=True)
class Session:
    """One sign-in on one device. ``id`` is the hash of what the cookie bears."""

    id: str
    account: int
    csrf: str
    created_at: datetime
    seen_at: datetime
    ended_at: datetime | None
    second_factor_at: datetime | None
    address: str
    user_agent: str

    def over(self, limits: Limits, now: datetime) -> bool:
        """Whether it has ended, in whatever way."""
        return over(self.created_at, self.seen_at, self.ended_at, limits, now)


@dataclass(frozen=True, slots=True)
class Known:
    """A session that a cookie names, the person behind it, and what it is good for."""

    session: Session
    account: Account
    standing: Standing


async def begin(
    db: Database, account: int, *, address: str, user_agent: str, now: datetime, second_factor: bool = False
) -> str:
    """Inside a transaction: begin a session; return what its cookie bears. What is a month over is cleared away."""
    secret = fresh()
    await db.execute(
        f"INSERT INTO session ({_COLUMNS}) VALUES ({{}}, {{}}, {{}}, {{}}, {{}}, NULL, {{}}, {{}}, {{}})",  # noqa: S608
        fingerprint(secret),
        account,
        secrets.token_hex(32),
        now,
        now,
        now if second_factor else None,
        address[:60],
        "".join(char for char in user_agent if char.isprintable())[:200],
    )
    await db.execute("DELETE FROM session WHERE seen_at < {}", now - KEPT)
    return secret


async def find(db: Database, secret: str, limits: Limits, now: datetime) -> Known | None:
    """The session that a cookie names, ended ones too; None for one that is not known (any more)."""
    rows = await db.fetch(f"SELECT {_COLUMNS} FROM session WHERE id = {{}}", fingerprint(secret))  # noqa: S608
    if not rows:
        return None
    session = Session(**rows[0])
    account = await by_id(db, session.account)
    if account is None:
        return None
    good_for = standing(
        is_over=session.over(limits, now) or not account.active,
        role=account.role,
        enrolled=account.enrolled,
        second_factor_done=session.second_factor_at is not None,
        password_expires=account.password_expires_at,
    )
    return Known(session, account, good_for)


async def note_use(db: Database, session: Session, limits: Limits, now: datetime) -> None:
    """Write down that a session is in use, once in a while; never brings one back that ended meanwhile."""
    if now - session.seen_at >= limits.note_every:
        await db.execute(
            "UPDATE session SET seen_at = {} WHERE id = {} AND ended_at IS NULL AND seen_at < {}", now, session.id, now
        )


async def of_account(db: Database, account: int, limits: Limits, now: datetime) -> list[Session]:
    """The sessions of a person that still hold, the last used first."""
    rows: list[dict[str, Any]] = await db.fetch(
        f"SELECT {_COLUMNS} FROM session WHERE account = {{}} AND ended_at IS NULL ORDER BY seen_at DESC",  # noqa: S608
        account,
    )
    return [session for row in rows if not (session := Session(**row)).over(limits, now)]


async def end(db: Database, account: int, session: str, now: datetime) -> bool:
    """Inside a transaction: end one session of a person; False when there is no such one."""
    changed = await db.execute(
        "UPDATE session SET ended_at = {} WHERE id = {} AND account = {} AND ended_at IS NULL", now, session, account
    )
    return changed > 0


# Another text at each showing, so that compression of the page betrays nothing of the secret (BREACH).


def form_token(secret: str) -> str:
    """What a form bears: a number and its hash under the secret."""
    nonce = secrets.token_hex(8)
    return f"{nonce}.{_mac(secret, nonce)}"


def token_fits(secret: str, given: str) -> bool:
    """Whether a form's text was made under the secret."""
    nonce, _, mac = given.partition(".")
    return hmac.compare_digest(_mac(secret, nonce).encode(), mac.encode())


def _mac(secret: str, nonce: str) -> str:
    return hmac.new(secret.encode(), nonce.encode(), hashlib.sha256).hexdigest()
