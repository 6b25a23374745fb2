"""Who works on drafts, as far as the drafts need to know. The accounts above give such actors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol


class Actor(Protocol):
    """Who asks: ``id`` is the account for ever, None for a machine; ``can`` asks the one table of roles and actions."""

    @property
    def id(self) -> int | None: ...

    @property
    def name(self) -> str: ...

    @property
    def role(self) -> str | None: ...

    @property
    def state(self) -> str | None: ...

    def can(self, action: str) -> bool:
        """Whether the actor may do ``action``, such as ``draft.approve``."""
        ...


@dataclass(frozen=True, slots=True)
class Clock:
    """The service itself, which publishes what was approved for a time that has come, and nothing else."""

    id: int | None = None
    name: str = "publish_at"
    role: str | None = None
    state: str | None = None
    address: str = ""

    def can(self, action: str) -> bool:
        """Publishing only: the decision was the approver's."""
        return action == "draft.publish"


CLOCK: Final = Clock()
