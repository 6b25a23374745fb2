"""Everything public as files: the same bytes as over HTTP, written whole, and only when they differ."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import httpx
import pytest

from feeds import tiles
from feeds.export import MANIFEST, write
from feeds.log import Log
from feeds.notes import Signer, open_checkpoint
from feeds.table import COLUMNS, table
from register.database import open_database
from register.merkle import Tree, leaf_hash
from register.service import RegisterService
from tests.feeds.feed_rules import check
from tests.feeds.helpers import BASE, ORIGIN, SEED, TERMS, Clock, Site
from tests.feeds.witnesses import witnessed
from tests.register.api.helpers import notified
from tests.register.synthetic import append, build, record


def files(directory: Path) -> dict[str, tuple[int, int]]:
    """Every file with its place on the disk and its time: what was written anew has another."""
    found = (path for path in directory.rglob("*") if path.is_file())
    return {str(path.relative_to(directory)): (path.stat().st_ino, path.stat().st_mtime_ns) for path in found}


def listed(directory: Path) -> dict[str, dict[str, Any]]:
    """The manifest, by address."""
    return {item["address"]: item for item in json.loads((directory / MANIFEST).read_bytes())["files"]}


class _Plain(SimpleHTTPRequestHandler):
    """A server of plain files whose index is ``index.json``, without a redirection."""

    def translate_path(self, path: str) -> str:
        found = Path(super().translate_path(path))
        return str(found / "index.json" if found.is_dir() else found)

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def served(directory: Path) -> Iterator[str]:
    """The address of a static server of these files."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Plain, directory=str(directory)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


async def fill(site: Site) -> None:
    await site.include_many(260)
    await site.fill()
    consultation = {"id": "C-2026-003", "state": "KG", "status": "scheduled"}
    await site.append("consultation.initiated", "C-2026-003", consultation, {"ru": "Консультации", "en": None})
    await witnessed(site)


@pytest.mark.anyio
async def test_a_static_server_and_the_service_answer_the_same_bytes(site: Site, tmp_path: Path) -> None:
    await fill(site)
    target = tmp_path / "out"
    assert write(site.service, target, site.log) == len(files(target))
    found = listed(target)
    assert {item["file"] for item in found.values()} == set(files(target)) - {MANIFEST}
    with served(target) as url:
        async with httpx.AsyncClient(base_url=url) as client:
            for address, item in found.items():
                static, live = await client.get(address), await site.get(address)
                assert (static.status_code, live.status_code) == (200, 200), address
                assert static.content == live.content, address
                assert item["type"] == live.headers["content-type"], address
                assert item["cache"] == live.headers["cache-control"], address
                assert (item["bytes"], item["sha256"]) == (
                    len(static.content),
                    hashlib.sha256(static.content).hexdigest(),
                ), address
    assert all(path.stat().st_mode & 0o777 == 0o644 for path in target.rglob("*") if path.is_file())


@pytest.mark.anyio
async def test_every_public_address_without_a_query_has_its_file(site: Site, tmp_path: Path) -> None:
    await fill(site)
    write(site.service, tmp_path / "out", site.log)
    found = set(listed(tmp_path / "out"))
    paths = json.loads((await site.get("/api/openapi.json")).content)["paths"]
    without = {
        "/api/v1/measures", "/api/v1/measures/{id}/versions/{span}", "/api/v1/proof", "/api/v1/changes",
        "/api/v1/changes/stream", "/api/v1/changes/{seq}/proof", "/api/v1/codes/{code}",
    }  # fmt: skip
    examples = {
        "/api/v1/measures/{id}": "/api/v1/measures/KG-2026-001",
        "/api/v1/measures/{id}/history": "/api/v1/measures/KG-2026-001/history",
        "/api/v1/changes/{seq}": "/api/v1/changes/267",
        "/api/v1/consultations/{id}": "/api/v1/consultations/C-2026-003",
        "/feeds/archive/{page}": "/feeds/archive/2.atom",
        "/log/tile/{path}": "/log/tile/entries/000",
    }
    for path in paths:
        assert (path in without) != (examples.get(path, path) in found), path
    for name in ("register", "consultations", "upcoming"):
        for form in ("atom", "rss"):
            address = f"/feeds/{name}.{form}"
            response = await site.get(address)
            check(
                (tmp_path / "out" / address.lstrip("/")).read_bytes(), BASE + address, response.headers["content-type"]
            )


@pytest.mark.anyio
async def test_the_files_can_be_verified_without_the_server(site: Site, tmp_path: Path) -> None:
    await site.include_many(300)
    write(site.service, tmp_path / "out", site.log)
    note = (tmp_path / "out" / "log" / "checkpoint").read_bytes()
    checkpoint = open_checkpoint(note, [Signer(ORIGIN, SEED).verifier], ORIGIN)
    leaves: list[bytes] = []
    for tile in tiles.bundles(checkpoint.size):
        leaves += tiles.read_entry_bundle((tmp_path / "out" / "log" / tile.path).read_bytes(), tile.width)
    assert Tree(map(leaf_hash, leaves)).root() == checkpoint.root
    assert checkpoint.size == 300


@pytest.mark.anyio
async def test_only_what_differs_is_written(site: Site, tmp_path: Path) -> None:
    await site.include_many(120)
    target = tmp_path / "out"
    write(site.service, target, site.log)
    first = files(target)
    assert write(site.service, target, site.log) == 0
    assert files(target) == first
    await site.include(notified("KG", "7204"))
    write(site.service, target, site.log)
    second = files(target)
    changed = {name for name in second if second[name] != first.get(name)}
    # A history says up to which entry it is true.
    assert {name for name in changed if not name.endswith("/history")} == {
        "api/v1/changes/121",
        "api/v1/consultations/index.json",
        "api/v1/measures/KG-2026-001/index.json",
        "api/v1/snapshot",
        "dcat.jsonld",
        "export.json",
        "feeds/deadlines.ics",
        "feeds/register.atom",
        "feeds/register.rss",
        "log/checkpoint",
        "log/cosignatures",
        "log/tile/0/000.p/121",
        "log/tile/entries/000.p/121",
        "measures.csv",
        "measures.json",
        "measures.xlsx",
    }
    (target / "api/v1/changes/7").write_bytes(b"damaged")
    (target / "measures.csv").unlink()
    assert write(site.service, target, site.log) == 2
    assert (target / "api/v1/changes/7").read_bytes() == site.service.register.body(7)


def test_what_never_changes_is_written_once(tmp_path: Path) -> None:
    service = RegisterService(open_database("sqlite:///never-opened.db"), TERMS, Clock())
    service.register = build(record(f"KG-2026-{number:03}") for number in range(1, 257))
    log, target = Log(service, [Signer(ORIGIN, SEED)], tmp_path / "signed.checkpoint"), tmp_path / "out"
    write(service, target, log)
    fixed = {item["file"] for item in listed(target).values() if "immutable" in item["cache"]}
    assert {"api/v1/changes/256", "feeds/archive/2.atom", "log/tile/0/000", "log/tile/entries/000"} <= fixed
    first = files(target)
    append(service.register, (record(f"BY-2026-{number:03}") for number in range(1, 51)))
    assert write(service, target, log) > 50
    assert {name: files(target)[name] for name in fixed} == {name: first[name] for name in fixed}


@pytest.mark.anyio
async def test_a_run_that_is_broken_off_goes_on(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    await site.include_many(50)
    target, done = tmp_path / "out", 0
    replace = os.replace

    def failing(source: Any, place: Any) -> None:
        nonlocal done
        done += target in Path(place).parents
        if done > 30:
            raise OSError(28, "No space left on device")
        replace(source, place)

    monkeypatch.setattr(os, "replace", failing)
    with pytest.raises(OSError, match="No space"):
        write(site.service, target, site.log)
    monkeypatch.undo()
    assert len(files(target)) == 30, "nothing half-written is left behind"
    assert not (target / "log" / "checkpoint").exists()
    before = files(target)
    assert write(site.service, target, site.log) == len(files(target)) - 30
    assert {name: files(target)[name] for name in before} == before


_KILLED = """
import sys
from pathlib import Path
from zoneinfo import ZoneInfo
from feeds.export import write
from register.database import open_database
from register.service import RegisterService, Terms
from tests.register.synthetic import append, build, record
service = RegisterService(open_database("sqlite:///never-opened.db"), Terms(ZoneInfo("Europe/Moscow")))
service.register = build(record(f"KG-2026-{number:03}") for number in range(1, 300))
print(write(service, Path(sys.argv[1])), flush=True)
"""


def test_a_run_that_is_killed_leaves_whole_files_and_the_next_one_goes_on(tmp_path: Path) -> None:
    command, whole, cut = [sys.executable, "-c", _KILLED], tmp_path / "whole", tmp_path / "cut"
    count = int(subprocess.run([*command, whole], check=True, capture_output=True, text=True, timeout=120).stdout)
    running = subprocess.Popen([*command, cut], stdout=subprocess.PIPE)
    deadline = monotonic() + 60
    while not (cut / "api/v1/changes/100").exists() and monotonic() < deadline:
        sleep(0.002)
    running.send_signal(signal.SIGKILL)
    running.communicate(timeout=60)
    left = {name: place for name, place in files(cut).items() if not name.endswith(".part")}
    assert 100 <= len(left) < count
    for name in left:
        assert (cut / name).read_bytes() == (whole / name).read_bytes(), name
    again = int(subprocess.run([*command, cut], check=True, capture_output=True, text=True, timeout=120).stdout)
    assert again == count - len(left)
    assert {name: files(cut)[name] for name in left} == left
    assert set(files(cut)) == set(files(whole))


@pytest.mark.anyio
async def test_published_acts_lie_at_their_addresses(site: Site, tmp_path: Path) -> None:
    await site.fill()
    act = tmp_path / "act"
    act.write_bytes(b"%PDF-1.7 act")
    digest = hashlib.sha256(act.read_bytes()).hexdigest()
    directory = tmp_path / "out"
    write(site.service, directory, site.log, acts={digest: act})
    assert (directory / "attachments" / f"{digest}.pdf").read_bytes() == act.read_bytes()
    entry = listed(directory)[f"/attachments/{digest}.pdf"]
    assert (entry["type"], entry["sha256"], "immutable" in entry["cache"]) == ("application/pdf", digest, True)
    before = files(directory)
    assert write(site.service, directory, site.log, acts={digest: act}) == 0
    assert files(directory) == before


async def test_an_empty_register_and_one_without_a_key(site: Site, tmp_path: Path) -> None:
    write(site.service, tmp_path / "out")
    for address in ("/api/v1/snapshot", "/measures.csv", "/measures.xlsx", "/dcat.jsonld", "/feeds/deadlines.ics"):
        assert (await site.get(address)).content == (tmp_path / "out" / address.lstrip("/")).read_bytes()
    assert not (tmp_path / "out" / "log").exists()
    assert not (tmp_path / "out" / "api/v1/changes").exists()


def rows(content: bytes) -> list[dict[str, str]]:
    assert content.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def test_the_table_has_a_row_to_a_goods_line() -> None:
    goods = [
        {"line": 1, "code_from": "7204", "excluded": [{"code_from": "720410"}], "description": {"ru": "Лом, «чёрный»"}},
        {"line": 2, "code_from": "0101", "code_to": "0105", "partial": True, "valid_to": "2026-09-01"},
    ]
    register = build([record("KG-2026-001", goods=goods, transport=["road", "rail"]), record("AM-2026-001")])
    found = rows(table(register, date(2026, 8, 15)))
    assert [(row["id"], row["line"]) for row in found] == [
        ("KG-2026-001", "1"),
        ("KG-2026-001", "2"),
        ("AM-2026-001", "1"),
    ]
    assert tuple(found[0]) == COLUMNS
    assert found[0]["description_ru"] == "Лом, «чёрный»"
    assert found[0]["excluded"] == "7204 10"
    assert (found[1]["code_from"], found[1]["code_to"], found[1]["partial"]) == ("0101", "0105", "true")
    assert (found[1]["valid_to"], found[1]["effective_to"]) == ("2026-09-01", "")
    assert found[0]["transport"] == "road; rail"
    assert (found[0]["window_from"], found[0]["window_until"]) == ("2026-08-01", "2026-08-16")
    assert {row["status"] for row in found} == {"in_force"}
    assert {row["status"] for row in rows(table(register, date(2026, 7, 1)))} == {"upcoming"}


@pytest.mark.parametrize("text", ['=HYPERLINK("http://x")', "+1", "-1", "@SUM(A1)", "＝1+1"])
def test_no_text_runs_as_a_formula(text: str) -> None:
    register = build([record("KG-2026-001", title={"ru": text, "en": f"x{text}"})])
    (row,) = rows(table(register, date(2026, 8, 15)))
    assert row["title_ru"] == f"'{text}"
    assert row["title_en"] == f"x{text}"


def test_a_text_of_several_lines_stays_in_its_cell() -> None:
    register = build([record("KG-2026-001", title={"ru": 'a\r\n"b"; c,d', "en": None})])
    (row,) = rows(table(register, date(2026, 8, 15)))
    assert row["title_ru"] == 'a\r\n"b"; c,d'
