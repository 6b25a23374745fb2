"""How a mirror begins at a snapshot, and is sure of all that it answers from before it answers.

The server's snapshot bears no signature, so it is not believed but held against what does. The headers of all entries
give the signed root; they say which entries stand; each of those is fetched and must be the one that its header names;
and only then must the snapshot say of each measure and consultation what these entries say, and nothing beside.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Final, NamedTuple

import msgspec

from feeds.mirror import errors
from feeds.mirror.batch import NotUnderstood
from feeds.mirror.partial import CONSULTATION, Contents, Partial
from feeds.mirror.received import Malformed
from feeds.mirror.source import Source
from feeds.notes import Checkpoint
from register.lists import with_status
from register.merkle import LogError, Tree, leaf_hash

COMPUTED: Final = frozenset(("status", "entered"))
"""Members of a record that follow from the day, and from other entries, when it is asked for."""


class _Named(msgspec.Struct):
    id: str
    seq: int | None = None


class _Snapshot(msgspec.Struct):
    seq: int
    root: str
    measures: list[msgspec.Raw]
    consultations: list[msgspec.Raw]


class _After(msgspec.Struct):
    after: msgspec.Raw


_decode_snapshot: Final = msgspec.json.Decoder(_Snapshot).decode
_decode_named: Final = msgspec.json.Decoder(_Named).decode
_decode_after: Final = msgspec.json.Decoder(_After).decode


class Begun(NamedTuple):
    """What a mirror begins with; ``standing`` are the entries that stand, in their order."""

    register: Partial
    standing: list[bytes]


class Refused(Exception):
    """What the server gave is refused; ``served`` is what it gave, for the evidence."""

    def __init__(self, refused: errors.MirrorRefused, served: bytes | None = None) -> None:
        super().__init__(str(refused))
        self.refused = refused
        self.served = served


def begin(source: Source, offered: Checkpoint) -> Begun:
    """Fetch and check the Register as of a signed checkpoint of one entry at least.

    Raises `Refused` for what does not hold, ``MirrorUnreachable`` and ``MirrorGap`` as `Source`.
    """
    contents = _contents(source, offered)
    wanted, standing = contents.standing, list[bytes]()
    for group in source.chosen(wanted):
        for seq, body in group:
            if not contents.agrees(seq, body):
                raise Refused(contents.refusal(seq, body, offered.origin), body)
            standing.append(body)
    check_snapshot(contents, standing, source.snapshot(offered.size), offered)
    try:
        return Begun(Partial(contents, standing), standing)
    except NotUnderstood as error:
        raise Refused(errors.not_understood(error.seq, str(error))) from error


def _contents(source: Source, offered: Checkpoint) -> Contents:
    try:
        headers = [header for bundle in source.headers(offered.size) for header in bundle]
        if Tree(map(leaf_hash, headers)).root() != offered.root:
            raise Refused(errors.unsigned(offered.origin, offered.size))
        return Contents(headers)
    except errors.MirrorError:
        raise
    except NotUnderstood as error:
        raise Refused(errors.not_understood(error.seq, str(error))) from error
    except (Malformed, LogError) as error:
        # A leaf that is signed but is no header, or a bundle that is none.
        raise Refused(errors.unsigned(offered.origin, offered.size)) from error


def check_snapshot(contents: Contents, standing: Sequence[bytes], given: bytes, offered: Checkpoint) -> None:
    """Raise `Refused` unless the server's snapshot is what the checked entries say, but for what is computed."""
    try:
        snapshot = _decode_snapshot(given)
        measures = {_decode_named(raw).id: bytes(raw) for raw in snapshot.measures}
        consultations = {_decode_named(raw).id: bytes(raw) for raw in snapshot.consultations}
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise _false(contents, f"ответ не читается ({error})", f"the answer cannot be read ({error})") from error
    root = base64.b64encode(offered.root).decode()
    if (snapshot.seq, snapshot.root) != (contents.seq, root):
        raise _false(
            contents,
            f"указаны запись {snapshot.seq} и корень {snapshot.root}",
            f"it names entry {snapshot.seq} and the root {snapshot.root}",
        )
    by_number = dict(zip(contents.standing, standing, strict=True))
    for subject, seq in contents.subjects.items():
        told = consultations if contents.heads[seq - 1].type.startswith(CONSULTATION) else measures
        _check_record(contents, subject, seq, bytes(_decode_after(by_number[seq]).after), told.pop(subject, None))
    for subject, record in (measures | consultations).items():
        raise _false(contents, f"{subject} нет в журнале", f"{subject} is not in the log", record)


def _check_record(contents: Contents, subject: str, seq: int, signed: bytes, given: bytes | None) -> None:
    if given is None:
        raise _false(
            contents,
            f"нет {subject}, хотя есть запись {seq}",
            f"{subject} is left out, which entry {seq} holds",
            signed,
        )
    if with_status(given, "") == with_status(signed, "") or _lasting(given) == _lasting(signed):
        return
    number = _decode_named(given).seq
    if number is not None and number < seq:
        raise _false(
            contents,
            f"{subject} дано по записи {number}, а последняя его запись – {seq}",
            f"{subject} is given as of entry {number}, its newest is {seq}",
            given,
        )
    raise _false(contents, f"{subject} отличается от записи {seq}", f"{subject} is not as entry {seq} has it", given)


def _lasting(record: bytes) -> dict[str, object]:
    """A record without what a server computes when it is asked."""
    decoded: dict[str, object] = msgspec.json.decode(record)
    return {name: value for name, value in decoded.items() if name not in COMPUTED}


def _false(contents: Contents, ru: str, en: str, served: bytes | None = None) -> Refused:
    return Refused(errors.false_snapshot(contents.seq, ru, en), served)
