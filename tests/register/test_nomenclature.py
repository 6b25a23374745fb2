"""Editions of the TN VED: reading a file, storing it, names in memory."""

import io
import zipfile
from contextlib import suppress
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from register import sheets
from register.database import Database, open_database
from register.edition import Edition, EditionRow
from register.nomenclature import (
    BadRow,
    EditionError,
    NameRow,
    Names,
    load_edition,
    read_edition,
)
from register.sheets import SheetError

DAY = date(2026, 9, 1)
FIRST = date(2026, 1, 1)

SMALL = """code,name,name_en,from,to
72,ЧЕРНЫЕ МЕТАЛЛЫ,,,
7204,"Отходы и лом чёрных металлов; слитки (шихтовые)",Ferrous waste and scrap,,
7204 10 000 0,Отходы и лом литейного чугуна,,,
7204 21,из коррозионностойкой стали,,,
7204 21 100 0,содержащие 8 мас.% или более никеля,,,
7204 21 900 0,прочие (старое имя),,,31.08.2026
7204 21 900 0,прочие,,2026-09-01,
2515,Мрамор,,,
"""


def written(tmp_path: Path, text: str | bytes, name: str = "edition.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def zipped(**files: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name.replace("__", "."), data)
    return packed.getvalue()


def good(path: Path) -> list[NameRow]:
    return [row for row in read_edition(path) if isinstance(row, NameRow)]


def bad(path: Path) -> list[BadRow]:
    return [row for row in read_edition(path) if isinstance(row, BadRow)]


# Reading


@pytest.mark.parametrize(
    "text",
    [
        "KOD,SIMPLE_NAM\r\n7204,Лом\r\n",
        "....................\nKOD,SIMPLE_NAM\r\n7204,Лом\r\n",
        "код;наименование\n7204;Лом\n",
        "Код ТН ВЭД ЕАЭС\tНаименование позиции\n7204\tЛом\n",
        "\ufeffcode,name\n72 04,Лом\n",
        '"Code";"Name"\n"72\u00a004";"Лом"\n',
    ],
)
def test_headers_separators_and_spaces_are_read_loosely(tmp_path: Path, text: str) -> None:
    [row] = good(written(tmp_path, text))
    assert (row.code, row.name) == ("7204", "Лом")


def test_windows_1251_is_recognised_and_nonsense_refused(tmp_path: Path) -> None:
    text = "код;наименование\n7204;Лом чёрных металлов № 1\n"
    [row] = good(written(tmp_path, text.encode("cp1251")))
    assert row.name == "Лом чёрных металлов № 1"
    with pytest.raises(SheetError, match="UTF-8"):
        good(written(tmp_path, b"code,name\n7204,\xff\xfe\x81\x8d\n"))
    with pytest.raises(SheetError):
        good(
            written(
                tmp_path, ("code,name\n7204,Отходы и лом черных металлов, слитки для переплавки\n").encode("koi8-r")
            )
        )
    with pytest.raises(SheetError):
        good(written(tmp_path, text.encode("utf-16")))


def test_a_zip_is_read_in_memory(tmp_path: Path) -> None:
    packed = zipped(**{"../../evil__csv": SMALL.encode(), "readme__md": b"no table"})
    before = sorted(tmp_path.parent.parent.iterdir())
    rows = good(written(tmp_path, packed, "edition.zip"))
    assert len(rows) == 8
    assert sorted(tmp_path.parent.parent.iterdir()) == before
    assert [path.name for path in tmp_path.iterdir()] == ["edition.zip"]


def test_a_zip_with_two_tables_or_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SheetError, match="holds 2"):
        good(written(tmp_path, zipped(a__csv=b"x", b__csv=b"y"), "edition.zip"))
    with pytest.raises(SheetError, match="holds 0"):
        good(written(tmp_path, zipped(a__bin=b"x"), "edition.zip"))
    with pytest.raises(SheetError, match="broken"):
        good(written(tmp_path, zipped(a__csv=SMALL.encode())[:200], "edition.zip"))


def test_a_zip_bomb_is_stopped_by_what_comes_out_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "MAX_UNPACKED", 2 * 2**20)
    packed = zipped(a__csv=b"0" * (3 * 2**20))
    assert len(packed) < 10_000
    with pytest.raises(SheetError, match="More than 2 MB"):
        good(written(tmp_path, packed, "edition.zip"))
    lying = packed.replace((3 * 2**20).to_bytes(4, "little"), (100).to_bytes(4, "little"))
    assert lying != packed
    with pytest.raises(SheetError):
        good(written(tmp_path, lying, "edition.zip"))


def test_a_file_above_the_limit_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "MAX_FILE", 2**20)
    with pytest.raises(SheetError, match="larger than 1 MB"):
        good(written(tmp_path, b"code,name\n" + b"7204,x\n" * 200_000))


def test_a_bad_row_is_reported_and_stops_nothing(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "code,name,from,to\n7204,Лом\nSS,СЕКРЕТНЫЙ КОД\n\n720,три\n7205,\n7206,Железо,2026-02-30\n"
        "7207,Железо,01.02.2026,01.01.2026\n7204,Лом ещё раз\n2515,Мрамор\n",
    )
    assert [row.code for row in good(path)] == ["7204", "2515"]
    found = bad(path)
    assert [(row.row, row.cell) for row in found] == [
        (3, "code"),
        (5, "code"),
        (6, "name"),
        (7, "from"),
        (8, "to"),
        (9, "code"),
    ]
    assert found[0].text == "SS"
    assert all(row.reason["ru"] and row.reason["en"] for row in found)


def test_no_header_is_refused_in_both_languages(tmp_path: Path) -> None:
    with pytest.raises(SheetError) as refused:
        good(written(tmp_path, "7204,Лом\n2515,Мрамор\n"))
    assert "заголовков" in refused.value.text["ru"]
    assert "header" in refused.value.text["en"]


def test_an_unclosed_quotation_mark_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SheetError, match="broken CSV"):
        good(written(tmp_path, 'code,name\n7204,"Лом\n2515,Мрамор\n'))


# Storing


@pytest.mark.anyio
async def test_an_edition_is_stored_once_and_seen_by_another_process(
    tmp_path: Path, database: Database, database_url: str
) -> None:
    path = written(tmp_path, SMALL)
    async with open_database(database_url) as other:
        names = await Names.load(other)
        assert names.edition(DAY) is None
        seen: list[tuple[int, int]] = []
        report = await load_edition(
            database, path, number="№ 80", applies_from=FIRST, progress=lambda done, total: seen.append((done, total))
        )
        assert (report.stored, report.taken, report.bad, report.exit_status) == (True, 8, (), 0)
        assert seen[-1] == (8, 8)
        assert await names.changed(other)
        assert await names.refresh(other)
        assert not await names.changed(other)
        assert not await names.refresh(other)
        assert names.edition(DAY) == "№ 80"


@pytest.mark.anyio
async def test_the_same_content_changes_nothing_and_other_content_is_refused(
    tmp_path: Path, database: Database
) -> None:
    path = written(tmp_path, SMALL)
    await load_edition(database, path, number="80", applies_from=FIRST)
    lines = SMALL.splitlines()
    shuffled = written(tmp_path, "\n".join([lines[0], *reversed(lines[1:])]).replace("2026-09-01", "01.09.2026"))
    again = await load_edition(database, shuffled, number="80", applies_from=FIRST)
    assert not again.stored
    assert "уже была загружена" in again.text("ru")
    with pytest.raises(EditionError) as refused:
        await load_edition(database, written(tmp_path, SMALL + "2516,Гранит,,,\n"), number="80", applies_from=FIRST)
    assert "уже загружена" in refused.value.text["ru"]
    with pytest.raises(EditionError):
        await load_edition(database, path, number="80", applies_from=date(2026, 2, 1))
    [[count]] = await database.fetch_rows("SELECT count(*) FROM nomenclature_name")
    assert count == 8


@pytest.mark.anyio
async def test_a_failure_leaves_nothing_behind(tmp_path: Path, database: Database) -> None:
    def fail(done: int, total: int) -> None:
        raise RuntimeError("the power went")

    with pytest.raises(RuntimeError):
        await load_edition(database, written(tmp_path, SMALL), number="80", applies_from=FIRST, progress=fail)
    for table in ("nomenclature_edition", "nomenclature_name"):
        [[count]] = await database.fetch_rows(f"SELECT count(*) FROM {table}")
        assert count == 0


@pytest.mark.anyio
@pytest.mark.parametrize("number", ["", "  ", "x" * 101, "a\nb"])
async def test_a_number_that_cannot_be_is_refused(tmp_path: Path, database: Database, number: str) -> None:
    with pytest.raises(EditionError):
        await load_edition(database, written(tmp_path, SMALL), number=number, applies_from=FIRST)


@pytest.mark.anyio
async def test_a_file_that_is_no_edition_is_an_edition_error(tmp_path: Path, database: Database) -> None:
    with pytest.raises(EditionError, match="header"):
        await load_edition(database, written(tmp_path, "a,b\n1,2\n"), number="80", applies_from=FIRST)
    with pytest.raises(EditionError, match="not one good row"):
        await load_edition(database, written(tmp_path, "code,name\nSS,X\n"), number="80", applies_from=FIRST)


@pytest.mark.anyio
async def test_the_report_names_bad_rows(tmp_path: Path, database: Database) -> None:
    path = written(tmp_path, SMALL + "SS,СЕКРЕТНЫЙ КОД,,,\n")
    report = await load_edition(database, path, number="80", applies_from=FIRST)
    assert report.exit_status == 1
    assert "row 10, code «SS»" in report.text("en")
    assert "строка 10, code «SS»" in report.text("ru")


# Names


@pytest.fixture
def names(tmp_path: Path) -> Names:
    rows = [
        EditionRow(row.code, row.name, row.name_en, row.valid_from, row.valid_to)
        for row in good(written(tmp_path, SMALL))
    ]
    later = [EditionRow("7204", "Лом (новая редакция)", None, None, None)]
    return Names([Edition("new", date(2027, 1, 1), later, 2), Edition("80", FIRST, rows, 1)])


def test_the_edition_in_force_on_the_day_is_asked(names: Names) -> None:
    assert names.edition(date(2025, 12, 31)) is None
    assert names.edition(FIRST) == names.edition(date(2026, 12, 31)) == "80"
    assert names.edition(date(2027, 1, 1)) == "new"
    name = names.name("7204", DAY)
    assert name is not None
    assert (name.ru, name.en, name.edition) == (
        "Отходы и лом чёрных металлов; слитки (шихтовые)",
        "Ferrous waste and scrap",
        "80",
    )
    later = names.name("7204", date(2027, 1, 1))
    assert later is not None
    assert later.ru == "Лом (новая редакция)"
    assert later.en is not None
    assert later.en.startswith("Ferrous waste")


def test_the_validity_of_a_code_is_respected(names: Names) -> None:
    last, first = names.name("7204219000", date(2026, 8, 31)), names.name("7204219000", DAY)
    assert last is not None
    assert first is not None
    assert (last.ru, first.ru) == ("прочие (старое имя)", "прочие")


def test_before_any_edition_the_harmonized_system_serves(names: Names) -> None:
    day = date(2025, 1, 1)
    name = Names().name("720410", DAY)
    assert name is not None
    assert (name.ru, name.edition) == (None, "HS2022")
    assert name.en is not None
    assert "cast iron" in name.en
    assert names.name("7204", day) == Names().name("7204", day)
    assert Names().name("7204100000", DAY) is None
    nearest = Names().name("7204100000", DAY, nearest=True)
    assert nearest is not None
    assert nearest.code == "720410"
    assert Names().search("marble travertine", DAY, 3)[0].code == "2515"
    assert Names().children("", DAY)[0].code == "01"


def test_known_is_unknown_without_an_edition(names: Names) -> None:
    assert names.known("7204", date(2025, 1, 1)) is None
    assert names.known("7204", DAY) is True
    assert names.known("72042", DAY) is True
    assert names.known("7204219", DAY) is True
    assert names.known("7205", DAY) is False
    assert names.known("7204211001"[:9], DAY) is True
    assert names.known("7204211009", DAY) is False


def test_nearest_only_when_asked(names: Names) -> None:
    assert names.name("7204219999", DAY) is None
    nearest = names.name("7204219999", DAY, nearest=True)
    assert nearest is not None
    assert nearest.code == "720421"
    assert names.name("0101", DAY, nearest=True) is None


def test_ancestors_and_children_have_names(names: Names) -> None:
    assert [name.code for name in names.ancestors("7204219000", DAY)] == ["72", "7204", "720421"]
    assert [name.code for name in names.children("7204", DAY)] == ["7204100000", "720421"]
    assert [name.code for name in names.children("720421", DAY)] == ["7204211000", "7204219000"]
    assert [name.code for name in names.children("", DAY)] == ["2515", "72"]
    assert names.children("7204100000", DAY) == ()


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("лом", ["7204", "7204100000"]),
        ("ЧЕРНЫХ мет", ["7204"]),
        ("чёрн", ["72", "7204"]),
        ("7204 21", ["720421", "7204211000", "7204219000"]),
        ("7204 лит", ["7204100000"]),
        ("scrap", ["7204"]),
        ("marble", ["2515"]),
        ("ом", []),
        ("л", []),
        ("", []),
        ("!?", []),
    ],
)
def test_search_by_beginnings_of_words_and_codes(names: Names, text: str, codes: list[str]) -> None:
    assert [name.code for name in names.search(text, DAY, 10)] == codes
    assert [name.code for name in names.search(text, DAY, 1)] == codes[:1]


CODES = st.integers(1, 99).map(lambda n: f"{n:02d}") | st.sampled_from([4, 6, 8, 10]).flatmap(
    lambda size: st.text("012", min_size=size, max_size=size)
)


@settings(max_examples=60)
@given(st.dictionaries(CODES, st.text("абв xyz", min_size=1), max_size=40), CODES)
def test_the_packed_edition_answers_as_a_plain_dict(rows: dict[str, str], asked: str) -> None:
    edition = Edition("x", FIRST, (EditionRow(code, name, None, None, None) for code, name in rows.items()))
    assert len(edition) == len(rows)
    for code in (*rows, asked):
        found = edition.name(code, DAY)
        assert (found.ru if found else None) == rows.get(code)
        assert edition.known(code, DAY) == any(there.startswith(code) for there in rows)
        assert [name.code for name in edition.ancestors(code, DAY)] == [
            code[:size] for size in (2, 4, 5, 6, 7, 8, 9) if size < len(code) and code[:size] in rows
        ]
        under = sorted(there for there in rows if there.startswith(code) and there != code)
        direct = [there for there in under if not any(there != up and there.startswith(up) for up in under)]
        assert [name.code for name in edition.children(code, DAY)] == direct


@settings(max_examples=60)
@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused_in_words(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.mktemp("any") / "x.csv"
    path.write_bytes(b"code,name\n" + data)
    with suppress(SheetError):
        for row in read_edition(path):
            assert isinstance(row, BadRow) or (row.code.isdigit() and row.name)
