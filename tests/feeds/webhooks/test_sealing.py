"""Secrets at rest: what the rows and the kept answers hold, who opens them, and what happens when nobody can."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from cryptography.fernet import Fernet
from hypothesis import given, settings
from hypothesis import strategies as st
from litestar.di import Provide
from standardwebhooks import Webhook

from admin.accounts.secret_box import CompactSealer, SecretBox
from feeds.webhooks import sealing, store, tokens
from feeds.webhooks.api import route_handlers
from feeds.webhooks.authorise import subscriber_by_token
from feeds.webhooks.office import Webhooks
from feeds.webhooks.records import Subscription
from feeds.webhooks.sealing import open_secret, seal_rows, seal_secret
from feeds.webhooks.signing import new_secret
from register.idempotency import Answer, Key, once
from register.web import PublicApp, problem_handler
from tests.feeds.webhooks.helpers import LOOPBACK, Bench, Clock, never_resolves, receiving, until, until_async
from tests.register.api.helpers import assert_problem

pytestmark = pytest.mark.anyio
BOX = SecretBox(Fernet.generate_key())
SEALER = BOX.sealer("webhooks")
OTHER = SecretBox(Fernet.generate_key()).sealer("webhooks")
PATH = "/api/v1/subscriptions"


@pytest.fixture
async def sealed(bench: Bench) -> Bench:
    """A Register whose secrets are sealed, on both engines."""
    bench.sealer = SEALER
    return bench


def secret_of(held: Subscription, sealer: CompactSealer = SEALER) -> str:
    found = open_secret(sealer, held.secret, held.id)
    assert found is not None
    return found


async def kept(bench: Bench) -> str:
    """Everything that the tables of subscriptions and of kept answers hold, as text."""
    rows = [await bench.db.fetch_rows("SELECT * FROM webhook_subscription")]
    rows.append(await bench.db.fetch_rows("SELECT * FROM idempotency"))
    return " ".join(
        bytes(value).decode("utf-8", "replace") if isinstance(value, bytes | memoryview) else str(value)
        for table in rows
        for row in table
        for value in row
    )


def shows(text: str, secret: str) -> bool:
    """Whether a secret can be read in a text, in any way that it might be written."""
    plain = base64.b64decode(secret.removeprefix("whsec_"))
    forms = (secret.removeprefix("whsec_"), plain.hex(), base64.urlsafe_b64encode(plain).decode())
    return any(form in text for form in forms) or "whsec_" in text


async def api(bench: Bench, sealer: CompactSealer | None) -> httpx.AsyncClient:
    """A client of the calls over the same Register, with a sealer; the token of one subscriber."""
    webhooks = Webhooks(bench.service, opened=LOOPBACK, resolve=never_resolves, sealer=sealer)
    app: Any = PublicApp(
        route_handlers=route_handlers,
        dependencies={
            "service": Provide(lambda: bench.service, sync_to_thread=False),
            "webhooks": Provide(lambda: webhooks, sync_to_thread=False),
            "subscriber": Provide(subscriber_by_token),
        },
        exception_handlers={Exception: problem_handler},
        logging_config=None,
    )
    token = await tokens.issue(bench.db, "customs", "clerk@customs.example")
    headers = {"Authorization": f"Bearer {token}"}
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://register.test", headers=headers)


async def test_a_delivery_is_signed_by_both_secrets_and_the_rows_show_neither(sealed: Bench, clock: Clock) -> None:
    clock.at = datetime.now(UTC)  # the package of the specification compares with the real time
    async with receiving() as one:
        made = await sealed.subscribe(one.url)
        async with sealed.db.transaction():
            turned = await store.rotate(
                sealed.db, made.owner, made.id, now=clock(), overlap=timedelta(hours=1), sealer=SEALER
            )
        secrets = [secret_of(made), secret_of(turned)]
        assert secrets[0] != secrets[1]
        text = await kept(sealed)
        assert not any(shows(text, secret) for secret in secrets)
        assert max(len(turned.secret), len(turned.old_secret or "")) <= 100
        async with sealed.delivering():
            await sealed.include()
            await until(lambda: one.got)
        for secret in secrets:
            assert Webhook(secret).verify(one.got[0].body, one.got[0].headers)["data"]["seq"] == 1
        webhooks = Webhooks(sealed.service, opened=LOOPBACK, resolve=never_resolves, sealer=SEALER)
        assert (await webhooks.test(turned)).outcome.delivered
        assert Webhook(secrets[1]).verify(one.got[1].body, one.got[1].headers)["type"] == "test"
        await webhooks.stop()


async def test_a_repeated_request_gets_the_secret_again_from_a_sealed_answer(sealed: Bench) -> None:
    async with receiving() as one, await api(sealed, SEALER) as client:
        sent: dict[str, Any] = {"json": {"url": one.url}, "headers": {"Idempotency-Key": "make"}}
        first, again = [await client.post(PATH, **sent) for _ in range(2)]
        assert first.status_code == 201, first.text
        assert (again.content, again.headers["location"]) == (first.content, first.headers["location"])
        name: str = first.json()["id"]
        turn: dict[str, Any] = {"json": {}, "headers": {"Idempotency-Key": "turn"}}
        turned = [await client.post(f"{PATH}/{name}/rotate", **turn) for _ in range(2)]
        assert turned[0].content == turned[1].content
        assert turned[0].json()["secret"] != first.json()["secret"]
        assert (await client.get(PATH)).json()["total"] == 1
        text = await kept(sealed)
        for answer in (first, turned[0]):
            assert not shows(text, answer.json()["secret"])
        rows = await sealed.db.fetch_rows("SELECT count(*) FROM idempotency WHERE status IS NOT NULL")
        assert rows[0][0] == 2
        other = {**sent, "json": {"url": f"{one.url}/2"}}
        assert_problem(await client.post(PATH, **other), 422, "/Idempotency-Key")
    # Under another key the request is not done again, and no wrong answer is given.
    async with await api(sealed, OTHER) as client:
        assert_problem(await client.post(PATH, **sent), 409, "/Idempotency-Key")
        assert (await client.get(PATH)).json()["total"] == 1


async def test_an_answer_kept_in_clear_before_is_still_given(sealed: Bench, clock: Clock) -> None:
    key = Key("k", "s", "h")

    async def work() -> Answer:
        return Answer(201, b'{"secret":"whsec_x"}')

    first = await once(sealed.db, key, clock(), work)
    assert await sealing.find_sealed(sealed.db, key, clock(), SEALER) == first
    assert await sealing.once_sealed(sealed.db, key, clock(), work, SEALER) == first
    assert await sealing.once_sealed(sealed.db, None, clock(), work, SEALER) == first


async def test_what_was_kept_in_clear_is_sealed_when_a_process_begins_to_deliver(bench: Bench, clock: Clock) -> None:
    async with receiving() as one:
        clock.at = datetime.now(UTC)
        made = await bench.subscribe(one.url)
        assert made.secret.startswith("whsec_")
        async with bench.db.transaction():
            turned = await store.rotate(bench.db, made.owner, made.id, now=clock(), overlap=timedelta(hours=1))
        bench.sealer = SEALER
        other = await bench.subscribe("https://other.example/", owner="token:b")
        async with bench.delivering():
            await until_async(lambda: _sealed(bench, made))
            await bench.include()
            await until(lambda: one.got)
        for secret in (made.secret, turned.secret):
            assert Webhook(secret).verify(one.got[0].body, one.got[0].headers)["data"]["seq"] == 1
            assert not shows(await kept(bench), secret)
        held = await bench.held(made)
        assert (secret_of(held), open_secret(SEALER, held.old_secret or "", made.id)) == (turned.secret, made.secret)
        assert (await bench.held(other)).secret == other.secret
        assert await seal_rows(bench.db, SEALER) == 0


async def _sealed(bench: Bench, made: Subscription) -> bool:
    return not (await bench.held(made)).secret.startswith("whsec_")


async def test_without_the_key_nothing_is_sent_and_a_new_secret_mends_it(
    sealed: Bench, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    clock.at = datetime.now(UTC)
    async with receiving() as one:
        made = await sealed.subscribe(one.url)
        sealed.sealer = OTHER
        async with sealed.delivering() as delivery:
            await sealed.include()
            await until_async(lambda: sealed.log(made))
            (line,) = await sealed.log(made)
            assert (line["error"], line["status"], line["seq"]) == ("secret", None, 1)
            assert "the secrets of 1 subscriptions do not open" in caplog.text
            webhooks = Webhooks(sealed.service, opened=LOOPBACK, resolve=never_resolves, sealer=OTHER)
            assert (await webhooks.test(made)).outcome.error == "secret"
            await webhooks.stop()
            assert one.got == []
            async with sealed.db.transaction():
                turned = await store.rotate(
                    sealed.db, made.owner, made.id, now=clock(), overlap=timedelta(hours=1), sealer=OTHER
                )
            assert (turned.old_secret, turned.old_secret_until) == (None, None)
            delivery.look()
            await until(lambda: one.got)
        assert Webhook(secret_of(turned, OTHER)).verify(one.got[0].body, one.got[0].headers)["data"]["seq"] == 1


async def test_a_secret_opens_in_its_own_row_only(sealed: Bench, clock: Clock) -> None:
    one, two = [await sealed.subscribe("https://x.example/", owner=owner) for owner in ("token:a", "token:b")]
    assert open_secret(SEALER, one.secret, two.id) is None
    swapped = replace(one, secret=two.secret)
    assert sealing.signing_keys(SEALER, swapped, clock()) == []
    assert sealing.signing_keys(SEALER, one, clock()) == [secret_of(one)]
    assert sealing.signing_keys(None, one, clock()) == []


@given(st.binary(max_size=300), st.text(max_size=40), st.data())
@settings(max_examples=60, deadline=None)
def test_what_is_sealed_opens_unchanged_about_the_same_and_not_at_all_otherwise(
    plain: bytes, about: str, data: st.DataObject
) -> None:
    made = SEALER.seal(plain, about)
    assert made.isascii()
    assert not made.startswith(("whsec_", "{"))
    assert SEALER.open(made, about) == plain
    assert SEALER.seal(plain, about) != made
    assert SEALER.open(made, f"{about}.") is None
    assert BOX.sealer("something else").open(made, about) is None
    assert OTHER.open(made, about) is None
    raw = bytearray(base64.urlsafe_b64decode(made[3:] + "=" * (-len(made[3:]) % 4)))
    place = data.draw(st.integers(0, len(raw) - 1))
    raw[place] ^= 1 << data.draw(st.integers(0, 7))
    changed = "s1." + base64.urlsafe_b64encode(bytes(raw)).decode().rstrip("=")
    assert SEALER.open(changed, about) is None
    cut = data.draw(st.integers(0, len(made) - 1))
    assert SEALER.open(made[:cut], about) is None


@pytest.mark.parametrize("strange", ["", "s1.", "s1.!", "s1.ж", "s1.AAAA", "s2.AAAA", "x" * 5000, "s1." + "A" * 83])
def test_strange_text_opens_nothing(strange: str) -> None:
    assert SEALER.open(strange, "x") is None


def test_every_secret_fits_its_column() -> None:
    for _ in range(20):
        secret = new_secret()
        made = seal_secret(SEALER, secret, "sub_0123456789abcdef01234567")
        assert len(made) <= 100
        assert open_secret(SEALER, made, "sub_0123456789abcdef01234567") == secret
        assert seal_secret(None, secret, "x") == secret
