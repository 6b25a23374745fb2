"""Everything public as static files: for archives, for those who load tables, and for a server of plain files.

Below the directory: ``measures.json`` (what ``/api/v1/snapshot`` gives), ``measures.csv``, ``entries/118.json`` (the
canonical bytes), ``feeds/…`` and ``log/…`` under the names of their addresses, feeds in Russian, which governs.
A file is written whole or not at all, and only when it differs from what is there, so that a run that was broken off
goes on where it ended. The checkpoint comes last: it never speaks of what is not there yet.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec

from feeds.channels import Channel, archive_document, entries_document
from feeds.document import Document, Format, render
from feeds.log import Log, tile_bytes
from feeds.opml import opml
from feeds.selection import CONSULTATIONS, SHOWN, FeedFilter, newest
from feeds.table import table
from feeds.tiles import bundles, tiles
from feeds.upcoming import upcoming_document
from register.entries import timestamp
from register.lists import consultation_bytes, record_bytes
from register.service import RegisterService

FORMS: Final[tuple[Format, ...]] = ("atom", "rss")


def write(service: RegisterService, directory: Path, log: Log | None = None) -> int:
    """Write the public Register of a started service to ``directory``; return how many files were written.

    Statuses are of today at the Commission's seat. Without ``log`` its key and checkpoint are left out; with one,
    ``await log.start()`` comes before, so that a Register that is behind another process reads on. Raises ``OSError``,
    and what signing raises.
    """
    note = None if log is None else log.sign()[1]
    count = sum(_put(directory / name, content) for name, content in _files(service))
    if log is not None and note is not None:
        count += _put(directory / "log/key", log.verifier_keys.encode())
        count += _put(directory / "log/checkpoint", note)
    return count


def _files(service: RegisterService) -> Iterator[tuple[str, bytes]]:
    register = service.register
    for seq in range(1, register.seq + 1):
        yield f"entries/{seq}.json", register.body(seq)
    for tile in (*tiles(register.seq), *bundles(register.seq)):
        yield f"log/{tile.path}", tile_bytes(register, tile)
    for page in range(1, register.seq // SHOWN + 1):
        document = archive_document(register, page, "ru", service.terms.base_url)
        yield f"feeds/archive/{page}.atom", render(document, "atom")
    for form in FORMS:
        for name in ("register", "consultations", "upcoming"):
            yield f"feeds/{name}.{form}", render(_feed(service, name, form), form)
    yield "feeds/opml.xml", opml(service.terms.base_url, "ru", service.terms.demonstration)
    yield "measures.csv", table(register, service.today())
    yield "measures.json", snapshot(service)


def _feed(service: RegisterService, name: str, form: Format) -> Document:
    register, terms = service.register, service.terms
    channel = Channel(name, "ru", (), terms.demonstration)
    address = f"{terms.base_url}/feeds/{name}.{form}"
    if name == "upcoming":
        return upcoming_document(register, service.today(), terms.zone, channel, terms.base_url, address)
    wanted = CONSULTATIONS if name == "consultations" else FeedFilter()
    return entries_document(register, newest(register, wanted), channel, terms.base_url, address)


def snapshot(service: RegisterService) -> bytes:
    """The whole Register as it stands, in the form and to the byte of ``/api/v1/snapshot``."""
    register, today = service.register, service.today()
    return b'{"seq":%d,"recorded_at":%s,"root":%s,"measures":[%s],"consultations":[%s]}' % (
        register.seq,
        msgspec.json.encode(timestamp(register.recorded_at(register.seq)) if register.seq else None),
        msgspec.json.encode(register.checkpoint()),
        b",".join([record_bytes(register, version, today) for version in register.versions()]),
        b",".join([body for _, body in consultation_bytes(register, register.seq)]),
    )


def _put(path: Path, content: bytes) -> bool:
    """Put a file in its place, whole; False when it is there already and the same."""
    with suppress(FileNotFoundError):
        if path.stat().st_size == len(content) and path.read_bytes() == content:
            return False
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        # A temporary file is for its owner alone; what is public may be read by the server of these files.
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
    return True
