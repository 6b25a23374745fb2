"""The whole Register as it stood: where a mirror starts."""

from __future__ import annotations

from datetime import date

import anyio.to_thread
import msgspec
from litestar import Response

from register.api import examples, schemas
from register.api.calls import Asked, Service, known_at, reading, shelf
from register.api.parameters import KNOWN_AT, Parameters
from register.entries import timestamp
from register.facts import Version
from register.index import Register
from register.lists import record_bytes
from register.permitted import consultation_bytes
from register.web import JSON, Prepared, encoding_for, respond

SNAPSHOT_PARAMETERS = Parameters((KNOWN_AT,))


@reading(
    "/snapshot",
    name="getSnapshot",
    summary="The whole Register as it was known then, with its number and the root of its log.",
    answer=schemas.Snapshot,
    example={
        "seq": 118,
        "recorded_at": "2026-08-30T09:12:44.120Z",
        "root": "h6Y0cSLmmZYYxHuaxQxCcvkzFMdN3r1Cz4s4HpM5UXw=",
        "measures": [examples.MEASURE],
        "consultations": [],
    },
    parameters=SNAPSHOT_PARAMETERS,
)
async def get_snapshot(request: Asked, service: Service) -> Response[bytes]:
    """A mirror starts here and goes on with `/changes?after=seq`. Statuses are as of today."""
    asked = SNAPSHOT_PARAMETERS.read(request.scope["query_string"])
    seq, today = known_at(service.register, asked["known_at"]), service.today()
    own = shelf(service)
    key = ("snapshot", seq, today)
    async with own.snapshot_lock:
        # One builds, the others take what it made.
        prepared = own.snapshots.find(key)
        if prepared is None:
            prepared = own.snapshots.keep(key, await _build(service.register, seq, today))
        if encoding := encoding_for(request, prepared):
            # Made here in a thread and kept: compressing all of it would hold up every other reader.
            await anyio.to_thread.run_sync(prepared.form, encoding)
    return respond(request, prepared)


async def _build(register: Register, seq: int, today: date) -> Prepared:
    # Chosen here and written in a thread: the index changes only in this thread, bodies never.
    versions = list(register.versions(seq))
    start = b'{"seq":%d,"recorded_at":%s,"root":%s' % (
        seq,
        msgspec.json.encode(timestamp(register.recorded_at(seq)) if seq else None),
        msgspec.json.encode(register.checkpoint(seq)),
    )
    consultations = [body for _, body in consultation_bytes(register, seq)]
    return await anyio.to_thread.run_sync(_write, register, versions, today, start, consultations, seq)


def _write(
    register: Register, versions: list[Version], today: date, start: bytes, consultations: list[bytes], seq: int
) -> Prepared:
    measures = b",".join([record_bytes(register, version, today) for version in versions])
    body = b'%s,"measures":[%s],"consultations":[%s]}' % (start, measures, b",".join(consultations))
    return Prepared(body, JSON, seq=seq)
