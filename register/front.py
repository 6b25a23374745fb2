"""What happens to a request before its path is looked up: HEAD for every GET, and reading from any web page (CORS)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, cast

from litestar import Litestar
from litestar.enums import ScopeType
from litestar.types import (
    ASGIApp,
    HTTPScope,
    LifeSpanReceive,
    LifeSpanScope,
    LifeSpanSend,
    Message,
    Receive,
    Scope,
    Send,
)

Shortcut = Callable[[HTTPScope], ASGIApp | None]

OPEN_PATHS: Final = (
    "/api",
    "/feeds",
    "/log",
    "/measures.json",
    "/measures.csv",
    "/measures.xlsx",
    "/dcat.jsonld",
)
"""Where any web page may read: public, and without credentials, so that ``*`` opens nothing else."""
_OPEN_PREFIXES: Final = tuple(f"{path}/" for path in OPEN_PATHS)
OPEN_POST: Final = "/api/v1/proof"
EXPOSED: Final = "ETag, Link, Location, Retry-After, Content-Encoding"

HEAD_KEY: Final = "register.head"
"""Set in the scope of a GET that stands for a HEAD: an endless answer has to end after its headers."""


class PublicApp(Litestar):
    """Litestar with what comes before a path is looked up: HEAD for every GET, and reading from any web page.

    ``shortcuts`` answer a GET of their path at once, without Litestar's cost, which is as much as that of the answer.
    One that gives None leaves the request to the handler of the path, so that every error is told in one place.
    """

    shortcuts: dict[str, Shortcut]

    def __init__(self, *args: Any, shortcuts: Mapping[str, Shortcut] | None = None, **kwargs: Any) -> None:
        self.shortcuts = dict(shortcuts or {})
        super().__init__(*args, **kwargs)

    async def __call__(
        self, scope: Scope | LifeSpanScope, receive: Receive | LifeSpanReceive, send: Send | LifeSpanSend
    ) -> None:
        """Serve one connection."""
        if scope["type"] != ScopeType.HTTP:
            await super().__call__(scope, receive, send)
            return
        await self._serve(cast(HTTPScope, scope), receive, cast(Send, send))

    async def _serve(self, scope: HTTPScope, receive: Any, send: Send) -> None:
        method = scope["method"]
        if _public(scope["path"]):
            if method == "OPTIONS" and any(name == b"origin" for name, _ in scope["headers"]):
                await _preflight(scope["path"], send)
                return
            send = _readable_anywhere(send, whatever=_reads(scope["path"], method))
        if method == "HEAD":
            # A copy: the server looks at its own to know that no body has to come.
            scope = cast(HTTPScope, {**scope, "method": "GET", HEAD_KEY: True})
            send = _without_body(send)
        if scope["method"] == "GET" and (shortcut := self.shortcuts.get(scope["path"])):
            answer = shortcut(scope)
            if answer is not None:
                await answer(scope, receive, send)
                return
        await super().__call__(scope, receive, send)


def _public(path: str) -> bool:
    return path.startswith(_OPEN_PREFIXES) or path in OPEN_PATHS


def _reads(path: str, method: str) -> bool:
    return method in ("GET", "HEAD", "OPTIONS") or (method == "POST" and path == OPEN_POST)


def _readable_anywhere(send: Send, *, whatever: bool) -> Send:
    """Let any web page read the answer: ``whatever`` it is, or only that the method does not apply."""

    async def with_cors(message: Message) -> None:
        if message["type"] == "http.response.start" and (whatever or message["status"] == 405):
            message["headers"] = [*message["headers"], *_CORS]
        await send(message)

    return with_cors


_CORS: Final = [
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", EXPOSED.encode()),
]


async def _preflight(path: str, send: Send) -> None:
    methods = b"GET, HEAD, OPTIONS, POST" if path == OPEN_POST else b"GET, HEAD, OPTIONS"
    headers = [
        *_CORS,
        (b"access-control-allow-methods", methods),
        (b"access-control-allow-headers", b"Accept, Content-Type, If-None-Match, Last-Event-ID"),
        (b"access-control-max-age", b"86400"),
        (b"allow", methods),
    ]
    await send({"type": "http.response.start", "status": 204, "headers": headers})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


def _without_body(send: Send) -> Send:
    async def headers_only(message: Message) -> None:
        if message["type"] == "http.response.body":
            if message.get("more_body"):
                return
            message = {"type": "http.response.body", "body": b"", "more_body": False}
        await send(message)

    return headers_only
