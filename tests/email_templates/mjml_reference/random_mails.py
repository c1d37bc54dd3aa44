"""Mails that nobody would write: components, attributes and values by chance, all of them valid. A seed names one."""

from __future__ import annotations

import random

from server.email_templates.mjml.schema import components

_LEAVES = (
    *("mj-accordion", "mj-button", "mj-carousel", "mj-divider", "mj-image"),
    *("mj-navbar", "mj-social", "mj-spacer", "mj-table", "mj-text"),
)
_INSIDE = {
    "mj-body": ("mj-section", "mj-wrapper", "mj-hero"),
    "mj-wrapper": ("mj-section", "mj-hero"),
    "mj-section": ("mj-column", "mj-column", "mj-group"),
    "mj-group": ("mj-column",),
    "mj-column": _LEAVES,
    "mj-hero": _LEAVES,
    "mj-accordion": ("mj-accordion-element",),
    "mj-accordion-element": ("mj-accordion-title", "mj-accordion-text"),
    "mj-carousel": ("mj-carousel-image",),
    "mj-navbar": ("mj-navbar-link",),
    "mj-social": ("mj-social-element",),
}
_ADDRESSES = frozenset(
    [
        *("href", "src", "background-url", "thumbnails-src"),
        *("left-icon", "right-icon", "icon-wrapped-url", "icon-unwrapped-url"),
    ]
)
_BY_NAME = {
    **dict.fromkeys(_ADDRESSES, ("https://docs.example/a?x=1&amp;y=2",)),
    "background-position": ("top center", "left", "bottom", "20% 30%", "center right", "50% 50%"),
    "background-position-x": ("10%", "center"),
    "background-position-y": ("90%", "bottom"),
    "background-size": ("cover", "contain", "auto", "100px", "50% 20%"),
    "background-repeat": ("repeat", "no-repeat"),
    "border-radius": ("4px", "50%", "10px 0"),
    "border-style": ("solid", "dashed"),
    "hamburger": ("hamburger",),
    "font-family": ("Arial", "Georgia, serif"),
}
_BY_KIND = {
    "boolean": ("true", "false"),
    "integer": ("0", "4"),
    "color": ("#abc", "#7759c2", "red", "rgb(1, 2, 3)"),
    "string": ("one", "bold", "underline"),
}
_BY_UNIT = {
    "px": ("0px", "1px", "3px", "7px", "10px", "12px", "20px", "33px", "100px", "150px"),
    "%": ("5%", "10%", "25%", "33.33%", "50%"),
    "em": ("0.1em",),
    "auto": ("auto",),
    "": ("1.5",),
}
# Attributes that need another one beside them, or are checked in a way of their own.
_LEFT_OUT = frozenset({"base-url", "mode", "position", "srcset", "usemap"})


def random_mail(seed: int) -> str:
    chance = random.Random(f"mail/{seed}")
    defaults = chance.sample(["mj-section", "mj-column", "mj-social-element", "mj-accordion-title", *_LEAVES], 3)
    head = "".join(f"<{tag}{_attributes(chance, tag)} />" for tag in defaults)
    everything = chance.choice(["", '<mj-all padding="3px" color="#abc" />', '<mj-all border="1px solid red" />'])
    return (
        f"<mjml><mj-head><mj-attributes>{head}{everything}</mj-attributes></mj-head>{_part(chance, 'mj-body')}</mjml>"
    )


def _part(chance: random.Random, tag: str) -> str:
    if tag == "mj-table":
        content = "<tr><td>1</td><td>two</td></tr>"
    elif components()[tag]["ending"] and tag != "mj-carousel-image":
        content = "Some words"
    elif tag == "mj-accordion-element":
        content = "".join(_part(chance, child) for child in _INSIDE[tag])
    else:
        content = "".join(_part(chance, chance.choice(_INSIDE[tag])) for _ in range(_children(chance, tag)))
    attributes = _attributes(chance, tag)
    if tag in ("mj-carousel-image", "mj-navbar-link"):
        needed = "src" if tag == "mj-carousel-image" else "href"
        attributes += "" if f" {needed}=" in attributes else f' {needed}="https://docs.example/i"'
    return f"<{tag}{attributes}>{content}</{tag}>"


def _children(chance: random.Random, tag: str) -> int:
    return chance.choice((1, 1, 2, 3, 4)) if tag in _INSIDE else 0


def _attributes(chance: random.Random, tag: str) -> str:
    chosen = [
        f' {name}="{_value(chance, name, kind)}"'
        for name, kind in components()[tag]["attributes"].items()
        if name not in _LEFT_OUT and chance.random() < 0.15
    ]
    return "".join(chosen) + (' css-class="one two"' if chance.random() < 0.1 else "")


def _value(chance: random.Random, name: str, kind: str) -> str:
    if name in _BY_NAME:
        return chance.choice(_BY_NAME[name])
    if kind == "string" and "radius" in name:
        return chance.choice(_BY_NAME["border-radius"])
    if kind == "string" and "border" in name:
        return chance.choice(("1px solid #ff0000", "none", "3px dashed blue", "0"))
    if kind.startswith("enum("):
        return chance.choice([one for one in kind[5:-1].split(",") if one])
    if kind.startswith("unit"):
        units = kind[kind.index("(") + 1 : kind.index(")")].split(",")
        count = chance.randint(1, 4) if kind.endswith("{1,4}") else 1
        return " ".join(chance.choice(_BY_UNIT[chance.choice(units)]) for _ in range(count))
    return chance.choice(_BY_KIND[kind])
