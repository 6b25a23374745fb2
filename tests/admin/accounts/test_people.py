"""The operator's pages: accounts and tokens; each refusal."""

from __future__ import annotations

import asyncio
import re

import pytest

from admin.accounts import people
from admin.accounts.people import Particulars
from admin.accounts.policy import Role
from register.web import Problem
from tests.admin.conftest import HTML, PASSWORD, SETUP, Browser, Staff

pytestmark = pytest.mark.anyio
NEW = {"email": "new@commission.example", "name": "Новый", "role": "clerk", "state": "", "language": "en"}


async def test_a_new_account_gets_a_one_time_password(staff: Staff) -> None:
    browser, operator = await staff.at_work(Role.OPERATOR)
    shown = await browser.send("/ru/staff/accounts/new", **NEW)
    assert shown.status_code == 200
    password = re.search(r'<code class="code">([^<]+)</code>', shown.text)[1]  # type: ignore[index]
    made = await people.by_email(staff.accounts.database, "NEW@Commission.example")
    assert made is not None
    assert (made.role, made.language, made.password_expires_at is not None) == (Role.CLERK, "en", True)
    assert password not in (await browser.get(f"/ru/staff/accounts/{made.id}")).text
    colleague = staff.browser()
    answer = await colleague.sign_in(made, password)
    assert answer.headers["location"] == "/en/staff/me"
    assert (await colleague.get("/en/staff/me")).headers["location"] == "/en/staff/password"
    rows = await staff.trail("account.add")
    assert [row["actor"] for row in rows] == [None, operator.id]
    assert password not in str(rows)


async def test_fields_left_empty_may_be_left_out(lone_staff: Staff) -> None:
    """The script of the pages sends no empty fields."""
    browser, _ = await lone_staff.at_work(Role.OPERATOR)
    given = {name: value for name, value in NEW.items() if value}
    assert (await browser.send("/ru/staff/accounts/new", **given)).status_code == 200
    bare = await browser.client.post("/ru/staff/accounts/new", data={"_csrf": await browser.token()}, headers=HTML)
    assert bare.status_code == 422
    for path in ("/ru/staff/accounts/1", "/ru/staff/tokens", "/ru/staff/password", "/ru/staff/second-factor/new"):
        answer = await browser.client.post(path, data={"_csrf": await browser.token()}, headers=HTML)
        assert answer.status_code == 422, path


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", "no address"),
        ("email", "OPERATOR@commission.example"),
        ("email", "ｏperator@commission.example"),
        ("name", " "),
        ("name", "x" * 201),
        ("role", "king"),
        ("state", "KG"),
        ("state", "US"),
        ("language", "fr"),
    ],
)
async def test_particulars_that_do_not_fit(lone_staff: Staff, field: str, value: str) -> None:
    browser, _ = await lone_staff.at_work(Role.OPERATOR)
    answer = await browser.send("/ru/staff/accounts/new", **{**NEW, field: value})
    assert answer.status_code == 422
    assert f'id="f-{field}-fault"' in answer.text
    assert len(await people.everybody(lone_staff.accounts.database)) == 1


async def test_an_official_has_a_state(lone_staff: Staff) -> None:
    browser, _ = await lone_staff.at_work(Role.OPERATOR)
    assert (await browser.send("/ru/staff/accounts/new", **{**NEW, "role": "official"})).status_code == 422
    answer = await browser.send("/ru/staff/accounts/new", **{**NEW, "role": "official", "state": "KG"})
    assert answer.status_code == 200


async def test_two_accounts_of_one_address_at_once(staff: Staff) -> None:
    db = staff.accounts.database
    given = [Particulars(email, "Имя", "clerk", None, "ru") for email in ("A@b.example", "a@B.example")]
    made = await asyncio.gather(
        *(people.add(db, SETUP, one, password_hash=None, now=staff.clock()) for one in given), return_exceptions=True
    )
    assert [type(one) for one in sorted(made, key=str)].count(int) == 1
    assert [one.status for one in made if isinstance(one, Problem)] == [422]


async def act(browser: Browser, number: int, **fields: str) -> int:
    path = f"/ru/staff/accounts/{number}"
    token = await browser.token()
    return (await browser.client.post(path, data={"_csrf": token, **fields}, headers=HTML)).status_code


async def test_deactivating_ends_sessions_at_once(staff: Staff) -> None:
    operator, own = await staff.at_work(Role.OPERATOR)
    clerk, account = await staff.at_work(Role.CLERK)
    assert await act(operator, account.id, do="deactivate") == 303
    assert (await clerk.get("/ru/staff/me")).status_code == 303
    assert (await staff.browser().sign_in(account)).status_code == 401
    assert await act(operator, account.id, do="activate") == 303
    assert (await clerk.get("/ru/staff/me")).status_code == 303
    assert (await staff.browser().sign_in(account)).status_code == 303
    assert await act(operator, own.id, do="deactivate") == 422
    assert (await operator.get("/ru/staff/me")).status_code == 200
    assert await act(operator, account.id, do="promote") == 422
    assert await act(operator, 999, do="save") == 404
    told = [(row["action"], row["subject"]) for row in await staff.trail("account.") if row["actor"] == own.id]
    assert told == [("account.deactivate", f"account:{account.id}"), ("account.activate", f"account:{account.id}")]


async def test_another_role_ends_sessions_and_nobody_changes_the_own(staff: Staff) -> None:
    operator, own = await staff.at_work(Role.OPERATOR)
    clerk, account = await staff.at_work(Role.CLERK)
    same = {"email": account.email, "name": account.name, "role": "clerk", "state": "", "language": "ru", "do": "save"}
    assert await act(operator, account.id, **{**same, "name": "Иное имя"}) == 303
    assert (await clerk.get("/ru/staff/me")).status_code == 200
    assert await act(operator, account.id, **{**same, "role": "auditor"}) == 303
    assert (await clerk.get("/ru/staff/me")).status_code == 303
    assert (await staff.reload(account)).role is Role.AUDITOR
    mine = {**same, "email": own.email, "name": own.name, "role": "auditor"}
    assert await act(operator, own.id, **mine) == 422
    assert (await staff.reload(own)).role is Role.OPERATOR
    details = [row["detail"] for row in await staff.trail("account.change")]
    assert details == [
        {"changed": ["name"]},
        {"changed": ["name", "role"], "role": "auditor", "state": None, "was": "clerk"},
    ]


async def test_resets(staff: Staff) -> None:
    operator, _ = await staff.at_work(Role.OPERATOR)
    approver, account = await staff.at_work(Role.APPROVER)
    path = f"/ru/staff/accounts/{account.id}"
    token = await operator.token()
    shown = await operator.client.post(path, data={"_csrf": token, "do": "reset_password"}, headers=HTML)
    password = re.search(r'<code class="code">([^<]+)</code>', shown.text)[1]  # type: ignore[index]
    assert (await approver.get("/ru/staff/me")).status_code == 303
    assert (await staff.browser().sign_in(account)).status_code == 401
    assert await act(operator, account.id, do="reset_second_factor") == 303
    del staff.secrets[account.id]
    again = staff.browser()
    assert (await again.sign_in(account, password)).status_code == 303
    assert (await again.get("/ru/staff/me")).headers["location"] == "/ru/staff/password"
    answer = await again.send(
        "/ru/staff/password", present_password=password, password=PASSWORD + "-2", password_again=PASSWORD + "-2"
    )
    assert answer.status_code == 303
    assert (await again.get("/ru/staff/me")).headers["location"] == "/ru/staff/second-factor/new"


async def test_tokens_on_their_page(staff: Staff) -> None:
    operator, own = await staff.at_work(Role.OPERATOR)
    clerk, account = await staff.at_work(Role.CLERK)

    async def make(browser: Browser, **fields: object) -> str:
        answer = await browser.client.post(
            "/ru/staff/tokens",
            data={"_csrf": await browser.token(), "name": "сценарий", "days": "30", **fields},
            headers=HTML,
        )
        found = re.search(r"rgt_[A-Za-z0-9_-]{43}", answer.text)
        return found[0] if found else str(answer.status_code)

    secret = await make(clerk, scopes=["drafts:read", "drafts:write"])
    machine = await make(operator, of="machine", scopes="drafts:write")
    for given, name in ((secret, account.name), (machine, "сценарий")):
        answer = await staff.browser().client.post("/api/v1/note", headers={"Authorization": f"Bearer {given}"})
        assert answer.json()["name"] == name
    assert await make(clerk, of="machine", scopes="drafts:write") == "403"
    assert await make(operator, of="machine", scopes="drafts:approve") == "422"
    assert await make(clerk, scopes="audit:read") == "422"
    assert await make(clerk) == "422"
    assert await make(clerk, scopes="drafts:read", days="0") == "422"
    assert await make(clerk, scopes="drafts:read", days="367") == "422"
    assert await make(clerk, scopes="drafts:read", name="") == "422"
    page = await operator.get("/ru/staff/tokens")
    assert secret not in page.text
    assert secret[:8] in page.text
    numbers = sorted(int(one) for one in re.findall(r'name="revoke" value="(\d+)"', page.text))
    assert len(numbers) == 2
    # A clerk revokes the own ones only, the operator any.
    for browser, left in ((clerk, 2), (operator, 1)):
        data = {"_csrf": await browser.token(), "revoke": str(numbers[1])}
        await browser.client.post("/ru/staff/tokens", data=data, headers=HTML)
        page = await operator.get("/ru/staff/tokens")
        assert len(re.findall('name="revoke"', page.text)) == left
    assert [(row["action"], row["actor"]) for row in await staff.trail("token.") if row["outcome"] == "done"] == [
        ("token.add", account.id),
        ("token.add", own.id),
        ("token.revoke", own.id),
    ]


async def test_the_auditor_sees_accounts_without_the_means_to_change_them(lone_staff: Staff) -> None:
    browser, account = await lone_staff.at_work(Role.AUDITOR)
    assert account.email in (await browser.get("/ru/staff/accounts")).text
    page = await browser.get(f"/ru/staff/accounts/{account.id}")
    assert page.status_code == 200
    assert 'name="do"' not in page.text
    assert await act(browser, account.id, do="deactivate") == 403
    assert (await browser.get("/ru/staff/accounts/77")).status_code == 404
    assert (await browser.get(f"/ru/staff/accounts/{2**70}")).status_code == 404
