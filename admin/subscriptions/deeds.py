"""What the buttons of a subscription do."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

import msgspec
from litestar import Response

from admin.accounts import Acting
from admin.accounts.audit import Outcome, audit
from admin.accounts.frame import Asked, go, here, language, page
from admin.accounts.policy import Actor
from admin.subscriptions.common import LIST, Office, Typed, faults, held_by, renewed, typed_from, typed_of
from admin.subscriptions.pages import GUARDS, ONE, one_page
from feeds.webhooks import commands, store
from feeds.webhooks.addresses import read_url
from feeds.webhooks.authorise import Subscriber
from feeds.webhooks.inputs import Change, Replay, Rotation, read
from feeds.webhooks.office import Webhooks
from feeds.webhooks.records import Subscription
from feeds.webhooks.sealing import once_sealed
from register.api.calls import Service
from register.idempotency import Answer, read_key
from register.pages.catalogue import N_
from register.service import RegisterService
from register.web import Problem, finding, refused

UNCONFIRMED: Final = N_("Tick the box to delete the subscription: its log goes with it.")


@page(ONE, "post", guards=GUARDS)
async def act(request: Asked, service: Service, webhooks: Office, actor: Acting) -> Response[bytes]:
    """Change, pause, resume, test, replay, rotate or delete, by ``do``. Raises ``Problem`` 404."""
    held, owner, own = await held_by(request, service, actor)
    form = await request.form()
    typed, what = typed_of(form.multi_items()), str(form.get("do", ""))
    if what == "test":
        return await _test(request, service, webhooks, actor, held)
    if what == "delete" and form.get("sure") != "1":
        return await one_page(request, service, held, own=own, status=422, faults={"sure": UNCONFIRMED})
    case = _Case(held, owner, own)
    try:
        if what == "rotate":
            return await _rotated(request, service, webhooks, actor, case, typed)
        await _done(service, webhooks, actor, case, what, typed)
    except Problem as problem:
        if problem.status != 422:
            raise
        found = faults(problem, language(request))
        shown = renewed(typed if what == "save" else _with(held, typed, what))
        return await one_page(request, service, held, own=own, status=422, typed=shown, faults=found)
    webhooks.delivery.look()
    if what == "delete":
        return go(here(request, f"{LIST}?done=delete"))
    return go(here(request, f"{LIST}/{held.id}?done={what}"))


def _with(held: Subscription, typed: Typed, what: str) -> Typed:
    """The settings as they are kept, and what was typed into the small form that was sent."""
    kept, name = typed_from(held), {"replay": "from_seq", "rotate": "overlap_hours"}.get(what)
    texts = kept.texts if name is None else {**kept.texts, name: typed.texts[name]}
    return Typed(texts, kept.chosen, kept.once)


class _Case:
    """Which subscription it is about, whose it is, and whether that is who acts."""

    def __init__(self, held: Subscription, owner: Subscriber, own: bool) -> None:
        self.held, self.owner, self.own = held, owner, own


async def _done(
    service: RegisterService, webhooks: Webhooks, actor: Actor, case: _Case, what: str, typed: Typed
) -> None:
    deed = _DEEDS.get(what)
    if deed is None:
        raise _not_here()
    work = await deed(service, webhooks, case, typed)
    db, name = service.database, case.held.id
    async with db.transaction():
        made = await work()
        host = read_url(made.url).host
        await audit(db, actor, f"subscription.{what}", f"subscription:{name}", "done", at=service.now(), host=host)


def _not_here() -> Problem:
    ru, en = "Это действие здесь недоступно", "This cannot be done here"
    return Problem(403, "Forbidden", f"{en} / {ru}", [finding("", ru, en, "H-role")])


async def _rotated(
    request: Asked, service: RegisterService, webhooks: Webhooks, actor: Actor, case: _Case, typed: Typed
) -> Response[bytes]:
    """A new secret, shown once; the same form sent again shows the same and changes nothing."""
    if not case.own:
        # A secret is for its owner: nobody else is ever shown one.
        raise _not_here()
    body, db, now = typed.only("overlap_hours"), service.database, service.now()
    given, name = read(Rotation, body), case.held.id

    async def work() -> Answer:
        made = await commands.rotate(service, case.owner, name, given, webhooks.sealer)
        await audit(db, actor, "subscription.rotate", f"subscription:{name}", "done", at=now)
        return Answer(200, msgspec.json.encode({"secret": made.secret}))

    key = read_key(typed.once, case.owner.id, "POST", request.scope["path"], body)
    answer = await once_sealed(db, key, now, work, webhooks.sealer)
    webhooks.delivery.look()
    held = await commands.found(store.get(db, case.owner.id, name))
    return await one_page(request, service, held, own=True, secret=msgspec.json.decode(answer.body)["secret"])


Work = Callable[[], Awaitable[Subscription]]


async def _save(service: RegisterService, webhooks: Webhooks, case: _Case, typed: Typed) -> Work:
    given = read(Change, typed.body("url", "description"))
    if given.url != case.held.url:
        await commands.check_address(webhooks, given.url or "")
    return lambda: commands.change(service, case.owner, case.held.id, given)


async def _pause(service: RegisterService, _: Webhooks, case: _Case, __: Typed) -> Work:
    return lambda: commands.change(service, case.owner, case.held.id, Change(state="paused"))


async def _resume(service: RegisterService, _: Webhooks, case: _Case, __: Typed) -> Work:
    return lambda: commands.change(service, case.owner, case.held.id, Change(state="active"))


async def _replay(service: RegisterService, _: Webhooks, case: _Case, typed: Typed) -> Work:
    if not typed.texts["from_seq"]:
        raise refused(finding("/from_seq", "Обязательное поле не заполнено", "This field is required"))
    given = read(Replay, typed.only("from_seq"))
    commands.check_number(given.from_seq, service.register.seq)
    return lambda: commands.replay(service, case.owner, case.held.id, given)


async def _delete(service: RegisterService, _: Webhooks, case: _Case, __: Typed) -> Work:
    async def work() -> Subscription:
        await commands.found(store.delete(service.database, case.owner.id, case.held.id))
        return case.held

    return work


_DEEDS: Final[Mapping[str, Callable[[RegisterService, Webhooks, _Case, Typed], Awaitable[Work]]]] = {
    "save": _save,
    "pause": _pause,
    "resume": _resume,
    "replay": _replay,
    "delete": _delete,
}


async def _test(
    request: Asked, service: RegisterService, webhooks: Webhooks, actor: Actor, held: Subscription
) -> Response[bytes]:
    db, attempt = service.database, await webhooks.test(held)
    async with db.transaction():
        number = await store.record(db, attempt)
        outcome: Outcome = "done" if attempt.outcome.delivered else "failed"
        host = read_url(held.url).host
        await audit(db, actor, "subscription.test", f"subscription:{held.id}", outcome, at=service.now(), host=host)
    return go(here(request, f"{LIST}/{held.id}?tested={number}"))


route_handlers: Final[list[Any]] = [act]
