"""Where a consultation stands, as a line of steps from its initiation to the Register. Pure: no database, no web.

Days are ISO days of the Commission's seat.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from register.pages.catalogue import N_

Stage = Literal["done", "now", "ahead", "ended"]
OUTCOMES: Final = ("consensus_permitted", "consensus_not_permitted", "no_consensus")


@dataclass(frozen=True, slots=True)
class Step:
    """One step: its name (a message), how far it is, its day where there is one, and what it came to.

    ``ended`` is a step after which nothing follows. ``result`` is a status whose name says what it came to.
    """

    name: str
    stage: Stage
    day: str | None = None
    result: str | None = None
    measure: str | None = None


def steps(record: Mapping[str, Any], today: str, spoken: bool = True) -> list[Step]:
    """The steps of a public record, or of a party's whole one, whose status may be ``in_progress`` (P24).

    ``today`` is an ISO day: from the day of the meeting on, its outcome is what is waited for; where it is known that
    not all have ``spoken`` yet, their positions still are.
    """
    status, outcome = str(record.get("status")), record.get("outcome")
    meeting = (record.get("meeting") or {}).get("date")
    found = [Step(INITIATED, "done", record.get("initiated_on"))]
    if status == "withdrawn":
        set_for = [Step(MEETING, "ahead", meeting)] if meeting else []
        return [*found, *set_for, Step(WITHDRAWN, "ended", record.get("withdrawn_on"))]
    if outcome not in OUTCOMES:
        held = meeting is not None and meeting <= today
        ready = held and spoken
        found += [Step(POSITIONS, "done" if ready else "now"), Step(MEETING, "done" if held else "ahead", meeting)]
        return [*found, Step(OUTCOME, "now" if ready else "ahead"), Step(ENTRY, "ahead")]
    found += [Step(POSITIONS, "done"), Step(MEETING, "done", meeting)]
    permitted = outcome == "consensus_permitted"
    found.append(Step(OUTCOME, "done" if permitted else "ended", record.get("concluded_on"), outcome))
    return [*found, *_entry(record, status)] if permitted else found


def _entry(record: Mapping[str, Any], status: str) -> list[Step]:
    entered = record.get("entered") or {}
    measure = entered.get("measure")
    revocation = record.get("revocation")
    if status != "revoked":
        return [Step(ENTRY, "done" if measure else "now", None, None, measure)]
    held = [Step(ENTRY, "done", None, None, measure)] if measure else []
    return [*held, Step(REVOKED, "ended", (revocation or {}).get("last_day"))]


INITIATED: Final = N_("Initiation")
POSITIONS: Final = N_("Positions of the states")
MEETING: Final = N_("Meeting of the subcommittee")
OUTCOME: Final = N_("Outcome of the consultation")
ENTRY: Final = N_("Entry in the Register")
WITHDRAWN: Final = N_("Withdrawn by the initiator")
REVOKED: Final = N_("Permission revoked")
