"""The procedure of P24: every step by every role from every state, what each needs, consensus, random ways."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import product
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from admin.accounts.policy import ALLOWED, Action, Actor, Role
from consultations.model import (
    STANCES,
    STATUSES,
    Conclusion,
    Consultation,
    Meeting,
    Plan,
    Position,
    Reasoned,
    Revocation,
    Said,
    Stance,
    Stated,
    Status,
)
from consultations.procedure import (
    STEP_NAMES,
    STEPS,
    StepName,
    allowed,
    asked_of,
    consensus,
    leads_to,
    party_of,
    refusals,
)
from consultations.rules import BY_ID, RULES
from register.measures import STATES, State
from tests.consultations.people import (
    APPROVER,
    AUDITOR,
    CLERK,
    DUE,
    KG,
    KZ,
    MACHINE,
    MEETING,
    MEETING_DAY,
    OFFICIALS,
    OPERATOR,
    PLAN,
    RU,
    TODAY,
    conclusion,
    meeting,
    permission,
    plan,
)

AT = datetime(2026, 11, 23, 9, tzinfo=UTC)
LATER = date(2026, 12, 20)

# Written out a second time, as the text on the procedure has it. Who: KZ is the initiator's official.
WHO = {
    "KZ": KZ,
    "RU": RU,
    "clerk": CLERK,
    "approver": APPROVER,
    "auditor": AUDITOR,
    "operator": OPERATOR,
    "machine": MACHINE,
}
PERSONS = """
initiate     KZ RU
change_plan  KZ
schedule     clerk approver
position     KZ RU clerk
comment      KZ RU clerk approver
document     KZ RU clerk
conclude     approver
withdraw     KZ
revoke       approver
"""
#            ini sch inp c_p c_n noc wit ent rev
STANDING = """
change_plan  x   x   -   -   -   -   -   -   -
schedule     x   x   x   -   -   -   -   -   -
position     x   x   x   -   -   -   -   -   -
comment      x   x   x   x   x   x   -   x   -
document     x   x   x   x   x   x   -   x   x
conclude     -   x   x   -   -   -   -   -   -
withdraw     x   x   x   -   -   -   -   -   -
revoke       -   -   -   x   -   -   -   x   -
"""
BY_PERSON = {line.split()[0]: set(line.split()[1:]) for line in PERSONS.strip().splitlines()}
BY_STATUS = {
    line.split()[0]: {
        status for status, mark in zip(STATUSES_IN_TABLE, line.split()[1:], strict=True) if mark == "x"
    }
    for STATUSES_IN_TABLE in [
        ("initiated", "scheduled", "in_progress", "consensus_permitted", "consensus_not_permitted", "no_consensus",
         "withdrawn", "entered_in_register", "revoked")
    ]
    for line in STANDING.strip().splitlines()
}  # fmt: skip


def standing(status: Status, *, held: bool = True, **changes: Any) -> Consultation:
    """A consultation in a state, its meeting held by LATER, as far as the state has one."""
    closed = status in (
        "consensus_permitted",
        "consensus_not_permitted",
        "no_consensus",
        "entered_in_register",
        "revoked",
    )
    outcome = status if status in ("consensus_not_permitted", "no_consensus") else "consensus_permitted"
    known = Consultation(
        id="C-2026-001",
        initiator="KZ",
        plan=PLAN,
        status=status,
        version=1,
        public_version=1,
        seq=1,
        initiated_on=TODAY,
        created_at=AT,
        updated_at=AT,
        initiated_by=KZ.id,
        initiated_by_name=KZ.name,
        meeting=None if status == "initiated" or not held else MEETING,
        conclusion=Conclusion.model_validate(conclusion(outcome)) if closed else None,
    )
    return replace(known, **changes)


def stated(**stances: Stance) -> tuple[Position, ...]:
    return tuple(
        Position(party, 1, stance, "причины", AT, 1, "имя")  # type: ignore[arg-type]
        for party, stance in stances.items()
    )


def rules_of(*asked: Any, **more: Any) -> list[str]:
    return [finding.rule for finding in refusals(*asked, **more)]


def test_the_tables_are_whole() -> None:
    assert set(BY_PERSON) == set(STEP_NAMES) == set(STEPS)
    assert set(BY_STATUS) == set(STEP_NAMES) - {"initiate"}
    assert len(STATUSES) == 9


@pytest.mark.parametrize(("step", "who", "status"), list(product(STEP_NAMES, WHO, STATUSES)))
def test_every_step_by_everybody_from_every_state(step: StepName, who: str, status: Status) -> None:
    known = None if step == "initiate" else standing(status)
    # A plan is changed while the meeting is to come; an outcome needs one that was held.
    today = TODAY if step == "change_plan" else LATER
    found = refusals(known, step, WHO[who], None, today)
    person = who in BY_PERSON[step]
    assert (found == []) == (person and (step == "initiate" or status in BY_STATUS[step])), found
    if not person:
        assert {BY_ID[one.rule].status for one in found} == {403}
    elif found:
        assert [one.rule for one in found] == ["HC1"]
        assert all(one.text["ru"] and one.text["en"] for one in found)
    if known is not None:
        assert (step in allowed(known, WHO[who], today)) == (found == [])


def test_the_steps_ask_for_actions_that_the_roles_have() -> None:
    for step in STEPS.values():
        having = {role.value for role in Role if Action(step.action) in ALLOWED[role]}
        assert step.roles <= having
        assert step.basis in BY_ID


def test_the_commission_never_initiates() -> None:
    for who in (CLERK, APPROVER):
        [found] = refusals(None, "initiate", who, PLAN, TODAY)
        assert found.rule == "P24"
    assert rules_of(None, "initiate", AUDITOR, PLAN, TODAY) == ["HC2"]
    everything = frozenset({"consultations:read", "consultations:write"})
    assert rules_of(None, "initiate", Actor(1, "x", Role.OFFICIAL, None), PLAN, TODAY) == ["HC3"]
    assert rules_of(None, "initiate", Actor(1, "x", Role.OFFICIAL, "KZ", scopes=frozenset()), PLAN, TODAY) == ["HC2"]
    assert rules_of(None, "initiate", Actor(1, "x", Role.OFFICIAL, "KZ", scopes=everything), PLAN, TODAY) == []
    assert rules_of(None, "initiate", Actor(None, "x", Role.OFFICIAL, "KZ"), PLAN, TODAY) == ["HC18"]


def test_the_initiator_plans_the_measure_or_is_burdened() -> None:
    assert rules_of(None, "initiate", KZ, PLAN, TODAY) == []
    assert rules_of(None, "initiate", KG, PLAN, TODAY) == []
    assert rules_of(None, "initiate", RU, PLAN, TODAY) == ["HC4"]
    wrong = [{"state": "KG", "claim": "x"}, {"state": "KZ", "claim": "x"}, {"state": "KZ", "claim": "y"}]
    found = refusals(None, "initiate", KZ, Plan.model_validate(plan(burdens=wrong)), TODAY)
    assert [(one.rule, one.pointer) for one in found] == [("HC5", "/burdens/0/state"), ("HC5", "/burdens/2/state")]


def test_a_plan_is_changed_before_the_day_of_the_meeting_only() -> None:
    known = standing("scheduled")
    assert rules_of(known, "change_plan", KZ, PLAN, MEETING_DAY - timedelta(days=1)) == []
    assert rules_of(known, "change_plan", KZ, PLAN, MEETING_DAY) == ["HC7"]
    assert rules_of(known, "change_plan", KG, PLAN, TODAY) == ["HC3"]


def test_a_meeting_is_to_come_and_has_a_place() -> None:
    known = standing("initiated")
    assert rules_of(known, "schedule", CLERK, MEETING, MEETING_DAY) == []
    assert rules_of(known, "schedule", CLERK, MEETING, MEETING_DAY + timedelta(days=1)) == ["HC8"]
    nowhere = Meeting.model_validate(meeting(place=None))
    assert rules_of(known, "schedule", CLERK, nowhere, TODAY) == ["HC8"]
    script = Meeting.model_validate(meeting(link="javascript:alert(1)"))
    assert [one.pointer for one in refusals(known, "schedule", CLERK, script, TODAY)] == ["/link"]


def test_an_objection_gives_its_reasons() -> None:
    known = standing("scheduled")
    assert rules_of(known, "position", RU, Stated(stance="objects"), TODAY) == ["HC9"]
    assert rules_of(known, "position", RU, Stated(stance="objects", reasons="потому"), TODAY) == []
    for stance in ("supports", "abstains"):
        assert rules_of(known, "position", RU, Stated(stance=stance), TODAY) == []


def test_a_comment_says_something_and_answers_what_is_there() -> None:
    known = standing("scheduled")
    assert rules_of(known, "comment", RU, Said(text=" "), TODAY) == ["HC19"]
    assert rules_of(known, "comment", RU, Said(text="да", parent=3), TODAY) == ["HC19"]


def end(known: Consultation, given: dict[str, Any], today: date = LATER) -> list[str]:
    return rules_of(known, "conclude", APPROVER, Conclusion.model_validate(given), today, DUE)


SPOKEN = stated(**dict.fromkeys(STATES, "supports"))


def test_an_outcome_needs_a_meeting_that_was_held_and_its_protocol() -> None:
    known = standing("in_progress", positions=SPOKEN)
    assert end(known, conclusion()) == []
    assert end(known, conclusion(), MEETING_DAY) == []
    assert end(known, conclusion(), MEETING_DAY - timedelta(days=1)) == ["HC10"]
    assert end(standing("in_progress", held=False, positions=SPOKEN), conclusion()) == ["HC10"]
    old = conclusion(protocol={"number": "14", "date": "2026-12-07"})
    assert end(known, old) == ["HC10"]
    assert end(known, conclusion(protocol={"number": "14", "date": "2026-12-21"})) == ["HC10"]
    assert end(known, conclusion(protocol={"number": "14", "date": "2026-12-20"})) == []


def test_the_outcome_agrees_with_the_positions() -> None:
    agreed = standing("in_progress", positions=SPOKEN)
    opposed = standing("in_progress", positions=(*SPOKEN, *stated(RU="objects")))
    silent = standing("in_progress", positions=stated(KZ="supports", KG="abstains"))
    in_time, over = DUE["KZ"], DUE["KZ"] + timedelta(days=1)
    assert end(agreed, conclusion("consensus_not_permitted"), in_time) == []
    assert end(agreed, conclusion("no_consensus"), in_time) == ["HC11"]
    assert end(opposed, conclusion("no_consensus"), in_time) == []
    for outcome in ("consensus_permitted", "consensus_not_permitted"):
        assert end(opposed, conclusion(outcome), over) == ["HC11"]
        assert end(silent, conclusion(outcome), in_time) == ["HC11"]
        assert end(silent, conclusion(outcome), over) == []
    found = refusals(silent, "conclude", APPROVER, Conclusion.model_validate(conclusion()), in_time, DUE)
    assert "Российская Федерация" in str(found[0].text["ru"])
    # An objection that was given up stands no more; that of the Commission is no state's.
    given_up = standing("in_progress", positions=(*stated(RU="objects"), *SPOKEN))
    assert end(given_up, conclusion(), in_time) == []
    commission = Position(None, 1, "objects", "причины", AT, 1, "имя")
    assert end(standing("in_progress", positions=(*SPOKEN, commission)), conclusion(), in_time) == []


def test_a_permission_goes_with_its_outcome_and_with_the_goods() -> None:
    known = standing("in_progress", positions=SPOKEN)
    assert end(known, conclusion(permission=None)) == ["HC12"]
    assert end(known, conclusion("consensus_not_permitted", permission=permission())) == ["HC12"]
    assert end(known, conclusion(permission=permission("7801", "7804"))) == ["HC12"]
    assert end(known, conclusion(permission=permission("780110"))) == []
    # Of 7802 only a part was consulted on, which is more than no description can widen.
    assert end(known, conclusion(permission=permission("7802"))) == ["HC12"]


def test_a_withdrawal_has_a_reason() -> None:
    assert rules_of(standing("scheduled"), "withdraw", KZ, Reasoned(reason="  "), TODAY) == ["HC13"]
    assert rules_of(standing("scheduled"), "withdraw", KZ, Reasoned(reason="не вводится"), TODAY) == []
    assert rules_of(standing("scheduled"), "withdraw", KG, Reasoned(reason="не вводится"), TODAY) == ["HC3"]


@pytest.mark.parametrize(
    ("number", "day", "found"),
    [
        ("3", "2026-12-08", []),
        ("3", "2026-12-07", ["HC14"]),
        ("14", "2026-12-08", ["HC14"]),
        ("3", "2026-12-21", ["HC14"]),
    ],
)
def test_a_permission_is_revoked_by_a_later_protocol(number: str, day: str, found: list[str]) -> None:
    given = Revocation.model_validate({"protocol": {"number": number, "date": day}, "last_day": "2027-01-01"})
    assert rules_of(standing("consensus_permitted"), "revoke", APPROVER, given, LATER) == found


def test_what_is_asked_of_each() -> None:
    fresh = standing("initiated")
    assert asked_of(fresh, CLERK, TODAY) == ["schedule"]
    assert asked_of(fresh, RU, TODAY) == ["position"]
    assert asked_of(standing("in_progress", positions=stated(RU="abstains")), RU, TODAY) == []
    assert asked_of(standing("scheduled"), APPROVER, LATER) == ["conclude"]
    assert asked_of(standing("scheduled"), APPROVER, TODAY) == []
    assert asked_of(standing("withdrawn"), RU, TODAY) == []


def test_the_public_status_does_not_tell_that_positions_come_in() -> None:
    assert standing("in_progress").public()["status"] == "scheduled"
    assert standing("in_progress", held=False).public()["status"] == "initiated"


def test_every_rule_has_a_number_of_its_own_and_both_languages() -> None:
    assert len(BY_ID) == len(RULES)
    assert all(rule.en() and rule.ru for rule in RULES)


POSITIONS = st.lists(st.tuples(st.sampled_from([*STATES, None]), st.sampled_from(STANCES)), max_size=12)


@settings(max_examples=150)
@given(POSITIONS, st.fixed_dictionaries({state: st.integers(0, 6) for state in STATES}), st.integers(0, 7))
def test_consensus_by_its_definition(said: list[tuple[Any, Stance]], due: dict[State, int], day: int) -> None:
    first = date(2026, 12, 1)
    known = standing(
        "in_progress",
        positions=tuple(Position(party, n, stance, "x", AT, 1, "x") for n, (party, stance) in enumerate(said)),
    )
    days = {state: first + timedelta(days=number) for state, number in due.items()}
    found = consensus(known, days, first + timedelta(days=day))
    last = dict(said)
    assert set(found.objecting) == {state for state in STATES if last.get(state) == "objects"}
    assert set(found.waiting) == {state for state in STATES if state not in last and day <= due[state]}
    expected = all(last.get(s, "late" if day > due[s] else "none") in ("supports", "abstains", "late") for s in STATES)
    assert found.reached is expected


# Random ways against a plain model


class Ways(RuleBasedStateMachine):
    """Steps at random by anybody on any day; the model knows only what must never be."""

    def __init__(self) -> None:
        super().__init__()
        self.known = standing("initiated")
        self.today = TODAY
        self.last: dict[Any, Stance] = {}
        self.meeting: date | None = None
        self.end: str | None = None

    @initialize()
    def begin(self) -> None:
        assert refusals(None, "initiate", KZ, PLAN, self.today) == []

    def _take(self, step: StepName, who: Actor, given: Any, **changes: Any) -> bool:
        if refusals(self.known, step, who, given, self.today, DUE):
            return False
        status = leads_to(self.known, step, given)
        self.known = replace(self.known, status=status, version=self.known.version + 1, **changes)
        return True

    @rule(days=st.integers(0, 12))
    def days_pass(self, days: int) -> None:
        self.today += timedelta(days=days)

    @rule(who=st.sampled_from(list(WHO.values())), ahead=st.integers(-3, 10))
    def schedule(self, who: Actor, ahead: int) -> None:
        day = self.today + timedelta(days=ahead)
        given = Meeting(date=day, place="Москва")
        if self._take("schedule", who, given, meeting=given):
            assert who.role in ("clerk", "approver")
            assert self.end is None
            assert ahead >= 0
            self.meeting = day

    @rule(who=st.sampled_from([*OFFICIALS.values(), *WHO.values()]), stance=st.sampled_from(STANCES), why=st.booleans())
    def speak(self, who: Actor, stance: Stance, why: bool) -> None:
        given = Stated(stance=stance, reasons="причины" if why else None)
        one = Position(party_of(who), 1, stance, given.reasons, AT, who.id, who.name)
        if self._take("position", who, given, positions=(*self.known.positions, one)):
            assert self.end is None
            assert who.role in ("official", "clerk")
            assert stance != "objects" or why
            self.last[who.state if who.role == "official" else None] = stance

    @rule(who=st.sampled_from([APPROVER, APPROVER, CLERK, KZ]), outcome=st.sampled_from(
        ["consensus_permitted", "consensus_not_permitted", "no_consensus"]), ago=st.integers(0, 4))  # fmt: skip
    def conclude(self, who: Actor, outcome: str, ago: int) -> None:
        day = self.today - timedelta(days=ago)
        given = Conclusion.model_validate(conclusion(outcome, protocol={"number": "14", "date": day.isoformat()}))
        if self._take("conclude", who, given, conclusion=given, concluded_on=self.today):
            assert who is APPROVER
            assert self.end is None
            assert self.meeting is not None
            assert self.meeting <= day
            objected = any(self.last.get(state) == "objects" for state in STATES)
            waited = all(state in self.last or self.today > DUE[state] for state in STATES)
            assert objected if outcome == "no_consensus" else (not objected and waited)
            self.end = outcome

    @rule(who=st.sampled_from(list(WHO.values())), reason=st.sampled_from(["", "не вводится"]))
    def withdraw(self, who: Actor, reason: str) -> None:
        if self._take("withdraw", who, Reasoned(reason=reason), withdrawn_on=self.today, withdrawal_reason=reason):
            assert who is KZ
            assert reason
            assert self.end is None
            self.end = "withdrawn"

    @rule(who=st.sampled_from(list(WHO.values())), ago=st.integers(0, 4))
    def revoke(self, who: Actor, ago: int) -> None:
        day = self.today - timedelta(days=ago)
        given = Revocation.model_validate(
            {"protocol": {"number": "3", "date": day.isoformat()}, "last_day": "2027-03-01"}
        )
        if self._take("revoke", who, given, revocation=given):
            assert who is APPROVER
            assert self.end == "consensus_permitted"
            assert self.known.conclusion is not None
            assert self.known.conclusion.protocol.date <= day
            self.end = "revoked"

    @invariant()
    def the_state_is_what_was_done(self) -> None:
        if self.end is not None:
            assert self.known.status == self.end
        elif self.last:
            assert self.known.status == "in_progress"
        else:
            assert self.known.status == ("initiated" if self.meeting is None else "scheduled")
        record = self.known.public()
        assert record["status"] != "in_progress"
        assert (record["outcome"] is None) == (self.end in (None, "withdrawn"))
        assert (record["permission"] is not None) == (self.end in ("consensus_permitted", "revoked"))


TestWays = Ways.TestCase
TestWays.settings = settings(max_examples=60, stateful_step_count=30)


def test_step_names_are_those_of_the_type() -> None:
    assert get_args(StepName) == STEP_NAMES
