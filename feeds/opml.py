"""The list of all feeds as OPML 2.0, which feed readers import: whole, and by state, kind of measure and type of entry.

Pure: no database, no web.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlencode

from lxml import etree

from feeds.channels import PAGES, Channel
from register.entries import ENTRY_TYPES
from register.measures import KINDS, STATES
from register.words import Language

OPML: Final = "text/x-opml; charset=utf-8"

_WORDS: Final[Mapping[str, Mapping[Language, str]]] = {
    "title": {"ru": "Единый реестр отдельных мер: подписка", "en": "Register of separate measures: subscriptions"},
    "all": {"ru": "Все записи", "en": "Everything"},
    "state": {"ru": "По государствам-членам", "en": "By member state"},
    "kind": {"ru": "По видам мер", "en": "By kind of measure"},
    "type": {"ru": "По видам записей", "en": "By type of entry"},
}


def opml(base: str, language: Language, demonstration: bool) -> bytes:
    """The list in one language; ``base`` is the public address."""
    root = etree.Element("opml", version="2.0")
    etree.SubElement(etree.SubElement(root, "head"), "title").text = _WORDS["title"][language]
    body = etree.SubElement(root, "body")
    groups: dict[str, list[Channel]] = {
        "all": [Channel(name, language, (), demonstration) for name in PAGES],
        "state": [Channel("register", language, (("state", state),), demonstration) for state in STATES],
        "kind": [Channel("register", language, (("kind", kind),), demonstration) for kind in KINDS],
        "type": [Channel("register", language, (("type", type_),), demonstration) for type_ in ENTRY_TYPES],
    }
    for name, channels in groups.items():
        group = etree.SubElement(body, "outline", text=_WORDS[name][language])
        for channel in channels:
            _outline(group, channel, base)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def _outline(group: etree._Element, channel: Channel, base: str) -> None:
    query = dict(channel.filters)
    if channel.language != "ru":
        query["lang"] = channel.language
    address = f"{base}/feeds/{channel.name}.atom" + (f"?{urlencode(query)}" if query else "")
    etree.SubElement(
        group,
        "outline",
        # OPML 2.0 calls every kind of feed rss.
        type="rss",
        text=channel.title,
        title=channel.title,
        description=channel.description,
        xmlUrl=address,
        htmlUrl=f"{base}/{channel.language}/{PAGES[channel.name]}",
        language=channel.language,
    )
