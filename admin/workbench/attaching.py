"""The act of a draft as PDF: attached and taken off in its form, named as the address of the act, downloaded.

An attached file is served to everybody at ``public_url`` once its draft is published, and to staff alone before. That
address is what the act of the record names, so that whoever reads the Register comes to the act.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from copy import deepcopy
from typing import Any, Final

from litestar import Response
from litestar.datastructures import UploadFile
from litestar.response import Stream

from admin.accounts import Action, Actor, require
from admin.accounts.frame import Asked, page
from admin.workbench import fields
from admin.workbench.common import DRAFTS, Files, draft_of
from admin.workbench.deeds import Saving, audited, save
from admin.workbench.fields import Typed
from register.api.calls import Service
from register.drafts.attachments import (
    MOST_BYTES,
    PDF,
    SAFE_HEADERS,
    Attachment,
    Cabinet,
    attach,
    attachments_of,
    detach,
    public_url,
    read_chunks,
)
from register.drafts.model import Content, Draft, Kind
from register.drafts.rules import HD14, DraftRefused
from register.service import RegisterService
from register.web import not_found

ACTS: Final = f"{DRAFTS}/{{id:int}}/acts"
ROOM: Final = MOST_BYTES + 2**20
FIELD: Final = "act"
WITH_ACTS: Final = frozenset(("include", "amend", "correct", "extend", "terminate"))
DEED: Final = re.compile(r"(detach|address)-([0-9a-f]{64})(?:-(\d{1,4}))?")
"""The button of a file: ``detach-HASH``, or ``address-HASH-PLACE`` to name it as the address of an act."""
_CHUNK: Final = 64 * 1024


def acts_of(kind: Kind, content: Content) -> list[dict[str, Any]]:
    """The acts of a draft, in order; empty for kinds that have none."""
    if kind not in WITH_ACTS:
        return []
    found = fields.measure_of(kind, content).get("acts") if kind in fields.OF_MEASURE else content.get("acts")
    return [act for act in found or () if isinstance(act, dict)]


def addressed(kind: Kind, content: Content, place: int, url: str | None) -> Content:
    """The content with the act at ``place`` at an address. A place where no act stands changes nothing."""
    changed = deepcopy(content)
    acts = acts_of(kind, changed)
    if 0 <= place < len(acts):
        acts[place]["url"] = url
    return changed


def without_address(kind: Kind, content: Content, url: str) -> Content:
    """The content in which no act stands at ``url``."""
    changed = deepcopy(content)
    for act in acts_of(kind, changed):
        if act.get("url") == url:
            act["url"] = None
    return changed


def shown_files(
    service: RegisterService, files: Sequence[Attachment], acts: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """The files for the form: of which act each is the text, and acts that have no address yet."""
    found = []
    for file in files:
        url = public_url(service.terms.base_url, file.sha256)
        of = [place for place, act in enumerate(acts) if act.get("url") == url]
        free = [] if of else [place for place, act in enumerate(acts) if not act.get("url")]
        found.append({"file": file, "url": url, "of": of, "free": free})
    return found


async def chosen_file(request: Asked) -> UploadFile | None:
    """The file that a form brings; None where none was chosen."""
    file = (await request.form()).get(FIELD)
    return file if isinstance(file, UploadFile) and file.filename else None


async def attach_file(
    service: RegisterService, cabinet: Cabinet, draft: Draft, file: UploadFile, sent: Typed, actor: Actor
) -> Draft:
    """Keep a file with a draft, and name its public address where the act chosen in ``act_of_file`` has none.

    Raises ``DraftRefused`` for what is no PDF or too large, and what every command on a draft raises.
    """
    stored = await cabinet.store(_chunks(file))
    db, now, name = service.database, service.now(), file.filename
    url, asked = public_url(service.terms.base_url, stored.sha256), fields.one(sent, "act_of_file")

    async def work() -> Draft:
        done = await attach(db, draft.id, stored, name, actor, now=now, version=draft.version)
        acts = acts_of(done.kind, done.content)
        place = int(asked) if re.fullmatch(r"\d{1,4}", asked) else -1
        if not 0 <= place < len(acts) or acts[place].get("url"):
            return done
        content = addressed(done.kind, done.content, place, url)
        return await save(db, done.id, Saving(done.version, content, done.doubts, done.publish_at), actor, now)

    return await _done(audited(db, actor, "draft.attach", draft.id, work, now))


async def of_file(service: RegisterService, draft: Draft, do: str, actor: Actor) -> Draft:
    """Do what the button of a file asks: take it off, with the address that acts have from it, or name it as one."""
    match = DEED.fullmatch(do)
    if match is None:
        return draft
    db, now, sha256 = service.database, service.now(), match[2]
    url = public_url(service.terms.base_url, sha256)
    if match[1] == "address":
        known = any(file.sha256 == sha256 for file in await attachments_of(db, draft.id))
        content = addressed(draft.kind, draft.content, int(match[3] or 0), url) if known else draft.content
        return await save(db, draft.id, Saving(draft.version, content, draft.doubts, draft.publish_at), actor, now)

    async def work() -> Draft:
        done = await detach(db, draft.id, sha256, actor, now=now, version=draft.version)
        content = without_address(done.kind, done.content, url)
        return await save(db, done.id, Saving(done.version, content, done.doubts, done.publish_at), actor, now)

    return await _done(audited(db, actor, "draft.detach", draft.id, work, now))


async def _done(deed: Any) -> Draft:
    outcome = await deed
    if not isinstance(outcome, Draft):
        raise TypeError("a file moves no measure")
    return outcome


def no_file() -> DraftRefused:
    """What is said when the button is pressed and no file was chosen."""
    return DraftRefused(HD14.found("Файл не выбран.", "No file was chosen.", "/act"))


async def _chunks(file: UploadFile) -> AsyncIterator[bytes]:
    while chunk := await file.read(_CHUNK):
        yield chunk


@page(f"{ACTS}/{{sha256:str}}", guards=[require(Action.DRAFT_READ)])
async def get_act(request: Asked, service: Service, cabinet: Files) -> Response[Any]:
    """An act of a draft, as a download that no page can show. Raises ``Problem`` 404."""
    draft = await draft_of(request, service)
    sha256 = request.path_params["sha256"][:64]
    known = any(file.sha256 == sha256 for file in await attachments_of(service.database, draft.id))
    path = cabinet.path(sha256) if known else None
    if path is None:
        raise not_found("Такого файла нет.", "There is no such file.", "/sha256")
    headers = {**SAFE_HEADERS, "cache-control": "private, no-store"}
    headers["content-disposition"] = f'attachment; filename="{sha256}.pdf"'
    headers["content-length"] = str(path.stat().st_size)
    return Stream(read_chunks(path), media_type=PDF, headers=headers)


route_handlers: Final[list[Any]] = [get_act]
