"""The page of the working days: what is known of a year, the days that were moved, forms for the operator."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final, Literal

from babel.dates import format_date
from litestar import Response
from litestar.di import NamedDependency

from admin.accounts import core
from admin.accounts.audit import audit
from admin.accounts.frame import Asked, fields, go, here, language, page, staff_page
from admin.accounts.gate import Acting, require
from admin.accounts.policy import Action
from consultations.moved_days import Calendars, Entered, MovedDaysRefused, add, read, remove
from consultations.moved_days import faults as wrong
from consultations.public_holidays import Text, public_year
from consultations.working_days import (
    CALENDAR_NAMES,
    CALENDARS,
    FIRST_YEAR,
    LAST_YEAR,
    SEAT,
    SEAT_STATE,
    MovedDay,
    SettledYear,
    WorkingDays,
)
from register.api.calls import Service
from register.pages import query
from register.pages.catalogue import N_
from register.pages.query import Query
from register.service import RegisterService
from register.words import Language

HERE: Final = Path(__file__).parent
PATH: Final = f"{core.PATH}/moved-days"
Days = NamedDependency[Calendars]
Standing = Literal["no_data", "decreed", "complete", "open"]

DONE: Final = {
    "add": N_("The day is entered; deadlines are counted with it from now on."),
    "settle": N_("The year is marked as complete."),
    "remove": N_("The day is removed; deadlines are counted without it from now on."),
    "unsettle": N_("The year is no longer marked as complete."),
}
NO_KIND: Final = N_("Say whether the day is worked or off.")
NO_YEAR: Final = N_("Write the year with four digits, from 2000 to 2100.")
STANDINGS: Final[Mapping[Standing, str]] = {
    "no_data": N_("no data on holidays: only Saturdays and Sundays are left out"),
    "decreed": N_("the decree of the year is known"),
    "complete": N_("marked as complete"),
    "open": N_("moved days not entered yet: results are provisional"),
}
ADD_FIELDS: Final = ("calendar", "day", "kind", "source", "source_date")
YEAR_FIELDS: Final = ("calendar", "year", "source", "source_date")


@dataclass(frozen=True, slots=True)
class Row:
    """A calendar in the overview of a year: how its moved days stand, and how many were entered."""

    calendar: str
    standing: Standing
    entered: int


@page("/moved-days", guards=[require(Action.SETTING_READ)])
async def moved_days_page(request: Asked, service: Service) -> Response[bytes]:
    """A calendar and a year, by the address; the seat and the present year without."""
    asked = Query(request.scope["query_string"])
    notice = DONE.get(asked.text("done"))
    calendar, year = asked.text("calendar").upper(), _year(asked.text("year"))
    known = calendar if calendar in CALENDARS else SEAT
    if asked.text("year") and year is None:
        return await _shown(request, service, known, None, 422, faults={"shown-year": NO_YEAR})
    return await _shown(request, service, known, year, notice=notice)


def _year(text: str) -> int | None:
    year = int(text) if re.fullmatch(r"[0-9]{4}", text) else 0
    return year if FIRST_YEAR <= year <= LAST_YEAR else None


@page("/moved-days", "post", guards=[require(Action.SETTING_MANAGE)])
async def change_moved_days(request: Asked, service: Service, calendars: Days, actor: Acting) -> Response[bytes]:
    """Enter a day, mark a year, or take either back, by ``do``."""
    typed = await fields(request)
    what = typed.get("do", "")
    calendar, year = typed.get("calendar", ""), _year(typed.get("year", ""))
    given, faults = _given(what, typed)
    moment: dict[str, Any] = {"now": service.now(), "audit": audit}
    told, today = language(request), service.today()
    if given is not None and faults:
        # Everything wrong at once; what could not be read stays said as such.
        for finding in wrong(given, today):
            faults.setdefault(finding.pointer.lstrip("/"), finding.text[told] or "")
    try:
        if what in ("remove", "unsettle") and given is not None:
            key = given.day if isinstance(given, MovedDay) else given.year
            await remove(service.database, actor, calendar, key, **moment)
        elif given is not None and not faults:
            await add(service.database, actor, [given], today=today, **moment)
    except MovedDaysRefused as error:
        for finding in error.findings:
            faults.setdefault(finding.pointer.lstrip("/") or "day", finding.text[told] or "")
    if given is None or faults:
        place = "year-" if what in ("settle", "unsettle") else ""
        shown = {f"{place}{name}": text for name, text in (faults or {"day": query.NO_DAY}).items()}
        known = calendar if calendar in CALENDARS else SEAT
        day = _day_of(typed)
        about = day.year if year is None and day is not None else year
        return await _shown(request, service, known, about, 422, faults=shown, typed={place: typed})
    await calendars.refresh()
    at = given.day.year if isinstance(given, MovedDay) else given.year
    return go(here(request, f"/moved-days?calendar={calendar}&year={at}&done={what}"))


def _day_of(typed: Mapping[str, str]) -> date | None:
    return query.day(typed.get("day", ""))


def _given(what: str, typed: Mapping[str, str]) -> tuple[MovedDay | SettledYear | None, dict[str, str]]:
    """What a form says, and what in it cannot be read, by field."""
    faults: dict[str, str] = {}
    removing = what in ("remove", "unsettle")
    source, source_date = typed.get("source", ""), query.day(typed.get("source_date", ""))
    if source_date is None and not removing:
        faults["source_date"] = query.day_fault(typed.get("source_date", ""))
    dated, calendar = source_date or date.min, typed.get("calendar", "")
    if what in ("settle", "unsettle"):
        year = _year(typed.get("year", ""))
        if year is None:
            return None, {"year": NO_YEAR, **faults}
        return SettledYear(calendar, year, source, dated), faults
    day, kind = _day_of(typed), typed.get("kind", "")
    if kind not in ("working", "off") and not removing:
        faults["kind"] = NO_KIND
    if day is None or what not in ("add", "remove"):
        return None, {"day": query.day_fault(typed.get("day", "")), **faults}
    return MovedDay(calendar, day, kind == "working", source, dated), faults


async def _shown(
    request: Asked,
    service: RegisterService,
    calendar: str,
    year: int | None,
    status: int = 200,
    *,
    typed: Mapping[str, Mapping[str, str]] | None = None,
    **context: Any,
) -> Response[bytes]:
    told, today = language(request), service.today()
    at = year or min(max(today.year, FIRST_YEAR), LAST_YEAR)
    kept = await read(service.database)
    days = kept.working_days()
    blank_day = {"calendar": calendar, "day": "", "kind": "", "source": "", "source_date": ""}
    blank_year = {"calendar": calendar, "year": str(at), "source": "", "source_date": ""}
    sent = typed or {}
    own = [row for row in kept.days if row[0].calendar in _own(calendar) and row[0].day.year == at]
    shown = {
        "calendar": calendar,
        "year": at,
        "calendars": [(one, CALENDAR_NAMES[one][told]) for one in CALENDARS],
        "overview": [_row(one, at, days, kept.days) for one in CALENDARS],
        "calendar_names": {one: names[told] for one, names in CALENDAR_NAMES.items()},
        "standings": STANDINGS,
        "rows": own,
        "settled": [row for row in kept.years if row[0].calendar in _own(calendar) and row[0].year == at],
        "known": _known(calendar, at, told),
        "first_year": FIRST_YEAR,
        "last_year": LAST_YEAR,
        "weekday": lambda day: format_date(day, "EEEE", locale=told),
        "typed": {**blank_day, **{name: sent.get("", {}).get(name, blank_day[name]) for name in ADD_FIELDS}},
        "typed_year": {
            **blank_year,
            **{name: sent.get("year-", {}).get(name, blank_year[name]) for name in YEAR_FIELDS},
        },
        **context,
    }
    address = query.address((("calendar", calendar), ("year", str(at))))
    return staff_page(request, service, "moved_days/moved_days.html", shown, status=status, query=address)


def _own(calendar: str) -> tuple[str, ...]:
    """The calendars whose entries count in one: those of the state of the seat count at the seat."""
    return (SEAT, SEAT_STATE) if calendar == SEAT else (calendar,)


def _row(calendar: str, year: int, days: WorkingDays, entered: tuple[tuple[MovedDay, Entered], ...]) -> Row:
    state = SEAT_STATE if calendar == SEAT else calendar
    found = public_year(state, year)
    standing: Standing = "open"
    if found is None:
        standing = "no_data"
    elif found.decreed:
        standing = "decreed"
    elif days.settled(calendar, year):
        standing = "complete"
    return Row(calendar, standing, sum(day.calendar == calendar and day.day.year == year for day, _ in entered))


def _known(calendar: str, year: int, told: Language) -> list[tuple[date, str, bool]]:
    """The days of a year that are known without any entry: the day, why, whether it is worked."""
    found = public_year(SEAT_STATE if calendar == SEAT else calendar, year)
    if found is None:
        return []

    def written(why: Text) -> str:
        return why[told]

    off = [(day, written(one.why), False) for day, one in found.off.items()]
    return sorted([*off, *((day, written(why), True) for day, why in found.worked.items())])


route_handlers: Final[list[Any]] = [moved_days_page, change_moved_days]
