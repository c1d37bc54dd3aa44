"""The HTML of a mail as a tree of bounded depth, whatever was written."""

from __future__ import annotations

import re
from typing import Any

from lxml import etree

from server.messages.clean import without_control

LONGEST_HTML = 2_000_000
_DEEPEST = 400  # of tags that must be closed; libxml2 ends at 2,048 levels and drops whatever comes after
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9:-]{0,40}+)[^<>]*+>")
# Tags that end by themselves, so that a missing end does not nest.
_LOOSE = frozenset(
    (
        *("html", "head", "body", "p", "li", "dt", "dd", "td", "th", "tr", "thead", "tbody", "tfoot", "caption"),
        *("colgroup", "option", "optgroup", "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta"),
        *("param", "source", "track", "wbr"),
    )
)


def parse(html: str) -> Any | None:
    """The tree of `html` (its first 2 million characters), None for nothing. Never raises, never loads anything."""
    html = _flat(without_control(html[:LONGEST_HTML].replace("\0", "").replace("\f", " ")))
    if not html.strip():
        return None
    parser = etree.HTMLParser(
        encoding="utf-8", remove_comments=True, remove_pis=True, no_network=True, huge_tree=True, recover=True
    )
    try:
        return etree.fromstring(html.encode("utf-8"), parser)
    except (etree.LxmlError, ValueError):
        return None


def _flat(html: str) -> str:
    """Long threads nest a quote in a quote a hundred times. Tags deeper than the bound go, their text stays."""
    if html.count("<") <= _DEEPEST:
        return html
    depth = 0

    def judged(match: re.Match[str]) -> str:
        nonlocal depth
        if match[2].lower() in _LOOSE:
            return match[0] if depth <= _DEEPEST else " "
        if match[1]:
            depth = max(depth - 1, 0)
            return match[0] if depth < _DEEPEST else " "
        depth += 1
        return match[0] if depth <= _DEEPEST else " "

    return _TAG.sub(judged, html)
