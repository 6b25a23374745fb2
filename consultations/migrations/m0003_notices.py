"""Notices: what has happened, who is told of it, the mails that are due, and how each person wants them.

Personal data lie here and never in the journal: `person` is the number of an account. Nothing refers to the accounts
by a foreign key, since they belong to a package above.
"""

from register.database import Dialect, Migration
from register.migrations.columns import json, moment, serial_key, text

STATES = "'AM', 'BY', 'KZ', 'KG', 'RU'"


def statements(dialect: Dialect) -> list[str]:
    """The SQL of this step.

    `notice_happening.key` and the pair `person`, `happening` are what keeps anything from being told twice.
    `lease` is held by the process that works on a mail; `handed_at` is set before the message goes over the wire: a
    lease that runs out after that leaves a mail of which nobody knows whether it arrived.
    """

    def maybe(name: str) -> str:
        return moment(name, dialect, null=True)

    return [
        f"""CREATE TABLE notice_setting (person BIGINT PRIMARY KEY NOT NULL,
    language VARCHAR(2) NOT NULL CHECK (language IN ('ru', 'en')),
    delivery VARCHAR(10) NOT NULL CHECK (delivery IN ('at_once', 'digest', 'none')),
    digest_hour INTEGER NOT NULL CHECK (digest_hour BETWEEN 0 AND 23),
    {json("muted", dialect)}, {moment("changed_at", dialect)})""",
        f"""CREATE TABLE notice_happening ({text("key", 200)} PRIMARY KEY,
    {text("kind", 30)}, {text("consultation", 40)}, state VARCHAR(2) CHECK (state IN ({STATES})),
    {json("detail", dialect)}, {moment("at", dialect)}, {moment("noted_at", dialect)})""",
        f"""CREATE TABLE notice_mail ({serial_key(dialect)}, {text("key", 240)} UNIQUE, {text("token", 40)},
    person BIGINT, {text("address", 320, null=True)}, {json("content", dialect)},
    state VARCHAR(10) NOT NULL CHECK (state IN ('due', 'sent', 'failed', 'uncertain', 'dropped')),
    {moment("due_at", dialect)}, {moment("next_at", dialect)}, attempts INTEGER NOT NULL DEFAULT 0,
    {maybe("first_tried_at")}, {text("lease", 40, null=True)}, {maybe("leased_until")}, {maybe("handed_at")},
    {text("error", 500, null=True)}, {moment("created_at", dialect)}, {maybe("closed_at")},
    CHECK ((person IS NULL) <> (address IS NULL)), CHECK ((state = 'due') = (closed_at IS NULL)))""",
        "CREATE INDEX notice_mail_due ON notice_mail (state, next_at)",
        "CREATE INDEX notice_mail_person ON notice_mail (person, state)",
        f"""CREATE TABLE notice ({serial_key(dialect)}, person BIGINT NOT NULL,
    {text("happening", 200)} REFERENCES notice_happening (key), {text("mail", 240, null=True)},
    {moment("at", dialect)}, {maybe("read_at")}, UNIQUE (person, happening))""",
        "CREATE INDEX notice_of ON notice (person, id)",
        "CREATE INDEX notice_by_mail ON notice (mail)",
    ]


MIGRATION = Migration("consultations.0003_notices", statements)
