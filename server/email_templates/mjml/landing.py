"""Puts Jinja back where its markers landed, each value behind the filter that its place needs."""

from __future__ import annotations

import re
from collections.abc import Mapping

from server.email_templates.mjml.mask import MARKER, Tag
from server.email_templates.mjml.urls import URL_ATTRIBUTES

_TAG = re.compile(r"<([A-Za-z][\w:-]*)((?:\s+[\w:@.-]+(?:\s*=\s*(?:\"[^\"]*\"|'[^']*'|[^\s\"'>]+))?)*)\s*/?>")
_ATTRIBUTE = re.compile(r"([\w:@.-]+)\s*=\s*(\"[^\"]*\"|'[^']*'|[^\s\"'>]+)")
_TEXT = frozenset({"alt", "title", "aria-label", "summary"})


def output(tag: Tag, name: str = "") -> str:
    """The tag as Jinja, with a filter around its value when it has one to be put through."""
    return f"{{{{ ({tag.inside})|{name} }}}}" if name and tag.is_output else tag.source


def put_back(html: str, tags: Mapping[str, Tag]) -> str:
    """HTML with markers to HTML with Jinja. Text is left to autoescape; links and styles get a stricter filter."""
    parts: list[str] = []
    last = 0
    in_style = False
    for match in _TAG.finditer(html):
        parts.append(_text(html[last : match.start()], tags, in_style))
        parts.append(match[0] if "jq" not in match[0] else _ATTRIBUTE.sub(lambda one: _attribute(one, tags), match[0]))
        last = match.end()
        in_style = match[1].lower() == "style"
    return "".join([*parts, _text(html[last:], tags, in_style)])


def _text(text: str, tags: Mapping[str, Tag], in_style: bool) -> str:
    if "jq" not in text:
        return text
    style_end = text.lower().find("</style") if in_style else 0
    return MARKER.sub(
        lambda match: output(tags[match[0]], "mail_css" if match.start() < style_end else ""),
        text,
    )


def _attribute(match: re.Match[str], tags: Mapping[str, Tag]) -> str:
    name, value = match[1].lower(), match[2]
    if "jq" not in value:
        return match[0]

    def replaced(marker: re.Match[str]) -> str:
        before = value[: marker.start()].lstrip("\"'")
        return output(tags[marker[0]], _filter(name, before))

    return f"{match[1]}={MARKER.sub(replaced, value)}"


def _filter(name: str, before: str) -> str:
    if name in _TEXT:
        return ""
    if name in URL_ATTRIBUTES:
        return "mail_part" if before else "mail_url"
    opened = before.rfind("url(")
    if name == "style" and opened >= 0 and ")" not in before[opened:]:
        return "mail_part" if before[opened + 4 :].strip("\"'&quot; ") else "mail_url"
    return "mail_css"
