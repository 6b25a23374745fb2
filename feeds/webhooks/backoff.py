"""When a message that did not arrive is tried again, and when trying ends. Pure; times are UTC."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

DELAYS: Final = tuple(
    timedelta(seconds=seconds)
    for seconds in (5, 300, 1800, 2 * 3600, 5 * 3600, 10 * 3600, 14 * 3600, 20 * 3600, 24 * 3600)
)
"""After the first failure, the second, …; the last one goes on."""
GIVE_UP_AFTER: Final = timedelta(days=3)
"""Since the first failure in a row; a last attempt is made at its end."""
JITTER: Final = 0.2
LONGEST_RETRY_AFTER: Final = timedelta(days=1)


def next_attempt(
    failures: int, since: datetime, now: datetime, chance: float, retry_after: timedelta | None = None
) -> datetime | None:
    """When to try again after ``failures`` in a row (1 or more), the first at ``since``; None: no more.

    ``chance`` from 0 to 1 spreads the attempts of many receivers that failed together. ``retry_after`` is what the
    receiver asks for: it puts an attempt off, by a day at most, and never beyond the three days.
    """
    if now >= since + GIVE_UP_AFTER:
        return None
    delay = DELAYS[min(failures, len(DELAYS)) - 1] * (1 + JITTER * chance)
    if retry_after is not None:
        delay = max(delay, min(retry_after, LONGEST_RETRY_AFTER))
    return min(now + delay, since + GIVE_UP_AFTER)
