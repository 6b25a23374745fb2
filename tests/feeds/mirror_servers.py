"""Servers for mirrors to read: a false one whose every answer a test can bend, and a real one over a real journal."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path
from time import monotonic, sleep
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import uvicorn
from litestar import Litestar
from litestar.di import Provide

import feeds.api
import register.api
from feeds.log import Log, tile_bytes
from feeds.notes import Checkpoint, Signer
from feeds.tiles import parse_tile_path
from register import announcements, publication
from register.database import open_database
from register.index import Register
from register.lists import record_bytes
from register.measures import Declaration, Notified, Protocol
from register.permitted import consultation_bytes
from register.service import RegisterService, Terms
from register.web import PublicApp, problem_handler
from tests.register.synthetic import append, record, spread

URL = "http://register.test"
ORIGIN = "register.test/log"
SIGNER = Signer(ORIGIN, bytes(range(32)))
OTHER_SIGNER = Signer(ORIGIN, bytes(range(1, 33)))


def small(*codes: str, first: int = 1) -> list[dict[str, Any]]:
    """One measure of Kyrgyzstan to a code."""
    return [record(f"KG-2026-{number:03d}", code) for number, code in enumerate(codes, first)]


class FalseServer:
    """A server without a network. What it signs and what it serves are apart, so that a test can bend either."""

    def __init__(self, records: Sequence[dict[str, Any]] = (), signer: Signer = SIGNER) -> None:
        self.signer = signer
        self.register = Register()
        self.served: dict[int, bytes] = {}
        self.missing: set[int] = set()
        self.down = False
        self.note: bytes | None = None
        self.asked: list[str] = []
        self.snapshot: Callable[[dict[str, Any]], object] | None = None
        self.add(records)

    def add(self, records: Sequence[dict[str, Any]]) -> None:
        """Enter measures."""
        append(self.register, records)

    def restart_with(self, records: Sequence[dict[str, Any]]) -> None:
        """Go on with another journal under the same key."""
        self.register = Register()
        self.add(records)

    def sign(self, size: int | None = None, root: bytes | None = None, signer: Signer | None = None) -> bytes:
        """The checkpoint, by default the one that is true."""
        size = self.register.seq if size is None else size
        return Checkpoint(ORIGIN, size, root or self.register.tree.root(size)).sign(signer or self.signer).encode()

    def client(self) -> httpx.Client:
        """A client that reaches this server and no other."""
        return httpx.Client(transport=httpx.MockTransport(self._answer))

    def _answer(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        self.asked.append(path)
        if self.down:
            raise httpx.ConnectError("nobody listens", request=request)
        if path == "/log/key":
            return httpx.Response(200, text=f"{self.signer.verifier_key}\n")
        if path == "/log/checkpoint":
            return httpx.Response(200, content=self.note or self.sign())
        if path.startswith("/log/tile/"):
            return httpx.Response(200, content=tile_bytes(self.register, parse_tile_path(path.removeprefix("/log/"))))
        if path == "/api/v1/snapshot":
            return self._snapshot(int(request.url.params["known_at"]))
        if path == "/api/v1/changes":
            return self._changes(int(request.url.params["after"]), int(request.url.params["limit"]))
        return httpx.Response(404)

    def _snapshot(self, seq: int) -> httpx.Response:
        """What the server itself would say, or what a test makes of it."""
        register, today = self.register, date(2026, 11, 20)
        told = {
            "seq": seq,
            "recorded_at": None,
            "root": register.checkpoint(seq),
            "measures": [json.loads(record_bytes(register, one, today)) for one in register.versions(seq)],
            "consultations": [json.loads(body) for _, body in consultation_bytes(register, seq)],
        }
        if self.snapshot is not None:
            self.snapshot(told)
        return httpx.Response(200, json=told)

    def _changes(self, after: int, limit: int) -> httpx.Response:
        if after > self.register.seq:
            return httpx.Response(416)
        items = [
            self.served.get(seq, self.register.body(seq))
            for seq in range(after + 1, min(after + limit, self.register.seq) + 1)
            if seq not in self.missing
        ]
        return httpx.Response(200, content=b'{"items":[%s],"after":%d}' % (b",".join(items), after))


class LiveServer:
    """The public calls and the log over an SQLite journal, served by uvicorn on loopback from a thread."""

    def __init__(self, database: Path, signer: Signer = SIGNER, port: int = 0) -> None:
        terms = Terms(ZoneInfo("Europe/Moscow"), None, URL, False)
        self.service = RegisterService(open_database(f"sqlite://{database}"), terms)
        self._log = Log(self.service, [signer], database.with_suffix(".checkpoint"))
        published = Provide(lambda: self._log, sync_to_thread=False, use_cache=True)
        app = PublicApp(
            route_handlers=[*register.api.route_handlers, *feeds.api.route_handlers],
            dependencies={
                "service": Provide(lambda: self.service, sync_to_thread=False, use_cache=True),
                "published_log": published,
            },
            exception_handlers={Exception: problem_handler},
            openapi_config=None,
            logging_config=None,
            lifespan=[self._running],
        )
        config = uvicorn.Config(app, "127.0.0.1", port, log_level="error", timeout_graceful_shutdown=1)
        self._server = uvicorn.Server(config)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=self._server.run, daemon=True)

    @asynccontextmanager
    async def _running(self, _: Litestar) -> AsyncIterator[None]:
        self._loop = asyncio.get_running_loop()
        await self.service.start()
        await self._log.start()
        yield
        await self.service.stop()

    def start(self) -> LiveServer:
        """Serve; returns when it does."""
        self._thread.start()
        deadline = monotonic() + 60
        while not self._server.started:
            assert self._thread.is_alive()
            assert monotonic() < deadline
            sleep(0.02)
        return self

    @property
    def url(self) -> str:
        host, port = self._server.servers[0].sockets[0].getsockname()[:2]
        return f"http://{host}:{port}"

    def include(self, records: Sequence[dict[str, Any]]) -> int:
        """Publish measures; return the number of the newest entry."""
        assert self._loop is not None
        return asyncio.run_coroutine_threadsafe(self._include(records), self._loop).result(120)

    async def _include(self, records: Sequence[dict[str, Any]]) -> int:
        computed = ("id", "version", "seq")
        items = [
            publication.Inclusion(
                Notified.model_validate({name: value for name, value in given.items() if name not in computed})
            )
            for given in records
        ]
        today = self.service.today()
        await publication.include_many(self.service.database, items, on=today)
        return await self.service.catch_up()

    def permit(self, measures: Sequence[str]) -> int:
        """Enter that a declaration may be used, a version more of each measure; return the newest entry's number."""
        assert self._loop is not None
        return asyncio.run_coroutine_threadsafe(self._permit(measures), self._loop).result(120)

    async def _permit(self, measures: Sequence[str]) -> int:
        today = self.service.today()
        for measure in measures:
            version = self.service.register.history(measure)[-1].number
            decided = Declaration(protocol=Protocol(number=str(version), date=date(2024, 1, 9)))
            await publication.permit_declaration(self.service.database, measure, version, decided, on=today)
        return await self.service.catch_up()

    def announce(self) -> int:
        """Announce every date that has come; return the newest entry's number."""
        assert self._loop is not None
        return asyncio.run_coroutine_threadsafe(self._announce(), self._loop).result(120)

    async def _announce(self) -> int:
        service = self.service
        await announcements.announce(service.database, service.register, service.today(), zone=service.terms.zone)
        return await service.catch_up()

    def stop(self) -> None:
        """Serve no more."""
        self._server.should_exit = True
        self._thread.join(30)
        assert not self._thread.is_alive()


def questions(codes: Sequence[str], days: Sequence[str], head: int) -> Iterator[dict[str, Any]]:
    """Many questions, of all the members that a question has, the same each time."""
    origins = (None, "KG", "RU", "CN")
    for place, code in enumerate(codes):
        for turn, day in enumerate(days):
            mix = place * len(days) + turn
            asked: dict[str, Any] = {"code": code, "date": day}
            if mix % 3 == 0:
                asked["origin"] = origins[mix % 4]
            if mix % 4 == 1:
                asked["value_eur"] = ("4999.99", "10000.00")[mix % 2]
            if mix % 5 == 2:
                asked["transport"] = ("road", "sea")[mix % 2]
            if mix % 7 == 3:
                asked["sanitary_certificate"] = "true"
            if mix % 6 == 4:
                asked["compliance"] = "KG,RU"
            if mix % 8 == 5:
                asked["known_at"] = str(mix % (head + 1))
            yield {name: value for name, value in asked.items() if value is not None}


__all__ = ["FalseServer", "LiveServer", "append", "questions", "record", "small", "spread"]
