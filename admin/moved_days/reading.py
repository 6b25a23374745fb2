"""A year's moved days from a CSV file, as `register moved-days` takes it. Pure: no database, no web.

A row is a calendar, a day, what the day is, and the source with its date. Instead of a day a row may give a year, which
is then complete: no more of its days will be moved.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from consultations.working_days import MovedDay, SettledYear
from register.findings import Finding
from register.pages.query import day as read_day
from register.sheets import SheetError, csv_rows, decode, find_columns, is_zip, read_bytes

MOST_ROWS: Final = 2000
HEADERS: Final[Mapping[str, tuple[str, ...]]] = {
    "calendar": ("calendar", "календарь"),
    "day": ("day", "day or year", "день", "дата", "день или год"),
    "kind": ("kind", "вид", "вид дня"),
    "source": ("source", "основание"),
    "source_date": ("source date", "дата основания"),
}
KINDS: Final[Mapping[str, str]] = {
    "working": "working",
    "рабочий": "working",
    "off": "off",
    "выходной": "off",
    "complete": "complete",
    "полностью": "complete",
}


@dataclass(slots=True)
class Rows:
    """What a file holds: what is to be entered, its place for findings (``/rows/3``), and what cannot be read."""

    given: list[MovedDay | SettledYear] = field(default_factory=list)
    places: list[str] = field(default_factory=list)
    faults: list[Finding] = field(default_factory=list)


def read_rows(path: Path) -> Rows:
    """The rows of a file. Raises ``SheetError`` for one that is no such table, ``OSError`` for a missing one."""
    data = read_bytes(path)
    if is_zip(data):
        raise SheetError("Это книга Excel: сохраните лист в формате CSV", "This is a workbook: save the sheet as CSV")
    rows, columns = Rows(), dict[str, int]()
    for number, cells in csv_rows(decode(data)):
        texts = [cell.text.strip() for cell in cells]
        if not any(texts):
            continue
        if not columns:
            columns = find_columns(cells, HEADERS)
            if missing := [HEADERS[name][0] for name in HEADERS if name not in columns]:
                named = ", ".join(missing)
                raise SheetError(f"В первой строке нет столбцов: {named}", f"The first row lacks the columns {named}")
            continue
        if len(rows.places) + len(rows.faults) >= MOST_ROWS:
            raise SheetError(f"В файле более {MOST_ROWS} строк", f"The file has more than {MOST_ROWS} rows")
        _take(rows, f"/rows/{number}", {name: _at(texts, place) for name, place in columns.items()})
    if not rows.given and not rows.faults:
        raise SheetError("В файле нет ни одной строки с днями", "The file has no row with a day")
    return rows


def _at(texts: list[str], place: int) -> str:
    return texts[place] if place < len(texts) else ""


def _take(rows: Rows, place: str, texts: Mapping[str, str]) -> None:
    """One row, or what is wrong with it."""
    before = len(rows.faults)
    kind, source_date = KINDS.get(texts["kind"].casefold()), read_day(texts["source_date"])
    if kind is None:
        rows.faults.append(
            _fault(
                f"{place}/kind",
                "Вид дня: working (рабочий), off (выходной) или complete (год внесён полностью).",
                "The kind is working, off, or complete (of a year).",
            )
        )
    if source_date is None:
        rows.faults.append(_no_date(f"{place}/source_date"))
    year = texts["day"] if re.fullmatch(r"[0-9]{4}", texts["day"]) else ""
    day = read_day(texts["day"])
    if kind == "complete" and not year:
        rows.faults.append(_fault(f"{place}/day", "Нужен год четырьмя цифрами.", "A year of four digits is wanted."))
    elif kind != "complete" and day is None:
        rows.faults.append(_no_date(f"{place}/day"))
    if len(rows.faults) > before or source_date is None:
        return
    calendar, source = texts["calendar"].upper(), texts["source"]
    if kind == "complete":
        rows.given.append(SettledYear(calendar, int(year), source, source_date))
    elif day is not None:
        rows.given.append(MovedDay(calendar, day, kind == "working", source, source_date))
    rows.places.append(place)


def _no_date(pointer: str) -> Finding:
    return _fault(pointer, "Дата пишется 10.09.2026 или 2026-09-10.", "A date is written 2026-09-10 or 10.09.2026.")


def _fault(pointer: str, ru: str, en: str) -> Finding:
    return Finding(pointer, "format", {"ru": ru, "en": en})
