"""rapport users …: who may come in."""

from __future__ import annotations

import uuid
from collections.abc import Callable

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from server.auth import people
from server.auth.cli import users
from server.auth.models import User
from server.errors import Invalid, NotFound
from server.runtime import Runtime
from tests.cast import ALICE, Book
from tests.conftest import SignedInClient


def test_adding_a_person_twice_brings_them_up_to_date(runtime: Runtime) -> None:
    for name, role in (("Dana P", "tam"), ("Dana Petrov", "admin")):
        answer = CliRunner().invoke(
            users, ["add", " Dana@Rapport.example ", "--name", name, "--role", role, "--team", "EMEA"], obj=runtime
        )
        assert answer.exit_code == 0, answer.output
    with runtime.db.reading() as session:
        dana = session.scalars(select(User)).one()
    assert (dana.email, dana.name, dana.role) == ("dana@rapport.example", "Dana Petrov", "admin")


@pytest.mark.parametrize(
    "wrong",
    [
        {"email": "dana"},
        {"email": "@rapport.example"},
        {"email": "dana@"},
        {"email": "da na@rapport.example"},
        {"role": "owner"},
        {"time_zone": "Mars/Olympus"},
    ],
)
def test_what_is_wrong_with_a_person_is_said(runtime: Runtime, wrong: dict[str, str]) -> None:
    given = {"email": "dana@rapport.example", "name": "Dana", "role": "tam", "time_zone": "UTC", **wrong}
    with pytest.raises(Invalid), runtime.db.transaction() as session:
        people.add_user(session, now=runtime.clock.now(), **given)


def rapport_users(runtime: Runtime, *words: str) -> str:
    answer = CliRunner().invoke(users, words, obj=runtime)
    assert answer.exit_code == 0, answer.output
    return answer.output


NO_MORE = "0 Gmail extensions, 0 personal tokens. Their mailbox is disconnected within a minute.\n"


def test_ending_a_person_signs_them_out_everywhere_at_once(
    runtime: Runtime, book: Book, sign_in: Callable[[uuid.UUID], SignedInClient]
) -> None:
    browsers = [sign_in(book.alice), sign_in(book.alice), sign_in(book.bob)]
    said = rapport_users(runtime, "end", " Alice@Rapport.example ")
    assert said == f"alice@rapport.example may not sign in any more. Signed out: 2 browsers, {NO_MORE}"
    assert [browser.get("/outbox").status_code for browser in browsers] == [303, 303, 200]
    assert rapport_users(runtime, "end", ALICE).endswith(f"0 browsers, {NO_MORE}"), "twice is no harm"
    rapport_users(runtime, "add", ALICE, "--name", "Alice Moreau")
    assert browsers[0].get("/outbox").status_code == 303, "she may sign in again, and has to"
    assert sign_in(book.alice).get("/outbox").status_code == 200


def test_the_list_says_who_may_and_did_sign_in(runtime: Runtime, book: Book) -> None:
    with runtime.db.transaction() as session:
        bob = session.get_one(User, book.bob)
        bob.issuer, bob.subject = "https://example.okta.com", "00u1"
    rapport_users(runtime, "end", "dana@rapport.example")
    lines = rapport_users(runtime, "list").splitlines()
    assert lines[:2] == [
        "alice@rapport.example  tam  Alice Moreau  never signed in",
        "bob@rapport.example  tam  Bob Lindqvist  signs in at https://example.okta.com",
    ]
    assert lines[3].startswith("dana@rapport.example  admin  Dana Petrov  ended on 20")


def test_a_person_can_be_bound_anew_after_a_move_to_another_provider(
    runtime: Runtime, book: Book, sign_in: Callable[[uuid.UUID], SignedInClient]
) -> None:
    with runtime.db.transaction() as session:
        bob = session.get_one(User, book.bob)
        bob.issuer, bob.subject = "https://old.example", "1"
    browser = sign_in(book.bob)
    rapport_users(runtime, "unbind", "bob@rapport.example")
    assert browser.get("/outbox").status_code == 303
    with runtime.db.reading() as session:
        bob = session.get_one(User, book.bob)
    assert (bob.issuer, bob.subject) == (None, None)


@pytest.mark.parametrize("command", ["end", "unbind"])
def test_a_person_who_is_not_there_is_said_so(runtime: Runtime, command: str) -> None:
    answer = CliRunner().invoke(users, [command, "nobody@rapport.example"], obj=runtime)
    assert isinstance(answer.exception, NotFound)


def test_an_auditor_can_be_added(runtime: Runtime) -> None:
    assert "may sign in as auditor" in rapport_users(
        runtime, "add", "eve@rapport.example", "--name", "Eve", "--role", "auditor"
    )
