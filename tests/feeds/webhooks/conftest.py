"""A Register on both engines, and webhooks over it."""

from collections.abc import AsyncIterator

import pytest

from register.database import open_database
from register.service import RegisterService
from tests.feeds.webhooks.helpers import Bench, Clock
from tests.register.api.helpers import TERMS


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def bench(anyio_backend: str, database_url: str, clock: Clock) -> AsyncIterator[Bench]:
    service = RegisterService(open_database(database_url), TERMS, clock)
    await service.start()
    yield Bench(service, clock)
    await service.stop()
