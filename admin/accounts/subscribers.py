"""Who subscribes to webhooks: a subscriber by a token of the feeds, or a colleague by session or token of ours."""

from __future__ import annotations

from admin.accounts import people
from admin.accounts.gate import actor_of, check, identify
from admin.accounts.policy import Action
from feeds.webhooks.authorise import Subscriber, subscriber_by_token
from register.api.calls import Asked, Service
from register.web import Problem, finding


async def subscriber(request: Asked, service: Service) -> Subscriber:
    """The feeds' ``Authorise`` with accounts beside subscribers' tokens. Raises ``Problem`` 401, 403."""
    identity = await identify(request)
    if identity.known is None and identity.token is None:
        return await subscriber_by_token(request, service)
    actor = await actor_of(request)
    await check(request, actor, Action.SUBSCRIPTION_MANAGE)
    account = await people.by_id(service.database, actor.id) if actor.id is not None else None
    if account is None:
        ru, en = "Подписка оформляется на человека", "A subscription belongs to a person"
        raise Problem(403, "Forbidden", f"{en} / {ru}", [finding("", ru, en, "H-role")])
    return Subscriber(f"account:{account.id}", account.email)
