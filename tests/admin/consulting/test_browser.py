"""A whole consultation in Chromium by three people in two languages, from the first line to what ``/proof`` answers."""

from __future__ import annotations

import shutil
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pyotp
import pytest
import uvicorn
from playwright.sync_api import Browser, Page, expect

from admin.accounts import Role, people
from admin.accounts.passwords import Passwords
from admin.accounts.people import Particulars
from admin.accounts.policy import Actor
from admin.app import create_app
from admin.settings import Settings
from consultations import commands
from consultations.model import Stance, Stated
from register.database import open_database
from register.measures import Notified
from register.publication import include
from tests.admin.conftest import PASSWORD, QUICK, SETUP
from tests.admin.workbench.test_browser import WIDTHS as WIDTHS
from tests.admin.workbench.test_browser import browser as browser
from tests.admin.workbench.test_browser import look_at
from tests.conftest import run_apart
from tests.register.drafts.helpers import content

pytestmark = pytest.mark.browser

CODE = "2515110000"
PEOPLE = (
    ("kz", Role.OFFICIAL, "KZ", "ru"),
    ("kg", Role.OFFICIAL, "KG", "en"),
    ("clerk", Role.CLERK, None, "ru"),
    ("approver", Role.APPROVER, None, "ru"),
    ("other", Role.APPROVER, None, "ru"),
)


@dataclass
class Chamber:
    """A running service, the secret of the second factors, and the measure that is consulted on."""

    address: str
    secret: str
    database: str
    measure: str
    today: date

    def get(self, path: str, **query: str) -> httpx.Response:
        return httpx.get(f"{self.address}{path}", params=query, trust_env=False)

    def proof(self) -> dict[str, Any]:
        found: dict[str, Any] = self.get("/api/v1/proof", code=CODE, date=self.today.isoformat()).json()
        return found

    def speak(self, identifier: str, state: str, stance: Stance) -> None:
        """A position of a state, past the pages."""
        run_apart(self._speak(identifier, state, stance))

    async def _speak(self, identifier: str, state: str, stance: Stance) -> None:
        async with open_database(self.database) as db:
            who = Actor(999, f"Лицо {state}", Role.OFFICIAL, state)
            now = datetime.now(UTC)
            given = Stated(stance=stance, reasons=None)
            await commands.state_position(db, identifier, given, who, now=now, today=self.today)


@pytest.fixture
def chamber(sqlite_template: Path, tmp_path: Path) -> Iterator[Chamber]:
    """A service at a free port of loopback; a measure of Kyrgyzstan long in the Register; five people."""
    (tmp_path / "data").mkdir()
    shutil.copyfile(sqlite_template, tmp_path / "data" / "register.sqlite3")
    with socket.create_server(("127.0.0.1", 0)) as listening:
        address = f"http://127.0.0.1:{listening.getsockname()[1]}"
        settings = Settings(data_dir=tmp_path / "data", base_url=address)
        secret = pyotp.random_base32()
        measure, today = run_apart(_furnish(settings, secret))
        app = create_app(settings, scheduled=False)
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", ws="none"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            yield Chamber(address, secret, settings.database, measure, today)
        finally:
            server.should_exit = True
            thread.join(30)
            assert not thread.is_alive()


async def _furnish(settings: Settings, secret: str) -> tuple[str, date]:
    app = create_app(settings, scheduled=False)
    accounts, service = app.state.accounts, app.state.service
    async with accounts.database as db:
        password = await Passwords(QUICK).hash(PASSWORD)
        now = datetime.now(UTC)
        for name, role, state, language in PEOPLE:
            given = Particulars(f"{name}@consultations.example", f"Лицо {name}", role, state, language)
            number = await people.add(db, SETUP, given, password_hash=password, now=now, own=True)
            if role is Role.APPROVER:
                sealed = accounts.box.seal(secret, now)
                await db.execute("UPDATE account SET totp_secret = {} WHERE id = {}", sealed, number)
        today = service.today()
        long_ago = (today - timedelta(days=60)).isoformat()
        given_measure = content(
            CODE,
            state="KG",
            effective_from=long_ago,
            effective_to=(today + timedelta(days=100)).isoformat(),
            included_on=long_ago,
            notified_on=long_ago,
        )
        made = await include(db, Notified.model_validate(given_measure), on=today, clock=service.now)
        return made.id, today


@contextmanager
def person(browser: Browser, locale: str, **more: Any) -> Iterator[Page]:
    """The browser of one person; at the end nothing was said on its console."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale=locale, **more)
    said: list[str] = []
    # That a request was refused is what the page says too.
    context.on("console", lambda message: None if "status of 4" in message.text else said.append(message.text))
    context.on("weberror", lambda error: said.append(str(error.error)))
    try:
        yield context.new_page()
        assert said == []
    finally:
        context.close()


def sign_in(page: Page, chamber: Chamber, name: str, language: str = "ru") -> None:
    page.goto(f"{chamber.address}/{language}/staff")
    page.locator("#f-email").fill(f"{name}@consultations.example")
    page.locator("#f-password").fill(PASSWORD)
    page.keyboard.press("Enter")
    if name in ("approver", "other"):
        page.locator("#f-otp").fill(pyotp.TOTP(chamber.secret).now())
        page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Sign out" if language == "en" else "Выйти")).to_be_visible()


def initiate(kz: Page, chamber: Chamber) -> str:
    """The way of the initiator, doubts and errors on it."""
    expect(kz.get_by_role("heading", level=1)).to_have_text("Что ждут от меня")
    look_at(kz)
    kz.get_by_role("link", name="Инициировать консультации").click()
    kz.get_by_label("Государство, планирующее меру").select_option("KG")
    kz.get_by_label("Вид меры").select_option(label="запрет вывоза")
    kz.get_by_label("Наименование на русском языке").fill("Мрамор необработанный")
    kz.get_by_label("Коды ТН ВЭД ЕАЭС").fill("2515 11 000 0, камень прочий")
    kz.get_by_role("button", name="Прочитать коды").click()
    expect(kz.locator(".marked mark")).to_have_text("камень прочий")
    look_at(kz)
    kz.get_by_role("button", name="Инициировать консультации").click()
    summary = kz.get_by_role("alert")
    expect(summary).to_be_focused()
    expect(summary).to_contain_text("Планируется с: Обязательное поле не заполнено")
    expect(kz.get_by_label("Наименование на русском языке")).to_have_value("Мрамор необработанный")
    look_at(kz)
    summary.get_by_role("link", name="камень прочий").click()
    kz.get_by_label("Коды ТН ВЭД ЕАЭС").fill("2515 11 000 0")
    kz.get_by_label("Планируется с").fill((chamber.today + timedelta(days=23)).isoformat())
    kz.get_by_label("Мера Реестра, если она в нем есть").fill(chamber.measure)
    kz.get_by_label("Республика Казахстан").fill("Вывоз казахстанского мрамора остановится")
    kz.get_by_label("Аналогичные товары словами").fill("Мрамор казахстанских карьеров")
    kz.get_by_role("button", name="Инициировать консультации").click()
    expect(kz.get_by_role("status").filter(has_text="Консультации инициированы")).to_be_visible()
    look_at(kz)
    return kz.url.split("?")[0].rsplit("/", 1)[-1]


def speak(kg: Page) -> None:
    """The way of the state asked, in English: an objection without reasons, then with them, then support."""
    expect(kg.get_by_role("heading", level=1)).to_have_text("What is asked of me")
    look_at(kg)
    kg.locator(".asked-of-me").get_by_role("link").first.click()
    kg.get_by_label("objects").check()
    kg.get_by_role("button", name="State the position").click()
    expect(kg.get_by_role("alert")).to_contain_text("reasons")
    expect(kg.get_by_label("objects")).to_be_checked()
    look_at(kg)
    kg.get_by_label("Reasons").fill("The measure has to work at the border as well")
    kg.get_by_role("button", name="State the position").click()
    expect(kg.get_by_text("As things stand there is no consensus:")).to_be_visible()
    kg.locator("#comment textarea").fill("We can support it from December on")
    kg.get_by_role("button", name="Send the comment").click()
    expect(kg.locator(".thread")).to_contain_text("We can support it from December on")
    kg.get_by_label("supports").check()
    kg.get_by_label("Reasons").fill("")
    kg.get_by_role("button", name="State the position").click()
    expect(kg.locator("tr.mine .stance-supports")).to_be_visible()
    kg.get_by_text("1 earlier position").click()
    expect(kg.get_by_text("The measure has to work at the border as well")).to_be_visible()
    look_at(kg)


def conclude(approver: Page, chamber: Chamber, identifier: str) -> None:
    """The meeting and the outcome, by the Commission; what does not agree with the positions is refused."""
    own = f"{chamber.address}/ru/staff/consultations/{identifier}"
    approver.goto(f"{chamber.address}/ru/staff/asked")
    look_at(approver)
    approver.goto(own)
    look_at(approver)
    approver.get_by_role("link", name="Назначить заседание").click()
    approver.get_by_label("День заседания").fill(chamber.today.isoformat())
    approver.get_by_role("button", name="Назначить заседание").click()
    expect(approver.get_by_role("alert")).to_contain_text("место проведения или ссылка")
    look_at(approver)
    approver.get_by_label("Место", exact=True).fill("Москва, зал 3")
    approver.get_by_label("Повестка").fill("Мрамор")
    approver.get_by_role("button", name="Назначить заседание").click()
    expect(approver.get_by_text("Заседание назначено. День открыт для всех")).to_be_visible()
    approver.get_by_role("link", name="Записать итог").click()
    expect(approver.get_by_text("Пока сказать нельзя")).to_be_visible()
    approver.get_by_label("консенсус, декларация допущена").check()
    approver.get_by_label("Номер протокола").fill("15-К")
    approver.get_by_label("Первый день").fill(chamber.today.isoformat())
    approver.get_by_role("button", name="Записать итог").click()
    expect(approver.get_by_role("alert")).to_contain_text("Позиция не заявлена, срок не истек")
    look_at(approver)
    for state in ("AM", "BY", "RU"):
        chamber.speak(identifier, state, "abstains" if state == "RU" else "supports")
    approver.get_by_role("button", name="Записать итог").click()
    # Three states spoke while the form was open: that is shown first, with nothing lost.
    expect(approver.get_by_text("Вас опередили.")).to_be_visible()
    expect(approver.get_by_label("Номер протокола")).to_have_value("15-К")
    expect(approver.get_by_text("Консенсус имеется:")).to_be_visible()
    look_at(approver)
    approver.get_by_role("button", name="Записать итог").click()
    expect(approver.get_by_text("Итог записан.")).to_be_visible()
    expect(approver.get_by_text("ожидает другого лица")).to_be_visible()
    look_at(approver)


def test_a_consultation_from_the_first_line_to_the_answer(chamber: Chamber, browser: Browser) -> None:
    assert chamber.proof()["proof"] == "special_certificate"
    with person(browser, "ru-RU") as kz, person(browser, "en-GB") as kg, person(browser, "ru-RU") as approver:
        sign_in(kz, chamber, "kz")
        identifier = initiate(kz, chamber)
        own = f"{chamber.address}/ru/staff/consultations/{identifier}"
        for step in ("change-plan", "withdraw"):
            kz.goto(f"{own}/do/{step}")
            expect(kz.locator("main form")).not_to_have_count(0)
            look_at(kz)
        kz.goto(own)
        sign_in(kg, chamber, "kg", "en")
        speak(kg)
        kz.reload()
        kz.get_by_label("поддерживает").check()
        kz.get_by_role("button", name="Заявить позицию").click()
        expect(kz.get_by_text("Позиция заявлена.")).to_be_visible()
        sign_in(approver, chamber, "approver")
        conclude(approver, chamber, identifier)
        # Its author does not approve the draft.
        approver.get_by_role("link", name="ожидает другого лица").click()
        expect(approver.get_by_role("button", name="Утвердить")).to_have_count(0)
        assert chamber.proof()["proof"] == "special_certificate"
        with person(browser, "ru-RU") as other:
            sign_in(other, chamber, "other")
            other.goto(approver.url)
            other.get_by_role("button", name="Утвердить и опубликовать").click()
            expect(other.get_by_text("Опубликовано.", exact=True)).to_be_visible()
        kg.goto(f"{chamber.address}/en/staff/consultations/{identifier}")
        expect(kg.locator(".standing")).to_contain_text("entered in the Register")
        look_at(kg)
        approver.goto(f"{own}/do/revoke")
        expect(approver.get_by_role("heading", level=1)).to_contain_text("Отменить")
        look_at(approver)
        for page, path in (
            (kg, f"/en/consultations/{identifier}"),
            (kz, "/ru/consultations"),
            (kz, "/ru/staff/consultations"),
        ):
            page.goto(f"{chamber.address}{path}")
            look_at(page)
        expect(kz.get_by_role("link", name=identifier)).to_be_visible()
    _after(chamber, identifier)


def _after(chamber: Chamber, identifier: str) -> None:
    """The answer, the feed and the calendar are in step; nothing of the parties is public."""
    given = chamber.proof()
    assert given["proof"] == "origin_declaration"
    assert "P24" in [ground["rule"] for ground in given["grounds"]]
    feed = chamber.get("/feeds/consultations.rss", lang="ru").text
    assert feed.count("<item>") == 3
    assert f"{chamber.address}/ru/consultations/{identifier}" in feed
    calendar = chamber.get(f"/feeds/consultations/{identifier}.ics").text
    assert chamber.today.strftime("%Y%m%d") in calendar
    page = chamber.get(f"/ru/consultations/{identifier}").text
    for text in (feed, calendar, page):
        for secret in ("карьеров", "остановится", "at the border", "зал 3", "Лицо"):
            assert secret not in text


def test_without_script_a_consultation_is_initiated_and_withdrawn(chamber: Chamber, browser: Browser) -> None:
    with person(browser, "ru-RU", java_script_enabled=False) as kz:
        sign_in(kz, chamber, "kz")
        kz.goto(f"{chamber.address}/ru/staff/consultations/new")
        kz.get_by_label("Государство, планирующее меру").select_option("KG")
        kz.get_by_label("Вид меры").select_option("licensing")
        kz.get_by_label("Наименование на русском языке").fill("Мрамор")
        kz.get_by_label("Коды ТН ВЭД ЕАЭС").fill("2515")
        kz.get_by_label("Планируется с").fill((chamber.today + timedelta(days=23)).isoformat())
        kz.get_by_label("Республика Казахстан").fill("Вывоз остановится")
        kz.get_by_role("button", name="Инициировать консультации").click()
        kz.get_by_role("link", name="Отозвать").click()
        kz.get_by_role("button", name="Отозвать").click()
        expect(kz.get_by_role("alert")).to_contain_text("Причина не указана")
        kz.get_by_label("Причина").fill("Мера не планируется")
        kz.get_by_role("button", name="Отозвать").click()
        expect(kz.get_by_text("Консультации отозваны.")).to_be_visible()
        kz.emulate_media(media="print")
        expect(kz.get_by_role("heading", level=1)).to_be_visible()
        for hidden in ("nav", "form", ".decide"):
            assert not any(item.is_visible() for item in kz.locator(hidden).all()), hidden
