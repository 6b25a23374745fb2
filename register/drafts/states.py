"""The way of a draft: ``draft → submitted → returned | approved → published``, and who may do what on it.

Pure: no database, no web. Whoever calls a command asks ``refusals`` first, inside the transaction that writes; the
pages ask the same function which buttons to show. Times are UTC.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, get_args

from register.drafts.actors import Actor
from register.drafts.rules import HD1, HD2, HD3, HD4, HD6, HD7, HD8, HD9, HD10
from register.findings import Finding

State = Literal["draft", "submitted", "returned", "approved", "published", "withdrawn"]
Command = Literal["save", "settle", "attach", "detach", "submit", "return", "approve", "publish", "withdraw"]

STATES: Final[tuple[State, ...]] = get_args(State)
COMMANDS: Final[tuple[Command, ...]] = get_args(Command)
EDITABLE: Final[tuple[State, ...]] = ("draft", "returned")

STATE_NAMES: Final[Mapping[State, Mapping[str, str]]] = {
    "draft": {"ru": "проект", "en": "draft"},
    "submitted": {"ru": "на утверждении", "en": "submitted"},
    "returned": {"ru": "возвращен", "en": "returned"},
    "approved": {"ru": "утвержден", "en": "approved"},
    "published": {"ru": "опубликован", "en": "published"},
    "withdrawn": {"ru": "снят с рассмотрения", "en": "withdrawn"},
}


@dataclass(frozen=True, slots=True)
class _Step:
    """Where a command applies, what it needs and where it leads (None: the state stays)."""

    applies: tuple[State, ...]
    action: str
    leads: State | None = None


STEPS: Final[Mapping[Command, _Step]] = {
    "save": _Step(EDITABLE, "draft.write"),
    "settle": _Step(EDITABLE, "draft.write"),
    "attach": _Step(EDITABLE, "draft.write"),
    "detach": _Step(EDITABLE, "draft.write"),
    "submit": _Step(EDITABLE, "draft.submit", "submitted"),
    "return": _Step(("submitted", "approved"), "draft.return", "returned"),
    "approve": _Step(("submitted",), "draft.approve", "approved"),
    "publish": _Step(("approved",), "draft.publish", "published"),
    "withdraw": _Step(EDITABLE, "draft.write", "withdrawn"),
}
"""The whole machine. What is not in it is refused."""
_BY_PERSONS: Final = frozenset(("return", "approve"))
_NEED_PRESENT_MEASURE: Final = frozenset(("submit", "approve"))


@dataclass(frozen=True, slots=True)
class Standing:
    """What the machine needs to know of a draft.

    ``writers`` are the accounts that wrote, changed or submitted it; ``open_doubts`` how many are not settled;
    ``moved`` whether the measure has another version than the one the draft was made from.
    """

    state: State
    writers: frozenset[int] = frozenset()
    open_doubts: int = 0
    moved: bool = False
    publish_at: datetime | None = None


def refusals(standing: Standing, command: Command, who: Actor, now: datetime, reason: str = "") -> list[Finding]:
    """Why ``who`` cannot do this now; empty when it may be done. ``reason`` is that of a return.

    What the rules of the Register say of the content (HD5) is asked apart.
    """
    step = STEPS[command]
    if not who.can(step.action):
        return [HD2.found()]
    if command in _BY_PERSONS and who.id is None:
        return [HD10.found()]
    if standing.state not in step.applies:
        return [_elsewhere(standing.state, step)]
    if command == "approve" and who.id in standing.writers:
        return [HD3.found()]
    found: list[Finding] = []
    if command == "submit" and standing.open_doubts:
        found.append(_doubts(standing.open_doubts))
    if command == "return" and not reason.strip():
        found.append(HD6.found(pointer="/reason"))
    if command in _NEED_PRESENT_MEASURE and standing.moved:
        found.append(HD8.found())
    if command == "publish" and standing.publish_at is not None and now < standing.publish_at:
        found.append(HD9.found(pointer="/publish_at"))
    return found


def after(standing: Standing, command: Command) -> State:
    """The state that the command leads to, once nothing refuses it."""
    return STEPS[command].leads or standing.state


def allowed(standing: Standing, who: Actor, now: datetime) -> list[Command]:
    """The commands that are open to ``who`` now, in the order of the way."""
    return [command for command in COMMANDS if not refusals(standing, command, who, now, reason="-")]


def _elsewhere(state: State, step: _Step) -> Finding:
    if state == "published":
        return HD7.found()
    ru = ", ".join(f"«{STATE_NAMES[one]['ru']}»" for one in step.applies)
    en = ", ".join(f"'{STATE_NAMES[one]['en']}'" for one in step.applies)
    return HD1.found(
        f"Проект находится в состоянии «{STATE_NAMES[state]['ru']}»; действие возможно в состоянии {ru}",
        f"The draft is '{STATE_NAMES[state]['en']}'; this can be done when it is {en}",
    )


def _doubts(number: int) -> Finding:
    return HD4.found(
        f"Не разрешены сомнения, всего: {number}", f"{number} doubt(s) are not settled yet", pointer="/doubts"
    )
