"""The calendars of consultations over HTTP. ``route_handlers`` is what the application takes.

It gives ``service``, ``calendars`` (a ``consultations.moved_days.Calendars``) and ``targets`` to each handler. No
request does SQL: the moved days are those that the process has in memory.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Any, Final
from weakref import WeakKeyDictionary

from litestar import Response
from litestar.di import NamedDependency
from litestar.openapi.spec import Schema
from litestar.openapi.spec.enums import OpenAPIType

from consultations.clock import Targets
from consultations.moved_days import Calendars
from feeds.api import LANGUAGE_ONLY, TAG
from feeds.consultation_calendar import ClockWork, Permissions, Place, consultation_calendar, state_calendar
from feeds.ical import ICAL
from register.api.calls import Asked, Service, reading, shelf
from register.api.parameters import Parameter
from register.measures import STATES
from register.service import RegisterService
from register.web import Prepared, not_found, respond

EXAMPLE: Final = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n…\r\nEND:VCALENDAR\r\n"
CONSULTATION_FILE: Final = Parameter(
    "file",
    "The number of a consultation, and `.ics`.",
    str,
    Schema(type=OpenAPIType.STRING, pattern=r"^[^/]{1,40}\.ics$"),
    "C-2026-003.ics",
    required=True,
)
STATE_FILE: Final = Parameter(
    "file",
    "A member state, and `.ics`.",
    str,
    Schema(type=OpenAPIType.STRING, enum=[f"{state}.ics" for state in STATES]),
    "KG.ics",
    required=True,
)
Days = NamedDependency[Calendars]
Given = NamedDependency[Targets]
_permissions: WeakKeyDictionary[RegisterService, Permissions] = WeakKeyDictionary()


def permissions_of(service: RegisterService) -> Permissions:
    """What one process knows of permissions that were entered; made when first asked for."""
    found = _permissions.get(service)
    if found is None:
        found = _permissions[service] = Permissions()
    return found


def clock_work(calendars: Calendars, targets: Targets) -> ClockWork:
    """What is counted with now."""
    return ClockWork(targets, calendars.days, calendars.revision, calendars.kept.changed_at)


def _name(request: Asked) -> str:
    found = re.fullmatch(r"([A-Za-z0-9-]{1,40})\.ics", request.path_params["file"])
    return found[1].upper() if found else ""


@reading(
    "/feeds/consultations/{file:str}",
    name="feeds_consultation_ics",
    summary="The dates of a consultation as a calendar (iCalendar, RFC 5545).",
    answer=str,
    example=EXAMPLE,
    parameters=LANGUAGE_ONLY,
    in_path=(CONSULTATION_FILE,),
    problems=(404, 422),
    media_type=ICAL,
    tag=TAG,
)
def get_consultation_calendar(request: Asked, service: Service, calendars: Days, targets: Given) -> Response[bytes]:
    """The meeting, until when each state is asked for its position, until when the meeting is to be held and the
    permission to be entered: whole days, public facts only. A meeting that is moved keeps its `UID`; what is called
    off or no longer due stays with `STATUS:CANCELLED`. A day that may still move is `TENTATIVE`."""
    name, register = _name(request), service.register
    if name not in register.consultations():
        shown = request.path_params["file"][:44]
        raise not_found(
            f"Календаря «{shown}» нет: консультаций с таким номером в журнале нет",
            f"There is no calendar '{shown}': the journal has no consultation of this number",
            "/file",
        )
    return _answer(request, service, calendars, targets, f"/feeds/consultations/{name}.ics", name, None)


@reading(
    "/feeds/consultations/states/{file:str}",
    name="feeds_state_consultations_ics",
    summary="The dates of all consultations for one member state as a calendar (iCalendar, RFC 5545).",
    answer=str,
    example=EXAMPLE,
    parameters=LANGUAGE_ONLY,
    in_path=(STATE_FILE,),
    problems=(404, 422),
    media_type=ICAL,
    tag=TAG,
)
def get_state_calendar(request: Asked, service: Service, calendars: Days, targets: Given) -> Response[bytes]:
    """As the calendar of each consultation, from a year ago on and without the days until which other states are
    asked. The events bear the same `UID` as there."""
    state = _name(request)
    if state not in STATES:
        shown = request.path_params["file"][:44]
        raise not_found(
            f"Календаря «{shown}» нет; есть: {', '.join(f'{one}.ics' for one in STATES)}",
            f"There is no calendar '{shown}'; there are {', '.join(f'{one}.ics' for one in STATES)}",
            "/file",
        )
    path = f"/feeds/consultations/states/{state}.ics"
    return _answer(request, service, calendars, targets, path, state, service.today())


def _answer(
    request: Asked,
    service: RegisterService,
    calendars: Calendars,
    targets: Targets,
    path: str,
    name: str,
    today: date | None,
) -> Response[bytes]:
    """The calendar of a consultation or, with ``today``, of a state."""
    language = LANGUAGE_ONLY.read(request.scope["query_string"])["lang"]
    register, terms, kept = service.register, service.terms, shelf(service).kept
    key = (path, language, register.seq, calendars.revision, today)
    prepared = kept.find(key)
    if prepared is None:
        address = f"{terms.base_url}{path}" + ("" if language == "ru" else f"?lang={language}")
        place = Place(terms.base_url, address, language, terms.demonstration)
        clock, permissions = clock_work(calendars, targets), permissions_of(service)
        if today is None:
            body = consultation_calendar(register, name, clock, permissions, place)
        else:
            body = state_calendar(register, name, clock, permissions, place, today)
        prepared = kept.keep(key, Prepared(body, ICAL, seq=register.seq))
    return respond(request, prepared)


route_handlers: Final[list[Any]] = [get_consultation_calendar, get_state_calendar]
