"""ETags, compression, HEAD, CORS and the one shape of errors: for every GET there is."""

import gzip
from typing import Any

import httpx
import pytest
import zstandard
from litestar import Request, Response, get, post
from litestar.datastructures import State
from litestar.exceptions import NotAuthorizedException, PermissionDeniedException
from litestar.params import FromQuery

from register.database import DatabaseUnavailable, open_database
from register.findings import Finding, Findings, Refused
from register.service import RegisterService
from register.web import (
    IMMUTABLE,
    Problem,
    chosen_encoding,
    finding,
    ready,
)
from tests.register.api.helpers import TERMS, application, assert_problem, client_of, clock, still_records
from tests.register.synthetic import append

pytestmark = pytest.mark.anyio

CALLS = (
    "/api/v1/measures",
    "/api/v1/measures?code=7204&limit=1",
    "/api/v1/measures/KG-2026-001",
    "/api/v1/measures/KG-2026-001/history",
    "/api/v1/measures/KG-2026-001/versions/1..2",
    "/api/v1/proof?code=7204&date=2026-09-10",
    "/api/v1/changes",
    "/api/v1/changes/2",
    "/api/v1/changes/2/proof",
    "/api/v1/changes/2/proof?size=3",
    "/api/v1/snapshot",
    "/api/v1/snapshot?known_at=2",
    "/api/v1/codes/7204",
    "/api/v1/consultations",
    "/api",
    "/api/openapi.json",
    "/api/assets/swagger-ui.css",
    "/api/assets/swagger-ui-bundle.js",
    "/api/assets/favicon-32x32.png",
    "/api/assets/start.js",
)


@get("/crash", sync_to_thread=False)
def crash() -> str:
    raise RuntimeError("the password is hunter2")


@get("/unreachable", sync_to_thread=False)
def unreachable() -> str:
    raise DatabaseUnavailable("no route to 10.0.0.7")


@get("/login", sync_to_thread=False)
def login() -> str:
    raise NotAuthorizedException("no token")


@get("/forbidden", sync_to_thread=False)
def forbidden() -> str:
    raise PermissionDeniedException("not yours")


@get("/typed", sync_to_thread=False)
def typed(number: FromQuery[int]) -> int:
    return number


@get("/ruled", sync_to_thread=False)
def ruled() -> str:
    found = Finding("/goods/0/code_from", "H1", {"ru": "Плохой код", "en": "A bad code"})
    raise Refused(Findings((found,)))


@get("/teapot", sync_to_thread=False)
def teapot() -> str:
    raise Problem(
        418, "Teapot", "short", [finding("/pot", "Чайник", "Teapot")], "urn:x:teapot", {"X-Pot": "1"}, {"n": 1}
    )


@post("/write")
async def write() -> str:
    return "done"


@get("/feeds/file", sync_to_thread=False)
def file(request: Request[Any, Any, State]) -> Response[bytes]:
    return ready(request, b"<feed/>" * 400, "application/atom+xml", seq=7, cache=IMMUTABLE, headers={"Link": "<x>"})


EXTRA = (crash, unreachable, login, forbidden, typed, ruled, teapot, write, file)


@pytest.fixture
def still_client(tmp_path: Any) -> httpx.AsyncClient:
    service = RegisterService(open_database(str(tmp_path / "never-opened.db")), TERMS, clock)
    append(service.register, still_records())
    app = application(service, EXTRA)
    return client_of(app)


@pytest.mark.parametrize("path", CALLS)
async def test_every_get(still_client: httpx.AsyncClient, path: str) -> None:
    async with still_client as client:
        full = await client.get(path)
        assert full.status_code == 200, full.text
        tag = full.headers["etag"]
        assert tag.startswith('"')
        assert tag.endswith('"')
        assert full.headers["cache-control"]
        assert full.headers["vary"] == "Accept-Encoding"
        assert full.headers["content-length"] == str(len(full.content))
        assert full.headers["access-control-allow-origin"] == "*"
        assert "ETag" in full.headers["access-control-expose-headers"]
        assert "content-encoding" not in full.headers

        head = await client.head(path)
        assert (head.status_code, head.content) == (200, b"")
        assert dict(head.headers) == dict(full.headers)

        for known in (tag, f"W/{tag}", f'"other", {tag}', "*"):
            same = await client.get(path, headers={"If-None-Match": known})
            assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", tag)
            assert same.headers["cache-control"] == full.headers["cache-control"]
        assert (await client.get(path, headers={"If-None-Match": '"other"'})).status_code == 200

        tags = {tag}
        for encoding, decode in (("gzip", gzip.decompress), ("zstd", zstandard.ZstdDecompressor().decompress)):
            async with client.stream("GET", path, headers={"Accept-Encoding": encoding}) as packed:
                raw = b"".join([piece async for piece in packed.aiter_raw()])
            if len(full.content) > 1024:
                assert packed.headers["content-encoding"] == encoding
                assert decode(raw) == full.content
                assert packed.headers["etag"] not in tags
                tags.add(packed.headers["etag"])
                again = {"Accept-Encoding": encoding, "If-None-Match": packed.headers["etag"]}
                assert (await client.get(path, headers=again)).status_code == 304
                assert (await client.get(path, headers={**again, "If-None-Match": tag})).status_code == 200
            else:
                assert raw == full.content
                assert packed.headers["etag"] == tag

        preflight = {"Origin": "https://a.example", "Access-Control-Request-Method": "GET"}
        allowed = await client.options(path, headers=preflight)
        assert (allowed.status_code, allowed.headers["access-control-allow-origin"]) == (204, "*")
        assert "GET" in allowed.headers["access-control-allow-methods"]
        assert "If-None-Match" in allowed.headers["access-control-allow-headers"]


async def test_a_known_answer_is_not_built_again(still_client: httpx.AsyncClient, monkeypatch: Any) -> None:
    async with still_client as client:
        tag = (await client.get("/api/v1/measures")).headers["etag"]
        monkeypatch.setattr("register.api.measures._page", None)
        assert (await client.get("/api/v1/measures", headers={"If-None-Match": tag})).status_code == 304
        assert_problem(await client.get("/api/v1/measures?limit=3"), 500)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/nowhere", 404), ("GET", "/api/nowhere", 404), ("GET", "/api/v1/nowhere", 404),
     ("GET", "/api/assets/x", 404),
     ("GET", "/api/v1/measures/", 200), ("POST", "/api/v1/measures", 405), ("DELETE", "/api/v1/proof", 405),
     ("GET", "/write", 405), ("GET", "/login", 401), ("GET", "/forbidden", 403), ("GET", "/typed?number=x", 422),
     ("GET", "/typed", 422), ("GET", "/ruled", 422), ("GET", "/crash", 500), ("GET", "/unreachable", 503),
     ("GET", "/teapot", 418), ("PUT", "/api/v1/changes/1", 405)],
)  # fmt: skip
async def test_every_error_has_one_shape(still_client: httpx.AsyncClient, method: str, path: str, status: int) -> None:
    async with still_client as client:
        response = await client.request(method, path)
        if status == 200:
            assert response.status_code == 200
        else:
            assert_problem(response, status)
            assert response.headers["cache-control"] == "no-store"


async def test_what_some_errors_add(still_client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture) -> None:
    async with still_client as client:
        assert set((await client.post("/api/v1/measures")).headers["allow"].split(", ")) >= {"GET", "HEAD"}
        assert set((await client.get("/write")).headers["allow"].split(", ")) >= {"POST"}
        assert (await client.get("/unreachable")).headers["retry-after"]
        assert "10.0.0.7" not in (await client.get("/unreachable")).text
        tea = await client.get("/teapot")
        assert (tea.json()["n"], tea.json()["type"], tea.headers["x-pot"]) == (1, "urn:x:teapot", "1")
        assert_problem(await client.get("/typed?number=x"), 422, "/number")
        assert (await client.get("/ruled")).json()["errors"][0]["rule"] == "H1"
        assert (await client.head("/api/v1/nowhere")).content == b""


async def test_a_fault_of_ours_is_logged_under_its_reference(
    still_client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    async with still_client as client:
        response = await client.get("/crash")
    problem = assert_problem(response, 500)
    assert "hunter2" not in response.text
    assert problem["instance"].startswith("urn:uuid:")
    assert problem["instance"] in caplog.text
    assert "hunter2" in caplog.text


async def test_cors_is_open_for_reading_alone(still_client: httpx.AsyncClient) -> None:
    async with still_client as client:
        assert (await client.get("/api/v1/nowhere")).headers["access-control-allow-origin"] == "*"
        assert (await client.get("/feeds/file")).headers["access-control-allow-origin"] == "*"
        for other in ("/teapot", "/login"):  # /login is not below /log
            assert "access-control-allow-origin" not in (await client.get(other)).headers
        for method, path in (("POST", "/api/v1/measures"), ("DELETE", "/api/v1/proof"), ("PUT", "/feeds/file")):
            wrong = await client.request(method, path)
            assert (wrong.status_code, wrong.headers["access-control-allow-origin"]) == (405, "*")
        for method, path in (("POST", "/api/v1/nowhere"), ("POST", "/api/v1/write")):
            assert "access-control-allow-origin" not in (await client.request(method, path)).headers
        asked = {"Origin": "https://a.example", "Access-Control-Request-Method": "POST"}
        assert "POST" in (await client.options("/api/v1/proof", headers=asked)).headers["access-control-allow-methods"]
        refused = await client.options("/api/v1/measures", headers=asked)
        assert "POST" not in refused.headers["access-control-allow-methods"]
        answered = await client.post("/api/v1/proof", json={"questions": []})
        assert answered.headers["access-control-allow-origin"] == "*"


async def test_ready_sends_what_it_is_given(still_client: httpx.AsyncClient) -> None:
    async with still_client as client:
        response = await client.get("/feeds/file")
    assert response.content == b"<feed/>" * 400
    assert response.headers["content-type"] == "application/atom+xml"
    assert response.headers["link"] == "<x>"
    assert response.headers["cache-control"] == IMMUTABLE
    assert response.headers["etag"].startswith('"7-')


async def test_head_leaves_the_scope_of_the_server_as_it_is(still_client: httpx.AsyncClient) -> None:
    """A server that finds a GET in its scope waits for the body that the headers announce, and drops the connection."""
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    async with still_client as client:
        app: Any = client._transport.app  # type: ignore[attr-defined]
        request = client.build_request("HEAD", "/api/v1/measures")
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "HEAD", "scheme": "http",
            "path": "/api/v1/measures", "raw_path": b"/api/v1/measures", "query_string": b"", "root_path": "",
            "headers": request.headers.raw, "server": ("test", 80), "client": ("test", 1),
        }  # fmt: skip
        await app(scope, receive, send)
    assert scope["method"] == "HEAD"
    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]
    assert sent[1]["body"] == b""


@pytest.mark.parametrize(
    ("accepted", "chosen"),
    [("", ""), ("identity", ""), ("gzip", "gzip"), ("gzip, zstd", "zstd"), ("zstd;q=0.5, gzip", "gzip"), ("*", "zstd"),
     ("gzip;q=0", ""), ("zstd;q=0, *", "gzip"), ("br", ""), ("gzip;q=x", "gzip"), ("gzip;q=0.0.1", ""),
     ("GZIP", "gzip")],
)  # fmt: skip
async def test_the_encoding_chosen(accepted: str, chosen: str) -> None:
    assert chosen_encoding(accepted) == chosen
