"""The folder of a mirror: files of entries that only grow, and one small state file that says how far they count.

    state.json                 the trusted key, the last good signed checkpoint, the server's address
    entries/000000001.jsonl    entries as their canonical bytes, one a line, 10,000 to a file named by its first
    evidence/…                 what was refused, and why
    lock                       held by the process that writes

The state file is replaced as a whole after the entries it counts are on the disk. So a process may be killed, or the
power cut, at any moment: what lies beyond the state is either taken up again or cut off. POSIX systems only (flock).
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Final

import msgspec

from feeds.mirror.errors import busy, damaged

SEGMENT: Final = 10_000
"""Entries in one file."""

STATE: Final = "state.json"
FORMAT: Final = 1


class State(msgspec.Struct, frozen=True):
    """How far the entries in the folder count: up to the size of ``checkpoint``, a note signed with ``key``."""

    key: str
    checkpoint: str
    url: str | None = None
    format: int = FORMAT


_decode_state: Final = msgspec.json.Decoder(State).decode


class Store:
    """The files of one mirror under ``directory``. Reading needs no lock; everything else does."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._entries = directory / "entries"
        self._lock: int | None = None
        self._unsynced: set[Path] = set()

    @property
    def locked(self) -> bool:
        """Whether this process may write."""
        return self._lock is not None

    def lock(self) -> None:
        """Make the folder where there is none, and become its one writer. Raises ``MirrorBusy``."""
        if self._lock is not None:
            return
        self._entries.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self.directory / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
            raise busy(self.directory) from None
        self._lock = descriptor
        # A process that was killed may have left lines that are not on the disk yet.
        self._unsynced = set(self._entries.glob("*.jsonl"))

    def unlock(self) -> None:
        """Let another process write."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def state(self) -> State | None:
        """The last good state; None in a new folder. Raises ``MirrorDamaged``."""
        try:
            state = _decode_state((self.directory / STATE).read_bytes())
        except FileNotFoundError:
            return None
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise damaged(
                self.directory, f"{STATE} не читается ({error})", f"{STATE} cannot be read ({error})"
            ) from None
        if state.format != FORMAT:
            raise damaged(
                self.directory,
                f"{STATE} имеет формат {state.format}, поддерживается {FORMAT}",
                f"{STATE} is of format {state.format}, this version knows {FORMAT}",
            )
        return state

    def write_state(self, state: State) -> None:
        """Put ``state`` in the place of the last, after everything that was appended is on the disk."""
        for path in self._unsynced:
            _sync(path)
        if self._unsynced:
            _sync(self._entries)
        self._unsynced.clear()
        self._replace(self.directory / STATE, msgspec.json.encode(state))

    def read(self, after: int) -> Iterator[list[bytes]]:
        """The entries after the number ``after`` that lie in the files, in order, a file at a time.

        A last line that is not whole is left out, and so is everything after a file that is not full. Reads what lies
        there: whether it counts is for the state to say.
        """
        first = after // SEGMENT * SEGMENT
        skipped = after - first
        while True:
            try:
                lines = self._path(first).read_bytes().split(b"\n")
            except FileNotFoundError:
                return
            lines.pop()
            if len(lines) > skipped:
                yield lines[skipped:SEGMENT]
            if len(lines) < SEGMENT:
                return
            first, skipped = first + SEGMENT, 0

    def append(self, after: int, bodies: Sequence[bytes]) -> None:
        """Write entries after the number ``after``, which must be the last there. Not on the disk until a state is."""
        place = 0
        while place < len(bodies):
            seq = after + place
            part = bodies[place : place + SEGMENT - seq % SEGMENT]
            path = self._path(seq // SEGMENT * SEGMENT)
            self._unsynced.add(path)
            with path.open("ab") as file:
                file.write(b"\n".join(part) + b"\n")
            place += len(part)

    def cut(self, count: int) -> None:
        """Take away everything after the first ``count`` entries."""
        first = count // SEGMENT * SEGMENT
        for path in self._entries.glob("*.jsonl"):
            if int(path.stem) > first + 1:
                path.unlink()
        path = self._path(first)
        with suppress(FileNotFoundError):
            kept = sum(len(line) + 1 for line in path.read_bytes().split(b"\n")[: count - first])
            os.truncate(path, kept)
            self._unsynced.add(path)
        self._unsynced = {path for path in self._unsynced if path.exists()}

    def keep_evidence(self, kind: str, files: Mapping[str, bytes]) -> Path:
        """Keep ``files`` under ``evidence``; the same files a second time are kept once. Returns their folder."""
        digest = sha256(b"\0".join(name.encode() + b"\0" + data for name, data in sorted(files.items()))).hexdigest()
        folder = self.directory / "evidence" / f"{kind}-{digest[:16]}"
        folder.mkdir(parents=True, exist_ok=True)
        for name, data in files.items():
            self._replace(folder / name, data)
        return folder

    def _path(self, first: int) -> Path:
        return self._entries / f"{first + 1:09d}.jsonl"

    def _replace(self, path: Path, data: bytes) -> None:
        temporary = path.with_name(f".{path.name}.new")
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
        _sync(path.parent)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
