"""The application as it is served: start, announce, sign, load the demonstration, stop; on both engines."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from litestar import Litestar

from admin import demonstration, marks, serving
from admin.app import create_app
from admin.settings import Settings
from admin.verifying import verify
from feeds.log import LogFork
from feeds.notes import KeyFileError, Verifier, open_checkpoint
from register import publication
from register.database import Database, open_database
from register.measures import Notified

pytestmark = pytest.mark.anyio

NOON = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    return Settings(database_url=database_url, data_dir=tmp_path / "data", base_url="https://register.test")


@asynccontextmanager
async def running(app: Litestar) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app)  # type: ignore[arg-type]
    async with app.lifespan(), httpx.AsyncClient(transport=transport, base_url="https://register.test") as client:
        yield client


def notified(start: date, end: date | None = None) -> Notified:
    return Notified.model_validate(
        {
            "state": "KG",
            "kind": "export_prohibition",
            "title": {"ru": "Лом черных металлов"},
            "acts": [{"role": "introduces", "number": "564", "date": "2026-08-20"}],
            "goods": [{"code_from": "7204"}],
            "effective_from": start.isoformat(),
            "effective_to": end and end.isoformat(),
        }
    )


async def until(client: httpx.AsyncClient, seq: int) -> None:
    """Wait, for twenty seconds at most, until the service knows the entry."""
    async with asyncio.timeout(20):
        head = 0
        while head < seq:
            answer = await client.get("/api/v1/changes", params={"after": head, "wait": 5})
            head = answer.json()["head"]


async def included(url: str, *items: Notified) -> None:
    async with open_database(url) as database:
        for item in items:
            await publication.include(database, item, on=NOON.date(), clock=lambda: NOON)


async def test_a_service_on_an_empty_database_answers_and_signs(settings: Settings) -> None:
    async with running(create_app(settings)) as client:
        health = (await client.get("/health")).json()
        assert (health["status"], health["seq"], health["problem"]) == ("ok", 0, None)
        measures = (await client.get("/api/v1/measures")).json()
        assert (measures["items"], measures["total"], measures["complete"]) == ([], 0, True)
        note = (await client.get("/log/checkpoint")).content
        key = (await client.get("/log/key")).text.strip()
    assert open_checkpoint(note, [Verifier.parse(key)], "register.test/log").size == 0


async def test_what_another_process_publishes_is_seen_and_signed(settings: Settings, database_url: str) -> None:
    async with running(create_app(settings, scheduled=False)) as client:
        waiting = asyncio.create_task(client.get("/api/v1/changes", params={"after": 0, "wait": 20}))
        await included(database_url, notified(date(2026, 8, 1)))
        [entry] = (await waiting).json()["items"]
        assert (entry["seq"], entry["type"], entry["subject"]) == (1, "measure.included", "KG-2026-001")
        proof = (await client.get("/api/v1/proof", params={"code": "7204100000", "date": "2026-11-30"})).json()
        assert (proof["proof"], proof["journal"]["seq"]) == ("origin_declaration", 1)
        checkpoint = (await client.get("/log/checkpoint")).text.splitlines()
        assert checkpoint[1:3] == ["1", proof["journal"]["checkpoint"]]


async def test_only_future_dates_are_announced_and_once(settings: Settings, database_url: str) -> None:
    clock = Clock()
    await included(
        database_url,
        notified(date(2024, 1, 1), date(2024, 6, 30)),  # taken over: all its dates are past
        notified(date(2026, 11, 25), date(2026, 12, 1)),
    )
    one, two = (create_app(settings, clock=clock), create_app(settings, clock=clock))
    async with running(one) as first, running(two):
        clock.now = NOON + timedelta(days=30)
        schedulers = [app.state.scheduler for app in (one, two)]
        await asyncio.gather(*(scheduler.announce() for scheduler in schedulers for _ in range(3)))
        await until(first, 4)
        await asyncio.gather(*(scheduler.announce() for scheduler in schedulers))
        entries = (await first.get("/api/v1/changes", params={"after": 2})).json()["items"]
    assert [(entry["type"], entry["subject"], entry["reason"]) for entry in entries] == [
        ("measure.effective", "KG-2026-001", "date_reached"),
        ("measure.expired", "KG-2026-001", "date_reached"),
    ] or [(entry["type"], entry["subject"]) for entry in entries] == [
        ("measure.effective", "KG-2026-002"),
        ("measure.expired", "KG-2026-002"),
    ]


async def test_a_service_stopped_while_it_announces_leaves_no_complaint(
    settings: Settings, database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    clock = Clock()
    await included(database_url, *[notified(date(2026, 11, 25), date(2026, 12, 1)) for _ in range(30)])
    clock.now = NOON + timedelta(days=30)
    with caplog.at_level(logging.WARNING):
        app = create_app(settings, clock=clock)
        async with running(app):
            announcing = asyncio.create_task(app.state.scheduler.announce())
            await asyncio.sleep(0.05)
        await asyncio.wait([announcing])
    assert [record.getMessage() for record in caplog.records] == []
    async with running(create_app(settings, clock=clock)) as client:
        await until(client, 30 + 60)
        types = [entry["type"] for entry in (await client.get("/api/v1/changes", params={"after": 30})).json()["items"]]
    assert sorted(types) == ["measure.effective"] * 30 + ["measure.expired"] * 30


async def test_the_demonstration_goes_into_an_empty_journal_only(database: Database, settings: Settings) -> None:
    report = await demonstration.load(database, today=NOON.date())
    assert report is not None
    assert report.counts == {"included": 93, "already_there": 0, "held": 11, "refused": 26}
    assert await demonstration.load(database, today=NOON.date()) is None
    assert await demonstration.loaded(database)
    async with running(create_app(settings, demonstration=True, scheduled=False)) as client:
        page = (await client.get("/en/", headers={"accept": "text/html"})).text
        feed = (await client.get("/feeds/register.atom", params={"lang": "en"})).text
    assert "Demonstration data, not official." in page
    assert "demonstration data" in feed.lower()


async def test_a_register_that_is_no_demonstration_says_nothing_of_one(settings: Settings) -> None:
    async with running(create_app(settings, scheduled=False)) as client:
        assert "Demonstration" not in (await client.get("/en/", headers={"accept": "text/html"})).text


@pytest.fixture
def other_url(tmp_path: Path, sqlite_template: Path) -> str:
    path = tmp_path / "other.db"
    path.write_bytes(sqlite_template.read_bytes())
    return f"sqlite://{path}"


async def test_another_journal_gets_another_key(settings: Settings, database_url: str, other_url: str) -> None:
    await included(database_url, notified(date(2026, 8, 1)))
    async with running(create_app(settings, scheduled=False)) as client:
        key = (await client.get("/log/key")).text
    async with running(create_app(settings.model_copy(update={"database_url": other_url}), scheduled=False)) as client:
        assert (await client.get("/log/key")).text != key
    async with running(create_app(settings, scheduled=False)) as client:
        assert (await client.get("/log/key")).text == key


async def test_one_key_never_signs_two_journals(settings: Settings, database_url: str, other_url: str) -> None:
    await included(database_url, notified(date(2026, 8, 1)))
    fixed = settings.model_copy(update={"signing_key_file": settings.data_dir / "fixed.key"})
    async with running(create_app(fixed, scheduled=False)):
        pass
    with pytest.RaisesGroup(LogFork, flatten_subgroups=True):
        async with running(create_app(fixed.model_copy(update={"database_url": other_url}), scheduled=False)):
            pass


async def test_the_log_keeps_its_name_when_the_address_changes(settings: Settings) -> None:
    async with running(create_app(settings, scheduled=False)) as client:
        key = (await client.get("/log/key")).text
    moved = settings.model_copy(update={"base_url": "https://new.test"})
    async with running(create_app(moved, scheduled=False)) as client:
        assert (await client.get("/log/key")).text == key
    with pytest.RaisesGroup(pytest.RaisesExc(KeyFileError, match="REGISTER_LOG_NAME"), flatten_subgroups=True):
        async with running(create_app(moved.model_copy(update={"log_name": "new.test/log"}), scheduled=False)):
            pass


async def test_while_a_rotation_lasts_both_keys_sign(settings: Settings, database: Database) -> None:
    path = settings.key_file(await marks.journal(database))
    async with running(create_app(settings, scheduled=False)) as client:
        old = (await client.get("/log/key")).text.strip()
    path.rename(path.with_name(f"{path.name}.former"))
    async with running(create_app(settings, scheduled=False)) as client:
        new, *former = (await client.get("/log/key")).text.split()
        note = (await client.get("/log/checkpoint")).content
    assert former == [old]
    assert new != old
    for key in (old, new):
        assert open_checkpoint(note, [Verifier.parse(key)], "register.test/log").size == 0


async def test_verify_says_whether_the_journal_is_whole(settings: Settings, database_url: str) -> None:
    await included(database_url, notified(date(2026, 8, 1)))
    verdict = await verify(settings, None, None)
    assert verdict.exit_status == 0
    assert verdict.line("en").startswith("whole: 1 entries, root ")
    nothing = await verify(settings, str(settings.data_dir), None)
    assert nothing.exit_status == 2


async def test_a_fault_in_announcing_is_seen_and_passes(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    app = create_app(settings, scheduled=False)

    async def broken(_: date) -> None:
        raise OverflowError("a day before the calendar")

    async with running(app) as client:
        with monkeypatch.context() as patched:
            patched.setattr(app.state.scheduler._announcer, "run", broken)
            await app.state.scheduler.announce()
            health = await client.get("/health")
            assert (health.status_code, health.json()["status"]) == (503, "not_announcing")
            assert "OverflowError" in health.json()["problem"]
            assert (await client.get("/api/v1/measures")).status_code == 200
        await app.state.scheduler.announce()
        assert (await client.get("/health")).json()["status"] == "ok"


async def test_an_export_takes_the_published_acts_along_and_tells_of_a_lost_one(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    kept, lost = "ab" + "1" * 62, "cd" + "2" * 62
    place = settings.attachments / "ab" / f"{'1' * 62}.pdf"
    place.parent.mkdir(parents=True)
    place.write_bytes(b"%PDF-1.7")

    async def published(_: Database) -> list[str]:
        return [kept, lost]

    monkeypatch.setattr(serving, "published_files", published)
    await serving.export(settings, tmp_path / "out")
    assert [path.name for path in (tmp_path / "out" / "attachments").iterdir()] == [f"{kept}.pdf"]
    assert lost in caplog.text
    assert kept not in caplog.text
