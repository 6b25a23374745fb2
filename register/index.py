"""The Register in memory: built from the journal's entries, asked by code, state, date in law and date of knowledge.

Every process keeps one and follows the journal with it; a reading does no SQL. The same class serves a mirror offline.
Pure: no database, no web.
"""

from __future__ import annotations

import base64
import re
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

import msgspec

from register import merkle
from register.code_index import CodeIndex, Concerned, in_order
from register.entries import ANNOUNCEMENTS, ENTRY_TYPES, REASONS, EntryError, check_header
from register.facts import LineMatch, MeasureRecord, Version

__all__ = ["EntryFacts", "LineMatch", "Register", "UnknownPast"]


class _EntryRecord(msgspec.Struct):
    seq: int
    type: str
    subject: str
    reason: str
    recorded_at: str


class _MeasureEntry(_EntryRecord):
    after: MeasureRecord


class _StateRecord(msgspec.Struct):
    state: str | None = None


class _ConsultationEntry(_EntryRecord):
    after: _StateRecord | None = None


_ROOTS_KEPT: Final = 64
_TYPE_NUMBERS: Final[dict[str, int]] = {name: number for number, name in enumerate(ENTRY_TYPES)}
_REASON_NUMBERS: Final[dict[str, int]] = {name: number for number, name in enumerate(REASONS)}
_CONSULTATION: Final = b',"type":"consultation.'
"""How a body that is no measure's ends: ``type`` is its last member, since the members are sorted."""
_decode_measure_entry: Final = msgspec.json.Decoder(_MeasureEntry).decode
_decode_consultation_entry: Final = msgspec.json.Decoder(_ConsultationEntry).decode
_decode_any: Final = msgspec.json.Decoder().decode


class EntryFacts(NamedTuple):
    """What a filter of changes asks of an entry."""

    seq: int
    type: str
    subject: str
    state: str
    reason: str


class UnknownPast(ValueError):
    """``known_at`` names a state of the journal that is not there."""


class Register:
    """The journal's entries, the measures computed from them, and an index over their codes.

    ``apply`` takes entries strictly in order; everything else reads. Not for use by several threads at once.
    """

    def __init__(self) -> None:
        self._bodies: list[bytes] = []
        self._headers: list[bytes] = []
        self._recorded = array("q")
        self._types = bytearray()
        self._reasons = bytearray()
        self._subjects: list[str] = []
        self._states: list[str] = []
        self._histories: dict[str, list[Version]] = {}
        self._consultations: dict[str, list[int]] = {}
        self._codes = CodeIndex()
        self._former = CodeIndex()
        self._roots: dict[int, str] = {}
        self.tree = merkle.Tree()

    @property
    def seq(self) -> int:
        """The number of the newest entry; 0 before the first."""
        return len(self._bodies)

    def apply(self, header: bytes, body: bytes, *, checked: bool = False) -> None:
        """Take the next entry. Raises ``EntryError`` when it is not the next one or its bytes do not agree.

        ``checked`` says that the header was made from this very body, so that comparing them again shows nothing.
        """
        self.extend(((header, body),), checked=checked)

    def extend(self, entries: Iterable[tuple[bytes, bytes]], *, checked: bool = False) -> None:
        """Take the next entries, header and body, in order; as ``apply``. Those before one that is refused stay."""
        leaves: list[bytes] = []
        try:
            for header, body in entries:
                self._take(header, body, checked)
                leaves.append(merkle.leaf_hash(header))
        finally:
            self.tree.extend(leaves)

    def _take(self, header: bytes, body: bytes, checked: bool) -> None:
        seq = len(self._bodies) + 1
        entry: _MeasureEntry | _ConsultationEntry
        try:
            entry = _decode_consultation_entry(body) if _CONSULTATION in body[-64:] else _decode_measure_entry(body)
        except msgspec.MsgspecError as error:
            raise EntryError(f"entry {seq}: {error}") from error
        if entry.seq != seq:
            raise EntryError(f"entry {seq}: the entry bears the number {entry.seq}")
        if not checked:
            check_header(header, seq, entry.recorded_at, entry.type, entry.subject, body)
        self._keep(header, body, entry)

    def _keep(self, header: bytes, body: bytes, entry: _MeasureEntry | _ConsultationEntry) -> None:
        """Take what was read of the next entry; its leaf is for the caller to add."""
        seq = entry.seq
        try:
            type_, reason = _TYPE_NUMBERS[entry.type], _REASON_NUMBERS[entry.reason]
            recorded_at = _milliseconds(datetime.fromisoformat(entry.recorded_at))
        except KeyError as error:
            raise EntryError(f"entry {seq}: {error.args[0]!r} is not known to this version of the software") from error
        except ValueError as error:
            raise EntryError(f"entry {seq}: {error}") from error
        if isinstance(entry, _MeasureEntry):
            subject, state = self._take_measure(entry)
        else:
            self._consultations.setdefault(entry.subject, []).append(seq)
            subject, state = entry.subject, (entry.after and entry.after.state) or ""
        self._bodies.append(body)
        self._headers.append(header)
        self._recorded.append(recorded_at)
        self._types.append(type_)
        self._reasons.append(reason)
        self._subjects.append(subject)
        self._states.append(state)

    def _take_measure(self, entry: _MeasureEntry) -> tuple[str, str]:
        history = self._histories.get(entry.subject)
        if entry.type in ANNOUNCEMENTS:
            if history is None:
                raise EntryError(f"entry {entry.seq}: announces a date of {entry.subject}, which is not there")
            return history[0].id, history[0].state
        if entry.after.id != entry.subject:
            raise EntryError(f"entry {entry.seq}: its record is of {entry.after.id}, its subject {entry.subject}")
        version = Version(entry.after, entry.seq)
        if history is None:
            self._histories[version.id] = [version]
        else:
            former = history[-1]
            former.superseded = entry.seq
            self._codes.remove(former)
            self._former.add(former)
            history.append(version)
        self._codes.add(version)
        return version.id, version.state

    def matches(self, code: str, known_at: int | None = None, since: int = 0) -> list[LineMatch]:
        """Goods lines that concern ``code``, in both directions, in the versions known at entry ``known_at``.

        Lines that end before the day ``since`` (an ordinal) are left out; whether a line counts on a day is for the
        caller to ask. ``code`` has 2 to 10 digits.
        """
        found = self._codes.matches(code, since)
        if known_at is None or known_at >= self.seq:
            return found
        found += self._former.matches(code, since)
        return in_order(one for one in found if one.line.version.known_at(known_at))

    def settle(self) -> None:
        """Put what was applied in its place in the index, so that no question waits for it; after many entries."""
        self._codes.settle()

    def concerning(self, code: str, known_at: int, day: int) -> Concerned:
        """The same lines, made ready for a question about ``day`` (an ordinal)."""
        if known_at == self.seq:
            return self._codes.concerning(code, day)
        return Concerned.of(self.matches(code, known_at, day), day)

    def known_at(self, moment: int | str | datetime | None) -> int:
        """The ``seq`` that a date of knowledge means: a number, or the last entry recorded by a time (UTC).

        Raises ``UnknownPast`` for a number beyond the head, a negative one, or a text that is neither.
        """
        if moment is None:
            return self.seq
        if isinstance(moment, str):
            moment = _read_moment(moment)
        if isinstance(moment, datetime):
            return bisect_right(self._recorded, _milliseconds(moment))
        if not 0 <= moment <= self.seq:
            raise UnknownPast(f"known_at {moment} is outside 0..{self.seq}")
        return moment

    def version(self, measure: str, known_at: int | None = None) -> Version | None:
        """The version of a measure known at an entry; None when it was not in the Register then."""
        history = self._histories.get(measure)
        if history is None:
            return None
        if known_at is None:
            return history[-1]
        place = bisect_right(history, known_at, key=_seq_of)
        return history[place - 1] if place else None

    def history(self, measure: str) -> Sequence[Version]:
        """Every version of a measure, oldest first; empty for an unknown one."""
        return self._histories.get(measure, ())

    def versions(self, known_at: int | None = None) -> Iterator[Version]:
        """The known version of every measure, in the order of inclusion."""
        for history in self._histories.values():
            if known_at is None:
                yield history[-1]
            elif history[0].seq <= known_at:
                yield history[bisect_right(history, known_at, key=_seq_of) - 1]
            else:
                return

    def record(self, version: Version) -> dict[str, Any]:
        """The public record of a version as its entry holds it; ``status`` is that of the day of recording."""
        after: dict[str, Any] = _decode_any(self._bodies[version.seq - 1])["after"]
        return after

    def consultations(self) -> dict[str, list[int]]:
        """The entries of every consultation, by its identifier."""
        return self._consultations

    def body(self, seq: int) -> bytes:
        """The canonical bytes of an entry. Raises ``IndexError`` for a number outside 1..head."""
        return self._bodies[_place(seq, self.seq)]

    def header(self, seq: int) -> bytes:
        """The canonical header of an entry, the leaf of the log. Raises ``IndexError`` likewise."""
        return self._headers[_place(seq, self.seq)]

    def entry(self, seq: int) -> dict[str, Any]:
        """An entry, decoded. Raises ``IndexError`` likewise."""
        decoded: dict[str, Any] = _decode_any(self.body(seq))
        return decoded

    def facts(self, seq: int) -> EntryFacts:
        """What filters ask of an entry. Raises ``IndexError`` likewise."""
        place = _place(seq, self.seq)
        type_, reason = ENTRY_TYPES[self._types[place]], REASONS[self._reasons[place]]
        return EntryFacts(seq, type_, self._subjects[place], self._states[place], reason)

    def recorded_at(self, seq: int) -> datetime:
        """When an entry was recorded, UTC. Raises ``IndexError`` likewise."""
        return datetime.fromtimestamp(self._recorded[_place(seq, self.seq)] / 1000, UTC)

    def checkpoint(self, seq: int | None = None) -> str:
        """The root of the log over the first ``seq`` entries, base64: names one state of the journal."""
        asked = self.seq if seq is None else seq
        root = self._roots.get(asked)
        if root is None:
            if len(self._roots) >= _ROOTS_KEPT:
                self._roots.clear()
            # The journal only grows, so a root never changes.
            root = self._roots[asked] = base64.b64encode(self.tree.root(asked)).decode()
        return root


def _seq_of(version: Version) -> int:
    return version.seq


def _place(seq: int, head: int) -> int:
    if not 1 <= seq <= head:
        raise IndexError(f"entry {seq} is outside 1..{head}")
    return seq - 1


def _milliseconds(moment: datetime) -> int:
    if moment.tzinfo is None:
        raise UnknownPast("a time needs a zone")
    return round(moment.timestamp() * 1000)


def _read_moment(text: str) -> int | datetime:
    if re.fullmatch(r"\d{1,15}", text):
        return int(text)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise UnknownPast(f"known_at {text!r} is neither a number of an entry nor a time") from error
    if moment.tzinfo is None:
        raise UnknownPast(f"known_at {text!r} has no time zone")
    return moment
