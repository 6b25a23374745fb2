"""The whole application on both engines, with people at work on drafts."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from admin.accounts import Role
from admin.accounts.passwords import Passwords
from admin.app import create_app
from admin.settings import Settings
from register.drafts.model import Draft
from register.drafts.records import read_draft
from register.service import RegisterService
from tests.admin.conftest import QUICK, Browser, Clock, Staff

CODES = "7206 (кроме железа товарной позиции 7203), 7207, 7224, 7403, 7601, 7603"
TERM = "с 04.07.2026 до 04.01.2027"
BASIS = "Постановление Правительства Республики Армения от 18.06.2026 г. № 878-Н"
TYPED: dict[str, str] = {
    "state": "AM",
    "kind": "permit_procedure",
    "title_ru": "Железо и нелегированная сталь",
    "notified_on": "2026-09-07",
    "has_cell_codes": "1",
    "has_cell_term": "1",
    "has_cell_basis": "1",
    "cell_codes": CODES,
    "cell_term": TERM,
    "cell_basis": BASIS,
}


@dataclass
class Desk:
    """The workbench and what stands behind it."""

    staff: Staff
    service: RegisterService
    clerk: Browser
    approver: Browser

    async def new(self, browser: Browser | None = None, kind: str = "include", measure: str = "") -> int:
        """Begin a draft as a clerk does; return its number."""
        given = {"kind": kind, "measure": measure}
        browser = browser or self.clerk
        page = f"/ru/staff/drafts/new{'?measure=' + measure if measure else ''}"
        answer = await browser.send("/ru/staff/drafts", page, **given)
        assert answer.status_code == 303, answer.text
        return int(answer.headers["location"].split("/")[4])

    async def draft(self, number: int) -> Draft:
        return await read_draft(self.service.database, number)

    async def save(self, number: int, browser: Browser | None = None, **fields: Any) -> httpx.Response:
        """Send the form of a draft as the page has it, with other texts in some fields."""
        path = f"/ru/staff/drafts/{number}/edit"
        return await (browser or self.clerk).send(path, **{**TYPED, "do": "save", **fields})

    async def decide(self, number: int, command: str, browser: Browser, **fields: Any) -> httpx.Response:
        """Press a button of the page of a draft, whether it is shown to this person or not."""
        draft = await self.draft(number)
        data = {"_csrf": await browser.token(), "version": str(draft.version), **fields}
        return await browser.client.post(
            f"/ru/staff/drafts/{number}/{command}", data=data, headers={"Accept": "text/html"}
        )

    async def ready(self) -> int:
        """A draft with nothing left to settle."""
        number = await self.new()
        await self.save(number)
        answer = await self.save(number, do="settle-0-condition", **await self.as_read(number))
        assert answer.status_code == 303, answer.text
        return number

    async def as_read(self, number: int) -> dict[str, str]:
        """What the form shows in the fields that the cells filled."""
        measure = (await self.draft(number)).content["measure"]
        found = {"effective_from": measure["effective_from"], "effective_to": measure["effective_to"] or ""}
        for place, line in enumerate(measure["goods"]):
            found[f"g-{place}-code"], found[f"g-{place}-line"] = line["code_from"], str(line["line"])
        for place, act in enumerate(measure["acts"]):
            found |= {f"a-{place}-{name}": act[name] for name in ("role", "issuer", "type", "number", "date")}
        return found


@pytest.fixture
async def desk(anyio_backend: str, database_url: str, tmp_path: Path) -> AsyncIterator[Desk]:
    clock = Clock()
    settings = Settings(data_dir=tmp_path / "data", database_url=database_url, base_url="http://register.test")
    app = create_app(settings, clock=clock, scheduled=False)
    app.state.accounts.passwords = Passwords(QUICK)
    staff = Staff(app, app.state.accounts, clock)
    async with app.lifespan():
        try:
            clerk, _ = await staff.at_work(Role.CLERK)
            approver, _ = await staff.at_work(Role.APPROVER)
            yield Desk(staff, app.state.service, clerk, approver)
        finally:
            for browser in staff.browsers:
                await browser.client.aclose()
