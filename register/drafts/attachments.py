"""Acts attached to drafts: PDF files, known by what they hold and kept under their hash. Times are UTC.

A file is written beside its place, checked, and moved there whole: a file that is there is complete and of its name.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import tempfile
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, ClassVar, Final

from register.database import Database
from register.drafts.actors import Actor
from register.drafts.commands import keep_first_version, open_for, write_next
from register.drafts.model import Draft
from register.drafts.rules import HD14, HD15, DraftRefused
from register.recording import joined

MOST_BYTES: Final = 20 * 2**20
PDF: Final = "application/pdf"
SAFE_HEADERS: Final = {
    "x-content-type-options": "nosniff",
    "content-security-policy": "sandbox; default-src 'none'",
    "cross-origin-resource-policy": "same-origin",
}
"""A PDF is foreign content: it is downloaded, never shown as a page of ours."""

_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_HEADER: Final = re.compile(rb"%PDF-[12]\.[0-9]")
_TRAILER: Final = re.compile(rb"startxref\s+([0-9]{1,10})\s+%%EOF[\s\x00]*\Z")
_TABLE: Final = re.compile(rb"\s*(?:xref\b|[0-9]+\s+[0-9]+\s+obj\b)")
_TAIL: Final = 2048
_CHUNK: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class Stored:
    """A file that is kept: its hash, how many bytes it has, and what it is, told by its content."""

    sha256: str
    size: int
    media_type: str = PDF


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file of a draft under the name that its sender gave it."""

    sha256: str
    name: str
    size: int
    added_by: int | None
    added_by_name: str
    added_at: datetime

    def public(self, base_url: str) -> dict[str, Any]:
        """The attachment as the API gives it; ``url`` answers once the draft is published."""
        return {
            "sha256": self.sha256,
            "name": self.name,
            "size": self.size,
            "media_type": PDF,
            "added_by": {"id": self.added_by, "name": self.added_by_name},
            "added_at": self.added_at,
            "url": public_url(base_url, self.sha256),
        }


def public_url(base_url: str, sha256: str) -> str:
    """The public address of a published act; what an act's ``url`` may point to."""
    return f"{base_url}/attachments/{sha256}.pdf"


class Cabinet:
    """The files of a service, below one directory: ``ab/cdef….pdf``. Other kinds of files are for its subclasses."""

    suffix: ClassVar[str] = ".pdf"

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def check(self, file: BinaryIO, size: int) -> str:
        """The media type of a received file, by its content. Raises what refuses it."""
        _check_pdf(file, size)
        return PDF

    def too_large(self) -> Exception:
        """What refuses a file of more than ``MOST_BYTES``."""
        return DraftRefused(HD15.found())

    def path(self, sha256: str) -> Path | None:
        """Where a file is; None for one that is not there, or for what is no hash."""
        if not _SHA256.fullmatch(sha256):
            return None
        path = self._directory / sha256[:2] / f"{sha256[2:]}{self.suffix}"
        return path if path.is_file() else None

    async def store(self, chunks: AsyncIterator[bytes]) -> Stored:
        """Take a file in as it comes. Raises what refuses one that is too large or of another kind, ``OSError``."""
        await asyncio.to_thread(self._directory.mkdir, parents=True, exist_ok=True)
        handle, name = await asyncio.to_thread(tempfile.mkstemp, ".part", "", self._directory)
        part = Path(name)
        try:
            with os.fdopen(handle, "w+b") as file:
                digest, size = await self._received(file, chunks)
                media_type = await asyncio.to_thread(self.check, file, size)
                await asyncio.to_thread(_flushed, file)
            await asyncio.to_thread(self._place, part, digest)
        finally:
            with suppress(FileNotFoundError):
                part.unlink()
        return Stored(digest, size, media_type)

    def _place(self, part: Path, sha256: str) -> None:
        folder = self._directory / sha256[:2]
        folder.mkdir(exist_ok=True)
        part.chmod(0o640)
        part.replace(folder / f"{sha256[2:]}{self.suffix}")
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

    async def _received(self, file: BinaryIO, chunks: AsyncIterator[bytes]) -> tuple[str, int]:
        digest, size = hashlib.sha256(), 0
        async for chunk in chunks:
            size += len(chunk)
            if size > MOST_BYTES:
                raise self.too_large()
            digest.update(chunk)
            await asyncio.to_thread(file.write, chunk)
        return digest.hexdigest(), size


def _flushed(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


def _check_pdf(file: BinaryIO, size: int) -> None:
    """Refuse what does not begin, end and lead to its objects as a PDF does (ISO 32000-1, 7.5)."""
    file.seek(0)
    if not _HEADER.match(file.read(16)):
        raise _no_pdf("Файл не является документом PDF", "The file is no PDF document")
    file.seek(max(0, size - _TAIL))
    trailer = _TRAILER.search(file.read(_TAIL))
    if trailer is None:
        raise _no_pdf(
            "Документ PDF обрывается: нет его окончания (startxref … %%EOF) либо после него есть иные данные",
            "The PDF breaks off: its end (startxref … %%EOF) is missing, or something else follows it",
        )
    place = int(trailer[1])
    file.seek(min(place, size))
    if not _TABLE.match(file.read(64)):
        raise _no_pdf(
            "Документ PDF поврежден: таблица объектов не на указанном месте; сохраните документ заново",
            "The PDF is damaged: its table of objects is not where it says; save the document anew",
        )


def _no_pdf(ru: str, en: str) -> DraftRefused:
    return DraftRefused(HD14.found(ru, en))


async def read_chunks(path: Path) -> AsyncIterator[bytes]:
    """A file, piece by piece, without holding up anything else."""
    with await asyncio.to_thread(path.open, "rb") as file:
        while chunk := await asyncio.to_thread(file.read, _CHUNK):
            yield chunk


def safe_name(name: str) -> str:
    """A file's name as it is kept and shown: without folders and control characters, 200 characters at most."""
    kept = re.sub(r"[\x00-\x1f\x7f/\\\u202a-\u202e\u2066-\u2069]", " ", name)
    kept = kept.encode("utf-8", "replace").decode()
    return " ".join(kept.split())[:200].strip(". ") or "act.pdf"


async def attach(
    db: Database,
    draft: int,
    stored: Stored,
    name: str,
    who: Actor,
    *,
    now: datetime,
    version: int | None = None,
) -> Draft:
    """Attach a kept file to a draft that may be edited. Attaching it again changes nothing. Raises as every command."""
    async with joined(db):
        found = await open_for(db, draft, version, "attach", who, now)
        rows = await db.fetch_rows(
            "SELECT 1 FROM draft_attachment WHERE draft = {} AND sha256 = {}", draft, stored.sha256
        )
        if rows:
            return found
        await db.execute(
            "INSERT INTO attachment (sha256, size, media_type, added_at) VALUES ({}, {}, {}, {}) "
            "ON CONFLICT (sha256) DO NOTHING",
            stored.sha256,
            stored.size,
            PDF,
            now,
        )
        await db.execute(
            "INSERT INTO draft_attachment (draft, sha256, name, added_by, added_by_name, added_at) "
            "VALUES ({}, {}, {}, {}, {}, {})",
            draft,
            stored.sha256,
            safe_name(name),
            who.id,
            who.name[:200],
            now,
        )
        await keep_first_version(db, found)
        return await write_next(db, found, who, "attached", now, note=stored.sha256)


async def detach(
    db: Database, draft: int, sha256: str, who: Actor, *, now: datetime, version: int | None = None
) -> Draft:
    """Take a file off a draft that may be edited; the file itself is kept. One that is not there changes nothing."""
    async with joined(db):
        found = await open_for(db, draft, version, "detach", who, now)
        gone = await db.execute("DELETE FROM draft_attachment WHERE draft = {} AND sha256 = {}", draft, sha256)
        if not gone:
            return found
        await keep_first_version(db, found)
        return await write_next(db, found, who, "detached", now, note=sha256)


async def attachments_of(db: Database, draft: int) -> list[Attachment]:
    """The files of a draft, oldest first."""
    rows = await db.fetch(
        "SELECT draft_attachment.sha256, name, size, added_by, added_by_name, draft_attachment.added_at "
        "FROM draft_attachment JOIN attachment ON attachment.sha256 = draft_attachment.sha256 "
        "WHERE draft = {} ORDER BY draft_attachment.added_at, draft_attachment.sha256",
        draft,
    )
    return [Attachment(**row) for row in rows]


async def is_public(db: Database, sha256: str) -> bool:
    """Whether a file belongs to a draft that was published."""
    rows = await db.fetch_rows(
        "SELECT 1 FROM draft_attachment JOIN draft ON draft.id = draft WHERE sha256 = {} AND state = 'published' "
        "LIMIT 1",
        sha256,
    )
    return bool(rows)


async def published_files(db: Database) -> list[str]:
    """The SHA-256 of every file for which ``is_public`` holds, in order."""
    rows = await db.fetch_rows(
        "SELECT DISTINCT sha256 FROM draft_attachment JOIN draft ON draft.id = draft WHERE state = 'published' "
        "ORDER BY sha256"
    )
    return [row[0] for row in rows]
