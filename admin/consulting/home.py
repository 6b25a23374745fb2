"""What is asked of me: the home of an official, with the matters of the own state first; the Commission's view."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any, Final

from litestar import Response

from admin.accounts import Acting, Actor, Role, require
from admin.accounts.frame import Asked, page
from admin.accounts.policy import Action
from admin.consulting.common import ASKED, Office, staff_page
from admin.consulting.listing import NAME, Row, rows
from admin.consulting.saved_views import views_of
from consultations.model import OPEN
from consultations.notices import outbox
from consultations.searching import concerned
from register.api.calls import Service

MOST_ROWS: Final = 12


@page(ASKED, guards=[require(Action.CONSULTATION_READ)])
async def asked_page(request: Asked, service: Service, consulting: Office, actor: Acting) -> Response[bytes]:
    """What waits for a position, a meeting, an outcome or an entry; meetings ahead; all that is open."""
    await service.catch_up()
    today, db = service.today(), service.database
    found = await rows(service, consulting, actor)
    opened = [row for row in found if row.known.status in OPEN]
    own, others = _by_state(opened, actor)
    meetings = [row for row in opened if row.known.meeting is not None and row.known.meeting.date >= today]
    context = {
        "asked": sorted((row for row in found if row.asked), key=_urgency),
        "own": own[:MOST_ROWS],
        "own_more": len(own) - MOST_ROWS,
        "others": others[:MOST_ROWS],
        "others_more": len(others) - MOST_ROWS,
        "meetings": sorted(meetings, key=lambda row: row.known.meeting.date if row.known.meeting else today)[
            :MOST_ROWS
        ],
        "waiting": await consulting.waiting() if actor.may(Action.DRAFT_READ) else None,
        "views": [] if actor.id is None else await views_of(db, actor.id, NAME),
        "unread": 0 if actor.id is None else await outbox.unread(db, actor.id),
        "today": today,
        "official": actor.role is Role.OFFICIAL,
        "own_state": actor.state,
        "auditor": actor.role is Role.AUDITOR,
        "may_initiate": actor.may(Action.CONSULTATION_INITIATE),
        "may_draft": actor.may(Action.DRAFT_WRITE),
    }
    return staff_page(request, service, "asked.html", context)


def _by_state(opened: Iterable[Row], actor: Actor) -> tuple[list[Row], list[Row]]:
    """The matters of the own state, and the others; of the Commission all are its own."""
    own, others = list[Row](), list[Row]()
    for row in opened:
        (own if actor.state is None or actor.state in concerned(row.record) else others).append(row)
    return own, others


def _urgency(row: Row) -> tuple[date, str]:
    return (date.max if row.due is None else row.due.day), row.known.id


route_handlers: Final[list[Any]] = [asked_page]
