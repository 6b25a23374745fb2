"""What a monitor asks: is the process up, and how far does it follow the journal."""

from __future__ import annotations

from typing import Any

from litestar import Response, get

from register.api.calls import Asked, Service


@get("/health", include_in_schema=False)
async def health(request: Asked, service: Service) -> Response[dict[str, Any]]:
    """200 while the journal is followed and its dates are announced, else 503 with the reason; reading goes on.

    ``mail_stuck`` says that mails have waited for an hour or their run broke off. It comes with 200: a mail server that
    is down is no reason to take a service out of use that answers. Never kept by a cache: a monitor wants to know now.
    """
    following, announcing = service.failure, request.app.state.scheduler.failure
    failure = following or announcing
    problem = None if failure is None else f"{type(failure).__name__}: {failure}"
    status = "reading_from_memory" if following else "not_announcing" if announcing else "ok"
    if failure is None and (problem := request.app.state.notices.trouble) is not None:
        status = "mail_stuck"
    body = {
        "status": status,
        "seq": service.register.seq,
        "checkpoint": service.register.checkpoint(),
        "problem": problem,
    }
    return Response(body, status_code=200 if failure is None else 503, headers={"Cache-Control": "no-store"})


route_handlers = [health]
