"""The Register as it would be with one more version of a measure in it, without a copy of it.

Pure: no database, no web.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from register.code_index import Concerned
from register.facts import MeasureRecord, Version
from register.index import LineMatch, Register


def candidate_version(record: Mapping[str, Any], seq: int) -> Version:
    """The facts of a public record as the index would hold them at entry ``seq``."""
    return Version(msgspec.convert(dict(record), MeasureRecord), seq)


class WhatIf(Register):
    """A Register laid over another: the candidate's goods lines are there, those of the version before it are not.

    Answers what ``register.proof`` asks of a Register, as of the newest entry of the one below. It names no state of
    the journal, so its checkpoint is empty.
    """

    def __init__(self, below: Register, candidate: Version) -> None:
        super().__init__()
        self._below = below
        self._candidate = candidate
        self._codes.add(candidate)

    @property
    def seq(self) -> int:
        """The newest entry of the Register below."""
        return self._below.seq

    def matches(self, code: str, known_at: int | None = None, since: int = 0) -> list[LineMatch]:
        """As ``Register.matches``; the candidate counts as known."""
        hidden = self._candidate.id
        found = [one for one in self._below.matches(code, known_at, since) if one.line.version.id != hidden]
        return found + self._codes.matches(code, since)

    def concerning(self, code: str, known_at: int, day: int) -> Concerned:
        """As ``Register.concerning``; the candidate counts as known."""
        return Concerned.of(self.matches(code, known_at, day), day)

    def checkpoint(self, seq: int | None = None) -> str:  # noqa: ARG002 - the signature of the one below
        """Empty: no log holds this state."""
        return ""


__all__ = ["WhatIf", "candidate_version"]
