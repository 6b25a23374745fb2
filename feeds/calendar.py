"""The dates of the measures as an iCalendar (RFC 5545): when they take effect, when they end, when P37(1) ends.

A date that a later version moved stays in the calendar as cancelled, so that whoever had taken it over loses it. All
that an event says follows from the entries: the same Register on the same day gives the same bytes. Days are those of
the Commission's seat. Pure: no database, no web.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from feeds.channels import URN, Channel
from feeds.ical import ICAL as ICAL
from feeds.ical import Head, document, moment, text
from register.announcements import events_of
from register.codes import match
from register.facts import Line, Version
from register.index import Register
from register.words import KIND_NAMES, STATE_NAMES, Language, Names, written_codes, written_span, written_term

DAYS_BACK: Final = 30
DAYS_AHEAD: Final = 365

_TITLE: Final[Mapping[Language, str]] = {
    "ru": "Единый реестр отдельных мер: сроки",
    "en": "Register of separate measures: dates",
}
_ABOUT: Final[Mapping[Language, str]] = {
    "ru": "Вступление мер в силу, последние дни их действия и последние дни применения декларации о происхождении по "
    "пункту 37 Правил",
    "en": "Measures taking effect, their last days in force, and the last of the 15 days of point 37 of the Rules",
}
_DEMONSTRATION: Final[Mapping[Language, str]] = {"ru": "демонстрационные данные", "en": "demonstration data"}
_SENTENCES: Final[Names] = {
    "effective": {"ru": "Вступает в силу: {what}", "en": "Takes effect: {what}"},
    "resumes": {"ru": "Возобновляется действие: {what}", "en": "In force again: {what}"},
    "expires": {"ru": "Последний день действия: {what}", "en": "Last day in force: {what}"},
    "window": {
        "ru": "Последний день применения декларации о происхождении (пункт 37): {what}",
        "en": "Last day on which an origin declaration is enough (point 37): {what}",
    },
}


@dataclass(frozen=True, slots=True, order=True)
class _Date:
    """A date of a measure; ``line`` is the goods line whose 15 days end, 0 for the whole measure."""

    day: int
    kind: str
    measure: str
    line: int

    @property
    def uid(self) -> str:
        place = f":{self.line}" if self.line else ""
        return f"{URN}:date:{self.kind}:{self.measure}{place}:{date.fromordinal(self.day).isoformat()}"


@dataclass(frozen=True, slots=True)
class Deadline:
    """A date, the version that says of it what there is to say, and how often it was told anew.

    ``seq`` is the entry that told it last: the newest version of the measure, or the one that took the date away.
    """

    date: _Date
    version: Version
    first_seq: int
    seq: int
    sequence: int
    cancelled: bool


def histories(register: Register) -> list[tuple[Version, ...]]:
    """The versions of every measure as they are now: what ``deadlines`` takes, in another thread too."""
    return [tuple(register.history(version.id)) for version in register.versions()]


def deadlines(
    measures: Iterable[Sequence[Version]],
    today: date,
    states: frozenset[str] = frozenset(),
    code: str | None = None,
) -> list[Deadline]:
    """The dates from 30 days before ``today`` to 365 days after it, in their order, cancelled ones included.

    ``states`` and ``code`` (as ``register.codes.normalise`` gives it) as in the feeds; a code matches both ways.
    """
    first, last = today.toordinal() - DAYS_BACK, today.toordinal() + DAYS_AHEAD
    found = (
        item
        for history in measures
        if not states or history[-1].state in states
        for item in _of_measure(history)
        if first <= item.date.day <= last and (code is None or _concerns(item, code))
    )
    return sorted(found, key=lambda item: item.date)


def _of_measure(history: Sequence[Version]) -> Iterator[Deadline]:
    """Every date that a version of the measure has or had."""
    dates = [set(_dates(version)) for version in history]
    for item in sorted(set().union(*dates)):
        having = [place for place, known in enumerate(dates) if item in known]
        cancelled = having[-1] < len(history) - 1
        told = having[-1] + 1 if cancelled else len(history) - 1
        yield Deadline(
            item,
            history[having[-1]],
            history[having[0]].seq,
            history[told].seq,
            told - having[0],
            cancelled,
        )


def _dates(version: Version) -> Iterator[_Date]:
    for on, type_, line in events_of(version):
        if type_ == "measure.effective":
            yield _Date(on, "effective" if on == version.effective_from else "resumes", version.id, 0)
        else:
            # What ends with a day is announced on the day after it.
            yield _Date(on - 1, "expires" if type_ == "measure.expired" else "window", version.id, line)


def _concerns(item: Deadline, code: str) -> bool:
    return any(match(line.code_from, line.code_to, line.partial, line.excluded, code) for line in _lines(item))


def _lines(item: Deadline) -> Iterable[Line]:
    return [line for line in item.version.lines if item.date.line in (0, line.number)]


def calendar(register: Register, found: Iterable[Deadline], channel: Channel, base: str, address: str) -> bytes:
    """The calendar of these dates. ``channel`` gives language and filters; ``address`` is the calendar's own."""
    language = channel.language
    name, about = _name(channel), _ABOUT[language]
    events = (_event(register, item, language, base) for item in found)
    return document(Head(channel.id, name, about, f"{base}/{language}/", address, language), events)


def _name(channel: Channel) -> str:
    language = channel.language
    name = _TITLE[language]
    if channel.filters:
        name = f"{name} ({'; '.join(_chosen(filter_, text, language) for filter_, text in sorted(channel.filters))})"
    return f"{name} – {_DEMONSTRATION[language]}" if channel.demonstration else name


def _chosen(name: str, text: str, language: Language) -> str:
    if name == "state":
        return ", ".join(STATE_NAMES[state][language] for state in sorted(text.split(",")))
    return f"ТН ВЭД {text}" if language == "ru" else f"TN VED {text}"


def _event(register: Register, item: Deadline, language: Language, base: str) -> list[str]:
    record = register.record(item.version)
    told = moment(register.recorded_at(item.seq))
    link = f"{base}/{language}/measures/{item.date.measure}"
    summary = _SENTENCES[item.date.kind][language].format(what=_what(record, item.date.line, language))
    categories = (STATE_NAMES[record["state"]][language], KIND_NAMES[record["kind"]][language])
    return [
        "BEGIN:VEVENT",
        f"UID:{text(item.date.uid)}",
        f"SEQUENCE:{item.sequence}",
        # Not the time of the answer: the same Register gives the same bytes.
        f"DTSTAMP:{told}",
        f"LAST-MODIFIED:{told}",
        f"CREATED:{moment(register.recorded_at(item.first_seq))}",
        f"DTSTART;VALUE=DATE:{date.fromordinal(item.date.day):%Y%m%d}",
        f"STATUS:{'CANCELLED' if item.cancelled else 'CONFIRMED'}",
        "TRANSP:TRANSPARENT",
        f"SUMMARY;LANGUAGE={language}:{text(summary)}",
        f"DESCRIPTION;LANGUAGE={language}:{text(_description(record, item, language, link))}",
        f"URL:{link}",
        f"CATEGORIES:{','.join(text(category) for category in categories)}",
        "END:VEVENT",
    ]


def _what(record: Mapping[str, Any], line: int, language: Language) -> str:
    """State, kind, codes (of the goods line alone, where it is about one), number."""
    codes = written_span(_goods(record, line)[0], language) if line else written_codes(record["goods"], language)
    scheme = "ТН ВЭД" if language == "ru" else "TN VED"
    named = f"{STATE_NAMES[record['state']][language]}, {KIND_NAMES[record['kind']][language]}"
    return f"{named} ({scheme} {codes}), {record['id']}"


def _goods(record: Mapping[str, Any], line: int) -> list[Mapping[str, Any]]:
    return [goods for goods in record["goods"] if line in (0, goods["line"])]


def _description(record: Mapping[str, Any], item: Deadline, language: Language, link: str) -> str:
    title = record["title"]
    parts = [title.get(language) or title.get("ru") or title.get("en") or ""]
    parts.append(written_term(record["effective_from"], record["effective_to"], language))
    if item.cancelled:
        parts.append(
            f"Дата отменена записью {item.seq}." if language == "ru" else f"The date was cancelled by entry {item.seq}."
        )
    return "\n".join([*(part for part in parts if part), link])
