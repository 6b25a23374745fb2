"""The OpenAPI document says what the service does; a fuzzer holds it to that."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from jsonschema import Draft202012Validator
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from register.database import open_database
from register.measures import Printed
from register.service import RegisterService
from tests.register.api.helpers import (
    TERMS,
    Api,
    application,
    clock,
    notified,
    still_records,
    strict,
    wrong_examples,
)
from tests.register.synthetic import append

pytestmark = pytest.mark.anyio


async def document(api: Api) -> dict[str, Any]:
    found: dict[str, Any] = (await api.client.get("/api/openapi.json")).json()
    return found


async def test_every_call_is_described(still: Api) -> None:
    found = await document(still)
    assert found["openapi"].startswith("3.1")
    assert found["info"]["title"]
    assert found["info"]["version"]
    assert set(found["paths"]) >= {
        f"/api/v1{path}"
        for path in (
            "/measures", "/measures/{id}", "/measures/{id}/history", "/measures/{id}/versions/{span}", "/proof",
            "/changes", "/changes/stream", "/changes/{seq}", "/changes/{seq}/proof", "/snapshot", "/codes/{code}",
            "/consultations", "/consultations/{id}", "/terms",
        )
    }  # fmt: skip
    for path, item in found["paths"].items():
        for method, operation in item.items():
            where = f"{method} {path}"
            assert operation["summary"], where
            assert operation["description"], where
            assert set(re.findall(r"{(\w+)}", path)) <= {p["name"] for p in operation.get("parameters", ())}, where
            for parameter in operation.get("parameters", ()):
                assert parameter["description"], (where, parameter)
                assert parameter["examples"], (where, parameter)
                if parameter["schema"].get("type") == "integer":
                    assert parameter["schema"].keys() >= {"minimum", "maximum"}, (where, parameter)
            for status, response in operation["responses"].items():
                if status == "304":
                    continue
                [(media_type, content)] = response["content"].items()
                assert content["examples"], (where, status)
                assert (media_type == "application/problem+json") == (int(status) >= 400), (where, status)


async def test_examples_of_parameters_are_taken(still: Api) -> None:
    """An example that the service itself refuses would mislead everybody who tries it."""
    for path, item in (await document(still))["paths"].items():
        operation = item.get("get")
        if operation is None or path.endswith("/stream") or "{" in path:
            continue
        for parameter in operation.get("parameters", ()):
            [example] = [found["value"] for found in parameter["examples"].values()]
            asked = {"code": "7204", "date": "2026-09-10"} if path.endswith("/proof") else {}
            asked[parameter["name"]] = ",".join(example) if isinstance(example, list) else str(example).lower()
            if parameter["name"] in ("code", "origin", "compliance", "q", "known_at", "type"):
                asked[parameter["name"]] = example if isinstance(example, str) else ",".join(example)
            response = await still.client.get(path, params=asked)
            assert response.status_code == 200, (path, parameter["name"], response.text)


async def test_every_example_fits_its_schema(still: Api) -> None:
    """Clients and mocks are made from them."""
    assert wrong_examples(await document(still)) == []


async def test_answers_have_the_fields_of_their_schemas_and_no_other(api: Api) -> None:
    """Also those of a measure of a loaded table, whose cells stand in ``printed``."""
    cells = dict.fromkeys(Printed.model_fields, "…")
    name = await api.include(notified("KG", "7204", printed=cells))
    found = await document(api)
    for path, address in {
        "/measures": "/measures?code=7204",
        "/measures/{id}": f"/measures/{name}",
        "/measures/{id}/history": f"/measures/{name}/history",
        "/snapshot": "/snapshot",
        "/changes": "/changes",
        "/codes/{code}": "/codes/7204",
        "/proof": "/proof?code=7204&date=2026-09-10",
    }.items():
        content = found["paths"][f"/api/v1{path}"]["get"]["responses"]["200"]["content"]["application/json"]
        schema = {**content["schema"], "components": strict(found["components"])}
        errors = Draft202012Validator(schema).iter_errors((await api.get(address)).json())
        assert [error.message for error in errors] == [], path


async def test_what_has_no_etag_is_said(still: Api) -> None:
    about = (await document(still))["info"]["description"]
    for named in ("stream", "/health", "redirect at `/`"):
        assert named in about.partition("No `ETag`:")[2]


async def test_the_page_loads_nothing_from_outside(still: Api) -> None:
    page = (await still.client.get("/api")).text
    addresses = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert len(addresses) >= 4
    for address in addresses:
        assert address.startswith("/api/")
        assert (await still.client.get(address)).status_code == 200
    start = (await still.client.get("/api/assets/start.js")).text
    assert "http" not in start
    assert "url(http" not in (await still.client.get("/api/assets/swagger-ui.css")).text


@pytest.mark.slow
def test_no_request_breaks_it_or_gets_an_answer_that_is_not_described(tmp_path: Any) -> None:
    service = RegisterService(open_database(str(tmp_path / "never-opened.db")), TERMS, clock)
    append(service.register, still_records())
    app = application(service)
    schema = schemathesis.openapi.from_dict(json.loads(json.dumps(app.openapi_schema.to_schema())))
    schema.app = app
    # Held requests and the endless stream have tests of their own.
    calls = schema.exclude(path="/api/v1/changes/stream")
    checks = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
    answered: Counter[int] = Counter()
    for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
        for found in calls.get_all_operations():
            operation: Any = found.ok()  # type: ignore[union-attr]
            if mode is GenerationMode.NEGATIVE and operation.path.endswith(("/history", "/terms")):
                continue  # every text is a good id there, and the terms take nothing that could be wrong

            @settings(
                max_examples=20,
                deadline=None,
                database=None,
                derandomize=True,
                phases=[Phase.explicit, Phase.generate],
                suppress_health_check=list(HealthCheck),
            )
            @given(case=operation.as_strategy(generation_mode=mode))
            def ask(case: Any) -> None:
                if case.query:
                    case.query.pop("wait", None)
                response = case.call()
                case.validate_response(response, checks=checks)
                answered[response.status_code] += 1

            ask()
    assert answered.keys() >= {200, 400, 404, 416, 422}
    assert answered[200] > 50
