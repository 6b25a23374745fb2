"""What is sent about consultations, for the OpenAPI document: the schemas of the bodies and an example of each."""

from __future__ import annotations

from typing import Final

from litestar.openapi.spec import OpenAPIMediaType, RequestBody, Schema
from litestar.openapi.spec.enums import OpenAPIFormat, OpenAPIType

from consultations.documents import SUFFIXES
from consultations.model import OUTCOMES, STANCES
from register.drafts.described import body, object_of
from register.measures import KINDS, STATES

_TEXT: Final = OpenAPIType.STRING
_NULL: Final = OpenAPIType.NULL
_WHOLE: Final = OpenAPIType.INTEGER


def _text(most: int, *, null: bool = False) -> Schema:
    return Schema(type=[_TEXT, _NULL] if null else _TEXT, max_length=most)


_DAY: Final = Schema(type=_TEXT, format=OpenAPIFormat.DATE, pattern=r"^\d{4}-\d{2}-\d{2}$")
_DAY_OR_NULL: Final = Schema(type=[_TEXT, _NULL], pattern=r"^\d{4}-\d{2}-\d{2}$")
_GOODS: Final = Schema(
    description="Goods lines, or the text of a code cell such as «7801, из 7802 (кроме 7802 00 100 0)». What is not "
    "read for certain is refused, `doubts` says where.",
    one_of=[
        Schema(type=OpenAPIType.ARRAY, items=Schema(type=OpenAPIType.OBJECT), min_items=1, max_items=5000),
        Schema(type=_TEXT, min_length=1, max_length=100_000),
    ],
)
_PROTOCOL: Final = object_of({"number": _text(60), "date": _DAY}, ["number", "date"])
_BOTH: Final = object_of({"ru": _text(20_000, null=True), "en": _text(20_000, null=True)})
_BURDEN: Final = object_of({"state": Schema(type=_TEXT, enum=list(STATES)), "claim": _text(20_000)}, ["state", "claim"])
_PLAN: Final = object_of(
    {
        "state": Schema(type=_TEXT, enum=list(STATES), description="The state that plans the measure."),
        "kind": Schema(type=_TEXT, enum=list(KINDS)),
        "title": _BOTH,
        "goods": _GOODS,
        "planned": object_of({"from": _DAY, "to": _DAY_OR_NULL}, ["from"]),
        "measure": _text(40, null=True),
        "similar_goods": _text(20_000, null=True),
        "burdens": Schema(type=OpenAPIType.ARRAY, items=_BURDEN, min_items=1, max_items=5),
    },
    ["state", "kind", "title", "goods", "planned", "burdens"],
)
PLAN_BODY: Final = body(
    _PLAN,
    {
        "state": "KG",
        "kind": "export_prohibition",
        "title": {"ru": "Запрет вывоза свинца"},
        "goods": "7801, из 7802",
        "planned": {"from": "2026-12-15", "to": "2027-06-15"},
        "similar_goods": "Свинец рафинированный",
        "burdens": [{"state": "KZ", "claim": "Вывоз 40 тыс. т в год"}],
    },
)
MEETING_BODY: Final = body(
    object_of(
        {
            "date": _DAY,
            "time": Schema(type=[_TEXT, _NULL], pattern=r"^([01]\d|2[0-3]):[0-5]\d$"),
            "place": _text(1000, null=True),
            "link": _text(2000, null=True),
            "agenda": _text(20_000, null=True),
        },
        ["date"],
    ),
    {"date": "2026-12-08", "time": "11:00", "place": "Москва, Летниковская ул., 2", "agenda": "Рассмотрение плана"},
)
POSITION_BODY: Final = body(
    object_of({"stance": Schema(type=_TEXT, enum=list(STANCES)), "reasons": _text(20_000, null=True)}, ["stance"]),
    {"stance": "objects", "reasons": "Вывоз аналогичных товаров существенно затруднится"},
)
COMMENT_BODY: Final = body(
    object_of({"text": _text(20_000), "parent": Schema(type=[_WHOLE, _NULL], minimum=1, maximum=2**53 - 1)}, ["text"]),
    {"text": "Просим уточнить описание товара", "parent": None},
)
CONCLUSION_BODY: Final = body(
    object_of(
        {
            "outcome": Schema(type=_TEXT, enum=list(OUTCOMES)),
            "protocol": _PROTOCOL,
            "permission": Schema(
                one_of=[
                    object_of({"goods": _GOODS, "from": _DAY, "to": _DAY_OR_NULL}, ["goods", "from"]),
                    Schema(type=_NULL),
                ]
            ),
        },
        ["outcome", "protocol"],
    ),
    {
        "outcome": "consensus_permitted",
        "protocol": {"number": "14", "date": "2026-12-08"},
        "permission": {"goods": "7801", "from": "2026-12-15", "to": None},
    },
)
REASON_BODY: Final = body(object_of({"reason": _text(20_000)}), {"reason": "Введение меры не планируется"})
REVOCATION_BODY: Final = body(
    object_of({"protocol": _PROTOCOL, "last_day": _DAY}, ["protocol", "last_day"]),
    {"protocol": {"number": "3", "date": "2027-02-10"}, "last_day": "2027-02-28"},
)
MEASURE_BODY: Final = body(object_of({"measure": _text(40)}, ["measure"]), {"measure": "KG-2026-030"})
DOCUMENT_BODY: Final = RequestBody(
    content={
        kind: OpenAPIMediaType(schema=Schema(type=_TEXT, content_media_type=kind))
        for kind in (*SUFFIXES, "application/octet-stream")
    },
    required=True,
)
