"""The one way to fill in a template: a compiled template and plain values to a subject, HTML and text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from jinja2 import TemplateError

from server.email_templates.catalogue import value_at, value_tree
from server.email_templates.compile import CompiledTemplate
from server.email_templates.filters import MISSING_KEY
from server.email_templates.jinja_env import ready
from server.email_templates.problems import MissingValue, RenderRefused

LONGEST_SUBJECT = 200
LARGEST_HTML = 100_000  # bytes; Gmail clips a message at about 102 KB
_PLAIN = (str, int, Decimal, date, datetime, bool, type(None))
_DEEPEST = 6


@dataclass(frozen=True, kw_only=True)
class RenderedEmail:
    subject: str
    html: str
    text: str


def render(compiled: CompiledTemplate, values: Mapping[str, Any]) -> RenderedEmail:
    """`values` is nested dicts of plain values, as `sample_values` makes them.

    Raises MissingValue with all missing merge fields, or RenderRefused.
    """
    _refuse_what_is_not_plain(values, "", 0)
    complete = _complete(compiled, values)
    missing: list[str] = []
    subject = _run(compiled.subject_jinja, complete, missing, is_html=False)
    html = _run(compiled.html_jinja, complete, missing, is_html=True)
    text = _run(compiled.text_jinja, complete, missing, is_html=False)
    if missing:
        raise MissingValue(missing)
    return RenderedEmail(subject=_subject(subject), html=html, text=_text(text))


def _run(source: str, values: Mapping[str, Any], missing: list[str], *, is_html: bool) -> str:
    parts: list[str] = []
    size = 0
    try:
        for part in ready(source, is_html=is_html).generate({**values, MISSING_KEY: missing}):
            size += len(part) if part.isascii() else len(part.encode())
            if size > LARGEST_HTML:
                raise RenderRefused("The email is larger than 100 KB: Gmail would cut it.", cure="Make it shorter.")
            parts.append(part)
    except (TemplateError, TypeError, ValueError, ArithmeticError, RecursionError) as error:
        if not missing:
            raise RenderRefused(f"The template cannot be filled in: {error}.") from error
    return "".join(parts)


def _complete(compiled: CompiledTemplate, values: Mapping[str, Any]) -> dict[str, Any]:
    """Every field that the template names is there, if only as None: asking for it in an if is then allowed."""
    known = value_tree([(path, value_at(values, path)) for path in compiled.merge_fields])
    return _merged(known, values)


def _merged(known: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(values)
    for name, value in known.items():
        if isinstance(value, dict):
            merged[name] = _merged(value, values.get(name) or {}) if _is_group(values.get(name)) else values[name]
        else:
            merged.setdefault(name, value)
    return merged


def _is_group(value: Any) -> bool:
    return value is None or isinstance(value, Mapping)


def _refuse_what_is_not_plain(value: Any, path: str, depth: int) -> None:
    """Exact types: a subclass of str may say that it is safe HTML, and any other object has methods."""
    if type(value) in _PLAIN:
        return
    if depth < _DEEPEST and isinstance(value, Mapping) and all(type(key) is str for key in value):
        for key, inner in value.items():
            _refuse_what_is_not_plain(inner, f"{path}.{key}" if path else key, depth + 1)
    elif depth < _DEEPEST and type(value) in (list, tuple):
        for inner in value:
            _refuse_what_is_not_plain(inner, path, depth + 1)
    else:
        raise RenderRefused(f"The value of {path or 'the values'} is a {type(value).__name__}, not a plain value.")


def _subject(text: str) -> str:
    subject = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    if not subject:
        raise RenderRefused("The subject is empty.", cure="Write a subject.")
    if len(subject) > LONGEST_SUBJECT:
        raise RenderRefused(f"The subject is longer than {LONGEST_SUBJECT} characters.", cure="Make it shorter.")
    return subject


def _text(text: str) -> str:
    """Branches of an if that were not taken leave empty lines behind."""
    return re.sub(r"\n{3,}", "\n\n", re.sub(r"[ \t]+\n", "\n", text)).strip() + "\n"
