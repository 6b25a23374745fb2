"""The key file outside the database: what a copy of the database alone must not give away is kept under it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
from datetime import datetime
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_SEALED: Final = "s1."
_NONCE: Final = 12


class SecretFileError(Exception):
    """The key file cannot be used; the message names it and says why."""


class SecretBox:
    """Encrypts, and makes keyed hashes, under one key."""

    def __init__(self, key: bytes) -> None:
        self._fernet = Fernet(key)
        # Another key for hashing, so that neither use tells anything about the other.
        self._hash_key = hashlib.sha256(b"register keyed hash " + key).digest()
        self._root = base64.urlsafe_b64decode(key)

    @classmethod
    def from_file(cls, path: Path) -> SecretBox:
        """The key of a file, made on first start (mode 0600). Two processes at once end with the same key.

        Raises ``SecretFileError`` for a file that cannot be read or holds something else.
        """
        try:
            if not path.exists():
                _make(path)
            return cls(path.read_bytes().strip())
        except (OSError, ValueError) as error:
            raise SecretFileError(
                f"{path}: the key of the secrets cannot be used / ключ секретов непригоден: {error}"
            ) from error

    def seal(self, text: str, at: datetime) -> str:
        """A text encrypted; ``at`` is the moment that ``open`` counts its age from."""
        return self._fernet.encrypt_at_time(text.encode(), int(at.timestamp())).decode()

    def open(self, sealed: str, *, now: datetime, seconds: int | None = None) -> str | None:
        """What was sealed; None when it was not sealed here, was changed, or is older than ``seconds``."""
        try:
            raw = sealed.encode("ascii")
            if seconds is None:
                return self._fernet.decrypt(raw).decode()
            return self._fernet.decrypt_at_time(raw, ttl=seconds, current_time=int(now.timestamp())).decode()
        except (InvalidToken, UnicodeError):
            return None

    def digest(self, purpose: str, text: str) -> str:
        """A keyed hash of a text, hexadecimal; for what has too few bits for a plain one."""
        return hmac.new(self._hash_key, f"{purpose}\0{text}".encode(), hashlib.sha256).hexdigest()

    def sealer(self, purpose: str) -> CompactSealer:
        """What seals short secrets for one purpose, under a key of its own that is derived from this one."""
        info = b"register sealed " + purpose.encode()
        return CompactSealer(HKDF(SHA256(), length=32, salt=None, info=info).derive(self._root))


class CompactSealer:
    """AES-256-GCM, which adds 28 bytes; what is sealed is bound to what it is about, which is not kept with it."""

    def __init__(self, key: bytes) -> None:
        self._aead = AESGCM(key)

    def seal(self, plain: bytes, about: str, /) -> str:
        """The bytes sealed, in ASCII."""
        nonce = os.urandom(_NONCE)
        sealed = nonce + self._aead.encrypt(nonce, plain, about.encode())
        return _SEALED + base64.urlsafe_b64encode(sealed).decode().rstrip("=")

    def open(self, sealed: str, about: str, /) -> bytes | None:
        """What was sealed; None when it was not sealed here and about this, or was changed."""
        if not sealed.startswith(_SEALED):
            return None
        text = sealed.removeprefix(_SEALED)
        try:
            raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
            return self._aead.decrypt(raw[:_NONCE], raw[_NONCE:], about.encode())
        except (InvalidTag, ValueError):
            return None


def _make(path: Path) -> None:
    """Write a new key and give it its name by a link, which fails when another process was first."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    file = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(file, "wb") as opened:
            opened.write(Fernet.generate_key() + b"\n")
            opened.flush()
            os.fsync(opened.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            return
    finally:
        draft.unlink()


def fresh(octets: int = 32) -> str:
    """A new secret in characters that fit a cookie and an address."""
    return secrets.token_urlsafe(octets)


def fingerprint(secret: str) -> str:
    """The plain hash under which a secret with enough bits of its own is kept."""
    return hashlib.sha256(secret.encode()).hexdigest()
