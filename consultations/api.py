"""Consultations of P24 as everybody may read them: the public part, from their entries in the journal."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from litestar import Response, Router
from litestar.openapi.spec import Schema
from litestar.openapi.spec.enums import OpenAPIType

from register.api import schemas
from register.api.calls import API, Asked, Service, known_at, reading, shelf
from register.api.parameters import KNOWN_AT, Parameter, Parameters, read_states
from register.lists import consultation_bytes
from register.measures import STATES
from register.web import JSON, Prepared, not_found, respond

INITIATOR: Final = Parameter(
    "state",
    "Member states that initiated, or whose measure it is, comma-separated.",
    read_states,
    Schema(type=OpenAPIType.ARRAY, items=Schema(type=OpenAPIType.STRING, enum=list(STATES))),
    ["KG"],
    frozenset(),
)
LIST_PARAMETERS: Final = Parameters((INITIATOR, KNOWN_AT))
PAST_ONLY: Final = Parameters((KNOWN_AT,))
CONSULTATION_ID: Final = Parameter(
    "id", "The number of a consultation.", str, Schema(type=OpenAPIType.STRING), "C-2026-003", required=True
)
_EXAMPLE: Final[dict[str, Any]] = {"id": "C-2026-003", "state": "KG", "status": "scheduled"}


class _StateRecord(msgspec.Struct):
    state: str | None = None


_decode_state: Final = msgspec.json.Decoder(_StateRecord).decode


@reading(
    "/consultations",
    name="listConsultations",
    summary="The consultations of P24, the public part, oldest first.",
    answer=schemas.ConsultationList,
    example={"items": [_EXAMPLE], "total": 1, "complete": True, "seq": 118},
    parameters=LIST_PARAMETERS,
    tag="Reading",
)
def list_consultations(request: Asked, service: Service) -> Response[bytes]:
    """All of them in one answer; positions and documents that are not public are not in it."""
    query = request.scope["query_string"]
    asked = LIST_PARAMETERS.read(query)
    seq = known_at(service.register, asked["known_at"])
    kept, key = shelf(service).kept, ("consultations", query, seq)
    prepared = kept.find(key)
    if prepared is None:
        items = [
            body
            for _, body in consultation_bytes(service.register, seq)
            if not asked["state"] or _decode_state(body).state in asked["state"]
        ]
        body = b'{"items":[%s],"total":%d,"complete":true,"seq":%d}' % (b",".join(items), len(items), seq)
        prepared = kept.keep(key, Prepared(body, JSON, seq=seq))
    return respond(request, prepared)


@reading(
    "/consultations/{id:str}",
    name="getConsultation",
    summary="One consultation, the public part.",
    answer=dict[str, Any],
    example=_EXAMPLE,
    parameters=PAST_ONLY,
    in_path=(CONSULTATION_ID,),
    problems=(404, 422),
    tag="Reading",
)
def get_consultation(request: Asked, service: Service) -> Response[bytes]:
    """As its newest entry gives it, or the newest known then."""
    asked = PAST_ONLY.read(request.scope["query_string"])
    seq = known_at(service.register, asked["known_at"])
    identifier = request.path_params["id"]
    kept, key = shelf(service).kept, ("consultation", identifier, seq)
    prepared = kept.find(key)
    if prepared is None:
        body = dict(consultation_bytes(service.register, seq)).get(identifier)
        if body is None:
            shown = identifier[:40]
            raise not_found(
                f"Консультаций «{shown}» по состоянию на запись {seq} нет",
                f"There is no consultation '{shown}' as of entry {seq}",
                "/id",
            )
        prepared = kept.keep(key, Prepared(body, JSON, seq=seq))
    return respond(request, prepared)


route_handlers: Final[list[Any]] = [Router(API, route_handlers=[list_consultations, get_consultation])]
