"""What the OpenAPI document says of consultations is what is answered; whatever is sent gets an answer."""

from __future__ import annotations

import copy
import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.consultations.conftest import Desk
from tests.consultations.people import APPROVER, CLERK, KZ, RU, conclusion, meeting, pdf, plan
from tests.consultations.test_way import agreed
from tests.register.api.helpers import strict

pytestmark = pytest.mark.anyio

STRANGE: list[Any] = [
    None, True, 0, -1, 1.5, 10**30, "", " ", "x" * 30_000, "\x00", "\u202e", "2026-02-30", "0000-01-01", "9999-12-31",
    "C-2026-001", [], [None], [[]], ["x"], {}, {"ru": ""}, {"x": {"y": {"z": 1}}},
]  # fmt: skip


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    if isinstance(value, dict):
        for name, item in value.items():
            yield from places(item, (*path, name))
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield from places(item, (*path, place))


def changed(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    made = copy.deepcopy(value)
    held = made
    for part in path[:-1]:
        held = held[part]
    held[path[-1]] = new
    return made


async def test_answers_fit_their_schemas(desk: Desk) -> None:
    document = (await desk.client.get("/api/openapi.json")).json()

    async def fits(path: str, address: str, **query: str) -> None:
        response = await desk.ask("GET", address, CLERK, params=query)
        assert response.status_code == 200, response.text
        content = document["paths"][f"/api/v1{path}"]["get"]["responses"]["200"]["content"]["application/json"]
        schema = {**content["schema"], "components": strict(document["components"])}
        errors = Draft202012Validator(schema).iter_errors(response.json())
        assert [error.message for error in errors] == [], path

    made = await agreed(desk, title={"ru": "Свинец", "en": "Lead"})
    await desk.ask("POST", f"/consultations/{made}/documents", KZ, content=pdf())
    await desk.step(f"/consultations/{made}/comments", RU, {"text": "да"})
    await desk.step(f"/consultations/{made}/conclude", APPROVER, conclusion())
    protocol = {"protocol": {"number": "3", "date": "2026-12-08"}, "last_day": "2027-01-15"}
    other = await agreed(desk)
    await desk.step(f"/consultations/{other}/conclude", APPROVER, conclusion())
    await desk.step(f"/consultations/{other}/revoke", APPROVER, protocol)
    for name in (made, other):
        await fits("/consultations/{id}", f"/consultations/{name}")
        await fits("/consultations/{id}/proceedings", f"/consultations/{name}/proceedings")
    await fits("/consultations", "/consultations")
    await fits("/proceedings", "/proceedings")
    await fits("/proceedings/permissions", "/proceedings/permissions")


async def test_whatever_is_sent_gets_an_answer(desk: Desk) -> None:
    made = (await desk.post("/consultations", KZ, plan())).json()["id"]
    path = f"/consultations/{made}"
    ending = {"protocol": {"number": "3", "date": "2026-12-08"}, "last_day": "2027-01-15"}
    calls: list[tuple[str, str, Any, Any]] = [
        ("POST", "/consultations", KZ, plan(goods=[{"code_from": "7801", "excluded": [{"code_from": "780110"}]}])),
        ("PUT", f"{path}/plan", KZ, plan()),
        ("POST", f"{path}/schedule", CLERK, meeting()),
        ("POST", f"{path}/positions", RU, {"stance": "objects", "reasons": "потому"}),
        ("POST", f"{path}/comments", RU, {"text": "да", "parent": None}),
        ("POST", f"{path}/conclude", APPROVER, conclusion()),
        ("POST", f"{path}/revoke", APPROVER, ending),
        ("POST", f"{path}/permit", CLERK, {"measure": "KG-2026-001"}),
        ("POST", f"{path}/withdraw", KZ, {"reason": 7}),
    ]  # fmt: skip
    answered: Counter[int] = Counter()
    for method, address, who, body in calls:
        for place in places(body):
            for strange in STRANGE:
                sent = json.dumps(changed(body, place, strange)).encode()
                response = await desk.ask(method, address, who, content=sent, headers={"If-Match": "*"})
                assert response.status_code < 500, (address, sent[:300], response.text)
                answered[response.status_code] += 1
                if response.status_code >= 400:
                    problem = response.json()
                    assert problem["status"] == response.status_code
                    assert all(one["text"]["ru"] and one["text"]["en"] for one in problem["errors"]), problem
    for raw in (b"{", b"\xff", b"null", b"[]", b'"x"', b"[" * 5000, b'{"stance": "\\ud800"}', b'{"stance": NaN}'):
        response = await desk.ask("POST", f"{path}/positions", RU, content=raw)
        assert response.status_code in (400, 422), raw
    assert answered[422] > 500
    assert answered[200] + answered[201] > 20
    # What went in came out whole: everything that was taken can be read.
    assert (await desk.ask("GET", "/proceedings?limit=200", KZ)).status_code == 200
    assert (await desk.client.get("/api/v1/consultations")).status_code == 200


async def test_strange_addresses(desk: Desk) -> None:
    for name in ("x", "C-2026-1", "C-2026-999999999", "../x", "%00", "%ff", "C-2026-001%0a", "ж" * 300):
        for tail in ("", "/proceedings", f"/documents/{'0' * 64}", "/documents/x"):
            response = await desk.ask("GET", f"/consultations/{name}{tail}", CLERK)
            assert response.status_code in (400, 404), (name, tail, response.status_code, response.text)
    for query in ("cursor=%00", "cursor=x", "q=%00", "q=%25_", "state=XX", "asked=maybe", "code=1", "limit=0", "x=1"):
        assert (await desk.ask("GET", f"/proceedings?{query}", CLERK)).status_code in (200, 422), query
