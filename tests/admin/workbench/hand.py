"""A person at a page, by the keystroke-level model (Card, Moran, Newell 1980): what is done, and how long it takes.

Seconds are those of somebody who types at an ordinary pace and has never seen the pages, so that everything is looked
at before it is done. What the service itself takes is measured, not estimated.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from playwright.sync_api import Locator, Page

KEY, POINT, PRESS, HOME, THINK = 0.28, 1.1, 0.2, 0.4, 1.35
WORD = 0.3
"""A word read, at 200 a minute."""


@dataclass
class Hand:
    """One person; ``paced`` waits as long as the person would take."""

    page: Page
    paced: bool = False
    clicks: int = 0
    fields: int = 0
    pages: list[str] = field(default_factory=list)
    human: float = 0.0
    """Seconds of the person."""
    machine: float = 0.0
    """Seconds in which the person waited for the service."""

    def __post_init__(self) -> None:
        self.page.on("framenavigated", lambda frame: self._seen(frame.url))

    def _seen(self, url: str) -> None:
        place = url.split("#")[0]
        if place != "about:blank":
            self.pages.append(place)

    def _take(self, seconds: float) -> None:
        self.human += seconds
        if self.paced:
            time.sleep(seconds)

    def click(self, target: Locator) -> None:
        """Find something on the page and click it."""
        self.clicks += 1
        self._take(THINK + POINT + PRESS)
        begun = time.monotonic()
        target.click()
        self.page.wait_for_load_state()
        self.machine += time.monotonic() - begun

    def type(self, target: Locator, text: str, *, enter: bool = False) -> None:
        """Go to a field, by the key or the mouse, and type; at the end perhaps press Enter."""
        self.fields += 1
        self._take(THINK + HOME + KEY * (len(text) + 1 + enter))
        begun = time.monotonic()
        target.fill(text)
        if enter:
            target.press("Enter")
            self.page.wait_for_load_state()
        self.machine += time.monotonic() - begun

    def paste(self, target: Locator, text: str) -> None:
        """Mark a cell, or a row of a table, in another window, copy it, come back, click the field and paste."""
        self.fields += 1
        self._take(THINK + 3 * (POINT + PRESS) + 6 * KEY + 2 * HOME)
        target.click()
        pasted = "text => { const data = new DataTransfer(); data.setData('text/plain', text); const event = "
        pasted += "new ClipboardEvent('paste', {clipboardData: data, bubbles: true, cancelable: true}); "
        pasted += "return document.activeElement.dispatchEvent(event); }"
        if self.page.evaluate(pasted, text):
            self.page.keyboard.insert_text(text)

    def read(self, target: Locator) -> None:
        """Read what stands there."""
        self._take(THINK + WORD * sum(len(text.split()) for text in target.all_inner_texts()))

    def wait(self, target: Locator) -> None:
        """Wait until something is there."""
        begun = time.monotonic()
        target.wait_for(timeout=15_000)
        self.machine += time.monotonic() - begun
