"""Drafts on their way to publication, and answers kept for repeated requests."""

from register.database import Dialect, Migration
from register.migrations.columns import json, moment, octets, serial_key, text

STATES = "'draft', 'submitted', 'returned', 'approved', 'published', 'withdrawn'"


def statements(dialect: Dialect) -> list[str]:
    """The SQL of this step."""
    return [
        f"""CREATE TABLE draft ({serial_key(dialect)},
    state VARCHAR(20) NOT NULL CHECK (state IN ({STATES})), {text("kind", 20)},
    {json("content", dialect)}, {json("doubts", dialect)}, {text("source", 300)},
    version INTEGER NOT NULL DEFAULT 1 CHECK (version > 0),
    {moment("created_at", dialect)}, {moment("updated_at", dialect)},
    published_seq BIGINT REFERENCES entry (seq))""",
        "CREATE INDEX draft_state ON draft (state, id)",
        f"""CREATE TABLE idempotency ({text("key", 200)}, {text("scope", 100)}, {text("request_hash", 64)},
    status INTEGER, {octets("response", dialect, null=True)}, {moment("created_at", dialect)},
    PRIMARY KEY (key, scope))""",
        "CREATE INDEX idempotency_age ON idempotency (created_at)",
    ]


MIGRATION = Migration("register.0002_drafts", statements)
