"""The form of a draft: typed, pasted, settled, saved by itself or by its button; nothing that was typed is lost."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from litestar import Response, put

from admin.accounts import Acting, People, parked_of, require
from admin.accounts.core import PATH, Accounts
from admin.accounts.frame import Asked, go, language, page
from admin.accounts.parked import Parked, discard
from admin.accounts.policy import Action, Actor
from admin.workbench import cells, codes, fields, form
from admin.workbench.attaching import DEED, FIELD, ROOM, attach_file, chosen_file, no_file, of_file
from admin.workbench.common import (
    DRAFTS,
    Files,
    draft_of,
    here,
    publication_moment,
    staff_page,
    texts,
    typed,
    version_of,
)
from admin.workbench.conflict import conflict_page
from admin.workbench.deeds import Saving, base_of, save
from admin.workbench.fields import Typed
from admin.workbench.form import Shown
from admin.workbench.settling import HOWS, How, Unsettled, settle
from register.api.calls import Service
from register.drafts.attachments import Cabinet, attachments_of
from register.drafts.model import Content, Draft
from register.drafts.rules import HD11, DraftRefused
from register.drafts.stale import DraftStale
from register.drafts.states import EDITABLE
from register.service import RegisterService
from register.web import Problem
from register.words import LANGUAGES

EDIT: Final = f"{DRAFTS}/{{id:int}}/edit"
BODY_LIMIT: Final = 4 * 2**20
_SETTLE: Final = re.compile(rf"settle-(\d{{1,4}})-({'|'.join(HOWS)})")
_TAG: Final = re.compile(r'"([0-9]{1,9})"')
Settling = tuple[int, How]
_ADD: Final = re.compile(r"add-(\d{2,10})")
_GUARDS: Final = [require(Action.DRAFT_WRITE)]
_WRONG_TIME: Final = {
    "ru": "Время публикации указывается в виде ГГГГ-ММ-ДДTчч:мм.",
    "en": "The time of publication is written YYYY-MM-DDThh:mm.",
}


@page(EDIT, guards=_GUARDS)
async def edit_form(request: Asked, service: Service, accounts: People, actor: Acting) -> Response[bytes]:
    """The form; with ``?parked=`` filled with what was sent after a session had ended."""
    draft = await draft_of(request, service)
    if draft.state not in EDITABLE:
        return go(here(request, f"{DRAFTS}/{draft.id}"))
    await service.catch_up()
    kept = await parked_of(request, accounts, actor)
    if kept is not None:
        return await _parked_page(request, service, draft, kept)
    lines = str(request.query_params.get("lines", ""))
    extra = min(int(lines), 200) if lines.isascii() and lines.isdigit() and len(lines) < 5 else 2
    shown = Shown(draft, draft.content, draft.doubts, draft.publish_at, extra=max(extra, 1), check=_asked(request))
    return await _page(request, service, shown)


def _asked(request: Asked) -> bool:
    return "check" in request.query_params


async def _parked_page(request: Asked, service: RegisterService, draft: Draft, kept: Parked) -> Response[bytes]:
    sent: Typed = kept.texts()
    version = version_of(sent)
    base = await base_of(service.database, draft, version)
    content, doubts = _read_form(draft, sent, base)
    publish_at, right = publication_moment(sent, service.terms.zone)
    shown = Shown(
        draft,
        content,
        doubts,
        publish_at,
        publish_text=None if right else fields.one(sent, "publish_at"),
        version=version,
        notice="parked",
    )
    return await _page(request, service, shown, parked=kept)


async def _page(
    request: Asked, service: RegisterService, shown: Shown, status: int = 200, parked: Parked | None = None
) -> Response[bytes]:
    files = await attachments_of(service.database, shown.draft.id)
    told = language(request)
    context = {
        **form.context(service, shown, files, told),
        "parked": parked.id if parked else "",
        "was_parked": shown.notice == "parked",
        "files_gone": parked.files if parked else (),
    }
    return staff_page(request, service, "edit.html", context, status=status)


def _read_form(draft: Draft, sent: Typed, base: Content) -> tuple[Content, list[dict[str, Any]]]:
    """Content and doubts that a form stands for; a cell that was changed is read anew."""
    content = fields.content_from(draft.kind, sent, base)
    printed = cells.printed_of(base)
    changed: dict[cells.Cell, str] = {}
    for name in fields.CELLS_OF.get(draft.kind, ()):
        if f"has_cell_{name}" in sent:
            text = fields.one(sent, f"cell_{name}")
            if text != (printed.get(name) or "").replace("\r\n", "\n").strip():
                changed[name] = text
    if not changed:
        return content, list(draft.doubts)
    before = fields.measure_of(draft.kind, base) if draft.kind in fields.OF_MEASURE else base
    return cells.take(content, draft.doubts, changed, before, cells.changing(draft))


async def _saving(service: RegisterService, draft: Draft, sent: Typed, version: int) -> tuple[Saving, bool]:
    """What a form brings, and whether its time of publication can be one; one that cannot be leaves the old."""
    base = await base_of(service.database, draft, version)
    content, doubts = _read_form(draft, sent, base)
    publish_at, right = publication_moment(sent, service.terms.zone)
    return Saving(version, content, doubts, publish_at if right else draft.publish_at), right


@page(EDIT, "post", guards=_GUARDS, request_max_body_size=BODY_LIMIT + ROOM)
async def edit(request: Asked, service: Service, accounts: People, actor: Acting, cabinet: Files) -> Response[bytes]:
    """Save the form, with the file that it brings; then what its button asks: settle a doubt, or on to the preview."""
    draft, sent = await draft_of(request, service), await typed(request)
    version = version_of(sent)
    await service.catch_up()
    saving, right = await _saving(service, draft, sent, version)
    try:
        saved = await save(service.database, draft.id, saving, actor, service.now())
    except DraftStale as stale:
        return conflict_page(request, service, stale)
    except DraftRefused as refused:
        if draft.state not in EDITABLE:
            raise _refusal(refused) from None
        shown = Shown(draft, saving.content, saving.doubts, saving.publish_at, version=version)
        return await _page(request, service, replace(shown, refused=texts(refused, language(request))), 422)
    await _forget(accounts, actor, sent)
    if not right:
        shown = Shown(saved, saved.content, saved.doubts, publish_text=fields.one(sent, "publish_at"))
        return await _page(request, service, replace(shown, refused=[_WRONG_TIME[language(request)]]), 422)
    try:
        saved, came = await _with_file(request, service, cabinet, actor, saved, sent)
    except DraftStale as stale:
        return conflict_page(request, service, stale)
    except DraftRefused as refused:
        said = " ".join(texts(refused, language(request)))
        shown = Shown(saved, saved.content, saved.doubts, saved.publish_at, file_fault=said)
        return await _page(request, service, shown, refused.status)
    if came and fields.one(sent, "do") in ("attach", "save"):
        return go(here(request, f"{DRAFTS}/{saved.id}/edit#acts-files"))
    return await _then(request, service, actor, saved, sent)


async def _with_file(
    request: Asked, service: RegisterService, cabinet: Cabinet, actor: Actor, saved: Draft, sent: Typed
) -> tuple[Draft, bool]:
    """The draft with the file that the form brought by whatever button, or after what the button of a file asks.

    Raises ``DraftRefused`` for what is no PDF, and for a file that was chosen but did not come along.
    """
    file, do = await chosen_file(request), fields.one(sent, "do")
    if file is not None:
        return await attach_file(service, cabinet, saved, file, sent, actor), True
    if do == "attach" or fields.one(sent, FIELD):
        raise no_file()
    if DEED.fullmatch(do):
        return await of_file(service, saved, do, actor), True
    return saved, False


async def _forget(accounts: Accounts, actor: Actor, sent: Typed) -> None:
    name = fields.one(sent, "parked")
    if name and actor.id is not None:
        await discard(accounts.database, actor.id, name)


async def _then(request: Asked, service: RegisterService, actor: Actor, saved: Draft, sent: Typed) -> Response[bytes]:
    do, own = fields.one(sent, "do"), f"{DRAFTS}/{saved.id}"
    asked: list[Settling] = []
    if match := _SETTLE.fullmatch(do):
        asked = [(int(match[1]), next(one for one in HOWS if one == match[2]))]
    elif do in ("enter", "save", "read", "preview"):
        asked = _said(saved, sent)
    if asked:
        done = await _settle(request, service, actor, saved, asked, sent)
        if not isinstance(done, Draft):
            return done
        if do != "preview":
            return _after_settling(request, done, asked)
        saved = done
    if do == "preview":
        open_doubts = bool(saved.open_doubts)
        if open_doubts or form.findings(service, saved, saved.content).refusals:
            return go(here(request, f"{own}/edit?check=1#faults"))
        return go(here(request, own))
    if do == "lines":
        return go(here(request, f"{own}/edit?lines=20#goods"))
    if DEED.fullmatch(do):
        return go(here(request, f"{own}/edit#acts-files"))
    if do == "look" or (do == "enter" and fields.one(sent, "look")):
        found = codes.look(service, fields.one(sent, "look"), saved.measure)
        return await _page(request, service, Shown(saved, saved.content, saved.doubts, saved.publish_at, lookup=found))
    if match := _ADD.fullmatch(do):
        return await _add_line(request, service, actor, saved, match[1])
    return go(here(request, f"{own}/edit{'#cells' if do == 'read' else ''}"))


async def _add_line(request: Asked, service: RegisterService, actor: Actor, saved: Draft, code: str) -> Response[bytes]:
    """One more goods line with a code that was found."""
    if saved.kind in fields.OF_MEASURE:
        content = fields.with_line(saved.content, code)
        try:
            saving = Saving(saved.version, content, saved.doubts, saved.publish_at)
            await save(service.database, saved.id, saving, actor, service.now())
        except DraftStale as stale:
            return conflict_page(request, service, stale)
    return go(here(request, f"{DRAFTS}/{saved.id}/edit#goods"))


def _said(saved: Draft, sent: Typed) -> list[Settling]:
    """The doubts beside which another text was typed: whatever button is pressed then, it is meant."""
    found: list[Settling] = []
    for place in saved.open_doubts:
        text = fields.one(sent, f"d-{place}-typed")
        if text and text.split() != str(saved.doubts[place].get("text") or "").split():
            found.append((place, "typed"))
    return found


async def _settle(
    request: Asked, service: RegisterService, actor: Actor, saved: Draft, asked: Sequence[Settling], sent: Typed
) -> Draft | Response[bytes]:
    """The draft with some doubts settled, or the page that says why one is not."""
    by = {"by": actor.id, "name": actor.name, "at": service.now().isoformat(), "note": None}
    content, doubts, change = saved.content, saved.doubts, cells.changing(saved)
    for place, how in asked:
        said = fields.one(sent, f"d-{place}-typed")
        try:
            content, doubts = settle(content, doubts, place, how, said, by, change)
        except Unsettled as error:
            fault = (said, error.text[language(request)])
            shown = Shown(saved, saved.content, saved.doubts, saved.publish_at, at_doubt={place: fault})
            return await _page(request, service, shown, 422)
    try:
        saving = Saving(saved.version, content, doubts, saved.publish_at)
        return await save(service.database, saved.id, saving, actor, service.now())
    except DraftStale as stale:
        return conflict_page(request, service, stale)


def _after_settling(request: Asked, done: Draft, asked: Sequence[Settling]) -> Response[bytes]:
    """On to the next doubt, or to the goods lines."""
    last = asked[-1][0]
    following = next((at for at in done.open_doubts if at > last), next(iter(done.open_doubts), None))
    target = "goods" if following is None else f"doubt-{following}"
    return go(here(request, f"{DRAFTS}/{done.id}/edit#{target}"))


def _refusal(refused: DraftRefused) -> Problem:
    text = refused.findings[0].text
    return Problem(refused.status, "Refused", f"{text['en']} / {text['ru']}", refused.findings)


@put(
    [f"/{told}{PATH}{EDIT}" for told in LANGUAGES],
    guards=_GUARDS,
    include_in_schema=False,
    request_max_body_size=BODY_LIMIT,
)
async def autosave(request: Asked, service: Service, actor: Acting) -> Response[bytes]:
    """Save what is being typed, over the version of ``If-Match``; the answer is the page of the form as it is then.

    Raises ``Problem`` 409 when somebody else has saved, with what was sent kept, and 428 without ``If-Match``.
    """
    draft, sent = await draft_of(request, service), await typed(request)
    match = _TAG.fullmatch(request.headers.get("if-match", ""))
    if match is None:
        raise Problem(428, "Precondition Required", "If-Match", [HD11.found(pointer="/If-Match")])
    await service.catch_up()
    saving, right = await _saving(service, draft, sent, int(match[1]))
    try:
        saved = await save(service.database, draft.id, saving, actor, service.now())
    except DraftStale as stale:
        raise Problem(409, "Conflict", HD11.en, [HD11.found()], headers={"etag": f'"{stale.theirs.version}"'}) from None
    except DraftRefused as refused:
        raise _refusal(refused) from None
    shown = Shown(saved, saved.content, saved.doubts, saved.publish_at)
    answer = await _page(
        request, service, shown if right else replace(shown, publish_text=fields.one(sent, "publish_at"))
    )
    answer.headers["etag"] = f'"{saved.version}"'
    return answer


def may_edit(draft: Draft, actor: Actor) -> bool:
    """Whether the page of a draft leads to its form."""
    return draft.state in EDITABLE and actor.can("draft.write")


route_handlers: Final[list[Any]] = [edit_form, edit, autosave]
