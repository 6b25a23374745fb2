"""Changes as Server-Sent Events: every entry once, in order, resumable by its number."""

from __future__ import annotations

from typing import Any, Final

import anyio
from litestar import Response
from litestar.openapi.spec import Schema
from litestar.openapi.spec.enums import OpenAPIType
from litestar.response.base import ASGIResponse
from litestar.types import Receive, Scope, Send

from register.api.calls import Asked, Service, Shelf, reading, shelf
from register.api.changes import FILTERS, beyond_head
from register.api.filters import EntryFilter, entry_filter
from register.api.parameters import AFTER, Parameter, Parameters, Refused
from register.service import RegisterService
from register.web import HEAD_KEY, finding, refused

EVENT_STREAM: Final = "text/event-stream"
HEARTBEAT_SECONDS: Final = 15.0
BATCH: Final = 100
"""Entries sent in one piece to a reader that has to catch up."""
EVENTS_KEPT: Final = 1000

STREAM_AFTER: Final = Parameter(
    "after",
    "The number of the last entry that the reader has; without it and without `Last-Event-ID`, the stream begins with "
    "the next entry that comes.",
    AFTER.read,
    Schema(type=OpenAPIType.INTEGER, minimum=0, maximum=AFTER.schema.maximum),
    0,
)
LAST_EVENT_ID: Final = Parameter(
    "Last-Event-ID",
    "The number of the last entry received; a browser sends it by itself. Goes before `after`.",
    AFTER.read,
    STREAM_AFTER.schema,
    118,
)
STREAM_PARAMETERS: Final = Parameters((STREAM_AFTER, *FILTERS))


@reading(
    "/changes/stream",
    name="streamChanges",
    summary="The entries of the journal as they come, as Server-Sent Events.",
    answer=str,
    example='id: 118\nevent: measure.included\ndata: {"seq":118,…}\n\n',
    parameters=STREAM_PARAMETERS,
    in_header=(LAST_EVENT_ID,),
    problems=(416, 422),
    media_type=EVENT_STREAM,
    tag="Changes",
)
def stream_changes(request: Asked, service: Service) -> Response[bytes]:
    """`id` is the number, `event` the type, `data` the entry. A comment comes every 15 seconds when nothing else does.
    No entry is lost or sent twice: after a break, ask with the number of the last one received."""
    asked = STREAM_PARAMETERS.read(request.scope["query_string"])
    head = service.register.seq
    name, after = "after", asked["after"]
    if given := request.headers.get("last-event-id", "").strip():
        name, after = "Last-Event-ID", _last_event_id(given)
    if after is None:
        after = head
    if after > head:
        raise beyond_head(name, after, head)
    return _StreamResponse(EventStream(service, shelf(service), entry_filter(asked), after))


def _last_event_id(text: str) -> int:
    try:
        seq: int = LAST_EVENT_ID.read(text)
    except Refused as error:
        name = "Last-Event-ID"
        raise refused(finding(f"/{name}", f"{name}: {error.ru}", f"{name}: {error.en}")) from None
    return seq


class _StreamResponse(Response[bytes]):
    """Litestar's way to an ``EventStream``."""

    def __init__(self, stream: EventStream) -> None:
        super().__init__(b"", media_type=EVENT_STREAM)
        self._stream = stream

    def to_asgi_response(self, *_: Any, **__: Any) -> ASGIResponse:
        return self._stream


class EventStream(ASGIResponse):
    """One reader's stream. What it has sent is one number, so that nothing is kept for it while it is slow."""

    __slots__ = ("_filter", "_last", "_service", "_shelf")

    def __init__(self, service: RegisterService, own: Shelf, wanted: EntryFilter, after: int) -> None:
        # Not the parent's: a stream has no body to measure.
        self._service, self._shelf, self._filter, self._last = service, own, wanted, after

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send until the reader goes away or the server cancels."""
        await send({"type": "http.response.start", "status": 200, "headers": list(_HEADERS)})
        if scope.get(HEAD_KEY):
            await send({"type": "http.response.body", "body": b"", "more_body": False})
            return
        async with anyio.create_task_group() as group:
            group.start_soon(_until_gone, receive, group.cancel_scope)
            await self._send_all(send)

    async def _send_all(self, send: Send) -> None:
        await _send_piece(send, b"retry: 3000\n\n")
        while True:
            while self._last < self._service.register.seq:
                await self._send_batch(send)
            head = await self._service.wait_beyond(self._last, HEARTBEAT_SECONDS)
            if head <= self._last:
                await _send_piece(send, b": %d\n\n" % head)

    async def _send_batch(self, send: Send) -> None:
        scan = self._filter.scan(self._service.register, self._last, BATCH)
        if scan.passed:
            await _send_piece(send, b"".join(self._event(seq) for seq in scan.passed))
        else:
            # A long run of entries that a filter leaves out must not hold up other readers.
            await anyio.lowlevel.checkpoint()
        self._last = scan.last

    def _event(self, seq: int) -> bytes:
        events = self._shelf.events
        event = events.get(seq)
        if event is None:
            register = self._service.register
            event = b"id: %d\nevent: %s\ndata: %s\n\n" % (seq, register.facts(seq).type.encode(), register.body(seq))
            events[seq] = event
            if len(events) > EVENTS_KEPT:
                events.popitem(last=False)
        return event


_HEADERS: Final = (
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    # A proxy that collects the answer before passing it on would hold every event back.
    (b"x-accel-buffering", b"no"),
)


async def _send_piece(send: Send, piece: bytes) -> None:
    await send({"type": "http.response.body", "body": piece, "more_body": True})


async def _until_gone(receive: Receive, scope: anyio.CancelScope) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    scope.cancel()
