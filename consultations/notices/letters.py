"""What a mail looks like: text and HTML, in the reader's language, with headers that nothing typed can break.

Nothing confidential is at hand here: a letter is made from an ``Event`` and the public record.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as WIRE
from email.utils import format_datetime
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from consultations.notices.kinds import Describe, Event, Record, one_line, party_name, sentence, title
from register.pages.formats import moment
from register.words import KIND_NAMES, Language

_TEMPLATES: Final = Path(__file__).parent / "templates"
_MOST: Final = 200
"""How many lines a digest shows at most; the rest stands on the page."""


@dataclass(frozen=True, slots=True)
class Letter:
    """Subject and body of a mail, in both forms."""

    subject: str
    text: str
    html: str


class Stationery:
    """Makes letters for one deployment: its address, its zone, and the public records as they are known."""

    def __init__(self, base_url: str, zone: ZoneInfo, describe: Describe) -> None:
        self._base = base_url
        self._zone = zone
        self._describe = describe

    def settings_url(self, language: Language) -> str:
        """Where a person sets which mails to get."""
        return f"{self._base}/{language}/staff/notices#settings"

    def notice(self, event: Event, language: Language) -> Letter:
        """The letter of one notice."""
        shown = self._shown(event, language)
        return self._letter(shown["subject"], "notice", language, one=shown)

    def digest(self, events: Sequence[Event], language: Language) -> Letter:
        """One letter of everything since the last one."""
        shown = [self._shown(event, language) for event in events[:_MOST]]
        number = len(events)
        subject = f"Консультации: уведомлений – {number}" if language == "ru" else f"Consultations: {number} notices"
        return self._letter(subject, "digest", language, all=shown, more=number - len(shown))

    def plain(self, content: Mapping[str, Any]) -> Letter:
        """A letter in both languages, from ``subject`` and ``text`` in each: for one whose language is not known."""
        subject, text = content["subject"], content["text"]
        return self._letter(f"{subject['ru']} / {subject['en']}", "plain", "ru", texts=[text["ru"], text["en"]])

    def _letter(self, subject: str, template: str, language: Language, **context: Any) -> Letter:
        context = {
            **context,
            "lang": language,
            "subject": one_line(subject),
            "settings_url": self.settings_url(language),
            "page_url": f"{self._base}/{language}/staff/notices",
        }
        text = _environment.get_template(f"{template}.txt").render(context)
        html = _environment.get_template(f"{template}.html").render(context)
        return Letter(context["subject"], text, html)

    def _shown(self, event: Event, language: Language) -> dict[str, Any]:
        record = self._describe(event.consultation)
        said = sentence(event, record, language)
        return {
            "consultation": event.consultation,
            "sentence": said,
            "subject": f"{event.consultation}: {said[:1].lower()}{said[1:]}",
            "title": title(record, language),
            "facts": _facts(record, language),
            "at": moment(event.at, self._zone, language),
            "url": f"{self._base}/{language}/staff/consultations/{event.consultation}",
        }


def _facts(record: Record | None, language: Language) -> list[tuple[str, str]]:
    """What the public record says of the consultation, as label and value."""
    if record is None:
        return []
    ru = language == "ru"
    facts = [
        ("Меру планирует" if ru else "The measure is planned by", party_name(record["state"], language)),
        ("Вид меры" if ru else "Kind of measure", KIND_NAMES[record["kind"]][language]),
        ("Инициатор консультаций" if ru else "Opened by", party_name(record["initiator"], language)),
    ]
    return [(label, one_line(value)) for label, value in facts]


def message(
    letter: Letter, *, sender: Address, to: Address, token: str, at: datetime, language: str, unsubscribe: str | None
) -> EmailMessage:
    """A letter as a message of RFC 5322. ``at`` is UTC; ``token`` makes the Message-ID, the same at every attempt.

    Raises ``ValueError`` for a header that would not stay one.
    """
    made = EmailMessage(policy=WIRE)
    made["Date"] = format_datetime(at)
    made["From"] = sender
    made["To"] = to
    made["Subject"] = one_line(letter.subject)
    made["Message-ID"] = f"<{token}@{sender.domain}>"
    # RFC 3834: no out-of-office answers to a machine.
    made["Auto-Submitted"] = "auto-generated"
    made["X-Auto-Response-Suppress"] = "All"
    if unsubscribe is not None:
        made["List-Unsubscribe"] = f"<{unsubscribe}>"
    made.set_content(letter.text, cte="base64")
    made.add_alternative(letter.html, subtype="html", cte="base64")
    made["Content-Language"] = language
    return made


_environment: Final = Environment(
    loader=FileSystemLoader(_TEMPLATES),
    autoescape=select_autoescape(("html",)),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)
