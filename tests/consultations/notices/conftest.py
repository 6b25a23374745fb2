"""Fixtures for the notices: a mail server, people, an outbox on both engines."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from register.database import Database
from tests.consultations.notices.post_office import ASEL, CLERK, DANA, Clock, Office, People, Server, mail_server


@pytest.fixture
async def server(anyio_backend: str) -> AsyncIterator[Server]:
    async with mail_server() as running:
        yield running


@pytest.fixture
async def office(database: Database, server: Server) -> Office:
    return Office(database, Clock(), People([ASEL, DANA, CLERK]), server.settings())
