"""A table as an XLSX file (ECMA-376, transitional), written directly: few lines, fast, and the same bytes every time.

A library would write the time into the file, and take minutes over what takes seconds here. Pure.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from itertools import chain, islice
from typing import Final
from xml.sax.saxutils import escape
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
SHEET_ROWS: Final = 1_048_575
"""Rows below the head of one sheet; a longer table goes on in the next sheet."""
CELL_LENGTH: Final = 32_767
"""Characters that a cell holds."""

Cell = str | int | bool | date | None

_MAIN: Final = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATIONS: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE: Final = "http://schemas.openxmlformats.org/package/2006"
_DECLARATION: Final = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_DATE_STYLE, _HEAD_STYLE = 1, 2
_STYLES: Final = (
    f'{_DECLARATION}<styleSheet xmlns="{_MAIN}">'
    '<numFmts count="1"><numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd"/></numFmts>'
    '<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>'
    '<font><b/><sz val="11"/><name val="Calibri"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill>'
    '</fills><borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
    '<cellXfs count="3"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
    '<xf numFmtId="164" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
    '<xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1"/></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
)
_DAY_ZERO: Final = date(1899, 12, 30).toordinal()
_NOT_XML: Final = re.compile("[^\t\n\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_LOOKS_ESCAPED: Final = re.compile("_(?=x[0-9A-Fa-f]{4}_)")


def xlsx(
    head: Sequence[str], widths: Sequence[int], rows: Iterable[Sequence[Cell]], *, title: str, author: str, at: datetime
) -> bytes:
    """A workbook named ``title``: one table under ``head``, on as many sheets as it needs; ``at`` (UTC) is its time.

    A text is always a text, never a formula; dates are dates. A text longer than ``CELL_LENGTH`` is an error of the
    caller (``ValueError``).
    """
    out = io.BytesIO()
    with ZipFile(out, "w") as archive:
        names = list(_sheets(archive, head, widths, iter(rows)))
        _put(archive, "[Content_Types].xml", _content_types(len(names)))
        _put(archive, "_rels/.rels", _root_relations())
        _put(archive, "docProps/core.xml", _core(title, author, at))
        _put(archive, "xl/workbook.xml", _workbook(names))
        _put(archive, "xl/_rels/workbook.xml.rels", _workbook_relations(len(names)))
        _put(archive, "xl/styles.xml", _STYLES)
    return out.getvalue()


def _put(archive: ZipFile, name: str, content: str) -> None:
    # A fixed time: the same table gives the same bytes.
    info = ZipInfo(name, (1980, 1, 1, 0, 0, 0))
    info.external_attr = 0o644 << 16
    archive.writestr(info, content, ZIP_DEFLATED, 6)


def _sheets(
    archive: ZipFile, head: Sequence[str], widths: Sequence[int], rows: Iterator[Sequence[Cell]]
) -> Iterator[str]:
    """Write the sheets and give their names: one at least, another for every ``SHEET_ROWS`` more rows."""
    number, first = 0, next(rows, None)
    while number == 0 or first is not None:
        number += 1
        part = () if first is None else chain([first], islice(rows, SHEET_ROWS - 1))
        _put(archive, f"xl/worksheets/sheet{number}.xml", _sheet(head, widths, part))
        yield "measures" if number == 1 else f"measures {number}"
        first = next(rows, None)


def _sheet(head: Sequence[str], widths: Sequence[int], rows: Iterable[Sequence[Cell]]) -> str:
    letters = [_letters(place) for place in range(1, len(head) + 1)]
    columns = "".join(
        f'<col min="{place}" max="{place}" width="{width}" customWidth="1"/>'
        for place, width in enumerate(widths, start=1)
    )
    parts = [
        f'{_DECLARATION}<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0">'
        '<pane xSplit="1" ySplit="1" topLeftCell="B2" activePane="bottomRight" state="frozen"/>'
        "</sheetView></sheetViews>"
        f'<cols>{columns}</cols><sheetData><row r="1">',
        *(_text(f"{letter}1", name, _HEAD_STYLE) for letter, name in zip(letters, head, strict=True)),
        "</row>",
    ]
    number = 1
    for number, row in enumerate(rows, start=2):
        cells = [_cell(f"{letter}{number}", value) for letter, value in zip(letters, row, strict=True)]
        parts.append(f'<row r="{number}">{"".join(cells)}</row>')
    parts.append(f'</sheetData><autoFilter ref="A1:{letters[-1]}{number}"/></worksheet>')
    return "".join(parts)


def _cell(place: str, value: Cell) -> str:
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return f'<c r="{place}" t="b"><v>{int(value)}</v></c>'
    if isinstance(value, int):
        return f'<c r="{place}"><v>{value}</v></c>'
    if isinstance(value, date):
        return f'<c r="{place}" s="{_DATE_STYLE}"><v>{value.toordinal() - _DAY_ZERO}</v></c>'
    return _text(place, value)


def _text(place: str, text: str, style: int = 0) -> str:
    if len(text) > CELL_LENGTH:
        raise ValueError(f"cell {place}: {len(text)} characters, at most {CELL_LENGTH} are possible")
    clean = _NOT_XML.sub("\ufffd", text.replace("\r\n", "\n"))
    # Spreadsheet programs read _x0041_ as A; an escaped underscore stays one.
    shown = escape(_LOOKS_ESCAPED.sub("_x005F_", clean))
    styled = f' s="{style}"' if style else ""
    return f'<c r="{place}"{styled} t="inlineStr"><is><t xml:space="preserve">{shown}</t></is></c>'


def _letters(place: int) -> str:
    """The name of a column: A, …, Z, AA, …"""
    name = ""
    while place:
        place, rest = divmod(place - 1, 26)
        name = chr(ord("A") + rest) + name
    return name


def _content_types(sheets: int) -> str:
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    parts = {
        "/xl/workbook.xml": f"{kind}.sheet.main+xml",
        "/xl/styles.xml": f"{kind}.styles+xml",
        "/docProps/core.xml": "application/vnd.openxmlformats-package.core-properties+xml",
        **{f"/xl/worksheets/sheet{number}.xml": f"{kind}.worksheet+xml" for number in range(1, sheets + 1)},
    }
    overrides = "".join(f'<Override PartName="{name}" ContentType="{type_}"/>' for name, type_ in parts.items())
    return (
        f'{_DECLARATION}<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Default Extension="xml" ContentType="application/xml"/>{overrides}</Types>'
    )


def _relations(targets: Iterable[tuple[str, str]]) -> str:
    items = "".join(
        f'<Relationship Id="rId{number}" Type="{type_}" Target="{target}"/>'
        for number, (type_, target) in enumerate(targets, start=1)
    )
    return f'{_DECLARATION}<Relationships xmlns="{_PACKAGE}/relationships">{items}</Relationships>'


def _root_relations() -> str:
    return _relations(
        [
            (f"{_RELATIONS}/officeDocument", "xl/workbook.xml"),
            (f"{_PACKAGE}/relationships/metadata/core-properties", "docProps/core.xml"),
        ]
    )


def _workbook_relations(sheets: int) -> str:
    found = [(f"{_RELATIONS}/worksheet", f"worksheets/sheet{number}.xml") for number in range(1, sheets + 1)]
    return _relations([*found, (f"{_RELATIONS}/styles", "styles.xml")])


def _workbook(names: Sequence[str]) -> str:
    sheets = "".join(
        f'<sheet name="{name}" sheetId="{number}" r:id="rId{number}"/>' for number, name in enumerate(names, start=1)
    )
    return f'{_DECLARATION}<workbook xmlns="{_MAIN}" xmlns:r="{_RELATIONS}"><sheets>{sheets}</sheets></workbook>'


def _core(title: str, author: str, at: datetime) -> str:
    moment = at.strftime("%Y-%m-%dT%H:%M:%SZ")
    return (
        f'{_DECLARATION}<cp:coreProperties xmlns:cp="{_PACKAGE}/metadata/core-properties"'
        ' xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/"'
        ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        f"<dc:title>{escape(title)}</dc:title><dc:creator>{escape(author)}</dc:creator>"
        f'<dcterms:created xsi:type="dcterms:W3CDTF">{moment}</dcterms:created>'
        f'<dcterms:modified xsi:type="dcterms:W3CDTF">{moment}</dcterms:modified></cp:coreProperties>'
    )
