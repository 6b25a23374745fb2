"""Where a server's journal departs from what was signed or seen before. Asked only after it was refused.

What is found here names the entry for people; nothing is accepted or refused because of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from feeds.mirror.errors import MirrorError
from feeds.mirror.received import Malformed, header_of
from feeds.mirror.source import Source
from feeds.tiles import FULL_WIDTH, bundles, read_entry_bundle
from register.index import Register
from register.merkle import LogError


def first_unsigned(bundle: Callable[[str], bytes], after: int, headers: Sequence[bytes], size: int) -> int | None:
    """The first entry after ``after`` whose header is not the one in the log's entry bundles; None if none is found.

    ``bundle`` gives a bundle by its path, ``headers`` are those of the entries as they came, ``size`` is the size of
    the signed log.
    """
    try:
        for tile in bundles(size):
            first = tile.index * FULL_WIDTH + 1
            if first + tile.width <= after + 1:
                continue
            leaves = read_entry_bundle(bundle(tile.path), tile.width)
            for seq, leaf in enumerate(leaves, first):
                if seq > after and leaf != headers[seq - after - 1]:
                    return seq
    except (LogError, OSError):
        # Without bundles the question stays open.
        return None
    return None


def first_altered(source: Source, register: Register, size: int) -> tuple[int | None, bytes | None]:
    """The first of the first ``size`` entries that the server now gives in another form, with that form."""
    seq = 0
    try:
        for bodies in source.entries(0, size):
            for served in bodies:
                seq += 1
                if header_of(served, seq) != register.header(seq):
                    return seq, served
    except Malformed:
        return seq, served
    except MirrorError:
        return None, None
    return None, None
