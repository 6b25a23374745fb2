"""Forms of consultations without the web: what was typed as values, errors at their fields, the code cell."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from admin.consulting import goods
from admin.consulting.forms import Form, anchor, conclusion_of, meeting_of, plan_of, plan_texts, revocation_of
from admin.consulting.standing import threads
from consultations.model import Comment
from tests.admin.conftest import NOW
from tests.admin.consulting.conftest import PLAN


def form(**texts: str) -> Form:
    return Form({name: [text] for name, text in texts.items()})


def test_a_plan_comes_back_as_it_was_typed() -> None:
    plan = plan_of(form(**PLAN, **{"d-2516-p": "гранит"})).value
    assert plan is not None
    assert [one.state for one in plan.burdens] == ["KZ"]
    assert plan.planned.to == date(2027, 6, 15)
    assert plan.measure is None
    again = plan_of(plan_texts(plan, goods.written(plan.goods), goods.described(plan.goods))).value
    assert again == plan


def test_every_fault_of_a_plan_is_said_at_once_and_once() -> None:
    found = plan_of(form(codes="7201, прочее", planned_from="2026-13-01", burden_AM="x")).findings
    pointers = [one.pointer for one in found]
    assert len(pointers) == len(set(pointers))
    assert {"/goods", "/state", "/kind", "/title", "/planned/from"} == set(pointers)
    assert next(one.text["ru"] for one in found if one.rule == "HC6").startswith("«прочее»")


@pytest.mark.parametrize(
    ("pointer", "expected"),
    [
        ("/goods/0/code_from", "f-codes"),
        ("/title/ru", "f-title_ru"),
        ("/planned/to", "f-planned_to"),
        ("/burdens/1/claim", "f-burden_RU"),
        ("/burdens", "f-burden"),
        ("/permission/goods/3/code_from", "f-codes"),
        ("/permission/to", "f-permission_to"),
        ("/protocol/date", "f-protocol_date"),
        ("/stance", "f-stance"),
        ("", ""),
    ],
)
def test_a_pointer_leads_to_its_field(pointer: str, expected: str) -> None:
    assert anchor(pointer, ["KZ", "RU"]) == expected


def test_a_permission_plays_a_part_only_where_it_was_given() -> None:
    typed = {"outcome": "no_consensus", "protocol_number": "1", "protocol_date": "10.09.2026", "codes": "чушь"}
    given_ = conclusion_of(form(**typed))
    assert given_.value is not None
    assert given_.value.permission is None
    refused = conclusion_of(form(**{**typed, "outcome": "consensus_permitted"}))
    assert {"/permission/goods", "/permission/from"} <= {one.pointer for one in refused.findings}


def test_days_are_typed_in_either_way() -> None:
    meeting = meeting_of(form(date="20.09.2026", time="11:00", place="Москва")).value
    assert meeting is not None
    assert meeting.date == date(2026, 9, 20)
    assert [one.pointer for one in meeting_of(form(date="завтра", time="25:00")).findings] == ["/date", "/time"]
    assert {one.pointer for one in revocation_of(form()).findings} == {
        "/protocol/number",
        "/protocol/date",
        "/last_day",
    }


@settings(max_examples=60)
@given(st.text(alphabet="0123456789 ,–-()изкроме\nпр", max_size=60))
def test_nothing_of_a_cell_is_lost(text: str) -> None:
    read = goods.read_goods(form(codes=text), "codes")
    assert "".join(piece.text for piece in read.pieces) == form(codes=text).one("codes")
    assert bool(read.findings) == (bool(read.doubts) or not form(codes=text).one("codes"))


def test_answers_stand_under_the_comment_that_began_their_thread() -> None:
    said = [
        Comment(number, parent, "KZ", str(number), NOW, 1, "Лицо")
        for number, parent in ((1, None), (2, None), (3, 1), (4, 3), (5, 2))
    ]
    found = [(one.first.id, [answer.id for answer in one.answers]) for one in threads(said)]
    assert found == [(1, [3, 4]), (2, [5])]
