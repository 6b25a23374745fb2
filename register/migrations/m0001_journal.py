"""The journal, the numbers given to measures, the dates announced and the runs of jobs."""

from register.database import Dialect, Migration
from register.migrations.columns import append_only, big_key, date, moment, octets, text

REFUSE_CHANGE = """CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'append-only: % of % is refused', TG_OP, TG_TABLE_NAME USING ERRCODE = 'RG001';
END $$"""

# The head may only go to the next number, and the commit fails while the entry of that number is
# missing (a deferred foreign key): no gap can be written, not even by hand.
POSTGRES = [
    """CREATE FUNCTION check_head() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.id <> OLD.id OR NEW.seq <> OLD.seq + 1 OR NEW.recorded_at < OLD.recorded_at THEN
        RAISE EXCEPTION 'append-only: journal_head goes up by one, and forward in time'
            USING ERRCODE = 'RG001';
    END IF;
    RETURN NEW;
END $$""",
    "CREATE TRIGGER journal_head_step BEFORE UPDATE ON journal_head FOR EACH ROW EXECUTE FUNCTION check_head()",
    "CREATE TRIGGER journal_head_stays BEFORE INSERT OR DELETE OR TRUNCATE ON journal_head "
    "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
    """CREATE FUNCTION check_entry() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.seq IS DISTINCT FROM (SELECT seq FROM journal_head WHERE id = 1) THEN
        RAISE EXCEPTION 'append-only: entry % is not the head of the journal', NEW.seq
            USING ERRCODE = 'RG001';
    END IF;
    PERFORM pg_notify('journal', NEW.seq::text);
    RETURN NEW;
END $$""",
    "CREATE TRIGGER entry_in_order BEFORE INSERT ON entry FOR EACH ROW EXECUTE FUNCTION check_entry()",
]

# INSERT OR REPLACE would delete without meeting a DELETE trigger on a connection that is not ours:
# hence the look for a row that is there already.
SQLITE = [
    """CREATE TRIGGER journal_head_step BEFORE UPDATE ON journal_head
WHEN NEW.id <> OLD.id OR NEW.seq <> OLD.seq + 1 OR NEW.recorded_at < OLD.recorded_at
BEGIN SELECT RAISE(ABORT, 'append-only: journal_head goes up by one, and forward in time'); END""",
    """CREATE TRIGGER journal_head_no_insert BEFORE INSERT ON journal_head
BEGIN SELECT RAISE(ABORT, 'append-only: INSERT of journal_head is refused'); END""",
    """CREATE TRIGGER journal_head_no_delete BEFORE DELETE ON journal_head
BEGIN SELECT RAISE(ABORT, 'append-only: DELETE of journal_head is refused'); END""",
    """CREATE TRIGGER entry_in_order BEFORE INSERT ON entry
WHEN NEW.seq IS NOT (SELECT seq FROM journal_head WHERE id = 1)
    OR EXISTS (SELECT 1 FROM entry WHERE seq = NEW.seq)
BEGIN SELECT RAISE(ABORT, 'append-only: entry is not the head of the journal'); END""",
]


def statements(dialect: Dialect) -> list[str]:
    """The SQL of this step."""
    tables = [
        f"""CREATE TABLE entry ({big_key("seq", dialect)}, {moment("recorded_at", dialect)},
    {text("type", 40)}, {text("subject", 40)}, {text("reason", 20)},
    {octets("header", dialect)}, {octets("body", dialect)})""",
        "CREATE INDEX entry_subject ON entry (subject, seq)",
        f"""CREATE TABLE journal_head (id INTEGER PRIMARY KEY NOT NULL CHECK (id = 1),
    seq BIGINT NOT NULL CHECK (seq >= 0), {moment("recorded_at", dialect)},
    last_entry BIGINT GENERATED ALWAYS AS (nullif(seq, 0)) STORED
        REFERENCES entry (seq) DEFERRABLE INITIALLY DEFERRED)""",
        "INSERT INTO journal_head (id, seq, recorded_at) VALUES (1, 0, '1970-01-01 00:00:00+00:00')",
        f"""CREATE TABLE measure_number ({text("state", 2)}, year INTEGER NOT NULL,
    number INTEGER NOT NULL CHECK (number > 0), PRIMARY KEY (state, year, number))""",
        f"""CREATE TABLE announcement ({text("type", 40)}, {text("subject", 40)},
    {date("on_date", dialect)}, line INTEGER NOT NULL DEFAULT 0,
    seq BIGINT NOT NULL REFERENCES entry (seq), PRIMARY KEY (type, subject, on_date, line))""",
        f"""CREATE TABLE job_run ({text("job", 60)}, {text("slot", 40)},
    {moment("started_at", dialect)}, PRIMARY KEY (job, slot))""",
    ]
    guards = [REFUSE_CHANGE, *POSTGRES] if dialect == "postgres" else SQLITE
    kept = ("entry", "measure_number", "announcement")
    return [*tables, *guards, *(line for table in kept for line in append_only(table, dialect))]


MIGRATION = Migration("register.0001_journal", statements)
