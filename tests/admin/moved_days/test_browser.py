"""The page of working days in Chromium: by keyboard, without scripts, wide and narrow, with no barrier."""

from __future__ import annotations

import shutil
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pyotp
import pytest
import uvicorn
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from admin.accounts import Role, people
from admin.accounts.passwords import Passwords
from admin.accounts.people import Particulars
from admin.app import create_app
from admin.settings import Settings
from tests.admin.conftest import PASSWORD, QUICK, SETUP
from tests.admin.workbench.test_browser import browser as browser
from tests.conftest import run_apart

pytestmark = pytest.mark.browser

WIDTHS = (1280, 360)


@dataclass
class Office:
    """A running service and the secret of the operator's second factor."""

    address: str
    secret: str


@pytest.fixture
def office(sqlite_template: Path, tmp_path: Path) -> Iterator[Office]:
    """A service at a free port of loopback, with an operator."""
    (tmp_path / "data").mkdir()
    shutil.copyfile(sqlite_template, tmp_path / "data" / "register.sqlite3")
    with socket.create_server(("127.0.0.1", 0)) as listening:
        address = f"http://127.0.0.1:{listening.getsockname()[1]}"
        settings = Settings(data_dir=tmp_path / "data", base_url=address)
        secret = pyotp.random_base32()
        run_apart(_hire(settings, secret))
        config = uvicorn.Config(create_app(settings, scheduled=False), log_level="warning", ws="none")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            yield Office(address, secret)
        finally:
            server.should_exit = True
            thread.join(30)
            assert not thread.is_alive()


async def _hire(settings: Settings, secret: str) -> None:
    accounts = create_app(settings, scheduled=False).state.accounts
    async with accounts.database as db:
        password, now = await Passwords(QUICK).hash(PASSWORD), datetime.now(UTC)
        given = Particulars("operator@commission.example", "О. Операторов", Role.OPERATOR, None, "ru")
        number = await people.add(db, SETUP, given, password_hash=password, now=now, own=True)
        sealed = accounts.box.seal(secret, now)
        await db.execute("UPDATE account SET totp_secret = {} WHERE id = {}", sealed, number)


def sign_in(page: Page, office: Office) -> None:
    page.goto(f"{office.address}/ru/staff/sign-in")
    page.get_by_label("Адрес электронной почты").fill("operator@commission.example")
    page.get_by_label("Пароль").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.get_by_label("Код").fill(pyotp.TOTP(office.secret).now())
    page.keyboard.press("Enter")
    expect(page.locator("nav.staff")).to_be_visible()


def look_at(page: Page) -> None:
    """No barrier that axe finds, and nothing that sticks out; all that is folded is open."""
    # Without scripts of a page's own: this one is run by the browser's driver.
    page.evaluate("document.querySelectorAll('details').forEach(part => part.open = true)")
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        found = Axe().run(page).response["violations"]
        assert [(page.url, item["id"], item["nodes"][0]["html"]) for item in found] == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width, page.url
    page.set_viewport_size({"width": 1280, "height": 900})


def test_a_year_is_entered_by_keyboard(office: Office, browser: Browser) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="ru-RU")
    page = context.new_page()
    try:
        sign_in(page, office)
        page.goto(f"{office.address}/ru/staff/moved-days?calendar=KZ&year=2027")
        look_at(page)
        form = page.locator("form", has=page.get_by_role("button", name="Внести день"))
        form.get_by_label("День", exact=True).fill("2027-03-20")
        form.get_by_label("Вид дня").select_option("working")
        form.get_by_label("Основание", exact=True).focus()
        page.keyboard.press("Enter")
        # The error stands in the summary, whose link leads to the field.
        expect(page.get_by_role("alert")).to_contain_text("Нужно основание")
        look_at(page)
        page.get_by_role("alert").get_by_role("link", name="Основание: Нужно").focus()
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.id") in ("f-source", "f-source_date")
        form.get_by_label("Основание", exact=True).fill("Приказ министра труда № 436")
        form.get_by_label("Дата основания").fill("2026-09-01")
        form.get_by_label("Основание", exact=True).press("Enter")
        expect(page.locator("p.banner")).to_have_text("День внесён, сроки исчисляются с его учётом.")
        row = page.get_by_role("row", name="20.03.2027")
        expect(row).to_contain_text("рабочий день")
        expect(row).to_contain_text("О. Операторов")
        look_at(page)
        page.get_by_role("button", name="Удалить 20.03.2027").focus()
        page.keyboard.press("Enter")
        expect(page.locator("p.banner")).to_contain_text("Запись удалена")
        expect(page.get_by_role("row", name="20.03.2027")).to_have_count(0)
    finally:
        context.close()


def test_it_works_without_scripts(office: Office, browser: Browser) -> None:
    context = browser.new_context(locale="en-GB", java_script_enabled=False)
    page = context.new_page()
    try:
        sign_in(page, office)
        page.goto(f"{office.address}/en/staff/moved-days?calendar=AM&year=2027")
        form = page.locator("form", has=page.get_by_role("button", name="Mark the year"))
        form.get_by_label("Source", exact=True).fill("Government Decision 1")
        form.get_by_label("Date of the source").fill("2026-09-01")
        form.get_by_role("button", name="Mark the year").click()
        expect(page.locator("p.banner")).to_have_text("The year is marked as complete.")
        expect(page.get_by_role("row", name="Armenia")).to_contain_text("marked as complete")
        page.get_by_label("Year", exact=True).first.fill("2026")
        page.get_by_role("button", name="Show").click()
        expect(page.get_by_role("heading", name="The year 2026")).to_be_visible()
    finally:
        context.close()
