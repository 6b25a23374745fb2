"""The whole way by API: KZ opens, five states speak, a meeting, the outcome, the permission in the Register."""

from __future__ import annotations

from typing import Any

import pytest

from consultations import commands
from consultations.model import Revocation
from consultations.permissions import draft_revocation, drafts_of
from register import publication
from register.index import Register
from register.measures import Notified
from register.permitted import every_place
from tests.consultations.conftest import Desk
from tests.consultations.people import (
    APPROVER,
    CLERK,
    KZ,
    MEETING_DAY,
    OFFICIALS,
    SECOND,
    conclusion,
    meeting,
    permission,
    plan,
)

pytestmark = pytest.mark.anyio


def lead(*codes: str, **changes: Any) -> dict[str, Any]:
    """The planned measure, as KG notifies it."""
    return {
        "state": "KG",
        "kind": "export_prohibition",
        "title": {"ru": "Запрет вывоза свинца"},
        "acts": [{"role": "introduces", "number": "701", "date": "2026-11-20"}],
        "goods": [{"code_from": code} for code in codes or ("7801",)],
        "effective_from": "2026-12-15",
        "effective_to": "2027-06-15",
        "notified_on": "2026-11-20",
        **changes,
    }


async def enter(desk: Desk, *codes: str, **changes: Any) -> str:
    notified = Notified.model_validate(lead(*codes, **changes))
    measure = await publication.include(desk.service.database, notified, on=desk.service.today(), clock=desk.clock)
    await desk.service.catch_up()
    return measure.id


async def agreed(desk: Desk, **changes: Any) -> str:
    """A consultation in which all five support and whose meeting was held."""
    response = await desk.post("/consultations", KZ, plan(**changes))
    assert response.status_code == 201, response.text
    made = response.json()["id"]
    await desk.step(f"/consultations/{made}/schedule", CLERK, meeting())
    for state, official in OFFICIALS.items():
        stance = "abstains" if state == "BY" else "supports"
        await desk.step(f"/consultations/{made}/positions", official, {"stance": stance})
    desk.clock.go_to(MEETING_DAY)
    return str(made)


async def public(desk: Desk, made: str, **query: Any) -> dict[str, Any]:
    response = await desk.client.get(f"/api/v1/consultations/{made}", params=query)
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


async def test_a_permission_turns_the_answer(desk: Desk) -> None:
    measure = await enter(desk)
    # On the meeting's day plus the 15 days of P37(1), so that nothing but the permission helps.
    day = "2027-02-01"
    assert (await desk.proof("7801100000", day))["proof"] == "special_certificate"
    made = await agreed(desk, measure=measure)
    done = await desk.step(f"/consultations/{made}/conclude", APPROVER, conclusion())
    [draft] = done["drafts"]
    assert draft == {"id": draft["id"], "kind": "permit", "state": "submitted", "measure": measure}
    refused = await desk.post(f"/drafts/{draft['id']}/approve", APPROVER)
    assert refused.status_code == 403
    assert refused.json()["errors"][0]["rule"] == "HD3"
    assert (await public(desk, made))["status"] == "consensus_permitted"
    before = desk.service.register.seq
    await desk.draft("POST", f"/{draft['id']}/approve", SECOND, json={})
    await desk.draft("POST", f"/{draft['id']}/publish", SECOND, json={})
    answer = await desk.proof("7801100000", day)
    assert answer["proof"] == "origin_declaration"
    assert [ground["rule"] for ground in answer["grounds"]] == ["P24"]
    record = await public(desk, made)
    assert record["status"] == "entered_in_register"
    assert record["entered"] == {"measure": measure, "seq": before + 1}
    assert (await public(desk, made, known_at=before))["status"] == "consensus_permitted"
    held = (await desk.client.get(f"/api/v1/measures/{measure}")).json()["declaration"]
    assert held == {
        "permitted": True, "from": "2026-12-15", "to": None, "consultation": made,
        "protocol": {"number": "14", "date": "2026-12-08"},
    }  # fmt: skip
    snapshot = (await desk.client.get("/api/v1/snapshot")).json()["consultations"]
    assert [one["status"] for one in snapshot] == ["entered_in_register"]
    kinds = [happening.kind for happening in desk.told]
    assert kinds == ["initiated", "scheduled", *["position"] * 5, "concluded"]


async def test_a_permission_waits_for_its_measure(desk: Desk) -> None:
    made = await agreed(desk)
    done = await desk.step(f"/consultations/{made}/conclude", APPROVER, conclusion(permission=permission("7801")))
    assert done["drafts"] == []
    [waiting] = (await desk.ask("GET", "/proceedings/permissions", CLERK)).json()["items"]
    assert (waiting["consultation"], waiting["measure"], waiting["draft"]) == (made, None, None)
    assert waiting["due"] == "2026-12-15"
    draft = await desk.draft("POST", "", json={"kind": "include", "content": {"measure": lead("780110")}})
    preview = await desk.draft("GET", f"/{draft['id']}/preview")
    [offered] = preview["permissions"]
    assert offered["id"] == made
    content = {"measure": lead("780110", declaration=offered["declaration"])}
    await desk.draft("PUT", f"/{draft['id']}", json={"content": content}, headers={"If-Match": '"1"'})
    for step, who in (("submit", CLERK), ("approve", APPROVER), ("publish", APPROVER)):
        await desk.draft("POST", f"/{draft['id']}/{step}", who, json={})
    record = await public(desk, made)
    assert record["status"] == "entered_in_register"
    assert (await desk.ask("GET", "/proceedings/permissions", CLERK)).json()["items"] == []


async def test_a_clerk_puts_a_waiting_permission_on_the_measure(desk: Desk) -> None:
    made = await agreed(desk)
    await desk.step(f"/consultations/{made}/conclude", APPROVER, conclusion())
    measure = await enter(desk)
    [waiting] = (await desk.ask("GET", "/proceedings/permissions", CLERK)).json()["items"]
    assert waiting["measure"] == measure
    response = await desk.post(f"/consultations/{made}/permit", CLERK, {"measure": measure})
    assert response.status_code == 201, response.text
    again = await desk.post(f"/consultations/{made}/permit", CLERK, {"measure": measure})
    assert again.json()["id"] == response.json()["id"]
    assert (await desk.post(f"/consultations/{made}/permit", KZ, {"measure": measure})).status_code == 403
    draft = response.json()["id"]
    await desk.draft("POST", f"/{draft}/approve", APPROVER, json={})
    await desk.draft("POST", f"/{draft}/publish", APPROVER, json={})
    assert (await public(desk, made))["entered"]["measure"] == measure
    late = await desk.post(f"/consultations/{made}/permit", CLERK, {"measure": measure})
    assert late.json()["errors"][0]["rule"] == "HD17"


async def test_a_permission_that_leaves_goods_out_is_never_put_on_the_measure(desk: Desk) -> None:
    measure = await enter(desk, "7801", "7804")
    made = await agreed(desk, measure=measure)
    done = await desk.step(f"/consultations/{made}/conclude", APPROVER, conclusion())
    assert done["drafts"] == []
    [waiting] = (await desk.ask("GET", "/proceedings/permissions", CLERK)).json()["items"]
    assert waiting["measure"] is None
    assert "2" in waiting["in_the_way"][0]["text"]["ru"]
    refused = await desk.post(f"/consultations/{made}/permit", CLERK, {"measure": measure})
    assert refused.status_code == 409
    assert [one["rule"] for one in refused.json()["errors"]] == ["HD17"]
    assert "не охвачены строки: 2" in refused.json()["errors"][0]["text"]["ru"]
    # Nor by a draft that somebody types.
    declaration = {"permitted": True, "from": "2026-12-15", "consultation": made}
    draft = await desk.draft(
        "POST", "", json={"kind": "permit", "measure": measure, "content": {"declaration": declaration}}
    )
    preview = await desk.draft("GET", f"/{draft['id']}/preview")
    assert [one["rule"] for one in preview["refusals"]] == ["HD17"]
    typed = await desk.post(f"/drafts/{draft['id']}/submit", CLERK)
    assert [one["rule"] for one in typed.json()["errors"]] == ["HD17"]
    assert (await desk.proof("7801100000", "2027-02-01"))["proof"] == "special_certificate"


async def test_a_revocation_ends_the_permission(desk: Desk) -> None:
    measure = await enter(desk)
    made = await agreed(desk, measure=measure)
    done = await desk.step(f"/consultations/{made}/conclude", APPROVER, conclusion())
    draft = done["drafts"][0]["id"]
    await desk.draft("POST", f"/{draft}/approve", SECOND, json={})
    await desk.draft("POST", f"/{draft}/publish", SECOND, json={})
    given = {"protocol": {"number": "3", "date": "2026-12-08"}, "last_day": "2027-01-15"}
    revoked = await desk.step(f"/consultations/{made}/revoke", SECOND, given)
    assert revoked["status"] == "revoked"
    assert [(one["kind"], one["state"]) for one in revoked["drafts"]] == [
        ("permit", "published"),
        ("revoke", "submitted"),
    ]
    ending = revoked["drafts"][1]["id"]
    await desk.draft("POST", f"/{ending}/approve", APPROVER, json={})
    await desk.draft("POST", f"/{ending}/publish", APPROVER, json={})
    assert (await desk.proof("7801100000", "2027-01-15"))["proof"] == "origin_declaration"
    assert (await desk.proof("7801100000", "2027-02-01"))["proof"] == "special_certificate"
    record = await public(desk, made)
    assert (record["status"], record["revocation"]["last_day"]) == ("revoked", "2027-01-15")
    entry = desk.service.register.entry(record["seq"])
    assert entry["type"] == "consultation.concluded"
    assert entry["summary"]["en"].startswith("The permission to use an origin declaration")


async def test_a_revocation_takes_the_draft_of_the_permission_back(desk: Desk) -> None:
    measure = await enter(desk)
    made = await agreed(desk, measure=measure)
    await desk.step(f"/consultations/{made}/conclude", APPROVER, conclusion())
    given = {"protocol": {"number": "3", "date": "2026-12-08"}, "last_day": "2027-01-15"}
    revoked = await desk.step(f"/consultations/{made}/revoke", SECOND, given)
    assert [(one["kind"], one["state"]) for one in revoked["drafts"]] == [("permit", "withdrawn")]


async def test_an_amendment_does_not_take_the_permission_over_to_other_goods(desk: Desk) -> None:
    measure = await enter(desk)
    made = await agreed(desk, measure=measure)
    done = await desk.step(f"/consultations/{made}/conclude", APPROVER, conclusion())
    draft = done["drafts"][0]["id"]
    await desk.draft("POST", f"/{draft}/approve", SECOND, json={})
    await desk.draft("POST", f"/{draft}/publish", SECOND, json={})
    amended = await desk.draft("POST", "", json={"kind": "amend", "measure": measure})
    content = amended["content"]
    content["measure"]["goods"].append({"code_from": "7804"})
    content["measure"]["acts"].append({"role": "amends", "number": "702", "date": "2026-12-01"})
    saved = {"content": content}
    await desk.draft("PUT", f"/{amended['id']}", json=saved, headers={"If-Match": '"1"'})
    refused = await desk.post(f"/drafts/{amended['id']}/submit", CLERK)
    assert [(one["rule"], one["pointer"]) for one in refused.json()["errors"]] == [("HD17", "/measure/goods")]


async def test_a_decision_older_than_the_journal_is_taken_as_notified(desk: Desk) -> None:
    declaration = {"permitted": True, "from": "2026-12-15", "consultation": "C-2024-007",
                   "protocol": {"number": "2", "date": "2024-03-01"}}  # fmt: skip
    content = {"measure": lead(declaration=declaration)}
    draft = await desk.draft("POST", "", json={"kind": "include", "content": content})
    assert (await desk.draft("POST", f"/{draft['id']}/submit", json={}))["state"] == "submitted"


async def test_where_two_measures_match_a_person_chooses(desk: Desk) -> None:
    first, second = await enter(desk), await enter(desk, "780110")
    await enter(desk, "7801", state="KZ", title={"ru": "Мера другого государства"})
    made = await agreed(desk)
    done = await desk.step(f"/consultations/{made}/conclude", APPROVER, conclusion())
    assert done["drafts"] == []
    [waiting] = (await desk.ask("GET", "/proceedings/permissions", CLERK)).json()["items"]
    assert (waiting["measure"], waiting["in_the_way"]) == (None, [])
    chosen = await desk.post(f"/consultations/{made}/permit", CLERK, {"measure": second})
    assert chosen.json()["measure"] == second != first


async def test_the_only_measure_that_matches_is_found(desk: Desk) -> None:
    await enter(desk, "7804")
    measure = await enter(desk)
    made = await agreed(desk)
    done = await desk.step(f"/consultations/{made}/conclude", APPROVER, conclusion())
    assert [(one["kind"], one["measure"]) for one in done["drafts"]] == [("permit", measure)]


async def test_a_measure_with_another_permission_is_left_to_a_person(desk: Desk) -> None:
    held = {"permitted": True, "from": "2026-12-15", "protocol": {"number": "2", "date": "2024-03-01"}}
    await enter(desk, declaration=held)
    made = await agreed(desk)
    done = await desk.step(f"/consultations/{made}/conclude", APPROVER, conclusion())
    assert done["drafts"] == []


async def test_four_eyes_where_the_clerk_sends_it_back(desk: Desk) -> None:
    """What is returned is a draft as any other: a clerk submits it again; the one who concluded never approves it."""
    measure = await enter(desk)
    made = await agreed(desk, measure=measure)
    done = await desk.step(f"/consultations/{made}/conclude", APPROVER, conclusion())
    draft = done["drafts"][0]["id"]
    await desk.draft("POST", f"/{draft}/return", SECOND, json={"reason": "Сверить протокол"})
    await desk.draft("POST", f"/{draft}/submit", CLERK, json={})
    assert (await desk.post(f"/drafts/{draft}/approve", APPROVER)).status_code == 403
    assert (await desk.draft("POST", f"/{draft}/approve", SECOND, json={}))["state"] == "approved"
    assert desk.trail.rows[0][0] == "consultation.initiate"
    concluded = next(row for row in desk.trail.rows if row[0] == "consultation.conclude")
    assert concluded[3]["drafts"] == [draft]


async def test_a_revocation_ends_the_permission_on_every_measure(desk: Desk) -> None:
    """The permission of one decision may stand on several measures; what the index does not know yet counts too."""
    first = await enter(desk)
    made = await agreed(desk, measure=first)
    done = await desk.step(f"/consultations/{made}/conclude", APPROVER, conclusion())
    draft = done["drafts"][0]["id"]
    await desk.draft("POST", f"/{draft}/approve", SECOND, json={})
    await desk.draft("POST", f"/{draft}/publish", SECOND, json={})
    held = (await desk.client.get(f"/api/v1/measures/{first}")).json()["declaration"]
    second = await enter(desk, "780110", declaration=held)
    db, register = desk.service.database, desk.service.register
    assert [place["measure"] for place in every_place(register, made)] == [first, second]
    given = Revocation.model_validate({"protocol": {"number": "3", "date": "2026-12-08"}, "last_day": "2027-01-15"})
    now, today = desk.service.now(), desk.service.today()
    # An index that is behind: the drafts that were published name their measure.
    await commands.revoke(db, made, given, APPROVER, now=now, today=today, register=Register())
    assert [(one.kind, one.measure) for one in await drafts_of(db, made)] == [("permit", first), ("revoke", first)]
    known = await commands.read(db, made)
    ending = await draft_revocation(db, known, register, APPROVER, now=now, today=today)
    assert [one.measure for one in ending] == [first, second]
