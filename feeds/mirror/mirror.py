"""The mirror of one server in one folder: sync, follow, and ask offline."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import date
from pathlib import Path
from time import sleep
from types import TracebackType
from typing import Final, Literal, Self

import httpx
from msgspec.structs import replace

from feeds.mirror import backfill, errors
from feeds.mirror.batch import Batch, NotUnderstood
from feeds.mirror.beginning import Refused, begin
from feeds.mirror.copy import Copy
from feeds.mirror.diagnosis import first_altered, first_unsigned
from feeds.mirror.following import follow
from feeds.mirror.held import Held
from feeds.mirror.partial import Partial
from feeds.mirror.received import Malformed
from feeds.mirror.source import Source
from feeds.mirror.store import PARTIAL, WHOLE, State
from feeds.notes import Checkpoint, NoteError, Verifier, open_checkpoint
from register.collection import without_collection

log = logging.getLogger(__name__)

LAG_TRIES: Final = 3
LAG_SECONDS: Final = 0.5
"""Behind one address there may be a process a moment late: how often, and after what time, it is asked again."""

MANY: Final = 5_000
"""Entries to come from which on building them is not interrupted to look for garbage."""


class Mirror(Copy):
    """A whole copy of the Register in ``directory``, every entry checked against the log's signature.

    ``url`` is the server's address, needed for ``sync`` and ``follow`` only. ``key`` is the log's verifier key; without
    one the server's is taken on first contact and kept. ``duties_until`` is the last day of the transition of A11(1)
    as the server is set: None while it lasts. One thread may sync, another ``backfill``, while others ask ``proof``.

    ``start`` says how an empty folder is begun: with every entry from 1 on, or at the newest state, of which everything
    is checked all the same (`feeds.mirror.beginning`) while the past is left to ``backfill``.

    Opening checks every entry against the last good checkpoint: raises ``MirrorDamaged`` when they do not agree,
    ``MirrorUntrusted`` when ``key`` is not the one kept.
    """

    def __init__(
        self,
        directory: Path | str,
        url: str | None = None,
        key: str | None = None,
        client: httpx.Client | None = None,
        *,
        duties_until: date | None = None,
        start: Literal["1", "snapshot"] = "1",
    ) -> None:
        super().__init__(Path(directory), key, duties_until)
        self.start = start
        self._writing = threading.RLock()
        address = url or (self._state.url if self._state else None)
        self._source = None if address is None else Source(address, client)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections and let another process write. Asking goes on."""
        if self._source is not None:
            self._source.close()
        self._store.unlock()

    def sync(self) -> int:
        """Take over everything that the newest signed checkpoint covers; return the number of the newest entry.

        Raises ``MirrorUnreachable``, ``MirrorBusy``, ``OSError`` when the disk fails, or a ``MirrorRefused``: a fork, a
        rewritten entry, a gap, a log that has become shorter, a signature that does not hold. The last good state then
        stays, on the disk and for questions.
        """
        source = self._source
        if source is None:
            raise ValueError("url: an address is needed to sync / url: для обновления нужен адрес сервера")
        try:
            with self._writing:
                self._begin()
                return self._sync(source)
        except errors.MirrorError:
            raise
        except BaseException:
            # What is in memory and what is in the files may differ now: the next sync begins with the files.
            self._store.unlock()
            raise

    def _sync(self, source: Source) -> int:
        verifier = self._trusted(source)
        note, offered = self._offered(source, verifier)
        for _ in range(LAG_TRIES):
            if offered.size >= self.seq:
                break
            sleep(LAG_SECONDS)
            note, offered = self._offered(source, verifier)
        if self._state is None and self.start == "snapshot" and offered.size:
            self._begin_at(source, offered, note)
        elif offered.size > self.seq:
            self._receive(source, offered, note)
        else:
            self._compare(source, offered, note)
        if self._checkpoint is None or self._checkpoint.size < offered.size:
            began = self.snapshot or 0
            state = State(verifier.verifier_key, note.decode(), source.url, began, PARTIAL if began else WHOLE)
            self._store.write_state(state)
            self._state, self._checkpoint = state, offered
        return self.seq

    def _begin_at(self, source: Source, offered: Checkpoint, note: bytes) -> None:
        try:
            with without_collection():
                begun = begin(source, offered)
        except Refused as error:
            raise self._with_evidence(error.refused, note, error.served) from error
        self._store.write_snapshot(begun.register.contents.headers, begun.standing)
        self._store.begin_after(offered.size)
        with self._asking:
            self._register = begun.register
        self._batch, self._backfilled = Batch(self._register), None

    def backfill(self, stop: threading.Event | None = None) -> int:
        """Fetch the entries before the snapshot, until ``stop`` is set; return up to which entry the past is here.

        With the last of them the mirror is as one begun at entry 1, and ``snapshot`` is None. An interrupted one goes
        on where it was. Raises as ``sync``: an entry that is not the one signed is refused, and the mirror goes on
        answering from what it has.
        """
        source = self._source
        if source is None:
            raise ValueError("url: an address is needed to backfill / url: для загрузки нужен адрес сервера")
        with self._writing:
            self._begin()
        register, state = self._register, self._state
        if not isinstance(register, Partial) or state is None:
            return self.seq
        try:
            for held in backfill.fetch(source, self._store.past, register.contents):
                self._backfilled = held
                if held < register.began and stop is not None and stop.is_set():
                    return held
        except backfill.NotSigned as error:
            origin = Verifier.parse(state.key).name
            refused = register.contents.refusal(error.seq, error.served, origin)
            raise self._with_evidence(refused, state.checkpoint.encode(), error.served) from None
        with self._writing:
            self._become_whole(register)
        return self.seq

    def _become_whole(self, register: Partial) -> None:
        state, checkpoint = self._state, self._checkpoint
        if state is None or checkpoint is None:
            raise RuntimeError("a mirror that began at a snapshot has a state")
        following = [register.body(seq) for seq in range(register.began + 1, register.seq + 1)]
        past, batch = self._store.past, Batch(Held())
        with without_collection():
            for bodies in past.read(0):
                batch.add(bodies[: register.began - batch.size])
            batch.add(following)
        self._check_loaded(batch, checkpoint)
        try:
            whole = batch.believe(checkpoint.size)
        except NotUnderstood as error:
            raise errors.not_understood(error.seq, str(error)) from error
        past.cut(register.began)
        past.append(register.began, following)
        past.sync()
        state = replace(state, snapshot=0, format=WHOLE)
        self._store.write_state(state)
        self._store.begin_after(0)
        with self._asking:
            self._register, self._state = whole, state
        self._batch = Batch(whole)
        self._store.drop_snapshot()

    def follow(
        self,
        poll_seconds: float = 30,
        *,
        stream: bool = True,
        stop: threading.Event | None = None,
        moved: Callable[[int], None] | None = None,
    ) -> None:
        """Sync now and whenever the server has something new, until ``stop`` is set; ``moved`` hears each new number.

        By the server's stream, and by polling where there is none. Waits longer after each failure to reach the server.
        ``stop`` is looked at with every sign of life of the stream, at least every 15 seconds. Raises what ``sync``
        raises, except ``MirrorUnreachable``; a log that is shorter or has a gap only after two minutes of it.

        Of a mirror that began at a snapshot the past is fetched meanwhile, in a thread of its own; ``moved`` is told
        once it is here, from that thread.
        """
        if self._source is None:
            raise ValueError("url: an address is needed to follow / url: для обновления нужен адрес сервера")
        follow(self, self._source, poll_seconds, stream, stop or threading.Event(), moved or (lambda _: None))

    def _begin(self) -> None:
        """Become the writer, and take up what an interrupted sync has left behind."""
        if self._store.locked:
            return
        self._store.lock()
        try:
            self._take_up()
        except errors.MirrorError:
            self._store.unlock()
            raise

    def _take_up(self) -> None:
        self.refresh()
        if self.snapshot is None:
            self._store.drop_snapshot()
        batch = Batch(self._register)
        try:
            for bodies in self._store.read(self.seq):
                batch.add(bodies)
        except Malformed as error:
            log.warning("%s: what an interrupted sync left is fetched anew: %s", self.directory, error)
        self._store.cut(batch.size)
        self._batch = batch

    def _trusted(self, source: Source) -> Verifier:
        try:
            return Verifier.parse(self.key or source.key())
        except NoteError as error:
            raise errors.untrusted(error) from None

    def _offered(self, source: Source, verifier: Verifier) -> tuple[bytes, Checkpoint]:
        note = source.checkpoint()
        try:
            return note, open_checkpoint(note, [verifier], verifier.name)
        except NoteError as error:
            raise self._with_evidence(errors.untrusted(error), note) from None

    def _compare(self, source: Source, offered: Checkpoint, note: bytes) -> None:
        """A checkpoint no larger than what is here must be one that this journal had."""
        if self._register.tree.root(offered.size) != offered.root:
            seq, served = first_altered(source, self._register, offered.size)
            raise self._with_evidence(errors.fork(offered.origin, self.seq, offered.size, seq), note, served)
        if offered.size < self.seq:
            raise self._with_evidence(errors.shortened(offered.origin, self.seq, offered.size), note)

    def _receive(self, source: Source, offered: Checkpoint, note: bytes) -> None:
        if offered.size - self.seq < MANY:
            self._receive_all(source, offered, note)
        else:
            with without_collection():
                self._receive_all(source, offered, note)

    def _receive_all(self, source: Source, offered: Checkpoint, note: bytes) -> None:
        resumed = len(self._batch) > 0
        self._fetch(source, offered.size)
        if resumed and not self._holds(offered):
            log.warning("%s: what an interrupted sync left does not hold and is fetched anew", self.directory)
            self._discard()
            self._fetch(source, offered.size)
        if not self._holds(offered):
            refused, served = self._diagnose(source, offered)
            self._discard()
            raise self._with_evidence(refused, note, served)
        try:
            self._believe(self._batch, offered.size)
        except errors.MirrorRefused:
            self._forget()
            raise

    def _fetch(self, source: Source, size: int) -> None:
        for bodies in source.entries(self._batch.size, size):
            try:
                after = self._batch.size
                self._batch.add(bodies)
            except Malformed as error:
                raise errors.gap(after + 1, size, str(error), str(error)) from None
            self._store.append(after, bodies)

    def _holds(self, offered: Checkpoint) -> bool:
        """Whether the entries give the signed root, and go on from the last good checkpoint."""
        tree, last = self._batch.tree, self._checkpoint
        return tree.root(offered.size) == offered.root and (last is None or tree.root(last.size) == last.root)

    def _diagnose(self, source: Source, offered: Checkpoint) -> tuple[errors.MirrorRefused, bytes | None]:
        """Which of both it is: an entry other than the signed one, or a signed log other than the one seen before."""
        waiting = [entry.header for entry in self._batch.upto(offered.size)]
        seq = first_unsigned(source.bundle, self.seq, waiting, offered.size)
        if seq is not None:
            return errors.rewritten(seq, offered.origin), self._batch.upto(seq)[-1].body
        seq, served = first_altered(source, self._register, self.seq)
        if self.seq == 0:
            return errors.unsigned(offered.origin, offered.size), None
        return errors.fork(offered.origin, self.seq, offered.size, seq), served

    def _discard(self) -> None:
        self._batch = Batch(self._register)
        self._store.cut(self.seq)

    def _forget(self) -> None:
        """Go back to the last good state as it is on the disk."""
        with self._asking:
            self._register, self._state, self._checkpoint = Held(), None, None
            self.refresh()
        self._discard()

    def _with_evidence(
        self, refused: errors.MirrorRefused, note: bytes, served: bytes | None = None
    ) -> errors.MirrorRefused:
        files = {"refused.checkpoint": note, "reason.txt": f"{refused.text['ru']}\n{refused.text['en']}\n".encode()}
        if self._state is not None:
            files |= {"trusted.checkpoint": self._state.checkpoint.encode(), "key": self._state.key.encode()}
        if refused.seq is not None and served is not None:
            files[f"entry-{refused.seq}-served.json"] = served
        elif served is not None:
            files["record.json"] = served
        if refused.seq is not None and self._register.holds(refused.seq):
            files[f"entry-{refused.seq}-held.json"] = self._register.body(refused.seq)
        kind = type(refused).__name__.removeprefix("Mirror").lower()
        refused.keep_evidence(self._store.keep_evidence(kind, files))
        return refused
