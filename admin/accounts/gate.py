"""Who asks, for pages and for the API: from a session's cookie or a bearer token, and whether that is allowed.

Nobody gets anything done through a cookie without the check against forgery: it stands in the one function that turns
a cookie into a person (``identify``). A bearer token needs none, a browser never sends it by itself.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final, cast
from urllib.parse import quote, urlsplit

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.datastructures import UploadFile
from litestar.di import NamedDependency, Provide
from litestar.handlers import BaseRouteHandler

from admin.accounts import parked, sessions, tokens
from admin.accounts.attempts import Wait
from admin.accounts.core import PATH, Accounts, Visitor
from admin.accounts.parked import CSRF, FORM
from admin.accounts.policy import Action, Actor
from admin.accounts.sessions import Known
from admin.accounts.standing import Standing
from register.pages.errors import wants_page
from register.pages.site import language_of
from register.web import Problem, finding

Connection = ASGIConnection[Any, Any, Any, Any]
Guard = Callable[[Connection, BaseRouteHandler], Awaitable[None]]

HEADER: Final = "x-csrf-token"
SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_KEY: Final = "register.accounts.identity"

_PLACES: Final = {
    Standing.SECOND_FACTOR: f"{PATH}/second-factor",
    Standing.CHANGE_PASSWORD: f"{PATH}/password",
    Standing.ENROL: f"{PATH}/second-factor/new",
}


class Refusal(Problem):
    """A request that is not answered for who asks: 401, 403 or 429. Shown as a page where a person asks."""


class Elsewhere(Exception):
    """The answer is another page: ``location`` (303)."""

    def __init__(self, location: str) -> None:
        super().__init__(location)
        self.location = location


@dataclass(frozen=True, slots=True)
class Identity:
    """What a request shows of who asks: a session, or an actor by token; ``lapsed`` is a session that has ended."""

    known: Known | None = None
    token: Actor | None = None
    lapsed: Known | None = None


def accounts_of(connection: Connection) -> Accounts:
    """The accounts of the application; it sets ``app.state.accounts``."""
    return cast(Accounts, connection.app.state.accounts)


def visitor_of(connection: Connection) -> Visitor:
    """Where a request comes from, as the server knows it (behind a proxy: as it was told to believe it)."""
    client = connection.client
    return Visitor((client.host if client else "")[:60], connection.headers.get("user-agent", ""))


def cookie_name(accounts: Accounts, name: str) -> str:
    """The name of a cookie: bound to this host and to https where the service has https."""
    return f"__Host-{name}" if accounts.options.secure else name


def method_of(connection: Connection) -> str:
    """The method of a request."""
    return str(connection.scope.get("method", "GET"))


async def identify(connection: Connection) -> Identity:
    """Who asks; looked up once in a request.

    Raises ``Refusal`` 403 for a request that changes something by a session without its form's token, 401 for a token
    that opens nothing, 429 after several such.
    """
    state: dict[str, Any] = connection.scope.setdefault("state", {})
    if _KEY not in state:
        state[_KEY] = await _identify(connection)
    return cast(Identity, state[_KEY])


def identified(connection: Connection) -> Identity:
    """What ``identify`` found before; nobody where it was not asked."""
    found = connection.scope.get("state", {}).get(_KEY)
    return found if isinstance(found, Identity) else Identity()


def remember(connection: Connection, known: Known | None) -> None:
    """Let the rest of the request go on with another session: after a sign-out, or when it was renewed."""
    connection.scope.setdefault("state", {})[_KEY] = Identity(known=known)


def only_in(connection: Connection, known: Known, *allowed: Standing) -> None:
    """Send a session that is good for something else to its own page; raises ``Elsewhere``."""
    if known.standing not in allowed:
        told = language_of(connection.scope["path"]) or "ru"
        raise Elsewhere(f"/{told}{_PLACES.get(known.standing, f'{PATH}/me')}")


async def _identify(connection: Connection) -> Identity:
    accounts, visitor = accounts_of(connection), visitor_of(connection)
    now = accounts.now()
    if secret := tokens.bearer(connection.headers.get("authorization", "")):
        actor = await tokens.authenticate(accounts.database, secret, address=visitor.address, now=now)
        if actor is None:
            await _token_refused(accounts, visitor)
        return Identity(token=actor)
    cookie = connection.cookies.get(cookie_name(accounts, "session"))
    limits = accounts.options.limits
    known = await sessions.find(accounts.database, cookie, limits, now) if cookie else None
    if known is None:
        return Identity()
    if known.standing is Standing.ENDED:
        return Identity(lapsed=known)
    if method_of(connection) not in SAFE:
        await _check_forgery(connection, accounts, known)
    await sessions.note_use(accounts.database, known.session, limits, now)
    return Identity(known=known)


async def _token_refused(accounts: Accounts, visitor: Visitor) -> None:
    ru, en = "Токен недействителен", "The token is not valid"
    try:
        await accounts.token_refused(visitor)
    except Wait as wait:
        raise too_many(wait) from wait
    headers = {"WWW-Authenticate": 'Bearer realm="register", error="invalid_token"'}
    raise Refusal(401, "Unauthorized", f"{en} / {ru}", [finding("/Authorization", ru, en)], headers=headers)


async def _check_forgery(connection: Connection, accounts: Accounts, known: Known) -> None:
    given = await form_token_of(connection)
    if from_here(connection, accounts) and sessions.token_fits(known.session.csrf, given):
        return
    actor = accounts.actor(known, visitor_of(connection).address)
    await accounts.tell(actor, "forgery", connection.scope["path"][:100], "refused", method=method_of(connection))
    await _let_go(connection)
    raise forged()


async def _let_go(connection: Connection) -> None:
    """Close the files of a form that no handler will see."""
    if isinstance(connection, Request) and "multipart" in connection.headers.get("content-type", ""):
        for _, value in (await connection.form()).multi_items():
            if isinstance(value, UploadFile):
                await value.close()


def forged() -> Refusal:
    """What is said to a request that did not come from a form of ours."""
    ru = "Запрос отправлен не с формы этого сайта. Откройте страницу заново и повторите."
    en = "The request did not come from a form of this site. Open the page anew and try again."
    return Refusal(403, "Forbidden", f"{en} / {ru}", [finding("", ru, en, "H-csrf")])


def from_here(connection: Connection, accounts: Accounts) -> bool:
    """Whether the browser says that a page of ours sends this; a client that says nothing passes."""
    site = connection.headers.get("sec-fetch-site")
    if site is not None and site not in ("same-origin", "none"):
        return False
    origin = connection.headers.get("origin")
    if origin is None or origin == accounts.options.origin:
        return True
    return urlsplit(origin).netloc == connection.headers.get("host")


async def form_token_of(connection: Connection) -> str:
    """The token that a request bears, in its header or in its form."""
    if given := connection.headers.get(HEADER):
        return given
    if isinstance(connection, Request) and "form" in connection.headers.get("content-type", ""):
        value = (await connection.form()).get(CSRF, "")
        return value if isinstance(value, str) else ""
    return ""


async def actor_of(connection: Connection) -> Actor:
    """The person or machine that asks, ready to work.

    Raises ``Refusal`` 401 for nobody (a page: ``Elsewhere``, to the sign-in, with the form that was sent kept), and
    what ``identify`` raises.
    """
    identity = await identify(connection)
    if identity.token is not None:
        return identity.token
    if identity.known is not None and identity.known.standing is Standing.READY:
        return accounts_of(connection).actor(identity.known, visitor_of(connection).address)
    if identity.known is not None:
        raise _to(connection, _PLACES[identity.known.standing], await _wanted(connection, identity.known))
    raise _to(connection, f"{PATH}/sign-in", await _wanted(connection, identity.lapsed))


def _to(connection: Connection, path: str, wanted: str) -> Exception:
    language = language_of(connection.scope["path"])
    if language is not None and isinstance(connection, Request) and wants_page(connection):
        return Elsewhere(f"/{language}{path}?next={quote(wanted, safe='/')}")
    ru, en = "Нужно войти или предъявить токен", "Sign in, or give a bearer token"
    headers = {"WWW-Authenticate": 'Bearer realm="register"'}
    return Refusal(401, "Unauthorized", f"{en} / {ru}", [finding("", ru, en)], headers=headers)


async def _wanted(connection: Connection, known: Known | None) -> str:
    """Where to go on after the sign-in: the page asked for, or the form that was sent, which is kept till then."""
    path = connection.scope["path"]
    if method_of(connection) in SAFE:
        query = connection.scope["query_string"].decode("latin-1")
        return f"{path}?{query}" if query else path
    if known is None or not isinstance(connection, Request) or not wants_page(connection):
        return ""
    if not sessions.token_fits(known.session.csrf, await form_token_of(connection)):
        return ""
    accounts = accounts_of(connection)
    form = await connection.form()
    name = await parked.park(
        accounts.database, accounts.box, known.account.id, path, form.multi_items(), now=accounts.now()
    )
    await _let_go(connection)
    if name is None:
        return ""
    page = form.get(FORM)
    if isinstance(page, str) and inside(page):
        return f"{page}{'&' if '?' in page else '?'}parked={name}"
    return f"/{language_of(path)}{PATH}/parked/{name}"


def inside(address: str) -> bool:
    """Whether an address is a page behind our sign-in, and nothing that a browser could take for another site."""
    if len(address) > 2000 or not address.isascii() or not address.isprintable() or "\\" in address:
        return False
    parts = urlsplit(address)
    if parts.scheme or parts.netloc or "//" in parts.path or ".." in parts.path:
        return False
    language = language_of(parts.path)
    rest = parts.path[3:] if language else ""
    return rest == PATH or rest.startswith(f"{PATH}/")


def too_many(wait: Wait) -> Refusal:
    """What is said to one who has to wait."""
    ru = f"Слишком много неверных попыток. Повторите через {wait.seconds} с."
    en = f"Too many wrong answers. Try again in {wait.seconds} s."
    headers = {"Retry-After": str(wait.seconds)}
    return Refusal(429, "Too many requests", f"{en} / {ru}", [finding("", ru, en)], headers=headers)


def require(action: Action) -> Guard:
    """A guard: only who may do ``action`` gets in. A refusal is told to the audit trail."""

    async def guard(connection: Connection, _: BaseRouteHandler) -> None:
        await check(connection, await actor_of(connection), action)

    return guard


async def check(connection: Connection, actor: Actor, action: Action, state: str | None = None) -> None:
    """``require`` inside a handler; with ``state``, an official only for the own state. Raises ``Refusal`` 403."""
    if actor.may(action) if state is None else actor.may_for(action, state):
        return
    path = connection.scope["path"][:300]
    await accounts_of(connection).tell(actor, action.value, actor.subject, "refused", path=path, reason="not_allowed")
    ru, en = "На это нет полномочий.", "This is not allowed to you."
    headers = {}
    if actor.via == "token":
        headers["WWW-Authenticate"] = 'Bearer realm="register", error="insufficient_scope"'
    raise Refusal(403, "Forbidden", f"{en} / {ru}", [finding("", ru, en, "H-role")], headers=headers)


async def provide_actor(request: Request[Any, Any, Any]) -> Actor:
    """The dependency ``actor``: who asks, ready to work; raises what ``actor_of`` raises."""
    return await actor_of(request)


async def provide_known(request: Request[Any, Any, Any]) -> Known:
    """The dependency ``known``: a person's session, in whatever standing. To the sign-in for everybody else."""
    identity = await identify(request)
    if identity.known is None:
        raise _to(request, f"{PATH}/sign-in", await _wanted(request, identity.lapsed))
    return identity.known


async def provide_accounts(request: Request[Any, Any, Any]) -> Accounts:
    """The dependency ``accounts``."""
    return accounts_of(request)


Acting = NamedDependency[Actor]
Signed = NamedDependency[Known]
People = NamedDependency[Accounts]

dependencies: Final = {
    "actor": Provide(provide_actor),
    "known": Provide(provide_known),
    "accounts": Provide(provide_accounts),
}
