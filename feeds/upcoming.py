"""What the next 30 days bring: measures take effect, end, or the 15 days of point 37 end.

These are the dates that the journal will announce when they come (``register.announcements``), told before. Days are
those of the Commission's seat. Pure: no database, no web.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from html import escape
from typing import Any, Final
from zoneinfo import ZoneInfo

from feeds.channels import EMPTY_SINCE, PAGES, URN, Channel, category
from feeds.content import measure_html
from feeds.document import Document, Item
from register.announcements import Announcement, Horizon, due
from register.facts import Version
from register.index import Register
from register.words import KIND_NAMES, STATE_NAMES, Language, written_codes, written_date, written_span

DAYS: Final = 30

_TYPES: Final[Mapping[str, str]] = {
    "effective": "measure.effective",
    "resumes": "measure.effective",
    "expires": "measure.expired",
    "window": "declaration.window_closed",
}
"""The type of entry that will announce each kind of event."""
_SENTENCES: Final[Mapping[str, Mapping[Language, str]]] = {
    "effective": {"ru": "{day} вступает в силу: {what}", "en": "In force from {day}: {what}"},
    "resumes": {
        "ru": "{day} возобновляется действие: {what}",
        "en": "In force again from {day}, after a suspension: {what}",
    },
    "expires": {"ru": "{day} – последний день действия: {what}", "en": "Last day in force {day}: {what}"},
    "window": {
        "ru": "{day} – последний из 15 дней пункта 37, в которые достаточно декларации о происхождении: {what}",
        "en": "{day} is the last of the 15 days of point 37 in which an origin declaration is enough: {what}",
    },
}


@dataclass(frozen=True, slots=True, order=True)
class Event:
    """A date to come: ``day`` is the first day in force, the last one, or the last of the 15 (of goods line ``line``).

    ``seq`` is the entry that set the date.
    """

    day: date
    kind: str
    measure: str
    line: int
    seq: int

    @property
    def id(self) -> str:
        """The same for the same measure, event and date, whatever else changes."""
        place = f":{self.line}" if self.line else ""
        return f"{URN}:upcoming:{self.kind}:{self.measure}{place}:{self.day.isoformat()}"


def events(register: Register, today: date, zone: ZoneInfo) -> list[Event]:
    """The dates from ``today`` to 30 days later, both included, in their order."""
    last = today + timedelta(days=DAYS)
    # What ends with a day is announced on the day after it.
    found = due(register, last + timedelta(days=1), zone, Horizon(register.seq, today - timedelta(days=1)))
    told = [_event(register, item) for item in found]
    return sorted(event for event in told if today <= event.day <= last)


def _event(register: Register, item: Announcement) -> Event:
    history = register.history(item.subject)
    kind = next(kind for kind, type_ in _TYPES.items() if type_ == item.type)
    if kind == "effective" and item.on.toordinal() != history[-1].effective_from:
        kind = "resumes"
    day = item.on if item.type == "measure.effective" else item.on - timedelta(days=1)
    seq = history[-1].seq
    setting = _setting(history[-1], kind, item.line)
    for earlier in reversed(history[:-1]):
        if _setting(earlier, kind, item.line) != setting:
            break
        seq = earlier.seq
    return Event(day, kind, item.subject, item.line, seq)


def _setting(version: Version, kind: str, number: int) -> object:
    """What of a version fixes the date of an event."""
    if kind == "effective":
        return version.effective_from
    if kind == "resumes":
        return version.suspensions
    if kind == "expires":
        return version.effective_to
    if number:
        return next((line.window_until for line in version.lines if line.number == number), None)
    return version.start


def upcoming_document(
    register: Register, today: date, zone: ZoneInfo, channel: Channel, base: str, address: str
) -> Document:
    """The feed of what is to come. What was set last stands first, as feed readers expect, then the nearer date."""
    found = sorted(events(register, today, zone), key=lambda event: (-event.seq, event.day, event.kind, event.line))
    items = tuple(_item(register, event, channel.language, base) for event in found)
    return Document(
        id=channel.id,
        address=address,
        page=f"{base}/{channel.language}/{PAGES[channel.name]}",
        title=channel.title,
        description=channel.description,
        language=channel.language,
        updated=items[0].at if items else EMPTY_SINCE,
        items=items,
    )


def _item(register: Register, event: Event, language: Language, base: str) -> Item:
    version = register.history(event.measure)[-1]
    record = register.record(version)
    on = event.day.toordinal()
    facts = measure_html({**record, "status": version.status(on)}, language)
    day = written_date(event.day, language)
    return Item(
        id=event.id,
        title=_SENTENCES[event.kind][language].format(day=day, what=_measure(record, event.line, language)),
        language=language,
        at=register.recorded_at(event.seq),
        link=f"{base}/{language}/measures/{event.measure}",
        html=f"<p>{escape(_as_of(day, language))}</p>{facts}",
        categories=(
            category("state", record["state"], language),
            category("kind", record["kind"], language),
            category("type", _TYPES[event.kind], language),
        ),
    )


def _as_of(day: str, language: Language) -> str:
    return f"Сведения о мере на {day}:" if language == "ru" else f"The measure as on {day}:"


def _measure(record: Mapping[str, Any], line: int, language: Language) -> str:
    """The measure in one line: state, kind, title, codes (of the goods line alone, where it is about one), number."""
    title = (record["title"] or {}).get(language) or (record["title"] or {}).get("ru") or ""
    quoted = (f" «{title}»" if language == "ru" else f" “{title}”") if title else ""
    goods = [item for item in record["goods"] if item["line"] == line] or record["goods"]
    codes = written_span(goods[0], language) if line else written_codes(goods, language)
    scheme = "ТН ВЭД" if language == "ru" else "TN VED"
    named = f"{STATE_NAMES[record['state']][language]}, {KIND_NAMES[record['kind']][language]}{quoted}"
    return f"{named} ({scheme} {codes}), {record['id']}"
