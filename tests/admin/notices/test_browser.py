"""The pages of notices in Chromium, without any script: read, mark, choose; and what the operator does."""

from __future__ import annotations

import os
import shutil
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pyotp
import pytest
import uvicorn
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect, sync_playwright

from admin.accounts import Role, people
from admin.accounts.passwords import Passwords
from admin.accounts.people import Particulars
from admin.app import create_app
from admin.settings import Settings
from consultations.happenings import Happening
from tests.admin.conftest import PASSWORD, QUICK, SETUP
from tests.conftest import run_apart
from tests.consultations.notices.post_office import NUMBER, free_port
from tests.register.pages.test_browser import ARGUMENTS, CHROMIUM

pytestmark = pytest.mark.browser
NOW = datetime(2026, 9, 10, 9, 0, tzinfo=UTC)
WIDTHS = (1280, 360)


@dataclass
class Service:
    """A running service, its mail server out of reach."""

    address: str
    secret: str


async def _prepare(settings: Settings, secret: str) -> None:
    """An official, an operator, and two things that happened."""
    app = create_app(settings, clock=lambda: NOW, scheduled=False)
    accounts, outbox = app.state.accounts, app.state.notices.outbox
    async with accounts.database as db:
        password = await Passwords(QUICK).hash(PASSWORD)
        for role, name, state in ((Role.OFFICIAL, "А. Усенова", "KG"), (Role.OPERATOR, "О. Ли", None)):
            given = Particulars(f"{role}@people.example", name, role, state, "ru")
            number = await people.add(db, SETUP, given, password_hash=password, now=NOW, own=True)
            if role is Role.OPERATOR:
                sealed = accounts.box.seal(secret, NOW)
                await db.execute("UPDATE account SET totp_secret = {} WHERE id = {}", sealed, number)
        async with db.transaction():
            await outbox.notify(db, Happening("initiated", NUMBER, 1, "KZ", None, NOW))
            await outbox.notify(db, Happening("position", NUMBER, 2, "KZ", None, NOW))


@pytest.fixture
def service(sqlite_template: Path, tmp_path: Path) -> Iterator[Service]:
    (tmp_path / "data").mkdir()
    shutil.copyfile(sqlite_template, tmp_path / "data" / "register.sqlite3")
    with socket.create_server(("127.0.0.1", 0)) as listening:
        address = f"http://127.0.0.1:{listening.getsockname()[1]}"
        settings = Settings(
            data_dir=tmp_path / "data",
            base_url=address,
            smtp_url=f"smtp://127.0.0.1:{free_port()}",
            mail_from="Register <register@commission.example>",
        )
        secret = pyotp.random_base32()
        run_apart(_prepare(settings, secret))
        # Its scheduler runs: the mails are tried at the start.
        app = create_app(settings, clock=lambda: NOW)
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", ws="none"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            yield Service(address, secret)
        finally:
            server.should_exit = True
            thread.join(30)
            assert not thread.is_alive()


@pytest.fixture
def page() -> Iterator[Page]:
    """A browser that runs no script of ours; axe, which looks for barriers, is brought in by the test."""
    if not CHROMIUM.exists():
        if os.environ.get("CI") == "true":
            pytest.fail(f"no Chromium at {CHROMIUM}")
        pytest.skip(f"no Chromium at {CHROMIUM}")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        context = chromium.new_context(viewport={"width": 1280, "height": 900}, locale="ru-RU")
        context.route("**/*.js", lambda route: route.abort())
        yield context.new_page()
        chromium.close()


def sign_in(page: Page, service: Service, role: Role) -> None:
    page.goto(f"{service.address}/ru/staff/sign-in")
    page.get_by_label("Адрес электронной почты").fill(f"{role}@people.example")
    page.get_by_label("Пароль").fill(PASSWORD)
    page.keyboard.press("Enter")
    if role is Role.OPERATOR:
        page.get_by_label("Код").fill(pyotp.TOTP(service.secret).at(NOW))
        page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Выйти")).to_be_visible()


def look_at(page: Page) -> None:
    """No barrier that axe finds, and nothing that sticks out, wide and narrow."""
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        found = Axe().run(page).response["violations"]
        assert [(page.url, item["id"], item["nodes"][0]["html"]) for item in found] == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width, page.url
    page.set_viewport_size({"width": 1280, "height": 900})


def test_notices_are_read_marked_and_chosen(service: Service, page: Page) -> None:
    sign_in(page, service, Role.OFFICIAL)
    page.get_by_role("link", name="Уведомления", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Уведомления 2 непрочитанных")
    look_at(page)
    page.get_by_role("button", name="Представлена позиция (Республика Казахстан): Отметить как прочитанное").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Уведомления 1 непрочитанное")
    page.get_by_label("Письма", exact=True).select_option(label="Одним письмом в день")
    page.get_by_label("Час ежедневного письма").select_option(label="17:00")
    page.get_by_label("добавлен комментарий").uncheck()
    page.get_by_role("button", name="Сохранить").click()
    expect(page.locator("p.banner")).to_have_text("Настройки уведомлений сохранены.")
    expect(page.get_by_label("Час ежедневного письма")).to_have_value("17")
    expect(page.get_by_label("добавлен комментарий")).not_to_be_checked()
    expect(page.get_by_label("добавлен документ")).to_be_checked()
    look_at(page)
    page.get_by_role("button", name="Отметить все как прочитанные").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Уведомления 0 непрочитанных")


def test_the_operator_sees_what_waits_and_tries_again(service: Service, page: Page) -> None:
    sign_in(page, service, Role.OPERATOR)
    for _ in range(50):
        page.goto(f"{service.address}/ru/staff/mail")
        if page.get_by_text("ожидает повторной отправки").count():
            break
        page.wait_for_timeout(200)
    row = page.get_by_role("row").nth(1)
    expect(row).to_contain_text("official@people.example")
    expect(row).to_contain_text("SMTPConnectError")
    assert NUMBER not in page.content()
    look_at(page)
    page.get_by_role("button", name="Отправить все повторно").click()
    expect(page.locator("p.banner")).to_contain_text("Письма снова поставлены в очередь")
    assert httpx.get(f"{service.address}/health", trust_env=False).json()["status"] == "ok", "not stuck within an hour"
