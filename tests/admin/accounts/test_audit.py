"""The audit trail: appended only, whole, readable by the auditor, exported without harm."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from datetime import timedelta
from typing import Any

import pytest

from admin.accounts.audit import AuditFilter, all_audit, audit, first_damaged, read_audit, stranger
from admin.accounts.policy import Actor, Role
from register.database import AppendOnly, Database, TransactionError
from tests.admin.conftest import NOW, Staff

pytestmark = pytest.mark.anyio
ACTOR = Actor(7, "=Имя()", Role.CLERK, address="203.0.113.9")


async def tell(db: Database, number: int, **detail: Any) -> int:
    async with db.transaction():
        return await audit(
            db, ACTOR, "draft.write", f"draft:{number}", "done", at=NOW + timedelta(hours=number), **detail
        )


async def test_rows_are_numbered_without_gaps_in_the_order_of_commit(database: Database) -> None:
    made = await asyncio.gather(*(tell(database, number) for number in range(8)))
    assert sorted(made) == list(range(1, 9))

    async def undone() -> None:
        async with database.transaction():
            await audit(database, ACTOR, "draft.write", "draft:99", "done")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await undone()
    assert await tell(database, 9) == 9
    assert await first_damaged(database) is None


async def test_the_row_stands_with_the_deed_or_not_at_all(database: Database) -> None:
    with pytest.raises(TransactionError):
        await audit(database, ACTOR, "draft.write", "draft:1", "done")
    assert [row async for row in all_audit(database, AuditFilter())] == []


@pytest.mark.parametrize("name", ["password", "new_password", "token", "secret", "otp_code", "csrf", "cookie", "hash"])
async def test_what_is_named_like_a_secret_is_refused(database: Database, name: str) -> None:
    with pytest.raises(ValueError, match="no secrets"):
        await tell(database, 1, **{name: "x"})
    assert [row async for row in all_audit(database, AuditFilter())] == []


STATEMENTS = [
    "UPDATE audit SET outcome = 'done'",
    "DELETE FROM audit",
    "DELETE FROM audit WHERE seq = 2",
    "INSERT INTO audit SELECT seq + 5, at, actor, actor_name, address, action, subject, outcome, detail, digest "
    "FROM audit WHERE seq = 2",
    "INSERT INTO audit SELECT seq - 2, at, actor, actor_name, address, action, subject, outcome, detail, digest "
    "FROM audit WHERE seq = 2",
]


@pytest.mark.parametrize("sql", STATEMENTS)
async def test_the_database_refuses_every_change(database: Database, sql: str) -> None:
    for number in range(1, 4):
        await tell(database, number)
    with pytest.raises(AppendOnly):
        await database.execute(sql)
    assert len([row async for row in all_audit(database, AuditFilter())]) == 3


async def test_neither_truncate_nor_replace(database: Database) -> None:
    await tell(database, 1)
    sql = (
        "TRUNCATE audit"
        if database.dialect == "postgres"
        else "INSERT OR REPLACE INTO audit SELECT seq, at, actor, 'x', address, action, subject, outcome, detail, "
        "digest FROM audit"
    )
    with pytest.raises(AppendOnly):
        await database.execute(sql)


async def test_a_change_past_the_guards_is_found(database: Database) -> None:
    for number in range(1, 6):
        await tell(database, number)
    trigger = "audit_append_only" if database.dialect == "postgres" else "audit_no_update"
    await database.execute(f"DROP TRIGGER {trigger}" + (" ON audit" if database.dialect == "postgres" else ""))
    await database.execute("UPDATE audit SET subject = 'draft:77' WHERE seq = 3")
    assert await first_damaged(database) == 3


async def test_filters(database: Database) -> None:
    for number in range(1, 6):
        await tell(database, number)
    async with database.transaction():
        await audit(database, stranger("::1"), "sign_in", "account:unknown", "failed", at=NOW + timedelta(hours=9))

    async def found(**chosen: Any) -> list[int]:
        return [row["seq"] for row in await read_audit(database, AuditFilter(**chosen))]

    assert await found() == [6, 5, 4, 3, 2, 1]
    assert await found(actor=7) == [5, 4, 3, 2, 1]
    assert await found(action="sign") == [6]
    assert await found(action="sign%") == []
    assert await found(action="draft_write") == []
    assert await found(subject="draft:2") == [2]
    assert await found(outcome="failed") == [6]
    assert await found(since=NOW + timedelta(hours=4), until=NOW + timedelta(hours=9)) == [5, 4]
    assert [row["seq"] for row in await read_audit(database, AuditFilter(), before=3, limit=1)] == [2]
    assert [row["seq"] async for row in all_audit(database, AuditFilter(actor=7))] == [1, 2, 3, 4, 5]


async def test_the_auditor_reads_and_exports(staff: Staff) -> None:
    browser, auditor = await staff.at_work(Role.AUDITOR)
    await tell(staff.accounts.database, 1, note="@SUM(A1)")
    page = await browser.get("/ru/staff/audit?action=draft.")
    assert page.status_code == 200
    assert "draft:1" in page.text
    assert "=Имя()" in page.text
    answer = await browser.get("/ru/staff/audit.csv?action=draft.")
    assert answer.headers["content-disposition"].startswith("attachment;")
    assert answer.headers["cache-control"] == "no-store"
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [(row["actor_name"], row["subject"]) for row in rows] == [("'=Имя()", "draft:1")]
    assert not [cell for row in rows for cell in row.values() if cell.startswith(tuple("=+-@\t"))]
    whole = json.loads((await browser.get("/en/staff/audit.json")).content)["items"]
    assert whole[-1]["action"] == "audit.export"
    assert [row["seq"] for row in whole] == list(range(1, len(whole) + 1))
    assert whole[-2]["at"].endswith("Z")
    empty = json.loads((await browser.get("/en/staff/audit.json?action=nothing")).content)
    assert empty == {"items": []}
    exports = await staff.trail("audit.export")
    assert [(row["actor"], row["detail"]["format"]) for row in exports] == [
        (auditor.id, "csv"),
        (auditor.id, "json"),
        (auditor.id, "json"),
    ]
    assert exports[0]["detail"]["filters"] == {"action": "draft."}


async def test_a_filter_that_is_none_is_said_so(lone_staff: Staff) -> None:
    browser, _ = await lone_staff.at_work(Role.AUDITOR)
    page = await browser.get("/ru/staff/audit?since=yesterday&actor=me")
    assert page.status_code == 422
    assert 'id="f-since-fault"' in page.text
    assert 'value="yesterday"' in page.text
    answer = await browser.client.get("/ru/staff/audit.csv?since=yesterday&actor=me")
    assert [found["pointer"] for found in answer.json()["errors"]] == ["/since", "/actor"]
    assert (await browser.get("/ru/staff/audit?until=9999-12-31&since=0001-01-01&before=x")).status_code == 200
    assert "Подходящих записей нет" in (await browser.get("/ru/staff/audit?subject=x")).text


async def test_long_trails_are_read_in_pages(lone_staff: Staff) -> None:
    browser, _ = await lone_staff.at_work(Role.AUDITOR)
    for number in range(1, 131):
        await tell(lone_staff.accounts.database, number)
    page = await browser.get("/en/staff/audit?action=draft.write")
    older = page.text.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
    rest = await browser.get(older)
    assert rest.status_code == 200
    assert rest.text.count("<code>draft.write</code>") == 30
