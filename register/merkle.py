"""The Merkle tree over the journal (RFC 6962 section 2.1, RFC 9162 section 2.1) and its proofs.

One SHA-256 root stands for the whole journal up to some `seq`. With it a downstream system proves that an entry
is in the journal (inclusion), and that nothing published earlier was altered or removed (consistency), without
trusting the server. Leaf `seq - 1` is entry `seq`. It serves A4(4): the Register is kept by one hand, the
Commission's, and all other customs bodies rely on its past state.

Sizes and indexes are counted in leaves; indexes start at 0; a hash is always 32 bytes.
"""

from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256

HASH_SIZE = 32
EMPTY_ROOT = sha256(b"").digest()


class LogError(ValueError):
    """Anything about the transparency log that does not hold; `text` says what in Russian and in English.

    Base of the errors of the log's proofs, notes, keys and tiles. `str()` of it is the English text.
    """

    def __init__(self, *, ru: str, en: str) -> None:
        super().__init__(en)
        self.text = {"ru": ru, "en": en}


class ProofError(LogError):
    """A proof that does not hold, or one asked for leaves, sizes or hashes that the tree does not have."""


def leaf_hash(data: bytes) -> bytes:
    """The hash of one leaf: SHA-256 of a zero byte and the leaf's bytes (RFC 6962 section 2.1)."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node over the hashes of its two subtrees (RFC 6962 section 2.1)."""
    return sha256(b"\x01" + left + right).digest()


class Tree:
    """An append-only Merkle tree that answers for its present and for every past size.

    Keeps the hash of every complete subtree, about 64 bytes a leaf; a root, an inclusion proof or a consistency
    proof of any size costs O(log n). One thread appends; others may read meanwhile, since `size` moves last.
    Serves A4(4).
    """

    def __init__(self, leaf_hashes: Iterable[bytes] = ()) -> None:
        # Level k holds, end to end, the hashes of the complete subtrees over 2**k leaves.
        self._levels: list[bytearray] = [bytearray()]
        self._size = 0
        self.extend(leaf_hashes)

    @property
    def size(self) -> int:
        """The number of leaves."""
        return self._size

    def __len__(self) -> int:
        return self._size

    def append(self, leaf_hash: bytes) -> None:
        """Add one leaf by its hash. Raises ProofError, and adds nothing, when it is not a 32-byte hash."""
        _check_hash(leaf_hash, "leaf_hash")
        levels, level, complete = self._levels, 0, self._size
        levels[0] += leaf_hash
        while complete & 1:
            # An odd number of subtrees was there: with this one the last two are a pair.
            pair = levels[level][-2 * HASH_SIZE :]
            level, complete = level + 1, complete >> 1
            if level == len(levels):
                levels.append(bytearray())
            levels[level] += sha256(b"\x01" + pair).digest()
        self._size += 1

    def extend(self, leaf_hashes: Iterable[bytes]) -> None:
        """Add leaves by their hashes, in order; all of them, or none when one is no 32-byte hash (ProofError)."""
        added = list(leaf_hashes)
        for value in added:
            _check_hash(value, "leaf_hash")
        self._levels[0] += b"".join(added)
        self._complete()

    def root(self, size: int | None = None) -> bytes:
        """The root over the first `size` leaves, all of them by default; of no leaves, SHA-256 of nothing.

        Raises ProofError when the tree never had that size.
        """
        return self._range_root(0, self._known_size("size", self._size if size is None else size))

    def inclusion(self, index: int, size: int) -> list[bytes]:
        """The proof (audit path, leaf side first) that leaf `index` is in the tree of the first `size` leaves.

        Raises ProofError when the tree has not that many leaves, or `index` is not below `size`.
        """
        self._known_size("size", size)
        _check_index(index, size)
        proof = []
        low, high = 0, size
        while high - low > 1:
            middle = low + _split(high - low)
            if index < middle:
                proof.append(self._range_root(middle, high))
                high = middle
            else:
                proof.append(self._range_root(low, middle))
                low = middle
        proof.reverse()
        return proof

    def consistency(self, old: int, new: int) -> list[bytes]:
        """The proof that the first `old` leaves of the tree of `new` leaves are the tree that `old` once was.

        Empty when both sizes are equal, and when `old` is 0: every tree continues the empty one.
        Raises ProofError when the tree has not `new` leaves, or `old` is above `new`.
        """
        self._known_size("new", new)
        _check_order(old, new)
        if old in (0, new):
            return []
        proof = []
        low, high = 0, new
        while old != high:
            middle = low + _split(high - low)
            if old <= middle:
                proof.append(self._range_root(middle, high))
                high = middle
            else:
                proof.append(self._range_root(low, middle))
                low = middle
        if low > 0:
            # The verifier holds the old root already, but not this part of it.
            proof.append(self._range_root(low, high))
        proof.reverse()
        return proof

    def level_hashes(self, level: int, start: int, count: int) -> bytes:
        """`count` hashes of the complete subtrees over 2**`level` leaves from number `start`, end to end.

        This is what a tile holds. Raises ProofError when not all of them are complete.
        """
        complete = self._size >> level if level >= 0 else 0
        if start < 0 or count < 0 or start + count > complete:
            raise ProofError(
                ru=f"level_hashes: на уровне {level} нет хэшей с {start} числом {count}; готовы {complete}",
                en=f"level_hashes: level {level} has no {count} hashes from {start}; {complete} are complete",
            )
        if count == 0:
            return b""
        return bytes(self._levels[level][start * HASH_SIZE : (start + count) * HASH_SIZE])

    def _complete(self) -> None:
        """Hash every subtree that the leaves just added have completed."""
        level = 0
        while True:
            lower = self._levels[level]
            count = len(lower) // (2 * HASH_SIZE)
            if count == 0:
                break
            if level + 1 == len(self._levels):
                self._levels.append(bytearray())
            upper = self._levels[level + 1]
            start = len(upper)
            if start == count * HASH_SIZE:
                break
            pairs = range(2 * start, 2 * HASH_SIZE * count, 2 * HASH_SIZE)
            upper += b"".join([sha256(b"\x01" + lower[i : i + 2 * HASH_SIZE]).digest() for i in pairs])
            level += 1
        self._size = len(self._levels[0]) // HASH_SIZE

    def _range_root(self, low: int, high: int) -> bytes:
        """The root over leaves `low` to `high` (not included), where `low` is a split point of RFC 6962."""
        peaks = [self._node(level, start) for level, start in _peaks(low, high)]
        if not peaks:
            return EMPTY_ROOT
        root = peaks.pop()
        while peaks:
            root = node_hash(peaks.pop(), root)
        return root

    def _node(self, level: int, start: int) -> bytes:
        offset = (start >> level) * HASH_SIZE
        return bytes(self._levels[level][offset : offset + HASH_SIZE])

    def _known_size(self, field: str, size: int) -> int:
        if not 0 <= size <= self._size:
            raise ProofError(
                ru=f"{field}: в журнале {self._size} записей, размера {size} у него не было",
                en=f"{field}: the log has {self._size} leaves and never had the size {size}",
            )
        return size


def verify_inclusion(index: int, size: int, leaf_hash: bytes, proof: Sequence[bytes], root: bytes) -> None:
    """Check that `proof` leads from leaf `index` to the root of a tree of `size` leaves (RFC 9162 2.1.3.2).

    Returns nothing when it holds and raises ProofError when it does not: the entry then is not, or not in this
    form or place, in the journal that the checkpoint signs. Serves A4(4).
    """
    _check_index(index, size)
    _check_hashes(leaf_hash, root, *proof)
    node, last, value = index, size - 1, leaf_hash
    for sibling in proof:
        if last == 0:
            raise _wrong_length("inclusion")
        if node & 1 or node == last:
            value = node_hash(sibling, value)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            value = node_hash(value, sibling)
        node, last = node >> 1, last >> 1
    if last != 0:
        raise _wrong_length("inclusion")
    if value != root:
        raise ProofError(
            ru=f"Доказательство включения не сходится: лист {index} не входит в дерево из {size} с этим корнем",
            en=f"The inclusion proof fails: leaf {index} is not in the tree of {size} leaves with this root",
        )


def verify_consistency(old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> None:
    """Check that the tree of `new` leaves begins with the tree of `old` leaves (RFC 9162 section 2.1.4.2).

    Returns nothing when it holds and raises ProofError when it does not: the journal then was rewritten between
    the two checkpoints. The empty tree is the beginning of every tree. Serves A4(4).
    """
    _check_order(old, new)
    _check_hashes(old_root, new_root, *proof)
    if old == 0 or old == new:
        if proof:
            raise _wrong_length("consistency")
        if old_root != (EMPTY_ROOT if old == 0 else new_root):
            raise _inconsistent(old, new)
        if new == 0 and new_root != EMPTY_ROOT:
            raise _inconsistent(old, new)
        return
    _walk_consistency(old, new, old_root, new_root, proof)


def _walk_consistency(old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> None:
    # An old tree that is a complete subtree is itself the first node of the path.
    path = list(proof) if old & (old - 1) else [old_root, *proof]
    if not path:
        raise _wrong_length("consistency")
    node, last = old - 1, new - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    old_value = new_value = path[0]
    for sibling in path[1:]:
        if last == 0:
            raise _wrong_length("consistency")
        if node & 1 or node == last:
            old_value = node_hash(sibling, old_value)
            new_value = node_hash(sibling, new_value)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            new_value = node_hash(new_value, sibling)
        node, last = node >> 1, last >> 1
    if last != 0:
        raise _wrong_length("consistency")
    if old_value != old_root or new_value != new_root:
        raise _inconsistent(old, new)


def _split(size: int) -> int:
    """The largest power of two below `size`, where RFC 6962 divides a tree of at least two leaves."""
    return 1 << ((size - 1).bit_length() - 1)


def _peaks(low: int, high: int) -> Iterator[tuple[int, int]]:
    """The complete subtrees, as (level, first leaf), that cover leaves `low` to `high`, largest first."""
    while low < high:
        level = (high - low).bit_length() - 1
        yield level, low
        low += 1 << level


def _check_hash(value: bytes, field: str) -> None:
    if not isinstance(value, bytes) or len(value) != HASH_SIZE:
        raise ProofError(
            ru=f"{field}: хэш должен состоять из {HASH_SIZE} байтов",
            en=f"{field}: a hash must be {HASH_SIZE} bytes",
        )


def _check_hashes(*values: bytes) -> None:
    for value in values:
        _check_hash(value, "proof")


def _check_index(index: int, size: int) -> None:
    if not 0 <= index < size:
        raise ProofError(
            ru=f"index: в дереве из {size} листьев нет листа {index}; номера идут с 0",
            en=f"index: a tree of {size} leaves has no leaf {index}; numbers start at 0",
        )


def _check_order(old: int, new: int) -> None:
    if not 0 <= old <= new:
        raise ProofError(
            ru=f"old: прежний размер {old} должен быть от 0 до нового размера {new}",
            en=f"old: the old size {old} must be between 0 and the new size {new}",
        )


def _wrong_length(kind: str) -> ProofError:
    russian = {"inclusion": "включения", "consistency": "преемственности"}[kind]
    return ProofError(
        ru=f"Доказательство {russian} не той длины, какой требуют размеры дерева",
        en=f"The {kind} proof has not the length that the sizes of the tree require",
    )


def _inconsistent(old: int, new: int) -> ProofError:
    return ProofError(
        ru=f"Доказательство преемственности не сходится: дерево из {new} листьев не продолжает дерево из {old}",
        en=f"The consistency proof fails: the tree of {new} leaves does not continue the tree of {old}",
    )
