"""Which entries a feed shows, found step by step: the same as found at once."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feeds.selection import PORTION, SHOWN, FeedFilter, Selections, newest
from register.api.filters import EntryFilter
from tests.register.synthetic import append, build, record, spread

SETS = st.frozensets(st.sampled_from(["KG", "RU", "AM"]), max_size=2)
KINDS = st.frozensets(st.sampled_from(["export_prohibition", "licensing", "export_duty"]), max_size=2)
CODES = st.sampled_from([None, "72", "7204", "720410", "4403"])


@settings(max_examples=12)
@given(SETS, KINDS, CODES, st.lists(st.integers(1, 120), min_size=1, max_size=4))
@pytest.mark.anyio
async def test_step_by_step_is_as_at_once(states: Any, kinds: Any, code: str | None, steps: list[int]) -> None:
    records = list(spread(sum(steps), codes=["7204", "720410", "4403", "7602"]))
    wanted = FeedFilter(EntryFilter(states=states, code=code), kinds)
    register = build([])
    found = Selections(register)
    for step in steps:
        append(register, records[:step])
        del records[:step]
        by_hand = [seq for seq in range(register.seq, 0, -1) if wanted.passes(register, seq)][:SHOWN]
        assert await found.newest(wanted) == by_hand
        assert await found.newest(wanted) == by_hand
        assert newest(register, wanted) == by_hand


def test_a_kind_before_or_after_the_entry() -> None:
    prohibition = record("KG-2026-001")
    register = build([prohibition, prohibition | {"kind": "licensing"}, prohibition | {"kind": "licensing"}])
    assert newest(register, FeedFilter(kinds=frozenset(["export_prohibition"]))) == [2, 1]
    assert newest(register, FeedFilter(kinds=frozenset(["licensing"]))) == [3, 2]
    assert newest(register, FeedFilter(kinds=frozenset(["export_duty"]))) == []


@pytest.mark.anyio
async def test_a_journal_longer_than_a_portion() -> None:
    register = build([record("RU-2024-001"), *spread(PORTION * 2)])
    wanted = FeedFilter(EntryFilter(states=frozenset(["RU"]), code="7204100000"))
    assert (await Selections(register).newest(wanted))[-1] == 1
