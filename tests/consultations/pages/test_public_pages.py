"""The public pages of consultations, from entries of the journal alone: no database is ever opened."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from html import unescape
from typing import Any

import httpx
import pytest
from litestar.di import Provide

import consultations.api
import consultations.pages
import register.api
import register.pages
from consultations.pages import reading
from consultations.pages.reading import Selection, select
from consultations.pages.steps import steps
from register.database import open_database
from register.pages.errors import problem_handler
from register.service import RegisterService
from register.web import PublicApp
from tests.consultations.pages.seed import ENTRIES, MARBLE, PERMITTED, entered, filled, record
from tests.register.pages.seed import open_service, replay

pytestmark = pytest.mark.anyio


def create_app(service: RegisterService) -> PublicApp:
    """The public pages and the reading calls that they name, as one application."""
    app = PublicApp(
        route_handlers=[
            *consultations.pages.route_handlers,
            *register.pages.route_handlers,
            *register.api.route_handlers,
        ],
        dependencies={"service": Provide(lambda: service, sync_to_thread=False, use_cache=True)},
        exception_handlers={Exception: problem_handler},
        openapi_config=None,
    )
    app.state.service = service
    return app


@pytest.fixture
def service() -> RegisterService:
    service = open_service(open_database("sqlite:///nowhere/never-opened.db"))
    service.register = filled()
    return service


def reader(service: RegisterService) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app=create_app(service))  # type: ignore[arg-type]
    headers = {"accept": "text/html,*/*;q=0.8"}
    return httpx.AsyncClient(transport=transport, base_url="http://register.test", headers=headers)


@pytest.fixture
async def client(service: RegisterService) -> AsyncIterator[httpx.AsyncClient]:
    async with reader(service) as client:
        yield client


def plain(page: str) -> str:
    """The text of a page, blanks folded."""
    text = " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())
    return re.sub(r" (?=[:,.])", "", text)


async def listed(client: httpx.AsyncClient, query: str = "") -> list[str]:
    """The numbers of a list, in its order."""
    answer = await client.get(f"/ru/consultations?{query}")
    assert answer.status_code == 200, answer.text
    return [
        f"C-2026-{one}"
        for one in re.findall(r'<th scope="row"[^>]*><a class="id" href="[^"]*C-2026-(\d+)', answer.text)
    ]


async def test_the_list_newest_first_with_filters_in_the_address(client: httpx.AsyncClient) -> None:
    every = [f"C-2026-{number:03d}" for number in (7, 6, 5, 4, 3)]
    assert await listed(client) == every
    assert await listed(client, "state=KZ") == ["C-2026-005", "C-2026-003"]
    assert await listed(client, "state=RU&state=BY") == ["C-2026-007", "C-2026-006", "C-2026-005"]
    assert await listed(client, "status=no_consensus,withdrawn") == ["C-2026-006", "C-2026-005"]
    assert await listed(client, "status=entered_in_register") == ["C-2026-003"]
    assert await listed(client, "code=7204 10 000 0") == ["C-2026-004"]
    assert await listed(client, "code=25") == ["C-2026-003"]
    assert await listed(client, "q=лома металлы") == ["C-2026-004"]
    assert await listed(client, "q=c-2026-006") == ["C-2026-006"]
    assert await listed(client, "q=,,,") == []
    assert await listed(client, "sort=meeting&status=scheduled,no_consensus") == ["C-2026-006", "C-2026-004"]
    assert await listed(client, "sort=nonsense&unknown=1&status=in_progress") == every


async def test_what_is_wrong_with_the_address_is_said(client: httpx.AsyncClient) -> None:
    answer = await client.get("/ru/consultations?code=x&known_at=never")
    assert answer.status_code == 422
    assert 'href="#f-code"' in answer.text
    assert 'href="#f-known_at"' in answer.text
    assert 'value="never"' in answer.text


async def test_an_empty_list_says_what_would_stand_there() -> None:
    service = open_service(open_database("sqlite:///nowhere/never-opened.db"))
    service.register = replay()
    async with reader(service) as client:
        answer = await client.get("/ru/consultations")
    assert "Консультации еще не проводились." in answer.text
    assert "со дня, когда их инициирует" in answer.text


async def test_one_consultation_with_all_that_is_public(client: httpx.AsyncClient) -> None:
    answer = await client.get("/ru/consultations/C-2026-003")
    text = plain(answer.text)
    for said in (
        "решение внесено в Реестр: декларация о происхождении может использоваться по мере KG-2026-021",
        "Кыргызская Республика",
        "Республика Казахстан",
        "Мрамор необработанный",
        "2515 11 000 0",
        "15.12.2026 – 15.06.2027",
        "10.11.2026",
        "Протокол № 12-К от 12.11.2026",
        "с 15.11.2026, без ограничения срока",
        "Внесено в сведения о мере KG-2026-021, запись 6",
        "3 записи",
    ):
        assert said in text, said
    for link in (
        'href="/ru/measures/KG-2026-021"',
        'href="/ru/changes/11"',
        'type="text/calendar"',
        'href="/feeds/consultations/C-2026-003.ics?lang=ru"',
        'href="/feeds/consultations.rss?lang=ru"',
        'href="/api/v1/consultations/C-2026-003"',
        'hreflang="en" href="http://127.0.0.1:8000/en/consultations/C-2026-003"',
    ):
        assert link in answer.text, link


async def test_a_text_of_a_record_stays_a_text(client: httpx.AsyncClient) -> None:
    for path in ("/ru/consultations", "/en/consultations/C-2026-004"):
        page = (await client.get(path)).text
        assert "<b>черных</b>" not in page
        assert "&lt;b&gt;черных&lt;/b&gt;" in page


async def test_as_it_was_known_then(client: httpx.AsyncClient) -> None:
    page = (await client.get("/ru/consultations/C-2026-003?known_at=9")).text
    assert "по состоянию на запись 9" in page
    assert "С тех пор они изменены." in page
    assert "Протокол" not in plain(page)
    assert (await client.get("/ru/consultations/C-2026-003?known_at=8")).status_code == 404
    assert (await client.get("/ru/consultations/C-2026-003?known_at=x")).status_code == 422
    assert await listed(client, "known_at=10") == ["C-2026-003"]


async def test_what_is_not_there(client: httpx.AsyncClient) -> None:
    for identifier in ("C-2026-999", "x", "%3Cscript%3E"):
        answer = await client.get(f"/ru/consultations/{identifier}")
        assert answer.status_code == 404
        assert "Консультаций «" in answer.text
        assert "<script>" not in answer.text.replace('<script src="', "")


async def test_the_pages_are_kept_by_their_readers(client: httpx.AsyncClient) -> None:
    for path in ("/ru/consultations", "/en/consultations/C-2026-003"):
        first = await client.get(path)
        again = await client.get(path, headers={"if-none-match": first.headers["etag"]})
        assert again.status_code == 304
        assert (await client.head(path)).headers["etag"] == first.headers["etag"]


async def test_other_pages_lead_here(client: httpx.AsyncClient) -> None:
    link = 'href="/ru/consultations/C-2026-003"'
    assert link in (await client.get("/ru/measures/KG-2026-021")).text
    assert link in (await client.get("/ru/changes?type=consultation.concluded")).text
    entry = (await client.get("/ru/changes/11")).text
    assert link in entry
    assert "консенсус, декларация допущена" in entry
    assert "protocol" not in plain(entry)
    main = (await client.get("/ru/")).text
    navigation = re.findall(r'<li><a href="/ru(/[^"]*)"', main)
    assert navigation == ["/", "/measures", "/changes", "/consultations", "/rules", "/about"]


def stages(given: dict[str, Any], today: str = "2026-11-22") -> list[str]:
    return [step.stage for step in steps(given, today)]


def test_where_a_consultation_stands() -> None:
    first = record("C-2026-001", "KG", "KZ", ["KZ"], "Мрамор", "2515")
    assert stages(first) == ["done", "now", "ahead", "ahead", "ahead"]
    met = {**first, "status": "scheduled", "meeting": {"date": "2026-12-01"}}
    assert stages(met) == ["done", "now", "ahead", "ahead", "ahead"]
    assert stages(met, "2026-12-01") == ["done", "done", "done", "now", "ahead"]
    permitted = {**PERMITTED, "entered": None}
    assert stages(permitted) == ["done", "done", "done", "done", "now"]
    assert stages({**permitted, "entered": {"measure": "KG-2026-021", "seq": 6}})[-1] == "done"
    for outcome in ("no_consensus", "consensus_not_permitted"):
        assert stages({**permitted, "status": outcome, "outcome": outcome}) == ["done", "done", "done", "ended"]
    gone = {**first, "status": "withdrawn", "withdrawn_on": "2026-11-22"}
    assert stages(gone) == ["done", "ended"]
    revoked = {**permitted, "status": "revoked", "revocation": {"last_day": "2027-01-31"}}
    assert [step.day for step in steps(revoked, "2026-11-22")][-1] == "2027-01-31"
    assert sum(step.stage == "now" for step in steps(met, "2026-11-22")) == 1


def test_a_revoked_permission_shows_where_it_stood() -> None:
    revoked = {
        **PERMITTED,
        "status": "revoked",
        "revocation": {"protocol": {"number": "16-К", "date": "2026-11-20"}, "last_day": "2027-01-31"},
    }
    register_ = entered(replay(), *ENTRIES[:3], ("consultation.concluded", revoked))
    shown = reading.record(register_, "C-2026-003")
    assert shown is not None
    assert shown["status"] == "revoked"
    assert shown["entered"] == {"measure": "KG-2026-021", "seq": 6}
    assert [step.measure for step in steps(shown, "2026-11-22")][-2:] == ["KG-2026-021", None]


def test_numbers_are_sorted_as_numbers() -> None:
    found = [{**reading.whole(MARBLE), "id": f"C-2026-{number}"} for number in ("999", "1000", "002")]
    assert [one["id"] for one in select(found, Selection())] == ["C-2026-1000", "C-2026-999", "C-2026-002"]
    assert next(one["id"] for one in select(found, Selection(sort="id"))) == "C-2026-002"
