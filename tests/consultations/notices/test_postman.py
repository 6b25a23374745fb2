"""Mails against a real SMTP server: sent once, tried again, given up, and never sent twice."""

from __future__ import annotations

import asyncio
from email.message import EmailMessage

import pytest

from consultations.happenings import Happening
from consultations.notices import mails
from consultations.notices.mails import GIVE_UP_AFTER, LEASE, STUCK_AFTER
from consultations.notices.people import Person
from consultations.notices.smtp import MailServer
from register.database import open_database
from tests.consultations.notices.post_office import (
    ASEL,
    BASE,
    CLERK,
    NUMBER,
    Office,
    Server,
    free_port,
    mail_server,
)

pytestmark = pytest.mark.anyio


def parts(mail: EmailMessage) -> tuple[str, str]:
    text, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert text is not None
    assert html is not None
    return text.get_content(), html.get_content()


async def test_everybody_but_the_doer_gets_one_mail_in_the_own_language(office: Office, server: Server) -> None:
    await office.happen("scheduled", state=None, by=CLERK.id)
    assert await office.postman().run() == 2
    assert await office.postman().run() == 0
    assert sorted(server.receivers()) == ["asel@kg.example", "dana@kz.example"]
    by_receiver = {str(mail["To"]): mail for mail in server.mails()}
    text, html = parts(by_receiver["asel@kg.example"])
    assert by_receiver["asel@kg.example"]["Subject"] == f"{NUMBER}: назначено заседание на 08.12.2026"
    assert f"{BASE}/ru/staff/consultations/{NUMBER}" in text
    assert f'href="{BASE}/ru/staff/consultations/{NUMBER}"' in html
    assert "Запрет вывоза лесоматериалов" in text
    assert "23.11.2026, 12:00 (UTC+3)" in text
    text, html = parts(by_receiver["dana@kz.example"])
    assert by_receiver["dana@kz.example"]["Subject"] == f"{NUMBER}: a meeting is set for 8 December 2026"
    assert f"{BASE}/en/staff/consultations/{NUMBER}" in html
    assert "Ban on timber exports" in text


async def test_headers_say_that_a_machine_wrote_and_where_to_stop_it(office: Office, server: Server) -> None:
    await office.happen()
    await office.postman().run()
    mail = server.mails()[0]
    assert mail["Date"] == "Mon, 23 Nov 2026 09:00:00 +0000"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["From"] == "Register <register@commission.example>"
    assert mail["List-Unsubscribe"] == f"<{BASE}/ru/staff/notices#settings>"
    assert mail["Message-ID"].endswith("@commission.example>")
    assert len({found["Message-ID"] for found in server.mails()}) == 2
    assert mail.get_content_type() == "multipart/alternative"


async def test_a_mail_is_never_sent_from_inside_the_transaction(office: Office, server: Server) -> None:
    async def refused() -> None:
        async with office.db.transaction():
            await office.outbox.notify(office.db, Happening("position", NUMBER, 1, "KZ", 2, office.clock()))
            raise RuntimeError("rolled back")

    with pytest.raises(RuntimeError, match="rolled back"):
        await refused()
    assert await office.postman().run() == 0
    assert server.asked == 0
    assert await office.states() == []


async def test_an_answer_of_451_is_tried_again_under_the_same_message_id(office: Office, server: Server) -> None:
    seen: list[bytes] = []

    def busy(envelope: object) -> str | None:
        seen.append(bytes(getattr(envelope, "content", b"")))
        return "451 try later" if len(seen) < 3 else None

    office.people.all = [ASEL]
    server.at_data = busy
    await office.happen()
    assert await office.postman().run() == 0
    assert (await office.states(), await office.errors()) == ([("due", 1)], ["451 try later"])
    assert await office.postman().run() == 0, "not before its time"
    assert len(seen) == 1
    office.clock.forward(minutes=1)
    assert await office.postman().run() == 0
    office.clock.forward(minutes=4)
    assert await office.postman().run() == 0
    assert len(seen) == 2
    office.clock.forward(minutes=1)
    assert await office.postman().run() == 1
    assert await office.states() == [("sent", 3)]
    ids = {line for content in seen for line in content.splitlines() if line.startswith(b"Message-ID")}
    assert len(ids) == 1


async def test_an_answer_of_451_to_the_receiver_keeps_no_other_mail_back(office: Office, server: Server) -> None:
    server.at_rcpt = lambda envelope: "451 greylisted" if "asel@kg.example" in envelope.rcpt_tos else None
    await office.happen(by=99)
    assert await office.postman().run() == 2
    assert sorted(state for state, _ in await office.states()) == ["due", "sent", "sent"]


@pytest.mark.parametrize("place", ["at_rcpt", "at_data"])
async def test_an_answer_of_550_is_for_good(office: Office, server: Server, place: str) -> None:
    office.people.all = [ASEL]
    setattr(server, place, lambda _: "550 no such user")
    await office.happen()
    assert await office.postman().run() == 0
    assert (await office.states(), await office.errors()) == (
        [("failed", 1 if place == "at_data" else 0)],
        ["550 no such user"],
    )
    office.clock.forward(days=10)
    assert await office.postman().run() == 0
    setattr(server, place, None)
    assert [mail.error for mail in await mails.troubled(office.db, 10)] == ["550 no such user"]
    assert await mails.try_again(office.db, office.clock()) == 1
    assert await office.postman().run() == 1


async def test_a_server_that_is_not_there_is_tried_until_the_mail_is_given_up(office: Office) -> None:
    gone = MailServer.parse(f"smtp://127.0.0.1:{free_port()}", "register@commission.example")
    office.people.all = [ASEL]
    await office.happen()
    begun, tries = office.clock(), 0
    while (await office.states())[0][0] == "due":
        assert await office.postman(gone).run() == 0
        tries += 1
        office.clock.forward(minutes=30)
    assert office.clock() - begun <= GIVE_UP_AFTER
    assert await office.states() == [("failed", (await office.states())[0][1])]
    assert tries > 10
    assert "SMTPConnectError" in str((await office.errors())[0])


async def test_a_server_that_is_not_there_is_asked_once_in_a_run_and_nothing_stays_taken(office: Office) -> None:
    gone = MailServer.parse(f"smtp://127.0.0.1:{free_port()}", "register@commission.example")
    await office.happen(by=99)
    await office.postman(gone).run()
    assert sorted(await office.states()) == [("due", 0), ("due", 0), ("due", 1)]
    assert await office.postman().run() == 2
    office.clock.forward(minutes=1)
    assert await office.postman().run() == 1


async def test_two_processes_at_once_send_each_mail_once(office: Office, server: Server, database_url: str) -> None:
    office.people.all = [Person(number, f"p{number}@kz.example", "", "KZ", "ru") for number in range(1, 61)]
    await office.happen(by=99)
    async with open_database(database_url) as second:
        other = Office(second, office.clock, office.people, office.server)
        took = await asyncio.gather(*(one.postman().run() for one in (office, other, office, other)))
    assert sum(took) == 60
    assert max(took) < 60, "one process did everything: the test shows nothing"
    assert sorted(server.receivers()) == sorted(one.email for one in office.people.all)
    assert await office.states() == [("sent", 1)] * 60


async def test_a_process_killed_before_it_hands_over_leaves_the_mail_to_another(office: Office, server: Server) -> None:
    office.people.all = [ASEL]
    await office.happen()
    assert len(await mails.claim(office.db, office.clock(), 10)) == 1
    assert await office.postman().run() == 0, "it is taken"
    office.clock.forward(seconds=LEASE.total_seconds())
    assert await office.postman().run() == 1
    assert len(server.envelopes) == 1


async def test_a_process_that_lost_its_lease_sends_nothing(office: Office, server: Server) -> None:
    office.people.all = [ASEL]
    await office.happen()
    (slow,) = await mails.claim(office.db, office.clock(), 10)
    office.clock.forward(seconds=LEASE.total_seconds())
    assert await office.postman().run() == 1
    assert not await mails.hand_over(office.db, slow, office.clock())
    await mails.postpone(office.db, slow, office.clock(), "too late")
    assert await office.states() == [("sent", 1)]


async def test_a_process_killed_while_it_hands_over_leaves_a_mail_that_is_not_sent_again(
    office: Office, server: Server
) -> None:
    office.people.all = [ASEL]
    await office.happen()
    (mail,) = await mails.claim(office.db, office.clock(), 10)
    assert await mails.hand_over(office.db, mail, office.clock())
    office.clock.forward(seconds=LEASE.total_seconds())
    assert await office.postman().run() == 0
    assert await office.states() == [("uncertain", 1)]
    assert server.asked == 0
    # Were it only slow, its answer still counts.
    await mails.close(office.db, mail, "sent", office.clock())
    assert await office.states() == [("sent", 1)]


async def test_a_connection_lost_after_the_message_leaves_it_uncertain_and_is_not_repeated(
    office: Office, server: Server
) -> None:
    office.people.all = [ASEL]
    server.at_data = lambda _: "hang up"
    await office.happen()
    assert await office.postman().run() == 0
    office.clock.forward(days=1)
    server.at_data = None
    assert await office.postman().run() == 0
    assert len(server.envelopes) == 1
    assert [state for state, _ in await office.states()] == ["uncertain"]
    assert "may have arrived" in str((await office.errors())[0])
    # The operator decides; a receiver that knows the Message-ID sees that it is the same.
    assert await mails.try_again(office.db, office.clock()) == 1
    assert await office.postman().run() == 1
    assert len({mail["Message-ID"] for mail in server.mails()}) == 1


async def test_stopping_finishes_the_mail_on_the_wire_and_gives_the_others_back(office: Office, server: Server) -> None:
    office.people.all = [Person(number, f"p{number}@kz.example", "", "KZ", "ru") for number in range(1, 11)]
    await office.happen(by=99)
    begun = asyncio.Event()
    server.at_data = lambda _: begun.set()
    running = asyncio.create_task(office.postman().run())
    await begun.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    sent = len(server.envelopes)
    assert 0 < sent < 10
    assert sorted(await office.states()) == [("due", 0)] * (10 - sent) + [("sent", 1)] * sent
    assert await office.postman().run() == 10 - sent
    assert sorted(server.receivers()) == sorted(one.email for one in office.people.all)


async def test_who_takes_part_no_longer_gets_no_mail(office: Office, server: Server) -> None:
    await office.happen()
    office.people.all = [CLERK]
    assert await office.postman().run() == 1
    assert server.receivers() == [CLERK.email]
    assert sorted(state for state, _ in await office.states()) == ["dropped", "sent"]


async def test_mail_that_waits_for_an_hour_is_seen(office: Office) -> None:
    await office.happen()
    assert await mails.stuck_since(office.db, office.clock()) is None
    begun = office.clock()
    office.clock.forward(seconds=STUCK_AFTER.total_seconds())
    assert await mails.stuck_since(office.db, office.clock()) == begun
    await office.postman().run()
    assert await mails.stuck_since(office.db, office.clock()) is None


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS:UserWarning")
async def test_a_password_goes_only_where_it_is_asked_and_a_wrong_one_is_told(office: Office) -> None:
    async with mail_server(password="heron 42") as server:
        office.people.all = [ASEL]
        url, sender = f"smtp://register@127.0.0.1:{server.port}", "register@commission.example"
        await office.happen()
        assert await office.postman(MailServer.parse(url, sender, password="wrong")).run() == 0
        assert "535" in str((await office.errors())[0])
        office.clock.forward(minutes=1)
        assert await office.postman(MailServer.parse(url, sender, password="heron 42")).run() == 1
