"""What a caller does with subscriptions: the calls for programs and the pages for people both do it by these.

Each belongs into the caller's transaction. Raises ``Problem`` 404 for a subscription that is not the owner's, 422 for
what is wrong with the request. Times are UTC.
"""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, TypeVar

import msgspec

from feeds.webhooks import store
from feeds.webhooks.addresses import AddressRefused
from feeds.webhooks.authorise import Subscriber
from feeds.webhooks.inputs import Change, NewSubscription, Replay, Rotation
from feeds.webhooks.office import Webhooks
from feeds.webhooks.records import Subscription
from feeds.webhooks.sealing import Sealer, open_secret
from register.service import RegisterService
from register.web import finding, not_found, refused

Result = TypeVar("Result")
FROM: Final = "/from_seq"


@dataclass(frozen=True, slots=True)
class Fresh:
    """A subscription with a new secret, which is shown this once."""

    held: Subscription
    secret: str


async def check_address(webhooks: Webhooks, url: str) -> None:
    """Look an address up, before the transaction. Raises ``Problem`` 422 for one to which nothing may be sent."""
    try:
        await webhooks.guard.check(url)
    except AddressRefused as error:
        raise refused(finding("/url", f"url: {error.ru}", f"url: {error.en}")) from None


def check_number(seq: int | None, head: int) -> None:
    """Raise ``Problem`` 422 for a number to begin with that lies beyond the next entry."""
    if seq is not None and seq > head + 1:
        raise refused(
            finding(
                FROM,
                f"from_seq: последняя запись – {head}, допускается число от 1 до {head + 1}",
                f"from_seq: the newest entry is {head}; a number from 1 to {head + 1} is allowed",
            )
        )


async def create(
    service: RegisterService, owner: Subscriber, given: NewSubscription, head: int, sealer: Sealer | None
) -> Fresh:
    """A new subscription; without a number it begins after the entry ``head``. Its address was checked."""
    try:
        made = await store.create(
            service.database,
            owner.id,
            owner.email,
            url=given.url,
            wanted=given.filter.wanted(),
            after=head if given.from_seq is None else given.from_seq - 1,
            now=service.now(),
            description=given.description,
            sealer=sealer,
        )
    except store.TooMany:
        most = store.MAX_PER_OWNER
        raise refused(
            finding("", f"Допускается не более {most} подписок", f"At most {most} subscriptions are allowed")
        ) from None
    return _fresh(made, sealer)


async def change(service: RegisterService, owner: Subscriber, subscription: str, given: Change) -> Subscription:
    """Change what is given. An address that is given was checked."""
    return await found(
        store.change(
            service.database,
            owner.id,
            owner.email,
            subscription,
            now=service.now(),
            url=given.url,
            wanted=None if given.filter is None else given.filter.wanted(),
            state=given.state,
            description=given.description if "description" in given.model_fields_set else msgspec.UNSET,
        )
    )


async def rotate(
    service: RegisterService, owner: Subscriber, subscription: str, given: Rotation, sealer: Sealer | None
) -> Fresh:
    """A new secret; the one before signs too for a while."""
    overlap, now = timedelta(hours=given.overlap_hours), service.now()
    work = store.rotate(service.database, owner.id, subscription, now=now, overlap=overlap, sealer=sealer)
    return _fresh(await found(work), sealer)


def _fresh(made: Subscription, sealer: Sealer | None) -> Fresh:
    secret = open_secret(sealer, made.secret, made.id)
    if secret is None:
        raise RuntimeError(f"the new secret of {made.id} does not open")
    return Fresh(made, secret)


async def replay(service: RegisterService, owner: Subscriber, subscription: str, given: Replay) -> Subscription:
    """Deliver again from an entry on, whose number was checked."""
    return await found(
        store.replay(service.database, owner.id, subscription, from_seq=given.from_seq, now=service.now())
    )


async def found(work: Awaitable[Result]) -> Result:
    """The result of a command of the store; ``Problem`` 404 where there is no such subscription of the owner."""
    try:
        return await work
    except store.Unknown:
        raise not_found("Такой подписки нет", "There is no such subscription", "/id") from None
