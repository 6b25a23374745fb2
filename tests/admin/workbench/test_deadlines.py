"""The working days of the Commission's seat: New Year, moved days off, years that are not decreed yet."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import settings as profile
from hypothesis import strategies as st

from admin.workbench.deadlines import (
    Deadline,
    decreed_until,
    inclusion_deadline,
    is_working_day,
    working_days_between,
)


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
    assert inclusion_deadline(date.fromisoformat(notified)) == Deadline(date.fromisoformat(last), False)


@pytest.mark.parametrize(
    ("day", "works"),
    [("2024-04-27", True), ("2024-04-29", False), ("2025-11-01", True), ("2025-11-08", False), ("2026-01-09", False)],
)
def test_moved_days_off(day: str, works: bool) -> None:
    assert is_working_day(date.fromisoformat(day)) is works


def test_a_year_without_decree_makes_the_day_provisional() -> None:
    year = decreed_until()
    assert not inclusion_deadline(date(year, 11, 30)).provisional
    assert inclusion_deadline(date(year, 12, 28)).provisional
    assert inclusion_deadline(date(year + 1, 6, 1)).provisional


@pytest.mark.parametrize("number", [0, -1, 251])
def test_an_impossible_number_of_days_is_refused(number: int) -> None:
    with pytest.raises(ValueError, match="working days"):
        inclusion_deadline(date(2026, 9, 1), number)


def test_the_end_of_the_calendar_is_refused() -> None:
    with pytest.raises(ValueError, match="end of the calendar"):
        inclusion_deadline(date.max)


@profile(max_examples=60)
@given(st.dates(date(2020, 1, 1), date(2030, 1, 1)), st.integers(1, 60))
def test_the_last_day_is_worked_and_so_many_days_on(notified: date, number: int) -> None:
    found = inclusion_deadline(notified, number)
    assert is_working_day(found.day)
    assert working_days_between(notified, found.day) == number
    assert working_days_between(found.day, notified) <= 0
    assert inclusion_deadline(notified + timedelta(days=1), number).day >= found.day
