"""Tokens: shown once, kept as a digest, valid until they expire or are revoked."""

from datetime import timedelta

import pytest

from feeds.webhooks import tokens
from register.database import Database
from tests.feeds.webhooks.helpers import START

pytestmark = pytest.mark.anyio


async def issued(db: Database, name: str = "customs", **more: object) -> str:
    return await tokens.issue(db, name, "clerk@customs.example", now=START, **more)  # type: ignore[arg-type]


async def test_a_token_opens_and_is_not_kept(database: Database) -> None:
    token = await issued(database)
    found = await tokens.authenticate(database, f"Bearer {token}", now=START)
    assert found is not None
    assert (found.name, found.email, found.scopes) == (
        "customs",
        "clerk@customs.example",
        frozenset(("subscriptions",)),
    )
    assert len(token) >= 43
    rows = await database.fetch("SELECT * FROM subscriber_token")
    assert token not in str(rows)
    assert token.removeprefix(tokens.PREFIX) not in str(rows)
    assert await issued(database) != token


@pytest.mark.parametrize(
    "form", ["Bearer {t}x", "{t}", "Basic {t}", "Bearer", "Bearer ", "", "Bearer {t} {t}", "Bearer ' OR 1=1 --", None]
)
async def test_anything_else_opens_nothing(database: Database, form: str | None) -> None:
    token = await issued(database)
    header = None if form is None else form.format(t=token)
    assert await tokens.authenticate(database, header, now=START) is None


async def test_the_scheme_is_read_in_any_case(database: Database) -> None:
    assert await tokens.authenticate(database, f"bearer {await issued(database)}", now=START)


async def test_an_expired_and_a_revoked_token_open_nothing(database: Database) -> None:
    token = await issued(database, expires_at=START + timedelta(days=1))
    other = await issued(database)
    header, other_header = f"Bearer {token}", f"Bearer {other}"
    assert await tokens.authenticate(database, header, now=START + timedelta(hours=23))
    assert await tokens.authenticate(database, header, now=START + timedelta(days=1)) is None
    found = await tokens.authenticate(database, other_header, now=START)
    assert found is not None
    assert await tokens.revoke(database, found.id, now=START)
    assert await tokens.authenticate(database, other_header, now=START) is None
    assert not await tokens.revoke(database, found.id, now=START)
    assert not await tokens.revoke(database, 10**6, now=START)
    assert [token.revoked_at for token in await tokens.list_tokens(database)] == [None, START]


async def test_the_last_use_is_noted_to_the_hour(database: Database) -> None:
    header = f"Bearer {await issued(database)}"

    async def last_used_after(minutes: int) -> timedelta:
        await tokens.authenticate(database, header, now=START + timedelta(minutes=minutes))
        (token,) = await tokens.list_tokens(database)
        assert token.last_used_at is not None
        return token.last_used_at - START

    assert await last_used_after(0) == timedelta()
    assert await last_used_after(59) == timedelta()
    assert await last_used_after(61) == timedelta(minutes=61)


@pytest.mark.parametrize(
    ("name", "email", "scopes", "word"),
    [
        ("", "a@b.example", ["subscriptions"], "name"),
        (" customs", "a@b.example", ["subscriptions"], "name"),
        ("x" * 81, "a@b.example", ["subscriptions"], "name"),
        ("a\nb", "a@b.example", ["subscriptions"], "name"),
        ("customs", "nobody", ["subscriptions"], "email"),
        ("customs", "a@b.example\r\nBcc: c@d.example", ["subscriptions"], "email"),
        ("customs", "a@b.example", [], "scopes"),
        ("customs", "a@b.example", ["everything"], "scopes"),
    ],
)
async def test_what_is_wrong_with_a_token_is_said(
    database: Database, name: str, email: str, scopes: list[str], word: str
) -> None:
    with pytest.raises(tokens.TokenError, match=word):
        await tokens.issue(database, name, email, scopes)
    assert await tokens.list_tokens(database) == []
