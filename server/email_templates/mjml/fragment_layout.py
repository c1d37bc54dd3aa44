"""Writes the body of a laid-out email again without what needs a style sheet: hidden parts, comments, class names.

Columns become hybrid: as wide as there is room, up to their share of the container. They stand side by side on a
wide screen and one below the other on a narrow one, without any @media rule.
"""

from __future__ import annotations

import html
import math
import re
from collections import Counter
from collections.abc import Mapping

import lxml.html
from lxml.html import HtmlElement

from server.email_templates.mjml.content import VOID
from server.email_templates.mjml.fragment_allowed import is_image_address
from server.email_templates.mjml.mask import MARKER

_COLUMN = re.compile(r"(?:^|\s)mj-column-(per|px)-(\d+(?:-\d+)?)(?=\s|$)")
_GUTTER = re.compile(r"(?<!\S)\.(mj-column-gutter-[\w-]+)\s*\{\s*padding:\s*([\d.px% ]+)")
_CONTROL = re.compile(r"(?:^|\s)mj-carousel-(?:thumbnail|previous-icons|next-icons|\w+-icons-cell)(?=\s|$)")
_SLIDE = re.compile(r"(?:^|\s)mj-carousel-image(?=\s|$)")
_WIDTH = re.compile(r"(?<![\w-])width\s*:\s*[\d.]+%")
_PADDING = re.compile(r"(?<![\w-])padding\s*:[^;]*;?")
_FULL_WIDTH = re.compile(r"(?:^|;)\s*width\s*:\s*100%")
_HIDDEN = re.compile(r"(?:^|;)\s*display\s*:\s*none\b", re.I)
_BOX = re.compile(r"max-width|padding|border")
_LENGTH = re.compile(r"(?:^|\s)(\d+(?:\.\d+)?)(px|%)(?=\s|$)")
_NAMES_FOR_RULES = frozenset({"class", "id"})
_OF_THE_ARTICLE = frozenset({"aria-label", "aria-roledescription", "role"})


class BodyWriter:
    """`parts` is the HTML, each marker between tags as a comment. What was left out on purpose is counted.

    `gutters` is what gutters_of() finds in the head.
    """

    def __init__(self, gutters: Mapping[str, str]) -> None:
        self._gutters = gutters
        self.parts: list[str] = []
        self.dropped_markers: set[str] = set()
        self.dropped_links: Counter[str] = Counter()
        self.dropped_images: list[str] = []

    def children(self, element: HtmlElement, width: float = math.inf) -> None:
        """Writes what is in the element. `width` is the room it has, in px."""
        self._text(element.text)
        for child in element:
            if isinstance(child.tag, str):
                self._element(child, width)
            self._text(child.tail)

    def _element(self, element: HtmlElement, width: float) -> None:
        name, style = str(element.tag), str(element.get("style") or "")
        if _is_left_out(str(element.get("class") or ""), style):
            self._drop(element)
        elif name == "img" and not is_image_address(str(element.get("src") or "")):
            self.dropped_images.append(str(element.get("src") or ""))
            self._text(element.get("alt"))
        else:
            self.parts.append(f"<{name}{self._attributes(element, style, width)}>")
            if name not in VOID:
                self.children(element, room_inside(style, width))
                self.parts.append(f"</{name}>")

    def _drop(self, element: HtmlElement) -> None:
        self.dropped_markers.update(MARKER.findall(lxml.html.tostring(element, encoding="unicode", with_tail=False)))
        self.dropped_links.update(str(link.get("href")) for link in element.iter("a") if link.get("href"))

    def _attributes(self, element: HtmlElement, style: str, width: float) -> str:
        unwanted = _NAMES_FOR_RULES
        if element.get("role") == "article":  # the outermost element; its label is the title of the head
            unwanted |= _OF_THE_ARTICLE
        written = []
        for name, value in element.items():
            if name in unwanted:
                self.dropped_markers.update(MARKER.findall(value))
            else:
                value = self._style(element, style, width) if name == "style" else value
                written.append(f' {name}="{html.escape(value)}"')
        return "".join(written)

    def _style(self, element: HtmlElement, style: str, width: float) -> str:
        classes = str(element.get("class") or "")
        if _SLIDE.search(classes):
            return _HIDDEN.sub("", style)
        column = _COLUMN.search(classes)
        if not column or math.isinf(width):
            return style
        share, is_percent = float(column[2].replace("-", ".")), column[1] == "per"
        if not _FULL_WIDTH.search(style):  # of a group: it never stacks, and its width is the rounded share
            return _WIDTH.sub(f"width:{share:g}%", style) if is_percent else style
        most = width * share / 100 if is_percent else share
        padding = next((self._gutters[name] for name in classes.split() if name in self._gutters), "")
        if padding:
            most += width - room_inside(f"padding:{padding}", width)
            style = f"{_PADDING.sub('', style).rstrip('; ')};padding:{padding};box-sizing:border-box"
        if is_percent and share >= 100:
            return style
        # Shares such as 33.333332 are a little under what they mean; a hundredth of a pixel moves no column down.
        return f"{style.rstrip('; ')};max-width:{math.floor(most + 0.01)}px"

    def _text(self, text: str | None) -> None:
        if text:
            self.parts.append(MARKER.sub(r"<!--\g<0>-->", html.escape(text, quote=False)))


def _is_left_out(classes: str, style: str) -> bool:
    """What is hidden and what changes the slide. A carousel becomes its images, one below the other."""
    return _CONTROL.search(classes) is not None or (_HIDDEN.search(style) is not None and not _SLIDE.search(classes))


def gutters_of(css: str) -> dict[str, str]:
    """The paddings between columns on a wide screen, by class name; they stand in the @media rule of the layout."""
    return {name: " ".join(padding.split()) for name, padding in _GUTTER.findall(css)}


def room_inside(style: str, width: float) -> float:
    """What an element with `width` px of room leaves for its content: up to its max-width, less padding and border."""
    if not _BOX.search(style):
        return width
    most, taken = math.inf, {"padding-left": 0.0, "padding-right": 0.0, "border-left": 0.0, "border-right": 0.0}
    for declaration in style.split(";"):
        name, _, value = (part.strip() for part in declaration.replace("!important", "").partition(":"))
        if name == "max-width":
            most = _pixels(value, width, math.inf)
        elif name in taken:
            taken[name] = _pixels(value, width)
        elif name in ("padding", "border"):
            values = (value.split() if name == "padding" else [value]) or ["0"]
            taken[f"{name}-right"] = _pixels(values[1 if len(values) > 1 else 0], width)
            taken[f"{name}-left"] = _pixels(values[3], width) if len(values) > 3 else taken[f"{name}-right"]
    return max(min(width, most) - sum(taken.values()), 0)


def _pixels(value: str, width: float, instead: float = 0) -> float:
    """The first length in px; % is of `width`."""
    length = _LENGTH.search(value)
    if not length or (length[2] == "%" and math.isinf(width)):
        return instead
    return float(length[1]) * (width / 100 if length[2] == "%" else 1)
