"""What callers send: read by pydantic, everything wrong reported at once, in Russian and English."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Final, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from feeds.webhooks.records import Wanted
from feeds.webhooks.store import OVERLAP
from register.api.parameters import MAX_SEQ, read_code
from register.entries import EntryType, Reason
from register.measures import Kind, State
from register.shape import findings_from_validation
from register.web import FORMAT, Finding, Problem, finding, refused

MAX_BODY: Final = 64 * 1024
MAX_OVERLAP_HOURS: Final = 168
LINE: Final = r"^[^\x00-\x1f\x7f]*$"

Seq = Annotated[int, Field(ge=1, le=MAX_SEQ)]
Words = Annotated[Sequence[str], Field(max_length=20)]


class _Input(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class FilterInput(_Input):
    """Which entries are wanted; a list that is empty or not given asks for nothing in particular."""

    state: Annotated[list[State], Field(max_length=20)] = []
    kind: Annotated[list[Kind], Field(max_length=20)] = []
    code: Annotated[str, Field(max_length=40)] | None = None
    type: Annotated[list[EntryType], Field(max_length=20)] = []
    reason: Annotated[list[Reason], Field(max_length=20)] = []

    @field_validator("state", "kind", "type", "reason", mode="before")
    @classmethod
    def _listed(cls, value: Any) -> Any:
        """One word may stand without its list."""
        return [value] if isinstance(value, str) else value

    @field_validator("code")
    @classmethod
    def _code(cls, value: str | None) -> str | None:
        return None if value is None else read_code(value)

    def wanted(self) -> Wanted:
        """As it is kept: sorted, every word once."""
        return Wanted(
            sorted(set(self.state)), sorted(set(self.kind)), self.code, sorted(set(self.type)), sorted(set(self.reason))
        )


class NewSubscription(_Input):
    """A subscription to make; without ``from_seq`` it begins with the next entry that comes."""

    url: Annotated[str, Field(min_length=1, max_length=2000)]
    filter: FilterInput = FilterInput()
    from_seq: Seq | None = None
    description: Annotated[str, Field(max_length=500, pattern=LINE)] | None = None


class Change(_Input):
    """What is to be changed; what is not given stays."""

    url: Annotated[str, Field(min_length=1, max_length=2000)] | None = None
    filter: FilterInput | None = None
    state: Literal["active", "paused"] | None = None
    description: Annotated[str, Field(max_length=500, pattern=LINE)] | None = None


class Rotation(_Input):
    """How long the secret before goes on signing."""

    overlap_hours: Annotated[int, Field(ge=0, le=MAX_OVERLAP_HOURS)] = int(OVERLAP.total_seconds()) // 3600


class Replay(_Input):
    """From which entry on to deliver again."""

    from_seq: Seq


class Nothing(_Input):
    """A body without content."""


Model = TypeVar("Model", bound=_Input)


def read(model: type[Model], body: bytes) -> Model:
    """The body as a model; an empty one counts as ``{}``.

    Raises ``Problem`` 400 for what is no JSON, 422 for what does not fit.
    """
    try:
        return model.model_validate_json(body.strip() or b"{}")
    except ValidationError as error:
        if any(item["type"] == "json_invalid" for item in error.errors(include_url=False)):
            ru, en = "Тело запроса – не JSON", "The body is not JSON"
            raise Problem(400, "Bad request", f"{en} / {ru}", [finding("", ru, en)]) from None
        raise refused(*map(_ours, findings_from_validation(error))) from None


def _ours(found: Finding) -> Finding:
    # H2 speaks of records of measures; how a request is written has no rule of the house.
    return Finding(found.pointer, FORMAT, found.text) if found.rule == "H2" else found
