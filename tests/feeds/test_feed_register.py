"""The feeds as subscribers get them: valid, filtered, and the same for ever."""

from __future__ import annotations

import gzip
import re
from datetime import date
from pathlib import Path
from typing import Any

import feedparser
import httpx
import pytest

import feeds.api
from feeds.channels import EMPTY_SINCE
from register.database import open_database
from register.entries import timestamp
from register.service import Terms
from register.words import STATE_NAMES
from tests.consultations.pages.test_public_pages import create_app
from tests.feeds.conftest import opened_site
from tests.feeds.feed_rules import TYPES, check
from tests.feeds.helpers import BASE, FEEDS, TERMS, Clock, Site, replay
from tests.register.api.helpers import application, assert_problem, assert_same_answers, client_of, notified

pytestmark = pytest.mark.anyio

REGISTER = ("/feeds/register.rss", "/feeds/register.atom")


async def read(site: Site, path: str, address: str | None = None) -> Any:
    """The feed, valid by our rules and by feedparser, as feedparser understands it."""
    response = await site.get(path)
    assert response.status_code == 200, response.text
    check(response.content, address or f"{BASE}{path}", response.headers["content-type"])
    parsed = feedparser.parse(response.content, response_headers={"content-type": response.headers["content-type"]})
    assert parsed.bozo == 0, parsed.get("bozo_exception")
    return parsed


def numbers(parsed: Any) -> list[int]:
    return [int(item.id.rpartition(":")[2]) for item in parsed.entries]


async def test_an_empty_feed_is_valid(site: Site) -> None:
    for path in FEEDS:
        parsed = await read(site, path)
        assert parsed.entries == []
        assert parsed.feed.updated_parsed[:3] == (EMPTY_SINCE.year, EMPTY_SINCE.month, EMPTY_SINCE.day)
        assert parsed.feed.title
        assert (await site.get(path)).headers["etag"].startswith('"0-')


@pytest.mark.parametrize("path", REGISTER)
async def test_every_entry_is_an_item(site: Site, path: str) -> None:
    await site.fill()
    parsed = await read(site, path)
    assert numbers(parsed) == [6, 5, 4, 3, 2, 1]
    for item, seq in zip(parsed.entries, range(6, 0, -1), strict=True):
        entry = site.service.register.entry(seq)
        assert item.id == entry["id"] == f"urn:eaeu:register:entry:{seq}"
        assert item.title == entry["summary"]["ru"]
        assert item.link == f"{BASE}/ru/changes/{seq}"
        at = site.service.register.recorded_at(seq)
        assert item.get("published_parsed")[:6] == at.timetuple()[:6]
        schemes = {tag.scheme: tag.term for tag in item.tags}
        if "atom" in path:
            assert item.updated == entry["recorded_at"]
            assert schemes == {
                "urn:eaeu:register:state": entry["after"]["state"],
                "urn:eaeu:register:kind": entry["after"]["kind"],
                "urn:eaeu:register:type": entry["type"],
                "urn:eaeu:register:reason": entry["reason"],
            }
        else:
            assert item.guidislink is False
            assert schemes["urn:eaeu:register:state"] == STATE_NAMES[entry["after"]["state"]]["ru"]
    assert parsed.feed.language == "ru"
    newest = timestamp(site.service.register.recorded_at(6))
    assert parsed.feed.updated == (newest if "atom" in path else "Thu, 10 Sep 2026 09:06:00 +0000")
    assert parsed.feed.link == f"{BASE}/ru/changes"


@pytest.mark.parametrize("language", ["ru", "en"])
async def test_every_feed_leads_to_a_page_that_shows_the_same(site: Site, language: str) -> None:
    await site.fill()
    for state in ("KG", "AM"):
        record = {"id": f"C-2026-{state}", "state": state, "status": "initiated"}
        await site.append("consultation.initiated", record["id"], record, {"ru": "Начата", "en": "Begun"})
    transport = httpx.ASGITransport(create_app(site.service))  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url=BASE) as pages:
        for path in FEEDS:
            parsed = await read(site, f"{path}?lang={language}")
            page = await pages.get(parsed.feed.link.removeprefix(BASE))
            assert page.status_code == 200, (path, parsed.feed.link)
            if "consultations" in path:
                assert set(re.findall(r'class="id" href="[^"]*/consultations/([^"]+)"', page.text)) == {
                    "C-2026-KG",
                    "C-2026-AM",
                }
                assert len(parsed.entries) == 2
            elif "upcoming" not in path:
                shown = {int(seq) for seq in re.findall(rf'class="seq" href="/{language}/changes/(\d+)"', page.text)}
                assert shown == {int(item.id.rpartition(":")[2]) for item in parsed.entries}


async def test_a_state_in_small_letters_is_the_same_feed(site: Site) -> None:
    await site.fill()
    small = await site.get("/feeds/register.atom?state=kg")
    assert small.status_code == 200
    assert small.content == (await site.get("/feeds/register.atom?state=KG")).content


async def test_who_publishes_is_named(site: Site) -> None:
    assert (await read(site, "/feeds/register.atom")).feed.author == "Евразийская экономическая комиссия"
    assert (await read(site, "/feeds/register.atom?lang=en")).feed.author == "Eurasian Economic Commission"


@pytest.mark.parametrize("path", REGISTER)
async def test_a_change_of_an_old_measure_is_a_new_item(site: Site, path: str) -> None:
    measure = await site.include(notified("KG", "7204"))
    before = (await read(site, path)).entries
    site.clock.move(days=3)
    await site.extend(measure, date(2027, 7, 8))
    after = (await read(site, path)).entries
    assert [item.id for item in after] == ["urn:eaeu:register:entry:2", before[0].id]
    assert after[1] == before[0]
    assert after[0].published_parsed > after[1].published_parsed
    content = after[0].content[0].value if "atom" in path else after[0].description
    assert "<td>08.01.2027</td><td>08.07.2027</td>" in content
    assert "Кабинет Министров от 08.09.2026 № 601" in content


FILTERS: tuple[tuple[str, list[int]], ...] = (
    ("state=KG", [6, 5, 1]),
    ("state=KG,RU", [6, 5, 3, 1]),
    ("code=7204", [6, 3, 1]),
    ("code=7204100000", [6, 3, 1]),
    ("code=720449", [6, 1]),
    ("kind=licensing", [3]),
    ("kind=licensing,export_prohibition", [6, 5, 4, 3, 2, 1]),
    ("type=measure.extended", [6]),
    ("reason=legal_change", [6, 5, 4, 3, 2, 1]),
    ("reason=correction", []),
    ("state=KG&type=measure.included&code=1001", [5]),
    ("type=measure.included&state=KG&lang=en", [5, 1]),
)


async def test_filters(site: Site) -> None:
    await site.fill()
    for query, expected in FILTERS:
        for path in REGISTER:
            assert numbers(await read(site, f"{path}?{query}")) == expected, query
        if "kind" not in query:
            changes = (await site.get(f"/api/v1/changes?{query.replace('&lang=en', '')}")).json()
            assert [entry["seq"] for entry in changes["items"]] == expected[::-1], query


REFUSED = (
    "state=XX",
    "code=7",
    "code=abc",
    "type=measure.deleted",
    "reason=&state=KG,FR",
    "state=KG&state=AM",
)


async def test_what_the_changes_refuse_the_feeds_refuse(site: Site) -> None:
    for query in REFUSED:
        by_changes = assert_problem(await site.get(f"/api/v1/changes?{query}"), 422)
        for path in REGISTER:
            assert assert_problem(await site.get(f"{path}?{query}"), 422)["errors"] == by_changes["errors"]


async def test_a_kind_and_a_language_that_are_not_there(site: Site) -> None:
    assert_problem(await site.get("/feeds/register.atom?kind=tax&lang=de"), 422, "/kind", "/lang")
    assert_problem(await site.get("/feeds/upcoming.atom?state=KG"), 422, "/state")
    assert_problem(await site.get("/feeds/consultations.rss?code=7204"), 422, "/code")
    assert_problem(await site.get("/feeds/register.atom?limt=3"), 422, "/limt")
    assert_problem(await site.get("/feeds/register.json"), 404)


async def test_a_feed_says_its_own_address_and_keeps_its_id(site: Site) -> None:
    one = await read(
        site,
        "/feeds/register.atom?code=7204%2010&state=KG,%20AM&type=",
        f"{BASE}/feeds/register.atom?code=720410&state=KG,AM",
    )
    other = await read(site, "/feeds/register.atom?state=AM,KG&code=720410")
    assert one.feed.id == other.feed.id == "urn:eaeu:register:feed:register:ru:code=720410:state=AM,KG"
    assert "Кыргызская Республика" in one.feed.title
    assert "720410" in one.feed.title


async def test_english(site: Site) -> None:
    await site.fill()
    parsed = await read(site, "/feeds/register.atom?lang=en")
    assert parsed.feed.language == "en"
    assert parsed.entries[0].title == site.service.register.entry(6)["summary"]["en"]
    assert parsed.entries[0].link == f"{BASE}/en/changes/6"
    assert "Last day in force</th><td>8 January 2027</td><td>8 July 2027</td>" in parsed.entries[0].content[0].value


async def test_a_title_that_is_missing_comes_in_the_other_language(site: Site) -> None:
    await site.append(
        "consultation.initiated", "C-2026-001", {"id": "C-2026-001", "state": "KZ"}, {"ru": "Начаты", "en": None}
    )
    body = (await site.get("/feeds/register.atom?lang=en")).text
    assert '<title xml:lang="ru">Начаты</title>' in body
    assert "<title xml:lang" not in (await site.get("/feeds/register.atom")).text
    await read(site, "/feeds/register.atom?lang=en")


@pytest.mark.parametrize("form", ["rss", "atom"])
async def test_whatever_a_text_holds_the_feed_stays_well_formed(
    site: Site, form: str, caplog: pytest.LogCaptureFixture
) -> None:
    hostile = "<script>alert(1)</script> & ]]> \x0b\x00\ufffe \ud83d\ude00 « a < b > c »".encode(
        "utf-16", "surrogatepass"
    ).decode("utf-16")
    record = {
        "id": "C-2026-001",
        "state": "KZ",
        "title": {"ru": hostile, "en": None},
        hostile: hostile,
        "note": "a\r\nb",
    }
    await site.append("consultation.initiated", "C-2026-001", record, {"ru": hostile, "en": None})
    parsed = await read(site, f"/feeds/register.{form}")
    body = (await site.get(f"/feeds/register.{form}")).text
    assert "\N{REPLACEMENT CHARACTER}" in body
    assert "<script" not in body
    assert "&amp;lt;script&amp;gt;" in body
    assert "urn:eaeu:register:entry:1" in caplog.text
    assert "alert(1)" in parsed.entries[0].title
    assert "XML 1.0" in caplog.text


async def test_consultations_have_a_feed_of_their_own(site: Site) -> None:
    await site.fill()
    record = {"id": "C-2026-001", "state": "KZ", "title": {"ru": "О мраморе", "en": "On marble"}, "status": "initiated"}
    await site.append("consultation.initiated", "C-2026-001", record, {"ru": "Инициированы", "en": "Initiated"})
    later = record | {"status": "scheduled", "meeting": {"date": "2026-10-01", "place": None}}
    await site.append("consultation.scheduled", "C-2026-001", later, {"ru": "Назначено", "en": "Scheduled"}, record)
    for form in ("rss", "atom"):
        assert numbers(await read(site, f"/feeds/consultations.{form}")) == [8, 7]
        assert numbers(await read(site, f"/feeds/consultations.{form}?state=AM")) == []
        assert numbers(await read(site, f"/feeds/register.{form}"))[:2] == [8, 7]
    parsed = await read(site, "/feeds/consultations.atom")
    assert "01.10.2026" in parsed.entries[0].content[0].value
    assert parsed.feed.link == f"{BASE}/ru/consultations"
    assert f"{BASE}/ru/consultations/C-2026-001" in parsed.entries[0].content[0].value


async def test_a_feed_shows_the_newest_hundred(site: Site) -> None:
    await site.include_many(130)
    await site.include(notified("KG", "7204"))
    assert numbers(await read(site, "/feeds/register.atom")) == list(range(131, 31, -1))
    assert numbers(await read(site, "/feeds/register.rss?state=BY")) == list(range(130, 30, -1))


async def test_conditional_requests(site: Site) -> None:
    await site.fill()
    tags = {path: await _conditional(site, path) for path in FEEDS}
    await site.include(notified("AM", "0102", effective_from="2026-09-20"))
    for path, tag in tags.items():
        assert ((await site.get(path, If_None_Match=tag)).status_code == 304) == ("consultations" in path)


async def _conditional(site: Site, path: str) -> str:
    first = await site.get(path)
    assert first.headers["content-type"] == TYPES[path.rpartition(".")[2]]
    assert first.headers["cache-control"] == "public, max-age=60, must-revalidate"
    tag = first.headers["etag"]
    assert tag.startswith('"')
    again = await site.get(path, If_None_Match=tag)
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    packed = await site.get(path, Accept_Encoding="gzip")
    assert packed.content == first.content
    if len(first.content) > 1024:
        assert packed.headers["content-encoding"] == "gzip"
        assert packed.headers["etag"] != tag
    head = await site.client.head(path)
    assert (head.status_code, head.content, head.headers["etag"]) == (200, b"", tag)
    return tag


async def test_a_filtered_feed_stays_what_it_is_while_others_change(site: Site) -> None:
    await site.fill()
    first = await site.get("/feeds/register.atom?state=KG")
    await site.include(notified("AM", "0102"))
    assert (await site.get("/feeds/register.atom?state=KG", If_None_Match=first.headers["etag"])).status_code == 304
    await site.include(notified("KG", "0102"))
    assert numbers(await read(site, "/feeds/register.atom?state=KG")) == [8, 6, 5, 1]


async def test_gzip_is_gzip(site: Site) -> None:
    await site.fill()
    plain = (await site.get("/feeds/register.atom")).content
    async with site.client.stream("GET", "/feeds/register.atom", headers={"Accept-Encoding": "gzip"}) as response:
        packed = b"".join([piece async for piece in response.aiter_raw()])
    assert gzip.decompress(packed) == plain
    assert len(packed) < len(plain) / 3


async def test_demonstration_data_are_called_so(database_url: str, tmp_path: Path, clock: Clock) -> None:
    terms = Terms(TERMS.zone, None, BASE, demonstration=True)
    async with opened_site(database_url, tmp_path / "signed", clock, terms) as site:
        for path in FEEDS:
            assert "демонстрационные данные" in (await read(site, path)).feed.title
            assert "demonstration data" in (await read(site, f"{path}?lang=en")).feed.title


async def test_feeds_are_the_same_after_a_restart_and_on_the_other_engine(
    site: Site, database_url: str, other_url: str, tmp_path: Path
) -> None:
    await site.include_many(100)
    await site.fill()
    paths = [
        *FEEDS,
        "/feeds/archive/1.atom",
        "/feeds/register.atom?lang=en&state=KG",
        "/feeds/opml.xml",
        "/log/checkpoint",
    ]
    before = {path: await site.get(path) for path in paths}
    assert {response.status_code for response in before.values()} == {200}
    async with open_database(other_url) as other:
        await replay(await site.entries(), other)
    for place, url in (("restart", database_url), ("moved", other_url)):
        async with opened_site(url, tmp_path / place, site.clock) as again:
            for path, first in before.items():
                response = await again.get(path)
                assert response.content == first.content, (place, path)
                assert response.headers["etag"] == first.headers["etag"]


async def test_the_short_way_gives_the_same_as_the_handler(site: Site) -> None:
    await site.fill()
    queries = ("", "?lang=en", "?state=kg", "?state=KG&lang=ru", "?kind=nothing", "?colour=red")
    without_log = [handler for handler in feeds.api.route_handlers if not any("/log" in one for one in handler.paths)]
    async with client_of(application(site.service, without_log, shortcuts=False)) as handler:
        for path in feeds.api.ENTRY_FEEDS:
            for query in queries:
                await assert_same_answers(handler, site.client, f"{path}{query}")


async def test_the_short_way_is_given_up_with_the_next_entry(site: Site) -> None:
    await site.fill()
    shortcut = feeds.api.feed_shortcuts(site.service)["/feeds/register.atom"]
    scope: Any = {"query_string": b"lang=en", "headers": []}
    assert shortcut(scope) is None
    before = (await site.get("/feeds/register.atom?lang=en")).headers["etag"]
    assert shortcut(scope) is not None
    assert shortcut({**scope, "query_string": b"lang=ru"}) is None
    await site.include(notified("RU", "7204"))
    assert shortcut(scope) is None
    assert (await site.get("/feeds/register.atom?lang=en")).headers["etag"] != before
    assert shortcut(scope) is not None
