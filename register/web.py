"""What every answer over HTTP has in common: one shape of error, strong ETags, compression, HEAD and CORS.

Handlers give bytes to ``ready`` and raise ``Problem``; ``problem_handler`` turns everything else that may go wrong into
the same RFC 9457 shape. ``register.front.PublicApp`` does what must happen before a path is looked up. Times are UTC.
"""

from __future__ import annotations

import gzip
import logging
import re
import threading
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from http import HTTPStatus
from typing import Any, Final
from uuid import uuid4

import msgspec
import xxhash
import zstandard
from litestar import Litestar, Request, Response
from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie
from litestar.exceptions import HTTPException, ValidationException
from litestar.response.base import ASGIResponse
from litestar.types import Receive, Scope, Send

from register.database import DatabaseUnavailable
from register.findings import Finding as Finding
from register.findings import Refused
from register.front import HEAD_KEY as HEAD_KEY
from register.front import PublicApp as PublicApp

log = logging.getLogger(__name__)

RawHeaders = Iterable[tuple[bytes, bytes]]
Pairs = tuple[tuple[bytes, bytes], ...]

PROBLEM: Final = "application/problem+json"
JSON: Final = "application/json"

IMMUTABLE: Final = "public, max-age=31536000, immutable"
PUBLIC_MINUTE: Final = "public, max-age=60, must-revalidate"
REVALIDATE: Final = "public, no-cache"
"""May be stored, is asked for anew each time: for what a follower of the journal polls."""

COMPRESS_ABOVE: Final = 1024
FORMAT: Final = "format"
"""The rule of a finding that no provision and no rule of the house stands behind: how a request is written."""


class Problem(Exception):
    """An answer that says what is wrong. ``members`` go beside the ones of the one shape (RFC 9457 section 3.2)."""

    def __init__(
        self,
        status: int,
        title: str,
        detail: str,
        errors: Sequence[Finding] = (),
        type_: str = "about:blank",
        headers: Mapping[str, str] | None = None,
        members: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.title = title
        self.detail = detail
        self.errors = list(errors)
        self.type = type_
        self.headers = dict(headers or {})
        self.members = dict(members or {})


def finding(pointer: str, ru: str, en: str, rule: str = FORMAT) -> Finding:
    """A finding from its two texts."""
    return Finding(pointer, rule, {"ru": ru, "en": en})


def refused(*errors: Finding) -> Problem:
    """A 422 that lists everything wrong with the request; its detail repeats the first reason, in both languages."""
    first = errors[0].text
    return Problem(422, "The request cannot be answered as it stands", _both(first), errors)


def not_found(ru: str, en: str, pointer: str = "") -> Problem:
    """A 404 with its reason in both languages."""
    return Problem(404, "Not found", f"{en} / {ru}", [finding(pointer, ru, en)])


def _both(text: Mapping[str, str | None]) -> str:
    return " / ".join(part for part in (text.get("en"), text.get("ru")) if part)


class Reply(Response[bytes]):
    """A response whose bytes and headers are final: nothing is rendered, so little is spent on it."""

    def __init__(self, body: bytes, *, status_code: int, headers: Mapping[str, str]) -> None:
        # Not the parent's: it copies and looks through what is final here.
        self.content = body
        self.status_code = status_code
        self.headers = dict(headers)
        self.media_type = None
        self.encoding = "utf-8"
        self.background = None
        self.cookies = []
        self.response_type_encoders = {}

    def to_asgi_response(
        self,
        app: Litestar | None,  # noqa: ARG002 - Litestar's signature
        request: Request[Any, Any, Any],  # noqa: ARG002
        *,
        headers: Mapping[str, str] | None = None,
        cookies: Iterable[Cookie] | None = None,
        **_: Any,
    ) -> ASGIResponse:
        """Litestar's way from a response to the wire, with the headers and cookies of its layers."""
        merged = {**headers, **self.headers} if headers else self.headers
        pairs = [*_pairs(merged)]
        if self.status_code not in (204, 304):
            pairs.append((b"content-length", b"%d" % len(self.content)))
        pairs.extend(cookie.to_encoded_header() for cookie in (*(cookies or ()), *self.cookies))
        return _Wire(self.status_code or 200, pairs, self.content)


class _Wire(ASGIResponse):
    """The two messages of a plain answer."""

    __slots__ = ("_body", "_pairs", "_status")

    def __init__(self, status: int, pairs: list[tuple[bytes, bytes]], body: bytes) -> None:
        # Not the parent's: it would parse and rebuild headers that are ready.
        self._status, self._pairs, self._body = status, pairs, body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI's signature
        await send({"type": "http.response.start", "status": self._status, "headers": self._pairs})
        await send({"type": "http.response.body", "body": self._body, "more_body": False})


class Prepared:
    """A body with its tag, and its compressed forms once somebody asked for them."""

    __slots__ = ("_forms", "body", "headers", "pairs", "tag")

    def __init__(
        self,
        body: bytes,
        media_type: str,
        *,
        seq: int,
        cache: str = PUBLIC_MINUTE,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.body = body
        # What tells bodies of our own apart needs no digest that withstands an attacker, and is made for every answer.
        self.tag = f"{seq}-{xxhash.xxh3_128_hexdigest(body)}"
        self.headers, self.pairs = _plain_headers(media_type, cache)
        if headers:
            self.headers = {**self.headers, **{name.lower(): value for name, value in headers.items()}}
            self.pairs = _pairs(self.headers)
        self._forms: dict[str, bytes] | None = None

    def form(self, encoding: str) -> bytes:
        """The body as ``gzip`` or ``zstd`` gives it; made once."""
        forms = self._forms
        if forms is None:
            forms = self._forms = {}
        made = forms.get(encoding)
        if made is None:
            made = forms[encoding] = _COMPRESS[encoding](self.body)
        return made

    @property
    def size(self) -> int:
        """Bytes of the body."""
        return len(self.body)


@lru_cache(maxsize=256)
def _plain_headers(media_type: str, cache: str) -> tuple[Mapping[str, str], Pairs]:
    # Shared by all answers of a kind: thousands are kept, and each dict is one more for the garbage collector.
    headers = {"content-type": media_type, "cache-control": cache, "vary": "Accept-Encoding"}
    return headers, _pairs(headers)


def _pairs(headers: Mapping[str, str]) -> Pairs:
    return tuple([(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()])


def ready(
    request: ASGIConnection[Any, Any, Any, Any],
    body: bytes,
    media_type: str,
    *,
    seq: int,
    cache: str = PUBLIC_MINUTE,
    headers: Mapping[str, str] | None = None,
) -> Response[bytes]:
    """The answer to a GET: a strong ETag ``"<seq>-<digest>"``, 304 when the caller has it, compressed when asked for.

    For what is asked often, keep a ``Prepared`` in a ``Kept`` and give it to ``respond``: a 304 then builds nothing.
    """
    return respond(request, Prepared(body, media_type, seq=seq, cache=cache, headers=headers))


def respond(request: ASGIConnection[Any, Any, Any, Any], prepared: Prepared) -> Response[bytes]:
    """The answer to a GET from a prepared body; see ``ready``."""
    status, tag, encoding, body = _chosen(request.scope["headers"], prepared)
    headers = {**prepared.headers, "etag": tag}
    if status == 304:
        del headers["content-type"]
    elif encoding:
        headers["content-encoding"] = encoding
    return Reply(body, status_code=status, headers=headers)


def respond_at_once(sent: RawHeaders, prepared: Prepared) -> ASGIResponse:
    """The same by the headers of the request alone, before there is a request object: nothing is added on the way."""
    status, tag, encoding, body = _chosen(sent, prepared)
    pairs = [*prepared.pairs, (b"etag", tag.encode())]
    if status == 304:
        return _Wire(304, [pair for pair in pairs if pair[0] != b"content-type"], body)
    if encoding:
        pairs.append((b"content-encoding", encoding.encode()))
    pairs.append((b"content-length", b"%d" % len(body)))
    return _Wire(200, pairs, body)


def _chosen(sent: RawHeaders, prepared: Prepared) -> tuple[int, str, str, bytes]:
    """Status, tag, encoding and body of the answer to a request with these headers."""
    known, encoding = _header(sent, b"if-none-match"), _encoding(sent, prepared)
    # Another encoding is another representation, and a strong tag has to tell them apart (RFC 9110 section 8.8.3).
    tag = f'"{prepared.tag}-{encoding}"' if encoding else f'"{prepared.tag}"'
    if known and _knows(known, tag):
        return 304, tag, encoding, b""
    return 200, tag, encoding, prepared.form(encoding) if encoding else prepared.body


def encoding_for(request: ASGIConnection[Any, Any, Any, Any], prepared: Prepared) -> str:
    """How ``respond`` will compress a body for this caller: ``zstd``, ``gzip`` or not at all."""
    return _encoding(request.scope["headers"], prepared)


def _encoding(sent: RawHeaders, prepared: Prepared) -> str:
    if prepared.size <= COMPRESS_ABOVE:
        return ""
    accepted = _header(sent, b"accept-encoding")
    return chosen_encoding(accepted) if accepted else ""


def _header(sent: RawHeaders, wanted: bytes) -> str:
    for name, value in sent:
        if name == wanted:
            return value.decode("latin-1")
    return ""


def _knows(if_none_match: str, tag: str) -> bool:
    known = (item.strip().removeprefix("W/") for item in if_none_match.split(","))
    return any(item in (tag, "*") for item in known)


@lru_cache(maxsize=1024)
def chosen_encoding(accept_encoding: str) -> str:
    """``zstd``, ``gzip`` or nothing, by what the caller takes; a quality of 0 is a refusal."""
    taken: dict[str, float] = {}
    for item in accept_encoding.lower().split(","):
        name, _, rest = item.strip().partition(";")
        weight = re.search(r"q\s*=\s*([0-9.]+)", rest)
        try:
            taken[name.strip()] = float(weight.group(1)) if weight else 1.0
        except ValueError:
            taken[name.strip()] = 0.0
    best = max(("zstd", "gzip"), key=lambda name: taken.get(name, taken.get("*", 0.0)))
    return best if taken.get(best, taken.get("*", 0.0)) > 0 else ""


class _Compressors(threading.local):
    """One for each thread: making one costs more than a small body, and none may serve two threads at once."""

    def __init__(self) -> None:
        self.zstd = zstandard.ZstdCompressor(level=3)


_compressors: Final = _Compressors()
_COMPRESS: Final = {
    "gzip": lambda body: gzip.compress(body, 6, mtime=0),
    "zstd": lambda body: _compressors.zstd.compress(body),
}


def problem_handler(request: Request[Any, Any, Any], exc: Exception) -> Response[bytes]:
    """Any exception as ``application/problem+json``; register as ``exception_handlers={Exception: problem_handler}``.

    A fault of ours says nothing of its cause but a reference, under which the log has it.
    """
    problem = exc if isinstance(exc, Problem) else _problem_of(exc)
    instance = request.scope["path"]
    if problem.status == 500:
        instance = f"urn:uuid:{uuid4()}"
        log.error("fault %s at %s %s", instance, request.scope["method"], request.scope["path"], exc_info=exc)
    body: dict[str, Any] = {
        "type": problem.type,
        "title": problem.title,
        "status": problem.status,
        "detail": problem.detail,
        "instance": instance,
        "errors": problem.errors,
        **problem.members,
    }
    headers = {**problem.headers, "content-type": PROBLEM, "cache-control": "no-store"}
    return Reply(msgspec.json.encode(body), status_code=problem.status, headers=headers)


def _problem_of(exc: Exception) -> Problem:
    if isinstance(exc, DatabaseUnavailable):
        ru, en = "База данных недоступна, повторите позже", "The database cannot be reached, try again later"
        return Problem(503, "Service unavailable", _both({"ru": ru, "en": en}), [finding("", ru, en)], headers=_RETRY)
    if isinstance(exc, Refused):
        return refused(*exc.findings.refusals)
    if isinstance(exc, ValidationException):
        return refused(*(_invalid(item) for item in (exc.extra if isinstance(exc.extra, list) else [exc.detail])))
    if isinstance(exc, HTTPException) and exc.status_code < 500:
        return _client_problem(exc)
    ru, en = "Внутренняя ошибка; сообщите её номер (instance)", "A fault of the service; report its number (instance)"
    return Problem(500, "Internal server error", _both({"ru": ru, "en": en}), [finding("", ru, en)])


_RETRY: Final = {"Retry-After": "5"}


def _invalid(item: Any) -> Finding:
    """One item of Litestar's list of what does not fit a handler's parameters."""
    name, message = (str(item.get("key", "")), str(item.get("message", ""))) if isinstance(item, dict) else ("", item)
    pointer = "/" + name.replace(".", "/") if name else ""
    return finding(pointer, f"Значение не подходит: {message}", f"The value does not fit: {message}")


_RUSSIAN: Final = {
    400: "Запрос нельзя прочитать",
    401: "Нужно войти или предъявить токен",
    403: "На это нет полномочий",
    404: "По этому адресу ничего нет",
    405: "Этот метод здесь не применяется",
    413: "Тело запроса слишком велико",
    415: "Такой тип содержимого не принимается",
    429: "Слишком много запросов",
}
_ENGLISH: Final = {
    404: "There is nothing at this address",
    405: "The method does not apply here",
}


def _client_problem(exc: HTTPException) -> Problem:
    phrase = HTTPStatus(exc.status_code).phrase
    ru = _RUSSIAN.get(exc.status_code, "Запрос отклонён")
    en = _ENGLISH.get(exc.status_code) or exc.detail or phrase
    headers = {name.lower(): value for name, value in (exc.headers or {}).items()}
    if exc.status_code == 405 and "GET" in headers.get("allow", ""):
        headers["allow"] += ", HEAD"
    return Problem(exc.status_code, phrase, f"{en} / {ru}", [finding("", ru, en)], headers=headers)
