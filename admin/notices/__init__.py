"""Notices of consultations to people: page and calls of each person, settings, what the operator sees of the mails.

The application takes ``route_handlers`` and sets ``app.state.notices`` to the ``Notices`` of the process
(``admin.notices.office``).
"""

from __future__ import annotations

from typing import Any, Final

from admin.accounts import Action, StaffSection, add_staff_sections
from admin.accounts.core import PATH
from admin.notices import api, mail_pages, own_pages
from admin.notices.own_pages import HERE
from register.pages import site
from register.pages.catalogue import N_
from register.pages.site import Source

__all__ = ["route_handlers"]

SECTIONS: Final = (
    StaffSection(f"{PATH}/notices", N_("Notices"), Action.CONSULTATION_READ),
    StaffSection(f"{PATH}/mail", N_("Mail"), Action.SETTING_READ),
)

site.add_source(Source(HERE / "templates", HERE / "locale"))
add_staff_sections(*SECTIONS, locale=HERE / "locale")

route_handlers: Final[list[Any]] = [*own_pages.route_handlers, *mail_pages.route_handlers, *api.route_handlers]
