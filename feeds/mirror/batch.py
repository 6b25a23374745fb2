"""Entries that have come but are not believed yet, and the tree that the log would have with them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from feeds.mirror.held import Held, Read, read
from feeds.mirror.received import Malformed
from register.merkle import HASH_SIZE, Tree, leaf_hash

AT_HAND: Final = 64
"""Entries that are read and applied together: so few that a processor still has them at hand."""


class NotUnderstood(ValueError):
    """An entry that this version of the software cannot apply; ``seq`` is its number."""

    def __init__(self, seq: int, why: str) -> None:
        super().__init__(why)
        self.seq = seq


class Batch:
    """What follows the entries of ``known``. Nothing here counts before its root is that of a signed checkpoint.

    Where nothing is known yet, the entries go into a Register of their own at once, which is kept when they are
    believed: at the start of a mirror nothing has to be protected, and every byte is looked at while it is at hand.
    """

    def __init__(self, known: Held) -> None:
        self._known = known
        self._ahead = Held() if known.seq == 0 else None
        self._tree: Tree | None = None
        self._entries: list[Read] = []

    @property
    def tree(self) -> Tree:
        """The tree over the known entries and those waiting."""
        if self._ahead is not None:
            return self._ahead.tree
        if self._tree is None:
            self._tree = _copy(self._known.tree, self._known.seq)
        return self._tree

    @property
    def size(self) -> int:
        """The number of the last entry, believed or not."""
        return self.tree.size

    def __len__(self) -> int:
        return self.size - self._known.seq

    def add(self, bodies: Sequence[bytes]) -> None:
        """Take the next entries, all or none. Raises ``Malformed`` for what is no entry or has another number."""
        before = self.size
        if self._ahead is not None:
            try:
                for place in range(0, len(bodies), AT_HAND):
                    part = enumerate(bodies[place : place + AT_HAND], before + place + 1)
                    _apply(self._ahead, [read(body, seq) for seq, body in part])
            except Malformed:
                self._wait(self._ahead, before)
                raise
            except NotUnderstood:
                # Whether the log or this software is at fault shows when the signature is checked.
                self._wait(self._ahead, before)
            else:
                return
        entries = [read(body, seq) for seq, body in enumerate(bodies, before + 1)]
        self.tree.extend([leaf_hash(entry.header) for entry in entries])
        # What was read of them is read again when they count: until then it would be as much again in memory.
        self._entries += [entry._replace(entry=None) for entry in entries]

    def _wait(self, ahead: Held, size: int) -> None:
        """Let the entries up to ``size`` wait, and forget those after it."""
        self._entries = [Read(ahead.header(seq), ahead.body(seq), None) for seq in range(1, size + 1)]
        self._tree, self._ahead = _copy(ahead.tree, size), None

    def upto(self, size: int) -> Sequence[Read]:
        """The waiting entries up to the number ``size``."""
        if self._ahead is not None:
            return [Read(self._ahead.header(seq), self._ahead.body(seq), None) for seq in range(1, size + 1)]
        return self._entries[: size - self._known.seq]

    def believe(self, size: int) -> Held:
        """The Register with the entries up to ``size``, which count now; those after it wait on.

        Raises `NotUnderstood`; the known Register may then be part of the way.
        """
        if self._ahead is not None and size < self._ahead.seq:
            self._wait(self._ahead, self._ahead.seq)
        if self._ahead is not None:
            self._known, self._ahead = self._ahead, None
            return self._known
        believed = self._entries[: size - self._known.seq]
        _apply(self._known, believed)
        del self._entries[: len(believed)]
        return self._known


def _apply(register: Held, entries: Sequence[Read]) -> None:
    try:
        register.take(entries)
    except (ValueError, msgspec.MsgspecError) as error:
        raise NotUnderstood(register.seq + 1, str(error)) from error


def _copy(tree: Tree, size: int) -> Tree:
    leaves = tree.level_hashes(0, 0, size)
    return Tree(leaves[at : at + HASH_SIZE] for at in range(0, len(leaves), HASH_SIZE))
