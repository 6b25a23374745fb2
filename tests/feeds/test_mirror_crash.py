"""The mirror's folder after a process was stopped at any step, with or without the power."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from feeds.mirror import Mirror, MirrorGap
from feeds.mirror.store import Store
from tests.feeds.mirror_servers import URL, FalseServer, small

CODES = [f"{chapter:02d}{heading:02d}" for chapter in range(1, 11) for heading in range(1, 5)]
STEPS = (11, 14, 29, 40)


@pytest.fixture(autouse=True)
def _small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("feeds.mirror.source.PAGE", 4)
    monkeypatch.setattr("feeds.mirror.source.PAUSE_SECONDS", 0)
    monkeypatch.setattr("feeds.mirror.store.SEGMENT", 7)
    # The disk itself plays no part here: what it may lose is played by the tests.
    monkeypatch.setattr(os, "fsync", lambda _: None)


@pytest.fixture
def server() -> FalseServer:
    return FalseServer(small(*CODES))


def photographed(
    server: FalseServer, folder: Path, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> list[tuple[Path, int]]:
    """Sync in steps; what lies in the folder around each thing written, with how many entries count by then."""
    taken: list[tuple[Path, int]] = []
    counted = 0

    def photograph() -> None:
        photo = photos / f"{len(taken):03d}"
        shutil.copytree(folder, photo)
        taken.append((photo, counted))

    def around(name: str) -> Callable[..., Any]:
        original = getattr(Store, name)

        def step(self: Store, *given: Any) -> Any:
            photograph()
            done = original(self, *given)
            photograph()
            return done

        return step

    replace = os.replace

    def replaced(new: Path, old: Path) -> None:
        nonlocal counted
        photograph()
        replace(new, old)
        counted = size

    with monkeypatch.context() as patched:
        for name in ("append", "cut", "write_state"):
            patched.setattr(Store, name, around(name))
        patched.setattr(os, "replace", replaced)
        for size in STEPS:
            server.note = server.sign(size)
            with Mirror(folder, URL, client=server.client()) as mirror:
                assert mirror.sync() == size
    return taken


def check(server: FalseServer, photo: Path, counted: int) -> None:
    """What counted counts; what did not is either not there or taken up; and the end is the same."""
    offline = Mirror(photo)
    assert offline.seq == counted
    assert offline.register.tree.root() == server.register.tree.root(counted)
    server.note = None
    with Mirror(photo, URL, client=server.client()) as mirror:
        assert mirror.sync() == len(CODES)
        assert mirror.register.tree.root() == server.register.tree.root()
    assert Mirror(photo).register.checkpoint() == server.register.checkpoint()


def test_stopped_at_any_step(server: FalseServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    taken = photographed(server, tmp_path / "copy", tmp_path, monkeypatch)
    assert {counted for _, counted in taken} == {0, *STEPS}
    for photo, counted in taken:
        check(server, photo, counted)


@pytest.mark.parametrize("seed", range(3))
def test_a_power_cut_loses_or_spoils_what_was_not_synced(
    seed: int, server: FalseServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dice = random.Random(seed)
    taken = photographed(server, tmp_path / "copy", tmp_path, monkeypatch)
    spoilt = 0
    for photo, counted in taken:
        path = photo / "entries" / f"{counted // 7 * 7 + 1:09d}.jsonl"
        if not path.exists():
            continue
        lines = path.read_bytes().split(b"\n")
        synced = sum(len(line) + 1 for line in lines[: counted % 7])
        rest = path.stat().st_size - synced
        if rest == 0:
            continue
        spoilt += 1
        os.truncate(path, synced + dice.randrange(rest))
        with path.open("ab") as file:
            file.write(dice.choice((b"", b"\0" * 300, b"\n\n", b'{"seq":1}\n')))
        check(server, photo, counted)
    assert spoilt > 5


def test_a_full_disk_stops_a_sync_and_nothing_more(
    server: FalseServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.note = server.sign(11)
    append = Store.append

    def full(self: Store, after: int, bodies: list[bytes]) -> None:
        if after > 20:
            append(self, after, bodies[:1])
            raise OSError(28, "No space left on device")
        append(self, after, bodies)

    with Mirror(tmp_path, URL, client=server.client()) as mirror:
        assert mirror.sync() == 11
        server.note = None
        monkeypatch.setattr(Store, "append", full)
        with pytest.raises(OSError, match="No space"):
            mirror.sync()
        assert mirror.seq == 11
        assert mirror.proof("0101", "2026-09-10").journal.seq == 11
        monkeypatch.setattr(Store, "append", append)
        assert mirror.sync() == 40
    assert Mirror(tmp_path).register.checkpoint() == server.register.checkpoint()


def test_a_refused_sync_leaves_the_files_as_they_counted(server: FalseServer, tmp_path: Path) -> None:
    server.note = server.sign(18)
    with Mirror(tmp_path, URL, client=server.client()) as mirror:
        mirror.sync()
        server.note = server.sign(40, b"\1" * 32)
        before = {path: path.read_bytes() for path in (tmp_path / "entries").iterdir() if path.stat().st_size}
        with pytest.raises(Exception, match="cannot both be"):
            mirror.sync()
        assert {path: path.read_bytes() for path in (tmp_path / "entries").iterdir() if path.stat().st_size} == before
        server.note = None
        server.missing = {39}
        with pytest.raises(MirrorGap):
            mirror.sync()
        server.missing.clear()
        assert mirror.sync() == 40
    assert Mirror(tmp_path).seq == 40
