"""How the calls on notices look in the OpenAPI document: what is answered, what is sent, examples of both."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Final, Literal

import msgspec
from litestar import get, post, put
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import RequestBody, Schema
from litestar.openapi.spec.enums import OpenAPIType

from consultations.clock import DeadlineName
from consultations.notices.kinds import KINDS, NoticeKind
from consultations.notices.mails import MailState
from consultations.notices.people import DELIVERIES, DeliveryWay
from register.api import schemas
from register.api.calls import API, described, problem_response, problem_responses
from register.api.examples import Example
from register.api.parameters import Parameter, one_of, whole
from register.drafts.described import BEARER, IDEMPOTENCY_KEY, body, object_of
from register.web import JSON
from register.words import LANGUAGES, Language

TAG: Final = "Notices"
MAX_NUMBER: Final = 2**53 - 1
_ROOM: Final = 2**16
_TEXT: Final = OpenAPIType.STRING
_WHOLE: Final = OpenAPIType.INTEGER


def _number(low: int, high: int, default: int | None = None) -> Schema:
    return Schema(type=_WHOLE, minimum=low, maximum=high, default=default)


def _yes(text: str) -> bool:
    return bool(one_of(("true", "false"))(text) == "true")


NUMBER: Final = Parameter(
    "number", "The number of a notice.", whole(1, MAX_NUMBER), _number(1, MAX_NUMBER), 41, required=True
)
UNREAD: Final = Parameter(
    "unread",
    "`true`: only notices that are not read.",
    _yes,
    Schema(type=_TEXT, enum=["true", "false"]),
    "true",
    False,
)
LIMIT: Final = Parameter(
    "limit", "How many at most; above 200 is an error.", whole(1, 200), _number(1, 200, 50), 50, 50
)
CURSOR: Final = Parameter(
    "cursor",
    "The number of the last notice of the page before; taken from `next`.",
    whole(1, MAX_NUMBER),
    _number(1, MAX_NUMBER),
    41,
)
IF_MATCH: Final = Parameter(
    "If-Match",
    "The `ETag` of the settings as the caller knows them. Others are answered by 409, with what they are now.",
    str,
    Schema(type=_TEXT),
    '"0f1e2d3c4b5a6978"',
)


class Deadline(msgspec.Struct):
    """A deadline that a notice tells of."""

    name: DeadlineName
    day: schemas.Day


class Pages(msgspec.Struct):
    """Where the consultation is read behind the sign-in, in each language."""

    ru: str
    en: str


class NoticeMail(msgspec.Struct):
    """The mail that a notice went into. `next_at` is when one that is due is tried; `state` is null for one that was
    closed so long ago that nothing is kept of it. `uncertain`: it may have arrived. `dropped`: wanted no longer."""

    state: MailState | None
    next_at: schemas.Moment | None
    closed_at: schemas.Moment | None


class NoticeInfo(msgspec.Struct, kw_only=True):
    """A notice. `party` is who did it, or whose deadline it is; the Commission is `EEC`. `mail` is null when none was
    wanted for it, or there was no mail server."""

    number: int
    kind: NoticeKind
    text: schemas.Text
    consultation: str
    title: schemas.Text
    party: Literal["AM", "BY", "KZ", "KG", "RU", "EEC"]
    deadline: Deadline | None
    at: schemas.Moment
    read_at: schemas.Moment | None
    mail: NoticeMail | None
    pages: Pages
    proceedings: str


class NoticeList(msgspec.Struct):
    """The caller's notices, the newest first; go on with `next` until it is null. `total` counts those that were asked
    for, `unread` all that are not read."""

    items: list[NoticeInfo]
    total: int
    unread: int
    complete: bool
    next: str | None


class Marked(msgspec.Struct):
    """How many notices were marked as read now, and how many are not read still."""

    read: int
    unread: int


class NoticeSettings(msgspec.Struct):
    """How the caller's notices go by mail. `kinds` are those that do; on the page and here every notice is read in any
    case. `digest_hour` is an hour of `zone`. `mailing`: whether there is a mail server. `address` is the account's."""

    language: Language
    delivery: DeliveryWay
    digest_hour: Annotated[int, msgspec.Meta(ge=0, le=23)]
    kinds: list[NoticeKind]
    zone: str
    mailing: bool
    address: str


NOTICE: Final[dict[str, Any]] = {
    "number": 41,
    "kind": "position",
    "text": {"ru": "Представлена позиция (Республика Казахстан)", "en": "A position is stated (Kazakhstan)"},
    "consultation": "C-2026-003",
    "title": {"ru": "Запрет вывоза свинца", "en": None},
    "party": "KZ",
    "deadline": None,
    "at": "2026-11-24T08:00:00.000Z",
    "read_at": None,
    "mail": {"state": "sent", "next_at": None, "closed_at": "2026-11-24T08:00:12.310Z"},
    "pages": {
        "ru": "https://register.example/ru/staff/consultations/C-2026-003",
        "en": "https://register.example/en/staff/consultations/C-2026-003",
    },
    "proceedings": "/api/v1/consultations/C-2026-003/proceedings",
}
_WANTED: Final[dict[str, Any]] = {
    "language": "ru",
    "delivery": "digest",
    "digest_hour": 8,
    "kinds": ["initiated", "scheduled", "deadline_near", "deadline_passed", "concluded"],
}
SETTINGS: Final[dict[str, Any]] = {
    **_WANTED,
    "zone": "Europe/Moscow",
    "mailing": True,
    "address": "a.ibraev@ministry.example",
}
SETTINGS_BODY: Final = body(
    object_of(
        {
            "language": Schema(type=_TEXT, enum=list(LANGUAGES)),
            "delivery": Schema(type=_TEXT, enum=list(DELIVERIES), description="Each at once, once a day, or not."),
            "digest_hour": _number(0, 23),
            "kinds": Schema(type=OpenAPIType.ARRAY, items=Schema(type=_TEXT, enum=list(KINDS)), max_items=len(KINDS)),
        },
        ["language", "delivery", "digest_hour", "kinds"],
    ),
    _WANTED,
)
READ_BODY: Final = body(
    object_of(
        {
            "through": Schema(type=[_WHOLE, OpenAPIType.NULL], minimum=1, maximum=MAX_NUMBER),
            "consultation": Schema(type=[_TEXT, OpenAPIType.NULL], max_length=40),
        }
    ),
    {"through": 41},
    required=False,
)
EMPTY_BODY: Final = body(object_of({}), {}, required=False)

_REFUSALS: Final[Mapping[int, tuple[str, str, str, str, str]]] = {
    401: ("Nobody is signed in.", "", "format", "Нужно войти", "Sign in first"),
    403: (
        "The caller takes no part in consultations, is no person, or the token has not the scope.",
        "",
        "H-role",
        "Уведомления получает участник консультаций",
        "Notices are for those who take part in consultations",
    ),
    404: (
        "The caller has no such notice.",
        "/number",
        "format",
        "Такого уведомления нет",
        "There is no such notice",
    ),
    409: (
        "The request with this `Idempotency-Key` is under way; or the settings are not what the caller takes them for.",
        "/If-Match",
        "HC17",
        "Настройки уведомлений изменены после того, как были получены",
        "The settings of notices were changed since they were read",
    ),
}


def _refusal(status: int) -> ResponseSpec:
    description, pointer, rule, ru, en = _REFUSALS[status]
    return problem_response(status, description, (pointer, rule, ru, en), f"{API}/notices")


_METHODS: Final = {"GET": get, "POST": post, "PUT": put}


def call(
    method: Literal["GET", "POST", "PUT"],
    path: str,
    *,
    name: str,
    summary: str,
    answer: Any,
    example: Any,
    sent: RequestBody | None = None,
    query: Sequence[Parameter] = (),
    in_path: Sequence[Parameter] = (),
    in_header: Sequence[Parameter] = (),
) -> Callable[[Callable[..., Any]], HTTPRouteHandler]:
    """Make a function the handler of a call on notices, described in full."""
    problems = [401, 403, *([404] if in_path else []), *([] if method == "GET" else [409])]
    responses = {
        200: ResponseSpec(
            answer, generate_examples=False, description=summary, media_type=JSON, examples=[Example(value=example)]
        ),
        **{code: _refusal(code) for code in problems},
        **problem_responses((400, 413, 422) if sent else (422,)),
    }
    specs = [
        *(one.spec("path") for one in in_path),
        *(one.spec() for one in query),
        *(one.spec("header") for one in (*in_header, *([IDEMPOTENCY_KEY] if method == "POST" else []))),
    ]

    def register_handler(function: Callable[..., Any]) -> HTTPRouteHandler:
        handler: HTTPRouteHandler = _METHODS[method](
            path,
            status_code=200,
            operation_id=name,
            summary=summary,
            description=inspect.getdoc(function),
            operation_class=described(specs, list(responses), sent),
            responses=responses,
            security=[{BEARER: []}],
            tags=[TAG],
            request_max_body_size=_ROOM,
        )(function)
        return handler

    return register_handler
