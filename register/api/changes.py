"""Changes: the journal's entries after a number, held until there are some, one by one, and each with its proof."""

from __future__ import annotations

import base64
from time import monotonic
from typing import Any, Final

import msgspec
from litestar import Response
from litestar.openapi.spec import Schema
from litestar.openapi.spec.enums import OpenAPIType

from register import merkle
from register.api import examples, schemas
from register.api.calls import Asked, Service, reading, shelf
from register.api.filters import EntryFilter, Scan, entry_filter
from register.api.parameters import (
    AFTER,
    CODE,
    LIMIT_100,
    MAX_SEQ,
    REASON,
    STATE,
    TYPE,
    WAIT,
    Parameter,
    Parameters,
    Refused,
    whole,
)
from register.index import Register
from register.service import RegisterService
from register.web import IMMUTABLE, JSON, REVALIDATE, Prepared, Problem, finding, not_found, ready, refused, respond

ENTRY_CODE: Final = Parameter(
    "code", "Entries whose goods, before or after, have to do with the code; both directions.", CODE.read, CODE.schema,
    CODE.example,
)  # fmt: skip
FILTERS: Final = (TYPE, STATE, ENTRY_CODE, REASON)
CHANGES_PARAMETERS: Final = Parameters((AFTER, LIMIT_100, *FILTERS, WAIT))
SIZE: Final = Parameter(
    "size",
    "The number of leaves of the tree to prove against, as a checkpoint gives it; the newest when not given.",
    whole(1, MAX_SEQ),
    Schema(type=OpenAPIType.INTEGER, minimum=1, maximum=MAX_SEQ),
    118,
)
PROOF_PARAMETERS: Final = Parameters((SIZE,))
SEQ: Final = Parameter(
    "seq",
    "The number of an entry.",
    whole(1, MAX_SEQ),
    Schema(type=OpenAPIType.INTEGER, minimum=1, maximum=MAX_SEQ),
    1,
    required=True,
)


def beyond_head(name: str, seq: int, head: int) -> Problem:
    """The 416 for a reader who says that it has entries that there are not yet; ``head`` is in it."""
    ru = f"{name}: записи {seq} ещё нет, последняя – {head}"
    en = f"{name}: there is no entry {seq} yet, the newest is {head}"
    headers = {"Content-Range": f"entries */{head}"}
    errors = [finding(f"/{name}", ru, en)]
    return Problem(
        416, "Beyond the head of the journal", f"{en} / {ru}", errors, headers=headers, members={"head": head}
    )


@reading(
    "/changes",
    name="listChanges",
    summary="The entries of the journal after a number, in order.",
    answer=schemas.Changes,
    example={"items": [examples.ENTRY], "after": 117, "next_after": 118, "head": 118},
    parameters=CHANGES_PARAMETERS,
    problems=(416, 422),
    tag="Changes",
)
async def list_changes(request: Asked, service: Service) -> Response[bytes]:
    """Go on with `after` = `next_after` until that equals `head`. `next_after` also passes over entries that a filter
    leaves out, so that a narrow filter never stands still; a page may then be empty."""
    query = request.scope["query_string"]
    asked = CHANGES_PARAMETERS.read(query)
    register, after = service.register, asked["after"]
    if after > register.seq:
        raise beyond_head("after", after, register.seq)
    wanted = entry_filter(asked)
    scan = wanted.scan(register, after, asked["limit"])
    if asked["wait"] and not scan.passed:
        scan = await _wait(service, wanted, scan, asked)
    kept, key = shelf(service).kept, ("changes", query, register.seq, scan.last)
    prepared = kept.find(key)
    if prepared is None:
        body = _page(register, after, scan)
        prepared = kept.keep(key, Prepared(body, JSON, seq=register.seq, cache=REVALIDATE))
    return respond(request, prepared)


async def _wait(service: RegisterService, wanted: EntryFilter, scan: Scan, asked: dict[str, Any]) -> Scan:
    """Look on until something passes, the time is up, or older entries are left that another request must look at."""
    deadline = monotonic() + asked["wait"]
    while not scan.passed and scan.last == service.register.seq and (left := deadline - monotonic()) > 0:
        await service.wait_beyond(scan.last, left)
        scan = wanted.scan(service.register, scan.last, asked["limit"])
    return scan


def _page(register: Register, after: int, scan: Scan) -> bytes:
    return b'{"items":[%s],"after":%d,"next_after":%d,"head":%d}' % (
        b",".join(register.body(seq) for seq in scan.passed),
        after,
        scan.last,
        register.seq,
    )


@reading(
    "/changes/{seq:str}",
    name="getChange",
    summary="One entry of the journal, as its canonical bytes.",
    answer=schemas.Entry,
    example=examples.ENTRY,
    in_path=(SEQ,),
    problems=(404, 422),
    tag="Changes",
)
def get_change(request: Asked, service: Service) -> Response[bytes]:
    """An entry never changes, so its answer may be kept for ever. The log holds the SHA-256 of exactly these bytes."""
    Parameters(()).read(request.scope["query_string"])
    seq = _seq(request, service.register)
    return ready(request, service.register.body(seq), JSON, seq=seq, cache=IMMUTABLE)


def _seq(request: Asked, register: Register) -> int:
    text = request.path_params["seq"]
    try:
        seq: int = SEQ.read(text)
    except Refused as error:
        raise refused(finding("/seq", f"seq: {error.ru}", f"seq: {error.en}")) from None
    if seq > register.seq:
        raise not_found(
            f"Записи {seq} нет, последняя – {register.seq}",
            f"There is no entry {seq}, the newest is {register.seq}",
            "/seq",
        )
    return seq


@reading(
    "/changes/{seq:str}/proof",
    name="getInclusionProof",
    summary="The proof that an entry is in the signed log.",
    answer=schemas.InclusionProof,
    example={
        "seq": 1,
        "leaf_index": 0,
        "tree_size": 2,
        "leaf_hash": "0sYt0F1JZbWFs6tQzr3mKXy0mRz8yHkS5h0oXg8vQ1c=",
        "hashes": ["P1oOmTtuyMx7gPCyWJNPqFZRn6mDxD2bUz4x8g1m7nQ="],
        "root": "h6Y0cSLmmZYYxHuaxQxCcvkzFMdN3r1Cz4s4HpM5UXw=",
        "header": '{"body":"sha256:…","id":"urn:eaeu:register:entry:1","seq":1}',
    },
    parameters=PROOF_PARAMETERS,
    in_path=(SEQ,),
    problems=(404, 422),
    tag="Changes",
)
def get_inclusion_proof(request: Asked, service: Service) -> Response[bytes]:
    """Check it against the root of a checkpoint of `tree_size` leaves (RFC 9162 section 2.1.3.2)."""
    asked = PROOF_PARAMETERS.read(request.scope["query_string"])
    register = service.register
    seq = _seq(request, register)
    size = asked["size"] or register.seq
    if not seq <= size <= register.seq:
        raise refused(
            finding(
                "/size",
                f"size: нужно целое число от {seq} (номер записи) до {register.seq} (последняя запись)",
                f"size: a whole number from {seq}, the entry, to {register.seq}, the newest, is needed",
            )
        )
    header = register.header(seq)
    body = msgspec.json.encode(
        {
            "seq": seq,
            "leaf_index": seq - 1,
            "tree_size": size,
            "leaf_hash": _base64(merkle.leaf_hash(header)),
            "hashes": [_base64(node) for node in register.tree.inclusion(seq - 1, size)],
            "root": register.checkpoint(size),
            "header": header.decode(),
        }
    )
    return ready(request, body, JSON, seq=size, cache=REVALIDATE if asked["size"] is None else IMMUTABLE)


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode()
