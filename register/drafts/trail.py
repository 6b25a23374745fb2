"""The audit trail as far as the drafts need it: a function that the application gives."""

from __future__ import annotations

from collections.abc import Awaitable
from datetime import datetime
from typing import Any, Literal, Protocol

from register.database import Database


class Audit(Protocol):
    """Writes a row of the audit trail inside the open transaction; ``subject`` is such as ``draft:12``."""

    def __call__(
        self,
        db: Database,
        actor: Any,
        action: str,
        subject: str,
        outcome: Literal["done", "refused", "failed"],
        *,
        at: datetime | None = None,
        **detail: Any,
    ) -> Awaitable[object]: ...
