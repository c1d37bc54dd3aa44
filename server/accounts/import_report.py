"""What an import is told and what it tells: options, problems, changes, the report."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from server.accounts.salesforce_csv import shown
from server.accounts.salesforce_values import DateFormat, DecimalMark

ERRORS_KEPT = 1_000
WARNINGS_KEPT = 100
CHANGES_KEPT = 20


class Stage(StrEnum):
    CHECKING = "checking"
    WRITING = "writing"


Progress = Callable[[Stage, float], None]


def no_progress(_stage: Stage, _fraction: float) -> None:
    """For callers who do not watch."""


@dataclass(frozen=True, kw_only=True)
class ImportOptions:
    dry_run: bool = False
    skip_bad_rows: bool = False
    date_format: DateFormat | None = None
    decimal: DecimalMark = DecimalMark.DOT


@dataclass(frozen=True, kw_only=True)
class RowProblem:
    """`line` is where the row starts; `value` is shortened to 60 characters; "`value` `reason`" is a sentence."""

    line: int
    column: str
    value: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Change:
    """`fields` names what changes; it is empty for a new record."""

    line: int
    salesforce_id: str
    name: str
    created: bool
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ImportReport:
    """Counts are of rows. `errors` has the first 1,000 of `error_total`, `changes` the first 20.

    `written` is False for a dry run and when bad rows stopped the import; then `created` and `updated` say what a
    dry run would do, or are 0. `skipped` counts bad rows that were left out, `repeated` rows that are there twice.
    """

    rows: int
    created: int
    updated: int
    unchanged: int
    skipped: int
    repeated: int
    bad_rows: int
    errors: tuple[RowProblem, ...]
    error_total: int
    warnings: tuple[str, ...]
    changes: tuple[Change, ...]
    unknown_columns: tuple[str, ...]
    footer_lines: int
    written: bool
    dry_run: bool


@dataclass
class Tally:
    """Grows while an import runs; `report()` ends it."""

    options: ImportOptions
    rows: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    skipped: int = 0
    repeated: int = 0
    error_total: int = 0
    bad_lines: set[int] = field(default_factory=set)
    unknown_columns: tuple[str, ...] = ()
    footer_lines: int = 0
    _errors: list[RowProblem] = field(default_factory=list)
    _warnings: dict[str, int] = field(default_factory=dict)
    _more_warnings: int = 0
    _changes: list[Change] = field(default_factory=list)

    def problem(self, line: int, column: str, value: str, reason: str) -> None:
        self.bad_lines.add(line)
        self.error_total += 1
        if len(self._errors) < ERRORS_KEPT:
            self._errors.append(RowProblem(line=line, column=column, value=shown(value), reason=reason))

    def warn(self, text: str) -> None:
        """The same text again is counted, not repeated."""
        if text in self._warnings or len(self._warnings) < WARNINGS_KEPT:
            self._warnings[text] = self._warnings.get(text, 0) + 1
        else:
            self._more_warnings += 1

    def change(self, change: Change) -> None:
        if change.created:
            self.created += 1
        else:
            self.updated += 1
        if len(self._changes) < CHANGES_KEPT:
            self._changes.append(change)

    def report(self, *, written: bool) -> ImportReport:
        warnings = [text if count == 1 else f"{text} ({count:,} rows)" for text, count in self._warnings.items()]
        if self._more_warnings:
            warnings.append(f"and {self._more_warnings:,} more warnings")
        return ImportReport(
            rows=self.rows,
            created=self.created,
            updated=self.updated,
            unchanged=self.unchanged,
            skipped=self.skipped,
            repeated=self.repeated,
            bad_rows=len(self.bad_lines),
            errors=tuple(sorted(self._errors, key=lambda problem: problem.line)),
            error_total=self.error_total,
            warnings=tuple(warnings),
            changes=tuple(self._changes),
            unknown_columns=self.unknown_columns,
            footer_lines=self.footer_lines,
            written=written,
            dry_run=self.options.dry_run,
        )
