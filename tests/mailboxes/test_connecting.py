"""/mailbox: connecting, reconnecting and disconnecting Gmail over HTTP, with the person's clicks at Google."""

from __future__ import annotations

import uuid
from collections.abc import Callable

import pytest
from sqlalchemy import func, select

from server.mailboxes import connection, tokens
from server.mailboxes.models import Mailbox, MailboxState
from server.ports.errors import AccessLost
from server.ports.gmail import COMPOSE_SCOPE
from server.runtime import Runtime
from server.sandbox.running import RunningSandbox
from tests.auth.at_google import agree
from tests.cast import ALICE, BOB, Book
from tests.conftest import SignedInClient

SignIn = Callable[[uuid.UUID], SignedInClient]


@pytest.fixture
def alice(book: Book, sign_in: SignIn, sandbox: RunningSandbox) -> SignedInClient:
    for user in sandbox.config.users:
        sandbox.revoke(user.email)
    return sign_in(book.alice)


def start(client: SignedInClient, **form: str) -> str:
    answer = client.post("/mailbox/connect", data=form)
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"]


def mailbox_of(runtime: Runtime, user_id: uuid.UUID) -> Mailbox | None:
    with runtime.db.reading() as session:
        return connection.of_user(session, user_id)


def test_a_person_connects_their_mailbox(alice: SignedInClient, runtime: Runtime, book: Book) -> None:
    assert "Connect" in alice.get("/mailbox").text
    answer = alice.get(agree(start(alice, next="/outbox"), ALICE))
    assert answer.headers["Location"] == "/outbox"
    found = mailbox_of(runtime, book.alice)
    assert found is not None
    assert (found.state, found.email) == (MailboxState.CONNECTED, ALICE)
    page = alice.get("/mailbox").text
    assert ALICE in page
    assert "Gmail is connected." in page


def test_nothing_of_the_grant_can_be_read_in_the_row(alice: SignedInClient, runtime: Runtime, book: Book) -> None:
    alice.get(agree(start(alice), ALICE))
    found = mailbox_of(runtime, book.alice)
    assert found is not None
    grant = tokens.unseal(runtime.vault, found)
    row = str(vars(found))
    assert grant.access_token not in row
    assert grant.refresh_token not in row
    assert grant.access_token not in repr(grant)
    assert grant.refresh_token not in repr(grant)


def test_the_mailbox_of_somebody_else_is_refused(alice: SignedInClient, runtime: Runtime, book: Book) -> None:
    alice.get(agree(start(alice), BOB))
    assert mailbox_of(runtime, book.alice) is None
    page = alice.get("/mailbox").text
    assert f"Connect again and choose {ALICE}." in page


def test_an_unticked_permission_is_refused(alice: SignedInClient, runtime: Runtime, book: Book) -> None:
    alice.get(agree(start(alice), ALICE, tick=[COMPOSE_SCOPE]))
    assert mailbox_of(runtime, book.alice) is None
    assert "leave both boxes ticked" in alice.get("/mailbox").text


def test_a_no_at_google_changes_nothing(alice: SignedInClient, runtime: Runtime, book: Book) -> None:
    answer = alice.get(agree(start(alice), ALICE, decision="cancel"))
    assert answer.headers["Location"] == "/mailbox"
    assert mailbox_of(runtime, book.alice) is None
    assert "Gmail was not connected" in alice.get("/mailbox").text


def test_the_way_back_is_worth_nothing_in_another_persons_browser(
    alice: SignedInClient, runtime: Runtime, book: Book, sign_in: SignIn
) -> None:
    back = agree(start(alice), ALICE)
    bob = sign_in(book.bob)
    bob.get(back)
    assert "was started elsewhere" in bob.get("/mailbox").text
    stolen = alice.get_cookie("rapport_attempt", domain="127.0.0.1")
    assert stolen is not None
    bob.set_cookie("rapport_attempt", stolen.value, domain="127.0.0.1")
    bob.get(back)
    assert "Gmail was not connected" in bob.get("/mailbox").text
    with runtime.db.reading() as session:
        assert session.scalar(select(func.count(Mailbox.id))) == 0


def test_the_way_back_works_once(alice: SignedInClient, runtime: Runtime, book: Book) -> None:
    back = agree(start(alice), ALICE)
    alice.get(back)
    first = mailbox_of(runtime, book.alice)
    alice.get(back)
    assert "was already used" in alice.get("/mailbox").text
    second = mailbox_of(runtime, book.alice)
    assert first is not None
    assert second is not None
    assert first.sealed_tokens == second.sealed_tokens


def test_the_way_back_of_a_sign_in_connects_nothing(alice: SignedInClient, runtime: Runtime, book: Book) -> None:
    url = alice.post("/auth/start").headers["Location"]
    back = agree(url, ALICE).replace("/auth/callback", "/mailbox/callback")
    alice.get(back)
    assert mailbox_of(runtime, book.alice) is None


def test_a_made_up_way_back_is_refused_in_words(alice: SignedInClient) -> None:
    for query in ("", "?state=x", "?code=x&state=x", "?error=access_denied&error_description=<b>hello</b>"):
        assert alice.get(f"/mailbox/callback{query}").headers["Location"] == "/mailbox"
    page = alice.get("/mailbox").text
    assert "was started elsewhere" in page
    assert "<b>hello</b>" not in page


def test_disconnecting_revokes_the_access_at_google_and_forgets_it(
    alice: SignedInClient, runtime: Runtime, book: Book
) -> None:
    alice.get(agree(start(alice), ALICE))
    found = mailbox_of(runtime, book.alice)
    assert found is not None
    grant = tokens.unseal(runtime.vault, found)
    alice.post("/mailbox/disconnect")
    assert "access was revoked" in alice.get("/mailbox").text
    found = mailbox_of(runtime, book.alice)
    assert found is not None
    assert (found.state, found.sealed_tokens) == (MailboxState.DISCONNECTED, None)
    with pytest.raises(AccessLost):
        runtime.gmail.open(grant, on_refresh=lambda _: None).profile()


def test_when_google_does_not_confirm_the_person_is_told_how_to_remove_it(
    alice: SignedInClient, runtime: Runtime, book: Book, sandbox: RunningSandbox
) -> None:
    alice.get(agree(start(alice), ALICE))
    sandbox.add_fault("oauth.revoke", "503")
    alice.post("/mailbox/disconnect")
    assert "under Security" in alice.get("/mailbox").text
    found = mailbox_of(runtime, book.alice)
    assert found is not None
    assert found.sealed_tokens is None


def test_a_grant_that_no_longer_opens_is_forgotten_and_not_called_revoked(
    alice: SignedInClient, runtime: Runtime, book: Book
) -> None:
    alice.get(agree(start(alice), ALICE))
    with runtime.db.transaction() as session:
        found = connection.of_user(session, book.alice)
        assert found is not None
        found.sealed_tokens = "gAAAAnonsense"
    alice.post("/mailbox/disconnect")
    page = alice.get("/mailbox").text
    assert "under Security" in page
    assert "access was revoked" not in page


def test_disconnecting_twice_or_without_a_mailbox_does_no_harm(alice: SignedInClient) -> None:
    for _ in range(2):
        assert alice.post("/mailbox/disconnect").status_code == 303


def test_connecting_again_after_access_was_lost_makes_it_whole(
    alice: SignedInClient, runtime: Runtime, book: Book
) -> None:
    alice.get(agree(start(alice), ALICE))
    with runtime.db.transaction() as session:
        found = connection.of_user(session, book.alice)
        assert found is not None
        connection.lose_access(
            session, mailbox_id=found.id, granted_at=found.connected_at, reason="Gone.", now=runtime.clock.now()
        )
    assert "Needs reconnecting" in alice.get("/mailbox").text
    alice.get(agree(start(alice), ALICE))
    again = mailbox_of(runtime, book.alice)
    assert again is not None
    assert (again.id, again.state, again.problem) == (found.id, MailboxState.CONNECTED, None)
