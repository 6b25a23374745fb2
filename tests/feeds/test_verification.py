"""Whether a mirror, a static export or a server is whole: found when it is, and what is wrong when it is not."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from feeds.export import write
from feeds.log import Log
from feeds.mirror import Mirror
from feeds.verification import verify_command, verify_directory, verify_server
from register.database import open_database
from register.service import RegisterService, Terms
from tests.feeds.mirror_servers import OTHER_SIGNER, SIGNER, URL, FalseServer, small

CODES = [f"{chapter:02d}{heading:02d}" for chapter in range(1, 31) for heading in range(1, 11)]
KIND = b'"export_prohibition"'
WHOLE = "whole: 300 entries, root "


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("feeds.mirror.source.PAUSE_SECONDS", 0)


@pytest.fixture(scope="module")
def published() -> FalseServer:
    return FalseServer(small(*CODES))


@pytest.fixture
def server(published: FalseServer) -> FalseServer:
    """A server of the same journal, to be bent."""
    fresh = FalseServer()
    fresh.register = published.register
    return fresh


@pytest.fixture
def copy(server: FalseServer, tmp_path: Path) -> Path:
    folder = tmp_path / "copy"
    with Mirror(folder, URL, client=server.client()) as mirror:
        mirror.sync()
    return folder


@pytest.fixture(scope="module")
def exported(published: FalseServer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("export")
    terms = Terms(ZoneInfo("Europe/Moscow"), None, URL, False)
    service = RegisterService(open_database(f"sqlite://{folder / 'never-opened.db'}"), terms)
    service.register = published.register
    write(service, folder / "site", Log(service, [SIGNER], folder / "signed.checkpoint"))
    return folder / "site"


@pytest.fixture
def site(exported: Path, tmp_path: Path) -> Path:
    """The static export, to be damaged."""
    return Path(shutil.copytree(exported, tmp_path / "site"))


# Whole


def test_a_mirror_is_whole(copy: Path, server: FalseServer) -> None:
    verdict = verify_directory(copy)
    root = server.register.checkpoint()
    assert verdict.whole
    assert verdict.exit_status == 0
    assert verdict.line() == f"{WHOLE}{root[:4]}…{root[-3:]}, signed by register.test/log ({SIGNER.key_id.hex()})"
    assert verdict.line("ru").startswith("полностью: записей 300, корень ")
    assert verdict.checkpoint is not None
    assert verdict.checkpoint.root == server.register.tree.root()


def test_a_static_export_is_whole(site: Path) -> None:
    assert verify_directory(site).line().startswith(WHOLE)


def test_a_server_is_whole(server: FalseServer) -> None:
    assert verify_server(URL, client=server.client()).line().startswith(WHOLE)


def test_what_an_interrupted_sync_left_does_not_count(copy: Path) -> None:
    with (copy / "entries" / "000000001.jsonl").open("ab") as file:
        file.write(b'{"seq":301}\n{"half')
    assert verify_directory(copy).whole


def test_the_key_given_is_the_one_that_counts(copy: Path, site: Path, server: FalseServer) -> None:
    for key, whole in ((SIGNER.verifier_key, True), (OTHER_SIGNER.verifier_key, False)):
        assert verify_directory(copy, key).whole is whole
        assert verify_directory(site, key).whole is whole
        assert verify_server(URL, key, server.client()).whole is whole
    assert verify_directory(copy, "nonsense").exit_status == 1


# Not whole


def _replace(path: Path, old: bytes, new: bytes) -> None:
    data = path.read_bytes()
    assert old in data
    path.write_bytes(data.replace(old, new, 1))


def _flip(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(bytes([data[0] ^ 1]) + data[1:])


MIRROR_FAULTS: list[tuple[Callable[[Path], object], str]] = [
    (lambda folder: _replace(folder / "entries/000000001.jsonl", b'"0101"', b'"0102"'), "entries 1 to 300"),
    (lambda folder: _replace(folder / "entries/000000001.jsonl", b'"seq":7,"subject', b'"seq":8,"subject'), "entry 7"),
    (lambda folder: _replace(folder / "entries/000000001.jsonl", b"\n", b""), "entry 1:"),
    (lambda folder: (folder / "entries/000000001.jsonl").write_bytes(b""), "entry 1 is missing, 300"),
    (lambda folder: _replace(folder / "state.json", b"\\n300\\n", b"\\n299\\n"), "signature"),
    (lambda folder: _replace(folder / "state.json", b"{", b""), "state.json"),
]


@pytest.mark.parametrize(("damage", "said"), MIRROR_FAULTS)
def test_a_mirror_that_is_not(damage: Callable[[Path], object], said: str, copy: Path) -> None:
    damage(copy)
    verdict = verify_directory(copy)
    assert verdict.exit_status == 1
    assert verdict.line().startswith(f"not whole: {copy}: ")
    assert said in verdict.line()
    assert verdict.line("ru").startswith("нарушено: ")


EXPORT_FAULTS: list[tuple[Callable[[Path], object], str]] = [
    (
        lambda site: _replace(site / "api/v1/changes/270", KIND, b'"export_duty"'),
        "entry 270 is not the one that was signed",
    ),
    (lambda site: (site / "api/v1/changes/270").unlink(), "entry 270 is missing"),
    (lambda site: shutil.copy(site / "api/v1/changes/2", site / "api/v1/changes/1"), "entry 1"),
    (lambda site: _flip(site / "log/tile/0/000"), "tile/0/000"),
    (lambda site: _flip(site / "log/tile/1/000.p/1"), "tile/1/000.p/1"),
    (
        lambda site: _replace(site / "log/tile/entries/001.p/44", b"KG-2026-300", b"KG-2026-301"),
        "tile/entries/001.p/44",
    ),
    (lambda site: (site / "log/tile/0/001.p/44").unlink(), "tile/0/001.p/44 is missing"),
    (lambda site: _replace(site / "log/checkpoint", b"\n300\n", b"\n200\n"), "signature"),
    (lambda site: (site / "log/key").write_text(OTHER_SIGNER.verifier_key), "No known key"),
]


@pytest.mark.parametrize(("damage", "said"), EXPORT_FAULTS)
def test_an_export_that_is_not(damage: Callable[[Path], object], said: str, site: Path) -> None:
    damage(site)
    verdict = verify_directory(site)
    assert (verdict.exit_status, said in verdict.line()) == (1, True), verdict.line()


def test_a_server_that_is_not(server: FalseServer) -> None:
    server.served[280] = server.register.body(280).replace(KIND, b'"export_duty"', 1)
    assert verify_server(URL, client=server.client()).line() == (
        f"not whole: {URL}: entry 280 is not the one that was signed"
    )
    server.served.clear()
    server.missing = {280}
    assert "entry 280" in verify_server(URL, client=server.client()).line()
    server.missing.clear()
    server.note = server.sign(root=b"\1" * 32)
    assert "entries 1 to 300 do not give the signed root" in verify_server(URL, client=server.client()).line()
    server.note = server.sign(signer=OTHER_SIGNER)
    assert verify_server(URL, client=server.client()).exit_status == 1


# Not checked, and the command


def test_what_cannot_be_checked(server: FalseServer, tmp_path: Path) -> None:
    assert verify_directory(tmp_path).exit_status == 2
    server.down = True
    verdict = verify_server(URL, client=server.client())
    assert verdict.exit_status == 2
    assert verdict.line().startswith("not checked: ")


def test_the_command_prints_one_line(
    copy: Path, site: Path, server: FalseServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for target, status in (
        (str(copy), 0), (str(site), 0), (URL, 0), (str(tmp_path / "nothing"), 2), ("ftp://register.example", 2),
    ):  # fmt: skip
        for language in ("ru", "en"):
            assert verify_command(target, language=language, client=server.client()) == status
            assert capsys.readouterr().out.count("\n") == 1
    (copy / "entries" / "000000001.jsonl").unlink()
    assert verify_command(str(copy)) == 1
