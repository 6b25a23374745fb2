"""The signed log over HTTP: checkpoint, key, tiles, and the cosignatures of witnesses.

The application gives ``service`` to each handler, and ``published_log``, a ``feeds.log.Log``.
"""

from __future__ import annotations

import inspect
from typing import Annotated, Any, Final

import msgspec
from litestar import Response, post
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import OpenAPIMediaType, RequestBody, Schema
from litestar.openapi.spec.enums import OpenAPIType
from msgspec import Meta

from feeds.cosignatures import Cosignature, OtherCheckpoint, accept
from feeds.log import Log, last_entry, tile_bytes
from feeds.notes import NoteError
from feeds.tiles import TileError, parse_tile_path
from register.api import schemas
from register.api.calls import Asked, Service, described, problem_responses, reading
from register.api.examples import Example
from register.api.parameters import NO_PARAMETERS, Parameter
from register.entries import timestamp
from register.web import (
    IMMUTABLE,
    JSON,
    PROBLEM,
    PUBLIC_MINUTE,
    REVALIDATE,
    Problem,
    Reply,
    finding,
    not_found,
    ready,
    refused,
)

PublishedLog = NamedDependency[Log]
PLAIN: Final = "text/plain; charset=utf-8"
BYTES: Final = "application/octet-stream"
TAG: Final = "Subscribing"
MAX_NOTE: Final = 64 * 1024
"""Bytes of the longest cosigned checkpoint that is read; 16 signatures take less than four thousand."""

TILE: Final = Parameter(
    "path",
    "Level and number of a tile as C2SP tlog-tiles writes them, `entries` in place of the level for entry bundles.",
    str,
    Schema(type=OpenAPIType.STRING, pattern=r"^/?(entries|[0-9]{1,2})(/x[0-9]{3})*/[0-9]{3}(\.p/[0-9]{1,3})?$"),
    "entries/000.p/118",
    required=True,
)


class CosignatureInfo(msgspec.Struct):
    """What a witness has cosigned; `line` goes under the checkpoint of `size` and `root` (base64)."""

    size: schemas.Number
    root: str
    time: Annotated[str, Meta(description="When the witness signed, by its clock; UTC, RFC 3339.")]
    line: str


class WitnessInfo(msgspec.Struct):
    """A witness, its verifier key, and its newest cosignature; null when it has made none yet."""

    witness: str
    key: str
    newest: CosignatureInfo | None


class WitnessList(msgspec.Struct):
    """Every witness that the operator has named."""

    items: list[WitnessInfo]
    total: int
    seq: schemas.Number


class Accepted(msgspec.Struct):
    """The cosignatures that are kept, now or since before."""

    accepted: list[WitnessInfo]


_CHECKPOINT: Final = "register.example/log\n118\nh6Y0cSLmmZYYxHuaxQxCcvkzFMdN3r1Cz4s4HpM5UXw=\n\n"
_WITNESS: Final[dict[str, Any]] = {
    "witness": "Кыргызская Республика",
    "key": "witness.example/kg+8cd2b3b7+BC…",
    "newest": {
        "size": 118,
        "root": "h6Y0cSLmmZYYxHuaxQxCcvkzFMdN3r1Cz4s4HpM5UXw=",
        "time": "2026-08-30T09:20:00.000Z",
        "line": "— witness.example/kg …",
    },
}


@reading(
    "/log/checkpoint",
    name="log_checkpoint",
    summary="The signed checkpoint of the journal (C2SP tlog-checkpoint), with the cosignatures of it.",
    answer=str,
    example=f"{_CHECKPOINT}— register.example/log …\n— witness.example/kg …\n",
    media_type=PLAIN,
    tag=TAG,
)
async def get_checkpoint(request: Asked, published_log: PublishedLog) -> Response[bytes]:
    """An Ed25519 signed note: the origin of the log, the number of entries, and the Merkle root over them. Below the
    log's own signature stand those of witnesses that have cosigned this very checkpoint."""
    NO_PARAMETERS.read(request.scope["query_string"])
    size, note = await published_log.checkpoint()
    return ready(request, note, PLAIN, seq=size, cache=REVALIDATE)


@reading(
    "/log/key",
    name="log_key",
    summary="The key that verifies checkpoints, as name+hash+key (C2SP signed-note).",
    answer=str,
    example="register.example/log+5c1b3f2a+AW…\n",
    media_type=PLAIN,
    tag=TAG,
)
def get_key(request: Asked, published_log: PublishedLog) -> Response[bytes]:
    """One key to a line, the present one first; more than one only while the key is being changed."""
    NO_PARAMETERS.read(request.scope["query_string"])
    return ready(request, published_log.verifier_keys.encode(), PLAIN, seq=0)


@reading(
    "/log/tile/{path:path}",
    name="log_tile",
    summary="A tile of the Merkle tree, or a bundle of the entries' headers (C2SP tlog-tiles).",
    answer=bytes,
    example="",
    in_path=(TILE,),
    problems=(404, 422),
    media_type=BYTES,
    tag=TAG,
)
def get_tile(request: Asked, service: Service) -> Response[bytes]:
    """A full tile never changes; a partial one gives way to fuller ones. Leaf `seq - 1` is the header of entry
    `seq`."""
    NO_PARAMETERS.read(request.scope["query_string"])
    try:
        tile = parse_tile_path(f"tile/{request.path_params['path'].lstrip('/')}")
        body = tile_bytes(service.register, tile)
    except TileError as error:
        raise not_found(error.text["ru"], error.text["en"], "/path") from None
    return ready(request, body, BYTES, seq=last_entry(tile), cache=IMMUTABLE if tile.full else PUBLIC_MINUTE)


@reading(
    "/log/cosignatures",
    name="log_cosignatures",
    summary="The witnesses of the log, each with what it has cosigned last (C2SP tlog-cosignature).",
    answer=WitnessList,
    example={"items": [_WITNESS], "total": 1, "seq": 118},
    tag=TAG,
)
async def get_cosignatures(request: Asked, service: Service, published_log: PublishedLog) -> Response[bytes]:
    """A witness that was shown no other history than everybody has cosigned a checkpoint of this log; one whose
    cosignature is old has not looked for long."""
    NO_PARAMETERS.read(request.scope["query_string"])
    await published_log.cosignatures.refresh()
    return ready(
        request,
        cosignatures_json(published_log, service.register.seq),
        JSON,
        seq=service.register.seq,
        cache=REVALIDATE,
    )


def cosignatures_json(published_log: Log, seq: int) -> bytes:
    """What ``/log/cosignatures`` answers, from memory."""
    items = [
        WitnessInfo(witness.name, witness.key.verifier_key, None if newest is None else _info(newest))
        for witness, newest in published_log.cosignatures.newest
    ]
    return msgspec.json.encode(WitnessList(items, len(items), seq))


def _info(item: Cosignature) -> CosignatureInfo:
    return CosignatureInfo(item.size, item.root, timestamp(item.at), item.line)


_POST_PROBLEMS: Final = {
    **problem_responses((413, 422)),
    409: ResponseSpec(
        schemas.Problem,
        generate_examples=False,
        description="The checkpoint is not one of this log: its size is beyond the head, or its root is another.",
        media_type=PROBLEM,
        examples=[
            Example(
                value={
                    "type": "about:blank",
                    "title": "Conflict",
                    "status": 409,
                    "detail": "root: the log of 118 entries has another root",
                    "instance": "/log/cosignatures",
                    "errors": [],
                }
            )
        ],
    ),
}
_POST_RESPONSES: Final = {
    200: ResponseSpec(
        Accepted,
        generate_examples=False,
        description="The cosignatures are kept and shown.",
        media_type=JSON,
        examples=[Example(value={"accepted": [_WITNESS]})],
    ),
    **_POST_PROBLEMS,
}
_NOTE: Final = RequestBody(
    content={
        "text/plain": OpenAPIMediaType(
            schema=Schema(type=OpenAPIType.STRING, max_length=MAX_NOTE),
            examples={"note": Example(value=f"{_CHECKPOINT}— witness.example/kg …\n")},
        )
    },
    required=True,
    description="A checkpoint of this log with the cosignature lines under it; other signatures are passed over.",
)


async def post_cosignatures(request: Asked, service: Service, published_log: PublishedLog) -> Response[bytes]:
    """For witnesses that the operator has named; the signature is what admits it. Sending the same twice does no harm.
    Only Ed25519 cosignatures (`cosignature/v1`) of a checkpoint whose size and root are this log's are taken."""
    NO_PARAMETERS.read(request.scope["query_string"])
    note = await request.body()
    # A witness may have seen at another process what this one does not know yet.
    await service.catch_up()
    try:
        taken = await accept(service.database, service.register.tree, published_log.origin, note, service.now())
    except OtherCheckpoint as error:
        ru, en = error.text["ru"], error.text["en"]
        raise Problem(409, "Conflict", f"{en} / {ru}", [finding("", ru, en)]) from None
    except NoteError as error:
        raise refused(finding("", error.text["ru"], error.text["en"])) from None
    await published_log.cosignatures.refresh(at_once=True)
    answer = Accepted([WitnessInfo(item.witness, item.verifier_key, _info(item)) for item in taken])
    headers = {"content-type": JSON, "cache-control": "no-store"}
    return Reply(msgspec.json.encode(answer), status_code=200, headers=headers)


_post_cosignatures = post(
    "/log/cosignatures",
    status_code=200,
    operation_id="post_log_cosignatures",
    summary="Post a cosigned checkpoint (C2SP tlog-cosignature).",
    description=inspect.getdoc(post_cosignatures),
    operation_class=described([], list(_POST_RESPONSES), _NOTE),
    responses=_POST_RESPONSES,
    tags=[TAG],
    request_max_body_size=MAX_NOTE,
)(post_cosignatures)

route_handlers: Final[list[Any]] = [get_checkpoint, get_key, get_tile, get_cosignatures, _post_cosignatures]
