"""The folder of a mirror: files of entries that only grow, and one small state file that says how far they count.

    state.json                 the trusted key, the last good signed checkpoint, the server's address
    entries/000000001.jsonl    entries as their canonical bytes, one a line, 10,000 to a file named by its first
    snapshot/headers.jsonl     of a mirror begun at a snapshot: the header of every entry up to it, one a line
    snapshot/entries.jsonl     and the entries that stood then: the newest of each measure and consultation
    following/…                and the entries after it, until ``entries`` has all from 1 on
    evidence/…                 what was refused, and why
    lock                       held by the process that writes

The state file is replaced as a whole after the entries it counts are on the disk. So a process may be killed, or the
power cut, at any moment: what lies beyond the state is either taken up again or cut off. POSIX systems only (flock).
"""

from __future__ import annotations

import fcntl
import os
import shutil
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
WHOLE: Final = 1
"""The format of a folder with every entry."""
PARTIAL: Final = 2
"""The format of a folder begun at a snapshot: a version of the software that knows none refuses it."""


class State(msgspec.Struct, frozen=True):
    """How far the entries in the folder count: up to the size of ``checkpoint``, a note signed with ``key``.

    ``snapshot`` is the number of the entry at which the mirror began while those before are not all here, else 0.
    """

    key: str
    checkpoint: str
    url: str | None = None
    snapshot: int = 0
    format: int = WHOLE


_decode_state: Final = msgspec.json.Decoder(State).decode


class EntryFiles:
    """Entries after the number ``base``, one a line, in files named by their first. Reading needs no lock."""

    def __init__(self, folder: Path, base: int = 0) -> None:
        self.folder = folder
        self.base = base
        self._unsynced: set[Path] = set()

    def open(self) -> None:
        """Make the folder where there is none; what lies there counts as not on the disk yet."""
        self.folder.mkdir(parents=True, exist_ok=True)
        # A process that was killed may have left lines that are not on the disk yet.
        self._unsynced = set(self.folder.glob("*.jsonl"))

    def sync(self) -> None:
        """Put everything that was written on the disk."""
        for path in self._unsynced:
            sync(path)
        if self._unsynced:
            sync(self.folder)
        self._unsynced.clear()

    def read(self, after: int) -> Iterator[list[bytes]]:
        """The entries after the number ``after`` that lie in the files, in order, a file at a time.

        A last line that is not whole is left out, and so is everything after a file that is not full. Reads what lies
        there: whether it counts is for the state to say.
        """
        first = self._first(after)
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
        """Write entries after the number ``after``, which must be the last there. Not on the disk until ``sync``."""
        place = 0
        while place < len(bodies):
            seq = after + place
            first = self._first(seq)
            part = bodies[place : place + SEGMENT - (seq - first)]
            path = self._path(first)
            self._unsynced.add(path)
            with path.open("ab") as file:
                file.write(b"\n".join(part))
                file.write(b"\n")
            place += len(part)

    def cut(self, count: int) -> None:
        """Take away everything after the entry of number ``count``."""
        first = self._first(count)
        for path in self.folder.glob("*.jsonl"):
            if int(path.stem) > first + 1:
                path.unlink()
        path = self._path(first)
        with suppress(FileNotFoundError):
            kept = sum(len(line) + 1 for line in path.read_bytes().split(b"\n")[: count - first])
            os.truncate(path, kept)
            self._unsynced.add(path)
        self._unsynced = {path for path in self._unsynced if path.exists()}

    def _first(self, seq: int) -> int:
        return seq - (seq - self.base) % SEGMENT

    def _path(self, first: int) -> Path:
        return self.folder / f"{first + 1:09d}.jsonl"


class Store:
    """The files of one mirror under ``directory``. Reading needs no lock; everything else does."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.past = EntryFiles(directory / "entries")
        self.entries = self.past
        self._lock: int | None = None

    @property
    def locked(self) -> bool:
        """Whether this process may write."""
        return self._lock is not None

    def lock(self) -> None:
        """Make the folder where there is none, and become its one writer. Raises ``MirrorBusy``."""
        if self._lock is not None:
            return
        self.past.folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self.directory / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
            raise busy(self.directory) from None
        self._lock = descriptor
        for files in {self.past, self.entries}:
            files.open()

    def unlock(self) -> None:
        """Let another process write."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def begin_after(self, snapshot: int) -> None:
        """Let ``read``, ``append`` and ``cut`` be about the entries after a snapshot; 0: about all of them."""
        if snapshot == self.entries.base:
            return
        self.entries = EntryFiles(self.directory / "following", snapshot) if snapshot else self.past
        if self.locked:
            self.entries.open()

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
        known = PARTIAL if state.snapshot else WHOLE
        if state.format != known:
            raise damaged(
                self.directory,
                f"{STATE} имеет формат {state.format}, поддерживается {known}",
                f"{STATE} is of format {state.format}, this version knows {known}",
            )
        return state

    def write_state(self, state: State) -> None:
        """Put ``state`` in the place of the last, after everything that was appended is on the disk."""
        self.entries.sync()
        self._replace(self.directory / STATE, msgspec.json.encode(state))

    def read(self, after: int) -> Iterator[list[bytes]]:
        """The entries after the number ``after``; see ``EntryFiles.read``."""
        return self.entries.read(after)

    def append(self, after: int, bodies: Sequence[bytes]) -> None:
        """Write entries after the number ``after``; see ``EntryFiles.append``."""
        self.entries.append(after, bodies)

    def cut(self, count: int) -> None:
        """Take away everything after the entry ``count``."""
        self.entries.cut(count)

    def write_snapshot(self, headers: Sequence[bytes], standing: Sequence[bytes]) -> None:
        """Put what a snapshot holds on the disk. Counts when a state says so; what followed another is taken away."""
        folder = self.directory / "snapshot"
        folder.mkdir(exist_ok=True)
        self._replace(folder / "headers.jsonl", b"".join(line + b"\n" for line in headers))
        self._replace(folder / "entries.jsonl", b"".join(line + b"\n" for line in standing))
        shutil.rmtree(self.directory / "following", ignore_errors=True)

    def read_snapshot(self) -> tuple[list[bytes], list[bytes]]:
        """The headers, and the entries that stood. Raises ``FileNotFoundError``."""
        folder = self.directory / "snapshot"
        headers, standing = ((folder / name).read_bytes().split(b"\n") for name in ("headers.jsonl", "entries.jsonl"))
        return headers[:-1], standing[:-1]

    def drop_snapshot(self) -> None:
        """Take away what a folder with every entry needs no more."""
        for name in ("snapshot", "following"):
            shutil.rmtree(self.directory / name, ignore_errors=True)

    def keep_evidence(self, kind: str, files: Mapping[str, bytes]) -> Path:
        """Keep ``files`` under ``evidence``; the same files a second time are kept once. Returns their folder."""
        digest = sha256(b"\0".join(name.encode() + b"\0" + data for name, data in sorted(files.items()))).hexdigest()
        folder = self.directory / "evidence" / f"{kind}-{digest[:16]}"
        folder.mkdir(parents=True, exist_ok=True)
        for name, data in files.items():
            self._replace(folder / name, data)
        return folder

    def _replace(self, path: Path, data: bytes) -> None:
        temporary = path.with_name(f".{path.name}.new")
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
        sync(path.parent)


def sync(path: Path) -> None:
    """Put a file, or the names in a folder, on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
