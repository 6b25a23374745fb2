"""Who gets in: forged requests, roles, bearer tokens, cookies, and forms that come too late."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from admin.accounts import audit_pages, entering, own_pages, parked, people_pages, tokens
from admin.accounts.policy import Role
from feeds.webhooks import tokens as feed_tokens
from tests.admin.conftest import HTML, SETUP, Browser, Staff, hidden, opened

pytestmark = pytest.mark.anyio

FORGERIES: list[tuple[str, dict[str, str], str | None]] = [
    ("no token", {}, None),
    ("another token", {}, "0123456789abcdef." + "0" * 64),
    ("another site", {"Sec-Fetch-Site": "cross-site"}, "own"),
    ("a neighbouring site", {"Sec-Fetch-Site": "same-site"}, "own"),
    ("another origin", {"Origin": "https://evil.example"}, "own"),
    ("no origin", {"Origin": "null"}, "own"),
]
UNSAFE = sorted(
    path.replace("{number:int}", "1")
    for module in (entering, own_pages, people_pages, audit_pages)
    for handler in module.route_handlers
    if "POST" in handler.http_methods
    for path in handler.paths
    if path.startswith("/en/") and not path.endswith("/sign-in")
)


def problem(answer: httpx.Response, status: int) -> dict[str, Any]:
    """The one shape of errors."""
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert {"type", "title", "status", "detail", "instance", "errors"} <= body.keys()
    assert body["status"] == status
    assert all(found["text"]["ru"] and found["text"]["en"] for found in body["errors"])
    return body


def test_every_form_is_among_the_forged_ones() -> None:
    assert len(UNSAFE) == 8


@pytest.mark.parametrize("path", UNSAFE)
async def test_a_forged_request_does_nothing_but_be_told_of(lone_staff: Staff, path: str) -> None:
    browser, account = await lone_staff.at_work(Role.OPERATOR)
    own = await browser.token()
    before = await lone_staff.state()
    for name, headers, token in FORGERIES:
        data = {"_csrf": own if token == "own" else token} if token else {}
        data |= {
            "do": "others",
            "name": "x",
            "of": "machine",
            "scopes": "audit:read",
            "days": "9",
            "email": "a@b.example",
        }
        answer = await browser.client.post(path, data=data, headers=headers)
        assert problem(answer, 403)["errors"][0]["rule"] == "H-csrf", name
    assert await lone_staff.state() == before
    rows = await lone_staff.trail("forgery")
    assert [(row["actor"], row["subject"], row["outcome"]) for row in rows] == [(account.id, path, "refused")] * 6


async def test_a_forged_request_on_both_engines_page_and_call(staff: Staff) -> None:
    browser, account = await staff.at_work(Role.CLERK)
    page = await browser.client.post("/ru/staff/note", data={"text": "x"}, headers=HTML)
    assert page.status_code == 403
    assert "не с формы этого сайта" in page.text
    problem(await browser.client.post("/api/v1/note", json={}), 403)
    answer = await browser.client.post("/api/v1/note", json={}, headers={"X-CSRF-Token": await browser.token()})
    assert answer.json() == {"by": account.id, "via": "session", "name": account.name}
    same = {"Origin": "http://register.test", "Sec-Fetch-Site": "same-origin"}
    token = await browser.token()
    answer = await browser.client.post("/ru/staff/note", data={"text": "x", "_csrf": token}, headers={**HTML, **same})
    assert answer.json()["by"] == account.id
    assert len(await staff.trail("forgery")) == 2


async def test_a_token_of_another_session_does_not_fit(staff: Staff) -> None:
    browser, _ = await staff.at_work(Role.CLERK)
    other, _ = await staff.at_work(Role.AUDITOR)
    problem(await browser.client.post("/ru/staff/note", data={"_csrf": await other.token()}), 403)


async def test_nobody_gets_in_without_a_session(staff: Staff) -> None:
    browser = staff.browser()
    answer = await browser.client.get("/ru/staff/note")
    problem(answer, 401)
    assert answer.headers["www-authenticate"].startswith("Bearer")
    problem(await browser.client.post("/api/v1/note"), 401)
    assert (await browser.get("/ru/staff/note")).status_code == 303
    browser.client.cookies.set("session", "made-up")
    assert (await browser.get("/ru/staff/note")).headers["location"].startswith("/ru/staff/sign-in")


@pytest.mark.parametrize(
    ("role", "closed"),
    [
        (Role.CLERK, ["accounts", "accounts/new", "accounts/1", "audit", "audit.csv", "audit.json"]),
        (Role.OFFICIAL, ["accounts", "audit", "note"]),
        (Role.OPERATOR, ["audit", "audit.csv", "note"]),
        (Role.AUDITOR, ["accounts/new"]),
    ],
)
async def test_a_page_of_another_role_is_refused_and_told_of(lone_staff: Staff, role: Role, closed: list[str]) -> None:
    browser, account = await lone_staff.at_work(role)
    for place in closed:
        answer = await browser.get(f"/ru/staff/{place}")
        assert answer.status_code == 403
        assert "<h1>Нет полномочий</h1>" in answer.text
        problem(await browser.client.get(f"/ru/staff/{place}"), 403)
    refused = [row for row in await lone_staff.trail() if row["detail"].get("reason") == "not_allowed"]
    assert len(refused) == 2 * len(closed)
    assert {(row["actor"], row["outcome"]) for row in refused} == {(account.id, "refused")}


async def test_bearer_tokens(staff: Staff) -> None:
    db, now = staff.accounts.database, staff.clock()
    clerk = await staff.person(Role.CLERK)
    secret = await tokens.issue(
        db, SETUP, name="script", scopes=["drafts:write"], days=30, now=now, account=clerk.id, role=clerk.role
    )
    browser = staff.browser()

    async def call(given: str) -> httpx.Response:
        return await browser.client.post("/api/v1/note", headers={"Authorization": f"Bearer {given}"})

    assert (await call(secret)).json() == {"by": clerk.id, "via": "token", "name": clerk.name}
    machine = await tokens.issue(db, SETUP, name="intake", scopes=["drafts:write"], days=None, now=now)
    assert (await call(machine)).json() == {"by": None, "via": "token", "name": "intake"}
    reading = await tokens.issue(db, SETUP, name="reader", scopes=["drafts:read"], days=1, now=now)
    narrow = await call(reading)
    problem(narrow, 403)
    assert "insufficient_scope" in narrow.headers["www-authenticate"]
    assert secret not in str(await db.fetch_rows("SELECT * FROM token"))
    wrong = await call("rgt_" + "x" * 43)
    problem(wrong, 401)
    assert "invalid_token" in wrong.headers["www-authenticate"]
    staff.clock.move(days=30)
    problem(await call(secret), 401)
    assert (await call(machine)).status_code == 201
    number = (await tokens.listed(db, everyone=True))[1].id
    assert await tokens.revoke(db, SETUP, number, now=staff.clock(), everyone=True)
    problem(await call(machine), 401)
    assert not await tokens.revoke(db, SETUP, number, now=staff.clock(), everyone=True)
    for row in await staff.trail():
        assert "rgt_" not in str(row)


async def test_a_token_dies_with_its_account(staff: Staff) -> None:
    db, clerk = staff.accounts.database, await staff.person(Role.CLERK)
    secret = await tokens.issue(
        db, SETUP, name="s", scopes=["drafts:write"], days=9, now=staff.clock(), account=clerk.id, role=clerk.role
    )
    await db.execute("UPDATE account SET deactivated_at = {}", staff.clock())
    headers = {"Authorization": f"Bearer {secret}"}
    problem(await staff.browser().client.post("/api/v1/note", headers=headers), 401)


async def test_guessing_tokens_is_slowed_down_and_the_trail_not_flooded(lone_staff: Staff) -> None:
    client = lone_staff.browser().client
    headers = {"Authorization": "Bearer rgt_" + "x" * 43}
    answers = [await client.get("/ru/staff/note", headers=headers) for _ in range(9)]
    assert [answer.status_code for answer in answers] == [401] * 5 + [429] * 4
    assert len(await lone_staff.trail("bearer")) == 5


async def test_a_session_and_a_bad_token_together_are_no_session(lone_staff: Staff) -> None:
    browser, _ = await lone_staff.at_work(Role.CLERK)
    headers = {"Authorization": "Bearer rgt_" + "x" * 43}
    problem(await browser.client.post("/api/v1/note", headers=headers), 401)


async def late(browser: Browser, **fields: Any) -> httpx.Response:
    """Send a form with the token of a session that has ended meanwhile."""
    token = await browser.token()
    browser.staff.clock.move(hours=13)
    return await browser.client.post("/ru/staff/note", data={"_csrf": token, **fields}, headers=HTML)


async def test_a_form_that_comes_too_late_is_given_back(staff: Staff) -> None:
    browser, account = await staff.at_work(Role.CLERK)
    text = "Запрет на вывоз\n<script>alert(1)</script> 7204 " + "я" * 5000
    answer = await late(browser, text=[text, "второй"], password="never kept", otp="123456")
    assert answer.status_code == 303
    place = answer.headers["location"]
    assert place.startswith("/ru/staff/sign-in?next=/ru/staff/parked/")
    form = await browser.get(place)
    assert "Введённое сохранено" in form.text
    fields = hidden(form.text, "/ru/staff/sign-in")
    data = {**fields, "email": account.email, "password": "heron-lantern-42-violet"}
    entered = await browser.client.post("/ru/staff/sign-in", data=data, headers=HTML)
    back = await browser.get(entered.headers["location"])
    assert back.status_code == 200
    assert "<script>alert" not in back.text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in back.text
    assert "never kept" not in back.text
    token = hidden(back.text, "/ru/staff/note")["_csrf"]
    sent = await browser.client.post("/ru/staff/note", data={"_csrf": token, "text": [text, "второй"]}, headers=HTML)
    assert sent.json() == {"by": account.id, "text": text, "all": [text, "второй"]}
    rows = await staff.accounts.database.fetch_rows("SELECT fields FROM parked")
    assert "Запрет" not in bytes(rows[0][0]).decode()


async def test_a_page_that_fills_itself_gets_its_form_back(staff: Staff) -> None:
    browser, account = await staff.at_work(Role.CLERK)
    answer = await late(browser, text="мой текст", _form="/ru/staff/note")
    assert "next=/ru/staff/note%3Fparked%3D" in answer.headers["location"]
    kept = await staff.accounts.database.fetch_rows("SELECT id FROM parked")
    page = f"/ru/staff/note?parked={kept[0][0]}"
    assert await browser.sign_in(account)
    assert (await browser.get(page)).json() == {"kept": {"text": ["мой текст"], "_form": ["/ru/staff/note"]}}
    await parked.discard(staff.accounts.database, account.id, kept[0][0])
    assert (await browser.get(page)).json() == {"kept": None}


async def test_nobody_else_gets_the_form_and_it_does_not_stay(staff: Staff) -> None:
    browser, account = await staff.at_work(Role.CLERK)
    place = (await late(browser, text="мой текст")).headers["location"].split("next=")[1]
    other, _ = await staff.at_work(Role.CLERK, "other@commission.example")
    assert (await other.get(place)).status_code == 404
    await browser.sign_in(account)
    assert (await browser.get(place)).status_code == 200
    staff.clock.move(days=1, seconds=1)
    await browser.sign_in(account)
    assert (await browser.get(place)).status_code == 404


async def test_nothing_is_kept_of_strangers_forgeries_and_what_is_too_large(lone_staff: Staff) -> None:
    stranger = lone_staff.browser()
    assert (await stranger.client.post("/ru/staff/note", data={"text": "x"}, headers=HTML)).status_code == 303
    browser, _ = await lone_staff.at_work(Role.CLERK)
    answer = await late(browser, text="я" * 300_000)
    assert answer.headers["location"] == "/ru/staff/sign-in?next="
    forged = await browser.client.post("/ru/staff/note", data={"text": "x", "_csrf": "a.b"}, headers=HTML)
    assert forged.headers["location"] == "/ru/staff/sign-in?next="
    assert await lone_staff.accounts.database.fetch_rows("SELECT * FROM parked") == []


async def test_a_person_keeps_only_so_many_forms(lone_staff: Staff) -> None:
    account, now = await lone_staff.person(Role.CLERK), lone_staff.clock()
    db, box = lone_staff.accounts.database, lone_staff.accounts.box
    names = []
    for number in range(parked.MOST + 3):
        lone_staff.clock.move(seconds=1)
        names.append(
            await parked.park(db, box, account.id, "/ru/staff/x", [("n", str(number))], now=lone_staff.clock())
        )
    kept = {row[0] for row in await db.fetch_rows("SELECT id FROM parked")}
    assert kept == set(names[3:])
    assert now < lone_staff.clock()


async def test_with_https_the_cookies_are_bound_to_it(sqlite_template: Any, tmp_path: Any) -> None:
    import shutil

    shutil.copyfile(sqlite_template, tmp_path / "r.db")
    async with opened(f"sqlite://{tmp_path / 'r.db'}", "https://register.test") as staff:
        account, browser = await staff.person(Role.CLERK), staff.browser()
        page = await browser.get("/ru/staff/sign-in")
        assert page.headers["set-cookie"].startswith("__Host-entrance=")
        assert "Secure" in page.headers["set-cookie"]
        assert "SameSite=strict" in page.headers["set-cookie"]
        answer = await browser.sign_in(account)
        header = answer.headers["set-cookie"]
        assert header.startswith("__Host-session=")
        assert "Secure" in header
        assert "Domain" not in header
        assert (await browser.get("/ru/staff/me")).status_code == 200


async def test_pages_are_never_stored_and_run_nothing_inline(lone_staff: Staff) -> None:
    browser, _ = await lone_staff.at_work(Role.OPERATOR)
    for language in ("ru", "en"):
        for place in (
            "me",
            "password",
            "sessions",
            "second-factor/new",
            "accounts",
            "accounts/new",
            "accounts/1",
            "tokens",
        ):
            answer = await browser.get(f"/{language}/staff/{place}")
            assert answer.status_code == 200, (place, answer.text)
            assert answer.headers["cache-control"] == "no-store"
            assert "unsafe" not in answer.headers["content-security-policy"]
            assert "style=" not in answer.text
            assert "<style" not in answer.text
            assert answer.text.count("<h1>") == 1
    style = answer.text.split('<link rel="stylesheet" href="/static/staff/')[1].split('"')[0]
    assert (await browser.get(f"/static/staff/{style}")).headers["content-type"].startswith("text/css")
    assert (await browser.get("/static/staff/old.css")).status_code == 404


async def test_who_subscribes(staff: Staff) -> None:
    browser, account = await staff.at_work(Role.CLERK)
    assert (await browser.client.get("/api/v1/subscriber")).json() == {
        "id": f"account:{account.id}",
        "email": account.email,
    }
    auditor, _ = await staff.at_work(Role.AUDITOR)
    problem(await auditor.client.get("/api/v1/subscriber"), 403)
    client, db = staff.browser().client, staff.accounts.database
    problem(await client.get("/api/v1/subscriber"), 401)
    given = await feed_tokens.issue(db, "customs", "it@customs.example", now=staff.clock())
    answer = await client.get("/api/v1/subscriber", headers={"Authorization": f"Bearer {given}"})
    assert answer.json() == {"id": "token:customs", "email": "it@customs.example"}
    machine = await tokens.issue(db, SETUP, name="m", scopes=["drafts:read"], days=1, now=staff.clock())
    problem(await client.get("/api/v1/subscriber", headers={"Authorization": f"Bearer {machine}"}), 403)
