"""How fast accounts and contacts are imported on SQLite: `python tools/bench/import_rows.py [--rows N] [--times N]`.

Makes its own files and its own database in a temporary folder, and prints one JSON object: for each import the median
rows per second of both passes together, and the median seconds of each pass. `write_s` is how long others that want to
write have to wait; they wait 30 s at most. `write_cpu_s` is what of it this process worked: on a busy machine it tells
more.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from server import schema
from server.accounts.import_accounts import check_accounts
from server.accounts.import_passes import write_import
from server.accounts.import_report import ImportOptions, no_progress
from server.accounts.salesforce_values import salesforce_id
from server.contacts.import_contacts import check_contacts
from server.db import Database, make_engine

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--times", type=int, default=1)
    options = parser.parse_args()
    runs = [measure_all(options.rows) for _ in range(options.times)]
    medians = {
        name: {what: round(statistics.median(run[name][what] for run in runs), 1) for what in runs[0][name]}
        for name in runs[0]
    }
    print(json.dumps({"database": "sqlite", "rows": options.rows, "times": options.times, **medians}, indent=2))


def measure_all(rows: int) -> dict[str, dict[str, float]]:
    with tempfile.TemporaryDirectory(prefix="rapport-bench-") as folder:
        accounts, contacts = Path(folder) / "accounts.csv", Path(folder) / "contacts.csv"
        write_accounts_file(accounts, rows)
        write_contacts_file(contacts, rows)
        db = Database(make_engine(f"sqlite:///{folder}/rapport.sqlite3"))
        schema.make_ready(db)
        try:
            return {
                "accounts_new": measure(db, check_accounts, accounts, rows),
                "accounts_repeated": measure(db, check_accounts, accounts, rows),
                "contacts_new": measure(db, check_contacts, contacts, rows),
                "contacts_repeated": measure(db, check_contacts, contacts, rows),
            }
        finally:
            db.dispose()


def measure(db: Database, check: Callable[..., Any], file: Path, rows: int) -> dict[str, float]:
    began = time.perf_counter()
    with file.open("rb") as source:
        with db.reading() as session:
            checked = check(session, source, options=ImportOptions(), now=NOW, progress=no_progress)
        halfway, halfway_cpu = time.perf_counter(), time.process_time()
        with db.transaction() as session:
            report = write_import(session, checked)
    ended, ended_cpu = time.perf_counter(), time.process_time()
    if report.bad_rows or report.rows != rows:
        raise SystemExit(f"The file does not import: {report.errors[:3]}")
    return {
        "rows_per_s": rows / (ended - began),
        "check_s": halfway - began,
        "write_s": ended - halfway,
        "write_cpu_s": ended_cpu - halfway_cpu,
    }


def write_accounts_file(path: Path, rows: int) -> None:
    """Every tenth account has a parent, further down in the file for half of them."""
    with path.open("w", encoding="utf-8") as file:
        file.write("Account ID,Account Name,Parent Account ID,Website,Account Owner,Technical Account Manager,ARR,")
        file.write("Renewal Date,Lifecycle Stage\n")
        for n in range(rows):
            parent = _account((n + 1 if n % 20 else n - 1) % rows) if n % 10 == 0 and n > 0 else ""
            file.write(f'{_account(n)},"Company {n}, Inc.",{parent},https://www.company{n}.example,Charlie Okoye,')
            file.write(f'Alice Nguyen,"USD {n % 900},{n % 1000:03}.50",2027-{n % 12 + 1:02}-15,Onboarding\n')


def write_contacts_file(path: Path, rows: int) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.write("Contact ID,First Name,Last Name,Email,Title,Account ID,Role,Alternate Emails,Email Opt Out\n")
        for n in range(rows):
            contact, account = salesforce_id(f"003{n:012d}"), _account(n // 3)
            file.write(f"{contact},Ada{n % 500},Lovelace{n},ada{n}@company{n // 3}.example,Engineer,{account},")
            file.write(f"GitLab Admin,{'a' + str(n) + '@old.example' if n % 10 == 0 else ''},FALSE\n")


def _account(number: int) -> str:
    return salesforce_id(f"001{number:012d}")


if __name__ == "__main__":
    main()
