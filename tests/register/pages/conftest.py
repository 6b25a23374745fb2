"""The pages in an application of their own, over a small Register, on both engines."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
from litestar.di import Provide

import register.api
import register.pages
from register.database import open_database
from register.pages.errors import problem_handler
from register.service import RegisterService
from register.web import PublicApp
from tests.register.pages.seed import open_service, replay, seed


def create_app(service: RegisterService) -> PublicApp:
    """The pages and the reading calls that they name, as one application."""
    app = PublicApp(
        route_handlers=[*register.pages.route_handlers, *register.api.route_handlers],
        dependencies={"service": Provide(lambda: service, sync_to_thread=False, use_cache=True)},
        exception_handlers={Exception: problem_handler},
        openapi_config=None,
    )
    app.state.service = service
    return app


@pytest.fixture
def service() -> RegisterService:
    """A service whose database is never opened: reading a page must not need it."""
    service = open_service(open_database("sqlite:///nowhere/never-opened.db"))
    service.register = replay()
    return service


@pytest.fixture
async def stored(anyio_backend: str, database_url: str) -> AsyncIterator[RegisterService]:
    """A started service over the same Register in a database."""
    async with open_database(database_url) as database:
        await seed(database)
    service = open_service(open_database(database_url))
    await service.start()
    yield service
    await service.stop()


def reader(service: RegisterService) -> httpx.AsyncClient:
    """Somebody who reads the pages with a browser's headers."""
    transport = httpx.ASGITransport(app=create_app(service))  # type: ignore[arg-type]
    headers = {"accept": "text/html,*/*;q=0.8"}
    return httpx.AsyncClient(transport=transport, base_url="http://register.test", headers=headers)


@pytest.fixture
async def client(service: RegisterService) -> AsyncIterator[httpx.AsyncClient]:
    """A reader of the pages."""
    async with reader(service) as client:
        yield client
