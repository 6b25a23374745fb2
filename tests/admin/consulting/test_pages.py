"""The parties' pages over HTTP on both engines: who sees what, what is refused, and that nothing typed is lost."""

from __future__ import annotations

from typing import Any

import pytest

from admin.accounts import Role, people
from tests.admin.conftest import HTML, PASSWORD, hidden
from tests.admin.consulting.conftest import PLAN, House
from tests.register.drafts.helpers import pdf

pytestmark = pytest.mark.anyio

NEW = "/ru/staff/consultations/new"
MEETING = {"date": "2026-09-20", "place": "Москва, зал 3", "agenda": "Мрамор"}


async def test_the_home_of_each_role(house: House) -> None:
    kz = await house.official("KZ")
    clerk, _ = await house.staff.at_work(Role.CLERK)
    operator, _ = await house.staff.at_work(Role.OPERATOR)
    assert (await kz.get("/ru/staff")).headers["location"] == "/ru/staff/asked"
    assert (await operator.get("/ru/staff")).headers["location"] == "/ru/staff/me"
    assert (await clerk.get("/ru/staff")).status_code == 200
    assert "Сейчас от вас ничего не ждут" in (await kz.get("/ru/staff/asked")).text
    assert (await operator.get("/ru/staff/asked")).status_code == 403
    assert (await operator.get("/ru/staff/consultations")).status_code == 403


async def test_what_is_asked_and_the_matters_of_the_own_state_first(house: House) -> None:
    kz = await house.official("KZ")
    marble = await house.initiate(kz)
    scrap = await house.initiate(
        kz, title_ru="Лом", state="KZ", codes="7204", burden_KZ="", burden_AM="Лом не выйдет", title_en=""
    )
    am = await house.official("AM")
    shown = (await am.get("/ru/staff/asked")).text
    own, others = shown.index('id="own"'), shown.index('id="others"')
    asked = shown[:own]
    assert asked.count("Заявить позицию") == 2
    due = house.office.position_due((await house.read(marble)).public())["AM"]
    assert f"до {due:%d.%m.%Y}" in asked
    assert scrap in shown[own:others]
    assert marble not in shown[own:others]
    assert marble in shown[others:]
    clerk, _ = await house.staff.at_work(Role.CLERK)
    shown = (await clerk.get("/ru/staff/asked")).text
    assert shown.count("Назначить заседание") == 2
    assert "Инициировать" not in shown
    auditor, _ = await house.staff.at_work(Role.AUDITOR)
    shown = (await auditor.get("/ru/staff/asked")).text
    assert "от аудитора ничего не ждут" in shown
    page = (await auditor.get(f"/ru/staff/consultations/{marble}")).text
    assert "Вывоз остановится на границе" in page
    assert "<textarea" not in page


async def test_the_form_says_what_is_wrong_beside_the_field_and_keeps_what_was_typed(house: House) -> None:
    kz = await house.official("KZ")
    typed = {**PLAN, "codes": "2515, камень прочий", "planned_from": "31.02.2027", "kind": "", "burden_KZ": ""}
    answer = await kz.send(NEW, **typed)
    assert answer.status_code == 422
    for anchor in ("f-codes", "f-kind", "f-planned_from", "f-burden"):
        assert f'href="#{anchor}"' in answer.text, anchor
        assert f'id="{anchor}' in answer.text, anchor
    assert "<mark>камень прочий</mark>" in answer.text
    assert 'value="31.02.2027"' in answer.text
    assert "Мрамор карьеров другого государства" in answer.text
    assert house.service.register.seq == 0
    # The reading of the codes alone asks for nothing else.
    answer = await kz.send(NEW, do="read", codes="2515 11 000 0 (кроме 2515 11 000 0)", state="KG")
    assert answer.status_code == 200
    assert 'id="faults"' not in answer.text
    assert "<mark>" in answer.text


async def test_who_may_not_initiate(house: House) -> None:
    am = await house.official("AM")
    answer = await am.send(NEW, **PLAN)
    assert answer.status_code == 422
    assert 'href="#f-state"' in answer.text
    clerk, _ = await house.staff.at_work(Role.CLERK)
    assert (await clerk.get(NEW)).status_code == 403
    assert (await house.press(clerk, NEW, **PLAN)).status_code == 403
    forged = await am.client.post(NEW, data=PLAN, headers=HTML)
    assert forged.status_code == 403
    assert house.service.register.seq == 0
    refused = [
        row["actor_name"] for row in await house.staff.trail("consultation.initiate") if row["outcome"] == "refused"
    ]
    assert set(refused) == {"Имя clerk", "Лицо AM"}


async def test_an_initiated_consultation_with_attachments(house: House) -> None:
    kz = await house.official("KZ")
    token = await kz.token()
    files = [
        ("files", ("довод.pdf", pdf("one"), "application/pdf")),
        ("files", ("план.pdf", pdf("two"), "application/pdf")),
    ]
    answer = await kz.client.post(NEW, data={**PLAN, "_csrf": token}, files=files, headers=HTML)
    assert answer.status_code == 303, answer.text
    identifier = answer.headers["location"].split("/")[4].partition("?")[0]
    known = await house.read(identifier)
    assert [one.name for one in known.documents] == ["довод.pdf", "план.pdf"]
    assert [line.code_from for line in known.plan.goods] == ["2515110000", "2516"]
    assert [line.partial for line in known.plan.goods] == [False, True]
    shown = await kz.get(answer.headers["location"])
    assert "Консультации инициированы." in shown.text
    ky = await house.official("KG", "en")
    found = await ky.get(f"/en/staff/consultations/{identifier}/documents/{known.documents[0].sha256}")
    assert found.content == pdf("one")
    assert found.headers["content-disposition"].startswith("attachment")
    assert (await ky.get(f"/en/staff/consultations/{identifier}/documents/{'0' * 64}")).status_code == 404
    nobody = house.staff.browser()
    asked = await nobody.get(f"/en/staff/consultations/{identifier}/documents/{known.documents[0].sha256}")
    assert asked.headers["location"].startswith("/en/staff/sign-in")
    trail = [row["action"] for row in await house.staff.trail("consultation")]
    assert trail == ["consultation.initiate"]


async def test_a_file_of_another_kind_is_refused_and_nothing_is_opened(house: House) -> None:
    kz = await house.official("KZ")
    files = {"files": ("x.exe", b"MZ\x90\x00", "application/pdf")}
    answer = await kz.client.post(NEW, data={**PLAN, "_csrf": await kz.token()}, files=files, headers=HTML)
    assert answer.status_code == 422
    assert "x.exe" in answer.text
    assert "Мрамор необработанный" in answer.text
    assert house.service.register.seq == 0
    identifier = await house.initiate(kz)
    path = f"/ru/staff/consultations/{identifier}/documents"
    answer = await kz.client.post(path, data={"_csrf": await kz.token()}, files={"file": files["files"]}, headers=HTML)
    assert answer.status_code == 422
    assert 'id="f-file-fault"' in answer.text
    empty = await kz.client.post(path, data={"_csrf": await kz.token()}, files={"file": ("", b"")}, headers=HTML)
    assert empty.status_code == 422
    auditor, _ = await house.staff.at_work(Role.AUDITOR)
    sent = await auditor.client.post(
        path, data={"_csrf": await auditor.token()}, files={"file": ("a.pdf", pdf())}, headers=HTML
    )
    assert sent.status_code == 403
    assert (await house.read(identifier)).documents == ()


async def test_positions_at_a_glance_with_their_revisions(house: House) -> None:
    kz, kg = await house.official("KZ"), await house.official("KG", "en")
    identifier = await house.initiate(kz)
    answer = await house.step(kg, identifier, "position", stance="objects")
    assert answer.status_code == 422
    assert 'id="f-reasons-fault"' in answer.text
    assert 'value="objects" checked' in answer.text
    assert (await house.step(kg, identifier, "position")).status_code == 422
    await house.step(kg, identifier, "position", stance="objects", reasons="Граница <b>не</b> готова")
    await house.step(kg, identifier, "position", stance="supports")
    shown = (await kz.get(f"/ru/staff/consultations/{identifier}")).text
    assert "1 прежняя позиция" in shown
    assert "Граница &lt;b&gt;не&lt;/b&gt; готова" in shown
    table = shown[shown.index('<table class="cards positions">') :]
    assert table.index("Республика Казахстан") < table.index("Республика Армения")
    clerk, _ = await house.staff.at_work(Role.CLERK)
    await house.step(clerk, identifier, "position", stance="abstains")
    known = await house.read(identifier)
    assert [(one.party, one.stance) for one in known.positions] == [
        ("KG", "objects"),
        ("KG", "supports"),
        (None, "abstains"),
    ]
    assert known.public_status == "initiated"


async def test_two_officials_of_one_state_at_once(house: House) -> None:
    kz = await house.official("KZ")
    identifier = await house.initiate(kz)
    own = f"/ru/staff/consultations/{identifier}"
    one, two = await house.official("RU"), await house.official("RU")
    shown = (await two.get(own)).text
    await house.step(one, identifier, "position", stance="supports")
    old = hidden(shown, f"{own}/do/position")
    given = {**old, "stance": "objects", "reasons": "Не согласованы сроки"}
    answer = await two.client.post(f"{own}/do/position", data=given, headers=HTML)
    assert answer.status_code == 409
    assert "Вас опередили." in answer.text
    assert "Не согласованы сроки" in answer.text
    assert len((await house.read(identifier)).positions) == 1
    again = {**hidden(answer.text, f"{own}/do/position"), "stance": "objects", "reasons": "Не согласованы сроки"}
    assert (await two.client.post(f"{own}/do/position", data=again, headers=HTML)).status_code == 303
    assert [one.stance for one in (await house.read(identifier)).positions] == ["supports", "objects"]


async def test_two_clerks_set_one_meeting(house: House) -> None:
    kz = await house.official("KZ")
    identifier = await house.initiate(kz)
    one, _ = await house.staff.at_work(Role.CLERK)
    two, _ = await house.staff.at_work(Role.CLERK, "second@commission.example")
    path = f"/ru/staff/consultations/{identifier}/do/schedule"
    old = hidden((await two.get(path)).text, path)
    assert (await house.step(one, identifier, "schedule", **MEETING)).status_code == 303
    answer = await two.client.post(path, data={**old, **MEETING, "place": "Минск"}, headers=HTML)
    assert answer.status_code == 409
    assert 'value="Минск"' in answer.text
    assert "назначено заседание, Комиссия" in answer.text
    again = {**hidden(answer.text, path), **MEETING, "place": "Минск"}
    assert (await two.client.post(path, data=again, headers=HTML)).status_code == 303
    meeting = (await house.read(identifier)).meeting
    assert meeting is not None
    assert meeting.place == "Минск"
    shown = (await two.get(path)).text
    assert 'value="Минск"' in shown


async def test_comments_in_threads(house: House) -> None:
    kz, kg = await house.official("KZ"), await house.official("KG", "en")
    identifier = await house.initiate(kz)
    assert (await house.step(kz, identifier, "comment", text="  ")).status_code == 422
    await house.step(kz, identifier, "comment", text="Первый <script>alert(1)</script>")
    own = f"/ru/staff/consultations/{identifier}"
    await house.press(kz, f"{own}/do/comment", text="Второй")
    first = (await house.read(identifier)).comments[0].id
    answer = await house.press(kg, f"{own}/do/comment", text="Ответ", parent=str(first))
    assert answer.status_code == 303
    shown = (await kg.get(own)).text
    assert "<script>alert" not in shown
    assert shown.index("Первый") < shown.index("Ответ</p>") < shown.index("Второй")
    wrong = await house.press(kg, f"{own}/do/comment", text="Куда", parent="999")
    assert wrong.status_code == 422
    assert "Куда" in wrong.text


async def test_a_form_that_comes_after_the_session_has_ended(house: House) -> None:
    kz = await house.official("KZ")
    identifier = await house.initiate(kz)
    own = f"/ru/staff/consultations/{identifier}"
    form = hidden((await kz.get(own)).text, f"{own}/do/position")
    house.staff.clock.move(hours=2)
    sent = {**form, "stance": "objects", "reasons": "Набрано долго"}
    answer = await kz.client.post(f"{own}/do/position", data=sent, headers=HTML)
    wanted = answer.headers["location"]
    assert wanted.startswith("/ru/staff/sign-in?next=")
    shown = (await kz.get(await _sign_in_again(kz, wanted))).text
    assert "Набрано долго" in shown
    assert 'value="objects" checked' in shown
    assert "еще не отправлено" in shown
    again = {**hidden(shown, f"{own}/do/position"), "stance": "objects", "reasons": "Набрано долго"}
    assert (await kz.client.post(f"{own}/do/position", data=again, headers=HTML)).status_code == 303
    assert (await house.read(identifier)).positions[0].reasons == "Набрано долго"
    assert (await house.staff.state())["parked"] == []


async def _sign_in_again(browser: Any, page: str) -> str:
    shown = await browser.get(page)
    form = hidden(shown.text, "/ru/staff/sign-in")
    answer = await browser.client.post(
        "/ru/staff/sign-in", data={**form, "email": "kz@states.example", "password": PASSWORD}, headers=HTML
    )
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


async def test_the_plan_is_changed_before_anybody_has_spoken(house: House) -> None:
    kz, kg = await house.official("KZ"), await house.official("KG", "en")
    identifier = await house.initiate(kz)
    path = f"/ru/staff/consultations/{identifier}/do/change-plan"
    shown = await kz.get(path)
    assert 'value="2027-06-15"' in shown.text
    assert "2515 11 000 0, из 2516" in shown.text
    assert (await kg.get(path)).status_code == 403
    changed = {**PLAN, "codes": "2515 11 000 0", "d-2515110000-": "мрамор в блоках"}
    assert (await kz.send(path, **changed)).status_code == 303
    [line] = (await house.read(identifier)).plan.goods
    assert line.description is not None
    assert line.description.ru == "мрамор в блоках"
    await house.step(kg, identifier, "position", stance="supports")
    assert (await kz.get(path)).status_code == 409
    late = await house.press(kz, path, **PLAN, version="2")
    assert late.status_code == 409
    assert "Мрамор карьеров другого государства" in late.text


async def concluded(house: House, **fields: str) -> tuple[str, Any, Any]:
    """A consultation with consensus, its outcome recorded; the number, the initiator and the approver."""
    kz = await house.official("KZ")
    identifier = await house.initiate(kz, codes="2515 11 000 0")
    clerk, _ = await house.staff.at_work(Role.CLERK)
    approver, _ = await house.staff.at_work(Role.APPROVER)
    await house.step(clerk, identifier, "schedule", date="2026-09-10", place="Москва")
    for state in ("AM", "BY", "KZ", "KG", "RU"):
        await house.step(await house.official(state), identifier, "position", stance="supports")
    given = {
        "outcome": "consensus_permitted",
        "protocol_number": "15-К",
        "protocol_date": "2026-09-10",
        "codes": "2515 11 000 0",
        "permission_from": "2026-09-10",
        **fields,
    }
    answer = await house.step(approver, identifier, "conclude", **given)
    assert answer.status_code == 303, answer.text
    return identifier, clerk, approver


async def test_an_outcome_against_the_positions_is_refused(house: House) -> None:
    kz = await house.official("KZ")
    identifier = await house.initiate(kz)
    clerk, _ = await house.staff.at_work(Role.CLERK)
    approver, _ = await house.staff.at_work(Role.APPROVER)
    path = f"/ru/staff/consultations/{identifier}/do/conclude"
    early = await approver.get(path)
    assert early.status_code in (409, 422)
    await house.step(clerk, identifier, "schedule", date="2026-09-10", place="Москва")
    assert (await clerk.get(path)).status_code == 403
    shown = (await approver.get(path)).text
    assert shown.count("позиции нет") == 5
    assert "2515 11 000 0, из 2516" in shown
    given = {"outcome": "no_consensus", "protocol_number": "1", "protocol_date": "2026-09-10"}
    answer = await house.step(approver, identifier, "conclude", **given)
    assert answer.status_code == 409
    assert 'href="#f-outcome"' in answer.text
    assert 'value="no_consensus" checked' in answer.text
    outside = {**given, "outcome": "consensus_permitted", "codes": "7204", "permission_from": "2026-09-10"}
    house.staff.clock.move(days=60)
    kz = await house.official("KZ")
    again = house.staff.browser()
    await again.sign_in(await _account(house, "approver@commission.example"))
    answer = await house.step(again, identifier, "conclude", **outside)
    assert answer.status_code == 422
    assert 'href="#f-codes"' in answer.text
    assert (await house.read(identifier)).conclusion is None


async def _account(house: House, email: str) -> Any:
    found = await people.by_email(house.staff.accounts.database, email)
    assert found is not None
    return found


async def test_a_permission_waits_for_its_measure(house: House) -> None:
    identifier, clerk, _ = await concluded(house)
    own = f"/ru/staff/consultations/{identifier}"
    assert "ожидает меры" in (await clerk.get(own)).text
    assert "ожидает меры" in (await clerk.get("/ru/staff/asked")).text
    measure = await house.measure("2515110000", state="KG", effective_from="2026-09-10", included_on="2026-09-10")
    shown = (await clerk.get(own)).text
    assert measure in shown
    answer = await clerk.send(f"{own}/permit", own, permit_measure="KG-2026-999")
    assert answer.status_code == 409
    assert 'value="KG-2026-999"' in answer.text
    assert 'href="#f-permit_measure"' in answer.text
    assert f'value="{measure}"' in shown
    answer = await clerk.send(f"{own}/permit", own, permit_measure=measure)
    assert answer.status_code == 303, answer.text
    draft = answer.headers["location"].rsplit("/", 1)[-1]
    shown = (await clerk.get(own)).text
    assert f"проект {draft} ожидает другого лица" in shown
    kz = await house.official("KZ")
    assert (await house.press(kz, f"{own}/permit", permit_measure=measure)).status_code == 403


async def test_a_permission_is_revoked_by_a_later_protocol(house: House) -> None:
    identifier, _, approver = await concluded(house)
    answer = await house.step(approver, identifier, "revoke", protocol_number="15-К", protocol_date="2026-09-10",
                              last_day="2026-10-01")  # fmt: skip
    assert answer.status_code == 422
    assert 'href="#f-protocol_number"' in answer.text
    answer = await house.step(approver, identifier, "revoke", protocol_number="16-К", protocol_date="2026-09-10",
                              last_day="2026-10-01")  # fmt: skip
    assert answer.status_code == 303, answer.text
    shown = (await approver.get(f"/ru/consultations/{identifier}")).text
    assert "последний день возможности: 01.10.2026" in shown
    assert "16-К" in shown


async def test_saved_views_are_each_persons_own(house: House) -> None:
    kz, kg = await house.official("KZ"), await house.official("KG", "en")
    await house.initiate(kz)
    listed = "/ru/staff/consultations"
    assert "Сохранить эти условия" not in (await kz.get(listed)).text
    page = f"{listed}?state=KG,AM&asked=1"
    answer = await kz.send(f"{listed}/views", page, name="  Дела  юга ")
    assert answer.headers["location"] == f"{listed}?state=AM,KG&asked=1#views"
    await kz.send(f"{listed}/views", f"{listed}?q=мрамор", name="Дела юга")
    shown = (await kz.get(listed)).text
    assert shown.count(">Дела юга</a>") == 1
    assert ">Дела юга</a>" in (await kz.get("/ru/staff/asked")).text
    assert "Дела юга" not in (await kg.get(listed)).text
    empty = await kz.send(f"{listed}/views", page, name=" ")
    assert empty.status_code == 422
    assert 'id="f-name-fault"' in empty.text
    number = shown.split('name="view" value="')[1].split('"')[0]
    await house.press(kg, f"{listed}/views/remove", view=number)
    assert "Дела юга" in (await kz.get(listed)).text
    await house.press(kz, f"{listed}/views/remove", view=number)
    assert "Дела юга" not in (await kz.get(listed)).text


async def test_the_list_is_filtered_by_its_address(house: House) -> None:
    kz = await house.official("KZ")
    marble = await house.initiate(kz)
    scrap = await house.initiate(
        kz, title_ru="Лом", title_en="", state="KZ", codes="7204", burden_KZ="", burden_AM="Лом"
    )
    am = await house.official("AM")
    await house.step(am, marble, "position", stance="supports")

    async def found(query: str) -> set[str]:
        shown = (await am.get(f"/ru/staff/consultations?{query}")).text
        return {one for one in (marble, scrap) if one in shown}

    assert await found("") == {marble, scrap}
    assert await found("asked=1") == {scrap}
    assert await found("state=AM") == {scrap}
    assert await found("state=KG") == {marble}
    assert await found("status=in_progress") == {marble}
    assert await found("code=2515") == {marble}
    assert await found("q=лома") == {scrap}
    assert await found("state=RU") == set()
    wrong = await am.get("/ru/staff/consultations?code=x")
    assert wrong.status_code == 422
    assert 'href="#f-code"' in wrong.text


async def test_addresses_that_are_not_there(house: House) -> None:
    kz = await house.official("KZ")
    identifier = await house.initiate(kz)
    for path in ("C-2026-999", "x", f"{identifier}/do/nothing", f"{identifier}/do/document"):
        assert (await kz.get(f"/ru/staff/consultations/{path}")).status_code == 404, path
    moved = await kz.get(f"/ru/staff/consultations/{identifier}/do/position")
    assert moved.headers["location"] == f"/ru/staff/consultations/{identifier}#position"


async def test_a_text_that_can_no_longer_be_sent_is_not_lost(house: House) -> None:
    kz, am = await house.official("KZ"), await house.official("AM")
    identifier = await house.initiate(kz)
    own = f"/ru/staff/consultations/{identifier}"
    clerk, _ = await house.staff.at_work(Role.CLERK)
    position = hidden((await am.get(own)).text, f"{own}/do/position")
    schedule = hidden((await clerk.get(f"{own}/do/schedule")).text, f"{own}/do/schedule")
    assert (await house.step(kz, identifier, "withdraw", reason="Мера не планируется")).status_code == 303
    for browser, step, form in ((am, "position", position), (clerk, "schedule", schedule)):
        given = {
            **form,
            **MEETING,
            "stance": "objects",
            "reasons": "Набрано слишком поздно",
            "agenda": "Поздняя повестка",
        }
        answer = await browser.client.post(f"{own}/do/{step}", data=given, headers=HTML)
        assert answer.status_code == 409
        assert ("Набрано слишком поздно" if step == "position" else "Поздняя повестка") in answer.text
        assert "Вас опередили." in answer.text or "отозваны инициатором" in answer.text
    house.staff.clock.move(hours=2)
    given = {**schedule, **MEETING, "agenda": "Поздняя повестка"}
    answer = await clerk.client.post(f"{own}/do/schedule", data=given, headers=HTML)
    form = hidden((await clerk.get(answer.headers["location"])).text, "/ru/staff/sign-in")
    account = {"email": "clerk@commission.example", "password": PASSWORD}
    answer = await clerk.client.post("/ru/staff/sign-in", data={**form, **account}, headers=HTML)
    shown = (await clerk.get(answer.headers["location"])).text
    assert "Поздняя повестка" in shown
    assert 'id="faults"' in shown


async def test_opening_a_consultation_reads_its_notices_and_no_others(house: House) -> None:
    kz, am = await house.official("KZ"), await house.official("AM")
    marble = await house.initiate(kz)
    await house.initiate(kz, title_ru="Лом", codes="7204")
    assert "2 непрочитанных уведомления" in (await am.get("/ru/staff/asked")).text
    assert (await am.get(f"/ru/staff/consultations/{marble}")).status_code == 200
    assert "1 непрочитанное уведомление" in (await am.get("/ru/staff/asked")).text
    assert "непрочитанн" not in (await kz.get("/ru/staff/asked")).text
