"""What the import commands show: progress on stderr, the report on stdout, an exit code."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, Protocol

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from sqlalchemy.orm import Session

from server.accounts import import_report
from server.accounts.import_passes import CheckedImport, ImportOvertaken, write_import
from server.accounts.import_report import ImportOptions, ImportReport, RowProblem, Stage, no_progress
from server.accounts.salesforce_csv import ImportUnreadable
from server.accounts.salesforce_values import DateFormat, DecimalMark
from server.clock import Clock
from server.db import Database

BAD_ROWS, UNREADABLE, OVERTAKEN = 1, 2, 3  # exit codes; 0 is all well
_ERRORS_SHOWN = 50


class ImportRuntime(Protocol):
    @property
    def db(self) -> Database: ...
    @property
    def clock(self) -> Clock: ...


class CheckDeed(Protocol):
    def __call__(
        self,
        session: Session,
        rows_source: BinaryIO,
        *,
        options: ImportOptions,
        now: datetime,
        progress: import_report.Progress = no_progress,
    ) -> CheckedImport[Any]: ...


def import_options(command: Callable[..., None]) -> Callable[..., None]:
    """The argument and the options that both imports have."""
    for decorate in (
        click.option("--decimal", type=click.Choice([mark.value for mark in DecimalMark]), default="dot",
                     show_default=True, help="What stands before the cents."),
        click.option("--date-format", type=click.Choice([shape.value for shape in DateFormat]),
                     help="How dates such as 03/04/2026 are meant; 2026-04-03 is always understood."),
        click.option("--skip-bad-rows", is_flag=True, help="Write the good rows even if others are bad."),
        click.option("--dry-run", is_flag=True, help="Say what would change and write nothing."),
        click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path)),
    ):  # fmt: skip
        command = decorate(command)
    return command


def run_import(
    check: CheckDeed, thing: str, *, file: Path, dry_run: bool, skip_bad_rows: bool, date_format: str | None,
    decimal: str,
) -> None:  # fmt: skip
    """Check the file, write it in one transaction, show the report, end with its exit code.

    The check only reads: on SQLite the pages of others can write meanwhile.
    """
    context = click.get_current_context()
    runtime: ImportRuntime = context.obj
    options = ImportOptions(
        dry_run=dry_run,
        skip_bad_rows=skip_bad_rows,
        date_format=DateFormat(date_format) if date_format else None,
        decimal=DecimalMark(decimal),
    )
    opened = runtime.db.reading if dry_run else runtime.db.transaction
    try:
        with file.open("rb") as source, _progress() as progress:
            with runtime.db.reading() as session:
                checked = check(session, source, options=options, now=runtime.clock.now(), progress=progress)
            if checked.is_refused:
                report = checked.report()
            else:
                with opened() as session:
                    report = write_import(session, checked, progress)
    except (ImportUnreadable, ImportOvertaken) as error:
        click.echo(f"{file.name} cannot be imported. {error}\nNothing was written.", err=True)
        context.exit(UNREADABLE if isinstance(error, ImportUnreadable) else OVERTAKEN)
    except OSError as error:
        click.echo(f"{file} cannot be read: {error.strerror or error}. Nothing was written.", err=True)
        context.exit(UNREADABLE)
    for line in _lines(report, thing):
        click.echo(line)
    context.exit(BAD_ROWS if report.bad_rows else 0)


@contextmanager
def _progress() -> Iterator[import_report.Progress]:
    console = Console(stderr=True)
    if not console.is_terminal:
        yield _PlainProgress()
        return
    shape = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*shape, console=console) as bar:
        tasks = {stage: bar.add_task(stage.value.capitalize(), total=1.0) for stage in Stage}
        yield lambda stage, fraction: bar.update(tasks[stage], completed=fraction)


class _PlainProgress:
    """A line for every 10 %, for logs."""

    def __init__(self) -> None:
        self._told: tuple[Stage, int] | None = None

    def __call__(self, stage: Stage, fraction: float) -> None:
        tens = int(fraction * 10)
        if tens and self._told != (stage, tens):
            self._told = (stage, tens)
            click.echo(f"{stage.value.capitalize()}: {tens * 10} %", err=True)


def _lines(report: ImportReport, thing: str) -> Iterator[str]:
    yield _verdict(report, thing)
    counts = {
        "new": report.created, "changed": report.updated, "unchanged": report.unchanged,
        "repeated in the file": report.repeated, "left out because they are bad": report.skipped,
    }  # fmt: skip
    if report.written or not report.bad_rows or report.skipped:
        yield "  " + ", ".join(f"{number:,} {what}" for what, number in counts.items() if number or what == "new")
    for change in report.changes if report.dry_run else ():
        what = f"changes {', '.join(change.fields)}" if change.fields else "is new"
        yield f"  line {change.line}: {change.salesforce_id} {change.name} {what}"
    not_listed = report.created + report.updated - len(report.changes)
    if report.dry_run and not_listed:
        yield f"  and {not_listed:,} more"
    if report.unknown_columns:
        yield f"Columns that were not used: {', '.join(report.unknown_columns)}"
    for warning in report.warnings:
        yield f"Note: {warning}"
    yield from _problem_lines(report)


def _verdict(report: ImportReport, thing: str) -> str:
    rows = f"{report.rows:,} rows with {thing}"
    bad = f"{report.bad_rows:,} of {rows} are bad"
    if report.bad_rows and not report.skipped:
        return f"{bad}: nothing was written. Mend them, or leave them out with --skip-bad-rows."
    if report.dry_run:
        start = f"{bad} and would be left out. " if report.skipped else f"{rows} read. "
        return f"{start}This was a dry run: nothing was written. The import would write:"
    return f"{bad}; the others were written:" if report.skipped else f"{rows} imported:"


def _problem_lines(report: ImportReport) -> Iterator[str]:
    for problem in report.errors[:_ERRORS_SHOWN]:
        yield _problem_line(problem)
    if report.error_total > _ERRORS_SHOWN:
        yield f"and {report.error_total - _ERRORS_SHOWN:,} more errors"


def _problem_line(problem: RowProblem) -> str:
    value = f'"{problem.value}" ' if problem.value else ""
    return f"Line {problem.line}, {problem.column}: {value}{problem.reason}."
