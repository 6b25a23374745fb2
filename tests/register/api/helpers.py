"""A small Register to ask, and the one check of the shape of an error."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import httpx
from jsonschema import Draft202012Validator
from litestar import Litestar
from litestar.di import Provide

import consultations.api
import register.api
from feeds.api import feed_shortcuts
from register import journal, publication
from register.api.openapi import openapi_config
from register.api.proof import proof_shortcut
from register.entries import Entry, EntryType, header
from register.measures import Act, Notified
from register.service import RegisterService, Terms
from register.web import PROBLEM, PublicApp, problem_handler
from tests.register.synthetic import record

NOW = datetime(2026, 9, 10, 9, 0, tzinfo=UTC)
TODAY = date(2026, 9, 10)
TERMS = Terms(ZoneInfo("Europe/Moscow"), None, "https://register.example", False)


def clock() -> datetime:
    return NOW


def application(
    service: RegisterService, handlers: Sequence[Any] = (), shortcuts: bool = True, **more: Any
) -> PublicApp:
    """The reading calls as an application of their own; without ``shortcuts`` the handlers alone answer."""
    return PublicApp(
        route_handlers=[*register.api.route_handlers, *consultations.api.route_handlers, *handlers],
        dependencies={"service": Provide(lambda: service, sync_to_thread=False, use_cache=True)},
        exception_handlers={Exception: problem_handler},
        openapi_config=openapi_config(TERMS.base_url),
        logging_config=None,
        shortcuts={"/api/v1/proof": proof_shortcut(service), **feed_shortcuts(service)} if shortcuts else None,
        **more,
    )


def client_of(app: Any) -> httpx.AsyncClient:
    """A client of the application, which asks for no compression unless told to."""
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app, raise_app_exceptions=False),
        base_url="http://register.test",
        headers={"Accept-Encoding": "identity"},
    )


def notified(state: str, *codes: str, **more: Any) -> Notified:
    """A measure as notified; a star before a code makes it partial."""
    return Notified.model_validate(
        {
            "state": state,
            "kind": "export_prohibition",
            "title": {"ru": "Временный запрет на вывоз лома чёрных металлов", "en": "Prohibition of scrap exports"},
            "acts": [{"role": "introduces", "number": "587", "date": "2026-07-27", "issuer": "Кабинет Министров"}],
            "goods": [{"code_from": code.lstrip("*"), "partial": code.startswith("*")} for code in codes],
            "effective_from": "2026-08-08",
            "effective_to": "2027-01-08",
            "included_on": "2026-08-01",
            **more,
        }
    )


def still_records() -> list[dict[str, Any]]:
    """Six public records of five measures, of which the first is given twice."""
    until = {"effective_from": "2026-08-08", "effective_to": "2027-01-08"}
    return [
        record("KG-2026-001", "7204", **until),
        record("AM-2026-001", "2515110000", **until),
        record("RU-2026-001", "720410", kind="export_duty"),
        record("KZ-2026-001", "4403", effective_from="2026-10-01", included_on="2026-09-01"),
        record("KG-2026-002", "1001", effective_from="2026-09-01", included_on="2026-09-05"),
        record("KG-2026-001", "7204", **{**until, "effective_to": "2027-07-08"}),
    ]


@dataclass
class Api:
    """The client, the Register behind it, and commands to enter something."""

    client: httpx.AsyncClient
    service: RegisterService
    app: Litestar

    async def get(self, path: str, **headers: str) -> httpx.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.client.get(f"/api/v1{path}", headers=named)

    async def include(self, measure: Notified) -> str:
        done = await publication.include(self.service.database, measure, on=TODAY, clock=clock)
        await self.service.catch_up()
        return done.id

    async def fill(self) -> None:
        db = self.service.database
        await self.include(notified("KG", "7204", "*7602"))
        await self.include(notified("AM", "2515110000", title={"ru": "Запрет вывоза мрамора", "en": "Marble"}))
        await self.include(notified("RU", "720410", kind="export_duty", effective_to=None))
        await self.include(notified("KZ", "4403", effective_from="2026-10-01", included_on="2026-09-01"))
        await self.include(notified("KG", "1001", effective_from="2026-09-01", included_on="2026-09-05"))
        until = notified("KG", "7204", "*7602", effective_to="2027-07-08")
        act = Act(role="extends", number="601", date=date(2026, 9, 8))
        content = until.model_copy(update={"acts": [*until.acts, act]})
        await publication.extend(db, "KG-2026-001", 1, content, on=TODAY, clock=clock)
        await self.service.catch_up()

    async def append(self, type_: EntryType, subject: str, after: dict[str, Any]) -> int:
        """An entry as it stands, past the commands: for kinds that others write."""
        db = self.service.database

        def make(seq: int, at: datetime) -> journal.PreparedEntry:
            text = {"ru": "Запись", "en": "Entry"}
            entry = Entry(seq, at, type_, subject, "legal_change", text, None, after, [], "P24")
            body = entry.body()
            return journal.PreparedEntry(type_, subject, "legal_change", header(seq, at, type_, subject, body), body)

        async with db.transaction():
            stored = await journal.append(db, make)
        await self.service.catch_up()
        return stored.seq


def wrong_examples(document: dict[str, Any]) -> list[str]:
    """Where an example of an OpenAPI document does not fit the schema that it stands beside."""
    wrong, seen, components = [], 0, strict(document["components"])
    for path, method, part, content in _with_examples(document):
        schema = {**content["schema"], "components": components}
        for name, example in content.get("examples", {}).items():
            seen += 1
            errors = Draft202012Validator(schema).iter_errors(example["value"])
            wrong += [f"{method} {path} {part} {name}: {list(error.path)} {error.message}" for error in errors]
    assert seen > 20
    return wrong


def _with_examples(document: dict[str, Any]) -> Iterator[tuple[str, str, str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            for parameter in operation.get("parameters", ()):
                yield path, method, parameter["name"], parameter
            parts = {"body": operation.get("requestBody", {}), **operation["responses"]}
            for part, described in parts.items():
                for content in described.get("content", {}).values():
                    yield path, method, part, content


def strict(schema: Any) -> Any:
    """A schema in which a field that it does not name is wrong."""
    if isinstance(schema, list):
        return [strict(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {name: strict(value) for name, value in schema.items()}
    if isinstance(closed.get("properties"), dict):
        closed.setdefault("additionalProperties", False)
    return closed


def assert_problem(response: httpx.Response, status: int, *pointers: str) -> dict[str, Any]:
    """The response is an error of the one shape, with a reason in both languages at each pointer; gives it back."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == PROBLEM
    problem: dict[str, Any] = response.json()
    assert problem.keys() >= {"type", "title", "status", "detail", "instance", "errors"}
    assert problem["status"] == status
    assert problem["title"]
    assert problem["detail"]
    assert problem["instance"]
    assert problem["errors"]
    for error in problem["errors"]:
        assert error["rule"]
        assert error["text"]["ru"]
        assert error["text"]["en"]
        assert error["pointer"] == "" or error["pointer"].startswith("/")
    found = [error["pointer"] for error in problem["errors"]]
    assert set(pointers) <= set(found), found
    return problem


async def assert_same_answers(one: httpx.AsyncClient, other: httpx.AsyncClient, address: str) -> None:
    """Both give the same status, headers and body: plain, compressed, to one who has it, without the body."""
    tag = (await one.get(address)).headers.get("etag", "")
    for headers in ({}, {"Accept-Encoding": "gzip"}, {"If-None-Match": "*"}, {"If-None-Match": tag}):
        for method in ("GET", "HEAD"):
            first = await one.request(method, address, headers=headers)
            second = await other.request(method, address, headers=headers)
            assert (first.status_code, first.content) == (second.status_code, second.content)
            assert dict(first.headers) == dict(second.headers)
