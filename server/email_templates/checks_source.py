"""What an author can make better in MJML that compiles: images, links, the way out, the preview text, colours.

Each check takes the MJML and the line of the file in which it starts. All raise TemplateInvalid for MJML that cannot be
read; after a successful compile that does not happen.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from server.email_templates.mjml.attributes import Defaults
from server.email_templates.mjml.markup import Kind, pieces
from server.email_templates.mjml.mask import MARKER, Masked, mask
from server.email_templates.mjml.schema import attribute_type, is_ending
from server.email_templates.mjml.tree import Node, parse
from server.email_templates.problems import Findings, Severity, TemplateProblem

UNSUBSCRIBE = "links.unsubscribe"
MOST_LINKS = 20
LEAST_CONTRAST = 4.5
# What is in front and what is behind, each with the colour that MJML takes when the author names none.
_COLORS = {
    "mj-button": {"color": "#ffffff", "background-color": "#414141"},
    "mj-text": {"color": "#000000", "container-background-color": ""},
}
_IMAGES = frozenset({"mj-image", "mj-carousel-image", "img"})
_VAGUE = frozenset({"here", "click", "click here", "link", "more", "read more", "this", "this link", "this page"})
_BARE_ADDRESS = re.compile(r"(?:https?://|www\.)\S+", re.I)
_NOT_MARKUP = frozenset({"mj-style", "mj-title", "mj-preview"})


@dataclass(frozen=True, kw_only=True)
class _Element:
    """A component, with its defaults, or an HTML tag in its content. `words` is its text, with markers."""

    tag: str
    offset: int
    attributes: dict[str, str]
    words: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return " ".join(html.unescape("".join(self.words)).split())


@dataclass(frozen=True, kw_only=True)
class _Read:
    masked: Masked
    elements: tuple[_Element, ...]

    def problem(self, element: _Element, message: str, cure: str, severity: Severity) -> TemplateProblem:
        line = self.masked.line_of(element.offset)
        return TemplateProblem(line=line, message=message, cure=cure, severity=severity)

    def warning(self, element: _Element, message: str, cure: str) -> TemplateProblem:
        return self.problem(element, message, cure, Severity.WARNING)


@lru_cache(maxsize=8)
def _read(mjml: str, first_line: int) -> _Read:
    masked = mask(mjml, first_line)
    findings = Findings(masked.line_of)
    root = parse(masked, findings)
    defaults = Defaults(root.child("mj-head"), masked, findings)
    return _Read(masked=masked, elements=tuple(_elements(root, None, defaults, masked, findings)))


def _elements(
    node: Node, parent: Node | None, defaults: Defaults, masked: Masked, findings: Findings
) -> Iterator[_Element]:
    if node.tag == "mj-attributes" or node.is_jinja:
        return
    attributes = _attributes(node, parent, defaults)
    element = _Element(tag=node.tag, offset=node.offset, attributes=attributes)
    yield element
    if node.tag == "mj-image":
        element.words.append(attributes.get("alt", ""))
    elif node.tag in _NOT_MARKUP:
        element.words.append(node.content)
    elif is_ending(node.tag):
        yield from _content(node, element, masked, findings)
    for child in node.children:
        yield from _elements(child, node, defaults, masked, findings)


def _attributes(node: Node, parent: Node | None, defaults: Defaults) -> dict[str, str]:
    found = {**defaults.by_tag.get("mj-all", {}), **defaults.of(node, parent)}
    return {
        name: attribute.value
        for name, attribute in found.items()
        if name in node.attributes or attribute_type(node.tag, name) is not None
    }


def _content(node: Node, component: _Element, masked: Masked, findings: Findings) -> list[_Element]:
    found: list[_Element] = []
    links: list[_Element] = []
    end = node.content_start + len(node.content)
    for piece in pieces(masked.text, findings, node.content_start, end):
        words = piece.text
        if piece.kind is Kind.OPEN:
            attributes = {attribute.name: attribute.value for attribute in piece.attributes}
            found.append(_Element(tag=piece.name, offset=piece.start, attributes=attributes))
            words = attributes.get("alt", "") if piece.name == "img" else ""
            links += found[-1:] if piece.name == "a" else []
        for element in [component, *links]:
            element.words.append(words)
        if piece.kind is Kind.CLOSE and piece.name == "a":
            del links[-1:]
    return found


def check_images(mjml: str, first_line: int = 1) -> list[TemplateProblem]:
    """An image without alt is read out by its address. alt="" is an answer too: it says that this is decoration."""
    read = _read(mjml, first_line)
    return [
        read.problem(
            element,
            f"<{element.tag}> has no alt text.",
            'Write alt="what it shows", or alt="" when it only decorates.',
            Severity.ERROR,
        )
        for element in read.elements
        if "alt" not in element.attributes
        and (element.tag in _IMAGES or (element.tag == "mj-social-element" and not element.text))
    ]


def check_links(mjml: str, first_line: int = 1) -> list[TemplateProblem]:
    """Links that are not encrypted, that do not say where they lead, and too many of them."""
    read = _read(mjml, first_line)
    links = [element for element in read.elements if element.attributes.get("href")]
    problems = []
    for link in links:
        if link.attributes["href"].lower().startswith("http:"):
            message = f"The link {read.masked.unmask(link.attributes['href'])[:60]} is not encrypted."
            problems.append(read.warning(link, message, "Let it start with https://."))
        flaw = _flaw_of_words(link, read.masked)
        if flaw:
            problems.append(read.warning(link, *flaw))
    if len(links) > MOST_LINKS:
        message = f"There are {len(links)} links; more than {MOST_LINKS} make an email look like an advertisement."
        problems.append(read.warning(links[MOST_LINKS], message, "Keep those that the reader needs."))
    return problems


def _flaw_of_words(link: _Element, masked: Masked) -> tuple[str, str] | None:
    """(message, cure) when the words of a link do not help. Words that come from a merge field are trusted."""
    text = MARKER.sub(lambda match: match[0] if masked.tags[match[0]].is_output else "", link.text)
    if not text.strip() and not link.attributes.get("alt"):
        return "A link has no words.", "Write what it leads to, or give its image an alt text."
    if text.lower().strip(" .,:;!>»›→") in _VAGUE:
        return f"The link “{text}” does not say where it leads.", "Name the thing, such as “Read the upgrade guide”."
    if _BARE_ADDRESS.fullmatch(text):
        return f"A link shows its bare address: {text[:60]}.", "Write words, and keep the address in href."
    return None


def check_unsubscribe(mjml: str, first_line: int, *, demanded: bool) -> list[TemplateProblem]:
    """`demanded` is whether emails of this category need a way out that every reader sees."""
    if not demanded:
        return []
    read = _read(mjml, first_line)
    inside = _tags_in_blocks(read.masked)
    found = [
        element
        for element in read.elements
        if element.tag in ("a", "mj-button") and _is_unsubscribe(element.attributes.get("href", ""), read.masked)
    ]
    cure = f'Write <a href="{{{{ {UNSUBSCRIBE} }}}}">Unsubscribe</a>.'
    if not found:
        return [TemplateProblem(line=0, message="There is no link to unsubscribe.", cure=cure)]
    if all(element.attributes["href"] in inside for element in found):
        message = "The link to unsubscribe stands in an {% if %} or {% for %}, so that not everybody sees it."
        return [read.problem(found[0], message, "Put it outside.", Severity.ERROR)]
    return []


def _is_unsubscribe(href: str, masked: Masked) -> bool:
    return MARKER.fullmatch(href) is not None and masked.tags[href].inside == UNSUBSCRIBE


def _tags_in_blocks(masked: Masked) -> set[str]:
    """The markers that stand between {% if %} and {% endif %}, or in a loop."""
    inside: set[str] = set()
    depth = 0
    for marker, tag in masked.tags.items():
        depth += 1 if tag.word in ("if", "for") else -1 if tag.word in ("endif", "endfor") else 0
        if depth:
            inside.add(marker)
    return inside


def check_preheader(mjml: str, first_line: int = 1) -> list[TemplateProblem]:
    """The preview text is what the inbox shows beside the subject."""
    if any(element.tag == "mj-preview" and element.text for element in _read(mjml, first_line).elements):
        return []
    message = "There is no preview text; the inbox will show whatever comes first."
    cure = "Write <mj-preview>One sentence that makes people open it.</mj-preview> into <mj-head>."
    return [TemplateProblem(line=first_line, message=message, cure=cure, severity=Severity.WARNING)]


def check_contrast(mjml: str, first_line: int = 1) -> list[TemplateProblem]:
    """Buttons, and texts with a background of their own, where both colours are written as #rgb or #rrggbb."""
    read = _read(mjml, first_line)
    problems = []
    for element in read.elements:
        if element.tag not in _COLORS or _is_large(element):
            continue
        (color, by_default), (background, behind_by_default) = _COLORS[element.tag].items()
        front = _luminance(element.attributes.get(color, by_default))
        behind = _luminance(element.attributes.get(background, behind_by_default))
        if front is None or behind is None:
            continue
        contrast = (max(front, behind) + 0.05) / (min(front, behind) + 0.05)
        if contrast < LEAST_CONTRAST:
            message = f"The colours of <{element.tag}> differ by {contrast:.1f} to 1: the text is hard to read."
            problems.append(read.warning(element, message, f"Choose colours with at least {LEAST_CONTRAST} to 1."))
    return problems


def _is_large(element: _Element) -> bool:
    """For 24 px and more, less contrast is enough."""
    size = re.fullmatch(r"(\d+)(?:\.\d+)?px", element.attributes.get("font-size", ""))
    return size is not None and int(size[1]) >= 24


def _luminance(color: str) -> float | None:
    """Relative luminance as WCAG defines it, or None for a colour that is not written as #rgb or #rrggbb."""
    match = re.fullmatch(r"#([0-9a-f]{3}|[0-9a-f]{6})", color, re.I)
    if not match:
        return None
    digits = match[1] if len(match[1]) == 6 else "".join(digit * 2 for digit in match[1])
    shares = [int(digits[start : start + 2], 16) / 255 for start in (0, 2, 4)]
    red, green, blue = [share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
