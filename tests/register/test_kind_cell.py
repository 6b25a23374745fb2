"""The kind cell: kind, direction, transport, destination, and that no word is passed over."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from register.kind_cell import parse_kind

TABLE = Path(__file__).parents[2] / "admin" / "demonstration" / "commission-table.csv"
with TABLE.open(encoding="utf-8", newline="") as lines:
    ROWS = list(csv.DictReader(lines))

WORDS = (
    "Временный|запрет|на|вывоз|ввоз|ввоза|и|экспорта|лицензирование|(лицензирование)|квота|ограничение|морским|"
    "транспортом|автомобильным|5|кроме|(|)|,|вывозная|пошлина|²|(ограничения в государства- члены Союза)|"
    "разрешительный порядок"
)
PIECES = st.sampled_from(WORDS.split("|"))


def rules(text: str) -> list[tuple[str, str]]:
    return [(d.rule, d.text) for d in parse_kind(text).doubts]


@pytest.mark.parametrize("printed", sorted({r["kind"] for r in ROWS}))
def test_every_kind_of_the_table_is_read_whole(printed: str) -> None:
    cell = parse_kind(printed)
    assert cell.whole
    out, into = ("вывоз" in printed or "экспорт" in printed), "ввоз" in printed
    assert cell.direction == {(True, True): "both", (True, False): "export", (False, True): "import"}[out, into]
    assert cell.temporary == printed.startswith("Временн")
    assert cell.transport == (("road",) if "авто" in printed else None)
    assert (cell.kind is None) == ("запрет" in printed and not out)


@pytest.mark.parametrize(
    ("text", "kind", "direction"),
    [
        ("Временный запрет на вывоз", "export_prohibition", "export"),
        ("Временный запрет на ввоз и вывоз", "export_prohibition", "both"),
        ("Временный запрет на ввоз", None, "import"),
        ("Временное количественное ограничение (квота) на вывоз", "quantitative_restriction", "export"),
        ("Временное количественное ограничение экспорта", "quantitative_restriction", "export"),
        ("Исключительное право на экспорт", "exclusive_right", "export"),
        ("Лицензирование экспорта", "licensing", "export"),
        ("Временный разрешительный порядок (лицензирование) экспорта", "licensing", "export"),
        ("Временный разрешительный порядок на вывоз", "permit_procedure", "export"),
        ("Временное ограничение (лицензирование) ввоза", "licensing", "import"),
        ("Автоматическое лицензирование (наблюдение) экспорта", "automatic_licensing", "export"),
        ("Вывозная таможенная пошлина", "export_duty", "export"),
    ],
)
def test_kind_and_direction(text: str, kind: str | None, direction: str) -> None:
    cell = parse_kind(text)
    assert (cell.whole, cell.kind, cell.direction) == (True, kind, direction)


@pytest.mark.parametrize(
    ("words", "modes"),
    [
        ("автомобильным транспортом", ("road",)),
        ("автотранспортными средствами", ("road",)),
        ("железнодорожным и автомобильным транспортом", ("road", "rail")),
        ("морским, воздушным и внутренним водным транспортом", ("sea", "river", "air")),
        ("водным транспортом", ("sea", "river")),
        ("речным транспортом", ("river",)),
        ("трубопроводным транспортом", ("pipeline",)),
        ("", None),
    ],
)
def test_transport(words: str, modes: tuple[str, ...] | None) -> None:
    cell = parse_kind(f"Временный запрет на вывоз {words}")
    assert (cell.whole, cell.transport) == (True, modes)


def test_restrictions_towards_member_states_reach_all_and_stay_as_a_remark() -> None:
    cell = parse_kind("Временный запрет на вывоз (ограничения в государства- члены Союза)")
    assert (cell.whole, cell.destination) == (True, "all")
    assert cell.remark == "ограничения в государства- члены Союза"
    assert parse_kind("Временный запрет на вывоз").destination == "third_countries"
    assert parse_kind("Запрет на вывоз за пределы Союза").destination == "third_countries"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", [("kind.empty", "")]),
        ("Временный запрет", [("kind.no_direction", "")]),
        ("вывоз", [("kind.unknown", "вывоз")]),
        ("Ограничение вывоза", [("kind.unknown", "Ограничение")]),
        ("Запрет (лицензирование) вывоза", [("kind.conflict", "Запрет"), ("kind.conflict", "лицензирование")]),
        ("Запрет на вывоз кроме 5 голов скота", [("kind.unread", "кроме 5 голов скота")]),
        ("Запрет на вывоз кроме автомобильного транспорта", [("kind.unread", "кроме автомобильного транспорта")]),
    ],
)
def test_what_is_not_certain_is_doubted_exactly_there(text: str, expected: list[tuple[str, str]]) -> None:
    assert rules(text) == expected


@pytest.mark.parametrize("text", ["Временный запрет", "вывоз", "Запрет (лицензирование) вывоза"])
def test_a_kind_in_doubt_is_not_given(text: str) -> None:
    assert parse_kind(text).kind is None


@given(st.one_of(st.text(max_size=60), st.lists(PIECES, max_size=10).map(" ".join)))
@settings(max_examples=300, deadline=None)
def test_any_text_is_read_without_an_exception_and_every_digit_is_doubted(text: str) -> None:
    cell = parse_kind(text)
    reached = 0
    for doubt in cell.doubts:
        assert reached <= doubt.start <= doubt.end <= len(text)
        assert text[doubt.start : doubt.end] == doubt.text
        reached = doubt.end
    doubted = {i for d in cell.doubts for i in range(d.start, d.end)}
    assert all(i in doubted for i, c in enumerate(text) if c.isdigit())
    assert not cell.whole or cell.direction
    assert not cell.whole or cell.kind or cell.direction == "import"
