"""The dates of the measures as a calendar: complete, stable, and honest about dates that were moved."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import icalendar
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feeds.calendar import calendar, deadlines, histories
from feeds.channels import Channel
from register.index import Register
from tests.feeds.helpers import BASE, Site
from tests.register.api.helpers import assert_problem, notified
from tests.register.synthetic import append, build, record, spread

TODAY = date(2026, 9, 10)
PATH = "/feeds/deadlines.ics"


def written(register: Register, today: date = TODAY, **channel: Any) -> bytes:
    found = deadlines(histories(register), today)
    return calendar(register, found, Channel("deadlines", "ru", **channel), BASE, BASE + PATH)


def events(content: bytes) -> dict[str, icalendar.Event]:
    """The events by what is after the last part of the name that all have; every line is no longer than allowed."""
    assert content.endswith(b"END:VCALENDAR\r\n")
    assert all(len(line) <= 75 for line in content.split(b"\r\n"))
    parsed = icalendar.Calendar.from_ical(content)
    assert isinstance(parsed, icalendar.Calendar)
    found = {str(event["uid"]).removeprefix("urn:eaeu:register:date:"): event for event in parsed.walk("VEVENT")}
    assert len(found) == len(parsed.walk("VEVENT"))
    for event in parsed.walk():
        assert not event.errors
    return found


def test_every_kind_of_date() -> None:
    register = build(
        [
            record(
                "KG-2026-001",
                effective_from="2026-09-20",
                included_on="2026-09-05",
                effective_to="2027-03-20",
                suspensions=[{"from": "2026-11-01", "to": "2026-11-30"}],
            )
        ]
    )
    found = events(written(register))
    assert {uid: event["dtstart"].dt for uid, event in found.items()} == {
        "effective:KG-2026-001:2026-09-20": date(2026, 9, 20),
        "window:KG-2026-001:2026-10-05": date(2026, 10, 5),
        "resumes:KG-2026-001:2026-12-01": date(2026, 12, 1),
        "expires:KG-2026-001:2027-03-20": date(2027, 3, 20),
    }
    event = found["expires:KG-2026-001:2027-03-20"]
    assert event["status"] == "CONFIRMED"
    assert event["sequence"] == 0
    assert event["transp"] == "TRANSPARENT"
    assert event["dtstamp"].dt == event["last-modified"].dt == event["created"].dt == register.recorded_at(1)
    assert (
        str(event["summary"]) == "Последний день действия: Кыргызская Республика, запрет вывоза "
        "(ТН ВЭД 7204 10 000 0), KG-2026-001"
    )
    assert str(event["url"]) == f"{BASE}/ru/measures/KG-2026-001"


def test_a_line_added_later_has_its_own_window() -> None:
    goods = [
        {"line": 1, "code_from": "7204"},
        {"line": 2, "code_from": "7602", "included_on": "2026-09-01"},
    ]
    register = build([record("KG-2026-001", goods=goods, effective_from="2026-08-01", included_on="2026-08-20")])
    found = events(written(register))
    assert "window:KG-2026-001:2026-09-04" in found
    event = found["window:KG-2026-001:2:2026-09-16"]
    assert "7602" in str(event["summary"])
    assert "7204" not in str(event["summary"])


def test_only_30_days_back_and_365_ahead() -> None:
    def ending(day: date) -> list[str]:
        register = build([record("KG-2026-001", effective_from="2020-01-01", included_on="2020-01-01",
                                 effective_to=day.isoformat())])  # fmt: skip
        return list(events(written(register)))

    for days, count in ((-31, 0), (-30, 1), (0, 1), (365, 1), (366, 0)):
        assert len(ending(TODAY + timedelta(days=days))) == count, days


def test_a_date_that_was_moved_stays_as_cancelled() -> None:
    register = build([record("KG-2026-001", effective_to="2026-12-31")])
    old = "expires:KG-2026-001:2026-12-31"
    assert events(written(register))[old]["sequence"] == 0
    append(register, [record("KG-2026-001", effective_to="2027-06-30")])
    found = events(written(register))
    assert (found[old]["status"], found[old]["sequence"]) == ("CANCELLED", 1)
    assert found[old]["last-modified"].dt == register.recorded_at(2)
    assert found[old]["created"].dt == register.recorded_at(1)
    assert "записью 2" in str(found[old]["description"])
    new = found["expires:KG-2026-001:2027-06-30"]
    assert (new["status"], new["sequence"]) == ("CONFIRMED", 0)
    # What is cancelled is told no more anew; what comes back is.
    append(register, [record("KG-2026-001", effective_to="2027-06-30", title={"ru": "Иначе", "en": None})])
    found = events(written(register))
    assert found[old]["sequence"] == 1
    assert (found["expires:KG-2026-001:2027-06-30"]["sequence"], found[old]["last-modified"].dt) == (
        1,
        register.recorded_at(2),
    )
    append(register, [record("KG-2026-001", effective_to="2026-12-31")])
    found = events(written(register))
    assert (found[old]["status"], found[old]["sequence"]) == ("CONFIRMED", 3)
    assert found["expires:KG-2026-001:2027-06-30"]["status"] == "CANCELLED"


@settings(max_examples=25)
@given(
    st.lists(
        st.tuples(st.integers(-20, 60), st.one_of(st.none(), st.integers(61, 200))),
        min_size=1,
        max_size=6,
    )
)
def test_an_event_is_never_told_with_a_lower_sequence(terms: list[tuple[int, int | None]]) -> None:
    def day(offset: int | None) -> str | None:
        return None if offset is None else (TODAY + timedelta(days=offset)).isoformat()

    register = Register()
    before: dict[str, icalendar.Event] = {}
    for first, last in terms:
        append(register, [record("KG-2026-001", effective_from=day(first), effective_to=day(last))])
        found = events(written(register))
        assert found.keys() >= before.keys()
        for uid, old in before.items():
            new = found[uid]
            assert new["sequence"] >= old["sequence"]
            assert new["last-modified"].dt >= old["last-modified"].dt
            if new["status"] != old["status"]:
                assert new["sequence"] > old["sequence"]
        standing = {uid for uid, event in found.items() if event["status"] == "CONFIRMED"}
        assert standing == set(events(written(build([record("KG-2026-001", effective_from=day(first),
                                                           effective_to=day(last))]))))  # fmt: skip
        before = found


def test_the_same_register_gives_the_same_bytes() -> None:
    register = build(spread(80))
    content = written(register)
    assert content == written(build(spread(80)))
    assert len(events(content)) > 20
    starts = [event["dtstart"].dt for event in events(content).values()]
    assert starts == sorted(starts)


def test_a_demonstration_says_so() -> None:
    parsed = icalendar.Calendar.from_ical(written(build([]), demonstration=True))
    assert str(parsed["x-wr-calname"]) == "Единый реестр отдельных мер: сроки – демонстрационные данные"


def test_whatever_a_title_holds_comes_through() -> None:
    title = "a; b, c\\n \\ \\; \n" + "«Очень длинное название» " * 30 + "\x01"
    register = build([record("KG-2026-001", title={"ru": title, "en": None})])
    for event in events(written(register)).values():
        lines = str(event["description"]).split("\n")
        assert "\n".join(lines[:-2]) == title.replace("\x01", "\ufffd").strip(" ")
        assert lines[-1] == f"{BASE}/ru/measures/KG-2026-001"


@pytest.mark.anyio
async def test_over_http(site: Site) -> None:
    await site.fill()
    response = await site.get(PATH)
    assert response.headers["content-type"] == "text/calendar; charset=utf-8"
    found = events(response.content)
    assert found["expires:KG-2026-001:2027-01-08"]["status"] == "CANCELLED"
    assert found["expires:KG-2026-001:2027-07-08"]["status"] == "CONFIRMED"
    assert (await site.get(PATH, If_None_Match=response.headers["etag"])).status_code == 304
    assert (await site.client.head(PATH)).headers["etag"] == response.headers["etag"]
    site.clock.move(days=1)
    later = await site.get(PATH)
    assert later.headers["etag"].startswith('"6-')
    stamps = {event["dtstamp"].dt for event in events(later.content).values()}
    assert max(stamps) < datetime(2026, 9, 10, 10, tzinfo=UTC)


@pytest.mark.anyio
async def test_filters_and_language(site: Site) -> None:
    await site.fill()

    async def measures(query: str) -> set[str]:
        return {uid.split(":")[1] for uid in events((await site.get(f"{PATH}?{query}")).content)}

    assert await measures("state=KG") == {"KG-2026-001", "KG-2026-002"}
    assert await measures("state=KG,AM") == {"KG-2026-001", "KG-2026-002", "AM-2026-001"}
    # The licensing of RU is open-ended; its window alone is in the calendar.
    assert await measures("code=7204") == {"KG-2026-001", "RU-2026-001"}
    assert await measures("code=720410&state=KG") == {"KG-2026-001"}
    assert await measures("code=9999") == set()
    english = icalendar.Calendar.from_ical((await site.get(f"{PATH}?lang=en&state=KG&code=1001")).content)
    # The parser leaves the name as it is written.
    assert str(english["name"]).replace("\\;", ";") == "Register of separate measures: dates (TN VED 1001; Kyrgyzstan)"
    assert str(english["source"]) == f"{BASE}{PATH}?lang=en&state=KG&code=1001"
    event = english.walk("VEVENT")[0]
    assert event["summary"].params["language"] == "en"
    assert "Kyrgyzstan" in str(event["summary"])
    assert_problem(await site.get(f"{PATH}?kind=licensing&state=XX"), 422, "/kind", "/state")


@pytest.mark.anyio
async def test_a_line_of_its_own_is_found_by_its_code_alone(site: Site) -> None:
    await site.include(notified("KG", "7204", "7602"))
    whole = set(events((await site.get(f"{PATH}?code=7602")).content))
    assert whole == {"expires:KG-2026-001:2027-01-08", "window:KG-2026-001:2026-08-23"}
