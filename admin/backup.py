"""Backup and restore: every table in one file that either engine can take back.

The file is gzip over JSON lines: a line that says what it is, then for every table a line with its name and columns and
a line a row, then a line with the count. So a backup made on SQLite restores on PostgreSQL: that is how a service
moves. Numbers, times and bytes of the journal come back as they were, and with them every identifier in feeds and
links.

The signing key lies outside the database and is not in the file: keep a copy of it apart.
"""

from __future__ import annotations

import base64
import gzip
import json
import os
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

from register.database import Database, applied_migrations

FORMAT: Final = "eaeu-measures-register backup 1"
SKIPPED: Final = ("journal_head", "migration")
"""The head follows from the entries, and the schema is made by the software that restores."""
BATCH: Final = 500


class BackupError(ValueError):
    """A file that is no whole backup, or a database that cannot take it; nothing was changed."""


async def backup(database: Database, path: Path) -> int:
    """Write every table to ``path``, readable by its owner only; return the number of rows.

    One state of the database: no write comes between. The file is put in its place when it is whole. Raises
    ``OSError``, ``DatabaseError``.
    """
    rows = 0
    partial = path.with_name(f".{path.name}.partial")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as raw, gzip.GzipFile(fileobj=raw, mode="wb", mtime=0) as out:
            async with database.transaction():
                migrations = sorted(await applied_migrations(database))
                _write(out, {"format": FORMAT, "made_at": datetime.now(UTC).isoformat(), "migrations": migrations})
                for table, columns in await _tables(database):
                    _write(out, {"table": table, "columns": columns})
                    names = ", ".join(columns)
                    for row in await database.fetch_rows(f"SELECT {names} FROM {table} ORDER BY 1, 2"):  # noqa: S608
                        _write(out, [_plain(value) for value in row])
                        rows += 1
            _write(out, {"rows": rows})
            out.flush()
            raw.flush()
            os.fsync(raw.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    return rows


async def restore(database: Database, path: Path) -> int:
    """Put a backup into a migrated database whose journal is empty; return the number of rows.

    All or nothing. Raises ``BackupError`` for a file that is not whole or a database that is not empty,
    ``DatabaseError``.
    """
    rows = 0
    async with database.transaction():
        known = dict(await _tables(database))
        if await database.fetch_rows("SELECT 1 FROM entry LIMIT 1"):
            raise BackupError("the journal of this database is not empty / журнал этой базы данных не пуст")
        lines = _read(path)
        head = next(lines, None)
        if not isinstance(head, dict) or head.get("format") != FORMAT:
            raise BackupError(f"{path} is not a backup of the Register / не резервная копия Реестра")
        missing = set(head["migrations"]) - set(await applied_migrations(database))
        if missing:
            raise BackupError(f"the backup is of a newer version: {', '.join(sorted(missing))}")
        table, whole = "", False
        columns: list[str] = []
        for line in lines:
            if isinstance(line, list):
                await _put(database, table, columns, [_value(item) for item in line])
                rows += 1
            elif "table" in line:
                table, columns = line["table"], line["columns"]
                if table in known and await database.fetch_rows(f"SELECT 1 FROM {table} LIMIT 1"):  # noqa: S608
                    # A row that a migration set: the backup has its own.
                    await database.execute(f"DELETE FROM {table}")  # noqa: S608
                if table not in known or not set(columns) <= set(known[table]):
                    raise BackupError(f"this version has no table {table} with the columns {', '.join(columns)}")
            else:
                whole = line.get("rows") == rows
        if not whole:
            raise BackupError(f"{path} was cut off / файл обрывается")
        await _number_on(database, known)
    return rows


async def _tables(database: Database) -> list[tuple[str, list[str]]]:
    """Every table with its columns, a table that refers to another after it."""
    if database.dialect == "sqlite":
        found = await database.fetch_rows("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY rowid")
        names = [str(row[0]) for row in found if not str(row[0]).startswith("sqlite_")]
        columns = {name: await database.fetch_rows(f"SELECT name FROM pragma_table_info('{name}')") for name in names}  # noqa: S608
        return [(name, [str(row[0]) for row in columns[name]]) for name in names if name not in SKIPPED]
    found = await database.fetch_rows(
        "SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid"
        " JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'r' AND n.nspname = current_schema()"
        " AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' ORDER BY c.oid, a.attnum"
    )
    tables: dict[str, list[str]] = {}
    for name, column in found:
        tables.setdefault(str(name), []).append(str(column))
    return [(name, columns) for name, columns in tables.items() if name not in SKIPPED]


async def _put(database: Database, table: str, columns: list[str], values: list[Any]) -> None:
    if table == "entry":
        row: Mapping[str, Any] = dict(zip(columns, values, strict=True))
        head = "UPDATE journal_head SET seq = {}, recorded_at = {} WHERE id = 1"
        await database.execute(head, row["seq"], row["recorded_at"])
    marks = ", ".join(["{}"] * len(columns))
    await database.execute(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", *values)  # noqa: S608


async def _number_on(database: Database, tables: Mapping[str, list[str]]) -> None:
    """Let PostgreSQL give numbers after those restored; SQLite does so by itself."""
    if database.dialect != "postgres":
        return
    for table, columns in tables.items():
        sequence = f"SELECT pg_get_serial_sequence('{table}', 'id')"
        if "id" in columns and (await database.fetch_rows(sequence))[0][0] is not None:
            await database.fetch_rows(
                f"SELECT setval(pg_get_serial_sequence('{table}', 'id')::regclass, max(id)::bigint) FROM {table}"  # noqa: S608
                " HAVING max(id) IS NOT NULL"
            )


def _write(out: gzip.GzipFile, line: Any) -> None:
    out.write(json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode() + b"\n")


def _read(path: Path) -> Iterator[Any]:
    try:
        with gzip.open(path, "rb") as lines:
            for line in lines:
                yield json.loads(line)
    except (EOFError, gzip.BadGzipFile, json.JSONDecodeError, UnicodeDecodeError) as error:
        raise BackupError(f"{path} is damaged or cut off / файл повреждён: {error}") from error


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return {"bytes": base64.b64encode(value).decode()}
    if isinstance(value, datetime):
        return {"time": value.isoformat()}
    if isinstance(value, date):
        return {"date": value.isoformat()}
    return value


def _value(item: Any) -> Any:
    if not isinstance(item, dict):
        return item
    if "bytes" in item:
        return base64.b64decode(item["bytes"])
    return datetime.fromisoformat(item["time"]) if "time" in item else date.fromisoformat(item["date"])
