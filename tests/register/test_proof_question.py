"""What a question may be, and how its faults are told."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from babel import Locale

from register.measures import TRANSPORTS
from register.proof import QUESTION_RULES, QuestionError, answer, read_question
from register.proof.question import ISO_3166
from tests.register.synthetic import BEGINNING, build, record

LEAST = {"code": "7204100000", "date": "2026-09-10"}


def read(**given: Any) -> Any:
    return read_question({**LEAST, **given})


def test_code_and_date_are_enough() -> None:
    question = read_question(LEAST)
    assert (question.code, question.date) == ("7204100000", date(2026, 9, 10))
    assert (question.origin, question.value_eur, question.transport, question.known_at) == (None, None, None, None)
    assert (question.sanitary_certificate, question.compliance) == (False, frozenset())


def test_an_empty_text_is_the_same_as_none() -> None:
    names = ("origin", "value_eur", "sanitary_certificate", "compliance", "transport", "known_at")
    assert read(**dict.fromkeys(names, "")) == read_question(LEAST)


@pytest.mark.parametrize(
    ("name", "given", "taken"),
    [
        ("code", "7204 10 000 0", "7204100000"),
        ("code", "72", "72"),
        ("code", " 720 ", "720"),
        ("code", "72041", "72041"),
        ("date", date(2024, 2, 29), date(2024, 2, 29)),
        ("origin", "kg", "KG"),
        ("origin", "CN", "CN"),
        ("value_eur", "10000.01", Decimal("10000.01")),
        ("value_eur", 10000.01, Decimal("10000.01")),
        ("value_eur", 0, Decimal(0)),
        ("value_eur", "999999999999.99", Decimal("999999999999.99")),
        ("sanitary_certificate", "True", True),
        ("sanitary_certificate", "0", False),
        ("sanitary_certificate", True, True),
        ("compliance", "am, KG-2026-021", frozenset({"AM", "KG-2026-021"})),
        ("compliance", ["RU"], frozenset({"RU"})),
        ("transport", "rail", "rail"),
        ("known_at", "118", "118"),
        ("known_at", 118, 118),
    ],
)
def test_what_is_taken(name: str, given: Any, taken: Any) -> None:
    assert getattr(read(**{name: given}), name) == taken


REFUSED: Mapping[tuple[str, str], tuple[Any, ...]] = {
    ("code", "H1"): ("7", "", "72041000001", "72o4", "٧٢٠٤", None, 7204),
    ("date", "Q2"): ("", "2026-02-29", "10.09.2026", "2026-9-1", "2026-09-10T00:00", 20260910, "20260910",
                     "2026-W37-4", "2026-253", "٢٠٢٦-٠٩-١٠", "2026-09-1٠", "20-26-09-1", "2026 09 10", None,
                     datetime(2026, 9, 10, tzinfo=UTC)),
    ("origin", "Q3"): ("XX", "EU", "ARM", "K", 5, ["KG"]),
    ("value_eur", "Q4"): ("-0.01", "1.001", "1e4", "NaN", "Infinity", "10,000", "1000000000000", "5 000", True, [1],
                          float("inf"), -1),
    ("sanitary_certificate", "Q5"): ("maybe", 2, []),
    ("compliance", "Q6"): ("AM;KG", "CN", "AM,,KG", "KG-26-1", ["AM", 1], {"AM": 1}, ["AM"] * 101),
    ("transport", "Q7"): ("foot", "ROAD", ["road"], 1),
    ("known_at", "Q8"): (1.5, True, "1" * 41, [1]),
    ("colour", "Q1"): ("red",),
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "rule", "given"), [(name, rule, bad) for (name, rule), all_ in REFUSED.items() for bad in all_]
)
def test_what_is_refused_names_field_and_rule_in_both_languages(name: str, rule: str, given: Any) -> None:
    with pytest.raises(QuestionError) as caught:
        read(**{name: given})
    (fault,) = caught.value.faults
    assert (fault.field, fault.rule, fault.text) == (name, rule, QUESTION_RULES[rule])
    assert f"{name}: {rule}" in str(caught.value)


def test_every_field_at_fault_is_named() -> None:
    with pytest.raises(QuestionError) as caught:
        read_question({"code": "x", "value_eur": "-1"})
    assert [(fault.field, fault.rule) for fault in caught.value.faults] == [
        ("code", "H1"),
        ("date", "Q1"),
        ("value_eur", "Q4"),
    ]


@pytest.mark.parametrize("known_at", ["2", 2, -1, "yesterday", "2026-09-10", "2026-09-10T10:00:00"])
def test_a_past_that_is_not_there(known_at: Any) -> None:
    with pytest.raises(QuestionError) as caught:
        answer(build([record("AM-2026-014")]), read(known_at=known_at))
    (fault,) = caught.value.faults
    assert (fault.field, fault.rule) == ("known_at", "Q8")
    assert str(known_at) in fault.text["ru"]
    assert str(known_at) in fault.text["en"]


def test_a_past_by_its_time() -> None:
    register = build([record("AM-2026-014")])
    assert answer(register, read(known_at=BEGINNING.isoformat())).known_at == 0
    assert answer(register, read(known_at="2026-09-10T10:00:00Z")).known_at == 1
    assert answer(register, read(known_at=BEGINNING)).journal.seq == 0


def test_the_countries_are_those_of_iso_3166() -> None:
    # What CLDR has beyond ISO 3166: reserved codes, groups of countries, codes of its own.
    beyond = {"AC", "AN", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "XK", "ZZ"}
    territories = {str(code) for code in Locale("en").territories if re.fullmatch("[A-Z]{2}", str(code))}
    assert territories - beyond == ISO_3166
    assert len(ISO_3166) == 249


def test_every_rule_of_a_question_is_told_in_both_languages() -> None:
    assert list(QUESTION_RULES) == ["H1", *(f"Q{number}" for number in range(1, 9))]
    for text in QUESTION_RULES.values():
        assert set(text) == {"ru", "en"}
        assert all(text.values())
    assert all(mode in QUESTION_RULES["Q7"]["en"] for mode in TRANSPORTS)
