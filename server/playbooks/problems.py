"""What can be wrong with a playbook's file: where it stands, and what would be right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from server.errors import Invalid

Path = tuple[str | int, ...]


@dataclass(frozen=True, kw_only=True)
class PlaybookProblem:
    """`line` and `column` count from 1. `path` is "steps.2.due" (positions count from 0), empty for the whole file.

    `text` says what is wrong and what would be right.
    """

    line: int
    column: int
    path: str
    text: str
    file: str = ""

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.file, self.line, self.column) if part)
        return ": ".join(part for part in (place, self.path, self.text) if part)


class PlaybookInvalid(Invalid):
    """A playbook cannot be used. `problems` holds every problem that was found, in the order of the lines."""

    title = "The playbook has a problem"

    def __init__(self, problems: Sequence[PlaybookProblem]) -> None:
        unique = dict.fromkeys(problems)
        self.problems = tuple(sorted(unique, key=lambda one: (one.file, one.line, one.column, one.path)))
        fields = {one.path or "source": one.text for one in reversed(self.problems)}
        super().__init__("\n".join(str(one) for one in self.problems), fields=fields)
