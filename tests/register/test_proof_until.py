"""Until when an answer holds and what follows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest

from register.proof import answer, read_question
from tests.register.synthetic import build, record

AM, KG = "AM-2026-014", "KG-2026-021"

Follows = tuple[str, str, str, str] | None


def follows(*records: Mapping[str, Any], day: str = "2026-09-10", until: date | None = None, **asked: Any) -> Follows:
    """The last day of the answer, and the day, the proof and the rule that follow."""
    given = answer(build(records), read_question({"code": "7204100000", "date": day, **asked}), until)
    if given.next is None:
        assert given.holds_until is None
        return None
    assert given.holds_until is not None
    return given.holds_until, given.next.from_, given.next.proof, given.next.rule


def test_nothing_known_to_change() -> None:
    assert follows(record(AM)) is None
    assert follows() is None
    assert follows(record(AM, effective_to="2026-09-09")) is None


def test_the_last_day_of_the_measure() -> None:
    ends = record(AM, effective_to="2026-12-31")
    assert follows(ends) == ("2026-12-31", "2027-01-01", "none", "A4(1)")
    assert follows(ends, day="2026-12-31") == ("2026-12-31", "2027-01-01", "none", "A4(1)")
    assert follows(ends, day="2027-01-01") is None


def test_the_first_day_of_a_measure_to_come() -> None:
    coming = record(AM, effective_from="2026-10-01")
    assert follows(coming) == ("2026-09-30", "2026-10-01", "origin_declaration", "P37(1)")
    assert follows(coming, origin="CN") == ("2026-09-30", "2026-10-01", "outside_rules", "P17")


@pytest.mark.parametrize("day", ["2026-09-08", "2026-09-23"])
def test_the_fifteenth_day(day: str) -> None:
    measure = record(AM, effective_from="2026-09-08", included_on="2026-08-30")
    assert follows(measure, day=day) == ("2026-09-23", "2026-09-24", "special_certificate", "P26")
    assert follows(measure, day="2026-09-24") is None


def test_the_fifteenth_day_of_the_measure_that_closes_first() -> None:
    assert follows(record(AM, included_on="2026-09-08"), record(KG, included_on="2026-09-01")) == (
        "2026-09-16",
        "2026-09-17",
        "special_certificate",
        "P26",
    )


def test_a_window_that_ends_with_the_measure() -> None:
    short = record(AM, included_on="2026-09-08", effective_to="2026-09-23")
    assert follows(short) == ("2026-09-23", "2026-09-24", "none", "A4(1)")


def test_a_measure_that_ends_on_the_sixteenth_day() -> None:
    short = record(AM, included_on="2026-09-08", effective_to="2026-09-24")
    assert follows(short) == ("2026-09-23", "2026-09-24", "special_certificate", "P26")


def test_effect_and_permission_on_one_day_are_one_change_of_the_line() -> None:
    old = record(AM, effective_to="2026-12-31", declaration={"permitted": True, "from": None, "to": None})
    new = record(
        KG,
        effective_from="2026-10-01",
        effective_to="2026-11-30",
        declaration={"permitted": True, "from": "2026-10-01", "to": None},
    )
    assert follows(old, new) == ("2026-12-31", "2027-01-01", "none", "A4(1)")


def test_the_end_of_an_old_measure_leaves_a_new_one_in_its_window() -> None:
    new = record(KG, included_on="2026-09-10")
    assert follows(record(AM, effective_to="2026-09-20"), new) == (
        "2026-09-20",
        "2026-09-21",
        "origin_declaration",
        "P37(1)",
    )


def test_a_permission_begins_and_ends() -> None:
    measure = record(AM, declaration={"permitted": True, "from": "2026-10-01", "to": "2026-10-31"})
    assert follows(measure) == ("2026-09-30", "2026-10-01", "origin_declaration", "P24")
    assert follows(measure, day="2026-10-01") == ("2026-10-31", "2026-11-01", "special_certificate", "P26")


def test_a_permission_that_takes_over_from_the_window_changes_no_proof() -> None:
    permission = {"permitted": True, "from": "2026-09-15", "to": None}
    assert follows(record(AM, included_on="2026-09-08", declaration=permission)) is None


def test_a_suspension_begins_and_ends() -> None:
    measure = record(AM, suspensions=[{"from": "2026-10-01", "to": "2026-10-10"}, {"from": "2026-12-01", "to": None}])
    assert follows(measure) == ("2026-09-30", "2026-10-01", "none", "A4(1)")
    assert follows(measure, day="2026-10-05") == ("2026-10-10", "2026-10-11", "special_certificate", "P26")
    assert follows(measure, day="2026-10-11") == ("2026-11-30", "2026-12-01", "none", "A4(1)")
    assert follows(measure, day="2026-12-01") is None


@pytest.mark.parametrize(
    ("value", "last", "first"),
    [
        ("10000", "2028-12-31", "2029-01-01"),
        ("5000", "2029-12-31", "2030-01-01"),
        ("3000.01", "2029-12-31", "2030-01-01"),
    ],
)
def test_the_limits_of_p37_2(value: str, last: str, first: str) -> None:
    assert follows(record(AM), value_eur=value) == (last, first, "special_certificate", "P26")


def test_a_value_under_every_limit_or_over_every_one_changes_nothing() -> None:
    assert follows(record(AM), value_eur="3000.00") is None
    assert follows(record(AM), value_eur="10000.01") is None


def test_the_end_of_the_transition_for_duties() -> None:
    duty = record(AM, kind="export_duty")
    assert follows(duty, until=date(2026, 12, 31)) == ("2026-12-31", "2027-01-01", "special_certificate", "P26")
    assert follows(duty, until=None) is None
    assert follows(record(AM), until=date(2026, 12, 31)) is None


def test_a_second_state_ends_p25() -> None:
    coming = record(KG, effective_from="2026-10-01")
    assert follows(record(AM), coming, compliance="AM") == ("2026-09-30", "2026-10-01", "origin_declaration", "P36")


def test_a_measure_of_no_account_changes_nothing() -> None:
    assert follows(record(AM, effective_from="2026-10-01", destination="member_states")) is None
    assert follows(record(AM, effective_from="2026-10-01", transport=["sea"]), transport="road") is None


def test_the_line_ends_before_its_measure() -> None:
    measure = record(AM, goods=[{"line": 1, "code_from": "7204", "valid_to": "2026-11-30"}])
    assert follows(measure) == ("2026-11-30", "2026-12-01", "none", "A4(1)")


def test_only_what_was_known_then_follows() -> None:
    register = build([record(AM), record(AM, effective_to="2026-12-31")])
    then, now = (
        answer(register, read_question({"code": "7204", "date": "2026-09-10", "known_at": seq})) for seq in (1, 2)
    )
    assert (then.holds_until, now.holds_until) == (None, "2026-12-31")


def test_the_last_days_that_a_record_may_name() -> None:
    last = record(AM, effective_from="2199-12-16", effective_to="2199-12-31")
    assert follows(last) == ("2199-12-15", "2199-12-16", "origin_declaration", "P37(1)")
    assert follows(last, day="2199-12-31") == ("2199-12-31", "2200-01-01", "none", "A4(1)")
    assert follows(record(AM, effective_from="2199-12-31"), day="2199-12-31") == (
        "2200-01-15",
        "2200-01-16",
        "special_certificate",
        "P26",
    )
