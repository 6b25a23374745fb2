"""The OpenAPI document, and the page at /api that shows it with nothing from outside."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any, Final

from litestar import Response, Router, get
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme, Server, Tag
from litestar.types import ControllerRouterHandler

from register.api.calls import Asked, Service, shelf
from register.web import PUBLIC_MINUTE, Prepared, not_found, respond

VERSION: Final = "1.0.0"
"""The version of the public contract, not of the software."""
OPENAPI_JSON: Final = "application/vnd.oai.openapi+json"

_ABOUT: Final = """\
The Register of separate export measures of the member states of the Eurasian Economic Union.

- **Two times.** `valid_on` is the date in law, `known_at` the state of the journal. Days are those of the Commission's
  seat; times are UTC.
- **One sequence.** Everything public is an entry with a number, `seq`; every answer says which it rests on.
- **Every GET** answers HEAD, carries a strong `ETag`, answers `If-None-Match` with 304, and comes as `zstd` or `gzip`
  when asked for. Any web page may read it (CORS). No `ETag`: the stream and `/health`, which nobody may keep
  (`no-store`), and the redirect at `/`, which has nothing to compare.
- **Errors** have one shape, `application/problem+json` (RFC 9457). `errors` lists everything wrong, in Russian and
  English.
- **No list is cut silently**: a limit above the maximum is an error. A parameter that is not known is one too.
"""
_TAGS: Final = (
    Tag("Reading", "Measures, codes and consultations, as they stood on any day."),
    Tag("Consultations", "Point 24: what is public for everybody, the proceedings for the parties, with a token."),
    Tag("Notices", "What a person who takes part in consultations is told, and how; with a token of that person."),
    Tag("Proof of origin", "Which proof of origin the Rules ask for."),
    Tag("Changes", "The journal: what changed since, and the proof that nothing else did."),
    Tag("Subscribing", "Feeds, calendars, the archive and the signed log."),
    Tag("Subscriptions", "Webhooks after the Standard Webhooks specification; with a token."),
)


_BEARER: Final = SecurityScheme(type="http", scheme="bearer", description="A token with the scope that a call names")


class _NoPages(Router):
    """Litestar's own pages call home, and answer unknown addresses in a shape of their own; ours are below."""

    def register(self, value: ControllerRouterHandler) -> list[Any]:  # noqa: ARG002 - Litestar's signature
        return []


def openapi_config(base_url: str) -> OpenAPIConfig:
    """What the OpenAPI 3.1 document says of the service as a whole; ``base_url`` is its public address."""
    return OpenAPIConfig(
        title="Register of separate export measures of the EAEU",
        version=VERSION,
        description=_ABOUT,
        servers=[Server(url=base_url)],
        tags=list(_TAGS),
        components=Components(security_schemes={"bearer": _BEARER}),
        use_handler_docstrings=True,
        render_plugins=[JsonRenderPlugin()],
        openapi_router=_NoPages("/api", route_handlers=[]),
    )


@get("/api/openapi.json", include_in_schema=False, sync_to_thread=False)
def openapi_json(request: Asked, service: Service) -> Response[bytes]:
    """The OpenAPI document."""
    kept = shelf(service).kept
    prepared = kept.find("openapi")
    if prepared is None:
        body = json.dumps(request.app.openapi_schema.to_schema(), ensure_ascii=False).encode()
        prepared = kept.keep("openapi", Prepared(body, OPENAPI_JSON, seq=0))
    return respond(request, prepared)


_ASSETS: Final = {
    "swagger-ui.css": "text/css; charset=utf-8",
    "swagger-ui-bundle.js": "text/javascript; charset=utf-8",
    "favicon-32x32.png": "image/png",
}
_START: Final = """\
window.addEventListener("load", () => {
  SwaggerUIBundle({url: "/api/openapi.json", dom_id: "#swagger-ui", deepLinking: true, validatorUrl: null});
});
"""
_PAGE: Final = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>API – Register of separate export measures of the EAEU</title>
<link rel="icon" type="image/png" href="/api/assets/favicon-32x32.png">
<link rel="stylesheet" href="/api/assets/swagger-ui.css">
</head>
<body>
<header class="swagger-ui"><div class="wrapper"><h1>API of the Register of separate export measures</h1></div></header>
<main><div id="swagger-ui"></div>
<noscript>The document itself: <a href="/api/openapi.json">/api/openapi.json</a></noscript></main>
<script src="/api/assets/swagger-ui-bundle.js"></script>
<script src="/api/assets/start.js"></script>
</body>
</html>
"""


@get("/api", include_in_schema=False, sync_to_thread=False)
def api_page(request: Asked, service: Service) -> Response[bytes]:
    """The OpenAPI document to read and to try."""
    return _kept_asset(request, service, "page", _PAGE.encode(), "text/html; charset=utf-8")


@get("/api/assets/{name:str}", include_in_schema=False, sync_to_thread=False)
def api_asset(request: Asked, service: Service) -> Response[bytes]:
    """A file of Swagger UI, from the package that is installed."""
    name = request.path_params["name"]
    if name == "start.js":
        return _kept_asset(request, service, name, _START.encode(), _ASSETS["swagger-ui-bundle.js"])
    media_type = _ASSETS.get(name)
    if media_type is None:
        raise not_found("Такого файла нет", "There is no such file")
    kept = shelf(service).kept
    prepared = kept.find(("asset", name))
    if prepared is None:
        body = files("swagger_ui").joinpath("static", name).read_bytes()
        return _kept_asset(request, service, name, body, media_type)
    return respond(request, prepared)


def _kept_asset(request: Asked, service: Service, name: str, body: bytes, media_type: str) -> Response[bytes]:
    kept, key = shelf(service).kept, ("asset", name)
    prepared = kept.find(key) or kept.keep(key, Prepared(body, media_type, seq=0, cache=PUBLIC_MINUTE))
    return respond(request, prepared)
