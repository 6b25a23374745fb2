"""Snapshot, codes, consultations; and what the tag of an answer follows."""

from datetime import UTC, datetime

import pytest

from tests.register.api.helpers import Api, assert_problem, notified

pytestmark = pytest.mark.anyio


async def test_the_tag_names_the_entry_and_changes_with_it(api: Api) -> None:
    await api.fill()
    before = (await api.get("/measures?state=AM")).headers["etag"]
    assert before.startswith('"6-')
    await api.append("consultation.initiated", "C-2026-001", {"id": "C-2026-001", "state": "KZ"})
    after = (await api.get("/measures?state=AM", If_None_Match=before)).headers["etag"]
    assert after.startswith('"7-')
    assert (await api.get("/measures?state=AM&known_at=6", If_None_Match=before)).status_code == 304


async def test_the_status_follows_the_day(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    await api.fill()
    assert (await api.get("/measures/KZ-2026-001")).json()["status"] == "upcoming"
    monkeypatch.setattr(api.service, "_clock", lambda: datetime(2026, 9, 30, 21, 0, tzinfo=UTC))
    assert (await api.get("/measures/KZ-2026-001")).json()["status"] == "in_force"
    assert [item["id"] for item in (await api.get("/measures?status=upcoming")).json()["items"]] == []


async def test_a_snapshot_is_where_a_mirror_starts(filled: Api) -> None:
    snapshot = (await filled.get("/snapshot")).json()
    assert snapshot["seq"] == 6
    assert snapshot["root"] == filled.service.register.checkpoint()
    assert snapshot["recorded_at"] == "2026-09-10T09:00:00.000Z"
    listed = (await filled.get("/measures?sort=id")).json()["items"]
    assert sorted(snapshot["measures"], key=lambda item: item["id"]) == listed
    past = (await filled.get("/snapshot?known_at=1")).json()
    assert (past["seq"], [item["version"] for item in past["measures"]]) == (1, [1])
    empty = (await filled.get("/snapshot?known_at=0")).json()
    assert (empty["seq"], empty["recorded_at"], empty["measures"]) == (0, None, [])


async def test_a_large_snapshot_is_compressed_and_kept(filled: Api) -> None:
    for _ in range(2):
        response = await filled.get("/snapshot", Accept_Encoding="gzip")
        assert response.headers["content-encoding"] == "gzip"
        assert response.json()["seq"] == 6


async def test_a_code_and_the_measures_on_it(filled: Api) -> None:
    page = (await filled.get("/codes/7204 10 000 0")).json()
    assert (page["code"], page["formatted"], page["children"]) == ("7204100000", "7204 10 000 0", 0)
    assert [(item["id"], item["line"], item["match"], item["status"]) for item in page["measures"]] == [
        ("KG-2026-001", 1, "exact", "in_force"),
        ("RU-2026-001", 1, "exact", "in_force"),
    ]
    assert page["measures"][0]["counts_to"] == "2027-07-08"
    assert [ancestor["code"] for ancestor in page["ancestors"]][:3] == ["72", "7204", "720410"]
    assert page["ancestors"][0]["name"]["en"] == "Iron and steel"
    heading = (await filled.get("/codes/7204")).json()
    assert heading["children"] > 0
    assert {item["match"] for item in heading["measures"]} == {"exact", "partial"}
    assert (await filled.get("/codes/99")).json()["measures"] == []
    problem = assert_problem(await filled.get("/codes/72x4"), 422, "/code")
    assert problem["errors"][0]["rule"] == "H1"


async def test_consultations_come_from_their_entries(filled: Api) -> None:
    assert (await filled.get("/consultations")).json() == {"items": [], "total": 0, "complete": True, "seq": 6}
    assert_problem(await filled.get("/consultations/C-2026-001"), 404, "/id")
    first = {"id": "C-2026-001", "state": "KZ", "status": "initiated"}
    await filled.append("consultation.initiated", "C-2026-001", first)
    await filled.append("consultation.initiated", "C-2026-002", {**first, "id": "C-2026-002", "state": "BY"})
    await filled.append("consultation.scheduled", "C-2026-001", {**first, "status": "scheduled"})
    listed = (await filled.get("/consultations")).json()
    assert [(item["id"], item["status"]) for item in listed["items"]] == [
        ("C-2026-001", "scheduled"),
        ("C-2026-002", "initiated"),
    ]
    assert (listed["total"], listed["complete"], listed["seq"]) == (2, True, 9)
    assert [item["id"] for item in (await filled.get("/consultations?state=BY")).json()["items"]] == ["C-2026-002"]
    assert (await filled.get("/consultations/C-2026-001")).json()["status"] == "scheduled"
    assert (await filled.get("/consultations/C-2026-001?known_at=8")).json()["status"] == "initiated"
    assert_problem(await filled.get("/consultations/C-2026-002?known_at=7"), 404, "/id")
    assert_problem(await filled.get("/consultations?state=XX&a=1"), 422, "/state", "/a")
    assert len((await filled.get("/snapshot")).json()["consultations"]) == 2
    await filled.include(notified("BY", "0101"))
    assert (await filled.get("/consultations")).json()["seq"] == 10


async def test_the_terms_of_the_deployment_are_published(api: Api) -> None:
    assert (await api.get("/terms")).json() == {
        "time_zone": "Europe/Moscow",
        "duties_until": None,
        "demonstration": False,
    }
    assert_problem(await api.get("/terms?a=1"), 422)
