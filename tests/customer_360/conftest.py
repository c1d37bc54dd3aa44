"""The cast, ready quickly."""

from __future__ import annotations

import pytest

from server.runtime import Runtime
from tests.cast import Book, load_cast, welcome_only


@pytest.fixture
def book(runtime: Runtime) -> Book:
    """As everywhere, but with the one template of the email task: the others take half a second to compile."""
    with runtime.db.transaction() as session:
        return load_cast(session, runtime.clock.now(), sources=welcome_only())
