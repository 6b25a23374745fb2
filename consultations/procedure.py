"""The procedure of P24: which step, by whom, from which state of the consultation, on what conditions.

Pure: no database, no web. Whoever takes a step asks ``refusals`` first, inside the transaction that writes; pages ask
``allowed`` which buttons to show. Days are those of the Commission's seat.

| step | by | from | leads to | basis |
|---|---|---|---|---|
| initiate | an official of the planning or of a burdened state | – | initiated | P24 |
| change_plan | an official of the initiating state | initiated, scheduled | the same | HC7 |
| schedule | a clerk or an approver | initiated, scheduled, in_progress | scheduled | HC8 |
| position | an official for the own state, a clerk for the Commission | the same three | in_progress | P24 |
| comment, document | officials, clerks, approvers | see ``STEPS`` | the same | HC2 |
| conclude | an approver | scheduled, in_progress | the outcome | P24, HC10, HC11 |
| withdraw | an official of the initiating state | initiated, scheduled, in_progress | withdrawn | HC13 |
| revoke | an approver | consensus_permitted, entered_in_register | revoked | HC14 |
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Literal, get_args

from consultations.model import (
    OPEN,
    Conclusion,
    Consultation,
    Meeting,
    Party,
    Plan,
    Reasoned,
    Revocation,
    Said,
    Stated,
    Status,
    newest,
)
from consultations.rules import HC1, HC2, HC3, HC4, HC5, HC7, HC8, HC9, HC10, HC11, HC12, HC13, HC14, HC18, HC19, P24
from register.coverage import reach, uncovered
from register.drafts.actors import Actor
from register.findings import Finding
from register.measures import STATES, State
from register.words import CONSULTATION_STATUS_NAMES, STATE_NAMES, written_date

StepName = Literal[
    "initiate", "change_plan", "schedule", "position", "comment", "document", "conclude", "withdraw", "revoke"
]
STEP_NAMES: Final[tuple[StepName, ...]] = get_args(StepName)

OFFICIAL: Final = "official"
CLERK: Final = "clerk"
APPROVER: Final = "approver"
COMMISSION: Final = frozenset((CLERK, APPROVER))
PARTIES: Final = frozenset((OFFICIAL, CLERK, APPROVER))

DECIDED: Final[tuple[Status, ...]] = (
    "consensus_permitted",
    "consensus_not_permitted",
    "no_consensus",
    "entered_in_register",
)

Due = Mapping[State, date]
"""The last day on which each state may be waited for, by the clock."""


@dataclass(frozen=True, slots=True)
class Step:
    """Who takes a step, by which action of the table of roles, from which states, on which provision or rule.

    ``own`` narrows officials to those of the initiating state.
    """

    action: str
    roles: frozenset[str]
    applies: tuple[Status, ...]
    basis: str
    own: bool = False


STEPS: Final[Mapping[StepName, Step]] = {
    "initiate": Step("consultation.initiate", frozenset((OFFICIAL,)), (), "P24"),
    "change_plan": Step("consultation.initiate", frozenset((OFFICIAL,)), ("initiated", "scheduled"), "HC7", own=True),
    "schedule": Step("consultation.schedule", COMMISSION, OPEN, "HC8"),
    "position": Step("consultation.position", frozenset((OFFICIAL, CLERK)), OPEN, "P24"),
    "comment": Step("consultation.comment", PARTIES, (*OPEN, *DECIDED), "HC2"),
    "document": Step("consultation.document", frozenset((OFFICIAL, CLERK)), (*OPEN, *DECIDED, "revoked"), "HC15"),
    "conclude": Step("consultation.conclude", frozenset((APPROVER,)), ("scheduled", "in_progress"), "P24"),
    "withdraw": Step("consultation.withdraw", frozenset((OFFICIAL,)), OPEN, "HC13", own=True),
    "revoke": Step(
        "consultation.conclude", frozenset((APPROVER,)), ("consensus_permitted", "entered_in_register"), "HC14"
    ),
}
"""The whole procedure. What is not in it is refused."""


@dataclass(frozen=True, slots=True)
class Consensus:
    """What the positions of the five states come to on a day.

    ``objecting`` have an objection standing, ``silent`` have stated nothing, ``waiting`` are the silent ones who still
    have time. ``reached``: no objection stands and nobody is waited for.
    """

    objecting: tuple[State, ...]
    silent: tuple[State, ...]
    waiting: tuple[State, ...]

    @property
    def reached(self) -> bool:
        """Whether there is consensus."""
        return not self.objecting and not self.waiting


def consensus(consultation: Consultation, position_due: Due | date, today: date) -> Consensus:
    """What the positions come to (P24, HC11). ``position_due`` is the last day for a position, of all or of each state.

    A state without a due day is waited for. The Commission's own position is no state's, and takes no part.
    """
    known = newest(consultation.positions)
    due = dict.fromkeys(STATES, position_due) if isinstance(position_due, date) else position_due
    objecting = tuple(one for one in STATES if (said := known.get(one)) is not None and said.stance == "objects")
    silent = tuple(one for one in STATES if one not in known)
    waiting = tuple(one for one in silent if one not in due or today <= due[one])
    return Consensus(objecting, silent, waiting)


def party_of(who: Actor) -> Party:
    """For whom a person speaks: the own state, or None for the Commission."""
    found = next((state for state in STATES if state == who.state), None)
    return found if who.role == OFFICIAL else None


def refusals(
    consultation: Consultation | None,
    step: StepName,
    who: Actor,
    given: Any,
    today: date,
    position_due: Due | None = None,
) -> list[Finding]:
    """Why ``who`` cannot take the step now; empty when it may be taken.

    ``consultation`` is None for ``initiate`` only. ``given`` is what the step needs (``Plan``, ``Meeting``, ``Stated``,
    ``Said``, ``Conclusion``, ``Reasoned``, ``Revocation``); None asks about the person and the state alone.
    """
    found = of_person(consultation, step, who)
    if found:
        return found
    if consultation is not None and consultation.status not in STEPS[step].applies:
        return [_elsewhere(consultation.status, STEPS[step])]
    found = _of_day(consultation, step, today)
    if found or given is None:
        return found
    return _NEEDS[step](consultation, given, who, today, position_due or {})


def allowed(consultation: Consultation, who: Actor, today: date) -> list[StepName]:
    """The steps that are open to ``who`` now, in the order of the way."""
    return [step for step in STEP_NAMES if step != "initiate" and not refusals(consultation, step, who, None, today)]


def leads_to(consultation: Consultation, step: StepName, given: Any) -> Status:
    """The state after a step that nothing refuses."""
    if step == "schedule":
        return "in_progress" if consultation.status == "in_progress" else "scheduled"
    if step == "conclude":
        outcome: Status = given.outcome
        return outcome
    after: dict[StepName, Status] = {"position": "in_progress", "withdraw": "withdrawn", "revoke": "revoked"}
    return after.get(step, consultation.status)


def asked_of(consultation: Consultation, who: Actor, today: date) -> list[StepName]:
    """What is waited for from ``who``: a position of the own state, a meeting to set, an outcome to record."""
    party, open_to = party_of(who), allowed(consultation, who, today)
    asked: list[StepName] = []
    if "schedule" in open_to and consultation.meeting is None:
        asked.append("schedule")
    # The Commission may state a position; only the states are waited for.
    if "position" in open_to and party is not None and consultation.position(party) is None:
        asked.append("position")
    if "conclude" in open_to:
        asked.append("conclude")
    return asked


# The person and the state


def of_person(consultation: Consultation | None, name: StepName, who: Actor) -> list[Finding]:
    """Why ``who`` never takes this step on this consultation, whatever its state."""
    step = STEPS[name]
    if name == "initiate" and who.role in COMMISSION:
        return [P24.found()]
    if not who.can(step.action) or who.role not in step.roles:
        return [HC2.found()]
    if who.id is None:
        return [HC18.found()]
    if who.role == OFFICIAL and party_of(who) is None:
        return [HC3.found("Не указано государство должностного лица", "The official's state is not known")]
    if step.own and consultation is not None and who.state != consultation.initiator:
        return [
            HC3.found(
                f"Действие совершает инициатор – {STATE_NAMES[consultation.initiator]['ru']}",
                f"This is for the initiator, {STATE_NAMES[consultation.initiator]['en']}",
            )
        ]
    return []


def _elsewhere(status: Status, step: Step) -> Finding:
    ru = ", ".join(f"«{CONSULTATION_STATUS_NAMES[one]['ru']}»" for one in step.applies)
    en = ", ".join(f"'{CONSULTATION_STATUS_NAMES[one]['en']}'" for one in step.applies)
    return HC1.found(
        f"Состояние консультаций – «{CONSULTATION_STATUS_NAMES[status]['ru']}»; действие возможно в состоянии {ru}",
        f"The consultation is '{CONSULTATION_STATUS_NAMES[status]['en']}'; this can be done when it is {en}",
    )


def _of_day(consultation: Consultation | None, step: StepName, today: date) -> list[Finding]:
    """What the day alone refuses."""
    if consultation is None:
        return []
    meeting = consultation.meeting
    if step == "change_plan" and meeting is not None and meeting.date <= today:
        return [HC7.found("День заседания наступил", "The day of the meeting has come")]
    if step != "conclude":
        return []
    if meeting is None:
        return [HC10.found("Заседание не назначалось", "No meeting was scheduled")]
    if today < meeting.date:
        return [
            HC10.found(
                f"Заседание назначено на {written_date(meeting.date, 'ru')} и еще не состоялось",
                f"The meeting is set for {written_date(meeting.date, 'en')} and has not been held",
            )
        ]
    return []


# What each step needs


def _plan(_: Consultation | None, plan: Plan, who: Actor, _today: date, _due: Due) -> list[Finding]:
    found: list[Finding] = []
    if who.state != plan.state and who.state not in plan.burdened:
        found.append(HC4.found(pointer="/state"))
    seen: set[State] = set()
    for place, burden in enumerate(plan.burdens):
        if burden.state == plan.state:
            ru = "Государство, планирующее меру, не указывается как испытывающее затруднения"
            found.append(HC5.found(ru, "The planning state is not a burdened one", f"/burdens/{place}/state"))
        elif burden.state in seen:
            found.append(HC5.found("Государство указано дважды", "The state is named twice", f"/burdens/{place}/state"))
        seen.add(burden.state)
    return found


def _meeting(_: Consultation | None, meeting: Meeting, _who: Actor, today: date, _due: Due) -> list[Finding]:
    found: list[Finding] = []
    if meeting.date < today:
        found.append(HC8.found("Дата заседания уже прошла", "The day of the meeting is past", "/date"))
    if meeting.place is None and meeting.link is None:
        found.append(
            HC8.found("Не указаны место проведения или ссылка", "Neither a place nor a link is given", "/place")
        )
    if meeting.link is not None and not meeting.link.startswith(("https://", "http://")):
        found.append(
            HC8.found(
                "Ссылка должна начинаться с https:// или http://", "A link begins with https:// or http://", "/link"
            )
        )
    return found


def _stated(_: Consultation | None, stated: Stated, _who: Actor, _today: date, _due: Due) -> list[Finding]:
    if stated.stance == "objects" and stated.reasons is None:
        return [HC9.found(pointer="/reasons")]
    return []


def _said(consultation: Consultation | None, said: Said, _who: Actor, _today: date, _due: Due) -> list[Finding]:
    if not said.text:
        return [HC19.found("Текст комментария не указан", "The comment is empty", "/text")]
    known = () if consultation is None else consultation.comments
    if said.parent is not None and said.parent not in (one.id for one in known):
        return [HC19.found("Такого комментария нет", "There is no such comment", "/parent")]
    return []


def _document(_: Consultation | None, _given: Any, _who: Actor, _today: date, _due: Due) -> list[Finding]:
    # What the file must be is told by its content, while it is received.
    return []


def _conclusion(
    consultation: Consultation | None, given: Conclusion, _who: Actor, today: date, due: Due
) -> list[Finding]:
    if consultation is None or consultation.meeting is None:
        return [HC10.found()]
    found: list[Finding] = []
    if given.protocol.date < consultation.meeting.date:
        found.append(
            HC10.found(
                "Протокол датирован ранее дня заседания", "The protocol is older than the meeting", "/protocol/date"
            )
        )
    if given.protocol.date > today:
        found.append(HC10.found("Дата протокола еще не наступила", "The protocol's date is to come", "/protocol/date"))
    return [*found, *_outcome(consultation, given, today, due), *_permission(consultation, given)]


def _outcome(consultation: Consultation, given: Conclusion, today: date, due: Due) -> list[Finding]:
    """HC11: the outcome agrees with the positions."""
    state = consensus(consultation, due, today)
    if given.outcome == "no_consensus":
        if state.objecting:
            return []
        return [HC11.found("Возражений нет: итог «консенсус не достигнут» не соответствует заявленным позициям",
                           "No objection stands, so that there is no lack of consensus", "/outcome")]  # fmt: skip
    found: list[Finding] = []
    if state.objecting:
        ru, en = _names(state.objecting)
        found.append(HC11.found(f"Возражения не сняты: {ru}", f"Objections stand: {en}", "/outcome"))
    if state.waiting:
        ru, en = _names(state.waiting)
        found.append(
            HC11.found(
                f"Позиция не заявлена, срок не истек: {ru}", f"No position yet, and time for one: {en}", "/outcome"
            )
        )
    return found


def _permission(consultation: Consultation, given: Conclusion) -> list[Finding]:
    permission = given.permission
    if given.outcome != "consensus_permitted":
        if permission is None:
            return []
        return [
            HC12.found(
                "При таком итоге решение о возможности использования декларации не указывается",
                "With this outcome there is no permission",
                "/permission",
            )
        ]
    if permission is None:
        return [
            HC12.found(
                "Не указаны товары и период, для которых может использоваться декларация",
                "The goods and the days for which a declaration may be used are not given",
                "/permission",
            )
        ]
    outside = uncovered(map(reach, consultation.plan.goods), map(reach, permission.goods))
    places = {line.line: place for place, line in enumerate(permission.goods)}
    return [
        HC12.found(
            "Товары не входят в число рассмотренных в ходе консультаций",
            "The goods are not among those of the consultation",
            f"/permission/goods/{places[line]}/code_from",
        )
        for line in outside
    ]


def _reason(_: Consultation | None, given: Reasoned, _who: Actor, _today: date, _due: Due) -> list[Finding]:
    return [] if given.reason else [HC13.found("Причина не указана", "The reason is not given", "/reason")]


def _revocation(
    consultation: Consultation | None, given: Revocation, _who: Actor, today: date, _due: Due
) -> list[Finding]:
    found: list[Finding] = []
    first = None if consultation is None or consultation.conclusion is None else consultation.conclusion.protocol
    if first is not None and given.protocol.date < first.date:
        found.append(HC14.found(pointer="/protocol/date"))
    if first is not None and (given.protocol.number, given.protocol.date) == (first.number, first.date):
        found.append(
            HC14.found("Это тот же протокол", "This is the protocol that gave the permission", "/protocol/number")
        )
    if given.protocol.date > today:
        found.append(HC14.found("Дата протокола еще не наступила", "The protocol's date is to come", "/protocol/date"))
    return found


_NEEDS: Final[Mapping[StepName, Callable[[Consultation | None, Any, Actor, date, Due], list[Finding]]]] = {
    "initiate": _plan,
    "change_plan": _plan,
    "schedule": _meeting,
    "position": _stated,
    "comment": _said,
    "document": _document,
    "conclude": _conclusion,
    "withdraw": _reason,
    "revoke": _revocation,
}


def _names(states: tuple[State, ...]) -> tuple[str, str]:
    return ", ".join(STATE_NAMES[one]["ru"] for one in states), ", ".join(STATE_NAMES[one]["en"] for one in states)
