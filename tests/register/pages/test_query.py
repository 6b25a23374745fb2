"""Reading addresses: lenient in form, strict in meaning."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from register.pages.entrance import preferred
from register.pages.query import NO_DAY, NO_SUCH_DAY, Fault, Query, address, among, day, day_fault, money, read_code


def test_repeated_names_and_lists_are_one() -> None:
    query = Query(b"state=KG&state=RU,KG&empty=&q=%D0%BB%D0%BE%D0%BC")
    assert query.words("state") == ["KG", "RU"]
    assert query.text("q") == "лом"
    assert "empty" in query
    assert query.text("absent") == ""
    assert among(query, "state", ("RU", "AM")) == {"RU"}


@pytest.mark.parametrize("text", ["2026-09-10", "10.09.2026", "10/09/2026"])
def test_a_day_may_be_written_in_several_ways(text: str) -> None:
    assert day(text) == date(2026, 9, 10)


def test_no_day_and_no_such_day_are_told_apart() -> None:
    assert day("31.02.2026") is None
    assert day_fault("31.02.2026") == NO_SUCH_DAY
    assert day_fault("2026-13-01") == NO_SUCH_DAY
    assert day_fault("завтра") == NO_DAY


@given(st.dates())
def test_every_day_reads_as_it_is_written(on: date) -> None:
    assert day(on.isoformat()) == on
    assert day(f"{on.day:02d}.{on.month:02d}.{on.year:04d}") == on


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("18 000,50", "ru", "18000.50"),
        ("18\u00a0000", "ru", "18000"),
        ("18,000", "en", "18000"),
        ("18,000", "ru", "18.000"),
        ("18,000.50", "en", "18000.50"),
        ("много", "ru", "много"),
        ("-5", "en", "-5"),
    ],
)
def test_sums_are_read_as_the_language_writes_them(text: str, language: str, expected: str) -> None:
    assert money(text, "ru" if language == "ru" else "en") == expected


def test_a_code_at_fault_says_why_in_the_language() -> None:
    faults: list[Fault] = []
    assert read_code("7204 10 000 0", faults, "ru") == "7204100000"
    assert read_code("", faults, "ru") is None
    assert faults == []
    assert read_code("720x", faults, "ru") is None
    assert faults[0].field == "code"
    assert "только из цифр" in faults[0].text


def test_an_address_leaves_out_what_is_empty() -> None:
    assert address((("code", "7204"), ("state", frozenset(("RU", "KG"))), ("q", None), ("sort", ""))) == (
        "code=7204&state=KG,RU"
    )


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("", "ru"),
        ("en-GB,en;q=0.9", "en"),
        ("ru,en;q=0.9", "ru"),
        ("de", "ru"),
        ("de,en;q=0.3", "en"),
        ("kk,ru;q=0.8,en;q=0.9", "en"),
        ("en;q=0,*;q=0.5", "ru"),
        ("en;q=broken", "en"),
    ],
)
def test_the_entrance_follows_the_browser(header: str, expected: str) -> None:
    assert preferred(header) == expected
