"""The table of roles and actions, cell by cell; scopes; the state of an official."""

from __future__ import annotations

import pytest

from admin.accounts.policy import (
    ALLOWED,
    MACHINE_SCOPES,
    SCOPES,
    SECOND_FACTOR_ROLES,
    Action,
    Actor,
    Role,
    allows,
    scopes_for,
)

# Written out a second time, as the text on roles has it: clerk, approver, official, auditor, operator.
TABLE = """
draft.read              x x - x -
draft.write             x - - - -
draft.submit            x - - - -
draft.return            - x - - -
draft.approve           - x - - -
draft.publish           - x - - -
consultation.read       x x x x -
consultation.initiate   - - x - -
consultation.withdraw   - - x - -
consultation.position   x - x - -
consultation.comment    x x x - -
consultation.document   x - x - -
consultation.schedule   x x - - -
consultation.conclude   - x - - -
subscription.manage     x - x - x
audit.read              - - - x -
account.read            - - - x x
account.manage          - - - - x
token.manage            - - - - x
setting.read            - - - x x
setting.manage          - - - - x
own.read                x x x x x
own.manage              x x x x x
own.notices             x x x - -
"""
CELLS = [
    (role, Action(line.split()[0]), mark == "x")
    for line in TABLE.strip().splitlines()
    for role, mark in zip(Role, line.split()[1:], strict=True)
]


def test_the_table_is_whole() -> None:
    assert {action for _, action, _ in CELLS} == set(Action)
    assert len(CELLS) == len(Role) * len(Action)
    assert set(ALLOWED) == set(Role)


@pytest.mark.parametrize(("role", "action", "allowed"), CELLS)
def test_each_cell(role: Role, action: Action, allowed: bool) -> None:
    assert allows(role, None, action) is allowed
    assert Actor(1, "x", role).may(action) is allowed


def test_nobody_both_drafts_and_approves() -> None:
    assert not [role for role in Role if {Action.DRAFT_WRITE, Action.DRAFT_APPROVE} <= ALLOWED[role]]


def test_the_auditor_changes_nothing_but_the_own_sign_in() -> None:
    changing = {action for action in ALLOWED[Role.AUDITOR] if not action.value.endswith(".read")}
    assert changing == {Action.OWN_MANAGE}


def test_second_factor_is_for_those_who_publish_and_who_give_access() -> None:
    assert {Role.APPROVER, Role.OPERATOR} == SECOND_FACTOR_ROLES


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("scope", SCOPES)
def test_a_scope_never_gives_more_than_the_role(role: Role, scope: str) -> None:
    for action in Action:
        assert allows(role, frozenset({scope}), action) is (action in SCOPES[scope] and action in ALLOWED[role])


def test_a_machine_has_its_scopes_and_never_approves_or_publishes() -> None:
    everything = frozenset(SCOPES)
    may = {action for action in Action if allows(None, everything, action)}
    assert may == set().union(*MACHINE_SCOPES.values())
    assert not may & {Action.DRAFT_APPROVE, Action.DRAFT_PUBLISH, Action.CONSULTATION_CONCLUDE, Action.ACCOUNT_MANAGE}


def test_without_role_and_scopes_nothing_is_allowed() -> None:
    for action in Action:
        assert not allows(None, None, action)
        assert not allows(None, frozenset(), action)
        assert not allows(Role.OPERATOR, frozenset({"no:such"}), action)


def test_an_official_acts_for_the_own_state_only() -> None:
    official = Actor(1, "x", Role.OFFICIAL, "KG")
    assert official.may_for(Action.CONSULTATION_POSITION, "KG")
    assert not official.may_for(Action.CONSULTATION_POSITION, "KZ")
    assert not official.may_for(Action.DRAFT_WRITE, "KG")
    assert Actor(2, "y", Role.CLERK).may_for(Action.CONSULTATION_POSITION, "KZ")


def test_scopes_offered_are_those_that_do_something() -> None:
    assert scopes_for(Role.CLERK) == [
        "drafts:read",
        "drafts:write",
        "drafts:approve",
        "drafts:publish",
        "consultations:read",
        "consultations:write",
        "subscriptions:write",
    ]
    assert scopes_for(Role.OPERATOR) == ["subscriptions:write"]
    assert scopes_for(None) == list(MACHINE_SCOPES)
