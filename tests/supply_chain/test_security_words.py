"""docs/security.md promises nothing that is gone: its files and tests are there."""

from __future__ import annotations

import re

from tests.supply_chain.asvs import Row, State, levels, numbers_of, rows_of, summary
from tools.supply_chain.locks import ROOT

TEXT = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
LEVELS = levels()
ROWS = rows_of(TEXT)
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


def test_every_requirement_of_levels_1_and_2_stands_there_once_and_in_order() -> None:
    assert len(LEVELS) == 253
    numbers = [number for row in ROWS for number in numbers_of(row, LEVELS)]
    assert [number for number in LEVELS if number not in numbers] == [], "missing"
    assert sorted({number for number in numbers if numbers.count(number) > 1}) == [], "twice"
    firsts = [numbers_of(row, LEVELS)[0] for row in ROWS]
    assert firsts == sorted(firsts, key=list(LEVELS).index)


def test_each_row_has_its_levels_and_an_answer() -> None:
    for row in ROWS:
        assert row.levels == ", ".join(map(str, sorted({LEVELS[one] for one in numbers_of(row, LEVELS)}))), row.numbers
        assert row.state is not None, row.numbers


def test_the_figures_above_the_tables_are_those_of_the_tables() -> None:
    assert summary(TEXT, LEVELS) in TEXT


def test_a_row_that_says_nothing_counts_as_nothing() -> None:
    def state(answer: str, proof: str) -> State | None:
        return Row(numbers="V1.1.1", levels="2", answer=answer, proof=proof).state

    assert state("everywhere", "") is None
    assert state("everywhere", "surely") is None
    assert state("does not apply: no such thing", "`tests/test_vault.py`") is None
    assert state("half of it; **open**: the other half", "`tests/test_vault.py`") is State.OPEN
    assert state("read; nobody else", "by review; at rest `tests/test_vault.py`") is State.REVIEWED
    ends = Row(numbers="V1.2.6 to V1.2.8, V1.4.1", levels="2", answer="", proof="")
    assert numbers_of(ends, LEVELS) == ["V1.2.6", "V1.2.7", "V1.2.8", "V1.4.1"]
