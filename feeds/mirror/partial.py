"""A Register begun at a snapshot: every header, but of the entries only those that stood then, and all that followed.

The headers are the leaves of the signed log. Each names the entry's kind and subject, so the headers alone say which
entry is the newest of each measure and consultation: nothing that stood can be left out or stand in an older version.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from feeds.mirror import errors
from feeds.mirror.batch import NotUnderstood
from feeds.mirror.held import Held, read
from feeds.mirror.received import Header, Malformed, header_of, read_header
from feeds.mirror.store import Store
from register.entries import ANNOUNCEMENTS, EntryError
from register.index import (
    _REASON_NUMBERS,
    _TYPE_NUMBERS,
    EntryFacts,
    UnknownPast,
    _decode_consultation_entry,
    _milliseconds,
)
from register.merkle import leaf_hash

CONSULTATION = "consultation."


class BeforeSnapshot(UnknownPast):
    """A state of the journal from before the entry at which the mirror began."""


class Contents:
    """What the headers of the entries 1 to ``seq`` say.

    ``subjects`` holds the newest entry of each measure and consultation, oldest subject first. Raises `Malformed` for
    a header that is none, `NotUnderstood` for a kind of entry that this version of the software does not know.
    """

    def __init__(self, headers: Sequence[bytes]) -> None:
        self.headers = headers
        self.heads: list[Header] = []
        self.subjects: dict[str, int] = {}
        for seq, header in enumerate(headers, 1):
            head = read_header(header, seq)
            if head.type not in _TYPE_NUMBERS:
                raise NotUnderstood(seq, f"entry {seq}: {head.type!r} is not known")
            if head.type not in ANNOUNCEMENTS:
                self.subjects[head.subject] = seq
            elif head.subject not in self.subjects:
                raise NotUnderstood(seq, f"entry {seq}: announces a date of {head.subject}, which is not there")
            self.heads.append(head)

    @property
    def seq(self) -> int:
        """The entry of the snapshot."""
        return len(self.headers)

    @property
    def standing(self) -> list[int]:
        """The numbers of the entries that stand, in their order."""
        return sorted(self.subjects.values())

    def agrees(self, seq: int, body: bytes) -> bool:
        """Whether these bytes are the entry ``seq`` whose header the log has."""
        try:
            return header_of(body, seq) == self.headers[seq - 1]
        except Malformed:
            return False

    def refusal(self, seq: int, body: bytes, origin: str) -> errors.MirrorRefused:
        """Why these bytes are not taken for the entry ``seq``: they are another's or nobody's, or not as signed."""
        try:
            header_of(body, seq)
        except Malformed as error:
            return errors.gap(seq, self.seq, str(error), str(error))
        return errors.rewritten(seq, origin)


class Partial(Held):
    """The Register as of a snapshot, and what is applied after it.

    ``standing`` are the entries that ``contents`` says stand, checked by the caller. Raises `NotUnderstood` for one
    that this version of the software cannot apply.
    """

    def __init__(self, contents: Contents, standing: Sequence[bytes]) -> None:
        super().__init__()
        self.contents = contents
        self.began = contents.seq
        self._headers = list(contents.headers)
        self._bodies = [b""] * self.began
        self._reasons = bytearray(self.began)
        for head in contents.heads:
            self._recorded.append(_milliseconds(head.recorded_at))
            self._types.append(_TYPE_NUMBERS[head.type])
            self._subjects.append(head.subject)
            if head.type.startswith(CONSULTATION):
                self._consultations.setdefault(head.subject, []).append(head.seq)
        self._states = [""] * self.began
        for seq, body in zip(contents.standing, standing, strict=True):
            self._stand(seq, body)
        # In the order of their inclusion, as in a Register that has seen it.
        self._histories = {name: self._histories[name] for name in contents.subjects if name in self._histories}
        self.tree.extend([leaf_hash(header) for header in contents.headers])

    def _stand(self, seq: int, body: bytes) -> None:
        try:
            if self.contents.heads[seq - 1].type.startswith(CONSULTATION):
                told = _decode_consultation_entry(body)
                self._states[seq - 1] = (told.after and told.after.state) or ""
                reason = told.reason
            else:
                entry = read(body, seq).entry
                if entry is None:
                    raise EntryError(f"entry {seq}: is no entry of a measure")
                _, self._states[seq - 1] = self._take_measure(entry)
                reason = entry.reason
            self._reasons[seq - 1] = _REASON_NUMBERS[reason]
        except (ValueError, KeyError, msgspec.MsgspecError) as error:
            raise NotUnderstood(seq, str(error)) from error
        self._bodies[seq - 1] = body

    def holds(self, seq: int) -> bool:
        """Whether the body of an entry is here."""
        return super().holds(seq) and bool(self._bodies[seq - 1])

    def body(self, seq: int) -> bytes:
        """The bytes of an entry. Raises ``IndexError`` for one that is not here."""
        if super().holds(seq) and not self.holds(seq):
            raise IndexError(f"entry {seq} is not here: the mirror began at entry {self.began}")
        return super().body(seq)

    def facts(self, seq: int) -> EntryFacts:
        """What filters ask of an entry. Raises ``IndexError`` for one that is not here."""
        self.body(seq)
        return super().facts(seq)

    def known_at(self, moment: int | str | datetime | None) -> int:
        """See ``Register.known_at``. Raises `BeforeSnapshot` for a state from before the snapshot."""
        seq = super().known_at(moment)
        if seq < self.began:
            raise BeforeSnapshot(f"known_at {moment}: the mirror began at entry {self.began}")
        return seq


def stored(store: Store, snapshot: int) -> Partial:
    """The Register as of a snapshot that lies in a mirror's folder; its root is for the caller to check.

    Raises ``FileNotFoundError``, `Malformed` for what does not agree, `NotUnderstood`.
    """
    headers, standing = store.read_snapshot()
    contents = Contents(headers)
    if contents.seq != snapshot or len(standing) != len(contents.subjects):
        raise Malformed(f"the snapshot at entry {snapshot} is not whole")
    for seq, body in zip(contents.standing, standing, strict=True):
        if not contents.agrees(seq, body):
            raise Malformed(f"entry {seq}: is not the one that its header names")
    return Partial(contents, standing)
