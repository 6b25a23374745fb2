"""The own notices and their settings by calls: who may, what is answered, and never another person's."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator

from admin.accounts import tokens
from admin.accounts.policy import Role
from consultations.notices import mails, outbox
from consultations.notices.kinds import KINDS
from tests.admin.conftest import SETUP
from tests.admin.notices.conftest import Hall
from tests.register.api.helpers import assert_problem, strict

pytestmark = pytest.mark.anyio
PATH = "/api/v1/notices"
READ, WRITE = "consultations:read", "consultations:write"
ROLES = {"kz": Role.OFFICIAL, "kg": Role.OFFICIAL, "clerk": Role.CLERK, "auditor": Role.AUDITOR}
WISH = {"language": "en", "delivery": "digest", "digest_hour": 17, "kinds": ["initiated", "position"]}


class Caller:
    """Calls with a bearer token of one person, or of a program."""

    def __init__(self, hall: Hall, secret: str) -> None:
        self.client = hall.staff.browser().client
        self.headers = {"Authorization": f"Bearer {secret}"}

    async def ask(self, method: str, path: str = "", body: Any = None, **headers: str) -> httpx.Response:
        sent = {**self.headers, **{name.replace("_", "-"): value for name, value in headers.items()}}
        content: dict[str, Any] = {"content": body} if isinstance(body, bytes) else {"json": body}
        return await self.client.request(method, f"{PATH}{path}", headers=sent, **(content if body is not None else {}))

    async def listed(self, query: str = "") -> dict[str, Any]:
        answer = await self.ask("GET", query)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found


async def caller(hall: Hall, name: str, *scopes: str) -> Caller:
    made = await tokens.issue(
        hall.service.database,
        SETUP,
        name="calls",
        scopes=scopes or (READ, WRITE),
        days=None,
        now=hall.clock(),
        account=hall.accounts[name].id,
        role=ROLES[name],
    )
    return Caller(hall, made)


async def test_notices_with_their_text_consultation_and_mail(office: Hall) -> None:
    known = await office.initiate()
    await office.speak(known, "CONFIDENTIAL reasons", "CONFIDENTIAL comment")
    kg = await caller(office, "kg", READ)
    answer = await kg.ask("GET")
    assert answer.headers["cache-control"] == "private, no-store"
    assert "CONFIDENTIAL" not in answer.text
    found = answer.json()
    assert (found["total"], found["unread"], found["complete"], found["next"]) == (3, 3, True, None)
    assert [one["kind"] for one in found["items"]] == ["comment", "position", "initiated"]
    first = found["items"][2]
    assert first["text"] == {
        "ru": "Инициированы консультации (Республика Казахстан)",
        "en": "A consultation is initiated (Kazakhstan)",
    }
    assert (first["consultation"], first["party"], first["deadline"], first["read_at"]) == (known.id, "KZ", None, None)
    assert first["title"]["ru"] == known.public()["title"]["ru"]
    assert first["proceedings"] == f"/api/v1/consultations/{known.id}/proceedings"
    assert first["mail"]["state"] == "due"
    assert first["mail"]["next_at"] is not None
    for told, address in first["pages"].items():
        assert address == f"http://register.test/{told}/staff/consultations/{known.id}"
        browser = await office.browser("kg")
        assert (await browser.get(address)).status_code == 200
    assert (await kg.client.get(first["proceedings"], headers=kg.headers)).status_code == 200
    await office.notices.run()
    sent = (await kg.listed())["items"][2]["mail"]
    assert (sent["state"], sent["next_at"]) == ("sent", None)
    assert sent["closed_at"] == "2026-09-10T09:00:00.000Z"
    # Who did it is not told of it.
    kz = await caller(office, "kz", READ)
    assert (await kz.listed())["items"] == []
    db = office.service.database
    async with db.transaction():
        await db.execute("DELETE FROM notice_mail")
    assert (await kg.listed())["items"][2]["mail"] == {"state": None, "next_at": None, "closed_at": None}


async def test_a_deadline_names_its_day(silent: Hall) -> None:
    known = await silent.initiate()
    due = silent.consulting.position_due(known.public())["KG"]
    silent.clock.at = datetime(due.year, due.month, due.day, 6, tzinfo=UTC)
    await silent.app.state.scheduler.announce()
    kg = await caller(silent, "kg", READ)
    newest = (await kg.listed("?limit=1"))["items"][0]
    assert newest["deadline"] == {"name": "position", "day": due.isoformat()}
    assert (newest["kind"], newest["party"], newest["mail"]) == ("deadline_near", "KG", None)


async def test_pages_of_a_list_hold_everything_once(silent: Hall) -> None:
    for _ in range(3):
        await silent.speak(await silent.initiate(), "reasons", "comment")
    kg = await caller(silent, "kg")
    everything = [one["number"] for one in (await kg.listed())["items"]]
    assert len(everything) == 9
    for query in ("?limit=2", "?limit=4&unread=true", "?limit=9"):
        got, address = list[int](), query
        for _ in range(9):
            page = await kg.listed(address)
            assert page["total"] == 9
            got += [one["number"] for one in page["items"]]
            assert page["complete"] is (page["next"] is None)
            if page["complete"]:
                break
            address = page["next"].removeprefix(PATH)
        assert got == everything
    await kg.ask("POST", f"/{everything[4]}/read")
    unread = await kg.listed("?unread=true")
    assert [one["number"] for one in unread["items"]] == everything[:4] + everything[5:]
    assert (unread["total"], unread["unread"]) == (8, 8)
    assert (await kg.listed())["total"] == 9
    for wrong in ("limit=0", "limit=201", "unread=maybe", "cursor=x", "cursor=0", "before=3", "limit=1&limit=2"):
        problem = assert_problem(await kg.ask("GET", f"?{wrong}"), 422)
        assert all(one["text"]["ru"] and one["text"]["en"] for one in problem["errors"])


async def test_reading_one_and_all_counts_once(silent: Hall) -> None:
    known = await silent.initiate()
    await silent.speak(known, "reasons", "comment")
    kg = await caller(silent, "kg")
    numbers = [one["number"] for one in (await kg.listed())["items"]]
    silent.clock.move(hours=1)
    answer = await kg.ask("POST", f"/{numbers[0]}/read", {})
    assert answer.status_code == 200
    assert answer.json()["read_at"] == "2026-09-10T10:00:00.000Z"
    silent.clock.move(hours=1)
    assert (await kg.ask("POST", f"/{numbers[0]}/read")).json()["read_at"] == "2026-09-10T10:00:00.000Z"
    first = await kg.ask("POST", "/read", {"through": numbers[2]}, Idempotency_Key="all-1")
    assert first.json() == {"read": 1, "unread": 1}
    again = await kg.ask("POST", "/read", {"through": numbers[2]}, Idempotency_Key="all-1")
    assert again.content == first.content
    assert_problem(await kg.ask("POST", "/read", {}, Idempotency_Key="all-1"), 422, "/Idempotency-Key")
    other = await silent.initiate()
    marked = await kg.ask("POST", "/read", {"consultation": known.id})
    assert marked.json() == {"read": 1, "unread": 1}
    assert (await kg.listed("?unread=true"))["items"][0]["consultation"] == other.id
    assert (await kg.ask("POST", "/read")).json() == {"read": 1, "unread": 0}
    for body in ({"through": 0}, {"through": "3"}, {"through": True}, {"x": 1}, {"consultation": "C" * 41}):
        assert_problem(await kg.ask("POST", "/read", body), 422)
    for raw, status in ((b"{", 400), (b"[]", 422), (b'{"consultation": "\\u0000"}', 422)):
        assert_problem(await kg.ask("POST", "/read", raw), status)
    assert_problem(await kg.ask("POST", f"/{numbers[0]}/read", {"x": 1}), 422)
    assert_problem(await kg.ask("POST", "/read?all=1"), 422)


async def test_never_another_persons_notices(silent: Hall) -> None:
    await silent.initiate()
    db = silent.service.database
    theirs = (await outbox.listed(db, silent.accounts["clerk"].id))[0].id
    kg, kz = await caller(silent, "kg"), await caller(silent, "kz")
    for number in (theirs, 10**6, 2**53 - 1, 2**53, 10**30, 0, -1):
        assert_problem(await kg.ask("POST", f"/{number}/read"), 404)
        assert_problem(await kz.ask("POST", f"/{number}/read"), 404)
    await kg.ask("POST", "/read")
    assert await outbox.unread(db, silent.accounts["clerk"].id) == 1
    assert theirs not in [one["number"] for one in (await kg.listed())["items"]]
    assert (await kz.listed(f"?cursor={theirs + 1}"))["items"] == []
    # One key of two people is two keys.
    assert (await kz.ask("POST", "/read", {}, Idempotency_Key="k")).json() == {"read": 0, "unread": 0}
    clerk = await caller(silent, "clerk")
    assert (await clerk.ask("POST", "/read", {}, Idempotency_Key="k")).json() == {"read": 1, "unread": 0}


async def test_who_may(silent: Hall) -> None:
    await silent.initiate()
    number = (await outbox.listed(silent.service.database, silent.accounts["kg"].id))[0].id
    calls = [
        ("GET", "", None, READ),
        ("GET", "/settings", None, READ),
        ("POST", f"/{number}/read", {}, WRITE),
        ("POST", "/read", {}, WRITE),
        ("PUT", "/settings", WISH, WRITE),
    ]
    nobody = silent.staff.browser().client
    only_read, only_write = await caller(silent, "kg", READ), await caller(silent, "kg", WRITE)
    other = await caller(silent, "clerk", "drafts:read")
    auditor = await caller(silent, "auditor", READ)
    made = await tokens.issue(
        silent.service.database, SETUP, name="program", scopes=(READ,), days=None, now=silent.clock()
    )
    program = Caller(silent, made)
    for method, path, body, scope in calls:
        sent: dict[str, Any] = {} if body is None else {"json": body}
        assert_problem(await nobody.request(method, f"{PATH}{path}", **sent), 401)
        assert_problem(await program.ask(method, path, body), 403)
        assert_problem(await other.ask(method, path, body), 403)
        assert (await only_read.ask(method, path, body)).status_code == (200 if scope == READ else 403), path
        assert (await only_write.ask(method, path, body)).status_code == 200, path
        # An auditor reads everything of others, and is told nothing.
        assert (await auditor.ask(method, path, body)).status_code == (200 if path == "" else 403), path
    assert (await auditor.listed())["items"] == []
    refused = await silent.staff.trail("own.notices")
    assert {row["outcome"] for row in refused} == {"done", "refused"}


async def test_a_session_needs_the_token_of_its_form(silent: Hall) -> None:
    await silent.initiate()
    browser = await silent.browser("kg")
    assert (await browser.client.get(PATH)).json()["unread"] == 1
    assert_problem(await browser.client.post(f"{PATH}/read", json={}), 403)
    assert_problem(await browser.client.put(f"{PATH}/settings", json=WISH), 403)
    headers = {"x-csrf-token": await browser.token()}
    assert (await browser.client.post(f"{PATH}/read", json={}, headers=headers)).json() == {"read": 1, "unread": 0}
    assert (await browser.client.put(f"{PATH}/settings", json=WISH, headers=headers)).status_code == 200


async def test_settings_are_read_changed_and_kept_to(office: Hall) -> None:
    kg = await caller(office, "kg")
    shown = await kg.ask("GET", "/settings")
    assert shown.json() == {
        "language": "ru",
        "delivery": "at_once",
        "digest_hour": 8,
        "kinds": list(KINDS),
        "zone": "Europe/Moscow",
        "mailing": True,
        "address": "kg@people.example",
    }
    changed = await kg.ask("PUT", "/settings", WISH, If_Match=shown.headers["etag"])
    assert {**changed.json(), **WISH} == changed.json()
    assert (await kg.ask("GET", "/settings")).content == changed.content
    assert (await kg.ask("GET", "/settings")).headers["etag"] == changed.headers["etag"] != shown.headers["etag"]
    stale = await kg.ask("PUT", "/settings", {**WISH, "language": "ru"}, If_Match=shown.headers["etag"])
    problem = assert_problem(stale, 409, "/If-Match")
    assert problem["theirs"] == changed.json()
    assert stale.headers["etag"] == changed.headers["etag"]
    page = await (await office.browser("kg")).get("/ru/staff/notices")
    assert 'value="digest" selected' in page.text or 'value="digest" checked' in page.text
    # A muted kind goes by no mail; a wanted one waits for the digest, until the person wants mails at once.
    known = await office.initiate()
    await office.speak(known, "reasons", "comment")
    by_kind = {one["kind"]: one["mail"] for one in (await kg.listed())["items"]}
    assert by_kind["comment"] is None
    assert by_kind["position"]["next_at"] == "2026-09-10T14:00:00.000Z"
    assert (await kg.ask("PUT", "/settings", {**WISH, "delivery": "at_once"})).status_code == 200
    await office.notices.run()
    assert office.server is not None
    assert office.server.receivers().count("kg@people.example") == 1
    assert (await mails.counts(office.service.database))["sent"] == 4
    told = [row for row in await office.staff.trail("own.notices") if row["outcome"] == "done"]
    assert [row["actor"] for row in told] == [office.accounts["kg"].id] * 2
    # Nobody else's have changed.
    clerk = await caller(office, "clerk")
    assert (await clerk.ask("GET", "/settings")).json()["delivery"] == "at_once"


async def test_what_is_wrong_with_settings_is_said_at_once(silent: Hall) -> None:
    kg = await caller(silent, "kg")
    wrong = {"language": "de", "delivery": "pigeon", "digest_hour": 24, "kinds": ["initiated", "gossip"], "x": 1}
    problem = assert_problem(await kg.ask("PUT", "/settings", wrong), 422)
    assert {one["pointer"] for one in problem["errors"]} == {
        "/language", "/delivery", "/digest_hour", "/kinds/1", "/x",
    }  # fmt: skip
    assert_problem(await kg.ask("PUT", "/settings", {}), 422)
    strange: list[Any] = [None, True, -1, 1.5, 10**30, "", "\x00", [], ["initiated"] * 13, {}, "8"]
    for name, value in itertools.product(WISH, strange):
        if (name, value) not in (("kinds", []),):
            assert_problem(await kg.ask("PUT", "/settings", {**WISH, name: value}), 422)
    for raw, status in ((b"{", 400), (b"\xff", 400), (b"null", 422), (b"[" * 5000, 400), (b" " * 2**17, 413)):
        assert_problem(await kg.ask("PUT", "/settings", raw), status)
    assert (await kg.ask("GET", "/settings")).json()["delivery"] == "at_once"


async def test_answers_fit_their_schemas(office: Hall) -> None:
    await office.initiate()
    kg = await caller(office, "kg")
    document = (await kg.client.get("/api/openapi.json")).json()
    number = (await kg.listed())["items"][0]["number"]
    calls = [
        ("get", "/notices", "?limit=1", None),
        ("get", "/notices/settings", "/settings", None),
        ("put", "/notices/settings", "/settings", WISH),
        ("post", "/notices/{number}/read", f"/{number}/read", {}),
        ("post", "/notices/read", "/read", {"through": number}),
    ]
    for method, path, address, body in calls:
        answer = await kg.ask(method.upper(), address, body)
        assert answer.status_code == 200, answer.text
        described = document["paths"][f"/api/v1{path}"][method]
        assert described["tags"] == ["Notices"]
        assert described["security"] == [{"bearer": []}]
        schema = described["responses"]["200"]["content"]["application/json"]["schema"]
        errors = Draft202012Validator({**schema, "components": strict(document["components"])}).iter_errors(
            answer.json()
        )
        assert [error.message for error in errors] == [], path
