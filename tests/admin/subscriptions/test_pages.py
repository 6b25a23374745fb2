"""The pages of subscriptions: what each button does, who sees what, and each refusal."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from html import unescape
from pathlib import Path
from typing import Any

import httpx
import pytest
from standardwebhooks import Webhook

from admin.accounts import Role, people
from admin.accounts.passwords import Passwords
from admin.app import create_app
from admin.settings import Settings
from admin.subscriptions.pages import LINES
from feeds.webhooks import store, tokens
from feeds.webhooks.records import Attempt, Subscription, select
from feeds.webhooks.sealing import open_secret
from feeds.webhooks.sender import Outcome
from register.service import RegisterService
from tests.admin.conftest import PASSWORD, QUICK, Browser, Clock, Staff, hidden

pytestmark = pytest.mark.anyio

LIST = "/ru/staff/subscriptions"
NEW = f"{LIST}/new"


class Receiver:
    """A receiver on loopback that notes what it gets and answers as it is told."""

    def __init__(self) -> None:
        self.status = 204
        self.got: list[tuple[dict[str, str], bytes]] = []

    async def __aenter__(self) -> Receiver:
        self.server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self.server.sockets[0].getsockname()[1]}/hook"
        return self

    async def __aexit__(self, *_: object) -> None:
        self.server.close()
        await self.server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        names = dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if line)
        names = {name.lower(): value for name, value in names.items()}
        body = await reader.readexactly(int(names["content-length"]))
        self.got.append((names, body))
        writer.write(b"HTTP/1.1 %d X\r\ncontent-length: 3\r\nconnection: close\r\n\r\nno." % self.status)
        await writer.drain()
        writer.close()


@dataclass
class Desk:
    """The whole application; ``clerk`` is a person who may subscribe."""

    staff: Staff
    service: RegisterService
    clerk: Browser
    receiver: Receiver

    async def make(self, browser: Browser | None = None, **fields: Any) -> tuple[str, str]:
        """Subscribe as a person does; the identifier and the secret that are shown."""
        answer = await (browser or self.clerk).send(NEW, **{"url": self.receiver.url, **fields})
        assert answer.status_code == 200, answer.text
        return shown(answer)

    async def held(self, name: str) -> Subscription:
        (found,) = await select(self.service.database, "id = {}", name)
        return found

    async def secrets(self, name: str) -> list[str | None]:
        """The secrets that sign now, the newest first."""
        sealer = self.staff.accounts.box.sealer("webhooks")
        held = await self.held(name)
        return [open_secret(sealer, kept, name) for kept in held.keys(self.staff.clock())]

    async def press(self, name: str, do: str, browser: Browser | None = None, **fields: Any) -> httpx.Response:
        """Send a form of the page of a subscription as it stands."""
        browser = browser or self.clerk
        page = await browser.get(f"{LIST}/{name}")
        assert page.status_code == 200
        path = f"{LIST}/{name}"
        sent = {**hidden(page.text, path), **fields, "do": do}
        return await browser.client.post(path, data=sent, headers={"Accept": "text/html"})


def shown(answer: httpx.Response) -> tuple[str, str]:
    name = re.search(r"(sub_[0-9a-f]{24})</code>", answer.text)
    secret = re.search(r'id="secret">(whsec_[A-Za-z0-9+/=]+)<', answer.text)
    assert name
    assert secret
    return name[1], unescape(secret[1])


def said(answer: httpx.Response) -> str:
    """The words of a page."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", answer.text)))


@pytest.fixture
async def desk(anyio_backend: str, database_url: str, tmp_path: Path) -> AsyncIterator[Desk]:
    clock = Clock()
    settings = Settings(
        data_dir=tmp_path / "data",
        database_url=database_url,
        base_url="http://register.test",
        webhook_networks="127.0.0.0/8",
    )
    app = create_app(settings, clock=clock, scheduled=False)
    app.state.accounts.passwords = Passwords(QUICK)
    staff = Staff(app, app.state.accounts, clock)
    async with app.lifespan(), Receiver() as receiver:
        try:
            clerk, _ = await staff.at_work(Role.CLERK)
            yield Desk(staff, app.state.service, clerk, receiver)
        finally:
            for browser in staff.browsers:
                await browser.client.aclose()


# Making one


async def test_a_new_subscription_with_its_secret_shown_once(desk: Desk) -> None:
    empty = await desk.clerk.get(LIST)
    assert "Подписок ещё нет" in empty.text
    answer = await desk.clerk.send(
        NEW, url=desk.receiver.url, description="Таможня", state=["KG", "AM"], kind="export_duty", code="7204 10",
        type="measure.included", reason="legal_change", from_seq="1",
    )  # fmt: skip
    assert answer.status_code == 200
    name, secret = shown(answer)
    held = await desk.held(name)
    assert (held.url, held.description, held.cursor_seq) == (desk.receiver.url, "Таможня", 0)
    assert await desk.secrets(name) == [secret]
    wanted = held.wanted
    assert (wanted.state, wanted.kind, wanted.code) == (["AM", "KG"], ["export_duty"], "720410")
    assert (wanted.type, wanted.reason) == (["measure.included"], ["legal_change"])
    assert held.owner.startswith("account:")
    assert held.owner_email == "clerk@commission.example"
    page = await desk.clerk.get(f"{LIST}/{name}")
    assert secret not in page.text
    assert "no-store" in page.headers["cache-control"]
    listed = await desk.clerk.get(LIST)
    assert f"{LIST}/{name}" in listed.text
    assert "Таможня" in listed.text
    (row,) = await desk.staff.trail("subscription.create")
    assert (row["subject"], row["detail"]) == (f"subscription:{name}", {"host": "127.0.0.1"})
    assert secret not in str(await desk.staff.trail())


async def test_the_same_form_sent_twice_makes_one(desk: Desk) -> None:
    page = await desk.clerk.get(NEW)
    sent = {**hidden(page.text, NEW), "url": desk.receiver.url, "from_seq": ""}
    first = await desk.clerk.client.post(NEW, data=sent, headers={"Accept": "text/html"})
    again = await desk.clerk.client.post(NEW, data=sent, headers={"Accept": "text/html"})
    assert shown(first) == shown(again)
    assert len(await store.everybodys(desk.service.database)) == 1
    assert len(await desk.staff.trail("subscription.create")) == 1


FAULTS = [
    ("url", "", "Не менее 1 знаков"),
    ("url", "ftp://receiver.example", "Нужен адрес вида"),
    ("url", "https://10.0.0.1/", "Адрес ведёт в частную или служебную сеть"),
    ("url", "https://a:b@receiver.example/", "Имя и пароль в адресе не допускаются"),
    ("code", "123", "123"),
    ("from_seq", "много", "Значение должно быть целым числом"),
    ("from_seq", "0", "не меньше 1"),
    ("from_seq", "99", "допускается число от 1 до 1"),
    ("description", "х" * 501, "Не более 500 знаков"),
]


async def test_what_is_wrong_stands_beside_its_field_and_nothing_typed_is_lost(desk: Desk) -> None:
    for field, text, says in FAULTS:
        typed = {"url": desk.receiver.url, "description": "Для таможни", "code": "7204", "from_seq": "1", field: text}
        answer = await desk.clerk.send(NEW, **typed, state="KZ")
        assert answer.status_code == 422
        fault = re.search(rf'id="f-{field}-fault">(.*?)</p>', answer.text, re.S)
        assert fault, answer.text
        assert says in unescape(fault[1])
        assert f'href="#f-{field}"' in answer.text
        for name, value in typed.items():
            kept = re.search(rf'name="{name}"[^>]* value="([^"]*)"', answer.text)
            assert kept, name
            assert unescape(kept[1]) == value
        assert re.search(r'value="KZ" checked', answer.text)
    assert await store.everybodys(desk.service.database) == []
    assert (await desk.staff.trail("subscription")) == []


async def test_a_form_that_was_refused_can_be_mended_and_sent(desk: Desk) -> None:
    refused = await desk.clerk.send(NEW, url="nothing", from_seq="")
    sent = {**hidden(refused.text, NEW), "url": desk.receiver.url, "from_seq": ""}
    answer = await desk.clerk.client.post(NEW, data=sent, headers={"Accept": "text/html"})
    assert answer.status_code == 200
    # The browser's way back, to the form that was sent: what it holds now is another request.
    sent["url"] = f"{desk.receiver.url}/other"
    again = await desk.clerk.client.post(NEW, data=sent, headers={"Accept": "text/html"})
    assert again.status_code == 422
    assert len(await store.everybodys(desk.service.database)) == 1


async def test_a_hundred_are_enough(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("feeds.webhooks.store.MAX_PER_OWNER", 1)
    await desk.make()
    answer = await desk.clerk.send(NEW, url=desk.receiver.url)
    assert answer.status_code == 422
    assert "Допускается не более 1 подписок" in answer.text


async def test_what_is_typed_into_a_form_whose_session_has_ended_comes_back(desk: Desk) -> None:
    page = await desk.clerk.get(NEW)
    desk.staff.clock.move(hours=13)
    sent = {**hidden(page.text, NEW), "url": desk.receiver.url, "description": "Не потерять", "state": "BY"}
    answer = await desk.clerk.client.post(NEW, data=sent, headers={"Accept": "text/html"})
    assert answer.status_code == 303
    account = (await desk.staff.accounts.database.fetch("SELECT id FROM account"))[0]["id"]
    person = await people.by_id(desk.staff.accounts.database, account)
    assert person is not None
    sign_in = answer.headers["location"]
    entered = await desk.clerk.send("/ru/staff/sign-in", sign_in, email=person.email, password=PASSWORD)
    back = await desk.clerk.get(entered.headers["location"])
    assert "Не потерять" in back.text
    assert re.search(r'value="BY" checked', back.text)


# The buttons


async def test_the_test_button_sends_what_a_standard_consumer_verifies(desk: Desk) -> None:
    name, secret = await desk.make()
    answer = await desk.press(name, "test")
    assert answer.status_code == 303
    page = await desk.clerk.get(answer.headers["location"])
    assert "Пробное сообщение принято: ответ 204" in page.text
    ((headers, body),) = desk.receiver.got
    message = verified(secret, body, headers)
    assert message["type"] == "test"
    assert message["data"]["subscription"] == name
    desk.receiver.status = 500
    answer = await desk.press(name, "test")
    page = await desk.clerk.get(answer.headers["location"])
    assert "Пробное сообщение не принято: получатель не принял сообщение (500)" in said(page)
    assert [row["outcome"] for row in await desk.staff.trail("subscription.test")] == ["done", "failed"]
    held = await desk.held(name)
    assert (held.failures, held.cursor_seq) == (0, 0)
    assert said(page).count("проба") == 2


def verified(secret: str, body: bytes, headers: dict[str, str]) -> dict[str, Any]:
    """What a consumer takes the message for; the tests' clock stands, so its own check of the time is not asked."""
    webhook = Webhook(secret)
    at = datetime.fromtimestamp(int(headers["webhook-timestamp"]), UTC)
    webhook._Webhook__verify_timestamp = lambda _: at  # type: ignore[attr-defined]
    found: dict[str, Any] = webhook.verify(body, headers)
    return found


async def test_pause_and_resume(desk: Desk) -> None:
    name, _ = await desk.make()
    answer = await desk.press(name, "pause")
    assert "приостановлена" in (await desk.clerk.get(answer.headers["location"])).text
    assert (await desk.held(name)).paused_reason == "owner"
    page = await desk.clerk.get(f"{LIST}/{name}")
    assert 'value="resume"' in page.text
    assert 'value="pause"' not in page.text
    await desk.press(name, "resume")
    assert (await desk.held(name)).state == "active"
    assert [row["action"] for row in await desk.staff.trail("subscription")] == [
        "subscription.create", "subscription.pause", "subscription.resume",
    ]  # fmt: skip


async def test_other_settings(desk: Desk) -> None:
    name, secret = await desk.make(state=["KG"], code="7204", description="Было")
    answer = await desk.press(name, "save", url=f"{desk.receiver.url}/2", description="", code="", kind=["export_duty"])
    assert answer.status_code == 303
    held = await desk.held(name)
    assert (held.url, held.description) == (f"{desk.receiver.url}/2", None)
    assert await desk.secrets(name) == [secret]
    assert (held.wanted.state, held.wanted.kind, held.wanted.code) == ([], ["export_duty"], None)
    answer = await desk.press(name, "save", url="https://192.168.1.1/", description="Новое", code="7")
    assert answer.status_code == 422
    assert 'value="https://192.168.1.1/"' in answer.text
    assert 'value="Новое"' in answer.text
    assert (await desk.held(name)).description is None


async def test_a_new_secret_while_the_old_one_signs_on(desk: Desk) -> None:
    name, old = await desk.make()
    page = await desk.clerk.get(f"{LIST}/{name}")
    once = re.search(r'name="once" value="([0-9a-f]{32})"', page.text)
    assert once
    first = await desk.press(name, "rotate", overlap_hours="2", once=once[1])
    again = await desk.press(name, "rotate", overlap_hours="2", once=once[1])
    _, secret = shown(first)
    assert shown(again)[1] == secret != old
    assert await desk.secrets(name) == [secret, old]
    assert "Прежний секрет" in first.text
    wrong = await desk.press(name, "rotate", overlap_hours="200")
    assert wrong.status_code == 422
    assert "f-overlap_hours-fault" in wrong.text
    assert 'value="200"' in wrong.text
    assert secret not in str(await desk.staff.trail())
    desk.staff.clock.move(hours=3)
    assert await desk.secrets(name) == [secret]


async def test_replay(desk: Desk) -> None:
    name, _ = await desk.make()
    assert (await desk.press(name, "replay", from_seq="1")).status_code == 303
    assert (await desk.held(name)).cursor_seq == 0
    for text, says in (("", "Обязательное поле"), ("7", "допускается число"), ("x", "целым числом")):
        answer = await desk.press(name, "replay", from_seq=text)
        assert answer.status_code == 422
        assert says in answer.text


async def test_delete_asks_once(desk: Desk) -> None:
    name, _ = await desk.make()
    answer = await desk.press(name, "delete")
    assert answer.status_code == 422
    assert "поставьте отметку" in answer.text
    await desk.held(name)
    answer = await desk.press(name, "delete", sure="1")
    assert answer.headers["location"] == f"{LIST}?done=delete"
    assert "удалена" in (await desk.clerk.get(answer.headers["location"])).text
    assert (await desk.clerk.get(f"{LIST}/{name}")).status_code == 404
    assert await desk.staff.trail("subscription.delete")


async def test_a_button_that_is_none(desk: Desk) -> None:
    name, _ = await desk.make()
    assert (await desk.press(name, "explode")).status_code == 403


async def test_the_log_is_read_page_by_page(desk: Desk) -> None:
    name, _ = await desk.make()
    held = await desk.held(name)
    db = desk.service.database
    async with db.transaction():
        for number in range(1, LINES + 6):
            outcome = Outcome(503, "status", f"<b>{number}</b>", 7)
            await store.record(db, Attempt(held.id, f"msg_{number}", None, number, desk.staff.clock(), outcome))
    first = await desk.clerk.get(f"{LIST}/{name}")
    assert f"&lt;b&gt;{LINES + 5}&lt;/b&gt;" in first.text
    assert "&lt;b&gt;5&lt;/b&gt;" not in first.text
    older = re.search(r'href="([^"]*before=\d+)#log"', first.text)
    assert older
    second = await desk.clerk.get(older[1])
    assert [int(found) for found in re.findall(r"&lt;b&gt;(\d+)&lt;/b&gt;", second.text)] == [5, 4, 3, 2, 1]
    for query in ("before=x", "before=99999999999999999999", "tested=x", "tested=-1", "done=x"):
        assert (await desk.clerk.get(f"{LIST}/{name}?{query}")).status_code == 200


# Who


async def test_each_sees_the_own_and_the_operator_all(desk: Desk) -> None:
    name, secret = await desk.make(description="Клерка")
    official, _ = await desk.staff.at_work(Role.OFFICIAL)
    other, _ = await desk.make(official, description="Представителя")
    assert "Клерка" not in (await official.get(LIST)).text
    assert (await official.get(f"{LIST}/{name}")).status_code == 404
    token = await official.token()
    stolen = await official.client.post(
        f"{LIST}/{name}", data={"_csrf": token, "do": "delete", "sure": "1"}, headers={"Accept": "text/html"}
    )
    assert stolen.status_code == 404
    operator, _ = await desk.staff.at_work(Role.OPERATOR)
    page = await operator.get(LIST)
    assert {"Клерка", "Представителя"} <= set(re.findall(r"Клерка|Представителя", page.text))
    assert "clerk@commission.example" in page.text
    one = await operator.get(f"{LIST}/{name}")
    assert one.status_code == 200
    assert 'value="rotate"' not in one.text
    assert (await desk.press(name, "rotate", operator, overlap_hours="1")).status_code == 403
    assert await desk.secrets(name) == [secret]
    assert (await desk.press(name, "pause", operator)).status_code == 303
    held = await desk.held(name)
    assert (held.state, held.owner_email) == ("paused", "clerk@commission.example")
    assert (await desk.held(other)).state == "active"


@pytest.mark.parametrize("role", [Role.APPROVER, Role.AUDITOR])
async def test_who_may_not(role: Role, desk: Desk) -> None:
    browser, _ = await desk.staff.at_work(role)
    assert (await browser.get(LIST)).status_code == 403
    assert (await browser.get(NEW)).status_code == 403
    data = {"_csrf": await browser.token(), "url": desk.receiver.url}
    assert (await browser.client.post(NEW, data=data, headers={"Accept": "text/html"})).status_code == 403
    assert "/staff/subscriptions" not in (await browser.get("/ru/staff/me")).text
    assert await store.everybodys(desk.service.database) == []


async def test_a_form_of_another_site_does_nothing(desk: Desk) -> None:
    answer = await desk.clerk.client.post(NEW, data={"url": desk.receiver.url}, headers={"Accept": "text/html"})
    assert answer.status_code == 403
    name, _ = await desk.make()
    answer = await desk.clerk.client.post(f"{LIST}/{name}", data={"do": "delete", "sure": "1"})
    assert answer.status_code == 403
    await desk.held(name)


async def test_a_stranger_is_asked_to_sign_in(desk: Desk) -> None:
    answer = await desk.staff.browser().get(LIST)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/ru/staff/sign-in")


async def test_what_is_made_on_the_page_is_there_for_the_program_and_the_other_way(desk: Desk) -> None:
    name, _ = await desk.make()
    token = await desk.clerk.token()
    heads = {"x-csrf-token": token}
    listed = (await desk.clerk.client.get("/api/v1/subscriptions")).json()
    assert [item["id"] for item in listed["items"]] == [name]
    made = await desk.clerk.client.post(
        "/api/v1/subscriptions", json={"url": desk.receiver.url, "description": "Программой"}, headers=heads
    )
    assert made.status_code == 201
    assert "Программой" in (await desk.clerk.get(LIST)).text
    log = await desk.clerk.client.get(f"/api/v1/subscriptions/{name}/deliveries")
    await desk.press(name, "test")
    assert len((await desk.clerk.client.get(log.url)).json()["items"]) == 1


async def test_a_subscription_by_token_stands_in_the_operators_list(desk: Desk) -> None:
    secret = await tokens.issue(desk.service.database, "customs", "it@customs.example")
    made = await desk.staff.browser().client.post(
        "/api/v1/subscriptions", json={"url": desk.receiver.url}, headers={"Authorization": f"Bearer {secret}"}
    )
    assert made.status_code == 201, made.text
    operator, _ = await desk.staff.at_work(Role.OPERATOR)
    assert "it@customs.example" in (await operator.get(LIST)).text
    assert "it@customs.example" not in (await desk.clerk.get(LIST)).text


async def test_in_english(desk: Desk) -> None:
    name, _ = await desk.make()
    for path in ("", "/new", f"/{name}"):
        answer = await desk.clerk.get(f"/en/staff/subscriptions{path}")
        assert answer.status_code == 200
        words = re.sub(r"Имя|Русск\w+", "", said(answer))
        assert not re.search("[А-Яа-я]{3,}", words), words
