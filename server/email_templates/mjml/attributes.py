"""Checks every attribute of the tree, then resolves mj-attributes and mj-class onto the components."""

from __future__ import annotations

import re
from dataclasses import replace

from server.email_templates.mjml.blocks import BlockStack
from server.email_templates.mjml.css import problem_of_plain_value
from server.email_templates.mjml.markup import Attribute
from server.email_templates.mjml.mask import MARKER, Masked
from server.email_templates.mjml.schema import (
    attribute_type,
    components,
    problem_of_value,
    refusal_of_attribute,
    suggestion,
)
from server.email_templates.mjml.tree import Node
from server.email_templates.mjml.urls import CURE, URL_ATTRIBUTES, problem_of_url
from server.email_templates.problems import Findings

LONGEST_VALUE = 4_000  # of an attribute, in characters
LONGEST_FOR_ALL = 1_000  # of all that <mj-all> says, since each component gets it
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_SPOKEN = frozenset({"alt", "title", "icon-wrapped-alt", "icon-unwrapped-alt"})
# Like the reference: these listen to their accordion, and to nobody else but what is written on them.
_FONT_FROM_ABOVE = frozenset({"mj-accordion-title", "mj-accordion-text"})


def _problem_of_srcset(value: str) -> tuple[str, str] | None:
    """Images for screens of several densities or widths, each an address and what it is for."""
    images = [one.split() for one in value.split(",")]
    right = all(
        0 < len(one) <= 2
        and one[0].lower().startswith(("https://", "http://"))
        and problem_of_url(one[0], {}) is None
        and (len(one) == 1 or re.fullmatch(r"\d+(\.\d+)?x|\d+w", one[1]))
        for one in images
    )
    cure = 'Write srcset="https://…/logo.png 1x, https://…/logo-2x.png 2x", without merge fields.'
    return None if right and not MARKER.search(value) else ("is not a list of images", cure)


def _problem_of_usemap(value: str) -> tuple[str, str] | None:
    return None if re.fullmatch(r"#[A-Za-z][\w-]*", value) else ("is not the name of a map", 'Write usemap="#name".')


_OWN_CHECKS = {"srcset": _problem_of_srcset, "usemap": _problem_of_usemap}


def check_attribute(tag: str, attribute: Attribute, masked: Masked, findings: Findings) -> None:
    """Name, type and safety of one attribute."""
    refusal = refusal_of_attribute(tag, attribute.name)
    if refusal:
        findings.add(attribute.offset, *refusal)
        return
    if len(attribute.value) > LONGEST_VALUE:
        message = f"{attribute.name} of <{tag}> is longer than {LONGEST_VALUE:,} characters."
        findings.add(attribute.offset, message, "Make it shorter.")
        return
    if _UNPRINTABLE.search(attribute.value):
        findings.add(attribute.offset, f"{attribute.name} of <{tag}> has a control character.", "Remove it.")
        return
    kind = attribute_type(tag, attribute.name) or "string"
    if attribute.name in URL_ATTRIBUTES:
        problem = problem_of_url(attribute.value, masked.tags) if attribute.value else None
        if problem:
            findings.add(attribute.offset, f"{problem} ({attribute.name} of <{tag}>).", CURE)
        return
    if attribute.name in _SPOKEN:
        return
    if attribute.name in _OWN_CHECKS:
        wrong = _OWN_CHECKS[attribute.name](attribute.value)
        if wrong:
            findings.add(attribute.offset, f"{attribute.name} of <{tag}> {wrong[0]}.", wrong[1])
        return
    _check_value(f"{attribute.name} of <{tag}>", kind, attribute, masked, findings)


def _check_value(where: str, kind: str, attribute: Attribute, masked: Masked, findings: Findings) -> None:
    markers = MARKER.findall(attribute.value)
    if markers and (kind not in ("string", "color") or attribute.name in ("css-class", "mj-class", "name", "id")):
        findings.add(attribute.offset, f"A merge field stands in {where}.", "Only text and links take merge fields.")
    elif any(masked.tags[marker].word for marker in markers):
        findings.add(attribute.offset, f"An {{% if %}} or {{% for %}} stands in {where}.", "Put it around <mj-…>.")
    elif not markers and (problem := problem_of_value(kind, attribute.value)):
        findings.add(attribute.offset, f"{where} is {attribute.value[:40]!r}, but it {problem}.")
    elif problem := problem_of_plain_value(attribute.value):
        findings.add(attribute.offset, f"{problem} ({where}).")


class Defaults:
    """mj-attributes: what applies to all, to a component, to a class, and to components inside a class."""

    def __init__(self, head: Node | None, masked: Masked, findings: Findings) -> None:
        self._masked = masked
        self._findings = findings
        self.by_tag: dict[str, dict[str, Attribute]] = {}
        self.by_class: dict[str, dict[str, Attribute]] = {}
        self.in_class: dict[str, dict[str, dict[str, Attribute]]] = {}
        for node in head.children if head else []:
            if node.tag == "mj-attributes":
                for entry in node.children:
                    self._read(entry)

    def _read(self, entry: Node) -> None:
        if entry.tag == "mj-class":
            name = entry.get("name")
            if not name:
                self._findings.add(entry.offset, "<mj-class> has no name.", 'Write <mj-class name="…">.')
            values = {key: value for key, value in entry.attributes.items() if key != "name"}
            for value in values.values():
                self._check_for_any(value)
            self.by_class.setdefault(name, {}).update(values)
            for child in entry.children:
                self._check_all(child)
                self.in_class.setdefault(name, {})[child.tag] = child.attributes
        elif entry.tag == "mj-all":
            for value in entry.attributes.values():
                self._check_for_any(value)
            for_all = self.by_tag.setdefault("mj-all", {})
            for_all.update(entry.attributes)
            if sum(len(value.value) for value in for_all.values()) > LONGEST_FOR_ALL:
                message = f"<mj-all> says more than {LONGEST_FOR_ALL:,} characters."
                self._findings.stop(entry.offset, message, "Write it on the components that need it.")
        else:
            self._check_all(entry)
            self.by_tag.setdefault(entry.tag, {}).update(entry.attributes)

    def _check_all(self, entry: Node) -> None:
        if entry.tag not in components():
            cure = suggestion(entry.tag, components())
            self._findings.add(entry.offset, f"There is no component <{entry.tag}>.", cure)
            return
        for attribute in entry.attributes.values():
            check_attribute(entry.tag, attribute, self._masked, self._findings)
            self._refuse_jinja(attribute)

    def _check_for_any(self, attribute: Attribute) -> None:
        self._refuse_jinja(attribute)
        takers = [tag for tag in components() if attribute_type(tag, attribute.name) is not None]
        if not takers:
            self._findings.add(attribute.offset, f"No component has an attribute {attribute.name}.")
        elif not any(self._fits(tag, attribute) for tag in takers):
            check_attribute(takers[0], attribute, self._masked, self._findings)

    def _fits(self, tag: str, attribute: Attribute) -> bool:
        tried = Findings(self._findings.line)
        check_attribute(tag, attribute, self._masked, tried)
        return not tried.problems

    def _refuse_jinja(self, attribute: Attribute) -> None:
        if MARKER.search(attribute.value):
            self._findings.add(attribute.offset, "A Jinja tag stands in <mj-attributes>.", "Write it on the component.")

    def of(self, node: Node, parent: Node | None) -> dict[str, Attribute]:
        """The attributes of a component, weakest first: its own default, its classes, what is written on it.

        What <mj-all> says is weaker than what one component gives its children, so that is left to the layout.
        """
        found = dict(self.by_tag.get(node.tag, {}))
        css_classes: list[str] = []
        for name in node.get("mj-class").split():
            if name not in self.by_class and name not in self.in_class:
                self._findings.add(node.offset, f"There is no mj-class {name!r}.", suggestion(name, self.by_class))
            values = self.by_class.get(name, {})
            found.update(values)
            css_classes += [values["css-class"].value] if "css-class" in values else []
        if css_classes:
            found["css-class"] = replace(found["css-class"], value=" ".join(css_classes))
        for name in parent.get("mj-class").split() if parent else []:
            found.update(self.in_class.get(name, {}).get(node.tag, {}))
        found.update((key, value) for key, value in node.attributes.items() if key != "mj-class")
        return found


def _with_base(attribute: Attribute, node: Node, parent: Node | None) -> Attribute:
    """The link of a menu with what its menu puts before it."""
    base = parent.get("base-url") if parent and node.tag == "mj-navbar-link" and attribute.name == "href" else ""
    return replace(attribute, value=base + attribute.value) if base else attribute


def _problem_together(node: Node) -> tuple[str, str] | None:
    """Attributes that need each other."""
    if node.tag == "mj-hero" and node.get("mode") == "fluid-height":
        sizes = [node.get("background-width"), node.get("background-height")]
        if not all(re.match(r"[1-9]", size) for size in sizes):
            return "A hero of mode fluid-height does not say how large its picture is", _FLUID
    if node.tag == "mj-font" and not (node.get("name") and node.get("href")):
        return "<mj-font> has no name or no href", 'Write <mj-font name="Inter" href="https://…" />.'
    return None


_FLUID = 'Write background-width="600px" background-height="300px", or mode="fixed-height".'


def resolve(
    node: Node, parent: Node | None, defaults: Defaults, masked: Masked, blocks: BlockStack, findings: Findings
) -> None:
    """Checks and completes one component."""
    for attribute in node.attributes.values():
        check_attribute(node.tag, _with_base(attribute, node, parent), masked, findings)
        blocks.read(attribute.value, (id(node), attribute.name))
    beside_jinja = parent is not None and any(sibling.is_jinja for sibling in parent.children)
    if node.tag == "mj-column" and beside_jinja and "width" not in node.attributes:
        findings.add(node.offset, "<mj-column> beside an {% if %} or {% for %} has no width.", 'Give it width="50%".')
    complete = defaults.of(node, parent)
    if node.tag in _FONT_FROM_ABOVE and "font-family" not in node.attributes:
        complete.pop("font-family", None)
    # A class reaches down to children of children, until one of them has a class of its own.
    inherited = node.attributes.get("mj-class") or (parent.attributes.get("mj-class") if parent else None)
    node.attributes = complete
    problem = _problem_together(node)
    if problem:
        findings.add(node.offset, f"{problem[0]}.", problem[1])
    if inherited:
        node.attributes["mj-class"] = inherited
