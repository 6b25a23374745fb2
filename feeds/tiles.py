"""Tiles and entry bundles of the transparency log (C2SP tlog-tiles, height 8).

The Merkle tree is served as fixed files: hash tiles of 256 hashes and bundles of 256 entries, with a partial one
at the right edge of each level. From them, with the checkpoint, anyone computes any root or proof without asking
the server to (A4(4)). Paths here begin with `tile/` and are relative to `/log/`.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from register.merkle import HASH_SIZE, LogError, Tree

FULL_WIDTH: Final = 256
"""Hashes in a full tile, entries in a full bundle."""

MAX_LEAF_SIZE: Final = 0xFFFF
"""Bytes in the longest leaf that an entry bundle can hold: its length is an unsigned 16-bit number."""

Level = int | Literal["entries"]
"""The level of a hash tile, 0 to 63, or what stands in its place for an entry bundle."""

_HEIGHT = 8
_MAX_LEVEL = 63
# The number of a tile that 63-bit sizes can have at level 0; no level has more.
_MAX_INDEX = 2**55 - 1
_LONGEST_PATH = 64
_PATH = re.compile(r"tile/(entries|0|[1-9][0-9]?)((?:/x[0-9]{3})*/[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?")


class TileError(LogError):
    """A tile path, tile or entry bundle that is malformed, or that the log does not have."""


@dataclass(frozen=True, slots=True)
class Tile:
    """One hash tile, or one entry bundle where `level` is `entries`; `index` from 0, `width` 1 to 256.

    Raises TileError when a number is out of range.
    """

    level: Level
    index: int
    width: int = FULL_WIDTH

    def __post_init__(self) -> None:
        if self.level != "entries" and not 0 <= self.level <= _MAX_LEVEL:
            raise TileError(
                ru=f"level: уровень должен быть от 0 до {_MAX_LEVEL} или «entries», а не {self.level}",
                en=f"level: must be 0 to {_MAX_LEVEL} or 'entries', not {self.level}",
            )
        if not 0 <= self.index <= _MAX_INDEX:
            raise TileError(
                ru=f"index: номер должен быть от 0 до {_MAX_INDEX}, а не {self.index}",
                en=f"index: must be 0 to {_MAX_INDEX}, not {self.index}",
            )
        if not 1 <= self.width <= FULL_WIDTH:
            raise TileError(
                ru=f"width: ширина должна быть от 1 до {FULL_WIDTH}, а не {self.width}",
                en=f"width: must be 1 to {FULL_WIDTH}, not {self.width}",
            )

    @property
    def full(self) -> bool:
        """Whether it is full, so that no later tile takes its place."""
        return self.width == FULL_WIDTH

    @property
    def path(self) -> str:
        """Its path, such as `tile/0/x001/067` or, when partial, `tile/0/x001/067.p/8`."""
        number, last = divmod(self.index, 1000)
        path = f"{last:03d}"
        while number:
            number, group = divmod(number, 1000)
            path = f"x{group:03d}/{path}"
        return f"tile/{self.level}/{path}" + ("" if self.full else f".p/{self.width}")


def tile_path(level: Level, index: int, width: int | None = None) -> str:
    """The path of a tile or bundle: `tile/0/x001/067`, and with `.p/N` when `width` is below 256.

    `level` is 0 to 63 or `entries`; no width means full. Raises TileError when a number is out of range.
    """
    return Tile(level, index, FULL_WIDTH if width is None else width).path


def parse_tile_path(path: str) -> Tile:
    """Read a path strictly: only what `tile_path` would write is accepted, all else raises TileError."""
    match = _PATH.fullmatch(path) if len(path) <= _LONGEST_PATH else None
    if match is None:
        raise _bad_path(path)
    level, number, width = match.groups()
    index = int(number.replace("/x", "").replace("/", ""))
    tile = Tile("entries" if level == "entries" else int(level), index, int(width or FULL_WIDTH))
    # One tile has one path: no leading zeros in the number, no suffix on a full tile.
    if tile.path != path:
        raise _bad_path(path)
    return tile


def tiles(size: int) -> Iterator[Tile]:
    """Every hash tile of a tree of `size` leaves, level by level: the full ones and the partial one at the edge.

    Raises TileError when `size` is negative.
    """
    level = 0
    while True:
        count = _count(level, size)
        if count == 0:
            return
        yield from _row(level, count)
        level += 1


def bundles(size: int) -> Iterator[Tile]:
    """Every entry bundle of a log of `size` entries. Raises TileError when `size` is negative."""
    return _row("entries", _count("entries", size))


def exists(tile: Tile, size: int) -> bool:
    """Whether a log of `size` leaves has `tile`.

    Partial tiles of earlier, smaller sizes count too: a client that holds an earlier checkpoint asks for them.
    """
    return tile.index * FULL_WIDTH + tile.width <= _count(tile.level, size)


def hash_tile(tree: Tree, level: int, index: int, width: int = FULL_WIDTH) -> bytes:
    """The hashes of a tile, end to end, 32 bytes each. Raises TileError when the tree does not have the tile."""
    tile = Tile(level, index, width)
    if not exists(tile, tree.size):
        raise TileError(
            ru=f"В журнале из {tree.size} записей нет плитки {tile.path}",
            en=f"A log of {tree.size} leaves has no tile {tile.path}",
        )
    return tree.level_hashes(_HEIGHT * level, index * FULL_WIDTH, width)


def read_hash_tile(data: bytes, width: int = FULL_WIDTH) -> list[bytes]:
    """The hashes of a tile. Raises TileError when `data` is not exactly `width` hashes."""
    if len(data) != width * HASH_SIZE:
        raise TileError(
            ru=f"Плитка из {width} хэшей должна занимать {width * HASH_SIZE} байтов, а не {len(data)}",
            en=f"A tile of {width} hashes must be {width * HASH_SIZE} bytes, not {len(data)}",
        )
    return [data[start : start + HASH_SIZE] for start in range(0, len(data), HASH_SIZE)]


def entry_bundle(leaves: Sequence[bytes]) -> bytes:
    """An entry bundle of 1 to 256 leaves: each with its length before it, 16 bits, big-endian.

    Raises TileError when there are none or too many, or when one is longer than 65,535 bytes.
    """
    if not 1 <= len(leaves) <= FULL_WIDTH:
        raise _wrong_count(len(leaves))
    for number, leaf in enumerate(leaves):
        check_leaf_size(leaf, number)
    return b"".join(len(leaf).to_bytes(2, "big") + leaf for leaf in leaves)


def check_leaf_size(leaf: bytes, number: int) -> None:
    """Raise TileError when leaf `number` (for the message) is too long for any entry bundle.

    To be asked before an entry is committed: afterwards its bundle could never be served.
    """
    if len(leaf) > MAX_LEAF_SIZE:
        raise TileError(
            ru=f"Запись {number}: длина {len(leaf)} байтов, наибольшая допустимая — {MAX_LEAF_SIZE}",
            en=f"Leaf {number}: is {len(leaf)} bytes long, the longest allowed is {MAX_LEAF_SIZE}",
        )


def read_entry_bundle(data: bytes, width: int | None = None) -> list[bytes]:
    """The leaves of an entry bundle, `width` of them when it is given.

    Raises TileError when the bundle ends within a leaf, or has another number of leaves, or not 1 to 256.
    """
    leaves: list[bytes] = []
    at = 0
    while at < len(data):
        start = at + 2
        end = start + int.from_bytes(data[at:start], "big")
        if end > len(data):
            raise TileError(
                ru=f"Пакет записей обрывается внутри записи {len(leaves)}",
                en=f"The entry bundle ends within leaf {len(leaves)}",
            )
        leaves.append(data[start:end])
        at = end
    if width is not None and len(leaves) != width:
        raise TileError(
            ru=f"В пакете {len(leaves)} записей, должно быть {width}",
            en=f"The entry bundle has {len(leaves)} leaves, must have {width}",
        )
    if not 1 <= len(leaves) <= FULL_WIDTH:
        raise _wrong_count(len(leaves))
    return leaves


def _count(level: Level, size: int) -> int:
    """How many hashes, or entries, a log of `size` leaves has at `level` in all tiles together."""
    if size < 0:
        raise TileError(ru=f"size: не может быть отрицательным: {size}", en=f"size: must be 0 or more, not {size}")
    return size if level == "entries" else size >> (_HEIGHT * level)


def _row(level: Level, count: int) -> Iterator[Tile]:
    full, rest = divmod(count, FULL_WIDTH)
    for index in range(full):
        yield Tile(level, index)
    if rest:
        yield Tile(level, full, rest)


def _bad_path(path: str) -> TileError:
    shown = path if len(path) <= 80 else path[:80] + "…"
    return TileError(
        ru=f"«{shown}» не является путём плитки: требуется tile/УРОВЕНЬ/x001/067 или то же с .p/ШИРИНА",
        en=f"'{shown}' is no tile path: must be tile/LEVEL/x001/067 or the same with .p/WIDTH",
    )


def _wrong_count(count: int) -> TileError:
    return TileError(
        ru=f"В пакете должно быть от 1 до {FULL_WIDTH} записей, а не {count}",
        en=f"An entry bundle must have 1 to {FULL_WIDTH} leaves, not {count}",
    )
