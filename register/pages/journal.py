"""The journal for people: the newest entries, and one entry with what it changed and the hash that proves it."""

from __future__ import annotations

import base64
from datetime import date
from itertools import groupby
from typing import Any, Final

from litestar import Response

from register import merkle
from register.api.filters import SCAN_AT_MOST, SCAN_CODES_AT_MOST, EntryFilter
from register.entries import ENTRY_TYPES, REASONS
from register.index import Register
from register.measures import STATES
from register.pages import formats, site
from register.pages.compared import compared
from register.pages.query import Fault, Query, address, among, read_code
from register.pages.site import Asked, Page, Service, page_handler
from register.service import RegisterService
from register.web import not_found
from register.words import Language, written_date

ON_A_PAGE: Final = 30


@page_handler("/changes")
def list_changes(request: Asked, service: Service) -> Response[bytes]:
    """The entries that pass the filter of the address, newest first."""
    found = site.find(request, service)
    if found is not None:
        return found
    language = site.language_of(request.scope["path"]) or "ru"
    return site.send(request, service, _page(Query(request.scope["query_string"]), service, language))


def _page(query: Query, service: RegisterService, language: Language) -> Page:
    faults: list[Fault] = []
    wanted = EntryFilter(
        among(query, "type", ENTRY_TYPES),
        among(query, "state", STATES),
        among(query, "reason", REASONS),
        read_code(query.text("code"), faults, language),
    )
    frame = {
        "typed": {"code": query.text("code")},
        "wanted": wanted,
        "states": STATES,
        "types": ENTRY_TYPES,
        "reasons": REASONS,
        "faults": {fault.field: fault.text for fault in faults},
    }
    pairs = (("state", wanted.states), ("type", wanted.types), ("reason", wanted.reasons), ("code", wanted.code))
    if faults:
        typed = address([*pairs, ("code", query.text("code"))])
        return Page("changes.html", {**frame, "days": None}, typed, status=422)
    before = query.text("before")
    start = (
        min(int(before) - 1, service.register.seq) if before.isdigit() and len(before) < 16 else service.register.seq
    )
    passed, last = newest(service.register, wanted, start)
    context = {
        **frame,
        "days": _days(passed, service, language),
        "before": address([*pairs, ("before", last)]) if last > 1 else None,
        "newest": address(pairs) if start < service.register.seq else None,
        "api_query": address(pairs),
    }
    return Page("changes.html", context, address([*pairs, ("before", before)]), address(pairs))


def newest(register: Register, wanted: EntryFilter, start: int) -> tuple[list[int], int]:
    """Up to a page of entries that pass, downwards from ``start``, and the last one looked at."""
    most = SCAN_AT_MOST if wanted.code is None else SCAN_CODES_AT_MOST
    passed: list[int] = []
    seq = start
    for seq in range(start, max(0, start - most), -1):
        if wanted.passes(register, seq):
            passed.append(seq)
            if len(passed) == ON_A_PAGE:
                break
    return passed, max(seq, 0)


def _days(passed: list[int], service: RegisterService, language: Language) -> list[tuple[str, list[dict[str, Any]]]]:
    """The entries under the days, at the seat, on which they were recorded."""

    def on(seq: int) -> date:
        return service.register.recorded_at(seq).astimezone(service.terms.zone).date()

    return [
        (written_date(day, language), [item(seq, service, language) for seq in listed])
        for day, listed in groupby(passed, key=on)
    ]


def item(seq: int, service: RegisterService, language: Language) -> dict[str, Any]:
    """An entry as a list shows it."""
    entry = service.register.entry(seq)
    return {
        **{name: entry[name] for name in ("seq", "type", "reason", "subject", "summary", "rule", "recorded_at")},
        "state": service.register.facts(seq).state,
        "at": formats.moment(service.register.recorded_at(seq), service.terms.zone, language),
    }


@page_handler("/changes/{seq:str}")
def entry(request: Asked, service: Service) -> Response[bytes]:
    """One entry. Raises ``Problem`` 404."""
    found = site.find(request, service)
    if found is not None:
        return found
    text, register = request.path_params["seq"], service.register
    seq = int(text) if text.isdigit() and len(text) < 16 else 0
    if not 1 <= seq <= register.seq:
        shown = text[:40]
        raise not_found(
            f"Записи {shown} в Реестре нет; последняя – {register.seq}.",
            f"There is no entry {shown} in the Register; the newest is {register.seq}.",
            "/seq",
        )
    language = site.language_of(request.scope["path"]) or "ru"
    return site.send(request, service, _entry_page(seq, service, language))


def _entry_page(seq: int, service: RegisterService, language: Language) -> Page:
    register = service.register
    whole, header = register.entry(seq), register.header(seq)
    context = {
        "entry": whole,
        "item": item(seq, service, language),
        "changes": compared(whole["before"], whole["after"], language, site.gettext_of(language).gettext)
        if whole["before"]
        else [],
        "is_measure": not whole["type"].startswith("consultation."),
        "header": header.decode(),
        "leaf": base64.b64encode(merkle.leaf_hash(header)).decode(),
        "checkpoint": register.checkpoint(seq),
    }
    return Page("entry.html", context)
