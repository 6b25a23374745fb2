"""The state machine alone: random sequences of commands by random people."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from register.drafts.actors import CLOCK
from register.drafts.rules import DRAFT_RULES
from register.drafts.states import COMMANDS, STATES, STEPS, Command, Standing, State, after, allowed, refusals
from tests.register.drafts.helpers import APPROVER, AUDITOR, BOTH, CLERK, MACHINE, NOW, SECOND, Person

EVERYBODY = (CLERK, SECOND, APPROVER, BOTH, AUDITOR, MACHINE)
WRITING = ("save", "settle", "attach", "detach", "submit")


def rules(standing: Standing, command: Command, who: Person, reason: str = "why") -> list[str]:
    return [one.rule for one in refusals(standing, command, who, NOW, reason)]


@given(st.lists(st.tuples(st.sampled_from(COMMANDS), st.sampled_from(EVERYBODY)), max_size=30), st.booleans())
def test_whatever_is_tried_two_people_stand_behind_what_is_published(
    tried: list[tuple[Command, Person]], moved: bool
) -> None:
    standing = Standing("draft", frozenset({1}), moved=moved)
    approved_by: Person | None = None
    for command, who in tried:
        if refusals(standing, command, who, NOW, "why"):
            continue
        if command in WRITING and who.id is not None:
            standing = replace(standing, writers=standing.writers | {who.id})
        if command == "approve":
            approved_by = who
        before, standing = standing.state, replace(standing, state=after(standing, command))
        assert before not in ("published", "withdrawn"), "nothing leaves its end"
        if command in ("save", "settle", "attach", "detach"):
            assert before in ("draft", "returned")
            assert standing.state == before
        if standing.state == "approved":
            assert approved_by is not None
            assert approved_by.id is not None
            assert approved_by.id not in standing.writers
        if standing.state == "published":
            assert before == "approved"
            assert not moved


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_applies_where_the_way_says(state: State, command: Command) -> None:
    found = rules(Standing(state), command, BOTH)
    if state in STEPS[command].applies:
        assert found == []
    else:
        assert found == ["HD7" if state == "published" else "HD1"]


def test_who_may_not_hears_only_that() -> None:
    assert rules(Standing("published"), "save", AUDITOR) == ["HD2"]
    assert rules(Standing("submitted"), "approve", CLERK) == ["HD2"]


def test_nobody_approves_the_own_draft_and_no_machine_any() -> None:
    assert rules(Standing("submitted", frozenset({4})), "approve", BOTH) == ["HD3"]
    assert rules(Standing("submitted", frozenset({1})), "approve", BOTH) == []
    assert rules(Standing("submitted"), "approve", MACHINE) == ["HD10"]
    assert rules(Standing("submitted"), "return", MACHINE) == ["HD10"]


def test_what_stands_in_the_way_of_submitting() -> None:
    assert rules(Standing("draft", open_doubts=2, moved=True), "submit", CLERK) == ["HD4", "HD8"]
    assert rules(Standing("submitted", moved=True), "approve", APPROVER) == ["HD8"]


def test_a_return_says_why() -> None:
    assert rules(Standing("submitted"), "return", APPROVER, "  ") == ["HD6"]


def test_not_before_its_time() -> None:
    later = Standing("approved", publish_at=NOW + timedelta(seconds=1))
    assert rules(later, "publish", APPROVER) == ["HD9"]
    assert rules(replace(later, publish_at=NOW), "publish", APPROVER) == []


def test_the_clock_publishes_and_does_nothing_else() -> None:
    for state in STATES:
        assert set(allowed(Standing(state), CLOCK, NOW)) <= {"publish"}


def test_what_is_offered_is_what_is_taken() -> None:
    assert allowed(Standing("draft"), CLERK, NOW) == ["save", "settle", "attach", "detach", "submit", "withdraw"]
    assert allowed(Standing("submitted", frozenset({1})), APPROVER, NOW) == ["return", "approve"]


def test_every_rule_speaks_two_languages() -> None:
    for rule in DRAFT_RULES.values():
        assert rule.ru != rule.en
        assert rule.ru.endswith(".")
        assert rule.en.endswith(".")
