"""The HTML inside components: a list of what may stand there, each tag closed, rewritten plainly."""

from __future__ import annotations

import html
import re
from collections.abc import Collection

from server.email_templates.mjml.blocks import BlockStack
from server.email_templates.mjml.css import problem_of_declarations, problem_of_plain_value
from server.email_templates.mjml.markup import Attribute, Kind, Piece, pieces
from server.email_templates.mjml.mask import MARKER, Masked
from server.email_templates.mjml.urls import CURE, URL_ATTRIBUTES, problem_of_url
from server.email_templates.problems import Findings

VOID = frozenset({"br", "hr", "img", "wbr"})
TAGS = VOID | frozenset(
    [
        "a",
        "abbr",
        "b",
        "blockquote",
        "center",
        "code",
        "div",
        "em",
        "font",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "i",
        "li",
        "ol",
        "p",
        "pre",
        "s",
        "small",
        "span",
        "strong",
        "sub",
        "sup",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "tr",
        "u",
        "ul",
    ]
)
_SPOKEN = frozenset({"alt", "title", "summary", "aria-label"})
_PLAIN = frozenset(
    [
        "align",
        "valign",
        "width",
        "height",
        "bgcolor",
        "border",
        "cellpadding",
        "cellspacing",
        "colspan",
        "rowspan",
        "target",
        "rel",
        "role",
        "dir",
        "lang",
        "class",
        "id",
        "color",
        "face",
        "size",
        "start",
        "type",
        "scope",
        "aria-hidden",
    ]
)
_DEEPEST = 60


class Content:
    """Checks the content of one component. `tags` are the allowed HTML tags; messages name `where`."""

    def __init__(
        self, masked: Masked, findings: Findings, blocks: BlockStack, where: str, tags: Collection[str] = TAGS
    ) -> None:
        self._masked = masked
        self._findings = findings
        self._blocks = blocks
        self._where = where
        self._tags = tags
        self._open: list[Piece] = []

    def rewrite(self, start: int, end: int, place: int) -> str:
        """The content between two offsets, checked, with its comments gone and its quoting made uniform."""
        written = [self._piece(piece, place) for piece in pieces(self._masked.text, self._findings, start, end)]
        for piece in self._open:
            self._findings.add(piece.start, f"<{piece.name}> is not closed.", f"Write </{piece.name}>.")
        return "".join(written)

    def _piece(self, piece: Piece, place: int) -> str:
        if piece.kind is Kind.TEXT:
            inside = self._open[-1].start if self._open else place
            self._blocks.read(piece.text, inside)
            return "&lt;" if piece.text == "<" else re.sub(r"&(?!#?\w+;)", "&amp;", piece.text).replace(">", "&gt;")
        if piece.kind is Kind.CLOSE:
            return self._close(piece)
        if piece.name not in self._tags:
            self._findings.add(piece.start, f"<{piece.name}> cannot stand in {self._where}.", self._cure_of_tag())
        written = "".join(self._attribute(piece, attribute) for attribute in piece.attributes)
        if piece.name in VOID:
            alt = piece.name == "img" and all(attribute.name != "alt" for attribute in piece.attributes)
            return f"<{piece.name}{written}" + (' alt="">' if alt else ">")
        if piece.closed:
            self._findings.add(piece.start, f"<{piece.name}/> closes itself.", f"Write <{piece.name}></{piece.name}>.")
        self._open.append(piece)
        if len(self._open) > _DEEPEST:
            self._findings.stop(piece.start, f"Tags are nested deeper than {_DEEPEST}.", "Make the text simpler.")
        return f"<{piece.name}{written}>"

    def _cure_of_tag(self) -> str:
        return f"Use only: {', '.join(sorted(self._tags))}." if len(self._tags) < 20 else ""

    def _close(self, piece: Piece) -> str:
        if piece.name in VOID:
            return ""
        if not self._open:
            self._findings.stop(piece.start, f"</{piece.name}> closes nothing in {self._where}.", "Remove it.")
        opened = self._open.pop()
        if opened.name != piece.name:
            line = self._findings.line(opened.start)
            message = f"</{piece.name}> stands where </{opened.name}> is due."
            self._findings.stop(piece.start, message, f"<{opened.name}> opens in line {line}.")
        return f"</{piece.name}>"

    def _attribute(self, piece: Piece, attribute: Attribute) -> str:
        name, value = attribute.name, attribute.value
        self._blocks.read(value, (piece.start, name))
        problem, cure = problem_of_attribute(attribute, self._masked)
        if problem:
            self._findings.add(attribute.offset, f"{problem} ({name} of <{piece.name}>).", cure)
        return f' {name}="{html.escape(value)}"'


def problem_of_attribute(attribute: Attribute, masked: Masked) -> tuple[str | None, str]:
    """What is wrong with an attribute of HTML, and its cure."""
    name, value = attribute.name, attribute.value
    if name in URL_ATTRIBUTES:
        if name == "src" and value.lower().startswith(("mailto:", "tel:")):
            return "An image needs an https:// address", CURE
        return problem_of_url(value, masked.tags), CURE
    if name in _SPOKEN:
        return None, ""
    if any(masked.tags[marker].word for marker in MARKER.findall(value)):
        return "An {% if %} or {% for %} stands inside an attribute", "Put it around the element."
    if name == "style":
        return problem_of_declarations(value), ""
    if name not in _PLAIN:
        return "This attribute does not belong in an email", "Remove it."
    return problem_of_plain_value(value), ""
