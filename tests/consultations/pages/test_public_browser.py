"""The public pages of consultations in Chromium: by the rules of screen readers, narrow, on paper, without script."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest
import uvicorn
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect

from register.database import open_database
from tests.consultations.pages.seed import filled
from tests.consultations.pages.test_public_pages import create_app
from tests.register.pages.seed import open_service
from tests.register.pages.test_browser import browser as browser
from tests.register.pages.test_browser import reading

pytestmark = pytest.mark.browser

PATHS = (
    "/consultations",
    "/consultations?q=zzzz",
    "/consultations?code=x",
    "/consultations/C-2026-003",
    "/consultations/C-2026-004?known_at=12",
    "/consultations/C-2026-005",
    "/consultations/C-2026-006",
    "/consultations/C-2026-007",
    "/changes/11",
)


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        address = f"http://127.0.0.1:{listening.getsockname()[1]}"
        service = open_service(open_database("sqlite:///nowhere/never-opened.db"), address)
        service.register = filled()
        config = uvicorn.Config(create_app(service), log_level="warning", lifespan="off", ws="none")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            yield address
        finally:
            server.should_exit = True
            thread.join(30)
            assert not thread.is_alive()


@pytest.mark.parametrize("language", ["ru", "en"])
def test_no_barriers_wide_or_narrow(site: str, browser: Browser, language: str) -> None:
    for width in (1280, 360):
        with reading(browser, width) as page:
            for path in PATHS:
                page.goto(f"{site}/{language}{path}")
                found = Axe().run(page).response["violations"]
                assert [(path, item["id"], item["nodes"][0]["html"]) for item in found] == []
                assert page.evaluate("document.documentElement.scrollWidth") <= width, (path, width)


def test_the_navigation_stands_on_one_line(site: str, browser: Browser) -> None:
    with reading(browser) as page:
        for language in ("ru", "en"):
            page.goto(f"{site}/{language}/consultations")
            tops = {round(link.bounding_box()["y"]) for link in page.locator(".masthead nav a").all()}  # type: ignore[index]
            other = page.locator(".masthead .language").bounding_box()
            assert len(tops) == 1
            assert other is not None
            assert abs(other["y"] - tops.pop()) < 12


def test_on_paper_and_by_keyboard(site: str, browser: Browser) -> None:
    with reading(browser) as page:
        page.goto(f"{site}/ru/consultations/C-2026-003")
        page.emulate_media(media="print")
        expect(page.locator(".steps")).to_be_visible()
        for hidden in ("nav", "form", ".language", "#follow"):
            assert not any(item.is_visible() for item in page.locator(hidden).all()), hidden
        page.emulate_media(media="screen")
        page.goto(f"{site}/ru/consultations?code=x")
        expect(page.get_by_role("alert")).to_be_focused()
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(page.get_by_label("Код ТН ВЭД ЕАЭС")).to_be_focused()
