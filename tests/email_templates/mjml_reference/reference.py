"""The reference compiler, npm's mjml, as a function."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping

from tests.email_templates.mjml_reference.fixture_files import HERE


def compiled_by_reference(mails: Mapping[str, str]) -> dict[str, str]:
    """By name. A mail that the reference finds fault with is not one to compare with."""
    assert (HERE / "node_modules/.ready").exists(), "The reference compiler is not installed: run make setup-tests."
    lines = "".join(json.dumps({"name": name, "mjml": mjml}) + "\n" for name, mjml in mails.items())
    done = subprocess.run(["node", "compile.mjs"], cwd=HERE, input=lines, capture_output=True, text=True, check=True)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert {answer["name"]: answer["problems"] for answer in answers if answer["problems"]} == {}
    return {answer["name"]: answer["html"] for answer in answers}
