"""Two public records compared: what differs, where, and that the differences are the whole of it."""

import copy
from datetime import date
from typing import Any

from hypothesis import given
from hypothesis import settings as limits
from hypothesis import strategies as st

from register.differences import LEFT_OUT, differences
from register.measures import Measure

BASE: dict[str, Any] = {
    "id": "KG-2026-021",
    "version": 1,
    "seq": 7,
    "state": "KG",
    "kind": "export_prohibition",
    "title": {"ru": "Лесоматериалы", "en": None},
    "acts": [
        {"role": "introduces", "number": "587", "date": "2026-08-27"},
        {"role": "amends", "number": "600", "date": "2026-09-10"},
    ],
    "goods": [
        {"line": 1, "code_from": "4401"},
        {"line": 2, "code_from": "4403", "excluded": [{"code_from": "440312"}, {"code_from": "440321"}]},
        {"line": 5, "code_from": "4407"},
    ],
    "effective_from": "2026-09-08",
    "effective_to": "2027-03-08",
    "included_on": "2026-08-30",
}


def record(**changes: Any) -> dict[str, Any]:
    return Measure.model_validate({**BASE, **changes}).public(date(2026, 9, 1))


def applied(before: dict[str, Any], found: list[dict[str, Any]]) -> dict[str, Any]:
    """What the differences make of a record: an own reading of the rules in the module's docstring."""
    after = copy.deepcopy(before)
    for difference in sorted(found, key=lambda item: item["field"].count("/"), reverse=True):
        parts = difference["field"].split("/")[1:]
        _write(after, parts, difference)
    _settle(after)
    return after


MISSING = object()


def _write(inside: Any, parts: list[str], difference: dict[str, Any]) -> None:
    *path, name = parts
    lists = ""
    for part in path:
        inside, lists = _member(inside, lists, part), part
    if isinstance(inside, dict):
        inside[name] = copy.deepcopy(difference["after"])
    elif lists == "goods":
        place = next((n for n, goods in enumerate(inside) if goods["line"] == int(name)), None)
        if place is None:
            inside.append(copy.deepcopy(difference["after"]))
        elif difference["after"] is None:
            inside.pop(place)
        else:
            inside[place] = copy.deepcopy(difference["after"])
        inside.sort(key=lambda goods: goods["line"])
    elif difference["before"] is None:
        inside.append((int(name), copy.deepcopy(difference["after"])))
    elif difference["after"] is None:
        inside[int(name)] = MISSING
    else:
        inside[int(name)] = copy.deepcopy(difference["after"])


def _member(inside: Any, lists: str, part: str) -> Any:
    if isinstance(inside, dict):
        return inside[part]
    if lists == "goods":
        return next(goods for goods in inside if goods["line"] == int(part))
    return inside[int(part)]


def _settle(value: Any) -> None:
    """Take out what went, then put in what came, each at its place in the list of after."""
    if isinstance(value, dict):
        for member in value.values():
            _settle(member)
    elif isinstance(value, list):
        came = sorted(((item[0], item[1]) for item in value if isinstance(item, tuple)), key=lambda item: item[0])
        value[:] = [item for item in value if item is not MISSING and not isinstance(item, tuple)]
        for place, item in came:
            value.insert(place, item)
        for item in value:
            _settle(item)


def without_computed(after: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in after.items() if name not in LEFT_OUT}


def check(before: dict[str, Any], after: dict[str, Any]) -> list[dict[str, Any]]:
    found = differences(before, after)
    assert without_computed(applied(before, found)) == without_computed(after)
    return found


def test_a_field_that_changed_is_named_with_both_values() -> None:
    assert check(record(), record(effective_to="2027-06-08")) == [
        {"field": "/effective_to", "before": "2027-03-08", "after": "2027-06-08"}
    ]


def test_a_text_differs_by_language() -> None:
    assert check(record(), record(title={"ru": "Лесоматериалы", "en": "Timber"})) == [
        {"field": "/title/en", "before": None, "after": "Timber"}
    ]


def test_the_same_record_differs_in_nothing_and_what_is_computed_is_left_out() -> None:
    assert differences(record(), record()) == []
    assert differences(record(), {**record(version=2, seq=9), "status": "in_force"}) == []


def test_goods_are_matched_by_the_number_of_the_line() -> None:
    goods = [BASE["goods"][0], {"line": 3, "code_from": "4404"}, {"line": 5, "code_from": "4407", "partial": True}]
    found = check(record(), record(goods=goods))
    assert [(item["field"], item["before"] is None, item["after"] is None) for item in found] == [
        ("/goods/2", False, True),
        ("/goods/3", True, False),
        ("/goods/5/partial", False, False),
    ]


def test_an_exclusion_that_went_and_one_that_changed() -> None:
    goods = copy.deepcopy(BASE["goods"])
    goods[1]["excluded"] = [{"code_from": "440321", "partial": True}, {"code_from": "440322"}]
    found = check(record(), record(goods=goods))
    assert [item["field"] for item in found] == [
        "/goods/2/excluded/0",
        "/goods/2/excluded/1/partial",
        "/goods/2/excluded/1",
    ]
    assert found[0]["after"] is None
    assert found[2]["before"] is None


def test_an_act_that_came_and_a_number_that_was_misprinted() -> None:
    acts = [
        {**BASE["acts"][0], "number": "578"},
        BASE["acts"][1],
        {**BASE["acts"][1], "number": "700", "role": "extends"},
    ]
    found = check(record(), record(acts=acts))
    assert [(item["field"], item["before"]) for item in found] == [("/acts/0/number", "587"), ("/acts/2", None)]


def test_a_list_whose_order_changed_is_one_difference() -> None:
    found = check(record(), record(acts=BASE["acts"][::-1]))
    assert [item["field"] for item in found] == ["/acts"]
    found = check(record(), record(goods=BASE["goods"][::-1]))
    assert [item["field"] for item in found] == ["/goods"]


def test_inclusion_is_the_difference_from_nothing() -> None:
    found = differences(None, record())
    assert {"field": "/state", "before": None, "after": "KG"} in found
    assert all(item["before"] is None for item in found)
    assert not {item["field"] for item in found} & {"/status", "/version", "/seq"}


def test_true_is_not_one() -> None:
    assert differences({"n": 1}, {"n": True}) == [{"field": "/n", "before": 1, "after": True}]


def test_a_name_with_a_slash_is_escaped() -> None:
    assert differences({"a/b": 1}, {"a/b": 2})[0]["field"] == "/a~1b"


codes = st.sampled_from(["4401", "4402", "440110", "440120", "44"])
spans = st.fixed_dictionaries({"code_from": codes, "partial": st.booleans()})
texts = st.none() | st.fixed_dictionaries({"ru": st.sampled_from(["Лес", "Шпон", "Дрова"])})
lines = st.fixed_dictionaries(
    {
        "line": st.integers(1, 5),
        "code_from": codes,
        "excluded": st.lists(spans, max_size=3),
        "description": texts,
        "included_on": st.sampled_from([None, "2026-08-30", "2026-09-10"]),
    }
)
records = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(["licensing", "export_prohibition"]),
        "goods": st.lists(lines, min_size=1, max_size=4, unique_by=lambda goods: goods["line"]),
        "acts": st.lists(
            st.fixed_dictionaries(
                {
                    "role": st.sampled_from(["introduces", "extends"]),
                    "number": st.sampled_from(["1", "2"]),
                    "date": st.sampled_from(["2026-08-27", "2026-08-28"]),
                }
            ),
            max_size=4,
        ),
        "conditions": st.lists(texts.filter(bool), max_size=3),
        "suspensions": st.lists(
            st.fixed_dictionaries(
                {
                    "from": st.sampled_from(["2026-10-01", "2026-11-01"]),
                    "to": st.sampled_from([None, "2026-11-30", "2026-12-31"]),
                }
            ),
            max_size=3,
        ),
        "transport": st.none() | st.lists(st.sampled_from(["road", "rail"]), min_size=1, max_size=2),
        "declaration": st.none() | st.fixed_dictionaries({"permitted": st.booleans(), "to": st.none()}),
        "printed": st.none() | st.fixed_dictionaries({"codes": st.sampled_from(["44", "4401"])}),
    }
)


@limits(max_examples=60)
@given(records, records)
def test_the_differences_applied_to_before_give_after(one: dict[str, Any], other: dict[str, Any]) -> None:
    before, after = record(**one), record(**other)
    found = check(before, after)
    assert bool(found) == (without_computed(before) != without_computed(after))
    assert len({item["field"] for item in found if item["before"] is not None}) == sum(
        item["before"] is not None for item in found
    )
