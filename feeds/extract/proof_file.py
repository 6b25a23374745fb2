"""The file ``register-proof.json`` inside an extract: what was asked, what was answered, and what shows that it is so.

Made from the Register and its signed checkpoint; canonical JSON (RFC 8785), so that the same state gives the same
bytes. Dates are days at the Commission's seat, times are UTC, hashes are base64. Pure: no database, no web.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from datetime import date
from importlib import metadata
from typing import Any, Final, Literal, NamedTuple

import msgspec

from register.entries import canonical, timestamp
from register.facts import Version
from register.index import Register
from register.merkle import HASH_SIZE, LogError
from register.proof import Answer, Question
from register.words import Language

NAME: Final = "register-proof.json"
FORMAT: Final = "register-extract/1"
DISTRIBUTION: Final = "eaeu-measures-register"
Kind = Literal["answer", "measure"]


class ProofFileError(LogError):
    """A proof file that cannot be read."""


class Signed(NamedTuple):
    """A signed checkpoint of the log, with the keys that verify it, one to a line, as ``/log/key`` serves them."""

    size: int
    note: str
    keys: str


class Setting(NamedTuple):
    """What an extract takes from the deployment; see ``register.service.Terms``."""

    base_url: str
    demonstration: bool
    duties_until: date | None


class QuotedEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An entry by its header, its audit path, and, where the extract rests on what it says, its body."""

    seq: int
    header: str
    body: str | None
    inclusion: list[str]


class ProofFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The members of the file. ``root`` is that of the log over the first ``seq`` entries, the state asked; the
    checkpoint may be of a later state, and ``consistency`` leads from the one to the other."""

    format: Literal["register-extract/1"]
    software: str
    kind: Kind
    language: Language
    base_url: str
    demonstration: bool
    duties_until: str | None
    seq: int
    recorded_at: str | None
    root: str
    question: dict[str, Any]
    answer: dict[str, Any] | None
    entries: list[QuotedEntry]
    checkpoint: str
    consistency: list[str]
    key: str

    def encode(self) -> bytes:
        """The canonical bytes."""
        return canonical(msgspec.to_builtins(self))


def software() -> str:
    """This software and its version: with another one words and line breaks may come out otherwise."""
    return f"{DISTRIBUTION} {metadata.version(DISTRIBUTION)}, typst {metadata.version('typst')}"


def decode(data: bytes) -> ProofFile:
    """Read the file. Raises ``ProofFileError`` for what is no such file."""
    try:
        return msgspec.json.decode(data, type=ProofFile)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ProofFileError(ru=f"{NAME} не читается: {error}", en=f"{NAME} cannot be read: {error}") from None


def hashes(texts: Iterable[str]) -> list[bytes]:
    """Hashes from their base64. Raises ``ProofFileError``."""
    found = []
    for text in texts:
        try:
            value = base64.b64decode(text, validate=True)
        except ValueError:
            value = b""
        if len(value) != HASH_SIZE:
            raise ProofFileError(ru=f"{NAME}: «{text[:60]}» – не хэш", en=f"{NAME}: '{text[:60]}' is no hash")
        found.append(value)
    return found


def of_answer(
    register: Register, question: Question, given: Answer, setting: Setting, signed: Signed, language: Language
) -> ProofFile:
    """The proof of an answer. It quotes every measure that matches the code at any time: the days on which the answer
    holds, and what follows, rest on them too. The checkpoint must cover ``given.known_at``."""
    seq = given.known_at
    versions = {found.line.version.seq for found in register.matches(given.code, seq)}
    asked = _question(question, seq)
    return _file(register, "answer", asked, given.public(), sorted(versions), (), seq, setting, signed, language)


def of_measure(
    register: Register, version: Version, seq: int, setting: Setting, signed: Signed, language: Language
) -> ProofFile:
    """The proof of a measure's record as known at entry ``seq``: its entry whole, the earlier versions by header."""
    earlier = [other.seq for other in register.history(version.id) if other.seq < version.seq]
    asked = {"id": version.id, "known_at": seq}
    return _file(register, "measure", asked, None, [version.seq], earlier, seq, setting, signed, language)


def _question(question: Question, seq: int) -> dict[str, Any]:
    """The question as ``register.proof.read_question`` takes it, without what was not given."""
    asked: dict[str, Any] = {
        "code": question.code,
        "date": question.date.isoformat(),
        "origin": question.origin,
        "value_eur": None if question.value_eur is None else str(question.value_eur),
        "transport": question.transport,
        "sanitary_certificate": question.sanitary_certificate or None,
        "compliance": sorted(question.compliance) or None,
    }
    return {**{name: value for name, value in asked.items() if value is not None}, "known_at": seq}


def _file(
    register: Register,
    kind: Kind,
    question: dict[str, Any],
    answer: dict[str, Any] | None,
    whole: Sequence[int],
    by_header: Sequence[int],
    seq: int,
    setting: Setting,
    signed: Signed,
    language: Language,
) -> ProofFile:
    # The last entry too: it dates the state of the Register that was asked.
    numbers = sorted({*whole, *by_header, *((seq,) if seq else ())})
    tree = register.tree
    return ProofFile(
        FORMAT,
        software(),
        kind,
        language,
        setting.base_url,
        setting.demonstration,
        None if setting.duties_until is None else setting.duties_until.isoformat(),
        seq,
        timestamp(register.recorded_at(seq)) if seq else None,
        register.checkpoint(seq),
        question,
        answer,
        [
            QuotedEntry(
                number,
                register.header(number).decode(),
                register.body(number).decode() if number in whole else None,
                _texts(tree.inclusion(number - 1, seq)),
            )
            for number in numbers
        ],
        signed.note,
        _texts(tree.consistency(seq, signed.size)),
        signed.keys,
    )


def _texts(values: Iterable[bytes]) -> list[str]:
    return [base64.b64encode(value).decode() for value in values]
