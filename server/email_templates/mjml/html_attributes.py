"""<mj-html-attributes>: selectors, and the attributes that the elements they find get after the layout.

Selectors are of tags, classes, ids and attributes, joined by a space, > or a comma: what can be told from the
elements that are open when an element begins.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass

from server.email_templates.mjml.content import VOID, problem_of_attribute
from server.email_templates.mjml.markup import Attribute
from server.email_templates.mjml.mask import MARKER, Masked
from server.email_templates.mjml.parts.part import escaped
from server.email_templates.mjml.tree import Node
from server.email_templates.problems import Findings

MOST_SELECTORS, LONGEST_PATH = 50, 300
_COMPOUND = re.compile(
    r"(?P<tag>\*|[A-Za-z][\w-]*)?(?P<rest>(?:[#.][\w-]+|\[[\w-]+(?:=(?:\"[^\"]*\"|'[^']*'|[\w-]+))?\])*)"
)
_DETAIL = re.compile(r"(?P<sign>[#.])(?P<name>[\w-]+)|\[(?P<key>[\w-]+)(?:=(?P<value>\"[^\"]*\"|'[^']*'|[\w-]+))?\]")
_TOKEN = re.compile(r"<!--.*?-->|<(/?)([A-Za-z][\w:-]*)((?:[^>\"']|\"[^\"]*\"|'[^']*')*)>", re.S)
_SET = re.compile(r"([\w:-]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")
_WITHOUT_END = VOID | {"input", "meta", "link"}


@dataclass(frozen=True, kw_only=True)
class Element:
    tag: str
    attributes: dict[str, str]


@dataclass(frozen=True, kw_only=True)
class Step:
    """One part of a selector. `is_child`: right inside what the step before found, not somewhere inside."""

    tag: str
    details: tuple[tuple[str, str | None], ...]
    is_child: bool

    def fits(self, element: Element) -> bool:
        if self.tag not in ("", "*", element.tag):
            return False
        return all(_has(element, name, value) for name, value in self.details)


def _has(element: Element, name: str, value: str | None) -> bool:
    found = element.attributes.get(name)
    if found is None:
        return False
    return value is None or (value in found.split() if name == "class" else value == found)


@dataclass(frozen=True, kw_only=True)
class Rule:
    """Each of `paths` is a selector without commas."""

    paths: tuple[tuple[Step, ...], ...]
    attributes: tuple[tuple[str, str], ...]


def read_rules(head: Node | None, masked: Masked, findings: Findings) -> list[Rule]:
    rules: list[Rule] = []
    for block in [node for node in head.children if node.tag == "mj-html-attributes"] if head else []:
        for selector in block.children:
            if len(rules) == MOST_SELECTORS:
                findings.stop(selector.offset, f"There are more than {MOST_SELECTORS} <mj-selector>.", "Use fewer.")
            path = selector.get("path")
            paths = tuple(_path(one) for one in path[:LONGEST_PATH].split(","))
            if len(path) > LONGEST_PATH:
                findings.add(selector.offset, f"A path is longer than {LONGEST_PATH} characters.", "Make it shorter.")
            if not all(paths):
                cure = "Use tags, .classes, #ids and [attributes] with spaces, > or commas between them."
                findings.add(selector.offset, f"The path {path[:60]!r} of <mj-selector> is not understood.", cure)
            attributes = tuple(_attribute(node, masked, findings) for node in selector.children)
            rules.append(Rule(paths=paths, attributes=attributes))
    return rules


def _path(text: str) -> tuple[Step, ...]:
    """Empty when it is not a selector that we know."""
    steps: list[Step] = []
    is_child = False
    for word in text.replace(">", " > ").split():
        match = _COMPOUND.fullmatch(word)
        if word == ">" and steps and not is_child:
            is_child = True
        elif match and word != ">":
            details = tuple(_detail(one) for one in _DETAIL.finditer(match["rest"]))
            steps.append(Step(tag=(match["tag"] or "").lower(), details=details, is_child=is_child))
            is_child = False
        else:
            return ()
    return () if is_child else tuple(steps)


def _detail(match: re.Match[str]) -> tuple[str, str | None]:
    if match["sign"]:
        return ("id" if match["sign"] == "#" else "class"), match["name"]
    return match["key"].lower(), match["value"] and match["value"].strip("\"'")


def _attribute(node: Node, masked: Masked, findings: Findings) -> tuple[str, str]:
    name = node.get("name").lower()
    value = html.unescape(node.content.strip())
    problem, cure = problem_of_attribute(Attribute(name=name, value=value, offset=node.offset), masked)
    if name.startswith("data-") and re.fullmatch(r"[a-z0-9-]+", name):
        problem = None
    if MARKER.search(value):
        problem, cure = "A Jinja tag stands in <mj-html-attribute>", "Write it on the element itself."
    elif "<" in value:
        problem, cure = "A tag stands in <mj-html-attribute>", "Write plain text."
    if problem:
        findings.add(node.offset, f"{problem} ({name or 'without a name'}).", cure)
    return name, value


def set_attributes(laid_out: str, rules: Sequence[Rule]) -> str:
    """The HTML with the attributes on what the selectors find. Outlook's comments are not looked into."""
    if not rules:
        return laid_out
    start = laid_out.index("<body")
    written, last, open_elements = [laid_out[:start]], start, list[Element]()
    for match in _TOKEN.finditer(laid_out, start):
        if match[2] is None:
            continue
        tag = match[2].lower()
        if match[1]:
            _close(open_elements, tag)
            continue
        attributes = {key.lower(): html.unescape(one or two) for key, one, two in _SET.findall(match[3])}
        open_elements.append(Element(tag=tag, attributes=attributes))
        wanted = _wanted(open_elements, rules)
        if wanted:
            written += [laid_out[last : match.start()], _with(match[0], wanted)]
            last = match.end()
        if tag in _WITHOUT_END or match[0].endswith("/>"):
            open_elements.pop()
    return "".join([*written, laid_out[last:]])


def _close(open_elements: list[Element], tag: str) -> None:
    """Up to the nearest of this name: a paragraph may have been left open."""
    names = [element.tag for element in open_elements]
    if tag in names:
        del open_elements[len(names) - 1 - names[::-1].index(tag) :]


def _wanted(open_elements: Sequence[Element], rules: Sequence[Rule]) -> dict[str, str]:
    found: dict[str, str] = {}
    for rule in rules:
        if any(_finds(path, open_elements) for path in rule.paths):
            found.update(rule.attributes)
    return found


def _finds(path: Sequence[Step], elements: Sequence[Element]) -> bool:
    """Does the path lead to the last of the elements, each standing in the one before it?"""
    if not path[-1].fits(elements[-1]):
        return False
    found: set[int] = set()
    for number, step in enumerate(path):
        nearest = min(found, default=len(elements))
        found = {
            place
            for place, element in enumerate(elements)
            if (number == 0 or (place - 1 in found if step.is_child else place > nearest)) and step.fits(element)
        }
    return len(elements) - 1 in found


def _with(written: str, wanted: dict[str, str]) -> str:
    end = -2 if written.endswith("/>") else -1
    closing = written[end:]
    for name, value in wanted.items():
        there = re.compile(rf"\s{re.escape(name)}\s*=\s*(?:\"[^\"]*\"|'[^']*')", re.I)
        written = there.sub("", written[:end]) + f' {name}="{escaped(value)}"' + closing
    return written
