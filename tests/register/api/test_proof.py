"""Which proof: by query and in numbers."""

from typing import Any

import pytest

from register.api.proof import _question
from register.proof import QuestionError, answer, read_question
from tests.register.api.helpers import Api, application, assert_problem, assert_same_answers, client_of

pytestmark = pytest.mark.anyio

QUESTION = {"code": "7204 10 000 0", "date": "2026-09-10", "origin": "KZ", "value_eur": "12000.00"}


async def test_the_answer_is_that_of_the_law(filled: Api) -> None:
    response = await filled.client.get("/api/v1/proof", params=QUESTION)
    assert response.status_code == 200
    assert response.json() == answer(filled.service.register, read_question(QUESTION), None).public()
    assert response.json()["measures"][0]["id"] == "KG-2026-001"
    assert response.headers["etag"].startswith('"6-')


async def test_a_past_state(filled: Api) -> None:
    past = (await filled.get("/proof?code=1001&date=2026-09-10&known_at=2")).json()
    now = (await filled.get("/proof?code=1001&date=2026-09-10")).json()
    assert (past["proof"], past["known_at"]) == ("none", 2)
    assert (now["proof"], now["known_at"]) == ("origin_declaration", 6)
    by_time = (await filled.get("/proof?code=1001&date=2026-09-10&known_at=2026-09-10T12:00:00+03:00")).json()
    assert by_time["known_at"] == 6


@pytest.mark.parametrize(
    ("query", "pointers"),
    [
        ("", ("/code", "/date")),
        ("code=7204", ("/date",)),
        ("code=7&date=2026-09-10", ("/code",)),
        ("code=7204&date=10.09.2026", ("/date",)),
        ("code=7204&date=2026-09-10&origin=Kyrgyzstan", ("/origin",)),
        ("code=7204&date=2026-09-10&value_eur=-1", ("/value_eur",)),
        ("code=7204&date=2026-09-10&sanitary_certificate=perhaps", ("/sanitary_certificate",)),
        ("code=7204&date=2026-09-10&compliance=XX", ("/compliance",)),
        ("code=7204&date=2026-09-10&transport=cart", ("/transport",)),
        ("code=7204&date=2026-09-10&known_at=99", ("/known_at",)),
        ("code=7204&date=2026-09-10&colour=red", ("/colour",)),
        ("code=7204&code=7205&date=2026-09-10", ("/code",)),
        ("code=x&day=1&date=y", ("/day", "/code", "/date")),
    ],
)
async def test_what_is_refused_is_named(still: Api, query: str, pointers: tuple[str, ...]) -> None:
    assert_problem(await still.get(f"/proof?{query}"), 422, *pointers)


async def test_the_short_way_gives_the_same_as_the_handler(still: Api) -> None:
    async with client_of(application(still.service, shortcuts=False)) as handler:
        for query in ("code=7204&date=2026-09-10", "code=7204&date=2026-09-10&known_at=1", "code=x", "code=7204&a=1"):
            await assert_same_answers(handler, still.client, f"/api/v1/proof?{query}")


async def test_many_questions_in_order(filled: Api) -> None:
    questions = [{"code": code, "date": "2026-09-10"} for code in ("7204", "1001", "0101")] * 40
    response = await filled.client.post("/api/v1/proof", json={"questions": questions})
    assert response.status_code == 200
    answers = response.json()["answers"]
    assert response.json()["seq"] == 6
    assert [given["code"] for given in answers] == [asked["code"] for asked in questions]
    one = (await filled.get("/proof?code=1001&date=2026-09-10")).json()
    assert answers[1] == one
    assert (await filled.client.post("/api/v1/proof", json={"questions": []})).json() == {"answers": [], "seq": 6}


async def test_one_bad_question_refuses_all_and_is_named(filled: Api) -> None:
    good = {"code": "7204", "date": "2026-09-10"}
    questions = [good, good, {"code": "7204", "date": "soon"}, {**good, "known_at": 77}, {**good, "a/b": 1}]
    response = await filled.client.post("/api/v1/proof", json={"questions": questions})
    assert_problem(response, 422, "/questions/2/date", "/questions/4/a~1b")
    assert "answers" not in response.json()
    unknown_past = await filled.client.post("/api/v1/proof", json={"questions": [good, {**good, "known_at": 77}]})
    assert_problem(unknown_past, 422, "/questions/1/known_at")


async def test_a_thousand_and_no_more(filled: Api) -> None:
    question = {"code": "0101", "date": "2026-09-10"}
    assert (await filled.client.post("/api/v1/proof", json={"questions": [question] * 1000})).status_code == 200
    problem = assert_problem(
        await filled.client.post("/api/v1/proof", json={"questions": [question] * 1001}), 422, "/questions"
    )
    assert "1000" in problem["errors"][0]["text"]["en"]


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"", 400), (b"{", 400), (b"\xff", 400), (b'{"questions": [{"a": ' + b"[" * 200_000, 400),
     (b"[]", 422), (b'{"questions": 1}', 422),
     (b'{"questions": [1]}', 422), (b"{}", 422), (b'{"questions": [], "more": 1}', 422)],
)  # fmt: skip
async def test_a_body_that_is_no_list_of_questions(still: Api, body: bytes, status: int) -> None:
    assert_problem(await still.client.post("/api/v1/proof", content=body), status)


async def test_a_body_too_large(still: Api) -> None:
    assert_problem(await still.client.post("/api/v1/proof", content=b" " * 11_000_000), 413)


@pytest.mark.parametrize(
    "query",
    [
        "code=7204&date=2026-09-10",
        "code=7204&&date=2026-09-10&",
        "code=7204&date=2026-09-10&origin=",
        "code=7204&date=2026-09-10&origin",
        "code=72=04&date=2026-09-10",
        "code=7204&date=2026-09-10&code=7205",
        "=&code=7204&date=2026-09-10",
        "code=72+04&date=2026-09-10",
        "code=72%2004&date=2026-09-10",
        "",
    ],
)
def test_a_query_without_escapes_is_read_as_any_other(query: str) -> None:
    """The short reading against the library's, which an escape that changes nothing brings about."""

    def read(text: str) -> tuple[Any, list[tuple[str, Any]]]:
        faults: list[Any] = []
        try:
            found: Any = _question(text.encode(), faults)
        except QuestionError as error:
            found = [(fault.field, fault.rule) for fault in error.faults]
        return found, [(fault.pointer, fault.text) for fault in faults]

    assert read(query) == read(query.replace("a", "%61").replace("o", "%6F"))
