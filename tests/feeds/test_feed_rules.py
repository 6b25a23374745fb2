"""The checker itself: it finds what is wrong, so that a feed it passes is right; and what feedgen needs put right."""

from __future__ import annotations

import logging
from datetime import UTC, datetime

import pytest

from feeds.document import Category, Document, Item, render, text_in
from tests.feeds.feed_rules import check, faults_of

ATOM = "https://register.example/feeds/register.atom"
RSS = "https://register.example/feeds/register.rss"


def item(number: int, **given: object) -> Item:
    values: dict[str, object] = {
        "id": f"urn:eaeu:register:entry:{number}",
        "title": f"Запись {number}",
        "language": "ru",
        "at": datetime(2026, 9, number, 9, 12, 44, 120_000, UTC),
        "link": f"https://register.example/ru/changes/{number}",
        "html": '<p><a href="https://register.example/">Текст</a><br></p>',
        "categories": (Category("urn:eaeu:register:state", "KG", "Кыргызская Республика"),),
    }
    return Item(**{**values, **given})  # type: ignore[arg-type]


def document(address: str, *items: Item) -> Document:
    return Document(
        id="urn:eaeu:register:feed:register:ru",
        address=address,
        page="https://register.example/ru/changes",
        title="Изменения",
        description="Новейшие записи",
        language="ru",
        updated=items[0].at if items else datetime(2023, 12, 4, tzinfo=UTC),
        items=items,
    )


@pytest.mark.parametrize(("form", "address"), [("atom", ATOM), ("rss", RSS)])
def test_a_good_feed_has_no_faults(form: str, address: str) -> None:
    body = render(document(address, item(2), item(1)), form)  # type: ignore[arg-type]
    check(body, address, f"application/{form}+xml; charset=utf-8")
    with pytest.raises(AssertionError, match="content type"):
        check(body, address, "text/xml")


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("</feed>", "", "not well-formed"),
        ("encoding='UTF-8'", "encoding='utf8'", "XML declaration"),
        ('xml:lang="ru"', 'xml:lang="russian_language"', "language"),
        (' xml:lang="ru"', "", "language None"),
        ("<id>urn:eaeu:register:feed:register:ru</id>", "", "0 id elements"),
        ("<id>urn:eaeu:register:feed", "<id>not an iri:", "is no IRI"),
        ("entry:2</id>", "entry:1</id>", "is not unique"),
        ("2026-09-02T09:12:44.120Z</updated>", "2026-09-02 09:12:44</updated>", "time"),
        ("2026-09-02T09:12:44.120Z</updated>", "2025-09-02T09:12:44.120Z</updated>", "older than its newest"),
        ('rel="self"', 'rel="related"', "rel=self is []"),
        (ATOM, "https://elsewhere.example/", "rel=self is"),
        ("https://register.example/ru/changes/2", "/ru/changes/2", "relative or missing href"),
        ("<name>Евразийская экономическая комиссия</name>", "", "author without a name"),
        ('term="KG"', 'term=""', "category without term"),
        ('scheme="urn:eaeu:register:state"', 'scheme="state"', "is no IRI"),
        ("<title>Запись 2</title>", "<title/>", "empty title"),
        ("<title>Запись 2</title>", "<title>Запись  2</title>", "double spaces"),
        ("<title>Запись 2</title>", "<title>Запись 2</title><title>2</title>", "2 title elements"),
        ("<published>", "<publicationDate>x</publicationDate><published>", "unknown publicationDate"),
        ("&lt;br&gt;", "&lt;script&gt;&lt;/script&gt;", "<script>"),
        ("&lt;br&gt;", '&lt;img src="/a.png"&gt;', "is relative"),
        ("&lt;br&gt;", '&lt;b onclick="x"&gt;&lt;/b&gt;', "attribute onclick"),
        ("&lt;br&gt;", "&lt;b&gt;", "closes what is not open"),
    ],
)
def test_a_fault_of_an_atom_feed_is_found(old: str, new: str, fault: str) -> None:
    body = render(document(ATOM, item(2), item(1)), "atom").decode()
    assert old in body
    found = "\n".join(faults_of(body.replace(old, new, 1).encode(), ATOM, "atom"))
    assert fault in found


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ('version="2.0"', 'version="0.91"', "rss version 2.0"),
        ("<description>Новейшие записи</description>", "", "0 description elements"),
        ("<language>ru</language>", "<language>по-русски</language>", "language"),
        ('rel="self"', 'rel="via"', "rel=self is []"),
        ('type="application/rss+xml"', 'type="application/atom+xml"', "rel=self is"),
        ("Wed, 02 Sep 2026", "Thu, 02 Sep 2026", "time"),
        ("2026 09:12:44 +0000</pubDate>", "26 09:12:44 +0000</pubDate>", "time"),
        ('isPermaLink="false"', 'isPermaLink="true"', "isPermaLink=false"),
        ("entry:2</guid>", "entry:1</guid>", "is not unique"),
        ("<guid", "<author>Комиссия</author><guid", "author is no mail address"),
        ("https://register.example/ru/changes/2", "ru/changes/2", "relative link"),
        ("<guid", "<summary>x</summary><guid", "unknown summary"),
    ],
)
def test_a_fault_of_an_rss_feed_is_found(old: str, new: str, fault: str) -> None:
    body = render(document(RSS, item(2), item(1)), "rss").decode()
    assert old in body
    found = "\n".join(faults_of(body.replace(old, new, 1).encode(), RSS, "rss"))
    assert fault in found


def test_the_order_is_checked() -> None:
    for form, address in (("atom", ATOM), ("rss", RSS)):
        body = render(document(address, item(1), item(2)), form)  # type: ignore[arg-type]
        assert "not newest first" in "\n".join(faults_of(body, address, form))


@pytest.mark.parametrize(("form", "address"), [("atom", ATOM), ("rss", RSS)])
def test_signs_that_xml_cannot_hold_are_replaced_and_told(
    form: str, address: str, caplog: pytest.LogCaptureFixture
) -> None:
    odd = "a\x00\x08\x0b\x1f\ufffe\uffff\ud800b\tc\U0001f600\x7f"
    with caplog.at_level(logging.WARNING):
        body = render(document(address, item(1, title=odd, html=f"<p>{odd}</p>")), form)  # type: ignore[arg-type]
    assert body.decode().count("a" + "\N{REPLACEMENT CHARACTER}" * 7 + "b\tc\U0001f600\x7f") == 2
    assert caplog.text.count("urn:eaeu:register:entry:1: 7 signs") == 2


def test_the_same_document_gives_the_same_bytes() -> None:
    for form, address in (("atom", ATOM), ("rss", RSS)):
        assert len({render(document(address, item(2), item(1)), form) for _ in range(3)}) == 1  # type: ignore[arg-type]


def test_a_text_in_a_language_or_the_other() -> None:
    assert text_in({"ru": "а", "en": "a"}, "en") == ("a", "en")
    assert text_in({"ru": "а", "en": None}, "en") == ("а", "ru")
    assert text_in({"en": "a"}, "ru") == ("a", "en")
    with pytest.raises(ValueError, match="ru or en"):
        text_in({"ru": "", "en": None}, "ru")
