"""The own password, second factor and sessions, over HTTP; each refusal."""

from __future__ import annotations

import re

import pytest

from admin.accounts.policy import Role
from tests.admin.conftest import HTML, PASSWORD, Browser, Staff, hidden

pytestmark = pytest.mark.anyio
NEW = "quiet-marble-77-cedar"


async def change(browser: Browser, present: str = PASSWORD, new: str = NEW, again: str | None = None) -> int:
    answer = await browser.send(
        "/ru/staff/password", present_password=present, password=new, password_again=new if again is None else again
    )
    return answer.status_code


async def test_a_new_password_ends_the_other_sessions(staff: Staff) -> None:
    browser, account = await staff.at_work(Role.CLERK)
    other = staff.browser()
    await other.sign_in(account)
    before = browser.session
    assert await change(browser) == 303
    assert browser.session != before
    assert (await browser.get("/ru/staff/me")).status_code == 200
    assert (await other.get("/ru/staff/me")).status_code == 303
    assert (await staff.browser().sign_in(account)).status_code == 401
    assert (await staff.browser().sign_in(account, NEW)).status_code == 303
    kept = (await staff.reload(account)).password_hash
    assert kept is not None
    assert kept.startswith("$argon2id$")
    for row in await staff.trail():
        assert PASSWORD not in str(row)
        assert NEW not in str(row)


async def test_each_password_that_is_not_taken(lone_staff: Staff) -> None:
    browser, account = await lone_staff.at_work(Role.CLERK)
    before = await lone_staff.reload(account)
    assert await change(browser, present="wrong") == 422
    assert await change(browser, new="short") == 422
    assert await change(browser, new=f"{account.email}-99") == 422
    assert await change(browser, again="something else") == 422
    assert await change(browser, new=PASSWORD) == 422
    assert await change(browser, new="") == 422
    assert (await lone_staff.reload(account)).password_hash == before.password_hash
    assert [row["outcome"] for row in await lone_staff.trail("own.password")] == ["failed"]


async def test_guessing_the_present_password_is_throttled(lone_staff: Staff) -> None:
    browser, _ = await lone_staff.at_work(Role.CLERK)
    assert [await change(browser, present="wrong") for _ in range(6)] == [422] * 5 + [429]
    assert await change(browser) == 429


async def test_a_one_time_password_is_changed_before_anything(staff: Staff) -> None:
    account, browser = await staff.person(Role.CLERK, own=False), staff.browser()
    await browser.sign_in(account)
    for path in ("/ru/staff/me", "/ru/staff/note", "/ru/staff/sessions", "/ru/staff/second-factor/new"):
        assert (await browser.get(path)).headers["location"].startswith("/ru/staff/password")
    assert (await browser.client.get("/ru/staff/note")).status_code == 401
    assert await change(browser) == 303
    assert (await browser.get("/ru/staff/note")).status_code == 200
    assert (await staff.reload(account)).password_expires_at is None


async def enrol(staff: Staff, browser: Browser, account_id: int) -> list[str]:
    """Enrol as a person does: the key from the page, its code, the recovery codes shown."""
    page = await browser.get("/ru/staff/second-factor/new")
    assert "<svg" in page.text
    key = "".join(re.search(r'<span class="hash">([A-Z2-7 ]+)</span>', page.text)[1].split())  # type: ignore[index]
    staff.secrets[account_id] = key
    account = await staff.accounts.database.fetch_rows("SELECT totp_pending FROM account WHERE id = {}", account_id)
    assert key not in str(account)
    wrong = await browser.send("/ru/staff/second-factor/new", otp="000000")
    assert wrong.status_code == 422
    fields = hidden((await browser.get("/ru/staff/second-factor/new")).text, "/ru/staff/second-factor/new")
    known = await staff.accounts.database.fetch_rows("SELECT totp_secret FROM account WHERE id = {}", account_id)
    assert known[0][0] is None
    shown = await browser.client.post(
        "/ru/staff/second-factor/new",
        data={**fields, "otp": staff.code_of(account_id)},
        headers=HTML,
    )
    assert shown.status_code == 200
    return re.findall(r'<code class="code">([^<]+)</code>', shown.text)


async def test_enrolment_is_asked_of_an_approver_and_recovery_codes_work_once(staff: Staff) -> None:
    account = await staff.person(Role.APPROVER, enrolled=False)
    browser = staff.browser()
    await browser.sign_in(account)
    assert (await browser.get("/ru/staff/note")).headers["location"].startswith("/ru/staff/second-factor/new")
    before = browser.session
    codes = await enrol(staff, browser, account.id)
    assert len(codes) == 10
    assert browser.session != before
    assert (await browser.get("/ru/staff/note")).status_code == 200
    # The page with the codes has a sign-out that works: its token is of the new session.
    other = staff.browser()
    await other.send("/ru/staff/sign-in", email=account.email, password=PASSWORD)
    answer = await other.send("/ru/staff/second-factor", otp=codes[0].upper().replace("-", " "))
    assert answer.status_code == 303
    again = staff.browser()
    await again.send("/ru/staff/sign-in", email=account.email, password=PASSWORD)
    assert (await again.send("/ru/staff/second-factor", otp=codes[0])).status_code == 401
    assert (await again.send("/ru/staff/second-factor", otp=codes[1])).status_code == 303
    kinds = [row["detail"].get("kind") for row in await staff.trail("sign_in.second_factor")]
    assert kinds == ["recovery", None, "recovery"]
    rows = await staff.accounts.database.fetch_rows("SELECT hash FROM recovery_code")
    assert not set(codes) & {row[0] for row in rows}
    for row in await staff.trail():
        assert not [code for code in codes if code in str(row)]


async def test_who_is_asked_for_a_password_and_a_second_factor_goes_on_to_the_page_that_was_wanted(
    staff: Staff,
) -> None:
    account = await staff.person(Role.APPROVER, own=False, enrolled=False)
    browser = staff.browser()
    await browser.sign_in(account)
    asked = await browser.get("/ru/staff/note?a=1")
    place = asked.headers["location"]
    shown = await browser.get(place)
    assert "Одноразовый пароль" in shown.text
    fields = {"present_password": PASSWORD, "password": "кипрей-сойка-71", "password_again": "кипрей-сойка-71"}
    form = {**hidden(shown.text, "/ru/staff/password"), **fields}
    wrong = await browser.client.post("/ru/staff/password", data={**form, "password_again": "-"}, headers=HTML)
    assert hidden(wrong.text, "/ru/staff/password")["next"] == "/ru/staff/note?a=1"
    changed = await browser.client.post("/ru/staff/password", data=form, headers=HTML)
    assert changed.headers["location"] == "/ru/staff/note?a=1"
    enrolling = (await browser.get(changed.headers["location"])).headers["location"]
    shown = await browser.get(enrolling)
    key = "".join(re.search(r'<span class="hash">([A-Z2-7 ]+)</span>', shown.text)[1].split())  # type: ignore[index]
    staff.secrets[account.id] = key
    form = {**hidden(shown.text, "/ru/staff/second-factor/new"), "otp": staff.code_of(account.id)}
    assert form["next"] == "/ru/staff/note?a=1"
    codes = await browser.client.post("/ru/staff/second-factor/new", data=form, headers=HTML)
    assert 'href="/ru/staff/note?a=1"' in codes.text


@pytest.mark.parametrize("wanted", ["https://elsewhere.example/", "//elsewhere.example/", "/ru/"])
async def test_a_forced_password_leads_to_no_other_site(lone_staff: Staff, wanted: str) -> None:
    account = await lone_staff.person(Role.CLERK, own=False)
    browser = lone_staff.browser()
    await browser.sign_in(account)
    shown = await browser.client.get("/ru/staff/password", params={"next": wanted}, headers=HTML)
    fields = {"present_password": PASSWORD, "password": "кипрей-сойка-71", "password_again": "кипрей-сойка-71"}
    form = {**hidden(shown.text, "/ru/staff/password"), **fields, "next": wanted}
    changed = await browser.client.post("/ru/staff/password", data=form, headers=HTML)
    assert changed.headers["location"] == "/ru/staff"


async def test_recovery_codes_are_renewed_against_a_code(staff: Staff) -> None:
    browser, account = await staff.at_work(Role.CLERK)
    old = await enrol(staff, browser, account.id)
    path = "/ru/staff/second-factor/new"
    assert (await browser.send(path, otp="000000", do="recovery")).status_code == 422
    staff.clock.move(seconds=60)
    shown = await browser.send(path, otp=staff.code(account), do="recovery")
    new = re.findall(r'<code class="code">([^<]+)</code>', shown.text)
    assert len(new) == 10
    assert not set(new) & set(old)
    other = staff.browser()
    await other.send("/ru/staff/sign-in", email=account.email, password=PASSWORD)
    assert (await other.send("/ru/staff/second-factor", otp=old[0])).status_code == 401
    assert (await other.send("/ru/staff/second-factor", otp=new[0])).status_code == 303


async def test_the_second_factor_is_taken_off_only_where_the_role_lets(staff: Staff) -> None:
    path = "/ru/staff/second-factor/new"
    approver, account = await staff.at_work(Role.APPROVER)
    staff.clock.move(seconds=60)
    assert (await approver.send(path, otp=staff.code(account), do="off")).status_code == 422
    assert (await staff.reload(account)).enrolled
    clerk, account = await staff.at_work(Role.CLERK)
    await enrol(staff, clerk, account.id)
    assert (await clerk.send(path, otp="000000", do="off")).status_code == 422
    staff.clock.move(seconds=60)
    assert (await clerk.send(path, otp=staff.code(account), do="off")).status_code == 303
    assert not (await staff.reload(account)).enrolled
    assert await staff.accounts.database.fetch_rows("SELECT * FROM recovery_code") == []


async def test_sessions_are_listed_and_ended(staff: Staff) -> None:
    browser, account = await staff.at_work(Role.CLERK)
    stranger, _ = await staff.at_work(Role.AUDITOR)
    others = [staff.browser(), staff.browser()]
    for other in others:
        await other.sign_in(account)
    page = await browser.get("/ru/staff/sessions")
    names = re.findall(r'name="session" value="([0-9a-f]{64})"', page.text)
    assert len(names) == 2
    # Another person's session is not ended by its name.
    await stranger.client.post(
        "/ru/staff/sessions", data={"_csrf": await stranger.token(), "session": names[0]}, headers=HTML
    )
    assert len(re.findall("name=.session.", (await browser.get("/ru/staff/sessions")).text)) == 2
    await browser.client.post(
        "/ru/staff/sessions", data={"_csrf": await browser.token(), "session": names[0]}, headers=HTML
    )
    assert len(re.findall("name=.session.", (await browser.get("/ru/staff/sessions")).text)) == 1
    await browser.client.post("/ru/staff/sessions", data={"_csrf": await browser.token(), "do": "others"}, headers=HTML)
    assert [(await other.get("/ru/staff/me")).status_code for other in others] == [303, 303]
    assert (await browser.get("/ru/staff/me")).status_code == 200
    assert [row["detail"]["which"] for row in await staff.trail("own.sessions")] == ["one", "others"]
