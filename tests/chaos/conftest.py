"""One stage for all seeds of a test process: getting warm takes longer than a seed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.chaos.stage import Stage


@pytest.fixture(scope="session")
def stage() -> Iterator[Stage]:
    with Stage() as found:
        yield found
