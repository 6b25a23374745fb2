"""Moved days as the operator keeps them: commands, reading, and the calendars that a process has in memory.

A command is one transaction with its row in the audit trail; inside the caller's transaction it joins that. Times are
UTC, days are days of the state; ``today`` is the day at the Commission's seat.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from consultations.working_days import CALENDARS, FIRST_YEAR, LAST_YEAR, MovedDay, SettledYear, WorkingDays
from register.database import Conflict, Database, DatabaseError
from register.drafts.actors import Actor
from register.drafts.trail import Audit
from register.findings import Finding
from register.recording import joined
from register.words import written_date

log = logging.getLogger(__name__)

RULE: Final = "H-moved-days"
MOST_SOURCE: Final = 300
REFRESH_SECONDS: Final = 20.0
"""How long another process's change may take to be seen here."""
_ENTERED: Final = "source, source_date, entered_by, entered_by_name, entered_at"


class MovedDaysRefused(Exception):
    """What was to be entered cannot be; nothing was written. ``findings`` say why, field by field."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        self.findings = tuple(findings)
        super().__init__("; ".join(f"{one.pointer} {one.text['en']} / {one.text['ru']}" for one in findings))


@dataclass(frozen=True, slots=True)
class Entered:
    """Who entered something, and when (UTC); ``by`` is the account, None for the command line."""

    by: int | None
    name: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Kept:
    """Everything that was entered, in the order of calendars and days.

    ``revision`` rises with every change, 0 before the first; ``changed_at`` is that of the newest.
    """

    days: tuple[tuple[MovedDay, Entered], ...] = ()
    years: tuple[tuple[SettledYear, Entered], ...] = ()
    revision: int = 0
    changed_at: datetime | None = None

    def working_days(self) -> WorkingDays:
        """The calendars with it."""
        return WorkingDays((day for day, _ in self.days), (year for year, _ in self.years))


def faults(given: MovedDay | SettledYear, today: date, place: str = "") -> list[Finding]:
    """Everything wrong with what is to be entered; a pointer is ``place`` and the field."""
    found = []
    if given.calendar not in CALENDARS:
        named = ", ".join(CALENDARS)
        found.append(
            _finding(f"{place}/calendar", f"Календарь – один из: {named}.", f"The calendar is one of {named}.")
        )
    year, field = (given.day.year, "day") if isinstance(given, MovedDay) else (given.year, "year")
    if not FIRST_YEAR <= year <= LAST_YEAR:
        ru, en = f"Год – от {FIRST_YEAR} до {LAST_YEAR}.", f"The year is one from {FIRST_YEAR} to {LAST_YEAR}."
        found.append(_finding(f"{place}/{field}", ru, en))
    source = given.source.strip()
    if not source or len(source) > MOST_SOURCE or not source.isprintable():
        ru = f"Нужно основание: решение о переносе, его номер; от 1 до {MOST_SOURCE} знаков в одну строку."
        en = f"The source is wanted: the decree and its number; 1 to {MOST_SOURCE} characters on one line."
        found.append(_finding(f"{place}/source", ru, en))
    if not date(1990, 1, 1) <= given.source_date <= today:
        ru = f"Дата основания – не ранее 1990 года и не позднее сегодняшнего дня ({written_date(today, 'ru')})."
        en = f"The date of the source is not before 1990 and not after today ({written_date(today, 'en')})."
        found.append(_finding(f"{place}/source_date", ru, en))
    return found


def _finding(pointer: str, ru: str, en: str) -> Finding:
    return Finding(pointer, RULE, {"ru": ru, "en": en})


async def add(
    db: Database,
    who: Actor,
    given: Sequence[MovedDay | SettledYear],
    *,
    today: date,
    now: datetime,
    audit: Audit,
    places: Sequence[str] = (),
) -> None:
    """Enter moved days and settled years, all of them or nothing.

    ``places`` are what the pointers of the findings begin with, one for each. Raises ``MovedDaysRefused`` for what is
    wrong or is entered already, ``DatabaseError``.
    """
    named = list(zip(given, places or [""] * len(given), strict=True))
    found = [fault for one, place in named for fault in faults(one, today, place)]
    if found:
        raise MovedDaysRefused(found)
    async with joined(db):
        # The change of the row first: whoever else enters something waits here, and sees what this one entered.
        await _changed(db, now)
        for one, place in named:
            if await _there(db, one):
                found.append(_already(one, place))
            elif not found:
                await _insert(db, who, one, now)
                await audit(db, who, "moved_days.add", _subject(one), "done", at=now, **_detail(one))
        if found:
            raise MovedDaysRefused(found)


async def _there(db: Database, one: MovedDay | SettledYear) -> bool:
    if isinstance(one, MovedDay):
        sql, value = "SELECT 1 FROM moved_day WHERE calendar = {} AND day = {}", one.day
        return bool(await db.fetch_rows(sql, one.calendar, value))
    return bool(
        await db.fetch_rows("SELECT 1 FROM settled_year WHERE calendar = {} AND year = {}", one.calendar, one.year)
    )


async def _insert(db: Database, who: Actor, one: MovedDay | SettledYear, now: datetime) -> None:
    table, column = ("moved_day", "day") if isinstance(one, MovedDay) else ("settled_year", "year")
    names: list[str] = [column]
    values: list[date | int] = [_key(one)]
    if isinstance(one, MovedDay):
        names, values = [*names, "working"], [*values, int(one.working)]
    marks = ", ".join(["{}"] * (len(names) + 6))
    await db.execute(
        f"INSERT INTO {table} (calendar, {', '.join(names)}, {_ENTERED}) VALUES ({marks})",  # noqa: S608 - our own names
        one.calendar,
        *values,
        one.source.strip(),
        one.source_date,
        who.id,
        who.name[:200],
        now,
    )


def _already(one: MovedDay | SettledYear, place: str) -> Finding:
    if isinstance(one, MovedDay):
        ru = f"{written_date(one.day, 'ru')} в этом календаре уже внесён: сначала удалите прежнюю запись."
        en = f"{written_date(one.day, 'en')} is entered in this calendar already: remove that first."
        return _finding(f"{place}/day", ru, en)
    ru = f"{one.year} год этого календаря уже отмечен как внесённый полностью."
    return _finding(f"{place}/year", ru, f"{one.year} is marked as complete in this calendar already.")


def _subject(one: MovedDay | SettledYear) -> str:
    return f"moved_days:{one.calendar}:{one.day.isoformat() if isinstance(one, MovedDay) else one.year}"


def _detail(one: MovedDay | SettledYear) -> dict[str, object]:
    told: dict[str, object] = {"source": one.source.strip(), "source_date": one.source_date.isoformat()}
    return {**told, "working": one.working} if isinstance(one, MovedDay) else told


async def remove(
    db: Database, who: Actor, calendar: str, what: date | int, *, now: datetime, audit: Audit
) -> MovedDay | SettledYear:
    """Take a moved day (``what`` a date) or the mark of a year (a number) out; return what it was.

    Raises ``MovedDaysRefused`` when it is not there, ``DatabaseError``.
    """
    async with joined(db):
        await _changed(db, now)
        kept = await read(db)
        entered = [*kept.days] if isinstance(what, date) else [*kept.years]
        found = next((one for one, _ in entered if one.calendar == calendar and _key(one) == what), None)
        if found is None:
            raise MovedDaysRefused([_finding("/day", "Такой записи уже нет.", "There is no such row any more.")])
        table, column = ("moved_day", "day") if isinstance(what, date) else ("settled_year", "year")
        await db.execute(f"DELETE FROM {table} WHERE calendar = {{}} AND {column} = {{}}", calendar, what)  # noqa: S608
        await audit(db, who, "moved_days.remove", _subject(found), "done", at=now, **_detail(found))
    return found


def _key(one: MovedDay | SettledYear) -> date | int:
    return one.day if isinstance(one, MovedDay) else one.year


async def _changed(db: Database, now: datetime) -> None:
    done = await db.execute("UPDATE moved_days_state SET revision = revision + 1, changed_at = {} WHERE id = 1", now)
    if not done:
        try:
            await db.execute("INSERT INTO moved_days_state (id, revision, changed_at) VALUES (1, 1, {})", now)
        except Conflict as error:
            # Two first changes at once on PostgreSQL: the second one is to be sent again.
            raise MovedDaysRefused(
                [_finding("", "Календарь только что изменён, повторите.", "The calendar was just changed, try again.")]
            ) from error


async def read(db: Database) -> Kept:
    """Everything that was entered. Raises ``DatabaseError``."""
    # The revision first: what changes meanwhile is read again under its next one.
    state = await db.fetch_rows("SELECT revision, changed_at FROM moved_days_state WHERE id = 1")
    days = await db.fetch_rows(f"SELECT calendar, day, working, {_ENTERED} FROM moved_day")  # noqa: S608
    years = await db.fetch_rows(f"SELECT calendar, year, {_ENTERED} FROM settled_year")  # noqa: S608
    revision, changed_at = state[0] if state else (0, None)
    moved = [(MovedDay(c, day, bool(on), text, of), Entered(*who)) for c, day, on, text, of, *who in days]
    settled = [(SettledYear(c, year, text, of), Entered(*who)) for c, year, text, of, *who in years]
    return Kept(
        tuple(sorted(moved, key=lambda row: (CALENDARS.index(row[0].calendar), row[0].day))),
        tuple(sorted(settled, key=lambda row: (CALENDARS.index(row[0].calendar), row[0].year))),
        revision,
        changed_at,
    )


class Calendars:
    """The calendars of one process in memory: whoever reads them does no SQL.

    What this process changes it sees after ``refresh``; what another one changes, within ``REFRESH_SECONDS``.
    """

    def __init__(self, database: Database, seconds: float = REFRESH_SECONDS) -> None:
        self._database = database
        self._seconds = seconds
        self._kept = Kept()
        self._days = WorkingDays()
        self._task: asyncio.Task[None] | None = None

    @property
    def days(self) -> WorkingDays:
        """The calendars as they were read last."""
        return self._days

    @property
    def kept(self) -> Kept:
        """What was entered, as it was read last."""
        return self._kept

    @property
    def revision(self) -> int:
        """What rises with every change that was read."""
        return self._kept.revision

    async def start(self) -> None:
        """Read, and go on reading until stopped. Raises ``DatabaseError``."""
        await self.refresh()
        self._task = asyncio.create_task(self._follow(), name="moved days")

    async def stop(self) -> None:
        """Read no more."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    async def refresh(self) -> bool:
        """Read anew if something changed; whether it had. Raises ``DatabaseError``."""
        rows = await self._database.fetch_rows("SELECT revision FROM moved_days_state WHERE id = 1")
        # Another number, not a higher one: a restored backup may be an older one.
        if (rows[0][0] if rows else 0) == self._kept.revision:
            return False
        kept = await read(self._database)
        self._kept, self._days = kept, kept.working_days()
        return True

    async def _follow(self) -> None:
        failing = False
        while True:
            await asyncio.sleep(self._seconds)
            try:
                await self.refresh()
                failing = False
            except DatabaseError as error:
                if not failing:
                    log.warning("the moved days cannot be read, those read last stand: %s", error)
                failing = True
