"""What was loaded before: so that a file loaded twice doubles nothing."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Final, TypeGuard

from register.database import Database
from register.intake.outcomes import Wish
from register.measures import COMPUTED_FIELDS, Declaration

_BATCH: Final = 1000
_PRINTED_KEY: Final = ("state", "kind", "title", "destination", "transport", "printed")
_NO_DECLARATION: Final = Declaration().model_dump(mode="json", by_alias=True)


def fingerprint(record: Mapping[str, Any]) -> str:
    """The same for the same notified measure, whichever number it bears and whenever it was included.

    A measure from a table is known by its printed cells, so that a better reading of them makes no new measure; any
    other by its whole content.
    """
    content = {name: value for name, value in record.items() if name not in (*COMPUTED_FIELDS, "included_on")}
    if any((content.get("printed") or {}).values()):
        content = {name: content.get(name) for name in _PRINTED_KEY}
        content["title"] = {"ru": None, "en": None, **content["title"]}
    else:
        content["goods"] = [{k: v for k, v in line.items() if k != "included_on"} for line in content["goods"]]
        if content.get("declaration") in (None, _NO_DECLARATION):
            content["declaration"] = None
    return _digest(content)


class Known:
    """The fingerprints of every measure as it was included, and of every draft that waits or was published."""

    def __init__(self) -> None:
        self.measures: dict[str, str] = {}
        self.drafts: dict[str, int] = {}

    @classmethod
    async def read(cls, db: Database) -> Known:
        """As the database has it now."""
        known = cls()
        await known._read_measures(db)
        await known._read_drafts(db)
        return known

    async def _read_measures(self, db: Database) -> None:
        after = 0
        while True:
            rows = await db.fetch_rows(
                "SELECT seq, subject, body FROM entry "
                "WHERE type = 'measure.included' AND seq > {} ORDER BY seq LIMIT {}",
                after,
                _BATCH,
            )
            for seq, subject, body in rows:
                self.measures.setdefault(fingerprint(json.loads(body)["after"]), subject)
                after = seq
            if len(rows) < _BATCH:
                return

    async def _read_drafts(self, db: Database) -> None:
        rows = await db.fetch_rows(
            "SELECT draft.id, content, source, subject FROM draft LEFT JOIN entry ON seq = published_seq "
            "WHERE kind = 'include' AND state <> 'withdrawn' ORDER BY draft.id"
        )
        for key, content, source, published in rows:
            data = json.loads(content) if isinstance(content, str | bytes) else content
            measure = data.get("measure") if isinstance(data, dict) else None
            if _has_prints(measure):
                for print_ in draft_prints(measure, source):
                    if published:
                        self.measures.setdefault(print_, published)
                    else:
                        self.drafts.setdefault(print_, key)


def _has_prints(measure: Any) -> TypeGuard[dict[str, Any]]:
    """Whether a draft's measure can be known again: one that a clerk has only begun cannot, and is no notified row."""
    return (
        isinstance(measure, dict)
        and isinstance(measure.get("title"), dict)
        and isinstance(measure.get("goods"), list)
        and all(isinstance(line, dict) for line in measure["goods"])
        and isinstance(measure.get("printed"), dict | None)
    )


def draft_prints(measure: Mapping[str, Any], source: str) -> tuple[str, str]:
    """What a draft is known by: its content, and its place in a file with the cells that stood there.

    The second stays when a clerk settles a doubt by another title, kind or transport.
    """
    return fingerprint(measure), _digest([source, measure.get("state"), measure.get("printed")])


def _digest(value: Any) -> str:
    # Never kept, only compared within one load: the fast form of the standard library is canonical enough.
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


class Numbers:
    """Numbers for the measures of one load: each keeps its wish where it is free, the others get the next of a year.

    All wishes are heard first, so that a measure without one never takes the number that a later row bears.
    """

    def __init__(self, taken: Mapping[tuple[str, int], set[int]], wishes: Mapping[tuple[str, int], set[int]]) -> None:
        self._taken = {year: set(numbers) for year, numbers in taken.items()}
        self._wished = wishes
        self._last: dict[tuple[str, int], int] = {}

    @classmethod
    async def read(cls, db: Database, wishes: Mapping[tuple[str, int], set[int]]) -> Numbers:
        """With the numbers that the database has given out so far."""
        taken: dict[tuple[str, int], set[int]] = {}
        for state, year, number in await db.fetch_rows("SELECT state, year, number FROM measure_number"):
            taken.setdefault((state, year), set()).add(number)
        return cls(taken, wishes)

    def take(self, state: str, wish: Wish | None, year: int) -> tuple[Wish, bool]:
        """The number for a measure, and whether it is the wished one; ``year`` serves where there is no wish."""
        if wish is not None:
            given = self._taken.setdefault((state, wish.year), set())
            if wish.number not in given:
                given.add(wish.number)
                return wish, True
            year = wish.year
        given = self._taken.setdefault((state, year), set())
        if (state, year) not in self._last:
            self._last[state, year] = max((*given, *self._wished.get((state, year), ())), default=0)
        self._last[state, year] += 1
        given.add(self._last[state, year])
        return Wish(year, self._last[state, year]), False
