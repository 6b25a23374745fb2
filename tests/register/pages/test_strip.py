"""The strip of an answer: segments without gaps that say what the answer itself says of every day."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from register.index import Register
from register.pages.strip import strip
from register.proof import answer, read_question
from tests.register.pages.seed import TODAY, replay


@pytest.fixture(scope="module")
def small() -> Register:
    return replay()


CODES = st.sampled_from(["7204", "7204100000", "2515110000", "1001190000", "1206", "0101", "74"])


@settings(max_examples=40)
@given(code=CODES, days=st.integers(-500, 500), origin=st.sampled_from(["", "KG", "AM", "CN"]), value=st.booleans())
def test_the_segments_are_the_answers_of_their_days(
    small: Register, code: str, days: int, origin: str, value: bool
) -> None:
    on = TODAY + timedelta(days=days)
    asked = {"code": code, "date": on.isoformat(), "origin": origin, "value_eur": "5000" if value else ""}
    question = read_question(asked)
    made = strip(small, question, None)
    assert made.segments[0].first == made.first
    assert made.segments[-1].last == made.last
    assert sum(segment.asked for segment in made.segments) == 1
    assert made.whole
    for before, after in zip(made.segments, made.segments[1:], strict=False):
        assert after.first == before.last + timedelta(days=1)
        assert after.proof != before.proof
    for segment in made.segments:
        for day in (segment.first, segment.last):
            given_then = answer(small, question.model_copy(update={"date": day}))
            assert given_then.proof == segment.proof
    assert sum(segment.width for segment in made.segments) == pytest.approx(100, abs=0.1)
    assert 0 <= made.at <= 100


@pytest.mark.parametrize("on", [date.min, date.max])
def test_the_ends_of_the_calendar_are_no_fault(small: Register, on: date) -> None:
    made = strip(small, read_question({"code": "7204", "date": on.isoformat()}), None)
    assert made.first <= on <= made.last
