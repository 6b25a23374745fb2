"""The files of a service with webhooks: neither the database, its write-ahead log nor a backup shows a secret."""

from __future__ import annotations

import base64
import gzip
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from admin.app import create_app
from admin.backup import backup, restore
from admin.settings import Settings
from feeds.webhooks import tokens
from feeds.webhooks.records import select
from feeds.webhooks.sealing import signing_keys
from register.database import open_database
from tests.admin.conftest import Clock, Staff
from tests.admin.subscriptions.test_pages import Desk, Receiver, desk, shown, verified

__all__ = ["desk"]
pytestmark = pytest.mark.anyio
PATH = "/api/v1/subscriptions"


def forms(secret: str) -> list[bytes]:
    """A secret in every way that it might be written."""
    text = secret.removeprefix("whsec_")
    plain = base64.b64decode(text)
    return [text.encode(), plain, plain.hex().encode(), base64.urlsafe_b64encode(plain)]


def shows(content: bytes, secret: str) -> bool:
    return any(form in content for form in forms(secret))


@asynccontextmanager
async def service(folder: Path) -> AsyncIterator[tuple[Any, httpx.AsyncClient]]:
    """The whole service on the database of a folder."""
    app: Any = create_app(Settings(data_dir=folder, webhook_networks="127.0.0.0/8"), clock=Clock(), scheduled=False)
    staff = Staff(app, app.state.accounts, Clock())
    async with app.lifespan():
        browser = staff.browser()
        try:
            yield app, browser.client
        finally:
            await browser.client.aclose()


async def test_no_file_shows_a_secret_and_a_backup_needs_the_key_file(
    anyio_backend: str, sqlite_template: Path, tmp_path: Path
) -> None:
    home = tmp_path / "data"
    home.mkdir()
    database = home / "register.sqlite3"
    database.write_bytes(sqlite_template.read_bytes())
    async with Receiver() as receiver, service(home) as (app, client):
        db = app.state.service.database
        token = await tokens.issue(db, "customs", "it@customs.example")
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": "make"}
        made = await client.post(PATH, json={"url": receiver.url}, headers=headers)
        assert made.status_code == 201, made.text
        one, secrets = f"{PATH}/{made.json()['id']}", [made.json()["secret"]]
        for key in ("turn-1", "turn-2"):
            sent = {**headers, "Idempotency-Key": key}
            answers = [await client.post(f"{one}/rotate", json={}, headers=sent) for _ in range(2)]
            assert answers[0].content == answers[1].content
            secrets.append(answers[0].json()["secret"])
        tested = await client.post(f"{one}/test", json={}, headers={"Authorization": f"Bearer {token}"})
        assert tested.json()["error"] is None
        for secret in secrets[1:]:
            assert verified(secret, receiver.got[0][1], receiver.got[0][0])["type"] == "test"
        await backup(db, tmp_path / "register.backup")
        # While the service runs, what was written last lies beside the database.
        files = [path for path in home.rglob("*") if path.is_file() and path.name != "secret.key"]
        assert database in files
        assert any(made.json()["id"].encode() in path.read_bytes() for path in files)
        contents = {path.name: path.read_bytes() for path in files}
    contents |= {f"closed {path.name}": path.read_bytes() for path in home.glob("register.sqlite3*")}
    contents["backup"] = gzip.decompress((tmp_path / "register.backup").read_bytes())
    assert made.json()["id"].encode() in contents["backup"]
    for name, content in contents.items():
        assert not any(shows(content, secret) for secret in secrets), name
    await _restored(tmp_path, home, sqlite_template, secrets)


async def _restored(tmp_path: Path, home: Path, empty: Path, secrets: list[str]) -> None:
    """A backup with the key file signs on; without it nothing is signed, and a new secret mends it."""
    for place, with_key in (("with", True), ("without", False)):
        other = tmp_path / place
        other.mkdir()
        if with_key:
            (other / "secret.key").write_bytes((home / "secret.key").read_bytes())
        (other / "register.sqlite3").write_bytes(empty.read_bytes())
        async with open_database(f"sqlite://{other / 'register.sqlite3'}") as database:
            await restore(database, tmp_path / "register.backup")
        async with Receiver() as receiver, service(other) as (app, client):
            (held,) = await select(app.state.service.database, "1 = 1")
            sealer = app.state.accounts.box.sealer("webhooks")
            assert signing_keys(sealer, held, Clock()()) == (secrets[:0:-1] if with_key else [])
            token = await tokens.issue(app.state.service.database, "customs", "it@customs.example")
            headers = {"Authorization": f"Bearer {token}"}
            one = f"{PATH}/{held.id}"
            await client.patch(one, json={"url": receiver.url}, headers=headers)
            tested = await client.post(f"{one}/test", json={}, headers=headers)
            assert tested.json()["error"] == (None if with_key else "secret")
            secret = (await client.post(f"{one}/rotate", json={}, headers=headers)).json()["secret"]
            assert (await client.post(f"{one}/test", json={}, headers=headers)).json()["error"] is None
            assert verified(secret, receiver.got[-1][1], receiver.got[-1][0])["type"] == "test"


async def test_the_pages_leave_no_secret_in_the_tables(desk: Desk) -> None:
    name, secret = await desk.make()
    _, fresh = shown(await desk.press(name, "rotate", overlap_hours="1"))
    db, found = desk.service.database, b""
    for table in ("webhook_subscription", "idempotency", "audit", "parked", "session"):
        for row in await db.fetch_rows(f"SELECT * FROM {table}"):
            for value in row:
                found += bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()
    assert name.encode() in found
    assert not shows(found, secret)
    assert not shows(found, fresh)
    assert await desk.secrets(name) == [fresh, secret]
