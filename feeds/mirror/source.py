"""Where a mirror gets everything from: the addresses of a server that it reads, over HTTP.

Nothing that comes from here is trusted; the caller checks it against the signed checkpoint.
"""

from __future__ import annotations

import random
import ssl
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from time import sleep
from typing import Final, TypeVar
from urllib.request import getproxies

import httpx

from feeds.mirror.errors import MirrorUnreachable, gap, unreachable
from feeds.mirror.received import Malformed, split_page
from feeds.tiles import Tile, bundles, read_entry_bundle

Asked = TypeVar("Asked")
Got = TypeVar("Got")

PAGE: Final = 1000
"""Entries asked for at once, the most that a server gives."""

AT_ONCE: Final = 4
"""Requests under way at once where many small ones are made."""

NEAR: Final = 8
"""Entries that may lie between two that are wanted, and are fetched with them."""

HOLD_SECONDS: Final = 5
"""How long the server may hold a request for entries that it has signed but not yet at hand."""

TRIES: Final = 3
PAUSE_SECONDS: Final = 0.3
BEYOND_HEAD: Final = 416
_LONGEST_ID: Final = 24
_AGAIN: Final = frozenset((408, 425, 429, 500, 502, 503, 504))


class Source:
    """One server at ``url``. ``client`` may be given for proxies, certificates or tests; it is then left open."""

    def __init__(self, url: str, client: httpx.Client | None = None) -> None:
        self.url = url.rstrip("/")
        self._given = client
        self._own: httpx.Client | None = None

    def close(self) -> None:
        """Close the connections, unless the client is the caller's. They are opened again when needed."""
        if self._own is not None:
            self._own.close()
            self._own = None

    @property
    def _client(self) -> httpx.Client:
        if self._given is not None:
            return self._given
        if self._own is None:
            # Not before it is needed: reading the system's certificates takes longer than a hundred answers offline.
            self._own = httpx.Client(
                timeout=httpx.Timeout(30, connect=10), headers=self._headers(), verify=self._certificates()
            )
        return self._own

    def _certificates(self) -> ssl.SSLContext:
        """Who is trusted: the system's authorities; nobody where nothing is encrypted, so that none are read."""
        if httpx.URL(self.url).scheme == "http" and not getproxies():
            return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        return httpx.create_ssl_context()

    def _headers(self) -> dict[str, str]:
        # To compress for the same machine costs the server more than it saves anybody.
        local = httpx.URL(self.url).host in ("localhost", "127.0.0.1", "::1")
        return {"Accept-Encoding": "identity"} if local else {}

    def key(self) -> str:
        """The verifier key that the log uses now. Raises ``MirrorUnreachable``, as everything here."""
        # While a key is changed there is one to a line, the new one first.
        return self.get("/log/key").decode("utf-8", "replace").strip().partition("\n")[0]

    def checkpoint(self) -> bytes:
        """The newest signed checkpoint."""
        return self.get("/log/checkpoint")

    def bundle(self, path: str) -> bytes:
        """An entry bundle by its path, ``tile/entries/…``."""
        return self.get(f"/log/{path}")

    def snapshot(self, seq: int) -> bytes:
        """The whole Register as the server says it stood at the entry ``seq``."""
        return self.get(f"/api/v1/snapshot?known_at={seq}")

    def headers(self, size: int) -> Iterator[list[bytes]]:
        """The headers of the first ``size`` entries, the leaves of the log, a bundle at a time.

        Raises ``LogError`` for a bundle that is none.
        """
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="mirror") as pool:
            yield from _in_order(pool, self._bundle, bundles(size))

    def _bundle(self, bundle: Tile) -> list[bytes]:
        try:
            data = self.bundle(bundle.path)
        except MirrorUnreachable:
            if bundle.full:
                raise
            # Once the log has grown, a server need not keep the bundle as it was when it was shorter.
            data = self.bundle(Tile(bundle.level, bundle.index).path)
            return read_entry_bundle(data)[: bundle.width]
        return read_entry_bundle(data, bundle.width)

    def chosen(self, wanted: Sequence[int]) -> Iterator[list[tuple[int, bytes]]]:
        """The bytes of the entries of some numbers, in their order. Raises ``MirrorGap`` for one that does not come."""
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="mirror") as pool:
            yield from _in_order(pool, self._among, _near(wanted))

    def _among(self, wanted: Sequence[int]) -> list[tuple[int, bytes]]:
        after, bodies = wanted[0] - 1, list[bytes]()
        while after + len(bodies) < wanted[-1]:
            bodies += self._page(after + len(bodies), wanted[-1])
        return [(seq, bodies[seq - after - 1]) for seq in wanted]

    def entries(self, after: int, size: int) -> Generator[Sequence[bytes], None, None]:
        """The bytes of the entries after ``after`` up to ``size``, in order, a page at a time.

        The next page is on its way while the caller works on this one. Raises ``MirrorGap`` when there are fewer.
        """
        if after >= size:
            return
        with ThreadPoolExecutor(1, thread_name_prefix="mirror") as ahead:
            page: Future[Sequence[bytes]] = ahead.submit(self._page, after, size)
            while after < size:
                bodies = page.result()
                after += len(bodies)
                if after < size:
                    page = ahead.submit(self._page, after, size)
                yield bodies

    def _page(self, after: int, size: int) -> Sequence[bytes]:
        limit = min(PAGE, size - after)
        # Held until there is something: behind one address there may be a process that is a moment late.
        answer = self.get(f"/api/v1/changes?after={after}&limit={limit}&wait={HOLD_SECONDS}", beyond=True)
        try:
            bodies = split_page(answer)
        except Malformed as error:
            raise gap(after + 1, size, f"ответ не читается ({error})", f"the answer cannot be read ({error})") from None
        if not 1 <= len(bodies) <= limit:
            raise gap(
                after + 1, size, f"сервер прислал записей: {len(bodies)}", f"the server sent {len(bodies)} entries"
            )
        return bodies

    def get(self, path: str, *, beyond: bool = False) -> bytes:
        """The answer to a GET, asked up to three times. ``beyond``: a 416 that stays is an answer without entries."""
        why, status = "", 0
        for attempt in range(TRIES):
            if attempt:
                sleep(PAUSE_SECONDS * 2**attempt * random.uniform(0.5, 1))
            try:
                response = self._client.get(self.url + path)
            except httpx.InvalidURL as error:
                raise unreachable(self.url, str(error)) from None
            except httpx.HTTPError as error:
                why, status = str(error) or type(error).__name__, 0
                continue
            if response.status_code == 200:
                return response.content
            status = response.status_code
            why = f"{path.partition('?')[0]}: HTTP {status}"
            if status not in _AGAIN and not (beyond and status == BEYOND_HEAD):
                break
        if beyond and status == BEYOND_HEAD:
            return b'{"items":[]}'
        raise unreachable(self.url, why)

    @contextmanager
    def stream(self, after: int, silence_seconds: float = 60) -> Iterator[Iterator[int]]:
        """Numbers of entries as the server announces them, beginning after ``after``; 0 for each sign of life.

        Ends when the server ends it. Raises ``MirrorUnreachable`` when it breaks, is silent for too long, or is not
        there.
        """
        headers = {"Accept": "text/event-stream", "Last-Event-ID": str(after), "Accept-Encoding": "identity"}
        timeout = httpx.Timeout(silence_seconds, connect=10)
        try:
            with self._client.stream(
                "GET", f"{self.url}/api/v1/changes/stream", headers=headers, timeout=timeout
            ) as answer:
                kind = answer.headers.get("content-type", "")
                if answer.status_code != 200 or not kind.startswith("text/event-stream"):
                    raise unreachable(self.url, f"/api/v1/changes/stream: HTTP {answer.status_code} {kind}")
                yield _numbers(answer.iter_bytes())
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise unreachable(self.url, str(error) or type(error).__name__) from None


def _near(wanted: Sequence[int]) -> Iterator[list[int]]:
    """Numbers in groups that are asked for at once: what lies between two of them costs less than a request."""
    group: list[int] = []
    for seq in wanted:
        if group and (seq - group[-1] > NEAR or seq - group[0] >= PAGE):
            yield group
            group = []
        group.append(seq)
    if group:
        yield group


def _in_order(pool: ThreadPoolExecutor, fetch: Callable[[Asked], Got], asked: Iterable[Asked]) -> Iterator[Got]:
    """What ``fetch`` gives for each, in order, a few at once."""
    under_way: deque[Future[Got]] = deque()
    try:
        for one in asked:
            under_way.append(pool.submit(fetch, one))
            if len(under_way) > AT_ONCE:
                yield under_way.popleft().result()
        while under_way:
            yield under_way.popleft().result()
    finally:
        for left in under_way:
            left.cancel()


def _numbers(pieces: Iterator[bytes]) -> Iterator[int]:
    rest = b""
    for piece in pieces:
        *lines, rest = (rest + piece).split(b"\n")
        for line in lines:
            if line.startswith(b"id:") and line[3:].strip().isdigit() and len(line) < _LONGEST_ID:
                yield int(line[3:])
            elif line.startswith(b":"):
                yield 0
