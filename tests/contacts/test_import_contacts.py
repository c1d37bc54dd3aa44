from __future__ import annotations

import contextlib
import io
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, func, select

from server.accounts.import_accounts import import_accounts
from server.accounts.import_report import ImportOptions, ImportReport
from server.accounts.models import Account
from server.accounts.salesforce_csv import ImportUnreadable
from server.accounts.salesforce_values import salesforce_id
from server.contacts import queries
from server.contacts.cli import import_contacts_command
from server.contacts.contact_rows import role_key
from server.contacts.import_contacts import import_contacts
from server.contacts.models import Contact, ContactAddress, FormerAccount
from server.contacts.queries import ContactView
from server.db import Database
from server.errors import NotFound
from tests.conftest import StandingClock

ACME, BERTA = salesforce_id("001000000000001"), salesforce_id("001000000000002")
ANA, BO, CY = (salesforce_id(f"00300000000000{letter}") for letter in "abc")
HEADER = "Contact ID,First Name,Last Name,Email,Title,Account ID,Role,Alternate Emails,Email Opt Out\n"
ROW = f"{ANA},Ana,Lopez,Ana@Acme.example,Head of IT,{ACME},GitLab Admin,a@acme.example; b@acme.example,FALSE\n"

Import = Callable[..., ImportReport]


def load_accounts(db: Database, clock: StandingClock) -> None:
    text = f"Account ID,Account Name\n{ACME},Acme\n{BERTA},Berta\n"
    with db.transaction() as session:
        import_accounts(session, io.BytesIO(text.encode()), options=ImportOptions(), now=clock.now())


@pytest.fixture
def load(db: Database, clock: StandingClock) -> Import:
    load_accounts(db, clock)

    def run(content: str, **options: Any) -> ImportReport:
        with db.transaction() as session:
            return import_contacts(
                session, io.BytesIO(content.encode()), options=ImportOptions(**options), now=clock.now()
            )

    return run


def contact(db: Database, key: str) -> ContactView:
    with db.reading() as session:
        return queries.by_id(session, session.scalars(select(Contact.id).where(Contact.salesforce_id == key)).one())


def number(db: Database) -> int:
    with db.reading() as session:
        return session.scalar(select(func.count()).select_from(Contact)) or 0


def row(key: str, email: str = "x@acme.example", account: str = ACME, alternates: str = "", opt_out: str = "") -> str:
    return f"{key},Ana,Lopez,{email},,{account},,{alternates},{opt_out}\n"


def test_a_report_becomes_contacts_with_their_addresses(load: Import, db: Database):
    report = load(HEADER + ROW)
    assert (report.created, report.written) == (1, True)
    found = contact(db, ANA)
    assert (found.full_name, found.email, found.title) == ("Ana Lopez", "Ana@Acme.example", "Head of IT")
    assert found.alternate_emails == ("a@acme.example", "b@acme.example")
    assert (found.role, found.role_label, found.opted_out_at) == ("gitlab_admin", "GitLab admin", None)
    with db.reading() as session:
        assert session.scalar(select(ContactAddress.email_norm).where(ContactAddress.is_primary)) == "ana@acme.example"


def test_importing_again_changes_nothing(load: Import, db: Database, clock: StandingClock):
    load(HEADER + ROW)
    before = clock.now()
    clock.advance(days=1)
    assert load(HEADER + ROW).unchanged == 1
    with db.reading() as session:
        assert session.scalar(select(Contact.updated_at)) == before


def test_a_contact_moves_to_another_account(load: Import, db: Database, clock: StandingClock):
    load(HEADER + row(ANA))
    now = clock.advance(days=1)
    report = load(HEADER + row(ANA, account=BERTA))
    assert (report.updated, report.changes[0].fields) == (1, ("Account ID",))
    with db.reading() as session:
        assert session.scalar(select(Contact.updated_at)) == now


def former(db: Database) -> list[tuple[uuid.UUID, datetime]]:
    with db.reading() as session:
        rows = session.scalars(select(FormerAccount).order_by(FormerAccount.until))
        return [(row.account_id, row.until) for row in rows]


def test_a_contact_who_moves_keeps_where_they_were_and_until_when(load: Import, db: Database, clock: StandingClock):
    load(HEADER + row(ANA) + row(BO))
    with db.reading() as session:
        acme, berta = (
            session.scalars(select(Account.id).where(Account.salesforce_id == key)).one() for key in (ACME, BERTA)
        )
    first = clock.advance(days=1)
    load(HEADER + row(ANA, account=BERTA) + row(BO), dry_run=True)
    assert former(db) == []
    for _ in range(2):
        load(HEADER + row(ANA, account=BERTA) + row(BO))
    assert former(db) == [(acme, first)]
    second = clock.advance(days=1)
    load(HEADER + row(ANA))
    assert former(db) == [(acme, first), (berta, second)]


def test_a_former_address_stays_as_an_alternate_one(load: Import, db: Database):
    load(HEADER + row(ANA, "old@acme.example"))
    report = load(HEADER + row(ANA, "new@acme.example"))
    assert report.changes[0].fields == ("Email",)
    assert (contact(db, ANA).email, contact(db, ANA).alternate_emails) == ("new@acme.example", ("old@acme.example",))
    load(HEADER + row(ANA, "OLD@acme.example", alternates="old@ACME.example;third@acme.example"))
    assert contact(db, ANA).email == "OLD@acme.example"
    assert contact(db, ANA).alternate_emails == ("new@acme.example", "third@acme.example")


def test_an_opt_out_is_taken_from_the_file_and_never_taken_back(load: Import, db: Database, clock: StandingClock):
    load(HEADER + row(ANA, opt_out="1"))
    since = clock.now()
    clock.advance(days=1)
    assert contact(db, ANA).opted_out_at == since
    report = load(HEADER + row(ANA, opt_out="false"))
    assert report.unchanged == 1
    assert "stay opted out" in report.warnings[0]
    assert load(HEADER + row(ANA, opt_out="TRUE")).unchanged == 1
    assert contact(db, ANA).opted_out_at == since


def test_a_column_that_is_not_in_the_file_is_left_alone(load: Import, db: Database):
    load(HEADER + ROW)
    assert load(f"Contact ID,Account ID,Email\n{ANA},{ACME},Ana@Acme.example\n").unchanged == 1
    assert contact(db, ANA).full_name == "Ana Lopez"
    load(f"Contact ID,Account ID,Email,Title\n{BO},{ACME},bo@acme.example,Boss\n")
    assert contact(db, BO).full_name == ""


def test_every_bad_cell_is_told(load: Import, db: Database):
    rows = (
        row(ANA, "nobody")
        + row(BO, "", opt_out="maybe")
        + row(CY, alternates="ok@acme.example;bad@")
        + row("x")
        + row(salesforce_id("003000000000009"), account=salesforce_id("001000000000099"))
    )
    report = load(HEADER + rows)
    assert {(problem.line, problem.column) for problem in report.errors} == {
        (2, "Email"), (3, "Email"), (3, "Email Opt Out"), (4, "Alternate Emails"), (5, "Contact ID"), (6, "Account ID"),
    }  # fmt: skip
    assert "import the accounts first" in report.errors[-1].reason
    assert number(db) == 0


@pytest.mark.parametrize(
    "email",
    ["a@b", "a b@acme.example", "a@@acme.example", ".a@acme.example", "a..b@acme.example", "@acme.example",
     "a@acme.example.", "a@-acme.example", "é@acme.example", '"a"@acme.example', "a@ acme.example", "x" * 65 + "@a.io"],
)  # fmt: skip
def test_what_is_no_address_is_refused(load: Import, email: str):
    quoted = '"' + email.replace('"', '""') + '"'
    assert load(HEADER + row(ANA, quoted)).bad_rows == 1


def test_an_international_domain_is_compared_in_its_ascii_form(load: Import, db: Database):
    load(HEADER + row(ANA, "ana@Bücher.example"))
    with db.reading() as session:
        assert session.scalar(select(ContactAddress.email_norm)) == "ana@xn--bcher-kva.example"


FIVE = HEADER + "".join(
    row(salesforce_id(f"00300000000000{n}"), "bad" if n == 3 else f"n{n}@acme.example") for n in range(1, 6)
)


def test_one_bad_row_of_five_stops_all(load: Import, db: Database):
    report = load(FIVE)
    assert (report.written, report.bad_rows, report.errors[0].line) == (False, 1, 4)
    assert number(db) == 0


def test_bad_rows_can_be_skipped(load: Import, db: Database):
    report = load(FIVE, skip_bad_rows=True)
    assert (report.created, report.skipped) == (4, 1)
    assert number(db) == 4


def test_a_dry_run_writes_nothing(load: Import, db: Database):
    load(HEADER + row(ANA))
    report = load(HEADER + row(ANA, "new@acme.example") + row(BO), dry_run=True)
    assert (report.created, report.updated, report.changes[0].fields) == (1, 1, ("Email",))
    assert (number(db), contact(db, ANA).email) == (1, "x@acme.example")


def test_the_same_contact_twice(load: Import, db: Database):
    assert load(HEADER + row(ANA) + row(ANA)).repeated == 1
    report = load(HEADER + row(ANA) + row(ANA, "y@acme.example"))
    assert "on line 2 and again on line 3" in report.errors[0].reason


def test_two_contacts_may_share_an_address(load: Import, db: Database):
    assert load(HEADER + row(ANA) + row(BO)).created == 2


LANGUAGES = "Contact ID,Account ID,Email,Language\n"


def with_language(cell: str, key: str = ANA) -> str:
    return f"{key},{ACME},{key}@acme.example,{cell}\n"


def synced_at(db: Database, key: str) -> datetime | None:
    return contact(db, key).synced_at


@pytest.mark.parametrize(
    ("cell", "tag"),
    [("German", "de"), ("de", "de"), ("de_AT", "de-AT"), ("PT-br", "pt-BR"), (" Norwegian ", "no"), ("", None),
     ("  ", None)],
)  # fmt: skip
def test_a_language_is_read_as_reports_write_it(load: Import, db: Database, cell: str, tag: str | None):
    load(LANGUAGES + with_language(cell))
    assert contact(db, ANA).language == tag


def test_what_is_no_language_is_told_with_its_line_and_the_cure(load: Import, db: Database):
    report = load(LANGUAGES + with_language("de") + with_language("Klingon", BO) + with_language("d", CY))
    assert [(problem.line, problem.column, problem.value) for problem in report.errors] == [
        (3, "Language", "Klingon"),
        (4, "Language", "d"),
    ]
    assert {problem.reason for problem in report.errors} == {"is no language; write de, pt-BR or German"}
    assert number(db) == 0


def test_a_language_is_a_change_and_an_empty_cell_takes_it_away(load: Import, db: Database):
    load(LANGUAGES + with_language("de"))
    assert load(LANGUAGES + with_language("German")).unchanged == 1
    assert load(LANGUAGES + with_language("fr")).changes[0].fields == ("Language",)
    assert load(LANGUAGES + with_language("")).changes[0].fields == ("Language",)
    assert contact(db, ANA).language is None


def test_without_the_column_a_language_stays(load: Import, db: Database):
    load(LANGUAGES + with_language("de"))
    assert load(f"Contact ID,Account ID,Email,Title\n{ANA},{ACME},{ANA}@acme.example,Boss\n").updated == 1
    assert contact(db, ANA).language == "de"


def test_every_contact_that_an_import_speaks_of_is_fresh(load: Import, db: Database, clock: StandingClock):
    first = clock.now()
    load(HEADER + row(ANA) + row(BO) + row(CY))
    assert {synced_at(db, key) for key in (ANA, BO, CY)} == {first}
    second = clock.advance(hours=6)
    report = load(HEADER + row(ANA) + row(BO, "new@acme.example"))
    assert (report.unchanged, report.updated) == (1, 1)
    assert [synced_at(db, key) for key in (ANA, BO, CY)] == [second, second, first]


def test_an_alternate_address_alone_makes_a_contact_fresh_too(load: Import, db: Database, clock: StandingClock):
    load(HEADER + row(ANA))
    now = clock.advance(hours=1)
    assert load(HEADER + row(ANA, alternates="b@acme.example")).updated == 1
    assert synced_at(db, ANA) == now


def test_what_wrote_nothing_makes_nobody_fresh(load: Import, db: Database, clock: StandingClock):
    before = clock.now()
    load(HEADER + row(ANA) + row(BO))
    clock.advance(days=1)
    assert load(HEADER + row(ANA) + row(BO, "new@acme.example"), dry_run=True).unchanged == 1
    assert not load(HEADER + row(ANA) + row(BO, "bad")).written
    assert {synced_at(db, key) for key in (ANA, BO)} == {before}


def test_a_skipped_row_is_no_word_about_its_contact(load: Import, db: Database, clock: StandingClock):
    before = clock.now()
    load(HEADER + row(ANA) + row(BO))
    now = clock.advance(days=1)
    load(HEADER + row(ANA) + row(BO, "bad"), skip_bad_rows=True)
    assert (synced_at(db, ANA), synced_at(db, BO)) == (now, before)


@pytest.mark.parametrize(
    ("text", "key"),
    [("GitLab Admin", "gitlab_admin"), ("sold_to", "sold_to"), ("Sold-to", "sold_to"), ("Prime Mover!", "prime_mover"),
     ("", None), ("--", None)],
)  # fmt: skip
def test_roles_get_their_key(text: str, key: str | None):
    assert role_key(text) == key


def test_twenty_thousand_rows_are_imported_with_progress(db: Database, clock: StandingClock):
    load_accounts(db, clock)
    rows = "".join(row(salesforce_id(f"003{n:012d}"), f"n{n}@acme.example") for n in range(20_000))
    steps: list[tuple[str, float]] = []
    with db.transaction() as session:
        report = import_contacts(
            session, io.BytesIO((HEADER + rows).encode()), options=ImportOptions(), now=clock.now(),
            progress=lambda *step: steps.append(step),
        )  # fmt: skip
    assert (report.created, number(db)) == (20_000, 20_000)
    assert steps == sorted(steps)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(alphabet=f'{ANA}{ACME}@",;\n é.', max_size=80))
def test_any_text_gives_a_report_or_is_unreadable(sqlite_database: Database, clock: StandingClock, text: str):
    file, options = io.BytesIO((HEADER + text).encode()), ImportOptions(skip_bad_rows=True)
    with sqlite_database.transaction() as session, contextlib.suppress(ImportUnreadable):
        import_contacts(session, file, options=options, now=clock.now())


def test_contacts_of_an_account_are_two_statements(load: Import, db: Database):
    load(HEADER + ROW + "".join(row(salesforce_id(f"003{n:012d}"), f"n{n}@acme.example") for n in range(30)))
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if not statement.startswith("BEGIN"):
            statements.append(statement)

    with db.reading() as session:
        account_id = session.scalars(select(Contact.account_id)).first()
        assert account_id is not None
        event.listen(db.engine, "before_cursor_execute", note)
        found = queries.of_account(session, account_id)
        assert (len(found), len(statements)) == (31, 2)
        ids = [view.id for view in reversed(found)]
        assert [view.id for view in queries.by_ids(session, ids)] == ids
        assert len(statements) == 4
        assert len(queries.suggest(session, "n2", limit=5)) == 5
        assert len(statements) == 6
        event.remove(db.engine, "before_cursor_execute", note)


def test_suggestions_are_found_by_name_or_address(load: Import, db: Database):
    bo = f"{BO},Bö,Zz_top,bo@other.example,,{BERTA},,Second@else.example,\n"
    load(HEADER + ROW + bo)
    with db.reading() as session:

        def names(search: str, **more: Any) -> list[str]:
            return [view.first_name for view in queries.suggest(session, search, **more)]

        assert names("ana lop") == names("LÓPEZ ana") == names("@acme") == ["Ana"]
        assert names("bo") == names("second@") == names("_") == ["Bö"]
        assert names("") == names("%") == names("nobody") == []
        assert names("example") == ["Ana", "Bö"]
        assert names("example", limit=1) == ["Ana"]
        assert names("example", account_id=contact(db, BO).account_id) == ["Bö"]


def test_an_unknown_contact_is_not_found(load: Import, db: Database):
    with db.reading() as session:
        assert queries.by_ids(session, []) == ()
        with pytest.raises(NotFound):
            queries.by_id(session, ContactAddress().id)


@dataclass(frozen=True)
class Tools:
    db: Database
    clock: StandingClock


def test_the_command_imports_contacts(load: Import, db: Database, clock: StandingClock, tmp_path: Path):
    file = tmp_path / "contacts.csv"

    def run(content: str, *options: str) -> tuple[int, str]:
        file.write_text(content)
        result = CliRunner().invoke(import_contacts_command, [str(file), *options], obj=Tools(db, clock))
        return result.exit_code, result.stdout

    assert run(HEADER + ROW, "--dry-run")[0] == 0
    assert number(db) == 0
    assert run(HEADER + ROW) == (0, "1 rows with contacts imported:\n  1 new\n")
    code, text = run(FIVE)
    assert code == 1
    assert "nothing was written" in text
    assert run(FIVE, "--skip-bad-rows")[0] == 1
    assert run("no header")[0] == 2
    assert number(db) == 5
