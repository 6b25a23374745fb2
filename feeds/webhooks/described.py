"""How the calls of webhooks look in the OpenAPI document."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Final, Literal

import msgspec
from litestar import delete, get, patch, post
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import OpenAPIMediaType, RequestBody, Schema
from litestar.openapi.spec import Parameter as ParameterSpec
from litestar.openapi.spec.enums import OpenAPIType
from msgspec import Meta

from feeds.webhooks.inputs import LINE, MAX_BODY, MAX_OVERLAP_HOURS
from feeds.webhooks.records import Pause, Wanted
from feeds.webhooks.sender import Failure
from register.api import schemas
from register.api.calls import API, described, problem_response, problem_responses
from register.api.examples import Example
from register.api.parameters import CODE_SCHEMA, MAX_SEQ, Parameter
from register.entries import ENTRY_TYPES, REASONS
from register.measures import KINDS, STATES
from register.web import JSON

TAG: Final = "Subscriptions"
BEARER: Final = "bearer"
"""The name of the security scheme in the components of the document."""
SUBSCRIPTION_ID: Final = Parameter(
    "id",
    "The identifier of a subscription.",
    str,
    Schema(type=OpenAPIType.STRING, pattern="^sub_[0-9a-f]{24}$"),
    "sub_0123456789abcdef01234567",
    required=True,
)
IDEMPOTENCY_KEY: Final = Parameter(
    "Idempotency-Key",
    "Any text of the caller's. The same request under the same key within 24 hours is done once and answered alike; "
    "another request under it is an error.",
    str,
    Schema(type=OpenAPIType.STRING, pattern=r"^[\x20-\x7e]{1,200}$", max_length=200),
    "8e03978e-40d5-43dd-bc93-6894a57f9324",
)


class PausedInfo(msgspec.Struct):
    """Why and since when nothing is sent: the owner's wish, three days of failures, or a 410 of the receiver."""

    reason: Pause
    at: schemas.Moment


class Failing(msgspec.Struct):
    """Attempts that failed in a row, and when the next one is due."""

    since: schemas.Moment
    attempts: int
    next_attempt_at: schemas.Moment | None


class SubscriptionInfo(msgspec.Struct, kw_only=True):
    """A subscription. `cursor` is the last entry delivered, or passed over because the filter leaves it out."""

    id: str
    url: str
    description: str | None
    filter: Wanted
    state: Literal["active", "paused"]
    paused: PausedInfo | None
    cursor: schemas.Number
    failing: Failing | None
    old_secret_until: schemas.Moment | None
    created_at: schemas.Moment
    updated_at: schemas.Moment


class WithSecret(SubscriptionInfo, kw_only=True):
    """A subscription with its secret, which is shown this once."""

    secret: Annotated[str, Meta(description="`whsec_` and 256 random bits in base64, after Standard Webhooks.")]


class SubscriptionList(msgspec.Struct):
    """All subscriptions of the caller."""

    items: list[SubscriptionInfo]
    total: int
    complete: bool


class DeliveryInfo(msgspec.Struct):
    """One attempt. `seq` is null for a test; `error` is null when the receiver took the message."""

    id: int
    message: Annotated[str, Meta(description="The `webhook-id`, the same in every attempt.")]
    seq: int | None
    attempt: Annotated[int, Meta(description="1 for the first, then counted on until one arrives.")]
    at: schemas.Moment
    status: int | None
    duration_ms: int
    error: Failure | None
    excerpt: Annotated[str, Meta(description="The beginning of what the receiver said, at most 500 characters.")]


class DeliveryLog(msgspec.Struct):
    """Lines of the log, oldest first. Go on with `after` = `next_after` until `complete`."""

    items: list[DeliveryInfo]
    after: int
    next_after: int
    complete: bool


SUBSCRIPTION_EXAMPLE: Final[dict[str, Any]] = {
    "id": "sub_0123456789abcdef01234567",
    "url": "https://customs.example/register",
    "description": None,
    "filter": {"state": ["KG"], "kind": [], "code": "2515", "type": [], "reason": ["legal_change"]},
    "state": "active",
    "paused": None,
    "cursor": 118,
    "failing": None,
    "old_secret_until": None,
    "created_at": "2026-08-30T09:12:44.120Z",
    "updated_at": "2026-08-30T09:12:44.120Z",
}
SECRET_EXAMPLE: Final = {**SUBSCRIPTION_EXAMPLE, "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo="}
DELIVERY_EXAMPLE: Final[dict[str, Any]] = {
    "id": 7,
    "message": "msg_0123456789abcdef01234567_118",
    "seq": 118,
    "attempt": 1,
    "at": "2026-08-30T09:12:44.920Z",
    "status": 204,
    "duration_ms": 31,
    "error": None,
    "excerpt": "",
}

_TEXT: Final = OpenAPIType.STRING
_SEQ: Final = Schema(type=OpenAPIType.INTEGER, minimum=1, maximum=MAX_SEQ)


def _words(allowed: Sequence[str]) -> Schema:
    word = Schema(type=_TEXT, enum=list(allowed))
    return Schema(one_of=[word, Schema(type=OpenAPIType.ARRAY, items=word, max_items=20)])


_FILTER: Final = Schema(
    type=OpenAPIType.OBJECT,
    description="Which entries; what is not given asks for nothing in particular. `code` matches in both directions.",
    additional_properties=False,
    properties={
        "state": _words(STATES),
        "kind": _words(KINDS),
        "code": Schema(one_of=[CODE_SCHEMA, Schema(type=OpenAPIType.NULL)]),
        "type": _words(ENTRY_TYPES),
        "reason": _words(REASONS),
    },
)
_URL: Final = Schema(
    type=_TEXT,
    min_length=1,
    max_length=2000,
    description="https, port 443 or 8443, of a public address; no redirect is followed.",
)
_DESCRIPTION: Final = Schema(one_of=[Schema(type=_TEXT, max_length=500, pattern=LINE), Schema(type=OpenAPIType.NULL)])


def _object(properties: Mapping[str, Schema], required: Sequence[str] = ()) -> Schema:
    return Schema(
        type=OpenAPIType.OBJECT,
        properties=dict(properties),
        required=list(required) or None,
        additional_properties=False,
    )


def body(schema: Schema, example: Mapping[str, Any], *, required: bool = True) -> RequestBody:
    """A JSON body with an example."""
    media = OpenAPIMediaType(schema=schema, examples={"example": Example(value=dict(example))})
    return RequestBody(required=required, content={JSON: media})


NEW_BODY: Final = body(
    _object({"url": _URL, "filter": _FILTER, "from_seq": _SEQ, "description": _DESCRIPTION}, ["url"]),
    {"url": "https://customs.example/register", "filter": {"state": ["KG"], "code": "2515"}, "from_seq": 1},
)
CHANGE_BODY: Final = body(
    _object(
        {
            "url": _URL,
            "filter": _FILTER,
            "state": Schema(type=_TEXT, enum=["active", "paused"]),
            "description": _DESCRIPTION,
        }
    ),
    {"state": "active"},
)
ROTATE_BODY: Final = body(
    _object({"overlap_hours": Schema(type=OpenAPIType.INTEGER, minimum=0, maximum=MAX_OVERLAP_HOURS, default=24)}),
    {"overlap_hours": 24},
    required=False,
)
REPLAY_BODY: Final = body(_object({"from_seq": _SEQ}, ["from_seq"]), {"from_seq": 1})
EMPTY_BODY: Final = body(_object({}), {}, required=False)

_REFUSALS: Final = {
    401: ("No valid token was shown.", "/Authorization", "Нужен действующий токен", "A valid token is needed"),
    403: (
        "The token does not have the scope `subscriptions`.",
        "/Authorization",
        "Токен не даёт полномочия «subscriptions»",
        "The token does not have the scope 'subscriptions'",
    ),
    404: ("The caller has no such subscription.", "/id", "Такой подписки нет", "There is no such subscription"),
    409: (
        "A request with this `Idempotency-Key` is under way.",
        "/Idempotency-Key",
        "Запрос с этим Idempotency-Key ещё выполняется",
        "The request with this Idempotency-Key is under way",
    ),
}


def _refusal(status: int) -> ResponseSpec:
    description, pointer, ru, en = _REFUSALS[status]
    return problem_response(status, description, (pointer, "format", ru, en), f"{API}/subscriptions")


_METHODS: Final = {"GET": get, "POST": post, "PATCH": patch, "DELETE": delete}


def call(
    method: Literal["GET", "POST", "PATCH", "DELETE"],
    path: str,
    *,
    name: str,
    summary: str,
    answer: Any,
    example: Any = None,
    status: int = 200,
    sent: RequestBody | None = None,
    query: Sequence[ParameterSpec] = (),
) -> Callable[[Callable[..., Any]], HTTPRouteHandler]:
    """Make a function the handler of a call, described in full."""
    of_one = "{id" in path
    problems = {code: _refusal(code) for code in (401, 403, *((404,) if of_one else ()))}
    if method == "POST":
        problems[409] = _refusal(409)
    common = problem_responses((400, 413, 422) if sent else (422,))
    success = ResponseSpec(
        answer,
        generate_examples=False,
        description=summary,
        media_type=JSON,
        examples=None if answer is None else [Example(value=example)],
    )
    responses = {status: success, **problems, **common}
    specs = [
        *([SUBSCRIPTION_ID.spec("path")] if of_one else []),
        *query,
        *([IDEMPOTENCY_KEY.spec("header")] if method == "POST" else []),
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
            request_max_body_size=MAX_BODY,
        )(function)
        return handler

    return register_handler
