"""A feed as bytes: Atom 1.0 (RFC 4287) and RSS 2.0 from one description, written by feedgen.

What feedgen leaves out or gets wrong is put right here: it forgets the language of a title, knows no archive mark
(RFC 5005), and stops at signs that XML 1.0 cannot hold. Pure: no database, no web. Times are UTC.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from feedgen.entry import FeedEntry
from feedgen.ext.base import BaseEntryExtension, BaseExtension
from feedgen.feed import FeedGenerator
from lxml import etree

from register.entries import timestamp
from register.words import LANGUAGES, Language

log = logging.getLogger(__name__)

Format = Literal["atom", "rss"]

ATOM: Final = "application/atom+xml; charset=utf-8"
RSS: Final = "application/rss+xml; charset=utf-8"
MEDIA_TYPES: Final[Mapping[Format, str]] = {"atom": ATOM, "rss": RSS}

GENERATOR: Final = "EAEU Register of separate measures"
FORMAT: Final = 1
"""How items are written. Archive pages are kept for ever by whoever has them: a release that changes one byte of them
raises this number, which every Atom feed names as the version of its generator."""
AUTHOR: Final[Mapping[Language, str]] = {
    "ru": "Евразийская экономическая комиссия",
    "en": "Eurasian Economic Commission",
}
HISTORY: Final = "http://purl.org/syndication/history/1.0"
"""The namespace of RFC 5005."""

_LANG: Final = "{http://www.w3.org/XML/1998/namespace}lang"
# XML 1.0 section 2.2, the production Char: nothing else may stand in a document, not even escaped.
_NOT_XML: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Category:
    """What an item is about: a machine's ``term`` in a ``scheme``, and its name for people."""

    scheme: str
    term: str
    label: str


@dataclass(frozen=True, slots=True)
class Item:
    """One item. ``id`` is a URN that never changes, ``at`` a time in UTC, ``html`` its content, ``link`` its page."""

    id: str
    title: str
    language: Language
    at: datetime
    link: str
    html: str
    categories: tuple[Category, ...] = ()


@dataclass(frozen=True, slots=True)
class Document:
    """A feed: ``address`` is its own, ``page`` the page that shows the same; ``items`` newest first.

    ``links`` are further links of an Atom feed, by relation (RFC 5005); ``archive`` marks a document that never
    changes.
    """

    id: str
    address: str
    page: str
    title: str
    description: str
    language: Language
    updated: datetime
    items: tuple[Item, ...]
    links: tuple[tuple[str, str], ...] = ()
    archive: bool = False


def text_in(text: Mapping[str, str | None], language: Language) -> tuple[str, Language]:
    """A text in a language, or in the other one when it is missing there; and which one it is."""
    for candidate in (language, *LANGUAGES):
        if found := text.get(candidate):
            return found, candidate
    raise ValueError("a text needs ru or en")


def render(document: Document, form: Format) -> bytes:
    """The bytes of a feed in one of its forms; the same document gives the same bytes."""
    return atom(document) if form == "atom" else rss(document)


def atom(document: Document) -> bytes:
    """The feed as Atom 1.0. Signs that XML cannot hold are replaced by U+FFFD, and the log says where."""
    feed = _feed(document, "atom")
    for relation, address in document.links:
        feed.link(href=address, rel=relation, type="application/atom+xml")
    feed.register_extension("marks", _feed_marks(document), _EntryMarks, atom=True, rss=False)
    for item in document.items:
        entry = _entry(feed, item)
        entry.marks.language = None if item.language == document.language else item.language
        entry.marks.updated = timestamp(item.at)
    return bytes(feed.atom_str(pretty=True))


def rss(document: Document) -> bytes:
    """The feed as RSS 2.0; its items are those of the Atom feed. Signs that XML cannot hold as in ``atom``."""
    feed = _feed(document, "rss")
    for item in document.items:
        _entry(feed, item)
    return bytes(feed.rss_str(pretty=True))


def _feed(document: Document, form: Format) -> FeedGenerator:
    feed = FeedGenerator()
    feed.id(document.id)
    feed.title(_clean(document.title, document.id))
    feed.description(_clean(document.description, document.id))
    feed.language(document.language)
    feed.updated(document.updated)
    feed.lastBuildDate(document.updated)
    feed.generator(GENERATOR, version=str(FORMAT))
    feed.author(name=AUTHOR[document.language])
    feed.link(href=document.address, rel="self", type=MEDIA_TYPES[form].partition(";")[0])
    # The last one: feedgen takes it for the link of an RSS channel.
    feed.link(href=document.page, rel="alternate", type="text/html", hreflang=document.language)
    return feed


def _entry(feed: FeedGenerator, item: Item) -> FeedEntry:
    entry = feed.add_entry(order="append")
    entry.id(item.id)
    entry.title(_clean(item.title, item.id))
    entry.updated(item.at)
    entry.published(item.at)
    entry.content(_clean(item.html, item.id), type="html")
    entry.link(href=item.link)
    if item.categories:
        entry.category([{"term": c.term, "scheme": c.scheme, "label": c.label} for c in item.categories])
    return entry


def _clean(text: str, where: str) -> str:
    cleaned, count = _NOT_XML.subn("\N{REPLACEMENT CHARACTER}", text)
    if count:
        log.warning("%s: %d signs that XML 1.0 cannot hold are shown as U+FFFD in the feed", where, count)
    return cleaned


class _EntryMarks(BaseEntryExtension):  # type: ignore[misc]
    """The language of a title that is not the feed's, and times as every other channel writes them."""

    def __init__(self) -> None:
        self.language: Language | None = None
        self.updated = ""

    def extend_atom(self, entry: Any) -> Any:
        for name in ("updated", "published"):
            entry.find(name).text = self.updated
        # feedgen writes the address of an item's link and nothing else of it.
        entry.find("link").set("rel", "alternate")
        entry.find("link").set("type", "text/html")
        if self.language is not None:
            entry.find("title").set(_LANG, self.language)
        return entry


def _feed_marks(document: Document) -> type[BaseExtension]:
    class Marks(BaseExtension):  # type: ignore[misc]
        """RFC 5005 section 4: an archive document says that it is one."""

        def extend_ns(self) -> dict[str, str]:
            return {"fh": HISTORY} if document.archive else {}

        def extend_atom(self, feed: Any) -> Any:
            feed.find("updated").text = timestamp(document.updated)
            if document.archive:
                etree.SubElement(feed, f"{{{HISTORY}}}archive")
            return feed

    return Marks
