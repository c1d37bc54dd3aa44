"""Mailboxes that are read."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator

import pytest

from server.auth import people
from server.mailboxes.connection import ENVELOPE_SCOPES, TEXT_SCOPES
from server.runtime import Runtime
from server.sandbox.running import RunningSandbox
from tests.cast import ALICE, Book, connect_mailbox
from tests.mailboxes.reader import Reader
from tests.sends.outbox import Outbox


@pytest.fixture
def reader_with(runtime: Runtime, sandbox: RunningSandbox) -> Iterator[Callable[[tuple[str, ...]], Reader]]:
    """reader_with(scopes): a reader of Alice's mailbox, connected with that footprint."""
    for user in sandbox.config.users:
        sandbox.revoke(user.email)

    def connected(scopes: tuple[str, ...]) -> Reader:
        now = runtime.clock.now()
        with runtime.db.transaction() as session:
            alice = people.add_user(
                session, email=ALICE, name="Alice Moreau", role="tam", title="", time_zone="Europe/Paris", now=now
            )
            session.flush()
            mailbox_id = connect_mailbox(
                session,
                user_id=alice.id,
                email=ALICE,
                granted=sandbox.tokens_for(ALICE, scopes),
                vault=runtime.vault,
                now=now,
            )
        return Reader(runtime=runtime, sandbox=sandbox, mailbox_id=mailbox_id)

    yield connected
    sandbox.aim_push(None)
    sandbox.set_send_as(ALICE)


@pytest.fixture
def reader(reader_with: Callable[[tuple[str, ...]], Reader]) -> Reader:
    """With texts allowed, as most will be."""
    return reader_with(TEXT_SCOPES)


@pytest.fixture(params=["envelopes", "texts"])
def any_reader(request: pytest.FixtureRequest, reader_with: Callable[[tuple[str, ...]], Reader]) -> Reader:
    """Once with each footprint."""
    return reader_with(ENVELOPE_SCOPES if request.param == "envelopes" else TEXT_SCOPES)


@pytest.fixture
def outbox(runtime: Runtime, sandbox: RunningSandbox, book: Book, alices_mailbox: uuid.UUID) -> Outbox:
    """Alice sends from the mailbox that is read."""
    return Outbox(runtime=runtime, sandbox=sandbox, book=book, mailbox_id=alices_mailbox)
