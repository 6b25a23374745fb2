"""What the pages of the parties share: the consultation of an address, its record as it stands, words, deeds."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import lru_cache
from gettext import GNUTranslations
from pathlib import Path
from typing import Any, Final

from litestar import Response
from litestar.di import NamedDependency

from admin.accounts import Actor, audit, frame
from admin.accounts.frame import Asked, language
from admin.consulting import assets
from admin.consulting.forms import Form, anchor
from consultations.commands import ConsultationRefused, ConsultationStale, UnknownConsultation, read, set_aside
from consultations.model import STANCE_NAMES, Consultation, Party
from consultations.office import Consulting
from consultations.pages.common import LOCALE as PUBLIC_LOCALE
from consultations.pages.common import names
from consultations.permissions import drafts_of
from consultations.procedure import StepName
from register import words
from register.findings import Finding
from register.measures import KINDS, STATES
from register.pages import catalogue
from register.pages.catalogue import N_
from register.service import RegisterService
from register.web import not_found
from register.words import LANGUAGES, STATE_NAMES, Language

HERE: Final = Path(__file__).parent
LOCALE: Final = HERE / "locale"
LIST: Final = "/consultations"
ONE: Final = f"{LIST}/{{id:str}}"
ASKED: Final = "/asked"
Office = NamedDependency[Consulting]

COMMISSION: Final[Mapping[Language, str]] = {"ru": "Комиссия", "en": "the Commission"}

STEP_LABELS: Final[Mapping[StepName, str]] = {
    "change_plan": N_("Change the plan"),
    "schedule": N_("Set the meeting"),
    "position": N_("State the position"),
    "comment": N_("Comment"),
    "document": N_("Give a document"),
    "conclude": N_("Record the outcome"),
    "withdraw": N_("Withdraw"),
    "revoke": N_("Revoke the permission"),
}
EVENTS: Final[Mapping[str, str]] = {
    "initiated": N_("initiated"),
    "changed": N_("plan changed"),
    "scheduled": N_("meeting set"),
    "rescheduled": N_("meeting set anew"),
    "position": N_("position stated"),
    "comment": N_("comment"),
    "document": N_("document given"),
    "concluded": N_("outcome recorded"),
    "withdrawn": N_("withdrawn"),
    "revoked": N_("permission revoked"),
    "set_aside": N_("text kept that came too late"),
}


@lru_cache(maxsize=len(LANGUAGES))
def translations(told: Language) -> GNUTranslations:
    """The catalogue of these pages, with those of the public pages behind it."""
    return catalogue.translations(told, LOCALE, PUBLIC_LOCALE, catalogue.LOCALE)


def party_name(party: Party, told: Language) -> str:
    """A state, or the Commission."""
    return COMMISSION[told] if party is None else STATE_NAMES[party][told]


def staff_page(
    request: Asked, service: RegisterService, template: str, context: Mapping[str, Any], **more: Any
) -> Response[bytes]:
    """A page of consultations behind the sign-in, with the names that their templates need."""
    told = language(request)
    say = translations(told).gettext
    shown = {
        **names(told),
        "consulting_style": assets.address("consulting.css"),
        "stance_name": lambda stance: STANCE_NAMES[stance][told],
        "party_name": lambda party: party_name(party, told),
        "step_label": lambda step: say(STEP_LABELS[step]),
        "event_name": lambda action: say(EVENTS[action]) if action in EVENTS else action,
        "state_options": [(one, words.STATE_NAMES[one][told]) for one in STATES],
        "kind_options": [(one, words.KIND_NAMES[one][told]) for one in KINDS],
        "at": {},
        "found": [],
        "typed": Form(),
        "changed": None,
        "parked": "",
        **context,
    }
    return frame.staff_page(request, service, f"consulting/{template}", shown, **more)


def here(request: Asked, path: str) -> str:
    """The address of a page in the language of this one."""
    return frame.here(request, path)


async def consultation_of(request: Asked, service: RegisterService) -> Consultation:
    """The consultation that the address names. Raises ``Problem`` 404."""
    try:
        return await read(service.database, request.path_params["id"])
    except UnknownConsultation:
        raise not_found("Таких консультаций нет.", "There is no such consultation.", "/id") from None


async def sent_form(request: Asked) -> Form:
    """The texts of the form that was sent."""
    found: dict[str, list[str]] = {}
    for name, value in (await request.form()).multi_items():
        if isinstance(value, str):
            found.setdefault(name, []).append(value)
    return Form(found)


def version_of(form: Form) -> int | None:
    """The version that a form was made from; None for what is none."""
    text = form.one("version")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def faults(found: Sequence[Finding], told: Language, burdened: Sequence[str] = ()) -> dict[str, Any]:
    """What a page shows of findings: ``at`` beside the fields, ``found`` on top with the field of each."""
    say = translations(told).gettext
    listed = []
    for one in found:
        field = anchor(one.pointer, burdened)
        label = say(LABELS[field]) if field in LABELS else STATE_NAMES.get(field[-2:], {}).get(told, "")
        text = one.text.get(told) or one.text.get("en") or ""
        listed.append({"anchor": field, "label": label, "text": text, "rule": one.rule})
    at: dict[str, str] = {}
    for shown in listed:
        at.setdefault(shown["anchor"], shown["text"])
    return {"at": at, "found": listed}


LABELS: Final[Mapping[str, str]] = {
    "f-state": N_("State that plans it"),
    "f-kind": N_("Kind of measure"),
    "f-title_ru": N_("Title in Russian"),
    "f-title_en": N_("Title in English, if there is one"),
    "f-codes": N_("TN VED codes"),
    "f-planned_from": N_("Planned from"),
    "f-planned_to": N_("Planned until"),
    "f-measure": N_("Measure of the Register, if it is there"),
    "f-similar_goods": N_("Similar goods in words"),
    "f-date": N_("Day of the meeting"),
    "f-time": N_("Time, Moscow"),
    "f-place": N_("Place"),
    "f-link": N_("Link"),
    "f-agenda": N_("Agenda"),
    "f-stance": N_("Position"),
    "f-reasons": N_("Reasons"),
    "f-text": N_("Comment"),
    "f-outcome": N_("Outcome of the consultation"),
    "f-protocol_number": N_("Number of the protocol"),
    "f-protocol_date": N_("Date of the protocol"),
    "f-permission_from": N_("First day"),
    "f-permission_to": N_("Last day"),
    "f-reason": N_("Reason"),
    "f-last_day": N_("Last day of the permission"),
    "f-permit_measure": N_("Measure of the Register"),
}
"""What the fields of the forms are called, for the summary on top."""


async def deed(
    service: RegisterService,
    who: Actor,
    step: StepName,
    identifier: str | None,
    work: Callable[[], Awaitable[Consultation]],
) -> Consultation:
    """Take a step and tell of it in one transaction; a refusal for who somebody is goes to the audit trail.

    What came too late is kept with the consultation. Raises what the command raises.
    """
    db, now, action = service.database, service.now(), _AUDITED.get(step, f"consultation.{step}")
    try:
        async with db.transaction():
            done = await work()
            told: dict[str, Any] = {"version": done.version}
            if step in ("conclude", "revoke"):
                told["drafts"] = [draft.id for draft in await drafts_of(db, done.id)]
            await audit(db, who, action, f"consultation:{done.id}", "done", at=now, **told)
    except ConsultationRefused as refused:
        if refused.status == 403:
            rules = [one.rule for one in refused.findings]
            async with db.transaction():
                await audit(db, who, action, f"consultation:{identifier or 'new'}", "refused", at=now, rules=rules)
        raise
    except ConsultationStale as stale:
        await set_aside(db, stale, who, now=now)
        raise
    await service.catch_up()
    return done


_AUDITED: Final[Mapping[StepName, str]] = {"change_plan": "consultation.change"}
"""What the audit trail calls a step, where that is not its own name: the same as for calls."""
