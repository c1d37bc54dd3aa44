from __future__ import annotations

import uuid
from collections.abc import Callable

import pytest

from server.runtime import Runtime
from tests.cast import Book, load_cast, welcome_only
from tests.conftest import SignedInClient
from tests.playbooks.composer import Composer


@pytest.fixture
def composer(book: Book, alices_mailbox: uuid.UUID, sign_in: Callable[[uuid.UUID], SignedInClient]) -> Composer:
    """Alice writes the email of her task; her mailbox is connected."""
    return Composer(client=sign_in(book.alice), task_id=book.email_task)


@pytest.fixture
def book(runtime: Runtime) -> Book:
    """As everywhere, but with the one template of the email task: the others take half a second to compile."""
    with runtime.db.transaction() as session:
        return load_cast(session, runtime.clock.now(), sources=welcome_only())
