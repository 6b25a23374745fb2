"""Cosignatures of witnesses: taken in, kept for ever, and shown under the checkpoint that they are of (A4(4)).

A witness posts a checkpoint of this log with its cosignature line. It counts when the witness is one that the operator
has named, the signature holds, and size and root are this log's own. A state can be a witness: then the Commission
cannot show it another history than it shows to everybody. Times are UTC.
"""

from __future__ import annotations

import asyncio
import base64
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Final

from feeds.note_keys import Signature
from feeds.notes import Checkpoint, NoteError, open_note
from feeds.witness_keys import WitnessKey, stamp_of
from register.database import Database, DatabaseUnavailable
from register.merkle import Tree
from register.service import RegisterService

log = logging.getLogger(__name__)

MAX_WITNESSES: Final = 14
"""With two keys of the log, while one is changed, 16 signatures: as many as every reader of notes has to accept."""
AHEAD: Final = timedelta(minutes=5)
"""How far the clock of a witness may be before ours."""
REFRESH_SECONDS: Final = 5.0
"""How long another process's news may take to be shown here."""


class WitnessError(NoteError):
    """A witness that cannot be added or removed."""


class OtherCheckpoint(NoteError):
    """A known witness has cosigned a checkpoint that this log does not have: one of the two is wrong."""


@dataclass(frozen=True, slots=True)
class Witness:
    """Who may cosign: a ``name`` for people, and the verifier key."""

    name: str
    key: WitnessKey
    added_at: datetime


@dataclass(frozen=True, slots=True)
class Cosignature:
    """What a witness has cosigned: ``root`` is base64, ``at`` the time that it signed, ``line`` its signature line."""

    witness: str
    verifier_key: str
    size: int
    root: str
    at: datetime
    line: str


async def add_witness(db: Database, name: str, verifier_key: str, now: datetime) -> Witness:
    """Let a witness cosign from now on. ``register witness add NAME KEY``.

    Raises ``WitnessError`` for a name or a key that is there, or one witness too many; ``NoteError`` for a bad key.
    """
    key = WitnessKey.parse(verifier_key)
    shown = name.strip()
    if not shown or len(shown) > 200 or not shown.isprintable():
        raise WitnessError(
            ru="name: имя свидетеля – от 1 до 200 печатных знаков", en="name: 1 to 200 printable characters"
        )
    async with db.transaction():
        known = await witnesses(db)
        if len(known) >= MAX_WITNESSES:
            raise WitnessError(
                ru=f"Свидетелей может быть не более {MAX_WITNESSES}",
                en=f"There may be at most {MAX_WITNESSES} witnesses",
            )
        for other in known:
            if other.name == shown:
                raise WitnessError(ru=f"Свидетель «{shown}» уже есть", en=f"There is a witness '{shown}' already")
            # The signed message does not name the witness: one key under two names would count twice.
            if other.key.public_key == key.public_key:
                raise WitnessError(
                    ru=f"Этот ключ уже принадлежит свидетелю «{other.name}»",
                    en=f"This key is that of the witness '{other.name}' already",
                )
        await db.execute(
            "INSERT INTO witness (name, verifier_key, added_at) VALUES ({}, {}, {})", shown, key.verifier_key, now
        )
    return Witness(shown, key, now)


async def remove_witness(db: Database, name: str, now: datetime) -> None:
    """Take no more cosignatures of a witness and show none; what it signed stays kept. ``register witness remove``.

    Raises ``WitnessError`` for an unknown one.
    """
    shown = name.strip()
    if not await db.execute("UPDATE witness SET removed_at = {} WHERE name = {} AND removed_at IS NULL", now, shown):
        raise WitnessError(ru=f"Свидетеля «{shown}» нет", en=f"There is no witness '{shown}'")


async def witnesses(db: Database) -> list[Witness]:
    """The witnesses, in the order in which they were added. ``register witness list``."""
    rows = await db.fetch_rows("SELECT name, verifier_key, added_at FROM witness WHERE removed_at IS NULL ORDER BY id")
    return [Witness(name, WitnessKey.parse(key), added_at) for name, key, added_at in rows]


async def accept(db: Database, tree: Tree, origin: str, note: bytes, now: datetime) -> list[Cosignature]:
    """Take in a cosigned checkpoint of the log ``origin``; what known witnesses have signed in it, kept now or before.

    Raises ``OtherCheckpoint`` when its size or root is not this log's, ``NoteError`` when it is malformed or of
    another log, when no known witness has signed it, or a signature of one is wrong.
    """
    known = {(item.key.name, item.key.key_id): item for item in await witnesses(db)}
    opened = open_note(note, [item.key for item in known.values()])
    checkpoint = Checkpoint.parse(opened.text)
    _check(checkpoint, tree, origin, opened.text)
    root = base64.b64encode(checkpoint.root).decode()
    found = [
        _cosignature(known[signature.name, signature.key_id], signature, checkpoint.size, root, now)
        for signature in opened.verified
    ]
    async with db.transaction():
        for item in found:
            await db.execute(
                "INSERT INTO cosignature (verifier_key, size, root, stamped_at, line, received_at)"
                " VALUES ({}, {}, {}, {}, {}, {}) ON CONFLICT (verifier_key, size, stamped_at) DO NOTHING",
                item.verifier_key,
                item.size,
                item.root,
                int(item.at.timestamp()),
                item.line,
                now,
            )
    return found


def _check(checkpoint: Checkpoint, tree: Tree, origin: str, text: str) -> None:
    if checkpoint.origin != origin:
        raise NoteError(
            ru=f"origin: это состояние журнала {checkpoint.origin}, а не {origin}",
            en=f"origin: this is a checkpoint of the log {checkpoint.origin}, not of {origin}",
        )
    if checkpoint.extensions:
        raise NoteError(
            ru="Состояния этого журнала не имеют дополнительных строк",
            en="The checkpoints of this log have no extension lines",
        )
    if checkpoint.size > tree.size:
        raise OtherCheckpoint(
            ru=f"size: в журнале {tree.size} записей, а подписано состояние из {checkpoint.size}",
            en=f"size: the log has {tree.size} entries, the checkpoint is of {checkpoint.size}",
        )
    if tree.root(checkpoint.size) != checkpoint.root:
        # A known witness says that it has seen another history under our name: whoever runs the log must know.
        log.critical("a witness has cosigned another tree than ours:\n%s", text)
        raise OtherCheckpoint(
            ru=f"root: у журнала из {checkpoint.size} записей другой корень",
            en=f"root: the log of {checkpoint.size} entries has another root",
        )


def _cosignature(witness: Witness, signature: Signature, size: int, root: str, now: datetime) -> Cosignature:
    stamp = stamp_of(signature.value)
    if not 0 < stamp <= (now + AHEAD).timestamp():
        raise NoteError(
            ru=f"time: время подписи {stamp} свидетеля «{witness.name}» – нулевое или будущее",
            en=f"time: the time {stamp} of the witness '{witness.name}' is zero or in the future",
        )
    at = datetime.fromtimestamp(stamp, UTC)
    return Cosignature(witness.name, witness.key.verifier_key, size, root, at, signature.line)


class Cosignatures:
    """The newest cosignature of each witness, in the memory of one process."""

    def __init__(self, service: RegisterService) -> None:
        self._service = service
        self._newest: tuple[tuple[Witness, Cosignature | None], ...] = ()
        self._due = 0.0
        self._refreshing = asyncio.Lock()

    @property
    def newest(self) -> Sequence[tuple[Witness, Cosignature | None]]:
        """Every witness with its newest cosignature, if it has made one: that of the largest size, then the latest."""
        return self._newest

    def under(self, checkpoint: Checkpoint) -> list[str]:
        """The signature lines of those whose newest cosignature is of this very checkpoint."""
        root = base64.b64encode(checkpoint.root).decode()
        return [item.line for _, item in self._newest if item and (item.size, item.root) == (checkpoint.size, root)]

    async def refresh(self, *, at_once: bool = False) -> None:
        """Read anew what is ``REFRESH_SECONDS`` old, or ``at_once``; without the database, what is known stays."""
        if not at_once and (monotonic() < self._due or self._refreshing.locked()):
            return
        async with self._refreshing:
            self._due = monotonic() + REFRESH_SECONDS
            try:
                self._newest = tuple([(item, await self._of(item)) for item in await witnesses(self._service.database)])
            except DatabaseUnavailable as error:
                log.warning("cosignatures cannot be read, those known are shown: %s", error)

    async def _of(self, witness: Witness) -> Cosignature | None:
        key = witness.key.verifier_key
        rows = await self._service.database.fetch_rows(
            "SELECT size, root, stamped_at, line FROM cosignature WHERE verifier_key = {}"
            " ORDER BY size DESC, stamped_at DESC LIMIT 1",
            key,
        )
        if not rows:
            return None
        size, root, stamp, line = rows[0]
        return Cosignature(witness.name, key, size, root, datetime.fromtimestamp(stamp, UTC), line)
