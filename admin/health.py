"""What a monitor asks: is the process up, and how far does it follow the journal."""

from __future__ import annotations

from typing import Any

from litestar import Response, get

from register.api.calls import Service


@get("/health", include_in_schema=False)
async def health(service: Service) -> Response[dict[str, Any]]:
    """200 while the journal is followed, 503 with the reason when it cannot be; reading goes on in both cases."""
    failure = service.failure
    body = {
        "status": "ok" if failure is None else "reading_from_memory",
        "seq": service.register.seq,
        "checkpoint": service.register.checkpoint(),
        "problem": None if failure is None else f"{type(failure).__name__}: {failure}",
    }
    return Response(body, status_code=200 if failure is None else 503, headers={"Cache-Control": "no-store"})


route_handlers = [health]
