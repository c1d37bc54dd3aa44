"""The plain text of an email, walked out of its HTML once, with the Jinja markers kept."""

from __future__ import annotations

import re
from collections.abc import Mapping

import lxml.html
from lxml.html import HtmlElement

from server.email_templates.mjml.guarded import TooLarge
from server.email_templates.mjml.landing import output
from server.email_templates.mjml.mask import MARKER, Tag

_SKIPPED = frozenset({"head", "style", "script", "title", "template", "noscript", "input"})
_BLOCKS = frozenset(["div", "table", "tr", "ul", "ol", "blockquote", "center", "pre", "tbody", "thead", "tfoot"])
_PARAGRAPHS = frozenset(["p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "blockquote", "table", "hr"])
_HREF_MARKER = re.compile(r"([up])q(\d{5}zx)")
_CLOSE, _WIDE = "\x01", "\x02"  # at least a new line; at least an empty line


def plain_text(html: str, tags: Mapping[str, Tag]) -> str:
    """HTML with markers to text with Jinja. Links become "text (https://…)"; what is hidden stays out.

    Raises TooLarge.
    """
    body = lxml.html.document_fromstring(html).find("body")
    if body is None:
        raise TooLarge("The plain text of this email cannot be made: its HTML has no end that can be found.")
    walk = _Walk(tags)
    walk.element(body)
    text = _without_lines_of_blocks(_tidy("".join(walk.parts)), tags)
    text = _HREF_MARKER.sub(
        lambda match: output(tags["jq" + match[2]], "mail_url" if match[1] == "u" else "mail_part"), text
    )
    return MARKER.sub(lambda match: tags[match[0]].source, text)


def _without_lines_of_blocks(text: str, tags: Mapping[str, Tag]) -> str:
    """An {% if %} alone on its line must not leave an empty line in every mail."""
    return re.sub(
        r"(?m)^(jq\d{5}zx)\n",
        lambda match: match[0] if tags[match[1]].is_output else match[1],
        text,
    )


def _tidy(text: str) -> str:
    # A run of spaces is read from its start only, and once.
    text = re.sub(r"(?:(?<![ \xa0])[ \xa0]++)?([\n\x01\x02])[ \xa0]*+", r"\1", text)
    text = re.sub(r"[\x01\x02]++", lambda match: "\n\n" if _WIDE in match[0] else "\n", text)
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


class _Walk:
    def __init__(self, tags: Mapping[str, Tag]) -> None:
        self._tags = tags
        self._lists: list[int | None] = []
        self._is_cell = False
        self.parts: list[str] = []

    def element(self, element: HtmlElement) -> None:
        name = str(element.tag)
        if name in _SKIPPED or _is_hidden(element):
            return
        gap = _WIDE if name in _PARAGRAPHS and not (name in ("ul", "ol") and self._lists) else _CLOSE
        is_block = name in _BLOCKS or name in _PARAGRAPHS
        if is_block and not _is_layout(element):
            self.parts.append(gap)
        self._inside(name, element)
        if is_block and not _is_layout(element):
            self.parts.append(gap)

    def _inside(self, name: str, element: HtmlElement) -> None:
        if name == "br":
            self.parts.append("\n")
        elif name == "hr":
            self.parts.append("----")
        elif name == "img":
            self.parts.append(str(element.get("alt") or ""))
        elif name == "a":
            self._link(element)
        elif name == "li":
            self._item(element)
        elif name in ("ul", "ol"):
            self._lists.append(int(element.get("start") or 1) if name == "ol" else None)
            self._children(element)
            self._lists.pop()
        elif name in ("td", "th") and _is_data(element):
            self._children(element)
            self.parts.append("  " if element.getnext() is not None else "")
        elif name in ("td", "th"):
            self.parts.append(_CLOSE)
            self._children(element)
            self.parts.append(_CLOSE)
        else:
            self._children(element)

    def _children(self, element: HtmlElement) -> None:
        self._text(element.text)
        for child in element:
            if isinstance(child.tag, str):
                self.element(child)
            self._text(child.tail)

    def _text(self, text: str | None) -> None:
        if text:
            collapsed = re.sub(r"[ \t\r\n\f]+", " ", text)
            ends_open = bool(self.parts) and self.parts[-1][-1:] in (" ", "\n", _CLOSE, _WIDE)
            self.parts.append(collapsed.lstrip(" ") if ends_open or not self.parts else collapsed)

    def _item(self, element: HtmlElement) -> None:
        number = self._lists[-1] if self._lists else None
        indent = "  " * max(len(self._lists) - 1, 0)
        self.parts.append(f"{_CLOSE}{indent}{'-' if number is None else f'{number}.'} ")
        if number is not None:
            self._lists[-1] = number + 1
        self._children(element)
        self.parts.append(_CLOSE)

    def _link(self, element: HtmlElement) -> None:
        start = len(self.parts)
        self._children(element)
        words = "".join(self.parts[start:]).strip(" \n" + _CLOSE + _WIDE)
        address = str(element.get("href") or "")
        bare = address.removeprefix("mailto:").removeprefix("tel:")
        if not bare or self._unmasked(bare).rstrip("/") == self._unmasked(words).rstrip("/"):
            return
        shown = bare if bare != address else _marked(address)
        self.parts.append(f" ({shown})" if words else shown)

    def _unmasked(self, text: str) -> str:
        return MARKER.sub(lambda match: self._tags[match[0]].source, text)


def _marked(address: str) -> str:
    """Markers of a web address, told apart by whether they are the whole address or a part of it."""
    return MARKER.sub(lambda match: ("p" if match.start() else "u") + match[0][1:], address)


def _is_hidden(element: HtmlElement) -> bool:
    style = str(element.get("style") or "").replace(" ", "").lower()
    is_thumbnail = "mj-carousel-thumbnail" in str(element.get("class") or "").split()
    return "display:none" in style or "mso-hide:all" in style or is_thumbnail


def _is_layout(element: HtmlElement) -> bool:
    return False if element.tag != "table" else element.get("role") == "presentation"


def _is_data(element: HtmlElement) -> bool:
    """A cell of a table of data, not of the layout."""
    table = next((up for up in element.iterancestors("table")), None)
    return table is not None and table.get("role") != "presentation"
