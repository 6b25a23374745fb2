"""What people are told of, and in which words. Pure.

A mail says what happened and links to it. What the parties said to each other (positions, reasons, comments, documents,
the place of a meeting) is read behind the sign-in only and stands in no mail.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, Literal, cast, get_args

from consultations.clock import NAMES, DeadlineName
from register.words import STATE_NAMES, Language, written_date

NoticeKind = Literal[
    "initiated",
    "changed",
    "scheduled",
    "rescheduled",
    "position",
    "comment",
    "document",
    "deadline_near",
    "deadline_passed",
    "concluded",
    "withdrawn",
    "revoked",
]
KINDS: Final[tuple[NoticeKind, ...]] = get_args(NoticeKind)

KIND_NAMES: Final[Mapping[str, Mapping[str, str]]] = {
    "initiated": {"ru": "консультации инициированы", "en": "a consultation is initiated"},
    "changed": {"ru": "план меры изменен", "en": "the plan of the measure is changed"},
    "scheduled": {"ru": "заседание назначено", "en": "a meeting is set"},
    "rescheduled": {"ru": "заседание перенесено", "en": "a meeting is moved"},
    "position": {"ru": "представлена позиция", "en": "a position is stated"},
    "comment": {"ru": "добавлен комментарий", "en": "a comment is added"},
    "document": {"ru": "добавлен документ", "en": "a document is added"},
    "deadline_near": {"ru": "приближается срок", "en": "a deadline comes near"},
    "deadline_passed": {"ru": "срок истек", "en": "a deadline has passed"},
    "concluded": {"ru": "консультации завершены", "en": "a consultation is concluded"},
    "withdrawn": {"ru": "инициатива отозвана", "en": "a consultation is withdrawn"},
    "revoked": {"ru": "разрешение отменено", "en": "a permission is revoked"},
}
OUTCOME_NAMES: Final[Mapping[str, Mapping[str, str]]] = {
    "consensus_permitted": {
        "ru": "консенсус достигнут, декларация о происхождении товара допущена",
        "en": "consensus, the origin declaration is permitted",
    },
    "consensus_not_permitted": {
        "ru": "консенсус достигнут, декларация о происхождении товара не допущена",
        "en": "consensus, the origin declaration is not permitted",
    },
    "no_consensus": {"ru": "консенсус не достигнут", "en": "no consensus"},
}
_COMMISSION: Final = {"ru": "Комиссия", "en": "the Commission"}


@dataclass(frozen=True, slots=True)
class Event:
    """Something to tell of. ``key`` names it for ever: it is told once.

    ``state`` is who did it, or whose deadline it is; None is the Commission. ``detail`` holds ``deadline`` (its name)
    and ``day`` of a deadline, nothing else: a mail must not tell more than the page without sign-in does.
    """

    key: str
    kind: NoticeKind
    consultation: str
    state: str | None
    at: datetime
    deadline: str | None = None
    day: date | None = None

    @property
    def detail(self) -> dict[str, str]:
        """What is kept of it as JSON."""
        if self.deadline is None or self.day is None:
            return {}
        return {"deadline": self.deadline, "day": self.day.isoformat()}


Record = Mapping[str, Any]
Describe = Callable[[str], Record | None]
"""The public record of a consultation by its number, as it is known now; None where none is known yet."""


def party_name(state: str | None, language: Language) -> str:
    """A state or the Commission, as the subject of a sentence."""
    return _COMMISSION[language] if state is None else STATE_NAMES[state][language]


def sentence(event: Event, record: Record | None, language: Language) -> str:
    """What happened, in one sentence without a full stop. ``record`` adds public dates and the outcome."""
    who = party_name(event.state, language)
    if event.deadline is not None and event.day is not None:
        return _of_deadline(event, event.deadline, event.day, language)
    meeting = ((record or {}).get("meeting") or {}).get("date")
    outcome = (record or {}).get("outcome")
    ru = {
        "initiated": f"Инициированы консультации ({who})",
        "changed": f"Изменен план меры ({who})",
        "scheduled": f"Назначено заседание{_on(meeting, ' на ', language)}",
        "rescheduled": f"Изменены сведения о заседании{_on(meeting, ', дата: ', language)}",
        "position": f"Представлена позиция ({who})",
        "comment": f"Добавлен комментарий ({who})",
        "document": f"Добавлен документ ({who})",
        "concluded": f"Консультации завершены{_outcome(outcome, language)}",
        "withdrawn": f"Инициатива отозвана ({who})",
        "revoked": "Разрешение на использование декларации о происхождении товара отменено",
    }
    en = {
        "initiated": f"A consultation is initiated ({who})",
        "changed": f"The plan of the measure is changed ({who})",
        "scheduled": f"A meeting is set{_on(meeting, ' for ', language)}",
        "rescheduled": f"The meeting is changed{_on(meeting, ', its day: ', language)}",
        "position": f"A position is stated ({who})",
        "comment": f"A comment is added ({who})",
        "document": f"A document is added ({who})",
        "concluded": f"The consultation is concluded{_outcome(outcome, language)}",
        "withdrawn": f"The consultation is withdrawn ({who})",
        "revoked": "The permission of the origin declaration is revoked",
    }
    return (ru if language == "ru" else en)[event.kind]


def title(record: Record | None, language: Language) -> str:
    """What a consultation is about, in the language or in the other one; empty where nothing is known."""
    texts = (record or {}).get("title") or {}
    return one_line(texts.get(language) or texts.get("en" if language == "ru" else "ru") or "")


def one_line(text: str, most: int = 300) -> str:
    """A text without line breaks and control characters, fit for a header; cut after ``most`` characters."""
    plain = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return plain if len(plain) <= most else f"{plain[: most - 1].rstrip()}…"


def _of_deadline(event: Event, deadline: str, day: date, language: Language) -> str:
    name, shown = NAMES[cast(DeadlineName, deadline)][language], written_date(day, language)
    whose = f" ({party_name(event.state, language)})" if event.state is not None else ""
    near = event.kind == "deadline_near"
    if language == "ru":
        return f"Приближается {name}{whose}: {shown}" if near else f"Истек {name}{whose}: {shown}"
    return f"{name[:1].upper()}{name[1:]} {'ends soon' if near else 'is over'}{whose}: {shown}"


def _on(day: str | None, before: str, language: Language) -> str:
    return f"{before}{written_date(day, language)}" if day else ""


def _outcome(outcome: str | None, language: Language) -> str:
    return f": {OUTCOME_NAMES[outcome][language]}" if outcome is not None and outcome in OUTCOME_NAMES else ""
