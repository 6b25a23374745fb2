"""What the pages behind the sign-in need beside the common style sheet; served under a name with its hash."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, Final

from litestar import Request, Response, get

from register.web import IMMUTABLE, Prepared, not_found, respond

_BODY: Final = Path(__file__).with_name("staff.css").read_bytes()
ADDRESS: Final = f"/static/staff/staff.{hashlib.sha256(_BODY).hexdigest()[:12]}.css"
_PREPARED: Final = Prepared(
    _BODY, "text/css; charset=utf-8", seq=0, cache=IMMUTABLE, headers={"X-Content-Type-Options": "nosniff"}
)


@get("/static/staff/{name:str}", include_in_schema=False, sync_to_thread=False)
def style_sheet(request: Request[Any, Any, Any]) -> Response[bytes]:
    """The style sheet, by its present name only."""
    if request.scope["path"] != ADDRESS:
        raise not_found("Такого файла нет", "There is no such file", "/name")
    return respond(request, _PREPARED)
