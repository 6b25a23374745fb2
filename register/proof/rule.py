"""What a provision is to the answer: whether it holds on a day, which proof follows, and what is said of it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import ClassVar, Literal

from register.proof.tally import Case, Tally, ids
from register.proof.texts import RUSSIAN, Text

Proof = Literal["none", "origin_declaration", "special_certificate", "outside_rules"]


class Rule(ABC):
    """A provision: whether it holds, what proof follows, and what an answer says of it.

    The rules are asked in the order of `register.proof.points.RULES`, so each may take for granted that those before
    it do not hold.
    """

    name: ClassVar[str]
    proof: ClassVar[Proof]

    @classmethod
    def law(cls) -> Text:
        """What the provision says, in our words."""
        return Text(RUSSIAN[cls.name], " ".join((cls.__doc__ or "").split()))

    @staticmethod
    @abstractmethod
    def holds(tally: Tally) -> bool:
        """Whether the rule holds on the day of the tally."""

    @staticmethod
    @abstractmethod
    def text(case: Case) -> Text:
        """What the rule says of this case, where it holds."""

    @staticmethod
    def measures(case: Case) -> list[str]:
        """The measures by which it holds."""
        return ids(case.live)


class Condition(Rule):
    """A rule that could have allowed a lighter proof; where it does not hold the answer says why."""

    @staticmethod
    def concerns(_tally: Tally) -> bool:
        """Whether it is worth saying that the rule does not hold."""
        return True

    @staticmethod
    @abstractmethod
    def why_not(case: Case) -> Text:
        """Why the rule does not hold in this case."""


Reasons = tuple[tuple[str, Callable[[Case], Text]], ...]
"""Conditions by name, each with what says why it does not hold."""


def reasons(*conditions: type[Condition]) -> Reasons:
    """The names and reasons of conditions, looked up once: to look them up in their classes takes an answer longer
    than to say them."""
    return tuple((condition.name, condition.why_not) for condition in conditions)
