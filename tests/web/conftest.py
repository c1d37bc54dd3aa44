"""A book with an email in the outbox and a note on the timeline."""

from __future__ import annotations

import uuid

import pytest

from server.runtime import Runtime
from tests.cast import Book, load_cast, welcome_only
from tests.web.pages import add_note, put_into_outbox


@pytest.fixture
def email_id(runtime: Runtime, book: Book, alices_mailbox: uuid.UUID) -> uuid.UUID:
    add_note(runtime, book.account, "Kick-off call")
    return put_into_outbox(runtime, book, alices_mailbox)


@pytest.fixture
def book(runtime: Runtime) -> Book:
    """As everywhere, but with the one template of the email task: the others take half a second to compile."""
    with runtime.db.transaction() as session:
        return load_cast(session, runtime.clock.now(), sources=welcome_only())
