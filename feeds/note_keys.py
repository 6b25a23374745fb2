"""The keys of signed notes (C2SP signed-note, Ed25519): their names, text forms, signatures and the key file.

Text forms are those of the Go package golang.org/x/mod/sumdb/note, so that its tools read and write the same
keys. Users of notes import these names from `feeds.notes`.
"""

import base64
import binascii
import os
import re
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from register.merkle import LogError

ED25519 = 0x01
"""The signature type of C2SP signed-note for plain Ed25519."""

_SIGNATURE_PREFIX = "— "
_PRIVATE_PREFIX = "PRIVATE+KEY+"
_KEY_ID_SIZE = 4
_KEY_SIZE = 32


class NoteError(LogError):
    """A note, checkpoint, key or signature that is malformed, or that no trusted key has signed."""


class KeyFileError(NoteError):
    """A key file that cannot be read, written or used; the message names its path and never the key."""


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line of a note, of any type of key: `line` is the whole line as it stood, without newline."""

    name: str
    key_id: bytes
    value: bytes
    line: str

    @classmethod
    def parse(cls, line: str) -> "Signature":
        """Read one signature line (without its newline). Raises NoteError when it is malformed."""
        name, space, encoded = line.removeprefix(_SIGNATURE_PREFIX).partition(" ")
        raw = decode_base64(encoded)
        if not line.startswith(_SIGNATURE_PREFIX) or not space or raw is None or len(raw) <= _KEY_ID_SIZE:
            raise NoteError(
                ru="Строка подписи должна иметь вид «— имя base64(номер ключа и подпись)»",
                en="A signature line must read '— name base64(key id and signature)'",
            )
        _check_name(name)
        return cls(name, raw[:_KEY_ID_SIZE], raw[_KEY_ID_SIZE:], line)


class Verifier:
    """A public Ed25519 key, 32 bytes, under a name; tells whether a signature of a text is its own.

    Raises NoteError when the name cannot name a key or the key has another length.
    """

    def __init__(self, name: str, public_key: bytes) -> None:
        _check_name(name)
        _check_length(public_key)
        self.name = name
        self.public_key = public_key
        self.key_id = _key_id(name, public_key)
        self._key = Ed25519PublicKey.from_public_bytes(public_key)

    @classmethod
    def parse(cls, verifier_key: str) -> "Verifier":
        """Read a verifier key, `name+hexhash+base64(0x01||public key)`, as `/log/key` serves it.

        White space around it is allowed. Raises NoteError when it is malformed, when its type is not Ed25519, or
        when the hash is not that of the name and the key.
        """
        name, hexhash, public_key = _split_key(verifier_key.strip())
        verifier = cls(name, public_key)
        _check_key_id(verifier.key_id, hexhash)
        return verifier

    @property
    def verifier_key(self) -> str:
        """The key in the form that is published and given to those who verify."""
        return _format_key(self.name, self.key_id, self.public_key)

    def verify(self, text: str, signature: bytes) -> bool:
        """Whether `signature` is this key's signature of `text`."""
        try:
            self._key.verify(signature, text.encode())
        except InvalidSignature:
            return False
        return True


class Signer:
    """A private Ed25519 key, 32 bytes of `seed`, under a name; the seed is in no message and no representation.

    Raises NoteError when the name cannot name a key or the seed has another length.
    """

    def __init__(self, name: str, seed: bytes) -> None:
        _check_length(seed)
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.verifier = Verifier(name, self._key.public_key().public_bytes_raw())

    @classmethod
    def generate(cls, name: str) -> "Signer":
        """A new random key under `name`. Raises NoteError when the name cannot be one."""
        return cls(name, Ed25519PrivateKey.generate().private_bytes_raw())

    @classmethod
    def parse(cls, private_key: str) -> "Signer":
        """Read a private key, `PRIVATE+KEY+name+hexhash+base64(0x01||seed)`, as Go's note.GenerateKey writes it.

        White space around it is allowed. Raises NoteError, without the key, when it is malformed or its hash is
        not that of the name and the public half.
        """
        text = private_key.strip()
        if not text.startswith(_PRIVATE_PREFIX):
            raise NoteError(
                ru=f"Закрытый ключ должен начинаться с {_PRIVATE_PREFIX}",
                en=f"A private key must begin with {_PRIVATE_PREFIX}",
            )
        name, hexhash, seed = _split_key(text.removeprefix(_PRIVATE_PREFIX))
        signer = cls(name, seed)
        _check_key_id(signer.key_id, hexhash)
        return signer

    @property
    def name(self) -> str:
        """The name of the key; for a log, its origin."""
        return self.verifier.name

    @property
    def key_id(self) -> bytes:
        """First four bytes of SHA-256 of the name, a newline, the type byte and the public key."""
        return self.verifier.key_id

    @property
    def verifier_key(self) -> str:
        """The public half, `name+hexhash+base64(0x01||public key)`."""
        return self.verifier.verifier_key

    @property
    def private_key(self) -> str:
        """The secret itself, in the form that `parse` reads: for the key file and nothing else."""
        return _PRIVATE_PREFIX + _format_key(self.name, self.key_id, self._key.private_bytes_raw())

    def signature(self, text: str) -> Signature:
        """This key's signature line for `text`. Raises NoteError when `text` cannot be the text of a note."""
        if not text.endswith("\n") or has_control(text):
            raise NoteError(
                ru="text: текст должен заканчиваться переводом строки и не содержать управляющих символов",
                en="text: the text must end in a newline and hold no control characters",
            )
        value = self._key.sign(text.encode())
        encoded = base64.b64encode(self.key_id + value).decode("ascii")
        return Signature(self.name, self.key_id, value, f"{_SIGNATURE_PREFIX}{self.name} {encoded}")

    def sign(self, text: str) -> str:
        """The note that this key alone signs: `text`, an empty line, the signature. Errors as `signature`."""
        return f"{text}\n{self.signature(text).line}\n"


def load_key(path: Path) -> Signer:
    """Read the private key file at `path`.

    Raises KeyFileError, which names the path, when it is missing, unreadable or malformed.
    """
    try:
        return Signer.parse(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise _unusable(path, "не читается", "cannot be read", error) from error
    except NoteError as error:
        raise KeyFileError(
            ru=f"Файл ключа {path}: {error.text['ru']}",
            en=f"Key file {path}: {error.text['en']}",
        ) from None


def load_or_create_key(path: Path, name: str) -> Signer:
    """The private key of the log `name` from the file `path`, made on first start with mode 0600.

    Safe when several processes start at once: the file appears whole or not at all, and all of them get the one
    key that is in it. The directory must exist. Raises KeyFileError, which names the path, when the file cannot
    be read or written, is malformed, or holds the key of another name; NoteError when `name` cannot be one.
    """
    if not os.path.lexists(path):
        _create(path, Signer.generate(name))
    signer = load_key(path)
    if signer.name != name:
        raise KeyFileError(
            ru=f"Файл ключа {path}: ключ принадлежит журналу {signer.name}, а настроен журнал {name}",
            en=f"Key file {path}: the key belongs to the log {signer.name}, but the log is set to be {name}",
        )
    return signer


def _create(path: Path, signer: Signer) -> None:
    """Put the key at `path` unless another process has put one there meanwhile."""
    try:
        handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(signer.private_key + "\n")
                file.flush()
                os.fsync(file.fileno())
            # A link, unlike a rename, never replaces the key of a process that was faster.
            with suppress(FileExistsError):
                os.link(temporary, path)
        finally:
            os.unlink(temporary)
        _sync_directory(path.parent)
    except OSError as error:
        raise _unusable(path, "не создаётся", "cannot be created", error) from error


def _sync_directory(directory: Path) -> None:
    # A checkpoint signed with a key that a power cut then takes away could never be continued.
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _unusable(path: Path, ru: str, en: str, error: Exception) -> KeyFileError:
    cause = error.strerror if isinstance(error, OSError) else "UTF-8"
    return KeyFileError(ru=f"Файл ключа {path} {ru}: {cause}", en=f"Key file {path} {en}: {cause}")


def decode_base64(encoded: str) -> bytes | None:
    """The bytes of canonical base64 (one text for one value), else None."""
    try:
        raw = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return None
    return raw if base64.b64encode(raw).decode("ascii") == encoded else None


def has_control(text: str) -> bool:
    """Whether `text` has what no note may: control characters other than newline, or no UTF-8 form."""
    return any((c < " " and c != "\n") or "\ud800" <= c <= "\udfff" for c in text)


def _key_id(name: str, public_key: bytes) -> bytes:
    return sha256(name.encode() + b"\n" + bytes([ED25519]) + public_key).digest()[:_KEY_ID_SIZE]


def _format_key(name: str, key_id: bytes, key: bytes) -> str:
    return f"{name}+{key_id.hex()}+{base64.b64encode(bytes([ED25519]) + key).decode('ascii')}"


def _split_key(text: str) -> tuple[str, str, bytes]:
    """Name, hash in hexadecimal and the 32 bytes of a key as text; NoteError, without the key, if malformed."""
    name, _, rest = text.partition("+")
    hexhash, _, encoded = rest.partition("+")
    raw = decode_base64(encoded)
    if not re.fullmatch("[0-9a-f]{8}", hexhash) or not raw:
        raise NoteError(
            ru="Ключ должен иметь вид имя+8 шестнадцатеричных цифр+base64",
            en="A key must read name+8 hexadecimal digits+base64",
        )
    if raw[0] != ED25519:
        raise NoteError(
            ru=f"Ключи типа {raw[0]} не поддерживаются, требуется Ed25519 (1)",
            en=f"Keys of type {raw[0]} are not supported, Ed25519 (1) is needed",
        )
    return name, hexhash, raw[1:]


def _check_key_id(key_id: bytes, hexhash: str) -> None:
    if key_id.hex() != hexhash:
        raise NoteError(
            ru="Контрольный хэш ключа не соответствует его имени и содержанию",
            en="The hash in the key is not that of its name and content",
        )


def _check_length(key: bytes) -> None:
    if len(key) != _KEY_SIZE:
        raise NoteError(
            ru=f"Ключ Ed25519 должен состоять из {_KEY_SIZE} байтов",
            en=f"An Ed25519 key must be {_KEY_SIZE} bytes",
        )


def _check_name(name: str) -> None:
    if not name or "+" in name or any(character.isspace() for character in name) or has_control(name):
        raise NoteError(
            ru="name: имя ключа не должно быть пустым и содержать пробелы, плюсы и управляющие символы",
            en="name: the name of a key must not be empty nor hold white space, plus or control characters",
        )
