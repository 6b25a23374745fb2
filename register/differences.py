"""The difference between two public records, field by field, as people compare two editions of an act.

Pure: no database, no web. A difference is ``{"field": …, "before": …, "after": …}``; ``field`` is a path like a JSON
pointer. Four lists are matched item by item:

* ``/goods/3/code_from``: 3 is the **number of the goods line**, which stays when lines around it come and go;
* ``/acts/0/number``, ``/suspensions/0/to``, ``/conditions/0/ru``, ``/goods/3/excluded/0``: the place in the list of
  *before*, or, for an item that was added (``before`` is null), in the list of *after*.

A goods line or an item that came or went is one difference, whole. Where the order of a list changed too, the list is
one difference. What the Register computes (version, seq, status, window) is left out.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from register.measures import COMPUTED_FIELDS

Record = Mapping[str, Any]
Difference = dict[str, Any]

LEFT_OUT: Final = frozenset(COMPUTED_FIELDS)
_KEYS: Final[Mapping[str, tuple[tuple[str, ...], ...]]] = {
    "acts": (("role", "number", "date"), ("role", "number"), ("role", "date"), ("number", "date")),
    "excluded": (("code_from", "code_to"), ("code_from",)),
    "suspensions": (("from",), ("to",)),
    "conditions": (("ru",), ("en",)),
}
"""By which members an item is the same item although something in it changed; the first that fits counts."""


def differences(before: Record | None, after: Record | None) -> list[Difference]:
    """Every field that differs, in the order of the fields; a missing record or field is null.

    Applied to ``before``, the differences give ``after`` without what is computed.
    """
    old, new = before or {}, after or {}
    fields = [name for name in dict.fromkeys([*new, *old]) if name not in LEFT_OUT]
    return [found for name in fields for found in _compare(f"/{_escaped(name)}", name, old.get(name), new.get(name))]


def _compare(path: str, name: str, old: Any, new: Any) -> Iterator[Difference]:
    if _same(old, new):
        return
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in dict.fromkeys([*new, *old]):
            yield from _compare(f"{path}/{_escaped(key)}", key, old.get(key), new.get(key))
    elif name == "goods" and _numbered(old) and _numbered(new):
        yield from _compare_goods(path, old, new)
    elif name in _KEYS and _listed(old) and _listed(new):
        yield from _compare_items(path, name, old, new)
    else:
        yield {"field": path, "before": old, "after": new}


def _compare_goods(path: str, old: Sequence[Record], new: Sequence[Record]) -> Iterator[Difference]:
    was = {goods["line"]: goods for goods in old}
    now = {goods["line"]: goods for goods in new}
    if list(was) != sorted(was) or list(now) != sorted(now):
        yield {"field": path, "before": old, "after": new}
        return
    for line in sorted({*was, *now}):
        yield from _compare(f"{path}/{line}", "", was.get(line), now.get(line))


def _compare_items(path: str, name: str, old: Sequence[Record], new: Sequence[Record]) -> Iterator[Difference]:
    pairs = _paired(old, new, _KEYS[name])
    places = [pairs[place] for place in sorted(pairs)]
    if places != sorted(places):
        yield {"field": path, "before": old, "after": new}
        return
    for place, item in enumerate(old):
        yield from _compare(f"{path}/{place}", "", item, new[pairs[place]] if place in pairs else None)
    taken = set(places)
    for place, item in enumerate(new):
        if place not in taken:
            yield {"field": f"{path}/{place}", "before": None, "after": item}


def _paired(old: Sequence[Record], new: Sequence[Record], keys: tuple[tuple[str, ...], ...]) -> dict[int, int]:
    """Which item of ``old`` is which of ``new``, by place: equal ones first, then those with the same key."""
    pairs: dict[int, int] = {}
    free = dict.fromkeys(range(len(new)))
    for key in ((), *keys):
        by_key: dict[str, list[int]] = {}
        for place in free:
            by_key.setdefault(_key_of(new[place], key), []).append(place)
        for place, item in enumerate(old):
            candidates = by_key.get(_key_of(item, key)) if place not in pairs else None
            if candidates:
                pairs[place] = candidates.pop(0)
                free.pop(pairs[place])
    return pairs


def _key_of(item: Record, key: tuple[str, ...]) -> str:
    """The members of ``key`` as text; of the empty key the whole item. Items without any of them are never alike."""
    members: Any = [item.get(name) for name in key] if key else item
    return f"no key {id(item)}" if key and not any(members) else _text(members)


def _same(old: Any, new: Any) -> bool:
    # As JSON: in Python true equals 1.
    return old == new and _text(old) == _text(new)


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def _listed(value: Any) -> bool:
    return isinstance(value, list | tuple) and all(isinstance(item, Mapping) for item in value)


def _numbered(value: Any) -> bool:
    """Whether the list is one of goods lines, each with a number of its own."""
    if not _listed(value):
        return False
    numbers = [item.get("line") for item in value]
    return all(isinstance(number, int) for number in numbers) and len(set(numbers)) == len(numbers)


def _escaped(name: str) -> str:
    """A member's name in a JSON pointer (RFC 6901)."""
    return name.replace("~", "~0").replace("/", "~1")
