"""The target dates of a consultation and their reckonings: New Year, worked Saturdays, states without data."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consultations.clock import HOUSE_CHOICE, Count, Target, Targets, count, deadlines
from consultations.public_holidays import PublicYear, public_year
from consultations.working_days import CALENDARS, SEAT, MovedDay, SettledYear, WorkingDays
from register.measures import STATES

DAYS = WorkingDays()
RECORD: dict[str, Any] = {
    "id": "C-2026-003",
    "status": "initiated",
    "initiated_on": "2026-11-22",
    "meeting": None,
    "concluded_on": None,
}


def counted(start: str, target: str, calendar: str = SEAT, days: WorkingDays = DAYS) -> Count:
    return count(date.fromisoformat(start), Target.read(target), calendar, days)


@pytest.mark.parametrize(
    ("start", "target", "calendar", "day"),
    [
        # Across New Year: 31 December 2026 to 10 January 2027 are off at the seat.
        ("2026-12-28", "5 working", SEAT, "2027-01-13"),
        ("2026-12-28", "5 working", "BY", "2027-01-05"),
        ("2026-12-28", "5 working", "KZ", "2027-01-06"),
        ("2025-12-29", "5 working", "AM", "2026-01-09"),
        # Saturday 20 February 2027 is worked at the seat for Monday the 22nd; 23 February is a holiday.
        ("2027-02-15", "5 working", SEAT, "2027-02-20"),
        ("2027-02-15", "6 working", SEAT, "2027-02-24"),
        ("2027-02-15", "6 working", "AM", "2027-02-23"),
        # A count begins on the day after, also after a Saturday.
        ("2026-11-21", "1 working", SEAT, "2026-11-23"),
        ("2026-11-23", "1 working", SEAT, "2026-11-24"),
        # Calendar days end on a working day.
        ("2026-11-22", "30 calendar", SEAT, "2026-12-22"),
        ("2026-12-02", "30 calendar", SEAT, "2027-01-11"),
        ("2026-12-02", "30 calendar", "BY", "2027-01-04"),
        ("2027-02-10", "10 calendar", SEAT, "2027-02-20"),
        # Nauryz: 21 to 24 March 2027.
        ("2027-03-19", "1 working", "KZ", "2027-03-25"),
        ("2027-03-19", "1 working", "RU", "2027-03-22"),
    ],
)
def test_the_last_day(start: str, target: str, calendar: str, day: str) -> None:
    assert counted(start, target, calendar).day.isoformat() == day


def test_a_reckoning_that_a_person_can_follow() -> None:
    found = counted("2026-12-28", "5 working").text()
    assert found["ru"] == (
        "5 рабочих дней со дня, следующего за 28.12.2026: последний день – 13.01.2027. Не считаются субботы и "
        "воскресенья, а также 31.12.2026 (выходной, перенесённый с 04.01.2026), 01–06.01.2027 (Новогодние каникулы), "
        "07.01.2027 (Рождество Христово), 08.01.2027 (Новогодние каникулы). Календарь места нахождения Комиссии "
        "(Москва)."
    )
    assert found["en"].startswith(
        "5 working days from the day after 28 December 2026: the last day is 13 January 2027. Not counted: Saturdays "
        "and Sundays; also 31 December 2026 (day off moved from 4 January 2026), 1–6 January 2027 (New Year Holidays)"
    )


def test_a_worked_saturday_is_said_to_be_counted() -> None:
    found = counted("2027-02-15", "6 working").text()
    assert "Считаются рабочими: 20.02.2027 (рабочий день вместо 22.02.2027)." in found["ru"]
    assert "Counted as worked: 20 February 2027 (worked instead of 22 February 2027)." in found["en"]


def test_calendar_days_that_end_on_a_day_off_say_where_they_go() -> None:
    found = counted("2026-12-02", "30 calendar")
    assert "01.01.2027 – нерабочий день, срок переходит на ближайший следующий рабочий день" in found.text()["ru"]
    assert [noted.day for noted in found.skipped] == [date(2027, 1, 1) + timedelta(days=n) for n in range(10)]
    assert found.skipped[-1].why["ru"] == "воскресенье"
    assert counted("2026-11-22", "30 calendar").skipped == ()


def test_a_moved_day_changes_the_day_and_its_reckoning() -> None:
    decree = ("Указ Президента № 300", date(2026, 11, 1))
    days = WorkingDays([MovedDay("RU", date(2026, 11, 25), False, *decree)])
    found = counted("2026-11-22", "3 working", SEAT, days)
    assert found.day == date(2026, 11, 26)
    assert "25.11.2026 (выходной: Указ Президента № 300, 01.11.2026)" in found.text()["ru"]
    assert not found.provisional


def test_a_year_that_nobody_has_entered_makes_it_provisional() -> None:
    found = counted("2027-12-20", "15 working")
    assert [doubt["en"] for doubt in found.doubts] == ["the moved days of 2028 are not entered yet"]
    assert found.text()["ru"].endswith("Дата предварительная: переносы выходных дней 2028 года ещё не внесены.")
    known = WorkingDays(settled=[SettledYear("RU", 2028, "Постановление", date(2027, 9, 1))])
    assert not counted("2027-12-20", "15 working", SEAT, known).provisional
    assert not counted("2027-12-06", "15 working").provisional


def test_a_state_without_data_for_the_year() -> None:
    found = counted("2100-12-28", "5 working", "KG")
    assert found.day == date(2101, 1, 4)
    assert "данных о праздничных днях 2101 года нет" in found.text()["ru"]

    def nothing(state: str, year: int) -> PublicYear | None:
        return None if (state, year) == ("AM", 2027) else public_year(state, year)

    gap = counted("2026-12-28", "5 working", "AM", WorkingDays(source=nothing))
    assert gap.day == date(2027, 1, 5)
    assert gap.provisional
    assert any("2027" in doubt["en"] for doubt in gap.doubts)


def test_the_targets_of_an_open_consultation() -> None:
    found = deadlines(RECORD, Targets(), DAYS)
    assert {(one.name, one.state) for one in found} == {*(("position", state) for state in STATES), ("meeting", None)}
    assert {one.day for one in found if one.name == "position"} == {date(2026, 12, 11)}
    assert {one.count.calendar for one in found} == {*STATES, SEAT}
    assert all(one.start == date(2026, 11, 22) and one.met is None for one in found)
    for one in found:
        assert one.reckoning()["ru"].endswith(HOUSE_CHOICE["ru"])
        assert one.reckoning()["en"].endswith(HOUSE_CHOICE["en"])
    assert [one.day for one in found] == sorted(one.day for one in found)


@pytest.mark.parametrize(("meeting", "met"), [("2026-12-22", True), ("2026-12-23", False)])
def test_whether_the_meeting_is_in_time(meeting: str, met: bool) -> None:
    found = deadlines({**RECORD, "status": "in_progress", "meeting": {"date": meeting}}, Targets(), DAYS)
    assert [one.met for one in found if one.name == "meeting"] == [met]


def test_what_is_due_after_the_end() -> None:
    concluded = {**RECORD, "status": "consensus_permitted", "concluded_on": "2026-12-08"}
    (found,) = deadlines(concluded, Targets(), DAYS)
    assert (found.name, found.state, found.day, found.met) == ("entry", None, date(2026, 12, 15), None)
    entered = {**concluded, "status": "entered_in_register", "entered": {"measure": "KG-2026-030", "seq": 131}}
    assert [one.met for one in deadlines(entered, Targets(), DAYS)] == [True]
    for status in ("consensus_not_permitted", "no_consensus", "withdrawn", "revoked"):
        assert deadlines({**concluded, "status": status}, Targets(), DAYS) == []


@pytest.mark.parametrize(
    "text", ["", "15", "15 days", "0 working", "366 calendar", "-1 working", "1.5 working", "015 working"]
)
def test_what_is_no_target_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="нужны число дней"):
        Target.read(text)


@pytest.mark.parametrize(
    ("amount", "ru", "en"),
    [
        (1, "1 рабочий день", "1 working day"),
        (2, "2 рабочих дня", "2 working days"),
        (5, "5 рабочих дней", "5 working days"),
        (11, "11 рабочих дней", "11 working days"),
        (21, "21 рабочий день", "21 working days"),
        (112, "112 рабочих дней", "112 working days"),
    ],
)
def test_numbers_in_words(amount: int, ru: str, en: str) -> None:
    assert Target(amount, "working").text() == {"ru": ru, "en": en}
    assert str(Target.read(f"  {amount}  working ")) == f"{amount} working"


def test_the_end_of_the_calendar_is_refused() -> None:
    for unit in ("working", "calendar"):
        with pytest.raises(ValueError, match="end of the calendar"):
            counted("9999-12-20", f"30 {unit}")


WHEN = st.dates(date(2024, 1, 1), date(2030, 12, 31))
TARGETS = st.builds(Target, st.integers(1, 60), st.sampled_from(["working", "calendar"]))
MOVES = st.lists(
    st.builds(MovedDay, st.sampled_from(CALENDARS), WHEN, st.booleans(), st.just("Указ"), st.just(date(2026, 1, 1))),
    max_size=6,
)
PLACES = st.sampled_from(CALENDARS)


@settings(max_examples=80)
@given(WHEN, TARGETS, PLACES, MOVES)
def test_a_deadline_is_a_working_day_with_so_many_before(
    start: date, target: Target, calendar: str, moves: list[MovedDay]
) -> None:
    days = WorkingDays(moves)
    found = count(start, target, calendar, days)
    assert days.works(calendar, found.day)
    assert found.day > start
    if target.unit == "working":
        assert days.between(calendar, start, found.day) == target.amount
    else:
        assert found.day >= start + timedelta(days=target.amount)
        assert days.between(calendar, start + timedelta(days=target.amount - 1), found.day) == 1
    assert not any(days.works(calendar, noted.day) for noted in found.skipped)
    assert all(days.works(calendar, noted.day) and noted.day.weekday() > 4 for noted in found.worked)
    for language, text in found.text().items():
        assert (found.doubts == ()) == (("предварительная" if language == "ru" else "provisional") not in text)


@settings(max_examples=60)
@given(WHEN, TARGETS, PLACES, MOVES, st.integers(0, 20))
def test_what_begins_later_or_lasts_longer_never_ends_sooner(
    start: date, target: Target, calendar: str, moves: list[MovedDay], more: int
) -> None:
    days = WorkingDays(moves)
    found = count(start, target, calendar, days).day
    assert count(start + timedelta(days=more), target, calendar, days).day >= found
    assert count(start, Target(target.amount + more, target.unit), calendar, days).day >= found


@settings(max_examples=60)
@given(WHEN, TARGETS, PLACES, MOVES, st.integers(1, 40))
def test_a_day_that_becomes_off_never_makes_it_sooner_and_a_worked_one_never_later(
    start: date, target: Target, calendar: str, moves: list[MovedDay], on: int
) -> None:
    day = start + timedelta(days=on)
    others = [one for one in moves if one.day != day]
    entered = {working: MovedDay(calendar, day, working, "Указ", date(2026, 1, 1)) for working in (True, False)}
    off = count(start, target, calendar, WorkingDays([*others, entered[False]])).day
    plain = count(start, target, calendar, WorkingDays(others)).day
    worked = count(start, target, calendar, WorkingDays([*others, entered[True]])).day
    assert worked <= plain <= off
