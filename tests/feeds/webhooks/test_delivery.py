"""Every entry, in order, at least once, to each; nobody waits for another; nothing is lost by a restart."""

import asyncio
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from standardwebhooks import Webhook

from feeds.webhooks import store
from feeds.webhooks.delivery import Delivery
from feeds.webhooks.ledger import Ledger
from feeds.webhooks.notices import Notice
from feeds.webhooks.records import Subscription, Wanted, select
from feeds.webhooks.sender import Outcome
from register import publication
from register.database import DatabaseUnavailable, open_database
from register.measures import Act
from register.service import RegisterService
from tests.feeds.webhooks.helpers import (
    QUICK,
    Bench,
    Clock,
    Got,
    receiving,
    response,
    until,
    until_async,
)
from tests.register.api.helpers import TERMS, TODAY, notified

pytestmark = pytest.mark.anyio

TOOK = Outcome(204, None, "", 1)
BROKE = Outcome(500, "status", "broken", 1)


class Post:
    """Takes messages without a network; `outcome` says how each attempt ends."""

    def __init__(self, outcome: Outcome = TOOK) -> None:
        self.outcome = outcome
        self.by_url: dict[str, Outcome] = {}
        self.sent: list[tuple[str, int]] = []
        self.under_way: Counter[str] = Counter()

    async def __call__(self, url: str, headers: Mapping[str, str], body: bytes) -> Outcome:
        assert self.under_way[url] == 0, "two attempts at one subscriber at once"
        self.under_way[url] += 1
        await asyncio.sleep(0)
        self.under_way[url] -= 1
        self.sent.append((url, json.loads(body)["data"]["seq"]))
        return self.by_url.get(url, self.outcome)

    def seqs(self, url: str) -> list[int]:
        return [seq for to, seq in self.sent if to == url]


async def change(bench: Bench, made: Subscription, delivery: Delivery | None = None, **what: Any) -> None:
    async with bench.db.transaction():
        await store.change(bench.db, made.owner, made.owner_email, made.id, now=bench.clock(), **what)
    if delivery:
        delivery.look()


async def caught_up(bench: Bench, made: Subscription, seq: int) -> None:
    async def there() -> bool:
        return (await bench.held(made)).cursor_seq == seq

    await until_async(there)


async def test_what_was_there_comes_first_then_what_is_new_each_as_its_canonical_bytes(bench: Bench) -> None:
    for _ in range(3):
        await bench.include()
    async with receiving() as one:
        made = await bench.subscribe(one.url)
        async with bench.delivering():
            await until(lambda: len(one.got) == 3)
            await bench.include()
            await bench.include()
            await until(lambda: len(one.got) == 5)
            await caught_up(bench, made, 5)
    assert one.seqs == [1, 2, 3, 4, 5]
    for got in one.got:
        entry = bench.service.register.entry(got.seq)
        assert got.body == b'{"type":"measure.included","timestamp":"%s","data":%s}' % (
            entry["recorded_at"].encode(),
            bench.service.register.body(got.seq),
        )
    assert [got.headers["webhook-id"] for got in one.got] == [f"msg_{made.id[4:]}_{seq}" for seq in range(1, 6)]
    log = await bench.log(made)
    assert [(line["seq"], line["attempt"], line["status"], line["error"]) for line in log] == [
        (seq, 1, 204, None) for seq in range(1, 6)
    ]


async def test_the_package_of_the_specification_verifies_a_delivery_with_either_secret_until_the_overlap_ends(
    bench: Bench, clock: Clock
) -> None:
    clock.at = datetime.now(UTC)  # the package compares with the real time
    async with receiving() as one:
        made = await bench.subscribe(one.url)
        async with bench.db.transaction():
            turned = await store.rotate(bench.db, made.owner, made.id, now=clock(), overlap=timedelta(minutes=3))
        assert turned.secret != made.secret
        async with bench.delivering():
            await bench.include()
            await until(lambda: len(one.got) == 1)
            first = one.got[0]
            for secret in (made.secret, turned.secret):
                assert Webhook(secret).verify(first.body, first.headers)["data"]["seq"] == 1
            clock.forward(minutes=4)
            await bench.include()
            await until(lambda: len(one.got) == 2)
        second = one.got[1]
    assert Webhook(turned.secret).verify(second.body, second.headers)["data"]["seq"] == 2
    assert len(second.headers["webhook-signature"].split(" ")) == 1


async def test_a_receiver_that_fails_gets_the_same_message_later_and_nothing_before_it(
    bench: Bench, clock: Clock
) -> None:
    answers = iter([500, 503, 200])
    for _ in range(2):
        await bench.include()
    async with receiving(lambda got: response(next(answers, 204), body=b"oh" if got else b"")) as one:
        made = await bench.subscribe(one.url)
        async with bench.delivering() as delivery:
            await until(lambda: len(one.got) == 1)
            await until_async(lambda: bench.log(made))
            held = await bench.held(made)
            assert (held.failures, held.cursor_seq) == (1, 0)
            assert held.failing_since == clock()
            assert held.next_attempt_at == clock() + timedelta(seconds=5)
            clock.forward(seconds=4)
            delivery.look()
            await asyncio.sleep(0.2)
            assert len(one.got) == 1
            clock.forward(seconds=1)
            delivery.look()
            await until(lambda: len(one.got) == 2)
            await asyncio.sleep(0.2)
            assert len(one.got) == 2
            clock.forward(minutes=5)
            delivery.look()
            await until(lambda: len(one.got) == 4)
            await caught_up(bench, made, 2)
    assert one.seqs == [1, 1, 1, 2]
    assert len({got.headers["webhook-id"] for got in one.got[:3]}) == 1
    assert len({got.headers["webhook-timestamp"] for got in one.got[:3]}) == 3
    log = await bench.log(made)
    assert [(line["attempt"], line["status"]) for line in log] == [(1, 500), (2, 503), (3, 200), (1, 204)]
    assert log[0]["excerpt"] == "oh"
    held = await bench.held(made)
    assert (held.failures, held.failing_since, held.next_attempt_at) == (0, None, None)


async def test_retry_after_of_the_receiver_puts_the_next_attempt_off(bench: Bench, clock: Clock) -> None:
    await bench.include()
    async with receiving(lambda got: response(429, "Retry-After: 900")) as one:
        made = await bench.subscribe(one.url)
        async with bench.delivering():
            await until_async(lambda: bench.log(made))
    assert (await bench.held(made)).next_attempt_at == clock() + timedelta(minutes=15)


async def test_after_three_days_it_is_paused_with_one_mail_and_goes_on_where_it_was_when_resumed(
    bench: Bench, clock: Clock
) -> None:
    post = Post(BROKE)
    await bench.include()
    made = await bench.subscribe("http://broken/")
    async with bench.delivering(post) as delivery:
        for attempts in range(1, 100):
            await until(lambda count=attempts: len(post.sent) == count)
            await until_async(lambda count=attempts: _failures(bench, made, count))
            held = await bench.held(made)
            if held.state == "paused":
                break
            assert bench.mails == []
            assert held.next_attempt_at is not None
            clock.at = held.next_attempt_at
            delivery.look()
        assert held.paused_reason == "failing"
        assert held.failing_since is not None
        assert clock() - held.failing_since == timedelta(days=3)
        assert attempts == 10
        await until(lambda: bench.mails)
        clock.forward(days=2)
        delivery.look()
        await bench.include()
        await asyncio.sleep(0.3)
        assert len(post.sent) == 10
        (mail,) = bench.mails
        assert (mail.owner_email, mail.reason, mail.seq, mail.status) == ("a@x.example", "failing", 1, 500)
        assert made.id in mail.text()["ru"]
        assert made.id in mail.text()["en"]
        assert mail.subject()["ru"]
        post.outcome = TOOK
        await change(bench, made, delivery, state="active")
        await until(lambda: len(post.sent) == 12)
        await caught_up(bench, made, 2)
    assert post.seqs("http://broken/") == [1] * 11 + [2]
    assert len(bench.mails) == 1


async def _failures(bench: Bench, made: Subscription, count: int) -> bool:
    return len(await bench.log(made)) >= count


async def test_410_pauses_at_once(bench: Bench) -> None:
    await bench.include()
    post = Post(Outcome(410, "status", "gone", 1))
    made = await bench.subscribe("http://gone/")
    async with bench.delivering(post):
        await until(lambda: bench.mails)
        await asyncio.sleep(0.2)
    held = await bench.held(made)
    assert (held.state, held.paused_reason, held.cursor_seq) == ("paused", "gone", 0)
    assert len(post.sent) == 1
    assert [mail.reason for mail in bench.mails] == ["gone"]


async def test_a_mail_that_did_not_go_is_sent_later_and_once(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    sent: list[Notice] = []
    tries = 0

    async def mail(notice: Notice) -> None:
        nonlocal tries
        tries += 1
        if tries == 1:
            raise ConnectionRefusedError("no mail server")
        sent.append(notice)

    await bench.include()
    await bench.subscribe("http://gone/")
    gone = Post(Outcome(410, "status", "", 1))
    async with bench.delivering(gone, notify=mail, pace=replace(QUICK, mail_seconds=0.05)):
        await until(lambda: sent)
        await asyncio.sleep(0.3)
    assert (tries, len(sent)) == (2, 1)
    assert "no mail server" in caplog.text


async def test_receivers_that_hang_or_answer_500_delay_nobody_else(bench: Bench, clock: Clock) -> None:
    """More of them than places: 60 that hang and 60 that fail, 5 places for those that are well."""

    async def hang(got: Got) -> bytes:
        await asyncio.sleep(60)
        return b""

    await bench.include()
    pace = replace(QUICK, first=5, again=10, hurry_seconds=0.05)
    async with receiving(hang) as hanging, receiving(lambda got: response(500)) as failing, receiving() as well:
        for number in range(60):
            await bench.subscribe(f"{hanging.url}/{number}", owner="token:h")
            await bench.subscribe(f"{failing.url}/{number}", owner="token:f")
        for number in range(30):
            await bench.subscribe(f"{well.url}/{number}", owner="token:w")
        async with bench.delivering(pace=pace, total_seconds=60) as delivery:
            await until(lambda: len(well.got) == 30, 25)
            await until(lambda: len(failing.got) >= 60, 25)
            # The failing ones are due again; with the hanging ones still hanging, new entries go out at once.
            clock.forward(seconds=5)
            delivery.look()
            await bench.include()
            await until(lambda: len(well.got) == 60, 25)
            assert hanging.connections == 60
    assert {got.path: None for got in well.got}.keys() == {f"/hook/{number}" for number in range(30)}
    for number in range(30):
        assert [got.seq for got in well.got if got.path == f"/hook/{number}"] == [1, 2]


async def test_those_that_failed_before_hang_in_places_of_their_own(bench: Bench, clock: Clock) -> None:
    """However many hang again and again, one place for those that are well is enough for these."""
    stuck = asyncio.Event()
    hung = 0

    async def post(url: str, headers: Mapping[str, str], body: bytes) -> Outcome:
        nonlocal hung
        if url == "http://well/":
            well.append(json.loads(body)["data"]["seq"])
            return TOOK
        if clock() > datetime(2026, 9, 10, 9, 0, tzinfo=UTC):
            hung += 1
            await stuck.wait()
        return BROKE

    well: list[int] = []
    await bench.include()
    made = [await bench.subscribe(f"http://hang-{number}/") for number in range(5)]
    async with bench.delivering(post, pace=replace(QUICK, first=1, again=2)) as delivery:
        for one in made:
            await until_async(lambda one=one: bench.log(one))
        clock.forward(seconds=6)
        delivery.look()
        await until(lambda: hung == 2)
        await bench.subscribe("http://well/")
        delivery.look()
        await until(lambda: well == [1])
        await bench.include()
        await until(lambda: well == [1, 2])
        assert hung == 2


async def test_a_restart_goes_on_where_it_was_and_loses_nothing(bench: Bench) -> None:
    """Broken off in the middle of an attempt: this one comes again, under one identifier, and nothing before it."""
    held_up = asyncio.Event()

    async def slow(got: Got) -> bytes:
        if got.seq == 3 and not held_up.is_set():
            held_up.set()
            await asyncio.sleep(60)
        return response(204)

    for _ in range(5):
        await bench.include()
    async with receiving(slow) as one:
        made = await bench.subscribe(one.url)
        async with bench.delivering():
            await held_up.wait()
        assert (await bench.held(made)).cursor_seq == 2
        async with bench.delivering():
            await caught_up(bench, made, 5)
    assert one.seqs == [1, 2, 3, 3, 4, 5]
    assert one.got[2].headers["webhook-id"] == one.got[3].headers["webhook-id"]


async def test_a_crash_before_the_write_brings_messages_again_and_loses_none(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after `kill -9`: nothing that the first engine learnt was written."""

    async def unwritten(self: object) -> None:
        await asyncio.sleep(0)

    for _ in range(4):
        await bench.include()
    post = Post()
    made = await bench.subscribe("http://one/")
    with monkeypatch.context() as crash:
        crash.setattr("feeds.webhooks.ledger.Ledger.flush", unwritten)
        async with bench.delivering(post):
            await until(lambda: len(post.sent) == 4)
    assert (await bench.held(made)).cursor_seq == 0
    async with bench.delivering(post):
        await caught_up(bench, made, 4)
    assert post.seqs("http://one/") == [1, 2, 3, 4, 1, 2, 3, 4]


async def test_only_one_process_delivers_and_another_takes_over(bench: Bench, database_url: str, clock: Clock) -> None:
    await bench.include()
    post, other_post = Post(), Post()
    other = RegisterService(open_database(database_url), TERMS, clock)
    await other.start()
    second = Delivery(other, other_post, bench.mail, pace=QUICK, clock=clock)
    try:
        made = await bench.subscribe("http://one/")
        async with bench.delivering(post):
            second.start()
            await caught_up(bench, made, 1)
            await asyncio.sleep(0.2)
            assert not second.leads
        await until(lambda: second.leads)
        await bench.include()
        await caught_up(bench, made, 2)
    finally:
        await second.stop()
        await other.stop()
    assert (post.sent, other_post.sent) == ([("http://one/", 1)], [("http://one/", 2)])


async def test_a_subscription_made_in_another_process_is_found(bench: Bench, database_url: str) -> None:
    await bench.include()
    post = Post()
    async with bench.delivering(post), open_database(database_url) as elsewhere:
        async with elsewhere.transaction():
            await store.create(
                elsewhere, "token:z", "z@x.example", url="http://z/", wanted=Wanted(), after=0, now=bench.clock()
            )
        await until(lambda: post.seqs("http://z/") == [1])


async def test_filters(bench: Bench) -> None:
    await bench.include("KG", "7204")
    await bench.include("AM", "2515110000")
    await bench.include("RU", "720410", kind="export_duty")
    act = Act(role="extends", number="601", date=date(2026, 9, 8))
    longer = notified("KG", "7204", effective_to="2027-07-08")
    await publication.extend(
        bench.db,
        "KG-2026-001",
        1,
        longer.model_copy(update={"acts": [*longer.acts, act]}),
        on=TODAY,
    )
    await bench.service.catch_up()
    post = Post()
    asked: dict[str, dict[str, Any]] = {
        "http://all/": {},
        "http://state/": {"state": ["KG"]},
        "http://states/": {"state": ["AM", "RU"]},
        "http://kind/": {"kind": ["export_duty"]},
        "http://code/": {"code": "7204100000"},
        "http://type/": {"type": ["measure.extended"]},
        "http://reason/": {"reason": ["correction"]},
        "http://both/": {"state": ["KG"], "type": ["measure.included"]},
    }
    made = {url: await bench.subscribe(url, **wanted) for url, wanted in asked.items()}
    async with bench.delivering(post):
        await until(lambda: len(post.sent) == 4 + 2 + 2 + 1 + 3 + 1 + 0 + 1)
        await asyncio.sleep(0.2)
    assert {url: post.seqs(url) for url in asked} == {
        "http://all/": [1, 2, 3, 4],
        "http://state/": [1, 4],
        "http://states/": [2, 3],
        "http://kind/": [3],
        "http://code/": [1, 3, 4],
        "http://type/": [4],
        "http://reason/": [],
        "http://both/": [1],
    }
    # What the filter leaves out is passed by, and is not looked at again after a restart.
    assert {(await bench.held(one)).cursor_seq for one in made.values()} == {4}


async def test_entries_that_a_filter_leaves_out_write_nothing(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    for state in ("KG", "AM", "KZ"):
        await bench.subscribe(f"http://{state}/", state=[state])
    written = _watch_writes(monkeypatch)
    post = Post()
    async with bench.delivering(post):
        for _ in range(5):
            await bench.include("RU")
        await asyncio.sleep(0.5)
        assert written == []
    assert post.sent == []
    assert len(written) == 1  # once at the end, for all


def _watch_writes(monkeypatch: pytest.MonkeyPatch) -> list[None]:
    """A list that grows with each write transaction of the ledger."""
    written: list[None] = []
    write = Ledger._write

    async def counted(self: Ledger, *what: Any) -> None:
        written.append(None)
        await write(self, *what)

    monkeypatch.setattr(Ledger, "_write", counted)
    return written


async def test_a_thousand_subscribers_of_one_entry_take_few_transactions(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with bench.db.transaction():
        for number in range(1000):
            await store.create(
                bench.db,
                f"token:{number}",
                "a@x.example",
                url=f"http://{number}/",
                wanted=Wanted(state=["KG"] if number % 2 else []),
                after=0,
                now=bench.clock(),
            )
    written = _watch_writes(monkeypatch)
    post = Post()
    async with bench.delivering(post):
        await bench.include("KG")
        await until(lambda: len(post.sent) == 1000)

        async def all_written() -> bool:
            rows = await bench.db.fetch_rows("SELECT count(*) FROM webhook_subscription WHERE cursor_seq = 1")
            return bool(rows[0][0] == 1000)

        await until_async(all_written)
        assert len(written) <= 20
    assert Counter(url for url, _ in post.sent).most_common(1)[0][1] == 1


async def test_replay_sends_again_from_an_entry_on_under_the_same_identifiers(bench: Bench) -> None:
    for _ in range(4):
        await bench.include()
    async with receiving() as one:
        made = await bench.subscribe(one.url)
        async with bench.delivering() as delivery:
            await caught_up(bench, made, 4)
            async with bench.db.transaction():
                await store.replay(bench.db, made.owner, made.id, from_seq=2, now=bench.clock())
            delivery.look()
            await until(lambda: len(one.got) == 7)
            await caught_up(bench, made, 4)
    assert one.seqs == [1, 2, 3, 4, 2, 3, 4]
    assert [got.headers["webhook-id"] for got in one.got[4:]] == [got.headers["webhook-id"] for got in one.got[1:4]]


async def test_a_replay_counts_also_while_an_attempt_is_under_way(bench: Bench) -> None:
    """The result of what began before the replay must not carry the cursor beyond it again."""
    for _ in range(3):
        await bench.include()
    go_on = asyncio.Event()

    async def slow(got: Got) -> bytes:
        if got.seq == 3:
            await go_on.wait()
        return response(204)

    async with receiving(slow) as one:
        made = await bench.subscribe(one.url)
        async with bench.delivering() as delivery:
            await until(lambda: len(one.got) == 3)
            async with bench.db.transaction():
                await store.replay(bench.db, made.owner, made.id, from_seq=1, now=bench.clock())
            delivery.look()
            await asyncio.sleep(0.2)
            assert len(one.got) == 3
            go_on.set()
            await until(lambda: len(one.got) == 6)
            await caught_up(bench, made, 3)
    assert one.seqs == [1, 2, 3, 1, 2, 3]


async def test_paused_resumed_moved_and_deleted(bench: Bench) -> None:
    post = Post()
    made = await bench.subscribe("http://old/")
    async with bench.delivering(post) as delivery:
        await bench.include()
        await until(lambda: post.sent == [("http://old/", 1)])
        await caught_up(bench, made, 1)
        await change(bench, made, delivery, state="paused")
        await until(lambda: not _followed(delivery))
        await bench.include()
        await asyncio.sleep(0.2)
        assert len(post.sent) == 1
        await change(bench, made, delivery, state="active", url="http://new/")
        await until(lambda: post.sent[1:] == [("http://new/", 2)])
        async with bench.db.transaction():
            await store.delete(bench.db, made.owner, made.id)
        delivery.look()
        await until(lambda: not _followed(delivery))
        await bench.include()
        await asyncio.sleep(0.2)
    assert len(post.sent) == 2
    assert bench.mails == []


def _followed(delivery: Delivery) -> bool:
    assert delivery._desk is not None
    return bool(delivery._desk._followers)


async def test_a_pause_by_the_owner_is_stronger_than_what_an_attempt_finds_out(bench: Bench) -> None:
    """A receiver answers 410 just when its owner has paused it: no mail, and the pause stays the owner's."""
    under_way, go_on = asyncio.Event(), asyncio.Event()

    async def post(url: str, headers: Mapping[str, str], body: bytes) -> Outcome:
        under_way.set()
        await go_on.wait()
        return Outcome(410, "status", "", 1)

    await bench.include()
    made = await bench.subscribe("http://one/")
    async with bench.delivering(post) as delivery:
        await under_way.wait()
        await change(bench, made, delivery, state="paused")
        go_on.set()
        await until_async(lambda: bench.log(made))
        await asyncio.sleep(0.2)
    assert (await bench.held(made)).paused_reason == "owner"
    assert bench.mails == []


async def test_who_waits_for_a_place_is_sent_to_the_address_that_holds_when_its_turn_comes(bench: Bench) -> None:
    sent: list[str] = []
    go_on = asyncio.Event()

    async def post(url: str, headers: Mapping[str, str], body: bytes) -> Outcome:
        sent.append(url)
        if url == "http://slow/":
            await go_on.wait()
        return TOOK

    await bench.subscribe("http://slow/")
    made = await bench.subscribe("http://old/", after=1)
    async with bench.delivering(post, pace=replace(QUICK, first=1, hurry_seconds=60)) as delivery:
        await bench.include()
        await until(lambda: sent == ["http://slow/"])
        await bench.include()
        await asyncio.sleep(0.2)
        await change(bench, made, delivery, url="http://new/")
        await asyncio.sleep(0.3)
        go_on.set()
        await caught_up(bench, made, 2)
    assert "http://new/" in sent
    assert "http://old/" not in sent


@pytest.mark.parametrize("known", [False, True])
async def test_resumed_at_the_moment_of_a_failure_it_goes_on(bench: Bench, known: bool) -> None:
    """Paused and resumed while a 410 is on its way: the old answer decides nothing about the new beginning."""
    under_way, go_on = asyncio.Event(), asyncio.Event()
    sent: list[int] = []

    async def post(url: str, headers: Mapping[str, str], body: bytes) -> Outcome:
        sent.append(json.loads(body)["data"]["seq"])
        if len(sent) > 1:
            return TOOK
        under_way.set()
        await go_on.wait()
        return Outcome(410, "status", "", 1)

    await bench.include()
    made = await bench.subscribe("http://one/")
    async with bench.delivering(post) as delivery:
        await under_way.wait()
        await change(bench, made, delivery, state="paused")
        await change(bench, made, delivery, state="active")
        if known:  # the process that delivers has seen it before the answer comes
            await asyncio.sleep(0.3)
        go_on.set()
        await caught_up(bench, made, 1)
    assert sent == [1, 1]
    assert (await bench.held(made)).state == "active"
    assert bench.mails == []


async def test_while_the_database_is_away_delivery_goes_on_and_is_written_afterwards(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    write, away = Ledger._write, True

    async def broken(self: Ledger, *what: Any) -> None:
        if away:
            raise DatabaseUnavailable("away")
        await write(self, *what)

    monkeypatch.setattr(Ledger, "_write", broken)
    post = Post()
    made = await bench.subscribe("http://one/")
    async with bench.delivering(post):
        for _ in range(3):
            await bench.include()
        await until(lambda: len(post.sent) == 3)
        await until(lambda: "away" in caplog.text)
        assert (await bench.held(made)).cursor_seq == 0
        away = False
        await caught_up(bench, made, 3)
    # At least once: what could not be written in time may be sent again, in its order.
    sent = post.seqs("http://one/")
    assert (sent[:3], set(sent)) == ([1, 2, 3], {1, 2, 3})
    assert {line["seq"] for line in await bench.log(made)} == {1, 2, 3}


async def test_eight_writers_at_once_and_every_entry_arrives_once_and_in_order(bench: Bench, database_url: str) -> None:
    async def writer() -> None:
        async with open_database(database_url) as db:
            for _ in range(6):
                await publication.include(db, notified("KG", "7204"), on=TODAY)

    async with receiving() as one:
        made = await bench.subscribe(one.url)
        async with bench.delivering():
            await asyncio.gather(*(writer() for _ in range(8)))
            await caught_up(bench, made, 48)
    assert one.seqs == list(range(1, 49))


async def test_old_lines_of_the_log_are_taken_away(bench: Bench, clock: Clock) -> None:
    await bench.include()
    post = Post()
    made = await bench.subscribe("http://one/")
    async with bench.delivering(post):
        await until_async(lambda: bench.log(made))
    clock.forward(days=29)
    async with bench.delivering(post, pace=replace(QUICK, tidy_seconds=0.01)):
        await asyncio.sleep(0.3)
    assert len(await bench.log(made)) == 1
    clock.forward(days=2)
    async with bench.delivering(post, pace=replace(QUICK, tidy_seconds=0.01)):
        await asyncio.sleep(0.3)
    assert await bench.log(made) == []


async def test_a_restart_does_not_shorten_the_wait_of_a_receiver_that_failed(bench: Bench, clock: Clock) -> None:
    await bench.include()
    post = Post(BROKE)
    made = await bench.subscribe("http://broken/")
    async with bench.delivering(post):
        await until_async(lambda: bench.log(made))
    clock.forward(seconds=4)
    async with bench.delivering(post) as delivery:
        await asyncio.sleep(0.3)
        assert len(post.sent) == 1
        clock.forward(seconds=1)
        delivery.look()
        await until_async(lambda: _failures(bench, made, 2))
    held = await bench.held(made)
    assert (held.failures, held.next_attempt_at) == (2, clock() + timedelta(minutes=5))


async def test_when_the_database_stays_away_sending_stops_before_memory_is_full(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(self: Ledger, *what: Any) -> None:
        raise DatabaseUnavailable("away")

    for _ in range(10):
        await bench.include()
    post = Post()
    made = await bench.subscribe("http://one/")
    monkeypatch.setattr("feeds.webhooks.ledger.PENDING_AT_MOST", 3)
    monkeypatch.setattr("feeds.webhooks.ledger.RETRY_SECONDS", 0.05)
    with monkeypatch.context() as away:
        away.setattr(Ledger, "_write", broken)
        async with bench.delivering(post):
            await until(lambda: len(post.sent) == 3)
            await asyncio.sleep(0.3)
            assert len(post.sent) == 3
            away.undo()
            await caught_up(bench, made, 10)
    assert post.seqs("http://one/") == list(range(1, 11))


async def test_a_fault_of_ours_with_one_subscription_is_logged_and_leaves_the_others(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    faults = 0
    post = Post()

    async def faulty(url: str, headers: Mapping[str, str], body: bytes) -> Outcome:
        nonlocal faults
        if url == "http://faulty/" and faults < 2:
            faults += 1
            raise RuntimeError("a fault of ours")
        return await post(url, headers, body)

    await bench.include()
    await bench.subscribe("http://faulty/")
    await bench.subscribe("http://well/")
    async with bench.delivering(faulty, pace=replace(QUICK, reload_seconds=0.2)):
        await until(lambda: post.seqs("http://faulty/") == [1])
    assert post.seqs("http://well/") == [1]
    assert caplog.text.count("broke off") == 2


async def test_when_everything_breaks_off_it_begins_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    write, faults = Ledger._write, 0

    async def once_faulty(self: Ledger, *what: Any) -> None:
        nonlocal faults
        faults += 1
        if faults == 1:
            raise RuntimeError("a fault of ours")
        await write(self, *what)

    monkeypatch.setattr(Ledger, "_write", once_faulty)
    await bench.include()
    post = Post()
    made = await bench.subscribe("http://one/")
    async with bench.delivering(post):
        # What was known is written while the desk closes, so that only the next entry shows that it began again.
        await until(lambda: "a fault of ours" in caplog.text)
        await bench.include()
        await caught_up(bench, made, 2)


async def test_an_old_secret_is_forgotten_after_its_overlap(bench: Bench, clock: Clock) -> None:
    made = await bench.subscribe("http://one/")
    async with bench.db.transaction():
        await store.rotate(bench.db, made.owner, made.id, now=clock(), overlap=timedelta(hours=1))
    for hours, kept in ((0, made.secret), (2, None)):
        clock.forward(hours=hours)
        async with bench.delivering(Post(), pace=replace(QUICK, tidy_seconds=0.01)):
            await asyncio.sleep(0.3)
        assert (await bench.held(made)).old_secret == kept


async def test_rows_read_just_before_a_pause_do_not_wake_what_rests(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on, armed = asyncio.Event(), asyncio.Event()
    sent = 0

    async def post(url: str, headers: Mapping[str, str], body: bytes) -> Outcome:
        nonlocal sent
        sent += 1
        armed.set()
        await go_on.wait()
        return Outcome(410, "status", "", 1)

    async def late(*what: Any) -> list[Subscription]:
        rows = await select(*what)
        if armed.is_set() and not go_on.is_set():
            go_on.set()
            await until(lambda: bench.mails)
            assert [row.state for row in rows] == ["active"]
        return rows

    monkeypatch.setattr("feeds.webhooks.delivery.select", late)
    await bench.include()
    made = await bench.subscribe("http://gone/")
    async with bench.delivering(post, pace=replace(QUICK, reload_seconds=0.05)):
        await until(lambda: bench.mails)
        await asyncio.sleep(0.3)
    assert sent == 1
    assert (await bench.held(made)).paused_reason == "gone"
