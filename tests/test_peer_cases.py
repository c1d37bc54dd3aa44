"""Failures that others had (their numbers are ours) and that each became a test here: none of them is forgotten."""

from __future__ import annotations

import re
from pathlib import Path

TESTS = Path(__file__).parent
AUTO_LINK = range(1, 54)
EXTENSION = range(82, 103)
_MARK = re.compile(r"@pytest\.mark\.peer_case\(([\d, ]+)\)\s*\n(?:@[^\n]*\n)*(?:async )?def test_")


def _claimed() -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for path in sorted(TESTS.rglob("test_*.py")):
        for match in _MARK.finditer(path.read_text(encoding="utf-8")):
            for number in match[1].split(","):
                found.setdefault(int(number), []).append(path.name)
    return found


def test_every_failure_of_mail_sync_and_linking_has_a_test() -> None:
    claimed = _claimed()
    missing = [number for number in AUTO_LINK if number not in claimed]
    assert not missing, f"no test is marked peer_case with {missing}"


def test_every_failure_of_extensions_in_gmail_has_a_test() -> None:
    claimed = _claimed()
    missing = [number for number in EXTENSION if number not in claimed]
    assert not missing, f"no test is marked peer_case with {missing}"
