"""An entry as it was received: its exact bytes, and the leaf of the log that follows from them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from typing import Final

import msgspec


class _Head(msgspec.Struct):
    """The members of an entry that its header repeats, as the bytes that they are."""

    id: msgspec.Raw
    recorded_at: msgspec.Raw
    seq: int
    subject: msgspec.Raw
    type: msgspec.Raw


class Header(msgspec.Struct):
    """What a header says of its entry."""

    body: str
    recorded_at: datetime
    seq: int
    subject: str
    type: str


class _Page(msgspec.Struct):
    items: list[msgspec.Raw]


_decode_head: Final = msgspec.json.Decoder(_Head).decode
_decode_header: Final = msgspec.json.Decoder(Header).decode
_decode_page: Final = msgspec.json.Decoder(_Page).decode


class Malformed(ValueError):
    """Bytes that are no entry, or not the one expected."""


def header_of(body: bytes, seq: int) -> bytes:
    """The header that the log must hold for the entry ``seq`` with these bytes; equal to ``register.entries.header``.

    The members are taken over as they stand, so nothing is encoded anew: where ``body`` is canonical, so is the header;
    where it is not, no signed log has it. Raises `Malformed` when the bytes are no entry of that number.
    """
    try:
        head = _decode_head(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed(f"entry {seq}: {error}") from None
    numbered(body, head.seq, seq)
    return b'{"body":"sha256:%s","id":%s,"recorded_at":%s,"seq":%d,"subject":%s,"type":%s}' % (
        sha256(body).hexdigest().encode(),
        head.id,
        head.recorded_at,
        seq,
        head.subject,
        head.type,
    )


def read_header(header: bytes, seq: int) -> Header:
    """What the header of the entry ``seq`` says. Raises `Malformed` when it is none of that number."""
    try:
        found = _decode_header(header)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed(f"header {seq}: {error}") from None
    if found.recorded_at.tzinfo is None:
        raise Malformed(f"header {seq}: its time has no zone")
    numbered(header, found.seq, seq)
    return found


def numbered(body: bytes, number: int, seq: int) -> None:
    """Raise `Malformed` unless ``number``, which was read in ``body``, is ``seq``, and the body is one line."""
    if number != seq:
        raise Malformed(f"entry {seq}: bears the number {number}")
    # A line break outside a text is not canonical, and in the mirror's files it ends an entry.
    if b"\n" in body:
        raise Malformed(f"entry {seq}: is not canonical JSON")


def split_page(page: bytes) -> Sequence[bytes]:
    """The exact bytes of every entry of an answer of ``/changes``. Raises `Malformed`."""
    try:
        return [bytes(item) for item in _decode_page(page).items]
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed(str(error)) from None
