"""The way in: from ``/`` to the pages in the reader's language."""

from __future__ import annotations

import re
from typing import Any

from litestar import Request, Response, get

from register.web import Reply
from register.words import LANGUAGES, Language


@get("/", include_in_schema=False, sync_to_thread=False)
def entrance(request: Request[Any, Any, Any]) -> Response[bytes]:
    """302 to /ru/ or /en/; the query goes with it."""
    language = preferred(request.headers.get("accept-language", ""))
    query = request.scope["query_string"].decode("latin-1")
    where = f"/{language}/{f'?{query}' if query else ''}"
    headers = {"location": where, "vary": "Accept-Language", "cache-control": "no-cache"}
    return Reply(b"", status_code=302, headers=headers)


def preferred(accept_language: str) -> Language:
    """The language that a browser asks for most (RFC 9110 section 12.5.4); Russian where it is neither."""
    weights: dict[str, float] = {}
    for item in accept_language.lower().split(","):
        name, _, rest = item.strip().partition(";")
        quality = re.fullmatch(r"\s*q\s*=\s*([01](?:\.\d{0,3})?)\s*", rest)
        weight = float(quality[1]) if quality else 1.0
        primary = name.strip().split("-")[0]
        weights[primary] = max(weights.get(primary, 0.0), weight)
    best: Language = "ru"
    for language in LANGUAGES:
        if weights.get(language, 0.0) > weights.get(best, 0.0):
            best = language
    return best
