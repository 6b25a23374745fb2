"""The style sheet, the script and the mark of the pages, under names with their hash: browsers keep them for ever."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, Final, NamedTuple

from litestar import Request, Response, get

from register.web import IMMUTABLE, Prepared, not_found, respond

PREFIX: Final = "/static"
STATIC: Final = Path(__file__).parent / "static"
_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}


class Asset(NamedTuple):
    """A file of ours: where it is served, and its bytes with their tag."""

    address: str
    prepared: Prepared


def _read(path: Path) -> Asset:
    body = path.read_bytes()
    digest = hashlib.sha256(body).hexdigest()[:12]
    headers = {"X-Content-Type-Options": "nosniff"}
    prepared = Prepared(body, _TYPES[path.suffix], seq=0, cache=IMMUTABLE, headers=headers)
    return Asset(f"{PREFIX}/{path.stem}.{digest}{path.suffix}", prepared)


ASSETS: Final = {path.name: _read(path) for path in sorted(STATIC.iterdir()) if path.suffix in _TYPES}
_BY_ADDRESS: Final = {asset.address: asset.prepared for asset in ASSETS.values()}


def address(name: str) -> str:
    """Where a file is served. Raises ``KeyError`` for one that is not there."""
    return ASSETS[name].address


@get(f"{PREFIX}/{{name:str}}", include_in_schema=False, sync_to_thread=False)
def asset(request: Request[Any, Any, Any]) -> Response[bytes]:
    """One file, by its hashed name; an older name is not found, so that a page and its style sheet always agree."""
    prepared = _BY_ADDRESS.get(request.scope["path"])
    if prepared is None:
        raise not_found("Такого файла нет", "There is no such file", "/name")
    return respond(request, prepared)
