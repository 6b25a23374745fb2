"""Whether a session still holds, and what it is good for. Pure. Times are UTC."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from admin.accounts.policy import SECOND_FACTOR_ROLES, Role


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a session lasts: without use, and in all."""

    idle: timedelta = timedelta(minutes=30)
    absolute: timedelta = timedelta(hours=12)

    @property
    def note_every(self) -> timedelta:
        """How often a use is written down: a minute, or a tenth of a short idle limit."""
        return min(timedelta(minutes=1), self.idle / 10)


class Standing(StrEnum):
    """What a session is good for. Only ``READY`` does any work; the others lead to one page each."""

    ENDED = "ended"
    SECOND_FACTOR = "second_factor"
    CHANGE_PASSWORD = "change_password"  # noqa: S105 - a name, not a password
    ENROL = "enrol"
    READY = "ready"


def over(created: datetime, seen: datetime, ended: datetime | None, limits: Limits, now: datetime) -> bool:
    """Whether a session has ended: by hand, by idleness or by age. A limit reached to the second is over."""
    return ended is not None or now - seen >= limits.idle or now - created >= limits.absolute


def standing(
    *, is_over: bool, role: Role, enrolled: bool, second_factor_done: bool, password_expires: datetime | None
) -> Standing:
    """What a session is good for. ``password_expires`` is set while the password is one given by somebody else."""
    if is_over:
        return Standing.ENDED
    if enrolled and not second_factor_done:
        return Standing.SECOND_FACTOR
    if password_expires is not None:
        return Standing.CHANGE_PASSWORD
    if role in SECOND_FACTOR_ROLES and not enrolled:
        return Standing.ENROL
    return Standing.READY
