"""The log as published, checked by a program in Go that shares no code with it."""

import base64
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from feeds import tiles
from feeds.notes import Checkpoint, Signer
from register.merkle import EMPTY_ROOT, Tree, leaf_hash

ORIGIN = "register.example/log"
SIGNER = Signer(ORIGIN, bytes(range(32)))
SOURCE = Path(__file__).parent / "go_verifier" / "check.go"
# Where Debian's golang-golang-x-mod-dev puts the packages.
GOPATH = Path("/usr/share/gocode")

Run = Callable[..., tuple[int, str]]


def go_program(source: Path, home: Path) -> Run:
    """The compiled program: takes its arguments, gives its exit code and what it printed."""
    if shutil.which("go") is None or not (GOPATH / "src/golang.org/x/mod/sumdb/tlog").is_dir():
        reason = "Go or golang.org/x/mod is missing: the log is not checked by a second implementation"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    program = home / "check"
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "GOCACHE": str(home / "cache"),
        "GO111MODULE": "off",
        "GOPATH": str(GOPATH),
        "GOTOOLCHAIN": "local",
    }
    subprocess.run(["go", "build", "-o", program, source], env=environment, check=True, timeout=300)

    def call(*arguments: Path | str) -> tuple[int, str]:
        done = subprocess.run([program, *arguments], capture_output=True, text=True, timeout=60)
        return done.returncode, done.stdout + done.stderr

    return call


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return go_program(SOURCE, tmp_path_factory.mktemp("go"))


def entries(size: int) -> list[bytes]:
    """Leaves of uneven length, an empty one and the longest possible one among them."""
    leaves = [b'{"seq":%d}' % (number + 1) + b" " * (number % 7) for number in range(size)]
    for number, leaf in ((3, b""), (5, b"\xff" * tiles.MAX_LEAF_SIZE)):
        if size > number:
            leaves[number] = leaf
    return leaves


def write(directory: Path, leaves: list[bytes]) -> Tree:
    """Publish a log of these leaves as files, with some proofs of its own making."""
    tree = Tree(map(leaf_hash, leaves))
    files: dict[str, bytes] = {
        "key": SIGNER.verifier_key.encode() + b"\n",
        "checkpoint": Checkpoint(ORIGIN, tree.size, tree.root()).sign(SIGNER).encode(),
    }
    for tile in tiles.tiles(tree.size):
        assert tile.level != "entries"
        files[tile.path] = tiles.hash_tile(tree, tile.level, tile.index, tile.width)
    for tile in tiles.bundles(tree.size):
        start = tile.index * tiles.FULL_WIDTH
        files[tile.path] = tiles.entry_bundle(leaves[start : start + tile.width])
    if leaves:
        files["proofs"] = own_proofs(tree).encode()
    for path, content in files.items():
        (directory / path).parent.mkdir(parents=True, exist_ok=True)
        (directory / path).write_bytes(content)
    return tree


def own_proofs(tree: Tree) -> str:
    size = tree.size
    lines: list[list[str | bytes]] = []
    for index in {0, size // 3, size // 2, size - 1}:
        lines.append(["record", str(index), *tree.inclusion(index, size)])
    for old in {1, size // 3 + 1, size // 2 + 1, size}:
        lines.append(["tree", str(old), tree.root(old), *tree.consistency(old, size)])
    return "".join(
        " ".join(base64.b64encode(word).decode() if isinstance(word, bytes) else word for word in line) + "\n"
        for line in lines
    )


def checkpoint(path: Path, size: int, root: bytes) -> Path:
    path.write_text(Checkpoint(ORIGIN, size, root).sign(SIGNER), encoding="utf-8")
    return path


@pytest.mark.parametrize("size", [0, 1, 2, 255, 256, 257, 700, 256 * 256 + 257])
def test_go_accepts_the_published_log(tmp_path: Path, run: Run, size: int) -> None:
    tree = write(tmp_path, entries(size))
    root = base64.b64encode(tree.root()).decode()
    assert run(tmp_path) == (0, f"ok {size} {root}\n")


def test_go_finds_the_log_consistent_with_every_older_checkpoint(tmp_path: Path, run: Run) -> None:
    tree = write(tmp_path, entries(700))
    for old in (0, 1, 2, 3, 255, 256, 257, 511, 512, 513, 699, 700):
        older = checkpoint(tmp_path / "older", old, tree.root(old))
        code, said = run(tmp_path, older)
        assert (code, said[:7]) == (0, "ok 700 "), (old, said)


def test_go_refuses_a_log_whose_past_was_rewritten(tmp_path: Path, run: Run) -> None:
    write(tmp_path, entries(300))
    forked = Tree(map(leaf_hash, [b"rewritten", *entries(256)[1:]]))
    for size, root in ((256, forked.root()), (0, forked.root()), (301, EMPTY_ROOT)):
        code, said = run(tmp_path, checkpoint(tmp_path / "older", size, root))
        assert code == 1
        assert said.startswith(f"consistency with size {size}: ")


@pytest.mark.parametrize(
    ("path", "position", "complaint"),
    [
        ("tile/entries/000", 7, "entries: "),
        ("tile/entries/001", 1, "entries: "),
        ("tile/entries/002.p/188", -1, "entries: "),
        ("tile/0/000", 0, "tiles: "),
        ("tile/0/001", 4_000, "tiles: "),
        ("tile/0/002.p/188", 6_015, "tiles: "),
        ("tile/1/000.p/2", 40, "tiles: "),
        ("checkpoint", 0, "checkpoint: invalid signature"),
        ("checkpoint", 22, "checkpoint: invalid signature"),
        ("checkpoint", 30, "checkpoint: invalid signature"),
        ("checkpoint", -10, "checkpoint: invalid signature"),
        ("key", -8, "key: invalid verifier hash"),
        ("proofs", 30, "proofs: "),
    ],
)
def test_go_refuses_one_flipped_bit(tmp_path: Path, run: Run, path: str, position: int, complaint: str) -> None:
    write(tmp_path, entries(700))
    assert run(tmp_path)[0] == 0
    content = bytearray((tmp_path / path).read_bytes())
    content[position] ^= 1
    (tmp_path / path).write_bytes(content)
    code, said = run(tmp_path)
    assert code == 1, said
    assert said.startswith(complaint)


@pytest.mark.parametrize("path", ["tile/0/001", "tile/1/000.p/2", "tile/entries/002.p/188", "checkpoint", "key"])
def test_go_refuses_a_missing_and_a_cut_file(tmp_path: Path, run: Run, path: str) -> None:
    write(tmp_path, entries(700))
    file = tmp_path / path
    file.write_bytes(file.read_bytes()[:-3])
    assert run(tmp_path)[0] == 1
    file.unlink()
    code, said = run(tmp_path)
    assert code == 1
    assert "no such file" in said


def test_go_refuses_the_signature_of_another_key(tmp_path: Path, run: Run) -> None:
    write(tmp_path, entries(5))
    (tmp_path / "key").write_text(Signer(ORIGIN, bytes(32)).verifier_key, encoding="utf-8")
    assert run(tmp_path) == (1, "checkpoint: note has no verifiable signatures\n")


def test_go_opens_a_checkpoint_of_two_keys_with_either(tmp_path: Path, run: Run) -> None:
    tree = write(tmp_path, entries(5))
    new = Signer(ORIGIN, bytes(32))
    signed = Checkpoint(ORIGIN, tree.size, tree.root()).sign(SIGNER, new)
    (tmp_path / "checkpoint").write_text(signed, encoding="utf-8")
    assert run(tmp_path)[0] == 0
    (tmp_path / "key").write_text(new.verifier_key, encoding="utf-8")
    assert run(tmp_path)[0] == 0
