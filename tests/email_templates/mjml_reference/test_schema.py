"""schema.json says what the reference says."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

import server.email_templates.mjml

ROOT = Path(__file__).parents[3]

pytestmark = pytest.mark.xdist_group("mjml_reference")


def test_the_schema_is_what_the_reference_allows():
    printed = subprocess.run(
        ["node", "tools/mjml_schema/print.mjs"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    kept = Path(server.email_templates.mjml.__path__[0]) / "schema.json"
    assert kept.read_text(encoding="utf-8") == printed, "Run tools/mjml_schema/print.mjs, as its first lines say."
