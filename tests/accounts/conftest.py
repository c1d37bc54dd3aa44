"""CSV files as bytes, and imports in one line."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest

from server.accounts.import_accounts import import_accounts
from server.accounts.import_report import ImportOptions, ImportReport
from server.db import Database
from tests.conftest import StandingClock

Import = Callable[..., ImportReport]


@pytest.fixture
def load(db: Database, clock: StandingClock) -> Import:
    """`load(text, dry_run=True, ...)`: import accounts in one transaction."""

    def run(content: str | bytes, **options: Any) -> ImportReport:
        file = io.BytesIO(content.encode() if isinstance(content, str) else content)
        with db.transaction() as session:
            return import_accounts(session, file, options=ImportOptions(**options), now=clock.now())

    return run
