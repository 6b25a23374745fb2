"""A feed reader reads the feeds: newsboat over HTTP, into a cache of its own."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path

import pytest
import uvicorn

from tests.feeds.helpers import FEEDS, Site

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("newsboat_is_there")]

NEWSBOAT = shutil.which("newsboat")


@pytest.fixture
def newsboat_is_there() -> None:
    if NEWSBOAT is None:
        assert os.environ.get("CI") != "true", "newsboat is not installed"
        pytest.skip("newsboat is not installed")


@asynccontextmanager
async def served(site: Site) -> AsyncIterator[str]:
    """The application, which is running already, at a loopback address."""
    server = uvicorn.Server(uvicorn.Config(site.app, lifespan="off", log_level="warning", access_log=False))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        task = asyncio.create_task(server.serve([listening]))
        while not server.started:
            await asyncio.sleep(0.02)
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            await task


class Newsboat:
    """newsboat with one feed, since it keeps an identifier once however many feeds have it."""

    def __init__(self, home: Path, address: str) -> None:
        self.home = home
        home.mkdir()
        (home / "urls").write_text(f'"{address}"\n')
        (home / "config").write_text(f'error-log "{home / "errors"}"\n')

    async def run(self, *commands: str) -> str:
        """What it says to commands; it must succeed and note no error."""
        assert NEWSBOAT is not None
        files = [f"--{name}-file={self.home / place}" for name, place in FILES.items()]
        process = await asyncio.create_subprocess_exec(
            NEWSBOAT, *files, "-x", *commands,
            env={**os.environ, "HOME": str(self.home), "LC_ALL": "C.UTF-8", "no_proxy": "127.0.0.1"},
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        said, _ = await asyncio.wait_for(process.communicate(), 60)
        assert process.returncode == 0, said.decode()
        errors = self.home / "errors"
        assert not errors.exists() or not errors.read_text()
        return said.decode()

    def items(self) -> dict[str, tuple[str, str, int, str]]:
        """Title, link, time and content of what it keeps, by identifier."""
        connection = sqlite3.connect(self.home / "cache.db")
        try:
            rows = connection.execute("SELECT guid, title, url, pubDate, content FROM rss_item").fetchall()
        finally:
            connection.close()
        assert len({row[0] for row in rows}) == len(rows)
        return {guid: (title, url, at, content) for guid, title, url, at, content in rows}


FILES = {"url": "urls", "cache": "cache.db", "config": "config"}


async def test_newsboat_reads_every_feed(site: Site, tmp_path: Path) -> None:
    await site.include_many(100)
    await site.fill()
    expected = {"register": 100, "consultations": 0, "upcoming": 2, "archive": 100}
    async with served(site) as base:
        for number, path in enumerate((*FEEDS, "/feeds/archive/1.atom")):
            reader = Newsboat(tmp_path / str(number), base + path)
            await reader.run("reload")
            count = next(count for name, count in expected.items() if name in path)
            assert len(reader.items()) == count, path
            assert f"{count} unread" in await reader.run("print-unread")


@pytest.mark.parametrize("form", ["rss", "atom"])
async def test_newsboat_shows_an_entry_as_it_is_and_a_change_as_new(site: Site, tmp_path: Path, form: str) -> None:
    await site.fill()
    async with served(site) as base:
        reader = Newsboat(tmp_path / "reader", f"{base}/feeds/register.{form}?state=KG&lang=en")
        await reader.run("reload")
        found = reader.items()
        assert list(found) == [f"urn:eaeu:register:entry:{seq}" for seq in (6, 5, 1)][::-1]
        for seq in (6, 5, 1):
            entry = site.service.register.entry(seq)
            title, url, at, content = found[entry["id"]]
            assert title == entry["summary"]["en"]
            assert url == f"https://register.example/en/changes/{seq}"
            assert at == int(site.service.register.recorded_at(seq).timestamp())
            assert "<table>" in content
        await site.extend("KG-2026-001", date(2027, 8, 8))
        await reader.run("reload")
        assert set(reader.items()) == {*found, "urn:eaeu:register:entry:7"}
