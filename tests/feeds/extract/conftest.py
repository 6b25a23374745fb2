"""The extracts over HTTP, over a Register in memory: the engine plays no part in them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from litestar.di import Provide
from litestar.router import Router

from feeds.extract.api import route_handlers
from feeds.log import Log
from register.database import open_database
from register.service import RegisterService
from tests.feeds.extract.samples import SIGNER, records
from tests.register.api.helpers import TERMS, application, clock
from tests.register.synthetic import append


@dataclass
class Desk:
    """The client, and the Register behind it."""

    client: httpx.AsyncClient
    service: RegisterService

    async def get(self, path: str, **headers: str) -> httpx.Response:
        return await self.client.get(path, headers={name.replace("_", "-"): text for name, text in headers.items()})


@pytest.fixture
async def desk(anyio_backend: str, tmp_path: Path) -> AsyncIterator[Desk]:
    service = RegisterService(open_database(str(tmp_path / "never-opened.db")), TERMS, clock)
    append(service.register, records())
    log = Log(service, [SIGNER], tmp_path / "signed.checkpoint")
    published = Provide(lambda: log, sync_to_thread=False, use_cache=True)
    router = Router("/", route_handlers=route_handlers, dependencies={"published_log": published})
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(application(service, [router]), raise_app_exceptions=False),
        base_url="http://register.test",
        headers={"Accept-Encoding": "identity"},
    ) as client:
        yield Desk(client, service)
