"""The one way to fill in a template: a compiled template and plain values to a subject, HTML and text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from itertools import islice
from typing import Any

from jinja2 import TemplateError

from server.email_templates.compile import CompiledTemplate
from server.email_templates.filters import MISSING_KEY, UNSENDABLE, is_short
from server.email_templates.jinja_env import ready
from server.email_templates.problems import MissingValue, RenderRefused

LONGEST_SUBJECT = 200
LARGEST_HTML = 100_000  # bytes; Gmail clips a message at about 102 KB
LONGEST_VALUE = LARGEST_HTML  # characters
_PLAIN = frozenset({date, datetime, bool, type(None)})
_DEEPEST = 6
_AT_ONCE = 32
_TURNING = dict.fromkeys(range(0x202A, 0x202F))  # embeddings and overrides: they let a name reverse the words after it
_BREAKING = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]+")


@dataclass(frozen=True, kw_only=True)
class RenderedEmail:
    subject: str
    html: str
    text: str


def render(compiled: CompiledTemplate, values: Mapping[str, Any]) -> RenderedEmail:
    """`values` is nested dicts of plain values, as `sample_values` makes them. What the template does not name is
    not looked at.

    Raises MissingValue with all missing merge fields, or RenderRefused.
    """
    named = _named(compiled.merge_fields, values)
    missing: list[str] = []
    named[MISSING_KEY] = missing
    subject = _run(compiled.subject_jinja, named, missing, is_html=False)
    html = _run(compiled.html_jinja, named, missing, is_html=True)
    text = _run(compiled.text_jinja, named, missing, is_html=False)
    if missing:
        raise MissingValue(missing)
    return RenderedEmail(subject=_subject(subject), html=html, text=_text(text))


def _run(source: str, named: dict[str, Any], missing: list[str], *, is_html: bool) -> str:
    """Stops while the text is still small: a loop over a long list never fills the memory."""
    if "{" not in source and len(source) < LARGEST_HTML / 4:
        return source
    chunks: list[str] = []
    size = 0
    try:
        template = ready(source, is_html=is_html)
        parts = template.root_render_func(template.new_context(named, shared=True))
        while some := list(islice(parts, _AT_ONCE)):
            chunk = "".join(some)
            size += len(chunk) if chunk.isascii() else len(chunk.encode())
            if size > LARGEST_HTML:
                raise RenderRefused("The email is larger than 100 KB: Gmail would cut it.", cure="Make it shorter.")
            chunks.append(chunk)
    except (TemplateError, TypeError, ValueError, ArithmeticError, RecursionError) as error:
        if not missing:
            raise RenderRefused(f"The template cannot be filled in: {error}.") from error
    return "".join(chunks)


def _named(paths: tuple[str, ...], values: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of the values that the template names, and of no others. Each is there, if only as None: asking for it
    in an if is then allowed."""
    tree: dict[str, Any] = {}
    for path, groups, last in _steps(paths):
        place: Any = values
        into = tree
        for group in groups:
            place = place.get(group) if type(place) is dict else _get(place, group, path)
            into = into.setdefault(group, {})
        value = place.get(last) if type(place) is dict else _get(place, last, path)
        into[last] = value if type(value) is str and _is_tame(value) else _plain(value, path, 0)
    return tree


@lru_cache(maxsize=512)
def _steps(paths: tuple[str, ...]) -> tuple[tuple[str, tuple[str, ...], str], ...]:
    """Each path with its groups and its last name."""
    return tuple((path, tuple(path.split(".")[:-1]), path.rpartition(".")[2]) for path in paths)


def _get(group: Any, name: str, path: str) -> Any:
    """The value of that name; None in a group that is not there."""
    if isinstance(group, Mapping):
        return group.get(name)
    if group is None:
        return None
    raise _refusal(path, f"cannot be found: a {type(group).__name__} stands where a group of values is due")


def _is_tame(text: str) -> bool:
    return len(text) <= LONGEST_VALUE and text.isprintable()


def _plain(value: Any, path: str, depth: int) -> Any:
    """A copy with exact types: a subclass of str may say that it is safe HTML, and any other object has methods."""
    kind = type(value)
    if kind is str:
        return value if _is_tame(value) else _tamed(value, path)
    if kind is Decimal or kind is int:
        if is_short(value):
            return value
        raise _refusal(path, "is not a number that can be shown")
    if kind in _PLAIN:
        return value
    if depth < _DEEPEST and kind in (list, tuple):
        return [_plain(inner, path, depth + 1) for inner in value]
    if depth < _DEEPEST and (kind is dict or isinstance(value, Mapping)):
        return _plain_group(value, path, depth + 1)
    raise _refusal(path, f"is a {kind.__name__}, not a plain value")


def _plain_group(group: Mapping[Any, Any], path: str, depth: int) -> dict[str, Any]:
    copy = {}
    for key, inner in group.items():
        if type(key) is not str:
            raise _refusal(path, f"has a {type(key).__name__} as a name, so it is not a plain value")
        kind = type(inner)
        if kind is str and len(inner) <= LONGEST_VALUE and inner.isprintable():
            copy[key] = inner  # nearly all values
        else:
            copy[key] = _plain(inner, f"{path}.{key}", depth)
    return copy


def _tamed(text: str, path: str) -> str:
    if len(text) > LONGEST_VALUE:
        raise _refusal(path, f"is longer than {LONGEST_VALUE:,} characters")
    odd = UNSENDABLE.search(text)
    if odd:
        raise _refusal(path, f"has a character that no email may hold (U+{ord(odd[0]):04X})")
    return text.translate(_TURNING)


def _refusal(path: str, what: str) -> RenderRefused:
    message = f"The value of {path} {what}."
    return RenderRefused(message, cure="Correct it on the record.", fields={path: message})


def _subject(text: str) -> str:
    """One line. Letters that only join others, as in Persian and in emoji, stay."""
    subject = " ".join((text if text.isprintable() else _BREAKING.sub(" ", text)).split())
    if not subject:
        raise RenderRefused("The subject is empty.", cure="Write a subject.")
    if len(subject) > LONGEST_SUBJECT:
        raise RenderRefused(f"The subject is longer than {LONGEST_SUBJECT} characters.", cure="Make it shorter.")
    return subject


def _text(text: str) -> str:
    """Branches of an if that were not taken leave empty lines behind."""
    if " \n" in text or "\t\n" in text:
        text = "\n".join([line.rstrip(" \t") for line in text.split("\n")])
    if "\n\n\n" in text:
        text = re.sub(r"\n{3,}", "\n\n", text)
    return text.strip() + "\n"
