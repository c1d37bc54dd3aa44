from __future__ import annotations

import uuid
from collections.abc import Callable

import pytest

from tests.cast import Book
from tests.conftest import SignedInClient
from tests.ctas.composer import Composer


@pytest.fixture
def composer(book: Book, alices_mailbox: uuid.UUID, sign_in: Callable[[uuid.UUID], SignedInClient]) -> Composer:
    """Alice writes the email of her task; her mailbox is connected."""
    return Composer(client=sign_in(book.alice), task_id=book.email_task)
