"""The operator's page of working days, on both engines: who sees it, what it shows, what it takes and refuses."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from admin.accounts import Role
from admin.accounts.passwords import Passwords
from admin.app import create_app
from admin.settings import Settings
from consultations.moved_days import Calendars, read
from register.database import Database
from tests.admin.conftest import QUICK, Browser, Clock, Staff

pytestmark = pytest.mark.anyio

PATH = "/ru/staff/moved-days"
GIVEN = {
    "calendar": "KZ",
    "day": "2027-03-20",
    "kind": "working",
    "source": "Приказ министра труда № 436",
    "source_date": "2026-09-01",
}


@dataclass
class Desk:
    """The application, and the operator at work."""

    staff: Staff
    operator: Browser
    calendars: Calendars

    @property
    def database(self) -> Database:
        return self.staff.accounts.database

    async def post(self, by: Browser | str | None = None, path: str = PATH, **given: str) -> Any:
        """Send a form of the page with its token."""
        browser = by if isinstance(by, Browser) else self.operator
        data = {"_csrf": await browser.token(), **given}
        return await browser.client.post(path, data=data, headers={"Accept": "text/html"})


@pytest.fixture
async def desk(anyio_backend: str, database_url: str, tmp_path: Path) -> AsyncIterator[Desk]:
    clock = Clock()
    settings = Settings(data_dir=tmp_path / "data", database_url=database_url, base_url="http://register.test")
    app = create_app(settings, clock=clock, scheduled=False)
    app.state.accounts.passwords = Passwords(QUICK)
    staff = Staff(app, app.state.accounts, clock)
    async with app.lifespan():
        try:
            operator, _ = await staff.at_work(Role.OPERATOR)
            yield Desk(staff, operator, app.state.calendars)
        finally:
            for browser in staff.browsers:
                await browser.client.aclose()


def text_of(page: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", page)))


async def test_a_day_is_entered_seen_and_taken_back(desk: Desk) -> None:
    assert not desk.calendars.days.works("KZ", date(2027, 3, 20))
    answer = await desk.post(do="add", **GIVEN)
    assert (answer.status_code, answer.headers["location"]) == (303, f"{PATH}?calendar=KZ&year=2027&done=add")
    # This process counts with it at once.
    assert desk.calendars.days.works("KZ", date(2027, 3, 20))
    shown = text_of((await desk.operator.get(answer.headers["location"])).text)
    assert "День внесён, сроки исчисляются с его учётом." in shown
    assert "20.03.2027 суббота рабочий день Приказ министра труда № 436, 01.09.2026 Имя operator, 10.09.2026" in shown
    answer = await desk.post(do="remove", calendar="KZ", day="2027-03-20")
    assert answer.status_code == 303
    assert not desk.calendars.days.works("KZ", date(2027, 3, 20))
    assert [row["action"] for row in await desk.staff.trail("moved_days")] == ["moved_days.add", "moved_days.remove"]
    answer = await desk.post(do="remove", calendar="KZ", day="2027-03-20")
    assert answer.status_code == 422
    assert "Такой записи уже нет." in answer.text


async def test_a_year_is_marked_and_the_mark_taken_back(desk: Desk) -> None:
    page = text_of((await desk.operator.get(f"{PATH}?calendar=KZ&year=2027")).text)
    assert "Республика Казахстан ещё не внесены: сроки предварительные" in page
    assert "Российская Федерация решение на год известно" in page
    given = {name: GIVEN[name] for name in ("calendar", "source", "source_date")}
    assert (await desk.post(do="settle", year="2027", **given)).status_code == 303
    assert desk.calendars.days.settled("KZ", 2027)
    page = text_of((await desk.operator.get(f"{PATH}?calendar=KZ&year=2027")).text)
    assert "Республика Казахстан внесены полностью" in page
    assert "2027 год внесён полностью: других переносов не будет Приказ министра труда" in page
    assert (await desk.post(do="unsettle", calendar="KZ", year="2027")).status_code == 303
    assert not desk.calendars.days.settled("KZ", 2027)


async def test_a_day_of_russia_is_shown_at_the_seat(desk: Desk) -> None:
    assert (await desk.post(do="add", **{**GIVEN, "calendar": "RU"})).status_code == 303
    page = text_of((await desk.operator.get(f"{PATH}?calendar=EEC&year=2027")).text)
    assert "20.03.2027 суббота рабочий день по календарю: Российская Федерация" in page


@pytest.mark.parametrize(
    ("changed", "field", "fault"),
    [
        ({"day": ""}, "f-day", "Дата указывается в виде"),
        ({"day": "31.02.2027"}, "f-day", "Такой даты в календаре нет"),
        ({"kind": ""}, "f-kind", "Укажите, рабочий это день или выходной."),
        ({"source": ""}, "f-source", "Нужно основание"),
        ({"source_date": "вчера"}, "f-source_date", "Дата указывается в виде"),
        ({"source_date": "2026-09-11"}, "f-source_date", "не позднее сегодняшнего дня (10.09.2026)"),
        ({"calendar": "US"}, "f-calendar", "Календарь – один из"),
        ({"day": "2101-01-03"}, "f-day", "Год – от 2000 до 2100."),
    ],
)
async def test_an_error_stands_beside_its_field(desk: Desk, changed: dict[str, str], field: str, fault: str) -> None:
    answer = await desk.post(do="add", **{**GIVEN, **changed})
    assert answer.status_code == 422
    found = re.search(rf'<p class="fault" id="{field}-fault">(.*?)</p>', answer.text, re.S)
    assert found is not None
    assert fault in unescape(found[1])
    assert f'href="#{field}"' in answer.text
    # What was typed is not lost.
    kept = {**GIVEN, **changed}["source"]
    assert f'id="f-source" name="source" type="text" value="{kept}"' in unescape(answer.text)
    assert (await read(desk.database)).revision == 0


async def test_everything_wrong_is_said_at_once(desk: Desk) -> None:
    answer = await desk.post(do="add", calendar="KZ", day="2027-03-20", kind="", source="", source_date="")
    assert set(re.findall(r'id="(f-[a-z_]+)-fault"', answer.text)) == {"f-kind", "f-source", "f-source_date"}
    answer = await desk.post(do="settle", calendar="KZ", year="27", source="", source_date="")
    assert {"f-year-year", "f-year-source_date"} <= set(re.findall(r'id="(f-[a-z_-]+)-fault"', answer.text))
    assert "Год пишется четырьмя цифрами" in answer.text


async def test_the_same_day_is_not_entered_twice(desk: Desk) -> None:
    assert (await desk.post(do="add", **GIVEN)).status_code == 303
    answer = await desk.post(do="add", **{**GIVEN, "kind": "off"})
    assert answer.status_code == 422
    assert "20.03.2027 в этом календаре уже внесён" in answer.text
    assert desk.calendars.days.works("KZ", date(2027, 3, 20))


async def test_an_unknown_deed_or_year_is_refused(desk: Desk) -> None:
    assert (await desk.post(do="erase", **GIVEN)).status_code == 422
    assert (await desk.operator.get(f"{PATH}?year=99")).status_code == 422
    assert (await desk.operator.get(f"{PATH}?calendar=US")).status_code == 200


async def test_the_auditor_reads_and_others_do_not(desk: Desk) -> None:
    auditor, _ = await desk.staff.at_work(Role.AUDITOR)
    page = await auditor.get(f"{PATH}?calendar=KZ&year=2027")
    assert page.status_code == 200
    assert 'value="add"' not in page.text
    assert 'value="add"' in (await desk.operator.get(PATH)).text
    assert (await desk.post(auditor, do="add", **GIVEN)).status_code == 403
    clerk, _ = await desk.staff.at_work(Role.CLERK)
    assert (await clerk.get(PATH)).status_code == 403
    assert (await desk.post(clerk, do="add", **GIVEN)).status_code == 403
    stranger = await desk.staff.browser().get(PATH)
    assert (stranger.status_code, "sign-in" in stranger.headers["location"]) == (303, True)
    assert (await read(desk.database)).revision == 0


async def test_a_form_without_its_token_does_nothing(desk: Desk) -> None:
    answer = await desk.operator.client.post(PATH, data={**GIVEN, "do": "add"}, headers={"Accept": "text/html"})
    assert answer.status_code == 403
    assert (await read(desk.database)).revision == 0


async def test_in_english(desk: Desk) -> None:
    answer = await desk.post(path="/en/staff/moved-days", do="add", **GIVEN)
    shown = text_of((await desk.operator.get(answer.headers["location"])).text)
    assert "The day is entered; deadlines are counted with it from now on." in shown
    assert "20 March 2027 Saturday working day" in shown
    assert "Days known without any entry" in shown
    assert "Nowruz Holiday, observed" in shown


async def test_the_inclusion_deadline_on_the_desk_follows(desk: Desk) -> None:
    clerk, _ = await desk.staff.at_work(Role.CLERK)
    answer = await clerk.send("/ru/staff/drafts", "/ru/staff/drafts/new", kind="include", measure="")
    number = int(answer.headers["location"].split("/")[4])
    given = {"state": "AM", "kind": "licensing", "title_ru": "Лом", "notified_on": "2026-09-09", "do": "save"}
    assert (await clerk.send(f"/ru/staff/drafts/{number}/edit", **given)).status_code == 303
    home = text_of((await clerk.get("/ru/staff")).text)
    assert "10 рабочих дней со дня, следующего за 09.09.2026: последний день – 23.09.2026." in home
    await desk.post(do="add", **{**GIVEN, "calendar": "EEC", "day": "2026-09-16", "kind": "off"})
    home = text_of((await clerk.get("/ru/staff")).text)
    assert "последний день – 24.09.2026. Не считаются субботы и воскресенья, а также 16.09.2026 (выходной: " in home
    assert "Как рассчитан срок" in home
