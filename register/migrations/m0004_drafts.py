"""Who does what with a draft and when, every version of it, and the acts attached to it."""

from register.database import Dialect, Migration
from register.migrations.columns import append_only, moment, serial_key, text

PERSONS = ("author", "submitter", "approver")


def statements(dialect: Dialect) -> list[str]:
    """The SQL of this step. `draft_event` keeps the content of each version, so that nothing typed is lost."""
    people = [part for who in PERSONS for part in (f"{who} BIGINT", text(f"{who}_name", 200, null=True))]
    columns = [
        *people,
        "returned_reason TEXT",
        moment("publish_at", dialect, null=True),
        text("measure", 40, null=True),
        "base_version INTEGER CHECK (base_version > 0)",
    ]
    valid = " CHECK (content IS NULL OR json_valid(content))" if dialect == "sqlite" else ""
    return [
        *(f"ALTER TABLE draft ADD COLUMN {column}" for column in columns),
        "CREATE INDEX draft_due ON draft (state, publish_at)",
        f"""CREATE TABLE draft_event ({serial_key(dialect)},
    draft BIGINT NOT NULL REFERENCES draft (id), {moment("at", dialect)},
    actor BIGINT, {text("actor_name", 200)}, {text("action", 20)},
    {text("from_state", 20)}, {text("state", 20)}, version INTEGER NOT NULL CHECK (version > 0),
    content JSON{valid}, note TEXT)""",
        "CREATE INDEX draft_event_of ON draft_event (draft, id)",
        f"""CREATE TABLE attachment ({text("sha256", 64)} PRIMARY KEY, size BIGINT NOT NULL CHECK (size > 0),
    {text("media_type", 100)}, {moment("added_at", dialect)})""",
        f"""CREATE TABLE draft_attachment (draft BIGINT NOT NULL REFERENCES draft (id),
    {text("sha256", 64)} REFERENCES attachment (sha256), {text("name", 255)},
    added_by BIGINT, {text("added_by_name", 200)}, {moment("added_at", dialect)},
    PRIMARY KEY (draft, sha256))""",
        "CREATE INDEX draft_attachment_of ON draft_attachment (sha256)",
        *append_only("draft_event", dialect),
    ]


MIGRATION = Migration("register.0004_drafts", statements)
