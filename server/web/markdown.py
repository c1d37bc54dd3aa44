"""Markdown that people write, as HTML that a page can show: HTML in it stays text, links lead outside alone."""

from __future__ import annotations

import nh3
from markdown_it import MarkdownIt
from markupsafe import Markup

_TAGS = {"p", "br", "strong", "em", "a", "ul", "ol", "li", "code", "pre", "blockquote", "s", "h3", "h4", "hr"}
_MARKDOWN = MarkdownIt("commonmark", {"html": False, "breaks": True, "linkify": False}).disable("image")


def to_html(text: str) -> Markup:
    """Headings become small ones, pictures stay text: what is loaded from elsewhere would tell who reads."""
    tokens = _MARKDOWN.parse(text)
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = "h4"
    html = str(_MARKDOWN.renderer.render(tokens, _MARKDOWN.options, {}))
    clean = nh3.clean(
        html,
        tags=_TAGS,
        attributes={"a": {"href"}},
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer nofollow",
    )
    return Markup(clean)  # noqa: S704  nh3 has cleaned it
