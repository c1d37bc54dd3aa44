"""Contacts whose account goes away between the check and the writing."""

from __future__ import annotations

import io

import pytest
from sqlalchemy import delete, select

from server.accounts.import_accounts import import_accounts
from server.accounts.import_passes import ImportOvertaken, write_import
from server.accounts.import_report import ImportOptions
from server.accounts.models import Account
from server.accounts.salesforce_values import salesforce_id
from server.contacts.import_contacts import check_contacts
from server.contacts.models import Contact
from server.db import Database
from tests.conftest import StandingClock

ACME, BERTA = salesforce_id("001000000000001"), salesforce_id("001000000000002")
ADA, BOB = salesforce_id("003000000000001"), salesforce_id("003000000000002")


def test_an_account_that_is_gone_meanwhile_rolls_all_contacts_back(db: Database, clock: StandingClock):
    accounts = io.BytesIO(f"Account ID,Account Name\n{ACME},Acme\n{BERTA},Berta\n".encode())
    with db.transaction() as session:
        import_accounts(session, accounts, options=ImportOptions(), now=clock.now())
    contacts = f"Contact ID,Account ID,Email\n{ADA},{ACME},ada@acme.com\n{BOB},{BERTA},bob@berta.com\n"
    with db.reading() as session:
        checked = check_contacts(session, io.BytesIO(contacts.encode()), options=ImportOptions(), now=clock.now())
    with db.transaction() as session:
        session.execute(delete(Account).where(Account.salesforce_id == BERTA))
    with pytest.raises(ImportOvertaken, match=f"Line 3: the account {BERTA} is gone"), db.transaction() as session:
        write_import(session, checked)
    with db.reading() as session:
        assert list(session.scalars(select(Contact))) == []
