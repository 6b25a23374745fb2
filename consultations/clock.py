"""Until when: the target dates of a consultation, and the reckoning of each that a person can follow.

Point 24 names neither a number of days nor a calendar. The targets are choices of this house, made by settings
(``REGISTER_CONSULTATION_POSITION``, ``_MEETING``, ``_ENTRY``), and every reckoning says so. Whoever is late is late:
nothing is refused because of a target date. Pure: computed from dates when asked, never counted.

A count begins on the day after the event. What is counted in calendar days and would end on a day off ends on the
first working day after it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache
from typing import Any, Final, Literal, NamedTuple, cast

from consultations.public_holidays import Text
from consultations.working_days import OF_CALENDAR, SEAT, WorkingDays, days_from
from register.measures import STATES
from register.words import LANGUAGES, Language, written_date

Unit = Literal["working", "calendar"]
DeadlineName = Literal["position", "meeting", "entry"]
MOST_DAYS: Final = 365
OPEN: Final = frozenset({"initiated", "scheduled", "in_progress"})
"""The statuses of a consultation in which positions and a meeting are still wanted."""
PERMITTED: Final = frozenset({"consensus_permitted", "entered_in_register"})
_ONE: Final = timedelta(days=1)
_TARGET: Final = re.compile(r"\s*([1-9][0-9]{0,2})\s+(working|calendar)\s*")

NAMES: Final[Mapping[DeadlineName, Text]] = {
    "position": {"ru": "срок изложения позиции", "en": "time to state a position"},
    "meeting": {"ru": "срок проведения заседания", "en": "time to hold the meeting"},
    "entry": {"ru": "срок внесения сведений в Реестр", "en": "time to enter the permission"},
}
HOUSE_CHOICE: Final[Text] = {
    "ru": "Срок задан настройкой сервиса: пункт 24 Правил числа дней не называет.",
    "en": "The time is a setting of this service: point 24 of the Rules names no number of days.",
}


@dataclass(frozen=True, slots=True)
class Target:
    """So many working or calendar days, counted from the day after the event."""

    amount: int
    unit: Unit

    def __post_init__(self) -> None:
        if not 1 <= self.amount <= MOST_DAYS:
            raise ValueError(f"days: 1 to {MOST_DAYS} / дней: от 1 до {MOST_DAYS}")

    @classmethod
    def read(cls, text: str) -> Target:
        """A target as a setting gives it, such as ``15 working``. Raises ``ValueError`` that says what is wanted."""
        found = _TARGET.fullmatch(text)
        if found is None or int(found[1]) > MOST_DAYS:
            raise ValueError(
                f"a number of days, 1 to {MOST_DAYS}, and 'working' or 'calendar' are wanted, such as '15 working' / "
                f"нужны число дней от 1 до {MOST_DAYS} и слово working (рабочих) или calendar (календарных)"
            )
        return cls(int(found[1]), cast(Unit, found[2]))

    def __str__(self) -> str:
        return f"{self.amount} {self.unit}"

    def text(self) -> Text:
        """In words: «15 рабочих дней», ``15 working days``."""
        ru = {"working": ("рабочий", "рабочих"), "calendar": ("календарный", "календарных")}[self.unit]
        form = _form(self.amount)
        return {
            "ru": f"{self.amount} {ru[form > 0]} {('день', 'дня', 'дней')[form]}",
            "en": f"{self.amount} {self.unit} {'day' if self.amount == 1 else 'days'}",
        }


def _form(number: int) -> int:
    """Which of the three forms of a Russian noun goes with a number."""
    if number % 10 == 1 and number % 100 != 11:
        return 0
    return 1 if number % 10 in (2, 3, 4) and number % 100 not in (12, 13, 14) else 2


@dataclass(frozen=True, slots=True)
class Targets:
    """The three targets of a consultation; house choices all."""

    position: Target = field(default_factory=lambda: Target(15, "working"))
    meeting: Target = field(default_factory=lambda: Target(30, "calendar"))
    entry: Target = field(default_factory=lambda: Target(5, "working"))


class Noted(NamedTuple):
    """A day that plays a part in a reckoning, and why."""

    day: date
    why: Text


@dataclass(frozen=True, slots=True)
class Count:
    """A counted time: the last ``day``, and everything that it rests on.

    ``skipped`` are days off that are not counted, other than ordinary Saturdays and Sundays (of calendar days: the day
    off on which the time would have ended, and those after it); ``worked`` are Saturdays and Sundays that are counted.
    ``doubts`` say why the day may still move.
    """

    start: date
    target: Target
    calendar: str
    day: date
    counted_to: date
    skipped: tuple[Noted, ...] = ()
    worked: tuple[Noted, ...] = ()
    doubts: tuple[Text, ...] = ()

    @property
    def provisional(self) -> bool:
        """Whether the day may still move."""
        return bool(self.doubts)

    def text(self) -> dict[str, str]:
        """The reckoning in both languages."""
        return {language: _reckoning(self, language) for language in LANGUAGES}


@lru_cache(maxsize=4096)
def count(start: date, target: Target, calendar: str, days: WorkingDays) -> Count:
    """The last day of ``target``, counted from the day after ``start`` in a calendar.

    Kept: lists ask for the same again and again, and neither the calendars nor a count ever change.
    Raises ``UnknownCalendar``; ``ValueError`` at the end of the calendar.
    """
    try:
        if target.unit == "working":
            return _working(start, target, calendar, days)
        end = start + target.amount * _ONE
        day = days.next_working(calendar, end)
        off = [days.day(calendar, one) for one in _days(end, day)]
        skipped = tuple(Noted(one.day, one.why) for one in off if not one.working and one.why is not None)
        # Where the last day is worked in any case, nothing that a decree moves between plays a part.
        return Count(start, target, calendar, day, end, skipped, (), days.doubts(calendar, end, day))
    except OverflowError as error:
        raise ValueError("the day is at the end of the calendar / день в конце календаря") from error


def _working(start: date, target: Target, calendar: str, days: WorkingDays) -> Count:
    left, skipped, worked = target.amount, [], []
    for day in days_from(start + _ONE):
        found = days.day(calendar, day)
        if found.special and found.why is not None:
            if not found.working:
                skipped.append(Noted(day, found.why))
            elif day.weekday() > 4:
                worked.append(Noted(day, found.why))
        left -= found.working
        if not left:
            doubts = days.doubts(calendar, start + _ONE, day)
            return Count(start, target, calendar, day, day, tuple(skipped), tuple(worked), doubts)
    raise OverflowError


def _days(first: date, last: date) -> Iterable[date]:
    return (first + number * _ONE for number in range((last - first).days + 1))


@dataclass(frozen=True, slots=True)
class Deadline:
    """A target date of a consultation. ``state`` None is the Commission. ``met`` None: not known, or not yet."""

    name: DeadlineName
    state: str | None
    count: Count
    met: bool | None = None

    @property
    def day(self) -> date:
        """The last day."""
        return self.count.day

    @property
    def start(self) -> date:
        """The day of the event; the count begins on the day after it."""
        return self.count.start

    @property
    def target(self) -> Target:
        """How many days."""
        return self.count.target

    @property
    def skipped(self) -> tuple[Noted, ...]:
        """The days that are not counted, as in ``Count``."""
        return self.count.skipped

    @property
    def provisional(self) -> bool:
        """Whether the day may still move."""
        return self.count.provisional

    def reckoning(self) -> dict[str, str]:
        """How the day was found, in both languages; says that the number of days is a choice of this house."""
        return {
            language: f"{text} {HOUSE_CHOICE[cast(Language, language)]}" for language, text in self.count.text().items()
        }


def deadlines(record: Mapping[str, Any], targets: Targets, days: WorkingDays) -> list[Deadline]:
    """The target dates of a consultation as it stands: of its public record, or of one with the same fields.

    While it is open, until when each state is asked for its position, in the calendar of that state, and until when
    the meeting is to be held; once a permission is decided, until when it is to be entered: both in the calendar of
    the Commission's seat. None of a consultation that ended otherwise (P24). In the order of their days.
    """
    status = record["status"]
    found: list[Deadline] = []
    if status in OPEN:
        start = date.fromisoformat(record["initiated_on"])
        found += [Deadline("position", state, count(start, targets.position, state, days)) for state in STATES]
        meeting = count(start, targets.meeting, SEAT, days)
        found.append(Deadline("meeting", None, meeting, _held(record, meeting.day)))
    elif status in PERMITTED and record.get("concluded_on"):
        entry = count(date.fromisoformat(record["concluded_on"]), targets.entry, SEAT, days)
        found.append(Deadline("entry", None, entry, True if record.get("entered") else None))
    return sorted(found, key=lambda one: (one.day, one.name, one.state or ""))


def _held(record: Mapping[str, Any], due: date) -> bool | None:
    meeting = record.get("meeting")
    return None if not meeting else date.fromisoformat(meeting["date"]) <= due


def _reckoning(one: Count, language: Language) -> str:
    ru = language == "ru"
    counted, start, last = (
        one.target.text()[language],
        written_date(one.start, language),
        written_date(one.day, language),
    )
    parts = [
        f"{counted} со дня, следующего за {start}: последний день – {last}."
        if ru
        else f"{counted} from the day after {start}: the last day is {last}."
    ]
    if one.target.unit == "working":
        parts += _left_out(one, ru, language)
    elif one.day != one.counted_to:
        end, listed = written_date(one.counted_to, language), _listed(one.skipped, language)
        parts.append(
            f"{end} – нерабочий день, срок переходит на ближайший следующий рабочий день. Нерабочие: {listed}."
            if ru
            else f"{end} is a day off, so the time goes on to the next working day. Days off: {listed}."
        )
    of = OF_CALENDAR[one.calendar][language]
    parts.append(f"{of[0].upper()}{of[1:]}." if ru else f"By {of}.")
    if one.doubts:
        doubts = "; ".join(doubt[language] for doubt in one.doubts)
        parts.append(f"Дата предварительная: {doubts}." if ru else f"The day is provisional: {doubts}.")
    return " ".join(parts)


def _left_out(one: Count, ru: bool, language: Language) -> Iterable[str]:
    listed = _listed(one.skipped, language)
    if ru:
        yield f"Не считаются субботы и воскресенья{f', а также {listed}' if listed else ''}."
    else:
        yield f"Not counted: Saturdays and Sundays{f'; also {listed}' if listed else ''}."
    if one.worked:
        worked = _listed(one.worked, language)
        yield f"Считаются рабочими: {worked}." if ru else f"Counted as worked: {worked}."


def _listed(noted: Iterable[Noted], language: Language) -> str:
    """Days with their reasons, neighbours of one reason together: 01–06.01.2027 (Новогодние каникулы)."""
    runs: list[tuple[date, date, str]] = []
    for day, why in noted:
        reason = why[language]
        if runs and runs[-1][2] == reason and runs[-1][1] + _ONE == day:
            runs[-1] = (runs[-1][0], day, reason)
        else:
            runs.append((day, day, reason))
    return ", ".join(f"{_span(first, last, language)} ({reason})" for first, last, reason in runs)


def _span(first: date, last: date, language: Language) -> str:
    end = written_date(last, language)
    if first == last:
        return end
    if (first.year, first.month) == (last.year, last.month):
        return f"{first:%d}–{end}" if language == "ru" else f"{first.day}–{end}"
    return f"{written_date(first, language)} – {end}"
