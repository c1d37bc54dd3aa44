"""Alice's outbox, ready to send."""

from __future__ import annotations

import uuid

import pytest

from server.runtime import Runtime
from server.sandbox.running import RunningSandbox
from tests.cast import Book, load_cast, welcome_only
from tests.sends.outbox import Outbox


@pytest.fixture
def book(runtime: Runtime) -> Book:
    with runtime.db.transaction() as session:
        return load_cast(session, runtime.clock.now(), sources=welcome_only())


@pytest.fixture
def outbox(runtime: Runtime, sandbox: RunningSandbox, book: Book, alices_mailbox: uuid.UUID) -> Outbox:
    return Outbox(runtime=runtime, sandbox=sandbox, book=book, mailbox_id=alices_mailbox)
