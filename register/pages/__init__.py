"""The public pages: server-rendered, in Russian and English. ``route_handlers`` is what the application takes.

``register.pages.errors.problem_handler`` makes pages of errors where a person asks.
"""

from __future__ import annotations

from typing import Any, Final

from register.pages.about import about
from register.pages.ask import ask
from register.pages.assets import asset
from register.pages.entrance import entrance
from register.pages.journal import entry, list_changes
from register.pages.law import law
from register.pages.listing import list_measures
from register.pages.measure import measure

route_handlers: Final[list[Any]] = [entrance, asset, ask, list_measures, measure, list_changes, entry, law, about]

__all__ = ["route_handlers"]
