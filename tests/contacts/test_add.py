"""Adding people and addresses by hand."""

from __future__ import annotations

import uuid

import pytest
from sqlalchemy import select

from server.accounts.models import Account
from server.contacts import queries
from server.contacts.add import add_address, add_contact
from server.contacts.models import ContactAddress
from server.db import Database
from server.errors import Conflict, Invalid, NotFound
from tests.conftest import StandingClock


@pytest.fixture
def acme(db: Database, clock: StandingClock) -> uuid.UUID:
    with db.transaction() as session:
        account = Account(name="Acme", name_key="acme", created_at=clock.now(), updated_at=clock.now())
        session.add(account)
    return account.id


def add(db: Database, clock: StandingClock, account_id: uuid.UUID, email: str, **words: str) -> uuid.UUID:
    with db.transaction() as session:
        named = {"first_name": "Ana", "last_name": "López", **words}
        return add_contact(session, account_id=account_id, email=email, now=clock.now(), **named)


def test_a_contact_is_added_with_a_primary_address(db: Database, clock: StandingClock, acme: uuid.UUID):
    contact_id = add(db, clock, acme, " Ana.Lopez+x@ACME.example ", first_name="  Ana\n Maria ", title="Head of IT")
    with db.reading() as session:
        found = queries.by_id(session, contact_id)
        address = session.scalars(select(ContactAddress)).one()
    assert (found.full_name, found.title, found.email) == ("Ana Maria López", "Head of IT", "Ana.Lopez+x@ACME.example")
    assert (address.email_norm, address.match_key) == ("ana.lopez+x@acme.example", "ana.lopez@acme.example")
    with db.reading() as session:
        assert [one.id for one in queries.suggest(session, "lopez ana")] == [contact_id]


def test_an_address_that_is_somebodys_already_is_refused_with_whose_it_is(
    db: Database, clock: StandingClock, acme: uuid.UUID
):
    first = add(db, clock, acme, "ana@acme.example")
    with pytest.raises(Conflict, match=r"ana@acme\.example is the address of Ana López at Acme already"):
        add(db, clock, acme, "ANA@acme.example", first_name="Bo")
    second = add(db, clock, acme, "bo@acme.example", first_name="Bo")
    with db.transaction() as session, pytest.raises(Conflict, match="Ana López"):
        add_address(session, contact_id=second, email="ana@acme.example", now=clock.now())
    with db.transaction() as session, pytest.raises(Conflict, match="Ana López"):
        add_address(session, contact_id=first, email="ana@acme.example", now=clock.now())


def test_another_address_is_an_alternate_one(db: Database, clock: StandingClock, acme: uuid.UUID):
    contact_id = add(db, clock, acme, "ana@acme.example")
    now = clock.advance(days=1)
    with db.transaction() as session:
        add_address(session, contact_id=contact_id, email="ana@home.example", now=now)
    with db.reading() as session:
        found = queries.by_id(session, contact_id)
    assert (found.email, found.alternate_emails) == ("ana@acme.example", ("ana@home.example",))
    with db.transaction() as session:
        session.query(ContactAddress).delete()
        add_address(session, contact_id=contact_id, email="new@acme.example", now=now)
    with db.reading() as session:
        assert queries.by_id(session, contact_id).email == "new@acme.example"


@pytest.mark.parametrize(
    ("words", "field", "said"),
    [
        ({"email": "ana"}, "email", "“ana” is not an e-mail address"),
        ({"email": "ana@acme.example."}, "email", "a dot at its end"),
        ({"first_name": " ", "last_name": "\n"}, "last_name", "needs a name"),
        ({"first_name": "A\0na"}, "first_name", "cannot be shown"),
        ({"last_name": "L\ud800"}, "last_name", "cannot be shown"),
        ({"title": "x" * 201}, "title", "201 characters; 200 is the most"),
    ],
)
def test_what_cannot_be_added_names_the_field_and_the_cure(
    db: Database, clock: StandingClock, acme: uuid.UUID, words: dict[str, str], field: str, said: str
):
    with pytest.raises(Invalid, match=said) as refused:
        add(db, clock, acme, **{"email": "ana@acme.example", **words})
    assert list(refused.value.fields) == [field]
    assert refused.value.cure


def test_what_is_not_there_is_not_added_to(db: Database, clock: StandingClock):
    with pytest.raises(NotFound, match="no such account"):
        add(db, clock, uuid.uuid4(), "ana@acme.example")
    with db.transaction() as session, pytest.raises(NotFound, match="no such contact"):
        add_address(session, contact_id=uuid.uuid4(), email="ana@acme.example", now=clock.now())
