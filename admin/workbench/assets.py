"""The style sheet and script of the workbench, under names with their hash."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, Final

from litestar import Request, Response, get

from register.web import IMMUTABLE, Prepared, not_found, respond

_STATIC: Final = Path(__file__).with_name("static")
_TYPES: Final = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8"}
_PREFIX: Final = "/static/workbench"


def _read(path: Path) -> tuple[str, Prepared]:
    body = path.read_bytes()
    headers = {"X-Content-Type-Options": "nosniff"}
    prepared = Prepared(body, _TYPES[path.suffix], seq=0, cache=IMMUTABLE, headers=headers)
    return f"{_PREFIX}/{path.stem}.{hashlib.sha256(body).hexdigest()[:12]}{path.suffix}", prepared


_FILES: Final = {path.name: _read(path) for path in sorted(_STATIC.iterdir()) if path.suffix in _TYPES}
_BY_ADDRESS: Final = dict(_FILES.values())


def address(name: str) -> str:
    """Where a file is served. Raises ``KeyError`` for one that is not there."""
    return _FILES[name][0]


@get(f"{_PREFIX}/{{name:str}}", include_in_schema=False, sync_to_thread=False)
def asset(request: Request[Any, Any, Any]) -> Response[bytes]:
    """One file, by its present name only."""
    prepared = _BY_ADDRESS.get(request.scope["path"])
    if prepared is None:
        raise not_found("Такого файла нет", "There is no such file", "/name")
    return respond(request, prepared)
