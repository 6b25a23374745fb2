"""A subscription in Chromium, in Russian, with and without script; a consumer of the specification's own package."""

from __future__ import annotations

import shutil
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from playwright.sync_api import Browser, Page, expect
from standardwebhooks import Webhook, WebhookVerificationError

from admin.accounts import Role, people
from admin.accounts.passwords import Passwords
from admin.accounts.people import Particulars
from admin.app import create_app
from admin.settings import Settings
from tests.admin.conftest import PASSWORD, QUICK, SETUP
from tests.admin.workbench.test_browser import browser, look_at, person  # noqa: F401 - a fixture
from tests.conftest import run_apart

pytestmark = pytest.mark.browser


@dataclass
class Consumer:
    """A receiver that believes what the package of the specification verifies with its secret, and nothing else."""

    secret: str = ""
    url: str = ""
    verified: list[dict[str, Any]] = field(default_factory=list)
    refused: int = 0

    def take(self, body: bytes, headers: dict[str, str]) -> int:
        try:
            self.verified.append(Webhook(self.secret).verify(body, headers))
        except WebhookVerificationError:
            self.refused += 1
            return 401
        return 204


@pytest.fixture
def consumer() -> Iterator[Consumer]:
    found = Consumer()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            self.send_response(found.take(body, dict(self.headers.items())))
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """What counts is in ``found``."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.url = f"http://127.0.0.1:{server.server_port}/hook"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        thread.join(30)
        server.server_close()


@pytest.fixture
def address(sqlite_template: Path, tmp_path: Path) -> Iterator[str]:
    """A service on loopback with a clerk, that may post to loopback."""
    (tmp_path / "data").mkdir()
    shutil.copyfile(sqlite_template, tmp_path / "data" / "register.sqlite3")
    with socket.create_server(("127.0.0.1", 0)) as listening:
        base = f"http://127.0.0.1:{listening.getsockname()[1]}"
        settings = Settings(data_dir=tmp_path / "data", base_url=base, webhook_networks="127.0.0.0/8")
        run_apart(_hire(settings))
        config = uvicorn.Config(create_app(settings, scheduled=False), log_level="warning", ws="none")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            yield base
        finally:
            server.should_exit = True
            thread.join(30)
            assert not thread.is_alive()


async def _hire(settings: Settings) -> None:
    accounts = create_app(settings, scheduled=False).state.accounts
    async with accounts.database as db:
        password = await Passwords(QUICK).hash(PASSWORD)
        given = Particulars("clerk@commission.example", "А. Иванова", Role.CLERK, None, "ru")
        await people.add(db, SETUP, given, password_hash=password, now=datetime.now(UTC), own=True)


def sign_in(page: Page, address: str) -> None:
    page.goto(f"{address}/ru/staff/subscriptions")
    page.get_by_label("Адрес электронной почты").fill("clerk@commission.example")
    page.get_by_label("Пароль").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Подписки")


def test_from_an_empty_list_to_a_verified_message(
    address: str,
    consumer: Consumer,
    browser: Browser,  # noqa: F811
) -> None:
    with person(browser) as page:
        sign_in(page, address)
        look_at(page)
        page.get_by_role("link", name="Новая подписка").click()
        look_at(page)
        page.get_by_label("Адрес получателя").fill("https://10.1.2.3/hook")
        page.get_by_role("textbox", name="Назначение").fill("Таможенная служба")
        page.get_by_label("Кыргызская Республика").check()
        page.get_by_role("button", name="Подписаться").click()
        expect(page.get_by_role("alert")).to_contain_text("Адрес ведёт в частную или служебную сеть")
        look_at(page)
        expect(page.get_by_role("textbox", name="Назначение")).to_have_value("Таможенная служба")
        expect(page.get_by_label("Кыргызская Республика")).to_be_checked()
        page.get_by_label("Адрес получателя").fill(consumer.url)
        page.get_by_role("button", name="Подписаться").click()
        consumer.secret = page.locator("#secret").inner_text()
        look_at(page)

        page.get_by_role("button", name="Отправить пробное сообщение").click()
        expect(page.locator(".banner")).to_contain_text("Пробное сообщение принято: ответ 204")
        expect(page.locator("#secret")).to_have_count(0)
        look_at(page)
        (message,) = consumer.verified
        assert message["type"] == "test"
        assert page.url.split("?")[0].endswith(message["data"]["subscription"])

        page.get_by_role("button", name="Создать новый секрет").click()
        fresh = page.locator("#secret").inner_text()
        assert fresh != consumer.secret
        # The one before signs too, so a receiver that has not changed over goes on.
        page.get_by_role("button", name="Отправить пробное сообщение").click()
        expect(page.locator(".banner")).to_contain_text("ответ 204")
        consumer.secret = fresh
        page.get_by_role("button", name="Отправить пробное сообщение").click()
        expect(page.locator(".banner")).to_contain_text("ответ 204")
        assert (len(consumer.verified), consumer.refused) == (3, 0)
        page.goto(f"{address}/ru/staff/subscriptions")
        expect(page.get_by_role("cell", name="доставляется")).to_be_visible()
        look_at(page)


def test_without_script_all_is_done_by_buttons(
    address: str,
    consumer: Consumer,
    browser: Browser,  # noqa: F811
) -> None:
    with person(browser, java_script_enabled=False) as page:
        sign_in(page, address)
        page.get_by_role("link", name="Новая подписка").click()
        page.get_by_text("Государства-члены").first.click()
        page.get_by_label("Республика Беларусь").check()
        page.get_by_label("Адрес получателя").fill(consumer.url)
        page.get_by_role("button", name="Подписаться").click()
        consumer.secret = "whsec_" + "A" * 43 + "="
        page.get_by_role("button", name="Отправить пробное сообщение").click()
        expect(page.get_by_text("Пробное сообщение не принято:")).to_contain_text(
            "получатель не принял сообщение (401)"
        )
        assert (consumer.verified, consumer.refused) == ([], 1)
        page.get_by_role("button", name="Приостановить").click()
        expect(page.get_by_text("приостановлена владельцем")).to_be_visible()
        page.get_by_role("button", name="Возобновить").click()
        page.get_by_role("button", name="Удалить").click()
        expect(page.get_by_role("alert")).to_contain_text("поставьте отметку")
        page.get_by_label("Удалить подписку вместе").check()
        page.get_by_role("button", name="Удалить").click()
        expect(page.get_by_text("Подписок ещё нет")).to_be_visible()
