"""Accounts in the database: one person, one role. Times are UTC. Who may call what is checked by the caller."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from admin.accounts.audit import audit
from admin.accounts.policy import Actor, Role
from register.database import Conflict, Database
from register.measures import STATES
from register.web import Finding, finding, refused
from register.words import LANGUAGES, Language

ONE_TIME_LASTS: Final = timedelta(days=7)
_EMAIL: Final = re.compile(r"[^@\s,;<>\"()]{1,64}@[^@\s,;<>\"()]{1,185}\.[^@\s.,;<>\"()]{2,63}")
_COLUMNS: Final = (
    "id, email, name, role, state, language, password_hash, password_expires_at, password_set_at, totp_secret, "
    "totp_pending, totp_step, created_at, deactivated_at, last_sign_in_at"
)


@dataclass(frozen=True, slots=True)
class Account:
    """A person as the database has it. ``password_hash`` None: signs in by OpenID Connect only.

    ``password_expires_at`` is set while the password is a one-time one, given by somebody else.
    """

    id: int
    email: str
    name: str
    role: Role
    state: str | None
    language: Language
    password_hash: str | None
    password_expires_at: datetime | None
    password_set_at: datetime | None
    totp_secret: str | None
    totp_pending: str | None
    totp_step: int | None
    created_at: datetime
    deactivated_at: datetime | None
    last_sign_in_at: datetime | None

    @property
    def active(self) -> bool:
        """Whether the person may sign in."""
        return self.deactivated_at is None

    @property
    def enrolled(self) -> bool:
        """Whether a second factor is set up."""
        return self.totp_secret is not None


@dataclass(frozen=True, slots=True)
class Particulars:
    """What an operator writes of a person."""

    email: str
    name: str
    role: str
    state: str | None
    language: str

    def faults(self) -> list[Finding]:
        """Everything wrong with it, field by field."""
        found: list[Finding] = []
        if not _EMAIL.fullmatch(self.email):
            found.append(finding("/email", "Нужен адрес электронной почты.", "An e-mail address is wanted."))
        if not self.name.strip() or len(self.name) > 200 or any(ord(char) < 32 for char in self.name):
            found.append(finding("/name", "Нужно имя, до 200 знаков.", "A name of up to 200 characters is wanted."))
        if self.role not in set(Role):
            found.append(finding("/role", "Такой роли нет.", "There is no such role."))
        elif (self.role == Role.OFFICIAL) != (self.state is not None) or self.state not in (None, *STATES):
            ru = "Государство-член указывается для представителя государства и только для него."
            found.append(finding("/state", ru, "A member state is given for an official, and for nobody else."))
        if self.language not in LANGUAGES:
            found.append(finding("/language", "Язык – ru или en.", "The language is ru or en."))
        return found


def email_key(email: str) -> str:
    """What makes two addresses one: case and form of the letters do not count."""
    return unicodedata.normalize("NFKC", email).strip().casefold()[:254]


def _account(row: dict[str, Any]) -> Account:
    return Account(**{**row, "role": Role(row["role"])})


async def by_email(db: Database, email: str) -> Account | None:
    """The account of an address, in any case; None when there is none."""
    rows = await db.fetch(f"SELECT {_COLUMNS} FROM account WHERE email_key = {{}}", email_key(email))  # noqa: S608
    return _account(rows[0]) if rows else None


async def by_id(db: Database, number: int) -> Account | None:
    """The account of a number; None when there is none."""
    if not 0 < number < 2**63:
        return None
    rows = await db.fetch(f"SELECT {_COLUMNS} FROM account WHERE id = {{}}", number)  # noqa: S608
    return _account(rows[0]) if rows else None


async def everybody(db: Database) -> list[Account]:
    """Every account, the active ones first, by name."""
    rows = await db.fetch(f"SELECT {_COLUMNS} FROM account")  # noqa: S608
    return sorted((_account(row) for row in rows), key=lambda one: (not one.active, one.name.casefold(), one.id))


async def add(
    db: Database, actor: Actor, given: Particulars, *, password_hash: str | None, now: datetime, own: bool = False
) -> int:
    """Make an account and return its number. The password is a one-time one for a week, unless ``own``.

    Raises ``Problem`` 422 for particulars that do not fit and for an address that is taken.
    """
    if found := given.faults():
        raise refused(*found)
    expires = None if password_hash is None or own else now + ONE_TIME_LASTS
    try:
        async with db.transaction():
            rows = await db.fetch_rows(
                "INSERT INTO account (email, email_key, name, role, state, language, password_hash, "
                "password_expires_at, password_set_at, created_at) "
                "VALUES ({}, {}, {}, {}, {}, {}, {}, {}, {}, {}) RETURNING id",
                given.email.strip(),
                email_key(given.email),
                given.name.strip(),
                given.role,
                given.state,
                given.language,
                password_hash,
                expires,
                now if password_hash else None,
                now,
            )
            number = int(rows[0][0])
            await audit(
                db, actor, "account.add", f"account:{number}", "done", at=now, role=given.role, state=given.state
            )
    except Conflict as error:
        raise _taken(error) from error
    return number


def _taken(error: Conflict) -> Exception:
    if error.kind != "unique":
        return error
    ru = "Учётная запись с этим адресом уже есть."
    return refused(finding("/email", ru, "There is an account with this address already.", "H-account"))


async def change(db: Database, actor: Actor, account: Account, given: Particulars, *, now: datetime) -> None:
    """Change the particulars. Another role or state ends the person's sessions and tokens.

    Raises ``Problem`` 422 for particulars that do not fit, an address that is taken, and one's own role.
    """
    found = given.faults()
    moved = (given.role, given.state) != (account.role.value, account.state)
    if moved and actor.id == account.id:
        found.append(finding("/role", "Свою роль изменить нельзя.", "Nobody changes the own role.", "H-account"))
    if found:
        raise refused(*found)
    before = {"name": account.name, "role": account.role.value, "state": account.state, "language": account.language}
    changed = [name for name, value in before.items() if value != getattr(given, name)]
    changed += ["email"] if given.email.strip() != account.email else []
    try:
        async with db.transaction():
            await db.execute(
                "UPDATE account SET email = {}, email_key = {}, name = {}, role = {}, state = {}, language = {} "
                "WHERE id = {}",
                given.email.strip(),
                email_key(given.email),
                given.name.strip(),
                given.role,
                given.state,
                given.language,
                account.id,
            )
            if moved:
                await end_everything(db, account.id, now)
            told = {"was": before["role"], "role": given.role, "state": given.state} if moved else {}
            await audit(
                db, actor, "account.change", f"account:{account.id}", "done", at=now, changed=sorted(changed), **told
            )
    except Conflict as error:
        raise _taken(error) from error


async def end_everything(db: Database, account: int, now: datetime, *, tokens: bool = True, keep: str = "") -> None:
    """Inside a transaction: end the sessions of an account (but one) and revoke its tokens."""
    await db.execute(
        "UPDATE session SET ended_at = {} WHERE account = {} AND ended_at IS NULL AND id <> {}", now, account, keep
    )
    if tokens:
        await db.execute("UPDATE token SET revoked_at = {} WHERE account = {} AND revoked_at IS NULL", now, account)


async def set_active(db: Database, actor: Actor, account: Account, *, active: bool, now: datetime) -> None:
    """Let a person in again, or no longer; then sessions and tokens end at once. Nobody shuts out oneself.

    Raises ``Problem`` 422.
    """
    if actor.id == account.id:
        raise refused(
            finding("", "Свою учётную запись отключить нельзя.", "Nobody deactivates the own account.", "H-account")
        )
    async with db.transaction():
        await db.execute("UPDATE account SET deactivated_at = {} WHERE id = {}", None if active else now, account.id)
        if not active:
            await end_everything(db, account.id, now)
        action = "account.activate" if active else "account.deactivate"
        await audit(db, actor, action, f"account:{account.id}", "done", at=now)


async def reset_password(db: Database, actor: Actor, account: Account, *, password_hash: str, now: datetime) -> None:
    """Give a one-time password, good for a week and to be changed at once; every session and token ends."""
    async with db.transaction():
        await db.execute(
            "UPDATE account SET password_hash = {}, password_expires_at = {}, password_set_at = {} WHERE id = {}",
            password_hash,
            now + ONE_TIME_LASTS,
            now,
            account.id,
        )
        await end_everything(db, account.id, now)
        await audit(db, actor, "account.reset_password", f"account:{account.id}", "done", at=now)


async def reset_second_factor(db: Database, actor: Actor, account: Account, *, now: datetime) -> None:
    """Take the second factor away, for a person who has lost it; every session and token ends."""
    async with db.transaction():
        await db.execute(
            "UPDATE account SET totp_secret = NULL, totp_pending = NULL, totp_step = NULL WHERE id = {}", account.id
        )
        await db.execute("DELETE FROM recovery_code WHERE account = {}", account.id)
        await end_everything(db, account.id, now)
        await audit(db, actor, "account.reset_second_factor", f"account:{account.id}", "done", at=now)


async def set_own_password(
    db: Database, actor: Actor, account: Account, *, password_hash: str, now: datetime, keep: str = ""
) -> None:
    """A person's own new password; every other session ends."""
    async with db.transaction():
        await db.execute(
            "UPDATE account SET password_hash = {}, password_expires_at = NULL, password_set_at = {} WHERE id = {}",
            password_hash,
            now,
            account.id,
        )
        await end_everything(db, account.id, now, tokens=False, keep=keep)
        await audit(db, actor, "own.password", f"account:{account.id}", "done", at=now)
