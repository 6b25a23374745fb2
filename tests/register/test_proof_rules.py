"""The rules as a body of law, and the answer as a contract: nothing missing, nothing unattached, nothing extra."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from register.measures import TRANSPORTS
from register.proof import CHOICES, RULES, Rule, answer, encode, points, read_question
from register.proof.rule import Condition
from register.proof.texts import BY_TRANSPORT, PLACE, RUSSIAN, Phrase, Said, Text, listed, listed_each, phrase, said
from tests.register.synthetic import build, record, spread

AM, KG = "AM-2026-014", "KG-2026-021"
CONTRACT = (
    "code", "date", "known_at", "certainty", "proof", "accepted", "grounds", "measures", "considered",
    "compliance_required", "holds_until", "next", "notes", "journal",
)  # fmt: skip


def public(code: str = "7204100000", **asked: Any) -> dict[str, Any]:
    register = build([record(AM), record(KG, "*7204"), record("RU-2026-001", "2515")])
    return answer(register, read_question({"code": code, "date": "2026-09-10", **asked})).public()


def test_every_rule_is_attached() -> None:
    written = {
        item for _, item in inspect.getmembers(points, inspect.isclass)
        if issubclass(item, Rule) and item not in (Rule, Condition)
    }  # fmt: skip
    assert written == set(RULES)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_every_rule_bears_its_provision_and_says_it_in_both_languages(rule: type[Rule]) -> None:
    assert rule.name == re.sub(r"_(\d+)$", r"(\1)", rule.__name__)
    law = rule.law()
    assert re.search("[а-я]{5}", law.ru)
    assert law.en.endswith(".")
    assert "\n" not in law.en


def test_no_russian_text_is_left_over() -> None:
    assert set(RUSSIAN) == {rule.name for rule in RULES}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_every_rule_has_tests_named_after_it(rule: type[Rule]) -> None:
    tests = (Path(__file__).parent / "test_proof_points.py").read_text("utf-8")
    assert f"def test_{rule.__name__.lower()}_" in tests


def test_the_rules_are_asked_in_the_order_of_the_law() -> None:
    assert [rule.name for rule in RULES] == [
        "A4(1)", "P17", "A11(1)", "P25", "P2", "P36", "P24", "P37(1)", "P37(2)", "P37(3)", "P26",
    ]  # fmt: skip


def test_every_mode_of_transport_has_its_words() -> None:
    assert set(BY_TRANSPORT) == {None, *TRANSPORTS}


def test_the_answer_has_the_fields_of_the_contract_in_order() -> None:
    given = public()
    assert tuple(given) == CONTRACT
    assert set(given["grounds"][0]) == {"rule", "text", "measures"}
    assert set(given["considered"][0]) == {"rule", "holds", "text"}
    assert {"id", "state", "line", "match", "effective_from", "effective_to"} <= set(given["measures"][0])
    assert set(given["measures"][0]["declaration_window"]) == {"from", "until"}
    assert (given["date"], given["known_at"]) == ("2026-09-10", 3)
    assert given["next"] is None


def test_what_follows_is_written_as_in_the_contract() -> None:
    follows = answer(build([record(AM)]), read_question({"code": "7204", "date": "2026-08-10"})).public()["next"]
    assert follows == {"from": "2026-08-17", "proof": "special_certificate", "rule": "P26"}


def test_a_measure_is_shown_with_its_version_and_line() -> None:
    register = build([record(AM), record(AM, effective_to="2027-01-31")])
    (item,) = answer(register, read_question({"code": "7204100000", "date": "2026-09-10"})).public()["measures"]
    assert item == {
        "id": AM, "state": "AM", "kind": "export_prohibition", "line": 1, "match": "exact",
        "code_from": "7204100000", "code_to": None,
        "effective_from": "2026-08-01", "effective_to": "2027-01-31", "included_on": "2026-08-01",
        "declaration_window": {"from": "2026-08-01", "until": "2026-08-16"}, "declaration_permitted": False,
        "own_origin": False, "set_aside": False, "version": 2,
    }  # fmt: skip


def test_the_state_of_the_journal_is_named() -> None:
    register = build([record(AM), record(KG)])
    question = {"code": "7204", "date": "2026-09-10"}
    for seq in (0, 1, 2):
        given = answer(register, read_question({**question, "known_at": seq})).journal
        assert (given.seq, given.checkpoint) == (seq, register.checkpoint(seq))


def test_notes_always_and_point_35_where_a_copy_is_accepted() -> None:
    always = ["P45", "P46", "P47", *(choice.rule for choice in CHOICES)]
    assert [note["rule"] for note in public("25")["notes"]] == ["P2", "P35", *always]
    assert [note["rule"] for note in public()["notes"]] == ["P35", *always]
    assert [note["rule"] for note in public("0101210000")["notes"]] == always


@pytest.mark.parametrize("code", ["7299", "729", "7204110000", "00"])
def test_a_code_that_the_harmonized_system_has_not_is_told(code: str) -> None:
    notes = public(code)["notes"]
    assert any("is not in the Harmonized System 2022" in note["text"]["en"] for note in notes)


@pytest.mark.parametrize("code", ["72", "720", "7204", "72041", "720410", "7204100000"])
def test_a_code_that_it_has_is_not(code: str) -> None:
    notes = public(code)["notes"]
    assert not any("is not in the Harmonized System 2022" in note["text"]["en"] for note in notes)


def test_every_text_is_in_both_languages() -> None:
    questions = (
        {"code": code, "date": day, "origin": origin, "value_eur": value}
        for code in ("7204", "7204100000")
        for day in ("2025-03-01", "2026-09-10")
        for origin in ("", "KG", "CN")
        for value in ("", "18000")
    )
    register = build(spread(150, codes=("720410", "720449")))
    for question in questions:
        given = answer(register, read_question(question)).public()
        texts = [item["text"] for name in ("grounds", "considered", "notes") for item in given[name]]
        assert texts
        for text in texts:
            assert re.search("[а-я]", text["ru"])
            assert re.search("[a-z]", text["en"])
            assert not re.search("[А-Яа-я]", text["en"].replace("WO, P or П", ""))


def test_the_same_question_gives_the_same_bytes() -> None:
    entries = list(spread(60, codes=("720410",)))
    question = read_question({"code": "7204", "date": "2025-06-01", "value_eur": "18000.00"})
    assert encode(answer(build(entries), question)) == encode(answer(build(entries), question))


def test_the_same_question_gives_equal_answers_however_often_it_is_asked() -> None:
    register, question = build([record(AM), record(KG)]), read_question({"code": "7204", "date": "2026-09-10"})
    first, *others = [answer(register, question) for _ in range(4)]
    assert [item.id for item in first.measures] == [AM, KG]
    assert others == [first] * 3


def test_several_answers_are_encoded_as_one_list() -> None:
    given = answer(build([record(AM)]), read_question({"code": "7204", "date": "2026-09-10"}))
    assert msgspec.json.decode(encode([given, given])) == [given.public()] * 2


def test_a_phrase_is_the_json_of_its_text_with_every_place_filled_in() -> None:
    fill = phrase('«{}» на 100 % – "{}"', "{} {}\\")
    part = said(Text('мера "A"', "measure"))
    given = msgspec.json.decode(msgspec.json.encode(fill(part.ru, b"1", part.en, b"2")))
    assert given == {"ru": '«мера "A"» на 100 % – "1"', "en": "measure 2\\"}
    why = msgspec.json.decode(msgspec.json.encode(phrase("нет: {}", "no: {}", why_not="P25")(b"KG", b"RU")))
    assert why == {"rule": "P25", "holds": False, "text": {"ru": "нет: KG", "en": "no: RU"}}


def test_a_phrase_with_a_place_left_open_is_refused() -> None:
    with pytest.raises(TypeError, match="not enough arguments"):
        phrase("{}", "{}")(b"1")


def test_a_phrase_is_filled_in_bit_by_bit() -> None:
    fill = phrase("{} на 100 % – {}", "{} at 100 % {}")
    part = said(Text("50 %", "half"))
    half = fill.partly(part.ru, PLACE, part.en, PLACE)
    for last in (b"1", b"2"):
        assert bytes(half(last, last)) == bytes(fill(part.ru, last, part.en, last))
    assert bytes(half.partly(PLACE, b"3")(b"{}")) == bytes(fill(part.ru, b"{}", part.en, b"3"))


def test_phrases_are_filled_in_as_one_list() -> None:
    one, two = phrase("{}", "{}", why_not="P25"), phrase("100 %", "{}")
    both = bytes(Phrase.each([one, two])(b"a", b"b", b"c"))
    assert both == b"[%b,%b]" % (bytes(one(b"a", b"b")), bytes(two(b"c")))


@pytest.mark.parametrize("count", [0, 1, 5, 6, 9])
def test_a_list_names_five_and_says_how_many_more(count: int) -> None:
    names = [f"KG-2026-{number:03}" for number in range(count)]
    shown, each = listed(names), listed_each([Said(name.encode(), name.encode()) for name in names])
    assert shown == each
    assert shown.en.decode() == ", ".join(names[:5]) + (f" and {count - 5} more" if count > 5 else "")
    assert shown.ru.decode() == ", ".join(names[:5]) + (f" и ещё {count - 5}" if count > 5 else "")
