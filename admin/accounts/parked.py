"""Forms that were sent after the session had ended: kept for their author until the next sign-in. Times are UTC.

Only what a known session of a person sends, with the token of that session's forms, is kept: nobody can fill the
database, and nobody else gets the text. It is kept encrypted, without passwords, codes and files.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from admin.accounts.secret_box import SecretBox, fresh
from register.database import Database

KEPT: Final = timedelta(days=1)
MOST: Final = 20
"""Forms of one person; the oldest goes first."""
LARGEST: Final = 512 * 1024
FORM: Final = "_form"
"""A hidden field by which a form names the address of its own page; that page gets ``?parked=…`` and fills itself."""
CSRF: Final = "_csrf"
OTP: Final = "otp"
_SECRET: Final = re.compile(r"passw", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Parked:
    """A form as it was sent: where to, its fields in order, the names of its files, which must be chosen again."""

    id: str
    path: str
    fields: tuple[tuple[str, str], ...]
    files: tuple[str, ...] = ()

    def texts(self) -> dict[str, list[str]]:
        """The fields by name."""
        found: dict[str, list[str]] = {}
        for name, text in self.fields:
            found.setdefault(name, []).append(text)
        return found


def split(items: Iterable[tuple[str, Any]]) -> tuple[list[tuple[str, str]], list[str]]:
    """What of a form may be kept: its texts without secrets, and the names of its files."""
    fields: list[tuple[str, str]] = []
    files: list[str] = []
    for name, value in items:
        if name in (CSRF, OTP) or _SECRET.search(name):
            continue
        if isinstance(value, str):
            fields.append((name, value))
        elif filename := getattr(value, "filename", None):
            files.append(str(filename)[:200])
    return fields, files


async def park(
    db: Database, box: SecretBox, account: int, path: str, items: Iterable[tuple[str, Any]], *, now: datetime
) -> str | None:
    """Keep a form for a person; return its name, or None when it is too large to be kept."""
    fields, files = split(items)
    text = json.dumps({"fields": fields, "files": files}, ensure_ascii=False)
    if len(text.encode()) > LARGEST or len(path) > 500:
        return None
    name = fresh(16)
    async with db.transaction():
        await db.execute("DELETE FROM parked WHERE created_at < {}", now - KEPT)
        await db.execute(
            "INSERT INTO parked (id, account, path, fields, created_at) VALUES ({}, {}, {}, {}, {})",
            name,
            account,
            path,
            box.seal(text, now).encode(),
            now,
        )
        await db.execute(
            "DELETE FROM parked WHERE account = {} AND id NOT IN "
            "(SELECT id FROM parked WHERE account = {} ORDER BY created_at DESC, id LIMIT {})",
            account,
            account,
            MOST,
        )
    return name


async def fetch(db: Database, box: SecretBox, account: int, name: str, *, now: datetime) -> Parked | None:
    """A form kept for this person; None for none, for another person's, and after a day."""
    rows = await db.fetch(
        "SELECT path, fields FROM parked WHERE id = {} AND account = {} AND created_at >= {}",
        name[:64],
        account,
        now - KEPT,
    )
    opened = box.open(bytes(rows[0]["fields"]).decode(), now=now) if rows else None
    if opened is None:
        return None
    kept = json.loads(opened)
    return Parked(name, rows[0]["path"], tuple((key, text) for key, text in kept["fields"]), tuple(kept["files"]))


async def discard(db: Database, account: int, name: str) -> None:
    """Forget a form, once it has been sent."""
    await db.execute("DELETE FROM parked WHERE id = {} AND account = {}", name[:64], account)
