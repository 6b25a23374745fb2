"""Accounts and roles: sign-in, second factor, sessions, tokens, the audit trail, and who may do what.

``open_accounts`` makes what ``app.state.accounts`` has to be; ``route_handlers``, ``dependencies`` and
``exception_handlers`` are what the application takes. A handler of another package asks ``require(action)`` as a guard
and takes the dependency ``actor``.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from admin.accounts import audit_pages, entering, own_pages, people_pages, styles
from admin.accounts.audit import audit
from admin.accounts.core import Accounts, Options
from admin.accounts.entering import parked_of
from admin.accounts.frame import StaffSection, add_staff_sections, exception_handlers, page, staff_page
from admin.accounts.gate import Acting, People, check, dependencies, require
from admin.accounts.oidc import OidcOptions, Provider
from admin.accounts.policy import Action, Actor, Role
from admin.accounts.secret_box import SecretBox
from admin.accounts.standing import Limits
from register.database import Database

if TYPE_CHECKING:
    from admin.settings import Settings

__all__ = [
    "Accounts",
    "Acting",
    "Action",
    "Actor",
    "People",
    "Role",
    "SecretBox",
    "StaffSection",
    "add_staff_sections",
    "audit",
    "check",
    "dependencies",
    "exception_handlers",
    "open_accounts",
    "page",
    "parked_of",
    "require",
    "route_handlers",
    "staff_page",
]

route_handlers: Final[list[Any]] = [
    *entering.route_handlers,
    *own_pages.route_handlers,
    *people_pages.route_handlers,
    *audit_pages.route_handlers,
    styles.style_sheet,
]


def open_accounts(settings: Settings, database: Database, now: Callable[[], datetime]) -> Accounts:
    """The accounts of this process; the key file is made on first start.

    Raises ``SecretFileError`` for a key that cannot be used, ``OSError`` for the file of the provider's secret.
    """
    box = SecretBox.from_file(settings.secret_key_path)
    limits = Limits(
        timedelta(minutes=settings.session_idle_minutes), timedelta(minutes=settings.session_absolute_minutes)
    )
    options = Options(settings.address, limits)
    provider = None
    if settings.oidc_issuer and settings.oidc_client_id and settings.oidc_client_secret_file:
        provider = Provider(
            OidcOptions(
                settings.oidc_issuer,
                settings.oidc_client_id,
                settings.oidc_client_secret_file.read_text().strip(),
                f"{settings.address}/staff/oidc/return",
                settings.oidc_name,
            ),
            box,
            now,
        )
    return Accounts(database, box, options, now, provider=provider)
