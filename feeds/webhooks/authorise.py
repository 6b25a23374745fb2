"""Who asks: the dependency ``subscriber``, which the application may give in another way once there are accounts."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Protocol

from feeds.webhooks import tokens
from register.api.calls import Asked, Service
from register.service import RegisterService
from register.web import Problem, finding


@dataclass(frozen=True, slots=True)
class Subscriber:
    """The owner of subscriptions: ``id`` up to 100 characters and never given to anybody else, ``email`` for mails."""

    id: str
    email: str


class Authorise(Protocol):
    """Finds out who asks. Raises ``Problem`` 401 for nobody known, 403 for one who may not."""

    def __call__(self, request: Asked, service: RegisterService) -> Awaitable[Subscriber]: ...


async def subscriber_by_token(request: Asked, service: Service) -> Subscriber:
    """The ``Authorise`` of bearer tokens; tokens of one name are of one subscriber."""
    given = request.headers.get("authorization")
    token = await tokens.authenticate(service.database, given, now=service.now())
    if token is None:
        ru = "Нужен действующий токен: заголовок Authorization: Bearer …"
        en = "A valid token is needed: the header Authorization: Bearer …"
        error = ', error="invalid_token"' if given else ""
        raise _refusal(401, "Unauthorized", ru, en, error)
    if tokens.SUBSCRIPTIONS not in token.scopes:
        ru = f"Токен не даёт полномочия «{tokens.SUBSCRIPTIONS}»"
        en = f"The token does not have the scope '{tokens.SUBSCRIPTIONS}'"
        raise _refusal(403, "Forbidden", ru, en, f', error="insufficient_scope", scope="{tokens.SUBSCRIPTIONS}"')
    return Subscriber(f"token:{token.name}", token.email)


def _refusal(status: int, title: str, ru: str, en: str, error: str) -> Problem:
    headers = {"WWW-Authenticate": f'Bearer realm="register"{error}'}
    return Problem(status, title, f"{en} / {ru}", [finding("/Authorization", ru, en)], headers=headers)
