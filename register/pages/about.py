"""What this is, what its data are, how it is followed and verified."""

from __future__ import annotations

from collections import Counter

from litestar import Response

from register.pages import site
from register.pages.site import Asked, Page, Service, page_handler


@page_handler("/about")
def about(request: Asked, service: Service) -> Response[bytes]:
    """The page behind the strip that says that data are for demonstration."""
    found = site.find(request, service)
    if found is not None:
        return found
    today = service.today()
    standing = Counter(version.status(today.toordinal()) for version in service.register.versions())
    context = {
        "base_url": service.terms.base_url,
        "zone": service.terms.zone.key,
        "standing": standing,
        "measures": sum(standing.values()),
        "edition": service.names.edition(today),
        "duties_until": service.terms.duties_until,
        "checkpoint": service.register.checkpoint(),
    }
    return site.send(request, service, Page("about.html", context))
