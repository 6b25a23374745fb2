"""What a provision is to the answer: whether it holds on a day, which proof follows, and what is said of it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import ClassVar, Literal

import msgspec

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
    def text(case: Case) -> msgspec.Raw:
        """What the rule says of this case, where it holds: the JSON of a `Text`."""

    @staticmethod
    def measures(case: Case) -> list[str]:
        """The measures by which it holds."""
        return ids(case.live)


WhyNot = Callable[[Case], msgspec.Raw]
"""What says of a condition why it does not hold."""


class Condition(Rule):
    """A rule that could have allowed a lighter proof; where it does not hold the answer says why."""

    @staticmethod
    def concerns(_tally: Tally) -> bool:
        """Whether it is worth saying that the rule does not hold."""
        return True

    @staticmethod
    @abstractmethod
    def why_not(case: Case) -> msgspec.Raw:
        """Why the rule does not hold in this case: the JSON of a `Considered`."""
