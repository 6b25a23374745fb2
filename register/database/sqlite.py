"""SQLite: one writer and a few readers, each kept open on a thread of its own."""

import asyncio
import fcntl
import logging
import os
import random
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from register.database import builder as _builder  # noqa: F401  registers the SQLite converters
from register.database.base import LOCK_WAIT, Database, Leadership, Shape, Transaction, check_lock_name
from register.database.errors import (
    AppendOnly,
    Conflict,
    ConstraintKind,
    DatabaseError,
    DatabaseUnavailable,
)
from register.database.settle import settle
from register.database.sql import Dialect
from register.database.watch import HeadWatch

logger = logging.getLogger(__name__)

READERS = 4
POLL_SECONDS = 0.1

# FULL: what is acknowledged survives a power cut. A short busy_timeout keeps cancellation quick:
# the long wait for the write lock is a loop of ours. recursive_triggers: REPLACE meets the
# triggers that guard the journal. case_sensitive_like: as PostgreSQL does.
PRAGMAS = (
    "busy_timeout=100",
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    "recursive_triggers=ON",
    "case_sensitive_like=ON",
)
READER_PRAGMAS = ("busy_timeout=5000", "query_only=ON")

CONSTRAINTS: dict[str, ConstraintKind] = {
    "SQLITE_CONSTRAINT_UNIQUE": "unique",
    "SQLITE_CONSTRAINT_PRIMARYKEY": "unique",
    "SQLITE_CONSTRAINT_ROWID": "unique",
    "SQLITE_CONSTRAINT_FOREIGNKEY": "foreign_key",
    "SQLITE_CONSTRAINT_CHECK": "check",
    "SQLITE_CONSTRAINT_NOTNULL": "not_null",
}
BUSY = ("SQLITE_BUSY", "SQLITE_LOCKED")
UNAVAILABLE = (*BUSY, "SQLITE_CANTOPEN", "SQLITE_IOERR", "SQLITE_FULL", "SQLITE_PROTOCOL", "SQLITE_NOMEM")

Result = TypeVar("Result")


def _is_busy(error: BaseException) -> bool:
    name = getattr(error, "sqlite_errorname", None)
    return isinstance(error, sqlite3.OperationalError) and name is not None and name.startswith(BUSY)


def translated(error: Exception) -> DatabaseError:
    """Our error for one of the driver's."""
    name = getattr(error, "sqlite_errorname", "")
    if name == "SQLITE_CONSTRAINT_TRIGGER":
        return AppendOnly(str(error))
    if isinstance(error, sqlite3.IntegrityError):
        return Conflict(str(error), CONSTRAINTS.get(name, "other"))
    if name.startswith(UNAVAILABLE):
        return DatabaseUnavailable(f"{error} ({name})")
    return DatabaseError(f"{error} ({name or type(error).__name__})")


@contextmanager
def _mapped() -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, sqlite3.Warning, OverflowError, UnicodeError) as error:
        raise translated(error) from error


class Connection:
    """One connection and its thread. A statement is one hop to the thread, and is never abandoned."""

    def __init__(self, path: Path, pragmas: Sequence[str]) -> None:
        self._path = path
        self._pragmas = pragmas
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="sqlite")
        self._raw: sqlite3.Connection | None = None

    async def _call(self, work: Callable[[sqlite3.Connection], Result]) -> Result:
        raw = self._raw
        if raw is None:
            raise DatabaseUnavailable("the database is closed")
        with _mapped():
            return await settle(asyncio.get_running_loop().run_in_executor(self._thread, work, raw))

    async def open(self) -> None:
        """Connect and set the pragmas; two processes may do so at the same moment."""
        deadline = asyncio.get_running_loop().time() + LOCK_WAIT
        with _mapped():
            while True:
                try:
                    await settle(asyncio.get_running_loop().run_in_executor(self._thread, self._connect))
                    return
                except sqlite3.OperationalError as error:
                    # The switch to WAL does not wait for the lock by itself.
                    if not _is_busy(error) or asyncio.get_running_loop().time() > deadline:
                        raise
                await asyncio.sleep(random.uniform(0.005, 0.05))

    def _connect(self) -> None:
        raw = sqlite3.connect(
            self._path,
            isolation_level=None,
            check_same_thread=False,
            detect_types=sqlite3.PARSE_DECLTYPES | sqlite3.PARSE_COLNAMES,
        )
        try:
            for pragma in self._pragmas:
                raw.execute(f"PRAGMA {pragma}")
        except BaseException:
            raw.close()
            raise
        self._raw = raw

    async def run(self, shape: Shape, text: str, values: Sequence[Any] = ()) -> Any:
        """Run one statement."""

        def work(raw: sqlite3.Connection) -> Any:
            cursor = raw.execute(text, values)
            rows = cursor.fetchall()
            if shape == "rows":
                return rows
            if shape == "count":
                return cursor.rowcount
            names = [column[0] for column in cursor.description or ()]
            return [dict(zip(names, row, strict=True)) for row in rows]

        return await self._call(work)

    async def run_many(self, text: str, rows: list[tuple[Any, ...]]) -> None:
        """Run one statement for many rows."""

        def work(raw: sqlite3.Connection) -> None:
            raw.executemany(text, rows).close()

        await self._call(work)

    async def roll_back(self) -> None:
        """Leave the transaction, when there is one."""

        def work(raw: sqlite3.Connection) -> None:
            if raw.in_transaction:
                raw.execute("ROLLBACK")

        await self._call(work)

    async def close(self) -> None:
        """Close the connection and end the thread."""
        if self._raw is not None:
            await self._call(lambda raw: raw.close())
            self._raw = None
        self._thread.shutdown(wait=False)


class SqliteTransaction(Transaction):
    """BEGIN IMMEDIATE on the one writer, behind the lock of this process."""

    def __init__(self, writer: Connection, lock: asyncio.Lock) -> None:
        super().__init__()
        self.writer = writer
        self._lock = lock

    async def finish(self, *, commit: bool) -> None:
        """See `Transaction.finish`."""
        try:
            if commit:
                await self.writer.run("count", "COMMIT")
        finally:
            # Also after a COMMIT that a deferred constraint refused: it leaves the transaction open.
            try:
                await self.writer.roll_back()
            finally:
                self._lock.release()


class SqliteDatabase(Database):
    """See `Database`. POSIX only, for the lock of `leader`."""

    dialect: ClassVar[Dialect] = "sqlite"

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        self._writer: Connection | None = None
        self._readers: list[Connection] = []
        self._free: asyncio.LifoQueue[Connection] = asyncio.LifoQueue()
        self._lock = asyncio.Lock()
        self._kick = asyncio.Event()

    async def start(self) -> None:
        """See `Database.start`. Makes the file when it is missing; its directory must exist."""
        if self._writer is not None:
            raise DatabaseError("the database is already open")
        if not self.path.parent.is_dir():
            raise DatabaseUnavailable(f"no such directory for the database: {self.path.parent}")
        opened: list[Connection] = []
        try:
            for index in range(1 + READERS):
                connection = Connection(self.path, PRAGMAS + (READER_PRAGMAS if index else ()))
                opened.append(connection)
                await connection.open()
        except BaseException:
            for connection in opened:
                await settle(connection.close())
            raise
        self._writer, *self._readers = opened
        for reader in self._readers:
            self._free.put_nowait(reader)

    async def _stop(self) -> None:
        if self._writer is None:
            return
        async with self._lock:
            writer, self._writer = self._writer, None
            for _ in self._readers:
                await self._free.get()
            for connection in (*self._readers, writer):
                await connection.close()
            self._readers = []

    async def _begin(self) -> SqliteTransaction:
        try:
            async with asyncio.timeout(LOCK_WAIT):
                await self._lock.acquire()
        except TimeoutError as error:
            raise DatabaseUnavailable(f"no write lock in {LOCK_WAIT:.0f} seconds") from error
        try:
            if self._writer is None:
                raise DatabaseUnavailable("the database is closed")
            await self._begin_on(self._writer)
        except BaseException:
            try:
                if self._writer is not None:
                    await settle(self._writer.roll_back())
            finally:
                self._lock.release()
            raise
        return SqliteTransaction(self._writer, self._lock)

    async def _begin_on(self, writer: Connection) -> None:
        deadline = asyncio.get_running_loop().time() + LOCK_WAIT
        while True:
            try:
                await writer.run("count", "BEGIN IMMEDIATE")
                return
            except DatabaseUnavailable as error:
                busy = error.__cause__ is not None and _is_busy(error.__cause__)
                if not busy or asyncio.get_running_loop().time() > deadline:
                    raise
            # Another process writes. Random, so that none is always the last to try.
            await asyncio.sleep(random.uniform(0.001, 0.01))

    def _committed(self) -> None:
        self._kick.set()

    async def _run_alone(self, shape: Shape, text: str, values: Sequence[Any]) -> Any:
        if self._writer is None:
            raise DatabaseUnavailable("the database is closed")
        reader = await self._free.get()
        try:
            return await reader.run(shape, text, values)
        finally:
            self._free.put_nowait(reader)

    async def _run_inside(self, transaction: SqliteTransaction, shape: Shape, text: str, values: Sequence[Any]) -> Any:
        return await transaction.writer.run(shape, text, values)

    async def _run_many(self, transaction: SqliteTransaction, text: str, rows: list[tuple[Any, ...]]) -> None:
        await transaction.writer.run_many(text, rows)

    @asynccontextmanager
    async def leader(self, name: str) -> AsyncIterator[Leadership]:
        """See `Database.leader`: a lock of the kernel on a file beside the database.

        The file stays: removing it would let two processes lock two files of one name.
        """
        check_lock_name(name)
        try:
            file = os.open(f"{self.path}.{name}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise DatabaseUnavailable(f"no lock file beside the database: {error}") from error
        try:
            leadership = Leadership(_try_flock(file))
            try:
                yield leadership
            finally:
                leadership.lose()
        finally:
            os.close(file)

    async def _follow(self, watch: HeadWatch) -> None:
        while True:
            await watch.wanted.wait()
            self._kick.clear()
            try:
                # One row by key is as cheap as PRAGMA data_version, and says the head at once.
                rows = await self.fetch_rows("SELECT seq FROM journal_head WHERE id = 1")
                watch.observe(rows[0][0] if rows else 0)
            except DatabaseError as error:
                logger.warning("cannot follow the journal: %s", error)
                await asyncio.sleep(1)
            try:
                async with asyncio.timeout(POLL_SECONDS):
                    await self._kick.wait()
            except TimeoutError:
                continue


def _try_flock(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
