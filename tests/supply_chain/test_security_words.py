"""docs/security.md promises nothing that is gone: its files and tests are there."""

from __future__ import annotations

import re

from tools.supply_chain.locks import ROOT

TEXT = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
NAMED = set(re.findall(r"`((?:server|tests|tools|docs|web_assets)/[\w./-]+)(?:::(\w+))?`", TEXT))


def problem(path: str, test: str) -> str | None:
    place = ROOT / path
    if not place.exists():
        return f"{path} is not there"
    if test and not re.search(rf"^def {test}\(", place.read_text(encoding="utf-8"), re.MULTILINE):
        return f"{path} has no {test}"
    return None


def test_every_file_and_test_that_security_md_names_is_there() -> None:
    assert len(NAMED) > 80
    assert [said for said in (problem(*one) for one in sorted(NAMED)) if said] == []


def test_a_file_or_a_test_that_is_gone_is_noticed() -> None:
    assert problem("server/no_such_file.py", "") == "server/no_such_file.py is not there"
    assert problem("tests/test_vault.py", "test_no_such") == "tests/test_vault.py has no test_no_such"


def test_each_requirement_stands_once_with_an_answer() -> None:
    rows = [line.strip("|").split("|") for line in TEXT.splitlines() if re.match(r"\| V\d", line)]
    numbers = [number for row in rows for number in re.findall(r"V\d+\.\d+\.\d+", row[0])]
    assert len(rows) > 60
    assert [row[0] for row in rows if len(row) != 4] == []
    assert sorted({one for one in numbers if numbers.count(one) > 1}) == []
    # Without a proof it is open, not needed, or a thing to read.
    unproven = [row[0].strip() for row in rows if not row[3].strip() and "**open**" not in row[2]]
    assert unproven == ["V6.2 (all)", "V8.1.1"]
