"""Masked MJML to a tree of components, checked for names, nesting and stray text."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from server.email_templates.mjml.guarded import TooLarge
from server.email_templates.mjml.markup import Attribute, Kind, Piece, pieces
from server.email_templates.mjml.mask import MARKER, Masked
from server.email_templates.mjml.schema import REFUSED, components, is_ending, suggestion
from server.email_templates.problems import Findings

LARGEST_SOURCE = 300_000
MOST_COMPONENTS, MOST_TAGS = 1_000, 5_000  # the layout and the plain text take time for each
# The reference prints raw HTML of these outside of the body, where a mail has no place for it.
_WITHOUT_RAW = frozenset({"mjml", "mj-head"})
_HTML_TAG = re.compile(r"<[A-Za-z]")


@dataclass(kw_only=True, eq=False)
class Node:
    """A component. Ending tags have `content` (masked, from `content_start`) and no children."""

    tag: str
    offset: int
    attributes: dict[str, Attribute] = field(default_factory=dict)
    children: list[Node] = field(default_factory=list)
    content: str = ""
    content_start: int = 0
    is_jinja: bool = False

    def get(self, name: str) -> str:
        return self.attributes[name].value if name in self.attributes else ""

    def child(self, tag: str) -> Node | None:
        return next((child for child in self.children if child.tag == tag), None)


def parse(masked: Masked, findings: Findings) -> Node:
    """The <mjml> node. Raises TemplateInvalid at once for what cannot be read on, else adds to `findings`."""
    if len(masked.source) > LARGEST_SOURCE:
        findings.stop(0, f"The template is larger than {LARGEST_SOURCE // 1000} KB.", "Make it shorter.")
    return _Reader(masked, findings).read()


def _allowed_in(tag: str) -> list[str]:
    children: list[str] = components()[tag]["children"] if tag in components() else []
    return children


class _Reader:
    def __init__(self, masked: Masked, findings: Findings) -> None:
        self._masked = masked
        self._findings = findings
        self._root = Node(tag="", offset=0)
        self._open = [self._root]
        self._components = self._tags = 0

    def read(self) -> Node:
        text = self._masked.text
        here = 0
        while here < len(text):
            here = self._read_from(here)
        self._nothing_left_open()
        root = self._root.child("mjml")
        if root is None:
            self._findings.stop(0, "This is not MJML.", "Start with <mjml><mj-body> and end with </mj-body></mjml>.")
        if root.child("mj-body") is None:
            self._findings.add(root.offset, "The template has no <mj-body>.", "Put the content into <mj-body>.")
        return root

    def _read_from(self, here: int) -> int:
        """One run of pieces, until an ending tag makes us jump over its content. Returns where to go on."""
        for piece in pieces(self._masked.text, self._findings, here):
            if piece.kind is Kind.TEXT:
                self._text(piece)
            elif piece.kind is Kind.CLOSE:
                self._close(piece)
            else:
                after = self._start(piece)
                if after:
                    return after
        return len(self._masked.text)

    def _start(self, piece: Piece) -> int:
        """Returns where the content ends when this is an ending tag, else 0."""
        self._components += 1
        if self._components > MOST_COMPONENTS:
            self._findings.stop(piece.start, f"There are more than {MOST_COMPONENTS:,} components.", TooLarge.cure)
        attributes = {attribute.name: attribute for attribute in reversed(piece.attributes)}
        node = Node(tag=piece.name, offset=piece.start, attributes=dict(reversed(attributes.items())))
        self._check_place(node)
        self._open[-1].children.append(node)
        in_attributes = any(parent.tag in ("mj-attributes", "mj-class") for parent in self._open)
        if piece.closed:
            return 0
        if is_ending(piece.name) and not in_attributes:
            return self._content(node, piece)
        self._open.append(node)
        return 0

    def _content(self, node: Node, piece: Piece) -> int:
        text = self._masked.text
        closing = re.compile(rf"</{node.tag}\s*>", re.I).search(text, piece.end)
        if not closing:
            self._findings.stop(piece.start, f"<{node.tag}> is not closed.", f"Write </{node.tag}> after its content.")
        node.content, node.content_start = text[piece.end : closing.start()], piece.end
        self._count_tags(node)
        return closing.end()

    def _count_tags(self, node: Node) -> None:
        for match in _HTML_TAG.finditer(node.content):
            self._tags += 1
            if self._tags > MOST_TAGS:
                offset = node.content_start + match.start()
                self._findings.stop(offset, f"There are more than {MOST_TAGS:,} HTML tags.", TooLarge.cure)

    def _check_place(self, node: Node) -> None:
        parent = self._open[-1].tag
        if node.tag in REFUSED:
            self._findings.stop(node.offset, f"<{node.tag}> is not supported.", REFUSED[node.tag])
        if parent in ("mj-attributes", "mj-class"):
            if node.tag not in components() and node.tag not in ("mj-all", "mj-class"):
                cure = suggestion(node.tag, components())
                self._findings.stop(node.offset, f"There is no component <{node.tag}>.", cure)
            return
        if node.tag not in components():
            cure = suggestion(node.tag, components())
            self._findings.stop(node.offset, f"There is no component <{node.tag}>.", cure)
        allowed = _allowed_in(parent) if parent else ["mjml"]
        if node.tag not in allowed:
            where = f"in <{parent}>" if parent else "outside <mjml>"
            cure = f"Allowed are: {', '.join(allowed)}." if allowed else ""
            self._findings.add(node.offset, f"<{node.tag}> cannot stand {where}.", cure)
        elif node.tag == "mj-raw" and parent in _WITHOUT_RAW:
            self._findings.add(node.offset, f"<mj-raw> cannot stand in <{parent}>.", "Put it into mj-body.")
        elif parent in ("", "mjml") and self._open[-1].child(node.tag):
            self._findings.add(node.offset, f"There are two <{node.tag}>.", "Keep one.")

    def _text(self, piece: Piece) -> None:
        rest = MARKER.sub("", piece.text)
        parent = self._open[-1]
        if rest.strip():
            self._findings.add(
                piece.start + len(piece.text) - len(piece.text.lstrip()),
                f"Text stands between components: {self._masked.unmask(piece.text.strip())[:40]!r}.",
                "Put it into <mj-text>.",
            )
            return
        for match in MARKER.finditer(piece.text):
            offset = piece.start + match.start()
            tag = self._masked.tags[match[0]]
            if tag.is_output:
                self._findings.add(offset, f"{tag.source} stands between components.", "Put it into <mj-text>.")
            elif parent.tag in _WITHOUT_RAW or "mj-raw" not in _allowed_in(parent.tag):
                place = f"in <{parent.tag}>" if parent.tag else "outside <mjml>"
                self._findings.add(offset, f"{tag.source} cannot stand {place}.", "Put it into mj-body or its parts.")
            else:
                parent.children.append(Node(tag="mj-raw", offset=offset, content=match[0], is_jinja=True))

    def _close(self, piece: Piece) -> None:
        node = self._open[-1]
        if node is self._root:
            self._findings.stop(piece.start, f"</{piece.name}> closes nothing.", "Remove it.")
        if node.tag != piece.name:
            message = f"</{piece.name}> stands where </{node.tag}> is due."
            self._findings.stop(piece.start, message, f"<{node.tag}> opens in line {self._findings.line(node.offset)}.")
        self._open.pop()

    def _nothing_left_open(self) -> None:
        if len(self._open) > 1:
            node = self._open[-1]
            self._findings.stop(node.offset, f"<{node.tag}> is not closed.", f"Write </{node.tag}>.")
