"""The workbench of the Commission: from a notification on the desk to a published measure, two pairs of eyes.

The application takes ``route_handlers`` beside those of ``admin.accounts`` and gives the dependencies ``service``,
``actor``, ``accounts``, ``cabinet``, ``calendars`` and ``consulting``; ``app.state.inclusion_days`` may set the working
days of an inclusion.
"""

from __future__ import annotations

from typing import Any, Final

from admin.accounts import Action, StaffSection, add_staff_sections
from admin.accounts.core import PATH
from admin.workbench import (
    assets,
    attaching,
    codes,
    conflict,
    editing,
    home,
    importing,
    listing,
    measures,
    view,
    waiting,
)
from admin.workbench.common import HERE
from register.pages import site
from register.pages.catalogue import N_
from register.pages.site import Source

__all__ = ["route_handlers"]

SECTIONS: Final = (
    StaffSection(PATH, N_("Workbench"), Action.DRAFT_READ),
    StaffSection(f"{PATH}/drafts", N_("Drafts"), Action.DRAFT_READ),
    StaffSection(f"{PATH}/measures", N_("Measures"), Action.DRAFT_READ),
    StaffSection(f"{PATH}/import", N_("Import of tables"), Action.DRAFT_WRITE),
)

site.add_source(Source(HERE / "templates", HERE / "locale"))
add_staff_sections(*SECTIONS, locale=HERE / "locale")

route_handlers: Final[list[Any]] = [
    *home.route_handlers,
    *listing.route_handlers,
    *editing.route_handlers,
    *conflict.route_handlers,
    *attaching.route_handlers,
    *codes.route_handlers,
    *measures.route_handlers,
    *waiting.route_handlers,
    *importing.route_handlers,
    *view.route_handlers,
    assets.asset,
]
