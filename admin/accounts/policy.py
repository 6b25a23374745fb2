"""Who may do what: one table of roles and actions. Pure: no database, no web.

P24 leaves the initiative of a consultation to the state bodies, never to the Commission. That the author of a draft
does not approve it is checked where the author is known, in the drafts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal

from register.words import Language


class Role(StrEnum):
    """What a person of the service is; one role each, so that drafting and approving never meet in one account."""

    CLERK = "clerk"
    APPROVER = "approver"
    OFFICIAL = "official"
    AUDITOR = "auditor"
    OPERATOR = "operator"


class Action(StrEnum):
    """What can be done behind the sign-in."""

    DRAFT_READ = "draft.read"
    DRAFT_WRITE = "draft.write"
    DRAFT_SUBMIT = "draft.submit"
    DRAFT_RETURN = "draft.return"
    DRAFT_APPROVE = "draft.approve"
    DRAFT_PUBLISH = "draft.publish"
    CONSULTATION_READ = "consultation.read"
    CONSULTATION_INITIATE = "consultation.initiate"
    CONSULTATION_WITHDRAW = "consultation.withdraw"
    CONSULTATION_POSITION = "consultation.position"
    CONSULTATION_COMMENT = "consultation.comment"
    CONSULTATION_DOCUMENT = "consultation.document"
    CONSULTATION_SCHEDULE = "consultation.schedule"
    CONSULTATION_CONCLUDE = "consultation.conclude"
    SUBSCRIPTION_MANAGE = "subscription.manage"
    AUDIT_READ = "audit.read"
    ACCOUNT_READ = "account.read"
    ACCOUNT_MANAGE = "account.manage"
    TOKEN_MANAGE = "token.manage"  # noqa: S105 - the name of an action
    SETTING_READ = "setting.read"
    SETTING_MANAGE = "setting.manage"
    OWN_READ = "own.read"
    OWN_MANAGE = "own.manage"
    OWN_NOTICES = "own.notices"


A = Action
_OWN: Final = {A.OWN_READ, A.OWN_MANAGE}

ALLOWED: Final[Mapping[Role, frozenset[Action]]] = {
    Role.CLERK: frozenset(
        {
            *_OWN,
            A.DRAFT_READ,
            A.DRAFT_WRITE,
            A.DRAFT_SUBMIT,
            A.CONSULTATION_READ,
            A.CONSULTATION_POSITION,
            A.CONSULTATION_COMMENT,
            A.CONSULTATION_DOCUMENT,
            A.CONSULTATION_SCHEDULE,
            A.SUBSCRIPTION_MANAGE,
            A.OWN_NOTICES,
        }
    ),
    Role.APPROVER: frozenset(
        {
            *_OWN,
            A.DRAFT_READ,
            A.DRAFT_RETURN,
            A.DRAFT_APPROVE,
            A.DRAFT_PUBLISH,
            A.CONSULTATION_READ,
            A.CONSULTATION_COMMENT,
            A.CONSULTATION_SCHEDULE,
            A.CONSULTATION_CONCLUDE,
            A.OWN_NOTICES,
        }
    ),
    Role.OFFICIAL: frozenset(
        {
            *_OWN,
            A.CONSULTATION_READ,
            A.CONSULTATION_INITIATE,
            A.CONSULTATION_WITHDRAW,
            A.CONSULTATION_POSITION,
            A.CONSULTATION_COMMENT,
            A.CONSULTATION_DOCUMENT,
            A.SUBSCRIPTION_MANAGE,
            A.OWN_NOTICES,
        }
    ),
    # Changes nothing but what signs the auditor in.
    Role.AUDITOR: frozenset({*_OWN, A.DRAFT_READ, A.CONSULTATION_READ, A.AUDIT_READ, A.ACCOUNT_READ, A.SETTING_READ}),
    Role.OPERATOR: frozenset(
        {
            *_OWN,
            A.SUBSCRIPTION_MANAGE,
            A.ACCOUNT_READ,
            A.ACCOUNT_MANAGE,
            A.TOKEN_MANAGE,
            A.SETTING_READ,
            A.SETTING_MANAGE,
        }
    ),
}
"""The one table. What is not in it is refused."""

SECOND_FACTOR_ROLES: Final = frozenset({Role.APPROVER, Role.OPERATOR})
"""Who never works without a second factor."""

SCOPES: Final[Mapping[str, frozenset[Action]]] = {
    "drafts:read": frozenset({A.DRAFT_READ}),
    "drafts:write": frozenset({A.DRAFT_READ, A.DRAFT_WRITE, A.DRAFT_SUBMIT}),
    "drafts:approve": frozenset({A.DRAFT_READ, A.DRAFT_RETURN, A.DRAFT_APPROVE}),
    "drafts:publish": frozenset({A.DRAFT_READ, A.DRAFT_PUBLISH}),
    "consultations:read": frozenset({A.CONSULTATION_READ}),
    "consultations:write": frozenset(
        {
            A.CONSULTATION_READ,
            A.CONSULTATION_INITIATE,
            A.CONSULTATION_WITHDRAW,
            A.CONSULTATION_POSITION,
            A.CONSULTATION_COMMENT,
            A.CONSULTATION_DOCUMENT,
            A.CONSULTATION_SCHEDULE,
            A.CONSULTATION_CONCLUDE,
            A.OWN_NOTICES,
        }
    ),
    "subscriptions:write": frozenset({A.SUBSCRIPTION_MANAGE}),
    "audit:read": frozenset({A.AUDIT_READ}),
}
"""What a token may be given. A token of a person does what its scopes and the person's role both allow."""

MACHINE_SCOPES: Final[Mapping[str, frozenset[Action]]] = {
    name: SCOPES[name] for name in ("drafts:read", "drafts:write", "consultations:read", "audit:read")
}
"""What a token that belongs to no person may be given: a person answers for whatever is approved, published or said,
and the mails about subscriptions go to a person."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks. ``id`` is the account, None for a machine; ``state`` that of an official.

    ``scopes`` None means the whole role (a session). ``session`` is the hash that names the session, None for a token.
    """

    id: int | None
    name: str
    role: Role | None
    state: str | None = None
    scopes: frozenset[str] | None = None
    via: Literal["session", "token", "command"] = "session"
    language: Language = "ru"
    session: str | None = None
    token: int | None = None
    address: str = ""

    def may(self, action: Action) -> bool:
        """Whether the one table, and the scopes where there are any, allow ``action``."""
        return allows(self.role, self.scopes, action)

    def can(self, action: str) -> bool:
        """``may``, for packages below that know actions by their words. Raises ``ValueError`` for any other word."""
        return self.may(Action(action))

    def may_for(self, action: Action, state: str) -> bool:
        """``may``, and an official only for the own state."""
        return self.may(action) and (self.role is not Role.OFFICIAL or self.state == state)

    @property
    def subject(self) -> str:
        """The actor as a subject of the audit trail: ``account:7`` or ``token:3``."""
        return f"account:{self.id}" if self.id is not None else f"token:{self.token}"


def allows(role: Role | None, scopes: frozenset[str] | None, action: Action) -> bool:
    """Whether ``action`` is allowed to a role (None: a machine) with scopes (None: not narrowed)."""
    if scopes is not None and not any(action in SCOPES.get(scope, ()) for scope in scopes):
        return False
    if role is None:
        return scopes is not None and any(action in MACHINE_SCOPES.get(scope, ()) for scope in scopes)
    return action in ALLOWED[role]


def scopes_for(role: Role | None) -> list[str]:
    """The scopes that a token of a role (None: of a machine) may have: those of which something is left."""
    if role is None:
        return list(MACHINE_SCOPES)
    return [name for name, actions in SCOPES.items() if actions & ALLOWED[role]]
