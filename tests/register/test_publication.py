"""The commands that write: one entry each, or nothing; numbers for ever; windows opened and not opened."""

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as limits
from hypothesis import strategies as st

from register import codes, publication
from register.changes import ended, extended, proposed
from register.database import Database, DatabaseError
from register.entries import check_body
from register.index import Register
from register.journal import StoredEntry, head, stream_all
from register.measures import Act, Declaration, GoodsLine, Measure, Notified, Protocol, Text
from register.publication import Inclusion, Refused, Stale, UnknownMeasure

pytestmark = pytest.mark.anyio

DAY = date(2026, 8, 30)
LATER = date(2026, 10, 5)


def at(day: date) -> Callable[[], datetime]:
    return lambda: datetime(day.year, day.month, day.day, 9, 12, 44, 120_000, UTC)


def content(**changes: Any) -> Notified:
    data: dict[str, Any] = {
        "state": "KG",
        "kind": "export_prohibition",
        "title": {"ru": "Лесоматериалы"},
        "acts": [{"role": "introduces", "number": "587", "date": "2026-08-27"}],
        "goods": [{"code_from": "4401"}, {"code_from": "4403"}],
        "effective_from": "2026-09-08",
        "effective_to": "2027-03-08",
        "notified_on": "2026-08-28",
    }
    return Notified.model_validate({**data, **changes})


def act(role: Any, number: str = "600") -> Act:
    return Act(role=role, number=number, date=date(2026, 8, 29))


async def include(db: Database, **more: Any) -> Measure:
    return await publication.include(db, more.pop("notified", content()), on=DAY, clock=at(DAY), **more)


async def entries(db: Database) -> list[dict[str, Any]]:
    found: list[StoredEntry] = [entry async for entry in stream_all(db)]
    for entry in found:
        check_body(entry.header, entry.body, entry.seq)
    return [json.loads(entry.body) for entry in found]


async def test_inclusion_makes_one_entry_with_the_whole_record(database: Database) -> None:
    measure = await include(database)
    (entry,) = await entries(database)
    assert (measure.id, measure.version, measure.seq, measure.included_on) == ("KG-2026-001", 1, 1, DAY)
    assert entry["type"] == "measure.included"
    assert entry["subject"] == "KG-2026-001"
    assert entry["reason"] == "legal_change"
    assert entry["recorded_at"] == "2026-08-30T09:12:44.120Z"
    assert entry["before"] is None
    assert entry["after"] == measure.public(DAY)
    assert entry["after"]["status"] == "upcoming"
    assert entry["after"]["declaration_window"] == {"from": "2026-09-08", "until": "2026-09-23"}
    assert [line["included_on"] for line in entry["after"]["goods"]] == ["2026-08-30", "2026-08-30"]
    assert entry["acts"] == entry["after"]["acts"]
    assert entry["rule"] == "A4(4)"
    assert "KG-2026-001" in entry["summary"]["ru"]
    assert (await publication.current(database, "KG-2026-001")).public(DAY) == measure.public(DAY)


async def test_numbers_follow_one_another_by_state_and_year(database: Database) -> None:
    given: list[str] = [
        (await include(database)).id,
        (await include(database)).id,
        (await include(database, notified=content(state="AM"))).id,
        (await include(database, notified=content(included_on="2025-12-30", notified_on="2025-12-01"))).id,
        (await include(database)).id,
    ]
    assert given == ["KG-2026-001", "KG-2026-002", "AM-2026-001", "KG-2025-001", "KG-2026-003"]


async def test_a_number_taken_over_is_kept_where_it_is_free(database: Database) -> None:
    assert (await include(database, number=(2024, 21))).id == "KG-2024-021"
    assert (await include(database, number=(2024, 21))).id == "KG-2026-001"
    assert (await include(database, number=(2026, 7))).id == "KG-2026-007"
    assert (await include(database)).id == "KG-2026-008"
    with pytest.raises(ValueError, match="up to 999999"):
        await include(database, number=(2026, 0))
    assert await head(database) == 4


async def test_a_date_of_inclusion_taken_over_is_kept(database: Database) -> None:
    taken = content(included_on="2026-08-20", goods=[{"code_from": "4401"}, {"code_from": "4403",
                    "included_on": "2026-08-25"}])  # fmt: skip
    measure = await include(database, notified=taken)
    assert measure.included_on == date(2026, 8, 20)
    assert [line.included_on for line in measure.goods] == [date(2026, 8, 20), date(2026, 8, 25)]


async def test_what_the_rules_refuse_writes_nothing(database: Database) -> None:
    with pytest.raises(Refused) as refused:
        await include(database, notified=content(goods=[{"code_from": "4499"}]))
    assert [(f.pointer, f.rule) for f in refused.value.findings.refusals] == [("/goods/0/code_from", "H3")]
    assert "4499" in str(refused.value)
    measure = await include(database)
    with pytest.raises(Refused):
        await publication.amend(database, measure.id, 1, content(kind="licensing"), on=LATER)
    assert await head(database) == 1


async def test_an_unknown_code_of_the_edition_in_force_is_asked_on_the_day(database: Database) -> None:
    asked: list[tuple[str, date]] = []

    def knows(code: str, on: date) -> bool:
        asked.append((code, on))
        return False

    await include(database, knows=knows)
    assert asked == [("4401", DAY), ("4403", DAY)]


async def test_twenty_inclusions_at_once_have_twenty_numbers(database: Database) -> None:
    measures = await asyncio.gather(*(include(database) for _ in range(20)))
    assert sorted(measure.id for measure in measures) == [f"KG-2026-{n:03d}" for n in range(1, 21)]
    assert sorted(measure.seq for measure in measures) == list(range(1, 21))
    assert [entry["subject"] for entry in await entries(database)] == [
        measure.id for measure in sorted(measures, key=lambda measure: measure.seq)
    ]


async def test_a_command_joins_an_open_transaction_and_goes_back_with_it(database: Database) -> None:
    async def publish_and_fail() -> None:
        async with database.transaction():
            await include(database)
            raise RuntimeError("the draft could not be saved")

    with pytest.raises(RuntimeError, match="the draft"):
        await publish_and_fail()
    assert await head(database) == 0
    async with database.transaction():
        first = await include(database)
        second = await publication.permit_declaration(
            database, first.id, 1, Declaration(protocol=Protocol(number="5", date=DAY)), on=DAY
        )
    assert (first.id, second.version, await head(database)) == ("KG-2026-001", 2, 2)


async def test_a_change_shows_before_and_after_and_the_acts_that_it_adds(database: Database) -> None:
    first = await include(database)
    longer = extended(first, date(2027, 6, 8), [act("extends")])
    second = await publication.extend(database, first.id, 1, longer, on=LATER, clock=at(LATER))
    entry = (await entries(database))[-1]
    assert (second.version, second.seq, second.effective_to) == (2, 2, date(2027, 6, 8))
    assert entry["type"] == "measure.extended"
    assert entry["before"] == first.public(LATER)
    assert entry["after"] == second.public(LATER)
    assert entry["before"]["status"] == "in_force"
    assert [item["number"] for item in entry["acts"]] == ["600"]
    assert [item["number"] for item in entry["after"]["acts"]] == ["587", "600"]
    assert second.declaration_window() == first.declaration_window()
    assert [line.included_on for line in second.goods] == [DAY, DAY]


async def test_an_early_end(database: Database) -> None:
    first = await include(database)
    shorter = ended(first, date(2026, 10, 31), [act("terminates")])
    second = await publication.terminate(database, first.id, 1, shorter, on=LATER, clock=at(LATER))
    entry = (await entries(database))[-1]
    assert entry["type"] == "measure.terminated"
    assert second.status(date(2026, 11, 1)) == "terminated"
    assert entry["after"]["status"] == "in_force"


async def test_an_early_end_of_a_suspended_measure_with_lines_that_were_to_come(database: Database) -> None:
    notified = content(
        goods=[{"code_from": "4401"}, {"code_from": "4403", "valid_from": "2026-12-01"}],
        suspensions=[{"from": "2026-10-01", "to": "2026-12-31"}],
    )
    first = await include(database, notified=notified)
    shorter = ended(first, date(2026, 10, 31), [act("terminates")])
    second = await publication.terminate(database, first.id, 1, shorter, on=LATER)
    corrected = await publication.correct(
        database, first.id, 2, second.model_copy(update={"title": Text(ru="Дрова")}), Text(ru="опечатка"), on=LATER
    )
    assert corrected.version == 3


async def test_an_amendment_opens_a_window_for_new_goods_only(database: Database) -> None:
    first = await include(database)
    goods = [
        GoodsLine(line=1, code_from="4403"),  # moved up, no new goods
        GoodsLine(line=2, code_from="440111"),  # narrower than line 1 was
        GoodsLine(line=3, code_from="4407"),
    ]
    new = content(title={"ru": "Лес"}).model_copy(update={"goods": goods})
    second = await publication.amend(database, first.id, 1, new, on=LATER, clock=at(LATER))
    assert [line.included_on for line in second.goods] == [DAY, DAY, LATER]
    assert second.included_on == DAY
    register = Register()
    async for entry in stream_all(database):
        register.apply(entry.header, entry.body)
    version = register.version(first.id)
    assert version
    windows = {line.number: date.fromordinal(line.window_until) for line in version.lines}
    assert windows == {1: date(2026, 9, 23), 2: date(2026, 9, 23), 3: date(2026, 10, 20)}


async def test_a_correction_opens_no_window(database: Database) -> None:
    first = await include(database)
    goods = [*first.goods[:1], GoodsLine(line=2, code_from="4404"), GoodsLine(line=3, code_from="4407")]
    second = await publication.correct(
        database, first.id, 1, first.model_copy(update={"goods": goods}), Text(ru="коды списаны неверно"), on=LATER
    )
    entry = (await entries(database))[-1]
    assert [line.included_on for line in second.goods] == [DAY, DAY, DAY]
    assert (entry["type"], entry["reason"]) == ("measure.corrected", "correction")
    assert entry["summary"]["ru"].endswith("Причина: коды списаны неверно.")


async def test_a_correction_of_an_act_names_the_act_as_it_is_now(database: Database) -> None:
    first = await include(database)
    acts = [first.acts[0].model_copy(update={"number": "578"})]
    await publication.correct(
        database, first.id, 1, first.model_copy(update={"acts": acts}), Text(ru="опечатка"), on=LATER
    )
    assert [item["number"] for item in (await entries(database))[-1]["acts"]] == ["578"]


async def test_a_correction_without_a_reason_is_refused(database: Database) -> None:
    first = await include(database)
    with pytest.raises(Refused) as refused:
        await publication.correct(
            database, first.id, 1, first.model_copy(update={"title": Text(ru="Дрова")}), None, on=LATER
        )
    assert [f.rule for f in refused.value.findings.refusals] == ["H17"]


async def test_a_technical_amendment_says_so(database: Database) -> None:
    first = await include(database)
    await publication.amend(database, first.id, 1, content(conditions=[{"ru": "x"}]), on=LATER, reason="technical")
    assert (await entries(database))[-1]["reason"] == "technical"


async def test_the_permission_and_its_end_keep_the_days_on_which_it_held(database: Database) -> None:
    first = await include(database)
    permission = Declaration(
        from_=date(2026, 9, 1), protocol=Protocol(number="5", date=date(2026, 8, 29)), consultation="C-2026-003"
    )
    second = await publication.permit_declaration(database, first.id, 1, permission, on=DAY)
    third = await publication.revoke_declaration(
        database, first.id, 2, last_day=LATER, protocol=Protocol(number="9", date=date(2026, 9, 30)), on=LATER
    )
    _, permitted, revoked = await entries(database)
    assert (permitted["type"], permitted["rule"]) == ("declaration.permitted", "P24")
    assert permitted["before"]["declaration"]["permitted"] is False
    assert permitted["after"]["declaration"] == {
        "permitted": True,
        "from": "2026-09-01",
        "to": None,
        "protocol": {"number": "5", "date": "2026-08-29"},
        "consultation": "C-2026-003",
    }
    assert [(item["role"], item["number"]) for item in permitted["acts"]] == [("introduces", "5")]
    assert revoked["type"] == "declaration.revoked"
    assert revoked["after"]["declaration"]["to"] == "2026-10-05"
    assert revoked["after"]["declaration"]["protocol"]["number"] == "5"
    assert [(item["role"], item["number"]) for item in revoked["acts"]] == [("terminates", "9")]
    assert "№ 9" in revoked["summary"]["ru"]
    assert second.declaration
    assert third.declaration
    assert third.declaration.permitted
    with pytest.raises(Refused):
        await publication.revoke_declaration(database, first.id, 3, last_day=LATER, protocol=None, on=LATER)


async def test_a_permission_revoked_before_it_began_is_gone(database: Database) -> None:
    declaration = Declaration(permitted=True, from_=date(2026, 11, 1), protocol=Protocol(number="5", date=DAY))
    first = await include(database, notified=content(declaration=declaration))
    protocol = Protocol(number="9", date=date(2026, 9, 30))
    second = await publication.revoke_declaration(database, first.id, 1, last_day=LATER, protocol=protocol, on=LATER)
    assert second.declaration == Declaration(permitted=False, protocol=protocol)


async def test_an_amendment_keeps_the_permission(database: Database) -> None:
    declaration = Declaration(permitted=True, protocol=Protocol(number="5", date=DAY))
    first = await include(database, notified=content(declaration=declaration))
    second = await publication.amend(database, first.id, 1, content(title={"ru": "Дрова"}), on=LATER)
    assert second.declaration == declaration
    none = content(title={"ru": "Лес"}, declaration={"permitted": False})
    with pytest.raises(Refused) as refused:
        await publication.amend(database, first.id, 2, none, on=LATER)
    assert [f.rule for f in refused.value.findings.refusals] == ["H20"]


async def test_a_change_from_an_old_version_is_stale(database: Database) -> None:
    first = await include(database)
    await publication.amend(database, first.id, 1, content(title={"ru": "Дрова"}), on=LATER)
    with pytest.raises(Stale) as stale:
        await publication.amend(database, first.id, 1, content(title={"ru": "Шпон"}), on=LATER)
    assert (stale.value.measure, stale.value.expected, stale.value.actual) == (first.id, 1, 2)
    assert await head(database) == 2


async def test_of_twenty_changes_of_one_version_one_is_entered(database: Database) -> None:
    first = await include(database)

    async def amend(number: int) -> str:
        try:
            await publication.amend(database, first.id, 1, content(title={"ru": f"Лес {number}"}), on=LATER)
        except Stale:
            return "stale"
        return "entered"

    outcomes = await asyncio.gather(*(amend(number) for number in range(20)))
    assert sorted(outcomes) == ["entered", *["stale"] * 19]
    assert await head(database) == 2


@pytest.mark.parametrize("measure", ["KG-2026-999", "C-2026-001", "nonsense", "KG-2026-001\n"])
async def test_a_measure_that_is_not_there(database: Database, measure: str) -> None:
    await include(database)
    with pytest.raises(UnknownMeasure):
        await publication.amend(database, measure, 1, content(), on=LATER)


async def test_a_load_is_entered_in_batches_and_in_order(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publication, "BATCH", 3)
    items = [Inclusion(content(title={"ru": f"Лес {n}"}), (2026, 5) if n == 3 else None) for n in range(8)]
    heard: list[tuple[int, int]] = []
    measures = await publication.include_many(
        database, items, on=DAY, progress=lambda done, of: heard.append((done, of))
    )
    assert [measure.id[-3:] for measure in measures] == ["001", "002", "003", "005", "006", "007", "008", "009"]
    assert [measure.title.ru for measure in measures] == [f"Лес {n}" for n in range(8)]
    assert [measure.seq for measure in measures] == list(range(1, 9))
    assert heard == [(3, 8), (6, 8), (8, 8)]


async def test_a_load_with_one_bad_measure_writes_nothing_and_says_which(database: Database) -> None:
    items = [Inclusion(content()), Inclusion(content(goods=[{"code_from": "4499"}]))]
    with pytest.raises(Refused) as refused:
        await publication.include_many(database, items, on=DAY)
    assert [f.pointer for f in refused.value.findings.refusals] == ["/1/goods/0/code_from"]
    assert await head(database) == 0


async def test_a_number_given_is_never_given_again(database: Database) -> None:
    await include(database)
    with pytest.raises(DatabaseError):
        await database.execute("DELETE FROM measure_number")
    assert (await include(database)).id == "KG-2026-002"


# Dates of inclusion of goods lines, without the database


def in_register(*goods: GoodsLine) -> Measure:
    data = content(goods=[line.model_dump() for line in goods]).model_dump(by_alias=True)
    return Measure.model_validate({**data, "id": "KG-2026-001", "version": 1, "seq": 1, "included_on": DAY})


def line(number: int, code: str, *excluded: str, **more: Any) -> GoodsLine:
    data = {"line": number, "code_from": code, "excluded": [{"code_from": item} for item in excluded], **more}
    return GoodsLine.model_validate(data)


OPENS: list[tuple[str, GoodsLine, GoodsLine, bool]] = [
    ("the same", line(1, "4401"), line(1, "4401"), False),
    ("another number", line(1, "4401"), line(9, "4401"), False),
    ("another code", line(1, "4401"), line(1, "4402"), True),
    ("broader", line(1, "440110"), line(1, "4401"), True),
    ("narrower", line(1, "4401"), line(1, "440110"), False),
    ("more taken out", line(1, "4401"), line(1, "4401", "440110"), False),
    ("less taken out", line(1, "4401", "440110"), line(1, "4401"), True),
    ("other taken out", line(1, "4401", "440110"), line(1, "4401", "440120"), True),
    ("what is taken out lies elsewhere", line(1, "44", "4403"), line(1, "4401"), False),
    (
        "part of what was taken out",
        line(1, "4401", "440110"),
        GoodsLine.model_validate(
            {"line": 1, "code_from": "4401", "excluded": [{"code_from": "440110", "partial": True}]}
        ),
        True,
    ),
    ("more than was taken out", line(1, "4401", "440110"), line(1, "4401", "44011"), False),
    ("all of what was part", line(1, "4401", partial=True), line(1, "4401"), True),
    ("part of what was all", line(1, "4401"), line(1, "4401", partial=True), False),
    ("inside a range", line(1, "4401", code_to="4405"), line(1, "4403"), False),
    ("beyond a range", line(1, "4401", code_to="4405"), line(1, "4403", code_to="4406"), True),
    ("goods that had left", line(1, "4401", valid_to=date(2026, 9, 30)), line(1, "4401", "440110"), True),
    ("other words", line(1, "4401"), line(1, "4401", description={"ru": "дрова"}), False),
]


@pytest.mark.parametrize(("old", "new", "opens"), [case[1:] for case in OPENS], ids=[case[0] for case in OPENS])
def test_which_amendments_open_a_window(old: GoodsLine, new: GoodsLine, opens: bool) -> None:
    before = in_register(old.model_copy(update={"included_on": DAY}))
    new = new.model_copy(update={"included_on": date(2000, 1, 1)})  # what the input says does not count
    changed = content().model_copy(update={"goods": [new]})
    assert proposed(before, changed, "amend", LATER).goods[0].included_on == (LATER if opens else DAY)
    for action in ("correct", "extend", "terminate"):
        assert proposed(before, changed, action, LATER).goods[0].included_on == DAY  # type: ignore[arg-type]


some_codes = st.sampled_from(["44", "4401", "440110", "440120", "4402", "440210"])


@limits(max_examples=60)
@given(
    st.lists(st.builds(lambda code, out: line(1, code, *out), some_codes, st.lists(some_codes, max_size=2)), min_size=1,
             max_size=3),
    st.builds(lambda code, out: line(1, code, *out), some_codes, st.lists(some_codes, max_size=2)),
)  # fmt: skip
def test_a_code_that_was_surely_free_before_gets_a_window(old: list[GoodsLine], new: GoodsLine) -> None:
    """Whatever the lines: a code that no line of the measure concerned is under a line that opens a window."""
    before = in_register(*(one.model_copy(update={"line": n, "included_on": DAY}) for n, one in enumerate(old, 1)))
    result = proposed(before, content().model_copy(update={"goods": [new]}), "amend", LATER).goods[0]
    for code in ("4401100000", "4401200000", "4401300000", "4402100000", "4402200000", "4403000000"):
        if matched(result, code) and not any(matched(one, code) for one in before.goods):
            assert result.included_on == LATER


def matched(one: GoodsLine, code: str) -> bool:
    return codes.match(one.code_from, one.code_to, one.partial, [item.span for item in one.excluded], code) is not None
