"""What may be entered in the Register: every rule, and the check that asks them all.

A refusal stops an entry; a warning is shown and leaves the decision to the person. Pure: no database, no web.
"""

from __future__ import annotations

from typing import Final

from register.change_rules import CHANGE_RULES
from register.content_rules import CONTENT_RULES
from register.findings import Action, Context, Finding, Findings, Refused, Rule, Severity
from register.measures import Notified
from register.shape import H1, H2, findings_from_validation

SHAPE_RULES: Final[tuple[Rule, ...]] = (H1(), H2())
RULES: Final[tuple[Rule, ...]] = (*SHAPE_RULES, *CONTENT_RULES, *CHANGE_RULES)
"""Every rule, in the order in which a clerk reads what they find."""


def check(notified: Notified, context: Context) -> Findings:
    """What the rules find in a measure that is to be included, or in the new content of one that is changed.

    Of a record that is not whole only that is said: the other rules could not read it.
    """
    broken = [finding for rule in SHAPE_RULES for finding in rule.check(notified, context)]
    if broken:
        return Findings.of(broken)
    return Findings.of(
        [finding for rule in (*CONTENT_RULES, *CHANGE_RULES) for finding in rule.check(notified, context)]
    )


__all__ = [
    "RULES",
    "Action",
    "Context",
    "Finding",
    "Findings",
    "Refused",
    "Rule",
    "Severity",
    "check",
    "findings_from_validation",
]
