"""The commands by which the Commission enters measures in the Register and changes them (A4(4), P24).

Each command is one transaction and one entry (of a batch: one entry to a measure); when it is called inside a
transaction it joins that one, so that a draft or a consultation changes together with the entry it causes. What the
rules refuse is refused before anything is written. ``on`` is the present day at the Commission's seat; ``clock`` gives
the time of recording in UTC; ``knows`` is ``Names.known``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final, Literal

from register.changes import proposed, revoked
from register.database import Database
from register.entries import Reason
from register.findings import Action, Context, Finding, Findings, Refused
from register.journal import utc_now
from register.measures import Declaration, Measure, Notified, Protocol, State, Text, measure_id
from register.recording import Clock, Recording, UnknownMeasure, current, joined, record
from register.rules import check

Knows = Callable[[str, date], bool | None]

BATCH: Final = 200
"""How many measures of a load share one transaction: others can write in between."""
LAST_NUMBER: Final = 999_999


class Stale(Exception):
    """The measure has changed since the version that the command was made from."""

    def __init__(self, measure: str, expected: int, actual: int) -> None:
        self.measure, self.expected, self.actual = measure, expected, actual
        super().__init__(f"{measure} is at version {actual}, the change was made from version {expected}")


@dataclass(frozen=True, slots=True)
class Inclusion:
    """A measure to be included; ``number`` is the year and number that it should bear where they are free."""

    notified: Notified
    number: tuple[int, int] | None = None


# Inclusion


async def include(
    db: Database,
    notified: Notified,
    *,
    on: date,
    number: tuple[int, int] | None = None,
    reason: Reason = "legal_change",
    knows: Knows | None = None,
    clock: Clock = utc_now,
) -> Measure:
    """Enter a notified measure (A4(4)) and give it its number for ever.

    A given ``included_on`` is kept (taking over an older register), otherwise it is ``on``. A ``number`` (year, number)
    is kept where it is free; otherwise the next one of the state in the year of inclusion is given. Raises ``Refused``,
    ``ValueError`` for a number that cannot be, ``DatabaseError``.
    """
    item = Inclusion(notified, number)
    _refuse(_inclusion_findings(item, on, knows))
    async with joined(db):
        return await _include(db, _Numbers(db), item, on, reason, clock)


async def include_many(
    db: Database,
    items: Sequence[Inclusion],
    *,
    on: date,
    reason: Reason = "legal_change",
    knows: Knows | None = None,
    clock: Clock = utc_now,
    progress: Callable[[int, int], None] | None = None,
) -> list[Measure]:
    """Enter many measures, in order, ``BATCH`` to a transaction; ``progress`` hears of those entered and of all.

    All are checked first. Raises ``Refused`` with every refusal, its pointer beginning with the place of the measure in
    the list (``/17/goods/0/code_from``); then nothing was written.
    """
    found: list[Finding] = []
    for place, item in enumerate(items):
        refusals = _inclusion_findings(item, on, knows).refusals
        found += [_prefixed(finding, f"/{place}") for finding in refusals]
    _refuse(Findings.of(found))
    entered: list[Measure] = []
    for start in range(0, len(items), BATCH):
        async with joined(db):
            numbers = _Numbers(db)
            entered += [await _include(db, numbers, item, on, reason, clock) for item in items[start : start + BATCH]]
        if progress is not None:
            progress(len(entered), len(items))
    return entered


def _inclusion_findings(item: Inclusion, on: date, knows: Knows | None) -> Findings:
    return check(item.notified, Context(on, "include", knows=knows))


def _prefixed(finding: Finding, prefix: str) -> Finding:
    return Finding(prefix + finding.pointer, finding.rule, finding.text, finding.severity)


async def _include(db: Database, numbers: _Numbers, item: Inclusion, on: date, reason: Reason, clock: Clock) -> Measure:
    included = item.notified.included_on or on
    goods = [line.model_copy(update={"included_on": line.included_on or included}) for line in item.notified.goods]
    content = item.notified.model_copy(update={"included_on": included, "goods": goods})
    year, number = await numbers.take(content.state, item.number, included.year)
    recording = Recording(measure_id(content.state, year, number), "include", 1, None, content, on, reason)
    return await record(db, recording, clock)


class _Numbers:
    """Gives numbers inside one transaction, which no other writer shares; a number once given is never given again."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._last: dict[tuple[str, int], int] = {}

    async def take(self, state: State, wanted: tuple[int, int] | None, year: int) -> tuple[int, int]:
        """The wanted year and number where they are free, else the next of ``year``."""
        if wanted is not None:
            if not (1000 <= wanted[0] <= 9999 and 1 <= wanted[1] <= LAST_NUMBER):
                raise ValueError(f"a measure has a year and a number up to {LAST_NUMBER}, not {wanted}")
            taken = await self._db.fetch_rows(
                "SELECT 1 FROM measure_number WHERE state = {} AND year = {} AND number = {}", state, *wanted
            )
            if not taken:
                return await self._keep(state, *wanted)
        return await self._keep(state, year, await self._next(state, year))

    async def _next(self, state: State, year: int) -> int:
        if (state, year) not in self._last:
            rows = await self._db.fetch_rows(
                "SELECT coalesce(max(number), 0) FROM measure_number WHERE state = {} AND year = {}", state, year
            )
            self._last[state, year] = int(rows[0][0])
        return self._last[state, year] + 1

    async def _keep(self, state: State, year: int, number: int) -> tuple[int, int]:
        await self._db.execute(
            "INSERT INTO measure_number (state, year, number) VALUES ({}, {}, {})", state, year, number
        )
        if (state, year) in self._last:
            self._last[state, year] = max(self._last[state, year], number)
        return year, number


# Changes


async def amend(
    db: Database,
    measure: str,
    version: int,
    content: Notified,
    *,
    on: date,
    reason: Literal["legal_change", "technical"] = "legal_change",
    knows: Knows | None = None,
    clock: Clock = utc_now,
) -> Measure:
    """Enter an amendment of the measure at ``version``: its whole new content.

    A goods line with codes that were not under the measure is included ``on`` this day, with a window of its own
    (P37(1)). Raises ``UnknownMeasure``, ``Stale``, ``Refused``, ``DatabaseError``; so do the other changes.
    """
    change = _Change("amend", measure, version, on, reason, knows=knows)
    return await _change(db, change, lambda before: proposed(before, content, "amend", on), clock)


async def extend(
    db: Database,
    measure: str,
    version: int,
    content: Notified,
    *,
    on: date,
    knows: Knows | None = None,
    clock: Clock = utc_now,
) -> Measure:
    """Enter an extension (``changes.extended`` makes its content). It opens no window (P37(1)). Raises as ``amend``."""
    change = _Change("extend", measure, version, on, knows=knows)
    return await _change(db, change, lambda before: proposed(before, content, "extend", on), clock)


async def terminate(
    db: Database,
    measure: str,
    version: int,
    content: Notified,
    *,
    on: date,
    knows: Knows | None = None,
    clock: Clock = utc_now,
) -> Measure:
    """Enter an early end (``changes.ended`` makes its content). Raises as ``amend``."""
    change = _Change("terminate", measure, version, on, knows=knows)
    return await _change(db, change, lambda before: proposed(before, content, "terminate", on), clock)


async def correct(
    db: Database,
    measure: str,
    version: int,
    content: Notified,
    explanation: Text | None,
    *,
    on: date,
    knows: Knows | None = None,
    clock: Clock = utc_now,
) -> Measure:
    """Correct an error of the record; ``explanation`` says why and stands in the entry's summary.

    Dates of inclusion stay: a correction opens no window (P37(1)). Raises as ``amend``.
    """
    change = _Change("correct", measure, version, on, "correction", explanation, knows)
    return await _change(db, change, lambda before: proposed(before, content, "correct", on), clock)


async def permit_declaration(
    db: Database,
    measure: str,
    version: int,
    declaration: Declaration,
    *,
    on: date,
    clock: Clock = utc_now,
) -> Measure:
    """Enter that an origin declaration may be used for the similar goods, by decision of a consultation (P24).

    The entry's ``acts`` name the protocol. Raises as ``amend``.
    """
    permission = declaration.model_copy(update={"permitted": True})
    change = _Change("permit", measure, version, on, protocol=declaration.protocol)
    return await _change(db, change, lambda before: before.model_copy(update={"declaration": permission}), clock)


async def revoke_declaration(
    db: Database,
    measure: str,
    version: int,
    *,
    last_day: date,
    protocol: Protocol | None,
    on: date,
    clock: Clock = utc_now,
) -> Measure:
    """Enter that the permission of P24 ends with ``last_day``, by a later decision with its own ``protocol``.

    The days on which the permission held stay on record, see ``changes.revoked``; the entry's ``acts`` name the
    protocol. Raises as ``amend``.
    """
    change = _Change("revoke", measure, version, on, protocol=protocol)
    return await _change(
        db,
        change,
        lambda before: before.model_copy(update={"declaration": revoked(before, last_day, protocol)}),
        clock,
    )


@dataclass(frozen=True, slots=True)
class _Change:
    action: Action
    measure: str
    version: int
    on: date
    reason: Reason = "legal_change"
    explanation: Text | None = None
    knows: Knows | None = None
    protocol: Protocol | None = None


async def _change(db: Database, change: _Change, content_of: Callable[[Measure], Notified], clock: Clock) -> Measure:
    async with joined(db):
        before = await current(db, change.measure)
        if before.version != change.version:
            raise Stale(change.measure, change.version, before.version)
        content = content_of(before)
        note = change.explanation
        explanation = None if note is None else note.ru or note.en
        context = Context(change.on, change.action, before, change.knows, explanation)
        _refuse(check(content, context))
        recording = Recording(before.id, change.action, before.version + 1, before, content, change.on, change.reason)
        return await record(db, replace(recording, note=change.explanation, protocol=change.protocol), clock)


def _refuse(findings: Findings) -> None:
    if findings.refusals:
        raise Refused(findings)


__all__ = [
    "BATCH",
    "Inclusion",
    "Refused",
    "Stale",
    "UnknownMeasure",
    "amend",
    "correct",
    "current",
    "extend",
    "include",
    "include_many",
    "permit_declaration",
    "revoke_declaration",
    "terminate",
]
