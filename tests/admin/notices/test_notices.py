"""From a command to the mail and the page: who is told, what a mail never says, settings, the operator's page."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from click.testing import CliRunner

from admin.accounts.policy import Role
from admin.cli import main
from admin.notices.messages import LOCALE
from admin.notices.own_pages import HERE
from admin.settings import SettingError, Settings
from consultations.notices import mails, outbox
from consultations.notices.kinds import KINDS
from consultations.notices.mails import GIVE_UP_AFTER
from feeds.webhooks.notices import Notice, log_only, send_due
from register.pages.catalogue import read
from register.pages.messages import extracted
from register.words import LANGUAGES, Language
from tests.admin.conftest import Staff
from tests.admin.notices.conftest import Hall

pytestmark = pytest.mark.anyio
MARKER = "QX7-CONFIDENTIAL"


def bodies(office: Hall) -> str:
    assert office.server is not None
    found = []
    for mail in office.server.mails():
        found.append(str(mail["Subject"]))
        for kind in ("plain", "html"):
            part = mail.get_body((kind,))
            assert part is not None
            found.append(part.get_content())
    return "\n".join(found)


async def test_a_consultation_is_told_to_those_who_take_part_and_says_nothing_of_what_parties_said(
    office: Hall,
) -> None:
    assert office.server is not None
    known = await office.initiate()
    await office.speak(known, f"{MARKER} reasons", f"{MARKER} comment")
    assert office.server.asked == 0, "never from inside the transaction"
    await office.notices.run()
    assert sorted(office.server.receivers()) == ["clerk@people.example"] * 3 + ["kg@people.example"] * 3
    said = bodies(office)
    assert MARKER not in said
    assert "objects" not in said
    assert f"http://register.test/ru/staff/consultations/{known.id}" in said
    subjects = {str(mail["Subject"]) for mail in office.server.mails()}
    assert f"{known.id}: инициированы консультации (Республика Казахстан)" in subjects
    assert f"{known.id}: представлена позиция (Республика Казахстан)" in subjects
    await office.notices.run()
    assert len(office.server.envelopes) == 6
    dump = str(await office.service.database.fetch("SELECT * FROM notice_happening"))
    assert MARKER not in dump


async def test_who_was_deactivated_is_told_nothing(office: Hall) -> None:
    db = office.service.database
    await db.execute("UPDATE account SET deactivated_at = {} WHERE id = {}", office.clock(), office.accounts["kg"].id)
    await office.initiate()
    assert await outbox.unread(db, office.accounts["kg"].id) == 0
    await office.notices.run()
    assert office.server is not None
    assert office.server.receivers() == ["clerk@people.example"]


async def test_deadlines_are_told_by_the_scheduler_once(office: Hall) -> None:
    known = await office.initiate()
    db, kg = office.service.database, office.accounts["kg"].id
    due = office.consulting.position_due(known.public())["KG"]
    await outbox.mark_read(db, kg, office.clock())
    office.clock.at = datetime(due.year, due.month, due.day, 6, tzinfo=UTC)
    await office.app.state.scheduler.announce()
    await office.app.state.scheduler.announce()
    found = [one.event for one in await outbox.listed(db, kg) if one.read_at is None]
    assert [(one.kind, one.deadline, one.day) for one in found] == [("deadline_near", "position", due)]
    office.clock.move(days=1)
    await office.app.state.scheduler.announce()
    assert (await outbox.listed(db, kg))[0].event.kind == "deadline_passed"
    await office.app.state.scheduler.send_mails()
    assert office.server is not None
    assert f"{known.id}: приближается срок изложения позиции" in bodies(office)
    assert office.app.state.scheduler.failure is None


async def test_the_page_shows_ones_own_notices_and_marks_them_read(silent: Hall) -> None:
    known = await silent.initiate()
    await silent.speak(known, "reasons", "comment")
    browser = await silent.browser("kg")
    shown = await browser.get("/ru/staff/notices")
    assert shown.status_code == 200
    assert shown.headers["cache-control"] == "no-store"
    assert "3 непрочитанных" in shown.text
    assert f'href="/ru/staff/consultations/{known.id}"' in shown.text
    assert "Почтовый сервер не задан" in shown.text
    first = (await outbox.listed(silent.service.database, silent.accounts["kg"].id))[0].id
    answer = await browser.send("/ru/staff/notices", notice=str(first))
    assert answer.headers["location"] == "/ru/staff/notices"
    assert "2 непрочитанных" in (await browser.get("/ru/staff/notices")).text
    answer = await browser.client.post(
        "/ru/staff/notices", data={"_csrf": await browser.token()}, headers={"Accept": "text/html"}
    )
    shown = await browser.get(answer.headers["location"])
    assert "Уведомления отмечены как прочитанные." in shown.text
    assert "0 непрочитанных" in shown.text
    # Nobody marks another person's notices.
    clerk = silent.accounts["clerk"].id
    other = (await outbox.listed(silent.service.database, clerk))[0].id
    await browser.client.post("/ru/staff/notices", data={"_csrf": await browser.token(), "notice": str(other)})
    assert await outbox.unread(silent.service.database, clerk) == 3
    refused = await browser.client.post("/ru/staff/notices", data={"notice": str(first)})
    assert refused.status_code == 403


async def test_without_a_server_nothing_waits_and_health_is_well(silent: Hall) -> None:
    await silent.initiate()
    await silent.notices.run()
    assert await mails.counts(silent.service.database) == {}
    health = await silent.staff.browser().client.get("/health")
    assert (health.status_code, health.json()["status"]) == (200, "ok")
    assert silent.notices.tell_owner is log_only


async def test_settings_are_saved_and_kept_to(office: Hall) -> None:
    assert office.server is not None
    browser = await office.browser("kg")
    shown = await browser.get("/ru/staff/notices")
    assert len(re.findall(r'name="kinds" value="\w+" checked', shown.text)) == len(KINDS)
    wish = {"language": "en", "delivery": "digest", "digest_hour": "17", "kinds": ["initiated", "position"]}
    answer = await browser.send("/ru/staff/notices/settings", "/ru/staff/notices", **wish)
    assert answer.headers["location"] == "/ru/staff/notices?done=settings"
    shown = await browser.get("/ru/staff/notices?done=settings")
    assert "Настройки уведомлений сохранены." in shown.text
    assert '<option value="17" selected>17:00</option>' in shown.text
    assert len(re.findall(r'name="kinds" value="\w+" checked', shown.text)) == 2
    known = await office.initiate()
    await office.speak(known, "reasons", "comment")
    await office.notices.run()
    assert office.server.receivers() == ["clerk@people.example"] * 3
    office.clock.at = datetime(2026, 9, 10, 14, 0, tzinfo=UTC)  # 17:00 in Moscow
    await office.notices.run()
    mail = office.server.mails()[-1]
    assert (str(mail["To"]), mail["Subject"]) == ("kg@people.example", "Consultations: 2 notices")
    text = mail.get_body(("plain",))
    assert text is not None
    assert "A comment" not in text.get_content()
    assert (await office.staff.trail("own.notices"))[0]["detail"] == {"delivery": "digest"}


async def test_a_wrong_setting_is_told_at_its_field_and_nothing_is_saved(office: Hall) -> None:
    browser = await office.browser("kg")
    wish = {"language": "en", "delivery": "hourly", "digest_hour": "24", "kinds": ["gossip"]}
    answer = await browser.send("/en/staff/notices/settings", "/en/staff/notices", **wish)
    assert answer.status_code == 422
    for text in ("There is no such way of delivery.", "The hour is from 0 to 23.", "There is no such kind of notice."):
        assert text in answer.text
    assert await office.service.database.fetch("SELECT * FROM notice_setting") == []


async def test_an_auditor_sees_that_notices_go_to_others(silent: Hall) -> None:
    browser = await silent.browser("auditor")
    shown = await browser.get("/en/staff/notices")
    assert "Notices go to the officials" in shown.text
    assert "/staff/notices/settings" not in shown.text


async def test_the_operator_sees_what_did_not_go_and_tries_again(office: Hall) -> None:
    assert office.server is not None
    office.server.at_rcpt = lambda _: "550 5.1.1 no such user"
    await office.initiate()
    await office.notices.run()
    browser, _ = await office.staff.at_work(Role.OPERATOR)
    shown = await browser.get("/en/staff/mail")
    assert shown.text.count("550 5.1.1 no such user") == 2
    assert "kg@people.example" in shown.text
    assert "C-2026" not in shown.text, "not what the mails say"
    office.server.at_rcpt = None
    answer = await browser.client.post("/en/staff/mail", data={"_csrf": await browser.token()})
    assert answer.headers["location"] == "/en/staff/mail?done=again"
    await office.notices.run()
    assert sorted(office.server.receivers()) == ["clerk@people.example", "kg@people.example"]
    assert "None. A mail that a server refused" in (await browser.get("/en/staff/mail")).text
    assert (await office.staff.trail("mail.try_again"))[0]["detail"] == {"mails": 2}


async def test_others_neither_see_the_mails_nor_send_them_again(office: Hall) -> None:
    for name in ("kg", "clerk"):
        browser = await office.browser(name)
        assert (await browser.get("/en/staff/mail")).status_code == 403
    browser = await office.browser("auditor")
    assert (await browser.get("/en/staff/mail")).status_code == 200
    assert (await browser.client.post("/en/staff/mail", data={"_csrf": await browser.token()})).status_code == 403


async def test_health_says_when_mail_is_stuck_and_when_it_goes_again(office: Hall) -> None:
    assert office.server is not None
    office.server.at_rcpt = lambda _: "451 busy"
    await office.initiate()
    await office.notices.run()
    client = office.staff.browser().client
    assert (await client.get("/health")).json()["status"] == "ok"
    office.clock.move(hours=1)
    await office.notices.run()
    health = await client.get("/health")
    assert (health.status_code, health.json()["status"]) == (200, "mail_stuck")
    assert health.json()["problem"] == "mails have waited since 2026-09-10T09:00:00Z"
    office.server.at_rcpt = None
    office.clock.move(hours=1)
    await office.notices.run()
    assert (await client.get("/health")).json()["status"] == "ok"


async def test_a_run_that_breaks_off_is_seen_and_passes(office: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken() -> int:
        raise OverflowError("a fault of ours")

    client = office.staff.browser().client
    with monkeypatch.context() as patched:
        patched.setattr(office.notices.postman, "run", broken)
        await office.app.state.scheduler.send_mails()
        assert "OverflowError" in (await client.get("/health")).json()["problem"]
    await office.app.state.scheduler.send_mails()
    assert (await client.get("/health")).json()["status"] == "ok"


async def test_the_owner_of_a_paused_webhook_is_told_once_by_mail_in_both_languages(office: Hall) -> None:
    assert office.server is not None
    db = office.service.database
    await db.execute(
        "INSERT INTO webhook_notice (subscription, owner, owner_email, url, reason, seq, error, status, created_at)"
        " VALUES ('sub_1', 'token:3', 'owner@customs.example', 'https://customs.example/hook', 'failing', 12, 'status',"
        " 500, {})",
        office.clock(),
    )
    assert await send_due(db, office.notices.tell_owner, office.clock()) == 1
    # Killed between the two transactions, the delivery would give the same notice again.
    await db.execute("UPDATE webhook_notice SET sent_at = NULL")
    assert await send_due(db, office.notices.tell_owner, office.clock()) == 1
    assert await send_due(db, office.notices.tell_owner, office.clock()) == 0
    await office.notices.run()
    (mail,) = office.server.mails()
    assert str(mail["To"]) == "owner@customs.example"
    assert "https://customs.example/hook" in mail["Subject"]
    text = mail.get_body(("plain",))
    assert text is not None
    assert "Подписка sub_1 приостановлена" in text.get_content()
    assert "The subscription sub_1 is paused" in text.get_content()
    assert "delivery goes on with entry 12" in text.get_content()


async def test_a_mail_to_an_owner_waits_for_the_server_like_any_other(office: Hall) -> None:
    assert office.server is not None
    office.server.at_rcpt = lambda _: "451 busy"
    notice = Notice(7, "sub_1", "token:3", "o@c.example", "https://c.example", "gone", 1, "status", 410, office.clock())
    await office.notices.tell_owner(notice)
    await office.notices.run()
    office.server.at_rcpt = None
    office.clock.move(minutes=1)
    await office.notices.run()
    assert office.server.receivers() == ["o@c.example"]


async def test_what_cannot_be_sent_for_three_days_is_given_up_and_the_webhook_mail_too(office: Hall) -> None:
    assert office.server is not None
    office.server.at_data = lambda _: "451 busy"
    await office.initiate()
    begun = office.clock()
    while office.clock() - begun < GIVE_UP_AFTER:
        await office.notices.run()
        office.clock.move(hours=3)
    counts = await mails.counts(office.service.database)
    assert counts == {"failed": 2}
    assert office.notices.stuck is None, "what was given up is on the operator's page and waits no longer"


async def test_the_sections_are_there_for_those_who_may(office: Hall, lone_staff: Staff) -> None:
    shown = (await (await office.browser("kg")).get("/ru/staff/notices")).text
    assert '<a href="/ru/staff/notices" aria-current="page">Уведомления</a>' in shown
    assert "/ru/staff/mail" not in shown


# The command and the settings


def test_mail_test_says_that_there_is_no_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REGISTER_DATA_DIR", str(tmp_path))
    result = CliRunner().invoke(main, ["mail-test", "anna@commission.example"])
    assert result.exit_code == 1
    assert "REGISTER_SMTP_URL" in result.output


def test_mail_test_tells_what_went_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REGISTER_SMTP_URL", "smtp://127.0.0.1:1")
    monkeypatch.setenv("REGISTER_MAIL_FROM", "register@commission.example")
    result = CliRunner().invoke(main, ["mail-test", "anna@commission.example"])
    assert result.exit_code == 1
    assert "127.0.0.1:1 did not take the message" in result.output
    result = CliRunner().invoke(main, ["mail-test", "anna"])
    assert result.exit_code == 2


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"SMTP_URL": "smtp://mail.example"}, "REGISTER_SMTP_URL asks for REGISTER_MAIL_FROM"),
        ({"SMTP_URL": "mail.example", "MAIL_FROM": "a@b.example"}, "^REGISTER_SMTP_URL: "),
        ({"SMTP_URL": "smtp://u:p@mail.example", "MAIL_FROM": "a@b.example"}, "unencrypted"),
        ({"MAIL_FROM": "Register"}, "^REGISTER_MAIL_FROM: "),
        ({"SMTP_PASSWORD_FILE": "x"}, "asks for REGISTER_SMTP_URL"),
        (
            {"SMTP_URL": "smtp://u@mail.example", "MAIL_FROM": "a@b.example", "SMTP_PASSWORD_FILE": "x"},
            "REGISTER_SMTP_URL: the password would go unencrypted",
        ),
        ({"NOTICE_WORKING_DAYS": "31"}, "^REGISTER_NOTICE_WORKING_DAYS: "),
    ],
)
def test_settings_of_mail_that_cannot_be_used_are_named(given: dict[str, str], said: str) -> None:
    with pytest.raises(SettingError, match=said):
        Settings.from_environment({f"REGISTER_{name}": value for name, value in given.items()})


def test_the_password_may_lie_in_a_file_and_never_shows(tmp_path: Path) -> None:
    path = tmp_path / "password"
    path.write_text("heron 42\n")
    settings = Settings.from_environment(
        {
            "REGISTER_SMTP_URL": "smtps://register@mail.example",
            "REGISTER_MAIL_FROM": "Register <a@b.example>",
            "REGISTER_SMTP_PASSWORD_FILE": str(path),
            "REGISTER_BASE_URL": "https://register.example",
        }
    )
    server = settings.mail_server
    assert server is not None
    assert (server.password, server.username, server.local_name) == ("heron 42", "register", "register.example")
    secret = Settings(smtp_url="smtps://u:hidden@mail.example", mail_from="a@b.example")
    assert "hidden" not in repr(secret) + repr(secret.mail_server)


# The catalogue


def ids(catalogue: Catalog) -> set[str | tuple[str, ...]]:
    return {message.id if isinstance(message.id, str) else tuple(message.id) for message in catalogue if message.id}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_message_is_there_translated_and_no_other(language: Language) -> None:
    catalogue = read(LOCALE / f"{language}.po", language)
    assert ids(catalogue) == ids(extracted(HERE))
    assert "Mark all as read" in ids(catalogue)
    for message in catalogue:
        if message.id:
            forms = message.string if isinstance(message.string, tuple) else (message.string,)
            wanted = set(re.findall(r"%\((\w+)\)s", message.id if isinstance(message.id, str) else message.id[-1]))
            assert all(forms), message.id
            assert not message.fuzzy, message.id
            assert len(forms) == (1 if isinstance(message.id, str) else {"ru": 3, "en": 2}[language])
            assert all(set(re.findall(r"%\((\w+)\)s", str(form))) == wanted for form in forms), message.id
