"""The mail to an owner whose subscription was paused: written with the pause, sent afterwards until it went. UTC."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from feeds.webhooks.records import Attempt, Pause, Subscription
from feeds.webhooks.sender import Failure
from register.database import Database

log = logging.getLogger(__name__)

AT_ONCE: Final = 50


@dataclass(frozen=True, slots=True)
class Notice:
    """What the owner is told: which subscription rests, why, and with which entry delivery will go on."""

    id: int
    subscription: str
    owner: str
    owner_email: str
    url: str
    reason: Pause
    seq: int
    error: Failure
    status: int | None
    created_at: datetime

    def subject(self) -> dict[str, str]:
        """The subject of the mail, in both languages."""
        return {
            "ru": f"Доставка уведомлений на {self.url} приостановлена",
            "en": f"Webhooks to {self.url} are paused",
        }

    def text(self) -> dict[str, str]:
        """The text of the mail, in both languages."""
        answer = f"{self.error}{f' {self.status}' if self.status else ''}"
        because = _BECAUSE[self.reason]
        return {
            "ru": (
                f"{because['ru']} (последний результат: {answer}). Подписка {self.subscription} приостановлена, записи "
                f"Реестра не утрачены: после возобновления доставка продолжится с записи {self.seq}. Для возобновления "
                f'направьте запрос PATCH /api/v1/subscriptions/{self.subscription} с телом {{"state": "active"}}.'
            ),
            "en": (
                f"{because['en']} (last result: {answer}). The subscription {self.subscription} is paused. No entry of "
                f"the Register is lost: once resumed, delivery goes on with entry {self.seq}. To resume it, send "
                f'PATCH /api/v1/subscriptions/{self.subscription} with the body {{"state": "active"}}.'
            ),
        }


_BECAUSE: Final = {
    "owner": {"ru": "Доставка остановлена владельцем", "en": "The owner stopped the delivery"},
    "failing": {
        "ru": "Получатель не принимал сообщения в течение трёх суток",
        "en": "The receiver has not taken a message for three days",
    },
    "gone": {
        "ru": "Получатель ответил 410 Gone: адрес закрыт навсегда",
        "en": "The receiver answered 410 Gone: the address is closed for good",
    },
}


class Notify(Protocol):
    """Sends the mail of a notice; raises when it could not, and is then called again later."""

    async def __call__(self, notice: Notice, /) -> None: ...


async def write(db: Database, held: Subscription, reason: Pause, failed: Attempt, now: datetime) -> None:
    """Note that a mail is due, in the transaction of the pause."""
    await db.execute(
        "INSERT INTO webhook_notice (subscription, owner, owner_email, url, reason, seq, error, status, created_at)"
        " VALUES ({}, {}, {}, {}, {}, {}, {}, {}, {})",
        held.id,
        held.owner,
        held.owner_email,
        held.url,
        reason,
        failed.seq,
        failed.outcome.error,
        failed.outcome.status,
        now,
    )


async def send_due(db: Database, notify: Notify, now: datetime) -> int:
    """Send the mails that are due; return how many went. One that fails stays due and keeps no other back."""
    rows = await db.fetch(
        "SELECT id, subscription, owner, owner_email, url, reason, seq, error, status, created_at FROM webhook_notice"
        " WHERE sent_at IS NULL ORDER BY id LIMIT {}",
        AT_ONCE,
    )
    sent = []
    for row in rows:
        try:
            await notify(Notice(**row))
        except Exception:
            log.exception("the mail of notice %d did not go, it is tried again", row["id"])
        else:
            sent.append((now, row["id"]))
    if sent:
        async with db.transaction():
            await db.execute_many("UPDATE webhook_notice SET sent_at = {} WHERE id = {}", sent)
    return len(sent)


async def log_only(notice: Notice) -> None:
    """A ``Notify`` for a deployment without a mail server: the operator finds it in the log, which names nobody."""
    log.warning("%s: %s", notice.subject()["en"], notice.text()["en"])
