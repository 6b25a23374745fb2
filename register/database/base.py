"""The database as the rest of the house sees it, whichever engine is behind it."""

import asyncio
import hashlib
import re
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from contextvars import Context, ContextVar
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

from register.database.errors import DatabaseError, TransactionError
from register.database.settle import settle
from register.database.sql import Dialect, check_values, compiled
from register.database.watch import HeadWatch

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

    from piccolo.table import Table

Shape = Literal["dicts", "rows", "count"]

READING = ("SELECT", "PRAGMA", "EXPLAI")
"""How a statement begins that needs no write lock; any other one alone is a transaction by itself."""

LOCK_WAIT = 30.0
"""Seconds that a write transaction waits for the one before it, on either engine."""


class Transaction(ABC):
    """One open write transaction: what the engine keeps of it, and its guard."""

    def __init__(self) -> None:
        self.over = False
        self.failed = False
        self._busy = False

    @contextmanager
    def statement(self) -> "Iterator[None]":
        """Guard one statement, so that both engines refuse the same misuse."""
        if self.over:
            raise TransactionError("this task was started inside a transaction that is over; start it outside")
        if self._busy:
            raise TransactionError("a transaction runs one statement at a time: no gather inside")
        if self.failed:
            raise TransactionError("an earlier statement failed: the transaction can only be rolled back")
        self._busy = True
        try:
            yield
        except BaseException:
            self.failed = True
            raise
        finally:
            self._busy = False

    @abstractmethod
    async def finish(self, *, commit: bool) -> None:
        """Commit or roll back, and give the connection back whatever happens."""


class Leadership:
    """Whether this process leads; true as long as the lock is held."""

    def __init__(self, held: bool) -> None:
        self._held = held

    def __bool__(self) -> bool:
        return self._held

    def lose(self) -> None:
        """Note that the lock is gone."""
        self._held = False


class Database(ABC):
    """An SQLite file or a PostgreSQL database behind one face; made by `open_database`.

    SQL is written once for both engines with `{}` for each value. Times are UTC and aware, both
    ways. Every driver error comes out as one of `register.database.errors`. Cancelling a task at
    any moment loses no connection and leaves no transaction half-done.
    """

    dialect: ClassVar[Dialect]

    def __init__(self) -> None:
        self.current: ContextVar[Transaction | None] = ContextVar("transaction", default=None)
        self._watch = HeadWatch()
        self._watcher: asyncio.Task[None] | None = None

    # Opening and closing

    @abstractmethod
    async def start(self) -> None:
        """Open the connections; raises `DatabaseUnavailable` when that fails."""

    @abstractmethod
    async def _stop(self) -> None:
        """Close the connections."""

    async def close(self) -> None:
        """Let running statements end, then close everything. Closing twice does no harm."""
        watcher, self._watcher = self._watcher, None
        if watcher is not None:
            watcher.cancel()
            await settle(asyncio.wait((watcher,)))
            self._watch = HeadWatch()
        await settle(self._stop())

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: "TracebackType | None",
    ) -> None:
        await self.close()

    # Transactions

    @property
    def in_transaction(self) -> bool:
        """Whether the caller is inside `transaction()`."""
        transaction = self.current.get()
        return transaction is not None and not transaction.over

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[None]:
        """One write transaction; all processes together run one at a time.

        Whatever is read inside stays true until the commit, so a check and the write that rests
        on it belong into one block. It is committed, durably, when the block ends, and rolled
        back when the block raises or is cancelled. After a failed statement it can only be rolled
        back, also when the error was caught inside.

        Raises `TransactionError` when used inside another one, `DatabaseUnavailable` when the
        write lock could not be had in `LOCK_WAIT` seconds, `Conflict` when a deferred constraint
        refuses the commit.
        """
        if self.current.get() is not None:
            raise TransactionError("a transaction is already open here: transactions do not nest")
        transaction = await self._begin()
        self.current.set(transaction)
        try:
            yield
        except BaseException:
            await self._end(transaction, commit=False)
            raise
        await self._end(transaction, commit=not transaction.failed)
        if transaction.failed:
            raise TransactionError("a statement of the transaction failed: it was rolled back")
        self._committed()

    async def _end(self, transaction: Transaction, *, commit: bool) -> None:
        transaction.over = True
        self.current.set(None)
        await settle(transaction.finish(commit=commit))

    @abstractmethod
    async def _begin(self) -> Transaction:
        """Take the write lock and open a transaction."""

    def _committed(self) -> None:
        """What an engine does after a commit of this process; most do nothing."""
        return

    # Statements

    async def fetch(self, sql: str, *values: Any) -> list[dict[str, Any]]:
        """The rows of a statement as dicts, inside the open transaction or on its own."""
        return await self._run("dicts", sql, values)  # type: ignore[no-any-return]

    async def fetch_rows(self, sql: str, *values: Any) -> list[Sequence[Any]]:
        """The rows of a statement by position; the fast way to read many."""
        return await self._run("rows", sql, values)  # type: ignore[no-any-return]

    async def execute(self, sql: str, *values: Any) -> int:
        """Run a statement and return the number of rows that it touched."""
        return await self._run("count", sql, values)  # type: ignore[no-any-return]

    async def execute_many(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        """Run one statement for many rows; only inside `transaction()`."""
        transaction = self.current.get()
        if transaction is None:
            raise TransactionError("execute_many is for use inside a transaction")
        batch = [tuple(row) for row in rows]
        for row in batch:
            check_values(row)
        if batch:
            text = compiled(sql, self.dialect, batch[0])
            with transaction.statement():
                await self._run_many(transaction, text, batch)

    async def _run(self, shape: Shape, sql: str, values: Sequence[Any]) -> Any:
        return await self.run_compiled(shape, compiled(sql, self.dialect, values), values)

    async def run_compiled(self, shape: Shape, text: str, values: Sequence[Any]) -> Any:
        """Run SQL that already bears the engine's own placeholders; for the query builder."""
        check_values(values)
        transaction = self.current.get()
        if transaction is None:
            if text.lstrip()[:6].upper() in READING:
                return await self._run_alone(shape, text, values)
            async with self.transaction():
                return await self.run_compiled(shape, text, values)
        with transaction.statement():
            return await self._run_inside(transaction, shape, text, values)

    @abstractmethod
    async def _run_alone(self, shape: Shape, text: str, values: Sequence[Any]) -> Any:
        """Run a statement that only reads."""

    @abstractmethod
    async def _run_inside(self, transaction: Any, shape: Shape, text: str, values: Sequence[Any]) -> Any: ...

    @abstractmethod
    async def _run_many(self, transaction: Any, text: str, rows: list[tuple[Any, ...]]) -> None: ...

    # Between processes

    @abstractmethod
    def leader(self, name: str) -> AbstractAsyncContextManager[Leadership]:
        """Try to lead `name` (such as "scheduler"); never waits.

        The value is true while this process leads and false when another one does. The lock goes
        when the block ends or the process dies, even by `kill -9`. Leading is a convenience: what
        must happen once is made unique in the database.
        """

    async def wait_for_change(self, after_seq: int, timeout: float) -> None:
        """Return when the journal may have moved beyond `after_seq`, or after `timeout` seconds.

        It wakes also for entries of other processes: by LISTEN on PostgreSQL, on SQLite by a look
        every tenth of a second while someone waits. The caller reads the journal afterwards in
        either case. A lost connection is made again in the background and never raised here.
        """
        if self._watcher is None or self._watcher.done():
            # An own context, so that the watcher never inherits the caller's transaction.
            self._watcher = asyncio.create_task(self._follow(self._watch), context=Context())
        await self._watch.wait(after_seq, timeout)

    @abstractmethod
    async def _follow(self, watch: HeadWatch) -> None:
        """Tell `watch` the head of the journal whenever it moves, until cancelled."""

    # The query builder

    def bind(self, *tables: "type[Table]") -> None:
        """Let Piccolo's queries on `tables` run here, inside `transaction()` too."""
        from register.database.builder import BuilderEngine

        engine = BuilderEngine(self)
        for table in tables:
            table._meta.db = engine


def lock_number(name: str) -> int:
    """A signed 64-bit number for a lock's name, the same in every process."""
    return int.from_bytes(hashlib.sha256(f"register.{name}".encode()).digest()[:8], "big", signed=True)


def check_lock_name(name: str) -> None:
    """Refuse a name that could not be part of a file's name."""
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,39}", name):
        raise DatabaseError(f"a lock is named by small letters, digits and underscores: {name!r}")
