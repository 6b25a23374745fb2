"""The frame of every page: language, catalogue, templates, headers, and what browsers and the process keep.

One design serves the public pages and those of other packages: ``add_source`` gives the templates, catalogue and
sections of another package their place in it.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from gettext import GNUTranslations
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import quote
from weakref import WeakKeyDictionary

from jinja2 import ChoiceLoader, Environment, FileSystemLoader, StrictUndefined
from litestar import Request, Response, get
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler

from register import words
from register.kept import Kept
from register.pages import assets, catalogue, formats, query
from register.pages.catalogue import N_
from register.service import RegisterService
from register.web import PUBLIC_MINUTE, Prepared, Reply, respond
from register.words import LANGUAGES, Language

HTML: Final = "text/html; charset=utf-8"
SECURITY: Final[Mapping[str, str]] = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; connect-src 'self'; font-src 'self'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}
"""Nothing inline and nothing from elsewhere: a text in a record that looks like a script stays a text."""
KEPT_BYTES: Final = 32 * 2**20

Asked = Request[Any, Any, Any]
Service = NamedDependency[RegisterService]


class Section(NamedTuple):
    """A place in the navigation: its path after the language, and its English name, which the catalogue translates.

    ``after`` is the path of the section that it follows; without one it comes last.
    """

    path: str
    label: str
    after: str = ""


class Source(NamedTuple):
    """Templates, catalogue and sections of a package."""

    templates: Path
    locale: Path
    sections: Sequence[Section] = ()


_sources: Final[list[Source]] = [
    Source(
        catalogue.TEMPLATES,
        catalogue.LOCALE,
        (
            Section("/", N_("Which proof?")),
            Section("/measures", N_("Register")),
            Section("/changes", N_("Changes")),
            Section("/rules", N_("Rules")),
            Section("/about", N_("About")),
        ),
    )
]


def add_source(source: Source) -> None:
    """Give another package's pages the same frame. Call it on import, before the first page is asked for."""
    if source not in _sources:
        _sources.append(source)
        environment.cache_clear()


@lru_cache(maxsize=len(LANGUAGES))
def environment(language: Language) -> Environment:
    """The templates of a language, with its catalogue and its ways of writing."""
    made = Environment(
        loader=ChoiceLoader([FileSystemLoader(source.templates) for source in _sources]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    made.policies["ext.i18n.trimmed"] = True
    translations = catalogue.translations(language, *(source.locale for source in _sources))
    # Typed by its extension only at run time.
    made.install_gettext_translations(translations, newstyle=True)  # type: ignore[attr-defined]
    made.globals.update(_globals(language, translations))
    return made


def _globals(language: Language, translations: GNUTranslations) -> dict[str, Any]:
    def name(table: Mapping[str, Mapping[str, str]]) -> Callable[[str], str]:
        return lambda key: table[key][language] if key in table else key

    def links(rule: str) -> str | None:
        # The page of rules imports this module.
        from register.pages.law import ANCHORS

        found = formats.anchor(rule)
        return f"/{language}/rules#{found}" if found in ANCHORS else None

    return {
        "lang": language,
        "other": "en" if language == "ru" else "ru",
        "asset": assets.address,
        "state_name": name(words.STATE_NAMES),
        "kind_name": name(words.KIND_NAMES),
        "status_name": name(words.STATUS_NAMES),
        "proof_name": name(words.PROOF_NAMES),
        "transport_name": name(words.TRANSPORT_NAMES),
        "destination_name": name(words.DESTINATION_NAMES),
        "role_name": name(words.ACT_ROLE_NAMES),
        "type_name": name(words.ENTRY_TYPE_NAMES),
        "reason_name": name(words.REASON_NAMES),
        "day": lambda on: words.written_date(on, language),
        "number": lambda value: formats.number(value, language),
        "groups": formats.groups,
        "country": lambda code: formats.country(code, language),
        "localised": lambda text: formats.localised(text, language),
        "shortened": formats.shortened,
        "capital": formats.capital,
        "linked": lambda text, link=False: formats.linked(text, f"/{language}/measures" if link else None),
        "is_day": lambda text: query.day(text) is not None and text[:4].isdigit(),
        "rule_link": links,
        "rule_name": lambda rule: formats.rule_name(rule, language),
        "show_value": lambda item: formats.value(item, language),
        "sections": [Section(section.path, translations.gettext(section.label)) for section in _in_order()],
    }


def _in_order() -> list[Section]:
    found: list[Section] = []
    for section in (section for source in _sources for section in source.sections):
        paths = [one.path for one in found]
        found.insert(paths.index(section.after) + 1 if section.after in paths else len(found), section)
    return found


@dataclass(frozen=True, slots=True)
class Page:
    """A page to be made: its template and what stands in it.

    ``query`` is the address's query as the page understood it: the same page in the other language keeps it.
    ``feed_query`` narrows the feeds that the page names.
    """

    template: str
    context: Mapping[str, Any] = field(default_factory=dict)
    query: str = ""
    feed_query: str = ""
    status: int = 200


def language_of(path: str) -> Language | None:
    """The language that an address is in."""
    first = path.split("/", 2)[1] if path.startswith("/") else ""
    return next((language for language in LANGUAGES if language == first), None)


def page_handler(path: str) -> Callable[[Callable[..., Any]], HTTPRouteHandler]:
    """Make a function the handler of a page in both languages."""

    def register_handler(function: Callable[..., Any]) -> HTTPRouteHandler:
        return get(
            [f"/{language}{path}" for language in LANGUAGES],
            include_in_schema=False,
            sync_to_thread=None if inspect.iscoroutinefunction(function) else False,
        )(function)

    return register_handler


def gettext_of(language: Language) -> GNUTranslations:
    """The catalogue of a language."""
    return _translations(language)


@lru_cache(maxsize=len(LANGUAGES))
def _translations(language: Language) -> GNUTranslations:
    return catalogue.translations(language)


def render(path: str, service: RegisterService, page: Page) -> bytes:
    """The bytes of a page. ``path`` is that of the request, language included."""
    language = language_of(path) or "ru"
    other: Language = "en" if language == "ru" else "ru"
    rest = path[len(language) + 1 :].rstrip("/") or "/"
    register = service.register
    asked = f"?{page.query}" if page.query else ""
    frame = {
        "here": rest,
        "self_url": f"{service.terms.base_url}/{language}{quote(rest)}{asked}",
        "other_path": f"/{other}{quote(rest)}{asked}",
        "other_url": f"{service.terms.base_url}/{other}{quote(rest)}{asked}",
        "feed_query": "?" + "&".join(part for part in (page.feed_query, f"lang={language}") if part),
        "demonstration": service.terms.demonstration,
        "head": register.seq,
        "head_at": formats.moment(register.recorded_at(register.seq), service.terms.zone, language)
        if register.seq
        else None,
    }
    template = environment(language).get_template(page.template)
    return template.render({**frame, **page.context}).encode()


_kept: Final[WeakKeyDictionary[RegisterService, Kept]] = WeakKeyDictionary()


def kept_key(request: Asked, service: RegisterService) -> tuple[Any, ...]:
    """What a page depends on: its address, the journal, the day, and the edition of the nomenclature."""
    today = service.today()
    edition = service.names.edition(today)
    return request.scope["path"], request.scope["query_string"], service.register.seq, today, edition


def find(request: Asked, service: RegisterService) -> Response[bytes] | None:
    """The answer as it was made before, while nothing that it depends on has changed."""
    prepared = _kept.setdefault(service, Kept(KEPT_BYTES)).find(kept_key(request, service))
    return None if prepared is None else respond(request, prepared)


def send(request: Asked, service: RegisterService, page: Page) -> Response[bytes]:
    """The answer to a GET of a page: strong ETag, 304, compression, the headers of every page."""
    body = render(request.scope["path"], service, page)
    if page.status != 200:
        headers = {"content-type": HTML, "cache-control": "no-store", **SECURITY}
        return Reply(body, status_code=page.status, headers=headers)
    prepared = Prepared(body, HTML, seq=service.register.seq, cache=PUBLIC_MINUTE, headers=SECURITY)
    return respond(request, _kept.setdefault(service, Kept(KEPT_BYTES)).keep(kept_key(request, service), prepared))
