"""Subscriptions of webhooks as pages: make, change, pause, test, replay, rotate, delete, and read the log.

The same functions as ``/api/v1/subscriptions`` does it by (``feeds.webhooks.commands``, ``feeds.webhooks.store``). The
application takes ``route_handlers`` and gives ``service``, ``webhooks``, ``actor`` and ``accounts``.
"""

from __future__ import annotations

from typing import Any, Final

from admin.accounts import Action, StaffSection, add_staff_sections
from admin.subscriptions import deeds, pages
from admin.subscriptions.common import HERE, PATH
from register.pages import site
from register.pages.catalogue import N_
from register.pages.site import Source

__all__ = ["route_handlers"]

site.add_source(Source(HERE / "templates", HERE / "locale"))
add_staff_sections(StaffSection(PATH, N_("Subscriptions"), Action.SUBSCRIPTION_MANAGE), locale=HERE / "locale")

route_handlers: Final[list[Any]] = [*pages.route_handlers, *deeds.route_handlers]
