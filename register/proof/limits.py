"""P37(2): up to which value of a consignment a declaration is enough, by day, with the words for it.

Pure: no database, no web. Days are proleptic ordinals, values euros.
"""

from __future__ import annotations

from bisect import bisect_right
from datetime import date
from decimal import Decimal
from typing import Final, NamedTuple

from register.proof.texts import Phrase, Said, Text, money, phrase, said


class Limit(NamedTuple):
    """The most that a consignment may be worth from a day on, how both are written, and what is said where no value
    is given."""

    since: int
    most: Decimal
    shown: Said
    when: Said
    not_given: Phrase


def _limit(since: int, euros: int, ru_when: str, en_when: str) -> Limit:
    most = Decimal(euros)
    shown, when = said(money(most)), said(Text(ru_when, en_when))
    return Limit(since, most, shown, when, Phrase(bytes(_NOT_GIVEN(shown.ru, when.ru, shown.en, when.en))))


_NOT_GIVEN: Final = phrase(
    "Общая стоимость партии не указана; предел – {} ({}).",
    "The total value of the consignment is not given; the limit is {} ({}).",
    why_not="P37(2)",
)

LIMITS: Final = (
    _limit(date(2030, 1, 1).toordinal(), 3_000, "с 01.01.2030", "from 1 January 2030"),
    _limit(
        date(2029, 1, 1).toordinal(),
        5_000,
        "с 01.01.2029 по 31.12.2029",
        "from 1 January to 31 December 2029",
    ),
    _limit(0, 10_000, "по 31.12.2028", "until 31 December 2028"),
)
"""Latest first."""
EARLIEST_FIRST: Final = LIMITS[::-1]
_SINCE: Final = [one.since for one in EARLIEST_FIRST]


def place_of(day: int) -> int:
    """The place in `EARLIEST_FIRST` of the limit that holds on a day. Raises ``ValueError`` for a day before the
    calendar."""
    if day < 0:
        raise ValueError("a day before the calendar")
    return bisect_right(_SINCE, day) - 1


def limit(day: int) -> Limit:
    """The limit that holds on a day. Raises ``ValueError`` for a day before the calendar."""
    return EARLIEST_FIRST[place_of(day)]
