"""What callers send about drafts: read by pydantic, everything wrong reported at once, in Russian and English."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Final, TypeVar

import msgspec
from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from register.drafts.contents import YEARS
from register.drafts.model import Kind
from register.drafts.rules import HD16
from register.findings import Finding
from register.measures import State
from register.shape import findings_from_validation
from register.web import FORMAT, Problem, finding, refused


def _storable(text: str) -> str:
    if "\x00" in text:
        raise ValueError("the character U+0000 cannot be kept / знак U+0000 не сохраняется")
    return text


def _written(value: object) -> object:
    # A number would be taken for seconds since 1970.
    if not isinstance(value, str):
        raise ValueError("a time is written 2026-09-15T00:00:00+03:00 / время пишется 2026-09-15T00:00:00+03:00")
    return value


def _plausible(moment: datetime) -> datetime:
    if moment.year not in YEARS:
        raise ValueError(f"{HD16.en} / {HD16.ru}")
    moment = moment.astimezone(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


Cell = Annotated[str, Field(max_length=100_000)]
Note = Annotated[str, Field(max_length=20_000), AfterValidator(_storable)]
Moment = Annotated[AwareDatetime, BeforeValidator(_written), AfterValidator(_plausible)]
"""A time with its zone, taken as UTC to the millisecond."""


class _Input(BaseModel):
    model_config = ConfigDict(extra="forbid")


class NewDraft(_Input):
    """A new draft; without ``content`` it begins with the measure as it stands. ``source``: where it was read from."""

    kind: Kind
    measure: Annotated[str, Field(max_length=40)] | None = None
    content: dict[str, Any] | None = None
    publish_at: Moment | None = None
    source: Annotated[str, Field(max_length=300), AfterValidator(_storable)] = ""


class DraftEdit(_Input):
    """What is to be saved; what is left out stays. ``publish_at`` null takes the time away."""

    content: dict[str, Any] | None = None
    publish_at: Moment | None = None
    base_version: Annotated[int, Field(ge=1, lt=2**31)] | None = None


class Reasoned(_Input):
    """A return; an empty reason is refused by the rule that asks for one."""

    reason: Note = ""


class Noted(_Input):
    """A command that may bear a remark."""

    note: Note | None = None


class Nothing(_Input):
    """A command that needs nothing said."""


class CellText(_Input):
    """A cell of a notified table."""

    text: Cell


class BasisText(CellText):
    """The basis cell, the state that notified, and the term cell where there is one: it tells what each act did."""

    state: State
    term: Cell | None = None


Model = TypeVar("Model", bound=_Input)
_decode: Final = msgspec.json.Decoder().decode


def read(model: type[Model], sent: bytes) -> Model:
    """The body of a request. Raises ``Problem`` 400 for what is no JSON, 422 with everything wrong with it."""
    try:
        plain = _decode(sent or b"{}")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        ru, en = "Тело запроса – не JSON", "The body is not JSON"
        raise Problem(400, "Bad Request", f"{en} / {ru}", [finding("", ru, en)]) from None
    if not isinstance(plain, dict):
        raise refused(finding("", "Тело запроса должно быть объектом JSON", "The body must be a JSON object"))
    try:
        return model.model_validate(plain)
    except ValidationError as error:
        found = findings_from_validation(error)
        # How a request is written is no provision and no rule of the record.
        raise refused(*(Finding(one.pointer, FORMAT, one.text) for one in found)) from None
