"""Checks every attribute of the tree, then resolves mj-attributes and mj-class onto the components."""

from __future__ import annotations

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

_SPOKEN = frozenset({"alt", "title", "icon-wrapped-alt", "icon-unwrapped-alt"})
_STRETCHED = {"padding", "inner-padding"}


def check_attribute(tag: str, attribute: Attribute, masked: Masked, findings: Findings) -> None:
    """Name, type and safety of one attribute."""
    refusal = refusal_of_attribute(tag, attribute.name)
    if refusal:
        findings.add(attribute.offset, *refusal)
        return
    kind = attribute_type(tag, attribute.name) or "string"
    markers = MARKER.findall(attribute.value)
    if attribute.name in URL_ATTRIBUTES:
        problem = problem_of_url(attribute.value, masked.tags) if attribute.value else None
        if problem:
            findings.add(attribute.offset, f"{problem} ({attribute.name} of <{tag}>).", CURE)
        return
    if attribute.name in _SPOKEN:
        return
    where = f"{attribute.name} of <{tag}>"
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
                self.in_class.setdefault(name, {}).setdefault(child.tag, {}).update(child.attributes)
        elif entry.tag == "mj-all":
            for value in entry.attributes.values():
                self._check_for_any(value)
            self.by_tag.setdefault("mj-all", {}).update(entry.attributes)
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
        if takers:
            check_attribute(takers[0], attribute, self._masked, self._findings)
        else:
            self._findings.add(attribute.offset, f"No component has an attribute {attribute.name}.")

    def _refuse_jinja(self, attribute: Attribute) -> None:
        if MARKER.search(attribute.value):
            self._findings.add(attribute.offset, "A Jinja tag stands in <mj-attributes>.", "Write it on the component.")

    def of(self, node: Node, parent: Node | None) -> dict[str, Attribute]:
        """All attributes of a component, weakest first: mj-all, its own default, its classes, what is written on it."""
        classes = node.get("mj-class").split()
        found = {**self.by_tag.get("mj-all", {}), **self.by_tag.get(node.tag, {})}
        for name in classes:
            if name not in self.by_class and name not in self.in_class:
                self._findings.add(node.offset, f"There is no mj-class {name!r}.", suggestion(name, self.by_class))
            found.update(self.by_class.get(name, {}))
        for name in parent.get("mj-class").split() if parent else []:
            found.update(self.in_class.get(name, {}).get(node.tag, {}))
        allowed = {key: value for key, value in found.items() if attribute_type(node.tag, key) is not None}
        own = {key: value for key, value in node.attributes.items() if key != "mj-class"}
        return {**allowed, **own}


def resolve(
    node: Node, parent: Node | None, defaults: Defaults, masked: Masked, blocks: BlockStack, findings: Findings
) -> None:
    """Checks and completes one component. mrml wants three-value paddings written with four (reference, 1.4)."""
    for attribute in node.attributes.values():
        check_attribute(node.tag, attribute, masked, findings)
        blocks.read(attribute.value, (id(node), attribute.name))
    beside_jinja = parent is not None and any(sibling.is_jinja for sibling in parent.children)
    if node.tag == "mj-column" and beside_jinja and "width" not in node.attributes:
        findings.add(node.offset, "<mj-column> beside an {% if %} or {% for %} has no width.", 'Give it width="50%".')
    if node.tag == "mj-hero" and node.get("mode") == "fluid-height":
        findings.add(node.offset, "mode fluid-height is not supported.", "Use fixed-height.")
    complete = defaults.of(node, parent)
    for name in _STRETCHED & complete.keys():
        parts = complete[name].value.split()
        if len(parts) == 3:
            complete[name] = replace(complete[name], value=" ".join([*parts, parts[1]]))
    if node.tag == "mj-image" and "alt" not in complete:
        complete["alt"] = Attribute(name="alt", value="", offset=node.offset)
    node.attributes, node_class = complete, node.get("mj-class")
    if node_class:  # children still ask for it
        node.attributes["mj-class"] = Attribute(name="mj-class", value=node_class, offset=node.offset)
