"""What a TAM edits: paragraphs, **bold**, *italic*, [text](https://…) and lists, with merge fields kept as they are."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence

from markdown_it import MarkdownIt
from markdown_it.token import Token

from server.email_templates.mjml.blocks import BlockStack
from server.email_templates.mjml.content import Content
from server.email_templates.mjml.markup import Kind, Piece, pieces
from server.email_templates.mjml.mask import MARKER, Masked, mask
from server.email_templates.problems import Findings

EDITABLE_TAGS = frozenset({"p", "br", "strong", "b", "em", "i", "a", "ul", "ol", "li"})
_BLOCK = frozenset({"p", "ul", "ol", "li"})
_SPECIAL = re.compile(r"([\\*_\[\]])")
_LINE_START = re.compile(r"^([-+]|\d+[.)])(?=\s|$)", re.M)
_SAME = {"b": "strong", "i": "em"}


class _Markdown(MarkdownIt):
    """Links are judged by us afterwards, with a sentence; markdown-it would leave them as text without a word."""

    def validateLink(self, url: str) -> bool:  # noqa: N802  the parent's name
        return True

    def normalizeLink(self, url: str) -> str:  # noqa: N802
        return url


_MARKDOWN = _Markdown("zero", {"html": False, "breaks": True}).enable(["emphasis", "link", "list", "newline", "escape"])


def block_html(markup: str) -> str:
    """Light markup to the HTML of an editable block. HTML in it stays text. Raises TemplateInvalid for odd Jinja."""
    masked = mask(markup.replace("\r\n", "\n").replace("\r", "\n").replace("\xa0", " "))
    tokens = _MARKDOWN.parse(masked.text)
    _tighten(tokens)
    written = str(_MARKDOWN.renderer.render(tokens, _MARKDOWN.options, {}))
    written = re.sub(r"<br\s*/?>\n?", "<br>", written)
    written = re.sub(r"\n?(</?(?:p|ul|ol|li)\b[^>]*>)\n?", r"\1", written)
    written = re.sub(r"</(p|ul|ol)>(?=.)", r"</\1>\n", written)
    return masked.unmask(_without_paragraph(written, masked))


def _without_paragraph(written: str, masked: Masked) -> str:
    """An {% if %} that stands alone surrounds paragraphs; it is none itself."""
    return re.sub(
        r"<p>(jq\d{5}zx)</p>",
        lambda match: match[0] if masked.tags[match[1]].is_output else match[1],
        written,
    )


def _tighten(tokens: list[Token]) -> None:
    """A list item holds its text directly, however many empty lines stand in it: more paragraphs become lines."""
    items: list[str] = []
    for index, token in enumerate(tokens):
        if token.type in ("list_item_open", "list_item_close"):
            items = [*items, ""] if token.type == "list_item_open" else items[:-1]
        elif token.type == "paragraph_open" and items:
            token.hidden = not items[-1]
            if items[-1]:
                tokens[index] = Token("hardbreak", "br", 0)
            items[-1] = "has text"
        elif token.type == "paragraph_close" and items:
            token.hidden = True
        elif token.type == "ordered_list_open":
            token.attrs = {}


def block_source(block: str) -> str:
    """The HTML of an editable block to light markup. The HTML must have passed `problems_of_block`."""
    masked = mask(block)
    findings = Findings(masked.line_of)
    found = _Writer(masked, list(pieces(masked.text, findings))).write()
    return masked.unmask(found)


def check_block(block: str, first_line: int = 1) -> Findings:
    """What keeps this HTML from being an editable block: other tags, loose text, or markup that would change it."""
    masked = mask(block, first_line)
    findings = Findings(masked.line_of)
    blocks = BlockStack(tags=masked.tags)
    written = Content(masked, findings, blocks, "an editable text", EDITABLE_TAGS).rewrite(0, len(masked.text), 0)
    findings.problems += blocks.problems
    if not findings.problems:
        _check_shape(masked, findings)
    if not findings.problems and canonical(block_html(block_source(block))) != canonical(masked.unmask(written)):
        findings.add(
            0,
            "The formatting of this text is too tangled to be edited.",
            "Use whole words in bold or italics, links and simple lists.",
        )
    return findings


def _check_shape(masked: Masked, findings: Findings) -> None:
    open_tags: list[str] = []
    for piece in pieces(masked.text, findings):
        if piece.kind is Kind.CLOSE:
            open_tags = open_tags[:-1] if piece.name != "br" else open_tags
        elif piece.kind is Kind.OPEN:
            parent = open_tags[-1] if open_tags else ""
            if _is_misplaced(piece.name, parent):
                message = f"<{piece.name}> cannot stand in {f'<{parent}>' if parent else 'the text'}."
                is_nested = parent == "li" and piece.name in ("ul", "ol")
                findings.add(piece.start, "A list stands inside a list." if is_nested else message, "Keep it simple.")
            odd = [one.name for one in piece.attributes if (piece.name, one.name) != ("a", "href")]
            if odd or (piece.name == "a" and not piece.attributes):
                findings.add(
                    piece.start, f"<{piece.name}> in an editable text has {odd or 'no href'}.", "Only <a href>."
                )
            open_tags += [] if piece.name == "br" else [piece.name]
        elif not open_tags and MARKER.sub("", piece.text).strip():
            start = piece.start + len(piece.text) - len(piece.text.lstrip())
            findings.add(start, "Text in an editable block stands outside a paragraph.", "Put it into <p>.")
        elif not open_tags and any(masked.tags[name].is_output for name in MARKER.findall(piece.text)):
            findings.add(piece.start, "A merge field stands outside a paragraph.", "Put it into <p>.")
        elif open_tags and open_tags[-1] in ("ul", "ol") and piece.text.strip():
            findings.add(piece.start, "Something stands between list items.", "Put it into <li>.")


def _is_misplaced(name: str, parent: str) -> bool:
    in_list = parent in ("ul", "ol")
    return (name == "li") != in_list or (name in _BLOCK and parent != "" and not in_list)


def canonical(block: str) -> str:
    """Two blocks that look the same have the same canonical form."""
    masked = mask(block)
    parts: list[str] = []
    for piece in pieces(masked.text, Findings(masked.line_of)):
        if piece.kind is Kind.TEXT:
            parts.append(re.sub(r"[ \t\r\n\xa0]+", " ", html.unescape(piece.text)))
            continue
        name = _SAME.get(piece.name, piece.name)
        href = "".join(one.value for one in piece.attributes if one.name == "href")
        parts.append(f"\0{'/' if piece.kind is Kind.CLOSE else ''}{name}|{href}\0")
    text = re.sub(r" *(\0/?(?:p|ul|ol|li|br)\|\0) *", r"\1", "".join(parts))
    return masked.unmask(text).strip()


class _Writer:
    """HTML pieces to markup, paragraph by paragraph."""

    def __init__(self, masked: Masked, found: Sequence[Piece]) -> None:
        self._masked = masked
        self._pieces = found
        self._paragraphs: list[str] = []
        self._line = ""
        self._hrefs: list[str] = []
        self._lists: list[int | None] = []
        self._items: list[str] = []

    def write(self) -> str:
        for piece in self._pieces:
            if piece.kind is Kind.TEXT:
                self._text(piece.text)
            elif piece.kind is Kind.OPEN:
                self._open(piece)
            else:
                self._close(piece.name)
        self._end_paragraph()
        return "\n\n".join(self._paragraphs)

    def _text(self, text: str) -> None:
        text = re.sub(r"[ \t\r\n\xa0]+", " ", html.unescape(text))
        text = _SPECIAL.sub(r"\\\1", text)
        self._line += text.lstrip(" ") if not self._line or self._line.endswith("\n") else text

    def _open(self, piece: Piece) -> None:
        name = _SAME.get(piece.name, piece.name)
        if name == "p":
            self._end_paragraph()
        elif name in ("ul", "ol"):
            self._end_paragraph()
            self._lists.append(1 if name == "ol" else None)
        elif name == "br":
            self._line = self._line.rstrip(" ") + "\n"
        elif name in ("strong", "em"):
            self._line += "**" if name == "strong" else "*"
        elif name == "a":
            self._hrefs.append(piece.attributes[0].value if piece.attributes else "")
            self._line += "["

    def _close(self, name: str) -> None:
        name = _SAME.get(name, name)
        if name in ("strong", "em"):
            self._line += "**" if name == "strong" else "*"
        elif name == "a":
            href = self._hrefs.pop().replace("(", "%28").replace(")", "%29")
            self._line += f"]({href})"
        elif name == "p":
            self._end_paragraph()
        elif name == "li":
            self._end_item()
        elif name in ("ul", "ol") and self._lists:
            self._lists.pop()
            self._paragraphs.append("\n".join(self._items))
            self._items = []

    def _end_item(self) -> None:
        number = self._lists[-1] if self._lists else None
        bullet = "- " if number is None else f"{number}. "
        if number is not None:
            self._lists[-1] = number + 1
        self._items.append(bullet + self._taken().replace("\n", "\n" + " " * len(bullet)))

    def _end_paragraph(self) -> None:
        text = self._taken()
        names = MARKER.findall(text)
        is_all_jinja = not MARKER.sub("", text).strip()
        if is_all_jinja and not any(self._masked.tags[name].is_output for name in names):
            self._paragraphs += names  # an {% if %} around paragraphs stands alone
        else:
            self._paragraphs.append(text)

    def _taken(self) -> str:
        text, self._line = self._line.strip(" \n"), ""
        return _LINE_START.sub(lambda match: match[0][:-1] + "\\" + match[0][-1], text)
