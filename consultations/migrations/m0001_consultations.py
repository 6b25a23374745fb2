"""Consultations of P24: what they say, the positions and every revision of them, comments, documents, their history."""

from register.database import Dialect, Migration
from register.migrations.columns import append_only, date, json, moment, serial_key, text

OF = f"{text('consultation', 40)} REFERENCES consultation (id)"
APPENDED = ("consultation_position", "consultation_comment", "consultation_document", "consultation_event")


def statements(dialect: Dialect) -> list[str]:
    """The SQL of this step. A party is a state, or the empty text for the Commission."""
    valid = " CHECK (content IS NULL OR json_valid(content))" if dialect == "sqlite" else ""
    by = f"by_account BIGINT, {text('by_name', 200)}"
    return [
        # One row a year: the number of a consultation is given once and never again.
        "CREATE TABLE consultation_number (year INTEGER PRIMARY KEY NOT NULL, last INTEGER NOT NULL CHECK (last > 0))",
        f"""CREATE TABLE consultation ({text("id", 40)} PRIMARY KEY, {text("status", 30)},
    {text("state", 2)}, {text("initiator", 2)}, {json("content", dialect)},
    version INTEGER NOT NULL CHECK (version > 0), public_version INTEGER NOT NULL CHECK (public_version > 0),
    seq BIGINT NOT NULL CHECK (seq > 0), {date("initiated_on", dialect)},
    {moment("created_at", dialect)}, {moment("updated_at", dialect)},
    initiated_by BIGINT, {text("initiated_by_name", 200)})""",
        "CREATE INDEX consultation_status ON consultation (status)",
        f"""CREATE TABLE consultation_position ({serial_key(dialect)}, {OF}, {text("party", 2)},
    revision INTEGER NOT NULL CHECK (revision > 0), {text("stance", 20)}, reasons TEXT,
    {moment("at", dialect)}, {by}, UNIQUE (consultation, party, revision))""",
        f"""CREATE TABLE consultation_comment ({serial_key(dialect)}, {OF}, {text("party", 2)},
    parent BIGINT REFERENCES consultation_comment (id), text TEXT NOT NULL, {moment("at", dialect)}, {by})""",
        "CREATE INDEX consultation_comment_of ON consultation_comment (consultation, id)",
        f"""CREATE TABLE consultation_document ({serial_key(dialect)}, {OF}, {text("sha256", 64)}, {text("name", 255)},
    size BIGINT NOT NULL CHECK (size > 0), {text("media_type", 100)}, {text("party", 2)},
    {moment("at", dialect)}, {by}, UNIQUE (consultation, sha256))""",
        f"""CREATE TABLE consultation_event ({serial_key(dialect)}, {OF}, {moment("at", dialect)},
    {by}, {text("party", 2)}, {text("action", 20)}, {text("from_status", 30)}, {text("status", 30)},
    version INTEGER NOT NULL CHECK (version > 0), note TEXT, content JSON{valid})""",
        "CREATE INDEX consultation_event_of ON consultation_event (consultation, id)",
        # Which draft was made of a decision: of its permission, or of the end of it.
        f"""CREATE TABLE consultation_draft (draft BIGINT PRIMARY KEY NOT NULL REFERENCES draft (id), {OF},
    {text("kind", 20)}, {text("measure", 40)}, {moment("at", dialect)})""",
        "CREATE INDEX consultation_draft_of ON consultation_draft (consultation)",
        *(statement for table in APPENDED for statement in append_only(table, dialect)),
    ]


MIGRATION = Migration("consultations.0001_consultations", statements)
