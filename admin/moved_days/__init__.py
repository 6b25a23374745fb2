"""The calendars of working days as the operator keeps them: moved days, years that are complete, their sources.

The application takes ``route_handlers`` and gives ``service``, ``actor``, ``accounts``, ``calendars`` and ``audit``;
``command`` is for the console script.
"""

from __future__ import annotations

from typing import Any, Final

from admin.accounts import Action, StaffSection, add_staff_sections
from admin.moved_days import pages
from admin.moved_days.commands import command
from admin.moved_days.pages import HERE, PATH
from register.pages import site
from register.pages.catalogue import N_
from register.pages.site import Source

__all__ = ["command", "route_handlers"]

site.add_source(Source(HERE / "templates", HERE / "locale"))
add_staff_sections(StaffSection(PATH, N_("Working days"), Action.SETTING_READ), locale=HERE / "locale")

route_handlers: Final[list[Any]] = pages.route_handlers
