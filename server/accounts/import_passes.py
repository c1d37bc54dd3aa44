"""The two passes of an import: check every row, then write in batches. What a row means is the `ImportKind`'s."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import BinaryIO, Protocol, TypeVar

from sqlalchemy import text
from sqlalchemy.orm import Session

from server.accounts.import_report import ImportOptions, ImportReport, Progress, Stage, Tally
from server.accounts.salesforce_csv import Column, ImportUnreadable, Row, SalesforceReport
from server.accounts.salesforce_values import BadValue, salesforce_id

BATCH = 1_000  # rows that are looked up and written together
_ADVISORY_LOCK = 0x52415050  # "RAPP"

Seen = dict[str, tuple[int, int]]  # Salesforce id -> (line, hash of the values) of its first row
R = TypeVar("R")


class ImportKind(Protocol[R]):
    """What is imported. The first column is the record's own Salesforce id, its field `salesforce_id`.

    `read` and `check` tell the tally of bad cells; `read` then returns None, and is called again for each good row
    in the second pass. `check_together` runs once, when all rows are known. `write` only compares in a dry run.
    """

    @property
    def columns(self) -> Sequence[Column]: ...
    def read(self, row: Row, salesforce_id: str, tally: Tally) -> R | None: ...
    def check(self, records: Sequence[R], tally: Tally) -> None: ...
    def check_together(self, seen: Seen, tally: Tally) -> None: ...
    def write(self, records: Sequence[R], tally: Tally) -> None: ...
    def finish(self) -> None: ...


def import_in_two_passes(
    session: Session, file: BinaryIO, kind: ImportKind[R], options: ImportOptions, progress: Progress
) -> ImportReport:
    """Check all, then write all, or nothing at all if rows are bad and they are not to be skipped.

    Raises ImportUnreadable, always before anything is written.
    """
    if not options.dry_run:
        _one_at_a_time(session)
    session.flush()  # the statements below do not see what is only in the session
    tally = Tally(options)
    report = SalesforceReport(file, kind.columns)
    seen = _check(report, kind, tally, progress)
    if tally.bad_lines and not options.skip_bad_rows:
        return tally.report(written=False)
    _write(report, kind, tally, seen, progress)
    return tally.report(written=not options.dry_run)


def read_cell(tally: Tally, row: Row, column: Column, read: Callable[[str], object]) -> object | None:
    """`read(cell)`; a BadValue is told and gives None."""
    value = row.values[column.field]
    try:
        return read(value)
    except BadValue as bad:
        tally.problem(row.line, column.header, value, str(bad))
        return None


def _one_at_a_time(session: Session) -> None:
    # Two imports at once would both insert the same new record. SQLite has one writer anyway.
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text(f"SELECT pg_advisory_xact_lock({_ADVISORY_LOCK})"))


def _batches(report: SalesforceReport, stage: Stage, progress: Progress) -> Iterator[list[Row]]:
    rows = report.rows()
    while batch := list(islice(rows, BATCH)):
        yield batch
        progress(stage, report.fraction)
    progress(stage, 1.0)


def _check(report: SalesforceReport, kind: ImportKind[R], tally: Tally, progress: Progress) -> Seen:
    seen: Seen = {}
    for batch in _batches(report, Stage.CHECKING, progress):
        tally.rows += len(batch)
        records = (_checked(row, kind, seen, tally) for row in batch)
        kind.check([record for record in records if record is not None], tally)
    tally.unknown_columns, tally.footer_lines = report.unknown_columns, report.footer_lines
    if report.footer:
        lines = ", ".join(f'"{line}"' for line in report.footer)
        tally.warn(f"{report.footer_lines} lines at the end were left out as the report's footer: {lines}")
    kind.check_together(seen, tally)
    return seen


def _checked(row: Row, kind: ImportKind[R], seen: Seen, tally: Tally) -> R | None:
    if row.damage is not None:
        tally.problem(row.line, *row.damage)
        return None
    column = kind.columns[0]
    key = read_cell(tally, row, column, salesforce_id)
    if not isinstance(key, str):
        return None
    digest = hash(tuple({**row.values, column.field: key}.values()))
    first_line, first_digest = seen.setdefault(key, (row.line, digest))
    if first_line == row.line:
        return kind.read(row, key, tally)
    if digest == first_digest:
        tally.repeated += 1
    else:
        reason = f"is on line {first_line} and again on line {row.line}, with other values"
        tally.problem(row.line, column.header, key, reason)
        tally.bad_lines.add(first_line)  # which of the two is right, we cannot know
    return None


def _write(report: SalesforceReport, kind: ImportKind[R], tally: Tally, seen: Seen, progress: Progress) -> None:
    for batch in _batches(report, Stage.WRITING, progress):
        records = (_good(row, kind, seen, tally) for row in batch)
        kind.write([record for record in records if record is not None], tally)
    kind.finish()


def _good(row: Row, kind: ImportKind[R], seen: Seen, tally: Tally) -> R | None:
    if row.line in tally.bad_lines:
        tally.skipped += 1
        return None
    unheard = Tally(tally.options)  # what is wrong or odd was told in the first pass
    key = read_cell(unheard, row, kind.columns[0], salesforce_id) if row.damage is None else None
    if not isinstance(key, str) or key not in seen:
        raise _changed_meanwhile(row)
    if seen[key][0] != row.line:
        return None
    record = kind.read(row, key, unheard)
    if record is None:
        raise _changed_meanwhile(row)
    return record


def _changed_meanwhile(row: Row) -> ImportUnreadable:
    return ImportUnreadable("The file was changed while it was read.", line=row.line, cure="Try again.")
