"""The parts of an answer, and what is found for a question before it becomes one.

Pure: no database, no web. Days are proleptic ordinals, in what goes out ISO dates.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from register.facts import FOREVER, LineMatch
from register.measures import WINDOW_DAYS
from register.proof.rule import Proof, Rule
from register.proof.texts import iso_day

Change = tuple[int, type[Rule]]
"""A day, and the rule that decides from it on."""


class Ground(msgspec.Struct, frozen=True, gc=False):
    """A rule that holds for the answer, with its measures."""

    rule: str
    text: msgspec.Raw
    measures: list[str]


class Window(msgspec.Struct, frozen=True, gc=False):
    """P37(1): the days of a goods line, both included."""

    from_: str = msgspec.field(name="from")
    until: str


class Counted(msgspec.Struct, frozen=True, gc=False):
    """A goods line that counts on the day, with the facts of its measure that decide.

    ``own_origin``: the goods originate in the state whose measure it is, and are under the measure itself.
    ``set_aside``: an export duty that asks for no proof (A11(1)).
    """

    id: str
    state: str
    kind: str
    line: int
    match: str
    code_from: str
    code_to: str | None
    effective_from: str
    effective_to: str | None
    included_on: str
    declaration_window: Window
    declaration_permitted: bool
    own_origin: bool
    set_aside: bool
    version: int


class Next(msgspec.Struct, frozen=True, gc=False):
    """What follows: the first day with another proof, that proof, and the rule that decides then."""

    from_: str = msgspec.field(name="from")
    proof: Proof
    rule: str


class Journal(msgspec.Struct, frozen=True, gc=False):
    """The state of the journal that was asked: its last entry, and the root of the log over it."""

    seq: int
    checkpoint: str


class Found(msgspec.Struct, frozen=True, gc=False):
    """What is found for a question: the rule that decides, and what is said of it.

    ``counted`` are the lines that count on the day, in the order of an answer. ``considered`` is the JSON of a list of
    `Considered`. ``if_exact`` is None when the codes alone settle the proof; else the proof for goods that no partial
    line describes. ``own`` are the measures of the state of origin itself that are not confirmed.
    """

    rule: type[Rule]
    grounds: tuple[Ground, ...]
    counted: Sequence[LineMatch]
    measures: tuple[Counted, ...]
    considered: msgspec.Raw
    change: Change | None
    if_exact: Proof | None
    own: list[str]


def written(found: LineMatch, *, permitted: bool = False, own_origin: bool = False, set_aside: bool = False) -> Counted:
    """A goods line as an answer shows it."""
    line, kind = found
    version = line.version
    start, until = line.start, version.effective_to
    return Counted(
        version.id,
        version.state,
        version.kind,
        line.number,
        kind,
        line.code_from,
        line.code_to,
        iso_day(version.effective_from),
        None if until >= FOREVER else iso_day(until),
        iso_day(version.included_on),
        Window(iso_day(start), iso_day(start + WINDOW_DAYS)),
        permitted,
        own_origin,
        set_aside,
        version.number,
    )
