"""Signing in and out: password, second factor, OpenID Connect; and the form that came too late, given back."""

from __future__ import annotations

from typing import Any, Final

from litestar import Response, get

from admin.accounts import parked, people, sessions
from admin.accounts.attempts import Wait
from admin.accounts.audit import audit, stranger
from admin.accounts.core import PATH, Accounts
from admin.accounts.frame import (
    N_,
    Asked,
    cookie,
    entrance_checked,
    fields,
    go,
    here,
    language,
    page,
    session_cookie,
    staff_page,
    welcome,
)
from admin.accounts.gate import (
    Acting,
    People,
    Signed,
    cookie_name,
    forged,
    identify,
    inside,
    only_in,
    too_many,
    visitor_of,
)
from admin.accounts.oidc import LASTS, OidcError
from admin.accounts.policy import Actor
from admin.accounts.standing import Standing
from register.api.calls import Service
from register.web import not_found

WRONG: Final = N_("The e-mail address or the password is wrong, or a one-time password has run out.")
NO_OIDC: Final = N_("The sign-in at the provider did not succeed, or there is no active account of this address here.")
EXPIRED: Final = N_("Your session has ended. What you typed is kept and comes back after the sign-in.")
NOT_SO: Final = N_("The code is wrong or was used before. Wait for the next one, or use a recovery code.")
_OIDC: Final = "oidc"


def _wanted(request: Asked) -> str:
    wanted = str(request.query_params.get("next", ""))
    return wanted if inside(wanted) else ""


def _form(request: Asked, service: Service, accounts: Accounts, status: int = 200, **context: Any) -> Response[bytes]:
    provider = accounts.provider
    shown = {"email": "", "next": "", "provider": provider.options.name if provider else None, **context}
    return staff_page(request, service, "staff/sign_in.html", shown, status=status)


@page("/sign-in")
async def sign_in_form(request: Asked, service: Service, accounts: People) -> Response[bytes]:
    """The form of the sign-in; who has signed in goes on."""
    wanted = _wanted(request)
    if (await identify(request)).known is not None:
        return go(wanted or here(request, accounts.options.home.removeprefix(PATH)))
    notice = EXPIRED if "/parked/" in wanted or "parked=" in wanted else None
    if "oidc" in request.query_params:
        return _form(request, service, accounts, 401, next=wanted, faults={"": NO_OIDC})
    return _form(request, service, accounts, next=wanted, notice=notice)


@page("/sign-in", "post")
async def sign_in(request: Asked, service: Service, accounts: People) -> Response[bytes]:
    """Sign in by password. Raises ``Refusal`` 403 for a form that this browser was not given."""
    visitor, typed = visitor_of(request), await fields(request)
    if not await entrance_checked(request, accounts):
        await accounts.tell(stranger(visitor.address), "forgery", f"{PATH}/sign-in", "refused", method="POST")
        raise forged()
    email, wanted = typed.get("email", "")[:254], typed.get("next", "")
    kept = {"email": email, "next": wanted if inside(wanted) else ""}
    try:
        signed_in = await accounts.sign_in(email, typed.get("password", ""), visitor)
    except Wait as wait:
        return _waiting(_form(request, service, accounts, 429, **kept, faults={"": _text(request, wait)}), wait)
    if signed_in is None:
        return _form(request, service, accounts, 401, **kept, faults={"email": WRONG})
    return welcome(accounts, signed_in, wanted)


def _text(request: Asked, wait: Wait) -> str:
    return too_many(wait).errors[0].text[language(request)] or ""


def _waiting(response: Response[bytes], wait: Wait) -> Response[bytes]:
    response.headers["retry-after"] = str(wait.seconds)
    return response


@page("/second-factor")
async def second_factor_form(request: Asked, service: Service, known: Signed) -> Response[bytes]:
    """The form for the code."""
    only_in(request, known, Standing.SECOND_FACTOR)
    return staff_page(request, service, "staff/second_factor.html", {"next": _wanted(request)})


@page("/second-factor", "post")
async def second_factor(request: Asked, service: Service, accounts: People, known: Signed) -> Response[bytes]:
    """Take the code of the authenticator or a recovery code."""
    only_in(request, known, Standing.SECOND_FACTOR)
    typed = await fields(request)
    wanted = typed.get("next", "")
    kept = {"next": wanted if inside(wanted) else ""}
    try:
        signed_in = await accounts.second_factor(known, typed.get("otp", "")[:40], visitor_of(request))
    except Wait as wait:
        shown = {**kept, "faults": {"otp": _text(request, wait)}}
        return _waiting(staff_page(request, service, "staff/second_factor.html", shown, status=429), wait)
    if signed_in is None:
        shown = {**kept, "faults": {"otp": NOT_SO}}
        return staff_page(request, service, "staff/second_factor.html", shown, status=401)
    return welcome(accounts, signed_in, wanted)


@page("/sign-out", "post")
async def sign_out(request: Asked, accounts: People, known: Signed) -> Response[bytes]:
    """End this session."""
    actor = accounts.actor(known, visitor_of(request).address)
    async with accounts.database.transaction():
        await sessions.end(accounts.database, known.account.id, known.session.id, accounts.now())
        await audit(accounts.database, actor, "sign_out", actor.subject, "done", at=accounts.now())
    return go(here(request, "/sign-in"), [session_cookie(accounts, "")])


@page("/oidc")
async def oidc_start(request: Asked, accounts: People) -> Response[bytes]:
    """On to the provider. Raises ``Problem`` 404 where no provider is set."""
    if accounts.provider is None:
        raise not_found("Вход через внешнего поставщика не настроен", "No provider is set up")
    try:
        start = await accounts.provider.start(next_path=_wanted(request), language=language(request))
    except OidcError as error:
        await _oidc_failed(request, accounts, error)
        return go(here(request, "/sign-in?oidc=failed"))
    return go(start.location, [cookie(accounts, _OIDC, start.cookie, seconds=LASTS)])


@get(f"{PATH}/oidc/return", include_in_schema=False)
async def oidc_return(request: Asked, accounts: People) -> Response[bytes]:
    """Back from the provider: the one address to be registered there. Raises ``Problem`` 404 where none is set."""
    if accounts.provider is None:
        raise not_found("Вход через внешнего поставщика не настроен", "No provider is set up")
    query = {str(name): str(value) for name, value in request.query_params.items()}
    gone = cookie(accounts, _OIDC, "", seconds=0)
    try:
        returned = await accounts.provider.finish(query, request.cookies.get(cookie_name(accounts, _OIDC)))
        account = await people.by_email(accounts.database, returned.email)
        if account is None or not account.active:
            raise OidcError("no active account has this address")
    except OidcError as error:
        await _oidc_failed(request, accounts, error)
        return go(here(request, "/sign-in?oidc=failed"), [gone])
    async with accounts.database.transaction():
        signed_in = await accounts.admit(account, visitor_of(request), "oidc")
    response = welcome(accounts, signed_in, returned.next)
    response.cookies.append(gone)
    return response


async def _oidc_failed(request: Asked, accounts: Accounts, error: OidcError) -> None:
    actor: Actor = stranger(visitor_of(request).address)
    await accounts.tell(actor, "sign_in", "account:unknown", "failed", method="oidc", reason=str(error))


@page("/parked/{name:str}")
async def parked_form(request: Asked, service: Service, accounts: People, actor: Acting) -> Response[bytes]:
    """A form that came after its session had ended, to be sent again. Raises ``Problem`` 404 for none of one's own."""
    found = await parked_of(request, accounts, actor, request.path_params["name"])
    if found is None:
        ru = "Такой сохранённой формы нет: она хранится одни сутки и видна только отправителю."
        raise not_found(ru, "There is no such form: it is kept for a day, and for its sender only.")
    return staff_page(request, service, "staff/parked.html", {"parked": found})


async def parked_of(request: Asked, accounts: Accounts, actor: Actor, name: str | None = None) -> parked.Parked | None:
    """The form that ``?parked=`` of this request gives back to its author; None when there is none.

    For a page that fills itself: ``texts()`` has the fields. ``parked.discard`` forgets it after it was sent.
    """
    name = name or str(request.query_params.get("parked", ""))
    if not name or actor.id is None:
        return None
    return await parked.fetch(accounts.database, accounts.box, actor.id, name, now=accounts.now())


route_handlers: Final[list[Any]] = [
    sign_in_form,
    sign_in,
    second_factor_form,
    second_factor,
    sign_out,
    oidc_start,
    oidc_return,
    parked_form,
]
