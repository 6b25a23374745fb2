"""The effect of a draft, held against the proof itself day by day."""

from __future__ import annotations

import itertools
from datetime import date, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from register.drafts.effect import HORIZON, Change, effect, timeline
from register.drafts.what_if import WhatIf, candidate_version
from register.facts import FOREVER
from register.index import Register
from register.measures import STATES
from register.proof import Question, answer
from tests.register.synthetic import append, build, record

TODAY = date(2026, 9, 10)


def what(register: Register, **given: Any) -> list[Change]:
    candidate = candidate_version(record(**given), register.seq + 1)
    return list(effect(register, candidate, TODAY).changes)


def told(changes: list[Change]) -> list[tuple[Any, ...]]:
    return [
        (one.code, one.first.isoformat(), one.until and one.until.isoformat(), one.before.rule, one.after.rule)
        for one in changes
    ]


def test_a_first_measure_opens_a_window_and_then_asks_for_a_certificate() -> None:
    changes = what(Register(), id_="KG-2026-001", code="7801", effective_from="2026-09-15", included_on="2026-09-10")
    assert told(changes) == [
        ("7801", "2026-09-15", "2026-09-30", "A4(1)", "P37(1)"),
        ("7801", "2026-10-01", None, "A4(1)", "P26"),
    ]
    assert [(one.before.proof, one.after.proof) for one in changes] == [
        ("none", "origin_declaration"),
        ("none", "special_certificate"),
    ]
    assert changes[0].public()["text"] == {
        "ru": "7801: с 15.09.2026 по 30.09.2026 – декларация о происхождении товара (P37(1)), без этой записи – "
        "подтверждение происхождения не требуется (A4(1)); при подтвержденном соблюдении меры: подтверждение "
        "происхождения не требуется (P25 вместо A4(1))",
        "en": "7801: from 15 September 2026 until 30 September 2026 – origin declaration (P37(1)), without this entry "
        "no proof of origin (A4(1)); with compliance confirmed: no proof of origin (P25 instead of A4(1))",
    }


def test_a_second_state_brings_p36_though_the_plain_answer_stays() -> None:
    register = build([record("KZ-2026-001", "7801")])
    changes = what(register, id_="KG-2026-001", code="7801", effective_from="2026-09-15", included_on="2026-09-10")
    assert told(changes) == [("7801", "2026-09-15", None, "P26", "P26")]
    assert (changes[0].before.confirmed_rule, changes[0].after.confirmed_rule) == ("P25", "P36")
    assert "начинает применяться P36" in changes[0].public()["text"]["ru"]
    assert "P36 begins to apply" in changes[0].public()["text"]["en"]


def test_an_amendment_that_takes_a_line_out_shows_where_the_measure_ends() -> None:
    goods = [{"line": 1, "code_from": "7801"}, {"line": 2, "code_from": "7802"}]
    register = build([record("KG-2026-001", goods=goods)])
    changes = what(register, id_="KG-2026-001", goods=goods[:1], version=2)
    assert told(changes) == [("7802", "2026-09-10", None, "P26", "A4(1)")]


def test_an_early_end_shows_the_day_after_the_last() -> None:
    register = build([record("KG-2026-001", "7801", effective_to="2026-12-31")])
    changes = what(register, id_="KG-2026-001", code="7801", effective_to="2026-10-31", version=2)
    assert told(changes) == [("7801", "2026-11-01", "2026-12-31", "P26", "A4(1)")]


def test_the_same_again_changes_nothing() -> None:
    register = build([record("KG-2026-001", "7801")])
    assert what(register, id_="KG-2026-001", code="7801", version=2) == []


def test_a_line_that_was_partial_and_is_whole_is_a_change() -> None:
    register = build([record("KG-2026-001", "*7801")])
    changes = what(register, id_="KG-2026-001", code="7801", version=2)
    assert [(one.before.certain, one.after.certain) for one in changes] == [(False, True)]
    assert changes[0].public()["text"]["ru"].endswith("достаточно кода")


def test_a_range_is_asked_by_its_ends() -> None:
    goods = [{"line": 1, "code_from": "7801", "code_to": "7804"}]
    candidate = candidate_version(record("KG-2026-001", goods=goods), 1)
    found = effect(Register(), candidate, TODAY)
    assert [code for code, _, _ in found.today] == ["7801", "7804"]
    assert found.public()["complete"] is True


days = st.integers(-40, 500).map(lambda days: (TODAY + timedelta(days=days)).isoformat())
codes = st.sampled_from(["78", "7801", "*7801", "780110", "7801100000", "*7801100000", "7802"])


@st.composite
def measures(draw: st.DrawFn, state: str | None = None) -> dict[str, Any]:
    begins, ends = sorted((draw(days), draw(days)))
    extra: dict[str, Any] = {}
    if draw(st.booleans()):
        extra["declaration"] = {"permitted": True, "from": draw(days), "to": None}
    if draw(st.integers(0, 4)) == 0:
        extra["kind"] = "export_duty"
    if draw(st.integers(0, 4)) == 0:
        extra["suspensions"] = [{"from": begins, "to": min(ends, draw(days))}]
        if extra["suspensions"][0]["to"] < begins:
            del extra["suspensions"]
    return record(
        f"{state or draw(st.sampled_from(STATES))}-2026-{draw(st.integers(2, 999)):03d}",
        draw(codes),
        effective_from=begins,
        effective_to=draw(st.sampled_from([ends, None])),
        included_on=draw(days),
        **extra,
    )


def asked(register: Register, code: str, day: date, duties: date | None) -> tuple[str, str, str, str, bool]:
    plain = answer(register, Question(code=code, date=day), duties)
    confirmed = answer(register, Question(code=code, date=day, compliance=frozenset(STATES)), duties)
    return (
        plain.proof,
        plain.grounds[0].rule,
        confirmed.proof,
        confirmed.grounds[0].rule,
        plain.certainty == "certain",
    )


@settings(max_examples=60)
@given(
    st.lists(measures(), max_size=4, unique_by=lambda one: one["id"]),
    measures(),
    st.booleans(),
    st.sampled_from([None, TODAY + timedelta(days=30)]),
)
def test_what_is_listed_is_what_the_proof_says_and_nothing_else(
    there: list[dict[str, Any]], new: dict[str, Any], amends: bool, duties: date | None
) -> None:
    register = build(there)
    if amends and there:
        new = {**new, "id": there[0]["id"], "state": there[0]["state"], "version": 2}
    candidate = candidate_version(new, register.seq + 1)
    after = build(there)
    append(after, [new])
    found = effect(register, candidate, TODAY, duties)
    over = WhatIf(register, candidate)
    listed = {
        (one.code, one.first + timedelta(days=n)): one
        for one in found.changes
        for n in range(((one.until or TODAY + HORIZON) - one.first).days + 1)
    }
    for one in found.changes:
        assert not one.before.like(one.after)
    for code in {code for code, _, _ in found.today}:
        for day in (TODAY + timedelta(days=n) for n in range(0, HORIZON.days + 1, 7)):
            was, becomes = asked(register, code, day, duties), asked(after, code, day, duties)
            assert asked(over, code, day, duties) == becomes
            change = listed.get((code, day))
            if change is None:
                assert was == becomes
            else:
                assert (change.before[:5], change.after[:5]) == (was, becomes)


@settings(max_examples=40)
@given(st.lists(measures(), max_size=4, unique_by=lambda one: one["id"]))
def test_a_timeline_says_each_change_once(there: list[dict[str, Any]]) -> None:
    steps = timeline(build(there), "7801100000", TODAY, FOREVER)
    assert steps[0][0] == TODAY.toordinal()
    assert [day for day, _ in steps] == sorted({day for day, _ in steps})
    for (_, one), (_, following) in itertools.pairwise(steps):
        assert not one.like(following)
