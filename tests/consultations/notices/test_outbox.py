"""Writing notices once, reading them, and how each person wants them by mail."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consultations.happenings import HAPPENING_KINDS, Happening
from consultations.notices import mails, outbox, people
from consultations.notices.kinds import KINDS, Event
from consultations.notices.mails import NewMail
from consultations.notices.people import Preferences, Wish, next_hour
from register.database import TransactionError
from tests.consultations.notices.post_office import ASEL, CLERK, DANA, NUMBER, Office, Server

pytestmark = pytest.mark.anyio
MOSCOW = ZoneInfo("Europe/Moscow")


async def wish(office: Office, person: int, wanted: Preferences) -> None:
    async with office.db.transaction():
        await people.save(office.db, person, wanted, office.clock())


async def test_a_happening_is_noted_once_for_each_person_but_the_doer(office: Office) -> None:
    happening = Happening("comment", NUMBER, 4, "KZ", DANA.id, office.clock())
    for _ in range(2):
        async with office.db.transaction():
            await office.outbox.notify(office.db, happening)
            await office.outbox.notify(office.db, happening)
    counted = {one.id: len(await outbox.listed(office.db, one.id)) for one in (ASEL, DANA, CLERK)}
    assert counted == {ASEL.id: 1, DANA.id: 0, CLERK.id: 1}
    assert len(await office.states()) == 2


async def test_two_comments_are_two_happenings(office: Office) -> None:
    await office.happen("comment", 4)
    office.clock.forward(seconds=0.001)
    await office.happen("comment", 4)
    assert len(await outbox.listed(office.db, ASEL.id)) == 2


async def test_every_kind_of_the_commands_has_words(office: Office) -> None:
    for number, kind in enumerate(HAPPENING_KINDS):
        await office.happen(kind, number)
    assert await office.postman().run() == 2 * len(HAPPENING_KINDS)
    assert set(HAPPENING_KINDS) | {"deadline_near", "deadline_passed"} == set(KINDS)


async def test_notices_are_written_in_a_transaction_only(office: Office) -> None:
    with pytest.raises(TransactionError):
        await office.outbox.notify(office.db, Happening("comment", NUMBER, 1, "KZ", 2, office.clock()))


async def test_nothing_private_is_kept_with_what_happened(office: Office) -> None:
    await office.happen("position", 7)
    (row,) = await office.db.fetch("SELECT * FROM notice_happening")
    assert set(row) == {"key", "kind", "consultation", "state", "detail", "at", "noted_at"}
    assert row["detail"] == "{}"


async def test_reading_marks_one_those_of_a_consultation_or_all(office: Office) -> None:
    for version in range(3):
        await office.happen("comment", version)
    newest, *_ = await outbox.listed(office.db, ASEL.id)
    assert await outbox.unread(office.db, ASEL.id) == 3
    assert await outbox.mark_read(office.db, CLERK.id, office.clock(), number=newest.id) == 0, "another person's"
    assert await outbox.mark_read(office.db, ASEL.id, office.clock(), number=newest.id) == 1
    assert await outbox.mark_read(office.db, ASEL.id, office.clock(), consultation="C-2026-999") == 0
    assert await outbox.mark_read(office.db, ASEL.id, office.clock(), consultation=NUMBER) == 2
    assert await outbox.mark_read(office.db, ASEL.id, office.clock()) == 0
    assert await outbox.unread(office.db, CLERK.id) == 3


async def test_the_list_goes_on_below_a_number(office: Office) -> None:
    for version in range(5):
        await office.happen("comment", version)
    first = await outbox.listed(office.db, ASEL.id, limit=3)
    rest = await outbox.listed(office.db, ASEL.id, before=first[-1].id, limit=3)
    assert [len(first), len(rest)] == [3, 2]
    assert [one.id for one in [*first, *rest]] == sorted((one.id for one in [*first, *rest]), reverse=True)


async def test_without_a_mail_server_notices_are_read_and_nothing_piles_up(office: Office) -> None:
    office.mailing = False
    await office.happen()
    assert await outbox.unread(office.db, ASEL.id) == 1
    assert await office.states() == []
    office.mailing = True
    assert await office.postman().run() == 0, "what was read on the page is not mailed once there is a server"


async def test_who_wants_no_mail_or_not_of_this_kind_gets_none(office: Office, server: Server) -> None:
    await wish(office, ASEL.id, Preferences("ru", "none"))
    await wish(office, CLERK.id, Preferences("en", muted=frozenset({"comment"})))
    await office.happen("comment", 1)
    await office.happen("position", 2)
    assert await office.postman().run() == 1
    assert [(str(mail["To"]), mail["Subject"]) for mail in server.mails()] == [
        (CLERK.email, f"{NUMBER}: a position is stated (Kazakhstan)")
    ]
    assert await outbox.unread(office.db, ASEL.id) == 2


async def test_who_stops_mails_gets_none_that_wait(office: Office, server: Server) -> None:
    await office.happen()
    await wish(office, ASEL.id, Preferences("ru", "none"))
    await office.postman().run()
    assert server.receivers() == [CLERK.email]


async def test_a_digest_gathers_a_day_and_comes_at_its_hour(office: Office, server: Server) -> None:
    office.people.all = [ASEL]
    await wish(office, ASEL.id, Preferences("ru", "digest", 8))  # 08:00 in Moscow is 05:00 UTC
    await office.happen("position", 1)
    office.clock.forward(hours=5)
    await office.happen("comment", 2)
    assert await office.postman().run() == 0
    office.clock.at = datetime(2026, 11, 24, 4, 59, tzinfo=UTC)
    assert await office.postman().run() == 0
    office.clock.forward(minutes=1)
    assert await office.postman().run() == 1
    (mail,) = server.mails()
    assert mail["Subject"] == "Консультации: уведомлений – 2"
    body = mail.get_body(("plain",))
    assert body is not None
    assert "Представлена позиция" in body.get_content()
    assert "Добавлен комментарий" in body.get_content()
    # What comes after the hour goes into the next one.
    await office.happen("document", 3)
    office.clock.forward(hours=23)
    assert await office.postman().run() == 0
    office.clock.forward(hours=1)
    assert await office.postman().run() == 1
    office.clock.forward(days=1)
    assert await office.postman().run() == 0, "nothing happened, nothing is sent"


async def test_what_is_late_for_a_digest_on_its_way_goes_into_the_next(office: Office, server: Server) -> None:
    office.people.all = [ASEL]
    await wish(office, ASEL.id, Preferences("ru", "digest", 8))
    await office.happen("position", 1)
    before = office.clock()
    office.clock.at = datetime(2026, 11, 24, 5, 0, tzinfo=UTC)
    assert len(await mails.claim(office.db, office.clock(), 10)) == 1
    office.clock.at = before  # a transaction that began before the hour commits after the claim
    await office.happen("comment", 2)
    rows = await office.db.fetch_rows("SELECT key FROM notice_mail ORDER BY id")
    assert [row[0] for row in rows] == [
        "digest:1:2026-11-24T05:00:00+00:00",
        "digest:1:2026-11-25T05:00:00+00:00",
    ]


async def test_who_goes_over_to_at_once_need_not_wait_for_the_digest(office: Office, server: Server) -> None:
    office.people.all = [ASEL]
    await wish(office, ASEL.id, Preferences("ru", "digest", 8))
    await office.happen()
    async with office.db.transaction():
        await mails.bring_forward(office.db, ASEL.id, office.clock())
    assert await office.postman().run() == 1


async def test_a_mail_to_an_address_is_in_both_languages_and_goes_once(office: Office, server: Server) -> None:
    content = {
        "subject": {"ru": "Доставка приостановлена", "en": "Webhooks are paused"},
        "text": {"ru": "Получатель не отвечает.\nЗаписи не утрачены.", "en": "The receiver <b>is silent</b>."},
    }
    mail = NewMail("webhook:7", office.clock(), address="owner@customs.example", content=content)
    for _ in range(2):
        async with office.db.transaction():
            await mails.enqueue(office.db, [mail], office.clock())
        await office.postman().run()
    (sent,) = server.mails()
    assert sent["Subject"] == "Доставка приостановлена / Webhooks are paused"
    assert sent["List-Unsubscribe"] is None
    html = sent.get_body(("html",))
    assert html is not None
    assert "The receiver &lt;b&gt;is silent&lt;/b&gt;." in html.get_content()


async def test_old_notices_are_forgotten_but_not_told_again(office: Office) -> None:
    event = Event(
        "deadline_passed:x", "deadline_passed", NUMBER, None, office.clock(), "meeting", office.clock().date()
    )
    async with office.db.transaction():
        assert await office.outbox.write(office.db, event, [ASEL])
    office.clock.forward(days=400)
    async with office.db.transaction():
        await outbox.forget(office.db, office.clock())
        assert not await office.outbox.write(office.db, event, [ASEL])
    assert await outbox.listed(office.db, ASEL.id) == []


def test_a_wish_that_makes_no_sense_names_its_field_in_both_languages() -> None:
    found = Wish("de", "weekly", "24", ["gossip"]).faults()
    assert [one.pointer for one in found] == ["/language", "/delivery", "/digest_hour", "/kinds"]
    assert all(one.text["ru"] and one.text["en"] for one in found)
    for hour in ("", "-1", "²", "8.5", "999999999999"):
        assert [one.pointer for one in Wish("ru", "digest", hour, []).faults()] == ["/digest_hour"]
    fine = Wish("en", "digest", "7", ["comment"])
    assert fine.faults() == []
    assert fine.preferences() == Preferences("en", "digest", 7, frozenset(KINDS) - {"comment"})


async def test_preferences_come_back_as_they_were_saved(office: Office) -> None:
    wanted = Preferences("en", "digest", 17, frozenset({"comment", "document"}))
    assert await people.preferences_for(office.db, ASEL) == Preferences("ru")
    for given_wish in (Preferences("ru", "none"), wanted):
        await wish(office, ASEL.id, given_wish)
    assert await people.preferences_for(office.db, ASEL) == wanted
    found = await people.preferences_of(office.db, [ASEL, DANA])
    assert found == {ASEL.id: wanted, DANA.id: Preferences("en")}


@settings(max_examples=80)
@given(
    st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC)),
    st.integers(0, 23),
    st.sampled_from(["Europe/Moscow", "Asia/Almaty", "America/New_York", "Australia/Lord_Howe"]),
)
def test_the_next_hour_is_the_first_after_now_and_within_a_day(now: datetime, hour: int, name: str) -> None:
    zone = ZoneInfo(name)
    found = next_hour(now, hour, zone)
    assert now < found <= now + timedelta(hours=25)
    # Where clocks go forward the hour may be missing: then it is the one that stands in its place.
    assert found.astimezone(zone).hour in (hour, (hour + 1) % 24)


def test_the_next_hour_in_moscow() -> None:
    assert next_hour(datetime(2026, 11, 23, 5, 0, tzinfo=UTC), 8, MOSCOW) == datetime(2026, 11, 24, 5, tzinfo=UTC)
    assert next_hour(datetime(2026, 11, 23, 4, 59, tzinfo=UTC), 8, MOSCOW) == datetime(2026, 11, 23, 5, tzinfo=UTC)


def test_preferences_say_what_is_mailed() -> None:
    wanted = Preferences("ru", muted=frozenset({"comment"}))
    assert wanted.mailed("position")
    assert not wanted.mailed("comment")
    assert not replace(wanted, delivery="none").mailed("position")
