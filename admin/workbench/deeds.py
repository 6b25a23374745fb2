"""What the pages do to drafts: each deed one transaction, with its row in the audit trail. Times are UTC."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, Literal

from admin.accounts import audit
from admin.accounts.policy import Actor
from register.database import Database
from register.drafts import commands
from register.drafts.commands import Edit
from register.drafts.model import Content, Draft
from register.drafts.publishing import Moved, publish
from register.drafts.records import content_at, dumped
from register.drafts.rules import HD13, DraftRefused
from register.drafts.stale import DraftStale
from register.drafts.states import Command
from register.recording import joined
from register.service import RegisterService

Outcome = Draft | Moved
DEFAULT_DESTINATION: Final = "third_countries"


@dataclass(frozen=True, slots=True)
class Saving:
    """What a form brings: the version it was made from, and what is to stand after it."""

    version: int
    content: Content
    doubts: list[dict[str, Any]]
    publish_at: datetime | None


async def save(db: Database, draft: int, saving: Saving, actor: Actor, now: datetime) -> Draft:
    """Save content, doubts and time of publication together. What changes nothing makes no version.

    Raises what ``register.drafts.commands.save`` does; with ``DraftStale`` the content is kept with the draft.
    """
    if len(dumped(saving.content).encode("utf-8", "replace")) > commands.MOST_BYTES:
        raise DraftRefused(HD13.found(pointer="/content"))
    who = actor
    try:
        async with joined(db):
            found = await commands.open_for(db, draft, saving.version, "save", who, now)
            return await _write(db, found, saving, who, now)
    except DraftStale as stale:
        edit = Edit(saving.content, saving.publish_at, saving.publish_at is None)
        if stale.theirs.content == saving.content and stale.theirs.publish_at == saving.publish_at:
            # The same text sent twice, as by a second click: somebody else's work is not in the way.
            return stale.theirs
        return await commands.save(db, draft, saving.version, edit, who, now=now)


async def _write(db: Database, found: Draft, saving: Saving, who: Actor, now: datetime) -> Draft:
    changed = replace(found, content=saving.content, doubts=saving.doubts, publish_at=saving.publish_at)
    typed = dumped(found.content) != dumped(saving.content)
    settled = dumped(found.doubts) != dumped(saving.doubts)
    if not typed and not settled and found.publish_at == saving.publish_at:
        return found
    await commands.keep_first_version(db, found)
    content = saving.content if typed else None
    newly = sum(bool(one.get("settled")) for one in saving.doubts) > sum(
        bool(one.get("settled")) for one in found.doubts
    )
    action = "settled" if settled and (newly or not typed) else "saved"
    return await commands.write_next(db, changed, who, action, now, content=content)


async def base_of(db: Database, draft: Draft, version: int) -> Content:
    """The content that a form was made from: that of its version, as far as it is known."""
    if version == draft.version:
        return draft.content
    return await content_at(db, draft.id, version) or {}


async def decide(
    service: RegisterService, command: Command, draft: int, version: int, actor: Actor, note: str
) -> Outcome:
    """Submit, return, approve, publish or withdraw a draft as it stood at ``version``.

    Raises what the commands of ``register.drafts`` raise; a refusal for who somebody is goes to the audit trail.
    """
    db, who, now = service.database, actor, service.now()
    given: dict[str, Any] = {"now": now, "version": version}
    asked: dict[str, Any] = {"today": service.today(), "knows": service.names.known}
    works: dict[str, Callable[[], Awaitable[Outcome]]] = {
        "submit": lambda: commands.submit(db, draft, who, **given, **asked),
        "approve": lambda: commands.approve(db, draft, who, **given, **asked),
        "publish": lambda: publish(db, draft, who, **given, **asked),
        "return": lambda: commands.send_back(db, draft, note, who, **given),
        "withdraw": lambda: commands.withdraw(db, draft, who, **given, reason=note or None),
    }
    return await audited(db, actor, f"draft.{command}", draft, works[command], now)


async def audited(
    db: Database, actor: Actor, action: str, draft: int | None, work: Callable[[], Awaitable[Outcome]], now: datetime
) -> Outcome:
    """Do a deed and tell of it in one transaction; tell of a refusal for who somebody is in one of its own."""
    try:
        async with db.transaction():
            outcome = await work()
            made = outcome.draft if isinstance(outcome, Moved) else outcome
            done: Literal["failed", "done"] = "failed" if isinstance(outcome, Moved) else "done"
            await audit(db, actor, action, f"draft:{made.id}", done, at=now, version=made.version)
            return outcome
    except DraftRefused as refused:
        if refused.status == 403:
            rules = [one.rule for one in refused.findings]
            async with db.transaction():
                await audit(db, actor, action, f"draft:{draft or 'new'}", "refused", at=now, rules=rules)
        raise


def merged(base: Content, theirs: Content, mine: Content, chosen: Sequence[str]) -> Content:
    """Theirs with what I changed; where both changed a field, mine if its name is ``chosen``.

    Fields of the measure are taken each by itself, all else as a whole.
    """
    one, two, three = _flat(base), _flat(theirs), _flat(mine)
    found = dict(two)
    for name in dict.fromkeys([*two, *three]):
        was, now, own = (_said(side.get(name)) for side in (one, two, three))
        if own != was and (now == was or "/".join(name) in chosen):
            found[name] = three.get(name)
    content: Content = {}
    for name, value in found.items():
        if len(name) == 2:
            content.setdefault(name[0], {})[name[1]] = value
        else:
            content[name[0]] = value
    return content


def conflicts(base: Content, theirs: Content, mine: Content) -> list[tuple[str, ...]]:
    """The fields that both changed, each to something else."""
    one, two, three = _flat(base), _flat(theirs), _flat(mine)
    names = dict.fromkeys([*two, *three])
    return [name for name in names if len({_said(side.get(name)) for side in (one, two, three)}) == 3]


def _flat(content: Content) -> dict[tuple[str, ...], Any]:
    found: dict[tuple[str, ...], Any] = {}
    for name, value in content.items():
        if name == "measure" and isinstance(value, dict):
            found.update({(name, part): item for part, item in value.items()})
        else:
            found[name,] = value
    return found


def _said(value: Any) -> str:
    """What a value says, as text: a form that was never filled in says the same as nothing."""
    plain = bare(value)
    return dumped(None if plain == DEFAULT_DESTINATION else plain)


def bare(value: Any) -> Any:
    """A value without members that say nothing; None where nothing is left."""
    if isinstance(value, dict):
        value = {name: part for name, item in value.items() if (part := bare(item)) is not None}
    elif isinstance(value, list):
        value = [part for item in value if (part := bare(item)) is not None]
    return None if value in ({}, [], "", None) or value is False else value
