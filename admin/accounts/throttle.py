"""How long a wrong answer makes the next one wait. Pure: decided from the attempts alone. Times are UTC."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

FREE: Final = 5
"""Wrong answers for one account before anyone has to wait."""
FIRST_WAIT: Final = timedelta(seconds=30)
LONGEST_WAIT: Final = timedelta(minutes=15)
"""Long enough against guessing (four tries an hour), short enough that nobody can lock a colleague out for a day."""
REMEMBERED: Final = timedelta(hours=24)
"""How long a wrong answer counts for its account, unless a right one comes first."""
ADDRESS_MOST: Final = 30
ADDRESS_SPAN: Final = timedelta(minutes=15)
"""From one address, for whatever accounts, no more than this many wrong answers in this time."""


def account_wait(wrong: Sequence[datetime], now: datetime) -> timedelta:
    """How long the next try for an account has to wait; ``wrong`` are its tries since the last right answer."""
    counted = sorted(at for at in wrong if now - at < REMEMBERED)
    if len(counted) < FREE:
        return timedelta(0)
    # Beyond eight doublings the longest wait is reached; more would only overflow.
    doubled: timedelta = FIRST_WAIT * (1 << min(len(counted) - FREE, 8))
    return max(counted[-1] + min(doubled, LONGEST_WAIT) - now, timedelta(0))


def address_wait(wrong: Sequence[datetime], now: datetime) -> timedelta:
    """How long an address has to wait after its wrong answers, for all accounts together."""
    counted = sorted(at for at in wrong if now - at < ADDRESS_SPAN)
    if len(counted) < ADDRESS_MOST:
        return timedelta(0)
    return max(counted[-ADDRESS_MOST] + ADDRESS_SPAN - now, timedelta(0))


def bucket(address: str) -> str:
    """What of an address is counted: the whole of IPv4, the /64 of IPv6, which one household or server owns."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address[:60]
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)
