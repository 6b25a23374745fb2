"""The newest entries that a feed shows, found by going back through the journal once and then only forward.

Whether an entry passes a filter never changes, so what was found is kept and grows with the journal. Pure: no database,
no web.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import dataclass
from itertools import islice
from typing import Final
from weakref import WeakKeyDictionary, proxy

from register.api.filters import EntryFilter
from register.entries import ENTRY_TYPES
from register.index import Register

SHOWN: Final = 100
"""How many entries a feed shows, and how many an archive page holds."""
PORTION: Final = 1000
"""Entries looked at before other requests get their turn."""
REMEMBERED: Final = 500
EVERYTHING: Final = EntryFilter()


@dataclass(frozen=True, slots=True)
class FeedFilter:
    """What passes: the filter of the changes, and kinds of measure, before or after the entry."""

    entries: EntryFilter = EVERYTHING
    kinds: frozenset[str] = frozenset()

    @property
    def open(self) -> bool:
        """Whether everything passes."""
        return self.entries.open and not self.kinds

    def passes(self, register: Register, seq: int) -> bool:
        """Whether an entry passes. Raises ``IndexError`` for one that is not there."""
        if not self.entries.passes(register, seq):
            return False
        if not self.kinds:
            return True
        subject = register.facts(seq).subject
        versions = (register.version(subject, known) for known in (seq, seq - 1))
        return any(version.kind in self.kinds for version in versions if version)


CONSULTATIONS: Final = FeedFilter(
    EntryFilter(frozenset(name for name in ENTRY_TYPES if name.startswith("consultation.")))
)


def newest(register: Register, wanted: FeedFilter) -> list[int]:
    """The numbers of the newest ``SHOWN`` entries that pass, newest first, found without a pause."""
    if wanted.open:
        return list(range(register.seq, max(0, register.seq - SHOWN), -1))
    passing = (seq for seq in range(register.seq, 0, -1) if wanted.passes(register, seq))
    return list(islice(passing, SHOWN))


class Selections:
    """What was found for one Register, by filter; the least recently asked is given up first."""

    def __init__(self, register: Register) -> None:
        # A proxy: the table of selections must not keep alive the Register that it is keyed by.
        self._register: Register = proxy(register)
        self._found: OrderedDict[FeedFilter, tuple[int, list[int]]] = OrderedDict()

    async def newest(self, wanted: FeedFilter) -> list[int]:
        """As ``newest``, but what was found before is not looked at again, and other requests get their turn."""
        if wanted.open:
            return newest(self._register, wanted)
        head = self._register.seq
        upto, known = self._found.get(wanted, (0, []))
        if upto < head:
            found: list[int] = []
            for place, seq in enumerate(range(head, upto, -1), start=1):
                if wanted.passes(self._register, seq):
                    found.append(seq)
                    if len(found) == SHOWN:
                        break
                if place % PORTION == 0:
                    await asyncio.sleep(0)
            known = [*found, *known][:SHOWN]
        self._keep(wanted, head, known)
        return known

    def _keep(self, wanted: FeedFilter, upto: int, known: list[int]) -> None:
        # Another request may have come further while this one was waiting for its turn.
        if upto >= self._found.get(wanted, (0, []))[0]:
            self._found[wanted] = (upto, known)
        self._found.move_to_end(wanted)
        while len(self._found) > REMEMBERED:
            self._found.popitem(last=False)


_selections: WeakKeyDictionary[Register, Selections] = WeakKeyDictionary()


def selections(register: Register) -> Selections:
    """The selections of a Register; made when first asked for."""
    found = _selections.get(register)
    if found is None:
        found = _selections[register] = Selections(register)
    return found
