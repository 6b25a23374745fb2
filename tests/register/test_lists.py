"""Filters, words and order over a Register in memory."""

import json
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from register.lists import (
    SORT_CHOICES,
    Selection,
    Texts,
    patterns,
    record_bytes,
    searchable,
    select,
    stem,
    with_status,
    written_codes,
)
from tests.register.synthetic import build, record, spread

TODAY = date(2026, 9, 10)


@pytest.mark.parametrize(
    ("word", "expected"),
    [("лом", "лом"), ("металлов", "металл"), ("металлы", "металл"), ("мраморами", "мрамор"), ("гравий", "грав"),
     ("гравия", "грав"), ("изделие", "издел"), ("изделий", "издел"), ("чёрного", "чёрн"), ("exports", "export"),
     ("7204", "7204"), ("дома", "дом")],
)  # fmt: skip
def test_stems(word: str, expected: str) -> None:
    assert stem(word) == expected


@given(st.text(alphabet="абвгдеёжзийклмнопрстуфхцчшщъыьэюяabcxyz", min_size=1, max_size=20))
def test_a_stem_begins_its_word_and_keeps_three_letters(word: str) -> None:
    assert word.startswith(stem(word))
    assert len(stem(word)) >= min(3, len(word))


def test_patterns_fold_case_and_yo() -> None:
    assert patterns("ЧЁРНЫЙ лом, KG-2026-021") == (" черн", " лом", " kg", " 2026", " 021")


@pytest.mark.parametrize(
    ("words", "codes"),
    [("лом 7204 10 000 0", ("7204100000",)), ("7204\u00a010\u00a0000\u00a00", ("7204100000",)), ("72041", ()),
     ("720410, 2515 11 000 0", ("720410", "2515110000")), ("7204", ()), ("№ 587 от 27.08.2026", ()),
     ("KG-2026-021001", ()), ("12345678901", ()), ("а7204100000", ())],
)  # fmt: skip
def test_codes_written_among_words(words: str, codes: tuple[str, ...]) -> None:
    assert written_codes(words) == codes


@pytest.mark.parametrize("words", ["%", "№", '"', "\0", "_", " - "])
def test_words_without_a_letter_or_digit_find_nothing(words: str) -> None:
    register = build([record("KG-2026-001")])
    assert not searchable(words)
    assert select(register, Texts(), Selection(words=words), TODAY, register.seq) == []


def test_words_are_made_once_and_missed_until_then() -> None:
    register = build([record("KG-2026-001", title={"ru": "Лом чёрных металлов", "en": None})])
    texts, version = Texts(), register.version("KG-2026-001")
    assert version is not None
    assert texts.missing([version]) == [version]
    texts.make(register, [version])
    assert texts.missing([version]) == []
    assert texts.holds(register, version, patterns("черный металл"))
    assert not texts.holds(register, version, patterns("черный мрамор"))


def test_a_line_counts_for_a_code_only_on_its_own_days() -> None:
    goods = [
        {"line": 1, "code_from": "7204", "valid_to": "2026-08-31"},
        {"line": 2, "code_from": "7602", "valid_from": "2026-10-01"},
    ]
    register = build([record("KG-2026-001", goods=goods)])

    def found(code: str, on: date) -> int:
        return len(select(register, Texts(), Selection(code=code, valid_on=on), TODAY, register.seq))

    assert (found("7204", date(2026, 8, 31)), found("7204", date(2026, 9, 1))) == (1, 0)
    assert (found("7602", date(2026, 9, 30)), found("7602", date(2026, 10, 1))) == (0, 1)


def test_inclusion_plays_no_part_in_force() -> None:
    register = build([record("KG-2026-001", effective_from="2026-08-01", included_on="2026-08-20")])
    selection = Selection(code="7204", valid_on=date(2026, 8, 10))
    assert len(select(register, Texts(), selection, TODAY, register.seq)) == 1


@given(
    st.sampled_from(SORT_CHOICES),
    st.dates(date(2024, 1, 1), date(2027, 12, 31)),
    st.sampled_from([None, "72", "8407", "2515110000"]),
    st.integers(0, 60),
)
def test_a_list_is_what_the_records_say(sort: str, on: date, code: str | None, known_at: int) -> None:
    found = select(REGISTER, Texts(), Selection(valid_on=on, sort=sort, code=code), TODAY, known_at)
    for item in found:
        assert item.version.known_at(known_at)
        assert item.status == "in_force"
        assert (item.matches != ()) == (code is not None)
    keys = [(getattr(item.version, sort.lstrip("-")), item.version.id) for item in found]
    assert keys == sorted(sorted(keys, key=lambda key: key[1]), key=lambda key: key[0], reverse=sort.startswith("-"))
    everything = select(REGISTER, Texts(), Selection(code=code), on, known_at)
    assert {item.version.id for item in everything if item.status == "in_force"} >= {item.version.id for item in found}
    if code is None:
        assert len([item for item in everything if item.status == "in_force"]) == len(found)


REGISTER = build(spread(60))


def test_the_status_is_put_in_and_nothing_else_changes() -> None:
    register = build([record("KG-2026-001", title={"ru": 'Слова "status":"expired" в тексте', "en": None})])
    version = register.version("KG-2026-001")
    assert version is not None
    then = record_bytes(register, version, date(2026, 7, 1))
    assert b'"status":"upcoming"' in then
    assert with_status(then, "in_force") == record_bytes(register, version, TODAY)
    assert register.record(version) | {"status": "x"} == json.loads(then) | {"status": "x"}
