"""Witnesses of the log, and what they have cosigned. A cosignature is evidence: it is never changed or deleted."""

from register.database import Dialect, Migration
from register.migrations.columns import append_only, moment, serial_key, text


def statements(dialect: Dialect) -> list[str]:
    """The SQL of this step.

    A witness that is removed stays, so that it is known whose old cosignatures are. `stamped_at` is POSIX seconds, as
    the witness has signed them.
    """
    return [
        f"""CREATE TABLE witness ({serial_key(dialect)}, {text("name", 200)}, {text("verifier_key", 500)},
    {moment("added_at", dialect)}, {moment("removed_at", dialect, null=True)})""",
        "CREATE UNIQUE INDEX witness_name ON witness (name) WHERE removed_at IS NULL",
        "CREATE UNIQUE INDEX witness_key ON witness (verifier_key) WHERE removed_at IS NULL",
        f"""CREATE TABLE cosignature ({serial_key(dialect)}, {text("verifier_key", 500)},
    size BIGINT NOT NULL CHECK (size >= 0), {text("root", 44)}, stamped_at BIGINT NOT NULL CHECK (stamped_at > 0),
    {text("line", 1000)}, {moment("received_at", dialect)}, UNIQUE (verifier_key, size, stamped_at))""",
        *append_only("cosignature", dialect),
    ]


MIGRATION = Migration("feeds.0002_cosignatures", statements)
