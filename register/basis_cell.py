"""Reading the basis and protocol cells of a notified table: the acts behind a measure, the protocols about it.

What cannot be read with certainty is never guessed: it stays a `Doubt`. Every digit of the cell stands in
something read (an act, a date, a protocol, a remark) or in a doubt. Dates are calendar days, no time zone.
Serves the loading of notified measures (A4(4)). Pure: no database, no web, standard library only.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Final

from register.doubts import Doubt, DoubtKind, in_order
from register.term_cell import PrintedDate, TermCell, folded, printed_dates

if TYPE_CHECKING:
    from register.measures import ActRole

_TYPES: Final = {
    "постановлен": "Постановление",
    "распоряжен": "Распоряжение",
    "решен": "Решение",
    "приказ": "Приказ",
    "указ": "Указ",
    "федеральн": "Федеральный закон",
    "закон": "Закон",
}
_TYPE: Final = re.compile(
    r"(?<!\w)(?:(?P<neuter>постановлен|распоряжен|решен)и(?:ем|е|я)|(?P<male>приказ|указ)(?:ом|а)?"
    r"|(?P<federal>федеральн)(?:ый|ого|ым)\s+закон(?:ом|а)?|(?P<law>закон)(?:ом|а)?)(?!\w)"
)
# Only the head of a name changes from genitive to nominative; what hangs on it is in the genitive already.
_HEADS: Final = {
    "правительства": "Правительство",
    "кабинета": "Кабинет",
    "совета": "Совет",
    "министерства": "Министерство",
    "министра": "Министр",
    "комитета": "Комитет",
    "агентства": "Агентство",
    "президента": "Президент",
    "государственного комитета": "Государственный комитет",
    "национального банка": "Национальный банк",
    "федеральной службы": "Федеральная служба",
    "федеральной таможенной службы": "Федеральная таможенная служба",
}
_STATES: Final = {
    "AM": "Республики Армения",
    "BY": "Республики Беларусь",
    "KZ": "Республики Казахстан",
    "KG": "Кыргызской Республики",
    "RU": "Российской Федерации",
}
_STATE_ENDING: Final = re.compile(
    r"(?<!\w)(?:(?P<AM>республики\s+армения|ра)|(?P<BY>республики\s+беларусь|рб)"
    r"|(?P<KZ>республики\s+казахстан|рк)|(?P<KG>кыргызской\s+республики|кр)"
    r"|(?P<RU>российской\s+федерации|рф))$"
)
# «№» or the typewriter's N; a suffix may be set off by uneven spaces («10- АС/13») if it is short capitals.
# Nothing that could belong to the number may follow it: «№ 1 161-Н» is not number 1.
_WORD: Final = "0-9A-Za-z\u0400-\u04ff"
_NUMBER: Final = (
    rf"(?:№|N(?=\s*[0-9]))\s*(?P<number>[0-9][{_WORD}]*"
    rf"(?:[-–/][{_WORD}]{{1,6}}|\.[0-9]+|\s+[-–]\s*[A-ZА-ЯЁ]{{1,3}}(?!\w)|[-–]\s+[A-ZА-ЯЁ]{{1,3}}(?!\w))*)"
    r"(?!\w|[-–/]\w|\.[0-9]|\s*[0-9])"
)
_ACT_NUMBER: Final = re.compile(r"\s*" + _NUMBER)
_PROTOCOL: Final = re.compile(r"(?<!\w)[Пп]ротокол\s*" + _NUMBER + r"\s*от\s+")
_ISSUED: Final = re.compile(r"\s+(?P<issuer>[^№0-9()]*?)\s*(?<!\w)от\s*")
_AMENDED_BY: Final = re.compile(r"\(?\s*(?<!\w)в\s+ред(?:акции|\.)\s*$")
_AMENDED_FROM: Final = re.compile(r"[\s,;]*(?:внесены\s+)?изменения\s+с\s+")
_MORE_THAN_PUNCTUATION: Final = re.compile(r"[^\s,;.()](?:.*[^\s,;.()])?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class ReadAct:
    """One act as the cell gives it; `cell[start:end]` is where it stands.

    `role` is None while the cell alone does not tell what the act did. `issuer` is in the nominative, or as
    printed where the body is not known. `number` is as printed, without blanks. `date` is None when the printed
    one is no certain day (a doubt marks it).
    """

    start: int
    end: int
    role: ActRole | None
    issuer: str
    type: str
    number: str
    date: date | None
    title: None = None
    url: None = None


@dataclass(frozen=True, slots=True)
class BasisCell:
    """What a basis cell says for certain: the acts, and the days from which it says that one amended."""

    text: str
    acts: tuple[ReadAct, ...] = ()
    amended_from: tuple[PrintedDate, ...] = ()
    doubts: tuple[Doubt, ...] = ()

    @property
    def whole(self) -> bool:
        """True when nothing in the cell is left to a person."""
        return not self.doubts


@dataclass(frozen=True, slots=True)
class ReadProtocol:
    """One protocol: «Протокол № 10- АС/13 от 16.09.2025» has the number 10-АС/13."""

    start: int
    end: int
    number: str
    date: date | None


@dataclass(frozen=True, slots=True)
class ProtocolCell:
    """The protocols of a protocol cell, its free words in `remark` as printed, and the doubts."""

    text: str
    protocols: tuple[ReadProtocol, ...] = ()
    remark: str | None = None
    doubts: tuple[Doubt, ...] = ()

    @property
    def whole(self) -> bool:
        """True when nothing in the cell is left to a person."""
        return not self.doubts


def _unread(cell: str, read: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """The stretches between what was read that hold more than blanks, commas and brackets."""
    gaps, at = [], 0
    for start, end in [*sorted(read), (len(cell), len(cell))]:
        if more := _MORE_THAN_PUNCTUATION.search(cell, at, start):
            gaps.append(more.span())
        at = end
    return gaps


def _latin(cell: str, start: int, end: int, kind: DoubtKind) -> list[Doubt]:
    return [kind.at(cell, start + m.start(), start + m.end()) for m in re.finditer("[A-Za-z]+", cell[start:end])]


def _fault(cell: str, day: PrintedDate) -> list[Doubt]:
    return [day.fault.at(cell, day.start, day.end)] if day.fault else []


def _issuer(cell: str, start: int, end: int, state: str) -> tuple[str, list[Doubt]]:
    """The body named in `cell[start:end]` in the nominative, and what is doubtful about it."""
    printed = cell[start:end]
    if not printed:
        return "", [DoubtKind.BASIS_NO_ISSUER.at(cell, start, end)]
    doubts: list[Doubt] = []
    ending = _STATE_ENDING.search(folded(printed))
    if ending and ending.lastgroup == state:
        printed = printed[: ending.start()] + _STATES[state]
    elif ending:
        doubts.append(DoubtKind.BASIS_OTHER_STATE.at(cell, start + ending.start(), end))
    name = re.sub(r"\s+", " ", printed)
    words = folded(name)
    head = next((h for h in _HEADS if words == h or words.startswith(h + " ")), None)
    if head is None:
        own = start + ending.start() if ending and start < start + ending.start() else end
        doubts.append(DoubtKind.BASIS_ISSUER_UNKNOWN.at(cell, start, own))
        return name, doubts
    return _HEADS[head] + name[len(head) :], doubts


@dataclass(frozen=True, slots=True)
class _Found:
    """An act with all of the cell that was read for it, «(в редакции …» included."""

    act: ReadAct
    begin: int
    in_brackets: bool
    doubts: tuple[Doubt, ...]


def _acts(cell: str, state: str) -> list[_Found]:
    text, dates = folded(cell), printed_dates(cell)
    starts = [d.start for d in dates]
    found = []
    for kind in _TYPE.finditer(text):
        after = bisect_right(starts, kind.end())
        if after == len(dates):
            continue
        day = dates[after]
        issued = _ISSUED.fullmatch(text, kind.end(), day.start)
        number = _ACT_NUMBER.match(cell, day.end)
        if not issued or not number or _TYPE.search(issued["issuer"]):
            continue
        issuer, doubts = _issuer(cell, *issued.span("issuer"), state)
        doubts += _fault(cell, day) + _latin(cell, *number.span("number"), DoubtKind.BASIS_LATIN_NUMBER)
        amended_by = _AMENDED_BY.search(text, max(0, kind.start() - 60), kind.start())
        act = ReadAct(
            start=kind.start(),
            end=number.end(),
            role="amends" if amended_by else None,
            issuer=issuer,
            type=_TYPES[str(next(filter(None, kind.groups())))],
            number=re.sub(r"\s+", "", number["number"]),
            date=day.value,
        )
        begin = amended_by.start() if amended_by else kind.start()
        found.append(_Found(act, begin, bool(amended_by), tuple(doubts)))
    return found


def _key(act: ReadAct) -> tuple[str, str, str, date | None]:
    return act.type, act.issuer, act.number, act.date


def parse_basis(cell: str, state: str) -> BasisCell:
    """Read a basis cell: «Постановление Правительства Республики Армения от 06.08.2026 № 1161-Н» and the like.

    The first act introduces the measure, if nothing that is not understood stands before it. An act in
    «(в редакции …)» amends. Of acts that merely stand one after the other the cell does not say what they did:
    their role is None until `assign_roles`. `state` is the state that notified (AM, BY, KZ, KG, RU): an act of
    another state is a doubt. Never an exception, whatever the text.
    """
    if not cell.strip():
        return BasisCell(cell, doubts=(DoubtKind.BASIS_EMPTY.at(cell, 0, 0),))
    doubts: list[Doubt] = []
    acts: list[ReadAct] = []
    read: list[tuple[int, int]] = []
    amended: list[PrintedDate] = []
    dates = {d.start: d for d in printed_dates(cell)}
    for found in _acts(cell, state):
        act = found.act
        read.append((found.begin, act.end))
        if any(_key(act) == _key(known) for known in acts):
            doubts.append(DoubtKind.BASIS_REPEATED.at(cell, act.start, act.end))
            continue
        acts.append(act)
        doubts += found.doubts
        since = _AMENDED_FROM.match(folded(cell), act.end)
        day = dates.get(since.end()) if since else None
        if day:
            read.append((act.end, day.end))
            amended += [day] if day.value else []
            doubts += _fault(cell, day)
    gaps = _unread(cell, read)
    doubts += [DoubtKind.BASIS_UNREAD.at(cell, start, end) for start, end in gaps]
    if acts and acts[0].role is None and not any(start < acts[0].start for start, _ in gaps):
        acts[0] = replace(acts[0], role="introduces")
    return BasisCell(cell, tuple(acts), tuple(amended), in_order(doubts))


def assign_roles(basis: BasisCell, term: TermCell) -> BasisCell:
    """Give the acts behind the first the role that the term cell shows, or put a doubt where it does not.

    Both cells are printed in order of time: the k-th further act belongs to the k-th extension, amendment or
    termination of the term, when there are as many of one as of the other. Where no acts are juxtaposed, the
    acts of «(в редакции …)» are taken for the further acts: an act that amends the first may well be the one
    that terminates the measure. A term with doubts decides nothing about juxtaposed acts, as one of its
    doubtful dates may be what an act did. An event for which no act is printed is a doubt of no width at the
    end of the cell.
    """
    acts = list(basis.acts)
    juxtaposed = [i for i, act in enumerate(acts) if act.role is None]
    further = juxtaposed or [i for i, act in enumerate(acts) if act.role == "amends"]
    days = [day for i in further if (day := acts[i].date)]
    certain = (
        len(further) == len(term.events)
        and len(days) == len(further)
        and days == sorted(days)
        and not (juxtaposed and term.doubts)
    )
    if certain:
        for i, (role, _) in zip(further, term.events, strict=True):
            acts[i] = replace(acts[i], role=role)
        return replace(basis, acts=tuple(acts))
    doubts = list(basis.doubts)
    if juxtaposed or (further and term.events):
        for act in (acts[i] for i in further):
            # A doubt inside the act says more than this one and must keep its place.
            inside = (d.start for d in basis.doubts if act.start < d.start < act.end)
            doubts.append(DoubtKind.BASIS_ROLE.at(basis.text, act.start, min(inside, default=act.end)))
    elif term.events:
        doubts.append(DoubtKind.BASIS_ACT_MISSING.at(basis.text, len(basis.text), len(basis.text)))
    return replace(basis, doubts=in_order(doubts))


def parse_protocols(cell: str) -> ProtocolCell:
    """Read a protocol cell: «Протокол № 10- АС/13 от 16.09.2025», one or several, and free words.

    Words that name no protocol («Уведомление о принятии … не поступало») are a remark, kept as printed with
    their digits, and no doubt; an empty cell is no doubt either. Never an exception, whatever the text.
    """
    dates = {d.start: d for d in printed_dates(cell)}
    protocols: list[ReadProtocol] = []
    doubts: list[Doubt] = []
    for match in _PROTOCOL.finditer(cell):
        if day := dates.get(match.end()):
            number = re.sub(r"\s+", "", match["number"])
            protocols.append(ReadProtocol(match.start(), day.end, number, day.value))
            doubts += _fault(cell, day)
            doubts += _latin(cell, *match.span("number"), DoubtKind.PROTOCOL_LATIN_NUMBER)
    remarks = []
    for start, end in _unread(cell, [(p.start, p.end) for p in protocols]):
        if "протокол" in folded(cell[start:end]):
            doubts.append(DoubtKind.PROTOCOL_UNREAD.at(cell, start, end))
        else:
            remarks.append(cell[start:end])
    return ProtocolCell(cell, tuple(protocols), " ".join(remarks) or None, in_order(doubts))
