"""`rapport measures import FILE.csv`"""

from __future__ import annotations

from pathlib import Path

import click

from server.accounts.import_command import BAD_ROWS, UNREADABLE, ImportRuntime
from server.accounts.salesforce_csv import ImportUnreadable
from server.accounts.salesforce_values import DateFormat
from server.measures.import_measures import read_measures, write_measures

_SHOWN = 50


@click.group()
def measures() -> None:
    """Sentiment, licence use and answers to surveys."""


@measures.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Check all rows and write nothing.")
@click.option(
    "--date-format",
    type=click.Choice([shape.value for shape in DateFormat]),
    help="How dates such as 03/04/2026 are meant; 2026-04-03 is always understood.",
)
@click.pass_obj
def import_measures(runtime: ImportRuntime, file: Path, dry_run: bool, date_format: str | None) -> None:
    """Read measures from a table with the columns Account ID (or Account Name, or Domain), Measure, Value and Date,
    and, if it has them, Contact Email, Note and Key.

    Measure is sentiment (green, yellow, red), licence_use (percent) or nps (0 to 10). If one row is bad, nothing is
    written. The same row again is written once. Exit code: 0 all well, 1 bad rows, 2 unreadable.
    """
    shape = DateFormat(date_format) if date_format else None
    context = click.get_current_context()
    opened = runtime.db.reading if dry_run else runtime.db.transaction
    try:
        with file.open("rb") as source, opened() as session:
            now = runtime.clock.now()
            read = read_measures(session, source, date_format=shape, now=now)
            new = 0 if read.problems or dry_run else write_measures(session, read, now=now)
    except ImportUnreadable as error:
        click.echo(f"{file.name} cannot be imported. {error}\nNothing was written.", err=True)
        context.exit(UNREADABLE)
    if read.unknown_columns:
        click.echo(f"Columns that were not used: {', '.join(read.unknown_columns)}")
    for problem in read.problems[:_SHOWN]:
        value = f'"{problem.value}" ' if problem.value else ""
        click.echo(f"Line {problem.line}, {problem.column}: {value}{problem.reason}.")
    if len(read.problems) > _SHOWN:
        click.echo(f"and {len(read.problems) - _SHOWN:,} more errors")
    if read.problems:
        click.echo(f"{len(read.problems):,} of {read.rows:,} rows are bad: nothing was written.")
        context.exit(BAD_ROWS)
    if dry_run:
        click.echo(f"{read.rows:,} measures read. This was a dry run: nothing was written.")
    else:
        click.echo(f"{read.rows:,} measures read, {new:,} of them new.")
