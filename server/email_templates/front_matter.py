"""The YAML lines at the top of a template's file: read with their places, and changed without touching the others."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import AliasEvent
from ruamel.yaml.scalarstring import DoubleQuotedScalarString

from server.email_templates.problems import TemplateInvalid, TemplateProblem

_FRONT = re.compile(r"\A---[ \t]*\n(.*?\n)---[ \t]*(?:\n|\Z)", re.S)
_PLAIN = re.compile(r"[A-Za-z][\w ,.()'/-]*")


@dataclass(frozen=True, kw_only=True)
class SplitFile:
    """`lines` says where in the file each key of the front matter stands; `body_line` where the MJML begins."""

    front: str
    body: str
    values: dict[str, Any]
    lines: dict[str, int]
    body_line: int


def clean(text: str) -> str:
    """A file's text as it is kept: without a byte order mark, and with LF line ends."""
    return text.removeprefix("\ufeff").replace("\r\n", "\n")


def split(text: str) -> SplitFile:
    """Raises TemplateInvalid with the line of the file."""
    text = clean(text)
    match = _FRONT.match(text)
    if not match:
        _refuse(1, "The file does not start with its YAML lines.", "Put name, subject, category, purpose between ---.")
    return SplitFile(
        front=match[1],
        body=text[match.end() :],
        values=_values(match[1]),
        lines={line.partition(":")[0]: number for number, line in enumerate(match[1].split("\n"), 2)},
        body_line=text.count("\n", 0, match.end()) + 1,
    )


def join(front: str, body: str) -> str:
    return f"---\n{front}---\n{body}"


def changed(front: str, wanted: Mapping[str, Any]) -> str:
    """The YAML lines with these keys set, or taken out where the value is empty. Comments and order stay.

    When nothing changes, not a letter does.
    """
    values = _values(front) if front.strip() else {}
    wanted = {key: value for key, value in wanted.items() if _normal(values.get(key)) != _normal(value)}
    if not wanted:
        return front
    expected = {key: value for key, value in {**values, **wanted}.items() if value}
    written = _line_by_line(front, wanted)
    # A style of YAML that lines cannot be put into, such as all keys in {braces}: right goes before unchanged.
    return written if _reads_as(written, expected) else "\n".join(_dumped(expected)) + "\n"


def _normal(value: Any) -> Any:
    """Texts are one line in the end, however YAML folds them."""
    return " ".join(value.split()) if isinstance(value, str) else value or None


def _reads_as(front: str, expected: Mapping[str, Any]) -> bool:
    try:
        found = _values(front)
    except TemplateInvalid:
        return False
    return {key: _normal(value) for key, value in found.items() if value} == {
        key: _normal(value) for key, value in expected.items()
    }


def _line_by_line(front: str, wanted: Mapping[str, Any]) -> str:
    lines = front.split("\n")[:-1] if front else []
    places = _places(front, lines)
    # From the end, so that the lines above keep their places.
    for key in sorted(wanted.keys() & places.keys(), key=lambda key: -places[key].start):
        here = places[key]
        comment = _comment_after(front, key) if here.stop - here.start == 1 else ""
        lines[here.start : here.stop] = [line + comment for line in _yaml(key, wanted[key])]
    for key, value in wanted.items():
        if key not in places:
            lines += _yaml(key, value)
    return "".join(f"{line}\n" for line in lines)


def _places(front: str, lines: list[str]) -> dict[str, range]:
    """Which lines each key takes. Comments and empty lines above a key are not the key's before it."""
    document = YAML(typ="rt", pure=True).load(front) if front.strip() else CommentedMap()
    starts = sorted((document.lc.key(key)[0], str(key)) for key in document)
    ends = [start for start, _ in starts[1:]] + [len(lines)][: len(starts)]
    places = {}
    for (start, key), end in zip(starts, ends, strict=True):
        while end > start + 1 and (not lines[end - 1].strip() or lines[end - 1].lstrip().startswith("#")):
            end -= 1
        places[key] = range(start, end)
    return places


def _comment_after(front: str, key: str) -> str:
    """The comment on the line of a key, with the space before it."""
    document = YAML(typ="rt", pure=True).load(front)
    tokens = document.ca.items.get(key)
    token = tokens[2] if tokens else None
    return f"  {token.value.splitlines()[0]}" if token and token.value.startswith("#") else ""


def _yaml(key: str, value: Any) -> list[str]:
    """No line for an empty value."""
    return _dumped({key: value}) if value else []


def _dumped(values: Mapping[str, Any]) -> list[str]:
    yaml = YAML(typ="rt", pure=True)
    yaml.width = 10_000
    out = io.StringIO()
    yaml.dump(CommentedMap({key: _written(value) for key, value in values.items()}), out)
    return out.getvalue().split("\n")[:-1]


def _written(value: Any) -> Any:
    """Texts get quotes as soon as YAML could read them as something else."""
    if isinstance(value, Mapping):
        return CommentedMap({key: _written(inner) for key, inner in value.items()})
    if isinstance(value, str) and not (_PLAIN.fullmatch(value) and value.lower() not in _WORDS_OF_YAML):
        return DoubleQuotedScalarString(value)
    return value


_WORDS_OF_YAML = {"true", "false", "yes", "no", "on", "off", "null", "y", "n"}


def _values(front: str) -> dict[str, Any]:
    try:
        for event in YAML(typ="safe", pure=True).parse(front):
            if isinstance(event, AliasEvent) or getattr(event, "anchor", None):
                line = event.start_mark.line + 2
                _refuse(line, "The YAML has an anchor or an alias (& or *).", "Write each value out, or quote it.")
        values = YAML(typ="safe", pure=True).load(front)
    except MarkedYAMLError as error:
        line = (error.problem_mark.line if error.problem_mark else 0) + 2
        _refuse(line, f"The YAML cannot be read: {error.problem or error.context}.", "Put texts with : or { in quotes.")
    except (YAMLError, ValueError, RecursionError):
        _refuse(1, "The YAML cannot be read.", "Write one key: value on each line.")
    if not isinstance(values, dict):
        _refuse(1, "The YAML lines are not a list of key: value.", "Write one key: value on each line.")
    return values


def _refuse(line: int, message: str, cure: str) -> NoReturn:
    raise TemplateInvalid([TemplateProblem(line=line, message=message, cure=cure)])
