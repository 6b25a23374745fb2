"""How an iCalendar is written (RFC 5545): the frame of a published calendar, texts, moments, folded lines. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Final, NamedTuple

from register.words import Language

ICAL: Final = "text/calendar; charset=utf-8"
LINE_LENGTH: Final = 75
"""Octets of a line without its end (RFC 5545 section 3.1)."""
_ESCAPES: Final = str.maketrans({"\\": "\\\\", ";": "\\;", ",": "\\,", "\n": "\\n"})
_CONTROL: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")


class Head(NamedTuple):
    """What a calendar says of itself: identifier, title, one sentence, the page it is about, its own address."""

    id: str
    name: str
    about: str
    page: str
    address: str
    language: Language


def document(head: Head, events: Iterable[Iterable[str]]) -> bytes:
    """The calendar of these events, each the lines from ``BEGIN:VEVENT`` to its end; asked for anew every six hours."""
    name, about = text(head.name), text(head.about)
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        f"PRODID:-//EAEU//Register of separate measures//{head.language.upper()}",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        f"UID:{text(head.id)}",
        f"NAME:{name}",
        f"X-WR-CALNAME:{name}",
        f"DESCRIPTION:{about}",
        f"X-WR-CALDESC:{about}",
        f"URL:{head.page}",
        f"SOURCE;VALUE=URI:{head.address}",
        "REFRESH-INTERVAL;VALUE=DURATION:PT6H",
        "X-PUBLISHED-TTL:PT6H",
    ]
    for event in events:
        lines += event
    lines.append("END:VCALENDAR")
    return b"".join(folded(line) for line in lines)


def moment(at: datetime) -> str:
    """A time in UTC, to the second."""
    return f"{at:%Y%m%dT%H%M%SZ}"


def text(value: str) -> str:
    """A text as RFC 5545 section 3.3.11 writes it."""
    return _CONTROL.sub("\ufffd", value.replace("\r\n", "\n")).translate(_ESCAPES)


def folded(line: str) -> bytes:
    """A line in pieces of at most 75 octets, none of which ends within a character."""
    rest, pieces, most = line.encode(), [], LINE_LENGTH
    while len(rest) > most:
        end = most
        while rest[end] & 0xC0 == 0x80:
            end -= 1
        pieces.append(rest[:end])
        # The space that begins a piece counts too.
        rest, most = rest[end:], LINE_LENGTH - 1
    return b"\r\n ".join([*pieces, rest]) + b"\r\n"
