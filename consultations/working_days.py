"""Working days of the five member states and of the Commission's seat.

They come from the package `holidays` and from what the operator enters: days moved by a decree, and years of which it
is known that no more will be moved. Pure: whoever asks gives what was entered (``consultations.moved_days`` reads it).
Days are calendar days of the state. The Rules count days in working days (P53-P58) and name no calendar but for P58,
that of the state asked; that the Commission's is Moscow's, with the days of the Russian Federation, is our choice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from consultations.public_holidays import DayOff, PublicYear, Text, public_year
from register.measures import STATES
from register.words import LANGUAGES, STATE_NAMES, written_date

SEAT: Final = "EEC"
"""The calendar of the Commission's seat: the days of the Russian Federation, and what is entered for the seat alone."""
SEAT_STATE: Final = "RU"
CALENDARS: Final[tuple[str, ...]] = (*STATES, SEAT)
CALENDAR_NAMES: Final[Mapping[str, Text]] = {
    **{state: STATE_NAMES[state] for state in STATES},
    SEAT: {"ru": "место нахождения Комиссии (Москва)", "en": "the Commission's seat (Moscow)"},
}
OF_CALENDAR: Final[Mapping[str, Text]] = {
    "AM": {"ru": "календарь Республики Армения", "en": "the calendar of Armenia"},
    "BY": {"ru": "календарь Республики Беларусь", "en": "the calendar of Belarus"},
    "KZ": {"ru": "календарь Республики Казахстан", "en": "the calendar of Kazakhstan"},
    "KG": {"ru": "календарь Кыргызской Республики", "en": "the calendar of Kyrgyzstan"},
    "RU": {"ru": "календарь Российской Федерации", "en": "the calendar of Russia"},
    SEAT: {
        "ru": "календарь места нахождения Комиссии (Москва)",
        "en": "the calendar of the Commission's seat (Moscow)",
    },
}
FIRST_YEAR: Final = 2000
LAST_YEAR: Final = 2100
"""The years for which days are entered. Beyond them everything still answers, provisionally."""
_ONE: Final = timedelta(days=1)
Source = Callable[[str, int], PublicYear | None]


class UnknownCalendar(LookupError):
    """There is no calendar of this name."""


@dataclass(frozen=True, slots=True, order=True)
class MovedDay:
    """A day that a decree made ``working``, or a day off; ``source`` is the decree in words, with its date."""

    calendar: str
    day: date
    working: bool
    source: str
    source_date: date


@dataclass(frozen=True, slots=True, order=True)
class SettledYear:
    """A year of a calendar in which no more days will be moved than are known; ``source`` as for a moved day."""

    calendar: str
    year: int
    source: str
    source_date: date


@dataclass(frozen=True, slots=True)
class Day:
    """What a day is: worked or not, why, and whether that is other than the weekday says or has a name.

    ``why`` is None for an ordinary weekday; ``special`` is False for an ordinary Saturday or Sunday too.
    """

    day: date
    working: bool
    why: Text | None = None
    special: bool = False
    estimated: bool = False


_WEEKEND: Final[Mapping[int, Text]] = {
    5: {"ru": "суббота", "en": "Saturday"},
    6: {"ru": "воскресенье", "en": "Sunday"},
}


class WorkingDays:
    """The calendars with what was entered. Never changes: what is entered later makes another."""

    def __init__(
        self, moved: Iterable[MovedDay] = (), settled: Iterable[SettledYear] = (), *, source: Source = public_year
    ) -> None:
        self._moved = {(one.calendar, one.day): one for one in moved}
        self._settled = {(one.calendar, one.year) for one in settled}
        self._source = source

    def day(self, calendar: str, day: date) -> Day:
        """What ``day`` is. Raises ``UnknownCalendar``."""
        for name in _chain(calendar):
            moved = self._moved.get((name, day))
            if moved is not None:
                return Day(day, moved.working, _decreed(moved), True)
        weekend = _WEEKEND.get(day.weekday())
        year = self._source(_state(calendar), day.year)
        if year is not None:
            off = year.off.get(day)
            # A Saturday that is worked is not among the days off, unless it is a holiday too: then nobody works.
            if off is not None:
                return Day(day, False, off.why, True, off.estimated)
            if day in year.worked:
                return Day(day, True, year.worked[day], True)
        return Day(day, weekend is None, weekend)

    def works(self, calendar: str, day: date) -> bool:
        """Whether people work on ``day``. Raises ``UnknownCalendar``."""
        return self.day(calendar, day).working

    def next_working(self, calendar: str, day: date) -> date:
        """``day`` itself or the first working day after it. Raises ``UnknownCalendar``, ``ValueError`` for none."""
        for found in days_from(day):
            if self.works(calendar, found):
                return found
        raise ValueError("the day is at the end of the calendar / день в конце календаря")

    def between(self, calendar: str, first: date, last: date) -> int:
        """How many working days lie after ``first`` up to ``last``; negative when ``last`` is before ``first``."""
        sign, begin, end = (1, first, last) if first <= last else (-1, last, first)
        days = (begin + n * _ONE for n in range(1, (end - begin).days + 1))
        return sign * sum(self.works(calendar, day) for day in days)

    def settled(self, calendar: str, year: int) -> bool:
        """Whether no more days of a year will be moved: by the package's data, or by what was entered.

        One day that was entered settles no year: it may be a holiday by the moon, announced on its own.
        """
        found = self._source(_state(calendar), year)
        if found is None:
            return False
        return found.decreed or any((name, year) in self._settled for name in _chain(calendar))

    def doubts(self, calendar: str, first: date, last: date) -> tuple[Text, ...]:
        """Why what was counted from ``first`` to ``last`` may still change; empty when it may not.

        Raises ``UnknownCalendar``.
        """
        found = [text for year in range(first.year, last.year + 1) if (text := self._doubt_of_year(calendar, year))]
        # A holiday by the moon comes a day sooner or later than estimated: one just outside may come in.
        begin, end = max(first, date.min + _ONE) - _ONE, min(last, date.max - _ONE) + _ONE
        for number in range((end - begin).days + 1):
            day = self.day(calendar, begin + number * _ONE)
            if day.estimated and day.why is not None:
                found.append(
                    {
                        "ru": f"дата {written_date(day.day, 'ru')} ({day.why['ru']}) официально ещё не объявлена",
                        "en": f"{written_date(day.day, 'en')} ({day.why['en']}) has not been announced officially",
                    }
                )
        return tuple(found)

    def _doubt_of_year(self, calendar: str, year: int) -> Text | None:
        if self._source(_state(calendar), year) is None:
            return {
                "ru": f"данных о праздничных днях {year} года нет, не считаются только субботы, воскресенья "
                "и внесённые выходные дни",
                "en": f"there are no data on the holidays of {year}, only Saturdays, Sundays and the days off "
                "that were entered are left out",
            }
        if self.settled(calendar, year):
            return None
        return {
            "ru": f"переносы выходных дней {year} года ещё не внесены",
            "en": f"the moved days of {year} are not entered yet",
        }


def days_from(day: date) -> Iterator[date]:
    """The days from ``day`` on, to the end of the calendar."""
    for ordinal in range(day.toordinal(), date.max.toordinal() + 1):
        yield date.fromordinal(ordinal)


def _known(calendar: str) -> str:
    if calendar not in CALENDARS:
        raise UnknownCalendar(f"no calendar {calendar!r}: {', '.join(CALENDARS)} / такого календаря нет")
    return calendar


def _state(calendar: str) -> str:
    return SEAT_STATE if _known(calendar) == SEAT else calendar


def _chain(calendar: str) -> tuple[str, ...]:
    """Whose entries count, the strongest first."""
    return (SEAT, SEAT_STATE) if _known(calendar) == SEAT else (calendar,)


def _decreed(moved: MovedDay) -> Text:
    ru, en = (f"{moved.source}, {written_date(moved.source_date, language)}" for language in LANGUAGES)
    if moved.working:
        return {"ru": f"рабочий день: {ru}", "en": f"worked: {en}"}
    return {"ru": f"выходной: {ru}", "en": f"day off: {en}"}


__all__ = [
    "CALENDARS",
    "CALENDAR_NAMES",
    "FIRST_YEAR",
    "LAST_YEAR",
    "OF_CALENDAR",
    "SEAT",
    "Day",
    "DayOff",
    "MovedDay",
    "PublicYear",
    "SettledYear",
    "Source",
    "Text",
    "UnknownCalendar",
    "WorkingDays",
    "days_from",
]
