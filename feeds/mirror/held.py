"""The Register of a mirror: takes entries by the page, each read once for its header, its place and its measure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import msgspec

from feeds.mirror.received import header_of, numbered
from register.entries import needs_no_escape, plain_header
from register.index import Register, _MeasureEntry
from register.merkle import leaf_hash


class _MeasureRead(_MeasureEntry):
    """A measure's entry with what its header repeats."""

    id: str


_decode: Final = msgspec.json.Decoder(_MeasureRead).decode


class Read(NamedTuple):
    """An entry as it came: header, body, and what was read of it; None where the Register has to read it."""

    header: bytes
    body: bytes
    entry: _MeasureRead | None


def read(body: bytes, seq: int) -> Read:
    """The entry ``seq`` in these bytes, its header as `header_of` gives it. Raises `Malformed`."""
    try:
        entry = _decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        # A consultation's; or no entry at all, or one of a later version of the software, which shows below.
        return Read(header_of(body, seq), body, None)
    told = f"{entry.id}{entry.recorded_at}{entry.subject}{entry.type}"
    if not needs_no_escape(told) or entry.type.startswith("consultation."):
        # The header then quotes the bytes of the body.
        return Read(header_of(body, seq), body, None)
    if entry.seq != seq or b"\n" in body:
        numbered(body, entry.seq, seq)
    header = plain_header(entry.id, seq, entry.recorded_at, entry.type, entry.subject, body)
    return Read(header, body, entry)


class Held(Register):
    """A `Register` that takes many entries at once, and may not hold the bodies of all."""

    def holds(self, seq: int) -> bool:
        """Whether the body of an entry is here."""
        return 1 <= seq <= self.seq

    def take(self, entries: Sequence[Read]) -> None:
        """Take the next entries, whose headers were made from their bodies.

        Raises ``EntryError`` and what ``Register.apply`` raises; the entries before the one at fault are then taken.
        """
        leaves: list[bytes] = []
        try:
            for header, body, entry in entries:
                if entry is None:
                    self._take(header, body, True)
                else:
                    self._keep(header, body, entry)
                leaves.append(leaf_hash(header))
        finally:
            self.tree.extend(leaves)
