"""One way to write SQL for both engines: `{}` stands for a value."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from string import Formatter
from typing import Any, Literal

from register.database.errors import DatabaseError

Dialect = Literal["sqlite", "postgres"]


@lru_cache(maxsize=1024)
def _parsed(template: str, dialect: Dialect) -> tuple[str, int]:
    parts: list[str] = []
    count = 0
    for text, field, spec, conversion in Formatter().parse(template):
        parts.append(text)
        if field is None:
            continue
        if field or spec or conversion:
            raise DatabaseError(f"only an empty {{}} may stand for a value in SQL: {template}")
        count += 1
        parts.append("?" if dialect == "sqlite" else f"${count}")
    return "".join(parts), count


def compiled(template: str, dialect: Dialect, values: Sequence[Any]) -> str:
    """The text for the engine; raises `DatabaseError` when the number of values differs."""
    text, count = _parsed(template, dialect)
    if count != len(values):
        raise DatabaseError(f"{count} values expected, {len(values)} given: {template}")
    return text


def check_values(values: Sequence[Any]) -> None:
    """Refuse what the two engines would keep differently.

    A time without a zone (local time on one engine, UTC on the other), a `Decimal` (a float on
    SQLite: keep money as text) and text with U+0000 (PostgreSQL cannot keep it).
    """
    for value in values:
        if isinstance(value, datetime):
            if value.tzinfo is None:
                raise DatabaseError(f"a time needs a time zone to be stored: {value!r}")
        elif isinstance(value, str):
            if "\x00" in value:
                raise DatabaseError("text with the character U+0000 cannot be stored")
        elif isinstance(value, Decimal):
            raise DatabaseError(f"a decimal is stored as text, not as a number: {value!r}")
