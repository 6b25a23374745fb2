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
    assert "<strong>специальный сертификат</strong>" in shown.text
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


@pytest.mark.parametrize(("role", "place"), [(Role.OFFICIAL, "/ru/staff/asked"), (Role.OPERATOR, "/ru/staff/me")])
async def test_who_is_no_staff_of_drafts_sees_and_makes_none(desk: Desk, role: Role, place: str) -> None:
    number = await desk.ready()
    stranger, _ = await desk.staff.at_work(role)
    home = await stranger.get("/ru/staff")
    assert (home.status_code, home.headers["location"]) == (303, place)
    for path in ("/drafts", "/drafts/new", f"/drafts/{number}", f"/drafts/{number}/edit", "/measures", "/codes?q=72"):
        assert (await stranger.get(f"/ru/staff{path}")).status_code == 403
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
    paths = (f"/{number}/edit", f"/{number}/submit", f"/{number}/merge", "")
    for path in (*(f"/drafts{path}" for path in paths), "/permissions/C-2026-001", "/import"):
        data = {**TYPED, "_csrf": token, "version": str(version), "kind": "include", "title_ru": "Подлог"}
        answer = await desk.clerk.client.post(f"/ru/staff{path}", data=data, headers=HTML)
        assert answer.status_code == 403
    headers = {"If-Match": f'"{version}"'}
    answer = await desk.clerk.client.put(f"/ru/staff/drafts/{number}/edit", data=TYPED, headers=headers)
    assert answer.status_code == 403
    draft = await desk.draft(number)
    assert (draft.state, draft.version) == ("draft", version)


async def test_a_forged_file_gets_nothing(desk: Desk) -> None:
    number = await desk.ready()
    path, data = f"/ru/staff/drafts/{number}/edit", {**TYPED, "_csrf": "0" * 64, "do": "attach"}
    answer = await desk.clerk.client.post(path, data=data, files={"act": ("акт.pdf", pdf())}, headers=HTML)
    assert answer.status_code == 403
    assert not await desk.service.database.fetch_rows("SELECT 1 FROM draft_attachment")


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


async def test_a_file_sent_after_the_session_ended_is_asked_for_again_and_the_text_comes_back(desk: Desk) -> None:
    number = await desk.ready()
    path = f"/ru/staff/drafts/{number}/edit"
    form = hidden((await desk.clerk.get(path)).text, path)
    data = {**form, **TYPED, **await desk.as_read(number), "title_ru": "Набрано с файлом", "do": "attach"}
    desk.staff.clock.move(hours=13)
    late = await desk.clerk.client.post(path, data=data, files={"act": ("акт.pdf", pdf())}, headers=HTML)
    assert "parked" in late.headers["location"]
    account = (await desk.staff.accounts.database.fetch("SELECT email FROM account WHERE role = 'clerk'"))[0]
    page = await desk.clerk.get(late.headers["location"])
    fields = {**hidden(page.text, "/ru/staff/sign-in"), "email": account["email"], "password": PASSWORD}
    back = await desk.clerk.client.post("/ru/staff/sign-in", data=fields, headers=HTML)
    shown = (await desk.clerk.get(back.headers["location"])).text
    assert "Набрано с файлом" in shown
    assert "Файл нужно выбрать заново: акт.pdf" in shown


async def test_a_text_typed_beside_a_doubt_counts_whatever_button_is_pressed(desk: Desk) -> None:
    for do in ("enter", "save", "preview"):
        number = await desk.new()
        await desk.save(number)
        answer = await desk.save(number, do=do, **await desk.as_read(number), **{"d-0-typed": "(кроме 7206 10 000 0)"})
        assert answer.status_code == 303, answer.text
        draft = await desk.draft(number)
        assert draft.open_doubts == [], do
        assert draft.doubts[0]["settled"]["typed"] == "(кроме 7206 10 000 0)"
        assert answer.headers["location"].endswith(f"/drafts/{number}" if do == "preview" else "#goods")
    number = await desk.new()
    await desk.save(number)
    same = {"d-0-typed": "(кроме железа товарной позиции 7203)"}
    await desk.save(number, do="save", **await desk.as_read(number), **same)
    assert (await desk.draft(number)).open_doubts == [0]


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
    cells = {"cell_term": "с 15.09.2026 до 08.09.2027", "cell_basis": basis}
    answer = await desk.save(number, do="read", **cells)
    assert answer.status_code == 303
    draft = await desk.draft(number)
    assert draft.content["effective_to"] == "2027-09-08"
    assert draft.content["acts"][0]["number"] == "601"
    acts = {f"a-0-{name}": text for name, text in draft.content["acts"][0].items() if text}
    await desk.save(number, do="preview", effective_to="2027-09-08", **cells, **{**acts, "a-0-role": "extends"})
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


async def with_file(desk: Desk, number: int, body: bytes, **fields: str) -> httpx.Response:
    """Send the form of a draft with a file, as its button does."""
    path = f"/ru/staff/drafts/{number}/edit"
    form = hidden((await desk.clerk.get(path)).text, path)
    data = {**form, **TYPED, **await desk.as_read(number), "do": "attach", **fields}
    return await desk.clerk.client.post(path, data=data, files={"act": ("акт.pdf", body)}, headers=HTML)


async def test_an_act_is_attached_with_everything_typed_and_taken_off(desk: Desk) -> None:
    number = await desk.ready()
    refused = await with_file(desk, number, b"<html>no act</html>", title_ru="Набрано")
    assert refused.status_code == 422
    assert "не является документом PDF" in refused.text
    assert 'id="f-act-fault"' in refused.text
    assert (await desk.draft(number)).content["measure"]["title"]["ru"] == "Набрано"

    done = await with_file(desk, number, pdf(), title_ru="Набрано заново", act_of_file="0")
    assert done.status_code == 303
    assert done.headers["location"].endswith("/edit#acts-files")
    measure = (await desk.draft(number)).content["measure"]
    assert measure["title"]["ru"] == "Набрано заново"
    address = measure["acts"][0]["url"]
    assert address.startswith("http://register.test/attachments/")
    shown = await desk.clerk.get(f"/ru/staff/drafts/{number}/edit")
    assert "акт.pdf" in shown.text
    assert "текст акта № 878-Н" in shown.text

    sha256 = address.rsplit("/", 1)[1].removesuffix(".pdf")
    got = await desk.approver.get(f"/ru/staff/drafts/{number}/acts/{sha256}")
    assert got.content == pdf()
    assert got.headers["content-disposition"].startswith("attachment")
    assert (await desk.approver.get(f"/ru/staff/drafts/{number}/acts/{'0' * 64}")).status_code == 404

    typed = {**await desk.as_read(number), "a-0-url": address, "title_ru": "И это"}
    assert (await desk.save(number, do=f"detach-{sha256}", **typed)).status_code == 303
    measure = (await desk.draft(number)).content["measure"]
    assert (measure["title"]["ru"], measure["acts"][0]["url"]) == ("И это", None)
    assert "акт.pdf" not in (await desk.clerk.get(f"/ru/staff/drafts/{number}/edit")).text
    assert [row["action"] for row in await desk.staff.trail("draft")][-2:] == ["draft.attach", "draft.detach"]


async def test_the_address_of_the_act_works_for_everybody_once_published_and_not_before(desk: Desk) -> None:
    number = await desk.ready()
    assert (await with_file(desk, number, pdf())).status_code == 303
    measure = (await desk.draft(number)).content["measure"]
    assert measure["acts"][0].get("url") is None
    files = await desk.service.database.fetch_rows("SELECT sha256 FROM draft_attachment WHERE draft = {}", number)
    sha256 = files[0][0]
    await desk.save(number, do=f"address-{sha256}-0", **await desk.as_read(number))
    url = (await desk.draft(number)).content["measure"]["acts"][0]["url"]
    stranger = desk.staff.browser()
    assert (await stranger.get(url)).status_code == 404
    for command, who in (("submit", desk.clerk), ("approve", desk.approver)):
        assert (await desk.decide(number, command, who)).status_code == 303
        assert (await stranger.get(url)).status_code == 404
    assert (await desk.decide(number, "publish", desk.approver)).status_code == 303
    got = await stranger.get(url)
    assert (got.status_code, got.content) == (200, pdf())
    assert got.headers["x-content-type-options"] == "nosniff"
    assert f'href="{url}"' in (await stranger.get("/ru/measures/AM-2026-001")).text
    assert (await stranger.client.get("/api/v1/measures/AM-2026-001")).json()["acts"][0]["url"] == url
    entry = (await stranger.client.get(f"/api/v1/changes/{desk.service.register.seq}")).json()
    assert entry["after"]["acts"][0]["url"] == url
    assert f'href="{url}"' in (await desk.clerk.get(f"/ru/staff/drafts/{number}")).text


async def test_a_file_that_was_chosen_and_did_not_come_is_asked_for(desk: Desk) -> None:
    number = await desk.ready()
    for fields in ({"do": "attach"}, {"do": "save", "act": "акт.pdf"}):
        answer = await desk.save(number, **await desk.as_read(number), **fields)
        assert answer.status_code == 422
        assert "Файл не выбран" in answer.text


async def test_more_fields_than_a_form_usually_has_come_with_a_file(desk: Desk) -> None:
    number = await desk.new()
    lines = {f"g-{place}-code": f"{7000 + place}" for place in range(1, 400)}
    more = {f"g-{place}-description": f"товар {place}" for place in range(1, 400)}
    blanks = {f"g-{place}-line": "" for place in range(1, 400)}
    cells = {"cell_codes": "", "cell_term": "", "cell_basis": ""}
    path = f"/ru/staff/drafts/{number}/edit"
    form = hidden((await desk.clerk.get(path)).text, path)
    data = {**form, **TYPED, **cells, **lines, **more, **blanks, "do": "attach"}
    answer = await desk.clerk.client.post(path, data=data, files={"act": ("a.pdf", pdf())}, headers=HTML)
    assert answer.status_code == 303, answer.text[:500]
    assert len((await desk.draft(number)).content["measure"]["goods"]) == 399


async def test_codes_are_suggested_by_digits_and_words_to_staff_only(desk: Desk) -> None:
    measure = await entered(desk, "7801")
    found = (await desk.clerk.client.get("/en/staff/codes", params={"q": "7801"})).json()
    assert (found[0]["code"], found[0]["written"], found[0]["measures"]) == ("7801", "7801", 1)
    words = (await desk.clerk.client.get("/ru/staff/codes", params={"q": "lead unwro"})).json()
    assert "7801" in [one["code"] for one in words]
    assert (await desk.clerk.client.get("/ru/staff/codes", params={"q": "x"})).json() == []
    assert (await desk.clerk.client.get("/ru/staff/codes")).json() == []
    stranger = desk.staff.browser()
    assert (await stranger.client.get("/ru/staff/codes?q=78")).status_code == 401
    assert measure == "KG-2026-001"


async def test_without_script_a_code_is_found_and_added_by_buttons(desk: Desk) -> None:
    measure = await entered(desk, "7801")
    number = await desk.new()
    empty = {"cell_codes": "", "cell_term": "", "cell_basis": ""}
    for do in ("look", "enter"):
        found = await desk.save(number, do=do, look="7801", title_ru="Набрано", **empty)
        assert found.status_code == 200
        assert 'value="add-7801"' in found.text
        assert f'href="/ru/staff/measures/{measure}"' in found.text
    assert (await desk.draft(number)).content["measure"]["title"]["ru"] == "Набрано"
    nothing = await desk.save(number, do="look", look="ъъъ", **empty)
    assert "Кодов с такими цифрами" in nothing.text
    for _ in range(2):
        goods = {"g-0-code": "7801", "g-0-line": "1"} if _ else {}
        assert (await desk.save(number, do="add-7801", **empty, **goods)).status_code == 303
    goods = (await desk.draft(number)).content["measure"]["goods"]
    assert [(line["line"], line["code_from"]) for line in goods] == [(1, "7801")]
    shown = (await desk.clerk.get(f"/ru/staff/drafts/{number}/edit")).text
    beside = shown.split('id="live-line-0"')[1].split("</div>")[0]
    assert "Кыргызская Республика" in beside
    assert measure in beside


async def test_a_measure_is_found_by_number_code_and_words_and_has_its_drafts(desk: Desk) -> None:
    measure = await entered(desk, "7801")
    other = await entered(desk, "9701", title={"ru": "Картины"})
    for text in (measure.lower(), "KG 2026/1", "kg-2026-1"):
        answer = await desk.clerk.client.get("/ru/staff/measures", params={"q": text}, headers=HTML)
        assert (answer.status_code, answer.headers["location"]) == (303, f"/ru/staff/measures/{measure}")
    for text in ("7801", "7801 10 000 0", "лом свинца"):
        listed = (await desk.clerk.client.get("/ru/staff/measures", params={"q": text}, headers=HTML)).text
        assert f"/staff/measures/{measure}" in listed
        assert f"/staff/measures/{other}" not in listed
    assert "Таких мер в Реестре нет" in (await desk.clerk.get("/ru/staff/measures?q=KG-1999-001")).text

    page = (await desk.clerk.get(f"/ru/staff/measures/{measure}")).text
    for kind in ("amend", "extend", "terminate", "correct", "permit"):
        assert f'name="kind" value="{kind}"' in page
    assert 'name="kind" value="revoke"' not in page
    data = {"_csrf": await desk.clerk.token(), "kind": "extend", "measure": measure}
    made = await desk.clerk.client.post("/ru/staff/drafts", data=data, headers=HTML)
    number = int(made.headers["location"].split("/")[4])
    assert f"/ru/staff/drafts/{number}/edit" in (await desk.clerk.get(f"/ru/staff/measures/{measure}")).text
    seen = (await desk.approver.get(f"/ru/staff/measures/{measure}")).text
    assert 'name="kind"' not in seen
    assert f"/ru/staff/drafts/{number}" in seen
    assert (await desk.clerk.get("/ru/staff/measures/KG-1999-001")).status_code == 404


async def test_a_new_measure_begins_with_today_as_the_day_of_notification(desk: Desk) -> None:
    number = await desk.new()
    assert (await desk.draft(number)).content["measure"]["notified_on"] == "2026-09-10"
    assert "24.09.2026" in (await desk.clerk.get("/ru/staff")).text


@pytest.mark.parametrize("kind", ["amend", "extend", "terminate"])
async def test_a_notified_change_has_its_deadline_too(desk: Desk, kind: str) -> None:
    measure = await entered(desk, "7801")
    number = await desk.new(kind=kind, measure=measure)
    more = {"cell_codes": "", "cell_term": "", "cell_basis": "", "notified_on": "2026-08-28"}
    fields = {"has_change_notified_on": "1", "change_notified_on": "2026-09-07", "state": "KG", **more}
    assert (await desk.save(number, **fields)).status_code == 303
    draft = await desk.draft(number)
    assert draft.content["change_notified_on"] == "2026-09-07"
    due = (await desk.clerk.get("/ru/staff")).text.split('id="due"')[1].split('id="decided"')[0]
    assert "21.09.2026" in due
    assert f"№&nbsp;{number}" in due
    shown = await desk.clerk.get(f"/ru/staff/drafts/{number}")
    assert shown.status_code == 200
    assert "change_notified_on" not in shown.text


async def test_the_doubts_of_an_extension_stand_in_their_text(desk: Desk) -> None:
    measure = await entered(desk, "7801")
    number = await desk.new(kind="extend", measure=measure)
    await desk.save(number, cell_term="с 15.09.2026 до 44.09.2027", cell_basis="", effective_to="2027-03-08")
    shown = (await desk.clerk.get(f"/ru/staff/drafts/{number}/edit")).text
    assert "с 15.09.2026 до <a" in shown.replace("\n", "")
    assert "<mark>44.09.2027</mark>" in shown
    fields = {"cell_term": "с 15.09.2026 до 44.09.2027", "cell_basis": "", "effective_to": "2027-03-08"}
    answer = await desk.save(number, do="settle-0-typed", **fields, **{"d-0-typed": "08.09.2027"})
    assert answer.status_code == 303, answer.text
    draft = await desk.draft(number)
    assert (draft.content["effective_to"], draft.open_doubts) == ("2027-09-08", [])


async def test_the_kind_cell_is_read_as_the_others_are(desk: Desk) -> None:
    number = await desk.new()
    cell = {"has_cell_kind": "1", "cell_kind": "Временный запрет на вывоз автомобильным транспортом"}
    await desk.save(number, kind="", state="", **cell)
    measure = (await desk.draft(number)).content["measure"]
    assert (measure["state"], measure["kind"], measure["transport"]) == ("AM", "export_prohibition", ["road"])
    cell["cell_kind"] = "Временный запрет на ввоз"
    read = {**await desk.as_read(number), "transport": "road"}
    await desk.save(number, kind="export_prohibition", **cell, **read)
    shown = (await desk.clerk.get(f"/ru/staff/drafts/{number}/edit")).text
    assert "<mark>Временный запрет на ввоз</mark>" in shown
    place = next(at for at, one in enumerate((await desk.draft(number)).doubts) if one["cell"] == "kind")
    assert f'value="settle-{place}-as_read"' not in shown
    refused = await desk.save(number, do=f"settle-{place}-as_read", **cell, **read)
    assert refused.status_code == 422
    assert "Мера только на ввоз" in refused.text


async def test_one_click_approves_and_publishes(desk: Desk) -> None:
    number = await desk.ready()
    await desk.decide(number, "submit", desk.clerk)
    page = (await desk.approver.get(f"/ru/staff/drafts/{number}")).text
    assert "Утвердить и опубликовать" in page
    assert (await desk.decide(number, "approve", desk.approver, then="publish")).status_code == 303
    assert (await desk.draft(number)).state == "published"
    assert [row["action"] for row in await desk.staff.trail("draft")][-2:] == ["draft.approve", "draft.publish"]
    assert 'href="/ru/?code=7206"' in (await desk.approver.get(f"/ru/staff/drafts/{number}")).text


async def test_a_draft_for_later_is_only_approved(desk: Desk) -> None:
    number = await desk.ready()
    await desk.save(number, publish_at="2026-09-20T10:00", **await desk.as_read(number))
    await desk.decide(number, "submit", desk.clerk)
    page = (await desk.approver.get(f"/ru/staff/drafts/{number}")).text
    assert "Утвердить и опубликовать" not in page
    assert (await desk.decide(number, "approve", desk.approver, then="publish")).status_code == 409
    assert (await desk.draft(number)).state == "approved"


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
    first = await desk.draft(drafts[0][0])
    assert first.source.startswith("меры.csv:")
    assert all(one["cell"] for one in first.content["remarks"])
    assert f"Источник: {first.source}" in (await desk.clerk.get(f"/ru/staff/drafts/{first.id}/edit")).text
    assert first.source in (await desk.clerk.get("/ru/staff/drafts")).text
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
