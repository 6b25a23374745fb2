"""What the pages of subscriptions share: whose a subscription is, what of a form is sent on, errors by field."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec
from litestar import Response
from litestar.di import NamedDependency

from admin.accounts import core, people
from admin.accounts.frame import Asked, language
from admin.accounts.frame import staff_page as frame_page
from admin.accounts.policy import Actor, Role
from feeds.webhooks.authorise import Subscriber
from feeds.webhooks.office import Webhooks
from feeds.webhooks.records import Subscription, select
from register import words
from register.entries import ENTRY_TYPES, REASONS
from register.measures import KINDS, STATES
from register.pages.catalogue import N_
from register.service import RegisterService
from register.web import Problem, finding, not_found
from register.words import Language

HERE: Final = Path(__file__).parent
LIST: Final = "/subscriptions"
PATH: Final = f"{core.PATH}{LIST}"
Office = NamedDependency[Webhooks]

CHOICES: Final = ("state", "kind", "type", "reason")
TEXTS: Final = ("url", "description", "code", "from_seq", "overlap_hours")
LABELS: Final = {
    "url": N_("Address of the receiver"),
    "description": N_("What it is for"),
    "code": N_("TN VED code"),
    "state": N_("Member states"),
    "kind": N_("Kinds of measures"),
    "type": N_("What happened"),
    "reason": N_("Why"),
    "from_seq": N_("First entry"),
    "overlap_hours": N_("Hours of overlap"),
}
FAILURES: Final = {
    "address": N_("the address may not be used"),
    "resolve": N_("the name of the host is not found"),
    "connect": N_("no connection"),
    "tls": N_("no trusted certificate"),
    "timeout": N_("no answer in time"),
    "protocol": N_("the answer is not HTTP"),
    "redirect": N_("a redirect, which is not followed"),
    "status": N_("the receiver did not take it"),
    "secret": N_("its secret cannot be read, issue a new one"),
}
PAUSES: Final = {
    "owner": N_("paused by its owner"),
    "failing": N_("paused after three days of failures"),
    "gone": N_("paused: the receiver says that the address is closed for good (410)"),
}


@dataclass(frozen=True, slots=True)
class Typed:
    """The texts of a form and the boxes that are ticked; ``once`` names this very form, so that it counts once."""

    texts: Mapping[str, str]
    chosen: Mapping[str, Sequence[str]]
    once: str

    def body(self, *names: str) -> bytes:
        """What the form says as the body of the same call of the interface for programs: ``names`` and the filter."""
        wanted = {**self.chosen, "code": self.texts["code"] or None}
        return msgspec.json.encode({"filter": wanted, **self._sent(names)})

    def only(self, *names: str) -> bytes:
        """``names`` without a filter."""
        return msgspec.json.encode(self._sent(names))

    def _sent(self, names: Iterable[str]) -> dict[str, Any]:
        sent: dict[str, Any] = {}
        for name in names:
            text = self.texts[name]
            if name in ("from_seq", "overlap_hours"):
                sent |= {name: _number(text)} if text else {}
            else:
                sent[name] = text if text or name == "url" else None
        return sent


def _number(text: str) -> int | str:
    """A number as people write it; any other text as it is, for the rule to refuse."""
    digits = re.sub(r"[\s\u00a0]", "", text)
    return int(digits) if re.fullmatch(r"[0-9]{1,15}", digits) else text


def blank() -> Typed:
    """The empty form."""
    return Typed({**dict.fromkeys(TEXTS, ""), "overlap_hours": "24"}, {name: [] for name in CHOICES}, _fresh())


def typed_of(items: Iterable[tuple[str, Any]]) -> Typed:
    """A form as it was sent."""
    given: dict[str, list[str]] = {}
    for name, value in items:
        if isinstance(value, str):
            given.setdefault(name, []).append(value.strip())
    texts = {name: given.get(name, [""])[0] for name in TEXTS}
    once = given.get("once", [""])[0]
    return Typed(
        texts,
        {name: given.get(name, []) for name in CHOICES},
        once if re.fullmatch("[0-9a-f]{32}", once) else _fresh(),
    )


def typed_from(held: Subscription) -> Typed:
    """A subscription as the form shows it."""
    wanted = held.wanted
    texts = {"url": held.url, "description": held.description or "", "code": wanted.code or "", "from_seq": ""}
    chosen = {"state": wanted.state, "kind": wanted.kind, "type": wanted.type, "reason": wanted.reason}
    return Typed({**texts, "overlap_hours": "24"}, chosen, _fresh())


def renewed(typed: Typed) -> Typed:
    """The same texts in a form of its own: what was refused may be corrected and sent again."""
    return Typed(typed.texts, typed.chosen, _fresh())


def _fresh() -> str:
    return secrets.token_hex(16)


def faults(problem: Problem, told: Language) -> dict[str, str]:
    """Why a form was refused, by its field."""
    found: dict[str, str] = {}
    for error in problem.errors:
        parts = error.pointer.strip("/").split("/")
        name = parts[1] if parts[0] == "filter" and len(parts) > 1 else parts[0]
        text = error.text[told] or ""
        found.setdefault(name or "form", text.removeprefix(f"{name}: "))
    return found


async def owner_of(service: RegisterService, actor: Actor) -> Subscriber:
    """The owner of what this person makes; the same as over the interface for programs. Raises ``Problem`` 403."""
    account = None if actor.id is None else await people.by_id(service.database, actor.id)
    if account is None:
        ru, en = "Подписка оформляется на человека", "A subscription belongs to a person"
        raise Problem(403, "Forbidden", f"{en} / {ru}", [finding("", ru, en, "H-role")])
    return Subscriber(f"account:{account.id}", account.email)


async def held_by(request: Asked, service: RegisterService, actor: Actor) -> tuple[Subscription, Subscriber, bool]:
    """The subscription that the address names, its owner, and whether that is who asks.

    The operator sees everybody's. Raises ``Problem`` 404.
    """
    own = await owner_of(service, actor)
    name = str(request.path_params["id"])[:40].replace("\x00", "")
    for held in await select(service.database, "id = {}", name):
        if held.owner == own.id:
            return held, own, True
        if actor.role is Role.OPERATOR:
            return held, Subscriber(held.owner, held.owner_email), False
    raise not_found("Такой подписки нет", "There is no such subscription", "/id")


def staff_page(
    request: Asked, service: RegisterService, template: str, context: Mapping[str, Any], **more: Any
) -> Response[bytes]:
    """A page of subscriptions, with the names of what can be chosen."""
    told = language(request)
    shown = {
        "failures": FAILURES,
        "pauses": PAUSES,
        "labels": LABELS,
        "options": {
            "state": [(one, words.STATE_NAMES[one][told]) for one in STATES],
            "kind": [(one, words.KIND_NAMES[one][told]) for one in KINDS],
            "type": [(one, words.ENTRY_TYPE_NAMES[one][told]) for one in ENTRY_TYPES],
            "reason": [(one, words.REASON_NAMES[one][told]) for one in REASONS],
        },
        "head": service.register.seq,
        **context,
    }
    return frame_page(request, service, f"subscriptions/{template}", shown, **more)
