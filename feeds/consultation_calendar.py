"""The dates of consultations (P24) as iCalendar: the meeting, and until when something is asked. Public facts only.

An event keeps its ``UID`` for ever: a meeting that is moved is the same event on another day, and what is called off
or no longer due stays with ``STATUS:CANCELLED``, so that whoever had taken it over loses it. ``SEQUENCE`` rises with
the entries of the consultation and, for what is counted in working days, with every change of the moved days. The
same entries and the same days give the same bytes. All events are whole days: the time of a meeting is the parties'
own. Pure: no database, no web.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final, Literal

from consultations.clock import NAMES, OPEN, Deadline, Targets, deadlines
from consultations.working_days import WorkingDays
from feeds.channels import URN
from feeds.ical import Head, document, moment, text
from register.index import Register
from register.words import KIND_NAMES, STATE_NAMES, Language, Names

Record = Mapping[str, Any]
_PERMITTED: Final = b'"permitted":true'
DAYS_BACK: Final = 365
"""How long the calendar of a state keeps what has passed; that of a consultation keeps it for ever."""

_TITLES: Final[Names] = {
    "one": {"ru": "Консультации {what}", "en": "Consultation {what}"},
    "state": {"ru": "Консультации: {what}", "en": "Consultations: {what}"},
}
_ABOUT: Final[Mapping[Language, str]] = {
    "ru": "Заседания подкомитета и сроки консультаций в соответствии с пунктом 24 Правил",
    "en": "Meetings of the subcommittee and target dates of consultations under point 24 of the Rules",
}
_DEMONSTRATION: Final[Mapping[Language, str]] = {"ru": "демонстрационные данные", "en": "demonstration data"}
_MEETING: Final[Mapping[Language, str]] = {"ru": "Заседание подкомитета", "en": "Meeting of the subcommittee"}
_PROVISIONAL: Final[Mapping[Language, str]] = {"ru": "предварительно", "en": "provisional"}


@dataclass(frozen=True, slots=True)
class ClockWork:
    """What target dates are counted with. ``revision`` and ``changed_at`` (UTC) are those of the moved days."""

    targets: Targets
    days: WorkingDays
    revision: int = 0
    changed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a calendar is and in which language: public address without a slash at its end, its own address."""

    base: str
    address: str
    language: Language
    demonstration: bool = False


@dataclass(frozen=True, slots=True)
class Telling:
    """An entry that says how a consultation stands from then on: its record, entered in the Register or not."""

    seq: int
    at: datetime
    record: Record


@dataclass(frozen=True, slots=True)
class Event:
    """A date of a consultation, as the newest entry tells it or as the last one told it that had it.

    ``deadline`` None is the meeting. ``seq`` is the entry that told it last, ``first_at`` and ``at`` are UTC.
    """

    kind: Literal["meeting", "target"]
    uid: str
    day: date
    record: Record
    deadline: Deadline | None
    first_at: datetime
    at: datetime
    seq: int
    sequence: int
    cancelled: bool


class Permissions:
    """From which entry on the permission of a consultation stands on a measure, and from which on none any more.

    Looks at every entry once.
    """

    def __init__(self) -> None:
        self._seen = 0
        self._named: dict[str, str] = {}
        self._changes: dict[str, list[tuple[int, bool]]] = {}

    def changes(self, register: Register, consultation: str) -> Sequence[tuple[int, bool]]:
        """The entries with which the permission came to stand in the Register (True) or ceased to."""
        for seq in range(self._seen + 1, register.seq + 1):
            measure = register.facts(seq).subject
            # Most measures bear no permission, and their records need not be read.
            if measure in self._named or _PERMITTED in register.body(seq):
                self._take(register, measure, seq)
        self._seen = register.seq
        return self._changes.get(consultation, ())

    def _take(self, register: Register, measure: str, seq: int) -> None:
        version = register.version(measure, seq)
        if version is None or version.seq != seq:
            return
        declaration = register.record(version).get("declaration") or {}
        now = declaration.get("consultation") if declaration.get("permitted") else None
        before = self._named.pop(measure, None)
        if now is not None:
            self._named[measure] = now
        if now == before:
            return
        for consultation, stands in ((before, False), (now, True)):
            others = sum(one == consultation for one in self._named.values()) - stands
            if consultation is not None and not others:
                self._changes.setdefault(consultation, []).append((seq, stands))


def tellings(register: Register, consultation: str, changes: Sequence[tuple[int, bool]] = ()) -> list[Telling]:
    """What the entries tell of a consultation, in order; ``changes`` are those of its permission (``Permissions``).

    Empty for a consultation that the journal does not have.
    """
    records = {seq: register.entry(seq)["after"] for seq in register.consultations().get(consultation, [])}
    entered = dict(changes)
    told: list[Telling] = []
    record: Record | None = None
    stands = False
    for seq in sorted([*records, *entered]):
        record, stands = records.get(seq, record), entered.get(seq, stands)
        if record is not None:
            known = record
            if stands and record["status"] == "consensus_permitted":
                known = {**record, "status": "entered_in_register", "entered": {"seq": seq}}
            told.append(Telling(seq, register.recorded_at(seq), known))
    return told


def events(told: Sequence[Telling], clock: ClockWork) -> list[Event]:
    """Every date that a consultation has or had, in the order of days."""
    dates = [dict(_dates(one.record, clock)) for one in told]
    found = []
    for uid in {uid: None for known in dates for uid in known}:
        having = [place for place, known in enumerate(dates) if uid in known]
        day, deadline = dates[having[-1]][uid]
        cancelled = having[-1] < len(told) - 1
        last = told[having[-1] + 1 if cancelled else len(told) - 1]
        sequence, at = told.index(last) - having[0], last.at
        if deadline is not None:
            sequence += clock.revision
            at = max(at, clock.changed_at or at)
        found.append(
            Event(
                "meeting" if deadline is None else "target",
                uid,
                day,
                told[having[-1]].record,
                deadline,
                told[having[0]].at,
                at,
                last.seq,
                sequence,
                cancelled,
            )
        )
    return sorted(found, key=lambda one: (one.day, one.uid))


def _dates(record: Record, clock: ClockWork) -> Iterator[tuple[str, tuple[date, Deadline | None]]]:
    base = f"{URN}:consultation:{record['id']}"
    if (held := _meeting(record)) is not None:
        yield f"{base}:meeting", (held, None)
    for one in deadlines(record, clock.targets, clock.days):
        # A permission that was entered is no longer due.
        if one.name != "entry" or one.met is None:
            place = f":{one.state}" if one.state else ""
            yield f"{base}:target:{one.name}{place}", (one.day, one)


def _meeting(record: Record) -> date | None:
    """The day of the meeting, if it is to be held or was: not one that a conclusion or withdrawal came before."""
    meeting = record.get("meeting")
    if not meeting or record["status"] == "withdrawn":
        return None
    day = date.fromisoformat(meeting["date"])
    concluded = record.get("concluded_on")
    return day if record["status"] in OPEN or not concluded or day <= date.fromisoformat(concluded) else None


def of_state(found: Iterable[Event], state: str, today: date) -> list[Event]:
    """What concerns a state: everything but until when other states are asked, from a year ago on."""
    first = today - timedelta(days=DAYS_BACK)
    return [one for one in found if one.day >= first and (one.deadline is None or one.deadline.state in (None, state))]


def consultation_calendar(
    register: Register, consultation: str, clock: ClockWork, permissions: Permissions, place: Place
) -> bytes:
    """The calendar of one consultation. Raises ``LookupError`` for one that the journal does not have."""
    told = tellings(register, consultation, permissions.changes(register, consultation))
    if not told:
        raise LookupError(consultation)
    page = f"{place.base}/{place.language}/consultations/{consultation}"
    return _written(events(told, clock), "one", consultation, consultation, page, place)


def state_calendar(
    register: Register, state: str, clock: ClockWork, permissions: Permissions, place: Place, today: date
) -> bytes:
    """The calendar of all consultations for one state, a day counting at the Commission's seat."""
    found = [
        one
        for consultation in register.consultations()
        for one in of_state(
            events(tellings(register, consultation, permissions.changes(register, consultation)), clock), state, today
        )
    ]
    found.sort(key=lambda one: (one.day, one.uid))
    page = f"{place.base}/{place.language}/consultations"
    return _written(found, "state", state, STATE_NAMES[state][place.language], page, place)


def _written(found: Iterable[Event], kind: str, name: str, what: str, page: str, place: Place) -> bytes:
    language = place.language
    title = _TITLES[kind][language].format(what=what)
    if place.demonstration:
        title = f"{title} – {_DEMONSTRATION[language]}"
    head = Head(
        f"{URN}:feed:consultations:{kind}:{name}:{language}", title, _ABOUT[language], page, place.address, language
    )
    return document(head, (_event(one, language, place.base) for one in found))


def _event(one: Event, language: Language, base: str) -> list[str]:
    record, told = one.record, moment(one.at)
    link = f"{base}/{language}/consultations/{record['id']}"
    categories = (STATE_NAMES[record["state"]][language], KIND_NAMES[record["kind"]][language])
    return [
        "BEGIN:VEVENT",
        f"UID:{text(one.uid)}",
        f"SEQUENCE:{one.sequence}",
        # Not the time of the answer: the same entries give the same bytes.
        f"DTSTAMP:{told}",
        f"LAST-MODIFIED:{told}",
        f"CREATED:{moment(one.first_at)}",
        f"DTSTART;VALUE=DATE:{one.day:%Y%m%d}",
        f"STATUS:{'CANCELLED' if one.cancelled else _status(one)}",
        "TRANSP:TRANSPARENT",
        f"SUMMARY;LANGUAGE={language}:{text(_summary(one, language))}",
        f"DESCRIPTION;LANGUAGE={language}:{text(_description(one, language, link))}",
        f"URL:{link}",
        f"CATEGORIES:{','.join(text(category) for category in categories)}",
        "END:VEVENT",
    ]


def _status(one: Event) -> str:
    return "TENTATIVE" if one.deadline is not None and one.deadline.provisional else "CONFIRMED"


def _summary(one: Event, language: Language) -> str:
    record, deadline = one.record, one.deadline
    what = _MEETING[language]
    if deadline is not None:
        what = NAMES[deadline.name][language]
        what = what[0].upper() + what[1:]
        if deadline.state is not None:
            what = f"{what} ({STATE_NAMES[deadline.state][language]})"
        if deadline.provisional:
            what = f"{what}, {_PROVISIONAL[language]}"
    named = f"{STATE_NAMES[record['state']][language]}, {KIND_NAMES[record['kind']][language]}"
    matter = "консультации" if language == "ru" else "consultation"
    return f"{what}: {matter} {record['id']} ({named})"


def _description(one: Event, language: Language, link: str) -> str:
    title = one.record["title"]
    parts = [title.get(language) or title.get("ru") or title.get("en") or ""]
    if one.deadline is not None:
        parts.append(one.deadline.reckoning()[language])
    if one.cancelled:
        parts.append(f"Отменено записью {one.seq}." if language == "ru" else f"Cancelled by entry {one.seq}.")
    return "\n".join([*(part for part in parts if part), link])
