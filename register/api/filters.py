"""Which entries a follower wants: by type, member state, code and reason. Pure: no database, no web."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import msgspec

from register.codes import CodeSpan, match
from register.facts import GoodsRecord, Version
from register.index import Register

SCAN_AT_MOST: Final = 20_000
"""Entries that one request looks through; a narrow filter then goes on from ``next_after``."""
SCAN_CODES_AT_MOST: Final = 2_000


class _Goods(msgspec.Struct):
    goods: list[GoodsRecord] | None = None


class _Entry(msgspec.Struct):
    after: _Goods | None = None
    before: _Goods | None = None


_decode: Final = msgspec.json.Decoder(_Entry).decode


class Scan(NamedTuple):
    """The entries that pass, and the last one looked at."""

    passed: list[int]
    last: int


@dataclass(frozen=True, slots=True)
class EntryFilter:
    """What passes: an empty set asks for nothing in particular. ``code`` matches in both directions."""

    types: frozenset[str] = frozenset()
    states: frozenset[str] = frozenset()
    reasons: frozenset[str] = frozenset()
    code: str | None = None

    @property
    def open(self) -> bool:
        """Whether everything passes."""
        return not (self.types or self.states or self.reasons or self.code)

    def passes(self, register: Register, seq: int) -> bool:
        """Whether an entry passes. Raises ``IndexError`` for one that is not there."""
        if self.open:
            return True
        facts = register.facts(seq)
        return (
            (not self.types or facts.type in self.types)
            and (not self.states or facts.state in self.states)
            and (not self.reasons or facts.reason in self.reasons)
            and (self.code is None or self._concerns(register, seq, facts.subject, self.code))
        )

    def _concerns(self, register: Register, seq: int, subject: str, code: str) -> bool:
        """Whether the goods before or after the entry have to do with the code: one taken out is a change too."""
        versions = [register.version(subject, known) for known in (seq, seq - 1)]
        if any(versions):
            return any(_covers(version, code) for version in versions if version)
        entry = _decode(register.body(seq))
        records = (record.goods or [] for record in (entry.after, entry.before) if record)
        return any(_matches(goods, code) for listed in records for goods in listed)

    def scan(self, register: Register, after: int, limit: int) -> Scan:
        """Up to ``limit`` entries after a number that pass, looking through no more than a request may take."""
        head = register.seq
        if self.open:
            last = min(head, after + limit)
            return Scan(list(range(after + 1, last + 1)), last)
        end = min(head, after + (SCAN_AT_MOST if self.code is None else SCAN_CODES_AT_MOST))
        passed: list[int] = []
        for seq in range(after + 1, end + 1):
            if self.passes(register, seq):
                passed.append(seq)
                if len(passed) == limit:
                    return Scan(passed, seq)
        return Scan(passed, end)


def entry_filter(asked: Mapping[str, Any]) -> EntryFilter:
    """The filter from the parameters ``type``, ``state``, ``reason`` and ``code``."""
    return EntryFilter(asked["type"], asked["state"], asked["reason"], asked["code"])


def _covers(version: Version, code: str) -> bool:
    return any(match(line.code_from, line.code_to, line.partial, line.excluded, code) for line in version.lines)


def _matches(goods: GoodsRecord, code: str) -> bool:
    excluded = [CodeSpan(item.code_from, item.code_to, item.partial) for item in goods.excluded]
    return match(goods.code_from, goods.code_to, goods.partial, excluded, code) is not None
