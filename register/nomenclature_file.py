"""Reading an edition of the TN VED from a file: codes, names, validity.

The project ships no TN VED of its own: an operator loads the edition in force. A row that cannot be read is
reported with its row, cell and reason and stops nothing else. Pure: no database, no web.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from register.codes import CodeError, normalise
from register.sheets import (
    HEADER_ROWS,
    Grid,
    SheetError,
    csv_rows,
    decode,
    find_columns,
    is_zip,
    read_bytes,
    zip_parts,
)

MAX_NAME: Final = 4000
"""Characters of a name; the longest of the TN VED has about a thousand."""

_HEADERS: Final = {
    "code": ("code", "kod", "код", "код тн вэд", "код тн вэд еаэс", "tn ved", "tnved", "hscode"),
    "name_en": (
        "name en",
        "nameen",
        "en",
        "english",
        "name english",
        "наименование англ",
        "наименование на английском",
    ),
    "name": (
        "name",
        "simple nam",
        "name ru",
        "наименование",
        "наименование позиции",
        "наименование товара",
        "описание",
        "description",
    ),
    "from": ("from", "valid from", "date from", "действует с", "дата начала", "начало", "с"),
    "to": ("to", "valid to", "date to", "действует по", "действует до", "дата окончания", "окончание", "по", "до"),
}
_DAY: Final = re.compile(r"(?P<y>\d{4})-(?P<m>\d{2})-(?P<d>\d{2})|(?P<dd>\d{2})\.(?P<mm>\d{2})\.(?P<yy>\d{4})")


@dataclass(frozen=True, slots=True)
class NameRow:
    """One code of an edition: its Russian name, the English one where given, the days on which it is there."""

    row: int
    code: str
    name: str
    name_en: str | None = None
    valid_from: date | None = None
    valid_to: date | None = None


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that was not taken: its number in the file, the header of the cell, why (ru, en)."""

    row: int
    cell: str
    text: str
    reason: dict[str, str]


def read_edition(path: Path) -> Iterator[NameRow | BadRow]:
    """The rows of an edition, good and bad, from a CSV file or a ZIP archive with one CSV in it.

    Columns are known by their headers: the code, the Russian name, and if there are such the English name and the
    first and last day. Raises ``SheetError`` for a file that is no such table, ``OSError`` for one not there.
    """
    grid = csv_rows(decode(_table(read_bytes(path))))
    columns = _columns(grid)
    seen: dict[str, list[NameRow]] = {}
    for number, cells in grid:
        texts = {field: cells[at].text.strip() if at < len(cells) else "" for field, at in columns.items()}
        if not any(cell.text.strip() for cell in cells):
            continue
        row = _name_row(number, texts)
        if isinstance(row, NameRow):
            row = _once(row, seen.setdefault(row.code, []))
        yield row


def _table(data: bytes) -> bytes:
    if not is_zip(data):
        return data
    tables = [part for name, part in zip_parts(data).items() if name.lower().endswith((".csv", ".txt", ".tsv"))]
    if len(tables) != 1:
        raise SheetError(
            f"В архиве должен быть один файл CSV, а найдено: {len(tables)}",
            f"The archive must hold one CSV file, it holds {len(tables)}",
        )
    return tables[0]


def _columns(grid: Grid) -> dict[str, int]:
    for number, cells in grid:
        columns = find_columns(cells, _HEADERS)
        if {"code", "name"} <= columns.keys():
            return columns
        if number >= HEADER_ROWS:
            break
    raise SheetError(
        "В файле нет строки заголовков с кодом и наименованием (например: код, наименование)",
        "The file has no header row with a code and a name (for instance: code, name)",
    )


def _name_row(number: int, texts: dict[str, str]) -> NameRow | BadRow:
    try:
        code = normalise(texts["code"])
    except CodeError as error:
        return BadRow(number, "code", texts["code"][:100], error.text)
    for field in ("name", "name_en"):
        value = texts.get(field, "")
        if len(value) > MAX_NAME:
            return _bad(number, field, value, f"длиннее {MAX_NAME} знаков", f"longer than {MAX_NAME} characters")
    if not texts["name"]:
        return _bad(number, "name", "", "нет наименования", "there is no name")
    days: dict[str, date | None] = {}
    for field in ("from", "to"):
        try:
            days[field] = _day(texts.get(field, ""))
        except ValueError:
            return _bad(
                number,
                field,
                texts[field],
                "дата пишется ДД.ММ.ГГГГ или ГГГГ-ММ-ДД",
                "a date is written DD.MM.YYYY or YYYY-MM-DD",
            )
    first, last = days["from"], days["to"]
    if first and last and last < first:
        return _bad(number, "to", texts["to"], "окончание раньше начала", "it ends before it begins")
    return NameRow(number, code, texts["name"], texts.get("name_en") or None, first, last)


def _once(row: NameRow, before: list[NameRow]) -> NameRow | BadRow:
    """A code may stand several times with periods that do not meet; on one day it has one name."""
    first, last = row.valid_from or date.min, row.valid_to or date.max
    for other in before:
        if first <= (other.valid_to or date.max) and (other.valid_from or date.min) <= last:
            return _bad(
                row.row,
                "code",
                row.code,
                f"этот код уже указан в строке {other.row} на те же дни",
                f"row {other.row} already gives this code for the same days",
            )
    before.append(row)
    return row


def _bad(number: int, cell: str, text: str, ru: str, en: str) -> BadRow:
    return BadRow(number, cell, text[:100], {"ru": ru, "en": en})


def _day(text: str) -> date | None:
    if not text:
        return None
    match = _DAY.fullmatch(text)
    if not match:
        raise ValueError(text)
    year, month, day = (match["y"] or match["yy"]), (match["m"] or match["mm"]), (match["d"] or match["dd"])
    return date(int(year), int(month), int(day))


__all__ = ["BadRow", "NameRow", "read_edition"]
