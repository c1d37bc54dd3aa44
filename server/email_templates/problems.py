"""What can be wrong with a template or with the values it is filled with. All of it is shown to people."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NoReturn

from server.errors import Invalid


class Severity(StrEnum):
    """An error keeps a template from being published; a warning is told."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, kw_only=True)
class TemplateProblem:
    """One thing that is wrong. `line` counts from 1 in the author's file; 0 when it concerns the whole."""

    line: int
    message: str
    cure: str = ""
    file: str = ""
    severity: Severity = Severity.ERROR

    def __str__(self) -> str:
        place = ":".join(part for part in (self.file, f"line {self.line}" if self.line else "") if part)
        return " ".join(part for part in (f"{place}:" if place else "", self.message, self.cure) if part)


class TemplateInvalid(Invalid):
    """A template cannot be used. `problems` holds every problem that was found, by line."""

    title = "The template has a problem"

    def __init__(self, problems: Sequence[TemplateProblem]) -> None:
        self.problems = tuple(sorted(dict.fromkeys(problems), key=lambda problem: (problem.file, problem.line)))
        super().__init__("\n".join(str(problem) for problem in self.problems))


class EditInvalid(Invalid):
    """A changed subject or block cannot be used. `fields` maps "subject" or the block's name to what is wrong."""

    title = "Your change cannot be sent"

    def __init__(self, fields: dict[str, str]) -> None:
        cure = "Write these texts anew, or take those of the template."
        super().__init__(" ".join(fields.values()), cure=cure, fields=fields)


class MissingValue(Invalid):
    """The template needs values that are unknown or empty. `missing` holds their paths, such as account.arr."""

    title = "A merge field is empty"

    def __init__(self, missing: Sequence[str]) -> None:
        self.missing = tuple(dict.fromkeys(missing))
        names = ", ".join(self.missing)
        super().__init__(
            f"There is no value for {names}.",
            cure="Fill it in on the record, or change the text of this email.",
            fields=dict.fromkeys(self.missing, "There is no value for this merge field."),
        )


class RenderRefused(Invalid):
    """The filled-in email cannot be sent: a value that is not plain, a link that is not one, or too much of it."""

    title = "This email cannot be made"


MOST_PROBLEMS = 50  # nobody reads more, and each costs a count of lines


class Findings:
    """Collects problems of one text; offsets become lines by `line_of`."""

    def __init__(self, line_of: Callable[[int], int]) -> None:
        self._line_of = line_of
        self.problems: list[TemplateProblem] = []

    def line(self, offset: int) -> int:
        return self._line_of(offset)

    def add(self, offset: int, message: str, cure: str = "") -> None:
        self.problems.append(TemplateProblem(line=self._line_of(offset), message=message, cure=cure))
        if len(self.problems) >= MOST_PROBLEMS:
            raise TemplateInvalid(self.problems)

    def stop(self, offset: int, message: str, cure: str = "") -> NoReturn:
        """For what leaves nothing to read on with."""
        self.add(offset, message, cure)
        raise TemplateInvalid(self.problems)

    def raise_if_any(self) -> None:
        if self.problems:
            raise TemplateInvalid(self.problems)
