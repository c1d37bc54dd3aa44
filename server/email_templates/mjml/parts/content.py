"""The parts that stand in a column: texts, buttons, images, lines, gaps and tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from server.email_templates.mjml.parts.part import FONTS, LAYOUT_TABLE, Part, Values, kind, outlook, tag
from server.email_templates.mjml.parts.sizes import measure, number, real, whole

_FONT = ("font-family", "font-size", "font-style", "font-weight")


@kind("mj-text")
class Text(Part):
    DEFAULTS: ClassVar[Mapping[str, str]] = {
        "align": "left",
        "color": "#000000",
        "font-family": FONTS,
        "font-size": "13px",
        "line-height": "1",
        "padding": "10px 25px",
    }

    def draw(self) -> str:
        height = self.get("height")
        box = tag(
            "div",
            None,
            {
                **self.some(*_FONT, "letter-spacing", "line-height"),
                "text-align": self.get("align"),
                **self.some("text-decoration", "text-transform", "color", "height"),
            },
        )
        drawn = f"{box}{self.content}</div>"
        if not height:
            return drawn
        table = '<table role="presentation" border="0" cellpadding="0" cellspacing="0"><tr>'
        cell = tag("td", {"height": height}, {"vertical-align": "top", "height": height})
        return outlook(table + cell) + drawn + outlook("</td></tr></table>")


@kind("mj-button")
class Button(Part):
    DEFAULTS: ClassVar[Mapping[str, str]] = {
        "align": "center",
        "background-color": "#414141",
        "border": "none",
        "border-radius": "3px",
        "color": "#ffffff",
        "font-family": FONTS,
        "font-size": "13px",
        "font-weight": "normal",
        "inner-padding": "10px 25px",
        "line-height": "120%",
        "padding": "10px 25px",
        "target": "_blank",
        "text-decoration": "none",
        "text-transform": "none",
        "vertical-align": "middle",
    }

    def draw(self) -> str:
        colour = self.get("background-color")
        name = "a" if self.get("href") else "p"
        table = tag(
            "table", LAYOUT_TABLE, {"border-collapse": "separate", "width": self.get("width"), "line-height": "100%"}
        )
        cell = tag(
            "td",
            {
                "align": "center",
                "bgcolor": None if colour == "none" else colour,
                "role": "presentation",
                "valign": self.get("vertical-align"),
            },
            {
                **self.some("border", "border-bottom", "border-left", "border-radius", "border-right", "border-top"),
                "cursor": "auto",
                **self.some("font-style", "height"),
                "mso-padding-alt": self.get("inner-padding"),
                "text-align": self.get("text-align"),
                "background": colour,
            },
        )
        link = tag(
            name,
            {**self.some("href", "name", "rel", "title"), "target": self.get("target") if name == "a" else None},
            {
                "display": "inline-block",
                "width": self._width_of_link(),
                "background": colour,
                "color": self.get("color"),
                **self.some(*_FONT, "line-height", "letter-spacing"),
                "margin": "0",
                **self.some("text-decoration", "text-transform"),
                "padding": self.get("inner-padding"),
                "mso-padding-alt": "0px",
                "border-radius": self.get("border-radius"),
            },
        )
        return f"{table}<tbody><tr>{cell}{link}{self.content}</{name}></td></tr></tbody></table>"

    def _width_of_link(self) -> str | None:
        """What a width in pixels leaves; a width in percent depends on the text and is left to the mail program."""
        width, unit = measure(self.get("width") or "0%")
        if unit != "px":
            return None
        inner = self.padding("left", "inner-padding") + self.padding("right", "inner-padding")
        return f"{number(width - inner - self.border('left') - self.border('right'))}px"


@kind("mj-image")
class Image(Part):
    DEFAULTS: ClassVar[Mapping[str, str]] = {
        "alt": "",
        "align": "center",
        "border": "0",
        "height": "auto",
        "padding": "10px 25px",
        "target": "_blank",
        "font-size": "13px",
    }

    def draw(self) -> str:
        self.mail.sheets_of_kinds["mj-image"] = (
            f"@media only screen and (max-width:{self.mail.below_breakpoint}) {{"
            " table.mj-full-width-mobile { width: 100% !important; }"
            " td.mj-full-width-mobile { width: auto !important; } }"
        )
        fluid = "mj-full-width-mobile" if self.get("fluid-on-mobile") == "true" else None
        width = f"{self._width}px"
        full = "100%" if self.get("full-width") == "full-width" else None
        table = tag(
            "table",
            {**LAYOUT_TABLE, "class": fluid},
            {
                "min-width": full,
                "max-width": full,
                "width": width if full else None,
                "border-collapse": "collapse",
                "border-spacing": "0px",
            },
        )
        cell = tag("td", {"class": fluid}, {"width": None if full else width})
        return f"{table}<tbody><tr>{cell}{self._linked(self._image(full))}</td></tr></tbody></table>"

    @property
    def _width(self) -> int:
        own = self.get("width")
        return min(self.inner_width, whole(own)) if own else self.inner_width

    def _image(self, full: str | None) -> str:
        height = self.get("height")
        return tag(
            "img",
            {
                **self.some("alt", "src", "srcset", "sizes", "title", "usemap"),
                "width": str(self._width),
                "height": height if height in (None, "", "auto") else str(whole(height)),
            },
            {
                **self.some("border", "border-left", "border-right", "border-top", "border-bottom", "border-radius"),
                "display": "block",
                "outline": "none",
                "text-decoration": "none",
                **self.some("height", "max-height"),
                "min-width": full,
                "width": "100%",
                "max-width": full,
                "font-size": self.get("font-size"),
            },
        )

    def _linked(self, image: str) -> str:
        if not self.get("href"):
            return image
        return f"{tag('a', self.some('href', 'target', 'rel', 'name', 'title'))}{image}</a>"


@kind("mj-divider")
class Divider(Part):
    DEFAULTS: ClassVar[Mapping[str, str]] = {
        "border-color": "#000000",
        "border-style": "solid",
        "border-width": "4px",
        "padding": "10px 25px",
        "width": "100%",
        "align": "center",
    }

    def draw(self) -> str:
        align = self.get("align")
        line = {
            "border-top": " ".join(self.text(f"border-{one}") for one in ("style", "width", "color")),
            "font-size": "1px",
            "margin": {"left": "0px", "right": "0px 0px 0px auto"}.get(align or "", "0px auto"),
        }
        width = self._width_in_outlook()
        table = tag("table", {"align": align, **LAYOUT_TABLE, "width": width}, {**line, "width": width})
        paragraph = tag("p", None, {**line, "width": self.get("width")})
        cell = '<tr><td style="height:0;line-height:0;">&nbsp;</td></tr></table>'
        return f"{paragraph}</p>{outlook(table + cell)}"

    def _width_in_outlook(self) -> str:
        own = self.text("width")
        width, unit = measure(own)
        room = whole(self.place.width) - self.padding("left") - self.padding("right")
        if unit == "%":
            return f"{number(room * (int(width) / 100))}px"
        return own if unit == "px" else f"{room}px"


@kind("mj-spacer")
class Spacer(Part):
    DEFAULTS: ClassVar[Mapping[str, str]] = {"height": "20px"}

    def draw(self) -> str:
        box = tag("div", None, {"height": self.get("height"), "line-height": self.get("height")})
        return f"{box}&#8202;</div>"


@kind("mj-table")
class Table(Part):
    DEFAULTS: ClassVar[Mapping[str, str]] = {
        "align": "left",
        "border": "none",
        "cellpadding": "0",
        "cellspacing": "0",
        "color": "#000000",
        "font-family": FONTS,
        "font-size": "13px",
        "line-height": "22px",
        "padding": "10px 25px",
        "table-layout": "auto",
        "width": "100%",
    }

    def draw(self) -> str:
        width, unit = measure(self.text("width"))
        written = self.get("width") if unit in ("%", "auto") else number(width)
        look: Values = {
            **self.some("color", "font-family", "font-size", "line-height", "table-layout", "width", "border"),
            "border-collapse": "separate" if real(self.text("cellspacing")) > 0 else None,
        }
        table = tag("table", {**self.some("cellpadding", "cellspacing", "role"), "width": written, "border": "0"}, look)
        return f"{table}{self.content}</table>"
