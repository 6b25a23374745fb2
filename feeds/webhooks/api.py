"""Webhooks over HTTP: ``/api/v1/subscriptions``. The application gives ``service``, ``webhooks`` and ``subscriber``."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar

import msgspec
from litestar import Response, Router
from litestar.di import NamedDependency
from litestar.openapi.spec import Schema
from litestar.openapi.spec.enums import OpenAPIType

from feeds.webhooks import commands, store
from feeds.webhooks import described as shown
from feeds.webhooks.authorise import Subscriber
from feeds.webhooks.commands import found
from feeds.webhooks.described import call
from feeds.webhooks.inputs import Change, NewSubscription, Nothing, Replay, Rotation, read
from feeds.webhooks.office import Webhooks
from feeds.webhooks.sealing import find_sealed, once_sealed
from register.api.calls import API, Asked, Service
from register.api.parameters import LIMIT_100, MAX_SEQ, NO_PARAMETERS, Parameter, Parameters, whole
from register.entries import timestamp
from register.idempotency import Answer, claim, keep, read_key, release
from register.service import RegisterService
from register.web import JSON, Reply, ready

Office = NamedDependency[Webhooks]
Caller = NamedDependency[Subscriber]

PRIVATE: Final = "private, no-store"
LOG_AFTER: Final = Parameter(
    "after",
    "The number of the last line that the caller has; 0 gives the log from its first line.",
    whole(0, MAX_SEQ),
    Schema(type=OpenAPIType.INTEGER, minimum=0, maximum=MAX_SEQ, default=0),
    0,
    0,
)
LOG_PARAMETERS: Final = Parameters((LOG_AFTER, LIMIT_100))
PATH: Final = "/subscriptions"
ONE: Final = f"{PATH}/{{id:str}}"

Result = TypeVar("Result")


@call(
    "POST",
    PATH,
    name="createSubscription",
    summary="A new subscription, with the secret that is shown this once.",
    answer=shown.WithSecret,
    example=shown.SECRET_EXAMPLE,
    status=201,
    sent=shown.NEW_BODY,
)
async def create_subscription(
    request: Asked, service: Service, webhooks: Office, subscriber: Caller
) -> Response[bytes]:
    """Each entry that passes the filter is posted to `url` after the Standard Webhooks specification: signed, in order,
    at least once, with `webhook-id` the same in every attempt. Without `from_seq` it begins with the next entry.
    A message that is not answered by 2xx within 15 seconds is tried again for three days."""
    given = read(NewSubscription, await _body(request))
    now, head = service.now(), service.register.seq
    commands.check_number(given.from_seq, head)

    async def work() -> Answer:
        made = await commands.create(service, subscriber, given, head, webhooks.sealer)
        return Answer(201, _encoded({**made.held.public(now), "secret": made.secret}))

    answer = await _once(request, service, webhooks, subscriber, work, url=given.url)
    location = f"{service.terms.base_url}{API}{PATH}/{msgspec.json.decode(answer.body)['id']}"
    return _reply(answer, {"location": location})


@call(
    "GET",
    PATH,
    name="listSubscriptions",
    summary="The caller's subscriptions, oldest first.",
    answer=shown.SubscriptionList,
    example={"items": [shown.SUBSCRIPTION_EXAMPLE], "total": 1, "complete": True},
)
async def list_subscriptions(request: Asked, service: Service, subscriber: Caller) -> Response[bytes]:
    """All of them in one answer."""
    NO_PARAMETERS.read(request.scope["query_string"])
    items = [held.public(service.now()) for held in await store.list_all(service.database, subscriber.id)]
    body = _encoded({"items": items, "total": len(items), "complete": True})
    return ready(request, body, JSON, seq=service.register.seq, cache=PRIVATE)


@call(
    "GET",
    ONE,
    name="getSubscription",
    summary="One subscription, and how far it has come.",
    answer=shown.SubscriptionInfo,
    example=shown.SUBSCRIPTION_EXAMPLE,
)
async def get_subscription(request: Asked, service: Service, subscriber: Caller) -> Response[bytes]:
    """Without its secret, which was shown when it was made."""
    NO_PARAMETERS.read(request.scope["query_string"])
    held = await found(store.get(service.database, subscriber.id, _id(request)))
    return ready(request, _encoded(held.public(service.now())), JSON, seq=service.register.seq, cache=PRIVATE)


@call(
    "PATCH",
    ONE,
    name="changeSubscription",
    summary="Another address, filter or description; pause, or resume.",
    answer=shown.SubscriptionInfo,
    example=shown.SUBSCRIPTION_EXAMPLE,
    sent=shown.CHANGE_BODY,
)
async def change_subscription(
    request: Asked, service: Service, webhooks: Office, subscriber: Caller
) -> Response[bytes]:
    """What is not given stays. A new filter holds for entries that were not passed yet. Resumed, it goes on where it
    stopped, at once; nothing is lost by a pause."""
    given = read(Change, await _body(request))
    if given.url is not None:
        await commands.check_address(webhooks, given.url)
    async with service.database.transaction():
        held = await commands.change(service, subscriber, _id(request), given)
    webhooks.delivery.look()
    return _reply(Answer(200, _encoded(held.public(service.now()))))


@call("DELETE", ONE, name="deleteSubscription", summary="Taken away, with its log.", answer=None, status=204)
async def delete_subscription(request: Asked, service: Service, webhooks: Office, subscriber: Caller) -> None:
    """An attempt that is under way may still arrive."""
    NO_PARAMETERS.read(request.scope["query_string"])
    async with service.database.transaction():
        await found(store.delete(service.database, subscriber.id, _id(request)))
    webhooks.delivery.look()


@call(
    "POST",
    f"{ONE}/rotate",
    name="rotateSecret",
    summary="A new secret; the one before signs too for a while.",
    answer=shown.WithSecret,
    example=shown.SECRET_EXAMPLE,
    sent=shown.ROTATE_BODY,
)
async def rotate_secret(request: Asked, service: Service, webhooks: Office, subscriber: Caller) -> Response[bytes]:
    """During the overlap `webhook-signature` bears both signatures, so that a receiver can change over without losing a
    message. A second rotation within the overlap ends the oldest secret."""
    given = read(Rotation, await _body(request))

    async def work() -> Answer:
        made = await commands.rotate(service, subscriber, _id(request), given, webhooks.sealer)
        return Answer(200, _encoded({**made.held.public(service.now()), "secret": made.secret}))

    return _reply(await _once(request, service, webhooks, subscriber, work))


@call(
    "POST",
    f"{ONE}/replay",
    name="replaySubscription",
    summary="Deliver again from an entry on.",
    answer=shown.SubscriptionInfo,
    example={**shown.SUBSCRIPTION_EXAMPLE, "cursor": 0},
    sent=shown.REPLAY_BODY,
)
async def replay_subscription(
    request: Asked, service: Service, webhooks: Office, subscriber: Caller
) -> Response[bytes]:
    """From `from_seq` to the newest and on, in order, each entry under the `webhook-id` that it had. `from_seq` may be
    the number after the newest, to leave out what is outstanding. One that is paused stays paused."""
    given = read(Replay, await _body(request))
    commands.check_number(given.from_seq, service.register.seq)

    async def work() -> Answer:
        held = await commands.replay(service, subscriber, _id(request), given)
        return Answer(200, _encoded(held.public(service.now())))

    return _reply(await _once(request, service, webhooks, subscriber, work))


@call(
    "POST",
    f"{ONE}/test",
    name="testSubscription",
    summary="Send a message of type `test` now; the answer says how it went.",
    answer=shown.DeliveryInfo,
    example={**shown.DELIVERY_EXAMPLE, "message": "msg_0123456789abcdef01234567_test_5f0c", "seq": None},
    sent=shown.EMPTY_BODY,
)
async def test_subscription(request: Asked, service: Service, webhooks: Office, subscriber: Caller) -> Response[bytes]:
    """The answer is 200 also when the receiver refused: look at `status` and `error`. It changes nothing of the
    subscription, and may be asked for while that is paused."""
    read(Nothing, await _body(request))
    db, now = service.database, service.now()
    held = await found(store.get(db, subscriber.id, _id(request)))
    key = await _key(request, subscriber)
    kept = await claim(db, key, now)
    if kept is not None:
        return _reply(kept)
    try:
        attempt = await webhooks.test(held)
        async with db.transaction():
            number = await store.record(db, attempt)
            line = dict(zip(_LINE, (number, *attempt.row()[1:]), strict=True))
            answer = Answer(200, _encoded(_line(line)))
            await keep(db, key, answer, service.now())
    except BaseException:
        await release(db, key)
        raise
    return _reply(answer)


_LINE: Final = ("id", "message", "seq", "attempt", "at", "status", "duration_ms", "error", "excerpt")


@call(
    "GET",
    f"{ONE}/deliveries",
    name="listDeliveries",
    summary="The log of attempts of the last 30 days, oldest first.",
    answer=shown.DeliveryLog,
    example={"items": [shown.DELIVERY_EXAMPLE], "after": 0, "next_after": 7, "complete": True},
    query=LOG_PARAMETERS.specs(),
)
async def list_deliveries(request: Asked, service: Service, subscriber: Caller) -> Response[bytes]:
    """`error`: `address` (refused), `resolve` (no such name), `connect`, `tls`, `timeout`, `protocol` (no HTTP),
    `redirect` (3xx, not followed), `status` (any other answer but 2xx), `secret` (cannot be read: rotate it)."""
    asked = LOG_PARAMETERS.read(request.scope["query_string"])
    held = await found(store.get(service.database, subscriber.id, _id(request)))
    after, limit = asked["after"], asked["limit"]
    lines = await store.deliveries(service.database, held.id, after, limit + 1)
    items = [_line(line) for line in lines[:limit]]
    next_after = items[-1]["id"] if items else after
    log = {"items": items, "after": after, "next_after": next_after, "complete": len(lines) <= limit}
    return ready(request, _encoded(log), JSON, seq=service.register.seq, cache=PRIVATE)


async def _once(
    request: Asked,
    service: RegisterService,
    webhooks: Webhooks,
    subscriber: Subscriber,
    work: Callable[[], Awaitable[Answer]],
    *,
    url: str | None = None,
) -> Answer:
    """Do what only writes to the database; an address is looked up before, and not for a request that is repeated."""
    db, now = service.database, service.now()
    key = await _key(request, subscriber)
    kept = await find_sealed(db, key, now, webhooks.sealer)
    if kept is not None:
        return kept
    if url is not None:
        await commands.check_address(webhooks, url)
    answer = await once_sealed(db, key, now, work, webhooks.sealer)
    webhooks.delivery.look()
    return answer


async def _key(request: Asked, subscriber: Subscriber) -> Any:
    header = request.headers.get("idempotency-key")
    return read_key(header, subscriber.id, request.scope["method"], request.scope["path"], await request.body())


async def _body(request: Asked) -> bytes:
    NO_PARAMETERS.read(request.scope["query_string"])
    return await request.body()


def _id(request: Asked) -> str:
    return str(request.path_params["id"])[:40].replace("\x00", "")


def _line(line: dict[str, Any]) -> dict[str, Any]:
    return {**line, "at": timestamp(line["at"])}


def _encoded(value: Any) -> bytes:
    return msgspec.json.encode(value)


def _reply(answer: Answer, headers: dict[str, str] | None = None) -> Response[bytes]:
    named = {"content-type": JSON, "cache-control": PRIVATE, **(headers or {})}
    return Reply(answer.body, status_code=answer.status, headers=named)


subscriptions: Final = Router(
    API,
    route_handlers=[
        create_subscription,
        list_subscriptions,
        get_subscription,
        change_subscription,
        delete_subscription,
        rotate_secret,
        replay_subscription,
        test_subscription,
        list_deliveries,
    ],
)
route_handlers: Final[list[Any]] = [subscriptions]
