"""The rules on one page, each with an address of its own: what decides an answer, what may enter the Register."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from litestar import Response

from register import rules
from register.pages import formats, site
from register.pages.catalogue import N_
from register.pages.site import Asked, Page, Service, page_handler
from register.proof import CHOICES, QUESTION_RULES, RULES
from register.proof.texts import COPY_NOTE, LAW_NOTES, Note


class Point(NamedTuple):
    """A rule as the page shows it: number, wording, and in one word what it does."""

    name: str
    anchor: str
    ru: str
    en: str
    mark: str | None = None


class Chapter(NamedTuple):
    """Rules that serve one purpose, under a heading."""

    anchor: str
    title: str
    lead: str
    points: tuple[Point, ...]


def _of_notes(notes: Iterable[Note]) -> tuple[Point, ...]:
    return tuple(Point(note.rule, formats.anchor(note.rule), note.text.ru, note.text.en) for note in notes)


def _deciding() -> tuple[Point, ...]:
    found = []
    for rule in RULES:
        law = rule.law()
        found.append(Point(rule.name, formats.anchor(rule.name), law.ru, law.en, rule.proof))
    return tuple(found)


def _entering(taken: Iterable[str]) -> tuple[Point, ...]:
    """The rules of the Register; where one bears the number of a point above, its address says which it is."""
    used = set(taken)
    found = []
    for rule in rules.RULES:
        name = formats.anchor(rule.id)
        name = f"{name}-entry" if name in used else name
        found.append(Point(rule.id, name, rule.ru, rule.en(), rule.severity))
    return tuple(found)


def _asking(taken: Iterable[str]) -> tuple[Point, ...]:
    used = set(taken)
    return tuple(
        Point(name, f"{name}-question" if name in used else name, text["ru"], text["en"])
        for name, text in QUESTION_RULES.items()
    )


def _chapters() -> tuple[Chapter, ...]:
    deciding, notes = _deciding(), _of_notes((COPY_NOTE, *LAW_NOTES))
    taken = [point.anchor for point in (*deciding, *notes)]
    entering = _entering(taken)
    asking = _asking([*taken, *(point.anchor for point in entering)])
    return (
        Chapter(
            "deciding",
            N_("What decides which proof applies"),
            N_("Asked in this order; the first that holds decides. The lightest proof that is enough is the answer."),
            deciding,
        ),
        Chapter("always", N_("What goes with every answer"), N_("It does not change the answer."), notes),
        Chapter(
            "choices",
            N_("What the text leaves open, and how it is read here"),
            N_("Each answer names these choices. They are ours until the Commission decides otherwise."),
            _of_notes(CHOICES),
        ),
        Chapter(
            "entering",
            N_("What may be entered in the Register"),
            N_("A refusal stops an entry. A warning is shown to the officer and leaves the decision to them."),
            entering,
        ),
        Chapter("asking", N_("How a question is asked"), N_("What a question must look like to be answered."), asking),
    )


CHAPTERS: Final = _chapters()
ANCHORS: Final = frozenset(point.anchor for chapter in CHAPTERS for point in chapter.points)


@page_handler("/rules")
def law(request: Asked, service: Service) -> Response[bytes]:
    """Every rule in our words; the text of the Rules itself governs."""
    found = site.find(request, service)
    if found is not None:
        return found
    return site.send(request, service, Page("rules.html", {"chapters": CHAPTERS}))
