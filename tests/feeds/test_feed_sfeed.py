"""Another feed reader reads the feeds: sfeed, a parser in C that has nothing in common with the others."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest

from register.words import STATE_NAMES
from tests.feeds.helpers import FEEDS, Site

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("sfeed_is_there")]

SFEED = shutil.which("sfeed")
TIME, TITLE, LINK, CONTENT, CONTENT_TYPE, ID, _AUTHOR, _ENCLOSURE, CATEGORIES = range(9)


@pytest.fixture
def sfeed_is_there() -> None:
    if SFEED is None:
        assert os.environ.get("CI") != "true", "sfeed is not installed"
        pytest.skip("sfeed is not installed")


def items(feed: bytes) -> list[list[str]]:
    """The items as sfeed gives them: a line each, fields parted by tabs."""
    assert SFEED is not None
    said = subprocess.run([SFEED], input=feed, capture_output=True, check=True, timeout=30)
    assert said.stderr == b""
    return [line.split("\t") for line in said.stdout.decode().splitlines()]


async def test_sfeed_reads_every_feed(site: Site) -> None:
    await site.include_many(100)
    await site.fill()
    for path in (*FEEDS, "/feeds/archive/1.atom"):
        found = items((await site.get(path)).content)
        count = {"/feeds/register": 100, "/feeds/consultations": 0, "/feeds/upcoming": 2, "/feeds/archive/1": 100}
        assert len(found) == count[path.rpartition(".")[0]], path
        assert len({item[ID] for item in found}) == len(found)
        assert all(item[TIME].isdigit() and item[TITLE] and item[LINK].startswith("https://") for item in found)


@pytest.mark.parametrize("form", ["rss", "atom"])
@pytest.mark.parametrize("language", ["ru", "en"])
async def test_sfeed_shows_an_entry_as_it_is(site: Site, form: str, language: str) -> None:
    await site.fill()
    found = items((await site.get(f"/feeds/register.{form}?state=KG&lang={language}")).content)
    assert [item[ID] for item in found] == [f"urn:eaeu:register:entry:{seq}" for seq in (6, 5, 1)]
    for item, seq in zip(found, (6, 5, 1), strict=True):
        entry = site.service.register.entry(seq)
        assert item[TITLE] == entry["summary"][language]
        assert item[LINK] == f"https://register.example/{language}/changes/{seq}"
        assert int(item[TIME]) == int(site.service.register.recorded_at(seq).timestamp())
        assert item[CONTENT_TYPE] == "html"
        assert "<table>" in item[CONTENT]
        # RSS has no room for a code beside its name.
        state = "KG" if form == "atom" else STATE_NAMES["KG"][language]
        assert state in item[CATEGORIES].split("|")
        assert len(item[CATEGORIES].split("|")) == 4
