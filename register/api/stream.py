"""Changes as Server-Sent Events: every entry once, in order, resumable by its number."""

from __future__ import annotations

import asyncio
from typing import Any, Final
from weakref import WeakKeyDictionary

import anyio
from litestar import Response
from litestar.openapi.spec import Schema
from litestar.openapi.spec.enums import OpenAPIType
from litestar.response.base import ASGIResponse
from litestar.types import HTTPResponseBodyEvent, Receive, Scope, Send

from register.api.calls import Asked, Service, Shelf, reading, shelf
from register.api.changes import FILTERS, beyond_head
from register.api.filters import EntryFilter, entry_filter
from register.api.parameters import AFTER, Parameter, Parameters, Refused
from register.index import Register
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
    No entry is lost or sent twice: after a break, ask with the number of the last one received.

    **In a browser**, an `EventSource` hands a named event only to those who listen to its name; `onmessage` hears none:

        const source = new EventSource("/api/v1/changes/stream");
        const types = ["measure.included", "measure.amended", "measure.extended", "measure.terminated",
          "measure.corrected", "measure.effective", "measure.expired", "declaration.permitted", "declaration.revoked",
          "declaration.window_closed", "consultation.initiated", "consultation.scheduled", "consultation.concluded",
          "consultation.withdrawn"];
        for (const type of types) {
          source.addEventListener(type, (event) => take(Number(event.lastEventId), JSON.parse(event.data)));
        }

    Without a filter the numbers have no gaps; one that is missing is of a type not listened to, and `/changes` has it.
    """
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


class _Turn:
    """One wait for the journal: a task, and what wakes everybody when it is done."""

    __slots__ = ("over", "task")

    def __init__(self, service: RegisterService) -> None:
        self.over = asyncio.Event()
        self.task = asyncio.create_task(_quiet(service, service.register.seq), name="look on for the streams")
        self.task.add_done_callback(self._done)

    def _done(self, _: asyncio.Task[bool]) -> None:
        self.over.set()


async def _quiet(service: RegisterService, head: int) -> bool:
    return await service.wait_beyond(head, HEARTBEAT_SECONDS) <= head


class Lookout:
    """Looks on for all streams of one Register: one task waits for the journal, and every stream for that task.

    A thousand streams that each waited for themselves, with a clock each, would be twice the work.
    """

    def __init__(self) -> None:
        self._turn: _Turn | None = None
        self._waiting = 0
        self._made: tuple[tuple[int, int, EntryFilter], _Piece] | None = None

    async def wait(self, service: RegisterService) -> bool:
        """Until there are more entries than now: False; or until a sign of life is due: True."""
        turn = self._turn
        if turn is None or turn.task.done():
            turn = self._turn = _Turn(service)
        self._waiting += 1
        try:
            await turn.over.wait()
            return turn.task.result()
        finally:
            self._waiting -= 1
            if not self._waiting and self._turn is not None:
                self._turn.task.cancel()
                self._turn = None

    def piece(self, register: Register, own: Shelf, wanted: EntryFilter, after: int) -> _Piece:
        """What a stream sends next; made once for all that stand at the same entry and want the same."""
        key = (after, register.seq, wanted)
        if self._made is None or self._made[0] != key:
            self._made = key, _Piece(register, own, wanted, after)
        return self._made[1]


class _Piece:
    """Some entries as one message, None when none of those looked at passes, and the last one looked at."""

    __slots__ = ("last", "message")

    def __init__(self, register: Register, own: Shelf, wanted: EntryFilter, after: int) -> None:
        scan = wanted.scan(register, after, BATCH)
        self.last = scan.last
        self.message = _message(b"".join(_event(register, own, seq) for seq in scan.passed)) if scan.passed else None


_lookouts: WeakKeyDictionary[RegisterService, Lookout] = WeakKeyDictionary()


def lookout(service: RegisterService) -> Lookout:
    """The lookout of a service; made when first asked for."""
    found = _lookouts.get(service)
    if found is None:
        found = _lookouts[service] = Lookout()
    return found


class EventStream(ASGIResponse):
    """One reader's stream. What it has sent is one number, so that nothing is kept for it while it is slow."""

    __slots__ = ("_filter", "_last", "_lookout", "_service", "_shelf")

    def __init__(self, service: RegisterService, own: Shelf, wanted: EntryFilter, after: int) -> None:
        # Not the parent's: a stream has no body to measure.
        self._service, self._shelf, self._filter, self._last = service, own, wanted, after
        self._lookout = lookout(service)

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
        register = self._service.register
        await send(_message(b"retry: 3000\n\n"))
        while True:
            while self._last < register.seq:
                await self._send_batch(send)
            if await self._lookout.wait(self._service):
                await send(_message(b": %d\n\n" % register.seq))

    async def _send_batch(self, send: Send) -> None:
        piece = self._lookout.piece(self._service.register, self._shelf, self._filter, self._last)
        if piece.message is not None:
            await send(piece.message)
        else:
            # A long run of entries that a filter leaves out must not hold up other readers.
            await anyio.lowlevel.checkpoint()
        self._last = piece.last


def _event(register: Register, own: Shelf, seq: int) -> bytes:
    events = own.events
    event = events.get(seq)
    if event is None:
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


def _message(piece: bytes) -> HTTPResponseBodyEvent:
    return {"type": "http.response.body", "body": piece, "more_body": True}


async def _until_gone(receive: Receive, scope: anyio.CancelScope) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    scope.cancel()
