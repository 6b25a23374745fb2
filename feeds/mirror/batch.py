"""Entries that have come but are not believed yet, and the tree that the log would have with them."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from feeds.mirror.received import header_of
from register.index import Register
from register.merkle import HASH_SIZE, Tree, leaf_hash

Entries = Sequence[tuple[bytes, bytes]]
"""Headers and bodies."""


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

    def __init__(self, known: Register) -> None:
        self._known = known
        self._ahead = Register() if known.seq == 0 else None
        self._tree: Tree | None = None
        self._entries: list[tuple[bytes, bytes]] = []

    @property
    def tree(self) -> Tree:
        """The tree over the known entries and those waiting."""
        if self._ahead is not None:
            return self._ahead.tree
        if self._tree is None:
            self._tree = _copy(self._known.tree)
        return self._tree

    @property
    def size(self) -> int:
        """The number of the last entry, believed or not."""
        return self.tree.size

    def __len__(self) -> int:
        return self.size - self._known.seq

    def add(self, bodies: Sequence[bytes]) -> None:
        """Take the next entries, all or none. Raises ``Malformed`` for what is no entry or has another number."""
        headers = [header_of(body, seq) for seq, body in enumerate(bodies, self.size + 1)]
        entries = list(zip(headers, bodies, strict=True))
        if self._ahead is not None:
            before = self._ahead.seq
            try:
                _apply(self._ahead, entries)
            except NotUnderstood as error:
                # Whether the log or this software is at fault shows when the signature is checked.
                self._wait(self._ahead)
                entries = entries[error.seq - 1 - before :]
            else:
                return
        self.tree.extend([leaf_hash(header) for header, _ in entries])
        self._entries += entries

    def _wait(self, ahead: Register) -> None:
        self._entries = [(ahead.header(seq), ahead.body(seq)) for seq in range(1, ahead.seq + 1)]
        self._tree, self._ahead = _copy(ahead.tree), None

    def upto(self, size: int) -> Entries:
        """The waiting entries up to the number ``size``."""
        if self._ahead is not None:
            return [(self._ahead.header(seq), self._ahead.body(seq)) for seq in range(1, size + 1)]
        return self._entries[: size - self._known.seq]

    def believe(self, size: int) -> Register:
        """The Register with the entries up to ``size``, which count now; those after it wait on.

        Raises `NotUnderstood`; the known Register may then be part of the way.
        """
        if self._ahead is not None and size < self._ahead.seq:
            self._wait(self._ahead)
        if self._ahead is not None:
            self._known, self._ahead = self._ahead, None
            return self._known
        believed = self._entries[: size - self._known.seq]
        _apply(self._known, believed)
        del self._entries[: len(believed)]
        return self._known


def _apply(register: Register, entries: Entries) -> None:
    try:
        for header, body in entries:
            register.apply(header, body, checked=True)
    except (ValueError, msgspec.MsgspecError) as error:
        raise NotUnderstood(register.seq + 1, str(error)) from error


def _copy(tree: Tree) -> Tree:
    leaves = tree.level_hashes(0, 0, tree.size)
    return Tree(leaves[at : at + HASH_SIZE] for at in range(0, len(leaves), HASH_SIZE))
