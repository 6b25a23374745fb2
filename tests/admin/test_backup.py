"""A backup holds everything, comes back on either engine, and is refused when it is not whole."""

import gzip
import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from admin.backup import BackupError, backup, restore
from register import journal
from register.database import Database, open_database
from register.entries import Entry, header
from register.journal import PreparedEntry

pytestmark = pytest.mark.anyio


def prepared(seq: int, at: datetime) -> PreparedEntry:
    summary = {"ru": f"Консультация {seq} начата", "en": f"Consultation {seq} begun"}
    subject = f"C-2026-{seq:03d}"
    entry = Entry(seq, at, "consultation.initiated", subject, "technical", summary, None, {"id": subject}, [], "P24")
    body = entry.body()
    return PreparedEntry(entry.type, subject, entry.reason, header(seq, at, entry.type, subject, body), body)


async def filled(database: Database) -> None:
    for _ in range(5):
        async with database.transaction():
            await journal.append(database, prepared)
    async with database.transaction():
        await database.execute(
            "INSERT INTO announcement (type, subject, on_date, line, seq) VALUES ({}, {}, {}, {}, {})",
            "measure.effective", "C-2026-001", date(2026, 9, 1), 0, 2,
        )  # fmt: skip
        await database.execute(
            "INSERT INTO draft (id, state, kind, content, doubts, source, version, created_at, updated_at)"
            " VALUES ({}, {}, {}, {}, {}, {}, {}, {}, {})",
            7, "draft", "include", '{"title": "Лом"}', "[]", "table.csv:3", 1,
            datetime(2026, 9, 1, 9, 0, tzinfo=UTC), datetime(2026, 9, 1, 9, 0, tzinfo=UTC),
        )  # fmt: skip


async def entries(database: Database) -> list[journal.StoredEntry]:
    return [entry async for entry in journal.stream_all(database)]


@pytest.fixture
def target_url(request: pytest.FixtureRequest, tmp_path: Path, sqlite_template: Path) -> str:
    """A second empty database: SQLite, to which both engines' backups must move."""
    path = tmp_path / "target.db"
    path.write_bytes(sqlite_template.read_bytes())
    return f"sqlite://{path}"


async def test_everything_comes_back_on_another_database(database: Database, target_url: str, tmp_path: Path) -> None:
    await filled(database)
    rows = await backup(database, tmp_path / "register.backup")
    async with open_database(target_url) as target:
        assert await restore(target, tmp_path / "register.backup") == rows
        assert await entries(target) == await entries(database)
        for table in ("announcement", "draft"):
            query = f"SELECT * FROM {table}"
            assert await target.fetch(query) == await database.fetch(query)
        async with target.transaction():
            assert (await journal.append(target, prepared)).seq == 6


async def test_a_backup_of_sqlite_moves_to_this_engine(database: Database, target_url: str, tmp_path: Path) -> None:
    async with open_database(target_url) as source:
        await filled(source)
        await backup(source, tmp_path / "register.backup")
        kept = await entries(source)
    await restore(database, tmp_path / "register.backup")
    assert await entries(database) == kept
    async with database.transaction():
        await database.execute(
            "INSERT INTO draft (state, kind, content, doubts, source, created_at, updated_at)"
            " VALUES ('draft', 'include', '{{}}', '[]', 'x', {}, {})",
            datetime(2026, 9, 2, tzinfo=UTC), datetime(2026, 9, 2, tzinfo=UTC),
        )  # fmt: skip
    assert [row["id"] for row in await database.fetch("SELECT id FROM draft ORDER BY id")] == [7, 8]


async def test_the_file_is_readable_by_its_owner_only(database: Database, tmp_path: Path) -> None:
    await backup(database, tmp_path / "register.backup")
    assert (tmp_path / "register.backup").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir() if path.name.endswith(".partial")] == []


async def test_a_journal_with_entries_takes_no_backup(database: Database, tmp_path: Path) -> None:
    await filled(database)
    await backup(database, tmp_path / "register.backup")
    before = await entries(database)
    with pytest.raises(BackupError, match="not empty"):
        await restore(database, tmp_path / "register.backup")
    assert await entries(database) == before


@pytest.mark.parametrize("damage", ["cut", "missing rows", "other file", "no gzip"])
async def test_a_damaged_file_changes_nothing(database: Database, target_url: str, tmp_path: Path, damage: str) -> None:
    path = tmp_path / "register.backup"
    async with open_database(target_url) as source:
        await filled(source)
        await backup(source, path)
    whole = path.read_bytes()
    lines = gzip.decompress(whole).splitlines(keepends=True)
    drafts = max(place for place, line in enumerate(lines) if line.startswith(b'[7,"draft"'))
    path.write_bytes(
        {
            "cut": whole[: len(whole) // 2],
            "missing rows": gzip.compress(b"".join(lines[:drafts] + lines[drafts + 1 :])),
            "other file": gzip.compress(json.dumps({"format": "something else"}).encode()),
            "no gzip": b"PK\x03\x04 not gzip",
        }[damage]
    )
    with pytest.raises(BackupError):
        await restore(database, path)
    assert await journal.head(database) == 0
    assert await database.fetch("SELECT * FROM draft") == []
