"""Five strangers follow a Register that is written to; all are killed and restarted; all end at the same root.

A feed reader (newsboat), a consumer of Standard Webhooks, a verifier in Go, a mirror and one begun at a snapshot,
against ``register serve`` in a process of its own. Bounded: 48 entries, a handful of kills, every wait with its end.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import httpx
import pytest

from feeds.notes import Checkpoint
from feeds.tiles import bundles, tiles
from register import publication
from register.database import open_database
from register.measures import Notified

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

REGISTER = Path(sys.executable).with_name("register")
GO_SOURCE = Path(__file__).parents[1] / "feeds" / "go_verifier" / "check.go"
CONSUMER = Path(__file__).with_name("webhook_consumer.py")
ENTRIES = 48


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


class Killable:
    """A program that is killed with -9 and started again."""

    def __init__(self, command: list[str | Path], environment: dict[str, str], output: Path) -> None:
        self._command, self._environment, self._output = command, environment, output
        self.start()

    def start(self) -> None:
        with self._output.open("ab") as output:
            self._process = subprocess.Popen(self._command, env=self._environment, stdout=output, stderr=output)

    def kill(self) -> None:
        self._process.send_signal(signal.SIGKILL)
        self._process.wait(10)

    def restart(self) -> None:
        self.kill()
        self.start()


def needed(program: str) -> str:
    found = shutil.which(program)
    if found is None:
        assert os.environ.get("CI") != "true", f"{program} is not installed"
        pytest.skip(f"{program} is not installed: no stranger of that kind follows")
    return found


def wait_for(condition: Callable[[], bool], what: str, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"still waiting after {seconds} s: {what}"
        time.sleep(0.1)


@pytest.fixture
def programs() -> Iterator[list[Killable]]:
    running: list[Killable] = []
    yield running
    for program in reversed(running):
        program.kill()


def notified(number: int) -> Notified:
    return Notified.model_validate(
        {
            "state": ("AM", "BY", "KZ", "KG", "RU")[number % 5],
            "kind": "export_prohibition",
            "title": {"ru": f"Лом черных металлов, партия {number}"},
            "acts": [{"role": "introduces", "number": str(number), "date": "2026-08-01"}],
            "goods": [{"code_from": "7204"}],
            "effective_from": "2026-09-01",
            "effective_to": "2027-02-28",
        }
    )


async def write(url: str, first: int, count: int) -> None:
    async with open_database(url) as database:
        for number in range(first, first + count):
            await publication.include(database, notified(number), on=date(2026, 8, 20), clock=lambda: datetime.now(UTC))


class Site:
    """The service's address, asked with patience while it is being restarted."""

    def __init__(self, port: int) -> None:
        self.base = f"http://127.0.0.1:{port}"

    def up(self) -> bool:
        try:
            return httpx.get(f"{self.base}/health", timeout=2).status_code == 200
        except httpx.TransportError:
            return False

    def get(self, path: str) -> bytes:
        return httpx.get(f"{self.base}{path}", timeout=10).raise_for_status().content


def download_log(site: Site, folder: Path) -> Path:
    """The log as any HTTP client would fetch it, tile by tile; gives the checkpoint's file."""
    note = site.get("/log/checkpoint")
    size = Checkpoint.parse(note.decode().split("\n\n")[0] + "\n").size
    for path in ("key", *(tile.path for tile in (*tiles(size), *bundles(size)))):
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(site.get(f"/log/{path}"))
    (folder / "checkpoint").write_bytes(note)
    return folder / "checkpoint"


def go_verifier(folder: Path) -> Path:
    needed("go")
    program = folder / "check"
    environment = {
        "PATH": os.environ["PATH"], "HOME": str(folder), "GOCACHE": str(folder / "cache"),
        "GO111MODULE": "off", "GOPATH": "/usr/share/gocode", "GOTOOLCHAIN": "local",
    }  # fmt: skip
    subprocess.run(["go", "build", "-o", program, GO_SOURCE], env=environment, check=True, timeout=300)
    return program


def read_feed(newsboat: str, home: Path, *, cut_off: bool = False) -> set[str]:
    """Let newsboat reload, or kill it while it does; what it keeps, by identifier."""
    files = [f"--{name}-file={home / place}" for name, place in
             (("url", "urls"), ("cache", "cache.db"), ("config", "config"))]  # fmt: skip
    environment = {**os.environ, "HOME": str(home), "LC_ALL": "C.UTF-8", "no_proxy": "127.0.0.1"}
    process = subprocess.Popen([newsboat, *files, "-x", "reload"], env=environment, stdout=subprocess.DEVNULL)
    if cut_off:
        time.sleep(0.05)
        process.kill()
    process.wait(60)
    if not (home / "cache.db").exists():
        return set()
    connection = sqlite3.connect(home / "cache.db")
    try:
        return {row[0] for row in connection.execute("SELECT guid FROM rss_item")}
    except sqlite3.OperationalError:
        assert cut_off, "newsboat made no cache"
        return set()
    finally:
        connection.close()


async def test_strangers_follow_and_end_at_the_same_root(tmp_path: Path, programs: list[Killable]) -> None:
    newsboat, verifier = needed("newsboat"), go_verifier(tmp_path)
    port, consumer_port = free_port(), free_port()
    url = f"sqlite://{tmp_path / 'register.sqlite3'}"
    environment = {
        **os.environ,
        "REGISTER_DATA_DIR": str(tmp_path),
        "REGISTER_DATABASE_URL": url,
        "REGISTER_BASE_URL": f"http://127.0.0.1:{port}",
        "REGISTER_WEBHOOK_NETWORKS": "127.0.0.0/8",
    }
    subprocess.run([REGISTER, "migrate"], env=environment, check=True, capture_output=True, timeout=60)
    added = [REGISTER, "subscriber", "add", "stranger", "--email", "stranger@example.org"]
    token = subprocess.run(
        added, env=environment, check=True, capture_output=True, text=True, timeout=60
    ).stdout.strip()
    server = Killable([REGISTER, "serve", "--port", str(port)], environment, tmp_path / "server.log")
    programs.append(server)
    site = Site(port)
    wait_for(site.up, "the service")

    secret, notes = tmp_path / "secret", tmp_path / "notes"
    notes.touch()
    consumer = Killable(
        [sys.executable, CONSUMER, str(consumer_port), secret, notes], environment, tmp_path / "consumer.log"
    )
    programs.append(consumer)
    subscribed = httpx.post(
        f"{site.base}/api/v1/subscriptions",
        json={"url": f"http://127.0.0.1:{consumer_port}/hook", "from_seq": 1},
        headers={"Authorization": f"Bearer {token}"},
    )
    assert subscribed.status_code == 201, subscribed.text
    secret.write_text(subscribed.json()["secret"])
    mirror = Killable(
        [REGISTER, "mirror", site.base, tmp_path / "mirror", "--follow"], environment, tmp_path / "mirror.log"
    )
    programs.append(mirror)
    late = [REGISTER, "mirror", site.base, tmp_path / "late", "--follow", "--from", "snapshot"]
    home = tmp_path / "newsboat"
    home.mkdir()
    (home / "urls").write_text(f'"{site.base}/feeds/register.atom"\n')
    (home / "config").write_text("")

    older = tmp_path / "older-checkpoint"
    share = ENTRIES // 4
    for part in range(4):
        writing = asyncio.create_task(write(url, part * share, share))
        await asyncio.to_thread(read_feed, newsboat, home, cut_off=part < 3)
        if part == 2:
            # Of what was written so far it takes what stands, and the past afterwards.
            programs.append(Killable(late, environment, tmp_path / "late.log"))
            await asyncio.sleep(1)
        for program in (consumer, mirror, server, *programs[3:])[: part + 1]:
            await asyncio.to_thread(program.restart)
        await writing
        await asyncio.to_thread(wait_for, site.up, "the service, killed and started again")
        if part == 1:
            shutil.copy(await asyncio.to_thread(download_log, site, tmp_path / "log-then"), older)

    def told() -> set[int]:
        return {int(line) for line in notes.read_text().split()}

    await asyncio.to_thread(wait_for, lambda: len(told()) == ENTRIES, "every entry at the consumer")
    assert told() == set(range(1, ENTRIES + 1))
    assert await asyncio.to_thread(read_feed, newsboat, home) == {
        f"urn:eaeu:register:entry:{seq}" for seq in range(1, ENTRIES + 1)
    }

    note = (await asyncio.to_thread(site.get, "/log/checkpoint")).decode()
    size, root = note.splitlines()[1:3]
    assert size == str(ENTRIES)

    def is_there(copy: str) -> bool:
        command = [REGISTER, "verify", tmp_path / copy]
        said = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60).stdout
        return said.startswith(f"whole: {ENTRIES} entries, root {root[:4]}") and "snapshot" not in said

    for copy in ("mirror", "late"):
        await asyncio.to_thread(wait_for, lambda name=copy: is_there(name), f"the {copy} at the end")
    assert not (tmp_path / "late" / "snapshot").exists()
    await asyncio.to_thread(download_log, site, tmp_path / "log-now")
    checked = subprocess.run([verifier, tmp_path / "log-now", older], capture_output=True, text=True, timeout=60)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert checked.stdout.split()[:3] == ["ok", size, root]
