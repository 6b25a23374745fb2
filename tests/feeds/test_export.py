"""Everything public as files: the same bytes as over HTTP, written whole, and only when they differ."""

from __future__ import annotations

import csv
import io
import os
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from feeds import tiles
from feeds.export import write
from feeds.notes import Signer, open_checkpoint
from feeds.table import COLUMNS, table
from register.merkle import Tree, leaf_hash
from tests.feeds.feed_rules import check
from tests.feeds.helpers import BASE, ORIGIN, SEED, Site
from tests.register.api.helpers import notified
from tests.register.synthetic import build, record


def files(directory: Path) -> dict[str, tuple[int, int]]:
    """Every file with its place on the disk and its time: what was written anew has another."""
    found = (path for path in directory.rglob("*") if path.is_file())
    return {str(path.relative_to(directory)): (path.stat().st_ino, path.stat().st_mtime_ns) for path in found}


@pytest.mark.anyio
async def test_the_files_are_what_the_addresses_give(site: Site, tmp_path: Path) -> None:
    await site.include_many(260)
    await site.fill()
    target = tmp_path / "out"
    count = write(site.service, target, site.log)
    assert count == len(files(target))
    for name in files(target):
        path = target / name
        if name.startswith(("feeds/", "log/")):
            response = await site.get(f"/{name}")
            assert response.content == path.read_bytes(), name
            if name.startswith("feeds/") and not name.endswith("opml.xml"):
                check(path.read_bytes(), f"{BASE}/{name}", response.headers["content-type"])
        elif name.startswith("entries/"):
            seq = name.removeprefix("entries/").removesuffix(".json")
            assert (await site.get(f"/api/v1/changes/{seq}")).content == path.read_bytes()
    assert (await site.get("/api/v1/snapshot")).content == (target / "measures.json").read_bytes()
    assert {path.name for path in (target / "feeds" / "archive").iterdir()} == {"1.atom", "2.atom"}
    assert len(list((target / "entries").iterdir())) == 266
    assert all(path.stat().st_mode & 0o777 == 0o644 for path in target.rglob("*") if path.is_file())


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
    assert changed == {
        "entries/121.json",
        "log/checkpoint",
        "log/tile/0/000.p/121",
        "log/tile/entries/000.p/121",
        "feeds/register.atom",
        "feeds/register.rss",
        "measures.csv",
        "measures.json",
    }
    (target / "entries" / "7.json").write_bytes(b"damaged")
    (target / "measures.csv").unlink()
    assert write(site.service, target, site.log) == 2
    assert (target / "entries" / "7.json").read_bytes() == site.service.register.body(7)


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


@pytest.mark.anyio
async def test_an_empty_register_and_one_without_a_key(site: Site, tmp_path: Path) -> None:
    write(site.service, tmp_path / "out")
    assert (await site.get("/api/v1/snapshot")).content == (tmp_path / "out" / "measures.json").read_bytes()
    assert not (tmp_path / "out" / "log").exists()
    assert not (tmp_path / "out" / "entries").exists()


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
