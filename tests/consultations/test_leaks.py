"""Nothing of the parties' own is at any public address.

A confidential marker is planted in each private field, by the commands, in the whole application. Then everybody's
visitor asks every address that the application has by GET, those of the OpenAPI document among them, as page, feed,
calendar, log tile, snapshot and export, and finds none of the markers: in no body and in no header.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import product
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from litestar import Litestar
from litestar.routes import HTTPRoute

from admin.accounts.policy import Actor
from admin.app import create_app
from admin.serving import export
from admin.settings import Settings
from consultations.commands import ConsultationStale, read, set_aside
from consultations.model import Conclusion, Meeting, Plan, Reasoned, Revocation, Said, Stated
from consultations.office import Consulting
from consultations.proceedings import proceedings
from register import publication
from register.database import open_database
from register.drafts import commands, publishing
from register.drafts.records import DraftFilter, list_drafts
from register.measures import STATES, Notified
from register.service import RegisterService
from tests.consultations.people import (
    APPROVER,
    AUDITOR,
    CLERK,
    KZ,
    MEETING_DAY,
    OFFICIALS,
    SECOND,
    Clock,
    conclusion,
    meeting,
    pdf,
    permission,
    plan,
)
from tests.consultations.test_way import lead

pytestmark = pytest.mark.anyio

WORD = "SECRETMARK"
STREAMS = ("/api/v1/changes/stream",)
"""Addresses that never end; what they send are the entries, which are asked one by one."""
MARKER = re.compile(rf"{WORD}\w*".encode(), re.IGNORECASE)


def mark(field_name: str) -> str:
    return f"{WORD}{field_name}"


FIELDS = (
    "claim", "similar", "agenda", "place", "link", "reasons", "revised", "commission", "comment", "answer", "filename",
    "content", "withdrawal", "initiator", "speaker", "commenter", "clerk", "approver", "setaside",
)  # fmt: skip


def named(who: Actor, field_name: str) -> Actor:
    return replace(who, name=mark(field_name))


@dataclass
class Town:
    """The whole application with consultations in every state, and a visitor whom nobody knows."""

    app: Litestar
    client: httpx.AsyncClient
    service: RegisterService
    consulting: Consulting
    clock: Clock
    settings: Settings
    known: dict[str, str] = field(default_factory=dict)
    document: str = ""
    measure: str = ""


async def chunks(body: bytes) -> AsyncIterator[bytes]:
    yield body


@asynccontextmanager
async def whole(directory: Path, url: str) -> AsyncIterator[Town]:
    clock = Clock()
    settings = Settings(data_dir=directory / "data", base_url="http://register.test", database_url=url)
    app = create_app(settings, clock=clock, scheduled=False)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with (
        app.lifespan(),
        httpx.AsyncClient(transport=transport, base_url="http://register.test", timeout=30) as client,
    ):
        yield Town(app, client, app.state.service, app.state.consulting, clock, settings)


async def opened(town: Town, name: str, **changes: Any) -> str:
    """A consultation with markers in everything that a plan keeps for the parties."""
    given = plan(similar_goods=mark("similar"), burdens=[{"state": "KZ", "claim": mark("claim")}], **changes)
    known = await town.consulting.initiate(named(KZ, "initiator"), Plan.model_validate(given))
    town.known[name] = known.id
    return known.id


async def spoken(town: Town, made: str) -> None:
    """A meeting, positions with a revision, the Commission's, a thread, a document: markers everywhere."""
    office, clerk = town.consulting, named(CLERK, "clerk")
    where = meeting(agenda=mark("agenda"), place=mark("place"), link=f"https://{mark('link')}.example/")
    await office.schedule(made, Meeting.model_validate(where), clerk)
    speaker = named(KZ, "speaker")
    await office.state_position(made, Stated(stance="objects", reasons=mark("reasons")), speaker)
    for state, official in OFFICIALS.items():
        who = speaker if state == "KZ" else named(official, "speaker")
        await office.state_position(made, Stated(stance="supports", reasons=mark("revised")), who)
    await office.state_position(made, Stated(stance="abstains", reasons=mark("commission")), clerk)
    known = await office.comment(made, Said(text=mark("comment")), named(KZ, "commenter"))
    await office.comment(made, Said(text=mark("answer"), parent=known.comments[-1].id), clerk)
    stored = await office.cabinet.store(chunks(pdf(mark("content"))))
    await office.add_document(made, stored, f"{mark('filename')}.pdf", named(KZ, "commenter"))
    town.document = stored.sha256
    stale = Stated(stance="objects", reasons=mark("setaside"))
    try:
        await office.state_position(made, stale, speaker, version=1)
    except ConsultationStale as error:
        await set_aside(office.database, error, speaker, now=office.service.now())
    else:
        raise AssertionError("a position on an old version is set aside")


async def included(town: Town, code: str) -> str:
    notified = Notified.model_validate(lead(code))
    db, today = town.service.database, town.service.today()
    return (await publication.include(db, notified, on=today, clock=town.clock)).id


async def settle(town: Town) -> None:
    """Consultations in every state, one of them entered in the Register and one revoked there."""
    office = town.consulting
    town.measure = await included(town, "7801")
    measures = {"entered": town.measure, "revoked": await included(town, "7806")}
    goods = {"entered": "7801", "revoked": "7806", "waiting": "7804"}
    await opened(town, "initiated")
    for name in ("in_progress", "withdrawn", "entered", "waiting", "revoked"):
        lines = [{"code_from": goods.get(name, "7801")}]
        await spoken(town, await opened(town, name, goods=lines, measure=measures.get(name)))
    withdrawal = Reasoned(reason=mark("withdrawal"))
    await office.withdraw(town.known["withdrawn"], withdrawal, named(KZ, "initiator"))
    town.clock.go_to(MEETING_DAY)
    for name, code in goods.items():
        given = Conclusion.model_validate(conclusion(permission=permission(code)))
        await office.conclude(town.known[name], given, named(APPROVER, "approver"))
        await published(town)
    protocol = {"number": "3", "date": MEETING_DAY.isoformat()}
    ending = Revocation.model_validate({"protocol": protocol, "last_day": "2027-01-15"})
    await office.revoke(town.known["revoked"], ending, named(APPROVER, "approver"))
    await published(town)
    await town.service.catch_up()


async def published(town: Town) -> None:
    """The draft that waits for a second approver."""
    db, service, who = town.service.database, town.service, named(SECOND, "approver")
    found, _ = await list_drafts(db, DraftFilter(states=("submitted",)))
    for draft in found:
        await commands.approve(db, draft.id, who, now=service.now(), today=service.today())
        await publishing.publish(db, draft.id, who, now=service.now(), today=service.today())
    await service.catch_up()


@pytest.fixture
async def town(anyio_backend: str, sqlite_template: Path, tmp_path: Path) -> AsyncIterator[Town]:
    shutil.copyfile(sqlite_template, tmp_path / "register.db")
    async with whole(tmp_path, f"sqlite://{tmp_path / 'register.db'}") as found:
        await settle(found)
        yield found


def values_of(town: Town, name: str) -> list[str]:
    """What may stand in the place of a parameter of an address."""
    head = town.service.register.seq
    numbers = [str(number) for number in (1, 2, head)]
    given = {
        "id": [*town.known.values(), town.measure, "1"],
        "identifier": [*town.known.values(), town.measure],
        "number": [*town.known.values(), town.measure, *numbers],
        "consultation": [*town.known.values()],
        "measure": [town.measure],
        "seq": [str(number) for number in range(1, head + 1)],
        "state": list(STATES),
        "language": ["ru", "en"],
        "lang": ["ru", "en"],
        "span": ["1..2"],
        "code": ["7801"],
        "sha256": [town.document],
        "file": [f"{town.document}.pdf", *(f"{one}.ics" for one in (*town.known.values(), *STATES))],
        "name": [*(f"{one}.ics" for one in town.known.values()), "entries"],
    }
    return given.get(name, [*numbers, "0", "000"])


def addresses(town: Town) -> Iterator[str]:
    """Every address that the application answers by GET, with what may stand in it; those of the document beside."""
    formats = {route.path for route in town.app.routes if isinstance(route, HTTPRoute) and "GET" in route.methods} | {
        path for path, item in town.app.openapi_schema.to_schema()["paths"].items() if "get" in item
    }
    for path in sorted(formats):
        names = re.findall(r"{(\w+)(?::\w+)?}", path)
        for chosen in product(*(values_of(town, name) for name in names)):
            address = path
            for value in chosen:
                address = re.sub(r"{\w+(?::\w+)?}", value, address, count=1)
            yield address


async def asked(town: Town, address: str, **more: Any) -> httpx.Response:
    with anyio.fail_after(30):
        return await town.client.get(address, **more)


def markers(response: httpx.Response) -> list[bytes]:
    headers = b"\n".join(name + b": " + value for name, value in response.headers.raw)
    return MARKER.findall(headers + b"\n\n" + response.content)


async def test_every_marker_is_there_for_the_parties(town: Town) -> None:
    """Otherwise a walk that finds none would show nothing."""
    said = b""
    for made in town.known.values():
        kept = "SELECT content FROM consultation_event WHERE consultation = {}"
        said += str(await town.consulting.database.fetch_rows(kept, made)).encode()
        said += str(await proceedings(town.consulting, await read(town.consulting.database, made), AUDITOR)).encode()
    path = town.consulting.cabinet.path(town.document)
    assert path is not None
    said += path.read_bytes()
    found = {one.decode() for one in MARKER.findall(said)}
    assert {mark(name) for name in FIELDS} <= found


async def test_no_public_address_tells_what_is_the_parties_own(town: Town) -> None:
    answered: dict[str, int] = {}
    for address in addresses(town):
        if address in STREAMS:
            continue
        response = await asked(town, address)
        assert markers(response) == [], address
        assert response.status_code < 500, (address, response.text)
        answered[address] = response.status_code
    read = {address for address, status in answered.items() if status == 200}
    known = town.known["entered"]
    # The walk was real: what must be among the answers is.
    assert len(read) > 150, sorted(read)
    assert read >= {
        "/api/v1/consultations",
        f"/api/v1/consultations/{known}",
        "/api/v1/snapshot",
        "/api/v1/changes",
        "/feeds/register.rss",
        "/feeds/register.atom",
        "/feeds/consultations.rss",
        "/feeds/consultations.atom",
        "/feeds/upcoming.atom",
        "/feeds/deadlines.ics",
        f"/feeds/consultations/{known}.ics",
        "/feeds/opml.xml",
        "/log/checkpoint",
        "/ru",
        "/en",
    }, sorted(read)
    assert any(f"/ru/consultations/{known}" in address for address in read), sorted(read)
    for private in (
        f"/api/v1/consultations/{known}/proceedings",
        "/api/v1/proceedings",
        "/api/v1/proceedings/permissions",
    ):
        assert answered[private] in (401, 403), private
    assert answered[f"/api/v1/consultations/{known}/documents/{town.document}"] in (401, 403)
    assert answered[f"/attachments/{town.document}.pdf"] == 404


async def test_no_entry_and_no_tile_has_it(town: Town) -> None:
    register = town.service.register
    for seq in range(1, register.seq + 1):
        assert not MARKER.search(register.body(seq) + register.header(seq))
    for address in ("/log/tile/entries/000", "/log/tile/0/000", "/log/tile/entries/000.p/1", "/log/tile/0/000.p/1"):
        assert markers(await asked(town, address)) == []
    partial = await asked(town, f"/log/tile/entries/000.p/{register.seq}")
    assert partial.status_code == 200
    assert markers(partial) == []


async def test_searching_for_it_finds_nothing(town: Town) -> None:
    """A marker in the question may stand in the answer; that something was found may not."""
    for name in FIELDS:
        found = (await asked(town, "/api/v1/consultations", params={"q": mark(name)})).json()
        assert (found["items"], found["total"]) == ([], 0), name


async def test_changes_of_every_kind_and_past(town: Town) -> None:
    for query in ("type=consultation.initiated", "state=KG", "limit=1000", "after=0&limit=1000"):
        assert markers(await asked(town, f"/api/v1/changes?{query}")) == []
    for seq in range(town.service.register.seq + 1):
        for path in ("/api/v1/consultations", "/api/v1/snapshot"):
            response = await asked(town, f"{path}?known_at={seq}")
            assert response.status_code == 200
            assert markers(response) == []


async def test_how_often_the_parties_spoke_is_not_told(town: Town) -> None:
    """The version of the public record counts entries, not what the parties said in between."""
    record = (await asked(town, f"/api/v1/consultations/{town.known['in_progress']}")).json()
    assert record["version"] == 2
    assert record["status"] == "scheduled"


async def test_the_export_has_none(town: Town, tmp_path: Path) -> None:
    town.clock.now += timedelta(minutes=1)
    directory = tmp_path / "export"
    assert await export(town.settings, directory) > 0
    files = [path for path in directory.rglob("*") if path.is_file()]
    assert len(files) > 40
    for path in files:
        assert not MARKER.search(path.read_bytes()), path
        assert WORD.lower() not in str(path).lower()


async def test_the_audit_trail_has_no_words_of_the_parties(town: Town) -> None:
    """The trail says who did what; what was said is with the consultation."""
    async with open_database(town.settings.database) as db:
        rows = await db.fetch_rows("SELECT detail FROM audit")
    assert not MARKER.search(str(rows).encode())
