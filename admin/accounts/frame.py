"""The frame of every page behind the sign-in: never stored anywhere, with the token that each of its forms bears."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from gettext import GNUTranslations
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

from litestar import Request, Response, get, post
from litestar.datastructures import Cookie
from litestar.handlers import HTTPRouteHandler

from admin.accounts import sessions
from admin.accounts.core import PATH, Accounts, SignedIn
from admin.accounts.gate import (
    Connection,
    Elsewhere,
    Refusal,
    accounts_of,
    cookie_name,
    form_token_of,
    from_here,
    identified,
    inside,
)
from admin.accounts.parked import CSRF
from admin.accounts.policy import Action
from admin.accounts.secret_box import fresh
from admin.accounts.styles import ADDRESS
from admin.accounts.texts import ROLE_NAMES, SCOPE_NAMES
from register.pages import catalogue, formats, site
from register.pages.errors import wants_page
from register.pages.site import HTML, SECURITY, Page, Source, language_of
from register.service import RegisterService
from register.web import Reply, problem_handler
from register.words import LANGUAGES, Language

HERE: Final = Path(__file__).parent
Asked = Request[Any, Any, Any]
ENTRANCE: Final = "entrance"

site.add_source(Source(HERE / "templates", HERE / "locale"))


class StaffSection(NamedTuple):
    """A place in the staff navigation: path after the language, English label (translated), who sees it."""

    path: str
    label: str
    action: Action


def N_(message: str) -> str:
    """Mark a message for the catalogue."""
    return message


_sections: Final[list[StaffSection]] = [
    StaffSection(f"{PATH}/accounts", N_("Accounts"), Action.ACCOUNT_READ),
    StaffSection(f"{PATH}/audit", N_("Audit trail"), Action.AUDIT_READ),
    StaffSection(f"{PATH}/tokens", N_("Tokens"), Action.OWN_READ),
]


_more_catalogues: Final[list[Path]] = []


@lru_cache(maxsize=len(LANGUAGES))
def _translations(told: Language) -> GNUTranslations:
    return catalogue.translations(told, HERE / "locale", catalogue.LOCALE, *_more_catalogues)


def add_staff_sections(*sections: StaffSection, locale: Path | None = None, after: str = "") -> None:
    """Put places of another package before ours in the staff navigation, with the catalogue of their labels.

    ``after`` is the path of the place that they follow, where it is there. Call it on import.
    """
    new = [section for section in sections if section not in _sections]
    place = next((number for number, one in enumerate(_sections, 1) if one.path == after), 0)
    _sections[place:place] = new
    if locale is not None and locale not in _more_catalogues:
        _more_catalogues.append(locale)
        _translations.cache_clear()


def page(path: str, method: Literal["get", "post"] = "get", **more: Any) -> Callable[[Any], HTTPRouteHandler]:
    """Make a function the handler of a staff page in both languages; ``path`` comes after ``/{language}/staff``."""

    def register_handler(function: Any) -> HTTPRouteHandler:
        paths = [f"/{language}{PATH}{path}" for language in LANGUAGES]
        thread = None if inspect.iscoroutinefunction(function) else False
        made = get if method == "get" else post
        return made(paths, include_in_schema=False, sync_to_thread=thread, **more)(function)

    return register_handler


def language(request: Connection) -> Language:
    """The language that a page is in."""
    return language_of(request.scope["path"]) or "ru"


def here(request: Connection, path: str) -> str:
    """The address of a staff page in the language of this one."""
    return f"/{language(request)}{PATH}{path}"


def go(location: str, cookies: Sequence[Cookie] = ()) -> Response[bytes]:
    """On to another page (303)."""
    return with_cookies(Reply(b"", status_code=303, headers={"location": location, **_NEVER_STORED}), cookies)


def with_cookies(reply: Reply, cookies: Sequence[Cookie]) -> Response[bytes]:
    """An answer that sets cookies."""
    reply.cookies = list(cookies)
    return reply


_NEVER_STORED: Final = {"cache-control": "no-store"}


def staff_page(
    request: Asked,
    service: RegisterService,
    template: str,
    context: Mapping[str, Any],
    *,
    status: int = 200,
    query: str = "",
    headers: Mapping[str, str] | None = None,
) -> Response[bytes]:
    """A page behind the sign-in, or the sign-in itself.

    Beside ``context``, of which ``faults`` (by field) and ``notice`` are translated, its template has ``actor`` (None
    before the sign-in), ``staff_sections``, ``csrf`` (for the hidden field ``_csrf`` of each form), ``moment`` (writes
    a time), ``role_name`` and ``scope_name``.
    """
    frame, cookies = _frame(request, service)
    translate = _translations(language(request)).gettext
    given = dict(context)
    faults: Mapping[str, str] = given.pop("faults", {})
    notice: str | None = given.pop("notice", None)
    given["faults"] = {name: translate(text) for name, text in faults.items()}
    # Not Jinja's own gettext, which takes a text with a percent sign for a pattern and holds it for safe HTML.
    given["notice"] = translate(notice) if notice else None
    body = site.render(request.scope["path"], service, Page(template, {**frame, **given}, query=query))
    made = {"content-type": HTML, **_NEVER_STORED, "vary": "Cookie", **SECURITY, **(headers or {})}
    return with_cookies(Reply(body, status_code=status, headers=made), cookies)


def _frame(request: Asked, service: RegisterService) -> tuple[dict[str, Any], list[Cookie]]:
    """What every page behind the sign-in shows, and the cookie that a form before the sign-in needs."""
    accounts, told = accounts_of(request), language(request)
    known = identified(request).known
    cookies: list[Cookie] = []
    if known is not None:
        csrf = sessions.form_token(known.session.csrf)
    else:
        kept = request.cookies.get(cookie_name(accounts, ENTRANCE), "")
        if not kept:
            kept = fresh()
            cookies.append(cookie(accounts, ENTRANCE, kept, strict=True))
        csrf = sessions.form_token(accounts.box.digest(ENTRANCE, kept))
    actor = accounts.actor(known, "") if known else None
    translate = _translations(told).gettext
    frame = {
        "actor": actor,
        "staff_sections": [
            StaffSection(section.path, translate(section.label), section.action)
            for section in _sections
            if actor is not None and actor.may(section.action)
        ],
        "staff_style": ADDRESS,
        "csrf": csrf,
        "csrf_field": CSRF,
        "moment": lambda at: formats.moment(at, service.terms.zone, told),
        "role_name": lambda role: ROLE_NAMES[role][told],
        "scope_name": lambda scope: SCOPE_NAMES[scope][told],
    }
    return frame, cookies


def cookie(accounts: Accounts, name: str, value: str, *, strict: bool = False, seconds: int | None = None) -> Cookie:
    """A cookie of ours: no script reads it, no other host gets it.

    The session's is ``Lax``, so that a link in a mail opens the page it names and not the sign-in; whatever changes
    something is a POST and has its own check. ``seconds`` None: until the browser closes.
    """
    return Cookie(
        key=cookie_name(accounts, name),
        value=value,
        path="/",
        secure=accounts.options.secure,
        httponly=True,
        samesite="strict" if strict else "lax",
        max_age=seconds,
    )


def session_cookie(accounts: Accounts, value: str) -> Cookie:
    """The cookie of a session; an empty one takes it away."""
    return cookie(accounts, "session", value, seconds=None if value else 0)


def welcome(accounts: Accounts, signed_in: SignedIn, wanted: str) -> Response[bytes]:
    """After a sign-in: on to the page that was wanted, or home in the person's own language."""
    home = f"/{signed_in.account.language}{accounts.options.home}"
    return go(wanted if inside(wanted) else home, [session_cookie(accounts, signed_in.cookie)])


async def entrance_checked(request: Asked, accounts: Accounts) -> bool:
    """Whether a form before the sign-in is one that this browser was given."""
    kept = request.cookies.get(cookie_name(accounts, ENTRANCE), "")
    given = await form_token_of(request)
    fits = sessions.token_fits(accounts.box.digest(ENTRANCE, kept), given)
    return bool(kept) and fits and from_here(request, accounts)


def elsewhere_handler(_: Asked, exc: Elsewhere) -> Response[bytes]:
    """``Elsewhere`` as an answer."""
    return go(exc.location)


def refusal_handler(request: Asked, exc: Refusal) -> Response[bytes]:
    """``Refusal`` as a page for a person, else in the one shape of errors."""
    service: RegisterService | None = getattr(request.app.state, "service", None)
    if service is None or not wants_page(request):
        return problem_handler(request, exc)
    told = language(request)
    texts = [text for found in exc.errors if (text := found.text.get(told))]
    return staff_page(
        request,
        service,
        "staff/refused.html",
        {"status": exc.status, "texts": texts},
        status=exc.status,
        headers={name.lower(): value for name, value in exc.headers.items()},
    )


exception_handlers: Final[dict[type[Exception], Any]] = {Elsewhere: elsewhere_handler, Refusal: refusal_handler}


def faults_of(errors: Sequence[Any], told: Language) -> dict[str, str]:
    """Findings as texts beside their fields: the pointer without its slash names the field."""
    found: dict[str, str] = {}
    for error in errors:
        found.setdefault(error.pointer.lstrip("/"), error.text[told] or "")
    return found


async def fields(request: Asked) -> dict[str, str]:
    """The texts of a form, the first of each name, without blanks around; files are passed over."""
    form = await request.form()
    found: dict[str, str] = {}
    for name, value in form.multi_items():
        if isinstance(value, str):
            found.setdefault(name, value if "passw" in name else value.strip())
    return found
