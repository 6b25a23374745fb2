"""What the calls on drafts share: who asks, what is answered, how a refusal is said, a request that is sent twice."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Final

import msgspec
from litestar import Response
from litestar.di import NamedDependency
from litestar.params import SkipValidation

from register.api.calls import API, Asked
from register.drafts.actors import Actor
from register.drafts.attachments import Cabinet, attachments_of
from register.drafts.commands import standing_of
from register.drafts.model import Draft
from register.drafts.publishing import Moved
from register.drafts.records import UnknownDraft
from register.drafts.rules import HD2, HD8, HD11, DraftRefused
from register.drafts.stale import DraftStale
from register.drafts.states import allowed
from register.drafts.trail import Audit
from register.findings import Finding
from register.idempotency import Answer, Key, once, read_key
from register.service import RegisterService
from register.web import JSON, PROBLEM, Problem, Reply, finding, not_found, refused

Acting = NamedDependency[SkipValidation[Actor]]
Auditing = NamedDependency[SkipValidation[Audit]]
Files = NamedDependency[Cabinet]

PRIVATE: Final = "private, no-store"
PATH: Final = "/drafts"
ONE: Final = f"{PATH}/{{id:int}}"
_LARGEST: Final = 2**53 - 1
_TAG: Final = re.compile(r'(?:W/)?"([0-9]{1,9})"')


class _Versioned(msgspec.Struct):
    id: int | None = None
    version: int | None = None


_versioned: Final = msgspec.json.Decoder(_Versioned).decode


# Asking


def need(who: Actor, action: str) -> None:
    """Raise ``Problem`` 403 unless ``who`` may do ``action``."""
    if not who.can(action):
        raise _problem(403, HD2.found())


def draft_id(request: Asked) -> int:
    """The number of the draft in the path. Raises ``Problem`` 404 for one that no draft can have."""
    number = int(request.path_params["id"])
    if not 0 < number <= _LARGEST:
        raise unknown()
    return number


def if_match(request: Asked, *, needed: bool = False) -> int | None:
    """The version that the caller knows; None where any will do. Raises ``Problem`` 428 or 422."""
    given = request.headers.get("if-match")
    if given is None or given.strip() == "*":
        if needed and given is None:
            ru, en = "Нужен заголовок If-Match с ETag проекта", "The header If-Match with the draft's ETag is needed"
            raise Problem(428, "Precondition Required", f"{en} / {ru}", [HD11.found(ru, en, "/If-Match")])
        return None
    match = _TAG.fullmatch(given.strip())
    if match is None:
        raise refused(
            finding("/If-Match", 'If-Match: ETag проекта, например "3"', 'If-Match: the draft\'s ETag, such as "3"')
        )
    return int(match[1])


def owner(who: Actor) -> str:
    """The caller as the owner of keys: an account, or a machine by its name."""
    return f"account:{who.id}" if who.id is not None else f"machine:{who.name}"


# Answering


def reply(status: int, body: bytes) -> Response[bytes]:
    """An answer about one draft, with the ``ETag`` of its version; a new one also with its place."""
    headers = {"content-type": PROBLEM if status >= 400 else JSON, "cache-control": PRIVATE}
    if status < 400:
        known = _versioned(body)
        if known.version is not None:
            headers["etag"] = f'"{known.version}"'
        if status == 201 and known.id is not None:
            headers["location"] = f"{API}{PATH}/{known.id}"
    return Reply(body, status_code=status, headers=headers)


async def shown(service: RegisterService, draft: Draft, who: Actor) -> bytes:
    """A draft as the caller gets it."""
    db = service.database
    files = await attachments_of(db, draft.id)
    standing = await standing_of(db, draft)
    return msgspec.json.encode(
        {
            **draft.public(),
            "open_doubts": draft.open_doubts,
            "attachments": [file.public(service.terms.base_url) for file in files],
            "allowed": allowed(standing, who, service.now()),
        }
    )


def moved_answer(moved: Moved, path: str) -> Answer:
    """The 409 for a measure that changed since the draft was made; what it says was written, so it is no exception."""
    problem = _problem(409, HD8.found())
    body = {
        "type": problem.type,
        "title": problem.title,
        "status": 409,
        "detail": str(problem),
        "instance": path,
        "errors": problem.errors,
        **moved.public(),
    }
    return Answer(409, msgspec.json.encode(body))


# Doing


async def do_once(
    request: Asked, service: RegisterService, who: Actor, body: bytes, work: Callable[[], Awaitable[Answer]]
) -> Response[bytes]:
    """Do ``work`` in one transaction, or give the answer that the same request had under its ``Idempotency-Key``."""
    key = key_of(request, who, body)
    async with spoken():
        answer = await once(service.database, key, service.now(), work)
    return reply(answer.status, answer.body)


def key_of(request: Asked, who: Actor, body: bytes) -> Key | None:
    """The request's ``Idempotency-Key``; None when it bears none."""
    path = request.scope["path"] + "?" + request.scope["query_string"].decode("latin-1")
    return read_key(request.headers.get("idempotency-key"), owner(who), request.scope["method"], path, body)


@asynccontextmanager
async def spoken() -> AsyncIterator[None]:
    """What the commands raise, as problems."""
    try:
        yield
    except UnknownDraft:
        raise unknown() from None
    except DraftStale as stale:
        raise _stale(stale) from None
    except DraftRefused as error:
        raise _problem(error.status, *error.findings) from None


@asynccontextmanager
async def watched(service: RegisterService, who: Actor, audit: Audit, action: str, subject: str) -> AsyncIterator[None]:
    """Keep in the audit trail that something was refused to ``who`` for who they are."""
    try:
        yield
    except Problem as problem:
        if problem.status == 403:
            rules = [one.rule for one in problem.errors]
            async with service.database.transaction():
                await audit(service.database, who, action, subject, "refused", rules=rules)
        raise


def unknown() -> Problem:
    """The 404 of drafts."""
    return not_found("Такого проекта нет", "There is no such draft", "/id")


def _stale(stale: DraftStale) -> Problem:
    problem = _problem(409, HD11.found())
    headers = {"etag": f'"{stale.theirs.version}"'}
    return Problem(409, problem.title, str(problem), problem.errors, headers=headers, members=stale.public())


def _problem(status: int, *found: Finding) -> Problem:
    text = found[0].text
    return Problem(status, HTTPStatus(status).phrase, f"{text['en']} / {text['ru']}", found)
