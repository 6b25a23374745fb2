"""What the pages of the workbench share: reading a form, the draft of an address, refusals as texts, their words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from functools import lru_cache
from gettext import GNUTranslations
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from litestar import Response
from litestar.di import NamedDependency

from admin.accounts import frame
from admin.accounts.frame import Asked, language
from admin.workbench import assets, fields
from admin.workbench.deadlines import WORKING_DAYS
from admin.workbench.fields import Typed
from register import words
from register.drafts.attachments import Cabinet
from register.drafts.model import KINDS as DRAFT_KINDS
from register.drafts.model import Draft
from register.drafts.records import UnknownDraft, read_draft
from register.drafts.rules import DRAFT_RULES, DraftRefused
from register.drafts.states import STATE_NAMES
from register.drafts.states import STATES as DRAFT_STATES
from register.findings import Finding
from register.measures import KINDS, STATES, TRANSPORTS
from register.pages import catalogue
from register.pages.catalogue import N_
from register.service import RegisterService
from register.web import not_found
from register.words import FIELD_NAMES, LANGUAGES, Language

HERE: Final = Path(__file__).parent
DRAFTS: Final = "/drafts"
LARGEST: Final = 2**53 - 1
Files = NamedDependency[Cabinet]

KIND_NAMES: Final[Mapping[str, Mapping[Language, str]]] = {
    "include": {"ru": "новая мера", "en": "new measure"},
    "amend": {"ru": "изменение", "en": "amendment"},
    "extend": {"ru": "продление", "en": "extension"},
    "terminate": {"ru": "досрочное прекращение", "en": "early end"},
    "correct": {"ru": "исправление", "en": "correction"},
    "permit": {"ru": "разрешение декларации", "en": "permission of the declaration"},
    "revoke": {"ru": "окончание разрешения декларации", "en": "end of the permission"},
}


@lru_cache(maxsize=len(LANGUAGES))
def translations(told: Language) -> GNUTranslations:
    """The catalogue of the workbench, with that of the public pages behind it."""
    return catalogue.translations(told, HERE / "locale", catalogue.LOCALE)


def staff_page(
    request: Asked, service: RegisterService, template: str, context: Mapping[str, Any], **more: Any
) -> Response[bytes]:
    """A page of the workbench: the frame of the accounts, with the names that drafts have."""
    told = language(request)
    shown = {
        "draft_kind": lambda kind: KIND_NAMES[kind][told],
        "draft_state": lambda state: STATE_NAMES[state][told],
        "workbench_style": assets.address("workbench.css"),
        "workbench_scripts": [assets.address("workbench.js"), assets.address("codes.js")],
        **options(told),
        **context,
    }
    return frame.staff_page(request, service, f"workbench/{template}", shown, **more)


def options(told: Language) -> dict[str, Any]:
    """What the fields of choice offer, with the names of what they offer."""
    say = translations(told).gettext
    labels = {f"f-{name}": f"{names[told][:1].upper()}{names[told][1:]}: " for name, names in FIELD_NAMES.items()}
    return {
        "draft_state_options": [(one, STATE_NAMES[one][told]) for one in DRAFT_STATES],
        "draft_kind_options": [(one, KIND_NAMES[one][told]) for one in DRAFT_KINDS],
        "state_options": [(one, words.STATE_NAMES[one][told]) for one in STATES],
        "measure_kind_options": [(one, words.KIND_NAMES[one][told]) for one in KINDS],
        "transport_options": [(one, words.TRANSPORT_NAMES[one][told]) for one in TRANSPORTS],
        "destination_options": [(one, names[told]) for one, names in words.DESTINATION_NAMES.items()],
        "role_options": [(one, names[told]) for one, names in words.ACT_ROLE_NAMES.items()],
        "event_names": {name: say(text) for name, text in _EVENTS.items()},
        "kind_hints": {name: say(text) for name, text in _HINTS.items()},
        "labels": {**labels, "f-title_ru": labels["f-title"]},
    }


_EVENTS: Final = {
    "created": N_("begun"),
    "loaded": N_("loaded from a table"),
    "saved": N_("saved"),
    "set_aside": N_("text kept that could not be saved"),
    "settled": N_("doubt settled"),
    "attached": N_("act attached"),
    "detached": N_("act taken off"),
    "submitted": N_("submitted"),
    "returned": N_("returned"),
    "approved": N_("approved"),
    "published": N_("published"),
    "moved": N_("back to a draft: the measure has changed"),
    "withdrawn": N_("taken out of the work"),
}
_HINTS: Final = {
    "extend": N_("the term becomes longer"),
    "terminate": N_("the measure ends before its day"),
    "amend": N_("goods, conditions or dates change by a new act"),
    "correct": N_("the record was wrong; asks why, both versions stay visible"),
    "permit": N_("decided in a consultation, point 24"),
    "revoke": N_("the permission ends"),
}


def here(request: Asked, path: str) -> str:
    """The address of a page of the workbench in the language of this one."""
    return frame.here(request, path)


async def typed(request: Asked) -> Typed:
    """The texts of the form that was sent, all of each name."""
    form = await request.form()
    found: dict[str, list[str]] = {}
    for name, value in form.multi_items():
        if isinstance(value, str):
            found.setdefault(name, []).append(value)
    return found


def version_of(form: Typed) -> int:
    """The version of the draft that a form was made from; 0, which never was, for what is none."""
    text = fields.one(form, "version")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


async def draft_of(request: Asked, service: RegisterService) -> Draft:
    """The draft that the address names. Raises ``Problem`` 404."""
    number = int(request.path_params["id"])
    if 0 < number <= LARGEST:
        try:
            return await read_draft(service.database, number)
        except UnknownDraft:
            pass
    raise not_found("Такого проекта нет.", "There is no such draft.", "/id")


def texts(refused: DraftRefused, told: Language) -> list[str]:
    """Why something was refused, in the language of the page."""
    return [finding.text[told] or "" for finding in refused.findings]


def finding_text(finding: Finding, told: Language) -> str:
    """What a rule found, in the language of the page."""
    return finding.text.get(told) or finding.text.get("en") or ""


def rule_of_drafts(name: str) -> bool:
    """Whether a rule is one of the way of drafts, which the page of rules does not list."""
    return name in DRAFT_RULES


def publication_moment(form: Typed, zone: ZoneInfo) -> tuple[datetime | None, bool]:
    """The time of publication that was typed, by the clock of the seat, and whether it can be one (empty can)."""
    text = fields.one(form, "publish_at")
    if not text:
        return None, True
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None, False
    if at.tzinfo is None:
        at = at.replace(tzinfo=zone)
    return at.replace(microsecond=0), True


def day_of(text: Any) -> date | None:
    """A day of a draft's content; None for what is none."""
    try:
        return date.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None


def start_of(day: date, zone: ZoneInfo) -> datetime:
    """The first moment of a day at the seat."""
    return datetime.combine(day, time.min, zone)


def inclusion_days(request: Asked) -> int:
    """How many working days the inclusion takes at most; the application may set ``app.state.inclusion_days``."""
    return int(getattr(request.app.state, "inclusion_days", WORKING_DAYS))


def title_of(draft: Draft, told: Language) -> str:
    """What a draft is about, for a list: the title of its measure in whichever language there is one."""
    title = fields.measure_of(draft.kind, draft.content).get("title")
    other = "en" if told == "ru" else "ru"
    return fields.text_of(title, told) or fields.text_of(title, other)


def chosen(values: Sequence[str], allowed: Sequence[str]) -> tuple[str, ...]:
    """The values that are allowed, each once."""
    return tuple(dict.fromkeys(value for value in values if value in allowed))
