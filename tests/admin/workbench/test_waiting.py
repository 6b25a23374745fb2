"""Decisions of P24 on a clerk's desk: listed at home, put on their measure by a click, offered to a new measure."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from admin.accounts import Role
from admin.accounts.policy import Actor
from consultations.model import Conclusion, Meeting, Plan, Stated
from consultations.office import Consulting
from register.measures import STATES, Notified
from register.publication import include
from tests.admin.conftest import HTML, hidden
from tests.admin.workbench.conftest import Desk
from tests.register.drafts.helpers import content

pytestmark = pytest.mark.anyio

MEETING = "2026-09-25"


async def decided(desk: Desk) -> str:
    """A consultation on lead of the Kyrgyz Republic, decided by consensus; the clock stands on its day."""
    consulting: Consulting = desk.staff.app.state.consulting
    people = {state: await account(desk, Role.OFFICIAL, state) for state in STATES}
    clerk, approver = await account(desk, Role.CLERK), await account(desk, Role.APPROVER)
    plan: dict[str, Any] = {
        "state": "KG",
        "kind": "export_prohibition",
        "title": {"ru": "Запрет вывоза свинца"},
        "goods": [{"code_from": "7801"}],
        "planned": {"from": "2026-10-01", "to": "2027-03-08"},
        "measure": None,
        "similar_goods": "Свинец",
        "burdens": [{"state": "KZ", "claim": "Вывоз 40 тыс. т в год"}],
    }
    made = await consulting.initiate(people["KZ"], Plan.model_validate(plan))
    place = {"date": MEETING, "time": "11:00", "place": "Москва", "link": None, "agenda": "План"}
    await consulting.schedule(made.id, Meeting.model_validate(place), clerk)
    for state, person in people.items():
        stance: Any = "abstains" if state == "BY" else "supports"
        await consulting.state_position(made.id, Stated(stance=stance), person)
    desk.staff.clock.at = datetime(2026, 9, 25, 9, 0, tzinfo=UTC)
    goods = [{"code_from": "7801"}]
    given = {
        "outcome": "consensus_permitted",
        "protocol": {"number": "14", "date": MEETING},
        "permission": {"goods": goods, "from": "2026-10-01", "to": None},
    }
    await consulting.conclude(made.id, Conclusion.model_validate(given), approver)
    return str(made.id)


async def account(desk: Desk, role: Role, state: str | None = None) -> Actor:
    found = await desk.staff.person(role, f"{role}-{state}@x.example".lower())
    return Actor(found.id, f"{role} {state or ''}".strip(), role, state)


async def at_home(desk: Desk, name: str) -> str:
    """A part of the home page, as a clerk who has signed in on that day sees it."""
    browser, _ = await desk.staff.at_work(Role.CLERK, f"clerk-{name}@later.example")
    desk.clerk = browser
    return (await browser.get("/ru/staff")).text.split('id="decided"')[1].split('id="held"')[0]


async def enter(desk: Desk) -> str:
    service = desk.service
    notified = Notified.model_validate(content("7801", effective_from="2026-10-01"))
    measure = await include(service.database, notified, on=service.today(), clock=service.now)
    await service.catch_up()
    return measure.id


async def test_a_decision_waits_and_is_put_on_its_measure_by_one_click(desk: Desk) -> None:
    made = await decided(desk)
    home = await at_home(desk, "a")
    assert f'href="/ru/staff/consultations/{made}"' in home
    assert "протокол № 14 от 25.09.2026" in home
    assert "меры в Реестре еще нет" in home
    assert "/staff/permissions/" not in home

    measure = await enter(desk)
    page = (await desk.clerk.get("/ru/staff")).text
    assert f"Подготовить разрешение по мере {measure}" in page
    form = hidden(page, f"/ru/staff/permissions/{made}")
    assert form["measure"] == measure
    answer = await desk.clerk.client.post(f"/ru/staff/permissions/{made}", data=form, headers=HTML)
    assert answer.status_code == 303, answer.text
    draft = await desk.draft(int(answer.headers["location"].rsplit("/", 1)[1]))
    assert (draft.kind, draft.state, draft.measure) == ("permit", "submitted", measure)
    assert draft.content["declaration"]["consultation"] == made
    assert (
        f"проект {draft.id}" in (await desk.clerk.get("/ru/staff")).text.split('id="decided"')[1].split('id="held"')[0]
    )
    again = await desk.clerk.client.post(f"/ru/staff/permissions/{made}", data=form, headers=HTML)
    assert again.headers["location"] == answer.headers["location"]

    approver, _ = await desk.staff.at_work(Role.APPROVER, "later@approver.example")
    assert (await desk.decide(draft.id, "approve", approver, then="publish")).status_code == 303
    assert "Все разрешения, принятые по пункту 24, внесены" in (await desk.clerk.get("/ru/staff")).text


async def test_what_cannot_be_put_on_a_measure_is_refused_with_its_reason(desk: Desk) -> None:
    made = await decided(desk)
    await at_home(desk, "b")
    data = {"_csrf": await desk.clerk.token(), "measure": "KG-2026-777"}
    refused = await desk.clerk.client.post(f"/ru/staff/permissions/{made}", data=data, headers=HTML)
    assert refused.status_code >= 400
    assert "Такой меры в Реестре нет" in refused.text
    unknown = await desk.clerk.client.post("/ru/staff/permissions/C-2026-999", data=data, headers=HTML)
    assert unknown.status_code == 404
    auditor, _ = await desk.staff.at_work(Role.AUDITOR)
    data["_csrf"] = await auditor.token()
    assert (await auditor.client.post(f"/ru/staff/permissions/{made}", data=data, headers=HTML)).status_code == 403


async def test_a_new_measure_is_entered_with_the_permission_that_waits_for_it(desk: Desk) -> None:
    made = await decided(desk)
    await at_home(desk, "c")
    number = await desk.new()
    typed = {
        "state": "KG",
        "kind": "export_prohibition",
        "title_ru": "Лом свинца",
        "notified_on": "2026-09-24",
        "effective_from": "2026-10-01",
        "effective_to": "2027-03-08",
        "g-0-code": "7801",
        **{"a-0-role": "introduces", "a-0-number": "587", "a-0-date": "2026-09-20"},
        **dict.fromkeys(("cell_codes", "cell_term", "cell_basis"), ""),
    }
    await desk.save(number, **typed)
    page = (await desk.clerk.get(f"/ru/staff/drafts/{number}")).text
    assert "Внести меру с этим разрешением" in page
    form = hidden(page, f"/ru/staff/drafts/{number}/permission")
    assert form["consultation"] == made
    answer = await desk.clerk.client.post(f"/ru/staff/drafts/{number}/permission", data=form, headers=HTML)
    assert answer.status_code == 303
    declaration = (await desk.draft(number)).content["measure"]["declaration"]
    assert (declaration["consultation"], declaration["permitted"], declaration["from"]) == (made, True, "2026-10-01")
    assert "Внести меру с этим разрешением" not in (await desk.clerk.get(f"/ru/staff/drafts/{number}")).text
    # The form has no field for it and keeps it.
    await desk.save(number, **typed, **{"g-0-line": "1"})
    assert (await desk.draft(number)).content["measure"]["declaration"] == declaration
    assert (await desk.decide(number, "submit", desk.clerk)).status_code == 303
    approver, _ = await desk.staff.at_work(Role.APPROVER, "later@approver.example")
    assert (await desk.decide(number, "approve", approver, then="publish")).status_code == 303
    assert "Все разрешения, принятые по пункту 24, внесены" in (await desk.clerk.get("/ru/staff")).text
