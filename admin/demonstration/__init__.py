"""The demonstration: a table of real unilateral measures, loaded into an empty journal only.

``commission-table.csv`` is a transcription of the predecessor's public table; ``README.md`` beside it says where it
comes from and that it is not official.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import date
from importlib.resources import as_file, files
from typing import Final

from admin import marks
from register import intake, journal
from register.database import Database

TABLE: Final = "commission-table.csv"
MARK: Final = "demonstration"

log = logging.getLogger(__name__)


async def load(
    database: Database, *, today: date, progress: Callable[[int, int], None] | None = None
) -> intake.LoadReport | None:
    """Load the table, inclusion taken as each measure's first day in force; None when the journal has entries.

    Of two processes that start at once one loads, and the other goes on without.
    """
    if await journal.head(database) > 0:
        return None
    await marks.set_once(database, MARK, TABLE)
    with as_file(files(__name__) / TABLE) as path:
        try:
            return await intake.load(database, [path], included_on="effective", today=today, progress=progress)
        except intake.LoadRunning:
            log.info("another process loads the demonstration")
            return None


async def loaded(database: Database) -> bool:
    """Whether this Register holds the demonstration: pages and feeds then say that the data are not official."""
    return await marks.get(database, MARK) is not None
