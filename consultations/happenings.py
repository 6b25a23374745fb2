"""What happens to a consultation, told to whoever writes the notices. Pure but for the function that is called."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, get_args

from register.database import Database

HappeningKind = Literal[
    "initiated",
    "changed",
    "scheduled",
    "rescheduled",
    "position",
    "comment",
    "document",
    "concluded",
    "withdrawn",
    "revoked",
]
HAPPENING_KINDS: Final[tuple[HappeningKind, ...]] = get_args(HappeningKind)
"""``changed`` is a change of the plan before anybody has stated a position."""


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing that happened: to which consultation, its version after it, by whom. ``at`` is UTC.

    ``by_state`` None is the Commission.
    """

    kind: HappeningKind
    consultation: str
    version: int
    by_state: str | None
    by_account: int | None
    at: datetime


Notifier = Callable[[Database, Happening], Awaitable[None]]
"""Called inside the transaction of the command; writes to tables of the outbox only, sends nothing."""


async def nobody(db: Database, happening: Happening) -> None:
    """Nobody is told."""
