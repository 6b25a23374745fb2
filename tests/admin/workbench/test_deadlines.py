"""Until when a measure is to be included: the days of the seat, moved days that the operator entered among them."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import settings as profile
from hypothesis import strategies as st

from admin.workbench.deadlines import inclusion_deadline, working_days_between
from consultations.working_days import SEAT, MovedDay, WorkingDays

DAYS = WorkingDays()


@pytest.mark.parametrize(
    ("notified", "last"),
    [
        ("2026-09-14", "2026-09-28"),
        # On a Friday and on the Sunday after it alike: the count begins on Monday.
        ("2026-09-11", "2026-09-25"),
        ("2026-09-13", "2026-09-25"),
        # 1 to 11 January 2026 are days off: 9 January for Saturday the 3rd.
        ("2025-12-30", "2026-01-23"),
        # 31 December 2026 is a day off for Sunday 4 January.
        ("2026-12-30", "2027-01-22"),
        # 4 November, and Saturday 1 November 2025 was worked for Monday the 3rd.
        ("2025-10-24", "2025-11-10"),
        # Saturday 20 February 2027 is worked for Monday the 22nd, 23 February is a holiday.
        ("2027-02-12", "2027-03-01"),
    ],
)
def test_ten_working_days_after_the_notification(notified: str, last: str) -> None:
    found = inclusion_deadline(date.fromisoformat(notified), DAYS)
    assert (found.day, found.provisional) == (date.fromisoformat(last), False)
    assert found.text()["ru"].startswith("10 рабочих дней со дня, следующего за")


def test_a_day_that_the_operator_entered_counts() -> None:
    off = MovedDay("RU", date(2026, 9, 15), False, "Указ", date(2026, 9, 1))
    worked = MovedDay(SEAT, date(2026, 9, 19), True, "Распоряжение", date(2026, 9, 1))
    assert inclusion_deadline(date(2026, 9, 14), WorkingDays([off])).day == date(2026, 9, 29)
    assert inclusion_deadline(date(2026, 9, 14), WorkingDays([off, worked])).day == date(2026, 9, 28)
    assert working_days_between(date(2026, 9, 14), date(2026, 9, 21), WorkingDays([off, worked])) == 5


def test_a_year_without_decree_makes_the_day_provisional() -> None:
    decreed = max(year for year in range(2026, 2060) if DAYS.settled(SEAT, year))
    assert not inclusion_deadline(date(decreed, 11, 30), DAYS).provisional
    assert inclusion_deadline(date(decreed, 12, 28), DAYS).provisional
    assert inclusion_deadline(date(decreed + 1, 6, 1), DAYS).provisional


@pytest.mark.parametrize("number", [0, -1, 251])
def test_an_impossible_number_of_days_is_refused(number: int) -> None:
    with pytest.raises(ValueError, match="working days"):
        inclusion_deadline(date(2026, 9, 1), DAYS, number)


def test_the_end_of_the_calendar_is_refused() -> None:
    with pytest.raises(ValueError, match="end of the calendar"):
        inclusion_deadline(date.max, DAYS)


@profile(max_examples=60)
@given(st.dates(date(2020, 1, 1), date(2030, 1, 1)), st.integers(1, 60))
def test_the_last_day_is_worked_and_so_many_days_on(notified: date, number: int) -> None:
    found = inclusion_deadline(notified, DAYS, number)
    assert DAYS.works(SEAT, found.day)
    assert working_days_between(notified, found.day, DAYS) == number
    assert working_days_between(found.day, notified, DAYS) <= 0
    assert inclusion_deadline(notified + timedelta(days=1), DAYS, number).day >= found.day
