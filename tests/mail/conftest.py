"""What tests of mail share."""

from __future__ import annotations

import pytest

from server.db import Database
from tests.mail.letters import Desk


@pytest.fixture
def desk(db: Database) -> Desk:
    """Alice's and Bob's mailboxes, and letters that come in."""
    return Desk.open(db)
