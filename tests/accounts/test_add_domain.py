"""Adding a domain to an account by hand."""

from __future__ import annotations

import uuid

import pytest
from sqlalchemy import select

from server.accounts import queries
from server.accounts.add_domain import AddedDomain, add_domain
from server.accounts.models import Account, AccountDomain
from server.accounts.names import fold
from server.db import Database
from server.errors import Invalid, NotFound
from tests.conftest import StandingClock


def says_nothing(host: str) -> str:
    """As mail knows it: our own domain."""
    return f"{host} is our own domain." if host == "rapport.example" else ""


@pytest.fixture
def accounts(db: Database, clock: StandingClock) -> dict[str, uuid.UUID]:
    found = {}
    with db.transaction() as session:
        for name in ("Acme", "Berta"):
            account = Account(name=name, name_key=fold(name), created_at=clock.now(), updated_at=clock.now())
            session.add(account)
            session.flush()
            found[name] = account.id
    return found


def add(db: Database, clock: StandingClock, account_id: uuid.UUID, domain: str) -> AddedDomain:
    with db.transaction() as session:
        return add_domain(session, account_id=account_id, domain=domain, says_nothing=says_nothing, now=clock.now())


def test_a_domain_is_added_once_in_the_form_that_mail_has(
    db: Database, clock: StandingClock, accounts: dict[str, uuid.UUID]
):
    now = clock.advance(days=1)
    first = add(db, clock, accounts["Acme"], " @Mail.Bücher.co.uk ")
    clock.advance(days=1)
    second = add(db, clock, accounts["Acme"], "mail.xn--bcher-kva.co.uk")
    assert first == AddedDomain(domain="mail.xn--bcher-kva.co.uk", is_new=True, also_at=())
    assert (second.domain, second.is_new) == (first.domain, False)
    with db.reading() as session:
        assert queries.domains_of(session, accounts["Acme"]) == ("mail.xn--bcher-kva.co.uk",)
        assert session.scalars(select(AccountDomain.registrable)).one() == "xn--bcher-kva.co.uk"
        assert queries.by_id(session, accounts["Acme"]).updated_at == now


def test_who_has_it_too_is_told(db: Database, clock: StandingClock, accounts: dict[str, uuid.UUID]):
    add(db, clock, accounts["Berta"], "acme.example")
    add(db, clock, accounts["Berta"], "eu.acme.example")
    assert add(db, clock, accounts["Acme"], "acme.example").also_at == ("Berta",)


@pytest.mark.parametrize(
    ("domain", "said"),
    [
        ("gmail.com", "Anybody can have an address at gmail.com"),
        ("x.gmx.de", "Anybody can have an address"),
        ("co.uk", "many companies have domains under"),
        ("rapport.example", "our own domain"),
        ("ana@acme.example", "is no domain"),
        ("", "is no domain"),
    ],
)
def test_a_domain_that_speaks_for_no_company_is_refused(
    db: Database, clock: StandingClock, accounts: dict[str, uuid.UUID], domain: str, said: str
):
    with pytest.raises(Invalid, match=said) as refused:
        add(db, clock, accounts["Acme"], domain)
    assert refused.value.cure
    assert list(refused.value.fields) == ["domain"]
    with pytest.raises(NotFound):
        add(db, clock, uuid.uuid4(), "acme.example")
