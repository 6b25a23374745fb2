"""Reading notified measures from CSV, XLSX and JSON, and what each row comes to."""

import csv
import io
import json
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from register import sheets
from register.intake import (
    Candidate,
    Held,
    JsonRow,
    Ready,
    Refused,
    TableRow,
    candidate,
    json_candidate,
    read_json,
    read_table,
)
from register.intake.table import FIELDS
from register.measures import Printed
from register.sheets import SheetError

INCLUDED = date(2026, 8, 30)

ROW = {
    "state": "KG",
    "year": "2026",
    "number": "21",
    "kind": "Временный запрет на вывоз",
    "goods": "Известняк-ракушечник",
    "codes": "2515 11 000 0",
    "term": "с 08.09.2026 до 08.03.2027",
    "basis": "Постановление Кабинета Министров Кыргызской Республики от 27.08.2026 № 587",
    "protocol": "",
}
RECORD: dict[str, Any] = {
    "state": "KG",
    "kind": "export_prohibition",
    "title": {"ru": "Известняк-ракушечник"},
    "goods": [{"code_from": "2515 11 000 0"}],
    "effective_from": "2026-09-08",
}


def row(**cells: str) -> TableRow:
    return TableRow(2, {**ROW, **cells})


def taken(found: Candidate) -> Ready:
    assert isinstance(found, Ready), found
    return found


def held(found: Candidate) -> Held:
    assert isinstance(found, Held), found
    return found


def refused(found: Candidate) -> Refused:
    assert isinstance(found, Refused), found
    return found


def table(path: Path, *rows: Mapping[str, str], header: Sequence[str] = FIELDS) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, header)
        writer.writeheader()
        writer.writerows(rows)
    return path


def workbook(path: Path, *rows: Iterable[Any], merge: str | None = None, before: str | None = None) -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    if before is not None:
        sheet.title = before
        sheet = book.create_sheet("Меры")
    for values in rows:
        sheet.append(list(values))
    if merge:
        sheet.merge_cells(merge)
    book.save(path)
    return path


# Reading tables


def test_the_predecessors_columns_are_read(tmp_path: Path) -> None:
    [read] = read_table(table(tmp_path / "t.csv", ROW))
    assert read == TableRow(2, ROW)


def test_russian_headers_in_any_order_are_read(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(
        "Перечень мер;;;;;;\n"
        "№ п/п;Государство-член;Код ТН ВЭД ЕАЭС;Наименование товара;Вид меры;Срок действия;Нормативный правовой акт\n"
        ";;;;;;\n"
        "1;2;3;4;5;6;7\n"
        "7;Кыргызская Республика;2515;Известняк;Временный запрет на вывоз;с 08.09.2026 до 08.03.2027;Акт\n".encode(
            "cp1251"
        )
    )
    [read] = read_table(path)
    assert read.number == 5
    assert read.cells == {
        "state": "Кыргызская Республика",
        "year": "",
        "number": "7",
        "kind": "Временный запрет на вывоз",
        "goods": "Известняк",
        "codes": "2515",
        "term": "с 08.09.2026 до 08.03.2027",
        "basis": "Акт",
        "protocol": "",
    }
    assert taken(candidate(TableRow(4, {**read.cells, "basis": ROW["basis"]}), INCLUDED)).notified.state == "KG"


def test_a_workbook_gives_what_a_person_sees(tmp_path: Path) -> None:
    path = workbook(
        tmp_path / "t.xlsx",
        ("Перечень", None),
        FIELDS,
        ("KG", 2026, 21.0, "Временный запрет на вывоз", "Камень", 2515110000.0, datetime(2026, 9, 8), "Акт", None),
        (None,) * 9,
        ("KG", 2026, 22, "x", True, 1161.5, datetime(2026, 9, 8, 10, 30), "", ""),
        before="Обложка",
    )
    first, second = read_table(path)
    assert (first.number, second.number) == (3, 5)
    assert first.cells["codes"] == "2515110000"
    assert (first.cells["year"], first.cells["number"], first.cells["term"]) == ("2026", "21", "08.09.2026")
    assert first.numeric == {"year", "number", "codes"}
    assert (second.cells["goods"], second.cells["codes"], second.cells["term"]) == ("да", "1161,5", "08.09.2026 10:30")


def test_a_merged_cell_stands_in_each_of_its_rows(tmp_path: Path) -> None:
    cells: list[list[Any]] = [[ROW[field] for field in FIELDS]]
    cells.append([ROW[field] if field != "term" else None for field in FIELDS])
    path = workbook(tmp_path / "t.xlsx", FIELDS, *cells, merge="G2:G3")
    assert [read.cells["term"] for read in read_table(path)] == [ROW["term"]] * 2


def test_a_number_that_may_have_lost_its_zero_is_held(tmp_path: Path) -> None:
    values = {**ROW, "codes": 901110001}
    path = workbook(tmp_path / "t.xlsx", FIELDS, [values[field] for field in FIELDS])
    [read] = read_table(path)
    [doubt] = [doubt for doubt in held(candidate(read, INCLUDED)).doubts if doubt.rule == "sheet.number"]
    assert (doubt.cell, doubt.text) == ("codes", "901110001")
    # The same digits as text are a code of nine digits and no matter for a clerk.
    assert isinstance(candidate(TableRow(2, read.cells), INCLUDED), Ready)


def test_a_workbook_that_lies_about_its_size_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "MAX_UNPACKED", 2**20)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", b" " * 2**21)
    path = tmp_path / "t.xlsx"
    path.write_bytes(packed.getvalue())
    with pytest.raises(SheetError, match="More than 1 MB"):
        list(read_table(path))
    path.write_bytes(packed.getvalue().replace((2**21).to_bytes(4, "little"), (10).to_bytes(4, "little")))
    with pytest.raises(SheetError):
        list(read_table(path))


@pytest.mark.parametrize(
    "data", [b"", b"a,b\n1,2\n", b"PK\x03\x04rubbish", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"\xff\x00\xff"]
)
def test_what_is_no_table_is_refused_in_both_languages(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(data)
    with pytest.raises(SheetError) as fault:
        list(read_table(path))
    assert fault.value.text["ru"]
    assert fault.value.text["en"]


def test_cells_beyond_the_header_are_held(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    line = ",".join(f'"{ROW[field]}"' for field in FIELDS)
    path.write_text(f"{','.join(FIELDS)}\n{line},7204\n", encoding="utf-8")
    [read] = read_table(path)
    [doubt] = held(candidate(read, INCLUDED)).doubts
    assert (doubt.rule, doubt.text) == ("sheet.beyond", "7204")


# From a row to a candidate


def test_a_whole_row_is_ready() -> None:
    found = taken(candidate(row(), INCLUDED))
    notified = found.notified
    assert found.wished == (2026, 21)
    assert (notified.state, notified.kind, notified.title.ru) == ("KG", "export_prohibition", "Известняк-ракушечник")
    assert (notified.effective_from, notified.effective_to) == (date(2026, 9, 8), date(2027, 3, 8))
    assert notified.included_on == INCLUDED
    [line], [act] = notified.goods, notified.acts
    assert (line.code_from, line.partial) == ("2515110000", False)
    assert line.description is not None
    assert line.description.ru == "Известняк-ракушечник"
    assert (act.role, act.number, act.issuer) == ("introduces", "587", "Кабинет Министров Кыргызской Республики")
    assert notified.printed is not None
    assert notified.printed.model_dump() == {name: ROW.get(name) or None for name in Printed.model_fields}
    assert found.remarks == ()


def test_inclusion_may_be_taken_as_the_first_day_in_force() -> None:
    assert taken(candidate(row(), "effective")).notified.included_on == date(2026, 9, 8)


@pytest.mark.parametrize("kind", ["Временный запрет на ввоз", "Временное ограничение (лицензирование) ввоза"])
def test_imports_only_are_refused_by_the_agreement(kind: str) -> None:
    [why] = refused(candidate(row(kind=kind), INCLUDED)).reasons
    assert (why.cell, why.rule, why.text) == ("kind", "A4(1)", kind)
    assert "ввоз" in why.reason["ru"]


def test_both_directions_are_taken_for_exports_and_say_so() -> None:
    found = taken(candidate(row(kind="Временный запрет на вывоз и ввоз"), INCLUDED))
    [condition] = found.notified.conditions
    assert condition.ru is not None
    assert "«Временный запрет на вывоз и ввоз»" in condition.ru
    assert [remark.rule for remark in found.remarks] == ["A4(1)"]


def test_transport_destination_and_suspension_are_on_the_record() -> None:
    found = taken(
        candidate(
            row(
                kind="Временный запрет на вывоз автомобильным транспортом (ограничения в государства- члены Союза)",
                term="с 08.09.2026 бессрочно действие приостановлено с 25.10.2026 до 01.11.2026",
            ),
            INCLUDED,
        )
    ).notified
    assert (found.transport, found.destination, found.effective_to) == (["road"], "all", None)
    assert [(s.from_, s.to) for s in found.suspensions] == [(date(2026, 10, 25), date(2026, 11, 1))]
    assert found.conditions[0].ru == "В уведомлении указано: «ограничения в государства- члены Союза»"


def test_acts_get_the_roles_that_the_term_shows() -> None:
    act = "Постановление Кабинета Министров Кыргызской Республики от"
    found = taken(
        candidate(
            row(
                term="с 09.07.2025 по 09.01.2026 прекращено с 09.12.2025",
                basis=f"{act} 21.06.2025 № 357 {act} 03.12.2025 № 777",
            ),
            "effective",
        )
    ).notified
    assert [act.role for act in found.acts] == ["introduces", "terminates"]
    assert found.effective_to == date(2025, 12, 8)
    assert found.status(date(2025, 12, 9)) == "terminated"


@pytest.mark.parametrize(
    ("cell", "text", "rule", "marked"),
    [
        ("codes", "7206 (кроме железа товарной позиции 7203)", "D6", "(кроме железа товарной позиции 7203)"),
        ("codes", "", "codes.empty", ""),
        ("term", "с 08.09.2026 до 08.03.2027 с 01.10.2026", "term.second_start", "с 01.10.2026"),
        ("term", "", "term.empty", ""),
        ("basis", "", "basis.empty", ""),
        ("basis", ROW["basis"].replace("587", "587-N"), "basis.latin_letter", "N"),
        ("kind", "Временный запрет", "kind.no_direction", ""),
        ("kind", "", "kind.empty", ""),
    ],
)
def test_a_doubt_in_a_cell_that_matters_holds_the_row(cell: str, text: str, rule: str, marked: str) -> None:
    found = held(candidate(row(**{cell: text}), INCLUDED))
    [doubt] = [doubt for doubt in found.doubts if doubt.rule == rule]
    assert (doubt.cell, doubt.text) == (cell, marked)
    assert text[doubt.start : doubt.end] == marked
    assert doubt.reason["ru"]
    assert doubt.reason["en"]
    assert found.draft["printed"]["codes"] == (ROW["codes"] if cell != "codes" else text or None)
    assert found.wished == (2026, 21)


def test_what_is_open_stays_open_in_the_draft() -> None:
    act = "Постановление Кабинета Министров Кыргызской Республики от"
    basis = f"{act} 21.06.2025 № 357 {act} 03.12.2025 № 777"
    draft = held(candidate(row(basis=basis, kind="Временный запрет", term="до 01.02.2027"), "effective")).draft
    assert [act["role"] for act in draft["acts"]] == ["introduces", None]
    assert (draft["effective_from"], draft["effective_to"], draft["included_on"]) == (None, "2027-02-01", None)


def test_a_protocol_is_no_doubt_and_its_words_are_a_remark() -> None:
    found = taken(candidate(row(protocol="Уведомление о принятии Постановления № 566 не поступало"), INCLUDED))
    [remark] = found.remarks
    assert (remark.cell, remark.rule) == ("protocol", "protocol.remark")
    [remark] = taken(candidate(row(protocol="Протокол № 6-AC/13 от 16.07.2026"), INCLUDED)).remarks[:1]
    assert remark.cell == "protocol"


@pytest.mark.parametrize(("state", "code"), [("KG", "KG"), ("Кыргызская Республика", "KG"), ("россия", "RU")])
def test_states_by_code_and_by_name(state: str, code: str) -> None:
    basis = ROW["basis"] if code == "KG" else "Приказ Министерства Российской Федерации от 27.08.2026 № 587"
    found = candidate(row(state=state, basis=basis), INCLUDED)
    assert not isinstance(found, Refused)
    assert (found.notified.state if isinstance(found, Ready) else found.draft["state"]) == code


def test_an_unknown_state_is_refused() -> None:
    [why] = refused(candidate(row(state="Эльдорадо"), INCLUDED)).reasons
    assert (why.cell, why.text) == ("state", "Эльдорадо")


@pytest.mark.parametrize(("year", "number"), [("26", "1"), ("2026", "1а"), ("2026", "0"), ("1026", "1"), ("", "5")])
def test_a_number_that_cannot_be_read_is_no_wish(year: str, number: str) -> None:
    found = taken(candidate(row(year=year, number=number), INCLUDED))
    assert found.wished is None
    assert [remark.cell for remark in found.remarks] == ["number"]


def test_long_goods_are_shortened_in_the_title_and_whole_on_the_record() -> None:
    goods = "Нефть и нефтепродукты, " * 30 + "мазут"
    single = taken(candidate(row(goods=goods), INCLUDED)).notified
    assert single.title.ru is not None
    assert len(single.title.ru) <= 300
    assert single.title.ru.endswith("нефтепродукты…")
    assert single.goods[0].description is not None
    assert single.goods[0].description.ru == goods
    several = taken(candidate(row(goods=goods, codes="2709, 2710"), INCLUDED)).notified
    assert several.conditions[0].ru == f"Товары: {goods}"
    assert several.goods[0].description is None


def test_without_goods_the_title_is_made_of_kind_and_codes() -> None:
    found = taken(candidate(row(goods=""), INCLUDED))
    assert found.notified.title.ru == "Запрет вывоза: 2515 11 000 0"
    assert [remark.rule for remark in found.remarks] == ["goods.empty"]


def test_an_exception_in_the_words_of_the_goods_is_remarked() -> None:
    [remark] = taken(candidate(row(goods="Рис, за исключением риса для посева"), INCLUDED)).remarks
    assert (remark.rule, remark.text) == ("goods.exception", "за исключением риса для посева")


def test_an_exception_in_words_alone_lets_the_description_decide() -> None:
    words = taken(candidate(row(goods="Нефть, за исключением мазута", codes="2709; 2710"), INCLUDED))
    assert [line.partial for line in words.notified.goods] == [True, True]
    coded = taken(candidate(row(goods="Рис, кроме риса для посева", codes="1006 (кроме 1006 10 100 0)"), INCLUDED))
    assert [line.partial for line in coded.notified.goods] == [False]


def test_a_record_that_cannot_be_is_held_with_its_cell() -> None:
    [doubt] = held(candidate(row(goods="я" * 20_001, codes="2515"), INCLUDED)).doubts
    assert (doubt.cell, doubt.rule) == ("codes", "H2")


CELL = st.text(max_size=60) | st.text("0123456789., –-()сдопоиз№кроме", max_size=60)


@settings(max_examples=80)
@given(
    st.fixed_dictionaries({field: CELL | st.just(ROW[field]) for field in FIELDS}),
    st.sampled_from(["effective", INCLUDED]),
)
def test_whatever_stands_in_a_row_comes_to_something(cells: dict[str, str], included_on: Any) -> None:
    found = candidate(TableRow(2, {field: text.strip() for field, text in cells.items()}), included_on)
    if isinstance(found, Held):
        json.dumps(found.draft)
        for doubt in found.doubts:
            assert doubt.text == cells.get(doubt.cell, "").strip()[doubt.start : doubt.end]
        assert found.doubts
    elif isinstance(found, Refused):
        assert found.reasons


# JSON


def test_a_record_keeps_what_is_given_and_wishes_its_number() -> None:
    item = {
        **RECORD,
        "id": "KG-2026-021",
        "version": 7,
        "seq": 118,
        "status": "expired",
        "declaration_window": {"from": "2020-01-01", "until": "2020-01-16"},
        "included_on": "2026-08-31",
        "declaration": {"permitted": True, "from": "2026-09-01", "protocol": {"number": "6", "date": "2026-08-20"}},
    }
    found = taken(json_candidate(JsonRow(1, item), INCLUDED))
    assert found.wished == (2026, 21)
    assert found.notified.included_on == date(2026, 8, 31)
    assert found.notified.declaration is not None
    assert found.notified.declaration.permitted
    assert found.notified.goods[0].code_from == "2515110000"


def test_the_day_of_the_call_serves_where_none_is_given() -> None:
    assert taken(json_candidate(JsonRow(1, RECORD), INCLUDED)).notified.included_on == INCLUDED
    assert taken(json_candidate(JsonRow(1, RECORD), "effective")).notified.included_on == date(2026, 9, 8)


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"state": "XX"}, "/2/state"),
        ({"goods": [{"code_from": "123"}]}, "/2/goods/0/code_from"),
        ({"goods": []}, "/2/goods"),
        ({"goods": None}, "/2/goods"),
        ({"effective_from": "2026-02-30"}, "/2/effective_from"),
        ({"effective_from": 20260908}, "/2/effective_from"),
        ({"clerk": "Иванов"}, "/2/clerk"),
        ({"title": {}}, "/2/title"),
        ({"title": {"ru": "\ud800"}}, "/2/title/ru"),
        ({"id": "RU-2026-021"}, "/2/id"),
        ({"id": 21}, "/2/id"),
    ],
)
def test_a_faulty_record_is_refused_with_a_pointer(change: dict[str, Any], pointer: str) -> None:
    reasons = refused(json_candidate(JsonRow(3, {**RECORD, **change}), INCLUDED)).reasons
    assert [why.cell for why in reasons] == [pointer]
    assert all(why.reason["ru"] and why.reason["en"] for why in reasons)


def test_what_is_no_record_is_refused() -> None:
    assert refused(json_candidate(JsonRow(1, [1]), INCLUDED)).reasons[0].cell == "/0"


@pytest.mark.parametrize(
    "text", ["{", "7", '{"a": 1}', "[NaN]", '[{"state": "KG", "state": "RU"}]', "[" * 100_000, "[1e999", '"x"']
)
def test_what_is_no_list_of_records_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "m.json"
    path.write_text(text)
    with pytest.raises(SheetError) as fault:
        list(read_json(path))
    assert fault.value.text["ru"]


def test_a_page_of_the_api_is_a_list_too(tmp_path: Path) -> None:
    path = tmp_path / "m.json"
    path.write_text(json.dumps({"items": [RECORD], "total": 1}))
    assert [found.item for found in read_json(path)] == [RECORD]
