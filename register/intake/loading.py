"""Loading files of notified measures: what is read whole enters the Register, what is in doubt waits for a clerk.

A row that is refused stops nothing else, and a file loaded twice doubles nothing.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any, Final

from register.database import Database, DatabaseUnavailable
from register.findings import Context
from register.intake.candidates import IncludedOn, candidate, cell_of
from register.intake.known import Known, Numbers, draft_prints, fingerprint
from register.intake.outcomes import FORMAT, Candidate, Held, Ready, Reason, Refused, Wish, of_finding, reason
from register.intake.records import json_candidate, read_json
from register.intake.report import FileFault, LoadReport, Outcome, RowReport
from register.intake.table import read_table
from register.journal import utc_now
from register.nomenclature import Names
from register.publication import Inclusion, include_many
from register.rules import check
from register.sheets import SheetError

log = logging.getLogger(__name__)

DRAFT_KIND: Final = "include"
"""The kind of the drafts made here: a measure that is to be included."""

_SOURCE_LENGTH: Final = 300
# Of a table that reaches back for years: every second row would say so.
_EXPECTED: Final = frozenset(("H14",))


class LoadRunning(DatabaseUnavailable):
    """Another load is at work on this database; two at once could enter one measure twice."""


@dataclass(slots=True)
class _Row:
    """A row on its way."""

    file: str
    row: int
    table: bool
    candidate: Candidate
    report: RowReport | None = None


async def load(
    db: Database,
    paths: Sequence[Path],
    *,
    included_on: IncludedOn,
    today: date,
    progress: Callable[[int, int], None] | None = None,
) -> LoadReport:
    """Load notified measures from CSV, XLSX and JSON files and report on every row (A4(1), A4(4)).

    ``included_on`` is the day of inclusion of measures that give none, at the Commission's seat; ``effective`` takes
    each measure's first day in force. ``today`` is the present day there. ``progress`` hears of measures entered and of
    all that are to be. A measure or draft that was loaded before is left as it is.

    A file that cannot be read is a fault in the report and stops no other. Raises ``LoadRunning`` while another load is
    at work, ``DatabaseError``; what was entered before an error stays, and a second load goes on from there.
    """
    rows: list[_Row] = []
    faults: list[FileFault] = []
    for path in paths:
        try:
            rows += await asyncio.to_thread(_read, path, included_on)
        except SheetError as error:
            faults.append(FileFault(path.name, error.text))
        except OSError as error:
            text = error.strerror or str(error)
            faults.append(
                FileFault(path.name, {"ru": f"файл не открывается: {text}", "en": f"cannot be opened: {text}"})
            )
    async with db.leader("intake") as leading:
        if not leading:
            raise LoadRunning("another load is at work on this database / идёт другая загрузка")
        known = await Known.read(db)
        await _include(db, rows, known, today, progress)
        await _hold(db, rows, known)
    for row in rows:
        if isinstance(row.candidate, Refused):
            row.report = _report(row, "refused", reasons=row.candidate.reasons)
    return LoadReport(tuple(row.report for row in rows if row.report), tuple(faults))


def _read(path: Path, included_on: IncludedOn) -> list[_Row]:
    if path.suffix.lower() == ".json":
        return [_Row(path.name, item.number, False, json_candidate(item, included_on)) for item in read_json(path)]
    return [_Row(path.name, row.number, True, candidate(row, included_on)) for row in read_table(path)]


def _report(row: _Row, outcome: Outcome, **members: Any) -> RowReport:
    return RowReport(row.file, row.row, outcome, **{"remarks": row.candidate.remarks, **members})


# What is ready


async def _include(
    db: Database, rows: Sequence[_Row], known: Known, today: date, progress: Callable[[int, int], None] | None
) -> None:
    knows = (await Names.load(db)).known
    new: dict[str, _Row] = {}
    again: list[tuple[_Row, str]] = []
    for row, ready in _ready(rows):
        print_ = fingerprint(ready.notified.model_dump(mode="json", by_alias=True))
        if print_ in known.measures or print_ in new:
            again.append((row, print_))
        elif _checked_safely(row, ready, Context(today, "include", knows=knows)):
            new[print_] = row
    numbers = await Numbers.read(db, _wishes(rows))
    items = [_numbered(row, ready, numbers, today) for row, ready in _ready(list(new.values()))]
    entered = await include_many(db, items, on=today, knows=knows, progress=progress)
    for (print_, row), measure in zip(new.items(), entered, strict=True):
        known.measures[print_] = measure.id
        row.report = _report(row, "included", measure=measure.id)
    for row, print_ in again:
        row.report = _report(row, "already_there", measure=known.measures[print_])


def _ready(rows: Sequence[_Row]) -> Iterator[tuple[_Row, Ready]]:
    for row in rows:
        if isinstance(row.candidate, Ready):
            yield row, row.candidate


def _checked_safely(row: _Row, ready: Ready, context: Context) -> bool:
    """``_checked``, where a fault of ours costs one row and not the report on all the others."""
    try:
        return _checked(row, ready, context)
    except Exception as error:
        log.exception("%s, row %d could not be checked", row.file, row.row)
        what = f"{type(error).__name__}: {error}"
        fault = reason(
            "",
            "internal",
            f"строка не проверена из-за ошибки программы, сообщите о ней: {what}",
            f"the row could not be checked, by a fault of the software that should be reported: {what}",
        )
        row.candidate = Refused((fault,), ready.wished, ready.remarks)
        return False


def _checked(row: _Row, ready: Ready, context: Context) -> bool:
    """Ask the rules of the Register; a row that they refuse becomes a refused one, with its cells named."""
    found = check(ready.notified, context)
    warnings = [finding for finding in found.warnings if finding.rule not in _EXPECTED]
    remarks = (*ready.remarks, *(_located(row, of_finding(finding)) for finding in warnings))
    if found.refusals:
        reasons = tuple(_located(row, of_finding(finding)) for finding in found.refusals)
        row.candidate = Refused(reasons, ready.wished, remarks)
        return False
    row.candidate = replace(ready, remarks=remarks)
    return True


def _located(row: _Row, found: Reason) -> Reason:
    if row.table:
        return replace(found, cell=cell_of(found.cell))
    return replace(found, cell=f"/{row.row - 1}{found.cell}")


def _wishes(rows: Sequence[_Row]) -> dict[tuple[str, int], set[int]]:
    """Every number wished for, those of drafts too: a clerk who publishes one later finds it free."""
    wishes: dict[tuple[str, int], set[int]] = {}
    for row in rows:
        if row.candidate.wished and not isinstance(row.candidate, Refused):
            year, number = row.candidate.wished
            wishes.setdefault((_state(row.candidate), year), set()).add(number)
    return wishes


def _state(found: Ready | Held) -> str:
    return found.notified.state if isinstance(found, Ready) else str(found.draft["state"])


def _numbered(row: _Row, ready: Ready, numbers: Numbers, today: date) -> Inclusion:
    notified, wish = ready.notified, ready.wished
    given, granted = numbers.take(notified.state, wish, (notified.included_on or today).year)
    if wish is not None and not granted:
        row.candidate = replace(ready, remarks=(*ready.remarks, _number_taken(notified.state, wish)))
    return Inclusion(notified, given)


def _number_taken(state: str, wish: Wish) -> Reason:
    shown = f"{state} {wish.year} № {wish.number}"
    return reason(
        "number",
        FORMAT,
        "этот номер уже присвоен другой мере, присвоен следующий свободный",
        "another measure bears this number, the next free one was given",
        shown,
    )


# What is in doubt


async def _hold(db: Database, rows: Sequence[_Row], known: Known) -> None:
    async with db.transaction():
        for row in rows:
            if isinstance(row.candidate, Held):
                await _hold_one(db, row, row.candidate, known)


async def _hold_one(db: Database, row: _Row, held: Held, known: Known) -> None:
    source = f"{row.file}:{row.row}"[-_SOURCE_LENGTH:]
    prints = draft_prints(held.draft, source)
    if entered := next((known.measures[print_] for print_ in prints if print_ in known.measures), None):
        row.report = _report(row, "already_there", measure=entered)
        return
    draft = next((known.drafts[print_] for print_ in prints if print_ in known.drafts), None)
    if draft is None:
        draft = await _draft(db, source, held)
        known.drafts.update((print_, draft) for print_ in prints)
    row.report = _report(row, "held", draft=draft, reasons=held.doubts)


async def _draft(db: Database, source: str, held: Held) -> int:
    now = utc_now()
    content = {
        "measure": dict(held.draft),
        "number": list(held.wished) if held.wished else None,
        "remarks": [remark.public() for remark in held.remarks],
    }
    [[key]] = await db.fetch_rows(
        "INSERT INTO draft (state, kind, content, doubts, source, version, created_at, updated_at) "
        "VALUES ('draft', {}, {}, {}, {}, 1, {}, {}) RETURNING id",
        DRAFT_KIND,
        json.dumps(content, ensure_ascii=False),
        json.dumps([doubt.public() for doubt in held.doubts], ensure_ascii=False),
        source,
        now,
        now,
    )
    return int(key)
