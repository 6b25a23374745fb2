"""One consultation, its public part: where it stands, what it is about, what came of it, where that is written."""

from __future__ import annotations

from typing import Any

from litestar import Response

from consultations.pages import reading
from consultations.pages.common import PATH, names, translations
from consultations.pages.steps import steps
from register.index import UnknownPast
from register.pages import formats, site
from register.pages.journal import item
from register.pages.query import NO_PAST, Query, address, known_at
from register.pages.site import Asked, Page, Service, page_handler
from register.service import RegisterService
from register.web import finding, not_found, refused
from register.words import Language


@page_handler(PATH + "/{id:str}")
def consultation(request: Asked, service: Service) -> Response[bytes]:
    """The record as it is known, or as it was known at ``known_at``. Raises ``Problem`` 404 and 422."""
    found = site.find(request, service)
    if found is not None:
        return found
    language = site.language_of(request.scope["path"]) or "ru"
    seq = _seq(Query(request.scope["query_string"]).text("known_at"), service)
    identifier = request.path_params["id"]
    record = reading.record(service.register, identifier, seq)
    if record is None:
        shown = identifier[:40]
        raise not_found(
            f"Консультаций «{shown}» по состоянию на запись {seq} нет.",
            f"There is no consultation '{shown}' as of entry {seq}.",
            "/id",
        )
    return site.send(request, service, _page(record, seq, service, language))


def _seq(text: str, service: RegisterService) -> int:
    try:
        seq = known_at(text, service.register, service.terms.zone)
    except UnknownPast:
        texts = [translations(language).gettext(NO_PAST) for language in ("ru", "en")]
        raise refused(finding("/known_at", *texts)) from None
    return service.register.seq if seq is None else seq


def _page(record: reading.Record, seq: int, service: RegisterService, language: Language) -> Page:
    register, today = service.register, service.today()
    known = [one for one in register.consultations()[record["id"]] if one <= seq]
    past = seq < register.seq
    say = translations(language).gettext
    context: dict[str, Any] = {
        **names(language),
        "record": record,
        "steps": [(say(step.name), step) for step in steps(record, today.isoformat())],
        "names": {line["code_from"]: service.names.name(line["code_from"], today) for line in record["goods"]},
        "entries": [item(one, service, language) for one in reversed(known)],
        "past": past,
        "newer": past and register.consultations()[record["id"]][-1] > known[-1],
        "seq": seq,
        "seq_at": formats.moment(register.recorded_at(seq), service.terms.zone, language),
        "checkpoint": register.checkpoint(seq),
        "to_come": record["status"] in ("initiated", "scheduled"),
    }
    return Page("consultations/one.html", context, address((("known_at", seq if past else None),)))
