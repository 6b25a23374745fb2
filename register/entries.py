"""Entries of the journal: what happened, in the one shape that every channel publishes, and its bytes.

An entry has a *body*, the whole public text as RFC 8785 canonical JSON, and a small *header*, canonical JSON too, that
holds the SHA-256 of the body. The header is the leaf of the signed log: a body could be taken out by a decision and
every proof would still hold.

Pure: no database, no web. Times are UTC with milliseconds, RFC 3339 with ``Z``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Literal, get_args

import rfc8785

EntryType = Literal[
    "measure.included",
    "measure.amended",
    "measure.extended",
    "measure.terminated",
    "measure.corrected",
    "measure.effective",
    "measure.expired",
    "declaration.permitted",
    "declaration.revoked",
    "declaration.window_closed",
    "consultation.initiated",
    "consultation.scheduled",
    "consultation.concluded",
    "consultation.withdrawn",
]
Reason = Literal["legal_change", "correction", "technical", "date_reached"]

ENTRY_TYPES: Final[tuple[EntryType, ...]] = get_args(EntryType)
REASONS: Final[tuple[Reason, ...]] = get_args(Reason)

ANNOUNCEMENTS: Final[frozenset[str]] = frozenset(("measure.effective", "measure.expired", "declaration.window_closed"))
"""Types that say that a known date has come. They make no new version of the measure."""


class EntryError(ValueError):
    """An entry whose bytes are not what its header or its number says."""


def entry_id(seq: int) -> str:
    """The URN of an entry; the same in every channel and after every move of the service."""
    return f"urn:eaeu:register:entry:{seq}"


def timestamp(at: datetime) -> str:
    """RFC 3339 in UTC with milliseconds. Raises ``ValueError`` for a time without a zone."""
    if at.tzinfo is None:
        raise ValueError("a time without a zone has no place in the journal")
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"


@dataclass(frozen=True, slots=True)
class Entry:
    """One public fact. ``before`` and ``after`` are whole public records, None where there is none."""

    seq: int
    recorded_at: datetime
    type: EntryType
    subject: str
    reason: Reason
    summary: Mapping[str, str | None]
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    acts: Sequence[Mapping[str, Any]]
    rule: str

    def public(self) -> dict[str, Any]:
        """The entry in the fields of the contract."""
        return {
            "seq": self.seq,
            "id": entry_id(self.seq),
            "recorded_at": timestamp(self.recorded_at),
            "type": self.type,
            "subject": self.subject,
            "reason": self.reason,
            "summary": dict(self.summary),
            "before": self.before,
            "after": self.after,
            "acts": list(self.acts),
            "rule": self.rule,
        }

    def body(self) -> bytes:
        """The canonical bytes (RFC 8785) of the public entry."""
        return canonical(self.public())


def canonical(value: Any) -> bytes:
    """RFC 8785 bytes. Raises ``rfc8785.CanonicalizationError`` for what JSON cannot say exactly."""
    return rfc8785.dumps(value)


def header(seq: int, recorded_at: datetime, type_: str, subject: str, body: bytes) -> bytes:
    """The leaf of the signed log: number, time, kind, subject and the SHA-256 of the body, canonical JSON."""
    return canonical(
        {
            "seq": seq,
            "id": entry_id(seq),
            "recorded_at": timestamp(recorded_at),
            "type": type_,
            "subject": subject,
            "body": f"sha256:{hashlib.sha256(body).hexdigest()}",
        }
    )


def check_body(header_bytes: bytes, body: bytes, seq: int) -> None:
    """Raise ``EntryError`` unless the header names this body and this number.

    A search in the bytes stands for parsing: both are canonical, so that a member and the one after it look one way
    only, and a quotation mark inside a text is escaped.
    """
    if b'"body":"sha256:' + hashlib.sha256(body).hexdigest().encode() + b'"' not in header_bytes:
        raise EntryError(f"entry {seq}: the body is not the one that its header names")
    numbered = b'"seq":%d,"subject":' % seq
    if numbered not in header_bytes or numbered not in body:
        raise EntryError(f"entry {seq}: the entry bears another number")


def needs_no_escape(text: str) -> bool:
    """Whether JSON writes a text as it is."""
    return text.isprintable() and '"' not in text and "\\" not in text


def plain_header(id_: str, seq: int, recorded_at: str, type_: str, subject: str, body: bytes) -> bytes:
    """``header`` of texts that need no escape in JSON, ``recorded_at`` as ``timestamp`` gives it: written out, since
    a replay and a mirror make one for every entry."""
    return (
        f'{{"body":"sha256:{hashlib.sha256(body).hexdigest()}","id":"{id_}","recorded_at":"{recorded_at}",'
        f'"seq":{seq},"subject":"{subject}","type":"{type_}"}}'
    ).encode()


def check_header(header_bytes: bytes, seq: int, recorded_at: str, type_: str, subject: str, body: bytes) -> None:
    """Raise ``EntryError`` unless these bytes are the header of this body, whose own members are given."""
    # Of a time and a type with a quotation mark in it no entry is taken; a subject may be any text.
    if needs_no_escape(subject) and header_bytes == plain_header(entry_id(seq), seq, recorded_at, type_, subject, body):
        return
    check_body(header_bytes, body, seq)
    try:
        told = header(seq, datetime.fromisoformat(recorded_at), type_, subject, body)
    except ValueError as error:
        raise EntryError(f"entry {seq}: {error}") from error
    if header_bytes != told:
        raise EntryError(f"entry {seq}: its header does not say what the entry says")
