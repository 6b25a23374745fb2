"""Editions of the TN VED: loading one from a file, and the names of codes on a day from memory.

An edition in force is the one that applies from the latest day not after the day asked; editions stand side by side.
Until one is loaded, the English names of the Harmonized System serve to six digits. P2 rests on the codes; the names
only help a reader.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal, Self

from register import harmonized
from register.codes import prefixes
from register.database import Database
from register.edition import Edition, EditionRow, Name
from register.journal import utc_now
from register.nomenclature_file import BadRow, NameRow, read_edition
from register.sheets import SheetError
from register.words import written_date

__all__ = ["BadRow", "EditionError", "EditionReport", "Name", "NameRow", "Names", "load_edition", "read_edition"]

HS2022_FROM: Final = date(2022, 1, 1)
"""Since when the TN VED stands on the edition 2022 of the Harmonized System: English names are given from then on."""

_BATCH: Final = 2000
_NUMBER_LENGTH: Final = 100


class EditionError(SheetError):
    """An edition that cannot be loaded: ``text`` says why in Russian and English."""


@dataclass(frozen=True, slots=True)
class EditionReport:
    """What became of a file: ``stored`` is False when the same edition was there already."""

    number: str
    applies_from: date
    taken: int
    bad: tuple[BadRow, ...]
    stored: bool

    @property
    def exit_status(self) -> int:
        """0 when every row was taken, 1 when some were not."""
        return 1 if self.bad else 0

    def text(self, language: Literal["ru", "en"]) -> str:
        """The report for a person: what was stored, and each row that was not taken."""
        first = written_date(self.applies_from, language)
        if language == "ru":
            done = "загружена" if self.stored else "уже была загружена, ничего не изменено"
            lines = [f"Редакция ТН ВЭД «{self.number}», применяется с {first}: {done}", f"Кодов: {self.taken}"]
            lines += [f"Строк не принято: {len(self.bad)}"] if self.bad else []
        else:
            done = "loaded" if self.stored else "was loaded already, nothing changed"
            lines = [f"TN VED edition '{self.number}', applies from {first}: {done}", f"Codes: {self.taken}"]
            lines += [f"Rows not taken: {len(self.bad)}"] if self.bad else []
        word = {"ru": "строка", "en": "row"}[language]
        lines += [f"  {word} {bad.row}, {bad.cell} «{bad.text}»: {bad.reason[language]}" for bad in self.bad]
        return "\n".join(lines)


async def load_edition(
    db: Database,
    path: Path,
    *,
    number: str,
    applies_from: date,
    progress: Callable[[int, int], None] | None = None,
) -> EditionReport:
    """Store an edition under its number (up to 100 characters), all of it or nothing.

    ``applies_from`` is the first day on which it is in force, at the Commission's seat. The same number with the same
    content changes nothing; with other content it is refused. ``progress`` hears of rows stored and of all rows.
    Raises ``EditionError``, also for a file that is no such table, ``OSError`` for one that is not there, and
    ``DatabaseError``.
    """
    number = number.strip()
    if not 1 <= len(number) <= _NUMBER_LENGTH or not number.isprintable():
        raise EditionError(
            f"Номер редакции должен содержать от 1 до {_NUMBER_LENGTH} знаков",
            f"The number of an edition has 1 to {_NUMBER_LENGTH} characters",
        )
    try:
        rows, bad = await asyncio.to_thread(_read, path)
    except SheetError as error:
        raise EditionError(error.text["ru"], error.text["en"]) from error
    if not rows:
        raise EditionError("В файле нет ни одной годной строки", "The file has not one good row")
    digest = _digest(rows, applies_from)
    async with db.transaction():
        stored = await _is_new(db, number, digest)
        if stored:
            await _store(db, path.name[:300], number, applies_from, digest, rows, progress)
    return EditionReport(number, applies_from, len(rows), bad, stored)


def _read(path: Path) -> tuple[list[NameRow], tuple[BadRow, ...]]:
    rows: list[NameRow] = []
    bad: list[BadRow] = []
    for row in read_edition(path):
        if isinstance(row, NameRow):
            rows.append(row)
        else:
            bad.append(row)
    return rows, tuple(bad)


def _digest(rows: Iterable[NameRow], applies_from: date) -> str:
    """The same for the same content, whatever the order of the rows and the form of the file."""
    lines = sorted(
        json.dumps([row.code, row.name, row.name_en, _iso(row.valid_from), _iso(row.valid_to)], ensure_ascii=False)
        for row in rows
    )
    return hashlib.sha256("\n".join([applies_from.isoformat(), *lines]).encode()).hexdigest()


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None


async def _is_new(db: Database, number: str, digest: str) -> bool:
    there = await db.fetch_rows("SELECT digest FROM nomenclature_edition WHERE number = {}", number)
    if there and there[0][0] != digest:
        raise EditionError(
            f"Редакция «{number}» уже загружена с другим содержанием или с другой датой начала применения; "
            "загрузите новую редакцию под другим номером",
            f"Edition '{number}' is loaded already with other content or another first day; "
            "load a new edition under another number",
        )
    return not there


async def _store(
    db: Database,
    source: str,
    number: str,
    applies_from: date,
    digest: str,
    rows: list[NameRow],
    progress: Callable[[int, int], None] | None,
) -> None:
    [[edition]] = await db.fetch_rows(
        "INSERT INTO nomenclature_edition (number, applies_from, source, loaded_at, digest) "
        "VALUES ({}, {}, {}, {}, {}) RETURNING id",
        number,
        applies_from,
        source,
        utc_now(),
        digest,
    )
    values = list(_values(edition, rows))
    for start in range(0, len(values), _BATCH):
        await db.execute_many(
            "INSERT INTO nomenclature_name (edition, code, line, name_ru, name_en, valid_from, valid_to) "
            "VALUES ({}, {}, {}, {}, {}, {}, {})",
            values[start : start + _BATCH],
        )
        if progress:
            progress(min(start + _BATCH, len(values)), len(values))


def _values(edition: int, rows: Iterable[NameRow]) -> Iterator[tuple[Any, ...]]:
    lines: Counter[str] = Counter()
    for row in rows:
        yield edition, row.code, lines[row.code], row.name, row.name_en, row.valid_from, row.valid_to
        lines[row.code] += 1


class Names:
    """The names of all loaded editions in memory. ``refresh`` follows the database; everything else reads.

    ``on`` is a calendar day of the Commission's seat, ``code`` is as ``register.codes.normalise`` gives it.
    """

    def __init__(self, editions: Iterable[Edition] = ()) -> None:
        self._editions: list[Edition] = []
        self._take(editions)

    @classmethod
    async def load(cls, db: Database) -> Self:
        """The names of every edition in the database."""
        names = cls()
        await names.refresh(db)
        return names

    async def changed(self, db: Database) -> bool:
        """Whether the database holds other editions than are in memory; cheap, for a poll."""
        rows = await db.fetch_rows("SELECT id FROM nomenclature_edition ORDER BY id")
        return [row[0] for row in rows] != sorted(edition.key for edition in self._editions)

    async def refresh(self, db: Database) -> bool:
        """Take editions that were loaded since; True when there were any. Raises ``DatabaseError``."""
        if not await self.changed(db):
            return False
        have = {edition.key: edition for edition in self._editions}
        rows = await db.fetch_rows("SELECT id, number, applies_from FROM nomenclature_edition ORDER BY id")
        self._take([have.get(key) or await _fetch(db, key, number, first) for key, number, first in rows])
        return True

    def _take(self, editions: Iterable[Edition]) -> None:
        self._editions = sorted(editions, key=lambda edition: (edition.applies_from, edition.key))

    def edition(self, on: date) -> str | None:
        """The number of the edition in force on a day; None when there is none."""
        edition = self._in_force(on)
        return edition.number if edition else None

    def name(self, code: str, on: date, *, nearest: bool = False) -> Name | None:
        """The name of a code on a day; ``nearest`` gives that of the closest code above it when it has none itself."""
        edition = self._in_force(on) or _harmonized()
        for candidate in reversed(prefixes(code)) if nearest else (code,):
            if name := edition.name(candidate, on):
                return _with_english(name, on)
        return None

    def known(self, code: str, on: date) -> bool | None:
        """Whether the edition in force has the code or one under it; None when no edition is in force on that day."""
        edition = self._in_force(on)
        return edition.known(code, on) if edition else None

    def ancestors(self, code: str, on: date) -> tuple[Name, ...]:
        """The named codes that cover ``code``, broadest first, without itself."""
        found = (self._in_force(on) or _harmonized()).ancestors(code, on)
        return tuple(_with_english(name, on) for name in found)

    def children(self, code: str, on: date) -> tuple[Name, ...]:
        """The named codes directly under ``code``; under "" the chapters."""
        found = (self._in_force(on) or _harmonized()).children(code, on)
        return tuple(_with_english(name, on) for name in found)

    def search(self, text: str, on: date, limit: int = 20) -> tuple[Name, ...]:
        """For a type-ahead: codes that begin with the digits of ``text``, with words that begin with its words.

        Broader codes first, at most ``limit``. English words that the edition does not have are looked for in the
        Harmonized System.
        """
        edition = self._in_force(on) or _harmonized()
        found = edition.search(text, on, limit)
        if not found and edition is not _harmonized():
            found = tuple(name for hit in _harmonized().search(text, on, limit) if (name := edition.name(hit.code, on)))
        return tuple(_with_english(name, on) for name in found)

    def _in_force(self, on: date) -> Edition | None:
        place = bisect_right(self._editions, on, key=lambda edition: edition.applies_from)
        return self._editions[place - 1] if place else None


async def _fetch(db: Database, key: int, number: str, applies_from: date) -> Edition:
    rows: list[EditionRow] = []
    after = ("", -1)
    while True:
        batch = await db.fetch_rows(
            "SELECT code, line, name_ru, name_en, valid_from, valid_to FROM nomenclature_name "
            "WHERE edition = {} AND (code, line) > ({}, {}) ORDER BY code, line LIMIT {}",
            key,
            *after,
            _BATCH,
        )
        rows += [EditionRow(code, ru, en, first, last) for code, _, ru, en, first, last in batch]
        if len(batch) < _BATCH:
            break
        after = (batch[-1][0], batch[-1][1])
    return await asyncio.to_thread(_built, number, applies_from, rows, key)


def _built(number: str, applies_from: date, rows: list[EditionRow], key: int) -> Edition:
    edition = Edition(number, applies_from, rows, key)
    edition.prepare()
    return edition


def _with_english(name: Name, on: date) -> Name:
    if name.en or on < HS2022_FROM or len(name.code) not in (2, 4, 6):
        return name
    return Name(name.code, name.ru, harmonized.name_en(name.code), name.edition)


@cache
def _harmonized() -> Edition:
    """What serves while no edition of the TN VED is in force: English names of the Harmonized System."""

    def below(code: str) -> Iterator[EditionRow]:
        yield EditionRow(code, None, harmonized.name_en(code), None, None)
        for child in harmonized.children(code):
            yield from below(child)

    return Edition(harmonized.EDITION, date.min, (row for chapter in harmonized.chapters() for row in below(chapter)))
