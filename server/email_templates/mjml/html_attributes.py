"""<mj-html-attributes>: selectors, and the attributes that the elements they find get after the layout.

Selectors are of tags, classes, ids and attributes, joined by a space, > or a comma: what can be told from the
elements that are open when an element begins.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from server.email_templates.mjml.content import VOID, problem_of_attribute
from server.email_templates.mjml.guarded import TooLarge
from server.email_templates.mjml.markup import Attribute
from server.email_templates.mjml.mask import MARKER, Masked
from server.email_templates.mjml.parts.part import escaped
from server.email_templates.mjml.tree import Node
from server.email_templates.problems import Findings

MOST_SELECTORS, LONGEST_PATH = 50, 300
MOST_STEPS = 200  # of all paths together: each is tried on each kind of element
LARGEST_ADDITION = 1_000_000  # characters that all rules together may add to the HTML
_COMPOUND = re.compile(
    r"(?P<tag>\*|[A-Za-z][\w-]*)?(?P<rest>(?:[#.][\w-]+|\[[\w-]+(?:=(?:\"[^\"]*\"|'[^']*'|[\w-]+))?\])*)"
)
_DETAIL = re.compile(r"(?P<sign>[#.])(?P<name>[\w-]+)|\[(?P<key>[\w-]+)(?:=(?P<value>\"[^\"]*\"|'[^']*'|[\w-]+))?\]")
_TOKEN = re.compile(r"<!--.*?-->|<(/?)([A-Za-z][\w:-]*)((?:[^>\"']|\"[^\"]*\"|'[^']*')*)>", re.S)
_SET = re.compile(r"([\w:-]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")
_SET_AGAIN = re.compile(r"\s([\w:-]+)\s*=\s*(?:\"[^\"]*\"|'[^']*')")
_WITHOUT_END = VOID | {"input", "meta", "link"}


@dataclass(frozen=True, kw_only=True)
class Element:
    """An open element. `led` has a bit for each step that leads to it, `above` those of all that it stands in."""

    tag: str
    led: int = 0
    above: int = 0


@dataclass(frozen=True, kw_only=True)
class Step:
    """One part of a selector. `is_child`: right inside what the step before found, not somewhere inside."""

    tag: str
    details: tuple[tuple[str, str | None], ...]
    is_child: bool

    def fits(self, tag: str, attributes: Mapping[str, str]) -> bool:
        if self.tag not in ("", "*", tag):
            return False
        return all(_has(attributes, name, value) for name, value in self.details)


def _has(attributes: Mapping[str, str], name: str, value: str | None) -> bool:
    found = attributes.get(name)
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
            if sum(len(one) for rule in rules for one in rule.paths) > MOST_STEPS:
                message = f"The paths of all <mj-selector> have more than {MOST_STEPS} parts."
                findings.stop(selector.offset, message, "Use fewer or shorter ones.")
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
    """The HTML with the attributes on what the selectors find. Outlook's comments are not looked into.

    Raises TooLarge when the attributes are more than the rest of an email.
    """
    if not rules:
        return laid_out
    paths = _Paths(rules)
    start = laid_out.index("<body")
    written, last, open_elements, added = [laid_out[:start]], start, [Element(tag="")], 0
    for match in _TOKEN.finditer(laid_out, start):
        if match[2] is None:
            continue
        tag = match[2].lower()
        if match[1]:
            _close(open_elements, tag)
            continue
        attributes = {key.lower(): html.unescape(one or two) for key, one, two in _SET.findall(match[3])}
        element, wanted = paths.follow(open_elements[-1], tag, attributes)
        if wanted:
            written += [laid_out[last : match.start()], _with(match[0], wanted)]
            last = match.end()
            added += len(written[-1]) - len(match[0])
            if added > LARGEST_ADDITION:
                raise TooLarge(f"<mj-html-attributes> adds more than {LARGEST_ADDITION:,} characters to the HTML.")
        if tag not in _WITHOUT_END and not match[0].endswith("/>"):
            open_elements.append(element)
    return "".join([*written, laid_out[last:]])


def _close(open_elements: list[Element], tag: str) -> None:
    """Up to the nearest of this name: a paragraph may have been left open."""
    for place in range(len(open_elements) - 1, 0, -1):
        if open_elements[place].tag == tag:
            del open_elements[place:]
            return


class _Paths:
    """The steps of all paths in one row, a bit for each, so that an element is tried on all of them at once."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = rules
        self._steps: dict[tuple[str, tuple[tuple[str, str | None], ...]], tuple[Step, int]] = {}
        self._first = self._child = self._later = bit = 0
        self._last: list[int] = []
        for rule in rules:
            last = 0
            for path in rule.paths:
                for number, step in enumerate(path):
                    mask = 1 << bit
                    self._first |= mask if number == 0 else 0
                    self._child |= mask if number and step.is_child else 0
                    self._later |= mask if number and not step.is_child else 0
                    known, bits = self._steps.get((step.tag, step.details), (step, 0))
                    self._steps[step.tag, step.details] = known, bits | mask
                    last |= mask if number == len(path) - 1 else 0
                    bit += 1
            self._last.append(last)

    def follow(self, parent: Element, tag: str, attributes: Mapping[str, str]) -> tuple[Element, dict[str, str]]:
        """The element as it stands in its parent, and the attributes that it gets."""
        fitting = 0
        for step, bits in self._steps.values():
            fitting |= bits if step.fits(tag, attributes) else 0
        above = parent.above | parent.led
        led = fitting & (self._first | (above << 1 & self._later) | (parent.led << 1 & self._child))
        wanted: dict[str, str] = {}
        for rule, last in zip(self._rules, self._last, strict=True):
            if led & last:
                wanted.update(rule.attributes)
        return Element(tag=tag, led=led, above=above), wanted


def _with(written: str, wanted: Mapping[str, str]) -> str:
    end = -2 if written.endswith("/>") else -1
    kept = _SET_AGAIN.sub(lambda match: "" if match[1].lower() in wanted else match[0], written[:end])
    return kept + "".join(f' {name}="{escaped(value)}"' for name, value in wanted.items()) + written[end:]
