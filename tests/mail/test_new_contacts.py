"""Somebody of a mail becomes a contact by the API, and the mail that waited because of them goes to the account."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import func, select

from server.contacts.models import Contact
from server.db import Database
from tests.cast import BOB
from tests.conftest import SignedInClient
from tests.mail.letters import STRANGER, Desk
from tests.web.pages import ON_SQLITE

SignIn = Callable[[uuid.UUID], SignedInClient]
NORA = {"first_name": "Nora", "last_name": "Quist", "email": "Nora@Quist.example", "title": "CTO"}


@pytest.fixture
def desk(runtime: Any) -> Desk:
    return Desk.open(runtime.db)


@pytest.fixture
def alice(desk: Desk, sign_in: SignIn) -> SignedInClient:
    return sign_in(desk.book.alice)


def test_mail_that_waited_because_of_them_goes_to_the_account(desk: Desk, alice: SignedInClient) -> None:
    first, later = (desk.receive(desk.letter(sender=STRANGER, subject=f"{n}")) for n in range(2))
    answer = alice.post(f"/api/v1/accounts/{desk.book.account}/contacts", json=NORA)
    assert answer.status_code == 201, answer.text
    made = answer.get_json()
    assert (made["first_name"], made["title"], made["email"]) == ("Nora", "CTO", "Nora@Quist.example")
    assert desk.accounts_of(first) == desk.accounts_of(later) == {desk.book.account}
    assert desk.people_of(first, desk.book.account)["nora@quist.example"] == uuid.UUID(made["id"])
    listed = alice.get(f"/api/v1/accounts/{desk.book.account}/contacts").get_json()
    assert made["id"] in {one["id"] for one in listed}


@ON_SQLITE
def test_a_colleagues_mail_waits_for_the_look_of_the_worker(desk: Desk, alice: SignedInClient) -> None:
    """Nothing of it is touched by a click of hers; what was added is looked for later, as on the page."""
    message = desk.receive(desk.letter(sender=STRANGER, to=BOB), whose=BOB)
    assert alice.post(f"/api/v1/accounts/{desk.book.account}/contacts", json=NORA).status_code == 201
    assert desk.accounts_of(message) == set()


@ON_SQLITE
def test_an_address_that_is_somebodys_says_whose(desk: Desk, alice: SignedInClient) -> None:
    path = f"/api/v1/accounts/{desk.account('Yak Ltd')}/contacts"
    refused = alice.post(path, json=NORA | {"email": "tom@helios.example"})
    assert refused.status_code == 409
    assert "Tom Becker at Helios Energy" in refused.get_json()["detail"]


@ON_SQLITE
@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"first_name": "", "last_name": " "}, "last_name"),
        ({"email": "nobody"}, "email"),
        ({"email": "a\0@quist.example"}, "email"),
        ({"first_name": "A\0"}, "first_name"),
        ({"title": "x" * 201}, "title"),
        ({"role": "boss"}, "role"),
    ],
)
def test_what_is_wrong_is_said_by_its_field(
    desk: Desk, alice: SignedInClient, db: Database, changes: dict[str, str], field: str
) -> None:
    with db.reading() as session:
        before = session.scalar(select(func.count(Contact.id)))
    refused = alice.post(f"/api/v1/accounts/{desk.book.account}/contacts", json=NORA | changes)
    assert refused.status_code == 422, refused.text
    assert field in str(refused.get_json()["errors"])
    with db.reading() as session:
        assert session.scalar(select(func.count(Contact.id))) == before


@ON_SQLITE
def test_who_only_looks_adds_nobody(desk: Desk, sign_in: SignIn) -> None:
    path = f"/api/v1/accounts/{desk.book.account}/contacts"
    assert sign_in(desk.book.charlie).post(path, json=NORA).status_code == 403
    assert sign_in(desk.book.dana).post(f"/api/v1/accounts/{uuid.uuid4()}/contacts", json=NORA).status_code == 404
