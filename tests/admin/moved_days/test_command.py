"""``register moved-days FILE``: a year from a CSV file, all of it or nothing."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

from admin.cli import main
from admin.moved_days.reading import read_rows
from consultations.moved_days import Kept, read
from consultations.working_days import MovedDay, SettledYear
from register.database import open_database
from register.sheets import SheetError
from tests.conftest import run_apart

HEAD = "calendar;day;kind;source;source_date\n"
YEAR = HEAD + (
    "BY;04.01.2027;off;Постановление № 700;01.10.2025\n"
    "by;2027-01-16;working;Постановление № 700;2025-10-01\n\n"
    "BY;2027;complete;Постановление № 700;01.10.2025\n"
)


def written(tmp_path: Path, text: str, encoding: str = "utf-8") -> Path:
    path = tmp_path / "days.csv"
    path.write_bytes(text.encode(encoding))
    return path


def test_a_file_is_read_as_it_stands(tmp_path: Path) -> None:
    rows = read_rows(written(tmp_path, YEAR))
    source = ("Постановление № 700", date(2025, 10, 1))
    assert rows.given == [
        MovedDay("BY", date(2027, 1, 4), False, *source),
        MovedDay("BY", date(2027, 1, 16), True, *source),
        SettledYear("BY", 2027, *source),
    ]
    assert rows.places == ["/rows/2", "/rows/3", "/rows/5"]
    assert rows.faults == []


@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp1251"])
def test_russian_headers_and_words_and_whatever_excel_writes(tmp_path: Path, encoding: str) -> None:
    text = "Календарь,День,Вид дня,Основание,Дата основания\nRU,2028-01-10,выходной,Постановление,2026-09-01\n"
    rows = read_rows(written(tmp_path, text, encoding))
    assert rows.given == [MovedDay("RU", date(2028, 1, 10), False, "Постановление", date(2026, 9, 1))]


@pytest.mark.parametrize(
    ("row", "pointers"),
    [
        ("BY;2027-02-30;off;П;2026-01-01", ["/rows/2/day"]),
        ("BY;;;П;", ["/rows/2/kind", "/rows/2/source_date", "/rows/2/day"]),
        ("BY;2027-01-04;complete;П;2026-01-01", ["/rows/2/day"]),
        ("BY;2027;off;П;2026-01-01", ["/rows/2/day"]),
        ("BY;2027-01-04;maybe;П;2026-01-01", ["/rows/2/kind"]),
        ("BY;2027-01-04", ["/rows/2/kind", "/rows/2/source_date"]),
    ],
)
def test_what_cannot_be_read_is_named_by_row_and_column(tmp_path: Path, row: str, pointers: list[str]) -> None:
    found = read_rows(written(tmp_path, f"{HEAD}{row}\n"))
    assert [fault.pointer for fault in found.faults] == pointers
    assert all(all(fault.text.values()) for fault in found.faults)
    assert found.given == []


@pytest.mark.parametrize("text", ["", HEAD, "calendar;day\nBY;2027-01-04\n", "PK\x03\x04"])
def test_what_is_no_such_table_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(SheetError):
        read_rows(written(tmp_path, text))


@pytest.fixture
def environment(database_url: str, tmp_path: Path) -> dict[str, str]:
    return {"REGISTER_DATABASE_URL": database_url, "REGISTER_DATA_DIR": str(tmp_path / "data")}


def kept(url: str) -> Kept:
    async def work() -> Kept:
        async with open_database(url) as database:
            return await read(database)

    found: Kept = run_apart(work())
    return found


def test_the_command_enters_a_year_once(environment: dict[str, str], database_url: str, tmp_path: Path) -> None:
    path = str(written(tmp_path, YEAR))
    done = CliRunner().invoke(main, ["moved-days", path], env=environment)
    assert (done.exit_code, done.output) == (0, "Entered: 2 days, 1 complete years\n")
    found = kept(database_url)
    assert [(one.day.isoformat(), one.working) for one, _ in found.days] == [
        ("2027-01-04", False),
        ("2027-01-16", True),
    ]
    assert {entered.name for _, entered in [*found.days, *found.years]} == {"command line"}
    again = CliRunner().invoke(main, ["moved-days", path, "--language", "ru"], env=environment)
    assert again.exit_code == 1
    assert "строка 2, day: 04.01.2027 в этом календаре уже внесён" in again.output
    assert kept(database_url) == found


def test_the_command_refuses_a_file_with_one_bad_row(
    environment: dict[str, str], database_url: str, tmp_path: Path
) -> None:
    path = written(tmp_path, f"{YEAR}US;2027-01-05;off;П;2025-01-01\n")
    done = CliRunner().invoke(main, ["moved-days", str(path)], env=environment)
    assert done.exit_code == 1
    assert "row 6, calendar: The calendar is one of AM, BY, KZ, KG, RU, EEC." in done.output
    assert kept(database_url).revision == 0
