"""The fast tree against the definition of RFC 6962 read aloud, and proofs against every way to spoil them."""

import random
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from register import merkle
from register.merkle import EMPTY_ROOT, ProofError, Tree, leaf_hash, node_hash

LEAVES = [leaf_hash(b"entry %d" % number) for number in range(1_000)]

# Inputs and roots of the reference implementation of Certificate Transparency.
REFERENCE_INPUTS = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
REFERENCE_ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def slow_split(size: int) -> int:
    power = 1
    while power * 2 < size:
        power *= 2
    return power


def slow_root(leaves: list[bytes]) -> bytes:
    """MTH of RFC 6962 section 2.1."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = slow_split(len(leaves))
    return sha256(b"\x01" + slow_root(leaves[:k]) + slow_root(leaves[k:])).digest()


def slow_path(index: int, leaves: list[bytes]) -> list[bytes]:
    """PATH of RFC 6962 section 2.1.1."""
    if len(leaves) == 1:
        return []
    k = slow_split(len(leaves))
    if index < k:
        return [*slow_path(index, leaves[:k]), slow_root(leaves[k:])]
    return [*slow_path(index - k, leaves[k:]), slow_root(leaves[:k])]


def slow_subproof(old: int, leaves: list[bytes], whole: bool) -> list[bytes]:
    """SUBPROOF of RFC 6962 section 2.1.2."""
    if old == len(leaves):
        return [] if whole else [slow_root(leaves)]
    k = slow_split(len(leaves))
    if old <= k:
        return [*slow_subproof(old, leaves[:k], whole), slow_root(leaves[k:])]
    return [*slow_subproof(old - k, leaves[k:], False), slow_root(leaves[:k])]


@pytest.fixture(scope="module")
def tree() -> Tree:
    return Tree(LEAVES)


def test_the_empty_tree_has_the_hash_of_nothing() -> None:
    assert Tree().root() == EMPTY_ROOT == sha256(b"").digest()
    assert Tree().size == 0


@pytest.mark.parametrize("size", range(1, 9))
def test_roots_of_the_certificate_transparency_reference(size: int) -> None:
    leaves = [leaf_hash(data) for data in REFERENCE_INPUTS[:size]]
    assert slow_root(leaves).hex() == REFERENCE_ROOTS[size - 1]
    assert Tree(leaves).root().hex() == REFERENCE_ROOTS[size - 1]


def test_leaves_and_nodes_are_hashed_apart() -> None:
    data = bytes(64)
    assert leaf_hash(data) == sha256(b"\x00" + data).digest()
    assert node_hash(data[:32], data[32:]) == sha256(b"\x01" + data).digest()
    assert leaf_hash(data) != node_hash(data[:32], data[32:])


def test_every_root_up_to_300_is_the_root_of_the_definition(tree: Tree) -> None:
    grown = Tree()
    for size in range(301):
        expected = slow_root(LEAVES[:size])
        assert grown.root() == expected
        assert tree.root(size) == expected, "a past size"
        grown.append(LEAVES[size])


def test_every_inclusion_proof_up_to_64_is_the_proof_of_the_definition(tree: Tree) -> None:
    for size in range(1, 65):
        for index in range(size):
            assert tree.inclusion(index, size) == slow_path(index, LEAVES[:size]), (index, size)


def test_every_consistency_proof_up_to_64_is_the_proof_of_the_definition(tree: Tree) -> None:
    for new in range(1, 65):
        for old in range(1, new + 1):
            assert tree.consistency(old, new) == slow_subproof(old, LEAVES[:new], True), (old, new)


def test_every_proof_up_to_130_verifies(tree: Tree) -> None:
    roots = [tree.root(size) for size in range(131)]
    for size in range(131):
        for other in range(size):
            proof = tree.inclusion(other, size)
            merkle.verify_inclusion(other, size, LEAVES[other], proof, roots[size])
        for other in range(size + 1):
            proof = tree.consistency(other, size)
            merkle.verify_consistency(other, size, roots[other], roots[size], proof)


def test_proofs_of_every_size_up_to_1000_verify(tree: Tree) -> None:
    choose = random.Random(24)
    roots = [tree.root(size) for size in range(1_001)]
    for size in range(1, 1_001):
        edge = 1 << ((size - 1).bit_length() - 1) if size > 1 else 1
        for index in {0, size - 1, min(edge, size - 1), *choose.sample(range(size), min(size, 6))}:
            merkle.verify_inclusion(index, size, LEAVES[index], tree.inclusion(index, size), roots[size])
        for old in {0, 1, size, size - 1, edge, *choose.sample(range(size), min(size, 6))}:
            proof = tree.consistency(old, size)
            merkle.verify_consistency(old, size, roots[old], roots[size], proof)


@given(st.lists(st.integers(0, 40), max_size=12))
@settings(max_examples=60)
def test_leaves_in_any_portions_give_the_same_tree(portions: list[int]) -> None:
    portioned, single = Tree(), Tree()
    start = 0
    for portion in portions:
        portioned.extend(LEAVES[start : start + portion])
        start += portion
    for value in LEAVES[:start]:
        single.append(value)
    assert portioned.size == single.size == len(single) == start
    assert [portioned.root(size) for size in range(start + 1)] == [single.root(size) for size in range(start + 1)]


@st.composite
def inclusions(draw: st.DrawFn) -> tuple[int, int]:
    size = draw(st.integers(1, 1_000))
    return draw(st.integers(0, size - 1)), size


@st.composite
def growths(draw: st.DrawFn) -> tuple[int, int]:
    new = draw(st.integers(1, 1_000))
    return draw(st.integers(1, new)), new


def flipped(value: bytes, bit: int) -> bytes:
    changed = bytearray(value)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


@given(inclusions(), st.integers(0, 255), st.data())
@settings(max_examples=150)
def test_a_spoiled_inclusion_proof_never_verifies(place: tuple[int, int], bit: int, data: st.DataObject) -> None:
    index, size = place
    tree = Tree(LEAVES[:size])
    leaf, root, proof = LEAVES[index], tree.root(), tree.inclusion(index, size)
    spoiled = [
        (index, size, flipped(leaf, bit), proof, root),
        (index, size, leaf, proof, flipped(root, bit)),
        (index, size, leaf, [*proof, leaf], root),
        (index, size, leaf, [*proof, proof[-1] if proof else root], root),
        (data.draw(st.integers(0, size + 8).filter(lambda other: other != index)), size, leaf, proof, root),
    ]
    if proof:
        at = data.draw(st.integers(0, len(proof) - 1))
        spoiled.append((index, size, leaf, [*proof[:at], flipped(proof[at], bit), *proof[at + 1 :]], root))
        spoiled.append((index, size, leaf, [*proof[:at], *proof[at + 1 :]], root))
    for case in spoiled:
        with pytest.raises(ProofError):
            merkle.verify_inclusion(*case)


@given(growths(), st.integers(0, 255), st.data())
@settings(max_examples=150)
def test_a_spoiled_consistency_proof_never_verifies(sizes: tuple[int, int], bit: int, data: st.DataObject) -> None:
    old, new = sizes
    tree = Tree(LEAVES[:new])
    before, after, proof = tree.root(old), tree.root(), tree.consistency(old, new)
    spoiled = [
        (old, new, flipped(before, bit), after, proof),
        (old, new, before, flipped(after, bit), proof),
        (old, new, before, after, [*proof, before]),
        (new + 1, new, before, after, proof),
    ]
    if proof:
        at = data.draw(st.integers(0, len(proof) - 1))
        spoiled.append((old, new, before, after, [*proof[:at], flipped(proof[at], bit), *proof[at + 1 :]]))
        spoiled.append((old, new, before, after, [*proof[:at], *proof[at + 1 :]]))
    for case in spoiled:
        with pytest.raises(ProofError):
            merkle.verify_consistency(*case)


@given(growths(), st.data())
@settings(max_examples=60)
def test_a_rewritten_past_is_never_consistent(sizes: tuple[int, int], data: st.DataObject) -> None:
    old, new = sizes
    altered = data.draw(st.integers(0, old - 1))
    leaves = [*LEAVES[:altered], leaf_hash(b"rewritten"), *LEAVES[altered + 1 : new]]
    rewritten = Tree(leaves)
    with pytest.raises(ProofError):
        merkle.verify_consistency(
            old, new, Tree(LEAVES[:old]).root(), rewritten.root(), rewritten.consistency(old, new)
        )


def test_every_tree_continues_the_empty_one_and_itself_only_without_a_proof(tree: Tree) -> None:
    root = tree.root(5)
    merkle.verify_consistency(0, 0, EMPTY_ROOT, EMPTY_ROOT, [])
    merkle.verify_consistency(0, 5, EMPTY_ROOT, root, [])
    merkle.verify_consistency(5, 5, root, root, [])
    for case in (
        (0, 5, root, root, []),
        (0, 5, EMPTY_ROOT, root, [root]),
        (5, 5, root, tree.root(6), []),
        (5, 5, root, root, [root]),
        (0, 0, EMPTY_ROOT, root, []),
        (4, 5, tree.root(4), root, []),
        (3, 5, tree.root(3), root, []),
    ):
        with pytest.raises(ProofError):
            merkle.verify_consistency(*case)


def test_a_proof_made_to_fit_its_root_is_refused_when_the_sizes_ask_for_another_length(tree: Tree) -> None:
    first, second, extra = LEAVES[0], LEAVES[1], LEAVES[9]
    both = node_hash(first, second)
    for inclusion in (
        (0, 4, first, [second], both),
        (0, 1, first, [extra], node_hash(extra, first)),
    ):
        with pytest.raises(ProofError, match="The inclusion proof has not the length"):
            merkle.verify_inclusion(*inclusion)
    proof = [*tree.consistency(3, 4), extra]
    for consistency in (
        (1, 4, first, both, [second]),
        (3, 4, node_hash(extra, tree.root(3)), node_hash(extra, tree.root(4)), proof),
    ):
        with pytest.raises(ProofError, match="The consistency proof has not the length"):
            merkle.verify_consistency(*consistency)


def test_two_hashes_cut_at_another_place_are_refused() -> None:
    joined = LEAVES[0] + LEAVES[1]
    root = node_hash(LEAVES[0], LEAVES[1])
    with pytest.raises(ProofError, match="a hash must be 32 bytes"):
        merkle.verify_inclusion(0, 2, joined[:31], [joined[31:]], root)
    with pytest.raises(ProofError, match="a hash must be 32 bytes"):
        merkle.verify_consistency(1, 2, joined[:31], root, [joined[31:]])


def test_level_hashes_are_the_roots_of_complete_subtrees(tree: Tree) -> None:
    for level in range(10):
        width = 1 << level
        expected = b"".join(
            slow_root(LEAVES[number * width : (number + 1) * width]) for number in range(len(LEAVES) // width)
        )
        assert tree.level_hashes(level, 0, len(LEAVES) // width) == expected
    assert tree.level_hashes(0, 3, 2) == LEAVES[3] + LEAVES[4]
    assert tree.level_hashes(20, 0, 0) == b""


@pytest.mark.parametrize(("level", "start", "count"), [(0, 999, 2), (8, 3, 1), (10, 0, 1), (-1, 0, 1), (0, -1, 1)])
def test_level_hashes_that_are_not_complete_are_refused(tree: Tree, level: int, start: int, count: int) -> None:
    with pytest.raises(ProofError, match="level_hashes"):
        tree.level_hashes(level, start, count)


def test_questions_beyond_the_tree_are_refused_in_both_languages(tree: Tree) -> None:
    with pytest.raises(ProofError, match="never had the size 1001") as error:
        tree.root(1_001)
    assert "размера 1001 у него не было" in error.value.text["ru"]
    with pytest.raises(ProofError, match="never had the size -1"):
        tree.root(-1)
    with pytest.raises(ProofError, match="index: a tree of 5 leaves has no leaf 5"):
        tree.inclusion(5, 5)
    with pytest.raises(ProofError, match="index: a tree of 0 leaves"):
        tree.inclusion(0, 0)
    with pytest.raises(ProofError, match="old: the old size 6"):
        tree.consistency(6, 5)
    with pytest.raises(ProofError, match="old: the old size -1"):
        tree.consistency(-1, 5)


def test_a_leaf_that_is_no_hash_is_refused_and_nothing_is_added() -> None:
    tree = Tree(LEAVES[:3])
    root = tree.root()
    with pytest.raises(ProofError, match="leaf_hash: a hash must be 32 bytes"):
        tree.append(b"short")
    with pytest.raises(ProofError, match="leaf_hash: a hash must be 32 bytes"):
        tree.extend([LEAVES[3], b"short"])
    assert (tree.size, tree.root()) == (3, root)
