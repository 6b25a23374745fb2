"""Drafts over HTTP: the calls, who may, what a repeated request gets, how conflicts and refusals are said."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest

from register.drafts.attachments import published_files
from tests.register.api.helpers import assert_problem
from tests.register.drafts.conftest import Office
from tests.register.drafts.helpers import APPROVER, AUDITOR, BOTH, CLERK, MACHINE, SECOND, content, enter, pdf

pytestmark = pytest.mark.anyio
NEW = {"kind": "include", "content": {"measure": content()}}


async def new(office: Office, **more: Any) -> dict[str, Any]:
    response = await office.post("/drafts", json={**NEW, **more})
    assert response.status_code == 201, response.text
    made: dict[str, Any] = response.json()
    return made


async def approved(office: Office, draft: int) -> None:
    assert (await office.post(f"/drafts/{draft}/submit")).status_code == 200
    assert (await office.post(f"/drafts/{draft}/approve", APPROVER)).status_code == 200


async def test_a_draft_becomes_an_entry(office: Office) -> None:
    response = await office.post("/drafts", json=NEW)
    made = response.json()
    assert response.headers["location"] == f"/api/v1/drafts/{made['id']}"
    assert response.headers["etag"] == '"1"'
    assert response.headers["cache-control"] == "private, no-store"
    assert made["allowed"] == ["save", "settle", "attach", "detach", "submit", "withdraw"]
    assert made["author"] == {"id": CLERK.id, "name": CLERK.name}
    await approved(office, made["id"])
    done = (await office.post(f"/drafts/{made['id']}/publish", APPROVER)).json()
    assert done["state"] == "published"
    assert done["published"] == {"measure": "KG-2026-001", "seq": 1}
    found = await office.client.get("/api/v1/measures/KG-2026-001")
    assert found.json()["title"]["ru"] == "Лом свинца"
    assert [row[:3] for row in office.trail.rows] == [
        (f"draft.{action}", f"draft:{made['id']}", "done") for action in ("create", "submit", "approve", "publish")
    ]


async def test_the_author_never_approves_and_the_attempt_is_kept(office: Office) -> None:
    made = (await office.post("/drafts", BOTH, json=NEW)).json()
    assert (await office.post(f"/drafts/{made['id']}/submit", BOTH)).json()["state"] == "submitted"
    problem = assert_problem(await office.post(f"/drafts/{made['id']}/approve", BOTH), 403)
    assert [one["rule"] for one in problem["errors"]] == ["HD3"]
    assert office.trail.rows[-1] == ("draft.approve", f"draft:{made['id']}", "refused", {"rules": ["HD3"]})
    assert_problem(await office.post(f"/drafts/{made['id']}/approve", MACHINE), 403)
    assert (await office.ask("GET", f"/drafts/{made['id']}", BOTH)).json()["state"] == "submitted"


async def test_roles_are_held_to(office: Office) -> None:
    made = await new(office)
    path = f"/drafts/{made['id']}"
    assert_problem(await office.post("/drafts", APPROVER, json=NEW), 403)
    assert_problem(await office.post("/drafts", AUDITOR, json=NEW), 403)
    assert_problem(await office.save(made["id"], 1, {"content": {}}, AUDITOR), 403)
    assert_problem(await office.post(f"{path}/approve", CLERK), 403)
    assert (await office.ask("GET", path, AUDITOR)).json()["allowed"] == []
    assert (await office.ask("GET", "/drafts", AUDITOR)).json()["total"] == 1


async def test_saving_needs_the_version_and_tells_the_difference(office: Office) -> None:
    made = await new(office)
    one, other = ({"content": {"measure": content(title={"ru": name})}} for name in ("Первое", "Второе"))
    assert_problem(await office.ask("PUT", f"/drafts/{made['id']}", json=one), 428, "/If-Match")
    wrong = await office.ask("PUT", f"/drafts/{made['id']}", json=one, headers={"If-Match": "three"})
    assert_problem(wrong, 422, "/If-Match")
    saved = await office.save(made["id"], 1, one)
    assert (saved.status_code, saved.headers["etag"], saved.json()["version"]) == (200, '"2"', 2)
    problem = assert_problem(await office.save(made["id"], 1, other, SECOND), 409)
    assert problem["conflicts"] == ["/measure/title/ru"]
    assert problem["base"]["content"] == NEW["content"]
    assert problem["theirs"]["content"] == one["content"]
    assert problem["mine"]["content"] == other["content"]
    assert (await office.save(made["id"], problem["version"], other, SECOND)).json()["version"] == 3
    version = await office.ask("GET", f"/drafts/{made['id']}/versions/2")
    assert version.json() == {"version": 2, "content": one["content"]}
    assert_problem(await office.ask("GET", f"/drafts/{made['id']}/versions/9"), 404)
    history = (await office.ask("GET", f"/drafts/{made['id']}/history")).json()["items"]
    assert [(item["action"], item["actor"]["id"]) for item in history] == [
        ("created", 1), ("saved", 1), ("set_aside", 2), ("saved", 2),
    ]  # fmt: skip


async def test_a_command_heeds_the_version_that_was_seen(office: Office) -> None:
    made = await new(office)
    path = f"/drafts/{made['id']}"
    await office.save(made["id"], 1, {"content": {"measure": content(title={"ru": "Иное"})}}, SECOND)
    assert_problem(await office.post(f"{path}/submit", headers={"If-Match": '"1"'}), 409)
    assert (await office.post(f"{path}/submit", headers={"If-Match": '"2"'})).status_code == 200


async def test_a_time_of_publication_is_set_and_taken_away(office: Office) -> None:
    made = await new(office, publish_at="2026-09-10T15:00:00+03:00")
    assert made["publish_at"] == "2026-09-10T12:00:00Z"
    kept = (await office.save(made["id"], 1, {"content": {"measure": content(title={"ru": "Иное"})}})).json()
    assert kept["publish_at"] == made["publish_at"]
    gone = (await office.save(made["id"], 2, {"publish_at": None})).json()
    assert (gone["publish_at"], gone["content"]) == (None, kept["content"])
    assert_problem(await office.save(made["id"], 3, {"publish_at": "2026-09-10T15:00:00"}), 422, "/publish_at")


async def test_a_request_sent_twice_is_done_once(office: Office) -> None:
    key = {"Idempotency-Key": "k-1"}
    first = await office.post("/drafts", json=NEW, headers=key)
    again = await office.post("/drafts", json=NEW, headers=key)
    assert (again.status_code, again.content) == (201, first.content)
    assert (again.headers["etag"], again.headers["location"]) == (first.headers["etag"], first.headers["location"])
    assert (await office.ask("GET", "/drafts")).json()["total"] == 1
    other = await office.post("/drafts", json={"kind": "include"}, headers=key)
    assert_problem(other, 422, "/Idempotency-Key")
    assert (await office.post("/drafts", SECOND, json=NEW, headers=key)).json()["id"] != first.json()["id"]
    number = first.json()["id"]
    for _ in range(2):
        submitted = await office.post(f"/drafts/{number}/submit", headers={"Idempotency-Key": "k-2"})
        assert submitted.status_code == 200
    await office.post(f"/drafts/{number}/approve", APPROVER)
    done = [
        (await office.post(f"/drafts/{number}/publish", APPROVER, headers={"Idempotency-Key": "k-3"})).json()
        for _ in range(2)
    ]
    assert done[0] == done[1]
    assert office.service.register.seq == 1
    read = [
        await office.post("/drafts/parse-codes", json={"text": text}, headers={"Idempotency-Key": "k-4"})
        for text in ("7201", "7201", "7202")
    ]
    assert [one.status_code for one in read] == [200, 200, 422]


async def test_a_refused_request_may_be_sent_again_under_its_key(office: Office) -> None:
    made = (await office.post("/drafts", json={"kind": "include"})).json()
    key = {"Idempotency-Key": "again"}
    path = f"/drafts/{made['id']}"
    assert_problem(await office.post(f"{path}/submit", headers=key), 422, "/measure/state")
    await office.save(made["id"], 1, {"content": {"measure": content()}})
    assert (await office.post(f"{path}/submit", headers=key)).status_code == 200


async def test_a_measure_that_moved_is_told_and_the_draft_is_open_again(office: Office) -> None:
    db = office.service.database
    await enter(db)
    drafts = []
    for title in ("Первое", "Второе"):
        given = {"measure": content(title={"ru": title}, included_on="2026-09-10")}
        one = (await office.post("/drafts", json={"kind": "amend", "measure": "KG-2026-001", "content": given})).json()
        await approved(office, one["id"])
        drafts.append(one["id"])
    assert (await office.post(f"/drafts/{drafts[0]}/publish", APPROVER)).status_code == 200
    key = {"Idempotency-Key": "moved"}
    answers = [await office.post(f"/drafts/{drafts[1]}/publish", APPROVER, headers=key) for _ in range(2)]
    problem = assert_problem(answers[0], 409)
    assert problem["errors"][0]["rule"] == "HD8"
    assert [one["field"] for one in problem["moved"]["differences"]] == ["/title/ru"]
    assert answers[1].content == answers[0].content
    found = (await office.ask("GET", f"/drafts/{drafts[1]}")).json()
    assert (found["state"], found["version"]) == ("draft", problem["version"])
    shown = (await office.ask("GET", f"/drafts/{drafts[1]}/preview")).json()
    assert (shown["moved"]["from"], shown["moved"]["to"]) == (1, 2)


async def test_the_preview_says_what_will_happen(office: Office) -> None:
    await enter(office.service.database, "78", state="KZ", effective_from="2026-08-01", included_on="2026-08-28")
    made = await new(office)
    shown = (await office.ask("GET", f"/drafts/{made['id']}/preview", APPROVER)).json()
    assert shown["refusals"] == []
    assert shown["entry"]["provisional"] is True
    assert shown["entry"]["entry"]["seq"] == 2
    assert shown["overlaps"]["items"][0]["id"] == "KZ-2026-001"
    [*_, change] = shown["effect"]["changes"]
    assert change["from"] == "2026-09-15"
    assert "P36" in change["text"]["ru"]
    await approved(office, made["id"])
    await office.post(f"/drafts/{made['id']}/publish", APPROVER)
    entry = (await office.client.get("/api/v1/changes/2")).json()
    assert entry == shown["entry"]["entry"]


async def test_cells_are_read_into_fields(office: Office) -> None:
    codes = (await office.post("/drafts/parse-codes", json={"text": "7201, из 7302, 8415 – 8417, абв"})).json()
    assert [(one["line"], one["code_from"], one["code_to"], one["partial"]) for one in codes["lines"]] == [
        (1, "7201", None, False), (2, "7302", None, True), (3, "8415", "8417", False),
    ]  # fmt: skip
    assert codes["whole"] is False
    assert codes["doubts"][0]["text"] == "абв"
    assert codes["doubts"][0]["reason"].keys() == {"ru", "en"}
    term = (await office.post("/drafts/parse-term", json={"text": "с 08.09.2026 по 08.03.2027"})).json()
    assert (term["effective_from"], term["effective_to"], term["whole"]) == ("2026-09-08", "2027-03-08", True)
    text = "Постановление Кабинета Министров Кыргызской Республики от 27.08.2026 № 587"
    basis = (await office.post("/drafts/parse-basis", json={"text": text, "state": "KG"})).json()
    assert [(act["number"], act["date"]) for act in basis["acts"]] == [("587", "2026-08-27")]
    assert_problem(await office.post("/drafts/parse-codes", json={}), 422, "/text")
    assert_problem(await office.post("/drafts/parse-basis", json={"text": "", "state": "US"}), 422, "/state")


async def attach(office: Office, draft: int, data: bytes, **more: Any) -> httpx.Response:
    return await office.ask("POST", f"/drafts/{draft}/attachments?name=587.pdf", content=data, **more)


async def test_an_act_is_attached_and_served_safely(office: Office) -> None:
    made = await new(office)
    answer = await attach(office, made["id"], pdf())
    assert answer.status_code == 201
    [file] = answer.json()["attachments"]
    public = f"/attachments/{file['sha256']}.pdf"
    assert file["url"] == f"https://register.example{public}"
    inside = await office.ask("GET", f"/drafts/{made['id']}/attachments/{file['sha256']}")
    assert inside.content == pdf()
    assert_problem(await office.client.get(public), 404)
    assert await published_files(office.service.database) == []
    await approved(office, made["id"])
    await office.post(f"/drafts/{made['id']}/publish", APPROVER)
    assert await published_files(office.service.database) == [file["sha256"]]
    served = await office.client.get(public)
    assert served.content == pdf()
    assert served.headers["content-type"].startswith("application/pdf")
    assert served.headers["content-disposition"].startswith("attachment;")
    assert served.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in served.headers["content-security-policy"]
    assert "immutable" in served.headers["cache-control"]
    known = await office.client.get(public, headers={"If-None-Match": served.headers["etag"]})
    assert (known.status_code, known.content) == (304, b"")
    head = await office.client.head(public)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(len(pdf()))


async def test_what_is_no_act_is_not_attached(office: Office) -> None:
    made = await new(office)
    problem = assert_problem(await attach(office, made["id"], b"<html>"), 422)
    assert problem["errors"][0]["rule"] == "HD14"
    assert_problem(await attach(office, 999, pdf()), 404)
    assert_problem(await office.ask("POST", f"/drafts/{made['id']}/attachments", AUDITOR, content=pdf()), 403)
    assert_problem(await attach(office, made["id"], b"%PDF-1.7\n" + b"x" * (20 * 2**20)), 413)
    assert_problem(await office.client.get(f"/attachments/{'0' * 64}.pdf"), 404)
    assert_problem(await office.client.get("/attachments/..%2F..%2Fetc.pdf"), 404)
    kept = await attach(office, made["id"], pdf())
    sha256 = kept.json()["attachments"][0]["sha256"]
    gone = await office.ask("DELETE", f"/drafts/{made['id']}/attachments/{sha256}")
    assert gone.json()["attachments"] == []
    assert_problem(await office.ask("GET", f"/drafts/{made['id']}/attachments/{sha256}"), 404)


BAD_BODIES: list[tuple[bytes, int]] = [
    (b"{", 400),
    (b"[]", 422),
    (b'{"kind": "steal"}', 422),
    (b'{"kind": "include", "more": 1}', 422),
    (b'{"kind": "include", "content": []}', 422),
    (b'{"kind": "include", "content": {"a": "\\ud800"}}', 400),
    (b'{"kind": "include", "content": ' + b'{"a":' * 5000 + b"1" + b"}" * 5001, 400),
    (b'{"kind": "include", "content": {"a": "' + b"x" * (2 * 2**20) + b'"}}', 422),
    (b'{"kind": "include", "content": {"a": "' + b"x" * (4 * 2**20) + b'"}}', 413),
]


@pytest.mark.parametrize(("sent", "status"), BAD_BODIES, ids=[str(n) for n in range(len(BAD_BODIES))])
async def test_what_is_sent_badly_is_an_error_and_never_a_fault(office: Office, sent: bytes, status: int) -> None:
    assert_problem(await office.ask("POST", "/drafts", content=sent), status)


async def test_odd_signs_are_kept_as_they_were_typed(office: Office) -> None:
    odd = {"measure": {"title": {"ru": "\u0000 {} ' \u2028 😀"}}}
    made = (await office.post("/drafts", json={"kind": "include", "content": odd})).json()
    assert (await office.ask("GET", f"/drafts/{made['id']}")).json()["content"] == odd
    assert (await office.ask("GET", f"/drafts/{made['id']}/preview")).status_code == 200


async def test_what_cannot_be_kept_is_said_so(office: Office) -> None:
    made = await new(office)
    path = f"/drafts/{made['id']}"
    for moment in ("9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+14:00", "soon", 5):
        assert_problem(await office.save(made["id"], 1, {"publish_at": moment}), 422, "/publish_at")
    assert_problem(await office.post(f"{path}/withdraw", json={"note": "a\u0000b"}), 422, "/note")
    assert_problem(await office.post(f"{path}/return", APPROVER, json={"reason": "a\u0000b"}), 422, "/reason")
    assert_problem(await office.post(f"{path}/doubts/0/settle", json={"note": "a"}), 422, "/doubts/0")
    assert_problem(await office.post("/drafts", json={"kind": "amend", "measure": "KG-2026-001\n"}), 422, "/measure")
    assert_problem(await office.ask("GET", "/drafts?measure=%00"), 422, "/measure")


@pytest.mark.parametrize("number", ["0", "99", str(2**70), "-1", "x"])
async def test_a_draft_that_is_not_there(office: Office, number: str) -> None:
    for call in ("", "/preview", "/history"):
        assert_problem(await office.ask("GET", f"/drafts/{number}{call}"), 404)
    assert_problem(await office.post(f"/drafts/{number}/submit"), 404)


async def test_lists_are_paged_and_never_cut_silently(office: Office) -> None:
    numbers = [(await new(office))["id"] for _ in range(3)]
    first = (await office.ask("GET", "/drafts?limit=2&state=draft,returned&kind=include")).json()
    assert ([one["id"] for one in first["items"]], first["complete"]) == (numbers[:0:-1], False)
    rest = (await office.ask("GET", f"/drafts?limit=2&before={first['next_before']}")).json()
    assert ([one["id"] for one in rest["items"]], rest["complete"], rest["total"]) == (numbers[:1], True, 3)
    assert_problem(await office.ask("GET", "/drafts?limit=201"), 422, "/limit")
    assert_problem(await office.ask("GET", "/drafts?state=lost"), 422, "/state")


async def test_every_call_is_described(office: Office) -> None:
    found = (await office.client.get("/api/openapi.json")).json()
    ours = {path: item for path, item in found["paths"].items() if "/drafts" in path or "/attachments" in path}
    assert set(ours) >= {
        f"/api/v1/drafts{path}"
        for path in ("", "/{id}", "/{id}/submit", "/{id}/approve", "/{id}/return", "/{id}/publish", "/parse-codes")
    }
    for path, item in ours.items():
        for method, operation in item.items():
            where = f"{method} {path}"
            assert operation["summary"], where
            assert operation["description"], where
            assert set(re.findall(r"{(\w+)}", path)) <= {one["name"] for one in operation.get("parameters", ())}, where
            for status, response in operation["responses"].items():
                [(media_type, given)] = response["content"].items()
                assert given["examples"], (where, status)
                assert (media_type == "application/problem+json") == (int(status) >= 400), (where, status)


async def test_a_program_says_where_a_draft_was_read_from(office: Office) -> None:
    made = await office.post("/drafts", json={"kind": "include", "content": {"measure": {}}, "source": "меры.csv:12"})
    assert made.status_code == 201, made.text
    assert made.json()["source"] == "меры.csv:12"
    long = await office.post("/drafts", json={"kind": "include", "source": "x" * 301})
    assert long.status_code == 422
    assert long.json()["errors"][0]["pointer"] == "/source"
