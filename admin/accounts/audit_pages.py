"""The audit trail for the auditor: a page with filters, CSV and JSON. Reading it out is told of in it as well."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from litestar import Response
from litestar.response import Stream

from admin.accounts.audit import COLUMNS, OUTCOMES, AuditFilter, all_audit, csv_line, public_row, read_audit
from admin.accounts.core import Accounts
from admin.accounts.frame import N_, Asked, page, staff_page
from admin.accounts.gate import Acting, People, require
from admin.accounts.policy import Action
from register.api.calls import Service
from register.pages import query
from register.pages.query import Fault, Query
from register.web import finding, refused

LENGTH: Final = 100
_FIRST, _LAST = date(1970, 1, 1), date(9999, 12, 30)
NO_DAY: Final = N_("Write the day as 2026-09-10 or 10.09.2026.")
NO_NUMBER: Final = N_("Write the number of an account.")
_FIELDS: Final = ("actor", "action", "subject", "outcome", "since", "until")


def chosen(asked: Query, zone: ZoneInfo) -> tuple[AuditFilter, list[Fault]]:
    """What of the trail is wanted; days are days of ``zone``, both ends included. Faults are named by their field."""
    faults: list[Fault] = []
    days = {name: query.day(asked.text(name)) for name in ("since", "until")}
    faults += [Fault(name, NO_DAY) for name, found in days.items() if found is None and asked.text(name)]
    actor = asked.text("actor")
    number = int(actor) if actor.isascii() and actor.isdigit() and len(actor) < 19 else None
    if actor and number is None:
        faults.append(Fault("actor", NO_NUMBER))
    outcome = asked.text("outcome")

    def moment(name: str, later: timedelta) -> datetime | None:
        day = days[name]
        # Counted in days of the calendar: the day after begins at midnight whatever the clocks do.
        return (
            None
            if day is None
            else datetime.combine(min(max(day, _FIRST), _LAST) + later, time.min, zone).astimezone(UTC)
        )

    wanted = AuditFilter(
        actor=number,
        action=asked.text("action", 60).replace("\x00", ""),
        subject=asked.text("subject", 100).replace("\x00", ""),
        outcome=outcome if outcome in OUTCOMES else "",
        since=moment("since", timedelta(0)),
        until=moment("until", timedelta(days=1)),
    )
    return wanted, faults


@page("/audit", guards=[require(Action.AUDIT_READ)])
async def audit_page(request: Asked, service: Service, accounts: People) -> Response[bytes]:
    """The newest rows of a choice, a hundred at a time."""
    asked = Query(request.scope["query_string"])
    wanted, faults = chosen(asked, service.terms.zone)
    before = asked.text("before")
    below = int(before) if before.isascii() and before.isdigit() and len(before) < 19 else None
    rows = [] if faults else await read_audit(accounts.database, wanted, before=below, limit=LENGTH + 1)
    typed = {name: asked.text(name) for name in _FIELDS}
    context = {
        "rows": rows[:LENGTH],
        "older": rows[LENGTH - 1]["seq"] if len(rows) > LENGTH else None,
        "typed": typed,
        "outcomes": OUTCOMES,
        "query": query.address(typed.items()),
        "faults": {fault.field: fault.text for fault in faults},
    }
    status = 422 if faults else 200
    return staff_page(request, service, "staff/audit.html", context, status=status, query=query.address(typed.items()))


async def _export(request: Asked, service: Service, accounts: Accounts, actor: Acting, form: str) -> AuditFilter:
    """What is to be read out, after a row that tells of it. Raises ``Problem`` 422 for a filter that is none."""
    asked = Query(request.scope["query_string"])
    wanted, faults = chosen(asked, service.terms.zone)
    if faults:
        texts = {NO_DAY: "Напишите день как 2026-09-10 или 10.09.2026.", NO_NUMBER: "Укажите номер учётной записи."}
        raise refused(*(finding(f"/{fault.field}", texts[fault.text], fault.text) for fault in faults))
    filters = {name: asked.text(name) for name in _FIELDS if asked.text(name)}
    await accounts.tell(actor, "audit.export", "audit", "done", format=form, filters=filters)
    return wanted


def _stream(body: AsyncIterator[bytes], media_type: str, ending: str, now: datetime) -> Stream:
    name = f"audit-{now.astimezone(UTC):%Y%m%dT%H%M%SZ}.{ending}"
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }
    return Stream(body, media_type=media_type, headers=headers)


@page("/audit.csv", guards=[require(Action.AUDIT_READ)])
async def audit_csv(request: Asked, service: Service, accounts: People, actor: Acting) -> Stream:
    """A choice of rows as CSV, oldest first; no cell is one that a spreadsheet would calculate."""
    wanted = await _export(request, service, accounts, actor, "csv")

    async def lines() -> AsyncIterator[bytes]:
        # The mark by which spreadsheets know UTF-8.
        yield b"\xef\xbb\xbf" + csv_line(list(COLUMNS)).encode()
        async for row in all_audit(accounts.database, wanted):
            told = public_row(row)
            yield csv_line([told[name] for name in COLUMNS]).encode()

    return _stream(lines(), "text/csv; charset=utf-8", "csv", accounts.now())


@page("/audit.json", guards=[require(Action.AUDIT_READ)])
async def audit_json(request: Asked, service: Service, accounts: People, actor: Acting) -> Stream:
    """A choice of rows as JSON, oldest first."""
    wanted = await _export(request, service, accounts, actor, "json")

    async def parts() -> AsyncIterator[bytes]:
        before = b'{"items":[\n'
        async for row in all_audit(accounts.database, wanted):
            yield before + json.dumps(public_row(row), ensure_ascii=False).encode()
            before = b",\n"
        yield (b'{"items":[' if before.startswith(b"{") else b"\n") + b"]}\n"

    return _stream(parts(), "application/json", "json", accounts.now())


route_handlers: Final[list[Any]] = [audit_page, audit_csv, audit_json]
