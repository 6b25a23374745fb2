"""The workbench over HTTP on both engines: the way of a draft, what is refused, and that nothing typed is lost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from admin.accounts import Role
from register.measures import Notified
from register.publication import include
from tests.admin.conftest import PASSWORD, hidden
from tests.admin.workbench.conftest import CODES, TYPED, Desk
from tests.register.drafts.helpers import content, pdf

pytestmark = pytest.mark.anyio

TABLE = Path(__file__).parents[3] / "admin/demonstration/commission-table.csv"
HTML = {"Accept": "text/html"}


async def entered(desk: Desk, *codes: str, **changes: Any) -> str:
    """A measure of the Register."""
    notified = Notified.model_validate(content(*codes, **changes))
    service = desk.service
    measure = await include(service.database, notified, on=service.today(), clock=service.now)
    await service.catch_up()
    return measure.id


async def test_the_whole_way(desk: Desk) -> None:
    number = await desk.new()
    shown = await desk.clerk.get(f"/ru/staff/drafts/{number}/edit")
    assert "Графы уведомления" in shown.text
    await desk.save(number)
    shown = await desk.clerk.get(f"/ru/staff/drafts/{number}/edit")
    assert "<mark>(кроме железа товарной позиции 7203)</mark>" in shown.text
    answer = await desk.save(number, do="preview", **await desk.as_read(number))
    assert answer.headers["location"].endswith("/edit?check=1#faults")
    refused = await desk.decide(number, "submit", desk.clerk)
    assert refused.status_code == 422
    assert "Не разрешены сомнения" in refused.text

    answer = await desk.save(number, do="settle-0-condition", **await desk.as_read(number))
    assert answer.headers["location"].endswith("#goods")
    assert (await desk.decide(number, "submit", desk.clerk)).status_code == 303
    shown = await desk.approver.get(f"/ru/staff/drafts/{number}")
    assert "специальный сертификат (P26)" in shown.text
    assert "В Реестр включена мера AM-2026-001" in shown.text
    assert (await desk.decide(number, "approve", desk.approver)).status_code == 303
    assert (await desk.decide(number, "publish", desk.approver)).status_code == 303

    shown = await desk.clerk.get(f"/ru/staff/drafts/{number}")
    assert 'href="/ru/measures/AM-2026-001"' in shown.text
    assert (await desk.clerk.get("/ru/measures/AM-2026-001")).status_code == 200
    trail = [(row["action"], row["outcome"]) for row in await desk.staff.trail("draft")]
    assert trail == [
        ("draft.create", "done"),
        ("draft.submit", "done"),
        ("draft.approve", "done"),
        ("draft.publish", "done"),
    ]


async def test_a_clerk_cannot_approve(desk: Desk) -> None:
    number = await desk.ready()
    await desk.decide(number, "submit", desk.clerk)
    assert f"/drafts/{number}/approve" not in (await desk.clerk.get(f"/ru/staff/drafts/{number}")).text
    for command in ("approve", "publish", "return"):
        refused = await desk.decide(number, command, desk.clerk, reason="так")
        assert refused.status_code == 403
        assert "полномочия" in refused.text
    assert (await desk.draft(number)).state == "submitted"
    assert ("draft.approve", "refused") in [(row["action"], row["outcome"]) for row in await desk.staff.trail("draft")]


async def test_an_approver_does_not_write(desk: Desk) -> None:
    number = await desk.ready()
    token = await desk.approver.token()
    for path in ("", f"/{number}/edit"):
        answer = await desk.approver.client.post(
            f"/ru/staff/drafts{path}", data={"_csrf": token, "kind": "include", "version": "1"}, headers=HTML
        )
        assert answer.status_code == 403
    assert (await desk.approver.get(f"/ru/staff/drafts/{number}/edit")).status_code == 403


@pytest.mark.parametrize("role", [Role.OFFICIAL, Role.OPERATOR])
async def test_who_is_no_staff_of_drafts_sees_and_makes_none(desk: Desk, role: Role) -> None:
    number = await desk.ready()
    stranger, _ = await desk.staff.at_work(role)
    home = await stranger.get("/ru/staff")
    assert (home.status_code, home.headers["location"]) == (303, "/ru/staff/me")
    for path in ("", "/new", f"/{number}", f"/{number}/edit"):
        assert (await stranger.get(f"/ru/staff/drafts{path}")).status_code == 403
    data = {"_csrf": await stranger.token(), "kind": "include"}
    assert (await stranger.client.post("/ru/staff/drafts", data=data, headers=HTML)).status_code == 403
    assert (await stranger.client.post("/ru/staff/import", data=data, headers=HTML)).status_code == 403


async def test_an_auditor_reads_and_changes_nothing(desk: Desk) -> None:
    number = await desk.ready()
    auditor, _ = await desk.staff.at_work(Role.AUDITOR)
    shown = await auditor.get(f"/ru/staff/drafts/{number}")
    assert shown.status_code == 200
    assert "/submit" not in shown.text
    assert (await desk.decide(number, "submit", auditor)).status_code == 403
    assert (await desk.draft(number)).state == "draft"


@pytest.mark.parametrize("token", ["", "0" * 64])
async def test_a_forged_form_gets_nothing(desk: Desk, token: str) -> None:
    number = await desk.ready()
    version = (await desk.draft(number)).version
    for path in (f"/{number}/edit", f"/{number}/submit", f"/{number}/merge", f"/{number}/acts", ""):
        data = {**TYPED, "_csrf": token, "version": str(version), "kind": "include", "title_ru": "Подлог"}
        answer = await desk.clerk.client.post(f"/ru/staff/drafts{path}", data=data, headers=HTML)
        assert answer.status_code == 403
    headers = {"If-Match": f'"{version}"'}
    answer = await desk.clerk.client.put(f"/ru/staff/drafts/{number}/edit", data=TYPED, headers=headers)
    assert answer.status_code == 403
    draft = await desk.draft(number)
    assert (draft.state, draft.version) == ("draft", version)


async def autosave(desk: Desk, number: int, version: int, **fields: str) -> httpx.Response:
    data = {**TYPED, **await desk.as_read(number), "_csrf": await desk.clerk.token(), **fields}
    path, headers = f"/ru/staff/drafts/{number}/edit", {"If-Match": f'"{version}"', "Accept": "application/json"}
    return await desk.clerk.client.put(path, data=data, headers=headers)


async def test_what_is_typed_is_saved_by_itself(desk: Desk) -> None:
    number = await desk.ready()
    version = (await desk.draft(number)).version
    answer = await autosave(desk, number, version, title_ru="Медь")
    assert answer.status_code == 200
    assert answer.headers["etag"] == f'"{version + 1}"'
    assert 'id="live-found"' in answer.text
    assert (await desk.draft(number)).content["measure"]["title"] == {"ru": "Медь"}
    again = await autosave(desk, number, version + 1, title_ru="Медь")
    assert again.headers["etag"] == f'"{version + 1}"'
    await desk.clerk.client.put(f"/ru/staff/drafts/{number}/edit", data={"_csrf": await desk.clerk.token()})
    assert (await desk.draft(number)).version == version + 1


async def test_two_clerks_lose_nothing(desk: Desk) -> None:
    number = await desk.ready()
    version = (await desk.draft(number)).version
    typed = await desk.as_read(number)
    second, _ = await desk.staff.at_work(Role.CLERK, "second@commission.example")
    await desk.save(number, second, title_ru="Чужое", kind="licensing", conditions="7206: условие", **typed)
    assert (await autosave(desk, number, version, title_ru="Мое")).status_code == 409

    stale = await desk.save(number, version=str(version), title_ru="Мое", notified_on="2026-09-08", **typed)
    assert stale.status_code == 409
    assert "Чужое" in stale.text
    assert "Мое" in stale.text
    kept = [
        dict(row) for row in await desk.service.database.fetch("SELECT * FROM draft_event WHERE action = 'set_aside'")
    ]
    assert len(kept) == 2

    form = hidden(stale.text, f"/ru/staff/drafts/{number}/merge")
    data = {**form, "take:measure/title": "mine"}
    merged = await desk.clerk.client.post(f"/ru/staff/drafts/{number}/merge", data=data, headers=HTML)
    assert merged.status_code == 303, merged.text
    measure = (await desk.draft(number)).content["measure"]
    assert (measure["title"]["ru"], measure["kind"], measure["notified_on"]) == ("Мое", "licensing", "2026-09-08")


async def test_a_cell_pasted_beside_another_person_keeps_its_doubts(desk: Desk) -> None:
    number = await desk.new()
    version = (await desk.draft(number)).version
    second, _ = await desk.staff.at_work(Role.CLERK, "second@commission.example")
    await desk.save(number, second, title_ru="Чужое", cell_codes="", cell_term="", cell_basis="")
    stale = await desk.save(number, version=str(version), title_ru="")
    assert stale.status_code == 409
    form = hidden(stale.text, f"/ru/staff/drafts/{number}/merge")
    await desk.clerk.client.post(f"/ru/staff/drafts/{number}/merge", data=form, headers=HTML)
    draft = await desk.draft(number)
    assert draft.content["measure"]["title"]["ru"] == "Чужое"
    assert [line["code_from"] for line in draft.content["measure"]["goods"]][:2] == ["7206", "7207"]
    assert [one["text"] for one in draft.doubts] == ["(кроме железа товарной позиции 7203)"]


async def test_an_expired_session_loses_no_typed_text(desk: Desk) -> None:
    number = await desk.ready()
    path = f"/ru/staff/drafts/{number}/edit"
    shown = await desk.clerk.get(path)
    sent = {**hidden(shown.text, path), **TYPED, **await desk.as_read(number), "title_ru": "Набрано до конца сеанса"}
    desk.staff.clock.move(hours=13)
    answer = await desk.clerk.client.post(path, data=sent, headers=HTML)
    assert answer.status_code == 303
    assert "parked" in answer.headers["location"]
    sign_in = answer.headers["location"]
    account = (await desk.staff.accounts.database.fetch("SELECT email FROM account WHERE role = 'clerk'"))[0]
    page = await desk.clerk.get(sign_in)
    fields = {
        **hidden(page.text, "/ru/staff/sign-in"),
        "email": account["email"],
        "password": PASSWORD,
    }
    back = await desk.clerk.client.post("/ru/staff/sign-in", data=fields, headers=HTML)
    assert back.headers["location"].startswith(path)
    shown = await desk.clerk.get(back.headers["location"])
    assert "Набрано до конца сеанса" in shown.text
    assert (await desk.draft(number)).content["measure"]["title"]["ru"] != "Набрано до конца сеанса"
    again = {**hidden(shown.text, path), **sent, "_csrf": await desk.clerk.token()}
    assert (await desk.clerk.client.post(path, data=again, headers=HTML)).status_code == 303
    assert (await desk.draft(number)).content["measure"]["title"]["ru"] == "Набрано до конца сеанса"


async def test_a_wrong_settling_keeps_what_was_typed(desk: Desk) -> None:
    number = await desk.new()
    await desk.save(number)
    fields = {**await desk.as_read(number), "d-0-typed": "(кроме икс)"}
    answer = await desk.save(number, do="settle-0-typed", **fields)
    assert answer.status_code == 422
    assert "Введенный текст однозначно не читается" in answer.text
    assert 'value="(кроме икс)"' in answer.text
    fields["d-0-typed"] = "(кроме 7206 10 000 0)"
    assert (await desk.save(number, do="settle-0-typed", **fields)).status_code == 303
    assert (await desk.draft(number)).open_doubts == []


async def test_the_summary_of_errors_leads_to_the_fields(desk: Desk) -> None:
    number = await desk.new()
    answer = await desk.save(number, do="preview", title_ru="", cell_codes="72 икс", effective_from="не знаю")
    shown = await desk.clerk.get(answer.headers["location"].split("#")[0])
    for field in ("f-title_ru", "f-effective_from"):
        assert f'href="#{field}"' in shown.text
        assert f'id="{field}-fault"' in shown.text
    assert "72 икс" in shown.text


async def test_a_draft_is_returned_with_its_reason(desk: Desk) -> None:
    number = await desk.ready()
    await desk.decide(number, "submit", desk.clerk)
    assert f"№&nbsp;{number}" in (await desk.approver.get("/ru/staff")).text
    refused = await desk.decide(number, "return", desk.approver, reason=" ")
    assert refused.status_code == 422
    assert (await desk.decide(number, "return", desk.approver, reason="Нет акта")).status_code == 303
    home = await desk.clerk.get("/ru/staff")
    assert "Нет акта" in home.text


async def test_a_change_of_a_measure_of_each_kind(desk: Desk) -> None:
    measure = await entered(desk, "7801")
    for kind in ("amend", "extend", "terminate", "correct", "permit", "revoke"):
        number = await desk.new(kind=kind, measure=measure)
        shown = await desk.clerk.get(f"/ru/staff/drafts/{number}/edit")
        assert shown.status_code == 200, kind
        assert (await desk.approver.get(f"/ru/staff/drafts/{number}")).status_code == 200
    unknown = await desk.clerk.send("/ru/staff/drafts", "/ru/staff/drafts/new", kind="extend", measure="KG-1999-001")
    assert unknown.status_code == 422
    assert "Такой меры в Реестре нет" in unknown.text


async def test_an_extension_is_pasted_and_published(desk: Desk) -> None:
    measure = await entered(desk, "7801")
    number = await desk.new(kind="extend", measure=measure)
    basis = "Постановление Кабинета Министров Кыргызской Республики от 01.09.2026 № 601"
    answer = await desk.save(number, do="read", cell_term="с 15.09.2026 до 08.09.2027", cell_basis=basis)
    assert answer.status_code == 303
    draft = await desk.draft(number)
    assert draft.content["effective_to"] == "2027-09-08"
    assert draft.content["acts"][0]["number"] == "601"
    acts = {f"a-0-{name}": text for name, text in draft.content["acts"][0].items() if text}
    await desk.save(number, do="preview", effective_to="2027-09-08", **{**acts, "a-0-role": "extends"})
    assert (await desk.decide(number, "submit", desk.clerk)).status_code == 303
    shown = await desk.approver.get(f"/ru/staff/drafts/{number}")
    assert "<ins>08.09.2027</ins>" in shown.text
    await desk.decide(number, "approve", desk.approver)
    assert (await desk.decide(number, "publish", desk.approver)).status_code == 303
    assert desk.service.register.history(measure)[-1].number == 2


async def test_a_draft_of_a_measure_that_moved_says_so(desk: Desk) -> None:
    measure = await entered(desk, "7801")
    first = await desk.new(kind="correct", measure=measure)
    second = await desk.new(kind="permit", measure=measure)
    fields = {"declaration_from": "2026-10-01", "protocol_number": "5", "protocol_date": "2026-09-09"}
    await desk.save(second, **fields)
    for command, who in (("submit", desk.clerk), ("approve", desk.approver), ("publish", desk.approver)):
        answer = await desk.decide(second, command, who)
        assert answer.status_code == 303, answer.text
    shown = await desk.clerk.get(f"/ru/staff/drafts/{first}")
    assert "Мера изменилась после подготовки проекта" in shown.text


async def test_an_act_is_attached_downloaded_and_taken_off(desk: Desk) -> None:
    number = await desk.ready()
    path = f"/ru/staff/drafts/{number}/acts"

    async def send(body: bytes) -> httpx.Response:
        version = str((await desk.draft(number)).version)
        data = {"_csrf": await desk.clerk.token(), "version": version}
        return await desk.clerk.client.post(path, data=data, files={"act": ("акт.pdf", body)}, headers=HTML)

    refused = await send(b"<html>no act</html>")
    assert refused.status_code == 422
    assert "не является документом PDF" in refused.text
    assert (await send(pdf())).status_code == 303
    shown = await desk.clerk.get(f"/ru/staff/drafts/{number}/edit")
    assert "акт.pdf" in shown.text
    address = shown.text.split(f'href="{path}/')[1].split('"')[0]
    got = await desk.approver.get(f"{path}/{address}")
    assert got.content == pdf()
    assert got.headers["content-disposition"].startswith("attachment")
    assert (await desk.approver.get(f"{path}/{'0' * 64}")).status_code == 404
    data = {"_csrf": await desk.clerk.token(), "version": str((await desk.draft(number)).version), "detach": address}
    assert (await desk.clerk.client.post(path, data=data, headers=HTML)).status_code == 303
    assert "акт.pdf" not in (await desk.clerk.get(f"/ru/staff/drafts/{number}/edit")).text


async def test_a_table_becomes_drafts_and_nothing_is_published(desk: Desk) -> None:
    rows = TABLE.read_text(encoding="utf-8").splitlines()
    table = "\n".join([rows[0], *rows[1:6]]).encode()

    async def send() -> httpx.Response:
        data = {"_csrf": await desk.clerk.token()}
        files = {"file": ("меры.csv", table)}
        return await desk.clerk.client.post("/ru/staff/import", data=data, files=files, headers=HTML)

    head = desk.service.register.seq
    shown = await send()
    assert "не принята:" in shown.text
    drafts = await desk.service.database.fetch_rows("SELECT id FROM draft ORDER BY id")
    assert drafts
    assert all(f"/drafts/{number}/edit" in shown.text for (number,) in drafts)
    assert "1 сомнение" in shown.text
    again = await send()
    assert "уже в проекте" in again.text
    assert await desk.service.database.fetch_rows("SELECT id FROM draft ORDER BY id") == drafts
    assert await desk.service.catch_up() == head
    data = {"_csrf": await desk.clerk.token()}
    files = {"file": ("x.csv", b"nothing;here")}
    refused = await desk.clerk.client.post("/ru/staff/import", data=data, files=files, headers=HTML)
    assert refused.status_code == 422


async def test_home_tells_what_is_due_and_what_runs_out(desk: Desk) -> None:
    ending = await entered(desk, "7801", effective_to="2026-10-01")
    extended = await entered(desk, "7802", effective_to="2026-10-02")
    draft = await desk.new(kind="extend", measure=extended)
    await desk.ready()
    shown = (await desk.clerk.get("/ru/staff")).text
    assert "21.09.2026" in shown
    unextended = shown.split('id="unextended"')[1].split('id="ends"')[0]
    assert ending in unextended
    assert extended not in unextended
    assert f"проект {draft}" in shown.split('id="ends"')[1]


async def test_the_list_is_filtered(desk: Desk) -> None:
    measure = await entered(desk, "7801")
    one, two = await desk.new(), await desk.new(kind="extend", measure=measure)
    listed = (await desk.clerk.get(f"/ru/staff/drafts?measure={measure.lower()}")).text
    assert f"/drafts/{two}/edit" in listed
    assert f"/drafts/{one}/edit" not in listed
    assert f"/drafts/{one}/edit" in (await desk.clerk.get("/ru/staff/drafts?kind=include&mine=1")).text
    assert "Таких проектов нет" in (await desk.clerk.get("/ru/staff/drafts?state=published")).text


@pytest.mark.parametrize("path", ["/drafts/999", "/drafts/999/edit", "/drafts/0"])
async def test_there_is_no_such_draft(desk: Desk, path: str) -> None:
    assert (await desk.clerk.get(f"/ru/staff{path}")).status_code == 404


async def test_every_page_is_in_english_too(desk: Desk) -> None:
    number = await desk.ready()
    for path in ("", "/drafts", "/drafts/new", f"/drafts/{number}", f"/drafts/{number}/edit", "/import"):
        shown = await desk.clerk.get(f"/en/staff{path}")
        assert shown.status_code == 200
        assert '<html lang="en">' in shown.text
    assert "taken as read" not in shown.text
    assert CODES in (await desk.clerk.get(f"/en/staff/drafts/{number}/edit")).text
