"""Signing in by password, second factor and out, over HTTP on both engines; each refusal."""

from __future__ import annotations

import asyncio
import json

import pytest

from admin.accounts.policy import Role
from tests.admin.conftest import HTML, PASSWORD, Staff, hidden

pytestmark = pytest.mark.anyio


async def test_password_opens_a_session_and_leads_to_the_page_that_was_wanted(staff: Staff) -> None:
    account, browser = await staff.person(Role.CLERK), staff.browser()
    first = await browser.get("/en/staff/sessions?x=1")
    assert first.status_code == 303
    assert first.headers["location"] == "/en/staff/sign-in?next=/en/staff/sessions%3Fx%3D1"
    form = await browser.get(first.headers["location"])
    fields = hidden(form.text, "/en/staff/sign-in")
    answer = await browser.client.post(
        "/en/staff/sign-in", data={**fields, "email": account.email.upper(), "password": PASSWORD}, headers=HTML
    )
    assert (answer.status_code, answer.headers["location"]) == (303, "/en/staff/sessions?x=1")
    assert (await browser.get("/en/staff/sessions")).status_code == 200
    rows = await staff.trail("sign_in")
    assert [(row["actor"], row["outcome"], row["detail"]) for row in rows] == [
        (account.id, "done", {"method": "password"})
    ]


async def test_the_cookie_is_out_of_reach(staff: Staff) -> None:
    account, browser = await staff.person(Role.CLERK), staff.browser()
    answer = await browser.sign_in(account)
    header = next(value for value in answer.headers.get_list("set-cookie") if value.startswith("session="))
    assert "HttpOnly" in header
    assert "SameSite=lax" in header
    assert "Path=/" in header
    assert "Domain" not in header
    # The secret itself is nowhere in the database.
    rows = await staff.accounts.database.fetch_rows("SELECT * FROM session")
    assert str(browser.session) not in str(rows)


async def test_wrong_password_and_unknown_address_look_the_same(staff: Staff) -> None:
    account, browser = await staff.person(Role.CLERK), staff.browser()
    wrong = await browser.send("/en/staff/sign-in", email=account.email, password="not the password")
    unknown = await browser.send("/en/staff/sign-in", email="nobody@commission.example", password="not the password")
    assert wrong.status_code == unknown.status_code == 401
    assert browser.session is None

    def plain(text: str, email: str) -> str:
        return text.replace(email, "").replace(hidden(text, "/en/staff/sign-in")["_csrf"], "")

    assert plain(wrong.text, account.email) == plain(unknown.text, "nobody@commission.example")
    assert 'value="nobody@commission.example"' in unknown.text
    rows = await staff.trail("sign_in")
    assert [(row["subject"], row["outcome"], row["detail"]["reason"]) for row in rows] == [
        (f"account:{account.id}", "failed", "wrong"),
        ("account:unknown", "failed", "unknown"),
    ]
    assert "nobody" not in json.dumps([str(row) for row in rows])


async def test_a_deactivated_account_and_an_old_one_time_password_open_nothing(staff: Staff) -> None:
    shut = await staff.person(Role.CLERK)
    await staff.accounts.database.execute("UPDATE account SET deactivated_at = {}", staff.clock())
    assert (await staff.browser().sign_in(shut)).status_code == 401
    late = await staff.person(Role.AUDITOR, own=False)
    staff.clock.move(days=7)
    assert (await staff.browser().sign_in(late)).status_code == 401
    reasons = [row["detail"]["reason"] for row in await staff.trail("sign_in")]
    assert reasons == ["inactive", "one_time_expired"]


async def test_the_sixth_try_waits_longer_and_longer(staff: Staff) -> None:
    account, browser = await staff.person(Role.CLERK), staff.browser()
    for _ in range(5):
        assert (await browser.sign_in(account, "wrong")).status_code == 401
    refused = await browser.sign_in(account)
    assert refused.status_code == 429
    assert refused.headers["retry-after"] == "30"
    assert browser.session is None
    staff.clock.move(seconds=29)
    assert (await browser.sign_in(account)).status_code == 429
    staff.clock.move(seconds=2)
    assert (await browser.sign_in(account, "wrong")).status_code == 401
    staff.clock.move(seconds=40)
    assert (await browser.sign_in(account)).status_code == 429
    staff.clock.move(seconds=25)
    assert (await browser.sign_in(account)).status_code == 303
    assert [row["outcome"] for row in await staff.trail("sign_in")].count("refused") == 3


async def test_an_unknown_address_is_throttled_like_a_known_one(lone_staff: Staff) -> None:
    browser = lone_staff.browser()
    statuses = []
    for _ in range(6):
        answer = await browser.send("/ru/staff/sign-in", email="nobody@commission.example", password="wrong")
        statuses.append(answer.status_code)
    assert statuses == [401] * 5 + [429]


async def test_one_address_is_bounded_over_all_accounts(lone_staff: Staff) -> None:
    account = await lone_staff.person(Role.CLERK)
    browser = lone_staff.browser(client=("203.0.113.9", 5))
    for number in range(30):
        answer = await browser.send("/ru/staff/sign-in", email=f"p{number}@commission.example", password="wrong")
        assert answer.status_code == 401
    assert (await browser.sign_in(account)).status_code == 429
    assert (await lone_staff.browser(client=("203.0.113.10", 5)).sign_in(account)).status_code == 303
    lone_staff.clock.move(minutes=15)
    assert (await browser.sign_in(account)).status_code == 303


async def test_many_tries_at_once_are_counted_each(staff: Staff) -> None:
    account, browser = await staff.person(Role.CLERK), staff.browser()
    page = await browser.get("/ru/staff/sign-in")
    fields = {**hidden(page.text, "/ru/staff/sign-in"), "email": account.email, "password": "wrong"}
    answers = await asyncio.gather(
        *(browser.client.post("/ru/staff/sign-in", data=fields, headers=HTML) for _ in range(20))
    )
    assert sorted(answer.status_code for answer in answers) == [401] * 5 + [429] * 15


async def test_the_form_of_the_sign_in_is_guarded_too(staff: Staff) -> None:
    account, browser = await staff.person(Role.CLERK), staff.browser()
    data = {"email": account.email, "password": PASSWORD}
    assert (await browser.client.post("/ru/staff/sign-in", data=data, headers=HTML)).status_code == 403
    other = hidden((await staff.browser().get("/ru/staff/sign-in")).text, "/ru/staff/sign-in")
    await browser.get("/ru/staff/sign-in")
    assert (await browser.client.post("/ru/staff/sign-in", data={**other, **data}, headers=HTML)).status_code == 403
    own = hidden((await browser.get("/ru/staff/sign-in")).text, "/ru/staff/sign-in")
    foreign = {**HTML, "Origin": "https://evil.example"}
    assert (await browser.client.post("/ru/staff/sign-in", data={**own, **data}, headers=foreign)).status_code == 403
    assert browser.session is None
    assert [row["outcome"] for row in await staff.trail("forgery")] == ["refused"] * 3


async def test_approver_needs_the_second_factor_before_anything(staff: Staff) -> None:
    account, browser = await staff.person(Role.APPROVER), staff.browser()
    await browser.send("/ru/staff/sign-in", email=account.email, password=PASSWORD)
    stopped = await browser.get("/ru/staff/note")
    assert stopped.headers["location"] == "/ru/staff/second-factor?next=/ru/staff/note"
    for path in ("/ru/staff/me", "/ru/staff/password", "/ru/staff/sessions", "/ru/staff/second-factor/new"):
        assert (await browser.get(path)).headers["location"].startswith("/ru/staff/second-factor")
    assert (await browser.client.post("/api/v1/note")).status_code in (401, 403)
    before = browser.session
    page = await browser.get(stopped.headers["location"])
    fields = hidden(page.text, "/ru/staff/second-factor")
    answer = await browser.client.post(
        "/ru/staff/second-factor", data={**fields, "otp": staff.code(account)}, headers=HTML
    )
    assert (answer.status_code, answer.headers["location"]) == (303, "/ru/staff/note")
    assert browser.session != before
    assert (await browser.get("/ru/staff/note")).status_code == 200
    browser.client.cookies.set("session", str(before), domain="register.test")
    again = staff.browser()
    again.client.cookies.set("session", str(before))
    assert (await again.get("/ru/staff/note")).headers["location"].startswith("/ru/staff/sign-in")


async def test_a_code_is_used_once_and_only_near_its_time(staff: Staff) -> None:
    account = await staff.person(Role.APPROVER)
    code = staff.code(account)
    assert (await staff.browser().sign_in(account)).status_code == 303
    browser = staff.browser()
    await browser.send("/ru/staff/sign-in", email=account.email, password=PASSWORD)
    for wrong in (code, staff.code(account, later=2), "", "12345", "٠٠٠٠٠٠"):
        assert (await browser.send("/ru/staff/second-factor", otp=wrong)).status_code == 401
    assert (await browser.send("/ru/staff/second-factor", otp=staff.code(account, later=1))).status_code == 429
    staff.clock.move(seconds=31)
    assert (await browser.send("/ru/staff/second-factor", otp=staff.code(account))).status_code == 303
    failed = [row for row in await staff.trail("sign_in.second_factor") if row["outcome"] == "failed"]
    assert len(failed) == 5
    assert code not in json.dumps([row["detail"] for row in await staff.trail()])


async def test_two_requests_with_one_code_are_not_both_taken(staff: Staff) -> None:
    account = await staff.person(Role.APPROVER)
    pair = [staff.browser(), staff.browser()]
    forms = []
    for browser in pair:
        await browser.send("/ru/staff/sign-in", email=account.email, password=PASSWORD)
        forms.append(hidden((await browser.get("/ru/staff/second-factor")).text, "/ru/staff/second-factor"))
    answers = await asyncio.gather(
        *(
            browser.client.post("/ru/staff/second-factor", data={**fields, "otp": staff.code(account)}, headers=HTML)
            for browser, fields in zip(pair, forms, strict=True)
        )
    )
    assert sorted(answer.status_code for answer in answers) == [303, 401]


async def test_signing_out_ends_the_session_for_good(staff: Staff) -> None:
    browser, account = await staff.at_work(Role.CLERK)
    kept = str(browser.session)
    answer = await browser.send("/ru/staff/sign-out", page="/ru/staff/me")
    assert answer.headers["location"] == "/ru/staff/sign-in"
    assert browser.session is None
    thief = staff.browser()
    thief.client.cookies.set("session", kept)
    assert (await thief.get("/ru/staff/me")).headers["location"].startswith("/ru/staff/sign-in")
    assert [(row["actor"], row["outcome"]) for row in await staff.trail("sign_out")] == [(account.id, "done")]


@pytest.mark.parametrize(
    "wanted",
    ["https://evil.example/", "//evil.example", "/ru/staff//evil.example", "/\\evil.example", "/ru/", "/ru/staff/../x"],
)
async def test_the_sign_in_leads_to_no_other_site(lone_staff: Staff, wanted: str) -> None:
    account, browser = await lone_staff.person(Role.CLERK), lone_staff.browser()
    page = await browser.get("/ru/staff/sign-in", params={"next": wanted})
    fields = {**hidden(page.text, "/ru/staff/sign-in"), "next": wanted}
    answer = await browser.client.post(
        "/ru/staff/sign-in", data={**fields, "email": account.email, "password": PASSWORD}, headers=HTML
    )
    assert answer.headers["location"] == "/ru/staff/me"


async def test_an_idle_and_an_old_session_end(staff: Staff) -> None:
    browser, _ = await staff.at_work(Role.CLERK)
    for _ in range(3):
        staff.clock.move(minutes=29)
        assert (await browser.get("/ru/staff/me")).status_code == 200
    staff.clock.move(minutes=30)
    assert (await browser.get("/ru/staff/me")).status_code == 303
    browser, _ = await staff.at_work(Role.AUDITOR)
    for _ in range(35):
        staff.clock.move(minutes=20)
        assert (await browser.get("/ru/staff/me")).status_code == 200
    staff.clock.move(minutes=20)
    assert (await browser.get("/ru/staff/me")).status_code == 303
