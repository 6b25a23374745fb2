"""The Register as files to load (``/measures.json``, ``.csv``, ``.xlsx``) and their description (``/dcat.jsonld``)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any, Final

from anyio import to_thread
from litestar import Response
from litestar.handlers import HTTPRouteHandler

from feeds.dcat import JSON_LD, catalogue
from feeds.table import CSV, table, workbook
from feeds.workbook import XLSX
from register.api import schemas
from register.api.calls import Asked, Service, reading, shelf
from register.api.parameters import NO_PARAMETERS
from register.api.snapshot import SNAPSHOT_PARAMETERS, get_snapshot
from register.facts import Version
from register.index import Register
from register.service import RegisterService
from register.web import Prepared, encoding_for, respond

TAG: Final = "Reading"

Write = Callable[[Register, date, list[Version], int], bytes]


def _csv(register: Register, today: date, versions: list[Version], _: int) -> bytes:
    return table(register, today, versions)


def _download(path: str, media_type: str, summary: str, answer: Any, write: Write) -> HTTPRouteHandler:
    async def download(request: Asked, service: Service) -> Response[bytes]:
        """One row to a goods line; the heads are the names of the contract's fields. Statuses are as of today."""
        NO_PARAMETERS.read(request.scope["query_string"])
        prepared = await _prepared(service, path, media_type, write)
        if encoding := encoding_for(request, prepared):
            await to_thread.run_sync(prepared.form, encoding)
        return respond(request, prepared)

    return reading(
        path,
        name=path.strip("/").replace(".", "_"),
        summary=summary,
        answer=answer,
        example="",
        media_type=media_type,
        tag=TAG,
    )(download)


async def _prepared(service: RegisterService, path: str, media_type: str, write: Write) -> Prepared:
    register, own = service.register, shelf(service)
    async with own.snapshot_lock:
        # One builds, the others take what it made.
        today = service.today()
        key = (path, register.seq, today)
        prepared = own.snapshots.find(key)
        if prepared is None:
            # Chosen here and written in a thread: the index changes only in this thread, bodies never.
            versions, seq = list(register.versions()), register.seq
            body = await to_thread.run_sync(write, register, today, versions, seq)
            prepared = own.snapshots.keep(key, Prepared(body, media_type, seq=seq))
    return prepared


@reading(
    "/measures.json",
    name="measures_json",
    summary="The whole Register, the same as `/api/v1/snapshot`.",
    answer=schemas.Snapshot,
    example={"seq": 0, "recorded_at": None, "root": "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=", "measures": [],
             "consultations": []},
    parameters=SNAPSHOT_PARAMETERS,
    tag=TAG,
)  # fmt: skip
async def get_measures_json(request: Asked, service: Service) -> Response[bytes]:
    """Under the name that it has among the files of a static copy."""
    answer: Response[bytes] = await get_snapshot.fn(request, service)
    return answer


@reading(
    "/dcat.jsonld",
    name="dcat",
    summary="The description of the data set after DCAT-AP 3, as JSON-LD.",
    answer=dict[str, Any],
    example={"@id": "https://register.example/dcat.jsonld#catalogue", "@type": "dcat:Catalog"},
    media_type=JSON_LD,
    tag=TAG,
)
def get_dcat(request: Asked, service: Service) -> Response[bytes]:
    """What there is, in which forms, and who publishes it: for catalogues of open data to harvest."""
    NO_PARAMETERS.read(request.scope["query_string"])
    register, own = service.register, shelf(service)
    prepared = own.kept.find(("dcat", register.seq))
    if prepared is None:
        body = catalogue(register, service.terms.base_url, service.terms.demonstration)
        prepared = own.kept.keep(("dcat", register.seq), Prepared(body, JSON_LD, seq=register.seq))
    return respond(request, prepared)


route_handlers: Final[list[Any]] = [
    get_measures_json,
    _download("/measures.csv", CSV, "The measures as CSV (RFC 4180, UTF-8 with a byte order mark).", str, _csv),
    _download("/measures.xlsx", XLSX, "The measures as a workbook (XLSX).", bytes, workbook),
    get_dcat,
]
