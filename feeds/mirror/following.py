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
JOIN_SECONDS: Final = 5.0
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


class Backfilling(threading.Thread):
    """Fetches the past of a mirror beside what follows it, with patience; ``error`` is why it gave up."""

    def __init__(self, mirror: Mirror, whole: Callable[[], None]) -> None:
        super().__init__(name="mirror-backfill", daemon=True)
        self.error: BaseException | None = None
        self.ended = threading.Event()
        self._mirror = mirror
        self._whole = whole

    def run(self) -> None:
        """Until the past is here, the end is asked for, or it is refused."""
        waits, patience = Waits(), Patience()
        try:
            while not self.ended.is_set():
                try:
                    self._mirror.backfill(self.ended)
                except (MirrorUnreachable, MirrorGap) as error:
                    patience.bear(error)
                    self.ended.wait(waits.next())
                    continue
                if self._mirror.snapshot is None:
                    self._whole()
                return
        except BaseException as error:
            # Raised again in the thread that follows.
            self.error = error


def follow(
    mirror: Mirror,
    source: Source,
    poll_seconds: float,
    stream: bool,
    stop: threading.Event,
    moved: Callable[[int], None],
) -> None:
    """See ``Mirror.follow``."""
    past: Backfilling | None = None

    def sync() -> None:
        nonlocal past
        if past is not None and past.error is not None:
            raise past.error
        before = mirror.seq
        if mirror.sync() > before:
            moved(mirror.seq)
        if mirror.snapshot is not None and past is None:
            past = Backfilling(mirror, lambda: moved(mirror.seq))
            past.start()

    try:
        _follow(mirror, source, poll_seconds, stream, stop, sync)
    finally:
        if past is not None:
            past.ended.set()
            past.join(JOIN_SECONDS)


def _follow(
    mirror: Mirror,
    source: Source,
    poll_seconds: float,
    stream: bool,
    stop: threading.Event,
    sync: Callable[[], None],
) -> None:
    waits, stream_waits, patience = Waits(), Waits(), Patience()
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
