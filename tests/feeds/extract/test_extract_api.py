"""``/extracts``: PDFs of answers and measures with tags, names and proofs, and the refusals of the interface."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from feeds.extract import api, proof_file
from feeds.extract.pages_text import Opened
from feeds.extract.verification import verify_extract
from feeds.verification import WHOLE
from register.words import LANGUAGES
from tests.feeds.extract.conftest import Desk
from tests.feeds.extract.samples import SIGNER, squeezed
from tests.register.api.helpers import assert_problem
from tests.register.synthetic import append, record

pytestmark = pytest.mark.anyio
ASKED = "code=7204+10+000+0&date=2026-09-10&origin=KZ&value_eur=18000&compliance=RU"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("path", "name"),
    [
        (f"/extracts/proof.pdf?{ASKED}", "register-proof-7204100000-2026-09-10-7"),
        ("/extracts/measures/KG-2026-001.pdf?", "register-KG-2026-001-7"),
    ],
)
async def test_both_kinds_in_both_languages(desk: Desk, language: str, path: str, name: str, tmp_path: Path) -> None:
    response = await desk.get(f"{path}&lang={language}")
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "application/pdf"
    assert response.headers["content-disposition"] == f'inline; filename="{name}-{language}.pdf"'
    assert response.headers["etag"].startswith('"7-')
    assert "max-age" in response.headers["cache-control"]
    file = tmp_path / "extract.pdf"
    file.write_bytes(response.content)
    verdict = verify_extract(file, SIGNER.verifier_key)
    assert verdict.exit_status == WHOLE, verdict.line()
    assert "byte for byte" in verdict.line("en")
    word = {"ru": "Выписка из Реестра", "en": "Extract from the Register"}[language]
    assert squeezed(word) in Opened(response.content).text()


async def test_russian_governs_when_no_language_is_given(desk: Desk) -> None:
    bare = await desk.get("/extracts/measures/KG-2026-001.pdf")
    assert bare.content == (await desk.get("/extracts/measures/KG-2026-001.pdf?lang=ru")).content


async def test_the_answer_inside_is_that_of_the_interface(desk: Desk) -> None:
    response = await desk.get(f"/extracts/proof.pdf?{ASKED}")
    inside = proof_file.decode(Opened(response.content).proof)
    assert inside.answer == (await desk.get(f"/api/v1/proof?{ASKED}")).json()


async def test_tags_304_and_head(desk: Desk) -> None:
    path = f"/extracts/proof.pdf?{ASKED}"
    first = await desk.get(path)
    again = await desk.get(path, If_None_Match=first.headers["etag"])
    assert (again.status_code, again.content) == (304, b"")
    head = await desk.client.head(path)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["etag"] == first.headers["etag"]


async def test_is_typeset_once_for_a_state(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []

    def counted(proof: proof_file.ProofFile) -> bytes:
        made.append(proof.seq)
        return b"%PDF"

    monkeypatch.setattr(api, "pdf", counted)
    path = "/extracts/measures/KG-2026-001.pdf"
    for address in (path, path, f"{path}?known_at=7", f"{path}?known_at=3", f"{path}?lang=en"):
        assert (await desk.get(address)).status_code == 200
    assert made == [7, 3, 7]
    append(desk.service.register, [record("AM-2026-009", "0101")])
    assert (await desk.get(path)).headers["etag"].startswith('"8-')
    assert made == [7, 3, 7, 8]


async def test_the_past_is_proved_under_the_present_checkpoint(desk: Desk, tmp_path: Path) -> None:
    response = await desk.get("/extracts/proof.pdf?code=7204&date=2026-09-10&known_at=2024-01-09T12:30:00Z")
    inside = proof_file.decode(Opened(response.content).proof)
    assert inside.seq == 3
    assert inside.question["known_at"] == 3
    file = tmp_path / "extract.pdf"
    file.write_bytes(response.content)
    verdict = verify_extract(file, SIGNER.verifier_key)
    assert verdict.exit_status == WHOLE, verdict.line()
    assert verdict.checkpoint is not None
    assert verdict.checkpoint.size == 7


async def test_before_the_first_entry(desk: Desk) -> None:
    response = await desk.get("/extracts/proof.pdf?code=7204&date=2026-09-10&known_at=0&lang=en")
    assert response.status_code == 200
    assert squeezed("No proof of origin is needed.") in Opened(response.content).text()


@pytest.mark.parametrize(
    ("query", "pointers"),
    [
        ("", ["/code", "/date"]),
        ("code=7204", ["/date"]),
        ("code=x&date=2026-02-30&value_eur=-1&lang=de", ["/code", "/date", "/value_eur", "/lang"]),
        ("code=7204&date=2026-09-10&known_at=99", ["/known_at"]),
        ("code=7204&date=2026-09-10&colour=red", ["/colour"]),
        ("code=7204&date=2026-09-10&lang=en&lang=ru", ["/lang"]),
    ],
)
async def test_bad_questions_are_refused_as_by_the_interface(desk: Desk, query: str, pointers: list[str]) -> None:
    assert_problem(await desk.get(f"/extracts/proof.pdf?{query}"), 422, *pointers)


@pytest.mark.parametrize(
    ("path", "status", "pointer"),
    [
        ("KG-2026-999.pdf", 404, "/id"),
        ("KG-2026-001", 404, "/file"),
        ("KG-2026-002.pdf?known_at=2", 404, "/id"),
        ("KG-2026-001.pdf?known_at=99", 422, "/known_at"),
        ("KG-2026-001.pdf?lang=de", 422, "/lang"),
        ("KG-2026-001.pdf?valid_on=2026-09-10", 422, "/valid_on"),
    ],
)
async def test_measures_that_are_not_there(desk: Desk, path: str, status: int, pointer: str) -> None:
    assert_problem(await desk.get(f"/extracts/measures/{path}"), status, pointer)


async def test_a_code_with_too_many_measures_is_refused_by_name_of_the_limit(desk: Desk) -> None:
    many = [record(f"BY-2026-{number:03d}", f"44{number:04d}") for number in range(100, 101 + api.MOST_MEASURES)]
    append(desk.service.register, many)
    problem = assert_problem(await desk.get("/extracts/proof.pdf?code=44&date=2026-09-10"), 422, "/code")
    assert "at most 300" in problem["detail"]
    assert (await desk.get("/extracts/proof.pdf?code=440100&date=2026-09-10")).status_code == 200


async def test_a_slow_extract_gives_way_in_time(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "SECONDS", 0.05)
    monkeypatch.setattr(api, "pdf", lambda _: time.sleep(0.4) or b"%PDF")
    paths = ["/extracts/measures/KG-2026-001.pdf", "/extracts/measures/AM-2026-001.pdf"]
    for response in await asyncio.gather(*(desk.get(path) for path in (*paths, *paths))):
        assert_problem(response, 503)
        assert response.headers["retry-after"] == "10"
