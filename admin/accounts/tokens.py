"""Bearer tokens for programs: shown once, kept as a hash, bound to a person or to a machine. Times are UTC."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from admin.accounts.audit import audit
from admin.accounts.people import by_id
from admin.accounts.policy import Actor, Role, scopes_for
from admin.accounts.secret_box import fingerprint, fresh
from register.database import Database
from register.web import Finding, finding, refused

PREFIX: Final = "rgt_"
"""By it a scanner of leaked secrets, and a reader of a configuration, know what it is."""
NOTE_EVERY: Final = timedelta(minutes=1)
LONGEST: Final = timedelta(days=366)
_COLUMNS: Final = "id, hint, account, name, scopes, created_at, expires_at, revoked_at, used_at, created_by"
_BEARER: Final = re.compile(r"bearer +([A-Za-z0-9_-]{20,200}) *", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Token:
    """A token without its secret. ``account`` None: of a machine, called ``name``."""

    id: int
    hint: str
    account: int | None
    name: str
    scopes: tuple[str, ...]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    used_at: datetime | None
    created_by: int | None

    def valid(self, now: datetime) -> bool:
        """Whether it opens anything at ``now``."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


def _token(row: dict[str, Any]) -> Token:
    scopes = json.loads(row["scopes"]) if isinstance(row["scopes"], str | bytes) else row["scopes"]
    return Token(**{**row, "scopes": tuple(scopes)})


def bearer(header: str) -> str | None:
    """Our token in an ``Authorization`` header; None for none, and for what is somebody else's."""
    match = _BEARER.fullmatch(header)
    return match[1] if match and match[1].startswith(PREFIX) else None


async def issue(
    db: Database,
    actor: Actor,
    *,
    name: str,
    scopes: Sequence[str],
    days: int | None,
    now: datetime,
    account: int | None = None,
    role: Role | None = None,
) -> str:
    """Make a token of a person (``account`` and ``role``) or of a machine (neither); return it, the only time.

    Raises ``Problem`` 422 for a name, scopes or days that do not fit.
    """
    if found := _faults(name, scopes, days, role):
        raise refused(*found)
    secret = PREFIX + fresh()
    async with db.transaction():
        rows = await db.fetch_rows(
            "INSERT INTO token (hash, hint, account, name, scopes, created_at, expires_at, created_by) "
            "VALUES ({}, {}, {}, {}, {}, {}, {}, {}) RETURNING id",
            fingerprint(secret),
            secret[: len(PREFIX) + 4],
            account,
            name.strip(),
            json.dumps(sorted(set(scopes))),
            now,
            None if days is None else now + timedelta(days=days),
            actor.id,
        )
        subject = f"token:{rows[0][0]}"
        await audit(
            db, actor, "token.add", subject, "done", at=now, name=name.strip(), scopes=sorted(set(scopes)), of=account
        )
    return secret


def _faults(name: str, scopes: Sequence[str], days: int | None, role: Role | None) -> list[Finding]:
    found: list[Finding] = []
    if not name.strip() or len(name) > 100 or not name.isprintable():
        found.append(finding("/name", "Нужно название, до 100 знаков.", "A name of up to 100 characters is wanted."))
    known = scopes_for(role)
    if not scopes or not set(scopes) <= set(known):
        listed = ", ".join(known) or "–"
        found.append(finding("/scopes", f"Выберите полномочия из: {listed}.", f"Choose scopes out of: {listed}."))
    if days is not None and not 1 <= days <= LONGEST.days:
        ru, en = f"Срок – от 1 до {LONGEST.days} дней.", f"It lasts from 1 to {LONGEST.days} days."
        found.append(finding("/days", ru, en))
    return found


async def authenticate(db: Database, secret: str, *, address: str, now: datetime) -> Actor | None:
    """Who a token stands for; None when it opens nothing (any more), or its person is no longer active."""
    rows = await db.fetch(f"SELECT {_COLUMNS} FROM token WHERE hash = {{}}", fingerprint(secret))  # noqa: S608
    token = _token(rows[0]) if rows else None
    if token is None or not token.valid(now):
        return None
    if token.used_at is None or now - token.used_at >= NOTE_EVERY:
        await db.execute("UPDATE token SET used_at = {} WHERE id = {}", now, token.id)
    scopes = frozenset(token.scopes)
    if token.account is None:
        return Actor(None, token.name, None, scopes=scopes, via="token", token=token.id, address=address)
    person = await by_id(db, token.account)
    if person is None or not person.active:
        return None
    return Actor(
        person.id,
        person.name,
        person.role,
        person.state,
        scopes,
        "token",
        person.language,
        token=token.id,
        address=address,
    )


async def listed(db: Database, *, account: int | None = None, everyone: bool = False) -> list[Token]:
    """The tokens of a person, or all, the newest first; their secrets are not kept and cannot be shown."""
    where, values = ("1 = 1", []) if everyone else ("account = {}", [account])
    rows = await db.fetch(f"SELECT {_COLUMNS} FROM token WHERE {where} ORDER BY id DESC", *values)  # noqa: S608
    return [_token(row) for row in rows]


async def revoke(db: Database, actor: Actor, number: int, *, now: datetime, everyone: bool = False) -> bool:
    """End a token at once: one's own or, where ``everyone``, any. False when there is no such one in use."""
    if not 0 < number < 2**63:
        return False
    async with db.transaction():
        mine, values = ("", []) if everyone else (" AND account = {}", [actor.id])
        changed = await db.execute(
            f"UPDATE token SET revoked_at = {{}} WHERE id = {{}} AND revoked_at IS NULL{mine}",  # noqa: S608
            now,
            number,
            *values,
        )
        if changed:
            await audit(db, actor, "token.revoke", f"token:{number}", "done", at=now)
    return changed > 0
