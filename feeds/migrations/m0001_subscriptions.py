"""Webhooks: who may subscribe, the subscriptions with how far each has come, the log of attempts, mails due."""

from register.database import Dialect, Migration
from register.migrations.columns import moment, serial_key, text

PAUSES = "'owner', 'failing', 'gone'"


def statements(dialect: Dialect) -> list[str]:
    """The SQL of this step.

    `epoch` goes up when the owner moves or stops a subscription: what was on its way before then no longer counts.
    `webhook_change` goes up with every change by an owner: the process that delivers looks at this one row.
    The log and the mails have no foreign key, so that an attempt that ends after a deletion can be written with others.
    """
    return [
        f"""CREATE TABLE subscriber_token ({serial_key(dialect)}, {text("token_hash", 64)} UNIQUE,
    {text("name", 80)}, {text("email", 320)}, {text("scopes", 300)}, {moment("created_at", dialect)},
    {moment("expires_at", dialect, null=True)}, {moment("revoked_at", dialect, null=True)},
    {moment("last_used_at", dialect, null=True)})""",
        f"""CREATE TABLE webhook_subscription ({text("id", 40)} PRIMARY KEY,
    {text("owner", 100)}, {text("owner_email", 320)}, {text("url", 2000)}, {text("wanted", 4000)},
    {text("description", 500, null=True)}, {text("secret", 100)}, {text("old_secret", 100, null=True)},
    {moment("old_secret_until", dialect, null=True)},
    state VARCHAR(10) NOT NULL CHECK (state IN ('active', 'paused')),
    paused_reason VARCHAR(10) CHECK (paused_reason IN ({PAUSES})), {moment("paused_at", dialect, null=True)},
    cursor_seq BIGINT NOT NULL CHECK (cursor_seq >= 0), failures INTEGER NOT NULL DEFAULT 0 CHECK (failures >= 0),
    {moment("failing_since", dialect, null=True)}, {moment("next_attempt_at", dialect, null=True)},
    epoch BIGINT NOT NULL DEFAULT 1, {moment("created_at", dialect)}, {moment("updated_at", dialect)},
    CHECK ((state = 'paused') = (paused_reason IS NOT NULL)))""",
        "CREATE INDEX webhook_subscription_owner ON webhook_subscription (owner, created_at)",
        f"""CREATE TABLE webhook_delivery ({serial_key(dialect)}, {text("subscription", 40)},
    {text("message", 100)}, seq BIGINT, attempt INTEGER NOT NULL CHECK (attempt > 0),
    {moment("at", dialect)}, status INTEGER, duration_ms INTEGER NOT NULL,
    {text("error", 20, null=True)}, {text("excerpt", 500)})""",
        "CREATE INDEX webhook_delivery_of ON webhook_delivery (subscription, id)",
        "CREATE INDEX webhook_delivery_age ON webhook_delivery (at)",
        f"""CREATE TABLE webhook_notice ({serial_key(dialect)}, {text("subscription", 40)},
    {text("owner", 100)}, {text("owner_email", 320)}, {text("url", 2000)}, {text("reason", 10)},
    seq BIGINT NOT NULL, {text("error", 20)}, status INTEGER,
    {moment("created_at", dialect)}, {moment("sent_at", dialect, null=True)})""",
        "CREATE INDEX webhook_notice_due ON webhook_notice (sent_at, id)",
        "CREATE TABLE webhook_change (id INTEGER PRIMARY KEY NOT NULL CHECK (id = 1), revision BIGINT NOT NULL)",
        "INSERT INTO webhook_change (id, revision) VALUES (1, 0)",
    ]


MIGRATION = Migration("feeds.0001_subscriptions", statements)
