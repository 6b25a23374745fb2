"""Random sequences of steps by the commands on a real database, against a plain model and against the journal."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from admin.accounts.policy import Actor
from consultations import commands
from consultations.commands import ConsultationRefused, ConsultationStale
from consultations.model import Conclusion, Consultation, Meeting, Reasoned, Revocation, Said, Stated
from consultations.records import read_events
from register.database import Database, open_database
from register.index import Register
from register.journal import replay
from register.measures import STATES
from tests.consultations.people import (
    APPROVER,
    AUDITOR,
    CLERK,
    DUE,
    KZ,
    MACHINE,
    OFFICIALS,
    PLAN,
    RU,
    TODAY,
    conclusion,
)

STEPS = (
    "days", "days", "schedule", "position", "position", "position", "all_support", "comment", "conclude", "conclude",
    "withdraw", "revoke", "plan",
)  # fmt: skip
WHO = (KZ, RU, CLERK, APPROVER, AUDITOR, MACHINE)
ENDS = ("consensus_permitted", "consensus_not_permitted", "no_consensus")
RIGHT = {"schedule": CLERK, "conclude": APPROVER, "revoke": APPROVER, "withdraw": KZ, "plan": KZ}
BEGINNINGS: tuple[list[tuple[str, Actor, int, bool]], ...] = (
    [],
    [("schedule", CLERK, 1, True)],
    [("schedule", CLERK, 1, True), ("all_support", KZ, 0, True)],
    [("schedule", CLERK, 1, True), ("all_support", KZ, 0, True), ("position", RU, 1, True)],
    [("schedule", CLERK, 1, True), ("all_support", KZ, 0, True), ("conclude", APPROVER, 0, True)],
    [("schedule", CLERK, 1, True), ("position", RU, 1, True), ("conclude", APPROVER, 2, True)],
    [
        ("schedule", CLERK, 1, True),
        ("all_support", KZ, 0, True),
        ("conclude", APPROVER, 0, True),
        ("revoke", APPROVER, 0, True),
    ],
)


@st.composite
def steps(draw: st.DrawFn) -> tuple[str, Actor, int, bool]:
    """A step, more often than not by somebody who may take it."""
    step = draw(st.sampled_from(STEPS))
    who = RIGHT.get(step, RU) if draw(st.integers(0, 3)) else draw(st.sampled_from(WHO))
    return step, who, draw(st.integers(0, 8)), draw(st.booleans())


WAYS = st.builds(list.__add__, st.sampled_from(BEGINNINGS), st.lists(steps(), min_size=2, max_size=15))
Way = list[tuple[str, Actor, int, bool]]


class Model:
    """What must be, without a word of the procedure: the last stance of each party, the meeting, how it ended."""

    def __init__(self) -> None:
        self.said: dict[Any, str] = {}
        self.meeting: date | None = None
        self.end: str | None = None

    def status(self) -> str:
        if self.end is not None:
            return self.end
        return "in_progress" if self.said else "initiated" if self.meeting is None else "scheduled"

    def agrees(self, today: date) -> bool:
        objects = any(self.said.get(state) == "objects" for state in STATES)
        return not objects and all(state in self.said or today > DUE[state] for state in STATES)


async def walk(db: Database, way: Way) -> None:
    model, today = Model(), TODAY
    known = await commands.initiate(db, KZ, PLAN, now=_at(today, 0), today=today)
    for number, (step, who, choice, flag) in enumerate(way, start=1):
        if step == "days":
            today += timedelta(days=choice)
            continue
        for one in OFFICIALS.values() if step == "all_support" else (who,):
            given = _given(step, choice, flag, today)
            # Every third step comes from somebody who has not looked since.
            version = known.version - 1 if choice == 3 and step != "comment" else None
            try:
                after = await _take(db, known, step, one, given, version, today, _at(today, number))
            except ConsultationStale:
                assert version is not None
                assert await commands.read(db, known.id) == known
            except ConsultationRefused:
                assert await commands.read(db, known.id) == known
            else:
                _expect(model, known, step, one, given, today)
                known = after
            assert known.status == model.status()
    event(known.status)
    await _agree(db, known)


async def _take(
    db: Database,
    known: Consultation,
    step: str,
    who: Actor,
    given: Any,
    version: int | None,
    today: date,
    now: datetime,
) -> Consultation:
    more: dict[str, Any] = {"now": now, "today": today}
    calls: dict[str, Callable[..., Any]] = {
        "schedule": commands.schedule,
        "position": commands.state_position,
        "all_support": commands.state_position,
        "comment": commands.comment,
        "conclude": commands.conclude,
        "withdraw": commands.withdraw,
        "revoke": commands.revoke,
        "plan": commands.change_plan,
    }
    if step != "comment":
        more["version"] = version
    if step == "conclude":
        more["position_due"] = DUE
    found: Consultation = await calls[step](db, known.id, given, who, **more)
    return found


def _given(step: str, choice: int, flag: bool, today: date) -> Any:
    ago = (today - timedelta(days=choice // 3)).isoformat()
    return {
        "schedule": Meeting(date=today + timedelta(days=choice - 1), place="Москва" if flag else None, link=None),
        "position": Stated(stance=("supports", "objects", "abstains")[choice % 3], reasons="причины" if flag else None),
        "all_support": Stated(stance="supports"),
        "comment": Said(text="да" if flag else ""),
        "conclude": Conclusion.model_validate(conclusion(ENDS[choice % 3], protocol={"number": "14", "date": ago})),
        "withdraw": Reasoned(reason="не вводится" if flag else ""),
        "revoke": Revocation.model_validate({"protocol": {"number": "3", "date": ago}, "last_day": "2027-05-01"}),
        "plan": PLAN.model_copy(update={"similar_goods": f"описание {choice}"}),
    }[step]


def _expect(model: Model, before: Consultation, step: str, who: Actor, given: Any, today: date) -> None:
    """What a step that was taken must have had, and what it makes of the model."""
    closed = model.end is not None
    if step == "schedule":
        assert who in (CLERK, APPROVER)
        assert not closed
        assert given == before.meeting or (given.date >= today and given.place)
        model.meeting = given.date
    elif step in ("position", "all_support"):
        assert who.role == "official" or who is CLERK
        assert not closed
        assert given.stance != "objects" or given.reasons
        model.said[who.state if who.role == "official" else None] = given.stance
    elif step == "comment":
        assert who not in (AUDITOR, MACHINE)
        assert given.text
        assert model.end not in ("withdrawn", "revoked")
    elif step == "conclude":
        assert who is APPROVER
        assert not closed
        assert model.meeting is not None
        assert model.meeting <= given.protocol.date <= today
        objects = any(model.said.get(state) == "objects" for state in STATES)
        assert objects if given.outcome == "no_consensus" else model.agrees(today)
        model.end = given.outcome
    elif step == "withdraw":
        assert who is KZ
        assert given.reason
        assert not closed
        model.end = "withdrawn"
    elif step == "revoke":
        assert who is APPROVER
        assert model.end == "consensus_permitted"
        model.end = "revoked"
    else:
        assert who is KZ
        assert not closed
        assert not model.said
        assert model.meeting is None or today < model.meeting


async def _agree(db: Database, known: Consultation) -> None:
    """The journal and the tables say the same; the public version counts entries, the private one steps."""
    register = Register()
    async for entries in replay(db):
        register.extend(entries)
    entries = register.consultations()[known.id]
    newest = register.entry(entries[-1])
    assert newest["after"] == known.public()
    assert (known.seq, known.public_version) == (entries[-1], len(entries))
    befores = [register.entry(seq)["before"] for seq in entries]
    afters = [register.entry(seq)["after"] for seq in entries]
    assert befores == [None, *afters[:-1]]
    events = await read_events(db, known.id)
    assert [event.version for event in events] == list(range(1, known.version + 1))


def _at(day: date, number: int) -> datetime:
    return datetime.combine(day, time(9), UTC) + timedelta(seconds=number)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(way=WAYS)
def test_no_way_leads_where_the_procedure_forbids(sqlite_template: Path, way: Way) -> None:
    async def run() -> None:
        with tempfile.TemporaryDirectory() as directory:
            path = Path(directory) / "register.db"
            shutil.copyfile(sqlite_template, path)
            async with open_database(f"sqlite://{path}") as db:
                await walk(db, way)

    asyncio.run(run())
