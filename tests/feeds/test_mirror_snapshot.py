"""A mirror begun at a snapshot: what it is sure of at once, what it leaves for later, and what it refuses."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from feeds.mirror import (
    Mirror,
    MirrorDamaged,
    MirrorFalseSnapshot,
    MirrorFork,
    MirrorGap,
    MirrorRefused,
    MirrorRewritten,
    mirror_command,
)
from feeds.mirror.store import EntryFiles, Store
from feeds.verification import verify_directory
from register.entries import Entry, EntryType, header
from register.index import Register
from register.merkle import leaf_hash
from register.proof import QuestionError, answer, read_question
from tests.feeds.mirror_servers import ORIGIN, URL, FalseServer, small
from tests.register.synthetic import BEGINNING

CODES = ["7204", "2515110000", "4403", "1001", "8504", "0201", "0302"]


def enter(register: Register, type_: EntryType, subject: str, after: Any = None, told: str | None = None) -> None:
    """One more entry; ``told`` is the subject that its header, and so the log, says instead."""
    seq = register.seq + 1
    at = BEGINNING + timedelta(hours=seq)
    entry = Entry(seq, at, type_, subject, "date_reached", {"ru": "…"}, None, after, [], "A4(4)")
    body = entry.body()
    if told is None:
        register.apply(header(seq, at, type_, subject, body), body)
        return
    # A log that signs a leaf which is not its entry's: no register of ours makes one.
    register._bodies.append(body)
    register._headers.append(header(seq, at, "measure.effective", told, body))
    register._recorded.append(round(at.timestamp() * 1000))
    register.tree.append(leaf_hash(register._headers[-1]))


def journal() -> FalseServer:
    """Inclusions, amendments, announcements and consultations: 12 entries, of which 8 stand."""
    server = FalseServer(small(*CODES))
    register = server.register
    enter(register, "measure.effective", "KG-2026-002", register.entry(2)["after"])
    server.add(small("8501", first=1))
    enter(register, "consultation.initiated", "C-2026-001", {"id": "C-2026-001", "state": "KG", "status": "initiated"})
    server.add(small("7205", first=1))
    enter(register, "consultation.scheduled", "C-2026-001", {"id": "C-2026-001", "state": "KG", "status": "scheduled"})
    return server


@pytest.fixture(autouse=True)
def _small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("feeds.mirror.source.PAUSE_SECONDS", 0)
    monkeypatch.setattr("feeds.mirror.source.PAGE", 3)
    monkeypatch.setattr("feeds.mirror.source.NEAR", 1)
    monkeypatch.setattr("feeds.mirror.store.SEGMENT", 4)
    monkeypatch.setattr(os, "fsync", lambda _: None)


@pytest.fixture
def server() -> FalseServer:
    return journal()


def begun(server: FalseServer, folder: Path) -> Mirror:
    return Mirror(folder, URL, client=server.client(), start="snapshot")


def alike(mirror: Mirror, register: Register, known_at: int | None = None) -> None:
    """The mirror answers as the server's own Register, whatever is asked."""
    for code in (*CODES, "72", "8501", "7205100000", "99"):
        for day in ("2026-07-31", "2026-09-10", "2027-02-01"):
            given: dict[str, Any] = {"code": code, "date": day}
            if known_at is not None:
                given["known_at"] = known_at
            assert mirror.proof(**given) == answer(register, read_question(given))


# Beginning


def test_it_answers_as_the_server_and_holds_only_what_stands(server: FalseServer, tmp_path: Path) -> None:
    with begun(server, tmp_path) as mirror:
        assert mirror.sync() == 12
        assert (mirror.snapshot, mirror.backfilled) == (12, 0)
        alike(mirror, server.register)
        register = mirror.register
        assert [register.body(seq) for seq in (2, 7, 11, 12)] == [server.register.body(seq) for seq in (2, 7, 11, 12)]
        for seq in (1, 8, 9, 10):
            with pytest.raises(IndexError, match="began at entry 12"):
                register.body(seq)
            with pytest.raises(IndexError):
                register.facts(seq)
        assert register.facts(11) == server.register.facts(11)
        assert register.facts(12) == server.register.facts(12)
        assert [one.id for one in register.versions()] == [one.id for one in server.register.versions()]
        assert register.consultations() == server.register.consultations()
        assert register.recorded_at(3) == server.register.recorded_at(3)
    assert "/log/tile/entries/000.p/12" in server.asked
    offline = Mirror(tmp_path)
    assert offline.snapshot == 12
    alike(offline, server.register)


def test_it_goes_on_from_the_snapshot(server: FalseServer, tmp_path: Path) -> None:
    with begun(server, tmp_path) as mirror:
        mirror.sync()
        server.add([*small("9401", first=8), *small("2516", first=2), *small("9402", first=9)])
        enter(server.register, "measure.expired", "KG-2026-003", server.register.entry(3)["after"])
        asked = len(server.asked)
        assert mirror.sync() == 16
        assert set(server.asked[asked:]) == {"/log/checkpoint", "/api/v1/changes"}
        alike(mirror, server.register)
        for known_at in (12, 13, 15):
            alike(mirror, server.register, known_at)
        offline = Mirror(tmp_path)
        assert (offline.seq, offline.snapshot) == (16, 12)
        alike(offline, server.register)
        alike(offline, server.register, 14)


def test_the_past_is_refused_until_it_is_here(server: FalseServer, tmp_path: Path) -> None:
    with begun(server, tmp_path) as mirror:
        mirror.sync()
        for known_at in (0, 11, "11", server.register.recorded_at(4), "2024-01-01T00:00:00Z"):
            with pytest.raises(QuestionError) as caught:
                mirror.proof("7204", "2026-09-10", known_at=known_at)
            (fault,) = caught.value.faults
            assert (fault.field, fault.rule) == ("known_at", "Q8")
            assert "entry 12" in str(fault.text["en"])
            assert "записи 12" in str(fault.text["ru"])
        with pytest.raises(QuestionError) as caught:
            mirror.proof("7204", "2026-09-10", known_at=13)
        assert "snapshot" not in str(caught.value.faults[0].text["en"])
        alike(mirror, server.register, 12)
        assert mirror.backfill() == 12
        assert mirror.snapshot is None
        for known_at in range(13):
            alike(mirror, server.register, known_at)


def test_with_the_past_it_is_as_one_begun_at_the_first_entry(server: FalseServer, tmp_path: Path) -> None:
    with begun(server, tmp_path / "late") as late, Mirror(tmp_path / "first", URL, client=server.client()) as first:
        late.sync()
        server.add(small("9401", "9402", first=8))
        late.sync()
        late.backfill()
        first.sync()
        server.add(small("9403", first=10))
        assert late.sync() == first.sync() == 15

    def files(folder: Path) -> dict[str, bytes]:
        return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}

    assert files(tmp_path / "late") == files(tmp_path / "first")
    assert Mirror(tmp_path / "late").register.checkpoint() == server.register.checkpoint()


def test_an_empty_journal_has_no_snapshot(tmp_path: Path) -> None:
    server = FalseServer()
    with begun(server, tmp_path) as mirror:
        assert mirror.sync() == 0
        assert mirror.snapshot is None
        server.add(small("7204"))
        assert mirror.sync() == 1
        assert mirror.snapshot is None


def test_a_bundle_that_has_been_filled_meanwhile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("feeds.mirror.source.PAGE", 1000)
    codes = [f"{chapter:02d}{heading:02d}" for chapter in range(1, 31) for heading in range(1, 10)]
    server = FalseServer(small(*codes))
    server.note = server.sign(250)
    answered = server._answer

    def without_partial(request: Any) -> Any:
        from httpx import Response

        return Response(404) if ".p/250" in request.url.path else answered(request)

    server._answer = without_partial  # type: ignore[method-assign]
    with begun(server, tmp_path) as mirror:
        assert mirror.sync() == 250
        assert mirror.register.tree.root() == server.register.tree.root(250)


# What is refused at the beginning


def refused(server: FalseServer, folder: Path, kind: type[MirrorRefused]) -> MirrorRefused:
    """Nothing is begun, and nothing answered from; with a server that is true again, all is well."""
    with begun(server, folder) as mirror:
        with pytest.raises(kind) as caught:
            mirror.sync()
        assert type(caught.value) is kind
        assert (mirror.seq, mirror.snapshot, mirror.checkpoint) == (0, None, None)
    assert Mirror(folder).seq == 0
    assert caught.value.evidence is not None
    assert (caught.value.evidence / "refused.checkpoint").exists()
    server.snapshot, server.note = None, None
    server.served.clear()
    with begun(server, folder) as again:
        assert again.sync() == server.register.seq
    return caught.value


def _change(told: dict[str, Any]) -> None:
    told["measures"][3]["effective_to"] = "2026-09-01"


def _grow_old(told: dict[str, Any]) -> None:
    told["measures"][0] |= {"seq": 9, "version": 2, "goods": [{**told["measures"][0]["goods"][0], "code_from": "8501"}]}


def _leave_out(told: dict[str, Any]) -> None:
    del told["measures"][2]


def _invent(told: dict[str, Any]) -> None:
    told["measures"].append({**told["measures"][0], "id": "KG-2026-099"})


def _rename(told: dict[str, Any]) -> None:
    told["measures"][2]["id"] = "KG-2026-099"


def _other_root(told: dict[str, Any]) -> None:
    told["root"] = "A" * 43 + "="


def _other_seq(told: dict[str, Any]) -> None:
    told["seq"] = 11


def _old_consultation(told: dict[str, Any]) -> None:
    told["consultations"][0]["id"] = "C-2026-002"


def _nothing(told: dict[str, Any]) -> None:
    told.clear()


LIES: list[tuple[Callable[[dict[str, Any]], None], str]] = [
    (_change, "KG-2026-004 is not as entry 4 has it"),
    (_grow_old, "KG-2026-001 is given as of entry 9, its newest is 11"),
    (_leave_out, "KG-2026-003 is left out, which entry 3 holds"),
    (_invent, "KG-2026-099 is not in the log"),
    (_rename, "KG-2026-003 is left out"),
    (_other_root, "the root AAAA"),
    (_other_seq, "it names entry 11"),
    (_old_consultation, "C-2026-001 is left out, which entry 12 holds"),
    (_nothing, "cannot be read"),
]


@pytest.mark.parametrize(("lie", "said"), LIES)
def test_a_snapshot_that_lies(
    lie: Callable[[dict[str, Any]], None], said: str, server: FalseServer, tmp_path: Path
) -> None:
    server.snapshot = lie
    error = refused(server, tmp_path, MirrorFalseSnapshot)
    assert said in error.text["en"]
    assert "Снимок Реестра на записи 12" in error.text["ru"]


def test_a_status_of_another_day_is_no_lie(server: FalseServer, tmp_path: Path) -> None:
    server.snapshot = lambda told: told["measures"][0].update(status="expired")
    with begun(server, tmp_path) as mirror:
        assert mirror.sync() == 12


def test_an_entry_that_stands_but_is_another(server: FalseServer, tmp_path: Path) -> None:
    server.served[4] = server.register.body(4).replace(b'"export_prohibition"', b'"export_duty"')
    assert refused(server, tmp_path, MirrorRewritten).seq == 4
    server.served[11] = server.register.body(9)
    assert refused(server, tmp_path / "other", MirrorGap).seq == 11


def test_headers_that_do_not_give_the_signed_root(server: FalseServer, tmp_path: Path) -> None:
    server.note = server.sign(root=b"\1" * 32)
    assert refused(server, tmp_path, MirrorRewritten).seq is None


def test_an_entry_that_does_not_come(server: FalseServer, tmp_path: Path) -> None:
    server.missing = {3}
    with begun(server, tmp_path) as mirror:
        with pytest.raises(MirrorGap):
            mirror.sync()
        assert mirror.seq == 0
        server.missing.clear()
        assert mirror.sync() == 12


# What is found afterwards


def lying_log() -> FalseServer:
    """A log that signs, of entry 13, a leaf that says another kind and subject: a measure that is left out so."""
    server = journal()
    hidden = {**server.register.entry(3)["after"], "effective_to": "2026-08-31", "version": 2, "seq": 13}
    enter(server.register, "measure.terminated", "KG-2026-003", hidden, told="KG-2026-001")
    enter(server.register, "measure.effective", "KG-2026-001", server.register.entry(1)["after"])
    return server


def test_a_version_that_the_log_itself_hides_is_found_by_the_backfill(tmp_path: Path) -> None:
    server = lying_log()
    with begun(server, tmp_path) as mirror:
        mirror.sync()
        before = mirror.proof("4403", "2026-09-10")
        with pytest.raises(MirrorRewritten) as caught:
            mirror.backfill()
        assert caught.value.seq == 13
        assert caught.value.evidence is not None
        assert (caught.value.evidence / "entry-13-served.json").read_bytes() == server.register.body(13)
        assert (mirror.seq, mirror.snapshot, mirror.backfilled) == (14, 14, 12)
        assert mirror.proof("4403", "2026-09-10") == before
    assert Mirror(tmp_path).snapshot == 14
    line = verify_directory(tmp_path).line()
    assert line.endswith(", from snapshot 14, backfilled to 12")


def test_following_ends_at_a_past_that_is_refused(tmp_path: Path) -> None:
    server = lying_log()
    with begun(server, tmp_path) as mirror, pytest.raises(MirrorRewritten):
        mirror.follow(0.01, stream=False)


def test_following_fetches_the_past_meanwhile(
    server: FalseServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("feeds.mirror.following.SHORTEST_WAIT", 0.01)
    stop, heard = threading.Event(), list[int]()
    with begun(server, tmp_path) as mirror:

        def moved(seq: int) -> None:
            heard.append(seq)
            if mirror.snapshot is None:
                stop.set()
            elif seq == 12:
                server.add(small("9401", first=8))

        mirror.follow(0.01, stream=False, stop=stop, moved=moved)
        assert mirror.snapshot is None
        assert mirror.sync() == 13
        alike(mirror, server.register, 5)
    assert heard[0] == 12


def test_a_fork_after_the_snapshot(server: FalseServer, tmp_path: Path) -> None:
    with begun(server, tmp_path) as mirror:
        mirror.sync()
        server.restart_with([*small(*CODES[:3]), *small(*("9401",) * 12, first=20)])
        with pytest.raises(MirrorFork) as caught:
            mirror.sync()
        assert caught.value.seq == 4
        assert (mirror.seq, mirror.snapshot) == (12, 12)
        assert Mirror(tmp_path).seq == 12


def test_an_old_entry_that_has_been_rewritten(server: FalseServer, tmp_path: Path) -> None:
    with begun(server, tmp_path) as mirror:
        mirror.sync()
        server.served[9] = server.register.body(9).replace(b"8501", b"8502")
        with pytest.raises(MirrorRewritten) as caught:
            mirror.backfill()
        assert caught.value.seq == 9
        assert mirror.backfilled == 6
        server.served.clear()
        assert mirror.backfill() == 12


# Stopped, damaged, verified


def photographed(
    server: FalseServer, folder: Path, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> list[tuple[Path, int]]:
    """What lies in the folder around each thing written while a mirror begins, follows and is backfilled."""
    taken: list[tuple[Path, int]] = []
    counted = 0

    def photograph() -> None:
        photo = photos / f"{len(taken):03d}"
        shutil.copytree(folder, photo)
        taken.append((photo, counted))

    def around(owner: type, name: str) -> Callable[..., Any]:
        original = getattr(owner, name)

        def step(self: Any, *given: Any) -> Any:
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
        if Path(old).name == "state.json":
            counted = size

    with monkeypatch.context() as patched:
        for owner, name in ((EntryFiles, "append"), (EntryFiles, "cut"), (Store, "drop_snapshot")):
            patched.setattr(owner, name, around(owner, name))
        patched.setattr(os, "replace", replaced)
        for size in (12, 14, 17):
            server.note = server.sign(size)
            with begun(server, folder) as mirror:
                assert mirror.sync() == size
        with begun(server, folder) as mirror:
            mirror.backfill()
    return taken


def test_stopped_at_any_step(server: FalseServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server.add(small("9401", "9402", "9403", "9404", "9405", first=8))
    taken = photographed(server, tmp_path / "copy", tmp_path, monkeypatch)
    assert {counted for _, counted in taken} == {0, 12, 14, 17}
    assert len(taken) > 30
    for photo, counted in taken:
        offline = Mirror(photo)
        assert offline.seq == counted
        assert offline.register.tree.root() == server.register.tree.root(counted)
        server.note = None
        with begun(server, photo) as mirror:
            assert mirror.sync() == 17
            alike(mirror, server.register)
            mirror.backfill()
            assert mirror.snapshot is None
        assert verify_directory(photo).line().startswith("whole: 17 entries")
        assert not (photo / "snapshot").exists()
        alike(Mirror(photo), server.register, 8)


def test_what_an_interrupted_start_from_the_first_left_is_used(
    server: FalseServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.missing = {8}
    with Mirror(tmp_path, URL, client=server.client()) as mirror, pytest.raises(MirrorGap):
        mirror.sync()
    server.missing.clear()
    with begun(server, tmp_path) as mirror:
        assert mirror.sync() == 12
        assert mirror.backfilled == 6
        mirror.backfill()
    assert verify_directory(tmp_path).line().startswith("whole: 12 entries")


def test_a_power_cut_spoils_what_of_the_past_was_not_on_the_disk(server: FalseServer, tmp_path: Path) -> None:
    stop = threading.Event()
    with begun(server, tmp_path) as mirror:
        mirror.sync()
        stop.set()
        assert mirror.backfill(stop) == 0
        server.missing = {8}
        with pytest.raises(MirrorGap):
            mirror.backfill()
    path = tmp_path / "entries" / "000000005.jsonl"
    path.write_bytes(path.read_bytes()[:-40] + b"\0" * 30 + b"\n")
    assert verify_directory(tmp_path).line().endswith("from snapshot 12, backfilled to 5")
    server.missing.clear()
    with begun(server, tmp_path) as mirror:
        mirror.backfill()
    assert verify_directory(tmp_path).whole
    assert Mirror(tmp_path).snapshot is None


def _flip(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data.replace(b"KG-2026-004", b"KG-2026-005", 1))


DAMAGES: list[Callable[[Path], object]] = [
    lambda folder: _flip(folder / "snapshot/headers.jsonl"),
    lambda folder: _flip(folder / "snapshot/entries.jsonl"),
    lambda folder: (folder / "snapshot/headers.jsonl").unlink(),
    lambda folder: (folder / "snapshot/entries.jsonl").write_bytes(b""),
    lambda folder: (folder / "following/000000013.jsonl").write_bytes(b""),
    lambda folder: (folder / "state.json").write_bytes(
        (folder / "state.json").read_bytes().replace(b'"snapshot":12', b'"snapshot":11')
    ),
    lambda folder: (folder / "state.json").write_bytes(
        (folder / "state.json").read_bytes().replace(b'"format":2', b'"format":1')
    ),
]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_folder_is_not_answered_from(
    damage: Callable[[Path], object], server: FalseServer, tmp_path: Path
) -> None:
    with begun(server, tmp_path) as mirror:
        mirror.sync()
        server.add(small("9401", first=8))
        mirror.sync()
    assert verify_directory(tmp_path).whole
    damage(tmp_path)
    assert not verify_directory(tmp_path).whole
    with pytest.raises(MirrorDamaged):
        Mirror(tmp_path)


def test_another_process_goes_on_reading_when_the_past_has_come(server: FalseServer, tmp_path: Path) -> None:
    with begun(server, tmp_path) as mirror:
        mirror.sync()
        reader = Mirror(tmp_path)
        mirror.backfill()
        assert reader.snapshot == 12
        alike(reader, server.register)
        assert reader.refresh() == 12
        assert reader.snapshot is None
        alike(reader, server.register, 3)


def test_the_command_says_how_far_it_is(
    server: FalseServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = server.register.checkpoint()
    assert mirror_command(URL, tmp_path, client=server.client(), start="snapshot") == 0
    first, last = capsys.readouterr().out.splitlines()
    assert first == f"12 entries, root {root}, signed by {ORIGIN}, from snapshot 12, backfilled to 0"
    assert last == f"12 entries, root {root}, signed by {ORIGIN}"
    server.snapshot = _leave_out
    assert mirror_command(URL, tmp_path / "other", client=server.client(), start="snapshot", language="ru") == 3
    said = capsys.readouterr()
    assert said.out == ""
    assert "нет KG-2026-003" in said.err


def test_verification_says_how_far_it_is(server: FalseServer, tmp_path: Path) -> None:
    with begun(server, tmp_path) as mirror:
        mirror.sync()
        server.add(small("9401", first=8))
        mirror.sync()
    verdict = verify_directory(tmp_path)
    assert verdict.whole
    assert verdict.line().startswith("whole: 13 entries, root ")
    assert verdict.line().endswith(", from snapshot 12, backfilled to 0")
    assert verdict.line("ru").endswith(", начато со снимка на записи 12, прошлое загружено до записи 0")


def test_the_day_of_the_snapshot_is_the_servers(tmp_path: Path) -> None:
    """Whole measures of every status: what the server computes for today is not what was signed."""
    ended = small("7204")[0] | {"effective_to": "2026-08-20"}
    server = FalseServer([ended, *small("4403", first=2)])
    with begun(server, tmp_path) as mirror:
        assert mirror.sync() == 2
        assert (
            mirror.proof("7204", date(2026, 9, 1)).proof
            == answer(server.register, read_question({"code": "7204", "date": "2026-09-01"})).proof
        )
