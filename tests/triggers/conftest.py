from __future__ import annotations

import pytest

from server.db import Database
from tests.triggers.watching import Triggers


@pytest.fixture
def triggers(db: Database) -> Triggers:
    return Triggers(db=db)
