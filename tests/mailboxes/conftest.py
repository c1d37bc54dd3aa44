"""Mailboxes, with the cast but not all its templates."""

from __future__ import annotations

import pytest

from server.runtime import Runtime
from tests.cast import Book, load_cast, welcome_only


@pytest.fixture
def book(runtime: Runtime) -> Book:
    with runtime.db.transaction() as session:
        return load_cast(session, runtime.clock.now(), sources=welcome_only())
