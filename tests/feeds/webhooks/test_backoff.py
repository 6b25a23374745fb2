"""When it is tried again: ever later, for three days, as the receiver asks within bounds."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feeds.webhooks.backoff import DELAYS, GIVE_UP_AFTER, JITTER, next_attempt
from feeds.webhooks.sender import read_retry_after

START = datetime(2026, 9, 10, 9, 0, tzinfo=UTC)
chances = st.floats(0, 1)


def attempts(chance: float, asked: timedelta | None = None) -> list[datetime]:
    """The times of all attempts of a message that never arrives, each failing at once."""
    times, now, failures = [START], START, 1
    while (due := next_attempt(failures, START, now, chance, asked)) is not None:
        times.append(due)
        now, failures = due, failures + 1
    return times


def test_the_schedule() -> None:
    waits = [later - sooner for sooner, later in zip(attempts(0)[:-1], attempts(0)[1:], strict=True)]
    seconds = [int(wait.total_seconds()) for wait in waits]
    assert seconds[:8] == [5, 300, 1800, 7200, 18000, 36000, 50400, 72000]
    assert attempts(0)[-1] == START + GIVE_UP_AFTER
    assert timedelta(days=3) == GIVE_UP_AFTER


@given(chances)
def test_it_ends_after_three_days_with_a_last_attempt_at_their_end(chance: float) -> None:
    times = attempts(chance)
    assert times == sorted(set(times))
    assert times[-1] == START + GIVE_UP_AFTER
    assert len(times) >= 8


@given(st.integers(1, 30), chances)
def test_the_spread_is_bounded(failures: int, chance: float) -> None:
    due = next_attempt(failures, START, START, chance)
    plain = DELAYS[min(failures, len(DELAYS)) - 1]
    assert due is not None
    assert plain <= due - START <= plain * (1 + JITTER)


@settings(max_examples=50)
@given(st.integers(0, 10**9), chances)
def test_what_the_receiver_asks_puts_off_within_bounds(seconds: int, chance: float) -> None:
    due = next_attempt(1, START, START, chance, timedelta(seconds=seconds))
    plain = next_attempt(1, START, START, chance)
    assert due is not None
    assert plain is not None
    assert plain <= due <= START + timedelta(days=1)
    assert attempts(chance, timedelta(seconds=seconds))[-1] == START + GIVE_UP_AFTER


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("120", 120),
        ("0", 0),
        ("Thu, 10 Sep 2026 09:02:00 GMT", 120),
        ("Thu, 10 Sep 2026 08:59:00 GMT", None),
        ("soon", None),
        ("-5", None),
        ("1e9", None),
        ("9" * 10, None),
        ("", None),
        (None, None),
    ],
)
def test_retry_after_is_read_as_seconds_or_as_a_time(text: str | None, seconds: int | None) -> None:
    expected = None if seconds is None else timedelta(seconds=seconds)
    assert read_retry_after(text, START) == expected
