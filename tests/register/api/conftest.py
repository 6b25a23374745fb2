"""The reading calls over a small Register on both engines."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from litestar import Litestar

from register.database import open_database
from register.service import RegisterService
from tests.register.api.helpers import TERMS, Api, application, client_of, clock, still_records
from tests.register.synthetic import append


@pytest.fixture
async def api(anyio_backend: str, database_url: str) -> AsyncIterator[Api]:
    """The calls and the Register behind them, with nothing in it."""
    service = RegisterService(open_database(database_url), TERMS, clock)

    @asynccontextmanager
    async def running(_: Litestar) -> AsyncIterator[None]:
        await service.start()
        yield
        await service.stop()

    app = application(service, lifespan=[running])
    async with (
        app.lifespan(),
        client_of(app) as client,
    ):
        yield Api(client, service, app)


@pytest.fixture
async def still(anyio_backend: str, tmp_path: Path) -> AsyncIterator[Api]:
    """The same six entries in memory, where the engine plays no part."""
    service = RegisterService(open_database(str(tmp_path / "never-opened.db")), TERMS, clock)
    append(service.register, still_records())
    app = application(service)
    async with client_of(app) as client:
        yield Api(client, service, app)


@pytest.fixture
async def filled(api: Api) -> Api:
    """With five measures, two of them of Kyrgyzstan, of which the first was extended."""
    await api.fill()
    return api
