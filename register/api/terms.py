"""What this deployment decides: what a mirror has to know to give the same answers."""

from __future__ import annotations

import msgspec
from litestar import Response

from register.api import schemas
from register.api.calls import Asked, Service, reading, shelf
from register.api.parameters import NO_PARAMETERS
from register.web import JSON, Prepared, respond


@reading(
    "/terms",
    name="getTerms",
    summary="What this deployment decides: zone of dates, transition of A11(1), whether it is a demonstration.",
    answer=schemas.TermsOfDeployment,
    example={"time_zone": "Europe/Moscow", "duties_until": None, "demonstration": False},
    parameters=NO_PARAMETERS,
)
async def get_terms(request: Asked, service: Service) -> Response[bytes]:
    """`duties_until` is the last day on which export duties ask for no proof of origin; null while that is not set."""
    NO_PARAMETERS.read(request.scope["query_string"])
    kept = shelf(service).kept
    prepared = kept.find("terms")
    if prepared is None:
        terms = service.terms
        until = None if terms.duties_until is None else terms.duties_until.isoformat()
        found = schemas.TermsOfDeployment(str(terms.zone), until, terms.demonstration)
        prepared = kept.keep("terms", Prepared(msgspec.json.encode(found), JSON, seq=0))
    return respond(request, prepared)
