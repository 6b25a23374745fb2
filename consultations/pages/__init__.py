"""The public pages of consultations (P24), in the common frame; the application takes ``route_handlers``."""

from __future__ import annotations

from typing import Any, Final

from consultations.pages.common import HERE, LOCALE, PATH, style_sheet
from consultations.pages.listing import list_consultations
from consultations.pages.one import consultation
from register.pages import site
from register.pages.catalogue import N_
from register.pages.site import Section, Source

__all__ = ["route_handlers"]

site.add_source(Source(HERE / "templates", LOCALE, (Section(PATH, N_("Consultations"), after="/changes"),)))

route_handlers: Final[list[Any]] = [list_consultations, consultation, style_sheet]
