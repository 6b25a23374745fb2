"""Bearer tokens of subscribers: made by the operator, shown once, kept as a digest.

SHA-256 without salt is right here, and a slow password hash is not: the token is 256 random bits, which nobody guesses
however fast each guess is, equal tokens do not occur, and it is looked up at every request. Times are UTC.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from register.database import Database
from register.journal import utc_now

PREFIX: Final = "reg_"
SUBSCRIPTIONS: Final = "subscriptions"
"""The scope for webhooks."""
SCOPES: Final = frozenset((SUBSCRIPTIONS,))
USED_EVERY: Final = timedelta(hours=1)
"""How exact the time of last use is: not every request is worth a write."""

_COLUMNS: Final = "id, name, email, scopes, created_at, expires_at, revoked_at, last_used_at"
_BEARER: Final = re.compile(r"bearer +([A-Za-z0-9_-]{20,200}) *", re.IGNORECASE)


class TokenError(ValueError):
    """A token that cannot be made as asked; the message is ``English / Russian``."""


@dataclass(frozen=True, slots=True)
class Token:
    """A token without its secret. Tokens of one ``name`` are of one subscriber: so they can be renewed."""

    id: int
    name: str
    email: str
    scopes: frozenset[str]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None

    def valid(self, now: datetime) -> bool:
        """Whether it opens anything at ``now``."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


async def issue(
    db: Database,
    name: str,
    email: str,
    scopes: Iterable[str] = (SUBSCRIPTIONS,),
    *,
    expires_at: datetime | None = None,
    now: datetime | None = None,
) -> str:
    """Make a token and return it, the only time that it is seen. Raises ``TokenError`` naming what is wrong."""
    asked = frozenset(scopes)
    if not re.fullmatch(r"[\w.@-][\w .@-]{0,79}", name) or name != name.strip():
        raise TokenError(
            "name: 1 to 80 letters, digits, spaces, or any of . @ _ - / "
            "name: от 1 до 80 букв, цифр, пробелов и знаков . @ _ -"
        )
    if len(email) > 320 or not re.fullmatch(r"[^@\s\x00-\x1f]+@[^@\s\x00-\x1f]+", email):
        raise TokenError("email: an address such as clerk@customs.example / email: нужен адрес электронной почты")
    if not asked or not asked <= SCOPES:
        known = ", ".join(sorted(SCOPES))
        raise TokenError(f"scopes: the known ones are {known} / scopes: известны {known}")
    token = PREFIX + secrets.token_urlsafe(32)
    await db.execute(
        "INSERT INTO subscriber_token (token_hash, name, email, scopes, created_at, expires_at)"
        " VALUES ({}, {}, {}, {}, {}, {})",
        _digest(token),
        name,
        email,
        " ".join(sorted(asked)),
        now or utc_now(),
        expires_at,
    )
    return token


async def authenticate(db: Database, header: str | None, *, now: datetime | None = None) -> Token | None:
    """The token that an ``Authorization`` header bears; None when it bears none that is valid ``now``."""
    match = _BEARER.fullmatch(header or "")
    if match is None:
        return None
    rows = await db.fetch(f"SELECT {_COLUMNS} FROM subscriber_token WHERE token_hash = {{}}", _digest(match[1]))  # noqa: S608
    if not rows:
        return None
    token, moment = _token(rows[0]), now or datetime.now(UTC)
    if not token.valid(moment):
        return None
    if token.last_used_at is None or moment - token.last_used_at >= USED_EVERY:
        await db.execute("UPDATE subscriber_token SET last_used_at = {} WHERE id = {}", moment, token.id)
    return token


async def revoke(db: Database, token_id: int, *, now: datetime | None = None) -> bool:
    """End a token at once; False when there is none of that number, or it was revoked before."""
    changed = await db.execute(
        "UPDATE subscriber_token SET revoked_at = {} WHERE id = {} AND revoked_at IS NULL", now or utc_now(), token_id
    )
    return changed > 0


async def list_tokens(db: Database) -> list[Token]:
    """Every token, oldest first; their secrets are not kept and cannot be shown."""
    return [_token(row) for row in await db.fetch(f"SELECT {_COLUMNS} FROM subscriber_token ORDER BY id")]  # noqa: S608


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _token(row: dict[str, Any]) -> Token:
    return Token(**{**row, "scopes": frozenset(row["scopes"].split())})
