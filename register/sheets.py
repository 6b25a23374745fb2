"""Files that clerks have: CSV and XLSX as rows of text, read within fixed bounds and never unpacked to disk.

Rows are numbered as a spreadsheet numbers them: the first row of the file is 1. Pure: no database, no web.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import python_calamine

MAX_FILE: Final = 64 * 1024 * 1024
"""Bytes of a file as it lies on disk."""
MAX_UNPACKED: Final = 256 * 1024 * 1024
"""Bytes of all parts of a ZIP or XLSX together, unpacked."""
MAX_PARTS: Final = 2000
HEADER_ROWS: Final = 20
"""Rows at the top of a sheet among which the row of headers is looked for."""

_DELIMITERS: Final = (",", ";", "\t")
_CHUNK: Final = 1024 * 1024
_CYRILLIC: Final = re.compile("[А-Яа-яЁё]")
_VOWEL: Final = re.compile("[аеёиоуыэюяАЕЁИОУЫЭЮЯ]")
# What a Russian text decoded by the wrong code page is full of, and a right one has no use for.
_FOREIGN: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9fЂЃѓЉЊЋЏђљњћџЅѕЈјҐґЇїЄє]")


class SheetError(ValueError):
    """A file that cannot be read as a table: ``text`` says why in Russian and English."""

    def __init__(self, ru: str, en: str) -> None:
        super().__init__(f"{ru} / {en}")
        self.text: dict[str, str] = {"ru": ru, "en": en}


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell as a person sees it; ``number`` says that the spreadsheet holds a number, not a text."""

    text: str
    number: bool = False


Grid = Iterator[tuple[int, list[Cell]]]


def read_bytes(path: Path) -> bytes:
    """The bytes of a file. Raises ``SheetError`` for one above ``MAX_FILE``, ``OSError`` for one that is not there."""
    with path.open("rb") as file:
        data = file.read(MAX_FILE + 1)
    if len(data) > MAX_FILE:
        raise SheetError(
            f"Файл больше допустимого размера: {MAX_FILE // 2**20} МБ",
            f"The file is larger than {MAX_FILE // 2**20} MB",
        )
    return data


def is_zip(data: bytes) -> bool:
    """Whether the bytes are a ZIP archive, which an XLSX workbook is too."""
    return data.startswith(b"PK\x03\x04")


def zip_parts(data: bytes) -> dict[str, bytes]:
    """The files in an archive by name, in memory, together no more than ``MAX_UNPACKED`` bytes.

    The sizes that the archive states are not believed: the bytes are counted as they come. Raises ``SheetError``.
    """
    parts: dict[str, bytes] = {}
    left = MAX_UNPACKED
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if len(archive.infolist()) > MAX_PARTS:
                raise SheetError(f"В архиве больше {MAX_PARTS} файлов", f"The archive has more than {MAX_PARTS} files")
            for info in archive.infolist():
                if not info.is_dir():
                    parts[info.filename] = _unpacked(archive, info, left)
                    left -= len(parts[info.filename])
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, UnicodeError) as error:
        raise SheetError(f"Архив повреждён или зашифрован: {error}", f"A broken or locked archive: {error}") from error
    return parts


def _unpacked(archive: zipfile.ZipFile, info: zipfile.ZipInfo, left: int) -> bytes:
    pieces: list[bytes] = []
    with archive.open(info) as part:
        while piece := part.read(_CHUNK):
            left -= len(piece)
            if left < 0:
                limit = MAX_UNPACKED // 2**20
                raise SheetError(f"В распакованном виде больше {limit} МБ", f"More than {limit} MB when unpacked")
            pieces.append(piece)
    return b"".join(pieces)


def decode(data: bytes) -> str:
    """The text of a file: UTF-8 with or without a mark, else Windows-1251 if that gives a Russian text.

    Raises ``SheetError`` when neither does; nothing is replaced or dropped.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("cp1251", errors="surrogateescape")
        if not _is_russian(text):
            raise SheetError(
                "Кодировка файла не распознана: нужна UTF-8 или Windows-1251",
                "The encoding of the file is not known: UTF-8 or Windows-1251 is needed",
            ) from None
    if "\x00" in text:
        raise SheetError("Файл не является текстовым", "The file is no text file")
    return text


def _is_russian(text: str) -> bool:
    letters = len(_CYRILLIC.findall(text))
    foreign = len(_FOREIGN.findall(text)) * 50 > letters or re.search("[\ud800-\udfff]", text)
    # Every other code page puts other letters in the place of the vowels, which make up 42 % of Russian print.
    return bool(letters) and not foreign and (letters < 40 or len(_VOWEL.findall(text)) > letters * 0.33)


def csv_rows(text: str) -> Grid:
    """The rows of a CSV text with ``,``, ``;`` or a tab between cells, whichever cuts most of the first rows.

    Raises ``SheetError`` for a quotation mark that is never closed and for a cell above 128 K characters.
    """
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    number = 0
    while True:
        try:
            row = next(reader, None)
        except csv.Error as error:
            raise SheetError(
                f"Строка {number + 1}: нарушен формат CSV ({error})", f"Row {number + 1}: broken CSV ({error})"
            ) from error
        if row is None:
            return
        number += 1
        yield number, [Cell(value) for value in row]


def _delimiter(text: str) -> str:
    # Cells are full of commas and semicolons of their own, headers are not: the widest header row decides.
    top = [re.sub(r'"[^"]*"', "", line) for line in text[:_CHUNK].splitlines()[:HEADER_ROWS]]
    return max(_DELIMITERS, key=lambda sign: max((line.count(sign) for line in top), default=0))


def xlsx_sheets(data: bytes) -> Iterator[tuple[str, Grid]]:
    """The visible sheets of a workbook, each with its rows; a merged cell stands in each of its rows.

    The workbook is packed anew from counted parts first, so that no stated size is believed. Raises ``SheetError``.
    """
    safe = io.BytesIO()
    with zipfile.ZipFile(safe, "w", zipfile.ZIP_STORED) as archive:
        for name, part in zip_parts(data).items():
            archive.writestr(name, part)
    safe.seek(0)
    try:
        with python_calamine.load_workbook(safe) as workbook:
            for meta in workbook.sheets_metadata:
                visible = meta.visible == python_calamine.SheetVisibleEnum.Visible
                if visible and meta.typ == python_calamine.SheetTypeEnum.WorkSheet:
                    yield meta.name, _sheet_rows(workbook.get_sheet_by_name(meta.name))
    except python_calamine.CalamineError as error:
        raise SheetError(f"Книга XLSX не читается: {error}", f"The XLSX workbook cannot be read: {error}") from error


def _sheet_rows(sheet: python_calamine.CalamineSheet) -> Grid:
    rows = sheet.to_python(skip_empty_area=False)
    for (top, left), (bottom, _) in sheet.merged_cell_ranges or []:
        for at in range(top + 1, min(bottom + 1, len(rows))):
            if left < len(rows[at]) and left < len(rows[top]):
                rows[at][left] = rows[top][left]
    for number, row in enumerate(rows, start=1):
        yield number, [_cell(value) for value in row]


def _cell(value: Any) -> Cell:
    if isinstance(value, str):
        return Cell(value)
    if isinstance(value, bool):
        return Cell("да" if value else "нет")
    if isinstance(value, int | float):
        return Cell(_number(value), number=True)
    if isinstance(value, datetime) and value.time() != time():
        return Cell(value.strftime("%d.%m.%Y %H:%M"))
    if isinstance(value, date):
        return Cell(value.strftime("%d.%m.%Y"))
    return Cell(str(value))


def _number(value: float) -> str:
    if float(value).is_integer():
        return str(int(value))
    return format(Decimal(repr(value)), "f").replace(".", ",")


def folded_header(text: str) -> str:
    """A header in small letters and single blanks, without signs, «ё» as «е»: «№ п/п» is «номер п п»."""
    return " ".join(re.findall(r"\w+", text.casefold().replace("ё", "е").replace("№", "номер ").replace("_", " ")))


def find_columns(row: list[Cell], names: Mapping[str, tuple[str, ...]]) -> dict[str, int]:
    """Which column holds which field, by headers; an exact header wins over one that begins with a known name."""
    headers = [folded_header(cell.text) for cell in row]
    columns: dict[str, int] = {}
    for exact in (True, False):
        for place, header in enumerate(headers):
            field = _field_of(header, names, exact)
            if field and field not in columns and place not in columns.values():
                columns[field] = place
    return columns


def _field_of(header: str, names: Mapping[str, tuple[str, ...]], exact: bool) -> str | None:
    for field, known in names.items():
        if header in known or (not exact and any(header.startswith(f"{name} ") for name in known)):
            return field
    return None
