from __future__ import annotations

import contextlib
import io
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from server.accounts import queries
from server.accounts.import_accounts import import_accounts
from server.accounts.import_report import ImportOptions, ImportReport, Stage
from server.accounts.models import Account, AccountDomain
from server.accounts.salesforce_csv import ImportUnreadable
from server.accounts.salesforce_values import salesforce_id
from server.auth.models import User
from server.db import Database
from tests.accounts.conftest import Import
from tests.conftest import StandingClock

A, B, C, D = (salesforce_id(f"00100000000000{letter}") for letter in "abcd")
HEADER = "Account ID,Account Name,Parent Account ID,Website,Account Owner,Technical Account Manager,ARR,Renewal Date\n"


def account(db: Database, key: str) -> Account:
    with db.reading() as session:
        return session.scalars(select(Account).where(Account.salesforce_id == key)).one()


def number(db: Database) -> int:
    with db.reading() as session:
        return session.scalar(select(func.count()).select_from(Account)) or 0


def domains(db: Database, key: str) -> tuple[str, ...]:
    with db.reading() as session:
        return queries.domains_of(session, account(db, key).id)


def reasons(report: ImportReport) -> list[tuple[int, str]]:
    return [(problem.line, problem.reason) for problem in report.errors]


def add_user(db: Database, clock: StandingClock, name: str, email: str, **more: Any) -> User:
    with db.transaction() as session:
        user = User(
            email=email, name=name, title="", role="tam", team_id=None, time_zone="UTC", issuer=None, subject=None,
            created_at=clock.now(), deactivated_at=more.get("deactivated_at"),
        )  # fmt: skip
        session.add(user)
    return user


def test_a_report_becomes_accounts(load: Import, db: Database, clock: StandingClock):
    text = HEADER + f'{A[:15]},"Ångström, Inc.",,www.angstrom.example,Olive,Tam,"USD 1,234.50",2027-01-31\n'
    report = load(text + f"{B},Berta,{A},,,,,\n")
    assert (report.created, report.updated, report.rows, report.written) == (2, 0, 2, True)
    found = account(db, A)
    assert (found.name, found.name_key) == ("Ångström, Inc.", "angstrom, inc.")
    assert (found.arr, found.renewal_on) == (Decimal("1234.50"), date(2027, 1, 31))
    assert (found.owner_name, found.tam_name, found.lifecycle_stage) == ("Olive", "Tam", None)
    assert found.created_at == found.updated_at == clock.now()
    assert domains(db, A) == ("angstrom.example",)
    assert account(db, B).parent_id == found.id


def test_importing_again_changes_nothing(load: Import, db: Database, clock: StandingClock):
    text = HEADER + f"{A},Acme,{B},acme.com,Olive,Tom,5,2027-01-31\n{B},Berta,,,,,,\n"
    load(text)
    before = clock.now()
    clock.advance(days=1)
    report = load(text)
    assert (report.created, report.updated, report.unchanged) == (0, 0, 2)
    assert account(db, A).updated_at == before


def test_only_what_differs_is_changed_and_named(load: Import, db: Database, clock: StandingClock):
    load(HEADER + f"{A},Acme,,acme.com,Olive,Tom,5,2027-01-31\n{B},Berta,,,,,,\n")
    now = clock.advance(days=1)
    report = load(HEADER + f"{A},Acme,{B},acme.org,Olive,Tom,6.00,2027-01-31\n{B},Berta,,,,,,\n")
    assert (report.updated, report.unchanged) == (1, 1)
    assert set(report.changes[0].fields) == {"Parent Account ID", "Website", "ARR", "Domains"}
    assert account(db, A).updated_at == now
    assert account(db, A).parent_id == account(db, B).id
    assert domains(db, A) == ("acme.com", "acme.org")


def test_a_column_that_is_not_in_the_file_is_left_alone(load: Import, db: Database):
    load(HEADER + f"{A},Acme,{B},acme.com,Olive,Tom,5,2027-01-31\n{B},Berta,,,,,,\n")
    report = load(f"Account ID,Account Name\n{A},Acme\n")
    assert report.unchanged == 1
    assert (account(db, A).arr, account(db, A).owner_name) == (5, "Olive")
    report = load(f"Account ID,Account Name,ARR,Parent Account ID\n{A},Acme,,\n")
    assert set(report.changes[0].fields) == {"ARR", "Parent Account ID"}
    assert account(db, A).parent_id is None


def test_stages_and_domains_are_read(load: Import, db: Database):
    header = "Account ID,Account Name,Lifecycle Stage,Domains,Website\n"
    rows = f"{A},Acme,optimize & GROW,acme.com; @Mail.Acme.com;,https://gmail.com\n{B},Berta,will_churn,,intranet\n"
    report = load(header + rows)
    assert account(db, A).lifecycle_stage == "optimize_and_grow"
    assert account(db, B).lifecycle_stage == "will_churn"
    assert domains(db, A) == ("acme.com", "mail.acme.com")
    assert any("gmail.com" in warning for warning in report.warnings)
    assert any("no host name" in warning for warning in report.warnings)


def test_every_bad_cell_is_told_with_line_column_value_and_reason(load: Import, db: Database):
    header = HEADER.strip() + ",Lifecycle Stage,Domains\n"
    report = load(header + f"{A},,x,javascript:x,,,-5,03/04/2026,nowhere,nodot\nno,Berta,,,,,,,,\n")
    told = {(problem.line, problem.column) for problem in report.errors}
    columns = ("Account Name", "Parent Account ID", "Website", "ARR", "Renewal Date", "Lifecycle Stage", "Domains")
    assert told == {(2, column) for column in columns} | {(3, "Account ID")}
    assert report.bad_rows == 2
    assert next(problem.value for problem in report.errors if problem.column == "ARR") == "-5"


FIVE = HEADER + "".join(f"{key},Name {key[14]},,,,,{arr},\n" for key, arr in zip((A, B, C, D), "12x4", strict=True))


def test_one_bad_row_stops_all(load: Import, db: Database):
    report = load(FIVE)
    assert (report.written, report.created, report.bad_rows, report.skipped) == (False, 0, 1, 0)
    assert report.errors[0].line == 4
    assert number(db) == 0


def test_bad_rows_can_be_skipped(load: Import, db: Database):
    report = load(FIVE, skip_bad_rows=True)
    assert (report.written, report.created, report.bad_rows, report.skipped) == (True, 3, 1, 1)
    assert number(db) == 3


def test_a_dry_run_says_what_would_change_and_writes_nothing(load: Import, db: Database):
    load(HEADER + f"{A},Acme,,,,,,\n")
    report = load(HEADER + f"{A},Acme,{C},,,,7,\n{B},Berta,{A},,,,,\n{C},Carl,,,,,,\n", dry_run=True)
    assert (report.created, report.updated, report.written) == (2, 1, False)
    assert set(report.changes[0].fields) == {"ARR", "Parent Account ID"}
    assert number(db) == 1
    assert account(db, A).arr is None


def test_every_account_that_an_import_speaks_of_is_fresh(load: Import, db: Database, clock: StandingClock):
    first = clock.now()
    load(HEADER + "".join(f"{key},Acme,,,,,5,\n" for key in (A, B, C)))
    assert {account(db, key).synced_at for key in (A, B, C)} == {first}
    second = clock.advance(hours=6)
    report = load(HEADER + f"{A},Acme,,,,,5,\n{B},Acme,,,,,6,\n")
    assert (report.unchanged, report.updated) == (1, 1)
    assert [account(db, key).synced_at for key in (A, B, C)] == [second, second, first]
    assert [account(db, key).updated_at for key in (A, B, C)] == [first, second, first]


def test_what_wrote_nothing_makes_no_account_fresh(load: Import, db: Database, clock: StandingClock):
    before = clock.now()
    load(HEADER + f"{A},Acme,,,,,5,\n{B},Berta,,,,,5,\n")
    clock.advance(days=1)
    assert load(HEADER + f"{A},Acme,,,,,5,\n{B},Berta,,,,,6,\n", dry_run=True).unchanged == 1
    assert not load(HEADER + f"{A},Acme,,,,,5,\n{B},Berta,,,,,bad,\n").written
    assert {account(db, key).synced_at for key in (A, B)} == {before}


def test_a_skipped_row_is_no_word_about_its_account(load: Import, db: Database, clock: StandingClock):
    before = clock.now()
    load(HEADER + f"{A},Acme,,,,,5,\n{B},Berta,,,,,5,\n")
    now = clock.advance(days=1)
    load(HEADER + f"{A},Acme,,,,,5,\n{B},Berta,,,,,bad,\n", skip_bad_rows=True)
    assert (account(db, A).synced_at, account(db, B).synced_at) == (now, before)


def test_an_account_that_is_only_named_as_a_parent_is_not_fresh(load: Import, db: Database, clock: StandingClock):
    before = clock.now()
    load(HEADER + f"{A},Acme,,,,,5,\n{B},Berta,,,,,5,\n")
    now = clock.advance(days=1)
    load(HEADER + f"{B},Berta,{A},,,,5,\n")
    assert (account(db, A).synced_at, account(db, B).synced_at) == (before, now)


def test_the_same_row_twice_is_counted_and_other_values_are_an_error(load: Import, db: Database):
    report = load(HEADER + f"{A},Acme,,,,,,\n{A[:15]},Acme,,,,,,\n")
    assert (report.created, report.repeated, report.bad_rows) == (1, 1, 0)
    report = load(HEADER + f"{A},Acme,,,,,,\n{B},Berta,,,,,,\n{A},Akme,,,,,,\n")
    assert reasons(report) == [(4, "is on line 2 and again on line 4, with other values")]


def test_skipping_leaves_out_both_of_two_rows_that_contradict_each_other(load: Import, db: Database):
    report = load(HEADER + f"{A},Acme,,,,,,\n{B},Berta,,,,,,\n{A},Akme,,,,,,\n", skip_bad_rows=True)
    assert (report.created, report.skipped) == (1, 2)


def test_a_missing_parent_is_named(load: Import):
    report = load(HEADER + f"{A},Acme,{B},,,,,\n")
    assert reasons(report) == [(2, "is neither in the file nor in the database")]
    assert report.errors[0].value == B


def test_a_parent_may_be_in_the_database_only(load: Import, db: Database):
    load(HEADER + f"{B},Berta,,,,,,\n")
    load(HEADER + f"{A},Acme,{B[:15]},,,,,\n")
    assert account(db, A).parent_id == account(db, B).id


def test_children_of_a_skipped_new_parent_are_skipped_too(load: Import, db: Database):
    rows = f"{A},Acme,{B},,,,,\n{B},Berta,{C},,,,,\n{C},Carl,,,,,bad,\n{D},Dora,,,,,,\n"
    report = load(HEADER + rows, skip_bad_rows=True)
    assert (report.created, report.skipped) == (1, 3)
    assert "line 4, which is skipped" in dict(reasons(report))[3]


def test_a_circle_of_parents_is_told_with_its_rows(load: Import, db: Database):
    report = load(HEADER + f"{A},Acme,{B},,,,,\n{B},Berta,{C},,,,,\n{C},Carl,{A},,,,,\n{D},Dora,{A},,,,,\n")
    assert [line for line, _ in reasons(report)] == [2, 3, 4]
    assert "lines 2, 3, 4" in report.errors[0].reason
    assert reasons(load(HEADER + f"{A},Acme,{A},,,,,\n")) == [(2, "is the account itself")]


def test_a_circle_through_the_database_is_found(load: Import, db: Database):
    load(HEADER + f"{A},Acme,,,,,,\n{B},Berta,{A},,,,,\n{C},Carl,{B},,,,,\n")
    report = load(HEADER + f"{A},Acme,{C},,,,,\n")
    assert "circle" in report.errors[0].reason
    assert load(HEADER + f"{A},Acme,{C},,,,,\n", skip_bad_rows=True).skipped == 1
    assert account(db, A).parent_id is None


def test_turning_a_family_round_is_no_circle(load: Import, db: Database):
    load(HEADER + f"{A},Acme,,,,,,\n{B},Berta,{A},,,,,\n")
    assert load(HEADER + f"{A},Acme,{B},,,,,\n{B},Berta,,,,,,\n").bad_rows == 0
    assert account(db, A).parent_id == account(db, B).id
    assert account(db, B).parent_id is None


def test_a_skipped_row_that_keeps_its_old_parent_makes_no_circle(load: Import, db: Database):
    load(HEADER + f"{A},Acme,,,,,,\n{B},Berta,{A},,,,,\n")
    report = load(HEADER + f"{A},Acme,{B},,,,,\n{B},Berta,,,,,bad,\n", skip_bad_rows=True)
    assert report.skipped == 2
    assert account(db, A).parent_id is None


def test_people_are_found_by_name_or_address(load: Import, db: Database, clock: StandingClock):
    tom = add_user(db, clock, "Tom Tam", "tom@rapport.example")
    for number_ in (1, 2):
        add_user(db, clock, "Ann Same", f"ann{number_}@rapport.example")
    add_user(db, clock, "Tom Tam", "old@rapport.example", deactivated_at=clock.now())
    rows = f"{A},Acme,,,TOM@rapport.example,tom  tam,,\n{B},Berta,,,ann same,Nobody,,\n{C},Carl,,,,Nobody,,\n"
    report = load(HEADER + rows)
    assert account(db, A).owner_id == account(db, A).tam_id == tom.id
    assert account(db, B).owner_id is None
    assert account(db, B).owner_name == "ann same"
    assert 'Account Owner "ann same" is the name of 2 users here: kept as text, linked to nobody' in report.warnings
    assert any(text.endswith("linked to nobody (2 rows)") and "Nobody" in text for text in report.warnings)


def test_a_link_made_by_hand_stays_while_the_name_stays(load: Import, db: Database, clock: StandingClock):
    tom = add_user(db, clock, "Tom Tam", "tom@rapport.example")
    load(HEADER + f"{A},Acme,,,,Tommy,,\n")
    with db.transaction() as session:
        queries.by_id(session, account(db, A).id).tam_id = tom.id
    assert load(HEADER + f"{A},Acme,,,,Tommy,,\n").unchanged == 1
    load(HEADER + f"{A},Acme,,,,Tina,,\n")
    assert account(db, A).tam_id is None


def test_more_than_one_currency_is_noted(load: Import):
    report = load(HEADER + f"{A},Acme,,,,,USD 5,\n{B},Berta,,,,,EUR 5,\n")
    assert "ARR is in more than one currency, and is not converted: EUR (1), USD (1)" in report.warnings


def test_date_format_and_decimal_are_heeded(load: Import, db: Database):
    load(HEADER + f'{A},Acme,,,,,"1.234,50",03/04/2026\n', date_format="dmy", decimal="comma")
    assert (account(db, A).arr, account(db, A).renewal_on) == (Decimal("1234.50"), date(2026, 4, 3))


def test_nothing_is_ever_deleted(load: Import, db: Database):
    load(HEADER + f"{A},Acme,,acme.com,,,,\n{B},Berta,,,,,,\n")
    load(HEADER + f"{B},Berta,,,,,,\n")
    load(HEADER + f"{A},Acme,,,,,,\n")
    assert number(db) == 2
    assert domains(db, A) == ("acme.com",)


def test_errors_are_kept_up_to_a_thousand_and_all_are_counted(load: Import):
    report = load("Account ID,Account Name\n" + "bad,x\n" * 1_200)
    assert (len(report.errors), report.error_total, report.bad_rows) == (1_000, 1_200, 1_200)


def test_a_file_that_cannot_be_sought_is_refused(sqlite_database: Database, clock: StandingClock):
    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

    with sqlite_database.transaction() as session, pytest.raises(ImportUnreadable, match="read twice"):
        import_accounts(session, Pipe(b""), options=ImportOptions(), now=clock.now())


def test_a_file_that_breaks_off_writes_nothing(load: Import, db: Database):
    with pytest.raises(ImportUnreadable):
        load(HEADER.encode() + f"{A},Acme,,,,,,\n".encode() + b"\xff")
    assert number(db) == 0


def test_twenty_thousand_rows_are_imported_with_progress(db: Database, clock: StandingClock):
    ids = [salesforce_id(f"001{number_:012d}") for number_ in range(20_000)]
    rows = "".join(f"{key},Account {n},{ids[n + 1] if n % 2 == 0 else ''}\n" for n, key in enumerate(ids))
    file = io.BytesIO(("Account ID,Account Name,Parent Account ID\n" + rows).encode())
    seen: list[tuple[Stage, float]] = []
    with db.transaction() as session:
        report = import_accounts(
            session, file, options=ImportOptions(), now=clock.now(), progress=lambda *step: seen.append(step)
        )
    assert report.created == 20_000
    assert seen == sorted(seen)
    assert [fraction for _, fraction in seen].count(1.0) >= 2
    with db.reading() as session:
        assert session.scalar(select(func.count()).where(Account.parent_id.is_not(None))) == 10_000


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(alphabet=f'{A}{B}",;\n é-/.1', max_size=80))
def test_any_text_gives_a_report_or_is_unreadable(sqlite_database: Database, clock: StandingClock, text: str):
    file = io.BytesIO((HEADER + f"{A},Acme,,,,,,\n" + text).encode())
    with sqlite_database.transaction() as session, contextlib.suppress(ImportUnreadable):
        import_accounts(session, file, options=ImportOptions(skip_bad_rows=True), now=clock.now())


def test_domains_of_two_accounts_may_be_the_same(load: Import, db: Database):
    load(HEADER + f"{A},Acme,,acme.com,,,,\n{B},Acme East,,acme.com,,,,\n")
    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(AccountDomain)) == 2
