"""The calls of ``/api/v1/subscriptions``: what they take, what they answer, and to whom."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from litestar import Litestar
from litestar.di import Provide
from standardwebhooks import Webhook

from feeds.webhooks import tokens
from feeds.webhooks.api import route_handlers
from feeds.webhooks.authorise import subscriber_by_token
from feeds.webhooks.office import Webhooks
from register.database import open_database
from register.service import RegisterService
from register.web import PublicApp, problem_handler
from tests.feeds.webhooks.helpers import LOOPBACK, QUICK, Bench, Clock, Got, receiving, response, until
from tests.register.api.helpers import TERMS, assert_problem

pytestmark = pytest.mark.anyio

PUBLIC = "https://receiver.example/hook"
PATH = "/api/v1/subscriptions"


async def names(host: str, port: int) -> list[str]:
    found = {"receiver.example": "93.184.216.34", "other.example": "93.184.216.35", "inside.example": "10.0.0.1"}
    if host not in found:
        raise OSError("no such name")
    return [found[host]]


@dataclass
class Calls:
    """A client with a token, and what is behind the calls."""

    client: httpx.AsyncClient
    bench: Bench
    app: Litestar
    token: str

    async def ask(self, method: str, path: str = "", body: Any = None, token: str | None = None, **headers: str) -> Any:
        sent = {
            "Authorization": f"Bearer {token or self.token}",
            **{k.replace("_", "-"): v for k, v in headers.items()},
        }
        content = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        return await self.client.request(method, f"{PATH}{path}", content=content, headers=sent)

    async def make(self, url: str = PUBLIC, **more: Any) -> dict[str, Any]:
        answer = await self.ask("POST", body={"url": url, **more})
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made


@pytest.fixture
async def calls(anyio_backend: str, database_url: str, clock: Clock) -> AsyncIterator[Calls]:
    clock.at = datetime.now(UTC).replace(microsecond=0)  # the package of the specification compares with the real time
    service = RegisterService(open_database(database_url), TERMS, clock)
    webhooks = Webhooks(service, opened=LOOPBACK, pace=QUICK, resolve=names)

    @asynccontextmanager
    async def running(_: Litestar) -> AsyncIterator[None]:
        await service.start()
        webhooks.start()
        yield
        await webhooks.stop()
        await service.stop()

    app = PublicApp(
        route_handlers=route_handlers,
        dependencies={
            "service": Provide(lambda: service, sync_to_thread=False),
            "webhooks": Provide(lambda: webhooks, sync_to_thread=False),
            "subscriber": Provide(subscriber_by_token),
        },
        exception_handlers={Exception: problem_handler},
        logging_config=None,
        lifespan=[running],
    )
    async with (
        app.lifespan(),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://register.test") as client,
    ):
        token = await tokens.issue(service.database, "customs", "clerk@customs.example")
        yield Calls(client, Bench(service, clock), app, token)


async def test_made_shown_listed_changed_and_deleted(calls: Calls) -> None:
    await calls.bench.include()
    answer = await calls.ask(
        "POST", body={"url": PUBLIC, "filter": {"state": "KG", "code": "72 04"}, "description": "Таможня"}
    )
    assert answer.status_code == 201
    made = answer.json()
    assert answer.headers["location"].endswith(f"{PATH}/{made['id']}")
    assert made["secret"].startswith("whsec_")
    assert made["filter"] == {"state": ["KG"], "kind": [], "code": "7204", "type": [], "reason": []}
    assert (made["state"], made["cursor"], made["paused"], made["failing"]) == ("active", 1, None, None)
    shown = await calls.ask("GET", f"/{made['id']}")
    assert shown.json() == {name: value for name, value in made.items() if name != "secret"}
    assert shown.headers["etag"]
    assert shown.headers["cache-control"] == "private, no-store"
    listed = (await calls.ask("GET")).json()
    assert listed == {"items": [shown.json()], "total": 1, "complete": True}
    assert "whsec_" not in json.dumps(listed)

    changed = await calls.ask("PATCH", f"/{made['id']}", {"url": "https://other.example/", "filter": {}})
    assert changed.status_code == 200
    assert (changed.json()["url"], changed.json()["filter"]["state"]) == ("https://other.example/", [])
    assert changed.json()["description"] == "Таможня"
    cleared = await calls.ask("PATCH", f"/{made['id']}", {"description": None})
    assert cleared.json()["description"] is None
    paused = (await calls.ask("PATCH", f"/{made['id']}", {"state": "paused"})).json()
    assert (paused["state"], paused["paused"]["reason"]) == ("paused", "owner")
    assert (await calls.ask("PATCH", f"/{made['id']}", {"state": "active"})).json()["paused"] is None

    gone = await calls.ask("DELETE", f"/{made['id']}")
    assert (gone.status_code, gone.content) == (204, b"")
    assert_problem(await calls.ask("GET", f"/{made['id']}"), 404, "/id")
    assert_problem(await calls.ask("DELETE", f"/{made['id']}"), 404, "/id")


async def test_a_subscription_delivers_signed_messages_from_the_entry_asked(calls: Calls) -> None:
    for _ in range(3):
        await calls.bench.include()
    async with receiving() as one:
        made = await calls.make(one.url, from_seq=2)
        await until(lambda: len(one.got) == 2)
        await calls.bench.include()
        await until(lambda: len(one.got) == 3)
        assert one.seqs == [2, 3, 4]
        for got in one.got:
            assert Webhook(made["secret"]).verify(got.body, got.headers)["type"] == "measure.included"
        await until(lambda: True)
        replayed = await calls.ask("POST", f"/{made['id']}/replay", {"from_seq": 1})
        assert (replayed.status_code, replayed.json()["cursor"]) == (200, 0)
        await until(lambda: len(one.got) == 7)
        assert one.seqs[3:] == [1, 2, 3, 4]
        log = await _log(calls, made, 7)
    assert [line["seq"] for line in log["items"]] == [2, 3, 4, 1, 2, 3, 4]
    assert log["complete"] is True
    page = (await calls.ask("GET", f"/{made['id']}/deliveries?limit=3")).json()
    assert ([line["seq"] for line in page["items"]], page["complete"]) == ([2, 3, 4], False)
    rest = (await calls.ask("GET", f"/{made['id']}/deliveries?limit=4&after={page['next_after']}")).json()
    assert ([line["seq"] for line in rest["items"]], rest["complete"]) == ([1, 2, 3, 4], True)
    assert_problem(await calls.ask("GET", f"/{made['id']}/deliveries?limit=1001"), 422, "/limit")


async def _log(calls: Calls, made: dict[str, Any], count: int) -> Any:
    for _ in range(200):
        log = (await calls.ask("GET", f"/{made['id']}/deliveries")).json()
        if len(log["items"]) >= count:
            break
        await asyncio.sleep(0.05)
    return log


async def test_rotation_and_the_test_button(calls: Calls) -> None:
    async with receiving(lambda got: response(200, body="принято".encode())) as one:
        made = await calls.make(one.url)
        turned = (await calls.ask("POST", f"/{made['id']}/rotate", {"overlap_hours": 1})).json()
        assert turned["secret"] != made["secret"]
        assert turned["old_secret_until"]
        line = (await calls.ask("POST", f"/{made['id']}/test")).json()
        assert (line["status"], line["error"], line["seq"], line["excerpt"]) == (200, None, None, "принято")
        (got,) = one.got
        for secret in (made["secret"], turned["secret"]):
            message = Webhook(secret).verify(got.body, got.headers)
            assert message["type"] == "test"
            assert message["data"]["subscription"] == made["id"]
        assert got.headers["webhook-id"] == line["message"]
        at_once = (await calls.ask("POST", f"/{made['id']}/rotate", {"overlap_hours": 0})).json()
        assert at_once["old_secret_until"] is None
        await calls.ask("PATCH", f"/{made['id']}", {"state": "paused"})
        await calls.ask("POST", f"/{made['id']}/test", {})
        signed = one.got[1].headers["webhook-signature"]
        assert len(signed.split(" ")) == 1
        assert Webhook(at_once["secret"]).verify(one.got[1].body, one.got[1].headers)["type"] == "test"
    log = await _log(calls, made, 2)
    assert log["items"][0] == line
    assert (await calls.ask("GET", f"/{made['id']}")).json()["cursor"] == made["cursor"]


async def test_the_test_button_tells_how_it_failed(calls: Calls) -> None:
    made = await calls.make(PUBLIC)
    async with receiving(lambda got: response(302, "Location: https://other.example/")) as one:
        await calls.ask("PATCH", f"/{made['id']}", {"url": one.url})
        line = (await calls.ask("POST", f"/{made['id']}/test")).json()
    assert (line["status"], line["error"]) == (302, "redirect")


async def test_without_a_token_nothing_is_told(calls: Calls) -> None:
    made = await calls.make()
    every = [("POST", ""), ("GET", ""), *((method, f"/{made['id']}") for method in ("GET", "PATCH", "DELETE"))]
    every += [("POST", f"/{made['id']}/{name}") for name in ("rotate", "replay", "test")]
    every += [("GET", f"/{made['id']}/deliveries")]
    for method, path in every:
        answer = await calls.client.request(method, f"{PATH}{path}", content=b"{}")
        assert_problem(answer, 401, "/Authorization")
        assert answer.headers["www-authenticate"] == 'Bearer realm="register"'
        wrong = await calls.ask(method, path, b"{}", token="reg_" + "x" * 43)
        assert_problem(wrong, 401, "/Authorization")
        assert 'error="invalid_token"' in wrong.headers["www-authenticate"]


async def test_a_token_without_the_scope_is_refused(calls: Calls, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "SCOPES", frozenset(("subscriptions", "drafts")))
    other = await tokens.issue(calls.bench.db, "writer", "w@x.example", ["drafts"])
    answer = await calls.ask("GET", token=other)
    assert_problem(answer, 403, "/Authorization")
    assert "insufficient_scope" in answer.headers["www-authenticate"]


async def test_what_belongs_to_another_is_not_there(calls: Calls) -> None:
    made = await calls.make()
    db = calls.bench.db
    other = await tokens.issue(db, "other", "other@x.example")
    renewed = await tokens.issue(db, "customs", "clerk@customs.example")
    for method, path, body in (
        ("GET", "", None),
        ("PATCH", "", {"state": "paused"}),
        ("DELETE", "", None),
        ("POST", "/rotate", None),
        ("POST", "/replay", {"from_seq": 1}),
        ("POST", "/test", None),
        ("GET", "/deliveries", None),
    ):
        assert_problem(await calls.ask(method, f"/{made['id']}{path}", body, token=other), 404, "/id")
        assert_problem(await calls.ask(method, f"/sub_{'0' * 24}{path}", body), 404, "/id")
    assert (await calls.ask("GET", token=other)).json()["items"] == []
    assert [one["id"] for one in (await calls.ask("GET", token=renewed)).json()["items"]] == [made["id"]]


WRONG: list[tuple[Any, str]] = [
    ({}, "/url"),
    ({"url": 5}, "/url"),
    ({"url": ""}, "/url"),
    ({"url": "receiver.example"}, "/url"),
    ({"url": "http://receiver.example/"}, "/url"),
    ({"url": "https://inside.example/"}, "/url"),
    ({"url": "https://unknown.example/"}, "/url"),
    ({"url": "https://10.0.0.1/"}, "/url"),
    ({"url": "https://[::ffff:127.0.0.1]/"}, "/url"),
    ({"url": "https://2130706433/"}, "/url"),
    ({"url": "https://u:p@receiver.example/"}, "/url"),
    ({"url": PUBLIC, "secret": "mine"}, "/secret"),
    ({"url": PUBLIC, "filter": {"state": ["XX"]}}, "/filter/state/0"),
    ({"url": PUBLIC, "filter": {"code": "1"}}, "/filter/code"),
    ({"url": PUBLIC, "filter": {"type": "measure.unknown"}}, "/filter/type/0"),
    ({"url": PUBLIC, "filter": {"colour": "red"}}, "/filter/colour"),
    ({"url": PUBLIC, "filter": []}, "/filter"),
    ({"url": PUBLIC, "from_seq": 0}, "/from_seq"),
    ({"url": PUBLIC, "from_seq": 3}, "/from_seq"),
    ({"url": PUBLIC, "from_seq": "1"}, "/from_seq"),
    ({"url": PUBLIC, "from_seq": True}, "/from_seq"),
    ({"url": PUBLIC, "from_seq": 10**30}, "/from_seq"),
    ({"url": PUBLIC, "description": "a\x00b"}, "/description"),
    ({"url": PUBLIC, "description": "x" * 501}, "/description"),
    ([], ""),
    (None, "/url"),
]


async def test_what_is_wrong_with_a_new_subscription_is_said_where_it_is(calls: Calls) -> None:
    await calls.bench.include()
    for body, pointer in WRONG:
        assert_problem(await calls.ask("POST", body=body), 422, pointer)
    assert (await calls.ask("GET")).json()["total"] == 0


async def test_other_bad_requests(calls: Calls) -> None:
    made = await calls.make()
    one = f"/{made['id']}"
    for content in (b"{", b"\xff", b'{"url": "\\ud800"}', b"[" * 100_00):
        assert_problem(await calls.ask("POST", body=content), 400)
    assert_problem(await calls.ask("POST", body=b" " * 70_000), 413)
    assert_problem(await calls.ask("PATCH", one, {"state": "asleep"}), 422, "/state")
    assert_problem(await calls.ask("PATCH", one, {"url": "https://inside.example/"}), 422, "/url")
    assert_problem(await calls.ask("POST", f"{one}/rotate", {"overlap_hours": 169}), 422, "/overlap_hours")
    assert_problem(await calls.ask("POST", f"{one}/rotate", {"overlap_hours": -1}), 422, "/overlap_hours")
    assert_problem(await calls.ask("POST", f"{one}/replay", {}), 422, "/from_seq")
    assert_problem(await calls.ask("POST", f"{one}/replay", {"from_seq": 2}), 422, "/from_seq")
    assert_problem(await calls.ask("POST", f"{one}/test", {"a": 1}), 422, "/a")
    assert_problem(await calls.ask("POST", "?dry=1", {"url": PUBLIC}), 422, "/dry")
    assert_problem(await calls.ask("GET", "?limit=1"), 422, "/limit")
    assert_problem(await calls.ask("PUT", one, {}), 405)
    assert (await calls.ask("GET", one)).json()["url"] == PUBLIC


async def test_one_owner_has_so_many_subscriptions_and_no_more(calls: Calls, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("feeds.webhooks.store.MAX_PER_OWNER", 2)
    await calls.make()
    await calls.make()
    assert "2" in assert_problem(await calls.ask("POST", body={"url": PUBLIC}), 422)["detail"]


async def test_a_repeated_request_is_done_once_and_answered_alike(calls: Calls) -> None:
    body = {"url": PUBLIC}
    first = await calls.ask("POST", body=body, Idempotency_Key="k 1")
    again = await calls.ask("POST", body=body, Idempotency_Key="k 1")
    assert (first.status_code, first.content) == (again.status_code, again.content)
    assert again.headers["location"] == first.headers["location"]
    assert (await calls.ask("GET")).json()["total"] == 1
    assert_problem(
        await calls.ask("POST", body={"url": "https://other.example/"}, Idempotency_Key="k 1"), 422, "/Idempotency-Key"
    )
    one = f"/{first.json()['id']}"
    turned = [await calls.ask("POST", f"{one}/rotate", {}, Idempotency_Key="k2") for _ in range(2)]
    assert turned[0].json()["secret"] == turned[1].json()["secret"]
    assert_problem(await calls.ask("POST", f"{one}/replay", {"from_seq": 1}, Idempotency_Key="k2"), 422)
    assert_problem(await calls.ask("POST", body=body, Idempotency_Key="x" * 201), 422, "/Idempotency-Key")
    other = await tokens.issue(calls.bench.db, "other", "other@x.example")
    assert (await calls.ask("POST", body=body, token=other, Idempotency_Key="k 1")).content != first.content
    calls.bench.clock.forward(hours=25)  # type: ignore[attr-defined]
    assert (await calls.ask("POST", body=body, Idempotency_Key="k 1")).json()["id"] != first.json()["id"]


async def test_ten_requests_at_once_under_one_key_make_one_subscription(calls: Calls) -> None:
    answers = await asyncio.gather(
        *(calls.ask("POST", body={"url": PUBLIC}, Idempotency_Key="same") for _ in range(10))
    )
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert (await calls.ask("GET")).json()["total"] == 1


async def test_a_refused_request_leaves_its_key_free(calls: Calls) -> None:
    assert_problem(await calls.ask("POST", body={"url": "https://inside.example/"}, Idempotency_Key="k"), 422, "/url")
    assert (await calls.ask("POST", body={"url": PUBLIC}, Idempotency_Key="k")).status_code == 201


async def test_a_test_under_one_key_is_sent_once(calls: Calls) -> None:
    go_on = asyncio.Event()

    async def slow(got: Got) -> bytes:
        await go_on.wait()
        return response(204)

    async with receiving(slow) as one:
        made = await calls.make(one.url)
        path = f"/{made['id']}/test"
        first = asyncio.create_task(calls.ask("POST", path, Idempotency_Key="t"))
        await until(lambda: len(one.got) == 1)
        under_way = await calls.ask("POST", path, Idempotency_Key="t")
        assert_problem(under_way, 409, "/Idempotency-Key")
        assert under_way.headers["retry-after"]
        go_on.set()
        answer = await first
        again = await calls.ask("POST", path, Idempotency_Key="t")
        assert again.content == answer.content
        assert len(one.got) == 1
        await calls.ask("POST", path, Idempotency_Key="u")
        assert len(one.got) == 2


async def test_every_call_is_described(calls: Calls) -> None:
    document = calls.app.openapi_schema.to_schema()
    found = {
        (method.upper(), path): operation
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
        if path.startswith(PATH)
    }
    assert len(found) == 9
    for (method, path), operation in found.items():
        assert operation["summary"], path
        assert operation["description"], path
        assert operation["security"] == [{"bearer": []}]
        assert {"401", "403", "422"} <= operation["responses"].keys()
        headers = [one["name"] for one in operation.get("parameters", []) if one["in"] == "header"]
        assert headers == (["Idempotency-Key"] if method == "POST" else [])
        if "{id}" in path:
            assert "404" in operation["responses"]
    body = found["POST", PATH]["requestBody"]["content"]["application/json"]["schema"]
    assert body["required"] == ["url"]
    assert body["properties"].keys() == {"url", "filter", "from_seq", "description"}
