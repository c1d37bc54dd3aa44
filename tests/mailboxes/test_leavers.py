"""Who is shut out: their mailbox is used no more, and Google forgets the grant."""

from __future__ import annotations

import uuid

import pytest
from sqlalchemy import select

from server import periodic
from server.auth import people
from server.mailboxes import connection, tokens
from server.mailboxes.connection import ENVELOPE_SCOPES
from server.mailboxes.leavers import end_leavers
from server.mailboxes.models import Mailbox, MailboxState
from server.ports.errors import AccessLost
from server.ports.gmail import OAuthTokens
from server.ports.google_accounts import MailboxGrant
from server.runtime import Runtime
from server.sandbox.running import RunningSandbox
from tests.cast import ALICE, Book


def box(runtime: Runtime) -> Mailbox:
    with runtime.db.reading() as session:
        return session.scalars(select(Mailbox)).one()


def grant_of(runtime: Runtime) -> OAuthTokens:
    return tokens.unseal(runtime.vault, box(runtime))


def shut_out(runtime: Runtime) -> None:
    with runtime.db.transaction() as session:
        people.end_user(session, email=ALICE, now=runtime.clock.now())


def test_the_clock_revokes_the_grant_of_who_was_shut_out(runtime: Runtime, alices_mailbox: uuid.UUID) -> None:
    grant = grant_of(runtime)
    assert end_leavers(runtime) == 0
    assert box(runtime).state == MailboxState.CONNECTED, "whoever stays keeps theirs"
    shut_out(runtime)
    periodic.tick(runtime, periodic.REMATCH_EVERY_TICKS)
    assert (box(runtime).state, box(runtime).sealed_tokens) == (MailboxState.DISCONNECTED, None)
    with pytest.raises(AccessLost):
        runtime.gmail.open(grant, on_refresh=lambda _: None).profile()


def test_while_google_does_not_answer_it_is_out_of_use_and_tried_again(
    runtime: Runtime, sandbox: RunningSandbox, alices_mailbox: uuid.UUID
) -> None:
    grant = grant_of(runtime)
    shut_out(runtime)
    sandbox.add_fault("oauth.revoke", "503")
    assert end_leavers(runtime) == 0
    assert box(runtime).state == MailboxState.DISCONNECTED
    assert grant_of(runtime) == grant, "kept, sealed, to be revoked with"
    sandbox.clear_faults()
    assert end_leavers(runtime) == 1
    assert box(runtime).sealed_tokens is None
    with pytest.raises(AccessLost):
        runtime.gmail.open(grant, on_refresh=lambda _: None).profile()
    assert end_leavers(runtime) == 0


def test_who_came_back_and_connected_anew_keeps_the_new_grant(
    runtime: Runtime, sandbox: RunningSandbox, book: Book, alices_mailbox: uuid.UUID
) -> None:
    shut_out(runtime)
    sandbox.add_fault("oauth.revoke", "503")
    end_leavers(runtime)
    sandbox.clear_faults()
    fresh = sandbox.tokens_for(ALICE, ENVELOPE_SCOPES)
    with runtime.db.transaction() as session:
        people.add_user(session, email=ALICE, name="Alice Moreau", role="tam", now=runtime.clock.now())
        connection.connect(
            session,
            user_id=book.alice,
            user_email=ALICE,
            grant=MailboxGrant(email=ALICE, tokens=fresh),
            vault=runtime.vault,
            now=runtime.clock.now(),
        )
    assert end_leavers(runtime) == 0
    assert box(runtime).state == MailboxState.CONNECTED
    assert runtime.gmail.open(grant_of(runtime), on_refresh=lambda _: None).profile().email_address == ALICE


def test_a_grant_that_does_not_open_is_forgotten(runtime: Runtime, alices_mailbox: uuid.UUID) -> None:
    with runtime.db.transaction() as session:
        session.scalars(select(Mailbox)).one().sealed_tokens = "not ours"
    shut_out(runtime)
    assert end_leavers(runtime) == 1
    assert box(runtime).sealed_tokens is None
