"""The whole way in Chromium: from the cells of a real row to the feed and the proof, two people, in Russian."""

from __future__ import annotations

import os
import re
import shutil
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pyotp
import pytest
import uvicorn
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect, sync_playwright

from admin.accounts import Role, people
from admin.accounts.passwords import Passwords
from admin.accounts.people import Particulars
from admin.app import create_app
from admin.settings import Settings
from register.intake import read_table
from tests.admin.conftest import PASSWORD, QUICK, SETUP
from tests.admin.workbench.hand import Hand
from tests.conftest import run_apart
from tests.register.drafts.helpers import pdf
from tests.register.pages.test_browser import ARGUMENTS, CHROMIUM

pytestmark = pytest.mark.browser

TABLE = Path(__file__).parents[3] / "admin/demonstration/commission-table.csv"
WIDTHS = (1280, 360)


NOW = datetime(2026, 9, 10, 9, 0, tzinfo=UTC)
"""The day of the tests, on which the measures of the notified table are what they are."""
TODAY = NOW.date().isoformat()
ROW = ("AM", "2026", "15")
"""A row of the notified table whose codes exclude something in words."""


@dataclass
class Office:
    """A running service and the secret of the approver's second factor."""

    address: str
    secret: str

    def code(self) -> str:
        """What the approver's telephone shows."""
        return pyotp.TOTP(self.secret).at(NOW)


def row_with_doubts() -> dict[str, str]:
    """The cells of ``ROW``."""
    return next(
        dict(row.cells)
        for row in read_table(TABLE)
        if (row.cells["state"], row.cells["year"], row.cells["number"]) == ROW
    )


@pytest.fixture
def office(sqlite_template: Path, tmp_path: Path) -> Iterator[Office]:
    """A service at a free port of loopback, with a clerk and an approver."""
    (tmp_path / "data").mkdir()
    shutil.copyfile(sqlite_template, tmp_path / "data" / "register.sqlite3")
    with socket.create_server(("127.0.0.1", 0)) as listening:
        address = f"http://127.0.0.1:{listening.getsockname()[1]}"
        settings = Settings(data_dir=tmp_path / "data", base_url=address)
        secret = pyotp.random_base32()
        run_apart(_hire(settings, secret))
        app = create_app(settings, clock=lambda: NOW, scheduled=False)
        config = uvicorn.Config(app, log_level="warning", ws="none")
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
        password = await Passwords(QUICK).hash(PASSWORD)
        for role, name in ((Role.CLERK, "А. Иванова"), (Role.APPROVER, "Б. Петров")):
            given = Particulars(f"{role}@commission.example", name, role, None, "ru")
            number = await people.add(db, SETUP, given, password_hash=password, now=NOW, own=True)
            if role is Role.APPROVER:
                sealed = accounts.box.seal(secret, NOW)
                await db.execute("UPDATE account SET totp_secret = {} WHERE id = {}", sealed, number)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        if os.environ.get("CI") == "true":
            pytest.fail(f"no Chromium at {CHROMIUM}")
        pytest.skip(f"no Chromium at {CHROMIUM}")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield chromium
        chromium.close()


@contextmanager
def person(browser: Browser, **more: Any) -> Iterator[Page]:
    """The browser of one person; at the end nothing was said on its console."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="ru-RU", **more)
    said: list[str] = []
    # That a request was refused is what the page says too.
    context.on("console", lambda message: None if "status of 4" in message.text else said.append(message.text))
    context.on("weberror", lambda error: said.append(str(error.error)))
    try:
        yield context.new_page()
        assert said == []
    finally:
        context.close()


def sign_in(page: Page, office: Office, role: Role) -> None:
    page.goto(f"{office.address}/ru/staff")
    page.get_by_label("Адрес электронной почты").fill(f"{role}@commission.example")
    page.get_by_label("Пароль").fill(PASSWORD)
    page.keyboard.press("Enter")
    if role is Role.APPROVER:
        page.get_by_label("Код").fill(office.code())
        page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Рабочий стол")


def look_at(page: Page) -> None:
    """No barrier that axe finds, and nothing that sticks out, wide and narrow; all that is folded is open."""
    page.evaluate("document.querySelectorAll('details').forEach(part => part.open = true)")
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        found = Axe().run(page).response["violations"]
        assert [(page.url, item["id"], item["nodes"][0]["html"]) for item in found] == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width, page.url
    page.set_viewport_size({"width": 1280, "height": 900})


def look_at_here(page: Page) -> None:
    """``look_at`` without a change of the window, which would close what is open."""
    found = Axe().run(page).response["violations"]
    assert [(page.url, item["id"], item["nodes"][0]["html"]) for item in found] == []


def proof(office: Office, code: str, day: str) -> dict[str, Any]:
    """What the service answers for programs."""
    found: dict[str, Any] = httpx.get(
        f"{office.address}/api/v1/proof", params={"code": code, "date": day}, trust_env=False
    ).json()
    return found


def test_from_the_notification_to_the_feed(office: Office, browser: Browser) -> None:
    row = row_with_doubts()
    assert proof(office, "7207", TODAY)["proof"] == "none"
    with person(browser) as clerk, person(browser) as approver:
        sign_in(clerk, office, Role.CLERK)
        look_at(clerk)
        clerk.get_by_role("link", name="Изменение меры").click()
        look_at(clerk)
        clerk.get_by_role("button", name="Новая мера").click()
        expect(clerk.locator("#f-cell_kind")).to_be_focused()
        clerk.locator("#f-cell_kind").fill(row["kind"])
        clerk.locator("#f-cell_codes").fill(row["codes"])
        clerk.locator("#f-cell_term").fill(row["term"])
        clerk.locator("#f-cell_basis").fill(row["basis"])
        # By itself, while the hands are elsewhere.
        expect(clerk.locator(".marked mark")).to_have_text("(кроме железа товарной позиции 7203)", timeout=15_000)
        expect(clerk.get_by_label("Коды ТН ВЭД 6")).to_have_value("7603")
        expect(clerk.locator("#f-effective_to")).to_have_value("2027-01-04")
        expect(clerk.locator("#f-state")).to_have_value("AM")
        expect(clerk.locator("#f-kind")).to_have_value("permit_procedure")
        expect(clerk.get_by_label("Номер", exact=True).first).to_have_value("878-Н")
        look_at(clerk)
        clerk.get_by_role("button", name="Сохранить и посмотреть последствия").click()
        expect(clerk.get_by_role("alert")).to_be_focused()
        look_at(clerk)
        clerk.get_by_role("alert").get_by_role("link", name="Сомнение:").click()
        clerk.get_by_role("button", name="Перенести слова в условия").focus()
        clerk.keyboard.press("Enter")
        expect(clerk.get_by_text("Разрешено: перенесено в условия, А. Иванова")).to_be_visible()
        clerk.get_by_label("Наименование на русском языке").fill(row["goods"])
        expect(clerk.locator("#f-notified_on")).to_have_value(TODAY)
        clerk.get_by_role("button", name="Сохранить и посмотреть последствия").click()
        expect(clerk.get_by_role("heading", name="Что изменится")).to_be_visible()
        clerk.get_by_role("button", name="Представить на утверждение").click()
        expect(clerk.get_by_role("button", name="Утвердить")).to_have_count(0)
        look_at(clerk)

        sign_in(approver, office, Role.APPROVER)
        look_at(approver)
        approver.locator("section", has=approver.locator("#to-approve")).get_by_role("link").first.click()
        expect(approver.get_by_text("специальный сертификат", exact=True).first).to_be_visible()
        expect(approver.get_by_text("Составил")).to_be_visible()
        look_at(approver)
        approver.get_by_role("button", name="Только утвердить").click()
        approver.get_by_role("button", name="Опубликовать в Реестре").click()
        expect(approver.get_by_text("Опубликовано.", exact=True)).to_be_visible()
        look_at(approver)
        approver.get_by_role("link", name="AM-2026-001").first.click()
        expect(approver.get_by_role("heading", level=1)).to_contain_text("Железо, нелегированная сталь")
        for path in ("/drafts?state=published", "/import", "/measures?q=7207", "/measures/AM-2026-001"):
            clerk.goto(f"{office.address}/ru/staff{path}")
            look_at(clerk)
    feed = httpx.get(f"{office.address}/feeds/register.rss?lang=ru", trust_env=False).text
    assert "AM-2026-001" in feed
    assert proof(office, "7207", TODAY)["proof"] == "origin_declaration"


COLUMNS = ("state", "year", "number", "kind", "goods", "codes", "term", "basis", "protocol")


def enter_a_row(office: Office, clerk: Hand, approver: Hand, whole: bool) -> None:
    """From the sign-in to the feed, as two people do it who have the notification and a telephone beside them.

    ``whole``: the row is copied from a table in one piece, otherwise its cells one by one.
    """
    row = row_with_doubts()
    page = clerk.page
    page.goto(f"{office.address}/ru/staff")
    clerk.type(page.get_by_label("Адрес электронной почты"), f"{Role.CLERK}@commission.example")
    clerk.type(page.get_by_label("Пароль"), PASSWORD, enter=True)
    clerk.click(page.get_by_role("button", name="Новая мера"))
    if whole:
        clerk.paste(page.locator("#f-cell_kind"), "\t".join(row[name] for name in COLUMNS))
    else:
        clerk.paste(page.get_by_label("Вид меры, как напечатано"), row["kind"])
        clerk.paste(page.get_by_label("Товары: наименование"), row["goods"])
        clerk.paste(page.locator("#f-cell_codes"), row["codes"])
        clerk.paste(page.get_by_label("Срок действия"), row["term"])
        clerk.paste(page.get_by_label("Основание"), row["basis"])
    clerk.wait(page.locator("#live-codes .doubt"))
    clerk.read(page.locator("#live-codes .doubt > p"))
    clerk.click(page.get_by_role("button", name="Перенести слова в условия"))
    clerk.click(page.get_by_role("button", name="Сохранить и посмотреть последствия"))
    # She has just pasted the record: of what it will do she reads the codes, the days and the proof.
    clerk.read(page.locator(".effect :is(h3, .days, strong)"))
    clerk.click(page.get_by_role("button", name="Представить на утверждение"))

    page = approver.page
    page.goto(f"{office.address}/ru/staff")
    approver.type(page.get_by_label("Адрес электронной почты"), f"{Role.APPROVER}@commission.example")
    approver.type(page.get_by_label("Пароль"), PASSWORD, enter=True)
    approver.type(page.get_by_label("Код"), office.code(), enter=True)
    approver.click(page.locator("section", has=page.locator("#to-approve")).get_by_role("link").first)
    approver.read(page.locator("section", has=page.locator("#effect")))
    approver.read(page.locator("section", has=page.locator("#difference")).locator("table"))
    approver.click(page.get_by_role("button", name="Утвердить и опубликовать"))
    approver.read(page.locator(".done-box"))
    approver.click(page.get_by_role("link", name="Ответ Реестра по коду"))


@pytest.mark.parametrize("whole", [True, False])
def test_a_real_row_with_a_doubt_takes_few_steps(office: Office, browser: Browser, whole: bool) -> None:
    with person(browser) as one, person(browser) as other:
        clerk, approver = Hand(one), Hand(other)
        enter_a_row(office, clerk, approver, whole)
        expect(other.get_by_role("heading", level=1)).to_be_visible()
        assert "code=7206" in other.url
    feed = httpx.get(f"{office.address}/feeds/register.rss?lang=ru", trust_env=False).text
    assert "AM-2026-001" in feed
    answer = proof(office, "7207", TODAY)
    assert (answer["proof"], answer["measures"][0]["id"]) == ("origin_declaration", "AM-2026-001")
    assert (clerk.clicks, clerk.fields) == (4, 3 if whole else 7)
    assert (approver.clicks, approver.fields) == (3, 3)
    # The sign-in, home, the form twice, the draft twice; the sign-in, the code, home, the draft twice, the answer.
    assert (len(clerk.pages), len(approver.pages)) == (6, 6), (clerk.pages, approver.pages)
    assert clerk.human + approver.human < (150 if whole else 180), (clerk, approver)


def test_codes_are_suggested_and_chosen_by_keys_and_the_mouse(office: Office, browser: Browser) -> None:
    with person(browser) as clerk:
        sign_in(clerk, office, Role.CLERK)
        clerk.get_by_role("button", name="Новая мера").click()
        first = clerk.locator("#f-g-0-code")
        first.press_sequentially("720")
        expect(clerk.locator("[role=option]")).to_have_count(12)
        expect(first).to_have_attribute("aria-expanded", "true")
        expect(clerk.locator("p[role=status]", has_text="подходящих кодов: 12")).to_have_count(1)
        look_at_here(clerk)
        first.press("ArrowDown")
        first.press("ArrowDown")
        expect(first).to_have_attribute("aria-activedescendant", "f-g-0-code-codes-1")
        expect(clerk.locator("[role=option][aria-selected=true]")).to_contain_text("7202")
        first.press("Enter")
        expect(first).to_have_value("7202")
        expect(clerk.locator("[role=option]")).to_have_count(0)
        first.press_sequentially(" (кроме 7202 1")
        clerk.locator("[role=option]").first.click()
        first.press_sequentially(")")
        expect(first).to_have_value(re.compile(r"^7202 \(кроме 7202 1\d\)$"))
        first.press("Enter")
        second = clerk.locator("#f-g-1-code")
        expect(second).to_be_focused()
        second.press_sequentially("copper waste")
        expect(clerk.locator("[role=option]").first).to_contain_text("7404")
        second.press("Escape")
        expect(clerk.locator("[role=option]")).to_have_count(0)
        second.press("ArrowUp")
        expect(clerk.locator("[role=option]").first).to_be_visible()
        second.press("ArrowUp")
        expect(clerk.locator("[role=option][aria-selected=true]")).to_have_count(1)
        second.press("Tab")
        expect(clerk.locator("[role=option]")).to_have_count(0)
        # What was chosen is saved by itself, and what is known of it stands beside.
        expect(clerk.locator("#live-line-0")).to_contain_text("Iron and steel", timeout=15_000)


def test_a_file_is_attached_without_leaving_what_is_typed(office: Office, browser: Browser, tmp_path: Path) -> None:
    (tmp_path / "акт.pdf").write_bytes(pdf())
    with person(browser) as clerk, person(browser, java_script_enabled=False) as plain:
        for page in (clerk, plain):
            sign_in(page, office, Role.CLERK)
            page.get_by_role("button", name="Новая мера").click()
            page.locator("#f-cell_basis").fill(row_with_doubts()["basis"])
            page.get_by_role("button", name="Прочитать графы").click()
            page.get_by_label("Наименование на английском").fill("Typed")
            page.get_by_label("PDF, не более 20 МБ").set_input_files(tmp_path / "акт.pdf")
            page.get_by_role("button", name="Приложить").click()
            expect(page.get_by_label("Наименование на английском")).to_have_value("Typed")
            expect(page.get_by_text("текст акта № 878-Н").first).to_be_visible()
            expect(page.locator("#f-a-0-url")).to_have_value(
                re.compile(rf"^{office.address}/attachments/[0-9a-f]{{64}}\.pdf$")
            )
        look_at(clerk)
        # Whatever button is pressed, a chosen file goes along.
        (tmp_path / "второй.pdf").write_bytes(pdf("second"))
        clerk.get_by_label("PDF, не более 20 МБ").set_input_files(tmp_path / "второй.pdf")
        clerk.get_by_role("button", name="Сохранить", exact=True).last.click()
        expect(clerk.get_by_role("link", name="второй.pdf")).to_be_visible()


def test_two_clerks_see_the_difference_and_without_script_all_is_done_by_buttons(
    office: Office, browser: Browser
) -> None:
    with person(browser, java_script_enabled=False) as one, person(browser) as other:
        sign_in(one, office, Role.CLERK)
        sign_in(other, office, Role.CLERK)
        one.get_by_role("button", name="Новая мера").click()
        address = one.url
        other.goto(address)
        one.get_by_label("Государство-член").select_option("RU")
        one.locator("#f-cell_codes").fill("7201, из 7302, 8415 – 8417 (кроме прочих)")
        one.get_by_role("button", name="Прочитать графы").click()
        expect(one.get_by_label("Коды ТН ВЭД 3")).to_have_value("8415 – 8417")
        one.get_by_label("или следует читать:").fill("(кроме 8416)")
        one.get_by_role("button", name="Прочитать так").click()
        expect(one.get_by_label("Коды ТН ВЭД 3")).to_have_value("8415 – 8417 (кроме 8416)")

        other.get_by_label("Наименование на русском языке").fill("Набрано вторым")
        expect(other.locator("#saved")).to_contain_text("Проект сохранен другим лицом", timeout=15_000)
        other.get_by_role("button", name="Сохранить", exact=True).last.click()
        expect(other.get_by_role("heading", level=1)).to_have_text("Проект одновременно правили двое")
        look_at(other)
        other.get_by_role("button", name="Сохранить обе правки вместе").click()
        expect(other.get_by_label("Наименование на русском языке")).to_have_value("Набрано вторым")
        expect(other.get_by_label("Коды ТН ВЭД 3")).to_have_value("8415 – 8417 (кроме 8416)")


def test_the_typed_text_comes_back_after_the_session_has_ended(office: Office, browser: Browser) -> None:
    with person(browser) as clerk:
        sign_in(clerk, office, Role.CLERK)
        clerk.goto(f"{office.address}/ru/staff/drafts/new")
        clerk.get_by_role("button", name="Новая мера").click()
        elsewhere = clerk.context.new_page()
        elsewhere.goto(f"{office.address}/ru/staff/drafts")
        clerk.evaluate("document.querySelector('[name=title_ru]').value = 'Набрано'")
        expect(clerk.get_by_label("Наименование на русском языке")).to_have_value("Набрано")
        elsewhere.get_by_role("button", name="Выйти").click()
        clerk.get_by_label("Наименование на английском языке").fill("Typed")
        expect(clerk.locator("#saved")).to_contain_text("Сеанс завершен", timeout=15_000)
        expect(clerk.get_by_label("Наименование на русском языке")).to_have_value("Набрано")
