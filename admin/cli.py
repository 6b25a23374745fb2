"""The console script ``register``."""

from __future__ import annotations

import logging
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from admin import backup, demonstration
from admin.accounts import commands as accounts_commands
from admin.console import opened, run, settings
from admin.moved_days.commands import command as moved_days_command
from admin.notices.commands import mail_test
from admin.settings import Settings
from admin.subscribers import subscriber
from admin.witnesses import witness
from register import intake, nomenclature
from register.words import Language

console = Console(stderr=True, highlight=False)


@asynccontextmanager
async def progress(what: str) -> AsyncIterator[Callable[[int, int], None]]:
    """A bar on a terminal for long loads; gives ``(done, total) -> None``."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=not console.is_terminal) as bar:
        task = bar.add_task(what, total=None)

        def step(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        yield step


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="eaeu-measures-register")
def main() -> None:
    """The Register of separate export measures. Settings are environment variables REGISTER_…: see docs/settings.md."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    for noisy in ("apscheduler", "httpx"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


@main.command("migrate")
def migrate_command() -> None:
    """Bring the database's schema up to date. Running it twice, or from two processes at once, does no harm."""
    chosen = settings()

    async def work() -> None:
        async with opened(chosen):
            console.print("The schema is up to date.")

    run(work)


@main.command()
@click.option("--host", default=None, help="Address to listen on [REGISTER_HOST, 127.0.0.1]")
@click.option("--port", default=None, type=click.IntRange(0, 65_535), help="Port to listen on [REGISTER_PORT, 8000]")
@click.option("--demo", is_flag=True, help="Load the demonstration table first, into an empty journal only")
def serve(host: str | None, port: int | None, demo: bool) -> None:
    """Serve the Register: pages, API, feeds."""
    from admin.serving import serve as run_server

    given = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
    chosen = settings().model_copy(update=given)
    if demo:
        report = run(lambda: _demonstration(chosen))
        if report is not None:
            counts = ", ".join(f"{number} {outcome.replace('_', ' ')}" for outcome, number in report.counts.items())
            console.print(f"Demonstration table: {counts} (held: left to a clerk for doubts; refused: imports only)")
    run_server(chosen, demonstration=run(lambda: _is_demonstration(chosen)))


async def _demonstration(chosen: Settings) -> intake.LoadReport | None:
    async with opened(chosen) as database, progress("Loading the demonstration table") as step:
        return await demonstration.load(database, today=_today(chosen), progress=step)


async def _is_demonstration(chosen: Settings) -> bool:
    async with opened(chosen) as database:
        return await demonstration.loaded(database)


def _today(chosen: Settings) -> date:
    return datetime.now(ZoneInfo(chosen.time_zone)).date()


def _included_on(_: click.Context, __: click.Parameter, value: str | None) -> intake.IncludedOn | None:
    if value is None:
        return None
    if value == "effective":
        return "effective"
    try:
        return date.fromisoformat(value)
    except ValueError as error:
        raise click.BadParameter("a date YYYY-MM-DD, or the word effective") from error


@main.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--included-on",
    callback=_included_on,
    metavar="DATE|effective",
    help="For tables: the day of inclusion; `effective` takes each measure's first day in force. Default: today.",
)
@click.option("--language", type=click.Choice(["ru", "en"]), default="en", show_default=True, help="Of the report")
def load(files: tuple[Path, ...], included_on: intake.IncludedOn | None, language: Language) -> None:
    """Load notified measures from JSON, CSV or XLSX.

    Rows that can be read whole are published; rows with doubts wait as drafts for a clerk; import-only rows are
    refused. Exit status 0: every row was published or was there already; 1: some row was held back or refused;
    2: a file could not be read at all.
    """
    chosen = settings()

    async def work() -> intake.LoadReport:
        async with opened(chosen) as database, progress("Loading") as step:
            today = _today(chosen)
            when = today if included_on is None else included_on
            return await intake.load(database, list(files), included_on=when, today=today, progress=step)

    report = run(work)
    click.echo(report.text(language))
    sys.exit(report.exit_status)


@main.command("nomenclature")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--number", required=True, help="Number or name of the edition, such as 'Decision 80 of 14.09.2021'")
@click.option("--applies-from", required=True, type=click.DateTime(["%Y-%m-%d"]), help="First day it applies")
@click.option("--language", type=click.Choice(["ru", "en"]), default="en", show_default=True, help="Of the report")
def nomenclature_command(file: Path, number: str, applies_from: datetime, language: Language) -> None:
    """Load an edition of the TN VED: CSV or ZIP with code, name in Russian, optional English name, from, to."""
    chosen = settings()

    async def work() -> nomenclature.EditionReport:
        async with opened(chosen) as database, progress("Loading names") as step:
            return await nomenclature.load_edition(
                database, file, number=number, applies_from=applies_from.date(), progress=step
            )

    try:
        report = run(work)
    except nomenclature.EditionError as error:
        raise click.ClickException(error.text[language]) from error
    click.echo(report.text(language))
    sys.exit(report.exit_status)


@main.command()
@click.argument("directory", type=click.Path(file_okay=False, path_type=Path))
def export(directory: Path) -> None:
    """Write everything public as static files, each under its address, for any web server or object store.

    A second run writes only what is new; a broken off one goes on. See docs/operating.md.
    """
    from admin.serving import export as run_export

    written = run(lambda: run_export(settings(), directory))
    console.print(f"{written} files written to {directory}", markup=False)


@main.command()
@click.argument("url")
@click.argument("directory", type=click.Path(file_okay=False, path_type=Path))
@click.option("--follow", is_flag=True, help="Go on, by stream where there is one, until interrupted")
@click.option("--key", default=None, help="Verifier key of the log; without it the first one seen is kept")
@click.option(
    "--from",
    "start",
    type=click.Choice(["1", "snapshot"]),
    default="1",
    show_default=True,
    help="How an empty folder is begun: with every entry, or with what stands now and the past after it",
)
@click.option("--duties-until", type=click.DateTime(["%Y-%m-%d"]), default=None, help="A11(1), as the server has it")
@click.option("--language", type=click.Choice(["ru", "en"]), default="en", show_default=True)
def mirror(
    url: str,
    directory: Path,
    follow: bool,
    key: str | None,
    start: Literal["1", "snapshot"],
    duties_until: datetime | None,
    language: Language,
) -> None:
    """Mirror the Register at URL in DIRECTORY, every entry checked against the signed log.

    Exit status 0: the mirror is up to date; 1: the folder is damaged; 2: the server cannot be reached, or another
    process mirrors there; 3: what the server shows contradicts what was signed, and the last good state was kept.
    """
    from feeds.mirror import mirror_command

    until = duties_until and duties_until.date()
    sys.exit(mirror_command(url, directory, follow, key=key, duties_until=until, start=start, language=language))


@main.command()
@click.argument("target", required=False)
@click.option("--key", default=None, help="Verifier key of the log that is trusted")
@click.option("--language", type=click.Choice(["ru", "en"]), default="en", show_default=True)
def verify(target: str | None, key: str | None, language: Language) -> None:
    """Say in one line whether TARGET is whole: a server's address, a mirror, an export, or an extract (PDF).

    Without TARGET it is this Register's own journal against the last signed checkpoint. Exit status 0: whole; 1: not;
    2: it could not be checked.
    """
    from admin.verifying import verify as verify_target

    chosen = settings()
    verdict = run(lambda: verify_target(chosen, target, key))
    click.echo(verdict.line(language))
    sys.exit(verdict.exit_status)


@main.command("backup")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def backup_command(file: Path) -> None:
    """Write every table to one file that SQLite and PostgreSQL both take back. The signing key is not in it."""
    chosen = settings()

    async def work() -> int:
        async with opened(chosen) as database:
            return await backup.backup(database, file)

    console.print(f"{run(work)} rows written to {file}", markup=False)


@main.command("restore")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def restore_command(file: Path) -> None:
    """Put a backup into a database whose journal is empty; all or nothing."""
    chosen = settings()

    async def work() -> int:
        async with opened(chosen) as database:
            return await backup.restore(database, file)

    try:
        rows = run(work)
    except backup.BackupError as error:
        raise click.ClickException(str(error)) from error
    console.print(f"{rows} rows restored from {file}", markup=False)


def _sizes(_: click.Context, __: click.Parameter, value: str) -> list[int]:
    try:
        sizes = [int(size) for size in value.split(",")]
    except ValueError as error:
        raise click.BadParameter("whole numbers, comma-separated") from error
    if min(sizes) < 1:
        raise click.BadParameter("a journal has one measure at least")
    return sizes


@main.command()
@click.option(
    "--sizes",
    default="1000,10000,100000",
    callback=_sizes,
    show_default=True,
    help="Numbers of measures, comma-separated",
)
@click.option(
    "--seconds",
    default=0.25,
    show_default=True,
    type=click.FloatRange(0.1, 60),
    help="How long each endpoint of each size is asked in a round",
)
@click.option("--rounds", default=50, show_default=True, type=click.IntRange(1, 200), help="Rounds side by side")
@click.option(
    "--json", "json_path", type=click.Path(dir_okay=False, path_type=Path), help="Write the figures there too"
)
def bench(sizes: list[int], seconds: float, rounds: int, json_path: Path | None) -> None:
    """Measure speed and memory, side by side in one run, against a bare endpoint of the same server."""
    from admin.bench.run import run as run_bench

    run_bench(sizes, seconds, rounds, json_path=json_path)


for group in (subscriber, witness, *accounts_commands.groups):
    main.add_command(group)
main.add_command(moved_days_command)
main.add_command(mail_test)

if __name__ == "__main__":
    main()
