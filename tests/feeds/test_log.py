"""The log as it is served: signed, complete, and never signed twice in two ways."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from feeds import tiles
from feeds.log import Log, LogFork, SignedFileError
from feeds.notes import Signer, Verifier, open_checkpoint
from register.database import open_database
from register.merkle import Tree, leaf_hash
from register.publication import include
from register.service import RegisterService
from register.web import IMMUTABLE, PUBLIC_MINUTE, REVALIDATE
from tests.feeds.conftest import opened_site
from tests.feeds.helpers import ORIGIN, SEED, TERMS, Clock, Site, replay
from tests.register.api.helpers import assert_problem, notified

pytestmark = pytest.mark.anyio


async def verified(site: Site) -> Any:
    key = (await site.get("/log/key")).text
    note = await site.get("/log/checkpoint")
    return open_checkpoint(note.content, [Verifier.parse(key)], ORIGIN)


async def test_the_checkpoint_is_signed_and_names_the_journal(site: Site) -> None:
    assert (await verified(site)).size == 0
    await site.fill()
    checkpoint = await verified(site)
    assert checkpoint.size == 6
    assert checkpoint.root == site.service.register.tree.root()
    response = await site.get("/log/checkpoint")
    assert response.headers["content-type"] == "text/plain; charset=utf-8"
    assert response.headers["cache-control"] == REVALIDATE
    assert response.text.startswith(f"{ORIGIN}\n6\n")
    tag = response.headers["etag"]
    assert tag.startswith('"6-')
    assert (await site.get("/log/checkpoint", If_None_Match=tag)).status_code == 304
    key = await site.get("/log/key")
    assert key.text == Signer(ORIGIN, SEED).verifier_key + "\n"
    assert key.headers["content-type"] == "text/plain; charset=utf-8"


async def test_tiles_give_the_root_and_bundles_the_leaves(site: Site) -> None:
    await site.include_many(600)
    size = site.service.register.seq
    leaves: list[bytes] = []
    for tile in tiles.bundles(size):
        response = await site.get(f"/log/{tile.path}")
        assert response.headers["content-type"] == "application/octet-stream"
        assert response.headers["cache-control"] == (IMMUTABLE if tile.full else PUBLIC_MINUTE)
        leaves += tiles.read_entry_bundle(response.content, tile.width)
    assert leaves == [entry.header for entry in await site.entries()]
    tree = Tree(map(leaf_hash, leaves))
    assert tree.root() == (await verified(site)).root
    for tile in tiles.tiles(size):
        response = await site.get(f"/log/{tile.path}")
        assert response.content == tiles.hash_tile(tree, int(tile.level), tile.index, tile.width)
        rests_on = tile.index * 256 + tile.width if tile.level == 0 else (tile.index * 256 + tile.width) * 256
        assert response.headers["etag"].startswith(f'"{rests_on}-')
    assert {tile.level for tile in tiles.tiles(size)} == {0, 1}


async def test_a_full_tile_stays_and_may_be_kept(site: Site) -> None:
    await site.include_many(256)
    first = {path: await site.get(path) for path in ("/log/tile/0/000", "/log/tile/entries/000", "/log/tile/1/000.p/1")}
    await site.include_many(20)
    for path, response in first.items():
        assert response.status_code == 200
        again = await site.get(path)
        assert (again.content, again.headers["etag"]) == (response.content, response.headers["etag"])
        assert (await site.get(path, If_None_Match=response.headers["etag"])).status_code == 304
        assert (await site.client.head(path)).content == b""
    packed = await site.get("/log/tile/entries/000", Accept_Encoding="gzip")
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.content == first["/log/tile/entries/000"].content


async def test_what_the_log_does_not_have(site: Site) -> None:
    await site.fill()
    for path in (
        "0/001",
        "0/000",
        "0/000.p/7",
        "1/000.p/1",
        "entries/000.p/9",
        "0/0",
        "00/000",
        "64/000",
        "x",
        "0/000.p/0",
    ):
        assert_problem(await site.get(f"/log/tile/{path}"), 404, "/path")
    assert (await site.get("/log/tile/0/000.p/6")).status_code == 200
    assert (await site.get("/log/tile/entries/000.p/3")).status_code == 200
    assert_problem(await site.get("/log/tile/0/000.p/6?size=3"), 422, "/size")
    assert_problem(await site.get("/log/unknown"), 404)


async def test_a_number_is_signed_once(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    signed: list[int] = []
    sign = site.log.sign

    def counted() -> tuple[int, bytes]:
        signed.append(site.service.register.seq)
        return sign()

    monkeypatch.setattr(site.log, "sign", counted)
    await site.include(notified("KG", "7204"))
    await asyncio.gather(*(site.get("/log/checkpoint") for _ in range(20)))
    assert signed == [1]


async def test_after_a_restart_the_same_checkpoint(site: Site, database_url: str, tmp_path: Path) -> None:
    await site.fill()
    first = (await site.get("/log/checkpoint")).content
    assert (tmp_path / "signed.checkpoint").read_bytes() == first
    async with opened_site(database_url, tmp_path / "signed.checkpoint", site.clock) as again:
        assert (await again.get("/log/checkpoint")).content == first


@asynccontextmanager
async def another_log(url: str, signed: Path, clock: Clock) -> AsyncIterator[Log]:
    """A log over another database, its journal replayed, not yet started."""
    service = RegisterService(open_database(url), TERMS, clock)
    await service.start()
    try:
        yield Log(service, [Signer(ORIGIN, SEED)], signed)
    finally:
        await service.stop()


async def test_a_journal_that_was_cut_is_not_signed(site: Site, other_url: str, tmp_path: Path) -> None:
    await site.fill()
    note = (await site.get("/log/checkpoint")).content
    async with open_database(other_url) as other:
        await replay((await site.entries())[:5], other)
    async with another_log(other_url, tmp_path / "signed.checkpoint", site.clock) as log:
        with pytest.raises(LogFork) as refused:
            await log.start()
    assert "6 записей" in refused.value.text["ru"]
    assert "signed.checkpoint" in refused.value.text["en"]
    assert (tmp_path / "signed.checkpoint").read_bytes() == note


async def test_a_journal_that_was_rewritten_is_not_signed(
    site: Site, other_url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    await site.fill()
    note = (await site.get("/log/checkpoint")).content
    entries = await site.entries()
    async with open_database(other_url) as other:
        await replay(entries[:2], other)
        # Nine entries of its own: the journal is longer than what was signed, and another one.
        for number in range(9):
            await include(other, notified("RU", f"{4401 + number}"), on=site.clock.today, clock=site.clock)
    async with another_log(other_url, tmp_path / "signed.checkpoint", site.clock) as log:
        with pytest.raises(LogFork, match="differ"):
            await log.start()
    assert "not those that were signed" in caplog.text
    assert (tmp_path / "signed.checkpoint").read_bytes() == note


async def test_a_fork_while_it_runs_is_an_error_that_shows_nothing(site: Site, tmp_path: Path) -> None:
    await site.fill()
    await site.get("/log/checkpoint")
    other: Any = _Fixed(Tree(leaf_hash(b"%d" % n) for n in range(6)))
    forged = Log(other, [Signer(ORIGIN, SEED)], tmp_path / "forged")
    forged.sign()
    (tmp_path / "signed.checkpoint").write_bytes((tmp_path / "forged").read_bytes())
    assert (await site.get("/log/checkpoint")).status_code == 200  # what was signed is still what it was
    await site.include(notified("KZ", "0101"))
    problem = assert_problem(await site.get("/log/checkpoint"), 500)
    assert "signed.checkpoint" not in str(problem)


class _Fixed:
    """A service with a journal of its own making."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree

    @property
    def register(self) -> Any:
        return self

    @property
    def seq(self) -> int:
        return self.tree.size


async def test_a_process_that_is_behind_reads_on(site: Site, database_url: str, tmp_path: Path) -> None:
    await site.fill()
    async with open_database(database_url) as database:
        other = RegisterService(database, TERMS, site.clock)
        await other.catch_up()
        assert (await Log(other, [Signer(ORIGIN, SEED)], tmp_path / "signed.checkpoint").checkpoint())[0] == 6
        await site.include(notified("KZ", "0101"))
        await site.get("/log/checkpoint")
        assert other.register.seq == 6
        log = Log(other, [Signer(ORIGIN, SEED)], tmp_path / "signed.checkpoint")
        assert (await log.checkpoint())[1] == (await site.get("/log/checkpoint")).content
        assert other.register.seq == 7


async def test_a_damaged_file_and_a_file_of_another_key(site: Site, tmp_path: Path) -> None:
    path = tmp_path / "signed.checkpoint"
    whole = path.read_bytes()
    for content in (b"", b"nonsense", whole[:-3], whole.replace(b"\n0\n", b"\n1\n")):
        path.write_bytes(content)
        with pytest.raises(SignedFileError, match=r"signed\.checkpoint"):
            Log(site.service, [Signer(ORIGIN, SEED)], path).sign()
    path.write_bytes(whole)
    with pytest.raises(SignedFileError):
        Log(site.service, [Signer(ORIGIN, bytes(32))], path).sign()
    missing = Log(site.service, [Signer(ORIGIN, SEED)], tmp_path / "no folder" / "x")
    with pytest.raises(SignedFileError, match="no folder"):
        missing.sign()


async def test_changing_the_key(site: Site, tmp_path: Path) -> None:
    await site.fill()
    old, new = Signer(ORIGIN, SEED), Signer(ORIGIN, bytes(32))
    path = tmp_path / "signed.checkpoint"
    both = Log(site.service, [new, old], path)
    size, note = both.sign()
    for signer in (old, new):
        assert open_checkpoint(note, [signer.verifier], ORIGIN).size == size
    assert both.verifier_keys == f"{new.verifier_key}\n{old.verifier_key}\n"
    await site.include(notified("KZ", "0101"))
    both.sign()
    assert Log(site.service, [new], path).sign()[0] == 7
    with pytest.raises(ValueError, match="one name"):
        Log(site.service, [new, Signer("other.example/log", SEED)], path)
