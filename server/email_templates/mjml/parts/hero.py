"""mj-hero: words on a large picture, as high as told (fixed-height) or as the picture (fluid-height)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar

from server.email_templates.mjml.parts.part import (
    END,
    IF_OUTLOOK,
    LAYOUT_TABLE,
    Part,
    Place,
    cell_of,
    kind,
    outlook,
    tag,
)
from server.email_templates.mjml.parts.sizes import number, real, rounded, whole

_INNER = ("inner-padding-top", "inner-padding-left", "inner-padding-right", "inner-padding-bottom")
_BARE_TABLE = {"border": "0", "cellpadding": "0", "cellspacing": "0"}


@kind("mj-hero")
class Hero(Part):
    DEFAULTS: ClassVar[Mapping[str, str]] = {
        "mode": "fixed-height",
        "height": "0px",
        "background-position": "center center",
        "padding": "0px",
        "background-color": "#ffffff",
        "vertical-align": "top",
    }

    def place_of_children(self) -> Place:
        return replace(
            self.place,
            width=f"{number(real(self.place.width) - self.padding('left') - self.padding('right'))}px",
        )

    def draw(self) -> str:
        box = tag(
            "div",
            {"align": self.get("align"), "class": self.get("css-class")},
            {"margin": "0 auto", "max-width": self.place.width},
        )
        table = tag("table", LAYOUT_TABLE, {"width": "100%"})
        row = f'{table}<tbody><tr style="vertical-align:top;">{self._cells()}</tr></tbody></table>'
        return f"{self._outlook_before()}{box}{row}</div>{outlook('</td></tr></table>')}"

    def _outlook_before(self) -> str:
        table = tag(
            "table",
            {"align": "center", **LAYOUT_TABLE, "width": str(whole(self.place.width))},
            {"width": self.place.width},
        )
        cell = tag("td", None, {"line-height": "0", "font-size": "0", "mso-line-height-rule": "exactly"})
        image = tag(
            "v:image",
            {"src": self.get("background-url"), "xmlns:v": "urn:schemas-microsoft-com:vml"},
            {
                "border": "0",
                "height": self.get("background-height"),
                "mso-position-horizontal": "center",
                "position": "absolute",
                "top": "0",
                "width": self.get("background-width") or self.place.width,
                "z-index": "-3",
            },
        )
        return f"{IF_OUTLOOK}{table}<tr>{cell}{image[:-1]} />{END}"

    def _cells(self) -> str:
        image = self.get("background-url")
        background = self.text("background-color")
        if image:
            background += f" url('{image}') no-repeat {self.text('background-position')} / cover"
        styles = {
            "background": background.strip(),
            "background-position": self.get("background-position"),
            "background-repeat": "no-repeat",
            **self.some("border-radius", "padding", "padding-top", "padding-left", "padding-right", "padding-bottom"),
            "vertical-align": self.get("vertical-align"),
        }
        if self.get("mode") == "fluid-height":
            # Padding in percent is a share of the width: two empty cells hold the row as high as the picture.
            share = rounded(whole(self.text("background-height")) / whole(self.text("background-width")) * 100)
            spacer = tag("td", None, {"width": "0.01%", "padding-bottom": f"{share}%", "mso-padding-bottom-alt": "0"})
            return f"{spacer}</td>{tag('td', {'background': image}, styles)}{self._inside()}</td>{spacer}</td>"
        height = whole(self.text("height")) - self.padding("top") - self.padding("bottom")
        cell = tag("td", {"background": image, "height": str(height)}, {**styles, "height": f"{height}px"})
        return f"{cell}{self._inside()}</td>"

    def _inside(self) -> str:
        width = self.place_of_children().width
        look = {"background-color": self.get("inner-background-color")}
        paddings = {name.removeprefix("inner-"): self.get(name) for name in ("inner-padding", *_INNER)}
        outer = tag("table", {"align": self.get("align"), **_BARE_TABLE, "width": str(whole(width))}, {"width": width})
        box = tag(
            "div",
            {"align": self.get("align"), "class": "mj-hero-content"},
            {**look, "float": self.get("align"), "margin": "0px auto", "width": self.get("width"), **paddings},
        )
        table = tag("table", LAYOUT_TABLE, {"width": "100%", "margin": "0px"})
        rows = self.draw_children(lambda part: cell_of(part, background=True))
        return (
            outlook(f"{outer}<tr>{tag('td', None, {**look, **paddings})}")
            + f"{box}{table}<tbody><tr><td>{table}<tbody>{rows}</tbody></table></td></tr></tbody></table></div>"
            + outlook("</td></tr></table>")
        )
