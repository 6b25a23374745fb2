"""Mails cannot be broken by what people typed: no header is added, nothing is markup, nothing confidential is in."""

from __future__ import annotations

from dataclasses import replace
from email import message_from_bytes
from email.policy import SMTP as WIRE
from email.policy import default
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consultations.notices import mails
from consultations.notices.kinds import KINDS, Event, one_line, sentence, title
from consultations.notices.letters import Letter, Stationery, message
from consultations.notices.mails import NewMail
from consultations.notices.people import Person
from consultations.notices.smtp import MailServer, mailbox
from register.words import LANGUAGES
from tests.consultations.notices.post_office import ASEL, BASE, NUMBER, RECORD, START, ZONE, Office, Server

SENDER = mailbox("Register <register@commission.example>")
NASTY = "x\r\nBcc: everybody@evil.example\r\n\r\n<script>alert(1)</script>\x00\x0b\u2028"
HEADERS = {
    "Date",
    "From",
    "To",
    "Subject",
    "Message-ID",
    "Auto-Submitted",
    "X-Auto-Response-Suppress",
    "Content-Language",
    "List-Unsubscribe",
    "MIME-Version",
    "Content-Type",
}


def made(letter: Letter, to: str = "asel@kg.example") -> Any:
    built = message(
        letter, sender=SENDER, to=mailbox(to), token="t", at=START, language="ru", unsubscribe=f"{BASE}/ru/x"
    )
    return message_from_bytes(built.as_bytes(policy=WIRE), policy=default)


@settings(max_examples=150)
@given(st.text(max_size=300), st.sampled_from(LANGUAGES))
def test_no_title_adds_a_header_or_markup(text: str, language: Any) -> None:
    record = {**RECORD, "title": {"ru": text, "en": None}}
    stationery = Stationery(BASE, ZONE, lambda _: record)
    letter = stationery.notice(Event("k", "scheduled", NUMBER, None, START), language)
    found = made(replace(letter, subject=f"{letter.subject} {text}"))
    assert set(found.keys()) == HEADERS
    assert "\n" not in found["Subject"]
    html = found.get_body(("html",)).get_content()
    assert html.count("<a ") == 3
    assert "<script" not in html


def test_a_nasty_title_stays_a_text() -> None:
    record = {**RECORD, "title": {"ru": NASTY, "en": None}}
    letter = Stationery(BASE, ZONE, lambda _: record).notice(Event("k", "comment", NUMBER, "KZ", START), "ru")
    found = made(replace(letter, subject=NASTY))
    assert set(found.keys()) == HEADERS
    assert found["Bcc"] is None
    assert "&lt;script&gt;" in found.get_body(("html",)).get_content()


@pytest.mark.parametrize(
    "address",
    [
        "",
        "nobody",
        "a@b.example\r\nBcc: c@d.example",
        "a@b.example\nRCPT TO:<c@d.example>",
        "a@b.example, c@d.example",
        "a b@c.example",
        "<a@b.example> SIZE=1",
        "a@b.example>\x00",
        "a@" + "x" * 70 + ".example",
        '"a\r\nb"@c.example',
    ],
)
def test_what_is_no_single_address_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match=r"address"):
        mailbox(address)


def test_an_address_in_cyrillic_goes_over_the_wire_in_ascii() -> None:
    assert mailbox("Реестр <info@почта.рф>").addr_spec == "info@xn--80a1acny.xn--p1ai"
    assert mailbox("Реестр <info@почта.рф>").display_name == "Реестр"


@pytest.mark.anyio
async def test_an_address_that_would_inject_is_given_up_and_told(office: Office, server: Server) -> None:
    evil = Person(9, "a@b.example\r\nRCPT TO:<everybody@evil.example>", "Evil", "KG", "ru")
    office.people.all = [evil, ASEL]
    await office.happen(by=99)
    assert await office.postman().run() == 1
    assert server.receivers() == [ASEL.email]
    assert sorted(state for state, _ in await office.states()) == ["failed", "sent"]


@pytest.mark.anyio
async def test_a_subject_that_would_inject_is_one_line(office: Office, server: Server) -> None:
    texts = {"ru": NASTY.replace("\x00", ""), "en": "y"}
    content = {"subject": texts, "text": texts}
    mail = NewMail("webhook:1", office.clock(), address="owner@customs.example", content=content)
    async with office.db.transaction():
        await mails.enqueue(office.db, [mail], office.clock())
    assert await office.postman().run() == 1
    (sent,) = server.mails()
    assert sent["Bcc"] is None
    assert str(sent["Subject"]).startswith("x Bcc: everybody@evil.example <script>")
    assert server.receivers() == ["owner@customs.example"]


@pytest.mark.anyio
async def test_letters_beyond_latin_before_the_at_go_where_the_server_takes_them(
    office: Office, server: Server
) -> None:
    office.people.all = [Person(1, "анна@почта.рф", "Анна", "KG", "ru")]
    await office.happen(by=99)
    assert await office.postman().run() == 1
    assert server.receivers() == ["анна@xn--80a1acny.xn--p1ai"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_kind_has_a_sentence_with_and_without_a_record(language: Any) -> None:
    said = set()
    for kind in KINDS:
        deadline = ("position", START.date()) if kind.startswith("deadline") else (None, None)
        event = Event("k", kind, NUMBER, "KZ", START, *deadline)
        said |= {sentence(event, None, language), sentence(event, {**RECORD, "outcome": "no_consensus"}, language)}
    assert len(said) == len(KINDS) + 3  # the meeting's day (twice) and the outcome are said where they are known
    assert all(text and "None" not in text and "{" not in text for text in said)


def test_a_title_falls_back_to_the_other_language_and_is_one_line() -> None:
    assert title({"title": {"ru": None, "en": "Timber"}}, "ru") == "Timber"
    assert title(None, "ru") == ""
    assert one_line("a\n\tb\u2029c" + "d" * 400).startswith("a b c")
    assert len(one_line("x" * 1000)) == 300


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("mail.example", "wanted"),
        ("http://mail.example", "wanted"),
        ("smtp://", "wanted"),
        ("smtp://mail.example/box", "wanted"),
        ("smtp://mail.example:port", "port"),
        ("smtp://mail.example?tls", "starttls"),
        ("smtps://mail.example?starttls", "starttls"),
        ("smtp://user:secret@mail.example", "unencrypted"),
        ("smtp://:secret@mail.example?starttls", "user name"),
    ],
)
def test_an_address_of_a_server_that_cannot_be_used_is_refused_without_its_password(url: str, said: str) -> None:
    with pytest.raises(ValueError, match=said) as refused:
        MailServer.parse(url, "a@b.example")
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("url", "port", "security"),
    [
        ("smtp://mail.example", 25, "none"),
        ("smtp://mail.example?starttls", 587, "starttls"),
        ("smtp://u:p%40ss@mail.example:2525?starttls", 2525, "starttls"),
        ("smtps://u:p%40ss@mail.example", 465, "tls"),
        ("smtp://u:p%40ss@127.0.0.1", 25, "none"),
    ],
)
def test_an_address_of_a_server_says_how_to_reach_it(url: str, port: int, security: str) -> None:
    server = MailServer.parse(url, "Register <a@b.example>")
    assert (server.port, server.security) == (port, security)
    assert server.password == ("p@ss" if "@" in url else None)
    assert "p@ss" not in repr(server)
