"""What can go wrong with the database, in our own words.

Callers catch these and never a driver's exception, so that one handler serves both engines.
"""

from typing import Literal

ConstraintKind = Literal["unique", "foreign_key", "check", "not_null", "other"]


class DatabaseError(Exception):
    """Any failure of the database; the others below are its kinds."""


class Conflict(DatabaseError):
    """A constraint refuses the data; `kind` says which sort of constraint."""

    def __init__(self, message: str, kind: ConstraintKind) -> None:
        super().__init__(message)
        self.kind: ConstraintKind = kind


class AppendOnly(DatabaseError):
    """The database itself refuses to change, delete or misnumber what may only be appended."""


class DatabaseUnavailable(DatabaseError):
    """The database cannot be reached, or stayed busy too long. Trying again later may help.

    When it is raised at the end of a transaction, the outcome of that transaction is unknown.
    """


class TransactionError(DatabaseError):
    """A transaction is used against its rules: nested, missing, over, failed, or by two at once."""
