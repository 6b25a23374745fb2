"""Changes: after a number, filtered, held, one by one, with proofs, and as a stream."""

from __future__ import annotations

import asyncio
import base64
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from register import merkle
from register.api import filters, stream
from register.entries import ENTRY_TYPES, check_body
from tests.register.api.helpers import Api, assert_problem, notified

pytestmark = pytest.mark.anyio


async def seqs(api: Api, query: str) -> list[int]:
    response = await api.get(f"/changes?{query}")
    assert response.status_code == 200, response.text
    return [item["seq"] for item in response.json()["items"]]


async def test_pages_lead_to_the_head(filled: Api) -> None:
    page = (await filled.get("/changes?limit=4")).json()
    assert ([item["seq"] for item in page["items"]], page["after"], page["next_after"], page["head"]) == (
        [1, 2, 3, 4], 0, 4, 6,
    )  # fmt: skip
    page = (await filled.get("/changes?limit=4&after=4")).json()
    assert ([item["seq"] for item in page["items"]], page["after"], page["next_after"]) == ([5, 6], 4, 6)
    page = (await filled.get("/changes?after=6")).json()
    assert (page["items"], page["next_after"], page["head"]) == ([], 6, 6)


async def test_filters(filled: Api) -> None:
    assert await seqs(filled, "type=measure.extended") == [6]
    assert await seqs(filled, "state=AM,RU") == [2, 3]
    assert await seqs(filled, "code=7204100000") == [1, 3, 6]
    assert await seqs(filled, "code=76&state=KG&type=measure.included") == [1]
    assert await seqs(filled, "reason=correction") == []
    page = (await filled.get("/changes?state=AM&limit=1")).json()
    assert page["next_after"] == 2
    page = (await filled.get("/changes?state=AM&after=2")).json()
    assert (page["items"], page["next_after"]) == ([], 6)


async def test_goods_of_a_consultation_count_for_a_code(filled: Api) -> None:
    after = {"id": "C-2026-001", "state": "KZ", "goods": [{"line": 1, "code_from": "4401"}]}
    seq = await filled.append("consultation.initiated", "C-2026-001", after)
    assert await seqs(filled, "code=44&type=consultation.initiated") == [seq]
    assert await seqs(filled, "code=45&type=consultation.initiated") == []


async def test_a_narrow_filter_does_not_stand_still(filled: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filters, "SCAN_AT_MOST", 2)
    page = (await filled.get("/changes?type=measure.extended")).json()
    assert (page["items"], page["next_after"], page["head"]) == ([], 2, 6)
    after, found = 0, []
    while after < 6:
        page = (await filled.get(f"/changes?type=measure.extended&after={after}")).json()
        after = page["next_after"]
        found += [item["seq"] for item in page["items"]]
    assert found == [6]


async def test_beyond_the_head(filled: Api) -> None:
    assert assert_problem(await filled.get("/changes?after=7"), 416, "/after")["head"] == 6
    assert assert_problem(await filled.get("/changes?after=7&wait=5"), 416, "/after")["head"] == 6
    assert assert_problem(await filled.get("/changes/stream?after=7"), 416, "/after")["head"] == 6
    problem = assert_problem(await filled.get("/changes/stream", Last_Event_ID="9"), 416, "/Last-Event-ID")
    assert problem["head"] == 6


@pytest.mark.parametrize(
    ("path", "pointer"),
    [("/changes?after=-1", "/after"), ("/changes?after=x", "/after"), ("/changes?wait=61", "/wait"),
     ("/changes?limit=1001", "/limit"), ("/changes?type=x", "/type"), ("/changes?reason=x", "/reason"),
     ("/changes?kind=x", "/kind"), ("/changes/stream?limit=1", "/limit"), ("/changes/0", "/seq"),
     ("/changes/one", "/seq"), ("/changes/1/proof?size=0", "/size"), ("/changes/3/proof?size=2", "/size"),
     ("/changes/1/proof?size=7", "/size"), ("/changes/1?a=1", "/a"), ("/snapshot?known_at=7", "/known_at"),
     ("/codes/720", "/code"), ("/codes/7204?a=1", "/a")],
)  # fmt: skip
async def test_what_is_refused_is_named(still: Api, path: str, pointer: str) -> None:
    assert_problem(await still.get(path), 422, pointer)


async def test_a_bad_last_event_id(still: Api) -> None:
    assert_problem(await still.get("/changes/stream", Last_Event_ID="six"), 422, "/Last-Event-ID")


async def test_waiting_ends_with_what_passes(filled: Api) -> None:
    async def write() -> None:
        await asyncio.sleep(0.05)
        await filled.include(notified("BY", "0101"))
        await asyncio.sleep(0.05)
        await filled.include(notified("AM", "0102"))

    waiting, _ = await asyncio.gather(filled.get("/changes?after=6&state=AM&wait=30"), write())
    page = waiting.json()
    assert ([item["seq"] for item in page["items"]], page["next_after"], page["head"]) == ([8], 8, 8)


async def test_waiting_ends_with_the_time(filled: Api) -> None:
    page = (await filled.get("/changes?after=6&wait=1")).json()
    assert (page["items"], page["next_after"], page["head"]) == ([], 6, 6)


async def test_one_entry_is_its_canonical_bytes(filled: Api) -> None:
    response = await filled.get("/changes/3")
    assert response.content == filled.service.register.body(3)
    assert "immutable" in response.headers["cache-control"]
    check_body(filled.service.register.header(3), response.content, 3)
    assert_problem(await filled.get("/changes/7"), 404, "/seq")


@pytest.mark.parametrize("size", [None, 3, 5])
async def test_the_proof_holds(filled: Api, size: int | None) -> None:
    response = await filled.get("/changes/3/proof" + (f"?size={size}" if size else ""))
    proof = response.json()
    assert (proof["seq"], proof["leaf_index"], proof["tree_size"]) == (3, 2, size or 6)
    leaf = merkle.leaf_hash(proof["header"].encode())
    assert base64.b64decode(proof["leaf_hash"]) == leaf
    hashes = [base64.b64decode(node) for node in proof["hashes"]]
    merkle.verify_inclusion(2, proof["tree_size"], leaf, hashes, base64.b64decode(proof["root"]))
    assert proof["root"] == filled.service.register.checkpoint(size)
    assert_problem(await filled.get("/changes/7/proof"), 404, "/seq")


class Reader:
    """A reader of the stream over bare ASGI: httpx would wait for the end of it."""

    def __init__(self) -> None:
        self.pieces: asyncio.Queue[bytes] = asyncio.Queue()
        self.gone = asyncio.Event()
        self.status = 0
        self.headers: dict[str, str] = {}

    async def receive(self) -> dict[str, Any]:
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {name.decode(): value.decode() for name, value in message["headers"]}
        elif message["body"]:
            await self.pieces.put(message["body"])

    async def events(self, count: int) -> list[tuple[int, str, dict[str, Any]]]:
        """The next ``count`` events; comments are passed over."""
        found: list[tuple[int, str, dict[str, Any]]] = []
        async with asyncio.timeout(30):
            while len(found) < count:
                for block in (await self.pieces.get()).decode().split("\n\n"):
                    fields = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
                    if "data" in fields:
                        found.append((int(fields["id"]), fields["event"], json.loads(fields["data"])))
        assert len(found) == count
        return found


@asynccontextmanager
async def streaming(api: Api, query: str = "", method: str = "GET", **headers: str) -> AsyncIterator[Reader]:
    reader = Reader()
    scope: Any = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http",
        "path": "/api/v1/changes/stream", "raw_path": b"/api/v1/changes/stream", "root_path": "",
        "query_string": query.encode(), "server": ("test", 80), "client": ("test", 1),
        "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()],
    }  # fmt: skip
    receive: Any = reader.receive
    task = asyncio.create_task(api.app(scope, receive, reader.send))
    try:
        yield reader
    finally:
        reader.gone.set()
        async with asyncio.timeout(5):
            await task


async def test_the_stream_begins_where_asked(filled: Api) -> None:
    async with streaming(filled, "after=4") as reader:
        assert [(seq, type_) for seq, type_, _ in await reader.events(2)] == [
            (5, "measure.included"),
            (6, "measure.extended"),
        ]
        assert (reader.status, reader.headers["content-type"]) == (200, "text/event-stream; charset=utf-8")
        assert reader.headers["access-control-allow-origin"] == "*"
    async with streaming(filled, "after=1", **{"last-event-id": "5"}) as reader:
        [(seq, _, entry)] = await reader.events(1)
        assert (seq, entry) == (6, filled.service.register.entry(6))


async def test_how_a_browser_listens_is_described(still: Api) -> None:
    """An ``EventSource`` gives named events to listeners of the name alone, so every name has to be said."""
    paths = (await still.client.get("/api/openapi.json")).json()["paths"]
    described = paths["/api/v1/changes/stream"]["get"]["description"]
    assert "addEventListener" in described
    assert "onmessage" in described
    assert set(re.findall(r'"([a-z]+\.[a-z_]+)"', described)) == set(ENTRY_TYPES)


async def test_the_stream_begins_with_what_comes_next(filled: Api) -> None:
    async with streaming(filled) as reader:
        await asyncio.sleep(0.05)
        await filled.include(notified("BY", "0101"))
        assert [seq for seq, _, _ in await reader.events(1)] == [7]


async def test_the_stream_filters(filled: Api) -> None:
    async with streaming(filled, "after=0&state=KG&code=7204") as reader:
        assert [seq for seq, _, _ in await reader.events(2)] == [1, 6]
        await filled.include(notified("BY", "0101"))
        await filled.include(notified("KG", "7204"))
        assert [seq for seq, _, _ in await reader.events(1)] == [8]


async def test_a_quiet_stream_is_kept_alive(filled: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "HEARTBEAT_SECONDS", 0.02)
    async with streaming(filled) as reader, asyncio.timeout(10):
        assert await reader.pieces.get() == b"retry: 3000\n\n"
        assert await reader.pieces.get() == b": 6\n\n"
        assert await reader.pieces.get() == b": 6\n\n"


async def test_head_of_the_stream_ends(filled: Api) -> None:
    async with asyncio.timeout(5):
        response = await filled.client.head("/api/v1/changes/stream")
    assert (response.status_code, response.content) == (200, b"")


async def test_every_reader_gets_every_entry_once_in_order(api: Api) -> None:
    writers, each = 4, 5
    total = writers * each

    async def write(state: str) -> None:
        for _ in range(each):
            await api.include(notified(state, "0101"))

    async def poll() -> list[int]:
        after, got = 0, []
        while after < total:
            page = (await api.get(f"/changes?after={after}&limit=3&wait=30")).json()
            assert page["after"] == after
            got += [item["seq"] for item in page["items"]]
            after = page["next_after"]
        return got

    async def resume() -> list[int]:
        """Breaks off after every two entries and goes on from the last one."""
        got: list[int] = []
        while len(got) < total:
            async with streaming(api, **{"last-event-id": str(got[-1] if got else 0)}) as reader:
                first = await reader.pieces.get()
                assert first == b"retry: 3000\n\n"
                async with asyncio.timeout(30):
                    piece = (await reader.pieces.get()).decode()
                got += [int(line[4:]) for line in piece.splitlines() if line.startswith("id: ")][:2]
        return got

    async with streaming(api, "after=0") as reader, asyncio.timeout(60):
        streamed, polled, resumed, *_ = await asyncio.gather(
            reader.events(total), poll(), resume(), *(write(state) for state in ("AM", "BY", "KZ", "KG"))
        )
    expected = list(range(1, total + 1))
    assert [seq for seq, _, _ in streamed] == expected
    assert polled == expected
    assert resumed == expected
