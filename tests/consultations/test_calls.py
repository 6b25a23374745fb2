"""The calls on consultations: who may, what is said of a refusal, repeated requests, two officials at once, lists."""

from __future__ import annotations

import asyncio
from typing import Any

import anyio
import pytest

from consultations import commands
from consultations.model import Meeting, Stated
from consultations.records import read_events
from tests.consultations.conftest import Desk
from tests.consultations.people import (
    APPROVER,
    AUDITOR,
    CLERK,
    KG,
    KZ,
    MACHINE,
    MEETING_DAY,
    OFFICIALS,
    OPERATOR,
    RU,
    conclusion,
    meeting,
    permission,
    plan,
)
from tests.register.api.helpers import assert_problem

pytestmark = pytest.mark.anyio


async def new(desk: Desk, who: Any = KZ, **changes: Any) -> str:
    response = await desk.post("/consultations", who, plan(**changes))
    assert response.status_code == 201, response.text
    return str(response.json()["id"])


def rules(response: Any) -> list[str]:
    return [one["rule"] for one in response.json()["errors"]]


async def test_opening_a_consultation(desk: Desk) -> None:
    response = await desk.post("/consultations", KZ, plan())
    made = response.json()
    assert response.headers["location"] == "/api/v1/consultations/C-2026-001"
    assert (response.headers["etag"], response.headers["cache-control"]) == ('"1"', "private, no-store")
    assert made["allowed"] == ["change_plan", "position", "comment", "document", "withdraw"]
    assert made["asked"] == ["position"]
    assert made["burdens"] == [{"state": "KZ", "claim": "Вывоз 40 тыс. т в год"}]
    record = (await desk.client.get("/api/v1/consultations/C-2026-001")).json()
    assert record == made["record"]
    assert list(record) != []
    assert set(record) == {
        "id", "state", "initiator", "burdened", "kind", "title", "goods", "planned", "measure", "initiated_on",
        "meeting", "status", "outcome", "concluded_on", "protocol", "permission", "withdrawn_on", "revocation",
        "version", "seq",
    }  # fmt: skip
    assert record["goods"][1] == {
        "line": 2, "code_from": "7802", "code_to": None, "partial": True, "description": None, "excluded": [],
    }  # fmt: skip
    entry = desk.service.register.entry(record["seq"])
    assert (entry["type"], entry["rule"], entry["before"], entry["after"]) == (
        "consultation.initiated", "P24", None, record,
    )  # fmt: skip
    assert await new(desk, KG) == "C-2026-002"


async def test_what_is_wrong_with_a_plan_is_said_at_once(desk: Desk) -> None:
    wrong = plan(kind="ban", planned={"from": "2026-12-15", "to": "2026-01-01"}, burdens=[], secret="x")
    problem = assert_problem(await desk.post("/consultations", KZ, wrong), 422)
    assert {one["pointer"] for one in problem["errors"]} == {"/kind", "/planned", "/burdens", "/secret"}
    assert_problem(await desk.post("/consultations", KZ, plan(title={"ru": "a\x00b"})), 422, "/title/ru")
    assert_problem(await desk.post("/consultations", KZ, plan(goods=[{"code_from": "78x"}])), 422)
    assert_problem(await desk.ask("POST", "/consultations", KZ, content=b"{"), 400)
    assert_problem(await desk.ask("POST", "/consultations", KZ, content=b"[]"), 422)
    unknown = await desk.post("/consultations", KZ, plan(measure="KG-2026-999"))
    assert rules(unknown) == ["HC20"]
    for who, rule in ((CLERK, "P24"), (APPROVER, "P24"), (AUDITOR, "HC2"), (MACHINE, "HC2"), (RU, "HC4")):
        refused = await desk.post("/consultations", who, plan())
        assert (refused.status_code, rules(refused)) == (403, [rule])
    assert desk.service.register.seq == 0
    assert [row[:3] for row in desk.trail.rows] == [("consultation.initiate", "consultation:new", "refused")] * 5


async def test_goods_as_text_are_read_or_refused_with_their_place(desk: Desk) -> None:
    made = (await desk.post("/consultations", KZ, plan(goods="7801, из 7802 (кроме 7802 00 000 0)"))).json()
    first, second = made["record"]["goods"]
    assert (first["code_from"], second["code_from"], second["partial"]) == ("7801", "7802", True)
    assert second["excluded"][0]["code_from"] == "7802000000"
    text = "7801, кроме лома и отходов"
    response = await desk.post("/consultations", KZ, plan(goods=text))
    problem = assert_problem(response, 422, "/goods")
    assert rules(response) == ["HC6"]
    [doubt] = problem["doubts"]
    assert text[doubt["start"] : doubt["end"]] == doubt["text"] == "кроме лома и отходов"
    assert problem["lines"][0]["code_from"] == "7801"
    assert rules(await desk.post("/consultations", KZ, plan(goods="свинец"))) == ["HC6"]


async def test_a_request_that_is_sent_twice_is_done_once(desk: Desk) -> None:
    headers = {"Idempotency-Key": "one"}
    first = await desk.post("/consultations", KZ, plan(), headers=headers)
    second = await desk.post("/consultations", KZ, plan(), headers=headers)
    assert first.content == second.content
    assert second.headers["etag"] == '"1"'
    other = await desk.post("/consultations", KZ, plan(kind="licensing"), headers=headers)
    assert_problem(other, 422, "/Idempotency-Key")
    assert desk.service.register.seq == 1
    made = first.json()["id"]
    for _ in range(2):
        await desk.post(f"/consultations/{made}/comments", KZ, {"text": "раз"}, headers={"Idempotency-Key": "c"})
    known = await commands.read(desk.service.database, made)
    assert [one.text for one in known.comments] == ["раз"]


async def test_if_match_is_asked_where_a_step_rests_on_what_is_said(desk: Desk) -> None:
    made = await new(desk)
    for path, who, given in (
        ("schedule", CLERK, meeting()),
        ("conclude", APPROVER, conclusion()),
        ("withdraw", KZ, {"reason": "x"}),
        ("revoke", APPROVER, {"protocol": {"number": "1", "date": "2026-11-23"}, "last_day": "2026-12-01"}),
    ):
        assert_problem(await desk.post(f"/consultations/{made}/{path}", who, given), 428, "/If-Match")
    assert_problem(await desk.ask("PUT", f"/consultations/{made}/plan", KZ, json=plan()), 428)
    wrong = await desk.post(f"/consultations/{made}/schedule", CLERK, meeting(), headers={"If-Match": "3"})
    assert_problem(wrong, 422, "/If-Match")
    assert (await desk.post(f"/consultations/{made}/positions", RU, {"stance": "supports"})).status_code == 200
    assert_problem(await desk.post("/consultations/C-2026-999/positions", RU, {"stance": "supports"}), 404)
    assert_problem(await desk.post("/consultations/%00/positions", RU, {"stance": "supports"}), 404)


async def test_two_officials_at_once(desk: Desk) -> None:
    made = await new(desk)
    path = f"/consultations/{made}"
    first = await desk.post(f"{path}/positions", RU, {"stance": "supports"}, headers={"If-Match": '"1"'})
    assert first.status_code == 200
    # Another state's position is in nobody's way.
    other = await desk.post(f"{path}/positions", KG, {"stance": "supports"}, headers={"If-Match": '"1"'})
    assert other.status_code == 200
    mine = {"stance": "objects", "reasons": "Набрано с трудом"}
    stale = await desk.post(f"{path}/positions", RU, mine, headers={"If-Match": '"1"'})
    problem = assert_problem(stale, 409)
    assert rules(stale) == ["HC17"]
    assert stale.headers["etag"] == '"3"'
    assert problem["mine"] == mine
    assert [(one["action"], one["party"]) for one in problem["theirs"]["events"]] == [
        ("position", "RU"), ("position", "KG"),
    ]  # fmt: skip
    # Kept for its sender, and shown to nobody else.
    kept = [one for one in await read_events(desk.service.database, made) if one.action == "set_aside"]
    assert [one.content for one in kept] == [{"step": "position", "from": 1, "sent": mine}]
    history = (await desk.ask("GET", f"{path}/proceedings", KZ)).json()["history"]
    assert "set_aside" not in [one["action"] for one in history]
    moved = plan(title={"ru": "Запрет вывоза свинца и сплавов"})
    stale = await desk.ask("PUT", f"{path}/plan", KZ, json=moved, headers={"If-Match": '"1"'})
    assert assert_problem(stale, 409)["mine"]["title"] == {"ru": "Запрет вывоза свинца и сплавов", "en": None}
    strange = await desk.ask("PUT", f"{path}/plan", KG, json=moved, headers={"If-Match": '"1"'})
    assert "theirs" not in assert_problem(strange, 403)


async def test_a_change_of_the_plan_is_an_entry_with_what_was_before(desk: Desk) -> None:
    made = await new(desk)
    moved = plan(title={"ru": "Запрет вывоза свинца и сплавов"})
    response = await desk.ask("PUT", f"/consultations/{made}/plan", KZ, json=moved, headers={"If-Match": '"1"'})
    assert response.json()["record"]["version"] == 2
    entry = desk.service.register.entry(desk.service.register.seq)
    assert entry["before"]["title"]["ru"] == "Запрет вывоза свинца"
    assert entry["summary"]["ru"].startswith("Изменен предмет консультаций")
    # What is the parties' own makes a version and no entry.
    private = {**moved, "similar_goods": "Иное описание"}
    response = await desk.ask("PUT", f"/consultations/{made}/plan", KZ, json=private, headers={"If-Match": '"2"'})
    assert (response.json()["version"], response.json()["record"]["version"]) == (3, 2)
    again = await desk.ask("PUT", f"/consultations/{made}/plan", KZ, json=private, headers={"If-Match": '"3"'})
    assert again.json()["version"] == 3


async def test_a_meeting_is_set_anew(desk: Desk) -> None:
    made = await new(desk)
    path = f"/consultations/{made}/schedule"
    await desk.step(path, CLERK, meeting())
    head = desk.service.register.seq
    same_day = await desk.step(path, CLERK, meeting(place="Алматы"))
    assert (same_day["version"], desk.service.register.seq) == (3, head)
    assert same_day["meeting"]["place"] == "Алматы"
    moved = await desk.step(path, APPROVER, meeting(date="2026-12-10"))
    assert desk.service.register.seq == head + 1
    assert moved["record"]["meeting"] == {"date": "2026-12-10"}
    assert [one.kind for one in desk.told] == ["initiated", "scheduled", "rescheduled", "rescheduled"]
    assert_problem(await desk.post(path, KZ, meeting(), headers={"If-Match": "*"}), 403)


async def test_revisions_are_kept_and_the_newest_counts(desk: Desk) -> None:
    made = await new(desk)
    path = f"/consultations/{made}/positions"
    await desk.step(path, RU, {"stance": "objects", "reasons": "Вывоз затруднится"})
    await desk.step(path, RU, {"stance": "supports"})
    same = await desk.step(path, RU, {"stance": "supports"})
    assert same["version"] == 3
    assert (await desk.post(path, RU, {"stance": "objects"})).json()["errors"][0]["rule"] == "HC9"
    await desk.step(path, CLERK, {"stance": "abstains"})
    found = (await desk.ask("GET", f"/consultations/{made}/proceedings", AUDITOR)).json()
    by_party = {one["party"]: one for one in found["positions"]}
    assert list(by_party) == ["AM", "BY", "KZ", "KG", "RU", "EEC"]
    assert [one["stance"] for one in by_party["RU"]["revisions"]] == ["objects", "supports"]
    assert by_party["EEC"]["stance"] == "abstains"
    assert found["status"] == "in_progress"
    assert found["record"]["status"] == "initiated"
    assert (found["allowed"], found["party"]) == ([], None)
    assert found["consensus"]["waiting"] == ["AM", "BY", "KZ", "KG"]
    assert desk.service.register.seq == 1
    assert [(one.kind, one.by_state, one.version) for one in desk.told] == [
        ("initiated", "KZ", 1), ("position", "RU", 2), ("position", "RU", 3), ("position", None, 4),
    ]  # fmt: skip


async def test_comments_stand_in_threads(desk: Desk) -> None:
    made = await new(desk)
    path = f"/consultations/{made}/comments"
    head = (await desk.step(path, KZ, {"text": "Просим уточнить"}))["comments"][0]["id"]
    found = await desk.step(path, APPROVER, {"text": "Уточняем", "parent": head})
    assert [(one["party"], one["parent"]) for one in found["comments"]] == [("KZ", None), (None, head)]
    assert rules(await desk.post(path, KZ, {"text": " "})) == ["HC19"]
    other = await new(desk)
    foreign = await desk.post(f"/consultations/{other}/comments", KZ, {"text": "да", "parent": head})
    assert rules(foreign) == ["HC19"]


async def test_deadlines_come_with_their_reckoning(desk: Desk) -> None:
    made = await new(desk)
    found = (await desk.ask("GET", f"/consultations/{made}/proceedings", KZ)).json()["deadlines"]
    assert {(one["name"], one["state"]) for one in found} == {
        *(("position", state) for state in OFFICIALS), ("meeting", None),
    }  # fmt: skip
    assert all(one["reckoning"]["ru"] and one["reckoning"]["en"] for one in found)


async def test_silence_counts_when_the_time_is_over(desk: Desk) -> None:
    made = await new(desk)
    path = f"/consultations/{made}"
    await desk.step(f"{path}/schedule", CLERK, meeting())
    await desk.step(f"{path}/positions", KZ, {"stance": "supports"})
    desk.clock.go_to(MEETING_DAY)
    early = await desk.post(f"{path}/conclude", APPROVER, conclusion(), headers={"If-Match": "*"})
    assert (early.status_code, rules(early)) == (409, ["HC11"])
    due = max(one["day"] for one in (await desk.ask("GET", f"{path}/proceedings", KZ)).json()["deadlines"])
    desk.clock.go_to(MEETING_DAY.fromisoformat(due).replace(day=31))
    done = await desk.step(f"{path}/conclude", APPROVER, conclusion("consensus_not_permitted"))
    assert (done["status"], done["record"]["outcome"]) == ("consensus_not_permitted", "consensus_not_permitted")
    assert (await desk.post(f"{path}/positions", RU, {"stance": "supports"})).json()["errors"][0]["rule"] == "HC1"


async def test_an_objection_leads_to_no_consensus(desk: Desk) -> None:
    made = await new(desk)
    path = f"/consultations/{made}"
    await desk.step(f"{path}/schedule", CLERK, meeting())
    await desk.step(f"{path}/positions", RU, {"stance": "objects", "reasons": "Вывоз затруднится"})
    desk.clock.go_to(MEETING_DAY)
    refused = await desk.post(f"{path}/conclude", APPROVER, conclusion(), headers={"If-Match": "*"})
    assert rules(refused) == ["HC11", "HC11"]
    assert_problem(await desk.post(f"{path}/conclude", CLERK, conclusion(), headers={"If-Match": "*"}), 403)
    done = await desk.step(f"{path}/conclude", APPROVER, conclusion("no_consensus"))
    assert done["record"]["status"] == "no_consensus"
    assert done["record"]["permission"] is None
    entry = desk.service.register.entry(desk.service.register.seq)
    assert entry["acts"] == []
    assert entry["summary"]["en"].endswith("no consensus.")


async def test_a_withdrawal_keeps_its_reason_to_the_parties(desk: Desk) -> None:
    made = await new(desk)
    assert_problem(
        await desk.post(f"/consultations/{made}/withdraw", KG, {"reason": "x"}, headers={"If-Match": "*"}), 403
    )
    done = await desk.step(f"/consultations/{made}/withdraw", KZ, {"reason": "Введение не планируется"})
    assert done["withdrawal_reason"] == "Введение не планируется"
    assert (done["record"]["status"], done["record"]["withdrawn_on"]) == ("withdrawn", "2026-11-23")
    assert "Введение не планируется".encode() not in desk.service.register.body(desk.service.register.seq)


async def test_lists_for_parties(desk: Desk) -> None:
    first, second = await new(desk), await new(desk, KG, burdens=[{"state": "RU", "claim": "x"}])
    third = await new(desk, KZ, goods=[{"code_from": "2515"}], title={"ru": "Мрамор"})
    await desk.step(f"/consultations/{first}/positions", RU, {"stance": "supports"})

    async def ids(query: str, who: Any = RU) -> list[str]:
        response = await desk.ask("GET", f"/proceedings{query}", who)
        assert response.status_code == 200, response.text
        return [one["id"] for one in response.json()["items"]]

    assert await ids("") == [third, second, first]
    assert await ids("?asked=true") == [third, second]
    assert await ids("?asked=true", AUDITOR) == []
    assert await ids("?status=in_progress") == [first]
    assert await ids("?state=RU") == [second]
    assert await ids("?code=2515110000") == [third]
    assert await ids("?q=мрамор") == [third]
    page = (await desk.ask("GET", "/proceedings?limit=2&state=KG", RU)).json()
    assert ([one["id"] for one in page["items"]], page["total"], page["complete"]) == ([third, second], 3, False)
    rest = (await desk.ask("GET", page["next"].removeprefix("/api/v1"), RU)).json()
    assert ([one["id"] for one in rest["items"]], rest["complete"], rest["next"]) == ([first], True, None)
    assert rest["items"][0]["positions"] == {
        "AM": None,
        "BY": None,
        "KZ": None,
        "KG": None,
        "RU": "supports",
        "EEC": None,
    }
    assert_problem(await desk.ask("GET", "/proceedings?limit=500", RU), 422, "/limit")
    for path in ("/proceedings", f"/consultations/{first}/proceedings"):
        assert (await desk.ask("GET", path, MACHINE)).status_code == 200
        assert_problem(await desk.ask("GET", path, OPERATOR), 403)
    assert_problem(await desk.ask("GET", "/proceedings/permissions", KZ), 403)


async def test_lists_for_everybody(desk: Desk) -> None:
    first = await new(desk)
    second = await new(desk, KG, goods=[{"code_from": "2515"}], burdens=[{"state": "RU", "claim": "x"}])
    await desk.step(f"/consultations/{first}/schedule", CLERK, meeting())
    await desk.step(f"/consultations/{first}/positions", RU, {"stance": "supports"})

    async def ids(**query: str) -> list[str]:
        response = await desk.client.get("/api/v1/consultations", params=query)
        assert response.status_code == 200, response.text
        return [one["id"] for one in response.json()["items"]]

    assert await ids() == [first, second]
    assert await ids(state="KZ") == [first]
    assert await ids(state="RU") == [second]
    assert await ids(state="KG") == [first, second]
    assert await ids(status="scheduled") == [first]
    assert await ids(code="2515110000") == [second]
    assert await ids(q="свинца C-2026-001") == [first]
    assert await ids(known_at="2", status="initiated") == [first, second]
    assert_problem(await desk.client.get("/api/v1/consultations?status=in_progress"), 422, "/status")


async def test_everything_done_is_in_the_audit_trail(desk: Desk) -> None:
    made = await new(desk)
    await desk.step(f"/consultations/{made}/schedule", CLERK, meeting())
    await desk.step(f"/consultations/{made}/positions", RU, {"stance": "objects", "reasons": "тайна"})
    await desk.step(f"/consultations/{made}/comments", RU, {"text": "тайна"})
    await desk.step(f"/consultations/{made}/withdraw", KZ, {"reason": "тайна"})
    subject = f"consultation:{made}"
    assert [row[0] for row in desk.trail.rows if row[1:3] == (subject, "done")] == [
        f"consultation.{step}" for step in ("initiate", "schedule", "position", "comment", "withdraw")
    ]
    assert "тайна" not in str(desk.trail.rows)


async def test_at_the_same_moment_one_after_the_other(desk: Desk) -> None:
    """Two approvers conclude at once: one does, the other is shown what happened."""
    made = await new(desk)
    path = f"/consultations/{made}"
    await desk.step(f"{path}/schedule", CLERK, meeting())
    for official in OFFICIALS.values():
        await desk.step(f"{path}/positions", official, {"stance": "supports"})
    desk.clock.go_to(MEETING_DAY)
    tag = (await desk.ask("GET", f"{path}/proceedings", KZ)).headers["etag"]
    codes: list[int] = []

    async def conclude(given: dict[str, Any]) -> None:
        response = await desk.post(f"{path}/conclude", APPROVER, given, headers={"If-Match": tag})
        codes.append(response.status_code)

    async with anyio.create_task_group() as group:
        group.start_soon(conclude, conclusion())
        group.start_soon(conclude, conclusion("consensus_not_permitted"))
    assert sorted(codes) == [200, 409]
    concluded = [
        seq
        for seq in range(1, desk.service.register.seq + 1)
        if desk.service.register.facts(seq).type == "consultation.concluded"
    ]
    assert len(concluded) == 1


async def test_a_failed_notice_undoes_the_step(desk: Desk) -> None:
    """A notice is part of the transaction: either both are there or none."""
    made = await new(desk)

    async def broken(*_: Any) -> None:
        raise RuntimeError("no outbox")

    db, now, today = desk.service.database, desk.service.now(), desk.service.today()
    with pytest.raises(RuntimeError):
        await commands.schedule(db, made, Meeting.model_validate(meeting()), CLERK, now=now, today=today, notify=broken)
    with pytest.raises(RuntimeError):
        await commands.state_position(db, made, Stated(stance="supports"), RU, now=now, today=today, notify=broken)
    known = await commands.read(db, made)
    assert (known.version, known.meeting, known.positions) == (1, None, ())
    assert await desk.service.catch_up() == 1


async def test_a_permission_has_goods_as_text_too(desk: Desk) -> None:
    made = await new(desk)
    path = f"/consultations/{made}"
    await desk.step(f"{path}/schedule", CLERK, meeting())
    for official in OFFICIALS.values():
        await desk.step(f"{path}/positions", official, {"stance": "supports"})
    desk.clock.go_to(MEETING_DAY)
    doubtful = conclusion(permission=permission() | {"goods": "7801 кроме лома"})
    refused = await desk.post(f"{path}/conclude", APPROVER, doubtful, headers={"If-Match": "*"})
    assert_problem(refused, 422, "/permission/goods")
    given = conclusion(permission=permission() | {"goods": "7801 10 000 0"})
    done = await desk.step(f"{path}/conclude", APPROVER, given)
    assert done["record"]["permission"]["goods"][0]["code_from"] == "7801100000"
    assert done["record"]["permission"]["from"] == "2026-12-15"


async def test_what_is_public_is_read_without_the_database(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    made = await new(desk)
    await desk.service.catch_up()
    asked: list[str] = []
    database, me = type(desk.service.database), asyncio.current_task()
    for name in ("fetch", "fetch_rows", "execute"):

        def watched(name: str, original: Any) -> Any:
            async def spy(*given: Any, **more: Any) -> Any:
                if asyncio.current_task() is me:
                    asked.append(name)
                return await original(*given, **more)

            return spy

        monkeypatch.setattr(database, name, watched(name, getattr(database, name)))
    for path in ("", f"/{made}", f"/{made}?known_at=1", "?code=7801&q=свинца"):
        assert (await desk.client.get(f"/api/v1/consultations{path}")).status_code == 200
    assert asked == []
    await desk.ask("GET", f"/consultations/{made}/proceedings", KZ)
    assert asked != []
