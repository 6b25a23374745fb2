"""The tables of this package, step by step. Written by hand: one file serves both engines."""

from collections.abc import Sequence

from register.database import Database, Migration, apply_migrations
from register.migrations import m0001_journal, m0002_drafts, m0003_nomenclature, m0004_drafts

MIGRATIONS: tuple[Migration, ...] = (
    m0001_journal.MIGRATION,
    m0002_drafts.MIGRATION,
    m0003_nomenclature.MIGRATION,
    m0004_drafts.MIGRATION,
)


async def migrate(db: Database, more: Sequence[Migration] = ()) -> list[str]:
    """Bring the schema up to date; return the ids applied now (none when it already was).

    `more` are the migrations of the packages that stand on this one, in their order. Safe to run
    twice and by two processes at once. Raises `DatabaseError`, see `apply_migrations`.
    """
    return await apply_migrations(db, (*MIGRATIONS, *more))
