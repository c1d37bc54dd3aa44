from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from server.accounts.cli import import_accounts_command
from server.accounts.import_command import _PlainProgress
from server.accounts.import_report import Stage
from server.accounts.queries import count
from server.accounts.salesforce_values import salesforce_id
from server.db import Database
from tests.conftest import StandingClock

A, B = salesforce_id("001000000000001"), salesforce_id("001000000000002")


@dataclass(frozen=True)
class Tools:
    db: Database
    clock: StandingClock


@pytest.fixture
def run(db: Database, clock: StandingClock, tmp_path: Path):
    def invoke(content: bytes | str, *options: str) -> Result:
        file = tmp_path / "accounts.csv"
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        result = CliRunner().invoke(import_accounts_command, [str(file), *options], obj=Tools(db, clock))
        assert result.exception is None or isinstance(result.exception, SystemExit)
        return result

    return invoke


def number(db: Database) -> int:
    with db.reading() as session:
        return count(session)


GOOD = f"Account ID,Account Name,ARR,Mood\n{A},Acme,5,fine\n{B},Berta,6,bad\n"


def test_an_import_tells_what_it_did(run, db: Database):
    result = run(GOOD)
    assert result.exit_code == 0
    assert result.stdout == "2 rows with accounts imported:\n  2 new\nColumns that were not used: Mood\n"
    assert "Checking: 100 %" in result.stderr
    assert "2 unchanged" in run(GOOD).stdout
    assert number(db) == 2


def test_a_dry_run_lists_changes_and_writes_nothing(run, db: Database):
    run(f"Account ID,Account Name,ARR\n{A},Acme,4\n")
    result = run(GOOD, "--dry-run")
    assert result.exit_code == 0
    assert "nothing was written" in result.stdout
    assert f"line 2: {A} Acme changes ARR" in result.stdout
    assert f"line 3: {B} Berta is new" in result.stdout
    assert number(db) == 1


BAD = f"Account ID,Account Name,ARR\n{A},Acme,-5\n{B},Berta,6\n"


def test_a_bad_row_is_told_and_nothing_is_written(run, db: Database):
    result = run(BAD)
    assert result.exit_code == 1
    assert "1 of 2 rows with accounts are bad: nothing was written" in result.stdout
    assert 'Line 2, ARR: "-5" is negative.' in result.stdout
    assert number(db) == 0


def test_bad_rows_are_skipped_when_asked(run, db: Database):
    result = run(BAD, "--skip-bad-rows")
    assert result.exit_code == 1
    assert "the others were written" in result.stdout
    assert "1 new, 1 left out because they are bad" in result.stdout
    assert number(db) == 1
    assert "would be left out" in run(BAD, "--skip-bad-rows", "--dry-run").stdout


def test_many_errors_are_cut_short(run):
    result = run("Account ID,Account Name\n" + "bad,x\n" * 80)
    assert "and 30 more errors" in result.stdout


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"Name\nx\n", b'Account ID,Account Name\n1,"open\n'])
def test_an_unreadable_file_is_told_without_a_traceback(run, content: bytes):
    result = run(content)
    assert result.exit_code == 2
    assert "accounts.csv cannot be imported" in result.stderr
    assert "Nothing was written." in result.stderr
    assert result.stdout == ""


def test_a_file_that_is_not_there_is_a_usage_error(sqlite_database: Database, clock: StandingClock, tmp_path: Path):
    for path in (tmp_path / "missing.csv", tmp_path):
        result = CliRunner().invoke(import_accounts_command, [str(path)], obj=Tools(sqlite_database, clock))
        assert result.exit_code == 2


def test_dates_and_amounts_are_read_as_told(run):
    content = f'Account ID,Account Name,ARR,Renewal Date\n{A},Acme,"1.234,50",03/04/2026\n'
    assert run(content).exit_code == 1
    assert run(content, "--date-format", "dmy", "--decimal", "comma").exit_code == 0
    assert run(content, "--date-format", "ymd").exit_code == 2


def test_progress_in_a_log_is_a_line_for_every_ten_percent(capsys: pytest.CaptureFixture[str]):
    progress = _PlainProgress()
    for step in range(101):
        progress(Stage.CHECKING, step / 100)
    assert len(capsys.readouterr().err.splitlines()) == 10


def test_a_terminal_gets_a_progress_bar(sqlite_database: Database, clock: StandingClock, tmp_path: Path):
    file = tmp_path / "accounts.csv"
    file.write_text(GOOD)
    tools, terminal = Tools(sqlite_database, clock), {"FORCE_COLOR": "1", "TERM": "xterm"}
    result = CliRunner().invoke(import_accounts_command, [str(file)], obj=tools, env=terminal)
    assert result.exit_code == 0
    assert "Writing" in result.stderr
    assert "100 %" not in result.stderr
    assert result.stdout.startswith("2 rows")
