"""Marks of an installation: what has to be remembered of it and is no public fact, such as that its data are a demo."""

from register.database import Dialect, Migration
from register.migrations.columns import moment, text


def statements(dialect: Dialect) -> list[str]:
    """The SQL of this step."""
    return [
        f"CREATE TABLE mark ({text('name', 40)} PRIMARY KEY, {text('value', 300)}, {moment('set_at', dialect)})",
    ]


MIGRATION = Migration("admin.0001_mark", statements)
