"""`rapport import accounts FILE.csv`"""

from __future__ import annotations

from pathlib import Path

import click

from server.accounts.import_accounts import check_accounts
from server.accounts.import_command import import_options, run_import


@click.command("accounts")
@import_options
def import_accounts_command(
    file: Path, dry_run: bool, skip_bad_rows: bool, date_format: str | None, decimal: str
) -> None:
    """Import accounts from the CSV export of a Salesforce report.

    All rows are checked first. If one is bad, nothing is written, unless --skip-bad-rows is given. Nothing is ever
    deleted; importing the same file again changes nothing. Exit code: 0 all well, 1 bad rows, 2 unreadable,
    3 changed by others meanwhile.
    """
    run_import(
        check_accounts, "accounts",
        file=file, dry_run=dry_run, skip_bad_rows=skip_bad_rows, date_format=date_format, decimal=decimal,
    )  # fmt: skip
