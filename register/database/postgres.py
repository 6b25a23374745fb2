"""PostgreSQL: a pool for statements, and connections of their own for leading and listening."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any, ClassVar

import asyncpg  # type: ignore[import-untyped]

from register.database.base import (
    LOCK_WAIT,
    Database,
    Leadership,
    Shape,
    Transaction,
    check_lock_name,
    lock_number,
)
from register.database.errors import (
    AppendOnly,
    Conflict,
    ConstraintKind,
    DatabaseError,
    DatabaseUnavailable,
    TransactionError,
)
from register.database.settle import settle
from register.database.sql import Dialect
from register.database.watch import HeadWatch

logger = logging.getLogger(__name__)

POOL_SIZE = 10
CONNECT_SECONDS = 10.0
COMMAND_SECONDS = 60.0
CLOSE_SECONDS = 10.0
HEARTBEAT_SECONDS = 30.0

# A process that froze inside a transaction must not hold the write lock of all others for ever.
SETTINGS = {
    "application_name": "register",
    "timezone": "UTC",
    "synchronous_commit": "on",
    "default_transaction_isolation": "read committed",
    "lock_timeout": f"{LOCK_WAIT:.0f}s",
    "idle_in_transaction_session_timeout": "60s",
}

# The number makes all write transactions of all processes run one after the other, as on SQLite.
BEGIN = f"BEGIN; SELECT pg_advisory_xact_lock({lock_number('write')})"

APPEND_ONLY_STATE = "RG001"
CONSTRAINTS: dict[str, ConstraintKind] = {
    "23505": "unique",
    "23503": "foreign_key",
    "23514": "check",
    "22001": "check",
    "23502": "not_null",
}
# Connection, shutdown, resources, locks, deadlock, serialisation, cancelled; database, role and
# password, which an operator sets right.
UNAVAILABLE = ("08", "57P", "57014", "53", "55P03", "40P01", "40001", "3D000", "28", "25P03")


def translated(error: Exception) -> DatabaseError:
    """Our error for one of the driver's."""
    if isinstance(error, asyncpg.PostgresError):
        state = str(getattr(error, "sqlstate", None) or "")
        if state == APPEND_ONLY_STATE:
            return AppendOnly(str(error))
        if state in CONSTRAINTS or state.startswith("23"):
            return Conflict(str(error), CONSTRAINTS.get(state, "other"))
        if state.startswith(UNAVAILABLE):
            return DatabaseUnavailable(f"{error} ({state})")
        return DatabaseError(f"{error} ({state})")
    if isinstance(error, (OSError, TimeoutError, asyncpg.InternalClientError)):
        return DatabaseUnavailable(str(error) or type(error).__name__)
    if isinstance(error, asyncpg.InterfaceError) and not isinstance(error, ValueError):
        return DatabaseUnavailable(str(error))
    return DatabaseError(str(error))


@contextmanager
def _mapped() -> Iterator[None]:
    try:
        yield
    except (
        asyncpg.PostgresError,
        asyncpg.InterfaceError,
        asyncpg.InternalClientError,
        OSError,
        TimeoutError,
        OverflowError,
        UnicodeError,
    ) as error:
        raise translated(error) from error


async def _keep_session(_connection: Any) -> None:
    """Nothing to reset between two users of a connection: nobody changes session settings."""


async def _run(connection: Any, shape: Shape, text: str, values: Sequence[Any]) -> Any:
    with _mapped():
        if shape == "count":
            status: str = await connection.execute(text, *values)
            last = status.rpartition(" ")[2]
            return int(last) if last.isdigit() else -1
        records = await connection.fetch(text, *values)
        return [dict(record) for record in records] if shape == "dicts" else records


class PostgresTransaction(Transaction):
    """A connection of the pool in a transaction that holds the write lock."""

    def __init__(self, pool: Any, connection: Any) -> None:
        super().__init__()
        self.connection = connection
        self._pool = pool

    async def finish(self, *, commit: bool) -> None:
        """See `Transaction.finish`."""
        try:
            if commit:
                await self._commit()
        finally:
            if not commit or self.connection.is_in_transaction():
                await _roll_back(self.connection)
            await _give_back(self._pool, self.connection)

    async def _commit(self) -> None:
        with _mapped():
            status: str = await self.connection.execute("COMMIT")
        if status != "COMMIT":
            raise TransactionError(f"the server ended the transaction by {status}")


async def _roll_back(connection: Any) -> None:
    """Leave the transaction; a connection that cannot even do that is thrown away."""
    try:
        await connection.execute("ROLLBACK", timeout=CLOSE_SECONDS)
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError) as error:
        logger.warning("a connection was lost while rolling back: %r", error)
        connection.terminate()


async def _give_back(pool: Any, connection: Any) -> None:
    """Return a connection; the pool waits for a cancelled statement to end."""
    try:
        await pool.release(connection, timeout=CLOSE_SECONDS)
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError) as error:
        # The pool has closed it by then, and will open another one when needed.
        logger.warning("a connection was lost on its way back to the pool: %r", error)


class PostgresDatabase(Database):
    """See `Database`. Needs sessions of its own: no transaction-mode connection pooler between."""

    dialect: ClassVar[Dialect] = "postgres"

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url
        self._pool: Any = None

    async def start(self) -> None:
        """See `Database.start`."""
        if self._pool is not None:
            raise DatabaseError("the database is already open")
        try:
            with _mapped():
                self._pool = await asyncpg.create_pool(
                    self._url,
                    min_size=1,
                    max_size=POOL_SIZE,
                    timeout=CONNECT_SECONDS,
                    command_timeout=COMMAND_SECONDS,
                    server_settings=SETTINGS,
                    reset=_keep_session,
                )
        except ValueError as error:
            raise DatabaseError(f"the address of the database is not valid: {error}") from error

    async def _stop(self) -> None:
        pool, self._pool = self._pool, None
        if pool is None:
            return
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                await pool.close()
        except (TimeoutError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            logger.warning("the pool did not close by itself: %r", error)
            pool.terminate()

    async def _acquire(self) -> Any:
        if self._pool is None:
            raise DatabaseUnavailable("the database is closed")
        with _mapped():
            async with asyncio.timeout(LOCK_WAIT):
                return await self._pool.acquire()

    async def _begin(self) -> PostgresTransaction:
        pool = self._pool
        connection = await self._acquire()
        try:
            with _mapped():
                await connection.execute(BEGIN)
        except BaseException:
            await settle(PostgresTransaction(pool, connection).finish(commit=False))
            raise
        return PostgresTransaction(pool, connection)

    async def _run_alone(self, shape: Shape, text: str, values: Sequence[Any]) -> Any:
        pool = self._pool
        connection = await self._acquire()
        try:
            return await _run(connection, shape, text, values)
        finally:
            await settle(_give_back(pool, connection))

    async def _run_inside(
        self, transaction: PostgresTransaction, shape: Shape, text: str, values: Sequence[Any]
    ) -> Any:
        return await _run(transaction.connection, shape, text, values)

    async def _run_many(self, transaction: PostgresTransaction, text: str, rows: list[tuple[Any, ...]]) -> None:
        with _mapped():
            await transaction.connection.executemany(text, rows)

    @asynccontextmanager
    async def _own_connection(self) -> AsyncIterator[Any]:
        """A connection outside the pool, so that holding it starves nobody."""
        with _mapped():
            connection = await asyncpg.connect(
                self._url,
                timeout=CONNECT_SECONDS,
                command_timeout=COMMAND_SECONDS,
                server_settings=SETTINGS,
            )
        try:
            yield connection
        finally:
            await settle(_close(connection))

    @asynccontextmanager
    async def leader(self, name: str) -> AsyncIterator[Leadership]:
        """See `Database.leader`: an advisory lock of a session kept for it."""
        check_lock_name(name)
        number = lock_number(f"leader.{name}")
        async with self._own_connection() as connection:
            with _mapped():
                leadership = Leadership(await connection.fetchval("SELECT pg_try_advisory_lock($1)", number))
            connection.add_termination_listener(lambda _connection: leadership.lose())
            try:
                yield leadership
            finally:
                if leadership:
                    leadership.lose()
                    await settle(_unlock(connection, number))

    async def _follow(self, watch: HeadWatch) -> None:
        while True:
            try:
                async with self._own_connection() as connection:
                    with _mapped():
                        await _listen(connection, watch)
            except DatabaseError as error:
                logger.warning("cannot follow the journal, trying again: %s", error)
            await asyncio.sleep(1)


async def _listen(connection: Any, watch: HeadWatch) -> None:
    """Until the connection is lost. The look at the head also finds out a link that died silently."""
    lost = asyncio.Event()
    connection.add_termination_listener(lambda _connection: lost.set())
    await connection.add_listener(
        "journal", lambda _connection, _process, _channel, payload: watch.observe(int(payload))
    )
    while not lost.is_set():
        watch.observe(await connection.fetchval("SELECT seq FROM journal_head WHERE id = 1") or 0)
        try:
            async with asyncio.timeout(HEARTBEAT_SECONDS):
                await lost.wait()
        except TimeoutError:
            continue


async def _unlock(connection: Any, number: int) -> None:
    # Closing the session frees the lock too, but a moment after the client went on.
    try:
        await connection.fetchval("SELECT pg_advisory_unlock($1)", number)
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError) as error:
        logger.warning("the lock goes with its connection: %r", error)


async def _close(connection: Any) -> None:
    try:
        await connection.close(timeout=CLOSE_SECONDS)
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError):
        connection.terminate()
