"""Consultations of P24 as everybody may read them: the public part, from their entries in the journal."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from litestar import Response, Router

from consultations import answers, described
from consultations.searching import concerned, concerns_code, has_words
from register.api import schemas
from register.api.calls import API, Asked, Service, known_at, reading, shelf
from register.api.parameters import KNOWN_AT, Parameters
from register.permitted import consultation_bytes, one_consultation
from register.web import JSON, Prepared, not_found, respond

LIST_PARAMETERS: Final = Parameters(
    (described.STATE, described.PUBLIC_STATUS, described.CODE, described.WORDS, KNOWN_AT)
)
PAST_ONLY: Final = Parameters((KNOWN_AT,))


class ConsultationList(msgspec.Struct):
    """The public parts of the consultations of P24."""

    items: list[answers.ConsultationInfo]
    total: int
    complete: bool
    seq: schemas.Number


@reading(
    "/consultations",
    name="listConsultations",
    summary="The consultations of P24, the public part, oldest first.",
    answer=ConsultationList,
    example={"items": [answers.RECORD], "total": 1, "complete": True, "seq": 118},
    parameters=LIST_PARAMETERS,
    tag=described.TAG,
)
def list_consultations(request: Asked, service: Service) -> Response[bytes]:
    """All of them in one answer; positions, comments and documents are the parties' own and not in it. `status` is
    `entered_in_register` where the permission stands on a measure, which `entered` names."""
    query = request.scope["query_string"]
    asked = LIST_PARAMETERS.read(query)
    seq = known_at(service.register, asked["known_at"])
    kept, key = shelf(service).kept, ("consultations", query, seq)
    prepared = kept.find(key)
    if prepared is None:
        items = [body for _, body in consultation_bytes(service.register, seq) if _wanted(body, asked)]
        body = b'{"items":[%s],"total":%d,"complete":true,"seq":%d}' % (b",".join(items), len(items), seq)
        prepared = kept.keep(key, Prepared(body, JSON, seq=seq))
    return respond(request, prepared)


def _wanted(body: bytes, asked: dict[str, Any]) -> bool:
    if not (asked["state"] or asked["status"] or asked["code"] or asked["q"]):
        return True
    record: dict[str, Any] = msgspec.json.decode(body)
    return (
        (not asked["state"] or bool(asked["state"] & concerned(record)))
        and (not asked["status"] or record.get("status") in asked["status"])
        and (asked["code"] is None or concerns_code(record, asked["code"]))
        and (asked["q"] is None or has_words(record, asked["q"]))
    )


@reading(
    "/consultations/{id:str}",
    name="getConsultation",
    summary="One consultation, the public part.",
    answer=answers.ConsultationInfo,
    example=answers.RECORD,
    parameters=PAST_ONLY,
    in_path=(described.CONSULTATION,),
    problems=(404, 422),
    tag=described.TAG,
)
def get_consultation(request: Asked, service: Service) -> Response[bytes]:
    """As its newest entry gives it, or the newest known then, with the measure on which its permission stood."""
    asked = PAST_ONLY.read(request.scope["query_string"])
    seq = known_at(service.register, asked["known_at"])
    identifier = request.path_params["id"]
    kept, key = shelf(service).kept, ("consultation", identifier, seq)
    prepared = kept.find(key)
    if prepared is None:
        body = one_consultation(service.register, identifier, seq)
        if body is None:
            shown = identifier[:40]
            raise not_found(
                f"Консультаций «{shown}» по состоянию на запись {seq} нет",
                f"There is no consultation '{shown}' as of entry {seq}",
                "/id",
            )
        prepared = kept.keep(key, Prepared(body, JSON, seq=seq))
    return respond(request, prepared)


public: Final[list[Any]] = [list_consultations, get_consultation]
"""The calls for everybody."""
route_handlers: Final[list[Any]] = [Router(API, route_handlers=public)]
"""The calls for everybody alone, for a service without accounts."""
