"""The list of measures, one measure, its versions."""

from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.register.api.helpers import Api, assert_problem, notified

pytestmark = pytest.mark.anyio


async def ids(api: Api, query: str) -> list[str]:
    response = await api.get(f"/measures?{query}")
    assert response.status_code == 200, response.text
    return [item["id"] for item in response.json()["items"]]


async def test_an_empty_register_gives_an_empty_list(api: Api) -> None:
    response = await api.get("/measures")
    assert response.json() == {"items": [], "total": 0, "complete": True, "next": None, "seq": 0}


async def test_every_filter(filled: Api) -> None:
    assert await ids(filled, "sort=id") == ["AM-2026-001", "KG-2026-001", "KG-2026-002", "KZ-2026-001", "RU-2026-001"]
    assert await ids(filled, "") == ["KG-2026-001", "KG-2026-002", "KZ-2026-001", "RU-2026-001", "AM-2026-001"]
    assert await ids(filled, "state=KG,AM&sort=id") == ["AM-2026-001", "KG-2026-001", "KG-2026-002"]
    assert await ids(filled, "kind=export_duty") == ["RU-2026-001"]
    assert await ids(filled, "status=upcoming") == ["KZ-2026-001"]
    assert await ids(filled, "valid_on=2026-08-20&sort=id") == ["AM-2026-001", "KG-2026-001", "RU-2026-001"]
    assert await ids(filled, "valid_on=2027-02-01&sort=id") == ["KG-2026-001", "RU-2026-001"]
    assert await ids(filled, "valid_on=2027-02-01&status=expired&sort=id") == [
        "AM-2026-001", "KG-2026-002", "KZ-2026-001",
    ]  # fmt: skip
    assert await ids(filled, "declaration=window") == ["KG-2026-002"]
    assert await ids(filled, "declaration=permitted") == []
    assert await ids(filled, "declaration=window,none&state=KG&sort=id") == ["KG-2026-001", "KG-2026-002"]
    assert await ids(filled, "known_at=1") == ["KG-2026-001"]
    assert await ids(filled, "known_at=2026-09-10T12:00:00%2B03:00&state=AM") == ["AM-2026-001"]
    assert await ids(filled, "known_at=2026-09-10T12:00:00+03:00&state=AM") == ["AM-2026-001"]
    assert await ids(filled, "known_at=2026-09-10T11:59:59%2B03:00") == []
    assert await ids(filled, "state=&q=&code=&sort=id&limit=1") == ["AM-2026-001"]


async def test_words(filled: Api) -> None:
    assert await ids(filled, "q=МРАМОРОМ") == ["AM-2026-001"]
    assert await ids(filled, "q=черный+лом&kind=export_duty") == ["RU-2026-001"]
    assert await ids(filled, "q=exports&state=KZ") == ["KZ-2026-001"]
    assert await ids(filled, "q=AM-2026-001") == ["AM-2026-001"]
    assert await ids(filled, "q=601") == ["KG-2026-001"]
    assert await ids(filled, "q=мрамор+лом") == []


@pytest.mark.parametrize("code", ["7204 10 000 0", "7204100000", "7204 10", "720410", "7602 00", "2515 11 000 0"])
async def test_a_code_among_words_finds_what_the_code_finds(filled: Api, code: str) -> None:
    by_code = await ids(filled, f"code={code}")
    assert by_code
    assert await ids(filled, f"q={code}") == by_code
    assert await ids(filled, f"q=лом {code} черный") == [name for name in by_code if not name.startswith("AM")]
    assert await ids(filled, f"q={code} мука") == []


async def test_a_search_may_stop_at_three_digits(filled: Api) -> None:
    assert await ids(filled, "code=720") == await ids(filled, "code=7204") != []
    changed = await filled.get("/changes?code=720")
    assert [entry["seq"] for entry in changed.json()["items"]] == [1, 3, 6]
    assert_problem(await filled.get("/codes/720"), 422, "/code")


async def test_states_in_either_case(filled: Api) -> None:
    assert await ids(filled, "state=kg,Am") == await ids(filled, "state=KG,AM") != []
    assert len((await filled.get("/changes?state=kg")).json()["items"]) == 3


async def test_a_code_matches_both_ways_and_says_how(filled: Api) -> None:
    below = (await filled.get("/measures?code=7204 10 000 0&sort=id")).json()["items"]
    assert [(item["id"], [(m["line"], m["match"]) for m in item["matches"]]) for item in below] == [
        ("KG-2026-001", [(1, "exact")]),
        ("RU-2026-001", [(1, "exact")]),
    ]
    above = (await filled.get("/measures?code=76")).json()["items"]
    assert [(item["id"], [(m["line"], m["match"]) for m in item["matches"]]) for item in above] == [
        ("KG-2026-001", [(2, "partial")])
    ]
    assert above[0]["matches"][0] | {"counts_from": "2026-08-08", "counts_to": "2027-07-08"} == above[0]["matches"][0]
    assert "matches" not in (await filled.get("/measures?state=KG")).json()["items"][0]


@pytest.mark.parametrize(
    ("sort", "key"),
    [("seq", "seq"), ("id", "id"), ("state", "state"), ("included_on", "included_on"),
     ("effective_from", "effective_from"), ("effective_to", "effective_to")],
)  # fmt: skip
async def test_sorting_is_stable_in_both_directions(still: Api, sort: str, key: str) -> None:
    def order(item: dict[str, Any]) -> Any:
        return item[key] or "9999"

    rising = (await still.get(f"/measures?sort={sort}")).json()["items"]
    falling = (await still.get(f"/measures?sort=-{sort}")).json()["items"]
    by_id = sorted(rising, key=lambda item: item["id"])
    assert rising == sorted(by_id, key=order)
    assert falling == sorted(by_id, key=order, reverse=True)


async def test_pages_hold_together_while_entries_arrive(filled: Api) -> None:
    first = (await filled.get("/measures?limit=2&sort=id")).json()
    assert (len(first["items"]), first["total"], first["complete"], first["seq"]) == (2, 5, False, 6)
    assert first["next"].startswith("https://register.example/api/v1/measures?")
    await filled.include(notified("AM", "0101"))
    seen, page = [item["id"] for item in first["items"]], first
    while page["next"]:
        url = urlsplit(page["next"])
        page = (await filled.client.get(f"{url.path}?{url.query}")).json()
        assert page["seq"] == 6
        assert not page["complete"]
        seen += [item["id"] for item in page["items"]]
    assert seen == ["AM-2026-001", "KG-2026-001", "KG-2026-002", "KZ-2026-001", "RU-2026-001"]
    assert (await filled.get("/measures")).json()["total"] == 6


async def test_a_cursor_is_good_only_for_its_filters(filled: Api) -> None:
    following = (await filled.get("/measures?limit=1")).json()["next"]
    cursor = following.rpartition("cursor=")[2]
    assert_problem(await filled.get(f"/measures?state=KG&cursor={cursor}"), 422, "/cursor")
    assert_problem(await filled.get("/measures?cursor=bm9uc2Vuc2U"), 422, "/cursor")
    assert_problem(await filled.get("/measures?cursor=%D0%B6"), 422, "/cursor")


@pytest.mark.parametrize(
    ("query", "pointer", "named"),
    [
        ("limit=1001", "/limit", "1000"),
        ("limit=0", "/limit", "1000"),
        ("limit=many", "/limit", "1000"),
        ("state=XX", "/state", "AM, BY, KZ, KG, RU"),
        ("kind=tax", "/kind", "export_duty"),
        ("status=dead", "/status", "in_force"),
        ("declaration=maybe", "/declaration", "permitted, window, none"),
        ("sort=price", "/sort", "-effective_to"),
        ("valid_on=10.09.2026", "/valid_on", "YYYY-MM-DD"),
        ("valid_on=2026-02-30", "/valid_on", "YYYY-MM-DD"),
        ("code=7", "/code", "2"),
        ("q=%25", "/q", "letter or digit"),
        ("q=%E2%84%96+%22%00", "/q", "letter or digit"),
        ("code=72x4", "/code", "digits"),
        ("known_at=99", "/known_at", "0 to 6"),
        ("known_at=2026-09-10", "/known_at", "zone"),
        ("known_at=0001-01-01T00:00:00%2B14:00x", "/known_at", "zone"),
        ("colour=red", "/colour", "declaration"),
        ("state=KG&state=AM", "/state", "twice"),
        ("q=" + "x" * 201, "/q", "200"),
    ],
)
async def test_what_is_refused_is_named(still: Api, query: str, pointer: str, named: str) -> None:
    problem = assert_problem(await still.get(f"/measures?{query}"), 422, pointer)
    assert named in problem["errors"][0]["text"]["en"]
    assert problem["instance"] == "/api/v1/measures"


async def test_all_faults_are_named_at_once(still: Api) -> None:
    assert_problem(await still.get("/measures?limit=0&state=XX&a=1"), 422, "/limit", "/state", "/a")


async def test_one_measure_now_and_then(filled: Api) -> None:
    now = (await filled.get("/measures/KG-2026-001")).json()
    assert (now["version"], now["effective_to"], now["status"], now["seq"]) == (2, "2027-07-08", "in_force", 6)
    then = (await filled.get("/measures/KG-2026-001?known_at=1")).json()
    assert (then["version"], then["effective_to"]) == (1, "2027-01-08")
    assert_problem(await filled.get("/measures/KG-2026-001?known_at=0"), 404, "/id")
    assert_problem(await filled.get("/measures/KG-2026-999"), 404, "/id")
    assert_problem(await filled.get("/measures/KG-2026-001?known_at=x"), 422, "/known_at")
    assert_problem(await filled.get("/measures/KG-2026-001?lang=ru"), 422, "/lang")


async def test_history_and_difference(filled: Api) -> None:
    history = (await filled.get("/measures/KG-2026-001/history")).json()
    assert [(item["version"], item["seq"], item["type"]) for item in history["items"]] == [
        (2, 6, "measure.extended"),
        (1, 1, "measure.included"),
    ]
    assert history["total"] == 2
    newest = history["items"][0]
    assert newest["before"]["effective_to"] == "2027-01-08"
    assert newest["after"]["effective_to"] == "2027-07-08"
    assert history["items"][1]["before"] is None
    compared = (await filled.get("/measures/KG-2026-001/versions/1..2")).json()
    assert {"field": "/effective_to", "before": "2027-01-08", "after": "2027-07-08"} in compared["differences"]
    back = (await filled.get("/measures/KG-2026-001/versions/2..1")).json()
    assert {"field": "/effective_to", "before": "2027-07-08", "after": "2027-01-08"} in back["differences"]
    assert_problem(await filled.get("/measures/KG-2026-009/history"), 404, "/id")
    assert_problem(await filled.get("/measures/KG-2026-009/versions/1..2"), 404, "/id")
    assert_problem(await filled.get("/measures/KG-2026-001/versions/1..3"), 404, "/span")
    assert_problem(await filled.get("/measures/KG-2026-001/versions/1-2"), 422, "/span")
    assert_problem(await filled.get("/measures/KG-2026-001/history?a=1"), 422, "/a")
