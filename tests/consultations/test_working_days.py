"""Working days of five states and of the seat: holidays, moved days, years of which nothing is known."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import holidays
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consultations.public_holidays import public_year
from consultations.working_days import (
    CALENDARS,
    SEAT,
    MovedDay,
    PublicYear,
    SettledYear,
    UnknownCalendar,
    WorkingDays,
)
from register.measures import STATES

DECREE = ("Постановление Правительства № 1", date(2026, 10, 1))


def moved(calendar: str, day: str, working: bool) -> MovedDay:
    return MovedDay(calendar, date.fromisoformat(day), working, *DECREE)


def settled(calendar: str, year: int) -> SettledYear:
    return SettledYear(calendar, year, *DECREE)


@pytest.mark.parametrize(
    ("calendar", "day", "works", "why"),
    [
        # New Year lasts for one day off in Belarus, for eight in Russia.
        ("AM", "2027-01-06", False, "Рождество и Святое Богоявление"),
        ("BY", "2027-01-04", True, None),
        ("RU", "2027-01-04", False, "Новогодние каникулы"),
        (SEAT, "2027-01-04", False, "Новогодние каникулы"),
        # Nauryz lasts three days, and those on a weekend are moved behind it.
        ("KZ", "2027-03-22", False, "Наурыз мейрамы"),
        ("KZ", "2027-03-24", False, "Наурыз мейрамы, перенос выходного"),
        ("RU", "2027-03-22", True, None),
        ("KG", "2025-03-21", False, "Народный праздник Нооруз"),
        ("BY", "2026-04-21", False, "Радуница"),
        ("BY", "2026-04-25", True, "рабочий день вместо 20.04.2026"),
        ("BY", "2026-04-20", False, "выходной, перенесённый с 25.04.2026"),
        ("RU", "2025-11-01", True, "рабочий день вместо 03.11.2025"),
        ("RU", "2025-11-08", False, "суббота"),
        ("RU", "2026-12-31", False, "выходной, перенесённый с 04.01.2026"),
        ("AM", "2026-01-28", False, "День армии"),
        ("KG", "2026-08-31", False, "День независимости Кыргызской Республики"),
    ],
)
def test_each_state_has_its_own_days(calendar: str, day: str, works: bool, why: str | None) -> None:
    found = WorkingDays().day(calendar, date.fromisoformat(day))
    assert (found.working, found.why and found.why["ru"]) == (works, why)


@pytest.mark.parametrize("state", STATES)
def test_the_package_and_we_agree_on_every_day(state: str) -> None:
    package, ours = holidays.country_holidays(state, years=range(2018, 2030)), WorkingDays()
    for ordinal in range(date(2019, 1, 1).toordinal(), date(2028, 12, 31).toordinal()):
        day = date.fromordinal(ordinal)
        assert ours.works(state, day) == package.is_working_day(day), day


@pytest.mark.parametrize("state", STATES)
def test_every_holiday_is_named_in_both_languages(state: str) -> None:
    for year in range(2024, 2041):
        known = public_year(state, year)
        assert known is not None
        for off in known.off.values():
            assert not off.why["ru"].isascii(), off
            assert off.why["en"].isascii(), off


def test_an_entered_day_is_stronger_than_the_package() -> None:
    days = WorkingDays([moved("KZ", "2027-03-22", True), moved("KZ", "2027-04-03", False)])
    assert days.works("KZ", date(2027, 3, 22))
    assert not days.works("KZ", date(2027, 4, 3))
    why = days.day("KZ", date(2027, 3, 22)).why
    assert why is not None
    assert why["ru"] == "рабочий день: Постановление Правительства № 1, 01.10.2026"
    assert not days.works("RU", date(2027, 4, 3))
    assert WorkingDays().works("RU", date(2027, 4, 5))


def test_the_seat_has_the_days_of_russia_and_its_own() -> None:
    days = WorkingDays(
        [moved("RU", "2028-01-10", False), moved("RU", "2028-01-11", False), moved(SEAT, "2028-01-11", True)]
    )
    assert not days.works(SEAT, date(2028, 1, 10))
    assert not days.works("RU", date(2028, 1, 11))
    assert days.works(SEAT, date(2028, 1, 11))


def test_a_year_is_settled_by_its_decree_or_by_the_operator() -> None:
    days = WorkingDays([moved("KZ", "2028-05-05", False)], [settled("AM", 2028), settled("RU", 2029)])
    assert WorkingDays().settled("RU", 2026)
    assert not WorkingDays().settled("RU", 2029)
    assert days.settled("AM", 2028)
    assert days.settled(SEAT, 2029)
    # One day that was entered is no decree.
    assert not days.settled("KZ", 2028)


def test_a_holiday_by_the_moon_is_doubtful_until_it_is_entered() -> None:
    span = (date(2026, 5, 25), date(2026, 5, 29))
    known = [settled("KZ", 2026)]
    doubts = WorkingDays(settled=known).doubts("KZ", *span)
    assert [doubt["ru"] for doubt in doubts] == [
        "дата 27.05.2026 (Курбан айт, дата приблизительная) официально ещё не объявлена"
    ]
    assert WorkingDays([moved("KZ", "2026-05-27", False)], known).doubts("KZ", *span) == ()
    # It may come a day sooner or later, so a span that ends on the day before is doubtful too.
    assert WorkingDays(settled=known).doubts("KZ", date(2026, 5, 18), date(2026, 5, 26))
    assert not WorkingDays(settled=known).doubts("KZ", date(2026, 5, 18), date(2026, 5, 25))
    assert not WorkingDays(settled=[settled("KG", 2026)]).doubts("KG", *span)


def test_a_year_without_data_counts_weekends_only_and_says_so() -> None:
    days = WorkingDays([moved("KG", "2101-03-22", False)])
    # 21 March is Nooruz, were anything known of that year; it is a Monday, and the 26th a Saturday.
    assert days.works("KG", date(2101, 3, 21))
    assert not days.works("KG", date(2101, 3, 22))
    assert not days.works("KG", date(2101, 3, 26))
    doubts = days.doubts("KG", date(2101, 3, 1), date(2101, 3, 31))
    assert "данных о праздничных днях 2101 года нет" in doubts[0]["ru"]


def test_a_state_that_the_package_lacks_is_provisional_and_never_an_error() -> None:
    def nothing(state: str, year: int) -> PublicYear | None:
        return None if state == "AM" else public_year(state, year)

    days = WorkingDays(source=nothing)
    assert days.works("AM", date(2026, 1, 1))
    assert not days.works("AM", date(2026, 1, 3))
    assert days.doubts("AM", date(2026, 1, 1), date(2026, 1, 3))
    assert not days.settled("AM", 2026)
    assert public_year("ZZ", 2026) is None


def test_a_calendar_that_is_not_there_is_refused() -> None:
    for ask in (WorkingDays().day, WorkingDays().next_working):
        with pytest.raises(UnknownCalendar):
            ask("US", date(2026, 1, 1))


def test_the_end_of_the_calendar() -> None:
    assert WorkingDays().next_working("RU", date.max) == date.max
    with pytest.raises(ValueError, match="end of the calendar"):
        WorkingDays([MovedDay("RU", date.max, False, *DECREE)]).next_working("RU", date.max)
    assert WorkingDays().doubts("RU", date.max, date.max)


DAYS = st.dates(date(2024, 1, 1), date(2031, 12, 31))
MOVES: Any = st.lists(
    st.builds(MovedDay, st.sampled_from(CALENDARS), DAYS, st.booleans(), st.just("Указ"), DAYS), max_size=8
)


@settings(max_examples=60)
@given(MOVES, st.sampled_from(CALENDARS), DAYS, st.integers(0, 60))
def test_working_days_between_two_days_add_up(moves: list[MovedDay], calendar: str, first: date, span: int) -> None:
    days, last = WorkingDays(moves), first + timedelta(days=span)
    middle = first + timedelta(days=span // 2)
    count = days.between(calendar, first, last)
    assert count == days.between(calendar, first, middle) + days.between(calendar, middle, last)
    assert days.between(calendar, last, first) == -count
    assert days.works(calendar, days.next_working(calendar, first))
