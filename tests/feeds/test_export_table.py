"""The workbook: the same table as the CSV, as any reader of XLSX opens it, and the same bytes every time."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime
from typing import Any

import openpyxl
import pytest
from python_calamine import CalamineWorkbook

from feeds import workbook as workbook_file
from feeds.table import COLUMNS, table, workbook
from register.index import Register
from tests.feeds.helpers import Site
from tests.register.synthetic import build, record, spread

TODAY = date(2026, 8, 15)
GOODS = [
    {
        "line": 1,
        "code_from": "0101",
        "excluded": [{"code_from": "010121"}],
        "description": {"ru": "Лошади", "en": None},
    },
    {"line": 2, "code_from": "7204", "code_to": "7205", "partial": True, "valid_to": "2026-09-01"},
]


def opened(content: bytes) -> list[dict[str, Any]]:
    """The rows of every sheet, by the heads."""
    found = []
    for sheet in openpyxl.load_workbook(io.BytesIO(content)).worksheets:
        head, *rows = sheet.iter_rows(values_only=True)
        assert tuple(head) == COLUMNS
        found += [dict(zip(COLUMNS, row, strict=True)) for row in rows]
    return found


def as_csv(value: Any) -> str:
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def lines(register: Register) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(table(register, TODAY).decode("utf-8-sig"), newline="")))


def test_the_workbook_says_what_the_csv_says() -> None:
    register = build([record("KG-2020-001", goods=GOODS, transport=["road", "rail"]), *spread(40)])
    content = workbook(register, TODAY)
    found = opened(content)
    assert [{name: as_csv(value) for name, value in row.items()} for row in found] == lines(register)
    assert found[0]["code_from"] == "0101"
    assert found[1]["partial"] is True
    assert found[1]["valid_to"] == datetime(2026, 9, 1)
    other = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()
    assert len(other) == len(found) + 1
    assert other[1][COLUMNS.index("code_from")] == "0101"
    assert other[1][COLUMNS.index("effective_from")] == date(2026, 8, 1)


@pytest.mark.parametrize("text", ["=1+1", "+1", "#N/A", "<&>\"'", "a\nb", "_x0041_", "2026-01-01", "0101", "𝄞"])
def test_a_text_is_the_text_that_it_is(text: str) -> None:
    (row,) = opened(workbook(build([record("KG-2026-001", title={"ru": "Запрет", "en": text})]), TODAY))
    assert row["title_en"] == text.replace("_x0041_", "_x005F_x0041_")


def test_what_xml_cannot_hold_is_replaced() -> None:
    (row,) = opened(workbook(build([record("KG-2026-001", title={"ru": "a\x01b\r\nc", "en": None})]), TODAY))
    assert row["title_ru"] == "a\ufffdb\nc"


def test_a_text_too_long_for_a_cell_says_so() -> None:
    excluded = [
        {"code_from": f"01{number:08}", "code_to": f"01{number + 1:08}", "partial": True}
        for number in range(0, 2000, 2)
    ]
    goods = [{"line": 1, "code_from": "01", "excluded": excluded}]
    register = build([record("KG-2026-001", goods=goods)])
    (whole,) = lines(register)
    (row,) = opened(workbook(register, TODAY))
    assert len(whole["excluded"]) > workbook_file.CELL_LENGTH == len(row["excluded"])
    assert row["excluded"].endswith("measures.json)")
    assert whole["excluded"].startswith(row["excluded"].partition(" … ")[0])
    with pytest.raises(ValueError, match="A2"):
        workbook_file.xlsx(["a"], [1], [[whole["excluded"]]], title="", author="", at=datetime(2026, 1, 1, tzinfo=UTC))


def test_a_long_table_goes_on_in_another_sheet(monkeypatch: pytest.MonkeyPatch) -> None:
    register = build(spread(30))
    whole = opened(workbook(register, TODAY))
    monkeypatch.setattr(workbook_file, "SHEET_ROWS", len(whole) // 2)
    parted = workbook(register, TODAY)
    sheets = openpyxl.load_workbook(io.BytesIO(parted)).sheetnames
    assert sheets == [f"measures {number}" if number > 1 else "measures" for number in range(1, len(sheets) + 1)]
    assert len(sheets) == 2 + len(whole) % 2
    assert opened(parted) == whole


def test_the_same_register_gives_the_same_bytes() -> None:
    first, second = build(spread(20)), build(spread(20))
    assert workbook(first, TODAY) == workbook(second, TODAY)
    properties = openpyxl.load_workbook(io.BytesIO(workbook(first, TODAY))).properties
    assert properties.modified == first.recorded_at(20).replace(tzinfo=None)
    assert properties.creator == "Евразийская экономическая комиссия"
    assert opened(workbook(build([]), TODAY)) == []


@pytest.mark.anyio
async def test_over_http(site: Site) -> None:
    await site.fill()
    for path, type_ in (
        ("/measures.csv", "text/csv; charset=utf-8"),
        ("/measures.xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        ("/measures.json", "application/json"),
    ):
        response = await site.get(path)
        assert response.status_code == 200
        assert response.headers["content-type"] == type_
        assert response.headers["etag"].startswith('"6-')
        assert (await site.get(path, If_None_Match=response.headers["etag"])).status_code == 304
        packed = await site.get(path, Accept_Encoding="gzip")
        assert packed.headers["content-encoding"] == "gzip"
        assert packed.content == response.content
        assert (await site.get(f"{path}?x=1")).status_code == 422
    assert (await site.get("/measures.json")).content == (await site.get("/api/v1/snapshot")).content
    assert (await site.get("/measures.json?known_at=2")).json()["seq"] == 2
    assert len(opened((await site.get("/measures.xlsx")).content)) == 6
    site.clock.move(days=40)
    later = opened((await site.get("/measures.xlsx")).content)
    assert {row["status"] for row in later if row["id"] == "KZ-2026-001"} == {"in_force"}
