"""YAML with places: what a playbook's file says, and where in it each thing stands.

Aliases, tags and merges are refused before anything is built, so that a small file cannot become a big one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, NoReturn

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedBase, CommentedMap
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import AliasEvent, CollectionEndEvent, CollectionStartEvent, NodeEvent, ScalarEvent

from server.playbooks.problems import Path, PlaybookInvalid, PlaybookProblem

LARGEST = 64 * 1024
_DEEPEST = 8
_NO_TEXT = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True, kw_only=True)
class Source:
    """`document` is what ruamel.yaml read, with its comments; a change in it can be written back."""

    name: str
    text: str
    document: CommentedMap

    def problem(self, path: Path, text: str, *, at_key: bool = False) -> PlaybookProblem:
        """At the value of this path, at its key when asked, or at what holds it when there is no such thing."""
        line, column = self.place(path, at_key=at_key)
        return PlaybookProblem(
            line=line, column=column, path=".".join(str(part)[:60] for part in path), text=text, file=self.name
        )

    def place(self, path: Path, *, at_key: bool = False) -> tuple[int, int]:
        """Line and column, both from 1."""
        node: Any = self.document
        line, column = 0, 0
        for number, part in enumerate(path, 1):
            if not isinstance(node, CommentedBase):
                break
            found = node.lc.data.get(part) if node.lc.data else None
            if found is None:
                break
            is_key = at_key and number == len(path)
            line, column = (found[0], found[1]) if is_key or len(found) == 2 else (found[2], found[3])
            node = node[part]  # type: ignore[index]
        return line + 1, column + 1


def clean(text: str) -> str:
    """A file's text as it is kept: without a byte order mark, with LF line ends, one at the end."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    return text if not text or text.endswith("\n") else f"{text}\n"


def parse(text: str, *, name: str = "") -> Source:
    """Raises PlaybookInvalid with the first thing that keeps it from being read."""
    text = clean(text)
    demand_text(text, name)
    try:
        _look_through(text, name)
        document = round_trip().load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        what = " ".join(part for part in (error.problem, error.context) if part)
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        _refuse(name, line, column, f"This is no YAML: {_words(what)}")
    except (YAMLError, ValueError, OverflowError, RecursionError, AttributeError, TypeError, KeyError) as error:
        # The library itself stumbles over odd scalars, such as a number of 5,000 digits.
        _refuse(name, 1, 1, f"This is no YAML that can be read ({type(error).__name__}). Quote odd numbers and dates.")
    if not isinstance(document, CommentedMap):
        _refuse(name, 1, 1, "A playbook is a mapping. Begin with a line such as playbook: new-customer.")
    return Source(name=name, text=text, document=document)


def round_trip() -> YAML:
    """Reads and writes with comments, quotes and order as they were."""
    yaml = YAML(typ="rt", pure=True)
    yaml.preserve_quotes = True
    yaml.width = 10_000
    yaml.indent(mapping=2, sequence=4, offset=2)
    return yaml


def demand_text(text: str, name: str) -> None:
    """Raises PlaybookInvalid for what is too large, or holds characters that no database would keep."""
    if len(text) > LARGEST or len(text.encode("utf-8", "replace")) > LARGEST:
        _refuse(
            name, 1, 1, f"The file is larger than {LARGEST // 1024} kB. Write shorter instructions, or two playbooks."
        )
    odd = _NO_TEXT.search(text)
    if odd:
        line = text.count("\n", 0, odd.start()) + 1
        column = odd.start() - (text.rfind("\n", 0, odd.start()) + 1) + 1
        _refuse(name, line, column, f"There is a character that is no text (U+{ord(odd[0]):04X}). Take it out.")


def _look_through(text: str, name: str) -> None:
    depth = documents = 0
    for event in YAML(typ="rt", pure=True).parse(text):
        mark = event.start_mark
        here = (name, mark.line + 1, mark.column + 1)
        documents += type(event).__name__ == "DocumentStartEvent"
        if documents > 1:
            _refuse(*here, "There is a second document behind ---. Put each playbook into a file of its own.")
        if isinstance(event, AliasEvent) or (isinstance(event, NodeEvent) and event.anchor):
            _refuse(*here, "Anchors (&) and aliases (*) are not read. Write it out; a text with them needs quotes.")
        if isinstance(event, ScalarEvent):
            if event.value == "<<" and not event.style:
                _refuse(*here, "Merges (<<) are not read here. Write it out.")
            # Only quoted texts can hide a character, as "\0". In folded ones ruamel.yaml puts marks of its own.
            if event.style == '"' and _NO_TEXT.search(event.value):
                _refuse(*here, "There is a character that is no text. Take it out.")
        if isinstance(event, ScalarEvent | CollectionStartEvent) and event.tag and str(event.tag) != "!":
            _refuse(*here, "Tags (!) are not read here. Take it out; a text that begins with ! needs quotes.")
        depth += isinstance(event, CollectionStartEvent)
        depth -= isinstance(event, CollectionEndEvent)
        if depth > _DEEPEST:
            _refuse(*here, "This is nested too deeply for a playbook.")


def _words(problem: str) -> str:
    """One line, without the marks that ruamel.yaml puts in."""
    problem = " ".join(problem.split())
    if "found duplicate key" in problem:
        key = problem.split('"')[1] if '"' in problem else ""
        return f"{key} stands here twice. Keep one of the two."
    return f"{problem[:200]}."


def _refuse(name: str, line: int, column: int, text: str) -> NoReturn:
    raise PlaybookInvalid([PlaybookProblem(line=line, column=column, path="", text=text, file=name)])
