"""Days that a decree moved, and years of which it is known that no more are: entered by the operator, with sources."""

from register.database import Dialect, Migration
from register.migrations.columns import date, moment, text


def statements(dialect: Dialect) -> list[str]:
    """The SQL of this step.

    `moved_days_state` has one row once something was entered: `revision` rises with every change, by which a process
    sees that another one changed something. Who entered a row is kept in words too, for the page.
    """
    entered = f"""{text("source", 300)}, {date("source_date", dialect)},
    entered_by BIGINT, {text("entered_by_name", 200)}, {moment("entered_at", dialect)}"""
    return [
        f"""CREATE TABLE moved_day ({text("calendar", 3)}, {date("day", dialect)},
    working SMALLINT NOT NULL CHECK (working IN (0, 1)), {entered}, PRIMARY KEY (calendar, day))""",
        f"""CREATE TABLE settled_year ({text("calendar", 3)}, year INTEGER NOT NULL CHECK (year BETWEEN 2000 AND 2100),
    {entered}, PRIMARY KEY (calendar, year))""",
        f"""CREATE TABLE moved_days_state (id INTEGER PRIMARY KEY NOT NULL CHECK (id = 1),
    revision BIGINT NOT NULL CHECK (revision > 0), {moment("changed_at", dialect)})""",
    ]


MIGRATION = Migration("consultations.0002_moved_days", statements)
