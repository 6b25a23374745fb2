"""What the operator sees of the mails: how many wait, which failed and why, never what they say."""

from __future__ import annotations

from typing import Any, Final

from litestar import Response

from admin.accounts import Acting, people, require
from admin.accounts.audit import audit
from admin.accounts.frame import Asked, fields, go, here, language, page, staff_page
from admin.accounts.policy import Action
from admin.notices.own_pages import notices_of, translations
from consultations.notices import mails
from register.api.calls import Service
from register.pages.catalogue import N_

MOST: Final = 200
STATES: Final = {
    "due": N_("waits to be tried again"),
    "failed": N_("given up"),
    "uncertain": N_("may have arrived"),
}
DONE: Final = {"again": N_("The mails are due again and go with the next run.")}


@page("/mail", guards=[require(Action.SETTING_READ)])
async def mail_page(request: Asked, service: Service) -> Response[bytes]:
    """How many mails there are in each state, and those that did not go."""
    db, notices = service.database, notices_of(request)
    counts = await mails.counts(db)
    names = {one.id: one for one in await people.everybody(db)}
    rows = []
    for mail in await mails.troubled(db, MOST):
        person = names.get(mail.person) if mail.person is not None else None
        rows.append((mail, person.name if person else "", person.email if person else mail.address or ""))
    say = translations(language(request)).gettext
    context = {
        "server": notices.server,
        "counts": {state: counts.get(state, 0) for state in ("due", "sent", "failed", "uncertain")},
        "stuck": await mails.stuck_since(db, service.now()) if notices.mailing else None,
        "problem": None if notices.failure is None else type(notices.failure).__name__,
        "rows": rows,
        "most": MOST,
        "state_names": {state: say(text) for state, text in STATES.items()},
        "notice": DONE.get(str(request.query_params.get("done", ""))),
    }
    return staff_page(request, service, "notices/mail.html", context)


@page("/mail", "post", guards=[require(Action.SETTING_MANAGE)])
async def try_again(request: Asked, service: Service, actor: Acting) -> Response[bytes]:
    """Make a mail that failed due again (``mail``), or all of them."""
    given = (await fields(request)).get("mail", "")
    number = int(given) if given.isascii() and given.isdigit() and len(given) < 16 else None
    if given and number is None:
        return go(here(request, "/mail"))
    db, now = service.database, service.now()
    async with db.transaction():
        again = await mails.try_again(db, now, number)
        subject = "mail:all" if number is None else f"mail:{number}"
        await audit(db, actor, "mail.try_again", subject, "done", at=now, mails=again)
    return go(here(request, "/mail?done=again" if again else "/mail"))


route_handlers: Final[list[Any]] = [mail_page, try_again]
