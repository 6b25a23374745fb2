"""``register moved-days FILE``: a year's moved days from a CSV file."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from admin.accounts.audit import audit
from admin.accounts.commands import COMMAND
from admin.console import opened, run, settings
from admin.moved_days.reading import read_rows
from consultations.moved_days import MovedDaysRefused, add
from consultations.working_days import MovedDay
from register.findings import Finding
from register.sheets import SheetError
from register.words import Language


@click.command("moved-days")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--language", type=click.Choice(["ru", "en"]), default="en", show_default=True, help="Of the report")
def command(file: Path, language: Language) -> None:
    """Enter moved days from a CSV file with the columns calendar, day, kind, source, source_date; all or nothing.

    Calendars: AM, BY, KZ, KG, RU, EEC. Kinds: working, off; or complete, with a year in place of the day.
    """
    chosen = settings()
    try:
        rows = read_rows(file)
    except SheetError as error:
        raise click.ClickException(error.text[language]) from error
    if rows.faults:
        raise click.ClickException(_written(rows.faults, language))

    async def work() -> None:
        now = datetime.now(UTC)
        async with opened(chosen) as database:
            today = now.astimezone(ZoneInfo(chosen.time_zone)).date()
            await add(database, COMMAND, rows.given, today=today, now=now, audit=audit, places=rows.places)

    try:
        run(work)
    except MovedDaysRefused as error:
        raise click.ClickException(_written(error.findings, language)) from error
    days = sum(isinstance(one, MovedDay) for one in rows.given)
    years = len(rows.given) - days
    click.echo(
        f"Внесено: дней – {days}, полных лет – {years}"
        if language == "ru"
        else f"Entered: {days} days, {years} complete years"
    )


def _written(findings: Iterable[Finding], language: Language) -> str:
    lines = []
    for found in findings:
        _, _, row, column = found.pointer.split("/")
        word = "строка" if language == "ru" else "row"
        lines.append(f"{word} {row}, {column}: {found.text[language]}")
    return "\n".join(lines)
