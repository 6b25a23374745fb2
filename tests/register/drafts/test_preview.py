"""What a person sees before approval: findings, overlapping measures, consultations that are touched."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from register.drafts.model import Draft, Kind
from register.drafts.overlaps import open_consultations, overlaps
from register.drafts.preview import Preview, preview
from register.drafts.what_if import candidate_version
from register.entries import Entry, EntryType, header
from register.index import Register
from tests.register.api.helpers import TERMS
from tests.register.drafts.helpers import NOW, TODAY, content
from tests.register.synthetic import build, record


def draft(given: dict[str, Any], kind: Kind = "include", measure: str | None = None) -> Draft:
    base = None if measure is None else 1
    return Draft(1, "draft", kind, given, [], "", 1, NOW, NOW, measure=measure, base_version=base)


def seen(register: Register, one: Draft) -> Preview:
    return preview(register, one, TODAY, now=NOW, zone=TERMS.zone)


def test_an_unfinished_draft_shows_what_is_missing_and_nothing_else() -> None:
    found = seen(Register(), draft({})).public()
    assert {one["rule"] for one in found["refusals"]} == {"H2"}
    assert (found["content"], found["entry"], found["effect"]) == (None, None, None)


def test_rules_say_where_in_the_draft_and_by_which_provision() -> None:
    found = seen(Register(), draft({"measure": content("7899")})).public()
    assert [(one["pointer"], one["rule"]) for one in found["refusals"]] == [("/measure/goods/0/code_from", "H3")]
    assert found["entry"]["provisional"] is True


def test_a_new_measure_gets_the_next_number_or_the_one_wished_for() -> None:
    register = build([record("KG-2026-004", "0101"), record("KZ-2026-009", "0101"), record("KG-2025-007", "0101")])
    for number, identifier in ((None, "KG-2026-005"), ([2026, 2], "KG-2026-002"), ([2026, 4], "KG-2026-005")):
        one = draft({"measure": content(), "number": number})
        shown = seen(register, one).entry
        assert shown is not None
        assert (shown["subject"], shown["seq"], shown["after"]["version"]) == (identifier, 4, 1)


def test_a_change_shows_the_difference_from_the_published_version() -> None:
    register = build([record("KG-2026-001", "7801", effective_to="2026-12-31")])
    given = {"effective_to": "2027-01-31", "acts": [{"role": "extends", "number": "9", "date": "2026-09-09"}]}
    found = seen(register, draft(given, "extend", "KG-2026-001"))
    assert [one["field"] for one in found.differences] == ["/acts/0", "/effective_to"]
    assert found.effect is not None
    assert [(one.first.isoformat(), one.before.rule, one.after.rule) for one in found.effect.changes] == [
        ("2027-01-01", "A4(1)", "P26")
    ]
    assert found.moved is None


def test_a_measure_that_moved_is_shown_with_what_changed() -> None:
    register = build([record("KG-2026-001", "7801"), record("KG-2026-001", "7802")])
    moved = seen(register, draft({}, "extend", "KG-2026-001")).moved
    assert moved is not None
    assert (moved["from"], moved["to"]) == (1, 2)
    assert [one["field"] for one in moved["differences"]] == ["/goods/1/code_from"]


def test_overlaps_are_other_measures_on_the_same_goods_in_the_same_days() -> None:
    register = build(
        [
            record("KG-2026-001", "7801"),
            record("KG-2026-002", "780110"),
            record("KZ-2026-001", "78"),
            record("AM-2026-001", "7802"),
            record("RU-2026-001", "7801", effective_from="2026-01-01", effective_to="2026-09-01"),
            record("BY-2026-001", goods=[{"line": 1, "code_from": "7601", "code_to": "7901"}]),
        ]
    )
    candidate = candidate_version(record("KG-2026-001", "7801", effective_from="2026-09-15"), 9)
    found = overlaps(register, candidate)
    assert [(one["id"], one["same_state"]) for one in found["items"]] == [
        ("BY-2026-001", False), ("KZ-2026-001", False), ("KG-2026-002", True),
    ]  # fmt: skip
    assert (found["total"], found["complete"]) == (3, True)


def test_a_range_meets_what_lies_inside_it() -> None:
    register = build([record("KZ-2026-001", "7803"), record("KZ-2026-002", "7701")])
    goods = [{"line": 1, "code_from": "7801", "code_to": "7904"}]
    found = overlaps(register, candidate_version(record("KG-2026-001", goods=goods), 9))
    assert [one["id"] for one in found["items"]] == ["KZ-2026-001"]


def consult(register: Register, type_: EntryType, identifier: str, **after: Any) -> None:
    seq = register.seq + 1
    text = {"ru": "Запись", "en": "Entry"}
    entry = Entry(seq, NOW, type_, identifier, "legal_change", text, None, {"id": identifier, **after}, [], "P24")
    body = entry.body()
    register.apply(header(seq, NOW, type_, identifier, body), body)


def test_consultations_under_way_on_the_same_goods_are_named() -> None:
    register = Register()
    goods = [{"code_from": "780110"}]
    consult(register, "consultation.initiated", "C-2026-001", state="KZ", goods=goods)
    consult(register, "consultation.initiated", "C-2026-002", state="KZ", goods=[{"code_from": "0101"}])
    consult(register, "consultation.initiated", "C-2026-003", state="KZ", goods=goods)
    consult(register, "consultation.concluded", "C-2026-003", state="KZ", goods=goods)
    consult(register, "consultation.scheduled", "C-2026-004", state="KG", measure="KG-2026-001")
    found = open_consultations(register, candidate_version(record("KG-2026-001", "7801"), 9))
    assert [one["id"] for one in found] == ["C-2026-001", "C-2026-004"]


KIND_OF_DRAFT = ("include", "amend", "extend", "terminate", "correct", "permit", "revoke")
dates = st.sampled_from(["0001-01-01", "1999-02-30", "2026-09-10", "2026-12-31", "9999-12-31", "", None])
anything = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.text(max_size=5) | dates,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
acts = st.lists(
    st.fixed_dictionaries({"role": st.sampled_from(["extends", "terminates", "x"]), "number": anything, "date": dates})
)


@st.composite
def contents(draw: st.DrawFn) -> dict[str, Any]:
    """What somebody may have typed: a measure with some fields turned into something else, and other fields."""
    measure = content("7801", "780110")
    for name in draw(st.lists(st.sampled_from([*measure, "suspensions", "declaration", "included_on"]), max_size=2)):
        measure[name] = draw(dates | anything)
    goods = measure["goods"]
    if isinstance(goods, list) and goods and isinstance(goods[0], dict):
        goods[0][draw(st.sampled_from(["valid_to", "valid_from", "included_on", "code_to", "excluded"]))] = draw(
            dates | anything
        )
    given: dict[str, Any] = {"measure": draw(st.just(measure) | anything)}
    others: dict[str, st.SearchStrategy[Any]] = {
        "number": st.just([2026, 3]) | anything,
        "reason": anything,
        "explanation": st.just({"ru": "опечатка"}) | anything,
        "effective_to": dates | anything,
        "acts": acts | anything,
        "last_day": dates,
        "declaration": st.fixed_dictionaries({"from": dates, "to": dates}) | anything,
    }
    for name in draw(st.lists(st.sampled_from(list(others)), max_size=3, unique=True)):
        given[name] = draw(others[name])
    for name in draw(st.lists(st.sampled_from(list(given)), max_size=2)):
        given.pop(name, None)
    return given


@settings(max_examples=300)
@given(st.sampled_from(KIND_OF_DRAFT), contents())
def test_whatever_was_typed_is_shown_with_what_is_wrong(kind: Kind, given: dict[str, Any]) -> None:
    held = {"permitted": True, "from": "2026-08-01", "to": None}
    register = build([record("KG-2026-001", "7801", declaration=held), record("KZ-2026-001", "78")])
    one = draft(given, kind, None if kind == "include" else "KG-2026-001")
    found = seen(register, one)
    assert found.findings.refusals or found.entry is not None
    msgspec.json.encode(found.public())


FAR = "9999-12-31"


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"effective_from": FAR, "effective_to": None}, "/measure/effective_from"),
        ({"effective_from": "0001-01-01"}, "/measure/effective_from"),
        ({"goods": [{"code_from": "7801", "included_on": FAR}]}, "/measure/goods/0/included_on"),
        ({"declaration": {"permitted": True, "from": FAR}}, "/measure/declaration/from"),
    ],
)
def test_a_date_at_the_end_of_the_calendar_is_a_slip(changes: dict[str, Any], pointer: str) -> None:
    found = seen(Register(), draft({"measure": content(**changes)})).findings.refusals
    assert [(one.rule, one.pointer) for one in found] == [("H2", pointer)]
