"""The transparency log as it is served: the signed checkpoint, its key, tiles and entry bundles (A4(4)).

C2SP tlog-checkpoint and tlog-tiles over the journal: leaf ``seq - 1`` is the header of entry ``seq``. What was signed
last is kept in a file beside the key, outside the database: a journal that was cut or rewritten is not signed, even by
a process that has just started and knows nothing else.
"""

from __future__ import annotations

import asyncio
import fcntl
import logging
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from feeds.cosignatures import Cosignatures
from feeds.notes import Checkpoint, NoteError, Signer, open_checkpoint
from feeds.tiles import FULL_WIDTH, Tile, TileError, entry_bundle, exists, hash_tile
from register.index import Register
from register.merkle import LogError, ProofError, verify_consistency
from register.service import RegisterService

log = logging.getLogger(__name__)

_TILE_HEIGHT: Final = 8
_ADVICE: Final = {
    "ru": "Восстановите базу данных; новому журналу нужны другой ключ и другой файл {path}",
    "en": "Restore the database; a new log needs another key and another file than {path}",
}


class LogFork(LogError):
    """The journal is shorter than what was signed last, or different: nothing is signed until somebody knows why."""


class SignedFileError(LogError):
    """The file of what was signed last cannot be read, written or trusted; the message names its path."""


class Log:
    """The log of one service, signed by ``signers``: the first is the log's key now, others while a key is changed.

    ``last_signed`` is the file that holds the last signed checkpoint; its folder must exist. All signers bear the
    name of the log, which is its origin.
    """

    def __init__(self, service: RegisterService, signers: Sequence[Signer], last_signed: Path) -> None:
        names = {signer.name for signer in signers}
        if len(names) != 1:
            raise ValueError(f"the keys of a log bear one name, its origin, not {sorted(names)}")
        self.origin = names.pop()
        self._service = service
        self._signers = tuple(signers)
        self._path = last_signed
        self._kept: tuple[int, bytes] | None = None
        self._signing = asyncio.Lock()
        self.cosignatures = Cosignatures(service)

    @property
    def verifier_keys(self) -> str:
        """The public keys as ``/log/key`` serves them: one to a line, the log's key now first."""
        return "".join(f"{signer.verifier_key}\n" for signer in self._signers)

    async def start(self) -> None:
        """Check the journal against what was signed last; to be called once the journal is replayed.

        Raises ``LogFork`` when it does not continue that, ``SignedFileError`` when the file cannot be used.
        """
        await self.checkpoint()

    async def checkpoint(self) -> tuple[int, bytes]:
        """The signed checkpoint of the newest entry with the cosignatures of it, and its number.

        Signed once for each number, and kept. A process that is behind another one first reads on. Raises as ``start``.
        """
        size, note = await self._signed()
        await self.cosignatures.refresh()
        return size, self._with_cosignatures(note)

    def published(self) -> tuple[int, bytes]:
        """As ``checkpoint``, at once: without reading on, and with the cosignatures that are in memory.

        Raises ``LogFork``, ``SignedFileError``.
        """
        size, note = self.sign()
        return size, self._with_cosignatures(note)

    def _with_cosignatures(self, note: bytes) -> bytes:
        text, _, _ = note.decode().rpartition("\n\n")
        lines = self.cosignatures.under(Checkpoint.parse(f"{text}\n"))
        return note + "".join(f"{line}\n" for line in lines).encode()

    async def _signed(self) -> tuple[int, bytes]:
        if (kept := self._present()) is not None:
            return kept
        async with self._signing:
            if (kept := self._present()) is not None:
                return kept
            try:
                kept = await asyncio.to_thread(self.sign)
            except _Behind as behind:
                log.info("another process has signed entry %d already, reading on", behind.size)
                await self._service.catch_up()
                kept = await asyncio.to_thread(self.sign)
            self._kept = kept
            return kept

    def _present(self) -> tuple[int, bytes] | None:
        kept = self._kept
        return kept if kept is not None and kept[0] == self._service.register.seq else None

    def sign(self) -> tuple[int, bytes]:
        """The checkpoint of the newest entry with the log's own signatures alone, at once and without reading on.

        Raises ``LogFork``, ``SignedFileError``.
        """
        if (kept := self._present()) is not None:
            return kept
        with self._locked():
            register = self._service.register
            # Not register.seq: this is not the thread that applies entries, and the tree's size moves last.
            size = register.tree.size
            stored = self._read()
            if stored is not None:
                self._check(stored, register, size)
            note = Checkpoint(self.origin, size, register.tree.root(size)).sign(*self._signers).encode()
            if stored is None or stored.size < size:
                self._write(note)
            return size, note

    def _check(self, stored: Checkpoint, register: Register, size: int) -> None:
        """Raise unless the first ``size`` leaves continue what was signed."""
        if stored.size > size:
            raise _Behind(
                stored.size,
                ru=f"Журнал {self.origin}: подписано состояние из {stored.size} записей, а в журнале их {size}. "
                + _ADVICE["ru"].format(path=self._path),
                en=f"Log {self.origin}: a checkpoint of {stored.size} entries was signed, but the journal has {size}. "
                + _ADVICE["en"].format(path=self._path),
            )
        try:
            proof = register.tree.consistency(stored.size, size)
            verify_consistency(stored.size, size, stored.root, register.tree.root(size), proof)
        except ProofError as error:
            log.critical("log %s: entries up to %d are not those that were signed", self.origin, stored.size)
            raise LogFork(
                ru=f"Журнал {self.origin}: первые {stored.size} записей отличаются от подписанных. "
                + _ADVICE["ru"].format(path=self._path),
                en=f"Log {self.origin}: the first {stored.size} entries differ from those signed. "
                + _ADVICE["en"].format(path=self._path),
            ) from error

    def _read(self) -> Checkpoint | None:
        try:
            note = self._path.read_bytes()
        except FileNotFoundError:
            log.info("log %s: nothing was signed yet", self.origin)
            return None
        except OSError as error:
            raise self._unusable("не читается", "cannot be read", str(error.strerror)) from error
        try:
            return open_checkpoint(note, [signer.verifier for signer in self._signers], self.origin)
        except NoteError as error:
            raise self._unusable(error.text["ru"], error.text["en"], "") from error

    def _write(self, note: bytes) -> None:
        """Put the note in the file's place, safe from a power cut: what was published must be known afterwards."""
        try:
            handle, temporary = tempfile.mkstemp(prefix=f".{self._path.name}.", dir=self._path.parent)
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(note)
                    file.flush()
                    os.fsync(file.fileno())
                os.replace(temporary, self._path)
            except BaseException:
                os.unlink(temporary)
                raise
            descriptor = os.open(self._path.parent, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        except OSError as error:
            raise self._unusable("не записывается", "cannot be written", str(error.strerror)) from error

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Alone among the processes that share the file."""
        try:
            descriptor = os.open(self._path.with_name(f".{self._path.name}.lock"), os.O_CREAT | os.O_RDWR, 0o600)
        except OSError as error:
            raise self._unusable("не блокируется", "cannot be locked", str(error.strerror)) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def _unusable(self, ru: str, en: str, cause: str) -> SignedFileError:
        tail = f": {cause}" if cause else ""
        return SignedFileError(
            ru=f"Файл последнего подписанного состояния {self._path}: {ru}{tail}",
            en=f"File of the last signed checkpoint {self._path}: {en}{tail}",
        )


class _Behind(LogFork):
    """Fewer entries are known here than were signed: too late a reader, or a journal that was cut."""

    def __init__(self, size: int, *, ru: str, en: str) -> None:
        super().__init__(ru=ru, en=en)
        self.size = size


def tile_bytes(register: Register, tile: Tile) -> bytes:
    """The bytes of a hash tile or an entry bundle. Raises ``TileError`` for one that the log does not have."""
    if not exists(tile, register.tree.size):
        raise TileError(
            ru=f"В журнале из {register.tree.size} записей нет {tile.path}",
            en=f"A log of {register.tree.size} entries has no {tile.path}",
        )
    if tile.level != "entries":
        return hash_tile(register.tree, int(tile.level), tile.index, tile.width)
    first = tile.index * FULL_WIDTH
    return entry_bundle([register.header(leaf + 1) for leaf in range(first, first + tile.width)])


def last_entry(tile: Tile) -> int:
    """The number of the last entry that a tile rests on."""
    height = 0 if tile.level == "entries" else _TILE_HEIGHT * int(tile.level)
    return (tile.index * FULL_WIDTH + tile.width) << height
