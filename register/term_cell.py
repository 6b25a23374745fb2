"""Reading the term cell of a notified table: from when, and until when, a measure is in force.

What cannot be read with certainty is never guessed: it stays a `Doubt`. Every digit of the cell stands in a
date that was read or in a doubt. Dates are calendar days of the state that notified; no time zone is involved.
Serves the loading of notified measures (A4(4)). Pure: no database, no web, standard library only.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final, Literal

from register.doubts import Doubt, DoubtKind, in_order

Event = tuple[Literal["extends", "terminates", "amends"], date]

# fmt: off
_MONTHS: Final = [
    "января", "февраля", "марта", "апреля", "мая", "июня",
    "июля", "августа", "сентября", "октября", "ноября", "декабря",
]
# fmt: on
# Latin letters that look the same in print: tables are typed with either, the reader's eye sees one.
_LOOKALIKES: Final = str.maketrans("aceopxy", "асеорху", "")
_DATE: Final = re.compile(
    rf"""(?<!\d)(?:
        (?P<d>[0-9]{{1,2}}) \s*\.\s* (?P<m>[0-9]{{1,2}}) \s*\.\s* (?P<y>[0-9]{{4}})
      | (?P<iso_y>[0-9]{{4}})-(?P<iso_m>[0-9]{{2}})-(?P<iso_d>[0-9]{{2}})
      | (?P<word_d>[0-9]{{1,2}}) \s+ (?P<word_m>{"|".join(_MONTHS)}) \s+ (?P<word_y>[0-9]{{4}})
    )(?!\d) (?:\s*(?:года|г\.|г(?!\w)))?""",
    re.VERBOSE,
)
_TOKEN: Final = re.compile(
    r"""(?P<E>(?:действие\s+|срок\s+(?:действия\s+)?)?продлен(?:о|а|ие)?(?:\s+срока?(?:\s+действия)?)?(?!\w))
      | (?P<S>(?:действие\s+)?приостановлен[оаы]?(?!\w))
      | (?P<X>(?:действие\s+)?(?:досрочно\s+)?прекращен[оаы]?(?!\w))
      | (?P<A>(?:внесены\s+)?изменения(?!\w))
      | (?P<O>(?:бессрочн(?:о|ый|ая|ое)|без\s+(?:ограничения\s+)?срока(?:\s+действия)?)(?!\w))
      | (?P<N>(?:действует|срок\s+действия)(?!\w))
      | (?P<I>включительно(?!\w))
      | (?P<F>со?(?!\w))
      | (?P<T>(?:до|по)(?!\w))
      | (?P<R>[-–—−])
      | (?P<soft>[\s,.:]+)
      | (?P<hard>[;()]+)
      | (?P<U>\w+|.)""",
    re.VERBOSE | re.DOTALL,
)
# One letter per token (the group names above, D for a date): a clause is then a plain pattern of letters.
_CLAUSE: Final = re.compile(
    r"""(?P<suspension>SFD(?:[TR]DI?)?)
      | (?P<termination>XFD)
      | (?P<extension>ETDI?)
      | (?P<amendment>AFD)
      | (?P<period>N?(?:F?D[TR]DI?|FDO|OFD|FD|TDI?|O))""",
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class PrintedDate:
    """A date as it stands in a cell; `value` is None when `fault` says why it is no certain day."""

    start: int
    end: int
    value: date | None
    fault: DoubtKind | None = None


@dataclass(frozen=True, slots=True)
class TermCell:
    """What a term cell says for certain. Days are inclusive; no time zone.

    `effective_to` is the last day in force after extensions and termination; `stated_to` the end as the first
    period gave it. `open_ended` is True only when the cell says so and nothing ended the measure since.
    `suspensions` are first and last day, None for an end that is not given. `events` are extensions,
    termination and amendments as printed from left to right. `dates` are the printed dates behind all this.
    """

    text: str
    effective_from: date | None = None
    effective_to: date | None = None
    open_ended: bool = False
    stated_to: date | None = None
    suspensions: tuple[tuple[date, date | None], ...] = ()
    terminated_from: date | None = None
    extensions: tuple[date, ...] = ()
    amended_from: tuple[date, ...] = ()
    events: tuple[Event, ...] = ()
    dates: tuple[PrintedDate, ...] = ()
    doubts: tuple[Doubt, ...] = ()

    @property
    def whole(self) -> bool:
        """True when nothing in the cell is left to a person."""
        return not self.doubts


@dataclass(frozen=True, slots=True)
class _Token:
    code: str
    start: int
    end: int
    day: PrintedDate | None = None


@dataclass(frozen=True, slots=True)
class _Clause:
    kind: str
    codes: str
    start: int
    end: int
    days: tuple[PrintedDate, ...]


def folded(text: str) -> str:
    """The text in small letters, «ё» as «е», Latin look-alikes as Cyrillic; each character keeps its place."""
    small = "".join(c.lower() if len(c.lower()) == 1 else c for c in text)
    return small.replace("ё", "е").translate(_LOOKALIKES)


def printed_dates(cell: str) -> tuple[PrintedDate, ...]:
    """Every date of the cell, from left to right: 03.02.2027, 28.11. 2025, 30 июля 2026 г., 2026-07-30.

    A date beside stray digits («1 1.02.2026») is found but has no value: which digits belong to it is unsure.
    """
    text = folded(cell)
    found = list(_DATE.finditer(text))
    dates = []
    for i, match in enumerate(found):
        before = text[found[i - 1].end() if i else 0 : match.start()].rstrip(" \t\n\xa0.-–/")
        after = text[match.end() : found[i + 1].start() if i + 1 < len(found) else len(text)]
        stray = before[-1:].isdigit() or after.lstrip(" \t\n\xa0.-–/")[:1].isdigit()
        dates.append(_printed_date(match, stray))
    return tuple(dates)


def _printed_date(match: re.Match[str], stray: bool) -> PrintedDate:
    start, end = match.span()
    if stray:
        return PrintedDate(start, end, None, DoubtKind.DATE_UNCLEAR)
    parts = match.groupdict()
    year = int(parts["y"] or parts["iso_y"] or parts["word_y"])
    month = _MONTHS.index(parts["word_m"]) + 1 if parts["word_m"] else int(parts["m"] or parts["iso_m"])
    day = int(parts["d"] or parts["iso_d"] or parts["word_d"])
    if not 1991 <= year <= 2099:
        return PrintedDate(start, end, None, DoubtKind.DATE_IMPLAUSIBLE)
    try:
        return PrintedDate(start, end, date(year, month, day))
    except ValueError:
        return PrintedDate(start, end, None, DoubtKind.DATE_IMPOSSIBLE)


def _tokens(cell: str) -> list[_Token]:
    text, dates = folded(cell), {d.start: d for d in printed_dates(cell)}
    tokens, at = [], 0
    while at < len(text):
        if day := dates.get(at):
            tokens.append(_Token("D", at, day.end, day))
            at = day.end
            continue
        match = _TOKEN.match(text, at)
        if match is None or match.lastgroup is None:  # the last alternative takes any character
            raise AssertionError(f"no token at {at}")
        if match.lastgroup != "soft":
            code = ";" if match.lastgroup == "hard" else match.lastgroup
            tokens.append(_Token(code, at, match.end()))
        at = match.end()
    return tokens


def _clauses(tokens: list[_Token]) -> tuple[list[_Clause], list[tuple[int, int]]]:
    """The clauses, and the stretches that belong to none.

    Words that are not understood take the clause behind them along: «кроме товаров, ввезённых до 01.02.2026»
    must not become an end of the term.
    """
    codes = "".join(t.code for t in tokens)
    clauses: list[_Clause] = []
    unread: list[tuple[int, int]] = []
    at, since = 0, -1  # `since`: the token where a stretch that is not understood began
    while at < len(codes):
        match = _CLAUSE.match(codes, at)
        if match is None:
            if codes[at] != ";" and since < 0:
                since = at
            at += 1
            continue
        part = tokens[at : match.end()]
        if since >= 0:
            unread.append((tokens[since].start, part[-1].end))
        else:
            days = tuple(t.day for t in part if t.day)
            clauses.append(_Clause(str(match.lastgroup), match[0], part[0].start, part[-1].end, days))
        at, since = match.end(), -1
    if since >= 0:
        last = max(i for i in range(since, len(tokens)) if tokens[i].code != ";")
        unread.append((tokens[since].start, tokens[last].end))
    return clauses, unread


@dataclass(slots=True)
class _Reading:
    """The cell while it is being read: a clause is either taken, with its dates, or doubted as a whole."""

    cell: str
    start: date | None = None
    stated: date | None = None
    end: date | None = None
    open_ended: bool = False
    terminated: date | None = None
    suspensions: list[tuple[date, date | None]] = field(default_factory=list)
    extensions: list[date] = field(default_factory=list)
    amended: list[date] = field(default_factory=list)
    dates: list[PrintedDate] = field(default_factory=list)
    taken: list[tuple[int, Event]] = field(default_factory=list)
    doubts: list[Doubt] = field(default_factory=list)

    def doubt(self, kind: DoubtKind, start: int, end: int) -> None:
        self.doubts.append(kind.at(self.cell, start, end))

    def doubt_clause(self, kind: DoubtKind, clause: _Clause) -> None:
        """A doubt about all of a clause, in which a date that is none keeps the reason of its own."""
        at = clause.start
        for day in clause.days:
            if day.value is None:
                self._doubt_piece(kind, clause, at, day.start)
                self.doubt(day.fault or DoubtKind.DATE_UNCLEAR, day.start, day.end)
                at = day.end
        self._doubt_piece(kind, clause, at, clause.end)

    def _doubt_piece(self, kind: DoubtKind, clause: _Clause, start: int, end: int) -> None:
        """What lies behind a date that is none says something of its own only where it has digits."""
        piece = self.cell[start:end]
        if start == clause.start or any(sign.isdigit() for sign in piece):
            self.doubt(kind, start, start + len(piece.rstrip()))

    def day_of(self, clause: _Clause) -> date | None:
        """The one day of a clause, or None after its fault was put down."""
        day = clause.days[0]
        if day.value is None:
            self.doubt(day.fault or DoubtKind.DATE_UNCLEAR, day.start, day.end)
        return day.value

    def periods(self, clauses: list[_Clause]) -> None:
        for clause in clauses[1:]:
            bare = clause.codes.lstrip("N") == "FD"
            kind = DoubtKind.TERM_SECOND_START if bare else DoubtKind.TERM_SECOND_PERIOD
            self.doubt_clause(kind, clause)
        for clause in clauses[:1]:
            self.first_period(clause)

    def first_period(self, clause: _Clause) -> None:
        values = []
        for day in clause.days:
            values.append(day.value)
            if day.value is None:
                self.doubt(day.fault or DoubtKind.DATE_UNCLEAR, day.start, day.end)
        start, end = (values[0] if values else None), (values[-1] if values else None)
        if len(values) == 2 and start and end and end < start:
            self.doubt(DoubtKind.TERM_REVERSED, clause.start, clause.end)
            return
        self.dates += [d for d in clause.days if d.value]
        self.open_ended = "O" in clause.codes
        if clause.codes.startswith(("T", "NT")) or not values:
            self.doubt_clause(DoubtKind.TERM_NO_START, clause)
            start = None
        self.start = start
        self.end = self.stated = end if set(clause.codes) & {"T", "R"} else None

    def extension(self, clause: _Clause) -> None:
        day = self.day_of(clause)
        if day is None:
            return
        before = self.end or self.start
        if self.open_ended or (before and day <= before):
            self.doubt(DoubtKind.TERM_EXTENSION, clause.start, clause.end)
            return
        self.end = day
        self.extensions.append(day)
        self.take(clause, ("extends", day))

    def termination(self, clause: _Clause) -> None:
        day = self.day_of(clause)
        if day is None:
            return
        if self.terminated or (self.start and day <= self.start) or (self.end and day > self.end):
            self.doubt(DoubtKind.TERM_TERMINATION, clause.start, clause.end)
            return
        self.terminated = day
        self.take(clause, ("terminates", day))

    def suspension(self, clause: _Clause) -> None:
        if any(d.value is None for d in clause.days):
            fault = next(d.fault for d in clause.days if d.fault)
            self.doubt(fault, clause.start, clause.end)
            return
        first, *rest = [d.value for d in clause.days if d.value]
        last = rest[0] if rest else None
        outside = (
            (self.start and first < self.start)
            or (self.end and max(first, last or first) > self.end)
            or (self.terminated and first >= self.terminated)
            or (last and last < first)
        )
        meets = any(first <= (b or date.max) and a <= (last or date.max) for a, b in self.suspensions)
        if outside or meets:
            self.doubt(DoubtKind.TERM_SUSPENSION, clause.start, clause.end)
            return
        self.suspensions.append((first, last))
        self.dates += clause.days

    def amendment(self, clause: _Clause) -> None:
        day = self.day_of(clause)
        if day is None:
            return
        over = self.terminated and day >= self.terminated
        if over or (self.start and day < self.start) or (self.end and day > self.end):
            self.doubt(DoubtKind.TERM_AMENDMENT, clause.start, clause.end)
            return
        self.amended.append(day)
        self.take(clause, ("amends", day))

    def take(self, clause: _Clause, event: Event) -> None:
        self.dates += clause.days
        self.taken.append((clause.start, event))

    def missing(self, period: _Clause | None) -> None:
        if period is None:
            if not self.doubts:
                self.doubt(DoubtKind.TERM_NO_START, 0, len(self.cell))
        elif period.codes.lstrip("N") == "FD" and not (self.end or self.terminated):
            self.doubt_clause(DoubtKind.TERM_NO_END, period)

    def result(self) -> TermCell:
        ended = self.terminated - timedelta(days=1) if self.terminated else None
        return TermCell(
            text=self.cell,
            effective_from=self.start,
            effective_to=ended or self.end,
            open_ended=self.open_ended and ended is None,
            stated_to=self.stated,
            suspensions=tuple(self.suspensions),
            terminated_from=self.terminated,
            extensions=tuple(self.extensions),
            amended_from=tuple(self.amended),
            events=tuple(event for _, event in sorted(self.taken, key=lambda t: t[0])),
            dates=tuple(sorted(self.dates, key=lambda d: d.start)),
            doubts=in_order(self.doubts),
        )


def parse_term(cell: str) -> TermCell:
    """Read a term cell, «с 08.09.2026 до 08.03.2027 прекращено с 01.02.2027» and the like; never an exception.

    «до D» and «по D» are both read as "D is the last day in force". This is our choice: the predecessor's table
    uses the two without distinction, and the public contract takes «до 08.03.2027» as `effective_to` 2027-03-08.
    «прекращено с D» means that the day before D is the last; «продлен срок до D» moves the end to D. Each
    extension must reach beyond the end as it stood before, a termination and a suspension must lie within the
    term; what does not is a doubt and changes nothing. A second starting day or a second period is always a
    doubt: whether it replaces, continues or concerns part of the goods cannot be told from the cell.
    """
    if not cell.strip():
        return TermCell(cell, doubts=(DoubtKind.TERM_EMPTY.at(cell, 0, 0),))
    clauses, unread = _clauses(_tokens(cell))
    reading = _Reading(cell)
    for start, end in unread:
        reading.doubt(DoubtKind.TERM_UNREAD, start, end)
    periods = [c for c in clauses if c.kind == "period"]
    reading.periods(periods)
    # The end of the term must stand before anything is held against it, whatever the order of printing.
    steps = {
        "extension": reading.extension,
        "termination": reading.termination,
        "suspension": reading.suspension,
        "amendment": reading.amendment,
    }
    for kind, step in steps.items():
        for clause in clauses:
            if clause.kind == kind:
                step(clause)
    reading.missing(periods[0] if periods else None)
    return reading.result()
