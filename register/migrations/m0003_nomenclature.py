"""Names of the TN VED by edition."""

from register.database import Dialect, Migration
from register.migrations.columns import date, moment, serial_key, text


def statements(dialect: Dialect) -> list[str]:
    """The SQL of this step. `line` tells apart several periods of validity of one code."""
    return [
        f"""CREATE TABLE nomenclature_edition ({serial_key(dialect)}, {text("number", 100)} UNIQUE,
    {date("applies_from", dialect)}, {text("source", 300)}, {moment("loaded_at", dialect)},
    {text("digest", 64)})""",
        f"""CREATE TABLE nomenclature_name (
    edition BIGINT NOT NULL REFERENCES nomenclature_edition (id) ON DELETE CASCADE,
    {text("code", 10)}, line INTEGER NOT NULL DEFAULT 0, name_ru TEXT NOT NULL, name_en TEXT,
    {date("valid_from", dialect, null=True)}, {date("valid_to", dialect, null=True)},
    PRIMARY KEY (edition, code, line),
    CHECK (valid_from IS NULL OR valid_to IS NULL OR valid_from <= valid_to))""",
    ]


MIGRATION = Migration("register.0003_nomenclature", statements)
