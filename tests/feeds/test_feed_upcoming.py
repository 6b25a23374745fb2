"""What is to come: the dates that the journal will announce, told before, each under an identifier of its own."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feeds.channels import Channel
from feeds.document import MEDIA_TYPES, Format, render
from feeds.export import FORMS
from feeds.upcoming import DAYS, events, upcoming_document
from register.announcements import due
from register.words import LANGUAGES, Language
from tests.feeds.feed_rules import check
from tests.feeds.helpers import BASE, Site
from tests.register.api.helpers import notified
from tests.register.synthetic import build, record, spread

ZONE = ZoneInfo("Europe/Moscow")
TODAY = date(2026, 9, 10)
REGISTER = build(spread(800))
# synthetic journals are recorded from January 2024 on, so that every date of 2026 was known before.
DATES = st.dates(date(2026, 8, 1), date(2026, 11, 30)).map(date.isoformat)


def told(today: date = TODAY, **given: Any) -> list[tuple[str, str, int]]:
    register = build([record("KG-2026-001", **given)])
    return [(event.day.isoformat(), event.kind, event.line) for event in events(register, today, ZONE)]


def test_effect_end_and_window() -> None:
    given: dict[str, Any] = {"included_on": "2026-09-01", "effective_from": "2026-09-15", "effective_to": "2026-10-08"}
    assert told(**given) == [("2026-09-15", "effective", 0), ("2026-09-30", "window", 0), ("2026-10-08", "expires", 0)]


@pytest.mark.parametrize(
    ("today", "there"), [("2026-09-15", True), ("2026-09-16", False), ("2026-08-16", True), ("2026-08-15", False)]
)
def test_today_and_the_thirtieth_day_count(today: str, there: bool) -> None:
    found = told(date.fromisoformat(today), effective_from="2026-09-15", included_on="2026-09-01")
    assert (("2026-09-15", "effective", 0) in found) == there


def test_the_last_day_in_force_is_told_on_itself_and_thirty_days_before() -> None:
    for today, there in (("2026-10-08", True), ("2026-10-09", False), ("2026-09-08", True), ("2026-09-07", False)):
        found = told(date.fromisoformat(today), effective_to="2026-10-08")
        assert (("2026-10-08", "expires", 0) in found) == there


def test_a_suspension_that_ends_and_a_line_that_came_later() -> None:
    assert told(suspensions=[{"from": "2026-08-20", "to": "2026-09-20"}]) == [("2026-09-21", "resumes", 0)]
    goods = [{"line": 1, "code_from": "7204"}, {"line": 4, "code_from": "7602", "included_on": "2026-09-05"}]
    assert told(goods=goods) == [("2026-09-20", "window", 4)]


def test_a_date_that_moves_is_a_new_item_and_one_that_stays_is_the_same() -> None:
    first = record("KG-2026-001", effective_to="2026-10-01")
    titled = first | {"title": {"ru": "Иное наименование", "en": None}}
    moved = titled | {"effective_to": "2026-10-05"}
    ids, seqs = [], []
    for records in ([first], [first, titled], [first, titled, moved]):
        (event,) = events(build(records), TODAY, ZONE)
        ids.append(event.id)
        seqs.append(event.seq)
    assert ids == [
        "urn:eaeu:register:upcoming:expires:KG-2026-001:2026-10-01",
        "urn:eaeu:register:upcoming:expires:KG-2026-001:2026-10-01",
        "urn:eaeu:register:upcoming:expires:KG-2026-001:2026-10-05",
    ]
    assert seqs == [1, 1, 3]


@settings(max_examples=60)
@given(st.lists(st.tuples(DATES, DATES, DATES, st.booleans()), min_size=1, max_size=4), st.integers(0, 60))
def test_what_will_be_announced_was_told_before(measures: list[Any], ahead: int) -> None:
    records = []
    for number, (included, start, end, ends) in enumerate(measures, start=1):
        last = max(start, end) if ends else None
        records.append(record(f"KG-2026-{number:03d}", included_on=included, effective_from=start, effective_to=last))
    register = build(records)
    day = TODAY + timedelta(days=ahead)
    before = due(register, day - timedelta(days=1), ZONE)
    for item in due(register, day, ZONE):
        if item in before:
            continue
        told_on = day - timedelta(days=1)
        found = events(register, told_on, ZONE)
        shown = day if item.type == "measure.effective" else told_on
        assert (shown, item.subject, item.line) in {(event.day, event.measure, event.line) for event in found}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_feed_is_valid_and_its_ids_are_one_each(form: Format, language: Language) -> None:
    address = f"{BASE}/feeds/upcoming.{form}"
    document = upcoming_document(REGISTER, TODAY, ZONE, Channel("upcoming", language), BASE, address)
    assert len(document.items) > 30
    check(render(document, form), address, MEDIA_TYPES[form])


@pytest.mark.anyio
async def test_the_feed_follows_the_day_and_the_journal(site: Site) -> None:
    measure = await site.include(notified("KZ", "4403", effective_from="2026-10-01", included_on="2026-09-01"))
    first = await site.get("/feeds/upcoming.atom")
    assert f"urn:eaeu:register:upcoming:effective:{measure}:2026-10-01" in first.text
    assert "01.10.2026 вступает в силу: Республика Казахстан, запрет вывоза" in first.text
    at = site.service.register.recorded_at(1)
    assert f"<updated>{at:%Y-%m-%dT%H:%M:%S}" in first.text
    site.clock.now = datetime(2026, 9, 30, 21, 30, tzinfo=UTC)  # already 1 October at the Commission's seat
    second = await site.get("/feeds/upcoming.atom", If_None_Match=first.headers["etag"])
    assert second.status_code == 200
    assert "window" in second.text
    assert "effective:" in second.text
    site.clock.move(days=1)
    assert "effective:" not in (await site.get("/feeds/upcoming.atom")).text
    assert DAYS == 30
