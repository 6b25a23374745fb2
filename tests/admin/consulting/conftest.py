"""The whole application on both engines, with officials of the states and the Commission's staff."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest

from admin.accounts import Role, people
from admin.accounts.passwords import Passwords
from admin.accounts.people import Account, Particulars
from admin.app import create_app
from admin.settings import Settings
from consultations.commands import read
from consultations.model import Consultation
from consultations.office import Consulting
from register.measures import Notified
from register.publication import include
from register.service import RegisterService
from tests.admin.conftest import HTML, PASSWORD, QUICK, SETUP, Browser, Clock, Staff
from tests.register.drafts.helpers import content

CODES = "2515 11 000 0, из 2516"
PLAN: dict[str, str] = {
    "do": "send",
    "state": "KG",
    "kind": "export_prohibition",
    "title_ru": "Мрамор необработанный",
    "title_en": "Crude marble",
    "codes": CODES,
    "planned_from": "2026-12-15",
    "planned_to": "15.06.2027",
    "similar_goods": "Мрамор карьеров другого государства",
    "burden_KZ": "Вывоз остановится на границе",
}


@dataclass
class House:
    """The application and who works with it."""

    staff: Staff
    service: RegisterService
    office: Consulting

    async def official(self, state: str, language: Any = "ru") -> Browser:
        """An official of a state who has signed in."""
        accounts = self.staff.accounts
        hashed = await Passwords(QUICK).hash(PASSWORD)
        given = Particulars(f"{state.lower()}@states.example", f"Лицо {state}", Role.OFFICIAL, state, language)
        db = accounts.database
        known = await people.by_email(db, given.email)
        number = known.id if known else await people.add(
            db, SETUP, given, password_hash=hashed, now=self.staff.clock(), own=True
        )  # fmt: skip
        return await self.signed_in(number)

    async def signed_in(self, number: int) -> Browser:
        """The browser of an account."""
        account: Account | None = await people.by_id(self.staff.accounts.database, number)
        assert account is not None
        browser = self.staff.browser()
        answer = await browser.sign_in(account)
        assert answer.status_code == 303, answer.text
        return browser

    async def initiate(self, browser: Browser, **fields: str) -> str:
        """Fill in and send the form of a consultation; its number."""
        answer = await browser.send("/ru/staff/consultations/new", **{**PLAN, **fields})
        assert answer.status_code == 303, answer.text
        return answer.headers["location"].split("/")[4].partition("?")[0]

    async def step(self, browser: Browser, identifier: str, step: str, **fields: str) -> httpx.Response:
        """Fill in the form of a step, on its own page or on that of the consultation, and send it."""
        own = f"/ru/staff/consultations/{identifier}"
        path = f"{own}/do/{step}"
        return await browser.send(path, own if step in ("position", "comment") else path, **fields)

    async def press(self, browser: Browser, path: str, **fields: Any) -> httpx.Response:
        """Send a form that this person may never have been shown."""
        data = {"_csrf": await browser.token(), **fields}
        return await browser.client.post(path, data=data, headers=HTML)

    async def read(self, identifier: str) -> Consultation:
        """The consultation as it stands."""
        return await read(self.service.database, identifier)

    async def measure(self, *codes: str, **changes: Any) -> str:
        """A measure of the Register."""
        notified = Notified.model_validate(content(*codes, **changes))
        made = await include(self.service.database, notified, on=self.service.today(), clock=self.service.now)
        await self.service.catch_up()
        return made.id

    @property
    def today(self) -> date:
        """The present day."""
        return self.service.today()


@pytest.fixture
async def house(anyio_backend: str, database_url: str, tmp_path: Path) -> AsyncIterator[House]:
    clock = Clock()
    settings = Settings(data_dir=tmp_path / "data", database_url=database_url, base_url="http://register.test")
    app = create_app(settings, clock=clock, scheduled=False)
    app.state.accounts.passwords = Passwords(QUICK)
    staff = Staff(app, app.state.accounts, clock)
    async with app.lifespan():
        try:
            yield House(staff, app.state.service, app.state.consulting)
        finally:
            for browser in staff.browsers:
                await browser.client.aclose()
