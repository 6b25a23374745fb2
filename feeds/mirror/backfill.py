"""The entries before a snapshot, fetched afterwards: with them the mirror is as one that was begun at entry 1."""

from __future__ import annotations

from collections.abc import Iterator

from feeds.mirror.partial import Contents
from feeds.mirror.source import Source
from feeds.mirror.store import EntryFiles


class NotSigned(Exception):
    """What the server gives for entry ``seq`` is not the entry whose header the log has."""

    def __init__(self, seq: int, served: bytes) -> None:
        super().__init__(seq)
        self.seq = seq
        self.served = served


def held(files: EntryFiles, contents: Contents) -> int:
    """Up to which number the files hold the entries before the snapshot, each the one that its header names."""
    seq = 0
    for lines in files.read(0):
        for line in lines[: contents.seq - seq]:
            if not contents.agrees(seq + 1, line):
                return seq
            seq += 1
    return seq


def fetch(source: Source, files: EntryFiles, contents: Contents) -> Iterator[int]:
    """Fetch what the files do not hold yet, up to the snapshot; gives up to which number they do after each page.

    Raises `NotSigned`, and what `Source.entries` raises.
    """
    seq = held(files, contents)
    files.cut(seq)
    yield seq
    for bodies in source.entries(seq, contents.seq):
        for place, body in enumerate(bodies, 1):
            if not contents.agrees(seq + place, body):
                raise NotSigned(seq + place, body)
        files.append(seq, bodies)
        seq += len(bodies)
        yield seq
