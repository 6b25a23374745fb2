"""The commands on a draft before publication: each one transaction, each checked against the version it was made from.

Inside the caller's transaction a command joins it. ``now`` is UTC; ``today`` the present day at the Commission's
seat; ``knows`` is ``Names.known``. Every command raises ``UnknownDraft``, ``DraftRefused`` where a rule of drafts
refuses, and ``DatabaseError``; with a ``version`` that is not the present one ``DraftStale``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final

from register.database import Database
from register.drafts.actors import Actor
from register.drafts.contents import Knows, first_content, propose
from register.drafts.decided import find_decision_faults
from register.drafts.model import Content, Draft, Kind
from register.drafts.records import (
    add_event,
    content_at,
    dumped,
    loaded,
    read_draft,
    writers_of,
)
from register.drafts.rules import HD4, HD12, HD13, DraftRefused
from register.drafts.stale import DraftStale
from register.drafts.states import STEPS, Command, Standing, refusals
from register.findings import Finding, Refused
from register.measures import Measure
from register.recording import UnknownMeasure, current, joined

MOST_BYTES: Final = 2 * 2**20
SOURCE_LENGTH: Final = 300
"""Characters of a source that are kept, the last ones: the row stands at the end."""
KEPT: Final = "set_aside"
"""The event that keeps what could not be saved because somebody else had saved before."""


@dataclass(frozen=True, slots=True)
class Edit:
    """What is to be saved; what is not given stays. ``base_version`` takes the draft over to another version of its
    measure; ``clear_publish_at`` takes the time of publication away."""

    content: Content | None = None
    publish_at: datetime | None = None
    clear_publish_at: bool = False
    base_version: int | None = None


# Writing


async def create(
    db: Database,
    who: Actor,
    kind: Kind,
    *,
    now: datetime,
    measure: str | None = None,
    content: Content | None = None,
    publish_at: datetime | None = None,
    source: str = "",
    doubts: Sequence[Mapping[str, Any]] = (),
    beside: Mapping[str, Any] | None = None,
) -> Draft:
    """A new draft: of a new measure (``include``), or on ``measure`` as it stands, with its content to begin with.

    ``source`` is the file and row that it was read from, with the ``doubts`` that are open there; the end of a longer
    one is kept. ``beside`` is what the draft keeps beside its first content (``contents.WORKING``).
    """
    _refuse(refusals(Standing("draft"), "save", who, now))
    async with joined(db):
        before = await _measure_of(db, kind, measure)
        given = {**(first_content(kind, before) if content is None else content), **(beside or {})}
        _check_content(given)
        rows = await db.fetch_rows(
            "INSERT INTO draft (state, kind, content, doubts, source, version, created_at, updated_at, author, "
            "author_name, publish_at, measure, base_version) "
            "VALUES ('draft', {}, {}, {}, {}, 1, {}, {}, {}, {}, {}, {}, {}) RETURNING id",
            kind,
            dumped(given),
            dumped([dict(doubt) for doubt in doubts]),
            source[-SOURCE_LENGTH:],
            now,
            now,
            who.id,
            who.name[:200],
            publish_at,
            None if before is None else before.id,
            None if before is None else before.version,
        )
        number = int(rows[0][0])
        await add_event(db, number, who, "created", ("draft", "draft"), 1, now, content=given)
        return await read_draft(db, number)


async def save(db: Database, draft: int, version: int, edit: Edit, who: Actor, *, now: datetime) -> Draft:
    """Save what was typed, whole or not. Saving what is there already makes no version.

    What cannot be saved because somebody else saved before is kept with the draft (event ``set_aside``) and given back
    in ``DraftStale``: nothing typed is lost.
    """
    if edit.content is not None:
        _check_content(edit.content)
    async with joined(db):
        found = await read_draft(db, draft)
        _refuse(refusals(found.standing(frozenset(), found.base_version), "save", who, now))
        stale = await _stale(db, found, version, edit.content)
        if stale is None:
            return await _save(db, found, edit, who, now)
        await _set_aside(db, stale, who, now)
    raise stale


async def _save(db: Database, found: Draft, edit: Edit, who: Actor, now: datetime) -> Draft:
    content = found.content if edit.content is None else edit.content
    publish_at = None if edit.clear_publish_at else edit.publish_at or found.publish_at
    base = edit.base_version or found.base_version
    if edit.base_version is not None:
        await _check_base(db, found, edit.base_version)
    if (dumped(content), publish_at, base) == (dumped(found.content), found.publish_at, found.base_version):
        return found
    await keep_first_version(db, found)
    changed = replace(found, content=content, publish_at=publish_at, base_version=base)
    return await write_next(db, changed, who, "saved", now, content=content)


async def settle(
    db: Database,
    draft: int,
    place: int,
    who: Actor,
    *,
    now: datetime,
    version: int | None = None,
    note: str | None = None,
) -> Draft:
    """Say that a doubt of loading is settled; who and when are kept with it. One that is settled stays as it is."""
    async with joined(db):
        found = await open_for(db, draft, version, "settle", who, now)
        if not 0 <= place < len(found.doubts):
            raise DraftRefused(
                HD4.found("Такого сомнения в проекте нет", "The draft has no such doubt", f"/doubts/{place}")
            )
        if found.doubts[place].get("settled"):
            return found
        await keep_first_version(db, found)
        settled = {"by": who.id, "name": who.name, "at": now.isoformat(), "note": note}
        doubts = [{**doubt, "settled": settled} if at == place else doubt for at, doubt in enumerate(found.doubts)]
        return await write_next(db, replace(found, doubts=doubts), who, "settled", now, note=note)


# The way


async def submit(
    db: Database,
    draft: int,
    who: Actor,
    *,
    now: datetime,
    today: date,
    version: int | None = None,
    knows: Knows | None = None,
) -> Draft:
    """Submit a draft that no rule refuses and in which no doubt is open. Raises ``Refused`` with what the rules say."""
    async with joined(db):
        found = await open_for(db, draft, version, "submit", who, now)
        await _ask_rules(db, found, today, knows)
        await keep_first_version(db, found)
        changed = replace(
            found,
            state="submitted",
            submitter=who.id,
            submitter_name=who.name[:200],
            approver=None,
            approver_name=None,
            returned_reason=None,
        )
        return await write_next(db, changed, who, "submitted", now, was=found)


async def approve(
    db: Database,
    draft: int,
    who: Actor,
    *,
    now: datetime,
    today: date,
    version: int | None = None,
    knows: Knows | None = None,
) -> Draft:
    """Approve a submitted draft; never by one who wrote, changed or submitted it. Raises ``Refused`` as ``submit``."""
    async with joined(db):
        found = await open_for(db, draft, version, "approve", who, now)
        await _ask_rules(db, found, today, knows)
        changed = replace(found, state="approved", approver=who.id, approver_name=who.name[:200])
        return await write_next(db, changed, who, "approved", now, was=found)


async def send_back(
    db: Database, draft: int, reason: str, who: Actor, *, now: datetime, version: int | None = None
) -> Draft:
    """Return a submitted or approved draft to its author, with the reason."""
    async with joined(db):
        found = await open_for(db, draft, version, "return", who, now, reason)
        changed = replace(found, state="returned", approver=None, approver_name=None, returned_reason=reason.strip())
        return await write_next(db, changed, who, "returned", now, was=found, note=reason.strip())


async def withdraw(
    db: Database,
    draft: int,
    who: Actor,
    *,
    now: datetime,
    version: int | None = None,
    reason: str | None = None,
) -> Draft:
    """Take a draft that was not submitted out of the work; it stays readable."""
    async with joined(db):
        found = await open_for(db, draft, version, "withdraw", who, now)
        return await write_next(db, replace(found, state="withdrawn"), who, "withdrawn", now, was=found, note=reason)


# What they share


async def open_for(
    db: Database,
    draft: int,
    version: int | None,
    command: Command,
    who: Actor,
    now: datetime,
    reason: str = "",
) -> Draft:
    """The draft, when the command applies to it as it stands now; belongs into the transaction that writes."""
    found = await read_draft(db, draft)
    # First who may at all: a stranger is not shown what changed.
    standing = await standing_of(db, found)
    refused = refusals(standing, command, who, now, reason)
    if refused and not who.can(STEPS[command].action):
        raise DraftRefused(*refused)
    stale = None if version is None else await _stale(db, found, version, None)
    if stale is not None:
        raise stale
    _refuse(refused)
    return found


async def standing_of(db: Database, draft: Draft) -> Standing:
    """What the state machine asks of a draft, from the database as it is now."""
    before = await measure_before(db, draft)
    return draft.standing(await writers_of(db, draft.id), None if before is None else before.version)


async def _ask_rules(db: Database, found: Draft, today: date, knows: Knows | None) -> None:
    """HD5: what the rules of the Register refuse goes no further."""
    before = await measure_before(db, found)
    proposal = propose(found.kind, found.content, before, today, knows)
    if proposal.findings.refusals:
        raise Refused(proposal.findings)
    _refuse(await find_decision_faults(db, found.kind, proposal.content, before))


async def measure_before(db: Database, draft: Draft) -> Measure | None:
    return None if draft.measure is None else await current(db, draft.measure)


async def _stale(db: Database, found: Draft, version: int, mine: Content | None) -> DraftStale | None:
    if found.version == version:
        return None
    base = await content_at(db, found.id, version) if 0 < version < found.version else None
    return DraftStale(found, version, base, mine)


async def _set_aside(db: Database, stale: DraftStale, who: Actor, now: datetime) -> None:
    """Keep what could not be saved; the same content of the same person once."""
    if stale.mine is None:
        return
    draft = stale.theirs
    rows = await db.fetch_rows(
        "SELECT content FROM draft_event WHERE draft = {} AND action = {} AND actor_name = {} ORDER BY id DESC LIMIT 1",
        draft.id,
        KEPT,
        who.name[:200],
    )
    if rows and loaded(rows[0][0]) == stale.mine:
        return
    states = draft.state, draft.state
    note = f"from version {stale.expected}"
    await add_event(db, draft.id, who, KEPT, states, draft.version, now, content=stale.mine, note=note)


async def keep_first_version(db: Database, found: Draft) -> None:
    """A draft made by loading has no versions yet: keep what was loaded before it is changed."""
    rows = await db.fetch_rows("SELECT 1 FROM draft_event WHERE draft = {} LIMIT 1", found.id)
    if not rows:
        states = found.state, found.state
        await add_event(db, found.id, None, "loaded", states, found.version, found.created_at, content=found.content)


async def write_next(
    db: Database,
    changed: Draft,
    who: Actor,
    action: str,
    now: datetime,
    *,
    was: Draft | None = None,
    content: Content | None = None,
    note: str | None = None,
) -> Draft:
    """Write a changed draft as its next version, with its event."""
    version = changed.version + 1
    await db.execute(
        "UPDATE draft SET state = {}, content = {}, doubts = {}, version = {}, updated_at = {}, submitter = {}, "
        "submitter_name = {}, approver = {}, approver_name = {}, returned_reason = {}, publish_at = {}, "
        "base_version = {}, published_seq = {} WHERE id = {}",
        changed.state,
        dumped(changed.content),
        dumped(changed.doubts),
        version,
        now,
        changed.submitter,
        changed.submitter_name,
        changed.approver,
        changed.approver_name,
        changed.returned_reason,
        changed.publish_at,
        changed.base_version,
        changed.published_seq,
        changed.id,
    )
    states = (was or changed).state, changed.state
    await add_event(db, changed.id, who, action, states, version, now, content=content, note=note)
    return await read_draft(db, changed.id)


async def _measure_of(db: Database, kind: Kind, measure: str | None) -> Measure | None:
    if kind == "include":
        if measure is not None:
            raise DraftRefused(
                HD12.found("Проект новой меры не относится к мере Реестра", "A new measure has no id yet", "/measure")
            )
        return None
    if measure is None:
        raise DraftRefused(
            HD12.found("Не указана изменяемая мера", "The measure to be changed is not named", "/measure")
        )
    try:
        return await current(db, measure)
    except UnknownMeasure:
        raise DraftRefused(
            HD12.found("Такой меры в Реестре нет", "The Register has no such measure", "/measure")
        ) from None


async def _check_base(db: Database, found: Draft, version: int) -> None:
    before = await measure_before(db, found)
    if before is None or not 1 <= version <= before.version:
        raise DraftRefused(HD12.found("Такой редакции у меры нет", "The measure has no such version", "/base_version"))


def _check_content(content: Content) -> None:
    try:
        size = len(dumped(content).encode())
    except (UnicodeEncodeError, ValueError, RecursionError):
        raise DraftRefused(
            HD13.found("Содержание не записывается в виде JSON", "The content cannot be kept as JSON", "/content")
        ) from None
    if size > MOST_BYTES:
        raise DraftRefused(HD13.found(pointer="/content"))


def _refuse(found: list[Finding]) -> None:
    if found:
        raise DraftRefused(*found)
