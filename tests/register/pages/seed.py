"""A small Register for the tests of the pages: every status, kind of line and window at a known moment."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from register import journal
from register.database import Database
from register.entries import Entry, EntryType, header
from register.index import Register
from register.journal import PreparedEntry
from register.measures import Measure
from register.service import RegisterService, Terms
from register.summaries import summary

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
TODAY = date(2026, 11, 22)
ZONE = ZoneInfo("Europe/Moscow")

Change = tuple[EntryType, str, dict[str, Any]]


def act(number: str, day: str, role: str = "introduces") -> dict[str, Any]:
    return {
        "role": role,
        "issuer": "Правительство Республики Армения",
        "type": "Постановление",
        "number": number,
        "date": day,
        "url": "https://example.org/acts/" + number,
    }


def goods(code: str, to: str | None = None, **more: Any) -> dict[str, Any]:
    return {"code_from": code, "code_to": to, **more}


SCRAP: dict[str, Any] = {
    "state": "AM",
    "kind": "export_prohibition",
    "title": {"ru": "Лом и отходы черных и цветных металлов, трубы и металлоконструкции, бывшие в употреблении"},
    "acts": [act("650-Н", "2026-05-14")],
    "goods": [
        goods("7204", description={"ru": "Лом и отходы черных металлов"}),
        goods("7302", partial=True),
        goods("7404", excluded=[goods("7404000001")]),
        goods("8415", "8417"),
    ],
    "effective_from": "2026-08-03",
    "effective_to": "2027-02-03",
    "included_on": "2026-08-03",
    "notified_on": "2026-07-27",
    "conditions": [{"ru": "Запрет не распространяется на товары, помещенные под процедуру таможенного транзита"}],
    "printed": {"codes": "7204, из 7302, 7404 00, 8415 – 8417", "term": "с 03.08.2026 до 03.02.2027", "basis": "…"},
}
WHEAT: dict[str, Any] = {
    "state": "KZ",
    "kind": "licensing",
    "title": {"ru": "Пшеница твердая", "en": "Durum wheat"},
    "acts": [act("12", "2026-10-30")],
    "goods": [goods("1001190000", description={"ru": "Пшеница твердая, прочая", "en": "Durum wheat, other"})],
    "transport": ["road", "rail"],
    "effective_from": "2026-11-10",
    "included_on": "2026-11-12",
}
MARBLE: dict[str, Any] = {
    "state": "KG",
    "kind": "export_prohibition",
    "title": {"ru": "Мрамор <b>и травертин</b>", "en": "Marble and travertine"},
    "acts": [act("587", "2026-08-27")],
    "goods": [goods("2515110000", partial=True, description={"ru": "мрамор необработанный", "en": "crude marble"})],
    "effective_from": "2026-09-08",
    "effective_to": "2027-03-08",
    "included_on": "2026-08-30",
}
OLD: dict[str, Any] = {
    "state": "RU",
    "kind": "permit_procedure",
    "title": {"ru": "Отходы и лом драгоценных металлов"},
    "acts": [act("77", "2025-12-01")],
    "goods": [goods("7112"), goods("7204", partial=True)],
    "effective_from": "2026-01-01",
    "effective_to": "2026-06-30",
    "included_on": "2026-01-01",
}
COMING: dict[str, Any] = {
    "state": "BY",
    "kind": "quantitative_restriction",
    "title": {"ru": "Лом черных металлов"},
    "acts": [act("301", "2026-11-18")],
    "goods": [goods("7204100000"), goods("7204210000")],
    "effective_from": "2026-12-15",
    "effective_to": "2027-06-15",
    "included_on": "2026-11-20",
}
PAUSED: dict[str, Any] = {
    "state": "RU",
    "kind": "export_duty",
    "title": {"ru": "Семена подсолнечника"},
    "acts": [act("1", "2026-02-01")],
    "goods": [goods("1206")],
    "effective_from": "2026-02-10",
    "included_on": "2026-02-10",
    "suspensions": [{"from": "2026-11-01", "to": "2026-11-30"}],
}

LONGER = {**SCRAP, "effective_to": "2027-08-03", "acts": [*SCRAP["acts"], act("1499-Н", "2026-11-19", "extends")]}
PERMITTED = {
    **MARBLE,
    "declaration": {
        "permitted": True,
        "from": "2026-11-15",
        "protocol": {"number": "12-К", "date": "2026-11-12"},
        "consultation": "C-2026-003",
    },
}

CHANGES: tuple[Change, ...] = (
    ("measure.included", "RU-2026-001", OLD),
    ("measure.included", "RU-2026-002", PAUSED),
    ("measure.included", "AM-2026-014", SCRAP),
    ("measure.included", "KG-2026-021", MARBLE),
    ("measure.included", "KZ-2026-003", WHEAT),
    ("declaration.permitted", "KG-2026-021", PERMITTED),
    ("measure.included", "BY-2026-005", COMING),
    ("measure.extended", "AM-2026-014", LONGER),
)
RULES = {"measure.included": "A4(4)", "measure.extended": "A4(4)", "declaration.permitted": "P24"}


def _same(at: datetime) -> datetime:
    return at


async def seed(database: Database, changes: tuple[Change, ...] = CHANGES) -> None:
    """Append the changes to the journal, one an hour."""
    records: dict[str, dict[str, Any]] = {}
    for place, (type_, identifier, content) in enumerate(changes):
        at = datetime(2026, 11, 20, 6 + place % 12, 30, tzinfo=UTC)
        async with database.transaction():
            await journal.append(database, _maker(type_, identifier, content, records), clock=partial(_same, at))


def replay(changes: tuple[Change, ...] = CHANGES) -> Register:
    """The same Register without a database."""
    register, records = Register(), dict[str, dict[str, Any]]()
    for place, (type_, identifier, content) in enumerate(changes):
        at = datetime(2026, 11, 20, 6 + place % 12, 30, tzinfo=UTC)
        prepared = _maker(type_, identifier, content, records)(place + 1, at)
        register.apply(prepared.header, prepared.body)
    return register


def go_on(register: Register) -> None:
    """One entry more: the measure on wheat gets an end."""
    [wheat] = [register.record(version) for version in register.versions() if version.id == "KZ-2026-003"]
    content = {**WHEAT, "effective_to": "2027-05-10"}
    prepared = _maker("measure.extended", "KZ-2026-003", content, {"KZ-2026-003": wheat})(register.seq + 1, NOW)
    register.apply(prepared.header, prepared.body)


def _maker(
    type_: EntryType, identifier: str, content: Mapping[str, Any], records: dict[str, dict[str, Any]]
) -> Callable[[int, datetime], PreparedEntry]:
    def make(seq: int, recorded_at: datetime) -> PreparedEntry:
        before = records.get(identifier)
        version = before["version"] + 1 if before else 1
        measure = Measure.model_validate({**content, "id": identifier, "version": version, "seq": seq})
        after = records[identifier] = measure.public(recorded_at.date())
        entry = Entry(
            seq=seq,
            recorded_at=recorded_at,
            type=type_,
            subject=identifier,
            reason="legal_change",
            summary=summary(type_, before, after),
            before=before,
            after=after,
            acts=after["acts"][-1:],
            rule=RULES[type_],
        )
        body = entry.body()
        return PreparedEntry(type_, identifier, "legal_change", header(seq, recorded_at, type_, identifier, body), body)

    return make


def open_service(
    database: Database, base_url: str = "http://127.0.0.1:8000", demonstration: bool = True
) -> RegisterService:
    """A service at the known moment, not yet started."""
    return RegisterService(database, Terms(ZONE, base_url=base_url, demonstration=demonstration), lambda: NOW)
