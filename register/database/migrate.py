"""Running migrations: by hand, one text for both engines, all or nothing."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from register.database.base import Database
from register.database.errors import DatabaseError
from register.database.sql import Dialect

TABLE = "CREATE TABLE IF NOT EXISTS migration (id VARCHAR(100) PRIMARY KEY, applied_at TIMESTAMPTZ NOT NULL)"


@dataclass(frozen=True, slots=True)
class Migration:
    """One step of the schema; `id` is `package.number_name`, `statements` gives the SQL."""

    id: str
    statements: Callable[[Dialect], Sequence[str]]

    @property
    def package(self) -> str:
        """The package whose tables it makes."""
        return self.id.partition(".")[0]


async def apply_migrations(db: Database, migrations: Iterable[Migration]) -> list[str]:
    """Apply, in the order given, what was not applied yet; return the ids applied now.

    Everything happens in one write transaction, so a failure leaves the schema as it was, and of
    two processes one does the work while the other waits and finds it done. Raises
    `DatabaseError` when the database has a migration of one of these packages that the code does
    not know: it was made by a newer version.
    """
    known = list(migrations)
    async with db.transaction():
        await db.execute(TABLE)
        applied = {row[0] for row in await db.fetch_rows("SELECT id FROM migration")}
        _check_known(known, applied)
        pending = [migration for migration in known if migration.id not in applied]
        for migration in pending:
            for statement in migration.statements(db.dialect):
                await db.run_compiled("count", statement, ())
            await db.execute("INSERT INTO migration (id, applied_at) VALUES ({}, {})", migration.id, datetime.now(UTC))
    return [migration.id for migration in pending]


async def applied_migrations(db: Database) -> list[str]:
    """The ids of the migrations applied so far; raises `DatabaseError` when there never was one."""
    return [row[0] for row in await db.fetch_rows("SELECT id FROM migration ORDER BY id")]


def _check_known(known: list[Migration], applied: set[str]) -> None:
    ids = {migration.id for migration in known}
    if len(ids) != len(known):
        raise DatabaseError("two migrations bear the same id")
    packages = {migration.package for migration in known}
    newer = sorted(one for one in applied if one.partition(".")[0] in packages and one not in ids)
    if newer:
        raise DatabaseError(f"the database was made by a newer version: {', '.join(newer)}")
