"""Two people on one draft: what each of them changed, side by side, and one way on in which nothing is lost."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from litestar import Response

from admin.accounts import Acting, require
from admin.accounts.frame import Asked, go, language, page
from admin.accounts.policy import Action
from admin.workbench import cells, fields
from admin.workbench.common import DRAFTS, draft_of, here, staff_page, translations, typed, version_of
from admin.workbench.deeds import DEFAULT_DESTINATION, Saving, bare, conflicts, merged, save
from register.api.calls import Service
from register.drafts.contents import WORKING
from register.drafts.model import Content, Draft
from register.drafts.records import content_at, dumped
from register.drafts.stale import DraftStale
from register.pages.compared import Change, compared
from register.service import RegisterService
from register.web import finding, refused
from register.words import Language

_decode: Final = msgspec.json.Decoder(dict[str, Any]).decode


def conflict_page(request: Asked, service: RegisterService, stale: DraftStale) -> Response[bytes]:
    """409: the version that both began from, theirs as saved, mine as kept."""
    told = language(request)
    base, mine = stale.base or {}, stale.mine or stale.theirs.content
    theirs = stale.theirs.content
    both = conflicts(base, theirs, mine)
    context = {
        "draft": stale.theirs,
        "expected": stale.expected,
        "theirs": _changes(base, theirs, told),
        "mine": _changes(base, mine, told),
        "both": [
            {"name": "/".join(name), "theirs": _side(theirs, name, told), "mine": _side(mine, name, told)}
            for name in both
        ],
        "mine_json": dumped(mine),
    }
    return staff_page(request, service, "conflict.html", context, status=409)


def _changes(base: Content, other: Content, told: Language) -> list[Change]:
    translate = translations(told).gettext
    return compared(_open(base), _open(other), told, translate)


def _open(content: Content) -> dict[str, Any]:
    """The content with the members of its measure beside the rest, as people know them."""
    measure = content.get("measure")
    rest = {name: value for name, value in content.items() if name not in ("measure", *WORKING)}
    opened = {**rest, **(measure if isinstance(measure, dict) else {})}
    if "cells" in content:
        opened["printed"] = content["cells"]
    if content.get("change_notified_on"):
        opened["notified_on"] = content["change_notified_on"]
    found: dict[str, Any] = {name: part for name, value in opened.items() if (part := bare(value)) is not None}
    return found if found.get("destination") != DEFAULT_DESTINATION else {**found, "destination": None}


def _side(content: Content, name: tuple[str, ...], told: Language) -> Change:
    value: Any = content
    for part in name:
        value = value.get(part) if isinstance(value, dict) else None
    found = compared({}, {name[-1]: value}, told, translations(told).gettext)
    if not found:
        return Change(name[-1], None, None)
    text = "; ".join(change.after or "" for change in found)
    return Change(found[0].field.split(",")[0], None, text)


@page(f"{DRAFTS}/{{id:int}}/merge", "post", guards=[require(Action.DRAFT_WRITE)], request_max_body_size=4 * 2**20)
async def merge(request: Asked, service: Service, actor: Acting) -> Response[bytes]:
    """Save theirs with what I changed; of what both changed, what was chosen."""
    draft, sent = await draft_of(request, service), await typed(request)
    expected = fields.one(sent, "expected")
    base = (
        await content_at(service.database, draft.id, int(expected))
        if expected.isdigit() and len(expected) < 10
        else None
    )
    try:
        mine = _decode(fields.one(sent, "mine"))
    except msgspec.MsgspecError:
        raise refused(finding("/mine", "Содержание не прочитано", "The content cannot be read")) from None
    chosen = [
        name.removeprefix("take:") for name in sent if name.startswith("take:") and fields.one(sent, name) == "mine"
    ]
    content = merged(base or {}, draft.content, mine, chosen)
    content, doubts = _read_again(draft, content)
    saving = Saving(version_of(sent), content, doubts, draft.publish_at)
    try:
        await save(service.database, draft.id, saving, actor, service.now())
    except DraftStale as stale:
        return conflict_page(request, service, stale)
    return go(here(request, f"{DRAFTS}/{draft.id}/edit"))


def _read_again(draft: Draft, content: Content) -> tuple[Content, list[dict[str, Any]]]:
    """A cell that came with my change is read again, so that its doubts are asked of a person like all others."""
    whole = draft.kind in fields.OF_MEASURE
    old, new = cells.printed_of(draft.content), cells.printed_of(content)
    changed = {name: new.get(name) or "" for name in cells.CELLS if new.get(name) != old.get(name)}
    if not changed:
        return content, draft.doubts
    theirs = fields.measure_of(draft.kind, draft.content) if whole else draft.content
    return cells.take(content, draft.doubts, changed, theirs, cells.changing(draft))


route_handlers: Final[list[Any]] = [merge]
