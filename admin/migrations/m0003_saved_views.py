"""Views of lists that a person has saved: a name and the filters of an address."""

from register.database import Dialect, Migration
from register.migrations.columns import moment, serial_key, text


def statements(dialect: Dialect) -> list[str]:
    """The SQL of this step. A name is used once on each list of a person."""
    return [
        f"""CREATE TABLE saved_view ({serial_key(dialect)}, account BIGINT NOT NULL REFERENCES account (id),
    {text("list", 40)}, {text("name", 80)}, {text("query", 1000)}, {moment("created_at", dialect)},
    UNIQUE (account, list, name))""",
    ]


MIGRATION = Migration("admin.0003_saved_views", statements)
