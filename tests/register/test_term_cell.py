"""The term cell: what is read, what is doubted, and that no digit of a cell is lost."""

from __future__ import annotations

import csv
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from register.doubts import Doubt, DoubtKind, doubt_at, in_order
from register.term_cell import TermCell, parse_term, printed_dates

TABLE = Path(__file__).parents[2] / "admin" / "demonstration" / "commission-table.csv"
with TABLE.open(encoding="utf-8", newline="") as lines:
    ROWS = list(csv.DictReader(lines))

WORDS = (
    "с|со|до|по|c|бессрочно|прекращено|приостановлено|действие|продлен срок|продление|изменения|г.|,|;|(|)|–|1|"
    "включительно|кроме|01.02.2026|31.01.2027|31.02.2026|28.11. 2025|2025-12-31|28.11.\u00a02025|2206|²|٣|"
    "30 июля 2026 г.|без ограничения срока|с 01.01.2026|по 30.06.2026"
)
PIECES = st.sampled_from(WORDS.split("|"))
TEXTS = st.one_of(st.text(max_size=60), st.lists(PIECES, max_size=14).map(" ".join))


def day(text: str) -> date:
    return date(int(text[6:]), int(text[3:5]), int(text[:2]))


def rules(cell: TermCell) -> list[tuple[str, str]]:
    return [(d.rule, d.text) for d in cell.doubts]


def assert_doubts_fit(text: str, doubts: tuple[Doubt, ...]) -> None:
    reached = 0
    for doubt in doubts:
        assert reached <= doubt.start <= doubt.end <= len(text)
        assert text[doubt.start : doubt.end] == doubt.text
        assert doubt.rule in {kind.identifier for kind in DoubtKind}
        assert doubt.reason["ru"]
        assert doubt.reason["en"]
        reached = doubt.end


def assert_no_digit_lost(cell: TermCell) -> None:
    doubted = {i for d in cell.doubts for i in range(d.start, d.end)}
    read = {i for d in cell.dates for i in range(d.start, d.end)}
    for i, character in enumerate(cell.text):
        assert not character.isdigit() or i in doubted | read, (i, cell)
    shown = {cell.effective_from, cell.effective_to, cell.stated_to, cell.terminated_from}
    shown |= {*cell.extensions, *cell.amended_from, *(d for pair in cell.suspensions for d in pair)}
    for printed in cell.dates:
        assert printed.value in shown, (printed, cell)


@pytest.mark.parametrize("row", ROWS, ids=lambda r: f"{r['state']}-{r['year']}-{r['number']}")
def test_no_digit_of_a_printed_row_is_lost(row: dict[str, str]) -> None:
    cell = parse_term(row["term"])
    assert_doubts_fit(row["term"], cell.doubts)
    assert_no_digit_lost(cell)
    assert cell.effective_from == day(next(w for w in row["term"].split() if w[0].isdigit()))
    assert cell.open_ended or cell.effective_to is not None


def test_the_table_has_three_doubtful_terms_and_no_more() -> None:
    doubtful = {
        (r["state"], r["year"], r["number"]): rules(parse_term(r["term"]))
        for r in ROWS
        if not parse_term(r["term"]).whole
    }
    assert doubtful == {
        ("KG", "2026", "9"): [("term.second_start", "с 29.05.2026")],
        ("KG", "2025", "5"): [("term.second_start", "с 12.05.2025")],
        ("RU", "2026", "10"): [("term.second_start", "с 01.09.2026")],
    }


@given(TEXTS)
@settings(max_examples=400, deadline=None)
def test_any_text_is_read_without_an_exception_and_without_losing_a_digit(text: str) -> None:
    cell = parse_term(text)
    assert_doubts_fit(text, cell.doubts)
    assert_no_digit_lost(cell)
    assert text.strip() or rules(cell) == [("term.empty", "")]
    if cell.whole:
        assert cell.effective_from
        assert (cell.effective_to is None) == cell.open_ended or cell.terminated_from


DAYS = st.dates(date(2000, 1, 1), date(2090, 1, 1))


@given(start=DAYS, lengths=st.lists(st.integers(1, 400), min_size=1, max_size=4), early=st.integers(1, 9999))
@settings(max_examples=100, deadline=None)
def test_a_term_extended_and_terminated_ends_on_the_day_before(start: date, lengths: list[int], early: int) -> None:
    ends = [start + timedelta(days=sum(lengths[: i + 1])) for i in range(len(lengths))]
    text = f"с {start:%d.%m.%Y} до {ends[0]:%d.%m.%Y}" + "".join(f" продлен срок до {end:%d.%m.%Y}" for end in ends[1:])
    cell = parse_term(text)
    assert (cell.whole, cell.effective_from, cell.effective_to) == (True, start, ends[-1])
    assert (cell.stated_to, cell.extensions) == (ends[0], tuple(ends[1:]))
    stopped = start + timedelta(days=1 + early % (ends[-1] - start).days)
    cell = parse_term(f"{text} прекращено с {stopped:%d.%m.%Y}")
    assert (cell.whole, cell.effective_to) == (True, stopped - timedelta(days=1))
    assert (cell.terminated_from, cell.stated_to) == (stopped, ends[0])
    assert [role for role, _ in cell.events] == ["extends"] * (len(ends) - 1) + ["terminates"]


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("с 08.09.2026 до 08.03.2027", "08.09.2026", "08.03.2027"),
        ("с 08.09.2026 по 08.03.2027", "08.09.2026", "08.03.2027"),
        ("c 08.09.2026 пo 08.03.2027", "08.09.2026", "08.03.2027"),  # Latin c and o
        ("25.04.2026 до 21.10.2026", "25.04.2026", "21.10.2026"),
        ("25.04.2026–21.10.2026", "25.04.2026", "21.10.2026"),
        ("с 28.11. 2025 по 28 . 02.2026 г.", "28.11.2025", "28.02.2026"),
        ("С 30 июля 2026 г. по 2027-01-30 включительно", "30.07.2026", "30.01.2027"),
        ("действует с 01.02.2026, до 01.02.2026.", "01.02.2026", "01.02.2026"),
    ],
)
def test_a_plain_term_is_read_with_both_days_inclusive(text: str, start: str, end: str) -> None:
    cell = parse_term(text)
    assert cell.doubts == ()
    assert (cell.effective_from, cell.effective_to, cell.open_ended) == (day(start), day(end), False)


@pytest.mark.parametrize("words", ["бессрочно", "без срока", "без ограничения срока", "Бессрочный"])
def test_an_open_end_is_read_only_where_it_is_said(words: str) -> None:
    cell = parse_term(f"с 09.11.2019 {words}")
    assert (cell.whole, cell.effective_from, cell.effective_to) == (True, date(2019, 11, 9), None)
    assert cell.open_ended


def test_a_suspension_is_read_with_its_last_day() -> None:
    cell = parse_term("с 09.11.2019 бессрочно действие приостановлено с 25.05.2026 до 01.04.2027")
    assert cell.suspensions == ((date(2026, 5, 25), date(2027, 4, 1)),)
    assert (cell.whole, cell.open_ended) == (True, True)
    assert parse_term("с 09.11.2019 бессрочно приостановлено с 25.05.2026").suspensions == ((date(2026, 5, 25), None),)


def test_amendments_keep_the_term() -> None:
    cell = parse_term("с 06.01.2026 до 06.07.2026 изменения с 20.03.2026")
    assert (cell.whole, cell.effective_to) == (True, date(2026, 7, 6))
    assert cell.amended_from == (date(2026, 3, 20),)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", [("term.empty", "")]),
        ("до 01.02.2026", [("term.no_start", "до 01.02.2026")]),
        ("бессрочно", [("term.no_start", "бессрочно")]),
        ("прекращено с 01.02.2026", [("term.no_start", "прекращено с 01.02.2026")]),
        ("с 01.02.2026", [("term.no_end", "с 01.02.2026")]),
        ("с 31.02.2026", [("term.no_end", "с"), ("date.impossible", "31.02.2026")]),
        ("действует с 01.02.2206 г.", [("term.no_end", "действует с"), ("date.implausible", "01.02.2206 г.")]),
        ("до 31.02.2026", [("term.no_start", "до"), ("date.impossible", "31.02.2026")]),
        (
            "с 01.02.2026 по 01.03.2026, с 31.02.2026 по 01.05.2026",
            [
                ("term.second_period", "с"),
                ("date.impossible", "31.02.2026"),
                ("term.second_period", "по 01.05.2026"),
            ],
        ),
        ("с 01.02.2026 по 31.02.2026", [("date.impossible", "31.02.2026")]),
        ("с 01.02.2026 по 01.02.2206", [("date.implausible", "01.02.2206")]),
        ("с 02.02.2026 по 01.02.2026", [("term.reversed", "с 02.02.2026 по 01.02.2026")]),
        (
            "с 01.02.2026 по 01.03.2026 прекращено с 01.02.2026",
            [("term.termination", "прекращено с 01.02.2026")],
        ),
        (
            "с 01.02.2026 по 01.03.2026 прекращено с 02.03.2026",
            [("term.termination", "прекращено с 02.03.2026")],
        ),
        ("с 01.02.2026 по 01.03.2026 прекращено с 32.01.2026", [("date.impossible", "32.01.2026")]),
        (
            "с 01.02.2026 по 01.03.2026 продлен срок до 01.03.2026",
            [("term.extension", "продлен срок до 01.03.2026")],
        ),
        ("с 01.02.2026 бессрочно продление до 01.03.2026", [("term.extension", "продление до 01.03.2026")]),
        (
            "с 01.02.2026 по 01.03.2026 приостановлено с 01.03.2026 по 02.03.2026",
            [("term.suspension", "приостановлено с 01.03.2026 по 02.03.2026")],
        ),
        (
            "с 01.02.2026 бессрочно приостановлено с 01.03.2026 приостановлено с 02.03.2026",
            [("term.suspension", "приостановлено с 02.03.2026")],
        ),
        (
            "с 01.02.2026 бессрочно приостановлено с 01.03.2026 до 31.04.2026",
            [("date.impossible", "приостановлено с 01.03.2026 до 31.04.2026")],
        ),
        ("с 01.02.2026 по 01.03.2026 изменения с 31.01.2026", [("term.amendment", "изменения с 31.01.2026")]),
        (
            "с 01.02.2026 по 01.03.2026, с 01.04.2026 по 01.05.2026",
            [("term.second_period", "с 01.04.2026 по 01.05.2026")],
        ),
        (
            "с 01.02.2026 по 01.03.2026 кроме товаров до 01.01.2026",
            [("term.unread", "кроме товаров до 01.01.2026")],
        ),
        ("с 01.02.2026 по 01.03.2026 (№ 5)", [("term.unread", "№ 5")]),
        ("с 1 1.02.2026 по 30.06.2026", [("term.unread", "с 1 1.02.2026 по 30.06.2026")]),
        ("с 01.02.2026 по 30.06.2026 5", [("date.unclear", "30.06.2026"), ("term.unread", "5")]),
    ],
)
def test_what_is_not_certain_is_doubted_exactly_there(text: str, expected: list[tuple[str, str]]) -> None:
    assert rules(parse_term(text)) == expected


def test_a_doubted_statement_changes_nothing() -> None:
    cell = parse_term("с 01.02.2026 по 01.03.2026 продлен срок до 01.02.2026 прекращено с 05.05.2026")
    assert (cell.effective_to, cell.extensions, cell.terminated_from) == (date(2026, 3, 1), (), None)
    assert parse_term("с 02.02.2026 по 01.02.2026").effective_from is None


@pytest.mark.parametrize("words", ["действие продлено", "срок действия продлен", "продление срока", "продлена"])
def test_an_extension_in_other_words(words: str) -> None:
    cell = parse_term(f"с 01.02.2026 по 01.03.2026 {words} до 01.04.2026")
    assert (cell.whole, cell.extensions) == (True, (date(2026, 4, 1),))


def test_dates_keep_their_place_in_the_cell() -> None:
    text = "с 28.11. 2025 по 30 июля 2026 г."
    assert [text[d.start : d.end] for d in printed_dates(text)] == ["28.11. 2025", "30 июля 2026 г."]


@pytest.mark.parametrize("text", ["1 1.02.2026", "2.01.02.2026", "01.02.2026 5", "3-2026-02-01", "01.02.2026.03"])
def test_a_date_beside_stray_digits_has_no_value(text: str) -> None:
    assert [(d.value, d.fault) for d in printed_dates(text)] == [(None, DoubtKind.DATE_UNCLEAR)]


def test_doubts_that_meet_are_cut_and_those_inside_another_go() -> None:
    text = "abc def ghi"
    made = [doubt_at(text, *span, "r", {"ru": "р", "en": "r"}) for span in [(0, 7), (4, 11), (5, 6), (11, 11)]]
    assert [(d.start, d.end, d.text) for d in in_order(made)] == [(0, 7, "abc def"), (8, 11, "ghi"), (11, 11, "")]


def test_every_kind_of_doubt_has_its_own_id_and_both_languages() -> None:
    assert len({kind.identifier for kind in DoubtKind}) == len(DoubtKind)
    for kind in DoubtKind:
        assert any("а" <= c <= "я" for c in kind.reason["ru"])
        assert not any("а" <= c <= "я" for c in kind.reason["en"])
