"""Messages after the Standard Webhooks specification: their bytes, identifiers, secrets and signatures. Pure."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import msgspec

from register.entries import timestamp
from register.index import Register

PREFIX: Final = "whsec_"
SECRET_BYTES: Final = 32
TEST: Final = "test"


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent: an identifier that stays the same in every attempt, and the bytes of the body."""

    id: str
    body: bytes


def new_secret() -> str:
    """A secret of 256 random bits, in the form of the specification."""
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def entry_message(register: Register, subscription: str, seq: int) -> Message:
    """An entry for a subscription; the entry's canonical bytes stand in it unchanged, so that they can be checked
    against the log. Raises ``IndexError`` for an entry that is not there."""
    kind = register.facts(seq).type.encode()
    at = timestamp(register.recorded_at(seq)).encode()
    body = b'{"type":"%s","timestamp":"%s","data":%s}' % (kind, at, register.body(seq))
    return Message(f"msg_{subscription.removeprefix('sub_')}_{seq}", body)


def test_message(subscription: str, at: datetime) -> Message:
    """A message that says nothing but that it arrived; ``at`` is UTC."""
    data = {"subscription": subscription, "text": {"ru": "Проверка доставки", "en": "A test of the delivery"}}
    body = msgspec.json.encode({"type": TEST, "timestamp": timestamp(at), "data": data})
    return Message(f"msg_{subscription.removeprefix('sub_')}_test_{secrets.token_hex(8)}", body)


def signature(secret: str, message: Message, at: int) -> str:
    """The signature ``v1`` (HMAC-SHA256) of a message sent at ``at``, in seconds since 1970 UTC."""
    key = base64.b64decode(secret.removeprefix(PREFIX))
    signed = b"%s.%d.%s" % (message.id.encode(), at, message.body)
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()


def headers(message: Message, at: datetime, keys: Sequence[str]) -> dict[str, str]:
    """The three headers of the specification, signed by every secret that is valid. ``at`` is the time of the attempt:
    a receiver refuses what is older than minutes, so that nobody can play back what he has overheard."""
    seconds = int(at.timestamp())
    return {
        "webhook-id": message.id,
        "webhook-timestamp": str(seconds),
        "webhook-signature": " ".join(signature(key, message, seconds) for key in keys),
    }
