"""Each point of the law at its edges, one register of a few measures at a time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import msgspec
import pytest

from register.api.schemas import ProofAnswer
from register.proof import answer, encode, read_question
from tests.register.synthetic import build, record

AM, KG, RU = "AM-2026-014", "KG-2026-021", "RU-2026-003"
CODE = "7204100000"


def ask(*records: Mapping[str, Any], day: str = "2026-09-10", until: date | None = None, **asked: Any) -> ProofAnswer:
    """The answer of a Register of these records for code 7204 10 000 0, as it goes out."""
    given = answer(build(records), read_question({"code": CODE, "date": day, **asked}), until)
    return msgspec.json.decode(encode(given), type=ProofAnswer)


def rules(given: ProofAnswer) -> list[str]:
    return [ground.rule for ground in given.grounds]


def considered(given: ProofAnswer) -> dict[str, str]:
    return {item.rule: item.text.en for item in given.considered}


permitted: Mapping[str, Any] = {"permitted": True, "from": "2026-09-01", "to": "2026-09-20"}


# --- A4(1)


def test_a4_1_no_measure_on_the_code() -> None:
    given = ask(record(AM, "2515110000"))
    assert (given.proof, rules(given), tuple(given.accepted), given.certainty) == ("none", ["A4(1)"], (), "certain")
    assert given.grounds[0].measures == []
    assert "10 September 2026" in given.grounds[0].text.en
    assert "7204 10 000 0" in given.grounds[0].text.en
    assert "10.09.2026" in given.grounds[0].text.ru


@pytest.mark.parametrize(
    ("day", "proof"),
    [("2026-08-31", "none"), ("2026-09-01", "origin_declaration"), ("2026-09-20", "special_certificate"),
     ("2026-09-21", "none")],
)  # fmt: skip
def test_a4_1_in_force_from_its_first_day_to_its_last(day: str, proof: str) -> None:
    measure = record(AM, effective_from="2026-09-01", effective_to="2026-09-20")
    assert ask(measure, day=day).proof == proof


def test_a4_1_before_inclusion_nothing_counts_though_the_measure_is_in_force() -> None:
    measure = record(AM, effective_from="2026-06-01", included_on="2026-09-10")
    assert ask(measure, day="2026-09-09").proof == "none"
    assert ask(measure, day="2026-09-10").proof == "origin_declaration"


def test_a4_1_a_line_included_later_does_not_count_before() -> None:
    measure = record(AM, goods=[{"line": 1, "code_from": CODE, "included_on": "2026-09-10"}])
    assert ask(measure, day="2026-09-09").measures == []
    assert [item.line for item in ask(measure, day="2026-09-10").measures] == [1]


@pytest.mark.parametrize(("destination", "counted"), [("third_countries", 1), ("all", 1), ("member_states", 0)])
def test_a4_1_only_measures_that_reach_exports_out_of_the_union(destination: str, counted: int) -> None:
    assert len(ask(record(AM, destination=destination)).measures) == counted


@pytest.mark.parametrize(("asked", "counted"), [({}, 1), ({"transport": "rail"}, 1), ({"transport": "sea"}, 0)])
def test_a4_1_transport_narrows_only_when_asked(asked: dict[str, Any], counted: int) -> None:
    assert len(ask(record(AM, transport=["road", "rail"]), **asked).measures) == counted
    assert len(ask(record(AM, transport=None), **asked).measures) == 1


def test_a4_1_names_the_transport_asked() -> None:
    text = ask(record(AM, transport=["road"]), transport="sea").grounds[0].text
    assert "by sea" in text.en
    assert "морским транспортом" in text.ru


@pytest.mark.parametrize(
    ("day", "counted"), [("2026-09-09", 1), ("2026-09-10", 0), ("2026-09-12", 0), ("2026-09-13", 1)]
)
def test_a4_1_not_on_the_days_of_a_suspension(day: str, counted: int) -> None:
    paused = record(AM, suspensions=[{"from": "2026-09-10", "to": "2026-09-12"}])
    assert len(ask(paused, day=day).measures) == counted


def test_a4_1_a_code_taken_out_is_not_covered() -> None:
    measure = record(AM, goods=[{"line": 1, "code_from": "7204", "excluded": [{"code_from": "720410"}]}])
    assert ask(measure).proof == "none"
    assert ask(measure, code="7204490000").proof == "special_certificate"


def test_a4_1_knows_only_what_was_known() -> None:
    register = build([record(AM), record(AM, goods=[{"line": 1, "code_from": "2515"}])])
    proofs = [
        answer(register, read_question({"code": CODE, "date": "2026-09-10", "known_at": seq})).proof for seq in range(3)
    ]
    assert proofs == ["none", "special_certificate", "none"]


# --- P17


def test_p17_goods_of_third_country_origin_are_outside_the_rules() -> None:
    given = ask(record(AM), record(KG), origin="cn")
    assert (given.proof, rules(given), tuple(given.accepted)) == ("outside_rules", ["P17"], ())
    assert given.grounds[0].measures == [AM, KG]
    assert "(CN)" in given.grounds[0].text.en


@pytest.mark.parametrize("origin", ["BY", "KZ", "RU", "KG"])
def test_p17_not_for_a_member_state_even_without_a_measure(origin: str) -> None:
    assert ask(record(AM), origin=origin).proof == "special_certificate"


def test_p17_a4_1_comes_first() -> None:
    assert rules(ask(record(AM, "2515"), origin="CN")) == ["A4(1)"]


def test_p17_comes_before_a11_1() -> None:
    assert rules(ask(record(AM, kind="export_duty"), origin="CN")) == ["P17"]


# --- A11(1)


def test_a11_1_duties_alone_ask_for_no_proof_while_the_transition_lasts() -> None:
    given = ask(record(AM, kind="export_duty"))
    assert (given.proof, rules(given), given.grounds[0].measures) == ("none", ["A11(1)"], [AM])
    assert [item.set_aside for item in given.measures] == [True]
    assert "its end is not set" in given.grounds[0].text.en


@pytest.mark.parametrize(
    ("day", "proof", "rule"),
    [("2026-09-30", "none", "A11(1)"), ("2026-10-01", "special_certificate", "P26")],
)
def test_a11_1_ends_with_its_last_day(day: str, proof: str, rule: str) -> None:
    given = ask(record(AM, kind="export_duty"), day=day, until=date(2026, 9, 30))
    assert (given.proof, rules(given)) == (proof, [rule])


def test_a11_1_is_considered_once_the_transition_is_over_and_only_duties_count() -> None:
    duty, over = record(AM, kind="export_duty"), date(2026, 8, 31)
    assert "ended on 31 August 2026" in considered(ask(duty, until=over))["A11(1)"]
    assert "A11(1)" not in considered(ask(duty, record(KG), until=over))


def test_a11_1_beside_other_measures_duties_are_set_aside() -> None:
    given = ask(record(AM, kind="export_duty"), record(KG), compliance="KG")
    # With the duty counted there would be two states, and P36 in place of P25.
    assert (given.proof, rules(given)) == ("none", ["P25", "A11(1)"])
    assert [ground.measures for ground in given.grounds] == [[KG], [AM]]
    assert [(item.id, item.set_aside) for item in given.measures] == [(AM, True), (KG, False)]


# --- P25


def test_p25_one_state_and_compliance_confirmed() -> None:
    given = ask(record(AM), record("AM-2026-015"), compliance="am")
    assert (given.proof, rules(given)) == ("none", ["P25"])
    assert given.grounds[0].measures == [AM, "AM-2026-015"]


def test_p25_by_id_each_measure_must_be_named() -> None:
    two = (record(AM), record("AM-2026-015"))
    part = ask(*two, compliance=AM)
    assert part.proof == "special_certificate"
    assert "AM-2026-015" in considered(part)["P25"]
    assert AM not in considered(part)["P25"]
    assert ask(*two, compliance=f"{AM}, AM-2026-015").proof == "none"


def test_p25_compliance_with_some_other_state_is_none() -> None:
    assert ask(record(AM), compliance="RU").proof == "special_certificate"


def test_p25_not_with_two_states() -> None:
    given = ask(record(AM), record(KG), compliance="AM,KG")
    assert rules(given) == ["P36"]
    assert "P25" not in considered(given)


# --- P2 (goods of the state whose measure it is)


def test_p2_goods_of_the_state_itself_are_under_the_measure() -> None:
    given = ask(record(KG), origin="KG")
    assert (given.proof, rules(given), given.compliance_required) == ("none", ["P2"], [KG])
    assert [item.own_origin for item in given.measures] == [True]
    assert "compliance with it is asked" in given.grounds[0].text.en


def test_p2_with_compliance_confirmed_it_is_p25() -> None:
    given = ask(record(KG), origin="KG", compliance=KG)
    assert (given.proof, rules(given), given.compliance_required) == ("none", ["P25"], [])


def test_p2_beside_a_measure_of_another_state() -> None:
    given = ask(record(KG), record(AM), origin="KG")
    assert (given.proof, rules(given), given.compliance_required) == ("special_certificate", ["P26", "P2"], [KG])
    assert [ground.measures for ground in given.grounds] == [[AM], [KG]]


def test_p2_own_measures_take_part_in_p36_but_not_in_p24() -> None:
    own, other = record(KG), record(AM, declaration=permitted)
    assert rules(ask(own, other, origin="KG")) == ["P24", "P2"]
    assert rules(ask(own, other, origin="KG", compliance="KG")) == ["P36", "P24", "P2"]
    assert rules(ask(own, other)) == ["P26"]


def test_p2_an_own_export_duty_is_not_asked_for_in_the_transition() -> None:
    assert ask(record(KG, kind="export_duty"), record(AM), origin="KG").compliance_required == []


# --- P36


def test_p36_two_states_and_compliance_with_one() -> None:
    given = ask(record(AM), record(KG), compliance=KG)
    assert (given.proof, rules(given)) == ("origin_declaration", ["P36"])
    assert tuple(given.accepted) == ("origin_declaration", "special_certificate", "certificate_copy")
    assert "compliance is confirmed with: KG-2026-021" in given.grounds[0].text.en


def test_p36_without_compliance_is_considered() -> None:
    given = ask(record(AM), record(KG))
    assert given.proof == "special_certificate"
    assert "AM, KG" in considered(given)["P36"]
    assert "P25" not in considered(given)


# --- P24


@pytest.mark.parametrize(
    ("day", "proof"),
    [("2026-08-31", "special_certificate"), ("2026-09-01", "origin_declaration"),
     ("2026-09-20", "origin_declaration"), ("2026-09-21", "special_certificate")],
)  # fmt: skip
def test_p24_on_the_days_of_the_permission(day: str, proof: str) -> None:
    assert ask(record(AM, declaration=permitted), day=day).proof == proof


def test_p24_whatever_p37_says() -> None:
    given = ask(record(AM, declaration=permitted), value_eur="1000000.00")
    assert rules(given) == ["P24"]
    assert list(considered(given)) == ["P25"]
    assert given.measures[0].declaration_permitted


def test_p24_two_states_and_only_one_permitted() -> None:
    given = ask(record(AM, declaration=permitted), record(KG))
    assert given.proof == "special_certificate"
    assert KG in considered(given)["P24"]
    assert AM not in considered(given)["P24"]


def test_p24_a_refused_permission_is_none() -> None:
    assert ask(record(AM, declaration={"permitted": False, "from": None, "to": None})).proof == "special_certificate"


def test_p24_one_measure_by_p24_and_another_by_p37_1_is_not_enough() -> None:
    given = ask(record(AM, declaration=permitted), record(KG, included_on="2026-09-05"))
    assert given.proof == "special_certificate"


# --- P37(1)


@pytest.mark.parametrize(
    ("effective_from", "included_on"), [("2026-08-03", "2026-07-01"), ("2026-06-01", "2026-08-03")]
)
@pytest.mark.parametrize(
    ("day", "proof"),
    [("2026-08-03", "origin_declaration"), ("2026-08-18", "origin_declaration"), ("2026-08-19", "special_certificate")],
)
def test_p37_1_fifteen_days_from_the_later_of_inclusion_and_effect(
    effective_from: str, included_on: str, day: str, proof: str
) -> None:
    given = ask(record(AM, effective_from=effective_from, included_on=included_on), day=day)
    assert given.proof == proof
    assert (given.measures[0].declaration_window.from_, given.measures[0].declaration_window.until) == (
        "2026-08-03",
        "2026-08-18",
    )
    if proof == "special_certificate":
        assert considered(given)["P37(1)"] == "15 days for AM-2026-014 ended on 18 August 2026."
    else:
        assert given.grounds[0].text.en == "The 15 days run: for AM-2026-014 until 18 August 2026 inclusive."
        assert "18.08.2026" in given.grounds[0].text.ru


def test_p37_1_must_hold_for_each_measure() -> None:
    given = ask(record(AM, included_on="2026-09-05"), record(KG))
    assert given.proof == "special_certificate"
    assert considered(given)["P37(1)"] == "15 days for KG-2026-021 ended on 16 August 2026."


def test_p37_1_a_line_added_later_has_its_own_window() -> None:
    old, new = {"line": 1, "code_from": "7204490000"}, {"line": 2, "code_from": CODE, "included_on": "2026-09-05"}
    assert ask(record(AM, goods=[old, new])).proof == "origin_declaration"
    assert ask(record(AM, goods=[old, new]), code="7204490000").proof == "special_certificate"


def test_p37_1_goods_that_an_older_line_covers_are_past_it() -> None:
    old, new = {"line": 1, "code_from": "7204"}, {"line": 2, "code_from": CODE, "included_on": "2026-09-05"}
    given = ask(record(AM, goods=[old, new]))
    assert given.proof == "special_certificate"
    assert considered(given)["P37(1)"] == "15 days for AM-2026-014 ended on 16 August 2026."
    assert [ground.measures for ground in given.grounds] == [[AM]]


def test_p37_1_an_extension_opens_no_window() -> None:
    first = record(AM, effective_to="2026-09-05")
    assert ask(first, record(AM, effective_to="2027-09-05")).proof == "special_certificate"


# --- P37(2)


@pytest.mark.parametrize(
    ("day", "most", "more"),
    [("2028-12-31", "10000.00", "10000.01"), ("2029-01-01", "5000.00", "5000.01"),
     ("2029-12-31", "5000", "5000.01"), ("2030-01-01", "3000", "3000.01")],
)  # fmt: skip
def test_p37_2_to_the_cent_and_to_the_day(day: str, most: str, more: str) -> None:
    assert rules(ask(record(AM), day=day, value_eur=most)) == ["P37(2)"]
    assert ask(record(AM), day=day, value_eur=more).proof == "special_certificate"


def test_p37_2_says_value_and_limit_as_people_write_them() -> None:
    text = {item.rule: item.text for item in ask(record(AM), value_eur="18000").considered}["P37(2)"]
    assert text.en == "18,000.00 EUR is above 10,000.00 EUR (until 31 December 2028)."
    assert text.ru == (
        "Общая стоимость партии 18\u00a0000,00\u00a0евро превышает 10\u00a0000,00\u00a0евро (по 31.12.2028)."
    )


def test_p37_2_nothing_is_worth_less_than_the_limit() -> None:
    assert ask(record(AM), value_eur="0").proof == "origin_declaration"
    assert "is not given" in considered(ask(record(AM)))["P37(2)"]


# --- P37(3)


def test_p37_3_a_sanitary_certificate() -> None:
    given = ask(record(AM), sanitary_certificate="true")
    assert (given.proof, rules(given)) == ("origin_declaration", ["P37(3)"])
    assert ask(record(AM), sanitary_certificate="false").proof == "special_certificate"


# --- P26


def test_p26_otherwise_a_special_certificate() -> None:
    given = ask(record(AM))
    assert (given.proof, rules(given)) == ("special_certificate", ["P26"])
    assert tuple(given.accepted) == ("special_certificate", "certificate_copy")
    assert list(considered(given)) == ["P25", "P24", "P37(1)", "P37(2)", "P37(3)"]
    assert not any(item.holds for item in given.considered)


def test_p26_every_declaration_rule_that_holds_is_a_ground_in_the_order_of_the_law() -> None:
    given = ask(
        record(AM, declaration=permitted, included_on="2026-09-05"),
        record(KG, declaration=permitted, included_on="2026-09-05"),
        compliance="AM",
        value_eur="1",
        sanitary_certificate="1",
    )
    assert rules(given) == ["P36", "P24", "P37(1)", "P37(2)", "P37(3)"]


def test_p26_names_five_measures_and_counts_the_rest() -> None:
    given = ask(*(record(f"AM-2026-{number:03d}") for number in range(1, 9)))
    assert given.grounds[0].text.en.endswith("AM-2026-005 and 3 more.")
    assert given.grounds[0].text.ru.endswith("и ещё 3.")
    assert len(given.grounds[0].measures) == 8


# --- partial lines and broader codes


def test_partial_lines_only_leave_it_to_the_description() -> None:
    given = ask(record(AM, f"*{CODE}"))
    assert (given.proof, given.certainty, given.measures[0].match) == ("special_certificate", "description", "partial")
    note = msgspec.to_builtins(given.notes[0])
    assert note["rule"] == "P2"
    assert "if none does, no proof of origin is required" in note["text"]["en"]


def test_a_broader_code_is_settled_by_the_description() -> None:
    given = ask(record(AM), code="72 04")
    assert (given.code, given.certainty) == ("7204", "description")


def test_a_partial_line_beside_an_exact_one_changes_nothing() -> None:
    assert ask(record(AM), record(KG, f"*{CODE}")).certainty == "certain"


def test_a_partial_line_of_a_second_state_makes_p25_uncertain() -> None:
    given = ask(record(AM), record(KG, f"*{CODE}"), compliance="AM")
    assert (given.proof, given.certainty) == ("origin_declaration", "description")


def test_none_and_all_agree_but_a_reading_between_does_not() -> None:
    # With the second measure of AM alone neither P24 nor P36 holds.
    lines = (
        record(AM, declaration=permitted),
        record("AM-2026-015", f"*{CODE}"),
        record(RU, f"*{CODE}"),
    )
    given = ask(*lines, compliance="RU")
    assert (given.proof, given.certainty) == ("origin_declaration", "description")


def test_the_same_where_no_exact_line_is_confirmed() -> None:
    lines = (
        record(AM, declaration=permitted),
        record(KG, declaration=permitted),
        record("AM-2026-015", f"*{CODE}"),
        record(RU, f"*{CODE}"),
    )
    assert ask(*lines, compliance="RU").certainty == "description"
    assert ask(*lines, compliance="KG").certainty == "certain"


def test_a_reading_of_the_unconfirmed_lines_alone_may_be_the_one_that_differs() -> None:
    # All: P36 by RU. The exact line, and all of its state: P24. With KG but without RU: neither.
    lines = (record(AM, declaration=permitted), record(KG, f"*{CODE}"), record(RU, f"*{CODE}"))
    given = ask(*lines, compliance="RU")
    assert (given.proof, given.certainty) == ("origin_declaration", "description")


def test_a_reading_of_one_state_alone_may_be_the_one_that_differs() -> None:
    # All: P36 by AM-2026-015. The unconfirmed lines: P24. The two of AM alone: neither.
    lines = (
        record(AM, declaration=permitted),
        record("AM-2026-015", f"*{CODE}"),
        record(RU, f"*{CODE}", declaration=permitted),
    )
    given = ask(*lines, compliance="AM-2026-015")
    assert (given.proof, given.certainty) == ("origin_declaration", "description")
