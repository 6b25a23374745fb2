"""The pages in Chromium, over a real server on loopback: by keyboard, by screen reader's rules, narrow and on paper."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import uvicorn
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, expect, sync_playwright

from register.database import open_database
from register.service import RegisterService
from tests.register.pages.conftest import create_app
from tests.register.pages.seed import MARBLE, go_on, goods, open_service, replay

pytestmark = pytest.mark.browser

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-quic",
]
PATHS = (
    "/",
    "/?code=7204100000&date=2026-11-23&origin=KG&value_eur=18000",
    "/?code=2515110000&date=2026-11-23&known_at=5",
    "/?code=0101&date=2026-11-23",
    "/?code=72x&date=31.02.2026",
    "/measures",
    "/measures?q=zzzz",
    "/measures?code=x",
    "/measures/AM-2026-014",
    "/measures/KG-2026-021?known_at=4",
    "/changes",
    "/changes/8",
    "/rules",
    "/about",
    "/nothing",
)


@contextmanager
def serving() -> Iterator[tuple[str, RegisterService]]:
    """A server of the small Register in a thread, at a free port."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        address = f"http://127.0.0.1:{listening.getsockname()[1]}"
        service = open_service(open_database("sqlite:///nowhere/never-opened.db"), address)
        service.register = replay()
        config = uvicorn.Config(create_app(service), log_level="warning", lifespan="off", ws="none")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            yield address, service
        finally:
            server.should_exit = True
            thread.join(30)
            assert not thread.is_alive()


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    with serving() as (address, _):
        yield address


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


class Watched:
    """What a page did behind the reader's back."""

    def __init__(self, context: BrowserContext) -> None:
        self.said: list[str] = []
        self.hosts: set[str | None] = set()
        context.on("console", self._console)
        context.on("request", self._request)
        context.on("weberror", lambda error: self.said.append(str(error.error)))

    def _console(self, message: ConsoleMessage) -> None:
        # That an address was refused or is not there is what the page says too.
        if "status of 422" not in message.text and "status of 404" not in message.text:
            self.said.append(message.text)

    def _request(self, request: Request) -> None:
        self.hosts.add(urlsplit(request.url).hostname)


@contextmanager
def reading(browser: Browser, width: int = 1280) -> Iterator[Page]:
    """A page of a new reader; at the end nothing was said on the console and nothing was asked elsewhere."""
    context = browser.new_context(viewport={"width": width, "height": 900}, locale="ru-RU")
    watched = Watched(context)
    try:
        yield context.new_page()
        assert watched.said == []
        assert watched.hosts == {"127.0.0.1"}
    finally:
        context.close()


def test_a_question_is_asked_by_keyboard_alone(site: str, browser: Browser) -> None:
    with reading(browser) as page:
        page.goto(f"{site}/ru/")
        page.keyboard.press("Tab")
        expect(page.get_by_role("link", name="К содержанию")).to_be_focused()
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        expect(page.get_by_label("Код ТН ВЭД ЕАЭС")).to_be_focused()
        page.keyboard.type("7204 10 000 0")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text("Нужен специальный сертификат.")
        assert "value_eur" not in page.url
        expect(page.get_by_role("heading", name="Почему", exact=True)).to_be_visible()
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        for _ in range(7):
            page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.closest('main') !== null")


def test_the_answer_is_the_same_in_the_other_language(site: str, browser: Browser) -> None:
    with reading(browser) as page:
        page.goto(f"{site}/ru/?code=7204&date=2026-08-10&origin=KG")
        expect(page.get_by_role("heading", level=1)).to_contain_text("Достаточно декларации о происхождении")
        page.get_by_role("link", name="English").click()
        expect(page.get_by_role("heading", level=1)).to_have_text(
            "An origin declaration is enough until 18 August 2026."
        )
        expect(page.get_by_label("Origin of the goods")).to_have_value("KG")
        assert page.evaluate("document.documentElement.lang") == "en"


def test_from_the_list_to_the_history_of_a_measure(site: str, browser: Browser) -> None:
    with reading(browser) as page:
        page.goto(f"{site}/ru/measures")
        page.get_by_label("Слова").fill("лом")
        page.get_by_role("checkbox", name="действует").check()
        page.get_by_role("button", name="Показать").click()
        expect(page.get_by_text("1 мера")).to_be_visible()
        assert "known_at" not in page.url
        page.get_by_role("link", name="AM-2026-014").click()
        expect(page.get_by_role("heading", name="История")).to_be_visible()
        page.get_by_role("link", name="сведения на тот момент").click()
        expect(page.get_by_text("Сведения по состоянию на запись 3,")).to_be_visible()
        page.go_back()
        page.get_by_role("link", name="запись 8", exact=True).click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Продление срока действия: AM-2026-014")


def test_the_summary_of_errors_gets_the_focus_and_leads_to_the_field(site: str, browser: Browser) -> None:
    with reading(browser) as page:
        page.goto(f"{site}/ru/")
        page.get_by_label("Код ТН ВЭД ЕАЭС").fill("72 икс")
        page.get_by_label("Стоимость партии, евро").fill("много")
        page.get_by_role("button", name="Показать ответ").click()
        expect(page.get_by_role("alert")).to_be_focused()
        expect(page.get_by_label("Код ТН ВЭД ЕАЭС")).to_have_value("72 икс")
        expect(page.get_by_label("Стоимость партии, евро")).to_have_value("много")
        expect(page.get_by_label("Код ТН ВЭД ЕАЭС")).to_have_accessible_description(
            "Ошибка: Код ТН ВЭД ЕАЭС содержит от 2 до 10 цифр; пробелы допускаются. от 2 до 10 цифр, можно с пробелами"
        )
        page.get_by_role("alert").get_by_role("link").first.click()
        expect(page.get_by_label("Код ТН ВЭД ЕАЭС")).to_be_focused()


def test_a_code_is_copied_without_its_blanks(site: str, browser: Browser) -> None:
    with reading(browser) as page:
        page.goto(f"{site}/ru/measures/KZ-2026-003")
        copied = page.evaluate(
            "() => { const range = document.createRange(); range.selectNode(document.querySelector('td .code'));"
            " getSelection().addRange(range); return getSelection().toString(); }"
        )
        assert copied == "1001190000"


def test_an_open_page_says_that_the_register_went_on(browser: Browser) -> None:
    with serving() as (address, service), reading(browser) as page:
        page.clock.install()
        page.goto(f"{address}/en/changes")
        go_on(service.register)
        page.clock.run_for(61_000)
        expect(page.get_by_role("status")).to_contain_text("New entries have been made in the Register")
        page.get_by_role("link", name="Show the page anew").click()
        expect(page.locator(".entries a.seq").first).to_contain_text("9")


@pytest.mark.parametrize("width", [1280, 360])
@pytest.mark.parametrize("language", ["ru", "en"])
def test_no_barrier_is_found_and_nothing_sticks_out(site: str, browser: Browser, language: str, width: int) -> None:
    axe = Axe()
    with reading(browser, width) as page:
        for path in PATHS:
            page.goto(f"{site}/{language}{path}")
            page.evaluate("document.querySelectorAll('details').forEach(part => part.open = true)")
            found = axe.run(page).response["violations"]
            assert [(path, item["id"], item["nodes"][0]["html"]) for item in found] == []
            assert page.evaluate("document.documentElement.scrollWidth") <= width, path


def test_a_title_of_one_endless_word_stays_on_the_page(browser: Browser) -> None:
    word = {"ru": "Щ" * 2_000, "en": "W" * 2_000}
    endless = {**MARBLE, "title": word, "goods": [goods("2515110000", description=word)], "conditions": [word]}
    with serving() as (address, service):
        service.register = replay((("measure.included", "KG-2026-021", endless),))
        for width in (1280, 360):
            with reading(browser, width) as page:
                for path in ("/measures/KG-2026-021", "/measures", "/?code=2515110000", "/changes/1", "/changes", "/"):
                    page.goto(f"{address}/en{path}")
                    assert page.evaluate("document.documentElement.scrollWidth") <= width, (path, width)


@pytest.mark.parametrize("script", [True, False])
def test_the_conditions_are_folded_on_a_narrow_screen_only(site: str, browser: Browser, script: bool) -> None:
    for width in (1280, 360):
        context = browser.new_context(viewport={"width": width, "height": 640}, java_script_enabled=script)
        page = context.new_page()
        page.goto(f"{site}/ru/measures")
        words, summary = page.get_by_label("Слова"), page.get_by_text("Условия отбора")
        card = page.locator("tbody tr").first.bounding_box()
        assert card is not None
        if width == 360:
            expect(words).to_be_hidden()
            assert card["y"] < 640 - 100
            summary.click()
        expect(words).to_be_visible()
        page.goto(f"{site}/ru/measures?code=x")
        expect(page.get_by_label("Код ТН ВЭД ЕАЭС")).to_be_visible()
        context.close()


@pytest.mark.parametrize("language", ["ru", "en"])
def test_measure_ids_and_badges_stay_on_one_line(site: str, browser: Browser, language: str) -> None:
    with reading(browser, 360) as page:
        for path in PATHS:
            page.goto(f"{site}/{language}{path}")
            assert page.evaluate(_BROKEN) == [], path


_BROKEN = r"""() => {
  const broken = [], walker = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
  for (let text = walker.nextNode(); text; text = walker.nextNode()) {
    if (text.parentElement.closest(".hash, .header")) continue;
    for (const found of text.data.matchAll(/\b(AM|BY|KZ|KG|RU|C)-\d{4}-\d{3,6}\b/g)) {
      const range = document.createRange();
      range.setStart(text, found.index);
      range.setEnd(text, found.index + found[0].length);
      if (new Set([...range.getClientRects()].map((part) => Math.round(part.top))).size > 1) broken.push(found[0]);
    }
  }
  for (const badge of document.querySelectorAll(".nowrap:has(> .rule)")) {
    if (badge.getClientRects().length > 1) broken.push(badge.textContent);
  }
  return broken;
}"""


def test_on_paper_there_is_no_navigation(site: str, browser: Browser) -> None:
    with reading(browser) as page:
        page.goto(f"{site}/ru/?code=7204&date=2026-11-23")
        page.emulate_media(media="print")
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        for hidden in ("nav", "form", ".language", ".skip"):
            assert not any(item.is_visible() for item in page.locator(hidden).all()), hidden
        expect(page.get_by_text("Контрольная точка")).to_be_visible()


def test_without_script_every_page_still_serves(site: str, browser: Browser) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site}/ru/")
    page.get_by_label("Код ТН ВЭД ЕАЭС").fill("7204")
    page.get_by_label("Стоимость партии, евро").fill("9 000,50")
    page.get_by_role("button", name="Показать ответ").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Достаточно декларации о происхождении")
    context.close()
