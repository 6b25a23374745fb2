"""Made-up measures in the shape of real ones, the same for the same seed: what the bench and load tests run on.

Codes are spread evenly over the nodes of the real tree of codes, terms over 2024 to 2027: mostly half a year, two in a
hundred open-ended, as in the predecessor's table; one line in ten is partial.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any

from register import harmonized
from register.entries import Entry, header
from register.measures import KINDS, STATES, Measure, measure_id

FIRST_DAY = date(2024, 1, 1)
DAYS = 1_270
FIRST_MOMENT = datetime(2024, 1, 1, 6, 0, tzinfo=UTC)


def subheadings() -> list[str]:
    """The six-digit codes of the Harmonized System 2022, in order."""
    return [
        six
        for chapter in harmonized.chapters()
        for heading in harmonized.children(chapter)
        for six in harmonized.children(heading)
        if len(six) == 6
    ]


# How the codes of the TN VED are spread over its levels: of 28,000 about 1,200 are headings, 5,600 subheadings, and the
# rest national ones of eight and ten digits.
HEADINGS, SUBHEADINGS, EIGHT_DIGITS = 0.04, 0.20, 0.30
NATIONAL = ("00", "10", "20", "90")


def any_code(dice: random.Random, tree: list[str]) -> str:
    """A code of the tree, each as likely as any other, whichever its level."""
    level = dice.random()
    if level < HEADINGS:
        return dice.choice(_headings(tuple(tree)))
    six = dice.choice(tree)
    if level < HEADINGS + SUBHEADINGS:
        return six
    eight = six + dice.choice(NATIONAL)
    if level < HEADINGS + SUBHEADINGS + EIGHT_DIGITS:
        return eight
    return f"{eight}0{dice.choice('0019')}"


@cache
def _headings(tree: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(six[:4] for six in tree))


def notified(dice: random.Random, tree: list[str]) -> dict[str, Any]:
    """A measure of one to three goods lines, without a number."""
    start = FIRST_DAY + timedelta(days=dice.randrange(DAYS))
    end = None if dice.random() < 0.02 else start + timedelta(days=dice.randint(30, 184))
    codes = [any_code(dice, tree) for _ in range(dice.choice((1, 1, 2, 3)))]
    goods: list[dict[str, Any]] = [
        {"line": place, "code_from": code, "partial": dice.random() < 0.1, "description": None}
        for place, code in enumerate(codes, start=1)
    ]
    if len(codes[0]) == 6 and dice.random() < 0.2:
        goods[0]["excluded"] = [{"code_from": f"{codes[0]}0000"}]
    number = dice.randint(1, 2000)
    return {
        "state": dice.choice(STATES),
        "kind": dice.choice(KINDS[:-1]),
        "title": {"ru": f"Товары кодов {', '.join(codes)} ТН ВЭД ЕАЭС", "en": f"Goods of codes {', '.join(codes)}"},
        "acts": [{"role": "introduces", "issuer": "Правительство", "type": "Постановление", "number": str(number),
                  "date": (start - timedelta(days=14)).isoformat()}],
        "goods": goods,
        "effective_from": start.isoformat(),
        "effective_to": end and end.isoformat(),
        "included_on": (start + timedelta(days=dice.randint(-10, 10))).isoformat(),
        "printed": {"codes": ", ".join(codes), "term": f"с {start:%d.%m.%Y}", "basis": f"Постановление № {number}"},
    }  # fmt: skip


def entries(count: int, seed: int = 1) -> Iterator[tuple[Entry, bytes, bytes]]:
    """``count`` inclusions as entry, header and body, numbered from 1."""
    dice = random.Random(seed)
    tree = subheadings()
    numbers: dict[tuple[str, int], int] = {}
    for seq in range(1, count + 1):
        item = notified(dice, tree)
        year = int(item["effective_from"][:4])
        number = numbers[item["state"], year] = numbers.get((item["state"], year), 0) + 1
        yield inclusion(seq, FIRST_MOMENT + timedelta(seconds=seq), item, year, number)


def inclusion(seq: int, moment: datetime, item: dict[str, Any], year: int, number: int) -> tuple[Entry, bytes, bytes]:
    """The inclusion of a notified measure under a number, as entry, header and body; ``moment`` in UTC."""
    name = measure_id(item["state"], year, number)
    measure = Measure.model_validate({**item, "id": name, "version": 1, "seq": seq})
    record = measure.public(measure.included_on)
    summary = {"ru": f"Включена мера {name}", "en": f"Measure {name} is included"}
    entry = Entry(seq, moment, "measure.included", name, "legal_change", summary, None, record, record["acts"], "A4(4)")
    body = entry.body()
    return entry, header(seq, moment, entry.type, name, body), body
