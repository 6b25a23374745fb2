"""The mirror of one server in one folder: sync, follow, and ask offline."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import date
from pathlib import Path
from time import sleep
from types import TracebackType
from typing import Any, Final, Self

import httpx

from feeds.mirror import errors
from feeds.mirror.batch import Batch, NotUnderstood
from feeds.mirror.collection import without_collection
from feeds.mirror.diagnosis import first_altered, first_unsigned
from feeds.mirror.following import follow
from feeds.mirror.received import Malformed
from feeds.mirror.source import Source
from feeds.mirror.store import STATE, State, Store
from feeds.notes import Checkpoint, NoteError, Verifier, open_checkpoint
from register.index import Register
from register.proof import Answer, answer, read_question

log = logging.getLogger(__name__)

LAG_TRIES: Final = 3
LAG_SECONDS: Final = 0.5
"""Behind one address there may be a process a moment late: how often, and after what time, it is asked again."""


MANY: Final = 5_000
"""Entries to come from which on building them is not interrupted to look for garbage."""


class Mirror:
    """A whole copy of the Register in ``directory``, every entry checked against the log's signature.

    ``url`` is the server's address, needed for ``sync`` and ``follow`` only. ``key`` is the log's verifier key; without
    one the server's is taken on first contact and kept. ``duties_until`` is the last day of the transition of A11(1)
    as the server is set: None while it lasts. One thread may sync while others ask ``proof``.

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
    ) -> None:
        self.duties_until = duties_until
        self._store = Store(Path(directory))
        self._key = key.strip() if key is not None else None
        self._asking = threading.RLock()
        self._register = Register()
        self._batch = Batch(self._register)
        self._state: State | None = None
        self._checkpoint: Checkpoint | None = None
        self.refresh()
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

    @property
    def directory(self) -> Path:
        """The folder of the mirror."""
        return self._store.directory

    @property
    def register(self) -> Register:
        """The Register as of the last good checkpoint. Not for use while another thread syncs; ``proof`` is."""
        return self._register

    @property
    def checkpoint(self) -> Checkpoint | None:
        """The last good checkpoint; None before the first."""
        return self._checkpoint

    @property
    def key(self) -> str | None:
        """The verifier key that is trusted, in the form that is published; None before the first contact."""
        return self._state.key if self._state else self._key

    @property
    def seq(self) -> int:
        """The number of the newest entry that counts."""
        return self._register.seq

    def proof(self, code: str, date: date | str, **question: Any) -> Answer:
        """Which proof of origin applies, from the copy alone; the question's members are those of ``/proof``.

        The same answer as the server's at the same entry (``known_at``). ``date`` is a day of the Commission's seat.
        Raises ``QuestionError`` naming the field and rule. P37.
        """
        asked = read_question({"code": code, "date": date, **question})
        with self._asking:
            return answer(self._register, asked, self.duties_until)

    def refresh(self) -> int:
        """Take up what another process has synced into the folder; return the number of the newest entry.

        Raises ``MirrorDamaged`` when the files are not what the signed checkpoint says.
        """
        state = self._store.state()
        if state is None or state == self._state:
            return self.seq
        if self._key is not None and self._key != state.key:
            raise errors.wrong_key(self._key, state.key)
        try:
            verifier = Verifier.parse(state.key)
            checkpoint = open_checkpoint(state.checkpoint, [verifier], verifier.name)
        except NoteError as error:
            raise errors.damaged(
                self.directory, f"{STATE}: {error.text['ru']}", f"{STATE}: {error.text['en']}"
            ) from None
        self._load(checkpoint)
        self._state, self._checkpoint = state, checkpoint
        return self.seq

    def _load(self, checkpoint: Checkpoint) -> None:
        if 0 < checkpoint.size <= self.seq and self._register.tree.root(checkpoint.size) == checkpoint.root:
            return
        batch = Batch(self._register)
        try:
            with without_collection():
                for bodies in self._store.read(self.seq):
                    batch.add(bodies[: max(0, checkpoint.size - batch.size)])
        except Malformed as error:
            raise errors.damaged(self.directory, str(error), str(error)) from None
        if batch.size != checkpoint.size:
            raise errors.damaged(
                self.directory,
                f"записей – {batch.size} вместо {checkpoint.size}",
                f"{batch.size} entries in place of {checkpoint.size}",
            )
        if batch.tree.root() != checkpoint.root:
            raise errors.damaged(
                self.directory,
                "записи не соответствуют подписанному состоянию",
                "the entries are not those that the checkpoint signs",
            )
        self._believe(batch, checkpoint.size)

    def _believe(self, batch: Batch, size: int) -> None:
        try:
            with self._asking:
                self._register = batch.believe(size)
        except NotUnderstood as error:
            raise errors.not_understood(error.seq, str(error)) from error
        self._batch = batch

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
        if offered.size > self.seq:
            self._receive(source, offered, note)
        else:
            self._compare(source, offered, note)
        if self._checkpoint is None or self._checkpoint.size < offered.size:
            state = State(verifier.verifier_key, note.decode(), source.url)
            self._store.write_state(state)
            self._state, self._checkpoint = state, offered
        return self.seq

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
        waiting = [header for header, _ in self._batch.upto(offered.size)]
        seq = first_unsigned(source.bundle, self.seq, waiting, offered.size)
        if seq is not None:
            return errors.rewritten(seq, offered.origin), self._batch.upto(seq)[-1][1]
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
            self._register, self._state, self._checkpoint = Register(), None, None
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
        if refused.seq is not None and refused.seq <= self.seq:
            files[f"entry-{refused.seq}-held.json"] = self._register.body(refused.seq)
        kind = type(refused).__name__.removeprefix("Mirror").lower()
        refused.keep_evidence(self._store.keep_evidence(kind, files))
        return refused
