"""Signed notes and checkpoints of the transparency log (C2SP signed-note and tlog-checkpoint).

A checkpoint is a short text, signed with Ed25519: which log, how many leaves, which Merkle root. It binds the
Commission to the whole journal up to that entry (A4(4)). A note may bear several signatures: the old and the
new key while the key is changed, and cosignatures of witnesses, which are kept as they came.
"""

import base64
import re
from collections.abc import Iterable
from dataclasses import dataclass

from feeds.note_keys import (
    ED25519,
    KeyFileError,
    NoteError,
    Signature,
    Signer,
    Verifier,
    decode_base64,
    has_control,
    load_key,
    load_or_create_key,
)
from register.merkle import HASH_SIZE

__all__ = [
    "ED25519",
    "MAX_SIGNATURES",
    "Checkpoint",
    "KeyFileError",
    "Note",
    "NoteError",
    "Signature",
    "Signer",
    "Verifier",
    "load_key",
    "load_or_create_key",
    "open_checkpoint",
    "open_note",
    "sign_note",
]

MAX_SIGNATURES = 100
"""A note with more signatures is refused, as the Go package does; the specification asks to accept 16."""

# Go counts leaves in 63 bits; a larger size could be signed but not verified.
_LARGEST_SIZE = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Note:
    """An opened note: its text, the signatures that trusted keys have made, and those of keys not known."""

    text: str
    verified: tuple[Signature, ...]
    unverified: tuple[Signature, ...]


def sign_note(text: str, signers: Iterable[Signer], kept: Iterable[Signature] = ()) -> str:
    """The note over `text` with the signatures `kept` (say, of witnesses), then one of each signer.

    A kept signature gives way to a signer with the same key. Two signers are how a key is changed: clients that
    know either key open the note. Raises NoteError when `text` does not end in a newline or has control
    characters, or when no signer is given.
    """
    made = {(signer.name, signer.key_id): signer.signature(text) for signer in signers}
    if not made:
        raise NoteError(
            ru="Под текстом нет подписи: укажите хотя бы один ключ",
            en="Nobody signs the text: give at least one key",
        )
    old = [signature for signature in kept if (signature.name, signature.key_id) not in made]
    return text + "\n" + "".join(signature.line + "\n" for signature in (*old, *made.values()))


def open_note(note: str | bytes, verifiers: Iterable[Verifier]) -> Note:
    """Check the signatures of `note` and return its text with them (C2SP signed-note).

    Signatures of unknown keys are set aside unverified; a repeated one counts once. Raises NoteError when the
    note is malformed, when a known key's signature is wrong, or when no known key has signed: then the text must
    not be used.
    """
    known = _by_key(verifiers)
    text, signatures = _split_note(note)
    verified: dict[tuple[str, bytes], Signature] = {}
    unverified: dict[str, Signature] = {}
    for signature in signatures:
        key = (signature.name, signature.key_id)
        if key not in known:
            unverified.setdefault(signature.line, signature)
        elif known[key].verify(text, signature.value):
            verified.setdefault(key, signature)
        else:
            raise NoteError(
                ru=f"Подпись ключа {signature.name}+{signature.key_id.hex()} недействительна",
                en=f"The signature of key {signature.name}+{signature.key_id.hex()} is not valid",
            )
    if not verified:
        raise NoteError(
            ru="Под документом нет подписи ни одного из известных ключей",
            en="No known key has signed the note",
        )
    return Note(text, tuple(verified.values()), tuple(unverified.values()))


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The head of the log: whose log, how many leaves, the root over them (C2SP tlog-checkpoint).

    Leaf `seq - 1` is entry `seq`, so `size` is the `seq` of the last entry. `extensions` are further lines,
    kept and not understood. Raises NoteError when a field cannot be written in the format. Serves A4(4).
    """

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not 0 <= self.size <= _LARGEST_SIZE:
            raise _malformed("size", f"целое число от 0 до {_LARGEST_SIZE}", f"0 to {_LARGEST_SIZE}")
        if len(self.root) != HASH_SIZE:
            raise _malformed("root", "32 байта в base64", "32 bytes in base64")
        for field, line in (("origin", self.origin), *(("extensions", line) for line in self.extensions)):
            if not line or "\n" in line or has_control(line):
                raise _malformed(
                    field, "непустая строка без управляющих символов", "one line, not empty, no control characters"
                )

    def format(self) -> str:
        """The text to sign: `origin`, `size`, base64 of `root`, then extensions, each on a line."""
        root = base64.b64encode(self.root).decode("ascii")
        return "".join(f"{line}\n" for line in (self.origin, self.size, root, *self.extensions))

    @classmethod
    def parse(cls, text: str) -> "Checkpoint":
        """Read the text of a checkpoint strictly: what `format` would not write raises NoteError."""
        lines = text.split("\n")
        if len(lines) < 4 or lines.pop() != "":
            raise _malformed("text", "не менее трёх полных строк", "at least three whole lines")
        origin, size, encoded, *extensions = lines
        if not re.fullmatch("0|[1-9][0-9]{0,18}", size):
            raise _malformed("size", "целое число от 0 без лишних нулей", "a whole number, no extra zeros")
        return cls(origin, int(size), decode_base64(encoded) or b"", tuple(extensions))

    def sign(self, *signers: Signer) -> str:
        """The signed checkpoint, as `/log/checkpoint` serves it; several signers while the key is changed."""
        return sign_note(self.format(), signers)


def open_checkpoint(note: str | bytes, verifiers: Iterable[Verifier], origin: str) -> Checkpoint:
    """Open a signed checkpoint of the log `origin`; raises NoteError when it is not signed or of another log.

    The log's own key, the one named `origin`, must have signed: the cosignature of a witness alone does not say
    that the log stands by its checkpoint.
    """
    opened = open_note(note, verifiers)
    checkpoint = Checkpoint.parse(opened.text)
    if checkpoint.origin != origin:
        raise NoteError(
            ru=f"origin: подписано состояние журнала {checkpoint.origin}, а не {origin}",
            en=f"origin: the checkpoint is of the log {checkpoint.origin}, not of {origin}",
        )
    if all(signature.name != origin for signature in opened.verified):
        raise NoteError(
            ru=f"Состояние журнала {origin} не подписано его собственным ключом",
            en=f"The checkpoint of the log {origin} is not signed by a key of that name",
        )
    return checkpoint


def _by_key(verifiers: Iterable[Verifier]) -> dict[tuple[str, bytes], Verifier]:
    known: dict[tuple[str, bytes], Verifier] = {}
    for verifier in verifiers:
        other = known.setdefault((verifier.name, verifier.key_id), verifier)
        if other.public_key != verifier.public_key:
            identity = f"{verifier.name}+{verifier.key_id.hex()}"
            raise NoteError(
                ru=f"Два разных ключа имеют одно имя и один номер: {identity}",
                en=f"Two different keys have one name and one id: {identity}",
            )
    return known


def _split_note(note: str | bytes) -> tuple[str, list[Signature]]:
    """The text of a note and its signature lines, all of them well-formed."""
    try:
        whole = note.decode() if isinstance(note, bytes) else note
    except UnicodeDecodeError:
        raise NoteError(ru="Документ не является текстом в UTF-8", en="The note is not valid UTF-8") from None
    body, gap, block = whole.rpartition("\n\n")
    lines = block.split("\n")
    if not gap or lines.pop() != "" or not lines or has_control(whole):
        raise NoteError(
            ru="Документ должен состоять из текста, пустой строки и строк подписи, без управляющих символов",
            en="A note must be text, an empty line and signature lines, without control characters",
        )
    if len(lines) > MAX_SIGNATURES:
        raise NoteError(
            ru=f"Под документом более {MAX_SIGNATURES} подписей",
            en=f"The note has more than {MAX_SIGNATURES} signatures",
        )
    return body + "\n", [Signature.parse(line) for line in lines]


def _malformed(field: str, ru: str, en: str) -> NoteError:
    return NoteError(
        ru=f"Состояние журнала, поле {field}: требуется {ru}",
        en=f"Checkpoint, field {field}: must be {en}",
    )
