"""The list of subscriptions, the form for a new one, and the page of one with the log of its deliveries."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from litestar import Response

from admin.accounts import Acting, People, parked_of
from admin.accounts.audit import audit
from admin.accounts.frame import Asked, language, page
from admin.accounts.gate import require
from admin.accounts.parked import discard
from admin.accounts.policy import Action, Role
from admin.subscriptions.common import (
    LIST,
    Office,
    Typed,
    blank,
    faults,
    held_by,
    owner_of,
    renewed,
    staff_page,
    typed_from,
    typed_of,
)
from feeds.webhooks import commands, store
from feeds.webhooks.addresses import read_url
from feeds.webhooks.inputs import MAX_OVERLAP_HOURS, NewSubscription, read
from feeds.webhooks.records import Subscription
from feeds.webhooks.sealing import once_sealed
from register.api.calls import Service
from register.idempotency import Answer, find, read_key
from register.pages.catalogue import N_
from register.pages.query import Query
from register.service import RegisterService
from register.web import Problem

NEW: Final = f"{LIST}/new"
ONE: Final = f"{LIST}/{{id:str}}"
LINES: Final = 25
GUARDS: Final = [require(Action.SUBSCRIPTION_MANAGE)]
DONE: Final = {
    "save": N_("The subscription is changed."),
    "pause": N_("The subscription is paused. No entry is lost: it goes on where it stopped."),
    "resume": N_("The subscription goes on."),
    "replay": N_("It is delivered again from that entry on."),
    "delete": N_("The subscription is deleted, with its log."),
}


@page(LIST, guards=GUARDS)
async def list_page(request: Asked, service: Service, actor: Acting) -> Response[bytes]:
    """One's own subscriptions; the operator's page shows everybody's."""
    db, own = service.database, await owner_of(service, actor)
    everyone = actor.role is Role.OPERATOR
    held = await store.everybodys(db) if everyone else await store.list_all(db, own.id)
    rows = []
    for one in held:
        last = await store.latest(db, one.id, None, 1)
        rows.append((one, last[0] if last else None))
    notice = DONE.get(Query(request.scope["query_string"]).text("done"))
    context = {"rows": rows, "everyone": everyone, "own": own.id, "notice": notice}
    return staff_page(request, service, "list.html", context)


@page(NEW, guards=GUARDS)
async def new_form(request: Asked, service: Service, accounts: People, actor: Acting) -> Response[bytes]:
    """The empty form, or what was sent after a session had ended."""
    kept = await parked_of(request, accounts, actor)
    return _new_page(request, service, typed_of(kept.fields) if kept else blank(), parked=kept.id if kept else "")


def _new_page(
    request: Asked, service: RegisterService, typed: Typed, status: int = 200, **more: Any
) -> Response[bytes]:
    return staff_page(request, service, "new.html", {"typed": typed, "parked": "", **more}, status=status)


@page(NEW, "post", guards=GUARDS)
async def new_subscription(
    request: Asked, service: Service, webhooks: Office, accounts: People, actor: Acting
) -> Response[bytes]:
    """Make a subscription and show its secret. The same form sent again shows the same."""
    form = await request.form()
    typed, db, owner = typed_of(form.multi_items()), service.database, await owner_of(service, actor)
    parked = str(form.get("parked", ""))[:100]
    try:
        body = typed.body("url", "description", "from_seq")
        given = read(NewSubscription, body)
        # Everything at once that is wrong: the number is checked before the address is looked up.
        commands.check_number(given.from_seq, service.register.seq)
        head, now = service.register.seq, service.now()
        key = read_key(typed.once, owner.id, "POST", request.scope["path"], body)
        if await find(db, key, now) is None:
            await commands.check_address(webhooks, given.url)

        async def work() -> Answer:
            made = await commands.create(service, owner, given, head, webhooks.sealer)
            host, name = read_url(made.held.url).host, made.held.id
            await audit(db, actor, "subscription.create", f"subscription:{name}", "done", at=now, host=host)
            return Answer(201, msgspec.json.encode({"id": name, "secret": made.secret}))

        answer = await once_sealed(db, key, now, work, webhooks.sealer)
    except Problem as problem:
        found = faults(problem, language(request))
        return _new_page(request, service, renewed(typed), problem.status, faults=found, parked=parked)
    webhooks.delivery.look()
    if parked and actor.id is not None:
        await discard(accounts.database, actor.id, parked)
    made = msgspec.json.decode(answer.body)
    held = await commands.found(store.get(db, owner.id, made["id"]))
    return await one_page(request, service, held, own=True, secret=made["secret"], created=True)


@page(ONE, guards=GUARDS)
async def one(request: Asked, service: Service, actor: Acting) -> Response[bytes]:
    """One subscription: how it stands, its settings, its log newest first. Raises ``Problem`` 404."""
    held, _, own = await held_by(request, service, actor)
    asked = Query(request.scope["query_string"])
    context: dict[str, Any] = {"notice": DONE.get(asked.text("done"))}
    tested = asked.text("tested")
    if tested.isascii() and tested.isdigit() and len(tested) < 16:
        lines = await store.deliveries(service.database, held.id, int(tested) - 1, 1)
        context["tested"] = next((line for line in lines if line["id"] == int(tested)), None)
    before = asked.text("before")
    context["before"] = int(before) if before.isascii() and before.isdigit() and 0 < len(before) < 16 else None
    return await one_page(request, service, held, own=own, **context)


async def one_page(
    request: Asked, service: RegisterService, held: Subscription, *, own: bool, status: int = 200, **context: Any
) -> Response[bytes]:
    """The page of a subscription; ``own`` says whether it is the person's own, ``secret`` is shown once."""
    before: int | None = context.pop("before", None)
    lines = await store.latest(service.database, held.id, before, LINES + 1)
    shown = {
        "held": held,
        "own": own,
        "public": held.public(service.now()),
        "old_secret": len(held.keys(service.now())) > 1,
        "lines": lines[:LINES],
        "older": lines[LINES - 1]["id"] if len(lines) > LINES else None,
        "from_newest": before is None,
        "typed": typed_from(held),
        "secret": None,
        "created": False,
        "tested": None,
        "most_hours": MAX_OVERLAP_HOURS,
        **context,
    }
    return staff_page(request, service, "one.html", shown, status=status)


route_handlers: Final[list[Any]] = [list_page, new_form, new_subscription, one]
