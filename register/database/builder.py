"""Piccolo's query builder on top of our `Database`.

Piccolo's own engines open a connection per query on SQLite, begin deferred transactions and lose
connections when a task is cancelled. Here Piccolo only writes the SQL; `Database` runs it.
"""

# ruff: noqa: ARG002  the signatures are Piccolo's

from typing import TYPE_CHECKING, Any, NoReturn

from piccolo.engine.base import BaseBatch, Engine
from piccolo.engine.sqlite import convert_int_out  # noqa: F401  registers the SQLite converters
from piccolo.querystring import QueryString

from register.database.errors import TransactionError

if TYPE_CHECKING:
    from register.database.base import Database


class BuilderEngine(Engine[Any]):
    """What Piccolo takes for its engine."""

    def __init__(self, database: "Database") -> None:
        self.database = database
        self.current_transaction = database.current
        super().__init__(engine_type=database.dialect, min_version_number=0)

    async def check_version(self) -> None:
        """Nothing to ask: the versions are fixed by the project."""

    async def prep_database(self) -> None:
        """Nothing to prepare: migrations do that."""

    async def get_version(self) -> float:
        """Piccolo's threshold for ON CONFLICT and RETURNING, which both engines know."""
        return self.get_version_sync()

    def get_version_sync(self) -> float:
        """See `get_version`."""
        return 99.0

    async def run_querystring(self, querystring: QueryString, in_pool: bool = True) -> Any:
        """Run what a Piccolo query has written."""
        text, values = querystring.compile_string(engine_type=self.engine_type)
        return await self.database.run_compiled("dicts", text, values)

    async def run_ddl(self, ddl: str, in_pool: bool = True) -> Any:
        """Run a statement without values."""
        return await self.database.run_compiled("dicts", ddl, ())

    def transaction(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refused: there is one kind of transaction in the house."""
        raise TransactionError("use Database.transaction() instead of Piccolo's transaction")

    def atomic(self) -> NoReturn:
        """Refused, see `transaction`."""
        raise TransactionError("use Database.transaction() instead of Piccolo's atomic")

    async def batch(self, query: Any, batch_size: int = 100, node: str | None = None) -> BaseBatch:
        """Refused: it would keep a connection of its own."""
        raise TransactionError("read in pages by key instead of Piccolo's batch")
