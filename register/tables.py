"""The tables for Piccolo's query builder. The schema itself is in `register.migrations`.

Piccolo knows no key of several columns: where a table has one, the column marked `primary_key`
here is only the one that Piccolo returns after an insert.
"""

from piccolo.columns import (
    JSON,
    BigInt,
    BigSerial,
    Bytea,
    Date,
    Integer,
    Text,
    Timestamptz,
    Varchar,
)
from piccolo.table import Table

from register.database import Database


class JournalHead(Table, tablename="journal_head"):
    """The one row that holds the last number given."""

    id = Integer(primary_key=True)
    seq = BigInt()
    recorded_at = Timestamptz()


class Entry(Table, tablename="entry"):
    """One entry of the journal, as it was recorded. Written only by `register.journal.append`."""

    seq = BigInt(primary_key=True)
    recorded_at = Timestamptz()
    type = Varchar(length=40)
    subject = Varchar(length=40)
    reason = Varchar(length=20)
    header = Bytea()
    body = Bytea()


class MeasureNumber(Table, tablename="measure_number"):
    """A number given to a measure of a state in a year; never given again."""

    state = Varchar(length=2, primary_key=True)
    year = Integer()
    number = Integer()


class Announcement(Table, tablename="announcement"):
    """A date that was announced, and the entry that announced it."""

    type = Varchar(length=40)
    subject = Varchar(length=40, primary_key=True)
    on_date = Date(default=None)
    line = Integer(default=0)
    seq = BigInt()


class JobRun(Table, tablename="job_run"):
    """A run of a scheduled job, so that of two processes one runs it."""

    job = Varchar(length=60, primary_key=True)
    slot = Varchar(length=40)
    started_at = Timestamptz()


class Draft(Table, tablename="draft"):
    """Something on its way into the journal; `doubts` are cells that a clerk must settle."""

    id = BigSerial(primary_key=True)
    state = Varchar(length=20, default="draft")
    kind = Varchar(length=20)
    content = JSON()
    doubts = JSON(default="[]")
    source = Varchar(length=300)
    version = Integer(default=1)
    created_at = Timestamptz()
    updated_at = Timestamptz()
    published_seq = BigInt(null=True, default=None)
    author = BigInt(null=True, default=None)
    author_name = Varchar(length=200, null=True, default=None)
    submitter = BigInt(null=True, default=None)
    submitter_name = Varchar(length=200, null=True, default=None)
    approver = BigInt(null=True, default=None)
    approver_name = Varchar(length=200, null=True, default=None)
    returned_reason = Text(null=True, default=None)
    publish_at = Timestamptz(null=True, default=None)
    measure = Varchar(length=40, null=True, default=None)
    base_version = Integer(null=True, default=None)


class NomenclatureEdition(Table, tablename="nomenclature_edition"):
    """An edition of the TN VED that was loaded."""

    id = BigSerial(primary_key=True)
    number = Varchar(length=100)
    applies_from = Date(default=None)
    source = Varchar(length=300)
    loaded_at = Timestamptz()
    digest = Varchar(length=64)


class NomenclatureName(Table, tablename="nomenclature_name"):
    """The name of a code in an edition, with the dates between which the code is valid."""

    edition = BigInt()
    code = Varchar(length=10, primary_key=True)
    line = Integer(default=0)
    name_ru = Text()
    name_en = Text(null=True, default=None)
    valid_from = Date(null=True, default=None)
    valid_to = Date(null=True, default=None)


class Idempotency(Table, tablename="idempotency"):
    """The answer kept for a request that bears an `Idempotency-Key`."""

    key = Varchar(length=200, primary_key=True)
    scope = Varchar(length=100)
    request_hash = Varchar(length=64)
    status = Integer(null=True, default=None)
    response = Bytea(null=True, default=None)
    created_at = Timestamptz()


TABLES: tuple[type[Table], ...] = (
    JournalHead,
    Entry,
    MeasureNumber,
    Announcement,
    JobRun,
    Draft,
    NomenclatureEdition,
    NomenclatureName,
    Idempotency,
)


def bind(database: Database) -> None:
    """Let queries on these tables run in `database`; the last one bound counts."""
    database.bind(*TABLES)
