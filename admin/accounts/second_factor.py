"""The second factor: time-based codes (RFC 6238) and recovery codes. Times are UTC.

A code counts one step of 30 seconds early or late, and once: the last step used is kept.
"""

from __future__ import annotations

import hmac
import secrets
from datetime import datetime
from typing import Final

import pyotp
import segno

from admin.accounts.audit import audit
from admin.accounts.people import Account
from admin.accounts.policy import Actor
from admin.accounts.secret_box import SecretBox
from register.database import Database

STEP: Final = 30
RECOVERY_CODES: Final = 10
_ALPHABET: Final = "abcdefghjkmnpqrstuvwxyz23456789"


def new_secret() -> str:
    """A new secret, as an authenticator takes it."""
    return pyotp.random_base32()


def address(secret: str, email: str, issuer: str) -> str:
    """The otpauth address that a QR code bears."""
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=issuer)


def qr_code(text: str) -> str:
    """A QR code as an SVG without styles, to stand in a page."""
    return segno.make(text, error="m", micro=False).svg_inline(scale=5, border=2, lineclass=None, svgclass="qr")


def accepted_step(secret: str, code: str, last: int | None, now: datetime) -> int | None:
    """The step whose code was given: this one or a neighbour, later than the last one used. None: not accepted."""
    digits = "".join(code.split())
    totp, present = pyotp.TOTP(secret), int(now.timestamp()) // STEP
    if not (digits.isascii() and digits.isdigit()):
        return None
    for step in (present - 1, present, present + 1):
        if (last is None or step > last) and hmac.compare_digest(totp.generate_otp(step), digits):
            return step
    return None


def new_recovery_codes() -> list[str]:
    """Ten codes of 50 bits, as they are shown once."""
    return [
        "-".join("".join(secrets.choice(_ALPHABET) for _ in range(5)) for _ in range(2)) for _ in range(RECOVERY_CODES)
    ]


def recovery_digest(box: SecretBox, account: int, code: str) -> str:
    """What is kept of a recovery code; blanks, hyphens and case do not count."""
    plain = "".join(char for char in code.lower() if char.isalnum())
    return box.digest("recovery", f"{account}:{plain}")


async def use_code(db: Database, box: SecretBox, account: Account, code: str, now: datetime) -> str | None:
    """Inside a transaction: take a code, of the authenticator or of recovery, so that it is used up.

    Returns ``totp`` or ``recovery``; None when it is neither.
    """
    secret = box.open(account.totp_secret, now=now) if account.totp_secret else None
    step = accepted_step(secret, code, account.totp_step, now) if secret else None
    if step is not None:
        # Compared again in the database: two requests at once do not both have it.
        taken = await db.execute(
            "UPDATE account SET totp_step = {} WHERE id = {} AND (totp_step IS NULL OR totp_step < {})",
            step,
            account.id,
            step,
        )
        return "totp" if taken else None
    taken = await db.execute(
        "UPDATE recovery_code SET used_at = {} WHERE account = {} AND hash = {} AND used_at IS NULL",
        now,
        account.id,
        recovery_digest(box, account.id, code),
    )
    return "recovery" if taken else None


async def recovery_left(db: Database, account: int) -> int:
    """How many recovery codes a person has left."""
    rows = await db.fetch_rows("SELECT COUNT(*) FROM recovery_code WHERE account = {} AND used_at IS NULL", account)
    return int(rows[0][0])


async def pending_secret(db: Database, box: SecretBox, account: Account, now: datetime) -> str:
    """The secret that is about to be enrolled: the one begun, else a new one. The page may be shown again."""
    kept = box.open(account.totp_pending, now=now) if account.totp_pending else None
    if kept is not None:
        return kept
    secret = new_secret()
    await db.execute("UPDATE account SET totp_pending = {} WHERE id = {}", box.seal(secret, now), account.id)
    return secret


async def enrol(
    db: Database, box: SecretBox, actor: Actor, account: Account, code: str, now: datetime
) -> list[str] | None:
    """Inside a transaction: take the pending secret when ``code`` proves it; return the recovery codes, else None."""
    secret = box.open(account.totp_pending, now=now) if account.totp_pending else None
    step = accepted_step(secret, code, None, now) if secret else None
    if step is None:
        return None
    await db.execute(
        "UPDATE account SET totp_secret = totp_pending, totp_pending = NULL, totp_step = {} WHERE id = {}",
        step,
        account.id,
    )
    codes = await renew_recovery(db, box, account.id)
    await audit(db, actor, "own.second_factor.enrol", f"account:{account.id}", "done", at=now)
    return codes


async def renew_recovery(db: Database, box: SecretBox, account: int) -> list[str]:
    """Inside a transaction: new recovery codes; the old ones no longer work."""
    codes = new_recovery_codes()
    await db.execute("DELETE FROM recovery_code WHERE account = {}", account)
    await db.execute_many(
        "INSERT INTO recovery_code (account, hash) VALUES ({}, {})",
        [(account, recovery_digest(box, account, code)) for code in codes],
    )
    return codes


async def take_off(db: Database, actor: Actor, account: Account, now: datetime) -> None:
    """Inside a transaction: a person gives the own second factor up."""
    await db.execute(
        "UPDATE account SET totp_secret = NULL, totp_pending = NULL, totp_step = NULL WHERE id = {}", account.id
    )
    await db.execute("DELETE FROM recovery_code WHERE account = {}", account.id)
    await audit(db, actor, "own.second_factor.remove", f"account:{account.id}", "done", at=now)
