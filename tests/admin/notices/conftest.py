"""The whole application with a mail server on the loopback, an official of KZ, and the Commission's staff."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from admin.accounts import people
from admin.accounts.passwords import Passwords
from admin.accounts.people import Account, Particulars
from admin.accounts.policy import Actor, Role
from admin.app import create_app
from admin.notices.office import Notices
from admin.settings import Settings
from consultations.model import Consultation, Plan, Said, Stated
from consultations.office import Consulting
from register.service import RegisterService
from tests.admin.conftest import PASSWORD, QUICK, SETUP, Browser, Clock, Staff
from tests.consultations.notices.post_office import Server, mail_server
from tests.consultations.people import plan


@dataclass
class Hall:
    """The application, who works there, and the mail server."""

    app: Any
    staff: Staff
    clock: Clock
    server: Server | None
    accounts: dict[str, Account] = field(default_factory=dict)

    @property
    def service(self) -> RegisterService:
        found: RegisterService = self.app.state.service
        return found

    @property
    def notices(self) -> Notices:
        found: Notices = self.app.state.notices
        return found

    @property
    def consulting(self) -> Consulting:
        found: Consulting = self.app.state.consulting
        return found

    async def add(self, name: str, role: Role, state: str | None = None, language: str = "ru") -> Account:
        """An account with ``PASSWORD``, known in tests by ``name``."""
        made = await self.staff.accounts.passwords.hash(PASSWORD)
        given = Particulars(f"{name}@people.example", f"Имя {name}", role, state, language)
        db = self.service.database
        number = await people.add(db, SETUP, given, password_hash=made, now=self.clock(), own=True)
        account = await people.by_id(db, number)
        assert account is not None
        self.accounts[name] = account
        return account

    def actor(self, name: str) -> Actor:
        one = self.accounts[name]
        return Actor(one.id, one.name, one.role, one.state)

    async def browser(self, name: str) -> Browser:
        """The person, signed in."""
        browser = self.staff.browser()
        answer = await browser.sign_in(self.accounts[name])
        assert answer.status_code == 303, answer.text
        return browser

    async def initiate(self) -> Consultation:
        return await self.consulting.initiate(self.actor("kz"), Plan.model_validate(plan()))

    async def speak(self, known: Consultation, reasons: str, text: str) -> None:
        """A position and a comment of KZ."""
        stated = Stated.model_validate({"stance": "objects", "reasons": reasons})
        await self.consulting.state_position(known.id, stated, self.actor("kz"))
        await self.consulting.comment(known.id, Said.model_validate({"text": text}), self.actor("kz"))


@asynccontextmanager
async def hall(database_url: str, folder: Path, server: Server | None, **more: Any) -> AsyncIterator[Hall]:
    clock = Clock()
    mail: dict[str, Any] = {}
    if server is not None:
        mail = {"smtp_url": f"smtp://127.0.0.1:{server.port}", "mail_from": "Register <register@commission.example>"}
    settings = Settings(
        data_dir=folder / "data", database_url=database_url, base_url="http://register.test", **mail, **more
    )
    app = create_app(settings, clock=clock, scheduled=False)
    app.state.accounts.passwords = Passwords(QUICK)
    staff = Staff(app, app.state.accounts, clock)
    async with app.lifespan():
        found = Hall(app, staff, clock, server)
        await found.add("kz", Role.OFFICIAL, "KZ", "en")
        await found.add("kg", Role.OFFICIAL, "KG")
        await found.add("clerk", Role.CLERK)
        await found.add("auditor", Role.AUDITOR)
        try:
            yield found
        finally:
            for browser in staff.browsers:
                await browser.client.aclose()


@pytest.fixture
async def office(anyio_backend: str, database_url: str, tmp_path: Path) -> AsyncIterator[Hall]:
    """On both engines, with a mail server."""
    async with mail_server() as server, hall(database_url, tmp_path, server) as running:
        yield running


@pytest.fixture
async def silent(anyio_backend: str, database_url: str, tmp_path: Path) -> AsyncIterator[Hall]:
    """On both engines, without a mail server."""
    async with hall(database_url, tmp_path, None) as running:
        yield running
