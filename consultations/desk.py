"""What the calls on consultations share: who asks, what is answered, how a refusal is said, a request sent twice."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any, Final

import msgspec
from litestar import Response
from litestar.di import NamedDependency
from litestar.params import SkipValidation

from consultations.commands import ConsultationStale, set_aside
from consultations.model import Consultation
from consultations.office import Consulting
from consultations.permissions import drafts_of
from consultations.proceedings import proceedings
from consultations.records import UnknownConsultation
from consultations.rules import HC2, HC17, ConsultationRefused
from register.api.calls import API, Asked
from register.api.parameters import NO_PARAMETERS
from register.drafts.actors import Actor
from register.drafts.desk import PRIVATE, key_of
from register.drafts.rules import DraftRefused
from register.drafts.stale import DraftStale
from register.drafts.trail import Audit
from register.findings import Finding
from register.idempotency import Answer, once
from register.web import JSON, PROBLEM, Problem, Reply, finding, not_found, refused

Acting = NamedDependency[SkipValidation[Actor]]
Auditing = NamedDependency[SkipValidation[Audit]]
Office = NamedDependency[SkipValidation[Consulting]]

PATH: Final = "/consultations"
ONE: Final = f"{PATH}/{{id:str}}"
_DRAFTING: Final = frozenset(("consultation.conclude", "consultation.revoke"))
"""Steps that make drafts; the audit trail names these."""
_TAG: Final = re.compile(r'(?:W/)?"([0-9]{1,9})"')


def need(who: Actor, action: str) -> None:
    """Raise ``Problem`` 403 unless ``who`` may do ``action``."""
    if not who.can(action):
        raise problem(403, HC2.found())


def if_match(request: Asked, *, needed: bool) -> int | None:
    """The version that the caller knows; None where any will do. Raises ``Problem`` 428 or 422."""
    given = request.headers.get("if-match")
    if given is None or given.strip() == "*":
        if needed and given is None:
            ru, en = "Нужен заголовок If-Match с ETag консультаций", "The header If-Match with the ETag is needed"
            raise Problem(428, "Precondition Required", f"{en} / {ru}", [HC17.found(ru, en, "/If-Match")])
        return None
    match = _TAG.fullmatch(given.strip())
    if match is None:
        ru, en = 'If-Match: ETag консультаций, например "3"', 'If-Match: the ETag of the consultation, such as "3"'
        raise refused(finding("/If-Match", ru, en))
    return int(match[1])


def consultation_id(request: Asked) -> str:
    """The number in the path, as far as one can be."""
    return str(request.path_params["id"])[:40].replace("\x00", "")


def reply(status: int, body: bytes, *, version: int | None = None, location: str | None = None) -> Response[bytes]:
    """An answer for one reader, with the ``ETag`` of the version where it is about one consultation."""
    headers = {"content-type": PROBLEM if status >= 400 else JSON, "cache-control": PRIVATE}
    if version is not None:
        headers["etag"] = f'"{version}"'
    if location is not None:
        headers["location"] = f"{API}{PATH}/{location}"
    return Reply(body, status_code=status, headers=headers)


class _Versioned(msgspec.Struct):
    id: str | None = None
    version: int | None = None


_versioned: Final = msgspec.json.Decoder(_Versioned).decode


async def step(
    request: Asked,
    office: Consulting,
    who: Actor,
    audit: Audit,
    action: str,
    work: Callable[[], Awaitable[Consultation]],
    *,
    body: bytes,
    status: int = 200,
) -> Response[bytes]:
    """One step, its row in the audit trail and its kept answer: one transaction; done once under its key."""
    NO_PARAMETERS.read(request.scope["query_string"]) if action != "consultation.document" else None
    await office.service.catch_up()
    db = office.database

    async def done() -> Answer:
        known = await work()
        told: dict[str, Any] = {"version": known.version}
        if action in _DRAFTING:
            told["drafts"] = [draft.id for draft in await drafts_of(db, known.id)]
        await audit(db, who, action, f"consultation:{known.id}", "done", **told)
        return Answer(status, msgspec.json.encode(await proceedings(office, known, who)))

    subject = f"consultation:{request.path_params.get('id', 'new')}"[:100]
    async with watched(office, who, audit, action, subject), spoken(office, who):
        answer = await once(db, key_of(request, who, body), office.service.now(), done)
    await office.service.catch_up()
    made = _versioned(answer.body)
    return reply(answer.status, answer.body, version=made.version, location=made.id if status == 201 else None)


@asynccontextmanager
async def spoken(office: Consulting, who: Actor) -> AsyncIterator[None]:
    """What the commands raise, as problems; what could not be done is kept with the consultation."""
    try:
        yield
    except UnknownConsultation:
        raise unknown() from None
    except ConsultationStale as stale:
        await set_aside(office.database, stale, who, now=office.service.now())
        raise _stale(stale) from None
    except DraftStale:
        raise problem(409, HC17.found()) from None
    except (ConsultationRefused, DraftRefused) as error:
        raise problem(error.status, *error.findings) from None


@asynccontextmanager
async def watched(office: Consulting, who: Actor, audit: Audit, action: str, subject: str) -> AsyncIterator[None]:
    """Keep in the audit trail that something was refused to ``who`` for who they are."""
    try:
        yield
    except Problem as error:
        if error.status == 403:
            rules = [one.rule for one in error.errors]
            async with office.database.transaction():
                await audit(office.database, who, action, subject, "refused", rules=rules)
        raise


def unknown() -> Problem:
    """The 404 of consultations."""
    return not_found("Таких консультаций нет", "There is no such consultation", "/id")


def problem(status: int, *found: Finding) -> Problem:
    """A refusal with its findings."""
    text = found[0].text
    return Problem(status, HTTPStatus(status).phrase, f"{text['en']} / {text['ru']}", found)


def _stale(stale: ConsultationStale) -> Problem:
    said = problem(409, HC17.found())
    headers = {"etag": f'"{stale.theirs.version}"'}
    members: dict[str, Any] = stale.public()
    return Problem(409, said.title, said.detail, said.errors, headers=headers, members=members)
