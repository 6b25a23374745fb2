"""The mirror against a server of the whole: over a socket, while entries are appended, killed, offline."""

from __future__ import annotations

import random
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic, sleep
from typing import Literal

import httpx
import msgspec
import pytest

from feeds.mirror import Mirror, MirrorFork, MirrorShortened, MirrorUnreachable, mirror_command
from feeds.verification import verify_command, verify_server
from register import harmonized
from register.proof import encode
from tests.feeds.mirror_servers import URL, FalseServer, LiveServer, questions, small, spread

ROOT = Path(__file__).parents[2]
SUBHEADINGS = [
    sub
    for chapter in harmonized.chapters()[:12]
    for heading in harmonized.children(chapter)[:6]
    for sub in harmonized.children(heading)[:3]
]


@pytest.fixture
def start(sqlite_template: Path, tmp_path: Path) -> Iterator[Callable[..., LiveServer]]:
    """Start a server on the journal of a name, which is made empty when it is not there yet."""
    running: list[LiveServer] = []

    def begin(name: str = "register", port: int = 0) -> LiveServer:
        path = tmp_path / f"{name}.db"
        if not path.exists():
            path.write_bytes(sqlite_template.read_bytes())
        server = LiveServer(path, port=port).start()
        running.append(server)
        return server

    yield begin
    for server in running:
        server.stop()


def until(holds: Callable[[], bool], seconds: float = 60) -> None:
    deadline = monotonic() + seconds
    while not holds():
        assert monotonic() < deadline, "it did not come to that"
        sleep(0.02)


# The same answers


@pytest.mark.parametrize("begun", ["1", "snapshot"])
def test_thousands_of_questions_get_the_answers_of_the_server(
    begun: Literal["1", "snapshot"], start: Callable[..., LiveServer], tmp_path: Path
) -> None:
    server = start()
    server.include(list(spread(250, codes=SUBHEADINGS)))
    names = [version.id for version in server.service.register.versions()]
    server.permit(names[::9])
    server.announce()
    first = server.permit(names[::18])
    with Mirror(tmp_path / "copy", server.url, start=begun) as mirror:
        assert mirror.sync() == first
        server.permit(names[1::40])
        head = server.include(list(spread(20, seed=3, codes=SUBHEADINGS)))
        assert mirror.sync() == head
        assert mirror.snapshot == (first if begun == "snapshot" else None)
    days = [f"{year}-{month:02d}-17" for year in (2024, 2025, 2026, 2027) for month in (1, 4, 6, 8, 11)]
    codes = [*SUBHEADINGS[::2][:100], *(sub + "0000" for sub in SUBHEADINGS[1::2][:90]), "01", "0203", "0714", "03048"]
    asked = list(questions(codes, days, head))
    if begun == "snapshot":
        asked = [question for question in asked if int(question.get("known_at", head)) >= first]
        assert len([question for question in asked if "known_at" in question]) > 10
    assert len(asked) > 3000
    answers = []
    with httpx.Client(base_url=server.url, timeout=60) as client:
        for begin in range(0, len(asked), 1000):
            part = asked[begin : begin + 1000]
            answers.append(client.post("/api/v1/proof", json={"questions": part}).raise_for_status().content)
        single = [client.get("/api/v1/proof", params=question).raise_for_status().content for question in asked[::20]]
    server.stop()
    offline = Mirror(tmp_path / "copy")
    for place, expected in enumerate(answers):
        part = asked[place * 1000 : (place + 1) * 1000]
        assert b'{"answers":%s,"seq":%d}' % (encode([offline.proof(**question) for question in part]), head) == expected
    assert [encode(offline.proof(**question)) for question in asked[::20]] == single
    proofs = [item["proof"] for body in answers for item in msgspec.json.decode(body)["answers"]]
    assert set(proofs) >= {"none", "origin_declaration", "special_certificate"}


# Following


@pytest.mark.parametrize("stream", [True, False])
def test_following(
    stream: bool, start: Callable[..., LiveServer], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("feeds.mirror.following.SHORTEST_WAIT", 0.05)
    server = start()
    server.include(small("7204", "2515110000"))
    heard: list[int] = []
    stop = threading.Event()
    with Mirror(tmp_path / "copy", server.url) as mirror:
        # Polled once a minute: what comes at once comes by the stream.
        poll = 60 if stream else 0.05
        follower = threading.Thread(
            target=mirror.follow, args=(poll,), kwargs={"stream": stream, "stop": stop, "moved": heard.append}
        )
        follower.start()
        until(lambda: mirror.seq == 2)
        server.include(small("4403", first=3))
        until(lambda: mirror.seq == 3)
        port = int(server.url.rpartition(":")[2])
        server.stop()
        server = start(port=port)
        server.include(small("1001", "8504", first=4))
        until(lambda: mirror.seq == 5)
        stop.set()
        server.include(small("9401", first=6))
        follower.join(30)
        assert not follower.is_alive()
    assert heard[0] == 2
    assert heard == sorted(set(heard))
    assert mirror.proof("1001", "2026-09-10").journal.seq >= 5


def test_without_a_stream_following_is_polling(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("feeds.mirror.following.SHORTEST_WAIT", 0.01)
    server = FalseServer(small("7204"))
    stop = threading.Event()

    def moved(seq: int) -> None:
        if seq == 1:
            server.add(small("4403", first=2))
        else:
            stop.set()

    with Mirror(tmp_path, URL, client=server.client()) as mirror:
        mirror.follow(0.01, stop=stop, moved=moved)
        assert mirror.seq == 2
    assert "/api/v1/changes/stream" in server.asked


def test_following_ends_at_a_fork(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = FalseServer(small("7204"))

    def moved(_: int) -> None:
        server.restart_with(small("4403", "4404"))

    with Mirror(tmp_path, URL, client=server.client()) as mirror:
        with pytest.raises(MirrorFork):
            mirror.follow(0.01, stream=False, moved=moved)
        assert mirror.seq == 1


def test_following_waits_for_a_server_that_is_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("feeds.mirror.following.SHORTEST_WAIT", 0.01)
    monkeypatch.setattr("feeds.mirror.source.PAUSE_SECONDS", 0)
    server = FalseServer(small("7204"))
    server.down = True
    stop = threading.Event()
    threading.Timer(0.3, lambda: setattr(server, "down", False)).start()
    with Mirror(tmp_path, URL, client=server.client()) as mirror:
        with pytest.raises(MirrorUnreachable):
            mirror.sync()
        mirror.follow(0.01, stream=False, stop=stop, moved=lambda _: stop.set())
        assert mirror.seq == 1


def test_following_has_patience_with_a_shorter_log_but_not_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("feeds.mirror.following.SHORTEST_WAIT", 0.01)
    monkeypatch.setattr("feeds.mirror.mirror.LAG_SECONDS", 0)
    server = FalseServer(small("7204", "4403"))
    with Mirror(tmp_path, URL, client=server.client()) as mirror:
        mirror.sync()
        server.note = server.sign(1)
        stop = threading.Event()
        threading.Timer(0.3, stop.set).start()
        mirror.follow(0.01, stop=stop)
        monkeypatch.setattr("feeds.mirror.following.PATIENCE_SECONDS", 0.1)
        with pytest.raises(MirrorShortened):
            mirror.follow(0.01)
        assert mirror.seq == 2


def test_questions_are_answered_while_another_thread_syncs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("feeds.mirror.source.PAGE", 5)
    server = FalseServer(small("7204"))
    done = threading.Event()
    with Mirror(tmp_path, URL, client=server.client()) as mirror:
        mirror.sync()

        def grow() -> None:
            for first in range(2, 42, 2):
                server.add(small("7204", "720410", first=first))
                mirror.sync()
            done.set()

        thread = threading.Thread(target=grow)
        thread.start()
        asked = []
        while not done.is_set():
            asked.append(mirror.proof("7204100000", "2026-09-10"))
        thread.join()
    assert len(asked) > 20
    for given in asked:
        assert given.journal.checkpoint == server.register.checkpoint(given.journal.seq)
        assert len(given.measures) == given.journal.seq


# Killed


CHILD = """
import sys
import feeds.mirror.source, feeds.mirror.store
feeds.mirror.source.PAGE = 20
feeds.mirror.store.SEGMENT = 60
from feeds.mirror import mirror_command
sys.exit(mirror_command(sys.argv[1], sys.argv[2], follow=True))
"""


def size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.glob("entries/*"))


@pytest.mark.slow
def test_killed_at_any_moment_while_entries_are_appended(
    start: Callable[..., LiveServer], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("feeds.mirror.store.SEGMENT", 60)
    dice = random.Random(20)
    server = start()
    measures = list(spread(900, codes=SUBHEADINGS))
    server.include(measures[:300])
    folder, over = tmp_path / "copy", threading.Event()

    def write() -> None:
        for begin in range(300, 900, 4):
            server.include(measures[begin : begin + 4])
            if over.wait(0.02):
                return

    writer = threading.Thread(target=write)
    writer.start()
    seen = []
    try:
        for _ in range(10):
            process = subprocess.Popen(
                [sys.executable, "-c", CHILD, server.url, str(folder)], cwd=ROOT, stdout=subprocess.DEVNULL
            )
            before = size(folder)
            until(lambda: size(folder) != before or process.poll() is not None or not writer.is_alive())  # noqa: B023
            sleep(dice.uniform(0, 0.2))
            process.kill()
            assert process.wait(30) == -9
            held = Mirror(folder)
            assert held.register.checkpoint() == server.service.register.checkpoint(held.seq)
            seen.append(held.seq)
    finally:
        over.set()
        writer.join(60)
    assert seen == sorted(seen)
    assert len(set(seen)) > 2
    assert mirror_command(server.url, folder) == 0
    mirror = Mirror(folder)
    assert mirror.seq == server.service.register.seq
    assert mirror.register.checkpoint() == server.service.register.checkpoint()
    assert verify_command(str(folder)) == 0


BEGUN_AT_A_SNAPSHOT = """
import sys
import feeds.mirror.source, feeds.mirror.store
feeds.mirror.source.PAGE = 10
feeds.mirror.store.SEGMENT = 60
from feeds.mirror import mirror_command
sys.exit(mirror_command(sys.argv[1], sys.argv[2], follow=True, start="snapshot"))
"""


@pytest.mark.slow
def test_killed_at_any_moment_of_a_start_at_a_snapshot_and_of_its_backfill(
    start: Callable[..., LiveServer], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("feeds.mirror.store.SEGMENT", 60)
    dice = random.Random(21)
    server = start()
    measures = list(spread(700, codes=SUBHEADINGS))
    server.include(measures[:500])
    server.permit([version.id for version in server.service.register.versions()][::3])
    over, kills = threading.Event(), {"start": 0, "backfill": 0, "whole": 0}

    def write() -> None:
        for begin in range(500, 700, 2):
            server.include(measures[begin : begin + 2])
            if over.wait(0.1):
                return

    writer = threading.Thread(target=write)
    writer.start()
    folder, number = tmp_path / "copy-0", 0
    try:
        for _ in range(14):
            process = subprocess.Popen(
                [sys.executable, "-c", BEGUN_AT_A_SNAPSHOT, server.url, str(folder)],
                cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )  # fmt: skip
            before = size(folder)
            until(lambda: (folder / "lock").exists() or process.poll() is not None)  # noqa: B023
            if dice.random() < 0.6:
                until(lambda: size(folder) != before or process.poll() is not None)  # noqa: B023
            sleep(dice.uniform(0, 0.1))
            process.kill()
            assert process.wait(30) == -9
            held = Mirror(folder)
            assert held.register.checkpoint() == server.service.register.checkpoint(held.seq)
            kills["start" if held.seq == 0 else "whole" if held.snapshot is None else "backfill"] += 1
            assert verify_command(str(folder)) == (0 if held.seq else 2)
            if held.seq and held.snapshot is None:
                number += 1
                folder = tmp_path / f"copy-{number}"
    finally:
        over.set()
        writer.join(60)
    assert kills["backfill"] > 0
    assert mirror_command(server.url, folder, start="snapshot") == 0
    mirror = Mirror(folder)
    assert mirror.snapshot is None
    assert mirror.register.checkpoint() == server.service.register.checkpoint()
    assert verify_command(str(folder)) == 0


# Another journal in the same place


def test_a_server_restarted_on_another_journal_is_refused(
    start: Callable[..., LiveServer], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server = start()
    server.include(small("7204", "2515110000"))
    folder = tmp_path / "copy"
    assert mirror_command(server.url, folder) == 0
    port = int(server.url.rpartition(":")[2])
    assert verify_server(server.url).line().startswith("whole: 2 entries, root ")
    server.stop()
    other = start("other", port)
    other.include(small("4403", "1001", "8504"))
    capsys.readouterr()
    assert mirror_command(other.url, folder) == 3
    assert "the first entry that differs is 1" in capsys.readouterr().err
    assert Mirror(folder).seq == 2
