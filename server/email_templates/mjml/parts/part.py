"""What all parts share: their attributes, the place they stand in, and how tags and styles are written."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import ClassVar

from lxml.etree import _Element

from server.email_templates.mjml.parts.sizes import side_of, whole, width_of_border

Values = Mapping[str, str | None]
IF_OUTLOOK, END = "<!--[if mso | IE]>", "<![endif]-->"
NOT_OUTLOOK, END_NOT = "<!--[if !mso | IE]><!-->", "<!--<![endif]-->"
IF_WORD, NOT_WORD = "<!--[if mso]>", "<!--[if !mso]><!-->"
FONTS = "Ubuntu, Helvetica, Arial, sans-serif"
LAYOUT_TABLE = {"border": "0", "cellpadding": "0", "cellspacing": "0", "role": "presentation"}
SIDES = ("padding-top", "padding-right", "padding-bottom", "padding-left")
_SHORT_COLOUR = re.compile(r"#([0-9a-fA-F])([0-9a-fA-F])([0-9a-fA-F])")


@dataclass(kw_only=True)
class Mail:
    """The whole mail: what its head says, and what its parts ask the head for while they are drawn."""

    title: str = ""
    preview: str = ""
    language: str = "und"
    direction: str = "auto"
    breakpoint: str = "480px"
    for_all: dict[str, str] = field(default_factory=dict)
    widths: dict[str, str] = field(default_factory=dict)
    """Declarations by class, for screens wider than the breakpoint."""
    sheets_of_parts: list[str] = field(default_factory=list)
    sheets_of_kinds: dict[str, str] = field(default_factory=dict)
    _named: int = 0

    def new_id(self) -> str:
        """The same mail gets the same ids every time."""
        self._named += 1
        return f"{self._named:08x}"

    @property
    def below_breakpoint(self) -> str:
        return f"{whole(self.breakpoint) - 1}px"


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a part stands: how wide it is there, which of its siblings it is, and what parts around it pass on."""

    width: str
    index: int = 0
    siblings: int = 1
    columns: int = 1
    """Siblings that are not raw HTML."""
    gap: str | None = None
    gutter: str | None = None
    direction: str | None = None
    in_group: bool = False
    font: str | None = None
    thumbnails: str | None = None

    @property
    def is_first(self) -> bool:
        return self.index == 0

    @property
    def is_last(self) -> bool:
        return self.index == self.siblings - 1


class Part:
    """One component. `given` is what the part around it sets on its children; what is written on it is stronger."""

    DEFAULTS: ClassVar[Mapping[str, str]] = {}
    is_raw: ClassVar[bool] = False

    def __init__(self, element: _Element, mail: Mail, place: Place, given: Values | None = None) -> None:
        self.element, self.mail, self.place = element, mail, place
        values = {**self.DEFAULTS, **mail.for_all, **(given or {}), **{str(k): str(v) for k, v in element.items()}}
        self._values = {name: _long_colour(name, value) for name, value in values.items() if value is not None}

    def get(self, name: str) -> str | None:
        return self._values.get(name)

    def text(self, name: str) -> str:
        return self._values.get(name, "")

    def some(self, *names: str) -> dict[str, str | None]:
        """These attributes under their own names: most become a declaration of the same name."""
        return {name: self._values.get(name) for name in names}

    @property
    def content(self) -> str:
        return (self.element.text or "").strip()

    @property
    def children(self) -> list[_Element]:
        return list(self.element)

    def draw(self) -> str:
        raise NotImplementedError

    def place_of_children(self) -> Place:
        return self.place

    def draw_children(
        self,
        around: Callable[[Part], str] | None = None,
        given: Values | None = None,
        place: Place | None = None,
    ) -> str:
        """`around` draws a child with its cell; raw HTML is written as it is."""
        place = place or self.place_of_children()
        columns = sum(1 for child in self.children if child.tag != "mj-raw")
        drawn = []
        for index, child in enumerate(self.children):
            own = replace(place, index=index, siblings=len(self.children), columns=columns)
            part = KINDS[str(child.tag)](child, self.mail, own, given)
            drawn.append(part.draw() if around is None or part.is_raw else around(part))
        return "".join(drawn)

    def padding(self, side: str, name: str = "padding") -> int:
        own = self.get(f"{name}-{side}")
        return whole(own) if own else side_of(self.text(name), side)

    def border(self, side: str, name: str = "border") -> int:
        return width_of_border(self.get(f"{name}-{side}") or self.text(name))

    @property
    def sideways(self) -> int:
        """Pixels that padding and border take on both sides."""
        return sum(self.padding(side) + self.border(side) for side in ("left", "right"))

    @property
    def inner_width(self) -> int:
        return whole(self.place.width) - self.sideways


KINDS: dict[str, type[Part]] = {}


def kind(name: str) -> Callable[[type[Part]], type[Part]]:
    """Says which component a class draws."""

    def known(part: type[Part]) -> type[Part]:
        KINDS[name] = part
        return part

    return known


@kind("mj-raw")
class Raw(Part):
    is_raw = True

    def draw(self) -> str:
        return self.content


def style(declarations: Values) -> str:
    return "".join(f"{name}:{value};" for name, value in declarations.items() if value is not None)


def tag(name: str, attributes: Values | None = None, styles: Values | None = None) -> str:
    """An opening tag. What is None is left out, and so is an empty style or class."""
    written = dict(attributes or {})
    if styles is not None:
        written["style"] = style(styles) or None
    if not written.get("class"):
        written.pop("class", None)
    return (
        f"<{name}" + "".join(f' {key}="{escaped(value)}"' for key, value in written.items() if value is not None) + ">"
    )


def escaped(value: str) -> str:
    """For a value in double quotes. A single quote stays as it is: landing.py looks for url('."""
    return html.escape(value, quote=False).replace('"', "&quot;")


def for_outlook(classes: str | None, suffix: str = "outlook") -> str:
    """Each class with a suffix of its own, so that a rule for one program does not touch another."""
    return " ".join(f"{one}-{suffix}" for one in (classes or "").split())


def outlook(markup: str) -> str:
    return f"{IF_OUTLOOK}{markup}{END}"


def cell_of(part: Part, *, background: bool = False) -> str:
    """The row that a part of a column or a hero stands in."""
    colour = part.get("container-background-color")
    attributes = {"align": part.get("align"), "class": part.get("css-class")}
    if background:
        attributes["background"] = colour
    opened = tag(
        "td",
        attributes,
        {
            "background": colour,
            "font-size": "0px",
            **part.some("padding", *SIDES),
            "word-break": "break-word",
        },
    )
    return f"<tr>{opened}{part.draw()}</td></tr>"


def _long_colour(name: str, value: str) -> str:
    if not name.endswith("color"):
        return value
    match = _SHORT_COLOUR.fullmatch(value)
    return "#" + "".join(digit * 2 for digit in match.groups()) if match else value
