"""Who became TAM and which stage was reached is kept, whatever changes it."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select

from server.accounts import changes
from server.accounts.models import Account, AccountChange, LifecycleStage
from server.db import Database
from tests.accounts.conftest import Import
from tests.accounts.test_import_accounts import A, B, account, add_user, reasons
from tests.conftest import StandingClock

HEADER = "Account ID,Account Name,Technical Account Manager,Lifecycle Stage\n"


def kept(db: Database) -> list[tuple[str, str | None, str | None]]:
    with db.reading() as session:
        rows = session.scalars(select(AccountChange).order_by(AccountChange.changed_at, AccountChange.field)).all()
        return [(row.field, row.before, row.after) for row in rows]


def test_an_import_keeps_who_was_tam_before_and_which_stage_was_reached(
    load: Import, db: Database, clock: StandingClock
):
    ann = add_user(db, clock, "Ann Lee", "ann@rapport.example")
    ben = add_user(db, clock, "Ben Ito", "ben@rapport.example")
    load(HEADER + f"{A},Acme,Ann Lee,Onboarding\n{B},Berta,Ann Lee,Onboarding\n")
    assert kept(db) == []
    clock.advance(days=1)
    load(HEADER + f"{A},Acme,Ben Ito,Adoption\n{B},Berta,Ann Lee,Onboarding\n")
    assert kept(db) == [("stage", "onboarding", "adoption"), ("tam", str(ann.id), str(ben.id))]
    clock.advance(days=1)
    load(HEADER + f"{A},Acme,Ben Ito,Adoption\n")
    assert len(kept(db)) == 2


def test_a_dry_run_keeps_nothing(load: Import, db: Database, clock: StandingClock):
    load(HEADER + f"{A},Acme,,Onboarding\n")
    load(HEADER + f"{A},Acme,,Adoption\n", dry_run=True)
    assert kept(db) == []


def test_a_deed_keeps_a_change_once(load: Import, db: Database, clock: StandingClock):
    ann = add_user(db, clock, "Ann Lee", "ann@rapport.example")
    load(HEADER + f"{A},Acme,,Onboarding\n")
    for _ in range(2):
        with db.transaction() as session:
            found = session.scalars(select(Account)).one()
            changes.give_tam(session, found, tam_id=ann.id, tam_name=ann.name, now=clock.now())
            changes.reach_stage(session, found, stage=LifecycleStage.ADOPTION, now=clock.now())
    assert kept(db) == [("stage", "onboarding", "adoption"), ("tam", None, str(ann.id))]
    assert account(db, A).tam_name == "Ann Lee"


def test_the_start_of_the_contract_is_read_changed_and_left_alone(load: Import, db: Database):
    header = "Account ID,Account Name,Contract Start Date\n"
    load(header + f"{A},Acme,2026-02-28\n")
    assert account(db, A).contract_start_on == date(2026, 2, 28)
    report = load(header + f"{A},Acme,2026-03-01\n")
    assert report.changes[0].fields == ("Contract Start Date",)
    load(f"Account ID,Account Name\n{A},Acme\n")
    assert account(db, A).contract_start_on == date(2026, 3, 1)
    assert reasons(load(header + f"{A},Acme,the first of May\n")) != []
