"""One face on two engines: what holds on one holds on the other."""

import socket
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from register.database import (
    Conflict,
    Database,
    DatabaseError,
    DatabaseUnavailable,
    TransactionError,
    open_database,
    sqlite,
)
from register.tables import Draft, JobRun, NomenclatureEdition

pytestmark = pytest.mark.anyio

INSERT_RUN = "INSERT INTO job_run (job, slot, started_at) VALUES ({}, {}, {})"
NOW = datetime(2026, 8, 30, 9, 12, 44, 120000, tzinfo=UTC)


async def add_run(db: Database, slot: str) -> None:
    await db.execute(INSERT_RUN, "test", slot, NOW)


async def slots(db: Database) -> list[str]:
    return [row["slot"] for row in await db.fetch("SELECT slot FROM job_run ORDER BY slot")]


# Addresses


@pytest.mark.parametrize("url", ["sqlite:///var/lib/r.db", "sqlite:////var/lib/r.db", "/var/lib/r.db"])
def test_an_absolute_path_is_an_sqlite_file(url: str) -> None:
    database = open_database(url)
    assert isinstance(database, sqlite.SqliteDatabase)
    assert database.path == Path("/var/lib/r.db")


def test_a_plain_path_is_relative_to_where_we_are(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    database = open_database("data/r.db")
    assert isinstance(database, sqlite.SqliteDatabase)
    assert database.path == tmp_path / "data" / "r.db"


@pytest.mark.parametrize("url", ["postgresql://u:p@h/d", "postgres://h/d"])
def test_a_postgresql_address_is_postgresql(url: str) -> None:
    assert open_database(url).dialect == "postgres"


@pytest.mark.parametrize("url", ["", "mysql://u:secret@h/d", "sqlite://r.db", "sqlite:///:memory:", ":memory:"])
def test_other_addresses_are_refused_without_telling_a_password(url: str) -> None:
    with pytest.raises(DatabaseError) as caught:
        open_database(url)
    assert "secret" not in str(caught.value)


async def test_what_cannot_be_reached_is_unavailable(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound but not listening: refused at once
        port = taken.getsockname()[1]
        for url in (f"postgresql://nobody@127.0.0.1:{port}/none", str(tmp_path / "missing" / "r.db")):
            database = open_database(url)
            with pytest.raises(DatabaseUnavailable):
                await database.start()
            with pytest.raises(DatabaseUnavailable):
                await database.fetch("SELECT 1")
            await database.close()


async def test_a_file_that_is_no_database_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "r.db").write_text("this is a letter, not a database. " * 50)
    with pytest.raises(DatabaseError, match="not a database"):
        await open_database(str(tmp_path / "r.db")).start()


async def test_a_missing_database_is_unavailable(postgres: Any) -> None:
    with pytest.raises(DatabaseUnavailable, match="does not exist"):
        await open_database(postgres.url("no_such_database")).start()


async def test_closing_twice_and_opening_again(database: Database) -> None:
    await add_run(database, "a")
    await database.close()
    await database.close()
    for use in (database.fetch("SELECT 1"), add_run(database, "b")):
        with pytest.raises(DatabaseUnavailable, match="closed"):
            await use
    await database.start()
    with pytest.raises(DatabaseError, match="already open"):
        await database.start()
    assert await slots(database) == ["a"]


# Statements


async def test_braces_stand_for_values(database: Database) -> None:
    assert await database.execute(INSERT_RUN, "test", "it's {} a $1 ? slot", NOW) == 1
    assert await database.fetch("SELECT job, slot FROM job_run WHERE slot = {}", "it's {} a $1 ? slot") == [
        {"job": "test", "slot": "it's {} a $1 ? slot"}
    ]
    assert await database.execute("UPDATE job_run SET job = {}", "{{}}") == 1
    assert [tuple(row) for row in await database.fetch_rows("SELECT job FROM job_run")] == [("{{}}",)]
    assert await database.execute("DELETE FROM job_run WHERE job = {}", "none") == 0


@pytest.mark.parametrize(
    ("sql", "values"),
    [
        ("SELECT {}", ()),
        ("SELECT 1", (1,)),
        ("SELECT {}", (1, 2)),
        ("SELECT {0}", (1,)),
        ("SELECT {name}", (1,)),
    ],
)
async def test_values_that_do_not_fit_are_refused(database: Database, sql: str, values: tuple[int, ...]) -> None:
    with pytest.raises(DatabaseError, match=r"values expected|empty"):
        await database.fetch(sql, *values)


@pytest.mark.parametrize("value", [datetime(2026, 1, 1), Decimal("1.10"), "a\x00b"])
async def test_what_the_engines_keep_differently_is_refused(database: Database, value: Any) -> None:
    with pytest.raises(DatabaseError, match=r"time zone|decimal|U\+0000"):
        await database.execute("UPDATE job_run SET started_at = {}", value)
    with pytest.raises(DatabaseError, match=r"time zone|decimal|U\+0000"):
        await JobRun.update({JobRun.started_at: value}, force=True)


async def test_wrong_sql_is_an_error_of_ours(database: Database) -> None:
    for sql in ("SELECT nonsense FROM job_run", "SELEC", "UPDATE job_run SET nonsense = 1"):
        with pytest.raises(DatabaseError):
            await database.execute(sql)
    with pytest.raises(DatabaseError):
        await database.execute("UPDATE journal_head SET seq = {}", 2**70)
    assert await slots(database) == []


async def test_constraints_are_conflicts_of_their_kind(database: Database) -> None:
    await add_run(database, "a")
    cases = [
        ("unique", INSERT_RUN, ("test", "a", NOW)),
        ("not_null", "INSERT INTO job_run (job, slot, started_at) VALUES ('x', 'y', NULL)", ()),
        ("check", INSERT_RUN, ("x" * 61, "y", NOW)),
        ("foreign_key", "INSERT INTO nomenclature_name (edition, code, name_ru) VALUES (9, '01', 'x')", ()),
    ]
    for kind, sql, values in cases:
        with pytest.raises(Conflict) as caught:
            await database.execute(sql, *values)
        assert caught.value.kind == kind


async def test_like_minds_the_case(database: Database) -> None:
    await add_run(database, "Alpha")
    assert await database.fetch("SELECT slot FROM job_run WHERE slot LIKE 'alp%'") == []
    assert len(await database.fetch("SELECT slot FROM job_run WHERE slot LIKE 'Alp%'")) == 1


async def test_many_rows_in_one_statement(database: Database) -> None:
    with pytest.raises(TransactionError):
        await database.execute_many(INSERT_RUN, [("test", "a", NOW)])
    async with database.transaction():
        await database.execute_many(INSERT_RUN, (("test", f"{n:05}", NOW) for n in range(5000)))
        await database.execute_many(INSERT_RUN, [])
    assert await slots(database) == [f"{n:05}" for n in range(5000)]
    with pytest.raises(Conflict):
        async with database.transaction():
            await database.execute_many(INSERT_RUN, [("test", "new", NOW), ("test", "00007", NOW)])
    assert len(await slots(database)) == 5000


# Times


MOMENTS = [
    (NOW, "datetime.datetime(2026, 8, 30, 9, 12, 44, 120000, tzinfo=datetime.timezone.utc)"),
    (
        datetime(2026, 8, 30, 9, 12, 44, tzinfo=UTC),
        "datetime.datetime(2026, 8, 30, 9, 12, 44, tzinfo=datetime.timezone.utc)",
    ),
    (
        datetime(2026, 8, 30, 0, 30, 0, 1, tzinfo=timezone(timedelta(hours=6))),
        "datetime.datetime(2026, 8, 29, 18, 30, 0, 1, tzinfo=datetime.timezone.utc)",
    ),
    (
        datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
        "datetime.datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=datetime.timezone.utc)",
    ),
    (
        datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC),
        "datetime.datetime(9999, 12, 31, 23, 59, 59, tzinfo=datetime.timezone.utc)",
    ),
]


async def test_times_come_back_the_same_on_both_engines(database: Database) -> None:
    for number, (moment, _) in enumerate(MOMENTS):
        returned = await database.fetch(f"{INSERT_RUN} RETURNING started_at", "raw", str(number), moment)
        assert repr(returned[0]["started_at"]) == MOMENTS[number][1]
        await JobRun.insert(JobRun(job="built", slot=str(number), started_at=moment))
    for job in ("raw", "built"):
        read = await database.fetch("SELECT started_at FROM job_run WHERE job = {} ORDER BY slot", job)
        assert [repr(row["started_at"]) for row in read] == [shown for _, shown in MOMENTS]
        built = await JobRun.select(JobRun.started_at).where(JobRun.job == job).order_by(JobRun.slot)
        assert built == read
    in_order = await database.fetch("SELECT started_at FROM job_run WHERE job = 'raw' ORDER BY started_at")
    assert [row["started_at"] for row in in_order] == sorted(moment for moment, _ in MOMENTS)
    after = await database.fetch("SELECT slot FROM job_run WHERE job = 'raw' AND started_at > {}", MOMENTS[1][0])
    assert {row["slot"] for row in after} == {"0", "4"}


async def test_dates_and_bytes_and_json_come_back_the_same(database: Database) -> None:
    await NomenclatureEdition.insert(
        NomenclatureEdition(number="8", applies_from=date(2022, 1, 1), source="", loaded_at=NOW, digest="")
    )
    assert (await database.fetch("SELECT applies_from FROM nomenclature_edition"))[0] == {
        "applies_from": date(2022, 1, 1)
    }
    octets = bytes(range(256))
    await database.execute(
        "INSERT INTO idempotency (key, scope, request_hash, status, response, created_at)"
        " VALUES ('k', 's', 'h', 200, {}, {})",
        octets,
        NOW,
    )
    assert (await database.fetch("SELECT response FROM idempotency"))[0]["response"] == octets
    text = '{"b": 1,  "a": ["ё", 1.10]}'
    await database.execute(
        "INSERT INTO draft (state, kind, content, doubts, source, created_at, updated_at)"
        " VALUES ('draft', 'measure', {}, '[]', '', {}, {})",
        text,
        NOW,
        NOW,
    )
    assert (await database.fetch("SELECT content FROM draft"))[0]["content"] == text


# The query builder


def draft(**changes: Any) -> Draft:
    values: dict[str, Any] = {"kind": "measure", "content": {"a": 1}, "source": "f.csv"}
    values |= {"created_at": NOW, "updated_at": NOW}
    return Draft(**values | changes)


async def test_piccolo_runs_inside_the_transaction(database: Database) -> None:
    with pytest.raises(ZeroDivisionError):  # noqa: PT012
        async with database.transaction():
            await Draft.insert(draft())
            assert await Draft.count() == 1
            raise ZeroDivisionError
    assert await Draft.count() == 0
    async with database.transaction():
        inserted = await Draft.insert(draft(), draft(state="submitted"))
        changed = (
            await Draft.update({Draft.version: Draft.version + 1})
            .where(Draft.id == inserted[1]["id"], Draft.version == 1)
            .returning(Draft.id, Draft.version, Draft.updated_at)
        )
    assert changed == [{"id": inserted[1]["id"], "version": 2, "updated_at": NOW}]
    found = await Draft.select(Draft.state, Draft.content, Draft.doubts).order_by(Draft.id).output(load_json=True)
    assert found == [
        {"state": "draft", "content": {"a": 1}, "doubts": []},
        {"state": "submitted", "content": {"a": 1}, "doubts": []},
    ]
    await Draft.delete().where(Draft.state == "submitted")
    last = await Draft.objects().first()
    assert last is not None
    last.state = "approved"
    await last.save()
    assert await Draft.exists().where(Draft.state == "approved")
    with pytest.raises(Conflict):
        await Draft.insert(draft(state="lost"))


async def test_a_number_of_a_draft_is_never_given_twice(database: Database) -> None:
    first = (await Draft.insert(draft()))[0]["id"]
    await Draft.delete(force=True)
    assert (await Draft.insert(draft()))[0]["id"] > first


async def test_piccolos_own_transactions_are_refused(database: Database) -> None:
    with pytest.raises(TransactionError, match=r"Database\.transaction"):
        Draft._meta.db.transaction()
    with pytest.raises(TransactionError, match=r"Database\.transaction"):
        Draft._meta.db.atomic()
