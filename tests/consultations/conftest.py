"""The calls on consultations over a small Register on both engines, with the roles of the one table."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from litestar import Litestar, Request
from litestar.di import Provide

import register.api
from admin.accounts.policy import Actor
from consultations import writing
from consultations.documents import DocumentCabinet
from consultations.happenings import Happening
from consultations.moved_days import Calendars
from consultations.office import Consulting
from register.api.openapi import openapi_config
from register.database import Database, open_database
from register.drafts import api as drafts_api
from register.drafts.attachments import Cabinet
from register.service import RegisterService
from register.web import PublicApp, problem_handler
from tests.consultations.people import CLERK, KZ, PEOPLE, Clock
from tests.register.api.helpers import TERMS, client_of
from tests.register.drafts.helpers import Trail


@dataclass
class Desk:
    """The client, the service behind it, the audit trail, the clock, and what was told."""

    client: httpx.AsyncClient
    service: RegisterService
    consulting: Consulting
    clock: Clock
    app: Litestar
    trail: Trail = field(default_factory=Trail)
    told: list[Happening] = field(default_factory=list)

    async def ask(self, method: str, path: str, who: Actor = KZ, **more: Any) -> httpx.Response:
        headers = {"x-person": str(who.id), **more.pop("headers", {})}
        self.clock.tick()
        return await self.client.request(method, f"/api/v1{path}", headers=headers, **more)

    async def post(self, path: str, who: Actor = KZ, json: Any = None, **more: Any) -> httpx.Response:
        return await self.ask("POST", path, who, json={} if json is None else json, **more)

    async def step(self, path: str, who: Actor, json: Any = None, status: int = 200) -> dict[str, Any]:
        """A step on the consultation as it stands now; what it is after it."""
        response = await self.post(path, who, json, headers={"If-Match": "*"})
        assert response.status_code == status, response.text
        found: dict[str, Any] = response.json()
        return found

    async def proof(self, code: str, day: str) -> dict[str, Any]:
        response = await self.client.get("/api/v1/proof", params={"code": code, "date": day})
        assert response.status_code == 200, response.text
        found: dict[str, Any] = response.json()
        return found

    async def draft(self, method: str, path: str, who: Actor = CLERK, **more: Any) -> dict[str, Any]:
        response = await self.ask(method, f"/drafts{path}", who, **more)
        assert response.status_code < 300, response.text
        found: dict[str, Any] = response.json()
        return found


@pytest.fixture
async def desk(anyio_backend: str, database_url: str, tmp_path: Path) -> AsyncIterator[Desk]:
    clock, trail, told = Clock(), Trail(), list[Happening]()
    service = RegisterService(open_database(database_url), TERMS, clock)
    calendars = Calendars(service.database)

    async def notify(db: Database, happening: Happening) -> None:
        assert db.in_transaction
        told.append(happening)

    consulting = Consulting(service, DocumentCabinet(tmp_path / "documents"), calendars, notify=notify)

    @asynccontextmanager
    async def running(_: Litestar) -> AsyncIterator[None]:
        await service.start()
        await calendars.refresh()
        yield
        await service.stop()

    async def actor(request: Request[Any, Any, Any]) -> Actor:
        return PEOPLE[request.headers["x-person"]]

    app = PublicApp(
        route_handlers=[*register.api.route_handlers, *writing.route_handlers, *drafts_api.route_handlers],
        lifespan=[running],
        exception_handlers={Exception: problem_handler},
        openapi_config=openapi_config(TERMS.base_url),
        logging_config=None,
        dependencies={
            "service": Provide(lambda: service, sync_to_thread=False),
            "actor": Provide(actor),
            "audit": Provide(lambda: trail, sync_to_thread=False),
            "cabinet": Provide(lambda: Cabinet(tmp_path / "attachments"), sync_to_thread=False),
            "consulting": Provide(lambda: consulting, sync_to_thread=False),
        },
    )
    async with app.lifespan(), client_of(app) as client:
        yield Desk(client, service, consulting, clock, app, trail, told)
