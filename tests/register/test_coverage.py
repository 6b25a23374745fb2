"""Whether goods lie within others: by hand, and against the ten-digit codes one by one."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from register.codes import CodeSpan
from register.coverage import Reach, recorded, uncovered


def line(text: str, number: int = 1) -> Reach:
    """``*7801``: partial; ``7801-7803``: a range; ``7801/780110``: without the second; ``7801/*780110``: partly."""
    codes, *taken = text.split("/")
    return Reach(number, _span(codes), tuple(map(_span, taken)))


def _span(text: str) -> CodeSpan:
    first, _, last = text.lstrip("*").partition("-")
    return CodeSpan(first, last or None, text.startswith("*"))


def left(covering: str, goods: str) -> list[int]:
    return uncovered(map(line, covering.split()), [line(one, n) for n, one in enumerate(goods.split(), start=1)])


@pytest.mark.parametrize(
    ("covering", "goods", "expected"),
    [
        ("7801", "7801", []),
        ("78", "7801 7802", []),
        ("7801", "78", [1]),
        ("7801", "7801 7802", [2]),
        ("7801 7802 7803", "7801-7803", []),
        ("7801-7803", "7802 7804", [2]),
        ("7801 7803", "7801-7803", [1]),
        ("7801/780110", "7801", [1]),
        ("7801/780110", "7801/780110", []),
        ("7801/780110", "7801/7801100000", [1]),
        ("7801/7801100000", "7801/780110", []),
        ("*7801", "7801", [1]),
        ("*7801", "*7801", []),
        ("*7801", "*780110", [1]),
        ("7801", "*780110", []),
        ("7801/*780110", "7801", [1]),
        ("7801/*780110", "7801/*780110", []),
        ("7801/*780110", "7801/780110", []),
        ("*7801/780110", "*7801", [1]),
        ("*7801/780110", "*7801/780110", []),
        ("7801", "7801/*780110", []),
        ("", "7801", [1]),
    ],
)
def test_by_hand(covering: str, goods: str, expected: list[int]) -> None:
    assert left(covering, goods) == expected


def test_a_line_of_a_record() -> None:
    record = {
        "line": 3, "code_from": "7801", "code_to": None, "partial": False,
        "excluded": [{"code_from": "780110", "code_to": None, "partial": True}],
    }  # fmt: skip
    assert recorded(record) == line("7801/*780110", 3)


CODES = st.text("01", min_size=1, max_size=3).map(lambda tail: "78" + "0" * (len(tail) == 1) + tail)


@st.composite
def plain_lines(draw: st.DrawFn) -> Reach:
    taken = draw(st.lists(CODES, max_size=2))
    return Reach(1, CodeSpan(draw(CODES)), tuple(map(CodeSpan, taken)))


@settings(max_examples=300)
@given(st.lists(plain_lines(), max_size=4), plain_lines())
def test_against_every_code(covering: Sequence[Reach], goods: Reach) -> None:
    """Of lines without «из» it is simply whether every code of ten digits is in one of them."""

    def holds(one: Reach, code: str) -> bool:
        return code.startswith(one.span.code_from) and not any(code.startswith(out.code_from) for out in one.excluded)

    # Five digits tell all of these codes apart.
    codes = [f"78{number:03d}" for number in range(1000)]
    expected = all(any(holds(one, code) for one in covering) for code in codes if holds(goods, code))
    assert (uncovered(covering, [goods]) == []) is expected
