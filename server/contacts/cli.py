"""`rapport import contacts FILE.csv`"""

from __future__ import annotations

from pathlib import Path

import click

from server.accounts.import_command import import_options, run_import
from server.contacts.import_contacts import check_contacts


@click.command("contacts")
@import_options
def import_contacts_command(
    file: Path, dry_run: bool, skip_bad_rows: bool, date_format: str | None, decimal: str
) -> None:
    """Import contacts from the CSV export of a Salesforce report. Import their accounts first.

    All rows are checked first. If one is bad, nothing is written, unless --skip-bad-rows is given. Nothing is ever
    deleted; importing the same file again changes nothing. Exit code: 0 all well, 1 bad rows, 2 unreadable,
    3 changed by others meanwhile.
    """
    run_import(
        check_contacts, "contacts",
        file=file, dry_run=dry_run, skip_bad_rows=skip_bad_rows, date_format=date_format, decimal=decimal,
    )  # fmt: skip
