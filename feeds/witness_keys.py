"""The key of a witness and its cosignatures (C2SP tlog-cosignature, Ed25519 `cosignature/v1`).

A witness signs, with the time, that a checkpoint continues every earlier one that it has seen: a log that shows one
history to some and another to others cannot get it. ML-DSA-44 keys are not taken: no library here verifies them.
"""

from __future__ import annotations

import base64
import re
from hashlib import sha256
from typing import Final

from feeds.note_keys import NoteError, Verifier, decode_base64

COSIGNATURE_V1: Final = 0x04
"""The signature type of C2SP tlog-cosignature for Ed25519."""

_STAMP_SIZE: Final = 8
_LONGEST_NAME: Final = 200


class WitnessKey(Verifier):
    """The public Ed25519 key of a witness, 32 bytes, under its name; opens notes like any other key.

    Raises ``NoteError`` when the name cannot name a key or the key has another length.
    """

    def __init__(self, name: str, public_key: bytes) -> None:
        super().__init__(name, public_key)
        if len(name) > _LONGEST_NAME:
            raise NoteError(
                ru=f"name: имя ключа длиннее {_LONGEST_NAME} знаков",
                en=f"name: the name of a key is longer than {_LONGEST_NAME} characters",
            )
        self.key_id = sha256(name.encode() + b"\n" + bytes([COSIGNATURE_V1]) + public_key).digest()[:4]

    @classmethod
    def parse(cls, verifier_key: str) -> WitnessKey:
        """Read ``name+hexhash+base64(0x04||public key)``; white space around it is allowed.

        Raises ``NoteError`` when it is malformed, of another type, or when the hash is not that of name and key.
        """
        name, _, rest = verifier_key.strip().partition("+")
        hexhash, _, encoded = rest.partition("+")
        raw = decode_base64(encoded)
        if not re.fullmatch("[0-9a-f]{8}", hexhash) or not raw:
            raise NoteError(
                ru="Ключ свидетеля должен иметь вид имя+8 шестнадцатеричных цифр+base64",
                en="The key of a witness must read name+8 hexadecimal digits+base64",
            )
        if raw[0] != COSIGNATURE_V1:
            raise NoteError(
                ru=f"Ключи типа {raw[0]} не поддерживаются, требуется ключ cosignature/v1 (4)",
                en=f"Keys of type {raw[0]} are not supported, one for cosignature/v1 (4) is needed",
            )
        key = cls(name, raw[1:])
        if key.key_id.hex() != hexhash:
            raise NoteError(
                ru="Контрольный хэш ключа не соответствует его имени и содержанию",
                en="The hash in the key is not that of its name and content",
            )
        return key

    @property
    def verifier_key(self) -> str:
        """The key in the form that is published and configured."""
        encoded = base64.b64encode(bytes([COSIGNATURE_V1]) + self.public_key).decode("ascii")
        return f"{self.name}+{self.key_id.hex()}+{encoded}"

    def verify(self, text: str, signature: bytes) -> bool:
        """Whether ``signature``, a time and an Ed25519 signature, is this witness's of the checkpoint ``text``."""
        stamp = stamp_of(signature)
        return super().verify(cosigned_message(text, stamp), signature[_STAMP_SIZE:])


def stamp_of(signature: bytes) -> int:
    """When a cosignature was made, POSIX seconds, as its first eight bytes say."""
    return int.from_bytes(signature[:_STAMP_SIZE], "big")


def cosigned_message(text: str, stamp: int) -> str:
    """What a witness signs for the checkpoint ``text`` at ``stamp`` (POSIX seconds)."""
    return f"cosignature/v1\ntime {stamp}\n{text}"
