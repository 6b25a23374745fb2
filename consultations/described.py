"""How the calls on consultations look in the OpenAPI document."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Literal

from litestar import get, post, put
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import RequestBody, Schema
from litestar.openapi.spec.enums import OpenAPIType

from consultations import answers
from consultations.model import PUBLIC_STATUSES, STATUSES
from register.api.calls import API, described, problem_response, problem_responses
from register.api.examples import Example
from register.api.parameters import (
    SEARCHED_CODE_PATTERN,
    Parameter,
    read_searched_code,
    read_states,
    short_text,
    some_of,
    whole,
)
from register.drafts.described import BEARER, BODY_LIMIT, IDEMPOTENCY_KEY
from register.measures import STATES
from register.web import JSON

TAG: Final = "Consultations"
_TEXT: Final = OpenAPIType.STRING
_WHOLE: Final = OpenAPIType.INTEGER


def _words(allowed: Sequence[str]) -> Schema:
    return Schema(type=OpenAPIType.ARRAY, items=Schema(type=_TEXT, enum=list(allowed)))


CONSULTATION: Final = Parameter(
    "id", "The number of a consultation.", str, Schema(type=_TEXT), "C-2026-003", required=True
)
SHA256: Final = Parameter(
    "sha256", "The hash of a document.", str, Schema(type=_TEXT, pattern="^[0-9a-f]{64}$"), "0" * 64, required=True
)
NAME: Final = Parameter(
    "name", "The name of the file.", short_text(255), Schema(type=_TEXT, max_length=255), "agenda.pdf", "document"
)
IF_MATCH: Final = Parameter(
    "If-Match",
    "The `ETag` of the consultation as the caller knows it. Another version is answered by 409 with what changed; what "
    "was sent is kept and given back.",
    str,
    Schema(type=_TEXT, pattern=r'^"[0-9]+"$'),
    '"3"',
)
STATE: Final = Parameter(
    "state",
    "Member states that are concerned, comma-separated: they plan the measure, opened the consultation, or their "
    "exports would be burdened.",
    read_states,
    _words(STATES),
    ["KG"],
    frozenset(),
)
STATUS: Final = Parameter(
    "status", "Statuses, comma-separated.", some_of(STATUSES), _words(STATUSES), ["scheduled"], frozenset()
)
PUBLIC_STATUS: Final = Parameter(
    "status",
    "Statuses, comma-separated.",
    some_of(PUBLIC_STATUSES),
    _words(PUBLIC_STATUSES),
    ["scheduled"],
    frozenset(),
)
CODE: Final = Parameter(
    "code",
    "TN VED code of 2 to 10 digits: the consultations whose goods have it, in both directions.",
    read_searched_code,
    Schema(type=_TEXT, pattern=SEARCHED_CODE_PATTERN, max_length=40),
    "7801",
)
WORDS: Final = Parameter(
    "q",
    "Words of the title or of the goods, or the number; each must occur, case does not matter.",
    short_text(200),
    Schema(type=_TEXT, max_length=200),
    "свинец",
)


def _yes(text: str) -> bool:
    found: frozenset[str] = some_of(("true", "false"))(text)
    return "true" in found


ASKED: Final = Parameter(
    "asked",
    "`true`: only consultations in which something is waited for from the caller.",
    _yes,
    Schema(type=_TEXT, enum=["true", "false"]),
    "true",
    False,
)
LIMIT: Final = Parameter(
    "limit",
    "How many at most; above 200 is an error.",
    whole(1, 200),
    Schema(type=_WHOLE, minimum=1, maximum=200, default=50),
    50,
    50,
)
CURSOR: Final = Parameter(
    "cursor", "The number of the last consultation of the page before; taken from `next`.", short_text(40),
    Schema(type=_TEXT, max_length=40), "",
)  # fmt: skip

_REFUSALS: Final[Mapping[int, tuple[str, str, str, str, str]]] = {
    401: ("Nobody is signed in.", "", "format", "Нужно войти", "Sign in first"),
    403: (
        "The caller may not do this: another role or another state is needed.",
        "",
        "HC3",
        "Действие совершает инициатор",
        "This is for the initiator",
    ),
    404: (
        "There is no such consultation, or no such document.",
        "/id",
        "format",
        "Таких консультаций нет",
        "There is no such consultation",
    ),
    409: (
        "The consultation is not what the caller takes it for, or does not stand where the step is taken. With "
        "`If-Match` of an older version: `theirs` says what changed, `mine` gives back what was sent.",
        "",
        "HC17",
        "Сделанное другими показывается прежде",
        "What somebody else did meanwhile is shown first",
    ),
    428: ("`If-Match` is missing.", "/If-Match", "HC17", "Нужен заголовок If-Match", "The header If-Match is needed"),
}


def _refusal(status: int) -> ResponseSpec:
    description, pointer, rule, ru, en = _REFUSALS[status]
    return problem_response(status, description, (pointer, rule, ru, en), f"{API}/consultations/C-2026-003")


_METHODS: Final = {"GET": get, "POST": post, "PUT": put}


def call(
    method: Literal["GET", "POST", "PUT"],
    path: str,
    *,
    name: str,
    summary: str,
    answer: Any = answers.Proceedings,
    example: Any = answers.PROCEEDINGS,
    status: int = 200,
    sent: RequestBody | None = None,
    query: Sequence[Parameter] = (),
    in_path: Sequence[Parameter] = (),
    limit: int = BODY_LIMIT,
    media_type: str = JSON,
    match: bool = True,
) -> Callable[[Callable[..., Any]], HTTPRouteHandler]:
    """Make a function the handler of a call for parties, described in full; ``match``: it needs ``If-Match``."""
    success = ResponseSpec(
        answer, generate_examples=False, description=summary, media_type=media_type, examples=[Example(value=example)]
    )
    matched = match and method != "GET" and bool(in_path)
    problems = [401, 403, *([404] if in_path else []), *([] if method == "GET" else [409]), *([428] if matched else [])]
    responses = {
        status: success,
        **{code: _refusal(code) for code in problems},
        **problem_responses((400, 413, 422) if sent else (422,)),
    }
    headers = [IF_MATCH] if method != "GET" and in_path else []
    headers += [IDEMPOTENCY_KEY] if method == "POST" else []
    specs = [
        *(one.spec("path") for one in in_path),
        *(one.spec() for one in query),
        *(one.spec("header") for one in headers),
    ]

    def register_handler(function: Callable[..., Any]) -> HTTPRouteHandler:
        handler: HTTPRouteHandler = _METHODS[method](
            path,
            status_code=status,
            operation_id=name,
            summary=summary,
            description=inspect.getdoc(function),
            operation_class=described(specs, list(responses), sent),
            responses=responses,
            security=[{BEARER: []}],
            tags=[TAG],
            request_max_body_size=limit,
        )(function)
        return handler

    return register_handler
