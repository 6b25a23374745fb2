"""One measure on one page: how it stands, what it covers, its acts, its history, and where all of that is written."""

from __future__ import annotations

from typing import Any, Final

from litestar import Response

from register.facts import Version, iso
from register.index import Register, UnknownPast
from register.lists import declarations
from register.pages import formats, site
from register.pages.compared import compared
from register.pages.query import NO_PAST, Query, address, known_at
from register.pages.site import Asked, Page, Service, page_handler
from register.service import RegisterService
from register.web import finding, not_found, refused
from register.words import Language

HISTORY_SHOWN: Final = 100
"""Versions that the page compares field by field; the interface for programs has them all."""


@page_handler("/measures/{id:str}")
def measure(request: Asked, service: Service) -> Response[bytes]:
    """The record as it is known, or as it was known at ``known_at``. Raises ``Problem`` 404 and 422."""
    found = site.find(request, service)
    if found is not None:
        return found
    language = site.language_of(request.scope["path"]) or "ru"
    query = Query(request.scope["query_string"])
    seq = _seq(query.text("known_at"), service)
    identifier = request.path_params["id"]
    version = service.register.version(identifier, seq)
    if version is None:
        raise unknown(identifier, seq)
    return site.send(request, service, _page(version, seq, service, language))


def _seq(text: str, service: RegisterService) -> int:
    try:
        seq = known_at(text, service.register, service.terms.zone)
    except UnknownPast:
        texts = [site.gettext_of(language).gettext(NO_PAST) for language in ("ru", "en")]
        raise refused(finding("/known_at", *texts)) from None
    return service.register.seq if seq is None else seq


def unknown(identifier: str, seq: int) -> Exception:
    """The 404 for a measure that the Register does not hold, or did not yet."""
    shown = identifier[:40]
    return not_found(
        f"Меры «{shown}» в Реестре по состоянию на запись {seq} нет.",
        f"There is no measure '{shown}' in the Register as of entry {seq}.",
        "/id",
    )


def _page(version: Version, seq: int, service: RegisterService, language: Language) -> Page:
    register, today = service.register, service.today()
    on = today.toordinal()
    record = register.record(version)
    history = _history(register, version.id, seq, service, language)
    past = seq < register.seq
    newest = register.version(version.id)
    context = {
        "record": record,
        "version": version,
        "status": version.status(on),
        "since": status_day(version, on),
        "today": today.isoformat(),
        "window": record.get("declaration_window"),
        "declaration_today": declarations(version, on),
        "names": {line["code_from"]: service.names.name(line["code_from"], today) for line in record["goods"]},
        "history": history,
        "hidden": max(0, len(register.history(version.id)) - HISTORY_SHOWN),
        "past": past,
        "newer": past and newest is not None and newest.seq > version.seq,
        "seq": seq,
        "seq_at": formats.moment(register.recorded_at(seq), service.terms.zone, language),
        "recorded_at": formats.moment(register.recorded_at(version.seq), service.terms.zone, language),
        "checkpoint": register.checkpoint(seq),
    }
    code = record["goods"][0]["code_from"] if len(record["goods"]) == 1 else None
    feed = address((("state", version.state), ("code", code), ("kind", version.kind)))
    return Page("measure.html", context, address((("known_at", seq if past else None),)), feed)


def status_day(version: Version, on: int) -> str | None:
    """The day that the status turns on: since when it is in force or suspended, when it begins, when it ended (ISO)."""
    status = version.status(on)
    if status == "suspended":
        return iso(next(start for start, end in version.suspensions if start <= on <= end))
    return iso(version.effective_to if status in ("expired", "terminated") else version.effective_from)


def _history(
    register: Register, identifier: str, seq: int, service: RegisterService, language: Language
) -> list[dict[str, Any]]:
    """Every version known at ``seq``, newest first, with its entry and what it changed."""
    versions = [version for version in register.history(identifier) if version.seq <= seq][-HISTORY_SHOWN:]
    translate = site.gettext_of(language).gettext
    found = []
    for version in reversed(versions):
        entry = register.entry(version.seq)
        found.append(
            {
                "number": version.number,
                "seq": version.seq,
                "type": entry["type"],
                "reason": entry["reason"],
                "rule": entry["rule"],
                "summary": entry["summary"],
                "at": formats.moment(register.recorded_at(version.seq), service.terms.zone, language),
                "on": register.recorded_at(version.seq).astimezone(service.terms.zone).date(),
                "changes": compared(entry["before"], entry["after"], language, translate) if entry["before"] else [],
            }
        )
    return found
