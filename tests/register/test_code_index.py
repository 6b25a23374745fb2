"""The index over codes against asking every line; and plain questions answered by days against adding up each day."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Raw
from msgspec.json import decode

from register.code_index import Concerned
from register.codes import match
from register.index import LineMatch, Register
from register.proof.answers import _by_tally
from register.proof.parts import Found, Ground
from register.proof.plain import KeptLines, Told, is_plain, plain
from register.proof.question import Question
from register.proof.tally import Case
from register.proof.texts import Phrase
from tests.register.synthetic import append, build, record

FIRST = date(2026, 1, 1)
CODES = ("72", "7204", "72041", "720410", "7204100000", "7204490000", "7205", "7901")
ASKED = ("72", "7204", "720410", "7204100000", "7204490000", "79", "2515110000")
EXCLUDED = (
    {"code_from": "7204100000"},
    {"code_from": "720410"},
    {"code_from": "720410", "partial": True},
    {"code_from": "7204100000", "code_to": "7204300000"},
    {"code_from": "7205"},
    {"code_from": "7204"},
)
IDS = ("AM-2026-001", "AM-2026-002", "KG-2026-001", "RU-2026-001")

days = st.integers(0, 90).map(lambda number: FIRST + timedelta(days=number))


@st.composite
def lines(draw: st.DrawFn) -> list[dict[str, Any]]:
    made = []
    for number in range(1, draw(st.integers(1, 3)) + 1):
        line: dict[str, Any] = {
            "line": number,
            "code_from": draw(st.sampled_from(CODES)),
            "partial": draw(st.booleans()),
        }
        if draw(st.integers(0, 2)) == 0:
            line["excluded"] = draw(st.lists(st.sampled_from(EXCLUDED), min_size=1, max_size=2))
        if len(line["code_from"]) == 4 and draw(st.integers(0, 3)) == 0:
            line["code_to"] = "7901"
        if line["code_from"] == "7204100000" and draw(st.booleans()):
            line["code_to"] = "7204490000"
        if draw(st.integers(0, 3)) == 0:
            line["included_on"] = draw(days).isoformat()
        made.append(line)
    return made


@st.composite
def records(draw: st.DrawFn) -> dict[str, Any]:
    begins, ends = draw(days), draw(st.one_of(st.none(), days))
    if ends and ends < begins:
        begins, ends = ends, begins
    return record(
        draw(st.sampled_from(IDS)),
        goods=draw(lines()),
        effective_from=begins.isoformat(),
        effective_to=ends.isoformat() if ends else None,
        included_on=draw(days).isoformat(),
        **draw(st.sampled_from(({}, {}, {"transport": ["road"]}, {"kind": "export_duty"}))),
    )


def asked_one_by_one(register: Register, code: str, known_at: int, since: int) -> set[tuple[str, int, int, str]]:
    found = set()
    for version in register.versions(known_at):
        for line in version.lines:
            kind = match(line.code_from, line.code_to, line.partial, line.excluded, code)
            if kind is not None and line.end >= since:
                found.add((version.id, version.seq, line.number, kind))
    return found


def shown(found: list[LineMatch]) -> list[tuple[str, int, int, str]]:
    return [(one.line.version.id, one.line.version.seq, one.line.number, one.match) for one in found]


@settings(max_examples=300, deadline=None)
@given(st.lists(records(), max_size=8), st.sampled_from(ASKED), days, st.data())
def test_the_index_finds_what_asking_every_line_finds_now_and_in_the_past(
    entered: list[dict[str, Any]], code: str, day: date, data: st.DataObject
) -> None:
    register = build(entered)
    known_at, since = data.draw(st.integers(0, register.seq)), day.toordinal()
    wanted = asked_one_by_one(register, code, known_at, since)

    found = shown(register.matches(code, known_at, since))
    assert len(found) == len(set(found))
    assert set(found) == wanted

    ready = register.concerning(code, known_at, since)
    assert set(shown(ready.lines)) == wanted
    assert sorted(zip(ready.starts, ready.ends, strict=True)) == sorted(
        (one.line.start, one.line.end) for one in ready.lines
    )
    assert sorted(shown(ready.begun)) == sorted(shown([one for one in ready.lines if one.line.start <= since]))
    assert ready.even == all(one.line.even for one in ready.lines)


OTHERS = [record(f"BY-2025-{n:03}", f"84{n:02}00000{n % 10}") for n in range(1, 100)]
"""So many shelves that a measure more is put among them one line at a time."""


@settings(max_examples=60, deadline=None)
@given(st.lists(records(), min_size=1, max_size=6), st.sampled_from(ASKED), days)
def test_the_index_finds_the_same_when_it_is_asked_after_every_entry(
    entered: list[dict[str, Any]], code: str, day: date
) -> None:
    register, since = build(OTHERS), day.toordinal()
    for one in entered:
        assert shown(register.matches("8401000001", None, since)) == [("BY-2025-001", 1, 1, "exact")]
        append(register, [one])
        assert set(shown(register.matches(code, None, since))) == asked_one_by_one(register, code, register.seq, since)
    at_once = build([*OTHERS, *entered])
    assert shown(register.matches(code, None, since)) == shown(at_once.matches(code, None, since))


@settings(max_examples=40, deadline=None)
@given(st.permutations([record(id_, effective_to=f"2027-0{n}-01") for n, id_ in enumerate(IDS, start=1)]))
def test_the_order_of_what_is_found_does_not_tell_the_order_of_entry(entered: list[dict[str, Any]]) -> None:
    found = build(entered).matches("7204100000")
    assert [one.line.version.id for one in found] == list(IDS)


def test_a_code_with_very_many_lines_is_searched_by_day() -> None:
    entered = [
        record(
            f"KG-2026-{n:03}",
            included_on="2026-01-01",
            effective_from="2026-01-01",
            effective_to=(FIRST + timedelta(days=n)).isoformat(),
        )
        for n in range(1, 100)
    ]
    register = build(entered)
    ready = register.concerning("7204100000", register.seq, (FIRST + timedelta(days=60)).toordinal())
    assert sorted(one.line.version.id for one in ready.lines) == [f"KG-2026-{n:03}" for n in range(60, 100)]
    assert len(ready.begun) == 40


@settings(max_examples=300, deadline=None)
@given(st.lists(records(), max_size=6), days, st.sampled_from((None, "road")))
def test_a_plain_question_is_answered_as_adding_up_does(
    entered: list[dict[str, Any]], day: date, transport: str | None
) -> None:
    both_ways(build(entered), day, transport)


close = st.integers(0, 30)
"""Days so close to one another that the 15 days of P37(1) of one line meet the first and the last days of others."""
lasting = st.none() | close | st.sampled_from((14, 15, 16))
even_lines = st.tuples(st.sampled_from(IDS), st.sampled_from(CODES[1:5]), st.booleans(), close, lasting)


@settings(max_examples=100, deadline=None)
@given(st.lists(even_lines, min_size=1, max_size=4))
def test_what_is_kept_of_lines_is_said_of_no_day_of_their_15_days(
    drawn: list[tuple[str, str, bool, int, int | None]],
) -> None:
    goods: dict[str, list[dict[str, Any]]] = {}
    for id_, code, partial, begins, lasts in drawn:
        day = FIRST + timedelta(days=begins)
        line = {"line": len(goods.get(id_, ())) + 1, "code_from": code, "partial": partial}
        line |= {"valid_from": day.isoformat(), "included_on": day.isoformat()}
        if lasts is not None:
            line["valid_to"] = (day + timedelta(days=lasts)).isoformat()
        goods.setdefault(id_, []).append(line)
    first = FIRST.isoformat()
    register = build([record(id_, goods=of, effective_from=first, included_on=first) for id_, of in goods.items()])
    # What is told of lines is kept the second time that they are asked about: the last days first, then the others.
    for number in (*range(60, -1, -1), *range(60, -1, -1), *range(61)):
        both_ways(register, FIRST + timedelta(days=number))


def both_ways(register: Register, day: date, transport: str | None = None) -> None:
    """Compares both ways where the question is plain."""
    question = Question(code="7204100000", date=day, transport=transport)
    ready, again = (register.concerning("7204100000", register.seq, day.toordinal()) for _ in range(2))
    if is_plain(ready, question):
        assert as_shown(plain(ready, question)) == as_shown(_by_tally(Case(again, question)))
    else:
        assert not ready.even


def as_shown(found: Found) -> tuple[object, ...]:
    """What is found, with what is JSON decoded."""
    return (
        found.rule,
        type(found.grounds),
        [(ground.rule, decode(ground.text), ground.measures) for ground in found.grounds],
        shown([*found.counted]),
        found.measures,
        decode(found.considered),
        found.change,
        found.if_exact,
        found.own,
    )


def told_of(id_: str) -> tuple[tuple[LineMatch, ...], Told]:
    lines = tuple(build([record(id_)]).concerning("7204100000", 1, FIRST.toordinal() + 300).begun)
    text = Raw(b"{}")
    return lines, Told(FIRST.toordinal(), lines, Ground("P26", text, [id_]), None, (), Phrase(b"[]"))


def test_what_is_told_of_lines_is_kept_when_they_are_asked_about_again() -> None:
    kept = KeptLines(most=2, others=2)
    (one, of_one), (two, of_two), (three, of_three) = (told_of(id_) for id_ in IDS[:3])
    assert [kept.again(one), kept.again(one), kept.again(two)] == [False, True, False]
    # A third set of lines, and who was asked about before is forgotten.
    assert [kept.again(three), kept.again(one)] == [False, False]
    kept.keep(one, of_one)
    kept.keep(two, of_two)
    assert [kept.find(one), kept.find(two), kept.find(three)] == [of_one, of_two, None]
    kept.keep(three, of_three)
    assert [kept.find(one), kept.find(two), kept.find(three)] == [None, None, of_three]


def test_nothing_is_plain_where_something_is_given_or_confirmed() -> None:
    ready = Concerned(FIRST.toordinal())
    assert is_plain(ready, Question(code="7204", date=FIRST))
    for given_ in (
        {"origin": "KG"},
        {"sanitary_certificate": True},
        {"compliance": frozenset({"KG"})},
        {"value_eur": Decimal(1)},
    ):
        asked = Question(code="7204", date=FIRST, **given_)  # type: ignore[arg-type]
        assert not is_plain(ready, asked)
