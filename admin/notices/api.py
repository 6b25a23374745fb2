"""The own notices and how they are to come, over HTTP; by session or by a token of the person. Times are UTC.

Reading needs the scope ``consultations:read``, everything else ``consultations:write``.
"""

from __future__ import annotations

import hashlib
from typing import Any, Final

import msgspec
from litestar import Response, Router
from pydantic import Field

from admin.accounts import Acting, Actor, check
from admin.accounts.policy import Action
from admin.notices import described, settings
from admin.notices.described import CURSOR, IF_MATCH, LIMIT, MAX_NUMBER, NUMBER, UNREAD, call
from admin.notices.office import Notices
from admin.notices.own_pages import notices_of
from consultations.inputs import read
from consultations.notices import outbox, people
from consultations.notices.kinds import KINDS, NoticeKind, sentence
from consultations.notices.outbox import MailOf, Notice
from consultations.notices.people import DeliveryWay, Person, Preferences
from register.api.calls import API, Asked, Service
from register.api.parameters import NO_PARAMETERS, Parameters
from register.database import Database
from register.drafts.desk import PRIVATE, key_of
from register.entries import timestamp
from register.idempotency import Answer, once
from register.measures import Record
from register.service import RegisterService
from register.web import JSON, Problem, Reply, finding, not_found
from register.words import Language

PATH: Final = "/notices"
LIST: Final = Parameters((UNREAD, LIMIT, CURSOR))
_CHANGED: Final = "HC17"
"""What somebody else did meanwhile is shown first; the own other window counts as somebody else."""


class Nothing(Record):
    """A body that says nothing."""


class Upto(Record):
    """Which notices to mark as read: up to a number, of a consultation, or all."""

    through: int | None = Field(default=None, ge=1, le=MAX_NUMBER, strict=True)
    consultation: str | None = Field(default=None, max_length=40)


class Wished(Record):
    """How notices are to go by mail; the whole of it."""

    language: Language
    delivery: DeliveryWay
    digest_hour: int = Field(ge=0, le=23, strict=True)
    kinds: list[NoticeKind] = Field(max_length=len(KINDS))

    def preferences(self) -> Preferences:
        """As they are kept."""
        return Preferences(self.language, self.delivery, self.digest_hour, frozenset(KINDS) - frozenset(self.kinds))


@call(
    "GET",
    PATH,
    name="listNotices",
    summary="The caller's notices, the newest first.",
    answer=described.NoticeList,
    example={"items": [described.NOTICE], "total": 1, "unread": 1, "complete": True, "next": None},
    query=LIST.known,
)
async def list_notices(request: Asked, service: Service, actor: Acting) -> Response[bytes]:
    """What has happened in consultations, each with its text in both languages, the consultation and where to read it.
    Scope `consultations:read`. A notice is kept for a year."""
    number = await _own(request, actor, Action.CONSULTATION_READ)
    asked = LIST.read(request.scope["query_string"])
    await service.catch_up()
    db, notices, limit = service.database, notices_of(request), asked["limit"]
    found = await outbox.listed(db, number, before=asked["cursor"], limit=limit + 1, only_unread=asked["unread"])
    page, unread = found[:limit], await outbox.unread(db, number)
    complete = len(found) <= limit
    body = {
        "items": [_shown(service, notices, one) for one in page],
        "total": unread if asked["unread"] else await outbox.total(db, number),
        "unread": unread,
        "complete": complete,
        "next": None if complete else _next(asked, page[-1].id),
    }
    return _reply(msgspec.json.encode(body))


@call(
    "POST",
    f"{PATH}/{{number:int}}/read",
    name="readNotice",
    summary="Mark one of the own notices as read.",
    answer=described.NoticeInfo,
    example={**described.NOTICE, "read_at": "2026-11-24T09:30:00.000Z"},
    sent=described.EMPTY_BODY,
    in_path=(NUMBER,),
)
async def read_notice(request: Asked, service: Service, actor: Acting) -> Response[bytes]:
    """One that was read before stays as it is. Scope `consultations:write`."""
    person = await _own(request, actor, Action.OWN_NOTICES)
    sent = await _body(request)
    read(Nothing, sent)
    number, db, notices = int(request.path_params["number"]), service.database, notices_of(request)
    if not 0 < number <= MAX_NUMBER:
        raise _unknown()
    await service.catch_up()

    async def work() -> Answer:
        await outbox.mark_read(db, person, service.now(), number=number)
        found = await outbox.one(db, person, number)
        if found is None:
            raise _unknown()
        return Answer(200, msgspec.json.encode(_shown(service, notices, found)))

    return _reply((await once(db, key_of(request, actor, sent), service.now(), work)).body)


@call(
    "POST",
    f"{PATH}/read",
    name="readNotices",
    summary="Mark the own notices as read.",
    answer=described.Marked,
    example={"read": 7, "unread": 0},
    sent=described.READ_BODY,
)
async def read_notices(request: Asked, service: Service, actor: Acting) -> Response[bytes]:
    """All; with `through` those up to a number, so that what came meanwhile stays unread; with `consultation` those of
    one consultation. Scope `consultations:write`."""
    person = await _own(request, actor, Action.OWN_NOTICES)
    sent = await _body(request)
    upto, db = read(Upto, sent), service.database

    async def work() -> Answer:
        marked = await outbox.mark_read(db, person, service.now(), through=upto.through, consultation=upto.consultation)
        return Answer(200, msgspec.json.encode({"read": marked, "unread": await outbox.unread(db, person)}))

    return _reply((await once(db, key_of(request, actor, sent), service.now(), work)).body)


@call(
    "GET",
    f"{PATH}/settings",
    name="getNoticeSettings",
    summary="How the own notices go by mail.",
    answer=described.NoticeSettings,
    example=described.SETTINGS,
)
async def get_settings(request: Asked, service: Service, actor: Acting) -> Response[bytes]:
    """With an `ETag` for the change. Scope `consultations:read`."""
    number = await _own(request, actor, Action.CONSULTATION_READ)
    NO_PARAMETERS.read(request.scope["query_string"])
    person = await _person(service.database, notices_of(request), number)
    wished = await people.preferences_for(service.database, person)
    return _settings_reply(_settings(service, notices_of(request), person, wished), wished)


@call(
    "PUT",
    f"{PATH}/settings",
    name="changeNoticeSettings",
    summary="Change how the own notices go by mail.",
    answer=described.NoticeSettings,
    example=described.SETTINGS,
    sent=described.SETTINGS_BODY,
    in_header=(IF_MATCH,),
)
async def change_settings(request: Asked, service: Service, actor: Acting) -> Response[bytes]:
    """All four members, so that the same request twice leaves the same. Who wants mails at once from now on gets what
    waits for the digest now. Scope `consultations:write`."""
    number = await _own(request, actor, Action.OWN_NOTICES)
    wanted, db, notices = read(Wished, await _body(request)).preferences(), service.database, notices_of(request)
    known = request.headers.get("if-match", "*").strip()
    async with db.transaction():
        person = await _person(db, notices, number)
        before = await people.preferences_for(db, person)
        if known not in ("*", _tag(before)):
            raise _stale(before, _settings(service, notices, person, before))
        await settings.keep(db, actor, person, wanted, service.now())
    return _settings_reply(_settings(service, notices, person, wanted), wanted)


async def _own(request: Asked, actor: Actor, action: Action) -> int:
    """The account whose notices are meant: the caller's, never another. Raises ``Problem`` 403."""
    await check(request, actor, action)
    if actor.id is None:
        ru, en = "Уведомления получает человек, а не программа", "Notices are for a person, not for a program"
        raise Problem(403, "Forbidden", f"{en} / {ru}", [finding("", ru, en, "H-role")])
    return actor.id


async def _person(db: Database, notices: Notices, number: int) -> Person:
    person = await notices.directory.person(db, number)
    if person is None:
        ru, en = "Уведомления получает участник консультаций", "Notices are for those who take part in consultations"
        raise Problem(403, "Forbidden", f"{en} / {ru}", [finding("", ru, en, "H-role")])
    return person


async def _body(request: Asked) -> bytes:
    NO_PARAMETERS.read(request.scope["query_string"])
    return await request.body()


def _unknown() -> Problem:
    return not_found("Такого уведомления нет", "There is no such notice", "/number")


def _shown(service: RegisterService, notices: Notices, one: Notice) -> dict[str, Any]:
    event, base = one.event, service.terms.base_url
    record = notices.record(event.consultation)
    due = None if event.deadline is None or event.day is None else (event.deadline, event.day.isoformat())
    return {
        "number": one.id,
        "kind": event.kind,
        "text": {"ru": sentence(event, record, "ru"), "en": sentence(event, record, "en")},
        "consultation": event.consultation,
        "title": (record or {}).get("title") or {"ru": None, "en": None},
        "party": event.state or "EEC",
        "deadline": None if due is None else {"name": due[0], "day": due[1]},
        "at": timestamp(event.at),
        "read_at": None if one.read_at is None else timestamp(one.read_at),
        "mail": None if one.mail is None else _mail(one.mail),
        "pages": {told: f"{base}/{told}/staff/consultations/{event.consultation}" for told in ("ru", "en")},
        "proceedings": f"{API}/consultations/{event.consultation}/proceedings",
    }


def _mail(mail: MailOf) -> dict[str, str | None]:
    return {
        "state": mail.state,
        "next_at": None if mail.next_at is None else timestamp(mail.next_at),
        "closed_at": None if mail.closed_at is None else timestamp(mail.closed_at),
    }


def _next(asked: dict[str, Any], last: int) -> str:
    unread = "unread=true&" if asked["unread"] else ""
    return f"{API}{PATH}?{unread}limit={asked['limit']}&cursor={last}"


def _wished(wished: Preferences) -> dict[str, Any]:
    return {
        "language": wished.language,
        "delivery": wished.delivery,
        "digest_hour": wished.digest_hour,
        "kinds": [kind for kind in KINDS if kind not in wished.muted],
    }


def _settings(service: RegisterService, notices: Notices, person: Person, wished: Preferences) -> dict[str, Any]:
    zone = service.terms.zone.key
    return {**_wished(wished), "zone": zone, "mailing": notices.mailing, "address": person.email}


def _tag(wished: Preferences) -> str:
    return f'"{hashlib.sha256(msgspec.json.encode(_wished(wished))).hexdigest()[:16]}"'


def _stale(before: Preferences, theirs: dict[str, Any]) -> Problem:
    ru = "Настройки уведомлений изменены после того, как были получены"
    en = "The settings of notices were changed since they were read"
    found, headers = [finding("/If-Match", ru, en, _CHANGED)], {"etag": _tag(before)}
    return Problem(409, "Conflict", f"{en} / {ru}", found, headers=headers, members={"theirs": theirs})


def _settings_reply(shown: dict[str, Any], wished: Preferences) -> Response[bytes]:
    return _reply(msgspec.json.encode(shown), etag=_tag(wished))


def _reply(body: bytes, **headers: str) -> Response[bytes]:
    return Reply(body, status_code=200, headers={"content-type": JSON, "cache-control": PRIVATE, **headers})


route_handlers: Final[list[Any]] = [
    Router(API, route_handlers=[list_notices, read_notice, read_notices, get_settings, change_settings])
]
