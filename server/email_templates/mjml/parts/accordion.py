"""mj-accordion: titles that show and hide their texts, by a check box and a style sheet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar

from server.email_templates.mjml.parts.part import (
    END_NOT,
    FONTS,
    KINDS,
    NOT_OUTLOOK,
    Part,
    Values,
    kind,
    tag,
)

_PASSED_ON = (
    *("border", "icon-align", "icon-width", "icon-height", "icon-position"),
    *("icon-wrapped-url", "icon-wrapped-alt", "icon-unwrapped-url", "icon-unwrapped-alt"),
)
_PADDINGS = ("padding", "padding-bottom", "padding-left", "padding-right", "padding-top")
_TABLE = {"cellspacing": "0", "cellpadding": "0"}


@kind("mj-accordion")
class Accordion(Part):
    DEFAULTS: ClassVar[Mapping[str, str]] = {
        "border": "2px solid black",
        "font-family": FONTS,
        "icon-align": "middle",
        "icon-wrapped-url": "https://i.imgur.com/bIXv1bk.png",
        "icon-wrapped-alt": "+",
        "icon-unwrapped-url": "https://i.imgur.com/w4uTygT.png",
        "icon-unwrapped-alt": "-",
        "icon-position": "right",
        "icon-height": "32px",
        "icon-width": "32px",
        "padding": "10px 25px",
    }

    def draw(self) -> str:
        self.mail.sheets_of_kinds["mj-accordion"] = _SHEET
        table = tag(
            "table",
            {**_TABLE, "class": "mj-accordion"},
            {
                "width": "100%",
                "border-collapse": "collapse",
                "border": self.get("border"),
                "border-bottom": "none",
                "font-family": self.get("font-family"),
            },
        )
        place = replace(self.place, font=self.get("font-family"))
        return f"{table}<tbody>{self.draw_children(given=self.some(*_PASSED_ON), place=place)}</tbody></table>"


@kind("mj-accordion-element")
class AccordionElement(Part):
    def draw(self) -> str:
        cell = tag("td", None, {"padding": "0px", "background-color": self.get("background-color")})
        label = tag(
            "label",
            {"class": "mj-accordion-element"},
            {"font-size": "13px", "font-family": self.get("font-family")},
        )
        box = '<input class="mj-accordion-checkbox" type="checkbox" style="display:none;">'
        return (
            f"{tag('tr', {'class': self.get('css-class')})}{cell}{label}{NOT_OUTLOOK}{box}{END_NOT}"
            f"<div>{self._inside()}</div></label></td></tr>"
        )

    def _inside(self) -> str:
        """The children, with an empty title or text where there is none."""
        given: Values = self.some(*_PASSED_ON)
        place = replace(self.place, font=self.get("font-family") or self.place.font)
        present = {child.tag for child in self.children}

        def missing(name: str) -> str:
            empty = self.element.makeelement(name, {})
            return "" if name in present else KINDS[name](empty, self.mail, place, given).draw()

        drawn = self.draw_children(given=given, place=place)
        return missing("mj-accordion-title") + drawn + missing("mj-accordion-text")


class _Half(Part):
    """Title and text take their font from their element or accordion, unless it is written on them."""

    @property
    def _font(self) -> str | None:
        return self.element.get("font-family") or self.place.font

    def _table(self) -> str:
        return tag("table", _TABLE, {"width": "100%", "border-bottom": self.get("border")})


@kind("mj-accordion-title")
class AccordionTitle(_Half):
    DEFAULTS: ClassVar[Mapping[str, str]] = {"font-size": "13px", "padding": "16px"}

    def draw(self) -> str:
        cell = tag(
            "td",
            {"class": self.get("css-class")},
            {
                "width": "100%",
                **self.some("background-color", "color", "font-size"),
                "font-family": self._font,
                **self.some("font-weight", *_PADDINGS),
            },
        )
        parts = [f"{cell}{self.content}</td>", self._icons()]
        row = "".join(parts if self.get("icon-position") == "right" else reversed(parts))
        return f'<div class="mj-accordion-title">{self._table()}<tbody><tr>{row}</tr></tbody></table></div>'

    def _icons(self) -> str:
        cell = tag(
            "td",
            {"class": "mj-accordion-ico"},
            {
                "padding": "16px",
                "background": self.get("background-color"),
                "vertical-align": self.get("icon-align"),
            },
        )
        look = {"display": "none", "width": self.get("icon-width"), "height": self.get("icon-height")}
        images = [
            tag("img", {"src": self.get(f"icon-{one}-url"), "alt": self.get(f"icon-{one}-alt"), "class": name}, look)
            for one, name in (("wrapped", "mj-accordion-more"), ("unwrapped", "mj-accordion-less"))
        ]
        return f"{NOT_OUTLOOK}{cell}{''.join(images)}</td>{END_NOT}"


@kind("mj-accordion-text")
class AccordionText(_Half):
    DEFAULTS: ClassVar[Mapping[str, str]] = {"font-size": "13px", "line-height": "1", "padding": "16px"}

    def draw(self) -> str:
        cell = tag(
            "td",
            {"class": self.get("css-class")},
            {
                "background": self.get("background-color"),
                "font-size": self.get("font-size"),
                "font-family": self._font,
                **self.some("font-weight", "letter-spacing", "line-height", "color", *_PADDINGS),
            },
        )
        table = f"{self._table()}<tbody><tr>{cell}{self.content}</td></tr></tbody></table>"
        return f'<div class="mj-accordion-content">{table}</div>'


_SHEET = """
noinput.mj-accordion-checkbox { display:block!important; }
@media yahoo, only screen and (min-width:0) {
.mj-accordion-element { display:block; }
.mj-accordion-checkbox[type="checkbox"], .mj-accordion-less { display:none!important; }
.mj-accordion-checkbox[type="checkbox"] + * .mj-accordion-title { \
cursor:pointer; touch-action:manipulation; -webkit-user-select:none; -moz-user-select:none; user-select:none; }
.mj-accordion-checkbox[type="checkbox"] + * .mj-accordion-content { overflow:hidden; display:none; }
.mj-accordion-checkbox[type="checkbox"] + * .mj-accordion-more { display:block!important; }
.mj-accordion-checkbox:checked + * .mj-accordion-content { display:block; }
.mj-accordion-checkbox:checked + * .mj-accordion-more { display:none!important; }
.mj-accordion-checkbox:checked + * .mj-accordion-less { display:block!important; }
}
.moz-text-html input.mj-accordion-checkbox + * .mj-accordion-title { \
cursor: auto; touch-action: auto; -webkit-user-select: auto; -moz-user-select: auto; user-select: auto; }
.moz-text-html input.mj-accordion-checkbox + * .mj-accordion-content { overflow: hidden; display: block; }
.moz-text-html input.mj-accordion-checkbox + * .mj-accordion-ico { display: none; }
@goodbye { @gmail }"""
