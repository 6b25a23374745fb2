"""Everything public as static files, so that any web server or object store can serve a Register that is only read.

A file lies under the address at which the service answers the same bytes: ``api/v1/snapshot``, ``api/v1/changes/118``,
``feeds/register.atom``, ``log/tile/0/000``. Where an address is a folder of others too (``api/v1/measures/KG-2026-021``
has ``…/history`` below it) the file is its ``index.json``. ``export.json`` lists every file with its address, content
type, caching, size and SHA-256: what a server of plain files cannot know, and what a copy to an object store needs.

What needs a query has no file: searches, filtered feeds, ``known_at``, ``wait``, and English feeds (``?lang=en``); nor
have codes, comparisons and proofs, which would be millions, and which a mirror computes itself (``register mirror``).

A file is written whole or not at all, and only when it differs from what is there: a run that was killed goes on where
it ended, and what never changes (entries, closed pages, full tiles) is never written twice. The checkpoint comes last:
it never speaks of what is not there yet. Partial tiles of earlier runs stay, as the service too still answers them.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import date
from itertools import chain
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from feeds.calendar import ICAL, calendar, deadlines, histories
from feeds.channels import Channel, archive_document, entries_document
from feeds.consultation_calendar import ClockWork, Permissions, Place, consultation_calendar, state_calendar
from feeds.dcat import JSON_LD, catalogue
from feeds.document import ATOM, MEDIA_TYPES, Document, Format, render
from feeds.log import Log, tile_bytes
from feeds.log_api import BYTES, PLAIN, cosignatures_json
from feeds.opml import OPML, opml
from feeds.selection import CONSULTATIONS, SHOWN, FeedFilter, newest
from feeds.table import CSV, table, workbook
from feeds.tiles import bundles, tiles
from feeds.upcoming import upcoming_document
from feeds.workbook import XLSX
from register.api import schemas
from register.api.calls import API
from register.api.measures import version_bytes
from register.entries import timestamp
from register.index import Register
from register.lists import record_bytes
from register.measures import STATES
from register.permitted import consultation_bytes
from register.service import RegisterService
from register.web import IMMUTABLE, JSON, PUBLIC_MINUTE, REVALIDATE

FORMS: Final[tuple[Format, ...]] = ("atom", "rss")
MANIFEST: Final = "export.json"
_NO_ACTS: Final[Mapping[str, Path]] = {}


class Exported(NamedTuple):
    """What the service answers at an address, and the file that holds it."""

    address: str
    content: bytes
    type: str
    cache: str = PUBLIC_MINUTE
    folder: bool = False

    @property
    def file(self) -> str:
        """The file's path below the directory."""
        path = self.address.lstrip("/")
        return f"{path}/index.json" if self.folder else path


class _Listed(msgspec.Struct):
    address: str
    file: str
    type: str
    cache: str
    bytes: int
    sha256: str


def write(
    service: RegisterService,
    directory: Path,
    log: Log | None = None,
    clock: ClockWork | None = None,
    acts: Mapping[str, Path] = _NO_ACTS,
) -> int:
    """Write the public Register of a started service to ``directory``; return how many files were written.

    ``acts`` are the published acts, PDF by SHA-256: what the measures lead to.

    Statuses are of today at the Commission's seat. Without ``clock`` the calendars of consultations are left out.
    Without ``log`` all below ``log/`` but the tiles is left out; with one, ``await log.start()`` comes before, so that
    a Register that is behind another process reads on. A second run into the same directory waits for the first.
    Raises ``OSError``, and what signing raises.
    """
    directory.mkdir(parents=True, exist_ok=True)
    today = service.today()
    with _alone(directory):
        # Signed first, written last: nobody's entries come in between, and a fork writes nothing.
        last = [] if log is None else list(_signed(service, log))
        listed, count = [], 0
        for item in chain(_acts(acts), _public(service, today, clock)):
            count += _put(directory / item.file, item.content)
            listed.append(_entry_of(item))
        listed += [_entry_of(item) for item in last]
        count += _put(directory / MANIFEST, _manifest(service, today, listed))
        return count + sum(_put(directory / item.file, item.content) for item in last)


def _public(service: RegisterService, today: date, clock: ClockWork | None) -> Iterator[Exported]:
    """Everything but what is signed; what never changes first."""
    yield from _fixed(service)
    yield from _measures(service, today)
    yield from _feeds(service, today)
    if clock is not None:
        yield from _calendars(service, today, clock)
    yield from _whole(service, today)


def _acts(acts: Mapping[str, Path]) -> Iterator[Exported]:
    for sha256, path in acts.items():
        yield Exported(f"/attachments/{sha256}.pdf", path.read_bytes(), "application/pdf", IMMUTABLE)


def _fixed(service: RegisterService) -> Iterator[Exported]:
    register = service.register
    for seq in range(1, register.seq + 1):
        yield Exported(f"{API}/changes/{seq}", register.body(seq), JSON, IMMUTABLE)
    for tile in (*tiles(register.seq), *bundles(register.seq)):
        cache = IMMUTABLE if tile.full else PUBLIC_MINUTE
        yield Exported(f"/log/{tile.path}", tile_bytes(register, tile), BYTES, cache)
    for page in range(1, register.seq // SHOWN + 1):
        document = archive_document(register, page, "ru", service.terms.base_url)
        yield Exported(f"/feeds/archive/{page}.atom", render(document, "atom"), ATOM, IMMUTABLE)


def _measures(service: RegisterService, today: date) -> Iterator[Exported]:
    register = service.register
    for version in register.versions():
        address = f"{API}/measures/{version.id}"
        yield Exported(address, record_bytes(register, version, today), JSON, folder=True)
        yield Exported(f"{address}/history", _history(register, version.id), JSON)
    consultations = consultation_bytes(register, register.seq)
    for identifier, body in consultations:
        yield Exported(f"{API}/consultations/{identifier}", body, JSON)
    items = b",".join(body for _, body in consultations)
    content = b'{"items":[%s],"total":%d,"complete":true,"seq":%d}' % (items, len(consultations), register.seq)
    yield Exported(f"{API}/consultations", content, JSON, folder=True)


def _history(register: Register, identifier: str) -> bytes:
    versions = register.history(identifier)
    return b'{"id":%s,"items":[%s],"total":%d,"seq":%d}' % (
        msgspec.json.encode(identifier),
        b",".join(version_bytes(register, version) for version in reversed(versions)),
        len(versions),
        register.seq,
    )


def _feeds(service: RegisterService, today: date) -> Iterator[Exported]:
    register, terms = service.register, service.terms
    for form in FORMS:
        for name in ("register", "consultations", "upcoming"):
            content = render(_feed(service, name, form, today), form)
            yield Exported(f"/feeds/{name}.{form}", content, MEDIA_TYPES[form])
    yield Exported("/feeds/opml.xml", opml(terms.base_url, "ru", terms.demonstration), OPML)
    path, channel = "/feeds/deadlines.ics", Channel("deadlines", "ru", (), terms.demonstration)
    found = deadlines(histories(register), today)
    yield Exported(path, calendar(register, found, channel, terms.base_url, f"{terms.base_url}{path}"), ICAL)


def _calendars(service: RegisterService, today: date, clock: ClockWork) -> Iterator[Exported]:
    register, terms, permissions = service.register, service.terms, Permissions()

    def place(path: str) -> Place:
        return Place(terms.base_url, f"{terms.base_url}{path}", "ru", terms.demonstration)

    for identifier in register.consultations():
        path = f"/feeds/consultations/{identifier}.ics"
        yield Exported(path, consultation_calendar(register, identifier, clock, permissions, place(path)), ICAL)
    for state in STATES:
        path = f"/feeds/consultations/states/{state}.ics"
        yield Exported(path, state_calendar(register, state, clock, permissions, place(path), today), ICAL)


def _feed(service: RegisterService, name: str, form: Format, today: date) -> Document:
    register, terms = service.register, service.terms
    channel = Channel(name, "ru", (), terms.demonstration)
    address = f"{terms.base_url}/feeds/{name}.{form}"
    if name == "upcoming":
        return upcoming_document(register, today, terms.zone, channel, terms.base_url, address)
    wanted = CONSULTATIONS if name == "consultations" else FeedFilter()
    return entries_document(register, newest(register, wanted), channel, terms.base_url, address)


def _whole(service: RegisterService, today: date) -> Iterator[Exported]:
    register, terms = service.register, service.terms
    content = _snapshot(register, today)
    yield Exported(f"{API}/snapshot", content, JSON)
    yield Exported("/measures.json", content, JSON)
    until = None if terms.duties_until is None else terms.duties_until.isoformat()
    decided = schemas.TermsOfDeployment(str(terms.zone), until, terms.demonstration)
    yield Exported(f"{API}/terms", msgspec.json.encode(decided), JSON)
    yield Exported("/measures.csv", table(register, today), CSV)
    yield Exported("/measures.xlsx", workbook(register, today), XLSX)
    yield Exported("/dcat.jsonld", catalogue(register, terms.base_url, terms.demonstration), JSON_LD)


def _signed(service: RegisterService, log: Log) -> Iterator[Exported]:
    size, note = log.published()
    if size != service.register.seq:
        raise RuntimeError(f"the log has {size} entries, its Register {service.register.seq}")
    yield Exported("/log/cosignatures", cosignatures_json(log, size), JSON, REVALIDATE)
    yield Exported("/log/key", log.verifier_keys.encode(), PLAIN)
    yield Exported("/log/checkpoint", note, PLAIN, REVALIDATE)


def _snapshot(register: Register, today: date) -> bytes:
    return b'{"seq":%d,"recorded_at":%s,"root":%s,"measures":[%s],"consultations":[%s]}' % (
        register.seq,
        msgspec.json.encode(timestamp(register.recorded_at(register.seq)) if register.seq else None),
        msgspec.json.encode(register.checkpoint()),
        b",".join([record_bytes(register, version, today) for version in register.versions()]),
        b",".join([body for _, body in consultation_bytes(register, register.seq)]),
    )


def _entry_of(item: Exported) -> _Listed:
    digest = hashlib.sha256(item.content).hexdigest()
    return _Listed(item.address, item.file, item.type, item.cache, len(item.content), digest)


def _manifest(service: RegisterService, today: date, listed: list[_Listed]) -> bytes:
    head = msgspec.json.encode({"base": service.terms.base_url, "seq": service.register.seq, "day": today})
    lines = b",\n".join(msgspec.json.encode(item) for item in listed)
    return b'%s,"files":[\n%s\n]}\n' % (head[:-1], lines)


@contextmanager
def _alone(directory: Path) -> Iterator[None]:
    """Alone among the runs that write to a directory; the lock ends with the process."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _put(path: Path, content: bytes) -> bool:
    """Put a file in its place, whole; False when it is there already and the same."""
    with suppress(FileNotFoundError):
        if path.stat().st_size == len(content) and path.read_bytes() == content:
            return False
    path.parent.mkdir(parents=True, exist_ok=True)
    # One name for each file: what a killed run left half-written, the next one writes over.
    partial = path.with_name(f".{path.name}.part")
    try:
        partial.write_bytes(content)
        os.replace(partial, path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    return True
