"""An import and those who write meanwhile: its check locks nobody out, its writing is all or nothing."""

from __future__ import annotations

import io
import sqlite3
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import delete, func, select

from server.accounts.cli import import_accounts_command
from server.accounts.import_accounts import check_accounts, import_accounts
from server.accounts.import_passes import CheckedImport, ImportOvertaken, write_import
from server.accounts.import_report import ImportOptions, Stage
from server.accounts.models import Account
from server.accounts.salesforce_values import salesforce_id
from server.db import Database
from tests.accounts.test_cli import Tools
from tests.conftest import StandingClock

A, B, C = (salesforce_id(f"00100000000000{letter}") for letter in "abc")
HEADER = "Account ID,Account Name,Parent Account ID\n"


def check(db: Database, clock: StandingClock, rows: str, **options: bool) -> CheckedImport:
    with db.reading() as session:
        return check_accounts(
            session, io.BytesIO((HEADER + rows).encode()), options=ImportOptions(**options), now=clock.now()
        )


def load(db: Database, clock: StandingClock, rows: str) -> None:
    with db.transaction() as session:
        import_accounts(session, io.BytesIO((HEADER + rows).encode()), options=ImportOptions(), now=clock.now())


def names(db: Database) -> list[str]:
    with db.reading() as session:
        return sorted(session.scalars(select(Account.name)))


def test_others_can_write_while_a_file_is_checked_and_not_while_it_is_written(
    sqlite_database: Database, clock: StandingClock, tmp_path: Path
):
    other = sqlite3.connect(tmp_path / "test.sqlite3", timeout=0, isolation_level=None)
    could_write: dict[Stage, bool] = {}

    def try_to_write(stage: Stage, _fraction: float) -> None:
        try:
            other.execute("BEGIN IMMEDIATE")
            other.execute("ROLLBACK")
            could_write[stage] = True
        except sqlite3.OperationalError:
            could_write[stage] = False

    file = io.BytesIO((HEADER + f"{A},Acme,\n").encode())
    with sqlite_database.reading() as session:
        checked = check_accounts(session, file, options=ImportOptions(), now=clock.now(), progress=try_to_write)
    with sqlite_database.transaction() as session:
        assert write_import(session, checked, try_to_write).created == 1
    other.close()
    assert could_write == {Stage.CHECKING: True, Stage.WRITING: False}


def test_a_checked_file_is_written_in_another_session(db: Database, clock: StandingClock):
    checked = check(db, clock, f"{A},Acme,{B}\n{B},Berta,\n{C},,\n", skip_bad_rows=True)
    assert not checked.is_refused
    assert names(db) == []
    with db.transaction() as session:
        report = write_import(session, checked)
    assert (report.created, report.skipped, report.written) == (2, 1, True)
    assert names(db) == ["Acme", "Berta"]


def test_a_refused_file_is_not_written_even_if_somebody_tries(db: Database, clock: StandingClock):
    checked = check(db, clock, f"{A},Acme,\n{B},,\n")
    assert checked.is_refused
    with db.transaction() as session:
        report = write_import(session, checked)
    assert (report.written, report.bad_rows) == (False, 1)
    assert names(db) == []


def test_a_circle_that_others_have_made_possible_meanwhile_rolls_all_back(db: Database, clock: StandingClock):
    load(db, clock, f"{A},Acme,\n{B},Berta,\n")
    checked = check(db, clock, f"{A},Acme,{B}\n{C},Carl,\n")
    load(db, clock, f"{B},Berta,{A}\n")
    with pytest.raises(ImportOvertaken, match="Line 2, Parent Account ID"), db.transaction() as session:
        write_import(session, checked)
    assert names(db) == ["Acme", "Berta"]


def test_a_parent_that_is_gone_meanwhile_rolls_all_back(db: Database, clock: StandingClock):
    load(db, clock, f"{B},Berta,\n")
    checked = check(db, clock, f"{C},Carl,\n{A},Acme,{B}\n")
    with db.transaction() as session:
        session.execute(delete(Account).where(Account.salesforce_id == B))
    with pytest.raises(ImportOvertaken, match="neither in the file nor in the database"), db.transaction() as session:
        write_import(session, checked)
    assert names(db) == []


def test_what_others_changed_meanwhile_is_compared_afresh(db: Database, clock: StandingClock):
    checked = check(db, clock, f"{A},Acme,\n")
    load(db, clock, f"{A},Acme,\n")
    with db.transaction() as session:
        report = write_import(session, checked)
    assert (report.created, report.unchanged) == (0, 1)


def test_the_command_says_that_it_was_overtaken(db: Database, clock: StandingClock, tmp_path: Path):
    load(db, clock, f"{A},Acme,\n{B},Berta,\n")
    file = tmp_path / "accounts.csv"
    file.write_text(HEADER + f"{A},Renamed,{B}\n")

    class RivalDatabase(Database):
        """As if another import came between the two passes: it does, as soon as somebody wants to write."""

        def transaction(self):  # type: ignore[no-untyped-def]
            load(db, clock, f"{B},Berta,{A}\n")
            return super().transaction()

    tools = Tools(RivalDatabase(db.engine), clock)
    result = CliRunner().invoke(import_accounts_command, [str(file)], obj=tools)
    assert result.exit_code == 3
    assert "Run the import again.\nNothing was written." in result.stderr
    assert names(db) == ["Acme", "Berta"]


def test_a_file_of_many_batches_is_written_once_each(db: Database, clock: StandingClock):
    rows = "".join(f"{salesforce_id(f'001{n:012d}')},Account {n},\n" for n in range(2_500))
    with db.transaction() as session:
        report = write_import(session, check(db, clock, rows))
    assert report.created == 2_500
    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(Account)) == 2_500
