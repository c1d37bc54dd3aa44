"""The two passes of an import: check every row, then write in batches. What a row means is the `ImportKind`'s."""

from __future__ import annotations

import pickle
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import BinaryIO, Generic, Protocol, TypeVar

from sqlalchemy import text
from sqlalchemy.orm import Session

from server.accounts.import_report import ImportOptions, ImportReport, Progress, Stage, Tally, no_progress
from server.accounts.salesforce_csv import Column, Row, SalesforceReport
from server.accounts.salesforce_values import BadValue, salesforce_id
from server.errors import Conflict

BATCH = 1_000  # rows that are looked up and written together
_ADVISORY_LOCK = 0x52415050  # "RAPP"

Seen = dict[str, tuple[int, int]]  # Salesforce id -> (line, hash of the values) of its first row


class Record(Protocol):
    @property
    def line(self) -> int: ...


R = TypeVar("R", bound=Record)


class ImportKind(Protocol[R]):
    """What is imported. The first column is the record's own Salesforce id, its field `salesforce_id`.

    `read` and `check` tell the tally of bad cells; `read` then returns None. `check_together` runs when all rows are
    known, and again before the writing, for which time may have gone by. `write` only compares in a dry run. The
    session may be another one for each pass.
    """

    @property
    def columns(self) -> Sequence[Column]: ...
    def read(self, row: Row, salesforce_id: str, tally: Tally) -> R | None: ...
    def check(self, session: Session, records: Sequence[R], tally: Tally) -> None: ...
    def check_together(self, session: Session, seen: Seen, tally: Tally) -> None: ...
    def write(self, session: Session, records: Sequence[R], tally: Tally) -> None: ...
    def finish(self, session: Session) -> None: ...


class ImportOvertaken(Conflict):
    """What was checked is no longer so: somebody else has written meanwhile. The same import may work again."""

    def __init__(self, problem: str) -> None:
        super().__init__(
            f"The records were changed while the file was being checked. {problem}", cure="Run the import again."
        )


@dataclass(frozen=True, kw_only=True)
class CheckedImport(Generic[R]):
    """A file whose rows are all checked and not yet written. To be written once.

    `records` has what was read, batch by batch, packed to a tenth of its size: so the writing, which keeps others
    from writing, need not read the file again, which takes as long as the writing itself.
    """

    kind: ImportKind[R]
    records: list[bytes]
    seen: Seen
    tally: Tally

    @property
    def is_refused(self) -> bool:
        """Whether rows are bad and are not to be skipped: nothing may be written."""
        return bool(self.tally.bad_lines) and not self.tally.options.skip_bad_rows

    def report(self) -> ImportReport:
        """Of the check alone."""
        return self.tally.report(written=False)


def check_import(
    session: Session, file: BinaryIO, kind: ImportKind[R], options: ImportOptions, progress: Progress
) -> CheckedImport[R]:
    """The first pass: only reads. Raises ImportUnreadable."""
    session.flush()  # the statements below do not see what is only in the session
    tally = Tally(options)
    source = SalesforceReport(file, kind.columns)
    checked = CheckedImport(kind=kind, records=[], seen={}, tally=tally)
    _check(session, source, checked, progress)
    return checked


def write_import(session: Session, checked: CheckedImport[R], progress: Progress = no_progress) -> ImportReport:
    """The second pass, perhaps some time later and in another session: write all, or nothing if rows are bad.

    Raises ImportOvertaken when what was checked is no longer so. Something may have been written then: roll back.
    """
    if checked.is_refused:
        return checked.report()
    options = checked.tally.options
    if not options.dry_run:
        _one_at_a_time(session)
    afresh = Tally(options, bad_lines=set(checked.tally.bad_lines))
    checked.kind.check_together(session, checked.seen, afresh)
    if afresh.error_total:
        problem = afresh.report(written=False).errors[0]
        raise ImportOvertaken(f"Line {problem.line}, {problem.column}: {problem.value} {problem.reason}.")
    _write(session, checked, progress)
    return checked.tally.report(written=not options.dry_run)


def import_in_two_passes(
    session: Session, file: BinaryIO, kind: ImportKind[R], options: ImportOptions, progress: Progress
) -> ImportReport:
    """Both passes in one session, for a caller whom a held write lock does not trouble. Raises ImportUnreadable."""
    if not options.dry_run:
        _one_at_a_time(session)
    return write_import(session, check_import(session, file, kind, options, progress), progress)


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


def _batches(report: SalesforceReport, progress: Progress) -> Iterator[list[Row]]:
    rows = report.rows()
    while batch := list(islice(rows, BATCH)):
        yield batch
        progress(Stage.CHECKING, report.fraction)
    progress(Stage.CHECKING, 1.0)


def _check(session: Session, report: SalesforceReport, checked: CheckedImport[R], progress: Progress) -> None:
    kind, seen, tally = checked.kind, checked.seen, checked.tally
    for batch in _batches(report, progress):
        tally.rows += len(batch)
        read = (_checked(row, kind, seen, tally) for row in batch)
        records = [record for record in read if record is not None]
        kind.check(session, records, tally)
        checked.records.append(_packed(records))
    tally.unknown_columns, tally.footer_lines = report.unknown_columns, report.footer_lines
    if report.footer:
        lines = ", ".join(f'"{line}"' for line in report.footer)
        tally.warn(f"{report.footer_lines} lines at the end were left out as the report's footer: {lines}")
    kind.check_together(session, seen, tally)


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


def _write(session: Session, checked: CheckedImport[R], progress: Progress) -> None:
    kind, tally = checked.kind, checked.tally
    tally.skipped = len(tally.bad_lines)
    for number, packed in enumerate(checked.records, start=1):
        records: list[R] = _unpacked(packed)
        kind.write(session, [record for record in records if record.line not in tally.bad_lines], tally)
        progress(Stage.WRITING, number / len(checked.records))
    kind.finish(session)
    progress(Stage.WRITING, 1.0)


def _packed(records: list[R]) -> bytes:
    return zlib.compress(pickle.dumps(records, protocol=pickle.HIGHEST_PROTOCOL), level=1)


def _unpacked(packed: bytes) -> list[R]:
    found: list[R] = pickle.loads(zlib.decompress(packed))  # noqa: S301  our own bytes, of this very process
    return found
