"""What a Register takes: entries in order, each with the header that its own bytes make, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from register import merkle
from register.entries import Entry, EntryError, header, plain_header, timestamp
from register.facts import ordinal
from register.index import Register
from register.measures import from_public
from tests.register.synthetic import record

AT = datetime(2026, 3, 1, 8, 30, tzinfo=UTC)


def entry(seq: int, subject: str = "KG-2026-001", **changes: Any) -> Entry:
    measure = from_public({**record(subject), "version": 1, "seq": seq})
    after = measure.public(AT.date())
    made: dict[str, Any] = {
        "seq": seq,
        "recorded_at": AT + timedelta(seconds=seq),
        "type": "measure.included",
        "subject": subject,
        "reason": "legal_change",
        "summary": after["title"],
        "before": None,
        "after": after,
        "acts": [],
        "rule": "A4(4)",
    }
    return Entry(**{**made, **changes})


def written(one: Entry, **changes: Any) -> tuple[bytes, bytes]:
    """Header and body; ``changes`` make the header say something else than the body."""
    body = one.body()
    told: dict[str, Any] = {
        "seq": one.seq,
        "recorded_at": one.recorded_at,
        "type_": one.type,
        "subject": one.subject,
        "body": body,
    }
    return header(**{**told, **changes}), body


def pairs(count: int) -> list[tuple[bytes, bytes]]:
    return [written(entry(seq, f"KG-2026-{seq:03}")) for seq in range(1, count + 1)]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"body": b"{}"}, "the body is not the one that its header names"),
        ({"seq": 2}, "another number"),
        ({"subject": "KG-2026-002"}, "does not say what the entry says"),
        ({"type_": "measure.amended"}, "does not say what the entry says"),
        ({"recorded_at": AT}, "does not say what the entry says"),
    ],
)
def test_a_header_that_says_something_else_than_its_entry_is_refused(changes: dict[str, Any], said: str) -> None:
    register = Register()
    with pytest.raises(EntryError, match=said):
        register.apply(*written(entry(1), **changes))
    assert (register.seq, register.tree.size) == (0, 0)


def test_a_header_in_another_writing_is_refused() -> None:
    first, body = written(entry(1))
    with pytest.raises(EntryError, match="does not say what the entry says"):
        Register().apply(first.replace(b'"id":', b'"id": '), body)


def test_a_header_written_out_is_the_canonical_one() -> None:
    one = entry(7)
    body = one.body()
    at = timestamp(one.recorded_at)
    assert plain_header("urn:eaeu:register:entry:7", 7, at, one.type, one.subject, body) == written(one)[0]


def test_a_subject_that_needs_escapes_is_compared_in_its_canonical_form() -> None:
    """No identifier of ours has a quotation mark; the check must not rest on that."""
    one = replace(entry(1, type="consultation.initiated", after={"state": "KG"}), subject='EK "1"')
    register = Register()
    register.apply(*written(one))
    assert register.facts(1).subject == 'EK "1"'


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"type": "measure.sold"}, "not known to this version"),
        ({"reason": "whim"}, "not known to this version"),
        ({"after": {"id": "KG-2026-001"}}, "entry 1: "),
    ],
)
def test_an_entry_that_cannot_be_read_is_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(EntryError, match=said):
        Register().apply(*written(entry(1, **changes)))


def test_a_time_that_is_none_is_refused() -> None:
    head, body = written(entry(1))
    wrong = body.replace(timestamp(AT + timedelta(seconds=1)).encode(), b"yesterday")
    assert wrong != body
    with pytest.raises(EntryError, match="entry 1: "):
        Register().apply(head, wrong, checked=True)


def test_entries_before_one_that_is_refused_stay_and_the_log_agrees() -> None:
    good = pairs(5)
    register = Register()
    with pytest.raises(EntryError, match="entry 4: the entry bears the number 5"):
        register.extend([*good[:3], good[4]])
    assert (register.seq, register.tree.size) == (3, 3)
    register.extend(good[3:])
    one_by_one = Register()
    for head, body in good:
        one_by_one.apply(head, body)
    leaves = merkle.Tree([merkle.leaf_hash(head) for head, _ in good])
    assert register.tree.root() == one_by_one.tree.root() == leaves.root()
    assert [register.body(seq) for seq in range(1, 6)] == [body for _, body in good]


@pytest.mark.parametrize("text", ["", "2026-02-30", "01.02.2026", "yesterday"])
def test_a_day_that_is_none_has_no_ordinal(text: str) -> None:
    for _ in range(2):
        with pytest.raises(ValueError, match=r"(?i)iso|day|format"):
            ordinal(text)


def test_equal_days_share_one_ordinal() -> None:
    assert ordinal("2026-02-28") is ordinal("".join(("2026", "-02-28")))
    assert ordinal("2026-03-01") == ordinal("2026-02-28") + 1


@pytest.mark.parametrize("time", ["yesterday", "2026-03-01T08:30:00.000"])
def test_a_time_that_is_none_is_refused_with_any_header(time: str) -> None:
    """By the header check, before the time is read: as an ``EntryError``, which is what a starting service tells."""
    one = entry(1)
    body = one.body().replace(timestamp(one.recorded_at).encode(), time.encode())
    with pytest.raises(EntryError, match="entry 1: "):
        Register().apply(*written(one, body=body)[:1], body)


def test_a_header_that_only_looks_like_that_of_its_entry_is_refused() -> None:
    """A quotation mark in a subject must not pass for the end of it."""
    one = replace(entry(1, type="consultation.initiated", after={"state": "KG"}), subject='C-1","type":"x')
    body = one.body()
    forged = plain_header("urn:eaeu:register:entry:1", 1, timestamp(one.recorded_at), one.type, one.subject, body)
    with pytest.raises(EntryError, match="does not say what the entry says"):
        Register().apply(forged, body)
