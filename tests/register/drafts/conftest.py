"""The calls on drafts over a small Register on both engines, with people of our own."""

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
from register.api.openapi import openapi_config
from register.database import open_database
from register.drafts import api as drafts_api
from register.drafts.attachments import Cabinet
from register.service import RegisterService
from register.web import PublicApp, problem_handler
from tests.register.api.helpers import TERMS, client_of
from tests.register.drafts.helpers import CLERK, PEOPLE, Person, Trail, clock


@dataclass
class Office:
    """The client, the Register behind it and the audit trail; ``who`` asks."""

    client: httpx.AsyncClient
    service: RegisterService
    app: Litestar
    trail: Trail = field(default_factory=Trail)

    async def ask(self, method: str, path: str, who: Person = CLERK, **more: Any) -> httpx.Response:
        headers = {"x-person": str(who.id), **more.pop("headers", {})}
        return await self.client.request(method, f"/api/v1{path}", headers=headers, **more)

    async def post(self, path: str, who: Person = CLERK, json: Any = None, **more: Any) -> httpx.Response:
        return await self.ask("POST", path, who, json={} if json is None else json, **more)

    async def save(self, draft: int, version: int, json: Any, who: Person = CLERK) -> httpx.Response:
        return await self.ask("PUT", f"/drafts/{draft}", who, json=json, headers={"If-Match": f'"{version}"'})


@pytest.fixture
async def office(anyio_backend: str, database_url: str, tmp_path: Path) -> AsyncIterator[Office]:
    service = RegisterService(open_database(database_url), TERMS, clock)
    trail = Trail()

    @asynccontextmanager
    async def running(_: Litestar) -> AsyncIterator[None]:
        await service.start()
        yield
        await service.stop()

    async def actor(request: Request[Any, Any, Any]) -> Person:
        return PEOPLE[request.headers["x-person"]]

    app = PublicApp(
        route_handlers=[*register.api.route_handlers, *drafts_api.route_handlers],
        lifespan=[running],
        exception_handlers={Exception: problem_handler},
        openapi_config=openapi_config(TERMS.base_url),
        logging_config=None,
        dependencies={
            "service": Provide(lambda: service, sync_to_thread=False),
            "actor": Provide(actor),
            "audit": Provide(lambda: trail, sync_to_thread=False),
            "cabinet": Provide(lambda: Cabinet(tmp_path / "attachments"), sync_to_thread=False),
        },
    )
    async with app.lifespan(), client_of(app) as client:
        yield Office(client, service, app, trail)
