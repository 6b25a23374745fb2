"""What each person sees: the own notices, read and unread, and how they are to come."""

from __future__ import annotations

from functools import lru_cache
from gettext import GNUTranslations
from pathlib import Path
from typing import Any, Final, cast

from litestar import Response

from admin.accounts import Acting, Actor, require
from admin.accounts.frame import Asked, faults_of, fields, go, here, language, page, staff_page
from admin.accounts.policy import Action
from admin.notices import settings
from admin.notices.office import Notices
from consultations.notices import outbox, people
from consultations.notices.kinds import KIND_NAMES, KINDS, sentence, title
from consultations.notices.outbox import Notice
from consultations.notices.people import DELIVERIES, Person, Preferences, Wish
from register.api.calls import Service
from register.pages import catalogue
from register.pages.catalogue import N_
from register.service import RegisterService
from register.words import LANGUAGES, Language

HERE: Final = Path(__file__).parent
PAGE: Final = 50
LARGEST: Final = 2**53 - 1
DELIVERY_NAMES: Final = {
    "at_once": N_("Each at once"),
    "digest": N_("Once a day, all together"),
    "none": N_("Not by mail"),
}
DONE: Final = {
    "settings": N_("Your settings of notices are saved."),
    "read": N_("The notices are marked as read."),
}


@lru_cache(maxsize=len(LANGUAGES))
def translations(told: Language) -> GNUTranslations:
    """The catalogue of these pages, with that of the public pages behind it."""
    return catalogue.translations(told, HERE / "locale", catalogue.LOCALE)


def notices_of(request: Asked) -> Notices:
    """The notices of this process; the application sets ``app.state.notices``."""
    return cast(Notices, request.app.state.notices)


@page("/notices", guards=[require(Action.CONSULTATION_READ)])
async def notices_page(request: Asked, service: Service, actor: Acting) -> Response[bytes]:
    """The own notices, the newest first; ``before`` is the number to go on below."""
    given = str(request.query_params.get("before", ""))
    before = int(given) if given.isascii() and given.isdigit() and len(given) < 16 else None
    notice = DONE.get(str(request.query_params.get("done", "")))
    return await _page(request, service, actor, before=before, notice=notice)


async def _page(
    request: Asked,
    service: RegisterService,
    actor: Actor,
    *,
    before: int | None = None,
    typed: Wish | None = None,
    status: int = 200,
    **more: Any,
) -> Response[bytes]:
    notices, db, told = notices_of(request), service.database, language(request)
    number = actor.id or 0
    person = await notices.directory.person(db, number)
    wished = await people.preferences_for(db, person) if person else None
    found = await outbox.listed(db, number, before=before, limit=PAGE + 1)
    say = translations(told).gettext
    context = {
        "rows": [_row(notices, one, told) for one in found[:PAGE]],
        "next": found[PAGE - 1].id if len(found) > PAGE else None,
        "unread": await outbox.unread(db, number),
        "person": person,
        "typed": typed or (_as_typed(wished) if wished else None),
        "mailing": notices.mailing,
        "zone": service.terms.zone.key,
        "deliveries": [(one, say(DELIVERY_NAMES[one])) for one in DELIVERIES],
        "kinds": [(kind, KIND_NAMES[kind][told]) for kind in KINDS],
        **more,
    }
    return staff_page(request, service, "notices/notices.html", context, status=status)


def _row(notices: Notices, one: Notice, told: Language) -> dict[str, Any]:
    record = notices.record(one.event.consultation)
    return {
        "id": one.id,
        "unread": one.read_at is None,
        "consultation": one.event.consultation,
        "sentence": sentence(one.event, record, told),
        "title": title(record, told),
        "at": one.event.at,
    }


def _as_typed(wished: Preferences) -> Wish:
    kinds = [kind for kind in KINDS if kind not in wished.muted]
    return Wish(wished.language, wished.delivery, str(wished.digest_hour), kinds)


@page("/notices", "post", guards=[require(Action.OWN_MANAGE)])
async def mark_read(request: Asked, service: Service, actor: Acting) -> Response[bytes]:
    """Mark one of the own notices as read (``notice``), or all of them."""
    given = (await fields(request)).get("notice", "")
    number = int(given) if given.isascii() and given.isdigit() and 0 < len(given) < 16 else None
    if given and number is None:
        return go(here(request, "/notices"))
    await outbox.mark_read(service.database, actor.id or 0, service.now(), number=number)
    return go(here(request, "/notices" if given else "/notices?done=read"))


@page("/notices/settings", "post", guards=[require(Action.OWN_MANAGE)])
async def save_settings(request: Asked, service: Service, actor: Acting) -> Response[bytes]:
    """Keep how the own notices are to come: ``language``, ``delivery``, ``digest_hour``, ``kinds``."""
    typed = await fields(request)
    kinds = [str(value) for name, value in (await request.form()).multi_items() if name == "kinds"]
    wish = Wish(typed.get("language", ""), typed.get("delivery", ""), typed.get("digest_hour", ""), kinds)
    db, now = service.database, service.now()
    person: Person | None = await notices_of(request).directory.person(db, actor.id or 0)
    if person is None:
        return go(here(request, "/notices"))
    if found := wish.faults():
        faults = faults_of(found, language(request))
        return await _page(request, service, actor, typed=wish, status=422, faults=faults)
    wanted = wish.preferences()
    async with db.transaction():
        await settings.keep(db, actor, person, wanted, now)
    return go(here(request, "/notices?done=settings"))


route_handlers: Final[list[Any]] = [notices_page, mark_read, save_settings]
