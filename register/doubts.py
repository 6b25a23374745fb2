"""A doubt: the part of a notified cell that cannot be read with certainty, given back to the clerk.

Shared by the readers of the cells of a notified table. Nothing here knows the database or the web.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum


@dataclass(frozen=True, slots=True)
class Doubt:
    """One stretch of a cell that a person has to settle.

    `start` and `end` count characters of the cell as it was printed; `text` is exactly `cell[start:end]`.
    A doubt of no width (`start == end`) marks a place where something that is needed is not printed at all.
    `rule` is the id of the kind of doubt; `reason` says in Russian and English what is wrong.
    """

    start: int
    end: int
    text: str
    rule: str
    reason: Mapping[str, str] = field(hash=False)


def doubt_at(cell: str, start: int, end: int, rule: str, reason: Mapping[str, str]) -> Doubt:
    """A doubt about `cell[start:end]`, without the blanks at both ends of that stretch."""
    while start < end and cell[end - 1].isspace():
        end -= 1
    while start < end and cell[start].isspace():
        start += 1
    return Doubt(start, end, cell[start:end], rule, dict(reason))


def in_order(doubts: Iterable[Doubt]) -> tuple[Doubt, ...]:
    """The doubts from left to right, none over another: where two meet, the later one keeps what is left."""
    settled: list[Doubt] = []
    reached = 0
    for doubt in sorted(doubts, key=lambda d: (d.start, d.end)):
        begin = max(doubt.start, reached)
        if begin > doubt.end or (begin == doubt.end and doubt.start < doubt.end):
            continue
        cut = doubt.text[begin - doubt.start :]
        left = cut.lstrip()
        if not left and doubt.text:
            continue
        settled.append(replace(doubt, start=doubt.end - len(left), text=left))
        reached = doubt.end
    return tuple(settled)


class DoubtKind(Enum):
    """Every kind of doubt about a term, basis, protocol or kind cell: its id and what is said to the clerk."""

    DATE_IMPOSSIBLE = ("date.impossible", "такой даты нет в календаре", "there is no such day in the calendar")
    DATE_IMPLAUSIBLE = (
        "date.implausible",
        "год находится вне пределов 1991–2099, вероятна опечатка",
        "the year lies outside 1991 to 2099, probably a misprint",
    )
    DATE_UNCLEAR = (
        "date.unclear",
        "рядом с датой стоят лишние цифры, однозначно прочитать её нельзя",
        "stray digits stand beside the date, it cannot be read for certain",
    )
    TERM_EMPTY = ("term.empty", "срок действия не указан", "no term is given")
    TERM_UNREAD = (
        "term.unread",
        "эта часть записи о сроке действия не распознана",
        "this part of the term is not understood",
    )
    TERM_NO_START = (
        "term.no_start",
        "не указан день начала действия меры",
        "the day on which the measure takes effect is not given",
    )
    TERM_NO_END = (
        "term.no_end",
        "не указано, по какой день действует мера и является ли она бессрочной",
        "neither a last day in force nor an open end is given",
    )
    TERM_REVERSED = (
        "term.reversed",
        "окончание срока наступает раньше его начала",
        "the period ends before it begins",
    )
    TERM_SECOND_START = (
        "term.second_start",
        "указана ещё одна дата начала, но не сказано, что именно начинается в этот день",
        "another starting day is given, but not what begins on it",
    )
    TERM_SECOND_PERIOD = (
        "term.second_period",
        "указан ещё один срок: из записи не следует, заменяет ли он первый, продолжает его или относится "
        "к части товаров",
        "another period is given: the cell does not say whether it replaces the first, continues it or "
        "concerns part of the goods",
    )
    TERM_EXTENSION = (
        "term.extension",
        "продление не увеличивает ранее указанный срок",
        "the extension does not reach beyond the term as it stood before",
    )
    TERM_TERMINATION = (
        "term.termination",
        "день прекращения не попадает в срок действия меры либо прекращение указано повторно",
        "the termination does not fall within the term, or is given a second time",
    )
    TERM_SUSPENSION = (
        "term.suspension",
        "приостановление выходит за пределы срока действия меры либо пересекается с другим приостановлением",
        "the suspension reaches outside the term or overlaps another suspension",
    )
    TERM_AMENDMENT = (
        "term.amendment",
        "изменения указаны с даты вне срока действия меры",
        "the amendment is given from a day outside the term",
    )
    BASIS_EMPTY = ("basis.empty", "правовой акт не указан", "no legal act is given")
    BASIS_UNREAD = (
        "basis.unread",
        "эта часть записи об основании не распознана как акт с органом, датой и номером",
        "this part of the basis is not understood as an act with its issuer, date and number",
    )
    BASIS_NO_ISSUER = (
        "basis.no_issuer",
        "не указан орган, принявший акт",
        "the body that issued the act is not given",
    )
    BASIS_ISSUER_UNKNOWN = (
        "basis.issuer_unknown",
        "наименование органа, принявшего акт, неизвестно и оставлено в том виде, в каком напечатано",
        "the name of the issuing body is not known and is kept as printed",
    )
    BASIS_OTHER_STATE = (
        "basis.other_state",
        "акт отнесён к органу другого государства, чем государство, о мере которого уведомлено",
        "the act is ascribed to a body of another state than the one whose measure is notified",
    )
    BASIS_LATIN_NUMBER = (
        "basis.latin_letter",
        "латинская буква в номере акта, вероятна опечатка; номер оставлен в том виде, в каком напечатан",
        "a Latin letter in the act number, probably a misprint; the number is kept as printed",
    )
    BASIS_REPEATED = (
        "basis.repeated",
        "этот же акт уже указан в записи",
        "the same act already stands in the cell",
    )
    BASIS_ROLE = (
        "basis.role",
        "из записи о сроке действия не следует, что именно сделал этот акт: изменил меру, продлил срок "
        "или прекратил её действие",
        "the term does not tell what this act did: amend the measure, extend its term or terminate it",
    )
    BASIS_ACT_MISSING = (
        "basis.act_missing",
        "в записи о сроке указано изменение, продление или прекращение, а акт, которым оно введено, не указан",
        "the term gives an amendment, extension or termination, but the act that brought it is not given",
    )
    PROTOCOL_UNREAD = (
        "protocol.unread",
        "ссылка на протокол не распознана: нужны номер и дата",
        "the reference to a protocol is not understood: a number and a date are needed",
    )
    PROTOCOL_LATIN_NUMBER = (
        "protocol.latin_letter",
        "латинская буква в номере протокола, вероятна опечатка; номер оставлен в том виде, в каком напечатан",
        "a Latin letter in the protocol number, probably a misprint; the number is kept as printed",
    )
    KIND_EMPTY = ("kind.empty", "вид меры не указан", "the kind of measure is not given")
    KIND_UNREAD = (
        "kind.unread",
        "эти слова в наименовании меры не распознаны",
        "these words in the name of the measure are not understood",
    )
    KIND_UNKNOWN = (
        "kind.unknown",
        "из записи не следует, к какому виду относится мера",
        "the cell does not tell which kind of measure this is",
    )
    KIND_CONFLICT = (
        "kind.conflict",
        "названы виды мер, которые не сводятся к одному",
        "kinds of measure are named that do not come down to one",
    )
    KIND_NO_DIRECTION = (
        "kind.no_direction",
        "не указано, касается мера вывоза или ввоза",
        "it is not said whether the measure concerns exports or imports",
    )

    def __init__(self, identifier: str, ru: str, en: str) -> None:
        self.identifier = identifier
        self.reason: Mapping[str, str] = {"ru": ru, "en": en}

    def at(self, cell: str, start: int, end: int) -> Doubt:
        """This doubt about `cell[start:end]`."""
        return doubt_at(cell, start, end, self.identifier, self.reason)
