"""Consultations for their parties: officials of the five states and the Commission's staff.

The application takes ``route_handlers`` and gives the dependency ``consulting`` beside those of the accounts.
"""

from __future__ import annotations

from typing import Any, Final

from admin.accounts import Action, StaffSection, add_staff_sections
from admin.accounts.core import PATH
from admin.consulting import assets, deeds, documents, home, listing, one, planning
from admin.consulting.common import ASKED, HERE, LIST, LOCALE
from register.pages import site
from register.pages.catalogue import N_
from register.pages.site import Source

__all__ = ["route_handlers"]

site.add_source(Source(HERE / "templates", LOCALE))
add_staff_sections(
    StaffSection(f"{PATH}{ASKED}", N_("Asked of me"), Action.CONSULTATION_READ),
    StaffSection(f"{PATH}{LIST}", N_("Consultations"), Action.CONSULTATION_READ),
    locale=LOCALE,
    after=f"{PATH}/import",
)

route_handlers: Final[list[Any]] = [
    *home.route_handlers,
    *listing.route_handlers,
    *planning.route_handlers,
    *one.route_handlers,
    *documents.route_handlers,
    *deeds.route_handlers,
    assets.asset,
]
