"""The list of feeds: every address in it is a valid feed, and the OpenAPI document knows them all."""

from __future__ import annotations

import pytest
from lxml import etree

from register.entries import ENTRY_TYPES
from register.measures import KINDS, STATES
from tests.feeds.feed_rules import check
from tests.feeds.helpers import BASE, FEEDS, Site

pytestmark = pytest.mark.anyio


async def test_every_feed_in_the_list_is_there(site: Site) -> None:
    await site.fill()
    for language in ("ru", "en"):
        response = await site.get(f"/feeds/opml.xml?lang={language}")
        assert response.headers["content-type"] == "text/x-opml; charset=utf-8"
        root = etree.fromstring(response.content)
        assert (root.tag, root.get("version"), len(root)) == ("opml", "2.0", 2)
        outlines = [outline for outline in root.iter("outline") if outline.get("type")]
        addresses = [str(outline.get("xmlUrl")) for outline in outlines]
        assert len(set(addresses)) == len(addresses) == 3 + len(STATES) + len(KINDS) + len(ENTRY_TYPES)
        for outline, address in zip(outlines, addresses, strict=True):
            feed = await site.get(address.removeprefix(BASE))
            check(feed.content, address, feed.headers["content-type"])
            assert outline.get("text") == etree.fromstring(feed.content).findtext("{http://www.w3.org/2005/Atom}title")
            assert outline.get("language") == language
        assert (await site.get("/feeds/opml.xml", If_None_Match=response.headers["etag"])).status_code == (
            304 if language == "ru" else 200
        )


async def test_the_document_of_the_api_describes_feeds_and_log(site: Site) -> None:
    paths = (await site.get("/api/openapi.json")).json()["paths"]
    more = ("/feeds/archive/{page}", "/feeds/opml.xml", "/log/checkpoint", "/log/key", "/log/tile/{path}")
    assert {*FEEDS, *more} <= set(paths)
    asked = {parameter["name"] for parameter in paths["/feeds/register.rss"]["get"]["parameters"]}
    assert asked == {"state", "code", "kind", "type", "reason", "lang"}
    answers = paths["/feeds/register.atom"]["get"]["responses"]
    assert set(answers) == {"200", "304", "422"}
    assert list(answers["200"]["content"]) == ["application/atom+xml; charset=utf-8"]
