"""A stranger's HTML made fit for our frame, whose own policy (web.guard.mail_frame) is the second lock.

Nothing that runs, sends, reaches out of the frame or looks like a part of our page is left. The addresses of remote
images stay: the frame loads none unless it is told to.
"""

from __future__ import annotations

import html as html_words
import re
from typing import Any

import nh3
from lxml import etree

from server.messages.html_tree import parse
from server.messages.to_text import to_text

LONGEST_SAFE = 20_000_000
_LONGEST_TEXT = 5_000
_TAGS = frozenset(
    (
        *(
            "a",
            "abbr",
            "address",
            "article",
            "aside",
            "b",
            "bdi",
            "bdo",
            "big",
            "blockquote",
            "br",
            "caption",
            "center",
        ),
        *("cite", "code", "col", "colgroup", "dd", "del", "dfn", "div", "dl", "dt", "em", "figcaption", "figure"),
        *("font", "footer", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "i", "img", "ins", "kbd", "li", "main"),
        *("mark", "ol", "p", "pre", "q", "s", "samp", "section", "small", "span", "strike", "strong", "sub", "sup"),
        *("table", "tbody", "td", "tfoot", "th", "thead", "tr", "tt", "u", "ul", "var", "wbr"),
    )
)
_ATTRIBUTES = frozenset(
    (
        *(
            "align",
            "alt",
            "bgcolor",
            "border",
            "cellpadding",
            "cellspacing",
            "color",
            "colspan",
            "dir",
            "face",
            "height",
        ),
        *("href", "lang", "rowspan", "size", "src", "start", "style", "title", "type", "valign", "width"),
    )
)
_SIDES = ("top", "right", "bottom", "left")
# None that takes an element out of its place (position, z-index, transform) or loads something (content, cursor).
_PROPERTIES = frozenset(
    (
        *("background", "background-color", "border", "border-collapse", "border-color", "border-radius"),
        *(
            "border-spacing",
            "border-style",
            "border-width",
            "box-sizing",
            "caption-side",
            "clear",
            "color",
            "direction",
        ),
        *(
            "display",
            "float",
            "font",
            "font-family",
            "font-size",
            "font-style",
            "font-variant",
            "font-weight",
            "height",
        ),
        *("letter-spacing", "line-height", "list-style", "list-style-position", "list-style-type", "max-height"),
        *("max-width", "min-height", "min-width", "opacity", "overflow", "overflow-wrap", "table-layout", "text-align"),
        *("text-decoration", "text-indent", "text-transform", "vertical-align", "visibility", "white-space", "width"),
        *("word-break", "word-spacing", "word-wrap", "padding", "margin"),
        *(f"border-{side}{part}" for side in _SIDES for part in ("", "-color", "-style", "-width")),
        *(f"{box}-{side}" for box in ("margin", "padding") for side in _SIDES),
    )
)
_HREF = re.compile(r"https?://|mailto:|tel:", re.I)
_SRC = re.compile(r"https?://|data:image/(png|gif|jpe?g|webp);base64,", re.I)
# A negative margin moves things over their neighbours; the others load, or hide what they load behind an escape.
_SUSPECT = re.compile(r"url|image|expression|margin[^;]{0,60}:[^;]{0,60}-|[\\@]", re.I)
_FORMATTING = frozenset(
    ("a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u")
)


def safe_html(html: str) -> str:
    """A fragment to show in the frame; as plain text if it is built to be expensive. Never raises."""
    tree = parse(html)
    if tree is None:
        return ""
    if _cost(tree) > LONGEST_SAFE:
        return f"<pre>{html_words.escape(to_text(html))}</pre>"
    for element in list(tree.iter()):
        _divide(element)
    return _CLEANER.clean(etree.tostring(tree, encoding="unicode", method="html"))


def _divide(element: Any) -> None:
    """Breaks very long texts: with many no-break spaces or entities in one, the cleaner takes quadratic time for it."""
    if len(element.text or "") > _LONGEST_TEXT:
        following = element[0] if len(element) else None
        element.text, *rest = _pieces(element.text)
        _put_behind(rest, element, following)
    if len(element.tail or "") > _LONGEST_TEXT:
        following = element.getnext()
        element.tail, *rest = _pieces(element.tail)
        _put_behind(rest, element.getparent(), following)


def _pieces(text: str) -> list[str]:
    return [text[at : at + _LONGEST_TEXT] for at in range(0, len(text), _LONGEST_TEXT)]


def _put_behind(texts: list[str], parent: Any, following: Any) -> None:
    for text in texts:
        mark = etree.Element("wbr")  # shows nothing, allows a line to end there
        mark.tail = text
        if following is None:
            parent.append(mark)
        else:
            following.addprevious(mark)


def _cost(tree: Any) -> int:
    """Characters that cleaning may write at most: HTML repeats open <b>, <font> and the like in every new block."""
    elements = deepest = open_letters = 0
    for event, element in etree.iterwalk(tree, events=("start", "end")):
        elements += event == "start"
        if element.tag in _FORMATTING:
            letters = 12 + sum(len(name) + len(value) for name, value in element.attrib.items())
            open_letters += letters if event == "start" else -letters
            deepest = max(deepest, open_letters)
    return elements * deepest


def _attribute(tag: str, name: str, value: str) -> str | None:
    if name == "style":
        kept = [one for one in value.split(";") if not _SUSPECT.search(one)]
        return ";".join(kept) or None
    if name == "href":
        return value if tag == "a" and _HREF.match(value.strip()) else None
    if name == "src":
        return value if tag == "img" and _SRC.match(value.strip()) else None
    return value


_CLEANER = nh3.Cleaner(
    tags=set(_TAGS),
    attributes={"*": set(_ATTRIBUTES)},
    attribute_filter=_attribute,
    clean_content_tags={"script", "style", "title", "noscript", "template", "textarea", "svg", "math", "iframe"},
    filter_style_properties=set(_PROPERTIES),
    link_rel="noopener noreferrer",
    set_tag_attribute_values={"a": {"target": "_blank"}},
    strip_comments=True,
    url_schemes={"http", "https", "mailto", "tel", "data"},
)
