"""How the calls on drafts look in the OpenAPI document."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Literal

import msgspec
from litestar import delete, get, post, put
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import OpenAPIMediaType, RequestBody, Schema
from litestar.openapi.spec.enums import OpenAPIType

from register.api import schemas
from register.api.calls import API, described, problem_response, problem_responses
from register.api.examples import Example
from register.api.parameters import Parameter, Refused, short_text, some_of, whole
from register.drafts.model import KINDS, Kind
from register.drafts.states import STATES, Command, State
from register.measures import MEASURE_ID
from register.web import JSON

TAG: Final = "Drafts"
BEARER: Final = "bearer"
"""The name of the security scheme in the components of the document."""
MAX_ID: Final = 2**53 - 1
BODY_LIMIT: Final = 3 * 2**20
"""Bytes of a request: the content of a draft, and what JSON may add by escaping."""

_WHOLE: Final = OpenAPIType.INTEGER
_TEXT: Final = OpenAPIType.STRING


def _number(low: int, high: int, default: int | None = None) -> Schema:
    return Schema(type=_WHOLE, minimum=low, maximum=high, default=default)


DRAFT_ID: Final = Parameter("id", "The number of a draft.", whole(1, MAX_ID), _number(1, MAX_ID), 12, required=True)
VERSION: Final = Parameter(
    "version", "The number of a version.", whole(1, MAX_ID), _number(1, MAX_ID), 3, required=True
)
PLACE: Final = Parameter(
    "place", "The place of a doubt in the draft's list, the first is 0.", whole(0, 9999), _number(0, 9999), 0,
    required=True,
)  # fmt: skip
SHA256: Final = Parameter(
    "sha256",
    "The hash of an attached file.",
    str,
    Schema(type=_TEXT, pattern="^[0-9a-f]{64}$"),
    "0" * 64,
    required=True,
)
FILE: Final = Parameter(
    "file",
    "The hash of an attached file and `.pdf`.",
    str,
    Schema(type=_TEXT, pattern=r"^[0-9a-f]{64}\.pdf$"),
    "0" * 64 + ".pdf",
    required=True,
)
IF_MATCH: Final = Parameter(
    "If-Match",
    "The `ETag` of the draft as the caller knows it. Another version is answered by 409 with the difference.",
    str,
    Schema(type=_TEXT, pattern=r'^"[0-9]+"$'),
    '"3"',
)
IDEMPOTENCY_KEY: Final = Parameter(
    "Idempotency-Key",
    "Any text of the caller's. The same request under the same key within 24 hours is done once and answered alike; "
    "another request under it is an error.",
    str,
    Schema(type=_TEXT, pattern=r"^[\x20-\x7e]{1,200}$", max_length=200),
    "8e03978e-40d5-43dd-bc93-6894a57f9324",
)


def _words(name: str, description: str, allowed: Sequence[str], example: str) -> Parameter:
    schema = Schema(type=OpenAPIType.ARRAY, items=Schema(type=_TEXT, enum=list(allowed)))
    return Parameter(name, description, some_of(allowed), schema, [example], frozenset())


STATE: Final = _words("state", "States of drafts, comma-separated.", STATES, "submitted")
KIND: Final = _words("kind", "Kinds of drafts, comma-separated.", KINDS, "amend")


def _measure(text: str) -> str:
    if not MEASURE_ID.fullmatch(text):
        raise Refused("номер меры, например KG-2026-021", "the id of a measure, such as KG-2026-021")
    return text


MEASURE: Final = Parameter(
    "measure",
    "The measure that the drafts are on.",
    _measure,
    Schema(type=_TEXT, pattern=MEASURE_ID.pattern),
    "KG-2026-021",
)
BEFORE: Final = Parameter(
    "before", "Only drafts below this number: the next page.", whole(1, MAX_ID), _number(1, MAX_ID), 12
)
LIMIT: Final = Parameter("limit", "How many at most.", whole(1, 200), _number(1, 200, 100), 100, 100)
NAME: Final = Parameter(
    "name", "The name of the file.", short_text(255), Schema(type=_TEXT, max_length=255), "587.pdf", "act.pdf"
)


class Person(msgspec.Struct):
    """Who did something; `id` is null for a machine or for the service itself."""

    id: int | None
    name: str


class Published(msgspec.Struct):
    """What a draft became."""

    measure: str
    seq: schemas.Number


class AttachmentInfo(msgspec.Struct):
    """An attached act. `url` answers once the draft is published."""

    sha256: str
    name: str
    size: int
    media_type: str
    added_by: Person
    added_at: schemas.Moment
    url: str


class DraftInfo(msgspec.Struct, kw_only=True):
    """A draft. `allowed` are the commands that are open to the caller now; `content` may be unfinished or wrong."""

    id: int
    state: State
    kind: Kind
    measure: str | None
    base_version: int | None
    content: dict[str, Any]
    doubts: list[dict[str, Any]]
    open_doubts: list[int]
    source: str
    version: int
    publish_at: schemas.Moment | None
    author: Person | None
    submitter: Person | None
    approver: Person | None
    returned_reason: str | None
    published: Published | None
    created_at: schemas.Moment
    updated_at: schemas.Moment
    attachments: list[AttachmentInfo]
    allowed: list[Command]


class DraftList(msgspec.Struct):
    """Drafts, the newest first; go on with `before` = `next_before` until `complete`."""

    items: list[dict[str, Any]]
    total: int
    complete: bool
    next_before: int | None


class DraftHistory(msgspec.Struct):
    """Everything that happened to a draft, oldest first."""

    items: list[dict[str, Any]]


class DraftVersion(msgspec.Struct):
    """What a draft said at a version."""

    version: int
    content: dict[str, Any]


class DraftPreview(msgspec.Struct, kw_only=True):
    """What a draft will do when it is published on the day `on`."""

    version: int
    on: schemas.Day
    refusals: list[dict[str, Any]]
    warnings: list[dict[str, Any]]
    content: dict[str, Any] | None
    differences: list[schemas.Difference]
    entry: dict[str, Any] | None
    effect: dict[str, Any] | None
    overlaps: dict[str, Any] | None
    consultations: list[dict[str, Any]]
    permissions: list[dict[str, Any]]
    moved: dict[str, Any] | None


class ParsedCell(msgspec.Struct):
    """What a cell says for certain, and what is left to a person. `whole`: nothing is left."""

    doubts: list[dict[str, Any]]
    whole: bool


EXAMPLE: Final[dict[str, Any]] = {
    "id": 12,
    "state": "submitted",
    "kind": "extend",
    "measure": "KG-2026-021",
    "base_version": 1,
    "content": {
        "effective_to": "2027-09-08",
        "acts": [{"role": "extends", "number": "612", "date": "2027-02-20"}],
    },
    "doubts": [],
    "open_doubts": [],
    "source": "",
    "version": 3,
    "publish_at": None,
    "author": {"id": 7, "name": "А. Иванова"},
    "submitter": {"id": 7, "name": "А. Иванова"},
    "approver": None,
    "returned_reason": None,
    "published": None,
    "created_at": "2027-02-24T09:12:44.120Z",
    "updated_at": "2027-02-24T09:31:02.004Z",
    "attachments": [],
    "allowed": ["return", "approve"],
}
PREVIEW_EXAMPLE: Final[dict[str, Any]] = {
    "version": 3,
    "on": "2027-02-24",
    "refusals": [],
    "warnings": [],
    "content": {"id": "KG-2026-021", "effective_to": "2027-09-08"},
    "differences": [{"field": "/effective_to", "before": "2027-03-08", "after": "2027-09-08"}],
    "entry": {"provisional": True, "entry": {"seq": 205, "type": "measure.extended", "subject": "KG-2026-021"}},
    "effect": {"changes": [], "today": [], "codes": {"asked": 1, "total": 1}, "complete": True},
    "overlaps": {"items": [], "total": 0, "complete": True},
    "consultations": [],
    "permissions": [],
    "moved": None,
}


def object_of(properties: Mapping[str, Schema], required: Sequence[str] = ()) -> Schema:
    """The schema of a JSON object with these members and no others."""
    return Schema(
        type=OpenAPIType.OBJECT,
        properties=dict(properties),
        required=list(required) or None,
        additional_properties=False,
    )


def body(schema: Schema, example: Any, *, required: bool = True) -> RequestBody:
    """A JSON body of a request."""
    return RequestBody(
        content={JSON: OpenAPIMediaType(schema=schema, examples={"body": Example(value=example)})},
        required=required,
    )


_MOMENT_OR_NULL: Final = Schema(type=[OpenAPIType.STRING, OpenAPIType.NULL])
_CONTENT: Final = Schema(type=OpenAPIType.OBJECT)
_NOTE: Final = Schema(type=[OpenAPIType.STRING, OpenAPIType.NULL], max_length=20_000)
_CELL: Final = Schema(type=_TEXT, max_length=100_000)

NEW_BODY: Final = body(
    object_of(
        {
            "kind": Schema(type=_TEXT, enum=list(KINDS)),
            "measure": Schema(type=[OpenAPIType.STRING, OpenAPIType.NULL], max_length=40),
            "content": Schema(type=[OpenAPIType.OBJECT, OpenAPIType.NULL]),
            "publish_at": _MOMENT_OR_NULL,
            "source": Schema(type=_TEXT, max_length=300),
        },
        ["kind"],
    ),
    {"kind": "extend", "measure": "KG-2026-021", "content": EXAMPLE["content"], "publish_at": None},
)
EDIT_BODY: Final = body(
    object_of(
        {
            "content": _CONTENT,
            "publish_at": _MOMENT_OR_NULL,
            "base_version": Schema(type=[_WHOLE, OpenAPIType.NULL], minimum=1, maximum=MAX_ID),
        }
    ),
    {"content": EXAMPLE["content"]},
)
RETURN_BODY: Final = body(object_of({"reason": Schema(type=_TEXT, max_length=20_000)}), {"reason": "Нет акта"})
NOTE_BODY: Final = body(object_of({"note": _NOTE}), {"note": "Сверено с актом"}, required=False)
EMPTY_BODY: Final = body(object_of({}), {}, required=False)
CELL_BODY: Final = body(object_of({"text": _CELL}, ["text"]), {"text": "7201, из 7302, 8415 – 8417"})
BASIS_BODY: Final = body(
    object_of({"text": _CELL, "state": Schema(type=_TEXT, max_length=2), "term": _CELL}, ["text", "state"]),
    {"text": "Постановление Кабинета Министров Кыргызской Республики от 27.08.2026 № 587", "state": "KG"},
)
PDF_BODY: Final = RequestBody(
    content={"application/pdf": OpenAPIMediaType(schema=Schema(type=_TEXT, content_media_type="application/pdf"))},
    required=True,
)

_REFUSALS: Final = {
    401: ("Nobody is signed in.", "", "format", "Нужно войти", "Sign in first"),
    403: (
        "The caller may not do this: another role is needed, or another person than the author.",
        "",
        "HD3",
        "Проект утверждает не тот, кто его составил",
        "A draft is approved by another person than its author",
    ),
    404: ("There is no such draft.", "/id", "format", "Такого проекта нет", "There is no such draft"),
    409: (
        "The draft, or its measure, is not what the caller takes it for; what differs is given beside the error.",
        "",
        "HD11",
        "Проект изменен другим лицом",
        "Somebody else has changed the draft",
    ),
    428: ("`If-Match` is missing.", "/If-Match", "HD11", "Нужен заголовок If-Match", "The header If-Match is needed"),
}


def _refusal(status: int) -> ResponseSpec:
    description, pointer, rule, ru, en = _REFUSALS[status]
    return problem_response(status, description, (pointer, rule, ru, en), f"{API}/drafts/12")


_METHODS: Final = {"GET": get, "POST": post, "PUT": put, "DELETE": delete}


def call(
    method: Literal["GET", "POST", "PUT", "DELETE"],
    path: str,
    *,
    name: str,
    summary: str,
    answer: Any = DraftInfo,
    example: Any = EXAMPLE,
    status: int = 200,
    sent: RequestBody | None = None,
    query: Sequence[Parameter] = (),
    in_path: Sequence[Parameter] = (),
    limit: int = BODY_LIMIT,
    media_type: str = JSON,
    public: bool = False,
) -> Callable[[Callable[..., Any]], HTTPRouteHandler]:
    """Make a function the handler of a call, described in full."""
    success = ResponseSpec(
        answer,
        generate_examples=False,
        description=summary,
        media_type=media_type,
        examples=[Example(value=example)],
    )
    problems = [] if public else [401, 403]
    problems += [404] if in_path else []
    problems += [] if method == "GET" else [409]
    problems += [428] if method == "PUT" else []
    responses = {
        status: success,
        **{code: _refusal(code) for code in problems},
        **problem_responses((400, 413, 422) if sent else (422,)),
    }
    headers = {"GET": [], "POST": [IF_MATCH, IDEMPOTENCY_KEY], "PUT": [IF_MATCH], "DELETE": [IF_MATCH]}[method]
    if method == "POST" and not in_path:
        headers = [IDEMPOTENCY_KEY]
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
            security=None if public else [{BEARER: []}],
            tags=[TAG],
            request_max_body_size=limit,
        )(function)
        return handler

    return register_handler
