"""A notified table as rows of named cells, from CSV or XLSX, each cell the text that a person sees.

Pure: no database, no web.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from register.sheets import (
    HEADER_ROWS,
    Cell,
    Grid,
    SheetError,
    csv_rows,
    decode,
    find_columns,
    is_zip,
    read_bytes,
    xlsx_sheets,
)

FIELDS: Final = ("state", "year", "number", "kind", "goods", "codes", "term", "basis", "protocol")
NEEDED: Final = frozenset(("state", "kind", "codes", "term"))
"""Columns without which a sheet is no table of measures."""

_HEADERS: Final = {
    "state": ("state", "государство", "государство член", "страна"),
    "year": ("year", "год"),
    "number": ("number", "номер", "номер п п", "п п", "номер меры"),
    "kind": ("kind", "вид меры", "вид мер", "мера", "меры", "наименование меры", "вид ограничения"),
    "goods": ("goods", "товар", "товары", "наименование товара", "наименование товаров", "описание товара"),
    "codes": ("codes", "code", "код", "коды", "код тн вэд", "коды тн вэд", "код товара", "коды товаров"),
    "term": ("term", "срок", "сроки", "срок действия", "сроки действия", "период действия", "срок введения"),
    "basis": ("basis", "основание", "правовое основание", "нормативный правовой акт", "нпа", "акт", "правовой акт"),
    "protocol": ("protocol", "протокол", "протоколы", "номер протокола"),
}


@dataclass(frozen=True, slots=True)
class TableRow:
    """A row of a notified table: its number in the file, its cells by field, and what is odd about its form.

    ``numeric`` names the cells that the spreadsheet holds as numbers, ``beyond`` is the text of cells that stand
    under no header at all.
    """

    number: int
    cells: Mapping[str, str]
    numeric: frozenset[str] = frozenset()
    beyond: str = ""


def read_table(path: Path) -> Iterator[TableRow]:
    """The rows of a CSV file, or of the first sheet of an XLSX workbook that has a row of known headers.

    Columns may stand in any order, under the predecessor's names or Russian ones. Rows with nothing in them, or with
    the numbers of the columns, are left out. Raises ``SheetError`` for a file that is no such table, ``OSError`` for
    one that is not there.
    """
    data = read_bytes(path)
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        raise SheetError(
            "Старый формат XLS не читается: сохраните книгу как XLSX или CSV",
            "The old XLS format is not read: save the workbook as XLSX or CSV",
        )
    grids = [csv_rows(decode(data))] if not is_zip(data) else (grid for _, grid in xlsx_sheets(data))
    for grid in grids:
        if header := _header(grid):
            columns, width = header
            yield from _rows(grid, columns, width)
            return
    raise SheetError(
        "Нет строки заголовков таблицы мер: нужны столбцы «state», «kind», «codes», «term» "
        "(государство, вид меры, код ТН ВЭД, срок действия)",
        "No header row of a table of measures: the columns state, kind, codes and term are needed",
    )


def _header(grid: Grid) -> tuple[dict[str, int], int] | None:
    for number, cells in grid:
        columns = find_columns(cells, _HEADERS)
        if columns.keys() >= NEEDED:
            return columns, len(cells)
        if number >= HEADER_ROWS:
            break
    return None


def _rows(grid: Grid, columns: Mapping[str, int], width: int) -> Iterator[TableRow]:
    for number, cells in grid:
        filled = [text for cell in cells if (text := cell.text.strip())]
        # Official forms number their columns in a row of their own under the headers: 1, 2, 3 …
        if not filled or (len(filled) > 2 and filled == [str(place) for place in range(1, len(filled) + 1)]):
            continue
        known = {field: cells[at] if at < len(cells) else Cell("") for field, at in columns.items()}
        yield TableRow(
            number,
            {field: known[field].text.strip() if field in known else "" for field in FIELDS},
            frozenset(field for field, cell in known.items() if cell.number),
            " ".join(cell.text.strip() for cell in cells[width:]).strip(),
        )
