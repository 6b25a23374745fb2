"""The Register of a mirror: takes entries by the page, each read once for its header, its place and its measure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from typing import Final, NamedTuple

import msgspec

from feeds.mirror.received import header_of, numbered
from register.facts import MeasureRecord
from register.index import _REASON_NUMBERS, _TYPE_NUMBERS, Register, _MeasureEntry, _milliseconds
from register.merkle import leaf_hash


class _MeasureRead(_MeasureEntry):
    """A measure's entry with what its header repeats; the time as the text that it is."""

    id: str
    after: MeasureRecord
    recorded_at: str  # type: ignore[assignment]


_decode: Final = msgspec.json.Decoder(_MeasureRead).decode


class Read(NamedTuple):
    """An entry as it came: header, body, and what was read of it; None where ``apply`` has to read it."""

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
    # Texts that JSON writes as they are; any other is taken from the bytes.
    if not told.isprintable() or '"' in told or "\\" in told or entry.type.startswith("consultation."):
        return Read(header_of(body, seq), body, None)
    if entry.seq != seq or b"\n" in body:
        numbered(body, entry.seq, seq)
    header = (
        f'{{"body":"sha256:{sha256(body).hexdigest()}","id":"{entry.id}","recorded_at":"{entry.recorded_at}",'
        f'"seq":{seq},"subject":"{entry.subject}","type":"{entry.type}"}}'
    )
    return Read(header.encode(), body, entry)


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
        kinds, reasons, take_measure = _TYPE_NUMBERS, _REASON_NUMBERS, self._take_measure
        try:
            for header, body, entry in entries:
                if entry is None or entry.type not in kinds or entry.reason not in reasons:
                    self._grow(leaves)
                    self.apply(header, body, checked=True)
                    continue
                recorded = _milliseconds(datetime.fromisoformat(entry.recorded_at))
                subject, state = take_measure(entry)
                self._bodies.append(body)
                self._headers.append(header)
                self._recorded.append(recorded)
                self._types.append(kinds[entry.type])
                self._reasons.append(reasons[entry.reason])
                self._subjects.append(subject)
                self._states.append(state)
                leaves.append(leaf_hash(header))
        finally:
            self._grow(leaves)

    def _grow(self, leaves: list[bytes]) -> None:
        self.tree.extend(leaves)
        leaves.clear()
