"""The record of a separate measure: what a state notified, what the Commission included, how it stands on a date.

Pure: no database, no web. Dates are calendar dates of the Commission's seat; no time of day takes part in the law.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Annotated, Any, Final, Literal, Self, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    HttpUrl,
    TypeAdapter,
    model_validator,
)

from register.codes import CodeSpan, normalise

State = Literal["AM", "BY", "KZ", "KG", "RU"]
Kind = Literal[
    "export_prohibition",
    "quantitative_restriction",
    "exclusive_right",
    "licensing",
    "automatic_licensing",
    "permit_procedure",
    "export_duty",
]
Destination = Literal["third_countries", "member_states", "all"]
ActRole = Literal["introduces", "extends", "amends", "terminates", "corrects"]
Status = Literal["upcoming", "in_force", "suspended", "expired", "terminated"]
Transport = Literal["road", "rail", "sea", "river", "air", "pipeline", "post"]

STATES: Final[tuple[State, ...]] = get_args(State)
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
STATUSES: Final[tuple[Status, ...]] = get_args(Status)
TRANSPORTS: Final[tuple[Transport, ...]] = get_args(Transport)

WINDOW_DAYS: Final = 15
"""P37(1): no more than 15 calendar days have passed since the start; start + 15 is the last day."""

MEASURE_ID: Final = re.compile(r"^(AM|BY|KZ|KG|RU)-(\d{4})-(\d{3,6})$")

Line = Annotated[str, Field(min_length=1, max_length=20_000)]
Short = Annotated[str, Field(min_length=1, max_length=300)]


def _strict_date(value: object) -> object:
    """Dates are written YYYY-MM-DD; a time of day or a number would be silently cut to a date otherwise."""
    if isinstance(value, date) or value is None:
        return value
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
        return value
    raise ValueError("a date is written YYYY-MM-DD / дата пишется ГГГГ-ММ-ДД")


FIRST_DAY: Final = date(1900, 1, 1)
LAST_DAY: Final = date(2199, 12, 31)
"""No act reaches further; a day beyond is a slip of the pen, and the days after it must still be days."""


def _plausible(value: date) -> date:
    if not FIRST_DAY <= value <= LAST_DAY:
        raise ValueError(f"a date lies between {FIRST_DAY} and {LAST_DAY} / дата – от {FIRST_DAY} до {LAST_DAY}")
    return value


Day = Annotated[date, BeforeValidator(_strict_date), AfterValidator(_plausible)]
Code = Annotated[str, BeforeValidator(lambda value: normalise(value) if isinstance(value, str) else value)]


class Record(BaseModel):
    """Base of every part of a record: unknown fields are refused, so nothing personal slips into the journal."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True, populate_by_name=True)


class Text(Record):
    """A text in Russian, which governs, and English beside it; either may be missing, not both."""

    ru: Line | None = None
    en: Line | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if self.ru is None and self.en is None:
            raise ValueError("a text needs ru or en / нужен текст на русском или английском языке")
        return self


_URL: Final = TypeAdapter(HttpUrl)


def _web_address(value: object) -> object:
    if isinstance(value, str):
        _URL.validate_python(value)
    return value


class Act(Record):
    """The act by which a state introduces, extends, amends, ends or corrects a measure."""

    role: ActRole = "introduces"
    issuer: Short | None = None
    type: Short | None = None
    number: Annotated[str, Field(min_length=1, max_length=60)]
    date: Day
    title: Line | None = None
    url: Annotated[str, BeforeValidator(_web_address), Field(max_length=2000)] | None = None


class Span(Record):
    """One code or one range of codes of equal length, both ends included."""

    code_from: Code
    code_to: Code | None = None
    partial: bool = False
    description: Text | None = None

    @model_validator(mode="after")
    def _range(self) -> Self:
        span = CodeSpan(self.code_from, self.code_to, self.partial)
        self.code_to = span.code_to
        return self

    @property
    def span(self) -> CodeSpan:
        """The codes alone, for matching."""
        return CodeSpan(self.code_from, self.code_to, self.partial)


class Exclusion(Span):
    """Codes that the act takes out of a goods line («кроме», «за исключением»)."""


class GoodsLine(Span):
    """One line of goods of a measure, with what is taken out of it and its own dates where they differ."""

    line: Annotated[int, Field(ge=1, le=10_000)]
    excluded: Annotated[list[Exclusion], Field(max_length=1000)] = []
    valid_from: Day | None = None
    valid_to: Day | None = None
    included_on: Day | None = None

    @model_validator(mode="after")
    def _dates(self) -> Self:
        if self.valid_from and self.valid_to and self.valid_to < self.valid_from:
            raise ValueError("valid_to is before valid_from / valid_to раньше valid_from")
        return self


class Suspension(Record):
    """Days on which the measure is not in force, both included; an open end lasts until further notice."""

    from_: Annotated[Day, Field(alias="from")]
    to: Day | None = None

    @model_validator(mode="after")
    def _dates(self) -> Self:
        if self.to and self.to < self.from_:
            raise ValueError("a suspension ends before it begins / приостановление кончается раньше начала")
        return self

    def covers(self, on: date) -> bool:
        """Whether ``on`` is one of its days."""
        return self.from_ <= on and (self.to is None or on <= self.to)


class Protocol(Record):
    """The protocol of the subcommittee that holds the decision of point 24."""

    number: Annotated[str, Field(min_length=1, max_length=60)]
    date: Day


class Declaration(Record):
    """Whether an origin declaration is enough by decision of a consultation (P24), and on which days."""

    permitted: bool = False
    from_: Annotated[Day | None, Field(alias="from")] = None
    to: Day | None = None
    protocol: Protocol | None = None
    consultation: Annotated[str, Field(max_length=40)] | None = None

    @model_validator(mode="after")
    def _dates(self) -> Self:
        if self.from_ and self.to and self.to < self.from_:
            raise ValueError("the permission ends before it begins / разрешение кончается раньше начала")
        return self


class Printed(Record):
    """The cells of a notified table as they stood, misprints and all."""

    kind: str | None = None
    goods: str | None = None
    codes: str | None = None
    term: str | None = None
    basis: str | None = None
    protocol: str | None = None


_EMPTY_WHEN_NULL: Final = ("acts", "conditions", "suspensions", "destination", "nomenclature")


def _numbered(item: Any, place: int) -> Any:
    """A table has no line numbers, the record does."""
    if isinstance(item, dict) and item.get("line") is None:
        return {**item, "line": place}
    return item


class Notified(Record):
    """A measure as notified and entered: what a draft carries and what ``load`` takes, before it has a number."""

    state: State
    kind: Kind
    title: Text
    acts: Annotated[list[Act], Field(max_length=100)] = []
    goods: Annotated[list[GoodsLine], Field(min_length=1, max_length=5000)]
    destination: Destination = "third_countries"
    transport: Annotated[list[Transport], Field(min_length=1)] | None = None
    origin_condition: Text | None = None
    conditions: Annotated[list[Text], Field(max_length=200)] = []
    effective_from: Day
    effective_to: Day | None = None
    suspensions: Annotated[list[Suspension], Field(max_length=100)] = []
    notified_on: Day | None = None
    included_on: Day | None = None
    declaration: Declaration | None = None
    printed: Printed | None = None
    nomenclature: Annotated[str, Field(max_length=100)] = "HS2022"

    @model_validator(mode="before")
    @classmethod
    def _fill_in(cls, data: Any) -> Any:
        """What may be null may be left out, and a goods line without a number takes its place in the list as one."""
        if not isinstance(data, dict):
            return data
        data = {name: value for name, value in data.items() if value is not None or name not in _EMPTY_WHEN_NULL}
        if isinstance(data.get("goods"), list):
            data["goods"] = [_numbered(item, place) for place, item in enumerate(data["goods"], start=1)]
        return data

    @model_validator(mode="after")
    def _whole(self) -> Self:
        lines = [goods.line for goods in self.goods]
        if len(set(lines)) != len(lines):
            raise ValueError("two goods lines bear one number / две товарные строки с одним номером")
        ended = any(act.role == "terminates" for act in self.acts)
        if self.effective_to and self.effective_to < self.effective_from and not ended:
            raise ValueError("effective_to is before effective_from / окончание раньше начала действия")
        return self

    def status(self, on: date) -> Status:
        """How the measure stands on a day of the Commission's seat. Destination and inclusion play no part."""
        if self.effective_to and on > self.effective_to:
            return "terminated" if any(act.role == "terminates" for act in self.acts) else "expired"
        if on < self.effective_from:
            return "upcoming"
        if any(suspension.covers(on) for suspension in self.suspensions):
            return "suspended"
        return "in_force"

    def declaration_window(self) -> dict[str, str] | None:
        """The days of P37(1) of the measure as a whole; None until it is included in the Register."""
        if self.included_on is None:
            return None
        start = max(self.included_on, self.effective_from)
        return {"from": start.isoformat(), "until": (start + timedelta(days=WINDOW_DAYS)).isoformat()}


class Measure(Notified):
    """A measure of the Register: numbered for ever, with the version and the entry that made it."""

    id: Annotated[str, Field(pattern=MEASURE_ID.pattern)]
    version: Annotated[int, Field(ge=1)]
    seq: Annotated[int, Field(ge=1)]
    included_on: Day

    def public(self, on: date) -> dict[str, Any]:
        """The public record in the fields and order of the contract, its status as on ``on``."""
        data = self.model_dump(mode="json", by_alias=True)
        data["declaration"] = data["declaration"] or Declaration().model_dump(mode="json", by_alias=True)
        data["declaration_window"] = self.declaration_window()
        data["status"] = self.status(on)
        return {name: data[name] for name in PUBLIC_FIELDS}


PUBLIC_FIELDS: Final = (
    "id",
    "state",
    "kind",
    "title",
    "acts",
    "goods",
    "destination",
    "transport",
    "origin_condition",
    "conditions",
    "effective_from",
    "effective_to",
    "suspensions",
    "notified_on",
    "included_on",
    "declaration",
    "declaration_window",
    "printed",
    "status",
    "nomenclature",
    "version",
    "seq",
)
COMPUTED_FIELDS: Final = ("id", "version", "seq", "status", "declaration_window")
"""Fields of the public record that the Register assigns or computes; ``load`` leaves them out of its input."""


def measure_id(state: State, year: int, number: int) -> str:
    """``KG-2026-021``: state, year, number within both; stable for ever."""
    return f"{state}-{year:04d}-{number:03d}"


def from_public(record: Mapping[str, Any]) -> Measure:
    """A measure from its public record (an entry's ``after``); computed fields are computed anew."""
    data = {k: v for k, v in record.items() if k not in ("status", "declaration_window")}
    return Measure.model_validate(data)
