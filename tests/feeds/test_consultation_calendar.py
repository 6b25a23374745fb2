"""The calendars of consultations: stable names, moved meetings, what is called off, and nothing that is not public."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import icalendar
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from litestar import Litestar, Router
from litestar.di import Provide

import feeds.consultation_calendar_api
from admin.accounts.audit import audit
from admin.accounts.policy import Actor, Role
from consultations import moved_days
from consultations.clock import Targets
from consultations.moved_days import Calendars
from consultations.working_days import MovedDay, SettledYear, WorkingDays
from feeds import export
from feeds.consultation_calendar import (
    ClockWork,
    Permissions,
    Place,
    consultation_calendar,
    state_calendar,
)
from feeds.log import Log
from feeds.notes import Signer
from register.database import open_database
from register.entries import Entry, EntryType, header
from register.index import Register
from register.measures import STATES, from_public
from register.service import RegisterService
from tests.feeds.helpers import BASE, ORIGIN, SEED, TERMS, Clock, Site
from tests.feeds.test_calendar import events as parsed
from tests.register.api.helpers import application, assert_problem
from tests.register.synthetic import record as measure

ID = "C-2026-003"
URN = "urn:eaeu:register:consultation:"
PLACE = Place(BASE, f"{BASE}/feeds/consultations/{ID}.ics", "ru")
SETTLED = [SettledYear(state, year, "Указ", date(2026, 1, 1)) for state in STATES for year in (2026, 2027)]
WORK = ClockWork(Targets(), WorkingDays(settled=SETTLED))
BEGUN = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
TYPES: Mapping[str, EntryType] = {
    "initiated": "consultation.initiated",
    "scheduled": "consultation.scheduled",
    "withdrawn": "consultation.withdrawn",
}


def consultation(status: str = "initiated", **given: Any) -> dict[str, Any]:
    """The public record of a consultation."""
    record: dict[str, Any] = {
        "id": ID,
        "state": "KG",
        "initiator": "KZ",
        "burdened": ["KZ"],
        "kind": "export_prohibition",
        "title": {"ru": "Запрет вывоза лома; чёрные металлы", "en": "Scrap, ferrous"},
        "goods": [],
        "planned": {"from": "2026-12-15", "to": "2027-06-15"},
        "measure": None,
        "initiated_on": "2026-11-22",
        "meeting": None,
        "status": status,
        "outcome": None,
        "concluded_on": None,
        "protocol": None,
        "permission": None,
        "withdrawn_on": None,
        "revocation": None,
        "version": 1,
        "seq": 1,
    }
    return record | given


def scheduled(day: str, **given: Any) -> dict[str, Any]:
    return consultation("scheduled", meeting={"date": day}, **given)


def concluded(outcome: str, on: str, meeting: str = "2026-12-08") -> dict[str, Any]:
    return consultation(outcome, meeting={"date": meeting}, outcome=outcome, concluded_on=on)


def told(*records: dict[str, Any]) -> Register:
    """A Register with one entry a day for each record, of a consultation or of a measure."""
    register = Register()
    for one in records:
        tell(register, one)
    return register


def tell(register: Register, one: dict[str, Any]) -> None:
    seq = register.seq + 1
    at = BEGUN + seq * timedelta(days=1)
    if one["id"].startswith("C-"):
        type_ = TYPES.get(one["status"], "consultation.concluded")
    else:
        known = register.version(one["id"])
        type_ = "measure.included" if known is None else "declaration.permitted"
        number = 1 if known is None else known.number + 1
        one = from_public({**one, "version": number, "seq": seq}).public(at.date())
    body = Entry(seq, at, type_, one["id"], "legal_change", {"ru": "…", "en": None}, None, one, [], "P24").body()
    register.apply(header(seq, at, type_, one["id"], body), body)


def events(register: Register, work: ClockWork = WORK, id_: str = ID, **place: Any) -> dict[str, icalendar.Event]:
    """The events of one consultation by what is after the name that all have."""
    where = Place(**{"base": BASE, "address": PLACE.address, "language": "ru", **place})
    content = consultation_calendar(register, id_, work, Permissions(), where)
    return {uid.removeprefix(f"{URN}{id_}:"): event for uid, event in parsed(content).items()}


def day(event: icalendar.Event) -> date:
    found = event["dtstart"].dt
    assert type(found) is date
    return found


def test_an_initiated_consultation_has_its_target_dates() -> None:
    found = events(told(consultation()))
    assert {uid: day(event) for uid, event in found.items()} == {
        **{f"target:position:{state}": date(2026, 12, 11) for state in STATES},
        "target:meeting": date(2026, 12, 22),
    }
    event = found["target:position:KZ"]
    assert str(event["summary"]) == (
        "Срок изложения позиции (Республика Казахстан): консультации C-2026-003 (Кыргызская Республика, запрет вывоза)"
    )
    description = str(event["description"])
    assert description.startswith(
        "Запрет вывоза лома; чёрные металлы\n15 рабочих дней со дня, следующего за 22.11.2026"
    )
    assert "пункт 24 Правил числа дней не называет" in description
    assert description.endswith(f"{BASE}/ru/consultations/{ID}")
    assert (event["status"], event["sequence"], event["transp"]) == ("CONFIRMED", 0, "TRANSPARENT")
    assert event["dtstamp"].dt == event["last-modified"].dt == event["created"].dt == BEGUN + timedelta(days=1)


def test_a_calendar_says_what_it_is_in_both_languages() -> None:
    register = told(scheduled("2026-12-08"))
    content = consultation_calendar(register, ID, WORK, Permissions(), PLACE)
    found = icalendar.Calendar.from_ical(content)
    assert isinstance(found, icalendar.Calendar)
    assert (found["method"], found["version"], str(found["x-wr-calname"])) == (
        "PUBLISH",
        "2.0",
        "Консультации C-2026-003",
    )
    english = events(register, language="en", demonstration=True)["meeting"]
    assert str(english["summary"]).startswith("Meeting of the subcommittee: consultation C-2026-003 (")
    assert str(english["description"]).startswith("Scrap, ferrous")
    # The same entries give the same bytes.
    assert content == consultation_calendar(register, ID, WORK, Permissions(), PLACE)


def test_a_moved_meeting_is_the_same_event_on_another_day() -> None:
    register = told(consultation(), scheduled("2026-12-08"))
    before = events(register)["meeting"]
    assert (day(before), before["sequence"], before["status"]) == (date(2026, 12, 8), 0, "CONFIRMED")
    tell(register, scheduled("2026-12-10", version=3))
    after = events(register)["meeting"]
    assert (day(after), after["sequence"], after["status"]) == (date(2026, 12, 10), 1, "CONFIRMED")
    assert after["uid"] == before["uid"]
    assert after["created"].dt == before["created"].dt
    assert after["last-modified"].dt == register.recorded_at(3) > before["last-modified"].dt


def test_a_meeting_has_no_time_and_no_place() -> None:
    event = events(told(scheduled("2026-12-08")))["meeting"]
    assert day(event) == date(2026, 12, 8)
    assert not {"location", "dtend", "attendee", "organizer", "conference"} & {name.lower() for name in event}


def test_a_withdrawn_consultation_calls_everything_off() -> None:
    register = told(consultation(), scheduled("2026-12-08"), consultation("withdrawn", withdrawn_on="2026-11-25"))
    found = events(register)
    assert {event["status"] for event in found.values()} == {"CANCELLED"}
    assert {uid: event["sequence"] for uid, event in found.items()} == {
        **{f"target:position:{state}": 2 for state in STATES},
        "target:meeting": 2,
        "meeting": 1,
    }
    assert day(found["meeting"]) == date(2026, 12, 8)
    assert "Отменено записью 3." in str(found["meeting"]["description"])
    assert found["meeting"]["last-modified"].dt == register.recorded_at(3)


@pytest.mark.parametrize(("on", "status"), [("2026-12-08", "CONFIRMED"), ("2026-12-07", "CANCELLED")])
def test_a_meeting_that_was_held_stays_when_the_consultation_is_concluded(on: str, status: str) -> None:
    found = events(told(consultation(), scheduled("2026-12-08"), concluded("no_consensus", on)))
    assert found["meeting"]["status"] == status
    assert found["target:position:AM"]["status"] == "CANCELLED"
    assert found["target:meeting"]["status"] == "CANCELLED"
    assert "target:entry" not in found


def permitted(**given: Any) -> dict[str, Any]:
    declaration = {
        "permitted": True,
        "from": "2026-12-20",
        "to": None,
        "protocol": {"number": "12", "date": "2026-12-08"},
        "consultation": ID,
    }
    return measure("KG-2026-030", **{"declaration": declaration, **given})


def test_a_permission_is_due_until_it_stands_in_the_register() -> None:
    register = told(measure("KG-2026-030"), scheduled("2026-12-08"), concluded("consensus_permitted", "2026-12-08"))
    known = Permissions()

    def entry() -> icalendar.Event:
        content = consultation_calendar(register, ID, WORK, known, PLACE)
        return parsed(content)[f"{URN}{ID}:target:entry"]

    assert (day(entry()), entry()["status"], entry()["sequence"]) == (date(2026, 12, 15), "CONFIRMED", 0)
    tell(register, permitted())
    assert (entry()["status"], entry()["sequence"]) == ("CANCELLED", 1)
    assert entry()["last-modified"].dt == register.recorded_at(4)
    # A later entry on the measure tells nothing of the consultation.
    tell(register, permitted(title={"ru": "Иначе", "en": None}))
    assert (entry()["sequence"], entry()["last-modified"].dt) == (1, register.recorded_at(4))
    # Taken off by mistake: due again, told anew.
    tell(register, measure("KG-2026-030", declaration=None))
    assert (entry()["status"], entry()["sequence"]) == ("CONFIRMED", 2)
    tell(register, permitted())
    assert (entry()["status"], entry()["sequence"]) == ("CANCELLED", 3)
    tell(register, concluded("revoked", "2026-12-08"))
    assert (entry()["status"], entry()["sequence"]) == ("CANCELLED", 3)


def test_a_moved_day_moves_the_date_and_is_told_anew() -> None:
    register = told(consultation())
    before = events(register)["target:position:KZ"]
    off = MovedDay("KZ", date(2026, 12, 11), False, "Указ", date(2026, 11, 20))
    changed_at = BEGUN + timedelta(days=10)
    found = events(register, ClockWork(Targets(), WorkingDays([off], SETTLED), 4, changed_at))
    after = found["target:position:KZ"]
    assert day(after) == date(2026, 12, 14)
    assert after["sequence"] == before["sequence"] + 4
    assert after["last-modified"].dt == changed_at
    assert day(found["target:position:AM"]) == date(2026, 12, 11)


def test_a_provisional_date_is_tentative() -> None:
    event = events(told(consultation()), ClockWork(Targets(), WorkingDays()))["target:position:KZ"]
    assert event["status"] == "TENTATIVE"
    assert "предварительно" in str(event["summary"])
    assert "ещё не внесены" in str(event["description"])


def test_the_calendar_of_a_state_has_all_but_what_others_are_asked() -> None:
    register = told(consultation(), scheduled("2026-12-08"), consultation(id="C-2026-004", state="AM", burdened=["BY"]))
    known, today = Permissions(), date(2026, 11, 26)
    content = state_calendar(register, "BY", WORK, known, PLACE, today)
    mine = set(parsed(content))
    assert mine == {
        f"{URN}{ID}:meeting",
        f"{URN}{ID}:target:meeting",
        f"{URN}{ID}:target:position:BY",
        f"{URN}C-2026-004:target:meeting",
        f"{URN}C-2026-004:target:position:BY",
    }
    assert parsed(content)[f"{URN}{ID}:meeting"] == events(register)["meeting"]
    assert parsed(state_calendar(register, "BY", WORK, known, PLACE, date(2027, 12, 22))) .keys() == {
        f"{URN}{ID}:target:meeting",
        f"{URN}C-2026-004:target:meeting",
    }  # fmt: skip


STEPS = st.lists(
    st.one_of(
        st.builds(scheduled, st.dates(date(2026, 12, 1), date(2027, 1, 20)).map(date.isoformat)),
        st.just(consultation()),
        st.just(consultation("withdrawn", withdrawn_on="2026-12-01")),
        st.sampled_from(["consensus_permitted", "no_consensus", "revoked"]).map(lambda o: concluded(o, "2026-12-08")),
        st.just(permitted()),
        st.just(measure("KG-2026-030")),
    ),
    min_size=1,
    max_size=8,
)


@settings(max_examples=40)
@given(STEPS)
def test_an_event_is_never_told_with_a_lower_sequence(steps: list[dict[str, Any]]) -> None:
    register = told(measure("KG-2026-030"), consultation())
    before: dict[str, icalendar.Event] = {}
    for step in steps:
        tell(register, step)
        found = events(register)
        assert found.keys() >= before.keys()
        for uid, old in before.items():
            new = found[uid]
            assert new["sequence"] >= old["sequence"]
            assert new["last-modified"].dt >= old["last-modified"].dt
            if (new["status"], day(new)) != (old["status"], day(old)):
                assert new["sequence"] > old["sequence"]
        before = found


# Over HTTP


@asynccontextmanager
async def opened(url: str, clock: Clock, tmp_path: Path) -> AsyncIterator[tuple[Site, Calendars]]:
    service = RegisterService(open_database(url), TERMS, clock)
    calendars = Calendars(service.database)
    log = Log(service, [Signer(ORIGIN, SEED)], tmp_path / "signed")

    @asynccontextmanager
    async def running(_: Litestar) -> AsyncIterator[None]:
        await service.start()
        await calendars.start()
        await log.start()
        try:
            yield
        finally:
            await calendars.stop()
            await service.stop()

    given: Any = {
        "calendars": Provide(lambda: calendars, sync_to_thread=False),
        "targets": Provide(lambda: Targets(), sync_to_thread=False),
    }
    router = Router("/", route_handlers=feeds.consultation_calendar_api.route_handlers, dependencies=given)
    app: Any = application(service, [router], lifespan=[running])
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    plain = {"Accept-Encoding": "identity"}
    async with app.lifespan(), httpx.AsyncClient(transport=transport, base_url=BASE, headers=plain) as client:
        yield Site(client, service, log, clock, app), calendars


@pytest.fixture
async def office(
    anyio_backend: str, database_url: str, clock: Clock, tmp_path: Path
) -> AsyncIterator[tuple[Site, Calendars]]:
    async with opened(database_url, clock, tmp_path) as running:
        yield running


PATH = f"/feeds/consultations/{ID}.ics"


@pytest.mark.anyio
async def test_it_is_served_as_the_other_feeds_are(office: tuple[Site, Calendars]) -> None:
    site, calendars = office
    await site.append("consultation.initiated", ID, consultation(), {"ru": "Инициированы", "en": None})
    answer = await site.get(PATH)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/calendar; charset=utf-8")
    assert answer.headers["cache-control"] == "public, max-age=60, must-revalidate"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["etag"].startswith('"1-')
    assert (await site.get(PATH, if_none_match=answer.headers["etag"])).status_code == 304
    head = await site.client.head(PATH)
    assert (head.status_code, head.content, head.headers["etag"]) == (200, b"", answer.headers["etag"])
    english = await site.get(f"{PATH}?lang=en")
    assert "Time to state a position" in english.text.replace("\r\n ", "")
    state = await site.get("/feeds/consultations/states/kz.ics")
    assert f"{URN}{ID}:target:position:KZ" in state.text.replace("\r\n ", "")
    # What is entered moves dates, and with them the tag.
    day_off = MovedDay("KZ", date(2026, 12, 11), False, "Указ", date(2026, 9, 1))
    who = Actor(7, "О. Операторов", Role.OPERATOR)
    await moved_days.add(site.db, who, [day_off], today=site.clock.today, now=site.clock(), audit=audit)
    assert (await site.get(PATH)).headers["etag"] == answer.headers["etag"]
    await calendars.refresh()
    changed = await site.get(PATH, if_none_match=answer.headers["etag"])
    assert changed.status_code == 200
    assert day(parsed(changed.content)[f"{URN}{ID}:target:position:KZ"]) == date(2026, 12, 14)


@pytest.mark.anyio
@pytest.mark.parametrize(
    "path",
    [
        "/feeds/consultations/C-2026-999.ics",
        f"/feeds/consultations/{ID}",
        f"/feeds/consultations/{ID}.ics.ics",
        "/feeds/consultations/states/US.ics",
        "/feeds/consultations/states/KZ",
        "/feeds/consultations/%2e%2e.ics",
    ],
)
async def test_what_is_not_there(office: tuple[Site, Calendars], path: str) -> None:
    site, _ = office
    await site.append("consultation.initiated", ID, consultation(), {"ru": "Инициированы", "en": None})
    assert_problem(await site.get(path), 404)


@pytest.mark.anyio
async def test_a_wrong_language_is_refused(office: tuple[Site, Calendars]) -> None:
    site, _ = office
    await site.append("consultation.initiated", ID, consultation(), {"ru": "Инициированы", "en": None})
    assert_problem(await site.get(f"{PATH}?lang=de"), 422)


@pytest.mark.anyio
async def test_no_request_does_sql(office: tuple[Site, Calendars], monkeypatch: pytest.MonkeyPatch) -> None:
    site, _ = office
    await site.append("consultation.initiated", ID, consultation(), {"ru": "Инициированы", "en": None})

    # The service goes on following the journal in a task of its own, which does not see this variable as set.
    asking: ContextVar[bool] = ContextVar("asking", default=False)

    def watched(run: Any) -> Any:
        async def work(*given: Any) -> Any:
            assert not asking.get(), "a reading did SQL"
            return await run(*given)

        return work

    for name in ("fetch", "fetch_rows", "execute"):
        monkeypatch.setattr(site.db, name, watched(getattr(site.db, name)))
    asking.set(True)
    with pytest.raises(AssertionError, match="a reading did SQL"):
        await site.db.fetch_rows("SELECT 1")
    assert (await site.get(PATH)).status_code == 200
    assert (await site.get("/feeds/consultations/states/AM.ics")).status_code == 200
    asking.set(False)


@pytest.mark.anyio
async def test_the_static_copy_has_the_same_bytes(office: tuple[Site, Calendars], tmp_path: Path) -> None:
    site, calendars = office
    await site.append("consultation.initiated", ID, consultation(), {"ru": "Инициированы", "en": None})
    work = feeds.consultation_calendar_api.clock_work(calendars, Targets())
    export.write(site.service, tmp_path / "copy", clock=work)
    for path in (PATH, *(f"/feeds/consultations/states/{state}.ics" for state in STATES)):
        assert (tmp_path / "copy" / path.lstrip("/")).read_bytes() == (await site.get(path)).content
