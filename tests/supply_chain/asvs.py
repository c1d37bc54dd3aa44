"""The tables of docs/security.md, read as what they say of each requirement of OWASP ASVS 5.0.0."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

_NUMBER = r"V\d+\.\d+\.\d+"
_NUMBERS = Path(__file__).with_name("asvs_numbers.txt")


class State(StrEnum):
    TESTED = "tested"
    REVIEWED = "reviewed"
    NOT_HERE = "not here"
    OPEN = "open"


@dataclass(frozen=True, kw_only=True)
class Row:
    """`numbers` as written, such as "V1.2.6 to V1.2.8, V1.4.1"; `levels` such as "1, 2"."""

    numbers: str
    levels: str
    answer: str
    proof: str

    @property
    def state(self) -> State | None:
        """None for a row that does not say why it counts as met."""
        if "**open**" in self.answer:
            return State.OPEN
        if self.answer.startswith("does not apply: "):
            return None if self.proof else State.NOT_HERE
        if self.proof.startswith("by review"):
            return State.REVIEWED
        return State.TESTED if re.search(r"`tests/|ruff `", self.proof) else None


def levels() -> dict[str, int]:
    """Each number of levels 1 and 2 with its level, in the standard's order."""
    lines = _NUMBERS.read_text(encoding="utf-8").splitlines()
    return {number: int(level) for number, level in (line.split() for line in lines)}


def rows_of(text: str) -> list[Row]:
    """Raises ValueError for a row without five cells."""
    found = []
    for line in text.splitlines():
        if re.match(rf"\| {_NUMBER}", line):
            numbers, level, _asked, answer, proof = (cell.strip() for cell in line.strip("|").split("|"))
            found.append(Row(numbers=numbers, levels=level, answer=answer, proof=proof))
    return found


def numbers_of(row: Row, known: Iterable[str]) -> list[str]:
    """Each number of the row, those between the ends of a range included. Raises ValueError for an unknown one."""
    order = list(known)
    found: list[str] = []
    for part in row.numbers.split(", "):
        first, _, last = part.partition(" to ")
        found += order[order.index(first) : order.index(last or first) + 1]
    return found


def summary(text: str, known: Mapping[str, int]) -> str:
    """The sentence that must stand above the tables."""
    states = Counter(row.state for row in rows_of(text) for _ in numbers_of(row, known))
    by_level = Counter(known.values())
    return (
        f"Of {len(known)} requirements ({by_level[1]} of level 1, {by_level[2]} of level 2) "
        f"**{states[State.TESTED]} are met and held by a test or a lint rule, "
        f"{states[State.REVIEWED]} are met by review, {states[State.NOT_HERE]} do not apply, "
        f"{states[State.OPEN]} are open**."
    )
