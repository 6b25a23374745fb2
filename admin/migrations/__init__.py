"""The tables of this package, and the order in which the whole schema is brought up to date."""

from admin.migrations import m0001_mark, m0002_accounts, m0003_saved_views
from consultations.migrations import MIGRATIONS as CONSULTATION_MIGRATIONS
from feeds.migrations import MIGRATIONS as FEEDS_MIGRATIONS
from register.database import Database, Migration
from register.migrations import migrate as migrate_register

MIGRATIONS: tuple[Migration, ...] = (
    m0001_mark.MIGRATION,
    m0002_accounts.MIGRATION,
    m0003_saved_views.MIGRATION,
)


async def migrate(database: Database) -> list[str]:
    """Bring every package's tables up to date; return the ids applied now. Safe to run twice, by two processes too."""
    return await migrate_register(database, (*CONSULTATION_MIGRATIONS, *FEEDS_MIGRATIONS, *MIGRATIONS))
