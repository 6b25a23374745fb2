"""A draft and what happened to it, as plain values. Pure: no database, no web. Times are UTC."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Final, Literal, get_args

from register.drafts.states import Standing, State

Kind = Literal["include", "amend", "extend", "terminate", "correct", "permit", "revoke"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)

Content = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Draft:
    """A draft. ``measure`` and ``base_version`` name the version that a change is made from; None for an inclusion.

    ``content`` may be unfinished or wrong: it is what was typed. ``doubts`` bear ``settled`` once a person settled
    them. ``published`` is the measure that the draft became.
    """

    id: int
    state: State
    kind: Kind
    content: Content
    doubts: list[dict[str, Any]]
    source: str
    version: int
    created_at: datetime
    updated_at: datetime
    published_seq: int | None = None
    author: int | None = None
    author_name: str | None = None
    submitter: int | None = None
    submitter_name: str | None = None
    approver: int | None = None
    approver_name: str | None = None
    returned_reason: str | None = None
    publish_at: datetime | None = None
    measure: str | None = None
    base_version: int | None = None
    published: str | None = None

    @property
    def open_doubts(self) -> list[int]:
        """The places of the doubts that nobody settled yet."""
        return [place for place, doubt in enumerate(self.doubts) if not doubt.get("settled")]

    def standing(self, writers: frozenset[int], present: int | None) -> Standing:
        """What the state machine asks; ``present`` is the version of the measure now, None without a measure."""
        return Standing(self.state, writers, len(self.open_doubts), present != self.base_version, self.publish_at)

    def public(self) -> dict[str, Any]:
        """The draft as the API gives it to those who may read it."""
        plain = {field.name: getattr(self, field.name) for field in fields(self)}
        for who in ("author", "submitter", "approver"):
            name = plain.pop(f"{who}_name")
            plain[who] = None if name is None else {"id": plain[who], "name": name}
        plain["published"] = (
            None if self.published is None else {"measure": self.published, "seq": plain["published_seq"]}
        )
        del plain["published_seq"]
        return plain


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened to a draft; ``content`` is given where it made a version of the content."""

    id: int
    at: datetime
    actor: int | None
    actor_name: str
    action: str
    from_state: State
    state: State
    version: int
    note: str | None
    content: Content | None = None

    def public(self) -> dict[str, Any]:
        """The event as the API gives it."""
        return {
            "at": self.at,
            "actor": {"id": self.actor, "name": self.actor_name},
            "action": self.action,
            "from_state": self.from_state,
            "state": self.state,
            "version": self.version,
            "note": self.note,
        }
