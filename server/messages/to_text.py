"""HTML as text for reading: blocks become lines, links keep their address, what nobody sees is left out."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from lxml import etree

from server.messages.clean import without_control
from server.messages.html_tree import parse

LONGEST_TEXT = 2_000_000
_UNSEEN = frozenset(
    (
        *("head", "title", "style", "script", "noscript", "template", "iframe", "object", "svg", "math", "select"),
        *("textarea", "audio", "video"),
    )
)
_SPACED = frozenset(("p", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "pre", "ul", "ol", "dl", "blockquote"))
_BLOCK = _SPACED | frozenset(
    (
        *("address", "article", "aside", "body", "center", "div", "dd", "dt", "fieldset", "figure", "figcaption"),
        *("footer", "form", "header", "html", "li", "main", "nav", "section", "table", "tbody", "tr"),
    )
)
_WHITE = re.compile(r"[ \t\n\r\f]+")  # and no no-break space
_ODD = str.maketrans(
    dict.fromkeys("\r\x0b\x0c\x85\u2028\u2029", " ") | dict.fromkeys("\u00ad\u034f\u200b\u2060\ufeff", "")
)
_HIDDEN = re.compile(r"(?:^|;)(?:display:none|visibility:hidden|mso-hide:all)|(?:^|;)opacity:0(?:\.0*)?(?:;|$)")
_NO_MARGIN = re.compile(r"(?:^|;)margin(-top|-bottom)?:0")
_LINK = re.compile(r"(https?://|mailto:|tel:)", re.I)
_DEEPEST_INDENT = 10


def to_text(html: str) -> str:
    """Readable text of at most 2 million characters. Never raises."""
    return "\n".join(lay_out(html).lines)[:LONGEST_TEXT]


@dataclass
class Span:
    """The lines that a marked element became: from `start` up to but without `end`."""

    mark: str
    start: int
    end: int
    level: int


@dataclass
class Layout:
    lines: list[str] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)


def lay_out(html: str, mark_of: Callable[[Any], str | None] | None = None) -> Layout:
    """The lines of `html`, and where the elements lie for which `mark_of` gives a name, in the order they begin."""
    tree = parse(html)
    if tree is None:
        return Layout()
    walk = _Walk(mark_of)
    layout = walk.through(tree)
    if not layout.lines and walk.has_hidden:  # a mail that hides everything still says something
        layout = _Walk(mark_of, with_hidden=True).through(tree)
    return layout


class _Page:
    """Lines in the making. A blank line is owed until the next words come: so none doubles, none leads, none trails."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.size = 0
        self.prefix = ""
        self.bullet = ""
        self.link_text: list[str] | None = None
        self._words: list[str] = []
        self._space = False
        self._blank_prefix: str | None = None

    def write(self, text: str) -> None:
        words = _WHITE.sub(" ", without_control(text.translate(_ODD)))
        if words.startswith(" "):
            self._space = True
        body = words.strip(" ")
        if not body:
            return
        self._put((" " if self._space and self._words else "") + body)
        self._space = words.endswith(" ")

    def write_as_is(self, text: str) -> None:
        first, *others = without_control(text.replace("\r\n", "\n").translate(_ODD)).split("\n")
        self._put(first)
        for line in others:
            self.line_break()
            self._put(line)

    def _put(self, text: str) -> None:
        if not text or self.size > LONGEST_TEXT:
            return
        self._words.append(text)
        self.size += len(text)
        if self.link_text is not None:
            self.link_text.append(text)

    def fresh(self) -> None:
        if self._words:
            self._end_line()

    def gap(self) -> None:
        self.fresh()
        self._owe_blank()

    def line_break(self) -> None:
        if self._words:
            self._end_line()
        else:
            self._owe_blank()

    def _owe_blank(self) -> None:
        """Between two depths of quotes the blank line belongs to the outer one."""
        owed = self.prefix if self._blank_prefix is None else self._blank_prefix
        self._blank_prefix = min(owed, self.prefix, key=len)

    def _end_line(self) -> None:
        line = "".join(self._words).replace("\xa0", " ").rstrip()
        self._words, self._space = [], False
        if not line.strip():
            self._owe_blank()
            return
        if self._blank_prefix is not None and self.lines:
            self.lines.append(min(self._blank_prefix, self.prefix, key=len).rstrip())
        self._blank_prefix = None
        self.lines.append(self.prefix + self.bullet + line)
        self.size += len(self.prefix) + len(self.bullet)
        self.bullet = ""


class _Walk:
    def __init__(self, mark_of: Callable[[Any], str | None] | None, *, with_hidden: bool = False) -> None:
        self._mark_of = mark_of
        self._with_hidden = with_hidden
        self.has_hidden = False
        self._page = _Page()
        self._spans: list[Span] = []
        self._open: list[tuple[Any, Span]] = []
        self._lists: list[int | None] = []
        self._quotes = 0
        self._pre = 0
        self._skipped: Any = None

    def through(self, tree: Any) -> Layout:
        walk = etree.iterwalk(tree, events=("start", "end"))
        for event, element in walk:
            if event == "start":
                if self._is_unseen(element):
                    self._skipped = element
                    walk.skip_subtree()
                else:
                    self._begin(element)
                    self._text(element.text)
                continue
            if element is self._skipped:
                self._skipped = None
            else:
                self._finish(element)
            self._text(element.tail)
        self._page.fresh()
        return Layout(lines=self._page.lines, spans=self._spans)

    def _text(self, text: str | None) -> None:
        if not text:
            return
        if self._pre:
            self._page.write_as_is(text)
        else:
            self._page.write(text)

    def _is_unseen(self, element: Any) -> bool:
        if element.tag in _UNSEEN:
            return True
        if self._with_hidden or element.tag in ("html", "body"):
            return False
        style = _style(element)
        is_hidden = element.get("hidden") is not None or (
            style != "" and (_HIDDEN.search(style) or ("max-height:0" in style and "overflow:hidden" in style))
        )
        self.has_hidden = self.has_hidden or bool(is_hidden)
        return bool(is_hidden)

    def _begin(self, element: Any) -> None:
        tag = element.tag
        page = self._page
        if tag in _BLOCK:
            page.gap() if _is_spaced(element, len(self._lists)) else page.fresh()
        mark = self._mark_of(element) if self._mark_of else None
        if mark:
            page.fresh()
            span = Span(mark=mark, start=len(page.lines), end=0, level=len(self._open))
            self._spans.append(span)
            self._open.append((element, span))
        if tag == "br":
            page.line_break()
        elif tag in ("td", "th"):
            page.write(" ")
        elif tag in ("ul", "ol"):
            self._lists.append(_first_number(element) if tag == "ol" else None)
            self._indent()
        elif tag == "li":
            page.bullet = self._next_bullet()
        elif tag == "a":
            page.link_text = []
        elif tag == "img":
            page.write(element.get("alt") or "")
        elif tag in ("pre", "blockquote"):
            self._pre += tag == "pre"
            self._quotes += _is_cited(element)
            self._indent()

    def _finish(self, element: Any) -> None:
        tag = element.tag
        page = self._page
        if tag == "a":
            self._end_link(element)
        if tag in _BLOCK:
            page.gap() if _is_spaced(element, len(self._lists) - (tag in ("ul", "ol"))) else page.fresh()
        if tag == "li":
            page.bullet = ""
        elif tag in ("ul", "ol") and self._lists:
            self._lists.pop()
            self._indent()
        elif tag in ("pre", "blockquote"):
            self._pre -= tag == "pre"
            self._quotes -= _is_cited(element)
            self._indent()
        if self._open and self._open[-1][0] is element:
            page.fresh()
            self._open.pop()[1].end = len(page.lines)

    def _indent(self) -> None:
        quotes = min(self._quotes, _DEEPEST_INDENT)
        lists = min(max(len(self._lists) - 1, 0), _DEEPEST_INDENT)
        self._page.prefix = ">" * quotes + " " * bool(quotes) + "  " * lists

    def _next_bullet(self) -> str:
        if not self._lists or self._lists[-1] is None:
            return "- "
        self._lists[-1] += 1
        return f"{self._lists[-1] - 1}. "

    def _end_link(self, element: Any) -> None:
        text, self._page.link_text = self._page.link_text, None
        href = "".join((element.get("href") or "").split())
        if text is None or not _LINK.match(href) or len(href) > 2_000:
            return
        target = href[7:].split("?")[0] if href.lower().startswith("mailto:") else href
        if _bare(target) != _bare("".join(text)):
            self._page.write(f" <{target}>" if text else f"<{target}>")


def _bare(address: str) -> str:
    address = re.sub(r"^(https?://|tel:)?(www\.)?", "", "".join(address.split()).lower())
    return address.rstrip("/")


def _style(element: Any) -> str:
    return "".join((element.get("style") or "")[:4_000].split()).lower()


def _is_spaced(element: Any, depth: int) -> bool:
    """True where a browser leaves room above and below. Outlook writes each line as a paragraph without any."""
    if element.tag not in _SPACED or (depth and element.tag in ("ul", "ol", "p")):
        return False
    return not (element.tag == "p" and (_is_line(element) or _NO_MARGIN.search(_style(element))))


def _is_line(element: Any) -> bool:
    return (element.get("class") or "").startswith("Mso")


def _is_cited(element: Any) -> bool:
    if element.tag != "blockquote":
        return False
    classes = (element.get("class") or "").split()
    return element.get("type") == "cite" or "gmail_quote" in classes or "protonmail_quote" in classes


def _first_number(element: Any) -> int:
    start = element.get("start") or ""
    return int(start) if re.fullmatch(r"\d{1,6}", start) else 1
