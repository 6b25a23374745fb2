"""Until when a notified measure is to be included: working days in the calendar of the Commission's seat.

Pure: no database, no web. Days are calendar days of the seat, Moscow; its holidays and moved days off are those that
the Government of the Russian Federation decrees for each year.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Final

import holidays

WORKING_DAYS: Final = 10
"""How many working days the inclusion takes at most, unless a deployment sets another number."""
MOST_DAYS: Final = 250


@dataclass(frozen=True, slots=True)
class Deadline:
    """The last day. ``provisional``: a year that plays a part has no decreed calendar yet, so the day may move."""

    day: date
    provisional: bool


@lru_cache(maxsize=1)
def _seat() -> holidays.HolidayBase:
    return holidays.country_holidays("RU")


@lru_cache(maxsize=1)
def decreed_until() -> int:
    """The last year whose moved days off are known; of later years only the holidays of the Labour Code are."""
    return max(int(year) for year in _seat().special_public_holidays)


def is_working_day(day: date) -> bool:
    """Whether people work on ``day`` at the seat: also on a Saturday to which a day off was moved from."""
    return _seat().is_working_day(day)


def inclusion_deadline(notified_on: date, working_days: int = WORKING_DAYS) -> Deadline:
    """The last of ``working_days`` working days, counted from the day after the notification (A4(4)).

    Raises ``ValueError`` for a number outside 1..250 and for days at the end of the calendar.
    """
    if not 1 <= working_days <= MOST_DAYS:
        raise ValueError(f"working days: 1 to {MOST_DAYS} / рабочих дней: от 1 до {MOST_DAYS}")
    if notified_on > date.max - timedelta(days=2 * 366):
        raise ValueError("the day is at the end of the calendar / день в конце календаря")
    day, left = notified_on, working_days
    while left:
        day += timedelta(days=1)
        left -= is_working_day(day)
    return Deadline(day, day.year > decreed_until())


def working_days_between(first: date, last: date) -> int:
    """How many working days lie after ``first`` up to ``last``; negative when ``last`` is before ``first``."""
    sign, begin, end = (1, first, last) if first <= last else (-1, last, first)
    return sign * sum(is_working_day(begin + timedelta(days=n)) for n in range(1, (end - begin).days + 1))
