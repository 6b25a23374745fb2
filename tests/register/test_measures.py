"""The record of a measure: what it takes, what it refuses, how it stands on a date."""

from datetime import date
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from register.facts import MeasureRecord, Version
from register.measures import (
    COMPUTED_FIELDS,
    FIRST_DAY,
    LAST_DAY,
    PUBLIC_FIELDS,
    Measure,
    Notified,
    from_public,
    measure_id,
)

TODAY = date(2026, 9, 10)
BASE: dict[str, Any] = {
    "state": "KG",
    "kind": "export_prohibition",
    "title": {"ru": "Лом"},
    "goods": [{"code_from": "2515 11 000 0"}],
    "effective_from": "2026-09-08",
    "effective_to": "2027-03-08",
    "included_on": "2026-08-30",
}


def measure(**changes: Any) -> Measure:
    return Measure.model_validate({**BASE, **changes, "id": "KG-2026-021", "version": 1, "seq": 118})


def test_a_measure_may_leave_out_what_may_be_null() -> None:
    given_null = Notified.model_validate(
        {**BASE, "acts": None, "conditions": None, "suspensions": None, "transport": None}
    )
    assert given_null == Notified.model_validate(BASE)
    assert given_null.goods[0].line == 1
    assert given_null.goods[0].code_from == "2515110000"


def test_the_public_record_has_the_fields_of_the_contract_in_its_order() -> None:
    record = measure().public(TODAY)
    assert tuple(record) == PUBLIC_FIELDS
    assert record["declaration"] == {
        "permitted": False, "from": None, "to": None, "protocol": None, "consultation": None,
    }  # fmt: skip
    assert record["declaration_window"] == {"from": "2026-09-08", "until": "2026-09-23"}
    assert record["status"] == "in_force"
    assert set(COMPUTED_FIELDS) < set(record)


def test_the_public_record_reads_back() -> None:
    whole = measure(
        suspensions=[{"from": "2026-10-01", "to": "2026-10-31"}],
        declaration={"permitted": True, "from": "2026-09-01", "protocol": {"number": "5", "date": "2026-08-25"}},
        transport=["road", "rail"],
    )
    assert from_public(whole.public(TODAY)) == whole


@pytest.mark.parametrize("day", ["9999-12-31", "2200-01-01", "1899-12-31", "31.12.2026", "2026-02-30", 20260908])
def test_a_day_that_is_none_or_out_of_reach_is_refused(day: object) -> None:
    with pytest.raises(ValidationError):
        measure(effective_from=day, effective_to=None)


def test_the_last_day_there_is_has_a_window_after_it() -> None:
    assert measure(effective_from=LAST_DAY.isoformat(), effective_to=None).declaration_window() == {
        "from": "2199-12-31",
        "until": "2200-01-15",
    }
    assert measure(effective_from=FIRST_DAY.isoformat()).status(TODAY) == "in_force"


@pytest.mark.parametrize(
    "changes",
    [
        {"goods": []},
        {"goods": [{"code_from": "251"}]},
        {"goods": [{"code_from": "2516", "code_to": "2515"}]},
        {"goods": [{"code_from": "2515", "code_to": "251611"}]},
        {"goods": [{"line": 1, "code_from": "2515"}, {"line": 1, "code_from": "2516"}]},
        {"title": {}},
        {"title": {"ru": " "}},
        {"effective_to": "2026-09-07"},
        {"suspensions": [{"from": "2026-10-02", "to": "2026-10-01"}]},
        {"declaration": {"permitted": True, "from": "2026-10-02", "to": "2026-10-01"}},
        {"acts": [{"number": "1", "date": "2026-09-01", "url": "javascript:alert(1)"}]},
        {"clerk": "Anna"},
        {"acts": [{"number": "1", "date": "2026-09-01", "signed_by": "Anna"}]},
    ],
)
def test_what_cannot_be_a_record_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        measure(**changes)


def test_a_measure_that_an_act_ended_before_it_began_is_terminated() -> None:
    ended = measure(effective_to="2026-09-01", acts=[{"role": "terminates", "number": "9", "date": "2026-09-01"}])
    assert [ended.status(date(2026, 9, day)) for day in (1, 2, 8)] == ["upcoming", "terminated", "terminated"]


DAYS = st.dates(date(2026, 1, 1), date(2026, 12, 31))


@given(
    start=DAYS, end=st.none() | DAYS, pause=st.none() | st.tuples(DAYS, st.none() | DAYS), ended=st.booleans(), on=DAYS
)
def test_the_index_gives_the_status_that_the_record_gives(
    start: date, end: date | None, pause: tuple[date, date | None] | None, ended: bool, on: date
) -> None:
    if end is not None and end < start and not ended:
        start, end = end, start
    suspensions = []
    if pause is not None:
        first, last = pause if pause[1] is None or pause[1] >= pause[0] else (pause[1], pause[0])
        suspensions = [{"from": first.isoformat(), "to": last and last.isoformat()}]
    record = measure(
        effective_from=start.isoformat(),
        effective_to=end and end.isoformat(),
        suspensions=suspensions,
        acts=[{"role": "terminates", "number": "1", "date": "2026-01-01"}] if ended else [],
    )
    version = Version(msgspec.convert(record.public(TODAY), MeasureRecord), 1)
    assert version.status(on.toordinal()) == record.status(on)
    line = version.lines[0]
    assert line.start == max(start, record.included_on).toordinal()
    assert line.window_until == line.start + 15


def test_identifiers_are_state_year_and_number() -> None:
    assert measure_id("KG", 2026, 21) == "KG-2026-021"
    assert measure_id("RU", 2026, 1234) == "RU-2026-1234"
