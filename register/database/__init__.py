"""Both engines behind one face; see `Database`. Knows nothing of the domain and the web."""

from pathlib import Path

from register.database.base import LOCK_WAIT, Database, Leadership
from register.database.errors import (
    AppendOnly,
    Conflict,
    DatabaseError,
    DatabaseUnavailable,
    TransactionError,
)
from register.database.migrate import Migration, applied_migrations, apply_migrations
from register.database.postgres import PostgresDatabase
from register.database.sql import Dialect
from register.database.sqlite import SqliteDatabase

__all__ = [
    "LOCK_WAIT",
    "AppendOnly",
    "Conflict",
    "Database",
    "DatabaseError",
    "DatabaseUnavailable",
    "Dialect",
    "Leadership",
    "Migration",
    "TransactionError",
    "applied_migrations",
    "apply_migrations",
    "open_database",
]


def open_database(url: str) -> Database:
    """The database that `url` names; nothing is opened until `start()`.

    `postgresql://…` is PostgreSQL; `sqlite:///absolute/path` or a plain path is an SQLite file.
    Raises `DatabaseError` for anything else.
    """
    if url.startswith(("postgresql://", "postgres://")):
        return PostgresDatabase(url)
    path = url
    if "://" in url:
        scheme, _, path = url.partition("://")
        if scheme != "sqlite" or not path.startswith("/"):
            raise DatabaseError(f"not an address of a database (sqlite:///path or postgresql://…): {scheme}://")
    if not path.strip("/") or ":memory:" in path:
        raise DatabaseError("the database needs a file: one in memory cannot be shared or kept")
    return SqliteDatabase(Path(f"/{path.lstrip('/')}" if path.startswith("/") else path).absolute())
