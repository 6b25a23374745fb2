"""What every reading call is made of: how it is described, what is kept between requests, and which past it reads."""

from __future__ import annotations

import asyncio
import inspect
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from types import MappingProxyType
from typing import Any, Final
from weakref import WeakKeyDictionary

from litestar import Request, get
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import Operation, RequestBody
from litestar.openapi.spec import Parameter as ParameterSpec

from register.api import schemas
from register.api.examples import Example
from register.api.parameters import NO_PARAMETERS, Parameter, Parameters
from register.index import Register, UnknownPast
from register.kept import Kept
from register.lists import Selected, Texts
from register.service import RegisterService
from register.web import JSON, PROBLEM, finding, refused

API: Final = "/api/v1"
KEPT_LISTS: Final = 8

Asked = Request[Any, Any, State]
Service = NamedDependency[RegisterService]
"""The ``service`` that the application gives to every handler."""


class Shelf:
    """What one process keeps for one Register: answers as bytes, words of versions, lists that are being paged."""

    def __init__(self) -> None:
        self.kept = Kept()
        # Small: what is asked often stays, and memory that is used again is faster than new memory.
        self.proofs = Kept(limit=4 * 2**20, again=1_000)
        # By the query as it came, beside what `kept` has by its meaning.
        self.feeds = Kept(limit=16 * 2**20)
        self.snapshots = Kept(limit=256 * 2**20)
        self.snapshot_lock = asyncio.Lock()
        self.texts = Texts()
        self.events: OrderedDict[int, bytes] = OrderedDict()
        self._lists: OrderedDict[Any, list[Selected]] = OrderedDict()

    def list_at(self, key: Any) -> list[Selected] | None:
        """A list as it was selected under ``key``, if it is still there."""
        return self._lists.get(key)

    def keep_list(self, key: Any, items: list[Selected]) -> None:
        """Keep a list for its next pages."""
        self._lists[key] = items
        while len(self._lists) > KEPT_LISTS:
            self._lists.popitem(last=False)


_shelves: WeakKeyDictionary[RegisterService, Shelf] = WeakKeyDictionary()


def shelf(service: RegisterService) -> Shelf:
    """The shelf of a service; made when first asked for."""
    found = _shelves.get(service)
    if found is None:
        found = _shelves[service] = Shelf()
    return found


def known_at(register: Register, text: str | None) -> int:
    """The number that ``known_at`` means. Raises ``Problem`` 422 for a past that is not there."""
    try:
        return register.known_at(text)
    except (UnknownPast, OverflowError):
        raise refused(
            finding(
                "/known_at",
                f"known_at: «{text}» – не номер записи от 0 до {register.seq} и не время с часовым поясом",
                f"known_at: '{text}' is neither a number of an entry from 0 to {register.seq} nor a time with its zone",
            )
        ) from None


_PROBLEMS: Final[Mapping[int, tuple[str, str, str, str]]] = {
    400: (
        "The request cannot be read.",
        "",
        "Тело запроса – не JSON",
        "The body is not JSON",
    ),
    404: ("There is no such thing in the Register.", "/id", "Такой меры в Реестре нет", "There is no such measure"),
    413: ("The body is too large.", "", "Тело запроса слишком велико", "The body is too large"),
    416: (
        "`after` is beyond the head of the journal; `head` is the newest entry.",
        "/after",
        "after: записи 9 ещё нет, последняя – 3",
        "after: there is no entry 9 yet, the newest is 3",
    ),
    422: (
        "The request cannot be answered as it stands; `errors` lists everything that is wrong with it.",
        "/limit",
        "limit: «5000» – не целое число от 1 до 1000 (наибольшее допустимое – 1000)",
        "limit: '5000' is not a whole number from 1 to 1000 (the maximum is 1000)",
    ),
}


def problem_responses(statuses: Sequence[int]) -> dict[int, ResponseSpec]:
    """The errors of a call, each with an example, for the OpenAPI document."""
    return {status: _problem_response(status) for status in statuses}


def _problem_response(status: int) -> ResponseSpec:
    description, pointer, ru, en = _PROBLEMS[status]
    members = {"head": 3} if status == 416 else {}
    return problem_response(status, description, (pointer, "format", ru, en), f"{API}/measures", members)


def problem_response(
    status: int,
    description: str,
    error: tuple[str, str, str, str],
    instance: str,
    members: Mapping[str, Any] = MappingProxyType({}),
) -> ResponseSpec:
    """An error for the OpenAPI document, with an example of one shape (RFC 9457).

    ``error`` is its pointer, rule, and text in Russian and English; ``members`` are what stands beside it.
    """
    pointer, rule, ru, en = error
    example = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": f"{en} / {ru}",
        "instance": instance,
        "errors": [{"pointer": pointer, "rule": rule, "text": {"ru": ru, "en": en}}],
        **members,
    }
    return ResponseSpec(
        schemas.Problem,
        generate_examples=False,
        description=description,
        media_type=PROBLEM,
        examples=[Example(value=example)],
    )


def described(
    parameters: Sequence[ParameterSpec], statuses: Sequence[int], body: RequestBody | None = None
) -> type[Operation]:
    """An operation of the OpenAPI document with exactly these parameters and answers.

    Litestar describes what a handler's signature says; ours read their queries themselves.
    """
    kept = {str(status) for status in statuses}

    @dataclass
    class Described(Operation):
        def __post_init__(self) -> None:
            self.parameters = list(parameters) or None
            self.request_body = body
            self.responses = {code: answer for code, answer in (self.responses or {}).items() if code in kept}

    return Described


def reading(
    path: str,
    *,
    name: str,
    summary: str,
    answer: Any,
    example: Any,
    parameters: Parameters = NO_PARAMETERS,
    in_path: Sequence[Parameter] = (),
    in_header: Sequence[Parameter] = (),
    problems: Sequence[int] = (422,),
    media_type: str = JSON,
    tag: str = "Reading",
) -> Callable[[Callable[..., Any]], HTTPRouteHandler]:
    """Make a function the handler of a GET, described in full: parameters, answer, example, and its errors."""
    responses = {
        200: ResponseSpec(
            answer,
            generate_examples=False,
            description=summary,
            media_type=media_type,
            examples=[Example(value=example)],
        ),
        304: ResponseSpec(None, description="What the caller has, by `If-None-Match`, is what there is."),
        **problem_responses(problems),
    }
    specs = [
        *(parameter.spec("path") for parameter in in_path),
        *parameters.specs(),
        *(parameter.spec("header") for parameter in in_header),
    ]

    def register_handler(function: Callable[..., Any]) -> HTTPRouteHandler:
        return get(
            path,
            operation_id=name,
            summary=summary,
            description=inspect.getdoc(function),
            operation_class=described(specs, list(responses)),
            responses=responses,
            tags=[tag],
            sync_to_thread=None if inspect.iscoroutinefunction(function) else False,
        )(function)

    return register_handler
