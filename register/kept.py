"""Prepared answers that a process keeps for those who ask next."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable

from register.web import Prepared


class Kept:
    """Prepared answers of one process, the least recently asked given up first. Key: what, ``seq``, day.

    With ``again`` only what is asked for again, before that many others are asked for once, is kept: memory that is
    given back at once is faster than memory for what nobody comes back for.
    """

    def __init__(self, limit: int = 64 * 2**20, *, again: int = 0) -> None:
        self._limit = limit
        self._again = again
        self._once: set[Hashable] = set()
        self._size = 0
        self._items: OrderedDict[Hashable, Prepared] = OrderedDict()

    def find(self, key: Hashable) -> Prepared | None:
        """What was kept under ``key``, if it is still there."""
        found = self._items.get(key)
        if found is not None:
            self._items.move_to_end(key)
        return found

    def keep(self, key: Hashable, prepared: Prepared) -> Prepared:
        """Keep an answer and give it back. One that alone is above the limit is kept until the next comes."""
        if self._again and key not in self._once:
            if len(self._once) >= self._again:
                self._once.clear()
            self._once.add(key)
            return prepared
        self._once.discard(key)
        old = self._items.pop(key, None)
        self._size += prepared.size - (old.size if old else 0)
        self._items[key] = prepared
        while self._size > self._limit and len(self._items) > 1:
            _, given_up = self._items.popitem(last=False)
            self._size -= given_up.size
        return prepared
