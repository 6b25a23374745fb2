"""The feeds and the log over a Register on either engine, and a clock that tests move."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from litestar import Litestar, Router
from litestar.di import Provide

import feeds.api
from feeds.log import Log
from feeds.notes import Signer
from register.database import open_database
from register.service import RegisterService, Terms
from tests.feeds.helpers import BASE, ORIGIN, SEED, TERMS, Clock, Site
from tests.register.api.helpers import application


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def site(anyio_backend: str, database_url: str, tmp_path: Path, clock: Clock) -> AsyncIterator[Site]:
    """The feeds and what stands behind them, with nothing in it."""
    async with opened_site(database_url, tmp_path / "signed.checkpoint", clock) as opened:
        yield opened


@asynccontextmanager
async def opened_site(url: str, signed: Path, clock: Clock, terms: Terms = TERMS) -> AsyncIterator[Site]:
    service = RegisterService(open_database(url), terms, clock)
    log = Log(service, [Signer(ORIGIN, SEED)], signed)

    @asynccontextmanager
    async def running(_: Litestar) -> AsyncIterator[None]:
        await service.start()
        try:
            await log.start()
            yield
        finally:
            await service.stop()

    published = Provide(lambda: log, sync_to_thread=False, use_cache=True)
    router = Router("/", route_handlers=feeds.api.route_handlers, dependencies={"published_log": published})
    app: Any = application(service, [router], lifespan=[running])
    async with (
        app.lifespan(),
        httpx.AsyncClient(
            transport=httpx.ASGITransport(app, raise_app_exceptions=False),
            base_url=BASE,
            headers={"Accept-Encoding": "identity"},
        ) as client,
    ):
        yield Site(client, service, log, clock, app)


@pytest.fixture
def other_url(request: pytest.FixtureRequest, database_url: str, tmp_path: Path) -> Iterator[str]:
    """The address of a fresh database on the engine that ``database_url`` is not on."""
    if not database_url.startswith("sqlite"):
        path = tmp_path / "other.db"
        shutil.copyfile(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite://{path}"
        return
    server = request.getfixturevalue("postgres")
    name = server.create(request.getfixturevalue("postgres_template"))
    yield server.url(name)
    server.drop(name)
