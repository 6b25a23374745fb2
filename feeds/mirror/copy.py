"""The copy that lies in a mirror's folder: taken up from the files, checked, and asked offline."""

from __future__ import annotations

import threading
from datetime import date
from pathlib import Path
from typing import Any, Final

from feeds.mirror import errors
from feeds.mirror.batch import Batch, NotUnderstood
from feeds.mirror.held import Held
from feeds.mirror.partial import BeforeSnapshot, Partial, stored
from feeds.mirror.received import Malformed
from feeds.mirror.store import STATE, State, Store
from feeds.notes import Checkpoint, NoteError, Verifier, open_checkpoint
from register.collection import without_collection
from register.index import Register, UnknownPast
from register.proof import Answer, Question, answer, read_question

READ_TRIES: Final = 3
"""How often a folder is read that another process puts another state into meanwhile."""


class Copy:
    """What is in ``directory``; see ``Mirror``. Reads only; nothing here needs a server."""

    def __init__(self, directory: Path, key: str | None, duties_until: date | None) -> None:
        self.duties_until = duties_until
        self._store = Store(directory)
        self._key = key.strip() if key is not None else None
        self._asking = threading.RLock()
        self._backfilled: int | None = None
        self._register = Held()
        self._batch = Batch(self._register)
        self._state: State | None = None
        self._checkpoint: Checkpoint | None = None
        self.refresh()

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

    @property
    def snapshot(self) -> int | None:
        """The entry at which the mirror began while those before are not all here; None when every entry is."""
        return self._register.began if isinstance(self._register, Partial) else None

    @property
    def backfilled(self) -> int:
        """Up to which entry the past is here, counted from the first."""
        if self.snapshot is None:
            return self.seq
        if self._backfilled is None:
            return min(self.snapshot, sum(map(len, self._store.past.read(0))))
        return self._backfilled

    def proof(self, code: str, date: date | str, **question: Any) -> Answer:
        """Which proof of origin applies, from the copy alone; the question's members are those of ``/proof``.

        The same answer as the server's at the same entry (``known_at``). ``date`` is a day of the Commission's seat.
        Raises ``QuestionError`` naming the field and rule; also for a ``known_at`` before the snapshot at which the
        mirror began, until the past is here. P37.
        """
        asked = read_question({"code": code, "date": date, **question})
        with self._asking:
            if isinstance(self._register, Partial) and asked.known_at is not None:
                self._check_past(self._register, asked)
            return answer(self._register, asked, self.duties_until)

    def _check_past(self, register: Partial, asked: Question) -> None:
        try:
            register.known_at(asked.known_at)
        except BeforeSnapshot:
            raise errors.past_not_here(asked.known_at, register.began, self.backfilled) from None
        except UnknownPast:
            # Of no state at all: the answer says so, in the server's words.
            return

    def refresh(self) -> int:
        """Take up what another process has synced into the folder; return the number of the newest entry.

        Raises ``MirrorDamaged`` when the files are not what the signed checkpoint says.
        """
        for turn in range(READ_TRIES):
            state = self._store.state()
            if state is None or state == self._state:
                break
            if self._key is not None and self._key != state.key:
                raise errors.wrong_key(self._key, state.key)
            try:
                self._take_over(state)
            except errors.MirrorDamaged:
                # Or another process has put the next state there, and taken away what this one needs.
                if turn == READ_TRIES - 1 or self._store.state() == state:
                    raise
        return self.seq

    def _take_over(self, state: State) -> None:
        try:
            verifier = Verifier.parse(state.key)
            checkpoint = open_checkpoint(state.checkpoint, [verifier], verifier.name)
        except NoteError as error:
            raise errors.damaged(
                self.directory, f"{STATE}: {error.text['ru']}", f"{STATE}: {error.text['en']}"
            ) from None
        try:
            self._load(checkpoint, state.snapshot)
        except (FileNotFoundError, Malformed) as error:
            raise errors.damaged(self.directory, str(error), str(error)) from None
        self._state, self._checkpoint = state, checkpoint

    def _load(self, checkpoint: Checkpoint, snapshot: int) -> None:
        self._store.begin_after(snapshot)
        known = self._register
        if (self.snapshot or 0) != snapshot:
            try:
                known = stored(self._store, snapshot) if snapshot else Held()
            except NotUnderstood as error:
                raise errors.not_understood(error.seq, str(error)) from error
        batch = Batch(known)
        if not 0 < checkpoint.size <= known.seq or known.tree.root(checkpoint.size) != checkpoint.root:
            with without_collection():
                for bodies in self._store.read(known.seq):
                    batch.add(bodies[: max(0, checkpoint.size - batch.size)])
            self._check_loaded(batch, checkpoint)
        self._believe(batch, max(checkpoint.size, known.seq))

    def _check_loaded(self, batch: Batch, checkpoint: Checkpoint) -> None:
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

    def _believe(self, batch: Batch, size: int) -> None:
        try:
            with self._asking:
                self._register = batch.believe(size)
        except NotUnderstood as error:
            raise errors.not_understood(error.seq, str(error)) from error
        self._batch = batch
