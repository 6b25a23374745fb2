"""The home of whoever works on the Register: what waits, what is due, what takes effect or runs out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from litestar import Response
from litestar.di import NamedDependency

from admin.accounts import Acting, Actor
from admin.accounts.frame import Asked, go, here, language, page
from admin.accounts.policy import Action
from admin.workbench import fields
from admin.workbench.common import day_of, inclusion_days, staff_page, title_of
from admin.workbench.deadlines import inclusion_deadline, working_days_between
from admin.workbench.listing import state_of
from admin.workbench.waiting import Office, decided
from consultations.clock import Count
from consultations.moved_days import Calendars
from consultations.working_days import WorkingDays
from register.api.calls import Service
from register.drafts.model import Draft
from register.drafts.records import DraftFilter, list_drafts, writers_of
from register.facts import FOREVER, Version
from register.index import Register
from register.service import RegisterService
from register.words import Language

AHEAD: Final = timedelta(days=30)
MOST: Final = 200
MOST_ROWS: Final = 12


@dataclass(frozen=True, slots=True)
class Due:
    """A draft with a notification: until when it is to be included, and the working days that are left."""

    draft: Draft
    title: str
    state: str
    notified_on: date
    deadline: Count
    left: int


@dataclass(frozen=True, slots=True)
class Coming:
    """A measure that takes effect or ends on a day; ``extension`` is an open draft that extends or ends it."""

    day: date
    version: Version
    title: dict[str, Any]
    extension: int | None = None


@page("")
async def home(
    request: Asked, service: Service, actor: Acting, calendars: NamedDependency[Calendars], consulting: Office
) -> Response[bytes]:
    """What waits for me, inclusion deadlines, the next 30 days, measures that run out.

    Who has nothing to do with drafts goes on to what is asked in consultations, or to the own account.
    """
    if not actor.may(Action.DRAFT_READ):
        return go(here(request, "/asked" if actor.may(Action.CONSULTATION_READ) else "/me"))
    await service.catch_up()
    told, today, db = language(request), service.today(), service.database
    opened, _ = await list_drafts(db, DraftFilter(("draft", "returned", "submitted", "approved")), limit=MOST)

    begins, ends = coming(service.register, today, opened)
    context = {
        "today": today,
        "may_write": actor.can("draft.write"),
        "may_approve": actor.can("draft.approve"),
        "returned": _titled((one for one in opened if one.state == "returned" and one.author == actor.id), told),
        "mine": _titled((one for one in opened if one.state == "draft" and one.author == actor.id), told)[:MOST_ROWS],
        "to_approve": _titled(await _for_me(service, actor, opened), told),
        "to_publish": _titled((one for one in opened if one.state == "approved" and actor.can("draft.publish")), told),
        "held": _titled((one for one in opened if one.author is None and one.state in ("draft", "returned")), told),
        "due": due(opened, today, inclusion_days(request), told, calendars.days),
        "decided": await decided(service, consulting),
        "working_days": inclusion_days(request),
        "begins": begins[:MOST_ROWS],
        "begins_more": max(0, len(begins) - MOST_ROWS),
        "ends": [one for one in ends if one.extension is not None][:MOST_ROWS],
        "unextended": [one for one in ends if one.extension is None][: 2 * MOST_ROWS],
        "most": MOST_ROWS,
    }
    return staff_page(request, service, "home.html", context)


def _titled(drafts: Iterable[Draft], told: Language) -> list[tuple[Draft, str, str]]:
    return [(draft, title_of(draft, told), state_of(draft)) for draft in drafts]


async def _for_me(service: RegisterService, actor: Actor, opened: Iterable[Draft]) -> list[Draft]:
    """Submitted drafts that this person may approve: never one that the person had a hand in."""
    if not actor.can("draft.approve"):
        return []
    found = []
    for draft in opened:
        if draft.state == "submitted" and actor.id not in await writers_of(service.database, draft.id):
            found.append(draft)
    return found


def due(drafts: Iterable[Draft], today: date, working_days: int, told: Language, days: WorkingDays) -> list[Due]:
    """The open drafts that name the day of their notification, by deadline: new measures and changes of measures."""
    found = []
    for draft in drafts:
        notified = day_of(fields.notified_of(draft.kind, draft.content))
        if notified is not None and notified.year < date.max.year - 3:
            deadline = inclusion_deadline(notified, days, working_days)
            left = working_days_between(today, deadline.day, days)
            found.append(Due(draft, title_of(draft, told), state_of(draft), notified, deadline, left))
    return sorted(found, key=lambda one: (one.deadline.day, one.draft.id))


def coming(register: Register, today: date, opened: Iterable[Draft]) -> tuple[list[Coming], list[Coming]]:
    """Measures that take effect, and measures whose last day comes, from tomorrow or today within ``AHEAD``."""
    on, last = today.toordinal(), (today + AHEAD).toordinal()
    extended = {one.measure: one.id for one in opened if one.measure and one.kind in ("extend", "terminate", "amend")}
    begins, ends = [], []
    for version in register.versions():
        if on < version.effective_from <= last:
            begins.append((version.effective_from, version))
        if version.effective_to != FOREVER and on <= version.effective_to <= last and not version.terminated:
            ends.append((version.effective_to, version))

    def shown(found: list[tuple[int, Version]]) -> list[Coming]:
        ordered = sorted(found, key=lambda item: (item[0], item[1].id))
        return [
            Coming(date.fromordinal(day), one, register.record(one)["title"], extended.get(one.id))
            for day, one in ordered
        ]

    return shown(begins), shown(ends)


route_handlers: Final[list[Any]] = [home]
