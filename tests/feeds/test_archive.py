"""Archive pages (RFC 5005): every entry back to the first, the same bytes for ever."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

import feedparser
import pytest
from lxml import etree

from feeds.channels import archive_document
from feeds.document import FORMAT, render
from register.entries import Entry, EntryType, header
from register.index import Register
from register.web import IMMUTABLE
from register.words import Language
from tests.feeds.feed_rules import FH, A, check
from tests.feeds.helpers import BASE, Site
from tests.register import synthetic
from tests.register.api.helpers import assert_problem, notified

BEGINNING = datetime(2026, 8, 30, 9, 12, 44, 120_000, tzinfo=UTC)
GOLDEN: tuple[tuple[int, Language, str], ...] = (
    (1, "ru", "449ee40059b3564ac23109df0cd3ac0edfbb9b70bfca67e3ce57ea16ca1b52e8"),
    (2, "en", "6871595a729af42fce87bb6cce0527ed6c3576bd18d4a19ac897aac7d7c777fa"),
)


def links(body: bytes) -> dict[str, str]:
    root = etree.fromstring(body)
    return {str(link.get("rel")): str(link.get("href")) for link in root.findall(f"{A}link")}


def numbers(body: bytes) -> list[int]:
    return [int(item.id.rpartition(":")[2]) for item in feedparser.parse(body).entries]


async def fetch(site: Site, address: str) -> Any:
    response = await site.get(address.removeprefix(BASE))
    assert response.status_code == 200, response.text
    check(response.content, address, response.headers["content-type"])
    return response


@pytest.mark.anyio
async def test_the_archive_leads_to_every_entry(site: Site) -> None:
    await site.include_many(205)
    for query in ("", "?lang=en"):
        address, seen, pages = f"{BASE}/feeds/register.atom{query}", set[int](), 0
        while True:
            response = await fetch(site, address)
            seen.update(numbers(response.content))
            previous = links(response.content).get("prev-archive")
            if previous is None:
                break
            address, pages = previous, pages + 1
        assert seen == set(range(1, 206))
        assert (pages, address) == (2, f"{BASE}/feeds/archive/1.atom{query}")


@pytest.mark.anyio
async def test_a_page_is_closed_and_stays_as_it_is(site: Site) -> None:
    await site.include_many(99)
    assert_problem(await site.get("/feeds/archive/1.atom"), 404, "/page")
    assert "prev-archive" not in links((await fetch(site, f"{BASE}/feeds/register.atom")).content)
    await site.include(notified("KG", "7204"))
    first = await fetch(site, f"{BASE}/feeds/archive/1.atom")
    assert first.headers["cache-control"] == IMMUTABLE
    assert first.headers["etag"].startswith('"100-')
    assert numbers(first.content) == list(range(100, 0, -1))
    root = etree.fromstring(first.content)
    assert [mark.tag for mark in root if mark.tag.startswith(FH)] == [f"{FH}archive"]
    assert links(first.content) == {
        "self": f"{BASE}/feeds/archive/1.atom",
        "alternate": f"{BASE}/ru/changes",
        "current": f"{BASE}/feeds/register.atom",
        "next-archive": f"{BASE}/feeds/archive/2.atom",
    }
    assert "1 to 100 of" in (await fetch(site, f"{BASE}/feeds/archive/1.atom?lang=en")).text
    assert str(root.findtext(f"{A}subtitle")).startswith("Записи 1–100 Единого реестра")
    assert_problem(await site.get("/feeds/archive/2.atom"), 404, "/page")
    site.clock.move(days=400)
    await site.include_many(100)
    again = await fetch(site, f"{BASE}/feeds/archive/1.atom")
    assert (again.content, again.headers["etag"]) == (first.content, first.headers["etag"])
    second = await fetch(site, f"{BASE}/feeds/archive/2.atom")
    assert links(second.content)["prev-archive"] == f"{BASE}/feeds/archive/1.atom"
    current = await fetch(site, f"{BASE}/feeds/register.atom")
    assert etree.fromstring(current.content).findtext(f"{A}id") == root.findtext(f"{A}id")
    assert (await site.get("/feeds/archive/2.atom", If_None_Match=second.headers["etag"])).status_code == 304


@pytest.mark.anyio
async def test_only_the_whole_feed_has_an_archive(site: Site) -> None:
    await site.include_many(101)
    for path in ("/feeds/register.atom?state=BY", "/feeds/consultations.atom", "/feeds/upcoming.atom"):
        assert "prev-archive" not in links((await fetch(site, f"{BASE}{path}")).content)


@pytest.mark.anyio
async def test_pages_that_cannot_be(site: Site) -> None:
    await site.include_many(100)
    for name in (
        "0.atom",
        "01.atom",
        "-1.atom",
        "1.rss",
        "1",
        "1.atom.atom",
        "999999999.atom",
        "9999999999.atom",
        "1.0.atom",
    ):
        assert_problem(await site.get(f"/feeds/archive/{name}"), 404, "/page")
    assert_problem(await site.get("/feeds/archive/1.atom?state=KG"), 422, "/state")


def golden() -> Register:
    """Two hundred entries written out here, of every kind that is written in a way of its own."""
    register = Register()
    before: dict[str, Any] | None = None
    for seq in range(1, 201):
        identifier = f"KG-2026-{(seq + 3) // 4:03d}"
        after = _record(identifier, (seq - 1) % 4 + 1, seq)
        type_: EntryType = "measure.included"
        if seq % 4 == 1:
            before = None
        else:
            type_ = ("measure.amended", "measure.corrected", "measure.effective")[seq % 4 - 2]
        text = {"ru": f"Запись {seq} <&>", "en": None if seq % 5 == 0 else f"Entry {seq}"}
        at = BEGINNING + seq * timedelta(minutes=7)
        entry = Entry(seq, at, type_, identifier, "legal_change", text, before, after, after["acts"], "A4(4)")
        body = entry.body()
        register.apply(header(seq, at, type_, identifier, body), body)
        before = after
    return register


def _record(identifier: str, version: int, seq: int) -> dict[str, Any]:
    act = {"role": "introduces", "issuer": "Кабинет Министров", "type": "Постановление", "number": "587", "title": None}
    goods = {
        "code_from": "2515110000",
        "code_to": None,
        "partial": version == 2,
        "description": {"ru": "Мрамор", "en": None},
    }
    return {
        "id": identifier,
        "state": "KG",
        "kind": "export_prohibition",
        "title": {"ru": "Мрамор «белый»", "en": None},
        "acts": [{**act, "date": "2026-08-27", "url": "https://example.org/587"}],
        "goods": [{"line": 1, **goods, "excluded": [], "valid_from": None, "valid_to": None, "included_on": None}],
        "destination": "third_countries",
        "transport": ["road", "rail"] if version > 2 else None,
        "origin_condition": None,
        "conditions": [],
        "effective_from": "2026-09-08",
        "effective_to": "2027-03-08" if version < 3 else None,
        "suspensions": [],
        "notified_on": None,
        "included_on": "2026-08-30",
        "declaration": {"permitted": False, "from": None, "to": None, "protocol": None, "consultation": None},
        "declaration_window": {"from": "2026-09-08", "until": "2026-09-23"},
        "printed": None,
        "status": "upcoming",
        "nomenclature": "HS2022",
        "version": version,
        "seq": seq,
    }


@pytest.mark.parametrize(("page", "language", "digest"), GOLDEN)
def test_the_bytes_of_pages_are_those_of_this_format(page: int, language: Language, digest: str) -> None:
    """When this fails, pages that readers keep for ever would change: undo the cause, or raise ``FORMAT``."""
    body = render(archive_document(golden(), page, language, BASE), "atom")
    check(body, archive_document(golden(), page, language, BASE).address, "application/atom+xml; charset=utf-8")
    assert (FORMAT, hashlib.sha256(body).hexdigest()) == (1, digest)


def test_a_page_that_is_not_closed_cannot_be_made() -> None:
    register = synthetic.build(synthetic.spread(150))
    for page in (-1, 0, 2):
        with pytest.raises(IndexError):
            archive_document(register, page, "ru", BASE)
