"""The rules of feeds that can be checked without asking anybody: RFC 4287, RSS 2.0 as the W3C's validator reads it,
RFC 5005 marks, RFC 3339 and RFC 822 times.

``check`` raises ``AssertionError`` with every fault.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime
from email.utils import format_datetime, parsedate_to_datetime
from html.parser import HTMLParser
from urllib.parse import urlsplit

from lxml import etree

A = "{http://www.w3.org/2005/Atom}"
FH = "{http://purl.org/syndication/history/1.0}"
LANG = "{http://www.w3.org/XML/1998/namespace}lang"
TYPES = {"atom": "application/atom+xml; charset=utf-8", "rss": "application/rss+xml; charset=utf-8"}

RFC3339 = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})")
LANGUAGE_TAG = re.compile(r"[a-z]{2,3}(-[A-Za-z]{4})?(-([A-Z]{2}|\d{3}))?")
FEED_ONCE = {"id", "title", "updated"}
FEED_AT_MOST_ONCE = {"generator", "icon", "logo", "rights", "subtitle"}
FEED_MANY = {"author", "category", "contributor", "link", "entry"}
ENTRY_ONCE = {"id", "title", "updated"}
ENTRY_AT_MOST_ONCE = {"content", "published", "rights", "source", "summary"}
ENTRY_MANY = {"author", "category", "contributor", "link"}
CHANNEL_ONCE = {"title", "link", "description"}
CHANNEL_AT_MOST_ONCE = {"language", "lastBuildDate", "pubDate", "docs", "generator", "ttl", "copyright", "image"}
ITEM_AT_MOST_ONCE = {"title", "link", "description", "guid", "pubDate", "author", "comments", "enclosure", "source"}
FORBIDDEN_HTML = {"script", "style", "iframe", "object", "embed", "form", "input", "link", "meta", "base", "svg"}
VOID_HTML = {"br", "img", "hr"}


def check(body: bytes, address: str, content_type: str) -> None:
    """Raise ``AssertionError`` with every rule that a feed breaks; its form is that of the address."""
    form = "atom" if ".atom" in address else "rss"
    faults = list(faults_of(body, address, form))
    if content_type != TYPES[form]:
        faults.append(f"content type {content_type}")
    assert not faults, "\n".join(faults)


def faults_of(body: bytes, address: str, form: str) -> Iterator[str]:
    """Every rule that a feed breaks."""
    if not re.match(rb"<\?xml version=['\"]1\.0['\"] encoding=['\"]UTF-8['\"]\?>", body):
        yield "no XML declaration with UTF-8"
    try:
        root = etree.fromstring(body)
    except etree.XMLSyntaxError as error:
        yield f"not well-formed: {error}"
        return
    yield from _atom(root, address) if form == "atom" else _rss(root, address)


# Atom


def _atom(feed: etree._Element, address: str) -> Iterator[str]:
    if feed.tag != f"{A}feed":
        yield f"the root is {feed.tag}"
        return
    yield from _children(feed, A, FEED_ONCE, FEED_AT_MOST_ONCE, FEED_MANY)
    yield from _language(feed.get(LANG))
    yield from _person(feed)
    yield from _links(feed, "feed")
    selves = [link.get("href") for link in feed.findall(f"{A}link") if link.get("rel") == "self"]
    if selves != [address]:
        yield f"rel=self is {selves}, not {address}"
    for relation in ("current", "prev-archive", "next-archive"):
        if sum(link.get("rel") == relation for link in feed.findall(f"{A}link")) > 1:
            yield f"more than one rel={relation}"
    if len(feed.findall(f"{FH}archive")) > 1 or any(len(mark) or mark.text for mark in feed.findall(f"{FH}archive")):
        yield "fh:archive is one empty element"
    entries = feed.findall(f"{A}entry")
    for entry in entries:
        yield from _entry(entry)
    ids = [entry.findtext(f"{A}id") for entry in entries]
    yield from (f"id {name} is not unique" for name, count in Counter(ids).items() if count > 1)
    times = [entry.findtext(f"{A}updated") or "" for entry in entries]
    if times != sorted(times, reverse=True):
        yield "entries are not newest first"
    if times and (feed.findtext(f"{A}updated") or "") < max(times):
        yield "the feed is older than its newest entry"


def _entry(entry: etree._Element) -> Iterator[str]:
    yield from _children(entry, A, ENTRY_ONCE, ENTRY_AT_MOST_ONCE, ENTRY_MANY)
    name = entry.findtext(f"{A}id") or ""
    yield from _links(entry, name)
    alternates = [link for link in entry.findall(f"{A}link") if link.get("rel", "alternate") == "alternate"]
    content = entry.find(f"{A}content")
    if content is None and not alternates:
        yield f"{name}: neither content nor rel=alternate"
    if content is not None and content.get("type") == "html":
        if len(content):
            yield f"{name}: html content with elements in it"
        yield from _html(content.text or "", name)
    for category in entry.findall(f"{A}category"):
        if not category.get("term"):
            yield f"{name}: category without term"
        if category.get("scheme") is not None and not _iri(category.get("scheme")):
            yield f"{name}: scheme {category.get('scheme')} is no IRI"
    for element in entry:
        if element.get(LANG) is not None:
            yield from _language(element.get(LANG))


def _children(
    parent: etree._Element, namespace: str, once: set[str], at_most_once: set[str], many: set[str]
) -> Iterator[str]:
    counts = Counter(
        str(child.tag).removeprefix(namespace)
        for child in parent
        if str(child.tag).startswith(namespace) and (namespace or not str(child.tag).startswith("{"))
    )
    yield from (f"{parent.tag}: {counts[name]} {name} elements" for name in once if counts[name] != 1)
    yield from (f"{parent.tag}: {counts[name]} {name} elements" for name in at_most_once if counts[name] > 1)
    yield from (f"{parent.tag}: unknown {name}" for name in counts if name not in once | at_most_once | many)
    for child in parent:
        name = str(child.tag).removeprefix(namespace)
        if name in ("id", "title") and not (child.text or "").strip():
            yield f"{parent.tag}: empty {name}"
        if name == "title" and child.text and child.text != " ".join(child.text.split()):
            yield f"{parent.tag}: the title has line breaks or double spaces"
        if namespace and name == "id" and not _iri(child.text):
            yield f"{parent.tag}: id {child.text} is no IRI"
        if namespace and name in ("updated", "published"):
            yield from _time(child.text, _read_3339)


def _person(feed: etree._Element) -> Iterator[str]:
    authors = feed.findall(f"{A}author")
    if not authors and not all(entry.findall(f"{A}author") for entry in feed.findall(f"{A}entry")):
        yield "no author"
    yield from ("author without a name" for author in authors if not author.findtext(f"{A}name"))


def _links(parent: etree._Element, name: str) -> Iterator[str]:
    seen: set[tuple[str | None, str | None]] = set()
    for link in parent.findall(f"{A}link"):
        if not _absolute(link.get("href")):
            yield f"{name}: relative or missing href {link.get('href')}"
        if link.get("rel", "alternate") == "alternate":
            key = (link.get("type"), link.get("hreflang"))
            if key in seen:
                yield f"{name}: two rel=alternate of {key}"
            seen.add(key)


# RSS


def _rss(root: etree._Element, address: str) -> Iterator[str]:
    if root.tag != "rss" or root.get("version") != "2.0" or len(root) != 1 or root[0].tag != "channel":
        yield "not one channel in rss version 2.0"
        return
    channel = root[0]
    yield from _children(channel, "", CHANNEL_ONCE, CHANNEL_AT_MOST_ONCE, {"category", "item"})
    if not _absolute(channel.findtext("link")):
        yield "channel: relative link"
    yield from _language(channel.findtext("language"))
    selves = [(link.get("href"), link.get("type")) for link in channel.findall(f"{A}link") if link.get("rel") == "self"]
    if selves != [(address, "application/rss+xml")]:
        yield f"atom:link rel=self is {selves}, not {address}"
    for name in ("lastBuildDate", "pubDate"):
        if (found := channel.findtext(name)) is not None:
            yield from _time(found, _read_822)
    items = channel.findall("item")
    for item in items:
        yield from _item(item)
    guids = [item.findtext("guid") for item in items]
    yield from (f"guid {name} is not unique" for name, count in Counter(guids).items() if count > 1)
    times = [parsedate_to_datetime(item.findtext("pubDate") or "") for item in items]
    if times != sorted(times, reverse=True):
        yield "items are not newest first"


def _item(item: etree._Element) -> Iterator[str]:
    yield from _children(item, "", {"guid", "pubDate", "link"}, ITEM_AT_MOST_ONCE, {"category"})
    guid = item.find("guid")
    name = "" if guid is None else guid.text or ""
    if guid is not None and guid.get("isPermaLink") != "false" and not _absolute(name):
        yield f"{name}: a guid that is no address needs isPermaLink=false"
    if item.find("title") is None and item.find("description") is None:
        yield f"{name}: neither title nor description"
    if not _absolute(item.findtext("link")):
        yield f"{name}: relative link"
    yield from _time(item.findtext("pubDate"), _read_822)
    if (author := item.findtext("author")) is not None and "@" not in author:
        yield f"{name}: author is no mail address"
    yield from _html(item.findtext("description") or "", name)


# Parts


class _Html(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.faults: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in FORBIDDEN_HTML:
            self.faults.append(f"<{tag}>")
        for name, value in attrs:
            if name.startswith("on") or name == "style":
                self.faults.append(f"attribute {name}")
            if name in ("href", "src") and not _absolute(value):
                self.faults.append(f"{name}={value} is relative")
        if tag not in VOID_HTML:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.faults.append(f"</{tag}> closes what is not open")


def _html(text: str, name: str) -> Iterator[str]:
    parser = _Html()
    parser.feed(text)
    parser.close()
    yield from (f"{name}: {fault}" for fault in parser.faults)
    yield from (f"{name}: <{tag}> is not closed" for tag in parser.open)


def _time(text: str | None, read: Callable[[str], datetime | None]) -> Iterator[str]:
    if not text or read(text) is None:
        yield f"time {text!r}"


def _read_3339(text: str) -> datetime | None:
    return datetime.fromisoformat(text) if RFC3339.fullmatch(text) else None


def _read_822(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
    except ValueError:
        return None
    # Written again it is the same: so the day of the week is right, the year has four digits, the zone is there.
    return found if found.tzinfo is not None and format_datetime(found) == text else None


def _language(tag: str | None) -> Iterator[str]:
    if tag is None or not LANGUAGE_TAG.fullmatch(tag):
        yield f"language {tag}"


def _iri(text: str | None) -> bool:
    return bool(text) and re.fullmatch(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`]+", text or "") is not None


def _absolute(text: str | None) -> bool:
    parts = urlsplit(text or "")
    return parts.scheme in ("http", "https") and bool(parts.netloc) and " " not in (text or "")
