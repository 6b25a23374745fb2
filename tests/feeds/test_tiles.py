"""Tile paths, tiles and bundles against the text of C2SP tlog-tiles."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feeds import tiles
from feeds.tiles import Tile, TileError
from register.merkle import Tree, leaf_hash, node_hash

LEAVES = [leaf_hash(b"entry %d" % number) for number in range(70_000)]


@pytest.fixture(scope="module")
def tree() -> Tree:
    return Tree(LEAVES)


@pytest.mark.parametrize(
    ("tile", "path"),
    [
        (Tile(0, 0), "tile/0/000"),
        (Tile(0, 1_067), "tile/0/x001/067"),
        (Tile(0, 1_234_067), "tile/0/x001/x234/067"),
        (Tile(63, 999, 255), "tile/63/999.p/255"),
        (Tile(1, 1_000, 1), "tile/1/x001/000.p/1"),
        (Tile("entries", 5, 7), "tile/entries/005.p/7"),
        (Tile("entries", 2**55 - 1), "tile/entries/x036/x028/x797/x018/x963/967"),
    ],
)
def test_paths(tile: Tile, path: str) -> None:
    assert tiles.tile_path(tile.level, tile.index, tile.width) == path
    assert tiles.parse_tile_path(path) == tile


def test_a_full_tile_has_no_suffix() -> None:
    assert tiles.tile_path(0, 7) == tiles.tile_path(0, 7, 256) == "tile/0/007"
    assert Tile(0, 7).full
    assert not Tile(0, 7, 255).full


@given(st.builds(Tile, st.just("entries") | st.integers(0, 63), st.integers(0, 2**55 - 1), st.integers(1, 256)))
def test_every_path_is_read_back(tile: Tile) -> None:
    assert tiles.parse_tile_path(tile.path) == tile


@pytest.mark.parametrize(
    "path",
    [
        "",
        "tile",
        "tile/0",
        "tile/0/",
        "tile/0/0",
        "tile/0/00",
        "tile/0/0000",
        "tile/0/x000/001",
        "tile/0/x000/x001/000",
        "tile/0/001/002",
        "tile/0/x001",
        "tile/0/x001/x002",
        "tile/0/X001/002",
        "tile/00/000",
        "tile/01/000",
        "tile/64/000",
        "tile/-1/000",
        "tile/+1/000",
        "tile/data/000",
        "tile/Entries/000",
        "tile/8/0/000",
        "tile/0/000.p/0",
        "tile/0/000.p/01",
        "tile/0/000.p/256",
        "tile/0/000.p/257",
        "tile/0/000.p/",
        "tile/0/000.p",
        "tile/0/000.p/1/",
        "tile/0/000.p/-1",
        "tile/0/000/",
        "/tile/0/000",
        "tile//000",
        "tile/0/000\n",
        "tile/0/000?",
        "tile/0/../000",
        "tile/0/٠٠١",
        "tile/0/x036/x028/x797/x018/x963/968",
        "tile/0/" + "x001/" * 200 + "001",
    ],
)
def test_any_other_path_is_refused(path: str) -> None:
    with pytest.raises(TileError) as error:
        tiles.parse_tile_path(path)
    assert error.value.text["ru"]
    assert len(str(error.value)) < 200


@pytest.mark.parametrize(
    ("level", "index", "width", "field"),
    [
        (-1, 0, 256, "level"),
        (64, 0, 256, "level"),
        (0, -1, 256, "index"),
        (0, 2**55, 256, "index"),
        (0, 0, 0, "width"),
        (0, 0, 257, "width"),
    ],
)
def test_numbers_out_of_range_are_named(level: int, index: int, width: int, field: str) -> None:
    with pytest.raises(TileError, match=f"^{field}: must be") as error:
        tiles.tile_path(level, index, width)
    assert error.value.text["ru"].startswith(f"{field}: ")


def test_the_tiles_of_the_example_in_the_specification() -> None:
    found = list(tiles.tiles(70_000))
    assert [tile for tile in found if not tile.full] == [Tile(0, 273, 112), Tile(1, 1, 17), Tile(2, 0, 1)]
    assert sum(tile.level == 0 and tile.full for tile in found) == 273
    assert sum(tile.level == 1 and tile.full for tile in found) == 1
    assert len(found) == 277
    assert list(tiles.tiles(256)) == [Tile(0, 0), Tile(1, 0, 1)]
    assert list(tiles.tiles(255)) == [Tile(0, 0, 255)]
    assert list(tiles.tiles(0)) == []


@pytest.mark.parametrize("size", [0, 1, 255, 256, 257, 512, 700])
def test_bundles_stand_beside_the_tiles_of_level_0(size: int) -> None:
    beside = [Tile("entries", tile.index, tile.width) for tile in tiles.tiles(size) if tile.level == 0]
    assert list(tiles.bundles(size)) == beside


def test_a_negative_size_is_refused() -> None:
    for ask in (tiles.tiles, tiles.bundles):
        with pytest.raises(TileError, match="size"):
            list(ask(-1))


@given(st.integers(0, 70_000), st.integers(0, 70_000))
@settings(max_examples=50)
def test_a_tile_stays_when_the_log_grows(one: int, other: int) -> None:
    old, new = sorted((one, other))
    for tile in (*tiles.tiles(old), *tiles.bundles(old)):
        assert tiles.exists(tile, old)
        assert tiles.exists(tile, new)
    for edge in (tile for tile in tiles.tiles(old) if not tile.full):
        assert not tiles.exists(Tile(edge.level, edge.index, edge.width + 1), old)


def test_a_tile_is_the_hashes_of_full_tiles_below(tree: Tree) -> None:
    def top(hashes: list[bytes]) -> bytes:
        while len(hashes) > 1:
            hashes = [node_hash(left, right) for left, right in zip(hashes[::2], hashes[1::2], strict=True)]
        return hashes[0]

    assert tiles.hash_tile(tree, 0, 2) == b"".join(LEAVES[512:768])
    assert tiles.hash_tile(tree, 0, 273, 112) == b"".join(LEAVES[-112:])
    for level, index, width in ((1, 0, 256), (1, 1, 17), (2, 0, 1)):
        below = [
            tiles.read_hash_tile(tiles.hash_tile(tree, level - 1, index * 256 + number)) for number in range(width)
        ]
        expected = b"".join(top(hashes) for hashes in below)
        assert tiles.hash_tile(tree, level, index, width) == expected


def test_a_tile_of_an_earlier_size_is_the_beginning_of_the_later_one(tree: Tree) -> None:
    for width in (1, 100, 255):
        assert tiles.hash_tile(tree, 0, 7, width) == tiles.hash_tile(tree, 0, 7)[: width * 32]


@pytest.mark.parametrize(("level", "index", "width"), [(0, 273, 113), (0, 274, 1), (1, 1, 18), (2, 0, 2), (3, 0, 1)])
def test_a_tile_beyond_the_log_is_refused(tree: Tree, level: int, index: int, width: int) -> None:
    assert not tiles.exists(Tile(level, index, width), tree.size)
    with pytest.raises(TileError, match="A log of 70000 leaves has no tile tile/") as error:
        tiles.hash_tile(tree, level, index, width)
    assert "нет плитки" in error.value.text["ru"]


def test_a_tile_of_the_wrong_length_is_refused() -> None:
    assert tiles.read_hash_tile(LEAVES[0] + LEAVES[1], 2) == LEAVES[:2]
    for data, width in ((LEAVES[0], 2), (LEAVES[0] + b"x", 1), (b"", 256)):
        with pytest.raises(TileError, match=f"must be {width * 32} bytes, not {len(data)}"):
            tiles.read_hash_tile(data, width)


def test_a_bundle_is_lengths_and_leaves() -> None:
    assert tiles.entry_bundle([b"abc", b"", b"d" * 258]) == b"\x00\x03abc\x00\x00\x01\x02" + b"d" * 258


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=256))
@settings(max_examples=50)
def test_every_bundle_is_read_back(leaves: list[bytes]) -> None:
    bundle = tiles.entry_bundle(leaves)
    assert tiles.read_entry_bundle(bundle) == leaves
    assert tiles.read_entry_bundle(bundle, len(leaves)) == leaves
    with pytest.raises(TileError, match="must have"):
        tiles.read_entry_bundle(bundle, len(leaves) + 1)


@given(st.lists(st.binary(max_size=20), min_size=1, max_size=10), st.data())
@settings(max_examples=100)
def test_a_bundle_that_is_cut_is_refused(leaves: list[bytes], data: st.DataObject) -> None:
    bundle = tiles.entry_bundle(leaves)
    cut = bundle[: data.draw(st.integers(0, len(bundle) - 1))]
    with pytest.raises(TileError):
        tiles.read_entry_bundle(cut, len(leaves))


def test_bundles_and_leaves_too_large_or_empty_are_refused() -> None:
    longest = b"x" * tiles.MAX_LEAF_SIZE
    assert tiles.read_entry_bundle(tiles.entry_bundle([longest] * 256)) == [longest] * 256
    with pytest.raises(TileError, match="Leaf 1: is 65536 bytes long, the longest allowed is 65535") as error:
        tiles.entry_bundle([b"", longest + b"x"])
    assert error.value.text["ru"] == "Запись 1: длина 65536 байтов, наибольшая допустимая — 65535"
    for leaves in ([], [b""] * 257):
        with pytest.raises(TileError, match="must have 1 to 256 leaves"):
            tiles.entry_bundle(leaves)
    for bundle in (b"", b"\x00\x00" * 257):
        with pytest.raises(TileError, match="must have 1 to 256 leaves"):
            tiles.read_entry_bundle(bundle)
    for bundle in (b"\x00", b"\x00\x02a", b"\x00\x00\x00"):
        with pytest.raises(TileError, match="ends within leaf"):
            tiles.read_entry_bundle(bundle)
