"""Until when a notified measure is to be included: working days in the calendar of the Commission's seat.

Pure: no database, no web. Days are calendar days of the seat, Moscow; its holidays and moved days off are those that
the Government of the Russian Federation decrees for each year, and what the operator entered.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from consultations.clock import Count, Target, count
from consultations.working_days import SEAT, WorkingDays

WORKING_DAYS: Final = 10
"""How many working days the inclusion takes at most, unless a deployment sets another number."""
MOST_DAYS: Final = 250


def inclusion_deadline(notified_on: date, days: WorkingDays, working_days: int = WORKING_DAYS) -> Count:
    """The last of ``working_days`` working days, counted from the day after the notification (A4(4)).

    Raises ``ValueError`` for a number outside 1..250 and for days at the end of the calendar.
    """
    if not 1 <= working_days <= MOST_DAYS:
        raise ValueError(f"working days: 1 to {MOST_DAYS} / рабочих дней: от 1 до {MOST_DAYS}")
    if notified_on > date.max - timedelta(days=2 * 366):
        raise ValueError("the day is at the end of the calendar / день в конце календаря")
    return count(notified_on, Target(working_days, "working"), SEAT, days)


def working_days_between(first: date, last: date, days: WorkingDays) -> int:
    """How many working days lie after ``first`` up to ``last``; negative when ``last`` is before ``first``."""
    return days.between(SEAT, first, last)
