"""What the operator does: accounts; and tokens, which everybody has of one's own."""

from __future__ import annotations

from typing import Any, Final

from litestar import Response

from admin.accounts import people, tokens
from admin.accounts.core import Accounts
from admin.accounts.frame import N_, Asked, fields, go, here, language, page, staff_page
from admin.accounts.frame import faults_of as texts_of
from admin.accounts.gate import Acting, People, check, require
from admin.accounts.passwords import one_time_password
from admin.accounts.people import Account, Particulars
from admin.accounts.policy import Action, Actor, Role, scopes_for
from register.api.calls import Service
from register.measures import STATES
from register.web import Problem, finding, not_found, refused

DONE: Final = {
    "save": N_("The account is changed."),
    "deactivate": N_("The account is deactivated; its sessions and tokens have ended."),
    "activate": N_("The account is active again."),
    "reset_second_factor": N_("The second factor is taken off; the person sets up a new one at the next sign-in."),
}


@page("/accounts", guards=[require(Action.ACCOUNT_READ)])
async def accounts_page(request: Asked, service: Service, accounts: People) -> Response[bytes]:
    """Every account."""
    return staff_page(request, service, "staff/accounts.html", {"accounts": await people.everybody(accounts.database)})


def _blank() -> dict[str, str]:
    return {"email": "", "name": "", "role": Role.CLERK.value, "state": "", "language": "ru"}


def _account_page(
    request: Asked, service: Service, typed: dict[str, str], status: int = 200, **context: Any
) -> Response[bytes]:
    shown = {
        "account": None,
        "typed": typed,
        "roles": [role.value for role in Role],
        "states": STATES,
        "one_time": None,
        **context,
    }
    return staff_page(request, service, "staff/account.html", shown, status=status)


def _given(typed: dict[str, str]) -> Particulars:
    return Particulars(
        typed.get("email", ""),
        typed.get("name", ""),
        typed.get("role", ""),
        typed.get("state") or None,
        typed.get("language", ""),
    )


@page("/accounts/new", guards=[require(Action.ACCOUNT_MANAGE)])
async def new_account_form(request: Asked, service: Service) -> Response[bytes]:
    """The form for a new account."""
    return _account_page(request, service, _blank())


@page("/accounts/new", "post", guards=[require(Action.ACCOUNT_MANAGE)])
async def new_account(request: Asked, service: Service, accounts: People, actor: Acting) -> Response[bytes]:
    """Make an account; its one-time password is shown once, unless it signs in at the provider only."""
    typed = await fields(request)
    only_provider = accounts.provider is not None and typed.get("sign_in") == "provider"
    password = None if only_provider else one_time_password()
    try:
        number = await people.add(
            accounts.database,
            actor,
            _given(typed),
            password_hash=await accounts.passwords.hash(password) if password else None,
            now=accounts.now(),
        )
    except Problem as problem:
        faults = texts_of(problem.errors, language(request))
        return _account_page(request, service, {**_blank(), **typed}, problem.status, faults=faults)
    account = await people.by_id(accounts.database, number)
    return _account_page(request, service, {**_blank(), **typed}, account=account, one_time=password)


async def _found(accounts: Accounts, request: Asked) -> Account:
    account = await people.by_id(accounts.database, request.path_params["number"])
    if account is None:
        raise not_found("Такой учётной записи нет", "There is no such account")
    return account


def _as_typed(account: Account) -> dict[str, str]:
    return {
        "email": account.email,
        "name": account.name,
        "role": account.role.value,
        "state": account.state or "",
        "language": account.language,
    }


@page("/accounts/{number:int}", guards=[require(Action.ACCOUNT_READ)])
async def account_form(request: Asked, service: Service, accounts: People) -> Response[bytes]:
    """One account. Raises ``Problem`` 404."""
    account = await _found(accounts, request)
    notice = DONE.get(str(request.query_params.get("done", "")))
    return _account_page(request, service, _as_typed(account), account=account, notice=notice)


@page("/accounts/{number:int}", "post", guards=[require(Action.ACCOUNT_MANAGE)])
async def change_account(request: Asked, service: Service, accounts: People, actor: Acting) -> Response[bytes]:
    """Change, deactivate, activate or reset an account, by ``do``. Raises ``Problem`` 404, 422."""
    account, typed = await _found(accounts, request), await fields(request)
    what = typed.get("do", "save")
    try:
        one_time = await _changed(accounts, actor, account, what, typed)
    except Problem as problem:
        faults = texts_of(problem.errors, language(request))
        shown = {**_as_typed(account), **typed} if what == "save" else _as_typed(account)
        return _account_page(request, service, shown, problem.status, account=account, faults=faults)
    if one_time is None:
        return go(here(request, f"/accounts/{account.id}?done={what}"))
    account = await _found(accounts, request)
    return _account_page(request, service, _as_typed(account), account=account, one_time=one_time)


async def _changed(accounts: Accounts, actor: Actor, account: Account, what: str, typed: dict[str, str]) -> str | None:
    """Do what was asked; a one-time password when one was made."""
    db, now = accounts.database, accounts.now()
    if what == "save":
        await people.change(db, actor, account, _given(typed), now=now)
    elif what in ("activate", "deactivate"):
        await people.set_active(db, actor, account, active=what == "activate", now=now)
    elif what == "reset_second_factor":
        await people.reset_second_factor(db, actor, account, now=now)
    elif what == "reset_password":
        password = one_time_password()
        made = await accounts.passwords.hash(password)
        await people.reset_password(db, actor, account, password_hash=made, now=now)
        return password
    else:
        raise refused(finding("/do", "Такого действия нет.", "There is no such action."))
    return None


async def _tokens_page(
    request: Asked, service: Service, accounts: Accounts, actor: Actor, status: int = 200, **context: Any
) -> Response[bytes]:
    everyone = actor.may(Action.TOKEN_MANAGE)
    found = await tokens.listed(accounts.database, account=actor.id, everyone=everyone)
    names = {one.id: one.name for one in await people.everybody(accounts.database)} if everyone else {}
    shown = {
        "tokens": found,
        "names": names,
        "everyone": everyone,
        "scopes": scopes_for(actor.role),
        "machine_scopes": scopes_for(None) if everyone else [],
        "typed": {"name": "", "days": "90", "of": "own"},
        "chosen": [],
        "secret": None,
        "now": accounts.now(),
        **context,
    }
    return staff_page(request, service, "staff/tokens.html", shown, status=status)


@page("/tokens", guards=[require(Action.OWN_READ)])
async def tokens_page(request: Asked, service: Service, accounts: People, actor: Acting) -> Response[bytes]:
    """The own tokens; for the operator all."""
    return await _tokens_page(request, service, accounts, actor)


@page("/tokens", "post", guards=[require(Action.OWN_MANAGE)])
async def change_tokens(request: Asked, service: Service, accounts: People, actor: Acting) -> Response[bytes]:
    """Revoke a token (``revoke``), or make one of one's own or, as operator, of a machine (``of=machine``)."""
    typed = await fields(request)
    everyone = actor.may(Action.TOKEN_MANAGE)
    if number := typed.get("revoke"):
        if number.isascii() and number.isdigit() and len(number) < 19:
            await tokens.revoke(accounts.database, actor, int(number), now=accounts.now(), everyone=everyone)
        return go(here(request, "/tokens"))
    machine = typed.get("of") == "machine"
    if machine:
        await check(request, actor, Action.TOKEN_MANAGE)
    chosen = [str(value) for name, value in (await request.form()).multi_items() if name == "scopes"]
    days = typed.get("days", "")
    try:
        secret = await tokens.issue(
            accounts.database,
            actor,
            name=typed.get("name", ""),
            scopes=chosen,
            days=int(days) if days.isascii() and days.isdigit() and len(days) < 6 else 0,
            now=accounts.now(),
            account=None if machine else actor.id,
            role=None if machine else actor.role,
        )
    except Problem as problem:
        faults = texts_of(problem.errors, language(request))
        shown = {"faults": faults, "typed": {"name": "", "days": "", "of": "own", **typed}, "chosen": chosen}
        return await _tokens_page(request, service, accounts, actor, problem.status, **shown)
    return await _tokens_page(request, service, accounts, actor, secret=secret)


route_handlers: Final[list[Any]] = [
    accounts_page,
    new_account_form,
    new_account,
    account_form,
    change_account,
    tokens_page,
    change_tokens,
]
