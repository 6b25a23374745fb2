"""The Harmonized System of 2022 as the first six digits of TN VED codes."""

import csv
import re
from pathlib import Path

import pytest

from register import harmonized

TABLE = Path(__file__).parents[2] / "admin" / "demonstration" / "commission-table.csv"


@pytest.mark.parametrize(
    "code",
    [
        "72",
        "7204",
        "72041",
        "720410",
        "7204107",
        "72041099",
        "7204100000",
        "7303",
        "730300",
        "7303001000",
        "81093",
        "8549210000",
    ],
)
def test_known(code: str) -> None:
    assert harmonized.exists(code)
    assert harmonized.refusal(code) is None


@pytest.mark.parametrize(
    ("code", "ru", "en"),
    [
        ("00", "группы 00", "chapter 00"),
        ("77", "группы 77", "chapter 77"),
        ("98", "группы 98", "chapter 98"),
        ("99", "группы 99", "chapter 99"),
        ("9999", "группы 99", "chapter 99"),
        ("7701100000", "группы 77", "chapter 77"),
        ("7299", "товарной позиции 7299", "heading 7299"),
        ("7299100000", "товарной позиции 7299", "heading 7299"),
        ("72047", "субпозиции 7204 7", "subheading 7204 7"),
        ("720477", "субпозиции 7204 77", "subheading 7204 77"),
        ("7204770000", "субпозиции 7204 77", "subheading 7204 77"),
        ("7303100000", "субпозиции 7303 10", "subheading 7303 10"),
    ],
)
def test_unknown_names_the_first_level_that_fails(code: str, ru: str, en: str) -> None:
    assert not harmonized.exists(code)
    refusal = harmonized.refusal(code)
    assert refusal is not None
    assert refusal["ru"].endswith(f"нет {ru}")
    assert refusal["en"].endswith(f"no {en}")


@pytest.mark.parametrize("text", ["", "7", "720", "TOTAL", "7204.1", "720410x", "720410٠"])
def test_what_is_no_code_is_not_known(text: str) -> None:
    assert not harmonized.exists(text)


def test_both_ends_of_a_range_must_be_known() -> None:
    assert harmonized.range_refusal("8415", "8417") is None
    assert harmonized.range_refusal("7204", None) is None
    for ends in (("7299", "7301"), ("7204", "7299"), ("7299", None)):
        refusal = harmonized.range_refusal(*ends)
        assert refusal is not None
        assert "7299" in refusal["en"]


def test_the_size_of_the_edition() -> None:
    headings = [heading for chapter in harmonized.chapters() for heading in harmonized.children(chapter)]
    subheadings = [code for heading in headings for code in harmonized.children(heading)]
    assert (len(harmonized.chapters()), len(headings), len(subheadings)) == (96, 1228, 5612)
    assert all(harmonized.exists(code) and harmonized.name_en(code) for code in (*headings, *subheadings))
    assert all(harmonized.children(heading) for heading in headings)


def test_children() -> None:
    assert harmonized.chapters()[0] == "01"
    assert harmonized.children("7303") == ("730300",)
    assert harmonized.children("81093") == ("810931", "810939")
    assert harmonized.children("8109") == ("810921", "810929", "810931", "810939", "810991", "810999")
    assert harmonized.children("810931") == ()
    assert harmonized.children("77") == ()
    # The edition of 2022 dropped heading 8107 and moved cadmium to 8112 61 and 8112 69.
    assert harmonized.children("81") == tuple(f"81{number:02}" for number in range(1, 14) if number != 7)
    assert harmonized.children("81126") == ("811261", "811269")


def test_names() -> None:
    assert harmonized.name_en("72") == "Iron and steel"
    subheading = harmonized.name_en("720410")
    assert subheading is not None
    assert "cast iron" in subheading
    assert harmonized.name_en("7204100000") == subheading
    assert harmonized.name_en("72041") == harmonized.name_en("7204") != subheading
    assert harmonized.name_en("7299") is None


def test_every_separate_code_of_a_real_table_is_known() -> None:
    with TABLE.open(encoding="utf-8", newline="") as file:
        cells = [row["codes"] for row in csv.DictReader(file)]
    written = {code for cell in cells for code in re.findall(r"\b\d{4} \d\d \d{3} \d\b", cell)}
    assert len(written) > 60
    assert {code for code in written if harmonized.refusal(code.replace(" ", ""))} == set()
