"""What is told when a draft has changed since it was read: both sides, and what each of them changed. Pure."""

from __future__ import annotations

from typing import Any

from register.differences import Difference, differences
from register.drafts.model import Content, Draft
from register.drafts.records import dumped


class DraftStale(Exception):
    """The draft has changed since the version that the command was made from.

    ``base`` is the content of that version (None where it is not known), ``theirs`` the draft as it stands, ``mine``
    what was to be saved (None for a command that saves nothing).
    """

    def __init__(self, draft: Draft, expected: int, base: Content | None, mine: Content | None) -> None:
        self.theirs, self.expected, self.base, self.mine = draft, expected, base, mine
        super().__init__(f"draft {draft.id} is at version {draft.version}, the change was made from {expected}")

    def public(self) -> dict[str, Any]:
        """The three contents and what each of the two changed; ``conflicts`` are the fields that both did."""
        theirs = differences(self.base or {}, self.theirs.content)
        mine = [] if self.mine is None else differences(self.base or {}, self.mine)
        return {
            "version": self.theirs.version,
            "base": {"version": self.expected, "content": self.base},
            "theirs": {
                "version": self.theirs.version,
                "state": self.theirs.state,
                "content": self.theirs.content,
                "differences": theirs,
            },
            "mine": {"content": self.mine, "differences": mine},
            "conflicts": _conflicts(theirs, mine),
        }


def _conflicts(theirs: list[Difference], mine: list[Difference]) -> list[str]:
    def meet(one: str, other: str) -> bool:
        return f"{one}/".startswith(f"{other}/") or f"{other}/".startswith(f"{one}/")

    # By text: in Python true equals 1.
    return [
        own["field"]
        for own in mine
        if any(meet(own["field"], other["field"]) and dumped(own) != dumped(other) for other in theirs)
    ]
