"""`register.proof` against the slow, literal reading of the points, on random registers and questions."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from register.proof import Question, answer
from tests.register import proof_literal as literal
from tests.register.proof_literal import Asked
from tests.register.synthetic import build, record

FIRST = date(2028, 11, 20)
HORIZON = date(2030, 1, 2)
"""The last day of the last change: the second limit of P37(2); all other dates drawn are earlier."""

CODES = ("7204", "720410", "7204100000", "7204490000", "7205")
ASKED_CODES = ("72", "7204", "720410", "7204100000", "7204490000", "2515110000")
IDS = ("AM-2026-001", "AM-2026-002", "KG-2026-001", "RU-2026-001")

days = st.integers(0, 80).map(lambda number: FIRST + timedelta(days=number))


@st.composite
def periods(draw: st.DrawFn, first: str, last: str) -> dict[str, str | None]:
    begins, ends = draw(st.one_of(st.none(), days)), draw(st.one_of(st.none(), days))
    if begins and ends and ends < begins:
        begins, ends = ends, begins
    return {first: begins.isoformat() if begins else None, last: ends.isoformat() if ends else None}


@st.composite
def goods(draw: st.DrawFn) -> list[dict[str, Any]]:
    lines = []
    for number in range(1, draw(st.integers(1, 2)) + 1):
        line: dict[str, Any] = {
            "line": number,
            "code_from": draw(st.sampled_from(CODES)),
            "partial": draw(st.booleans()),
        }
        if draw(st.integers(0, 4)) == 0:
            line["excluded"] = [{"code_from": draw(st.sampled_from(CODES[1:4])), "partial": draw(st.booleans())}]
        if draw(st.integers(0, 3)) == 0:
            line |= draw(periods("valid_from", "valid_to"))
        if draw(st.integers(0, 3)) == 0:
            line["included_on"] = draw(days).isoformat()
        lines.append(line)
    return lines


@st.composite
def records(draw: st.DrawFn) -> dict[str, Any]:
    begins, ends = draw(days), draw(st.one_of(st.none(), days))
    if ends and ends < begins:
        begins, ends = ends, begins
    more: dict[str, Any] = {}
    if draw(st.integers(0, 2)) == 0:
        more["declaration"] = {"permitted": draw(st.integers(0, 3)) > 0} | draw(periods("from", "to"))
    if draw(st.integers(0, 3)) == 0:
        pause = draw(periods("from", "to"))
        more["suspensions"] = [pause | {"from": pause["from"] or begins.isoformat()}] if _ordered(pause, begins) else []
    if draw(st.integers(0, 3)) == 0:
        more["transport"] = draw(st.sampled_from([["road"], ["rail", "sea"]]))
    return record(
        draw(st.sampled_from(IDS)),
        kind=draw(st.sampled_from(["export_prohibition", "export_prohibition", "licensing", "export_duty"])),
        destination=draw(st.sampled_from(["third_countries", "third_countries", "all", "member_states"])),
        goods=draw(goods()),
        effective_from=begins.isoformat(),
        effective_to=ends and ends.isoformat(),
        included_on=draw(days).isoformat(),
        **more,
    )


def _ordered(pause: dict[str, str | None], begins: date) -> bool:
    return pause["to"] is None or (pause["from"] or begins.isoformat()) <= pause["to"]


questions = st.builds(
    Asked,
    code=st.sampled_from(ASKED_CODES),
    day=days,
    origin=st.sampled_from([None, None, "AM", "KG", "BY", "CN"]),
    value=st.sampled_from([None, None, Decimal("3000"), Decimal("3000.01"), Decimal("5000.00"), Decimal("10000.01")]),
    certificate=st.sampled_from([False, False, False, True]),
    compliance=st.frozensets(st.sampled_from([*IDS, "AM", "KG", "RU", "KZ"]), max_size=2),
    transport=st.sampled_from([None, None, "road", "sea"]),
    transition_until=st.one_of(st.none(), days),
)


def _question(asked: Asked, known_at: int) -> Question:
    return Question(
        code=asked.code,
        date=asked.day,
        origin=asked.origin,
        value_eur=asked.value,
        sanitary_certificate=asked.certificate,
        compliance=asked.compliance,
        transport=asked.transport,
        known_at=known_at,
    )


@settings(max_examples=120)
@given(st.lists(records(), max_size=5), questions, st.integers(0, 5))
def test_the_answer_is_what_the_points_say(entered: list[dict[str, Any]], asked: Asked, known_at: int) -> None:
    register = build(entered)
    known_at = min(known_at, register.seq)
    given_ = answer(register, _question(asked, known_at), asked.transition_until).public()

    covered = literal.concerned(entered[:known_at], asked)
    lines = literal.on(covered, asked, asked.day)
    expected = literal.read(lines, asked, asked.day)
    assert (given_["proof"], [ground["rule"] for ground in given_["grounds"]]) == (expected.proof, expected.grounds)
    assert [(item["id"], item["line"], item["match"]) for item in given_["measures"]] == [
        (line.id, line.line["line"], line.match) for line in lines
    ]
    assert given_["certainty"] == literal.certainty(lines, asked, asked.day)
    assert given_["compliance_required"] == (
        [] if expected.rule in ("A4(1)", "P17") else literal.required(lines, asked, asked.day)
    )
    follows = literal.change(covered, asked, HORIZON)
    if follows is None:
        assert (given_["holds_until"], given_["next"]) == (None, None)
    else:
        day, then = follows
        assert given_["holds_until"] == (day - timedelta(days=1)).isoformat()
        assert given_["next"] == {"from": day.isoformat(), "proof": then.proof, "rule": then.rule}


partial_goods = st.builds(
    lambda code, partial: [{"line": 1, "code_from": code, "partial": partial}],
    st.sampled_from(["7204", "720410"]),
    st.booleans(),
)
settling_records = st.builds(
    lambda id_, goods_, begins, permitted, duty: record(
        id_,
        kind="export_duty" if duty else "licensing",
        goods=goods_,
        effective_from=begins,
        included_on=begins,
        declaration={"permitted": permitted, "from": None, "to": None},
    ),
    st.integers(1, 9).flatmap(
        lambda number: st.sampled_from(["AM", "KG", "RU"]).map(lambda s: f"{s}-2026-{number:03d}")
    ),
    partial_goods,
    st.sampled_from(["2028-11-20", "2028-12-20"]),
    st.booleans(),
    st.sampled_from([False, False, False, True]),
)


@settings(max_examples=150)
@given(
    st.lists(settling_records, min_size=1, max_size=6, unique_by=lambda item: item["id"]),
    st.sampled_from([None, None, "AM", "BY"]),
    st.frozensets(st.sampled_from(["AM", "KG", "RU", "AM-2026-001", "KG-2026-001"]), max_size=2),
)
def test_certain_is_said_only_when_every_reading_of_the_partial_lines_agrees(
    entered: list[dict[str, Any]], origin: str | None, compliance: frozenset[str]
) -> None:
    asked = Asked("7204100000", date(2028, 12, 25), origin=origin, compliance=compliance)
    given_ = answer(build(entered), _question(asked, len(entered)))
    lines = literal.on(literal.concerned(entered, asked), asked, asked.day)
    assert given_.certainty == literal.certainty(lines, asked, asked.day)
