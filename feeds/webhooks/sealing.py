"""Signing secrets as they are kept: sealed under a key that lies outside the database.

A secret has to be at hand whenever a message goes out, so that no digest of it can be kept in its place. A copy of the
database alone gives none away. Where there is no sealer (``None``) secrets are kept in clear; what was kept so before
is read as well. A subscription's secret, and an answer kept for a repeated request, open only where they were sealed
for: one put into another row opens nothing.
"""

from __future__ import annotations

import base64
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Final, Protocol

from feeds.webhooks.records import Subscription
from feeds.webhooks.signing import PREFIX
from register.database import Database
from register.idempotency import Answer, Key, find, once
from register.web import Problem, finding

log = logging.getLogger(__name__)

_CLEAR_ANSWER: Final = b"{"


class Sealer(Protocol):
    """Seals and opens under one key. ``about`` is bound into the seal, and not kept with it."""

    def seal(self, plain: bytes, about: str, /) -> str:
        """The bytes sealed, in ASCII that begins neither as a secret nor as JSON."""
        ...

    def open(self, sealed: str, about: str, /) -> bytes | None:
        """What was sealed; None when it was not sealed under this key and about this."""
        ...


def seal_secret(sealer: Sealer | None, secret: str, subscription: str) -> str:
    """A secret as its row keeps it: 83 characters at most."""
    if sealer is None:
        return secret
    return sealer.seal(base64.b64decode(secret.removeprefix(PREFIX)), _of(subscription))


def open_secret(sealer: Sealer | None, kept: str, subscription: str) -> str | None:
    """The secret that a row keeps; None when it cannot be opened: the key is another one, or the row was changed."""
    if kept.startswith(PREFIX):
        return kept
    plain = None if sealer is None else sealer.open(kept, _of(subscription))
    return None if plain is None else PREFIX + base64.b64encode(plain).decode()


def signing_keys(sealer: Sealer | None, held: Subscription, now: datetime) -> list[str]:
    """The secrets that sign at ``now`` (UTC), the newest first. Empty when the newest cannot be opened.

    What an old secret alone has signed a receiver would soon refuse; and nobody would know why.
    """
    newest, *older = (open_secret(sealer, kept, held.id) for kept in held.keys(now))
    return [] if newest is None else [newest, *(secret for secret in older if secret is not None)]


async def seal_rows(db: Database, sealer: Sealer | None) -> int:
    """Seal what is kept in clear; return of how many subscriptions. Says in the log how many cannot be opened."""
    if sealer is None:
        return 0
    changes, lost = [], 0
    for name, *kept in await db.fetch_rows("SELECT id, secret, old_secret FROM webhook_subscription"):
        lost += open_secret(sealer, kept[0], name) is None
        if any(one is not None and one.startswith(PREFIX) for one in kept):
            sealed = [one and _resealed(sealer, one, name) for one in kept]
            changes.append((*sealed, name, kept[0]))
    if lost:
        log.error("the secrets of %d subscriptions do not open with this key file: restore it, or rotate them", lost)
    if changes:
        async with db.transaction():
            # Only what is still as it was read: an owner may rotate meanwhile.
            await db.execute_many(
                "UPDATE webhook_subscription SET secret = {}, old_secret = {} WHERE id = {} AND secret = {}", changes
            )
    return len(changes)


async def once_sealed(
    db: Database, key: Key | None, now: datetime, work: Callable[[], Awaitable[Answer]], sealer: Sealer | None
) -> Answer:
    """``once`` for an answer that holds a secret: what is kept of it for a repetition is sealed."""
    if key is None or sealer is None:
        return _opened(await once(db, key, now, work), key, sealer)

    async def sealed() -> Answer:
        answer = await work()
        return Answer(answer.status, sealer.seal(answer.body, _answer_to(key)).encode())

    return _opened(await once(db, key, now, sealed), key, sealer)


async def find_sealed(db: Database, key: Key | None, now: datetime, sealer: Sealer | None) -> Answer | None:
    """``find`` for what ``once_sealed`` keeps. Raises ``Problem`` 409 for an answer that does not open any more."""
    kept = await find(db, key, now)
    return None if kept is None else _opened(kept, key, sealer)


def _opened(kept: Answer, key: Key | None, sealer: Sealer | None) -> Answer:
    if key is None or kept.body.startswith(_CLEAR_ANSWER):
        return kept
    plain = None if sealer is None else sealer.open(kept.body.decode("ascii", "replace"), _answer_to(key))
    if plain is not None:
        return Answer(kept.status, plain)
    ru = "Этот запрос уже исполнен, но сохранённый ответ не читается: ключ службы заменён. Выпустите новый секрет"
    en = "This request was done, but its kept answer cannot be read: the key of the service is another. Rotate"
    raise Problem(409, "Conflict", f"{en} / {ru}", [finding("/Idempotency-Key", ru, en)])


def _resealed(sealer: Sealer, kept: str, subscription: str) -> str:
    return seal_secret(sealer, kept, subscription) if kept.startswith(PREFIX) else kept


def _of(subscription: str) -> str:
    return f"secret of {subscription}"


def _answer_to(key: Key) -> str:
    return f"answer to {key.scope} {key.request_hash} {key.key}"
