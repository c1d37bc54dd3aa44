"""From a playbook's YAML to its definition. Every error says where it is and what would be right."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from marshmallow import Schema, ValidationError, fields

from server.playbooks.definition import Definition
from server.playbooks.problems import Path, PlaybookInvalid, PlaybookProblem
from server.playbooks.schemas import UNKNOWN, PlaybookShape, meant
from server.playbooks.source import Source, parse


@dataclass(frozen=True, kw_only=True)
class Reading:
    """A definition with the source that it was read from, for places of what else may be wrong."""

    definition: Definition
    source: Source


def read_source(text: str, *, name: str = "") -> Definition:
    """Raises PlaybookInvalid with everything that is wrong; `name` is the file that it is told of."""
    return read(text, name=name).definition


def read(text: str, *, name: str = "") -> Reading:
    """As `read_source`, with the places."""
    source = parse(text, name=name)
    try:
        definition = PlaybookShape().load(source.document)
    except ValidationError as error:
        problems = [_problem(source, path, message) for path, message in _flat(error.messages)]
        raise PlaybookInvalid([*problems, *_between_steps(source)]) from None
    problems = list(_between_steps(source))
    if problems:
        raise PlaybookInvalid(problems)
    return Reading(definition=definition, source=source)


def _flat(messages: Any, path: Path = ()) -> Iterator[tuple[Path, str]]:
    if isinstance(messages, Mapping):
        for key, inner in messages.items():
            yield from _flat(inner, path if key == "_schema" else (*path, key))
    elif isinstance(messages, Sequence) and not isinstance(messages, str):
        for inner in messages:
            yield from _flat(inner, path)
    else:
        yield path, str(messages)


def _problem(source: Source, path: Path, message: str) -> PlaybookProblem:
    if message == UNKNOWN:
        known = _known_at(path[:-1])
        word = str(path[-1])[:60]
        text = f"There is no field {word} here.{meant(word, known) or ' There are: ' + ', '.join(known) + '.'}"
        return source.problem(path, text, at_key=True)
    if message == "Missing data for required field.":
        return source.problem(path, f"{path[-1]} is missing. Write {path[-1]}: and its value.")
    if message == "Field may not be null.":
        return source.problem(path, f"{path[-1]} is empty. Write a value behind it, or take the line out.", at_key=True)
    return source.problem(path, message)


def _known_at(path: Path) -> list[str]:
    """The fields of the shape that stands there."""
    shape: Schema = PlaybookShape()
    for part in path:
        field: Any = shape.fields.get(str(part)) if isinstance(part, str) else None
        if isinstance(field, fields.List):
            field = field.inner
        if isinstance(field, fields.Nested):
            shape = field.schema
    return list(shape.fields)


def _between_steps(source: Source) -> Iterator[PlaybookProblem]:
    """Keys that stand twice, needs of steps that are not there, and circles; also when something else is wrong."""
    steps = source.document.get("steps")
    if not isinstance(steps, list):
        return
    first: dict[str, int] = {}
    needs: dict[str, list[str]] = {}
    for at, step in enumerate(steps):
        key = step.get("key") if isinstance(step, Mapping) else None
        if not isinstance(key, str):
            continue
        if key in first:
            said = f"{key[:60]} is the key of step {first[key] + 1}, too. Give each step a key of its own."
            yield source.problem(("steps", at, "key"), said)
            continue
        first[key] = at
        said_needs = step.get("needs")
        needs[key] = [one for one in said_needs if isinstance(one, str)] if isinstance(said_needs, list) else []
    for key, wanted in needs.items():
        for number, one in enumerate(wanted):
            if one not in first:
                text = f"There is no step {one[:60]}.{meant(one, first)}"
                yield source.problem(("steps", first[key], "needs", number), text)
    circle = _circle(needs)
    if circle:
        words = " needs ".join([*circle, circle[0]])
        yield source.problem(("steps", first[circle[0]], "needs"), f"None can be first: {words}. Take one need out.")


def _circle(needs: Mapping[str, Sequence[str]]) -> list[str]:
    """Steps that need each other, the first in the file first; empty when there is no circle."""
    left = {key: {one for one in wanted if one in needs} for key, wanted in needs.items()}
    while ready := [key for key, wanted in left.items() if not wanted]:
        for key in ready:
            del left[key]
        for wanted in left.values():
            wanted.difference_update(ready)
    if not left:
        return []
    at, way = next(iter(left)), []
    while at not in way:
        way.append(at)
        at = next(one for one in needs[at] if one in left)
    return way[way.index(at) :]
