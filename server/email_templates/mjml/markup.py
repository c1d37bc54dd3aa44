"""Cuts MJML or HTML into tags and text. Strict on purpose: what is not plainly right gets a line and a cure."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from server.email_templates.mjml.mask import MARKER
from server.email_templates.problems import Findings


class Kind(StrEnum):
    TEXT = "text"
    OPEN = "open"
    CLOSE = "close"


@dataclass(frozen=True, kw_only=True)
class Attribute:
    """`value` has its entities resolved; `offset` is where the attribute starts."""

    name: str
    value: str
    offset: int


@dataclass(frozen=True, kw_only=True)
class Piece:
    """Text (`text`) or a tag (`name`, lower case). `start` and `end` are offsets in the masked text."""

    kind: Kind
    start: int
    end: int
    text: str = ""
    name: str = ""
    attributes: tuple[Attribute, ...] = ()
    closed: bool = False


MOST_ATTRIBUTES = 100  # of one tag; no component has as many
_NAME = re.compile(r"</?([A-Za-z][A-Za-z0-9-]*)")
_ATTRIBUTE = re.compile(r"\s*([A-Za-z_:][A-Za-z0-9_:.-]*)\s*(=?)\s*(\"[^\"]*\"|'[^']*')?")


def pieces(text: str, findings: Findings, start: int = 0, end: int | None = None) -> Iterator[Piece]:
    """Comments are left out. Raises TemplateInvalid where a tag cannot be read."""
    end = len(text) if end is None else end
    here = start
    while here < end:
        there = text.find("<", here, end)
        there = end if there < 0 else there
        if there > here:
            yield Piece(kind=Kind.TEXT, start=here, end=there, text=text[here:there])
        if there == end:
            return
        if text.startswith("<!", there) or text.startswith("<?", there):
            here = _after_comment(text, there, end, findings)
        elif _NAME.match(text, there, end):
            piece = _tag(text, there, end, findings)
            yield piece
            here = piece.end
        else:
            yield Piece(kind=Kind.TEXT, start=there, end=there + 1, text="<")
            here = there + 1


def _after_comment(text: str, start: int, end: int, findings: Findings) -> int:
    if not text.startswith("<!--", start):
        findings.stop(start, "Declarations such as DOCTYPE, XML or CDATA are not part of a template.", "Remove it.")
    close = text.find("-->", start + 4, end)
    if close < 0:
        findings.stop(start, "This comment is not closed.", "End it with -->.")
    if re.match(r"\s*(\[if|<!|>)", text[start + 4 : close + 1], re.I):
        findings.stop(start, "Outlook comments such as <!--[if mso]> are refused.", "The layout writes its own.")
    if MARKER.search(text, start, close):
        findings.stop(start, "A Jinja tag stands in a comment.", "Use {# … #} to comment out merge fields.")
    return close + 3


def _tag(text: str, start: int, end: int, findings: Findings) -> Piece:
    match = _NAME.match(text, start, end)
    assert match
    name, here = match[1].lower(), match.end()
    if text.startswith("</", start):
        closing = re.compile(r"\s*>").match(text, here, end)
        if not closing:
            findings.stop(start, f"</{name} is not finished.", f"Write </{name}>.")
        return Piece(kind=Kind.CLOSE, start=start, end=closing.end(), name=name)
    attributes: list[Attribute] = []
    while True:
        closing = re.compile(r"\s*(/?)>").match(text, here, end)
        if closing:
            closed = bool(closing[1])
            return Piece(
                kind=Kind.OPEN, start=start, end=closing.end(), name=name, attributes=tuple(attributes), closed=closed
            )
        here = _attribute(text, here, end, name, attributes, findings)


def _attribute(text: str, here: int, end: int, tag: str, found: list[Attribute], findings: Findings) -> int:
    match = _ATTRIBUTE.match(text, here, end)
    if not match:
        findings.stop(here, f"<{tag}> is not finished.", "Close the tag with > and put every value in quotes.")
    name = match[1].lower()
    if MARKER.search(name):
        findings.stop(here, f"A Jinja tag stands among the attributes of <{tag}>.", "Put it inside a quoted value.")
    if match[3] is None:
        findings.stop(match.start(1), f"{name} of <{tag}> has no quoted value.", f'Write {name}="…".')
    if match.end() < end and text[match.end()] not in " \t\r\n/>":
        findings.stop(match.start(1), f"{name} of <{tag}> runs into what follows.", "Put a space after the quote.")
    if len(found) == MOST_ATTRIBUTES:
        findings.stop(match.start(1), f"<{tag}> has more than {MOST_ATTRIBUTES} attributes.", "Keep those that count.")
    if any(attribute.name == name for attribute in found):
        findings.add(match.start(1), f"<{tag}> has {name} twice.", "Keep one.")
    value = html.unescape(" ".join(match[3][1:-1].split()))
    found.append(Attribute(name=name, value=value, offset=match.start(1)))
    return match.end()
