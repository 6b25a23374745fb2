"""Accounts, sessions, tokens, attempts to sign in, forms kept over a sign-in, and the audit trail."""

from register.database import Dialect, Migration
from register.migrations.columns import append_only, big_key, json, moment, octets, serial_key, text

ROLES = "'clerk', 'approver', 'official', 'auditor', 'operator'"
STATES = "'AM', 'BY', 'KZ', 'KG', 'RU'"

# The number after the last one, and nothing else: a row can be neither left out nor put in between.
POSTGRES = [
    """CREATE FUNCTION check_audit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.seq <> (SELECT COALESCE(MAX(seq), 0) + 1 FROM audit) THEN
        RAISE EXCEPTION 'append-only: audit rows are numbered without gaps' USING ERRCODE = 'RG001';
    END IF;
    RETURN NEW;
END $$""",
    "CREATE TRIGGER audit_in_order BEFORE INSERT ON audit FOR EACH ROW EXECUTE FUNCTION check_audit()",
]
SQLITE = [
    """CREATE TRIGGER audit_in_order BEFORE INSERT ON audit
WHEN NEW.seq IS NOT (SELECT COALESCE(MAX(seq), 0) + 1 FROM audit)
BEGIN SELECT RAISE(ABORT, 'append-only: audit rows are numbered without gaps'); END""",
]


def statements(dialect: Dialect) -> list[str]:
    """The SQL of this step. What is yes or no is a moment: null, or since when."""

    def at(name: str) -> str:
        return moment(name, dialect)

    def maybe(name: str) -> str:
        return moment(name, dialect, null=True)

    return [
        f"""CREATE TABLE account ({serial_key(dialect)},
    {text("email", 254)}, {text("email_key", 254)} UNIQUE, {text("name", 200)},
    role VARCHAR(20) NOT NULL CHECK (role IN ({ROLES})), state VARCHAR(2) CHECK (state IN ({STATES})),
    language VARCHAR(2) NOT NULL CHECK (language IN ('ru', 'en')),
    {text("password_hash", 300, null=True)}, {maybe("password_expires_at")}, {maybe("password_set_at")},
    {text("totp_secret", 300, null=True)}, {text("totp_pending", 300, null=True)}, totp_step BIGINT,
    {at("created_at")}, {maybe("deactivated_at")}, {maybe("last_sign_in_at")},
    CHECK ((role = 'official') = (state IS NOT NULL)))""",
        f"""CREATE TABLE recovery_code (account BIGINT NOT NULL REFERENCES account (id),
    {text("hash", 64)}, {maybe("used_at")}, PRIMARY KEY (account, hash))""",
        f"""CREATE TABLE session ({text("id", 64)} PRIMARY KEY,
    account BIGINT NOT NULL REFERENCES account (id), {text("csrf", 64)},
    {at("created_at")}, {at("seen_at")}, {maybe("ended_at")}, {maybe("second_factor_at")},
    {text("address", 60)}, {text("user_agent", 200)})""",
        "CREATE INDEX session_account ON session (account, created_at)",
        f"""CREATE TABLE token ({serial_key(dialect)}, {text("hash", 64)} UNIQUE, {text("hint", 12)},
    account BIGINT REFERENCES account (id), {text("name", 100)}, {json("scopes", dialect)},
    {at("created_at")}, {maybe("expires_at")}, {maybe("revoked_at")}, {maybe("used_at")},
    created_by BIGINT REFERENCES account (id))""",
        f"""CREATE TABLE attempt ({serial_key(dialect)}, {text("key", 64)}, {text("address", 60)}, {at("at")},
    {maybe("succeeded_at")})""",
        "CREATE INDEX attempt_key ON attempt (key, at)",
        "CREATE INDEX attempt_address ON attempt (address, at)",
        f"""CREATE TABLE parked ({text("id", 64)} PRIMARY KEY, account BIGINT NOT NULL REFERENCES account (id),
    {text("path", 500)}, {octets("fields", dialect)}, {at("created_at")})""",
        "CREATE INDEX parked_account ON parked (account, created_at)",
        f"""CREATE TABLE audit ({big_key("seq", dialect)}, {at("at")}, actor BIGINT, {text("actor_name", 200)},
    {text("address", 60)}, {text("action", 60)}, {text("subject", 100)}, {text("outcome", 20)},
    {json("detail", dialect)}, {text("digest", 64)})""",
        "CREATE INDEX audit_actor ON audit (actor, seq)",
        "CREATE INDEX audit_subject ON audit (subject, seq)",
        *(POSTGRES if dialect == "postgres" else SQLITE),
        *append_only("audit", dialect),
    ]


MIGRATION = Migration("admin.0002_accounts", statements)
