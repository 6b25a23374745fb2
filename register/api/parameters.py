"""Query parameters: read by hand, because a signature model costs more than the answer, and described for OpenAPI.

A ``Parameter`` is written once: how it reads its text, and what the OpenAPI document says of it. Everything wrong with
a query is reported at once, each with the name of the parameter, what is allowed, in Russian and English.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final
from urllib.parse import parse_qsl

from litestar.openapi.spec import Parameter as ParameterSpec
from litestar.openapi.spec import Schema
from litestar.openapi.spec.enums import OpenAPIFormat, OpenAPIType

from register.api.examples import Example
from register.codes import SPACING, CodeError, normalise
from register.entries import ENTRY_TYPES, REASONS
from register.measures import KINDS, STATES, STATUSES
from register.web import FORMAT, Finding, finding, refused

MAX_LIMIT: Final = 1000
MAX_SEQ: Final = 2**53 - 1
"""The largest number that JSON carries exactly everywhere (RFC 8259 section 6)."""
MAX_WAIT: Final = 60

Reader = Callable[[str], Any]


class Refused(ValueError):
    """A value that a parameter does not take."""

    def __init__(self, ru: str, en: str, rule: str = FORMAT) -> None:
        super().__init__(en)
        self.ru, self.en, self.rule = ru, en, rule


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter: ``read`` gives the value or raises ``Refused`` or ``CodeError``."""

    name: str
    description: str
    read: Reader
    schema: Schema
    example: Any
    default: Any = None
    required: bool = False

    def spec(self, where: str = "query") -> ParameterSpec:
        """What the OpenAPI document says of it."""
        # Lists go as one text with commas, in which no other sign needs escaping.
        plain = self.schema.type == OpenAPIType.ARRAY
        return ParameterSpec(
            name=self.name,
            param_in=where,
            required=self.required,
            description=self.description,
            schema=self.schema,
            style="form" if plain else None,
            explode=False if plain else None,
            examples={self.name: Example(value=self.example)},
        )


@dataclass(frozen=True, slots=True)
class Parameters:
    """The parameters that a call knows; any other is refused by name."""

    known: Sequence[Parameter]
    _by_name: dict[str, Parameter] = field(init=False, repr=False, default_factory=dict)
    _defaults: dict[str, Any] = field(init=False, repr=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._by_name.update({parameter.name: parameter for parameter in self.known})
        self._defaults.update({parameter.name: parameter.default for parameter in self.known})

    def read(self, query: bytes) -> dict[str, Any]:
        """The values by name, defaults where nothing is given; an empty value counts as none.

        Raises ``Problem`` 422 with every fault of the query.
        """
        values = dict(self._defaults)
        if query:
            pairs = [(name, text.strip()) for name, text in parse_qsl(query.decode("latin-1"), keep_blank_values=True)]
            self.read_pairs(pairs, values)
        elif any(parameter.required for parameter in self.known):
            self.read_pairs((), values)
        return values

    def read_pairs(self, pairs: Sequence[tuple[str, str]], values: dict[str, Any]) -> None:
        """Read names and texts into ``values``. Raises ``Problem`` 422 with every fault."""
        faults: list[Finding] = []
        seen: set[str] = set()
        for name, text in pairs:
            parameter = self._by_name.get(name)
            if parameter is None:
                faults.append(self.unknown(name))
            elif name in seen:
                faults.append(given_twice(name))
            elif text:
                try:
                    values[name] = parameter.read(text)
                except CodeError as error:
                    faults.append(Finding(f"/{name}", error.rule, dict(error.text)))
                except Refused as error:
                    faults.append(finding(f"/{name}", f"{name}: {error.ru}", f"{name}: {error.en}", error.rule))
            seen.add(name)
        for parameter in self.known:
            if parameter.required and values[parameter.name] is None and not _named(faults, parameter.name):
                name = parameter.name
                faults.append(finding(f"/{name}", f"Нужен параметр «{name}»", f"The parameter '{name}' is required"))
        if faults:
            raise refused(*faults)

    def unknown(self, name: str) -> Finding:
        """The finding for a parameter that the call does not know."""
        shown, known = name[:60], ", ".join(self._by_name) or "–"
        return finding(
            f"/{shown}",
            f"Параметр «{shown}» неизвестен; известны: {known}",
            f"The parameter '{shown}' is unknown; known are: {known}",
        )

    def specs(self) -> list[ParameterSpec]:
        """What the OpenAPI document says of them."""
        return [parameter.spec() for parameter in self.known]


def given_twice(name: str) -> Finding:
    """The finding for a parameter that stands in a query more than once."""
    return finding(f"/{name}", f"Параметр «{name}» указан дважды", f"The parameter '{name}' is given twice")


NO_PARAMETERS: Final = Parameters(())


def _named(faults: Sequence[Finding], name: str) -> bool:
    return any(fault.pointer == f"/{name}" for fault in faults)


def read_code(text: str) -> str:
    """A TN VED code of 2 or 4 to 10 digits, spaces allowed. Raises ``CodeError`` (H1)."""
    return normalise(text)


def read_searched_code(text: str) -> str:
    """A code to search by, of 2 to 10 digits: no act gives three, but a search may stop there. Raises ``CodeError``."""
    code = re.sub(SPACING, "", text)
    return code if re.fullmatch("[0-9]{3}", code) else normalise(text)


_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def read_day(text: str) -> date:
    """A date written YYYY-MM-DD. Raises ``Refused``."""
    try:
        if _DAY.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    shown = text[:40]
    raise Refused(
        f"«{shown}» – не дата; дата пишется ГГГГ-ММ-ДД", f"'{shown}' is no date; a date is written YYYY-MM-DD"
    )


def read_moment(text: str) -> str:
    """``known_at`` as its text; a plus sign that a query turned into a space is put back."""
    return re.sub(r" (\d\d:\d\d)$", r"+\1", text[:64])


def one_of(allowed: Sequence[str]) -> Reader:
    """A reader for one of a few words."""
    words = frozenset(allowed)

    def read(text: str) -> str:
        if text in words:
            return text
        raise _not_among(text, allowed)

    return read


def read_states(text: str) -> frozenset[str]:
    """Member states, in capitals or not, as the origin of a question. Raises ``Refused``."""
    states: frozenset[str] = some_of(STATES)(text.upper())
    return states


def some_of(allowed: Sequence[str]) -> Reader:
    """A reader for words of a list, separated by commas; gives a frozenset."""
    words = frozenset(allowed)

    def read(text: str) -> frozenset[str]:
        given = [item.strip() for item in text.split(",") if item.strip()]
        for item in given:
            if item not in words:
                raise _not_among(item, allowed)
        return frozenset(given)

    return read


def _not_among(text: str, allowed: Sequence[str]) -> Refused:
    listed, shown = ", ".join(allowed), text[:60]
    return Refused(
        f"значение «{shown}» не допускается; допустимы: {listed}", f"'{shown}' is not allowed; allowed are: {listed}"
    )


def whole(low: int, high: int) -> Reader:
    """A reader for a whole number between two bounds; nothing is cut to fit."""

    def read(text: str) -> int:
        if re.fullmatch(r"[0-9]{1,16}", text) and low <= int(text) <= high:
            return int(text)
        shown = text[:40]
        raise Refused(
            f"«{shown}» – не целое число от {low} до {high} (наибольшее допустимое – {high})",
            f"'{shown}' is not a whole number from {low} to {high} (the maximum is {high})",
        )

    return read


def short_text(most: int) -> Reader:
    """A reader for a text of up to so many characters."""

    def read(text: str) -> str:
        if len(text) > most:
            raise Refused(f"не более {most} знаков", f"at most {most} characters")
        return text

    return read


def _string(**more: Any) -> Schema:
    return Schema(type=OpenAPIType.STRING, **more)


def _list_of(allowed: Sequence[str]) -> Schema:
    return Schema(type=OpenAPIType.ARRAY, items=_string(enum=list(allowed)))


def _number(low: int, high: int, default: int | None = None) -> Schema:
    return Schema(type=OpenAPIType.INTEGER, minimum=low, maximum=high, default=default)


CODE_PATTERN: Final = r"^ *([0-9] *){2}(([0-9] *){2,8})?$"
SEARCHED_CODE_PATTERN: Final = r"^ *([0-9] *){2,10}$"
CODE_SCHEMA: Final = _string(pattern=CODE_PATTERN, max_length=40)
MOMENT_PATTERN: Final = (
    r"^([0-9]{1,15}|[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{3,6})?)?(Z|[+-][0-9]{2}:[0-9]{2}))$"
)
DAY_SCHEMA: Final = _string(format=OpenAPIFormat.DATE, pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")

STATE: Final = Parameter(
    "state", "Member states, comma-separated, in capitals or not.", read_states, _list_of(STATES), ["KG"], frozenset()
)
KIND: Final = Parameter(
    "kind", "Kinds of measure, comma-separated.", some_of(KINDS), _list_of(KINDS), ["export_prohibition"], frozenset()
)
STATUS: Final = Parameter(
    "status",
    "How measures stand on `valid_on` (today when not given), comma-separated. Without `status`, `valid_on` alone "
    "gives the measures in force on it.",
    some_of(STATUSES),
    _list_of(STATUSES),
    ["in_force"],
    frozenset(),
)
CODE: Final = Parameter(
    "code",
    "TN VED code of 2 to 10 digits, spaces allowed. It matches in both directions: a measure on 7204 answers for "
    "7204100000, and 7204 finds measures on its parts. `matches` of each measure says which goods line and whether "
    "the match is exact or partial.",
    read_searched_code,
    _string(pattern=SEARCHED_CODE_PATTERN, max_length=40),
    "2515110000",
)
VALID_ON: Final = Parameter(
    "valid_on",
    "The date in law, a day at the Commission's seat. Gives the measures in force on it, unless `status` asks for "
    "another status on it.",
    read_day,
    DAY_SCHEMA,
    "2026-09-10",
)
KNOWN_AT: Final = Parameter(
    "known_at",
    "The Register as it was known then: a number of an entry (`seq`), or a time with its zone (RFC 3339). The newest "
    "entry when not given.",
    read_moment,
    _string(max_length=64, pattern=MOMENT_PATTERN),
    "1",
)
LIMIT_50: Final = Parameter(
    "limit", "How many at most; above 1000 is an error.", whole(1, MAX_LIMIT), _number(1, MAX_LIMIT, 50), 50, 50
)
LIMIT_100: Final = Parameter(
    "limit", "How many at most; above 1000 is an error.", whole(1, MAX_LIMIT), _number(1, MAX_LIMIT, 100), 100, 100
)
TYPE: Final = Parameter(
    "type",
    "Types of entry, comma-separated.",
    some_of(ENTRY_TYPES),
    _list_of(ENTRY_TYPES),
    ["measure.included", "measure.amended"],
    frozenset(),
)
REASON: Final = Parameter(
    "reason", "Reasons of entries, comma-separated.", some_of(REASONS), _list_of(REASONS), ["legal_change"], frozenset()
)
AFTER: Final = Parameter(
    "after",
    "The number of the last entry that the caller has; 0 gives everything from the first.",
    whole(0, MAX_SEQ),
    _number(0, MAX_SEQ, 0),
    0,
    0,
)
WAIT: Final = Parameter(
    "wait",
    "Hold the request up to so many seconds until there is an entry that passes the filter.",
    whole(0, MAX_WAIT),
    _number(0, MAX_WAIT, 0),
    0,
    0,
)
