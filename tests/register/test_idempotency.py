"""A request that is sent twice is done once, on both engines."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from register.database import Database, TransactionError
from register.idempotency import CLAIM_LASTS, KEPT_FOR, Answer, Key, claim, find, forget, keep, once, read_key, release
from register.web import Problem

pytestmark = pytest.mark.anyio
NOW = datetime(2026, 9, 10, 9, tzinfo=UTC)


def key(name: str = "k", owner: str = "account:1", body: bytes = b"{}") -> Key:
    found = read_key(name, owner, "POST", "/api/v1/drafts", body)
    assert found is not None
    return found


async def test_work_is_done_once_also_when_it_is_asked_ten_times_at_once(database: Database) -> None:
    done = []

    async def work() -> Answer:
        done.append(1)
        return Answer(201, b"made")

    answers = await asyncio.gather(*(once(database, key(), NOW, work) for _ in range(10)))
    assert answers == [Answer(201, b"made")] * 10
    assert len(done) == 1


async def test_failed_work_leaves_the_key_free(database: Database) -> None:
    async def fails() -> Answer:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await once(database, key(), NOW, fails)
    assert await find(database, key(), NOW) is None


async def test_a_key_is_of_one_caller_and_one_request(database: Database) -> None:
    async with database.transaction():
        await keep(database, key(), Answer(200, b"first"), NOW)
    assert await find(database, key(), NOW) == Answer(200, b"first")
    assert await find(database, key(owner="account:2"), NOW) is None
    with pytest.raises(Problem) as refused:
        await find(database, key(body=b"[]"), NOW)
    assert refused.value.status == 422


async def test_an_answer_is_kept_for_a_day_and_then_taken_away(database: Database) -> None:
    async with database.transaction():
        await keep(database, key(), Answer(200, b""), NOW)
    later = NOW + KEPT_FOR
    assert await find(database, key(), later - timedelta(seconds=1)) is not None
    assert await find(database, key(), later) is None
    await forget(database, later)
    assert await database.fetch_rows("SELECT 1 FROM idempotency") == []
    with pytest.raises(TransactionError):
        await keep(database, key(), Answer(200, b""), NOW)


async def test_a_claim_holds_others_off_until_it_is_given_back_or_too_old(database: Database) -> None:
    assert await claim(database, key(), NOW) is None
    with pytest.raises(Problem) as busy:
        await claim(database, key(), NOW)
    assert (busy.value.status, busy.value.headers["Retry-After"]) == (409, "5")
    await release(database, key())
    assert await claim(database, key(), NOW) is None
    assert await claim(database, key(), NOW + CLAIM_LASTS) is None
    assert await claim(database, None, NOW) is None


@pytest.mark.parametrize("header", ["", "x" * 201, "ключ", "a\nb"])
def test_a_key_that_cannot_be_kept(header: str) -> None:
    with pytest.raises(Problem) as refused:
        read_key(header, "account:1", "POST", "/", b"")
    assert refused.value.status == 422


def test_no_key_is_no_key() -> None:
    assert read_key(None, "account:1", "POST", "/", b"") is None
