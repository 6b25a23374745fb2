"""The basis and protocol cells: acts, their issuers and roles, misprints, and that no digit is lost."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from register.basis_cell import BasisCell, ProtocolCell, assign_roles, parse_basis, parse_protocols
from register.doubts import Doubt
from register.term_cell import parse_term

TABLE = Path(__file__).parents[2] / "admin" / "demonstration" / "commission-table.csv"
with TABLE.open(encoding="utf-8", newline="") as lines:
    ROWS = list(csv.DictReader(lines))

AM = "Постановление Правительства Республики Армения"
KG = "Постановление Кабинета Министров Кыргызской Республики"
WORDS = (
    f"{AM}|{KG}|Приказ|Постановления|Кабинета Министров РК|от|от 18.06.2026 г.|от 31.02.2026|№|№ 878-Н|№ 1380-N|"
    "(в редакции|(в ред.|)|, внесены изменения с 14.07.2026|№ 04-13/98|²|Протокол № 10- АС/13 от 16.09.2025|"
    "Протокол|Уведомление № 566 не поступало|1|12.12.2025|\u2003"
)
PIECES = st.sampled_from(WORDS.split("|"))
TEXTS = st.one_of(st.text(max_size=60), st.lists(PIECES, max_size=9).map(" ".join))


def rules(cell: BasisCell | ProtocolCell) -> list[tuple[str, str]]:
    return [(d.rule, d.text) for d in cell.doubts]


def assert_doubts_fit(text: str, doubts: tuple[Doubt, ...]) -> None:
    reached = 0
    for doubt in doubts:
        assert reached <= doubt.start <= doubt.end <= len(text)
        assert text[doubt.start : doubt.end] == doubt.text
        assert set(doubt.reason) == {"ru", "en"}
        reached = doubt.end


def digits(text: str) -> str:
    return "".join(c for c in text if c.isdigit())


def assert_no_digit_of_a_basis_lost(cell: BasisCell) -> None:
    doubted = {i for d in cell.doubts for i in range(d.start, d.end)}
    spans = [(a.start, a.end) for a in cell.acts] + [(d.start, d.end) for d in cell.amended_from]
    read = {i for start, end in spans for i in range(start, end)}
    for i, character in enumerate(cell.text):
        assert not character.isdigit() or i in doubted | read, (i, cell)
    # A doubt about the role spans an act that was read; any other doubt takes its text out of the act.
    doubted = {i for d in cell.doubts if d.rule != "basis.role" for i in range(d.start, d.end)}
    for act in cell.acts:
        left = "".join(cell.text[i] for i in range(act.start, act.end) if act.date or i not in doubted)
        assert digits(left).endswith(digits(act.number))
        if act.date:
            assert f"{act.date.year:04}" in digits(left)


def assert_no_digit_of_protocols_lost(cell: ProtocolCell) -> None:
    taken = [(d.start, d.end) for d in cell.doubts] + [(p.start, p.end) for p in cell.protocols]
    covered = {i for start, end in taken for i in range(start, end)}
    free = "".join(c for i, c in enumerate(cell.text) if i not in covered)
    assert digits(free) == digits(cell.remark or "")


@pytest.mark.parametrize("row", ROWS, ids=lambda r: f"{r['state']}-{r['year']}-{r['number']}")
def test_no_digit_of_a_printed_row_is_lost(row: dict[str, str]) -> None:
    basis = assign_roles(parse_basis(row["basis"], row["state"]), parse_term(row["term"]))
    assert_doubts_fit(row["basis"], basis.doubts)
    assert_no_digit_of_a_basis_lost(basis)
    assert len(basis.acts) == row["basis"].count("№")
    assert basis.acts[0].role == "introduces"
    protocols = parse_protocols(row["protocol"])
    assert protocols.whole
    assert_no_digit_of_protocols_lost(protocols)
    assert len(protocols.protocols) == row["protocol"].count("Протокол")


def test_the_doubtful_bases_of_the_table_are_these() -> None:
    doubtful = {}
    for r in ROWS:
        basis = assign_roles(parse_basis(r["basis"], r["state"]), parse_term(r["term"]))
        if not basis.whole:
            doubtful[r["state"], r["year"], r["number"]] = rules(basis)
    assert doubtful == {
        ("AM", "2024", "13"): [("basis.latin_letter", "N")],
        ("KG", "2025", "5"): [
            ("basis.role", f"{KG} от 12.05.2025 № 247"),
            ("basis.role", f"{KG} от 03.06.2025 № 314"),
        ],
        ("KG", "2024", "3"): [("basis.other_state", "РК")],
    }


@given(TEXTS, st.sampled_from(["AM", "KG", "RU", ""]), TEXTS)
@settings(max_examples=300, deadline=None)
def test_any_text_is_read_without_an_exception_and_without_losing_a_digit(text: str, state: str, term: str) -> None:
    for basis in (parse_basis(text, state), assign_roles(parse_basis(text, state), parse_term(term))):
        assert_doubts_fit(text, basis.doubts)
        assert_no_digit_of_a_basis_lost(basis)
        assert basis.acts or basis.doubts or not any(c.isalnum() for c in text)
    protocols = parse_protocols(text)
    assert_doubts_fit(text, protocols.doubts)
    assert_no_digit_of_protocols_lost(protocols)


@pytest.mark.parametrize(
    ("text", "state", "issuer", "kind", "number", "day"),
    [
        (f"{AM} от 18.06.2026 г. № 878-Н", "AM", "Правительство Республики Армения", "Постановление", "878-Н", 18),
        (f"{AM} от 03.07.2025№ 881-Н", "AM", "Правительство Республики Армения", "Постановление", "881-Н", 3),
        (f"{AM} от 03.07.2025 № 881 - Н", "AM", "Правительство Республики Армения", "Постановление", "881-Н", 3),
        (
            "Постановление Правительства РФ от 30 июля 2026 г. № 954",
            "RU",
            "Правительство Российской Федерации",
            "Постановление",
            "954",
            30,
        ),
        (
            "Постановления  Кабинета Министров КР от 28.11. 2025 N 1947",
            "KG",
            "Кабинет Министров Кыргызской Республики",
            "Постановление",
            "1947",
            28,
        ),
        (
            "Приказ Министерства водных ресурсов КР от 24.04.2025 № 04-13/98",
            "KG",
            "Министерство водных ресурсов Кыргызской Республики",
            "Приказ",
            "04-13/98",
            24,
        ),
        (
            "Указ Президента Республики Беларусь от 05.02.2026 № 40",
            "BY",
            "Президент Республики Беларусь",
            "Указ",
            "40",
            5,
        ),
        (
            "Приказ Министра торговли Республики Казахстан от 07.02.2026 № 12-НҚ",
            "KZ",
            "Министр торговли Республики Казахстан",
            "Приказ",
            "12-НҚ",
            7,
        ),
    ],
)
def test_one_act_is_read(text: str, state: str, issuer: str, kind: str, number: str, day: int) -> None:
    cell = parse_basis(text, state)
    (act,) = cell.acts
    assert cell.doubts == ()
    assert (act.role, act.issuer, act.type, act.number) == ("introduces", issuer, kind, number)
    assert act.date is not None
    assert act.date.day == day
    assert (act.start, act.end) == (0, len(text))


def test_an_act_in_brackets_amends_and_its_day_is_kept() -> None:
    cell = parse_basis(
        f"{KG} от 01.03.2021 № 66 (в редакции Постановления Кабинета Министров КР от 13.07.2026 № 484, "
        "внесены изменения с 14.07.2026)",
        "KG",
    )
    assert cell.whole
    assert [(a.role, a.number) for a in cell.acts] == [("introduces", "66"), ("amends", "484")]
    assert [d.value for d in cell.amended_from] == [date(2026, 7, 14)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", [("basis.empty", "")]),
        (f"{AM} от 06.08.2026", [("basis.unread", f"{AM} от 06.08.2026")]),
        (f"{AM} № 5", [("basis.unread", f"{AM} № 5")]),
        (f"{AM} от 31.02.2026 № 5-Н", [("date.impossible", "31.02.2026")]),
        (f"{AM} от 01.02.2026 № 5-N", [("basis.latin_letter", "N")]),
        (f"{AM} от 01.02.2026 № 1 161-Н", [("basis.unread", f"{AM} от 01.02.2026 № 1 161-Н")]),
        (f"{AM} от 01.02.2026 № 5-Н {AM} от 01.02.2026 № 5-Н", [("basis.repeated", f"{AM} от 01.02.2026 № 5-Н")]),
        (f"{KG} от 01.02.2026 № 5", [("basis.other_state", "Кыргызской Республики")]),
        ("Федеральный закон от 01.02.2026 № 5-ФЗ", [("basis.no_issuer", "")]),
        ("Решение Курултая от 01.02.2026 № 5", [("basis.issuer_unknown", "Курултая")]),
        (f"{AM} от 01.02.2026 № 5-Н и иные акты 7", [("basis.unread", "и иные акты 7")]),
    ],
)
def test_what_is_not_certain_is_doubted_exactly_there(text: str, expected: list[tuple[str, str]]) -> None:
    assert rules(parse_basis(text, "AM")) == expected


def test_a_misprinted_number_and_an_unknown_body_are_kept_as_printed() -> None:
    assert parse_basis(f"{AM} от 29.08.2024 № 1380-N", "AM").acts[0].number == "1380-N"
    assert parse_basis("Решение Курултая от 01.02.2026 № 5", "KG").acts[0].issuer == "Курултая"
    assert parse_basis(f"{AM} от 31.02.2026 № 5-Н", "AM").acts[0].date is None


def test_an_act_behind_unread_words_does_not_introduce() -> None:
    cell = parse_basis(f"Закон № 7 {AM} от 01.02.2026 № 5-Н", "AM")
    assert [a.role for a in cell.acts] == [None]
    assert rules(cell) == [("basis.unread", "Закон № 7")]


TERM = "с 01.09.2025 по 31.10.2025 продлен срок до 31.12.2025 прекращено с 01.12.2025"
THREE = f"{KG} от 25.08.2025 № 1 {KG} от 30.10.2025 № 2 {KG} от 25.11.2025 № 3"


def test_juxtaposed_acts_follow_the_events_of_the_term_in_order() -> None:
    basis = parse_basis(THREE, "KG")
    assert [a.role for a in basis.acts] == ["introduces", None, None]
    roles = assign_roles(basis, parse_term(TERM))
    assert [a.role for a in roles.acts] == ["introduces", "extends", "terminates"]
    assert roles.whole


@pytest.mark.parametrize(
    ("basis", "term"),
    [
        (THREE, "с 01.09.2025 по 31.10.2025 продлен срок до 31.12.2025"),  # two acts, one event
        (THREE.replace("25.11.2025", "25.10.2025"), TERM),  # acts not in order of time
        (THREE.replace("25.11.2025", "31.11.2025"), TERM),  # no certain day
        (THREE, TERM + " с 05.09.2025"),  # what begins on 5 September is not said
    ],
)
def test_roles_are_not_guessed(basis: str, term: str) -> None:
    cell = assign_roles(parse_basis(basis, "KG"), parse_term(term))
    assert [a.role for a in cell.acts] == ["introduces", None, None]
    assert [d.rule for d in cell.doubts if d.rule == "basis.role"] == ["basis.role"] * 2


def test_a_doubt_about_a_role_leaves_the_doubt_about_a_date_in_its_place() -> None:
    basis = parse_basis(THREE.replace("25.11.2025", "31.11.2025"), "KG")
    rules_found = [d.rule for d in assign_roles(basis, parse_term(TERM)).doubts]
    assert rules_found == ["basis.role", "basis.role", "date.impossible"]


def test_an_act_in_brackets_is_the_one_that_terminated_when_it_is_the_only_one() -> None:
    text = f"{KG} от 25.08.2025 № 1 (в редакции {KG} от 30.08.2025 № 2)"
    ended = assign_roles(parse_basis(text, "KG"), parse_term("с 01.09.2025 по 31.10.2025 прекращено с 05.09.2025"))
    assert [a.role for a in ended.acts] == ["introduces", "terminates"]
    plain = assign_roles(parse_basis(text, "KG"), parse_term("с 01.09.2025 по 31.10.2025"))
    assert [a.role for a in plain.acts] == ["introduces", "amends"]
    assert ended.whole
    assert plain.whole


def test_an_extension_without_its_act_is_a_doubt_at_the_end_of_the_cell() -> None:
    text = f"{KG} от 25.08.2025 № 1"
    cell = assign_roles(parse_basis(text, "KG"), parse_term("с 01.09.2025 по 31.10.2025 продление до 30.11.2025"))
    assert [(d.rule, d.start, d.end) for d in cell.doubts] == [("basis.act_missing", len(text), len(text))]


def test_protocols_and_free_words() -> None:
    cell = parse_protocols("Протокол № 10- АС/13 от 16.09.2025 Протокол № 1-АС/13 от 03.02.2026 Иных не поступало")
    assert [(p.number, p.date) for p in cell.protocols] == [
        ("10-АС/13", date(2025, 9, 16)),
        ("1-АС/13", date(2026, 2, 3)),
    ]
    assert (cell.remark, cell.whole) == ("Иных не поступало", True)
    remark = "Уведомление о принятии Постановления № 566 в Комиссию не поступало"
    assert (parse_protocols(remark).remark, parse_protocols(remark).whole) == (remark, True)
    assert parse_protocols("") == ProtocolCell("")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Протокол № 6-АС/13", [("protocol.unread", "Протокол № 6-АС/13")]),
        ("Протокол № 6-АС/13 от 31.06.2026", [("date.impossible", "31.06.2026")]),
        ("Протокол № 6-AC/13 от 30.06.2026", [("protocol.latin_letter", "AC")]),
    ],
)
def test_a_protocol_that_is_not_certain_is_doubted(text: str, expected: list[tuple[str, str]]) -> None:
    assert rules(parse_protocols(text)) == expected
