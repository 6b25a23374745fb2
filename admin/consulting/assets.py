"""The style sheet of the parties' pages, under a name with its hash."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, Final

from litestar import Request, Response, get

from register.web import IMMUTABLE, Prepared, not_found, respond

_BODY: Final = (Path(__file__).parent / "static" / "consulting.css").read_bytes()
_NAME: Final = f"consulting.{hashlib.sha256(_BODY).hexdigest()[:12]}.css"
_PREFIX: Final = "/static/consulting"
_PREPARED: Final = Prepared(
    _BODY, "text/css; charset=utf-8", seq=0, cache=IMMUTABLE, headers={"X-Content-Type-Options": "nosniff"}
)


def address(name: str) -> str:
    """Where a file is served. Raises ``KeyError`` for one that is not there."""
    return {"consulting.css": f"{_PREFIX}/{_NAME}"}[name]


@get(f"{_PREFIX}/{{name:str}}", include_in_schema=False, sync_to_thread=False)
def asset(request: Request[Any, Any, Any]) -> Response[bytes]:
    """The file, by its present name only."""
    if request.path_params["name"] != _NAME:
        raise not_found("Такого файла нет", "There is no such file", "/name")
    return respond(request, _PREPARED)
