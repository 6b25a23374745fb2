"""The table of rules on the docs page, written from the rules themselves: ``python -m admin.docs``.

A test fails when ``docs/rules.md`` is not what this writes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from consultations import rules as consultation_rules
from register import proof, rules
from register.code_signs import CodeDoubt
from register.doubts import DoubtKind
from register.drafts.rules import DRAFT_RULES

PAGE: Final = Path(__file__).parents[1] / "docs" / "rules.md"

_HEAD: Final = """\
# Rules

Everything that the Register decides or refuses by, in our words; the Russian text of the law governs. **P24** is
point 24 of the Rules, **A4(1)** Article 4, paragraph 1 of the Agreement of 4 December 2023, **T7** Annex 7 to the
Treaty on the Union; **H**, **Q** and **D** are rules of this house, **C** the documented choices where the law is
silent.

This page is written from the code (`python -m admin.docs`); a test fails when it is not up to date.
"""


def rows(table: Iterable[tuple[str, ...]], *headings: str) -> Iterator[str]:
    """The lines of a Markdown table."""
    yield "| " + " | ".join(headings) + " |"
    yield "|" + "---|" * len(headings)
    for row in table:
        yield "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in row) + " |"


def page() -> str:
    """The whole page."""
    lines = [
        _HEAD,
        "## Which proof applies",
        "",
        "In the order in which they are asked; the first that holds decides.",
        "",
    ]
    lines += rows(
        ((r.name, r.proof, r.law().en, r.law().ru) for r in proof.RULES), "rule", "proof", "says", "по-русски"
    )
    lines += ["", "## Choices where the law is silent", ""]
    lines += rows(((c.rule, c.text.en, c.text.ru) for c in proof.CHOICES), "choice", "is", "по-русски")
    lines += ["", "## What a question must be", ""]
    asked = sorted(proof.QUESTION_RULES.items())
    lines += rows(((name, text["en"], text["ru"]) for name, text in asked), "rule", "says", "по-русски")
    lines += [
        "",
        "## What may be entered",
        "",
        "A refusal stops an entry; a warning leaves the decision to the person.",
        "",
    ]
    entered = ((rule.id, rule.severity, rule.en(), rule.ru) for rule in rules.RULES)
    lines += rows(entered, "rule", "severity", "says", "по-русски")
    lines += ["", "## A draft on its way to publication", ""]
    drafts = ((rule.id, rule.en, rule.ru) for rule in DRAFT_RULES.values())
    lines += rows(drafts, "rule", "says", "по-русски")
    lines += ["", "## A consultation of point 24", ""]
    consulted = ((rule.id, rule.en(), rule.ru) for rule in consultation_rules.RULES)
    lines += rows(consulted, "rule", "says", "по-русски")
    lines += ["", "## Doubts in the cell of codes", ""]
    codes = ((doubt.rule, doubt.reason["en"], doubt.reason["ru"]) for doubt in CodeDoubt)
    lines += rows(codes, "doubt", "is", "по-русски")
    lines += ["", "## Doubts in the cells of kind, term and basis", ""]
    others = ((doubt.identifier, doubt.reason["en"], doubt.reason["ru"]) for doubt in DoubtKind)
    lines += rows(others, "doubt", "is", "по-русски")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
