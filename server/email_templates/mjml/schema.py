"""What MJML allows: components, their attributes with types, their children. Facts in schema.json."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable
from functools import cache
from importlib import resources
from typing import Any

# What has no place in a mail, or is done elsewhere.
REFUSED = {
    "mj-include": "This shared part was not found: check its name.",
}
REFUSED_ATTRIBUTES = {
    ("mj-raw", "position"): "A mail begins with its document type: put it into mj-body.",
}
ANYWHERE = frozenset({"css-class", "mj-class"})
_COLOR = re.compile(r"#[0-9a-f]{3,4}|#[0-9a-f]{6}|#[0-9a-f]{8}|(rgb|rgba|hsl|hsla)\([\d\s.,%/deg]+\)|[a-z]{3,20}", re.I)


@cache
def components() -> dict[str, dict[str, Any]]:
    """Name to {"ending": bool, "attributes": {name: type}, "children": [names]}."""
    text = resources.files(__package__).joinpath("schema.json").read_text(encoding="utf-8")
    known: dict[str, dict[str, Any]] = json.loads(text)["components"]
    return known


def is_ending(tag: str) -> bool:
    """True for components whose content is HTML or text, not MJML."""
    return tag in components() and bool(components()[tag]["ending"])


def attribute_type(tag: str, name: str) -> str | None:
    if name in ANYWHERE:
        return "string"
    kind: str | None = components()[tag]["attributes"].get(name)
    return kind


def refusal_of_attribute(tag: str, name: str) -> tuple[str, str] | None:
    """(message, cure) when this component does not take this attribute."""
    if (tag, name) in REFUSED_ATTRIBUTES:
        return f"{name} of <{tag}> is not supported here.", REFUSED_ATTRIBUTES[tag, name]
    if attribute_type(tag, name) is None:
        return f"<{tag}> has no attribute {name}.", suggestion(name, components()[tag]["attributes"])
    return None


def suggestion(name: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, list(known), n=1)
    return f"Did you mean {close[0]}?" if close else ""


def problem_of_value(kind: str, value: str) -> str | None:
    """What is wrong with a value of this schema type, or None. `string` accepts all."""
    if kind == "boolean":
        return None if value in ("true", "false") else "is true or false"
    if kind == "integer":
        return None if re.fullmatch(r"\d{1,5}", value) else "is a whole number"
    if kind == "color":
        return None if _COLOR.fullmatch(value) else "is a colour such as #1f1e24"
    if kind.startswith("enum("):
        allowed = kind[5:-1].split(",")
        return None if value in allowed else f"is one of {', '.join(part for part in allowed if part)}"
    if kind.startswith("unit"):
        return _problem_of_unit(kind, value)
    return None


def _problem_of_unit(kind: str, value: str) -> str | None:
    inside = kind[kind.index("(") + 1 : kind.index(")")].split(",")
    most = 4 if kind.endswith("{1,4}") else 1
    words = [unit for unit in inside if unit == "auto"]
    units = [re.escape(unit) for unit in inside if unit != "auto"]
    sign = "-?" if kind.startswith("unitWithNegative") else ""
    one = re.compile("|".join([rf"{sign}\d+(\.\d+)?({'|'.join(units)})", "0", *words]))
    parts = value.split()
    if 1 <= len(parts) <= most and all(one.fullmatch(part) for part in parts):
        return None
    plain = " or ".join(unit or "no unit" for unit in inside)
    return f"is a size in {plain}, such as 20px" if most == 1 else f"is 1 to {most} sizes in {plain}, such as 10px 25px"
