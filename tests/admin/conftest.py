"""The accounts in an application of their own, on both engines, with a clock that tests move and people at work."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any, cast
from zoneinfo import ZoneInfo

import httpx
import pyotp
import pytest
from argon2 import PasswordHasher
from cryptography.fernet import Fernet
from litestar import Litestar, Request, get, post
from litestar.di import Provide

from admin import accounts as package
from admin.accounts import Acting, Action, parked, people, require
from admin.accounts.audit import AuditFilter, all_audit
from admin.accounts.core import Accounts, Options
from admin.accounts.passwords import Passwords
from admin.accounts.people import Account, Particulars
from admin.accounts.policy import Actor, Role
from admin.accounts.secret_box import SecretBox
from admin.accounts.subscribers import subscriber
from register.api.calls import Service
from register.database import open_database
from register.pages.errors import problem_handler
from register.service import RegisterService, Terms
from register.web import PublicApp

NOW = datetime(2026, 9, 10, 9, 0, tzinfo=UTC)
PASSWORD = "heron-lantern-42-violet"
HTML = {"Accept": "text/html"}
SETUP = Actor(None, "setup", None, scopes=frozenset(), via="command")
QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
"""Costs for tests: they check that argon2 is used, not how slow it is."""


@dataclass
class Clock:
    """A clock that stands until it is moved."""

    at: datetime = NOW

    def __call__(self) -> datetime:
        return self.at

    def move(self, **by: float) -> None:
        self.at += timedelta(**by)


@post("/ru/staff/note", guards=[require(Action.DRAFT_WRITE)], include_in_schema=False)
async def note_page(request: Request[Any, Any, Any], actor: Acting) -> dict[str, Any]:
    """A form of another package: what a draft would be."""
    form = await request.form()
    return {"by": actor.id, "text": form.get("text"), "all": form.getall("text")}


@post("/api/v1/note", guards=[require(Action.DRAFT_WRITE)], include_in_schema=False)
async def note_call(actor: Acting) -> dict[str, Any]:
    """A call of another package."""
    return {"by": actor.id, "via": actor.via, "name": actor.name}


@get("/ru/staff/note", guards=[require(Action.DRAFT_READ)], include_in_schema=False)
async def note_form(request: Request[Any, Any, Any], accounts: package.People, actor: Acting) -> dict[str, Any]:
    """The page of the form, which fills itself with what was kept."""
    found = await package.parked_of(request, accounts, actor)
    return {"kept": found.texts() if found else None}


@get("/api/v1/subscriber", include_in_schema=False)
async def who_subscribes(request: Request[Any, Any, Any], service: Service) -> dict[str, str]:
    """A call of the feeds."""
    found = await subscriber(request, service)
    return {"id": found.id, "email": found.email}


def hidden(page: str, action: str) -> dict[str, str]:
    """The hidden fields of the form that goes to ``action``."""
    for form in re.findall(r"<form[^>]*>.*?</form>", page, re.S):
        if re.search(rf'action="{re.escape(action)}"', unescape(form.split(">", 1)[0])):
            return {
                unescape(name): unescape(value)
                for name, value in re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', form)
            }
    raise AssertionError(f"no form goes to {action}: {page[:3000]}")


class Browser:
    """One person's browser: cookies, and forms that are filled in rather than made up."""

    def __init__(self, staff: Staff, client: httpx.AsyncClient) -> None:
        self.staff = staff
        self.client = client

    async def get(self, path: str, **more: Any) -> httpx.Response:
        return await self.client.get(path, headers={**HTML, **more.pop("headers", {})}, **more)

    async def send(self, path: str, page: str | None = None, **fields: Any) -> httpx.Response:
        """Fill in the form at ``path`` (on the page of another address where one is given) and send it."""
        shown = await self.get(page or path)
        assert shown.status_code == 200, (shown.status_code, shown.headers, shown.text[:500])
        return await self.client.post(path, data={**hidden(shown.text, path), **fields}, headers=HTML)

    async def sign_in(self, account: Account, password: str = PASSWORD) -> httpx.Response:
        answer = await self.send("/ru/staff/sign-in", email=account.email, password=password)
        if account.id in self.staff.secrets and answer.status_code == 303:
            answer = await self.send("/ru/staff/second-factor", otp=self.staff.code(account))
        return answer

    async def token(self) -> str:
        """The token of a form of this session."""
        return hidden((await self.get("/ru/staff/me")).text, "/ru/staff/sign-out")["_csrf"]

    @property
    def session(self) -> str | None:
        return self.client.cookies.get("session") or self.client.cookies.get("__Host-session")


@dataclass
class Staff:
    """The application, and who works there."""

    app: PublicApp
    accounts: Accounts
    clock: Clock
    secrets: dict[int, str] = field(default_factory=dict)
    browsers: list[Browser] = field(default_factory=list)

    def browser(self, **more: Any) -> Browser:
        base = self.accounts.options.base_url
        client = httpx.AsyncClient(
            transport=httpx.ASGITransport(cast(Any, self.app), raise_app_exceptions=False, **more), base_url=base
        )
        self.browsers.append(Browser(self, client))
        return self.browsers[-1]

    async def person(
        self, role: Role, email: str | None = None, *, own: bool = True, enrolled: bool | None = None
    ) -> Account:
        """An account with ``PASSWORD``; with a second factor where the role asks for it."""
        state = "KG" if role is Role.OFFICIAL else None
        given = Particulars(email or f"{role}@commission.example", f"Имя {role}", role, state, "ru")
        made = await self.accounts.passwords.hash(PASSWORD)
        db = self.accounts.database
        number = await people.add(db, SETUP, given, password_hash=made, now=self.clock(), own=own)
        if enrolled if enrolled is not None else role in (Role.APPROVER, Role.OPERATOR):
            secret = self.secrets[number] = pyotp.random_base32()
            sealed = self.accounts.box.seal(secret, self.clock())
            await db.execute("UPDATE account SET totp_secret = {} WHERE id = {}", sealed, number)
        account = await people.by_id(db, number)
        assert account is not None
        return account

    async def reload(self, account: Account) -> Account:
        found = await people.by_id(self.accounts.database, account.id)
        assert found is not None
        return found

    def code(self, account: Account, *, later: int = 0) -> str:
        return self.code_of(account.id, later)

    def code_of(self, number: int, later: int = 0) -> str:
        step = int(self.clock().timestamp()) // 30 + later
        return pyotp.TOTP(self.secrets[number]).generate_otp(step)

    async def at_work(self, role: Role, email: str | None = None) -> tuple[Browser, Account]:
        """A person who has signed in."""
        account, browser = await self.person(role, email), self.browser()
        answer = await browser.sign_in(account)
        assert answer.status_code == 303, answer.text
        return browser, account

    async def trail(self, action: str = "") -> list[dict[str, Any]]:
        """The audit rows of an action, oldest first."""
        return [row async for row in all_audit(self.accounts.database, AuditFilter(action=action))]

    async def state(self) -> dict[str, Any]:
        """Everything in the tables of the accounts but the trail, for asserting that nothing has changed."""
        tables = ("account", "session", "token", "recovery_code", "parked")
        return {name: await self.accounts.database.fetch_rows(f"SELECT * FROM {name} ORDER BY 1") for name in tables}


@asynccontextmanager
async def opened(database_url: str, base_url: str = "http://register.test", **more: Any) -> AsyncIterator[Staff]:
    """The application, running."""
    clock = Clock()
    terms = Terms(ZoneInfo("Europe/Moscow"), None, base_url, False)
    service = RegisterService(open_database(database_url), terms, clock)
    box = SecretBox(Fernet.generate_key())
    options = Options(base_url, **more.pop("options", {}))
    provider = more.pop("provider", None)
    accounts = Accounts(
        service.database,
        box,
        options,
        clock,
        passwords=Passwords(QUICK),
        provider=provider(box, clock) if provider else None,
    )

    @asynccontextmanager
    async def running(_: Litestar) -> AsyncIterator[None]:
        await service.start()
        yield
        await service.stop()

    app = PublicApp(
        route_handlers=[*package.route_handlers, note_page, note_call, note_form, who_subscribes],
        dependencies={
            "service": Provide(lambda: service, sync_to_thread=False, use_cache=True),
            **package.dependencies,
        },
        exception_handlers={Exception: problem_handler, **package.exception_handlers},
        openapi_config=None,
        logging_config=None,
        lifespan=[running],
    )
    app.state.service, app.state.accounts = service, accounts
    staff = Staff(app, accounts, clock)
    async with app.lifespan():
        try:
            yield staff
        finally:
            for browser in staff.browsers:
                await browser.client.aclose()


@pytest.fixture
async def staff(anyio_backend: str, database_url: str) -> AsyncIterator[Staff]:
    """The application on both engines."""
    async with opened(database_url) as running:
        yield running


@pytest.fixture
async def lone_staff(anyio_backend: str, sqlite_template: Any, tmp_path: Any) -> AsyncIterator[Staff]:
    """The application on SQLite, where the engine plays no part."""
    import shutil

    path = tmp_path / "register.db"
    shutil.copyfile(sqlite_template, path)
    async with opened(f"sqlite://{path}") as running:
        yield running


__all__ = ["HTML", "PASSWORD", "SETUP", "Browser", "Clock", "Staff", "hidden", "opened", "parked"]
