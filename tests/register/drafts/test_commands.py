"""Drafts on both engines: saved, submitted, returned, approved, published; by whom, and what is never lost."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from register import publication
from register.database import AppendOnly, Database, open_database
from register.drafts import commands
from register.drafts.commands import Edit
from register.drafts.model import Draft
from register.drafts.preview import preview
from register.drafts.publishing import Moved, publish, publish_due
from register.drafts.records import (
    DraftFilter,
    UnknownDraft,
    content_at,
    list_drafts,
    read_draft,
    read_events,
)
from register.drafts.rules import DraftRefused
from register.drafts.stale import DraftStale
from register.findings import Refused
from register.journal import head, stream_all
from register.measures import Notified
from register.service import RegisterService
from tests.register.api.helpers import TERMS
from tests.register.drafts.helpers import (
    APPROVER,
    BOTH,
    CLERK,
    NOW,
    SECOND,
    TODAY,
    Person,
    Trail,
    clock,
    content,
    enter,
)

pytestmark = pytest.mark.anyio
WHEN: dict[str, Any] = {"now": NOW, "today": TODAY}


@pytest.fixture
async def service(anyio_backend: str, database_url: str) -> AsyncIterator[RegisterService]:
    found = RegisterService(open_database(database_url), TERMS, clock)
    await found.start()
    yield found
    await found.stop()


async def new(db: Database, **changes: Any) -> Draft:
    return await commands.create(db, CLERK, "include", now=NOW, content={"measure": content(**changes)})


async def approved(db: Database, draft: Draft) -> Draft:
    await commands.submit(db, draft.id, CLERK, **WHEN)
    return await commands.approve(db, draft.id, APPROVER, **WHEN)


async def rules_of(work: Any) -> list[str]:
    with pytest.raises(DraftRefused) as refused:
        await work
    return [one.rule for one in refused.value.findings]


async def test_a_draft_keeps_where_it_was_read_from_with_its_doubts(database: Database) -> None:
    doubt = {"cell": "codes", "start": 0, "end": 1, "text": "х", "rule": "D1", "reason": {"ru": "а", "en": "b"}}
    source = f"{'длинное имя ' * 40}.csv:12"
    made = await commands.create(
        database, CLERK, "include", now=NOW, content={"measure": content()}, source=source, doubts=[doubt]
    )
    found = await read_draft(database, made.id)
    assert found.source == source[-300:]
    assert found.source.endswith(".csv:12")
    assert (found.doubts, found.open_doubts, found.version) == ([doubt], [0], 1)
    assert await rules_of(commands.submit(database, made.id, CLERK, **WHEN)) == ["HD4"]


async def test_what_a_draft_keeps_for_those_who_work_on_it_never_enters_the_register(database: Database) -> None:
    measure = await enter(database)
    beside = {"change_notified_on": "2026-09-09", "cells": {"term": "до 08.09.2027"}}
    made = await commands.create(database, CLERK, "extend", now=NOW, measure=measure.id, beside=beside)
    assert made.content["change_notified_on"] == "2026-09-09"
    given = {
        **made.content,
        "effective_to": "2027-09-08",
        "acts": [{"role": "extends", "number": "9", "date": "2026-09-08"}],
    }
    await commands.save(database, made.id, 1, Edit(given), CLERK, now=NOW)
    await approved(database, made)
    await publish(database, made.id, APPROVER, **WHEN)
    bodies = [entry.body.decode() async for entry in stream_all(database)]
    assert "2027-09-08" in bodies[-1]
    assert not [body for body in bodies if "change_notified_on" in body or "cells" in body]


async def test_a_new_measure_goes_the_whole_way(database: Database) -> None:
    draft = await new(database)
    assert (draft.state, draft.version, draft.author, draft.kind) == ("draft", 1, CLERK.id, "include")
    draft = await commands.save(
        database, draft.id, 1, Edit({"measure": content(title={"ru": "Свинец"}), "number": [2026, 7]}), CLERK, now=NOW
    )
    draft = await approved(database, draft)
    done = await publish(database, draft.id, APPROVER, **WHEN)
    assert isinstance(done, Draft)
    assert (done.state, done.published, done.published_seq) == ("published", "KG-2026-007", 1)
    assert (done.author_name, done.submitter_name, done.approver_name) == (CLERK.name, CLERK.name, APPROVER.name)
    assert [one.action for one in await read_events(database, done.id)] == [
        "created", "saved", "submitted", "approved", "published",
    ]  # fmt: skip
    assert await rules_of(publish(database, draft.id, APPROVER, **WHEN)) == ["HD7"]
    assert await rules_of(commands.withdraw(database, draft.id, CLERK, now=NOW)) == ["HD7"]
    assert await head(database) == 1


async def test_what_is_typed_may_be_unfinished_and_is_not_submitted(database: Database) -> None:
    draft = await commands.create(database, CLERK, "include", now=NOW)
    typed = {"measure": {"state": "XX", "goods": [{"code_from": "78x"}], "whatever": 1}, "number": "seven"}
    draft = await commands.save(database, draft.id, 1, Edit(typed), CLERK, now=NOW)
    assert (await read_draft(database, draft.id)).content == typed
    with pytest.raises(Refused) as refused:
        await commands.submit(database, draft.id, CLERK, **WHEN)
    pointers = {one.pointer for one in refused.value.findings.refusals}
    assert {"/number", "/measure/state", "/measure/kind", "/measure/goods/0/code_from", "/measure/whatever"} <= pointers


async def test_saving_what_is_there_makes_no_version(database: Database) -> None:
    draft = await new(database)
    assert await commands.save(database, draft.id, 1, Edit(draft.content), CLERK, now=NOW) == draft


async def test_the_second_of_two_gets_the_difference_and_loses_nothing(database: Database) -> None:
    draft = await new(database)
    theirs = {"measure": content(title={"ru": "Их название"})}
    mine = {"measure": content(title={"ru": "Моё название"}, effective_to="2027-01-01")}
    await commands.save(database, draft.id, 1, Edit(theirs), SECOND, now=NOW)
    for _ in range(2):
        with pytest.raises(DraftStale) as stale:
            await commands.save(database, draft.id, 1, Edit(mine), CLERK, now=NOW)
    told = stale.value.public()
    assert told["base"] == {"version": 1, "content": draft.content}
    assert told["theirs"]["differences"] == [
        {"field": "/measure/title/ru", "before": "Лом свинца", "after": "Их название"}
    ]
    assert [one["field"] for one in told["mine"]["differences"]] == ["/measure/title/ru", "/measure/effective_to"]
    assert told["conflicts"] == ["/measure/title/ru"]
    assert (await read_draft(database, draft.id)).content == theirs
    kept = await database.fetch_rows("SELECT content FROM draft_event WHERE action = 'set_aside'")
    assert [json.loads(row[0]) for row in kept] == [mine]
    assert await content_at(database, draft.id, 1) == draft.content
    assert await content_at(database, draft.id, 2) == theirs


async def test_of_ten_who_save_at_once_one_is_first(database: Database) -> None:
    draft = await new(database)

    async def save(number: int) -> str:
        edit = Edit({"measure": content(title={"ru": f"Лом {number}"})})
        try:
            await commands.save(database, draft.id, 1, edit, Person(number, f"{number}", "clerk"), now=NOW)
        except DraftStale:
            return "stale"
        return "saved"

    assert sorted(await asyncio.gather(*map(save, range(10, 20)))) == ["saved", *["stale"] * 9]
    [[kept]] = await database.fetch_rows("SELECT count(*) FROM draft_event WHERE action = 'set_aside'")
    assert kept == 9


async def test_nobody_who_wrote_it_approves_it(database: Database) -> None:
    by_author = await commands.create(database, BOTH, "include", now=NOW, content={"measure": content()})
    await commands.submit(database, by_author.id, CLERK, **WHEN)
    assert await rules_of(commands.approve(database, by_author.id, BOTH, **WHEN)) == ["HD3"]
    edited = await new(database)
    await commands.save(database, edited.id, 1, Edit({"measure": content(title={"ru": "Лом"})}), BOTH, now=NOW)
    await commands.submit(database, edited.id, CLERK, **WHEN)
    assert await rules_of(commands.approve(database, edited.id, BOTH, **WHEN)) == ["HD3"]
    submitted = await new(database)
    await commands.submit(database, submitted.id, BOTH, **WHEN)
    assert await rules_of(commands.approve(database, submitted.id, BOTH, **WHEN)) == ["HD3"]
    assert (await commands.approve(database, submitted.id, APPROVER, **WHEN)).state == "approved"


async def test_after_submitting_only_a_return_opens_it_again(database: Database) -> None:
    draft = await approved(database, await new(database))
    edit = Edit({"measure": content(title={"ru": "Другое"})})
    assert await rules_of(commands.save(database, draft.id, draft.version, edit, CLERK, now=NOW)) == ["HD1"]
    assert await rules_of(commands.send_back(database, draft.id, " ", APPROVER, now=NOW)) == ["HD6"]
    draft = await commands.send_back(database, draft.id, "Нет акта", APPROVER, now=NOW)
    assert (draft.state, draft.returned_reason, draft.approver) == ("returned", "Нет акта", None)
    draft = await commands.save(database, draft.id, draft.version, edit, CLERK, now=NOW)
    draft = await commands.submit(database, draft.id, CLERK, **WHEN)
    assert (draft.state, draft.returned_reason) == ("submitted", None)
    assert await rules_of(publish(database, draft.id, APPROVER, **WHEN)) == ["HD1"]


async def test_an_approval_is_of_the_version_that_was_seen(database: Database) -> None:
    draft = await commands.submit(database, (await new(database)).id, CLERK, **WHEN)
    with pytest.raises(DraftStale):
        await commands.approve(database, draft.id, APPROVER, version=draft.version - 1, **WHEN)
    assert (await commands.approve(database, draft.id, APPROVER, version=draft.version, **WHEN)).state == "approved"


async def loaded(db: Database, doubts: int) -> int:
    """A draft as loading makes it."""
    reason = {"ru": "неясно", "en": "unclear"}
    doubt = {"cell": "term", "start": 0, "end": 1, "text": "x", "rule": "term.unread", "reason": reason}
    rows = await db.fetch_rows(
        "INSERT INTO draft (state, kind, content, doubts, source, version, created_at, updated_at) "
        "VALUES ('draft', 'include', {}, {}, 'table.csv:7', 1, {}, {}) RETURNING id",
        json.dumps({"measure": content(), "number": [2026, 21], "remarks": []}),
        json.dumps([doubt] * doubts),
        NOW,
        NOW,
    )
    return int(rows[0][0])


async def test_each_doubt_of_loading_is_settled_by_a_person(database: Database) -> None:
    number = await loaded(database, 2)
    assert await rules_of(commands.submit(database, number, CLERK, **WHEN)) == ["HD4"]
    await commands.settle(database, number, 0, CLERK, now=NOW, note="сверено с актом")
    assert await rules_of(commands.submit(database, number, CLERK, **WHEN)) == ["HD4"]
    draft = await commands.settle(database, number, 1, SECOND, now=NOW)
    assert draft.doubts[0]["settled"] == {
        "by": CLERK.id, "name": CLERK.name, "at": NOW.isoformat(), "note": "сверено с актом",
    }  # fmt: skip
    assert draft.doubts[1]["settled"]["by"] == SECOND.id
    assert await commands.settle(database, number, 1, CLERK, now=NOW) == draft
    assert await rules_of(commands.settle(database, number, 2, CLERK, now=NOW)) == ["HD4"]
    done = await publish(database, (await approved(database, draft)).id, APPROVER, **WHEN)
    assert isinstance(done, Draft)
    assert done.published == "KG-2026-021"
    assert next(one.action for one in await read_events(database, number)) == "loaded"


async def test_what_was_loaded_is_kept_when_it_is_changed(database: Database) -> None:
    number = await loaded(database, 0)
    await commands.save(database, number, 1, Edit({"measure": {}}), CLERK, now=NOW)
    kept = await content_at(database, number, 1)
    assert kept is not None
    assert kept["measure"]["title"] == {"ru": "Лом свинца"}


async def test_the_history_of_a_draft_cannot_be_changed(database: Database) -> None:
    await new(database)
    for statement in ("UPDATE draft_event SET note = 'x'", "DELETE FROM draft_event"):
        with pytest.raises(AppendOnly):
            await database.execute(statement)


KINDS: list[tuple[str, dict[str, Any], str]] = [
    ("amend", {"measure": content("7801", "7802", included_on="2026-09-10")}, "measure.amended"),
    (
        "extend",
        {"effective_to": "2027-09-08", "acts": [{"role": "extends", "number": "9", "date": "2026-09-09"}]},
        "measure.extended",
    ),
    (
        "terminate",
        {"effective_to": "2026-12-31", "acts": [{"role": "terminates", "number": "9", "date": "2026-09-09"}]},
        "measure.terminated",
    ),
    (
        "correct",
        {"measure": content(title={"ru": "Лом и отходы свинца"}), "explanation": {"ru": "опечатка"}},
        "measure.corrected",
    ),
    (
        "permit",
        {"declaration": {"from": "2026-10-01", "protocol": {"number": "5", "date": "2026-09-01"}}},
        "declaration.permitted",
    ),
]


@pytest.mark.parametrize(("kind", "given", "type_"), KINDS, ids=[case[0] for case in KINDS])
async def test_each_kind_is_entered_exactly_as_it_was_shown(
    service: RegisterService, kind: Any, given: dict[str, Any], type_: str
) -> None:
    db = service.database
    await enter(db)
    await service.catch_up()
    draft = await commands.create(db, CLERK, kind, now=NOW, measure="KG-2026-001", content=given)
    assert draft.base_version == 1
    shown = preview(service.register, draft, TODAY, now=NOW, zone=TERMS.zone)
    assert shown.findings.refusals == ()
    done = await publish(db, (await approved(db, draft)).id, APPROVER, clock=clock, **WHEN)
    assert isinstance(done, Draft)
    entry = [json.loads(one.body) async for one in stream_all(db)][-1]
    assert shown.entry == entry
    assert entry["type"] == type_
    assert entry["seq"] == done.published_seq


async def test_a_new_measure_is_entered_exactly_as_it_was_shown(service: RegisterService) -> None:
    db = service.database
    await enter(db)
    await service.catch_up()
    draft = await new(db)
    shown = preview(service.register, draft, TODAY, now=NOW, zone=TERMS.zone)
    await publish(db, (await approved(db, draft)).id, APPROVER, clock=clock, **WHEN)
    assert [json.loads(one.body) async for one in stream_all(db)][-1] == shown.entry


async def test_a_permission_is_revoked(database: Database) -> None:
    await enter(database, declaration={"permitted": True, "protocol": {"number": "5", "date": "2026-09-01"}})
    given = {"last_day": "2026-10-31", "protocol": {"number": "9", "date": "2026-09-09"}}
    draft = await commands.create(database, CLERK, "revoke", now=NOW, measure="KG-2026-001", content=given)
    done = await publish(database, (await approved(database, draft)).id, APPROVER, **WHEN)
    assert isinstance(done, Draft)
    entry = [json.loads(one.body) async for one in stream_all(database)][-1]
    assert entry["type"] == "declaration.revoked"
    assert entry["after"]["declaration"]["to"] == "2026-10-31"


async def test_a_correction_says_why_and_leaves_the_inclusion(database: Database) -> None:
    await enter(database)
    silent = {"measure": content(title={"ru": "Лом"})}
    draft = await commands.create(database, CLERK, "correct", now=NOW, measure="KG-2026-001", content=silent)
    with pytest.raises(Refused) as refused:
        await commands.submit(database, draft.id, CLERK, **WHEN)
    assert [(one.pointer, one.rule) for one in refused.value.findings.refusals] == [("/explanation", "H17")]
    moved = {"measure": content(title={"ru": "Лом"}, included_on="2026-09-01"), "explanation": {"ru": "опечатка"}}
    await commands.save(database, draft.id, 1, Edit(moved), CLERK, now=NOW)
    with pytest.raises(Refused) as refused:
        await commands.submit(database, draft.id, CLERK, **WHEN)
    assert [(one.pointer, one.rule) for one in refused.value.findings.refusals] == [("/measure/included_on", "H16")]


async def test_an_extension_without_an_end_is_said_not_forgotten(database: Database) -> None:
    await enter(database)
    draft = await commands.create(database, CLERK, "extend", now=NOW, measure="KG-2026-001", content={"acts": []})
    with pytest.raises(Refused) as refused:
        await commands.submit(database, draft.id, CLERK, **WHEN)
    assert [one.pointer for one in refused.value.findings.refusals] == ["/effective_to"]


async def test_a_change_names_a_measure_and_a_new_measure_none(database: Database) -> None:
    create = commands.create
    assert await rules_of(create(database, CLERK, "amend", now=NOW)) == ["HD12"]
    assert await rules_of(create(database, CLERK, "amend", now=NOW, measure="KG-2026-999")) == ["HD12"]
    assert await rules_of(create(database, CLERK, "include", now=NOW, measure="KG-2026-001")) == ["HD12"]
    assert await rules_of(create(database, APPROVER, "include", now=NOW)) == ["HD2"]
    with pytest.raises(UnknownDraft):
        await read_draft(database, 99)


async def test_a_draft_on_a_measure_that_moved_is_a_draft_again(database: Database) -> None:
    first = await enter(database)
    given = {"measure": content(title={"ru": "Из проекта"}, included_on="2026-09-10")}
    draft = await commands.create(database, CLERK, "amend", now=NOW, measure=first.id, content=given)
    draft = await approved(database, draft)
    meanwhile = Notified.model_validate(content(title={"ru": "Раньше"}))
    await publication.amend(database, first.id, 1, meanwhile, on=TODAY)
    outcome = await publish(database, draft.id, APPROVER, **WHEN)
    assert isinstance(outcome, Moved)
    assert [one["field"] for one in outcome.differences] == ["/title/ru"]
    draft = await read_draft(database, draft.id)
    assert (draft.state, draft.approver) == ("draft", None)
    assert "редакция 1 заменена редакцией 2" in (draft.returned_reason or "")
    assert await head(database) == 2
    assert await rules_of(commands.submit(database, draft.id, CLERK, **WHEN)) == ["HD8"]
    draft = await commands.save(database, draft.id, draft.version, Edit(base_version=2), CLERK, now=NOW)
    done = await publish(database, (await approved(database, draft)).id, APPROVER, **WHEN)
    assert isinstance(done, Draft)
    assert done.state == "published"
    wrong = commands.save(database, (await new(database)).id, 1, Edit(base_version=2), CLERK, now=NOW)
    assert await rules_of(wrong) == ["HD12"]


async def test_what_publication_refuses_changes_nothing(database: Database) -> None:
    draft = await approved(database, await new(database))
    # Content that the rules refuse only now: they may have become stricter since the approval.
    await database.execute("UPDATE draft SET content = '{{\"measure\": {{}}}}' WHERE id = {}", draft.id)
    with pytest.raises(Refused):
        await publish(database, draft.id, APPROVER, **WHEN)
    assert (await read_draft(database, draft.id)).state == "approved"
    assert await head(database) == 0


async def test_of_many_who_publish_at_once_one_does(database: Database) -> None:
    draft = await approved(database, await new(database))

    async def go() -> str:
        try:
            outcome = await publish(database, draft.id, APPROVER, **WHEN)
        except DraftRefused:
            return "refused"
        return outcome.state if isinstance(outcome, Draft) else "moved"

    assert sorted(await asyncio.gather(*(go() for _ in range(8)))) == ["published", *["refused"] * 7]
    assert await head(database) == 1


async def due(service: RegisterService, **changes: Any) -> Draft:
    db = service.database
    draft = await commands.create(
        db, CLERK, "include", now=NOW, content={"measure": content(**changes)}, publish_at=NOW + timedelta(hours=1)
    )
    return await approved(db, draft)


async def test_what_is_due_is_published_once_and_not_before(service: RegisterService) -> None:
    db = service.database
    first, second = await due(service), await due(service)
    await new(db)
    assert await publish_due(db, service, NOW) == []
    assert await rules_of(publish(db, first.id, APPROVER, **WHEN)) == ["HD9"]
    then = NOW + timedelta(hours=1)
    runs = await asyncio.gather(*(publish_due(db, service, then) for _ in range(4)))
    assert sorted(one.id for run in runs for one in run) == [first.id, second.id]
    assert service.register.seq == 2
    assert (await read_events(db, first.id))[-1].actor_name == "publish_at"
    assert await publish_due(db, service, then) == []


async def test_of_two_processes_one_publishes_what_is_due(service: RegisterService, database_url: str) -> None:
    numbers = [(await due(service)).id for _ in range(5)]
    other = RegisterService(open_database(database_url), TERMS, clock)
    await other.start()
    trail = Trail()
    then = NOW + timedelta(hours=1)
    try:
        runs = await asyncio.gather(
            *(publish_due(one.database, one, then, audit=trail) for one in (service, other, service, other))
        )
    finally:
        await other.stop()
    assert sorted(one.id for run in runs for one in run) == numbers
    assert sorted(trail.rows) == sorted(("draft.publish", f"draft:{number}", "done", {}) for number in numbers)
    assert await head(service.database) == 5


async def test_the_day_of_inclusion_is_that_of_publication(service: RegisterService) -> None:
    draft = await commands.create(
        service.database, CLERK, "include", now=NOW, content={"measure": content()}, publish_at=NOW + timedelta(days=3)
    )
    shown = preview(service.register, draft, TODAY, now=NOW, zone=TERMS.zone)
    assert shown.content is not None
    assert shown.content["included_on"] == "2026-09-13"
    await approved(service.database, draft)
    await publish_due(service.database, service, NOW + timedelta(days=3))
    assert service.register.record(next(service.register.versions()))["included_on"] == "2026-09-13"


async def test_what_is_due_and_refused_goes_back_and_stops_no_other(service: RegisterService) -> None:
    db = service.database
    bad, good = await due(service), await due(service)
    await db.execute("UPDATE draft SET content = '{{\"measure\": {{}}}}' WHERE id = {}", bad.id)
    published = await publish_due(db, service, NOW + timedelta(hours=2))
    assert [one.id for one in published] == [good.id]
    back = await read_draft(db, bad.id)
    assert back.state == "returned"
    assert "H2" in (back.returned_reason or "")


async def test_lists_by_state_and_kind_newest_first(database: Database) -> None:
    first, second = await new(database), await new(database)
    await commands.submit(database, first.id, CLERK, **WHEN)
    await commands.withdraw(database, (await new(database)).id, CLERK, now=NOW, reason="повтор")
    found, total = await list_drafts(database, DraftFilter(states=("submitted", "draft")))
    assert ([one.id for one in found], total) == ([second.id, first.id], 2)
    found, total = await list_drafts(database, DraftFilter(kinds=("include",)), before=second.id, limit=1)
    assert ([one.id for one in found], total) == ([first.id], 3)
    assert await list_drafts(database, DraftFilter(author=SECOND.id)) == ([], 0)
