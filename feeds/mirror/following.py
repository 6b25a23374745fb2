"""Following a server: when to sync. What a stream says is only taken as a sign that there is something."""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable
from time import monotonic
from typing import TYPE_CHECKING, Final

from feeds.mirror.errors import MirrorError, MirrorGap, MirrorShortened, MirrorUnreachable
from feeds.mirror.source import Source

if TYPE_CHECKING:
    from feeds.mirror.mirror import Mirror

log = logging.getLogger(__name__)

SHORTEST_WAIT: Final = 1.0
LONGEST_WAIT: Final = 60.0
PATIENCE_SECONDS: Final = 120.0
"""How long a server may show fewer entries than it has signed: one of several processes, or a cache, may be late."""


class Waits:
    """How long to wait after failures: twice as long each time, up to a minute, each a little different."""

    def __init__(self) -> None:
        self._failures = 0

    def next(self) -> float:
        """Seconds to wait after one more failure."""
        longest = min(LONGEST_WAIT, SHORTEST_WAIT * 2.0 ** min(self._failures, 10))
        self._failures += 1
        # Thousands of mirrors must not come back in the same second.
        return longest * random.uniform(0.5, 1)

    def reset(self) -> None:
        """There was success."""
        self._failures = 0


class Patience:
    """For how long something that may be no more than a late server is borne."""

    def __init__(self) -> None:
        self._since: float | None = None

    def bear(self, error: MirrorError) -> None:
        """Raise ``error`` when it has been like that for too long; a server that is away is waited for."""
        log.warning("%s", error)
        if isinstance(error, MirrorUnreachable):
            return
        self._since = self._since or monotonic()
        if monotonic() - self._since > PATIENCE_SECONDS:
            raise error

    def reset(self) -> None:
        """There was success."""
        self._since = None


def follow(
    mirror: Mirror,
    source: Source,
    poll_seconds: float,
    stream: bool,
    stop: threading.Event,
    moved: Callable[[int], None],
) -> None:
    """See ``Mirror.follow``."""
    waits, stream_waits, patience = Waits(), Waits(), Patience()

    def sync() -> None:
        before = mirror.seq
        if mirror.sync() > before:
            moved(mirror.seq)

    while not stop.is_set():
        try:
            sync()
        except (MirrorUnreachable, MirrorShortened, MirrorGap) as error:
            patience.bear(error)
            stop.wait(waits.next())
            continue
        waits.reset()
        patience.reset()
        if not stream:
            stop.wait(poll_seconds)
            continue
        try:
            _listen(mirror, source, poll_seconds, stop, sync, stream_waits)
        except (MirrorUnreachable, MirrorShortened, MirrorGap) as error:
            # What it is about shows at the next sync.
            log.info("the stream has ended: %s", error)
        # Where there is no stream, this is polling.
        stop.wait(min(poll_seconds, stream_waits.next()))


def _listen(
    mirror: Mirror,
    source: Source,
    poll_seconds: float,
    stop: threading.Event,
    sync: Callable[[], None],
    waits: Waits,
) -> None:
    """Sync on every entry that the stream announces, until it ends."""
    synced = monotonic()
    with source.stream(mirror.seq) as numbers:
        for number in numbers:
            waits.reset()
            if stop.is_set():
                return
            if number > mirror.seq or monotonic() - synced > poll_seconds:
                sync()
                synced = monotonic()
