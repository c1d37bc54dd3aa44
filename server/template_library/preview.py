"""A draft filled in for one contact, in the forms that a person wants to see."""

from __future__ import annotations

import html
import re
import uuid
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from server.email_templates.catalogue import sample_values
from server.email_templates.compile import CompiledTemplate
from server.email_templates.models import Kind
from server.email_templates.problems import MissingValue, RenderRefused
from server.email_templates.render import RenderedEmail, render
from server.email_templates.source import TemplateSource
from server.sends.fill_in import fill_in
from server.template_library.everybody import recipient
from server.template_library.shapes import Mode

_ASKS_FOR_DARK = re.compile(r"\(\s*prefers-color-scheme\s*:\s*dark\s*\)")
_INVERTED = (
    "<style>html{background:#fff;filter:invert(1) hue-rotate(180deg)}"
    "img,video,[background]{filter:invert(1) hue-rotate(180deg)}</style>"
)
_PLAIN = (
    "<!doctype html><html lang=en><meta charset=utf-8><title>Plain text</title><style>body{margin:0;padding:20px;"
    "background:%s;color:%s;font:14px/1.55 ui-monospace,Menlo,Consolas,monospace}"
    "pre{margin:0;white-space:pre-wrap;overflow-wrap:anywhere;font:inherit}</style><pre>%s</pre></html>"
)
_GMAIL = (
    "<!doctype html><html lang=en><meta charset=utf-8><title>As inserted into Gmail</title><style>body{margin:0;"
    "padding:16px;font:small/1.5 Arial,Helvetica,sans-serif;color:#222;background:#fff}</style>"
    '<div dir="ltr">%s</div></html>'
)


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A filled-in email, or what keeps it from being filled in. `missing` are paths of merge fields."""

    email: RenderedEmail | None
    missing: tuple[str, ...] = ()


def fill_in_for(
    session: Session,
    compiled: CompiledTemplate,
    source: TemplateSource,
    contact_id: uuid.UUID | None,
    *,
    visitor_id: uuid.UUID,
    now: datetime,
) -> Shown:
    """For this contact, or with examples when there is none. Raises NotFound, RenderRefused."""
    compiled = _with_subject(compiled, source)
    try:
        if contact_id is None:
            return Shown(email=render(compiled, sample_values()))
        return Shown(email=fill_in(compiled, recipient(session, contact_id, visitor_id=visitor_id, now=now)))
    except MissingValue as missing:
        return Shown(email=None, missing=missing.missing)


def example_text(compiled: CompiledTemplate, source: TemplateSource) -> str:
    """The plain text, filled in with the examples of the merge fields."""
    try:
        return render(_with_subject(compiled, source), sample_values()).text
    except (MissingValue, RenderRefused) as refused:
        return f"This template cannot be filled in with examples: {refused.detail}"


def _with_subject(compiled: CompiledTemplate, source: TemplateSource) -> CompiledTemplate:
    """A shared block has no subject, and a render wants one."""
    return replace(compiled, subject_jinja=source.name) if source.kind is Kind.BLOCK else compiled


def picture(email: RenderedEmail, mode: Mode, *, is_dark: bool) -> str:
    """A whole HTML document for a frame. For GMAIL the email must have been filled in from `in_compose()`."""
    if mode is Mode.TEXT:
        colors = ("#1b1b1f", "#ececef") if is_dark else ("#ffffff", "#1f1e24")
        return _PLAIN % (*colors, html.escape(email.text))
    document = _GMAIL % email.html if mode is Mode.GMAIL else email.html
    return _in_the_dark(document) if is_dark else document


def _in_the_dark(document: str) -> str:
    """As a mail program in dark mode: the template's own dark styles when it has some, else inverted colours."""
    if _ASKS_FOR_DARK.search(document):
        return _ASKS_FOR_DARK.sub("(min-width:0)", document)
    before, body, after = document.partition("<body")
    return f"{before}{_INVERTED}{body}{after}" if body else document.replace("<title>", f"{_INVERTED}<title>", 1)


def not_filled_in(missing: tuple[str, ...]) -> str:
    """What stands in the frame when values are missing."""
    items = "".join(f"<li><code>{html.escape(path)}</code></li>" for path in missing)
    return (
        "<!doctype html><html lang=en><meta charset=utf-8><title>Values are missing</title><style>body{margin:0;"
        "padding:32px;font:15px/1.6 system-ui,sans-serif;color:#1f1e24;background:#fff}code{font-size:14px}</style>"
        f"<p><strong>This contact has no value for:</strong></p><ul>{items}</ul>"
        "<p>An email to them would not be sent. Choose another contact, or give the field a default.</p></html>"
    )
