"""What everybody has: the own account, password, second factor, sessions."""

from __future__ import annotations

from typing import Any, Final

from litestar import Response

from admin.accounts import people, second_factor, sessions, tokens
from admin.accounts.attempts import Wait
from admin.accounts.audit import audit
from admin.accounts.core import Accounts
from admin.accounts.frame import N_, Asked, fields, go, here, language, page, session_cookie, staff_page, with_cookies
from admin.accounts.gate import People, Signed, inside, only_in, remember, too_many, visitor_of
from admin.accounts.passwords import password_faults
from admin.accounts.policy import SECOND_FACTOR_ROLES
from admin.accounts.sessions import Known
from admin.accounts.standing import Standing
from register.api.calls import Service
from register.web import Reply

WRONG_PASSWORD: Final = N_("This is not your present password.")
NOT_EQUAL: Final = N_("The two new passwords differ.")
SAME: Final = N_("The new password is the present one.")
WRONG_CODE: Final = N_("The code is wrong or was used before.")
MUST_STAY: Final = N_("Your role asks for a second factor: it cannot be taken off.")
CHANGED: Final = N_("The password is changed. Your other sessions have ended.")


@page("/me")
async def me(request: Asked, service: Service, accounts: People, known: Signed) -> Response[bytes]:
    """Who one is here, and what one can do about it."""
    only_in(request, known, Standing.READY)
    db, now = accounts.database, accounts.now()
    context = {
        "account": known.account,
        "recovery_left": await second_factor.recovery_left(db, known.account.id),
        "sessions": await sessions.of_account(db, known.account.id, accounts.options.limits, now),
        "tokens": [one for one in await tokens.listed(db, account=known.account.id) if one.valid(now)],
        "notice": CHANGED if request.query_params.get("done") == "password" else None,
    }
    return staff_page(request, service, "staff/me.html", context)


@page("/password")
async def password_form(request: Asked, service: Service, known: Signed) -> Response[bytes]:
    """The form for a new password."""
    only_in(request, known, Standing.READY, Standing.CHANGE_PASSWORD)
    return _password_page(request, service, known)


def _password_page(
    request: Asked, service: Service, known: Known, status: int = 200, wanted: str = "", **faults: str
) -> Response[bytes]:
    context = {
        "forced": known.standing is Standing.CHANGE_PASSWORD,
        "account": known.account,
        "faults": faults,
        "next": wanted or _wanted(request),
    }
    return staff_page(request, service, "staff/password.html", context, status=status)


@page("/password", "post")
async def change_password(request: Asked, service: Service, accounts: People, known: Signed) -> Response[bytes]:
    """Take a new password; the other sessions end."""
    only_in(request, known, Standing.READY, Standing.CHANGE_PASSWORD)
    typed, visitor, told = await fields(request), visitor_of(request), language(request)
    present, password = typed.get("present_password", ""), typed.get("password", "")
    forced, wanted = known.standing is Standing.CHANGE_PASSWORD, typed.get("next", "")
    wanted = wanted if inside(wanted) else ""
    faults = password_faults(password, email=known.account.email, name=known.account.name)
    if faults:
        return _password_page(request, service, known, 422, wanted, password=" ".join(fault[told] for fault in faults))
    if password != typed.get("password_again", ""):
        return _password_page(request, service, known, 422, wanted, password_again=NOT_EQUAL)
    if password == present:
        return _password_page(request, service, known, 422, wanted, password=SAME)
    try:
        if not await accounts.knows_password(known, present, visitor):
            return _password_page(request, service, known, 422, wanted, present_password=WRONG_PASSWORD)
    except Wait as wait:
        raise too_many(wait) from wait
    made = await accounts.passwords.hash(password)
    actor = accounts.actor(known, visitor.address)
    await people.set_own_password(
        accounts.database, actor, known.account, password_hash=made, now=accounts.now(), keep=known.session.id
    )
    cookie = await _renewed(request, accounts, known, factor=known.session.second_factor_at is not None)
    # Who was sent here on the way to work goes on to it.
    there = (wanted or here(request, "")) if forced else here(request, "/me?done=password")
    return go(there, [session_cookie(accounts, cookie)])


def _wanted(request: Asked) -> str:
    wanted = str(request.query_params.get("next", ""))
    return wanted if inside(wanted) else ""


async def _renewed(request: Asked, accounts: Accounts, known: Known, *, factor: bool) -> str:
    async with accounts.database.transaction():
        cookie = await accounts.renew(known, visitor_of(request), second_factor=factor)
    limits = accounts.options.limits
    remember(request, await sessions.find(accounts.database, cookie, limits, accounts.now()))
    return cookie


@page("/second-factor/new")
async def enrol_form(request: Asked, service: Service, accounts: People, known: Signed) -> Response[bytes]:
    """The QR code to be enrolled; what is enrolled already can be looked after here."""
    only_in(request, known, Standing.READY, Standing.ENROL)
    return await _enrol_page(request, service, accounts, known)


async def _enrol_page(
    request: Asked,
    service: Service,
    accounts: Accounts,
    known: Known,
    status: int = 200,
    wanted: str = "",
    **faults: str,
) -> Response[bytes]:
    person, db, now = known.account, accounts.database, accounts.now()
    context: dict[str, Any] = {"faults": faults, "forced": known.standing is Standing.ENROL}
    context["next"] = wanted or _wanted(request)
    if person.enrolled:
        context["left"] = await second_factor.recovery_left(db, person.id)
        context["may_remove"] = person.role not in SECOND_FACTOR_ROLES
        return staff_page(request, service, "staff/second_factor_kept.html", context, status=status)
    secret = await second_factor.pending_secret(db, accounts.box, person, now)
    address = second_factor.address(secret, person.email, accounts.options.issuer)
    context["qr"], context["secret"] = second_factor.qr_code(address), secret
    return staff_page(request, service, "staff/enrol.html", context, status=status)


@page("/second-factor/new", "post")
async def enrol(request: Asked, service: Service, accounts: People, known: Signed) -> Response[bytes]:
    """Enrol by a first code; or, with a code, new recovery codes (``do=recovery``) or none any more (``do=off``)."""
    only_in(request, known, Standing.READY, Standing.ENROL)
    typed = await fields(request)
    code, what = typed.get("otp", "")[:40], typed.get("do", "enrol")
    if known.account.enrolled:
        return await _look_after(request, service, accounts, known, code, what)
    db, actor = accounts.database, accounts.actor(known, visitor_of(request).address)
    async with db.transaction():
        person = await people.by_id(db, known.account.id)
        codes = await second_factor.enrol(db, accounts.box, actor, person, code, accounts.now()) if person else None
        if codes is None:
            await audit(db, actor, "own.second_factor.enrol", actor.subject, "failed", at=accounts.now())
    wanted = typed.get("next", "") if inside(typed.get("next", "")) else ""
    if codes is None:
        return await _enrol_page(request, service, accounts, known, 422, wanted, otp=WRONG_CODE)
    there = (wanted or here(request, "")) if known.standing is Standing.ENROL else here(request, "/me")
    cookie = await _renewed(request, accounts, known, factor=True)
    return _codes_page(request, service, accounts, codes, there, cookie)


def _codes_page(
    request: Asked, service: Service, accounts: Accounts, codes: list[str], there: str, cookie: str | None = None
) -> Response[bytes]:
    shown = staff_page(request, service, "staff/recovery_codes.html", {"codes": codes, "there": there})
    if cookie is None or not isinstance(shown, Reply):
        return shown
    return with_cookies(shown, [session_cookie(accounts, cookie)])


async def _look_after(
    request: Asked, service: Service, accounts: Accounts, known: Known, code: str, what: str
) -> Response[bytes]:
    db, person, visitor = accounts.database, known.account, visitor_of(request)
    if what == "off" and person.role in SECOND_FACTOR_ROLES:
        return await _enrol_page(request, service, accounts, known, 422, otp=MUST_STAY)
    try:
        action = "own.second_factor.remove" if what == "off" else "own.second_factor.recovery"
        if not await accounts.proves(known, code, visitor, action):
            return await _enrol_page(request, service, accounts, known, 422, otp=WRONG_CODE)
    except Wait as wait:
        raise too_many(wait) from wait
    actor = accounts.actor(known, visitor.address)
    async with db.transaction():
        if what == "off":
            await second_factor.take_off(db, actor, person, accounts.now())
            return go(here(request, "/me"))
        codes = await second_factor.renew_recovery(db, accounts.box, person.id)
        await audit(db, actor, action, actor.subject, "done", at=accounts.now())
    return _codes_page(request, service, accounts, codes, here(request, "/me"))


@page("/sessions")
async def sessions_page(request: Asked, service: Service, accounts: People, known: Signed) -> Response[bytes]:
    """The own sessions that still hold."""
    only_in(request, known, Standing.READY)
    found = await sessions.of_account(accounts.database, known.account.id, accounts.options.limits, accounts.now())
    return staff_page(request, service, "staff/sessions.html", {"sessions": found, "present": known.session.id})


@page("/sessions", "post")
async def end_sessions(request: Asked, accounts: People, known: Signed) -> Response[bytes]:
    """End one of the own sessions (``session``), or all others (``do=others``)."""
    only_in(request, known, Standing.READY)
    typed, db, now = await fields(request), accounts.database, accounts.now()
    actor = accounts.actor(known, visitor_of(request).address)
    async with db.transaction():
        if typed.get("do") == "others":
            await people.end_everything(db, known.account.id, now, tokens=False, keep=known.session.id)
            await audit(db, actor, "own.sessions.end", actor.subject, "done", at=now, which="others")
        elif await sessions.end(db, known.account.id, typed.get("session", "")[:64], now):
            await audit(db, actor, "own.sessions.end", actor.subject, "done", at=now, which="one")
    return go(here(request, "/sessions"))


route_handlers: Final[list[Any]] = [
    me,
    password_form,
    change_password,
    enrol_form,
    enrol,
    sessions_page,
    end_sessions,
]
