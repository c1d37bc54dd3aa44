from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def shipped() -> Path:
    return Path(__file__).parents[2] / "email_templates"
